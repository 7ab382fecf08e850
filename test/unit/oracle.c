/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

unsigned long oracle_disagreements;


/* ---------- texts ---------- */

/* Cut s in place at every c. Returns the number of pieces, of which the first max are noted. */

static int
split(char * s, char c, char ** piece, int max)
{
int n = 0;
for (char * next = s; next; n++)
  {
  char * at = next;
  if ((next = strchr(at, c))) *next++ = 0;
  if (n < max) piece[n] = at;
  }
return n;
}

static int
decimal(const char * s, size_t digits, long max, long * value)
{
size_t len = strlen(s);
if (len < 1 || len > digits || strspn(s, "0123456789") != len || (*s == '0' && len > 1)) return 0;
*value = atol(s);
return *value <= max;
}

static int
own_inet(const char * s, uint8_t * address)
{
char copy[256], * piece[4];
long v;

if (strlen(s) >= sizeof copy) return 0;
strcpy(copy, s);
if (split(copy, '.', piece, 4) != 4) return 0;
for (int i = 0; i < 4; i++)
  {
  if (!decimal(piece[i], 3, 255, &v)) return 0;
  address[i] = (uint8_t)v;
  }
return 1;
}

/* Groups between colons, in place, to bytes. Returns how many bytes, -1 if malformed. */

static int
own_groups(char * s, int dotted_may_end, uint8_t * bytes)
{
char * piece[9];
int n = 0, pieces;

if (!*s) return 0;
if ((pieces = split(s, ':', piece, 9)) > 8) return -1;
for (int i = 0; i < pieces; i++)
  {
  size_t len = strlen(piece[i]);
  unsigned long v;
  if (strchr(piece[i], '.'))
    {
    if (!dotted_may_end || i != pieces - 1 || !own_inet(piece[i], bytes + n)) return -1;
    n += 4;
    continue;
    }
  if (len < 1 || len > 4 || strspn(piece[i], "0123456789abcdefABCDEF") != len) return -1;
  v = strtoul(piece[i], NULL, 16);
  bytes[n++] = (uint8_t)(v >> 8);
  bytes[n++] = (uint8_t)(v & 255);
  }
return n;
}

static int
own_inet6(const char * s, uint8_t * address)
{
char copy[256], * gap;
uint8_t a[40], b[40];
int na, nb;

if (strlen(s) >= sizeof copy) return 0;
strcpy(copy, s);
memset(address, 0, 16);
if (!(gap = strstr(copy, "::")))
  {
  if (own_groups(copy, 1, a) != 16) return 0;
  memcpy(address, a, 16);
  return 1;
  }
if (strstr(gap + 1, "::")) return 0;
*gap = 0;
na = own_groups(copy, 0, a);
nb = own_groups(gap + 2, 1, b);
if (na < 0 || nb < 0 || na + nb > 14) return 0;
memcpy(address, a, (size_t)na);
memcpy(address + 16 - nb, b, (size_t)nb);
return 1;
}

static int
second_opinion(int af, const char * s, int good, const uint8_t * address)
{
uint8_t theirs[16];
int they = inet_pton(af, s, theirs) == 1;
if (they != good || (good && memcmp(address, theirs, af == AF_INET ? 4 : 16) != 0)) oracle_disagreements++;
return good;
}

static int
decode_inet(const char * s, uint8_t * address)
{
return second_opinion(AF_INET, s, own_inet(s, address), address);
}

static int
decode_inet6(const char * s, uint8_t * address)
{
return second_opinion(AF_INET6, s, own_inet6(s, address), address);
}


/* ---------- TLVs ---------- */

const char * const fault_reasons[FAULTS] = {
  "TLV overruns the header", "bad length of CRC32C TLV", "more than one CRC32C TLV", "CRC32C does not match"
};

#define ANY_SIZE 0, 0, 65535

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

oracle_name
oracle_number(unsigned type)
{
oracle_name n = { "", type, type >= 0x21 && type <= 0x28, 0, PROXY_VALUE_OPAQUE, ANY_SIZE };
return n;
}


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


/* ---------- headers ---------- */

static outcome
say(proxy_verdict verdict, size_t size, size_t missing)
{
outcome o;
memset(&o, 0, sizeof o);
o.r.verdict = verdict;
o.r.size = size;
o.r.missing = missing;
return o;
}

/* An address of either family, as 16 bytes */

static int
own_address(const char * s, uint8_t * address)
{
if (strchr(s, ':')) return decode_inet6(s, address);
memset(address, 0, 10);
address[10] = address[11] = 255;
return decode_inet(s, address + 12);
}

/* Judge a v1 line without its CRLF. */

