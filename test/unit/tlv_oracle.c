/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "tlv_oracle.h"

const char * const fault_reasons[FAULTS] = {
  "TLV overruns the header", "bad length of CRC32C TLV", "more than one CRC32C TLV", "CRC32C does not match"
};

const oracle_name oracle_names[] = {
  { "alpn",		0x01, 0, 0, PROXY_VALUE_TEXT, ANY_SIZE },
  { "authority",	0x02, 0, 0, PROXY_VALUE_TEXT, ANY_SIZE },
  { "unique_id",	0x05, 0, 0, PROXY_VALUE_TEXT, 0, 0, 128 },
  { "netns",		0x30, 0, 0, PROXY_VALUE_TEXT, ANY_SIZE },
  { "ssl_version",	0x21, 1, 0, PROXY_VALUE_TEXT, ANY_SIZE },
  { "ssl_verify",	0x20, 1, 1, PROXY_VALUE_VERIFY, ANY_SIZE },
  { "ssl_cn",		0x22, 1, 1, PROXY_VALUE_TEXT, ANY_SIZE },
  { "ssl_cipher",	0x23, 1, 0, PROXY_VALUE_TEXT, ANY_SIZE },
  { "ssl_sig_alg",	0x24, 1, 0, PROXY_VALUE_TEXT, ANY_SIZE },
  { "ssl_key_alg",	0x25, 1, 0, PROXY_VALUE_TEXT, ANY_SIZE },
  { "ssl_group",	0x26, 1, 0, PROXY_VALUE_TEXT, ANY_SIZE },
  { "ssl_sig_scheme",	0x27, 1, 0, PROXY_VALUE_TEXT, ANY_SIZE },
  { "ssl_client_cert",	0x28, 1, 0, PROXY_VALUE_CERT, ANY_SIZE },
  { "aws_vpce_id",	0xea, 0, 0, PROXY_VALUE_TEXT, 1, 0, 65535 },
  { "azure_linkid",	0xee, 0, 0, PROXY_VALUE_NUMBER, 1, 4, 4 },
  { "gcp_psc_id",	0xe0, 0, 0, PROXY_VALUE_OPAQUE, 0, 8, 8 }
};
const size_t oracle_name_count = sizeof oracle_names / sizeof oracle_names[0];


/* ---------- checking ---------- */

/* Bit by bit as a division, in the order of RFC 4960: the register turned round only at the end */

uint32_t
oracle_crc32c(const uint8_t * p, size_t n)
{
uint32_t r = 0xffffffff, turned = 0;

for (size_t i = 0; i < 8 * n; i++)
  {
  uint32_t out = r >> 31 ^ ((unsigned)p[i / 8] >> i % 8 & 1u);
  r = (r & 0x7fffffff) * 2;
  if (out) r ^= 0x1edc6f41;
  }
for (int i = 0; i < 32; i++) if (r >> i & 1) turned |= UINT32_C(1) << (31 - i);
return ~turned;
}

/* Where the TLV at this place ends; 0 if it does not fit before the end */

static size_t
end_of(const uint8_t * header, size_t at, size_t end)
{
size_t e = at + 3;
if (e > end) return 0;
e += header[at+1] * 256u + header[at+2];
return e > end ? 0 : e;
}

static int
sum_is(const uint8_t * header, size_t total, size_t at)
{
static uint8_t copy[66000];
uint32_t crc;

memcpy(copy, header, total);
memset(copy + at, 0, 4);
crc = oracle_crc32c(copy, total);
return header[at] == crc >> 24 && header[at+1] == (crc >> 16) % 256 && header[at+2] == (crc >> 8) % 256
  && header[at+3] == crc % 256;
}

