/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second decoder; see naive.h. Nothing of the project's own is to be used here. */

#define _GNU_SOURCE		/* memmem() */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "naive.h"

/* The words of a v1 line */

typedef struct {
  char	text[108];
  size_t	size;
} word;


/* ---- version 1 ---- */

/* Cut at every single space, so that two of them make an empty word between. Returns how many. */

static int
cut(const uint8_t * line, size_t size, word * words, int most)
{
int n = 0;

words[0].size = 0;
for (size_t i = 0; i <= size; i++)
  {
  if (i == size || line[i] == ' ')
    {
    words[n].text[words[n].size] = 0;
    if (++n == most) return n;
    words[n].size = 0;
    }
  else words[n].text[words[n].size++] = (char)line[i];
  }
return n;
}

static int
is_word(const word * w, const char * s)
{
return w->size == strlen(s) && memcmp(w->text, s, w->size) == 0;
}

static int
only(const word * w, const char * set)
{
return w->size > 0 && strspn(w->text, set) == w->size;
}

static int
port(const word * w, unsigned * value)
{
char * end;

if (!only(w, "0123456789") || w->size > 5 || (w->text[0] == '0' && w->size > 1)) return 0;
*value = (unsigned)strtoul(w->text, &end, 10);
return *value < 65536;
}

static int
address(const word * w, int bits, uint8_t * value)
{
return bits == 32
  ? only(w, "0123456789.") && inet_pton(AF_INET, w->text, value) == 1
  : only(w, "0123456789abcdefABCDEF:.") && inet_pton(AF_INET6, w->text, value) == 1;
}

static int
good_line(const uint8_t * line, size_t size, naive_header * n)
{
word w[7];
int count = cut(line, size, w, 7);

n->version = 1;
n->command = 'P';
if (count < 2 || !is_word(w, "PROXY")) return 0;
if (is_word(w + 1, "UNKNOWN")) { n->command = 'U'; return 1; }
n->bits = is_word(w + 1, "TCP4") ? 32 : is_word(w + 1, "TCP6") ? 128 : 0;
return n->bits && count == 6 && address(w + 2, n->bits, n->source) && address(w + 3, n->bits, n->target)
  && port(w + 4, &n->source_port) && port(w + 5, &n->target_port);
}

static void
line(const uint8_t * data, size_t size, naive_header * n)
{
const uint8_t * end = memmem(data, size, "\r\n", 2);

if (end) n->size = (size_t)(end - data) + 2;
if (!end && size < 107) n->verdict = 'M';
else if (!end || n->size > 107) n->verdict = 'B';
else n->verdict = good_line(data, n->size - 2, n) ? 'G' : 'B';
}


/* ---- version 2 ---- */

static unsigned long
number(const uint8_t * p, int bytes)
{
unsigned long v = 0;
while (bytes-- > 0) v = v * 256 + *p++;
return v;
}

/* List the TLVs that fill [p, p + size). Returns 0 if they do not fill it. */

static int
list(const uint8_t * p, size_t size, int inside, naive_header * n)
{
static int ssl_count;

if (!inside) ssl_count = 0;
for (size_t at = 0; at != size; )
  {
  naive_tlv * t = n->tlv + n->tlv_count;
  if (size - at < 3) return 0;
  t->inside = inside;
  t->type = p[at];
  t->size = number(p + at + 1, 2);
  t->value = p + at + 3;
  at += 3 + t->size;
  if (at > size) return 0;
  n->tlv_count++;
  if (!inside && t->type == 0x20
     && (t->size < 5 || !list(t->value + 5, t->size - 5, ++ssl_count, n))) return 0;
  }
return 1;
}

/* Whether there are TLVs at all, of whatever sense: lengths that add up */

static int
fills(const uint8_t * p, size_t size)
{
size_t at = 0;
while (at + 3 <= size) at += 3 + number(p + at + 1, 2);
return at == size;
}

static int
sum_is_right(const uint8_t * data, size_t size, const naive_tlv * t)
{
unsigned long crc = 0xffffffff;

for (size_t i = 0; i < size; i++)
  {
  int c = data + i >= t->value && data + i < t->value + 4 ? 0 : data[i];
  for (int bit = 0; bit < 8; bit++, c >>= 1)
    {
    unsigned long low = (crc ^ (unsigned long)c) & 1;
    crc >>= 1;
    if (low) crc ^= 0x82f63b78;
    }
  }
return (crc ^ 0xffffffff) == number(t->value, 4);
}