static int
good_line(const uint8_t * buf, size_t len, proxy_header * h)
{
char line[128], * field[6];
long sport, dport;

h->version = 1;
if (len >= 13 && memcmp(buf, "PROXY UNKNOWN", 13) == 0 && (len == 13 || buf[13] == ' '))
  {
  h->command = PROXY_CMD_UNKNOWN;
  return 1;
  }
memcpy(line, buf, len);
line[len] = 0;
if (strlen(line) != len || split(line, ' ', field, 6) != 6) return 0;

if (strcmp(field[1], "TCP4") != 0 && strcmp(field[1], "TCP6") != 0) return 0;
if (!own_address(field[2], h->source.address) || !own_address(field[3], h->destination.address)
   || !decimal(field[4], 5, 65535, &sport) || !decimal(field[5], 5, 65535, &dport)) return 0;
h->command = PROXY_CMD_PROXY;
h->has_client = 1;
h->source.port = (uint16_t)sport;
h->destination.port = (uint16_t)dport;
return 1;
}

static outcome
v1(const uint8_t * buf, size_t len)
{
outcome o;
size_t crlf = 0, missing = len < 6 ? 8 - len : buf[len-1] == 13 ? 1 : 2;

for (size_t i = 1; i < len && !crlf; i++)
  if (buf[i-1] == 13 && buf[i] == 10) crlf = i + 1;

if (crlf > 107) return say(PROXY_HDR_BAD, crlf, 0);
if (!crlf) return say(len >= 107 ? PROXY_HDR_BAD : PROXY_HDR_MORE, 0, missing);
o = say(PROXY_HDR_COMPLETE, crlf, 0);
return good_line(buf, crlf - 2, &o.h) ? o : say(PROXY_HDR_BAD, crlf, 0);
}

static outcome
v2(const uint8_t * buf, size_t len)
{
static const size_t least[] = { 0, 12, 36, 216 };
size_t stated, total, missing, alen;
outcome o;
int version, command, family, transport;
unsigned faults;

if (len < 16) return say(PROXY_HDR_MORE, 0, 16 - len);
stated = buf[14] * 256u + buf[15];
total = 16 + stated;
missing = len < total ? total - len : 0;
version = buf[12] / 16;
command = buf[12] % 16;
family = buf[13] / 16;
transport = buf[13] % 16;

if (version != 2) return say(PROXY_HDR_BAD, total, missing);
if (command != 0 && command != 1) return say(PROXY_HDR_BAD, total, missing);
if (command == 1 && (family > 3 || transport > 2 || stated < least[family]))
  return say(PROXY_HDR_BAD, total, missing);
if (missing > 0) return say(PROXY_HDR_MORE, 0, missing);

o = say(PROXY_HDR_COMPLETE, total, 0);
o.h.version = 2;
o.h.command = command == 0 ? PROXY_CMD_LOCAL : PROXY_CMD_PROXY;
if (command == 0) return o;
o.h.tlv_offset = 16 + least[family];
o.h.tlv_length = stated - least[family];
faults = oracle_faults(buf, total, o.h.tlv_offset);
if (faults)
  {
  if (family != 0 || !(faults & FAULT_OVERRUN)) return say(PROXY_HDR_BAD, total, missing);
  o.h.tlv_length = 0;
  }
if (transport != 1 || family == 0 || family == 3) return o;

alen = family == 1 ? 4 : 16;
o.h.has_client = 1;
if (family == 1)
  for (size_t i = 10; i < 12; i++) o.h.source.address[i] = o.h.destination.address[i] = 255;
for (size_t i = 0; i < alen; i++)
  {
  o.h.source.address[16 - alen + i] = buf[16 + i];
  o.h.destination.address[16 - alen + i] = buf[16 + alen + i];
  }
o.h.source.port = (uint16_t)(buf[16 + 2 * alen] * 256 + buf[17 + 2 * alen]);
o.h.destination.port = (uint16_t)(buf[18 + 2 * alen] * 256 + buf[19 + 2 * alen]);
return o;
}

/* How many of the first bytes are those of a signature */

static size_t
agrees(const uint8_t * buf, size_t len, const char * signature, size_t size)
{
size_t n = 0;
while (n < len && n < size && buf[n] == (uint8_t)signature[n]) n++;
return n;
}

#define V1_SIGNATURE "\x50\x52\x4f\x58\x59\x20"
#define V2_SIGNATURE "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"

outcome
oracle(const uint8_t * buf, size_t len)
{
if (len == 0) return say(PROXY_HDR_MORE, 0, 8);
if (agrees(buf, len, V1_SIGNATURE, 6) == (len < 6 ? len : 6)) return v1(buf, len);
if (agrees(buf, len, V2_SIGNATURE, 12) == (len < 12 ? len : 12)) return v2(buf, len);
return say(PROXY_HDR_NONE, 0, 0);
}

int
oracle_version(const uint8_t * buf, size_t len)
{
return agrees(buf, len, V1_SIGNATURE, 6) == 6 ? 1 : agrees(buf, len, V2_SIGNATURE, 12) == 12 ? 2 : 0;
}
