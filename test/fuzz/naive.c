/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second decoder; see naive.h. Use nothing of the project's own here. */

#define _GNU_SOURCE		/* memmem() */
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

/* Four decimal numbers. Returns 1 if that is all of the text. */

static int
quad(const char * s, uint8_t * value)
{
for (int i = 0; i < 4; i++)
  {
  size_t digits = strspn(s, "0123456789");
  unsigned long v = strtoul(s, NULL, 10);
  if (digits < 1 || digits > 3 || (digits > 1 && s[0] == '0') || v > 255) return 0;
  value[i] = (uint8_t)v;
  s += digits;
  if (i < 3 && *s++ != '.') return 0;
  }
return *s == 0;
}

/* Groups in hex, of which "::" may leave some out; the last two may be a quad. */

static int
groups(const char * s, uint8_t * value)
{
uint8_t found[16];
size_t n = 0, gap = 99;

if (strncmp(s, "::", 2) == 0) { gap = 0; s += 2; }
while (*s)
  {
  size_t digits = strspn(s, "0123456789abcdefABCDEF");
  unsigned long v = strtoul(s, NULL, 16);
  if (n <= 12 && quad(s, found + n)) { n += 4; break; }
  if (digits < 1 || digits > 4 || n == 16) return 0;
  found[n++] = (uint8_t)(v / 256);
  found[n++] = (uint8_t)v;
  s += digits;
  if (*s == 0) break;
  if (*s++ != ':') return 0;
  if (*s == 0) return 0;
  if (*s == ':')
    {
    if (gap != 99) return 0;
    gap = n;
    s++;
    }
  }
if (gap == 99 ? n != 16 : n == 16) return 0;
if (gap == 99) gap = 16;
memset(value, 0, 16);
memcpy(value, found, gap);
memcpy(value + 16 - (n - gap), found + gap, n - gap);
return 1;
}

static int
address(const word * w, uint8_t * value)
{
if (strlen(w->text) != w->size) return 0;
if (groups(w->text, value)) return 1;
memcpy(value, "\0\0\0\0\0\0\0\0\0\0\377\377", 12);
return quad(w->text, value + 12);
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
n->client = is_word(w + 1, "TCP4") || is_word(w + 1, "TCP6");
return n->client && count == 6 && address(w + 2, n->source) && address(w + 3, n->target)
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

/* Tell whether the lengths of TLVs add up. */

static int
fills(const uint8_t * p, size_t size)
{
size_t at = 0;
while (at + 3 <= size) at += 3 + number(p + at + 1, 2);
return at == size;
}

/* List the TLVs that fill [p, p + size), and those in the first good SSL TLV. */

static void
list(const uint8_t * p, size_t size, int inside, naive_header * n)
{
for (size_t at = 0; at < size; )
  {
  naive_tlv * t = n->tlv + n->tlv_count++;
  t->inside = inside;
  t->type = p[at];
  t->size = number(p + at + 1, 2);
  t->value = p + at + 3;
  at += 3 + t->size;
  if (!inside && t->type == 0x20 && !n->ssl && t->size >= 5 && fills(t->value + 5, t->size - 5))
    {
    n->ssl = t;
    list(t->value + 5, t->size - 5, 1, n);
    }
  }
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

if (!fills(data + from, n->size - from)) return 0;
list(data + from, n->size - from, 0, n);
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
  n->client = data[13] == 0x11 || data[13] == 0x21;
  }
n->verdict = 'M';
if (size < n->size) return;

n->verdict = 'G';
if (n->command == 'L') return;
from = ends[data[13] / 16];
if (!good_tlvs(data, from, n) && (data[13] >= 0x10 || fills(data + from, n->size - from))) n->verdict = 'B';
if (!n->client) return;
half = (from - 16) / 2 - 2;
memcpy(n->source, "\0\0\0\0\0\0\0\0\0\0\377\377", 12);
memcpy(n->target, n->source, 12);
memcpy(n->source + 16 - half, data + 16, half);
memcpy(n->target + 16 - half, data + 16 + half, half);
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

/* Find the first TLV of a type that begins with a sub-type and has as much after it. */

static int
first(const naive_header * n, int type, int subtype, size_t least, size_t most, const uint8_t ** value, size_t * size)
{
for (int i = 0; i < n->tlv_count; i++)
  {
  const naive_tlv * t = n->tlv + i;
  size_t skip = subtype > 0;
  if (t->type != type || t->inside != (type > 0x20 && type < 0x29)) continue;
  if (t->size < skip + least || t->size > skip + most || (skip && t->value[0] != subtype)) continue;
  *value = t->value + skip;
  *size = t->size - skip;
  return 1;
  }
return 0;
}

int
naive_value(const naive_header * n, const char * name, const uint8_t ** value, size_t * size)
{
static const struct { const char * name; int type, cert, subtype; size_t least, most; } names[] = {
  { "alpn", 0x01, 0, 0, 0, 65535 }, { "authority", 0x02, 0, 0, 0, 65535 }, { "unique_id", 0x05, 0, 0, 0, 128 },
  { "netns", 0x30, 0, 0, 0, 65535 }, { "gcp_psc_id", 0xe0, 0, 0, 8, 8 }, { "aws_vpce_id", 0xea, 0, 1, 0, 65535 },
  { "azure_linkid", 0xee, 0, 1, 4, 4 }, { "ssl_version", 0x21, 0, 0, 0, 65535 }, { "ssl_cn", 0x22, 1, 0, 0, 65535 },
  { "ssl_cipher", 0x23, 0, 0, 0, 65535 }, { "ssl_sig_alg", 0x24, 0, 0, 0, 65535 }, { "ssl_key_alg", 0x25, 0, 0, 0, 65535 },
  { "ssl_group", 0x26, 0, 0, 0, 65535 }, { "ssl_sig_scheme", 0x27, 0, 0, 0, 65535 },
  { "ssl_client_cert", 0x28, 0, 0, 0, 65535 } };
int sent_cert = n->ssl && n->ssl->value[0] % 8 > 1;		/* bit 1 or bit 2 */
size_t k = 0;

if (name[0] == '0') return first(n, (int)strtoul(name, NULL, 16), 0, 0, 65535, value, size);
if (strcmp(name, "ssl_verify") == 0)
  {
  if (!sent_cert) return 0;
  *value = n->ssl->value + 1;
  *size = 4;
  return 1;
  }
while (strcmp(names[k].name, name) != 0) if (++k == sizeof(names)/sizeof(names[0])) abort();
return (sent_cert || !names[k].cert)
  && first(n, names[k].type, names[k].subtype, names[k].least, names[k].most, value, size);
}

/* End of naive.c */