static int
good_tlvs(const uint8_t * data, size_t from, naive_header * n)
{
const naive_tlv * sum = NULL;

if (!list(data + from, n->size - from, 0, n)) return 0;
for (int i = 0; i < n->tlv_count; i++) if (n->tlv[i].type == 3 && !n->tlv[i].inside)
  {
  if (sum || n->tlv[i].size != 4) return 0;
  sum = n->tlv + i;
  }
return !sum || sum_is_right(data, n->size, sum);
}

static void
binary(const uint8_t * data, size_t size, naive_header * n)
{
static const size_t ends[] = { 16, 16 + 12, 16 + 36, 16 + 216 };
size_t half, from;

n->verdict = 'M';
if (size < 16) return;
n->size = 16 + number(data + 14, 2);
n->version = 2;
n->command = data[12] == 0x20 ? 'L' : 'P';

n->verdict = 'B';
if (data[12] != 0x20 && data[12] != 0x21) return;
if (n->command == 'P')
  {
  if (data[13] / 16 > 3 || data[13] % 16 > 2 || n->size < ends[data[13] / 16]) return;
  if (data[13] == 0x11) n->bits = 32;
  if (data[13] == 0x21) n->bits = 128;
  }
n->verdict = 'M';
if (size < n->size) return;

n->verdict = 'G';
if (n->command == 'L') return;
from = ends[data[13] / 16];
if (!good_tlvs(data, from, n))
  { if (data[13] < 0x10 && !fills(data + from, n->size - from)) n->tlv_count = 0; else n->verdict = 'B'; }
if (n->bits == 0) return;
half = (size_t)n->bits / 8;
memcpy(n->source, data + 16, half);
memcpy(n->target, data + 16 + half, half);
n->source_port = (unsigned)number(data + from - 4, 2);
n->target_port = (unsigned)number(data + from - 2, 2);
}


/* ---- both ---- */

void
naive_decode(const uint8_t * data, size_t size, naive_header * n)
{
static const uint8_t one[] = "PROXY ", two[] = { 13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10 };
size_t like_one = 0, like_two = 0;

memset(n, 0, offsetof(naive_header, tlv));
while (like_one < 6 && like_one < size && data[like_one] == one[like_one]) like_one++;
while (like_two < 12 && like_two < size && data[like_two] == two[like_two]) like_two++;

if (like_one == 6) line(data, size, n);
else if (like_two == 12) binary(data, size, n);
else n->verdict = like_one == size || like_two == size ? 'M' : 'N';
}

int
naive_value(const naive_header * n, const char * name, const uint8_t ** value, size_t * size)
{
static const struct { const char * name; int type, from, cert; } names[] = {
  { "alpn", 0x01, 0, 0 }, { "authority", 0x02, 0, 0 }, { "unique_id", 0x05, 0, 0 }, { "netns", 0x30, 0, 0 },
  { "gcp_psc_id", 0xe0, 0, 0 }, { "aws_vpce_id", 0xea, 1, 0 }, { "azure_linkid", 0xee, 1, 0 },
  { "ssl_verify", 0x20, 1, 1 },
  { "ssl_version", 0x21, 0, 0 }, { "ssl_cn", 0x22, 0, 1 }, { "ssl_cipher", 0x23, 0, 0 },
  { "ssl_sig_alg", 0x24, 0, 0 }, { "ssl_key_alg", 0x25, 0, 0 }, { "ssl_group", 0x26, 0, 0 },
  { "ssl_sig_scheme", 0x27, 0, 0 }, { "ssl_client_cert", 0x28, 0, 0 } };
const naive_tlv * ssl = NULL;
size_t k = 0;
int in_ssl, type;

while (strcmp(names[k].name, name) != 0) if (++k == sizeof(names)/sizeof(names[0])) abort();
type = names[k].type;
in_ssl = type > 0x20 && type < 0x29;
for (int i = 0; i < n->tlv_count; i++)
  {
  const naive_tlv * t = n->tlv + i;
  if (t->type == 0x20 && !t->inside && !ssl) ssl = t;
  if (t->type != type || t->inside != in_ssl) continue;		/* the first of all, or of SSL's */
  if (names[k].cert && ssl->value[0] % 8 < 2) return 0;		/* neither bit 1 nor bit 2 */
  if (type >= 0xea && (t->size == 0 || t->value[0] != 1)) continue;	/* another sub-type */
  if (type == 0xee && t->size != 5) return 0;
  *value = t->value + names[k].from;
  *size = t->size - (size_t)names[k].from;
  return 1;
  }
return 0;
}

/* End of naive.c */
