/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "tlv_oracle.h"

const char * const fault_reasons[FAULTS] = {
  "TLV overruns the header", "SSL TLV too short", "TLV overruns the SSL TLV", "bad length of CRC32C TLV",
  "more than one CRC32C TLV", "CRC32C does not match"
};

const oracle_name oracle_names[] = {
  { "alpn",		0x01, 0, 0, PROXY_SHOW_TEXT },
  { "authority",	0x02, 0, 0, PROXY_SHOW_TEXT },
  { "unique_id",	0x05, 0, 0, PROXY_SHOW_TEXT },
  { "netns",		0x30, 0, 0, PROXY_SHOW_TEXT },
  { "ssl_version",	0x21, 1, 0, PROXY_SHOW_TEXT },
  { "ssl_verify",	0x20, 0, 1, PROXY_SHOW_VERIFY },
  { "ssl_cn",		0x22, 1, 1, PROXY_SHOW_TEXT },
  { "ssl_cipher",	0x23, 1, 0, PROXY_SHOW_TEXT },
  { "ssl_sig_alg",	0x24, 1, 0, PROXY_SHOW_TEXT },
  { "ssl_key_alg",	0x25, 1, 0, PROXY_SHOW_TEXT },
  { "ssl_group",	0x26, 1, 0, PROXY_SHOW_TEXT },
  { "ssl_sig_scheme",	0x27, 1, 0, PROXY_SHOW_TEXT },
  { "ssl_client_cert",	0x28, 1, 0, PROXY_SHOW_CERT },
  { "aws_vpce_id",	0xea, 0, 0, PROXY_SHOW_AWS },
  { "azure_linkid",	0xee, 0, 0, PROXY_SHOW_AZURE },
  { "gcp_psc_id",	0xe0, 0, 0, PROXY_SHOW_HEX }
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
  if (header[at] == 0x20)
    {
    if (e - at < 3 + 5) faults |= FAULT_SSL_SHORT;
    else for (size_t sub = at + 8; sub < e; )
      if (!(sub = end_of(header, sub, e))) { faults |= FAULT_SSL_OVERRUN; break; }
    }
  }
if (!faults && sums == 1 && !sum_is(header, total, sum_at)) faults = FAULT_SUM_WRONG;
return faults;
}


/* ---------- looking up ---------- */

/* The first TLV of a type between two places, which they fill exactly; if a sub-type is asked for, 1 */

static int
first(const uint8_t * header, size_t from, size_t to, unsigned type, unsigned sub, size_t * at, size_t * n)
{
while (from < to && (header[from] != type || (sub && (header[from+1] + header[from+2] == 0 || header[from+3] != 1))))
  from = end_of(header, from, to);
if (from >= to) return 0;
*at = from + 3;
*n = end_of(header, from, to) - *at;
return 1;
}

int
oracle_find(const uint8_t * header, size_t total, size_t offset, const oracle_name * name, size_t * at, size_t * n)
{
size_t ssl, size;
unsigned sub;

if (name->in_ssl || name->show == PROXY_SHOW_VERIFY)
  {
  int cert;
  if (!first(header, offset, total, 0x20, 0, &ssl, &size)) return 0;
  cert = header[ssl] / 2 % 4 != 0;
  if (name->needs_cert && !cert) return 0;
  if (name->in_ssl) return first(header, ssl + 5, ssl + size, name->type, 0, at, n);
  *at = ssl + 1;
  *n = size - 1;
  return 1;
  }
sub = name->show == PROXY_SHOW_AWS || name->show == PROXY_SHOW_AZURE;
if (!first(header, offset, total, name->type, sub, at, n)) return 0;
*at += sub;
*n -= sub;
return name->show != PROXY_SHOW_AZURE || *n == 4;
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

static size_t
text(const uint8_t * p, size_t n, char * out)
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

static size_t
base64(const uint8_t * p, size_t n, char * out)
{
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
size_t used = 0;

for (size_t bit = 0; bit < 8 * n; bit += 6)
  {
  unsigned v = 0;
  for (size_t b = bit; b < bit + 6; b++) v = 2 * v + (b < 8 * n ? (unsigned)p[b / 8] >> (7 - b % 8) & 1u : 0);
  out[used++] = digits[v];
  }
while (used % 4) out[used++] = '=';
out[used] = 0;
return used;
}

size_t
oracle_shown(const uint8_t * p, size_t n, proxy_show show, char * out)
{
size_t used = 0;

out[0] = 0;
switch (show)
  {
  case PROXY_SHOW_TEXT:
  case PROXY_SHOW_AWS:	return text(p, n, out);
  case PROXY_SHOW_CERT:	return base64(p, n, out);
  case PROXY_SHOW_HEX:
    for (size_t i = 0; i < n; i++) used += (size_t)sprintf(out + used, "%02x", p[i]);
    return used;
  case PROXY_SHOW_VERIFY:
    if (n < 4) return (size_t)sprintf(out, "failed 4294967295");
    if (p[0] == 0 && p[1] == 0 && p[2] == 0 && p[3] == 0) return (size_t)sprintf(out, "ok");
    return (size_t)sprintf(out, "failed %lu", ((p[0] * 256ul + p[1]) * 256 + p[2]) * 256 + p[3]);
  case PROXY_SHOW_AZURE:
    if (n != 4) return 0;
    return (size_t)sprintf(out, "%lu", ((p[3] * 256ul + p[2]) * 256 + p[1]) * 256 + p[0]);
  }
return 0;
}