unsigned
oracle_faults(const uint8_t * header, size_t total, size_t offset)
{
unsigned faults = 0;
size_t sum_at = 0, sums = 0;

for (size_t at = offset, e; at < total; at = e)
  {
  if (!(e = end_of(header, at, total))) return faults | FAULT_OVERRUN;
  if (header[at] == 3)
    {
    if (e - at != 3 + 4) faults |= FAULT_SUM_LENGTH;
    if (sums++ > 0) faults |= FAULT_SUM_TWICE;
    sum_at = at + 3;
    }
  }
if (!faults && sums == 1 && !sum_is(header, total, sum_at)) faults = FAULT_SUM_WRONG;
return faults;
}


/* ---------- looking up ---------- */

/* Does a whole row of TLVs lie between two places? */

static int
is_row(const uint8_t * header, size_t from, size_t to)
{
while (from < to && (from = end_of(header, from, to)) > 0) ;
return from == to;
}

/* The first TLV of a type between two places, which they fill exactly, whose value fits */

static int
first(const uint8_t * header, size_t from, size_t to, const oracle_name * name, size_t * at, size_t * n)
{
size_t skip = name->subtype ? 1 : 0;

for (size_t end; from < to; from = end)
  {
  size_t size;
  end = end_of(header, from, to);
  size = end - from - 3;
  if (header[from] != name->type || size < skip || (skip && header[from + 3] != name->subtype)) continue;
  if (size - skip < name->least || size - skip > name->most) continue;
  *at = from + 3 + skip;
  *n = size - skip;
  return 1;
  }
return 0;
}

/* The first SSL TLV with a client byte, a verify word and a row of TLVs */

static int
first_ssl(const uint8_t * header, size_t from, size_t to, size_t * at, size_t * n)
{
static const oracle_name ssl = { "", 0x20, 0, 0, PROXY_VALUE_OPAQUE, 0, 5, 65535 };

while (first(header, from, to, &ssl, at, n))
  {
  from = *at + *n;
  if (is_row(header, *at + 5, from)) return 1;
  }
return 0;
}

int
oracle_find(const uint8_t * header, size_t total, size_t offset, const oracle_name * name, size_t * at, size_t * n)
{
size_t ssl, size;

if (!name->in_ssl) return first(header, offset, total, name, at, n);
if (!first_ssl(header, offset, total, &ssl, &size)) return 0;
if (name->needs_cert && header[ssl] / 2 % 4 == 0) return 0;
if (name->type != 0x20) return first(header, ssl + 5, ssl + size, name, at, n);
*at = ssl + 1;
*n = 4;
return 1;
}


/* ---------- showing ---------- */

size_t
oracle_utf8(unsigned long code, uint8_t * out)
{
static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

for (size_t i = n; i-- > 1; code /= 64) out[i] = (uint8_t)(0x80 + code % 64);
out[0] = (uint8_t)(lead[n] + code);
return n;
}

/* Whatever the bytes may mean, they are well formed if that, encoded, gives them again. */

size_t
oracle_character(const uint8_t * p, size_t n, unsigned long * code)
{
for (size_t k = 1; k <= 4 && k <= n; k++)
  {
  unsigned long c = k == 1 ? p[0] : p[0] & (0x7fu >> k);
  uint8_t again[4];
  for (size_t i = 1; i < k; i++) c = c * 64 + (p[i] & 0x3f);
  if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) continue;
  if (oracle_utf8(c, again) == k && memcmp(again, p, k) == 0)
    {
    *code = c;
    return k;
    }
  }
return 0;
}

static int
visible(unsigned long c)
{
return c >= 0x20 && c != 0x7f && c != '\\' && !(c >= 0x80 && c <= 0x9f) && !(c >= 0x2028 && c <= 0x202e)
  && !(c >= 0x2066 && c <= 0x2069);
}

size_t
oracle_text(const uint8_t * p, size_t n, char * out)
{
size_t used = 0, k;
unsigned long c;

for (size_t i = 0; i < n; i += k)
  if ((k = oracle_character(p + i, n - i, &c)) > 0 && visible(c))
    {
    memcpy(out + used, p + i, k);
    used += k;
    }
  else
    {
    used += (size_t)sprintf(out + used, p[i] == '\\' ? "\\\\" : "\\%03o", p[i]);
    k = 1;
    }
out[used] = 0;
return used;
}
