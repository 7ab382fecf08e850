/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mutator that knows how a header is built, so that what it makes gets past the lengths and the checksum
as often as not */

#include <stdio.h>
#include <string.h>
#include "fuzz.h"

#define V2_MIN		16
#define TLVS_AT(f)	((f) >> 4 == 1 ? 28u : (f) >> 4 == 2 ? 52u : (f) >> 4 == 3 ? 232u : 16u)

static uint32_t state = 1;

static uint32_t
rnd(uint32_t n)				/* 0 to n - 1 */
{
state ^= state << 13;
state ^= state >> 17;
state ^= state << 5;
return n > 0 ? (uint32_t)((uint64_t)state * n >> 32) : 0;
}

static int
is_v2(const uint8_t * p, size_t n)
{
return n >= V2_MIN && memcmp(p, "\r\n\r\n\0\r\nQUIT\n", 12) == 0;
}

static size_t
get16(const uint8_t * p)
{
return (size_t)p[0] << 8 | p[1];
}

static void
set16(uint8_t * p, size_t v)
{
p[0] = (uint8_t)(v >> 8);
p[1] = (uint8_t)v;
}

/* A change without knowledge. libFuzzer has a better one, which then takes the place of this. */

__attribute__((weak)) size_t
LLVMFuzzerMutate(uint8_t * data, size_t size, size_t max)
{
size_t at = rnd((uint32_t)size + 1), n = rnd(8) + 1;

switch (rnd(5))
  {
  case 0:				/* insert */
    if (size + n > max) break;
    memmove(data + at + n, data + at, size - at);
    for (size_t i = 0; i < n; i++) data[at + i] = (uint8_t)rnd(256);
    return size + n;
  case 1:				/* take out */
    if (size < n || at > size - n) break;
    memmove(data + at, data + at + n, size - at - n);
    return size - n;
  case 2:
    if (at < size) data[at] ^= (uint8_t)(1 << rnd(8));
    break;
  case 3:
    if (at < size) data[at] = (uint8_t)(data[at] + rnd(9) - 4);
    break;
  default:
    if (at < size) data[at] = (uint8_t)rnd(256);
    break;
  }
return size;
}

/* Replace some bytes by others. Returns the new size, the old one if there is no room. */

static size_t
splice(uint8_t * data, size_t size, size_t max, size_t at, size_t out, const void * in, size_t n)
{
if (size - out + n > max || at + out > size) return size;
memmove(data + at + n, data + at + out, size - at - out);
if (n > 0) memcpy(data + at, in, n);
return size - out + n;
}


/* ---- version 1 ---- */

static const char * const words[] = {
  "PROXY", "TCP4", "TCP6", "UNKNOWN", "UNKNOWNx", "tcp4", "TCP", "0.0.0.0", "255.255.255.255", "256.1.1.1",
  "1.2.3.4", "01.2.3.4", "1.2.3", "1.2.3.4.5", "::", "::1", "1::", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "1::2::3", "fe80::1%eth0", "[::1]", "12345::",
  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "FFFF:ffff:FFFF:ffff:FFFF:ffff:255.255.255.255", ":", ":::",
  "1:", ":1", "1::2:3:4:5:6:7:8", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::",
  "1:2:3:4::5:6:7:8", "1:2:3:4:5::6:7:8:9:a", "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7", "1::1.2.3.4", "1:2:3:4:5:6:7::8",
  "1:2:3:4:5:6:7::8:9:a:b:c:d:e:f:1:2:3", "::1:2:3:4:5:6:1.2.3.4", "1:1.2.3.4::", "1.2.3.4::1", "1:2:3:4:5:6::1.2.3.4", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5", "0", "00", "1", "25", "+25", "-1", "65535",
  "65536", "4294967321", "99999", "655350", "", " ", "\t", "\v", "\r", "\n", "\r\n", "\r\r\n", "%" };

static size_t
mutate_v1(uint8_t * data, size_t size, size_t max)
{
size_t from[40], to[40], count = 0, start = 0;
const char * w = words[rnd(sizeof(words)/sizeof(words[0]))];

for (size_t i = 0; i <= size && count < 40; i++)
  if (i == size || data[i] == ' ' || data[i] == '\r')
    {
    from[count] = start;
    to[count++] = i;
    start = i + 1;
    }
if (count == 0) return size;
start = rnd((uint32_t)count);
switch (rnd(5))
  {
  case 0:				/* a separator */
    w = &"  \t\v\r\n\0,.:"[rnd(10)];
    return splice(data, size, max, to[start], to[start] < size && rnd(4), w, rnd(4) > 0);
  case 1:				/* a word more */
    return splice(data, size, max, from[start], 0, w, strlen(w));
  case 2:				/* one less */
    return splice(data, size, max, from[start], to[start] - from[start] + (to[start] < size), NULL, 0);
  default:
    return splice(data, size, max, from[start], to[start] - from[start], w, strlen(w));
  }
}

static size_t
new_v1(uint8_t * data, size_t max)
{
static const char * const lines[] = {
  "PROXY TCP4 192.0.2.1 198.51.100.2 35646 25\r\n", "PROXY TCP6 2001:db8::1 2001:db8::2 35646 25\r\n",
  "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 0 65535\r\n", "PROXY UNKNOWN\r\n",
  "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
  "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
  "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n" };
const char * s = lines[rnd(sizeof(lines)/sizeof(lines[0]))];
size_t n = strlen(s) < max ? strlen(s) : max;

memcpy(data, s, n);
return n;
}


/* ---- version 2 ---- */

/* Make a TLV. Returns its size, at most 3 + 64 + depth * 200. */

static size_t
make_tlv(uint8_t * p, int in_ssl)
{
static const uint8_t types[] = { 1, 2, 3, 4, 5, 0x20, 0x30, 0xe0, 0xea, 0xee, 0xf0, 0xff };
static const char * const texts[] = {
  "mx.example.net", "b\303\274cher.example", "a\r\nFrom: x", "\\", "\302\205", "\355\240\200", "\364\220\200\200",
  "\xf0\x9f\x93\xa7", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xc3", "\xe2\x82", "\xc1\xbf", "\xff", "TLSv1.3", "h2",
  "\1vpce-08d2bf15fac5001c9", "\1\3\0\0\1", "\2\3\0\0\1", "\1\1\1\1", "\x7f", "\xe0\xa0\x80", "\xed\x9f\xbf" };
size_t n;

p[0] = in_ssl ? (uint8_t)(0x21 + rnd(8)) : types[rnd(sizeof(types))];
if (rnd(16) == 0) p[0] = (uint8_t)rnd(256);
if (p[0] == 3)
  {
  n = rnd(8) ? 4 : rnd(8);
  memset(p + 3, (int)rnd(256), n);
  }
else if (p[0] == 0x20 && !in_ssl)
  {
  p[3] = (uint8_t)rnd(8);
  memset(p + 4, 0, 4);
  if (rnd(2)) p[7] = (uint8_t)rnd(256);
  n = rnd(16) ? 5 : rnd(6);
  for (uint32_t k = n == 5 ? rnd(4) : 0; k > 0; k--) n += make_tlv(p + 3 + n, 1);
  }
else if (rnd(2))
  {
  const char * s = texts[rnd(sizeof(texts)/sizeof(texts[0]))];
  n = strlen(s);
  memcpy(p + 3, s, n);
  }
else
  {
  n = rnd(rnd(4) ? 12 : 60);
  for (size_t i = 0; i < n; i++) p[3 + i] = (uint8_t)rnd(256);
  }
set16(p + 1, n);
return 3 + n;
}

static size_t
new_v2(uint8_t * data, size_t max)
{
static const uint8_t families[] = { 0x11, 0x11, 0x21, 0x21, 0x00, 0x12, 0x22, 0x31, 0x32, 0x10, 0x01, 0x23, 0x41 };
uint8_t h[2048];
size_t n;

memcpy(h, "\r\n\r\n\0\r\nQUIT\n", 12);
h[12] = rnd(8) ? 0x21 : rnd(2) ? 0x20 : (uint8_t)rnd(256);
h[13] = families[rnd(sizeof(families))];
n = TLVS_AT(h[13]);
for (size_t i = 16; i < n; i++) h[i] = (uint8_t)rnd(256);
for (uint32_t k = rnd(5); k > 0; k--) n += make_tlv(h + n, 0);
set16(h + 14, n - 16);
if (n > max) return 0;
memcpy(data, h, n);
return n;
}

/* Change the row of TLVs between from and *end. Returns the new size of the data. */

static size_t
mutate_row(uint8_t * data, size_t size, size_t max, size_t from, size_t * end, int in_ssl)
{
uint8_t made[1024];
size_t at[64], count = 0, i, n, was = size;

for (i = from; i + 3 <= *end && count < 63; i += 3 + get16(data + i + 1)) at[count++] = i;
at[count] = i < *end ? i : *end;
i = rnd((uint32_t)count);
n = count > 0 ? 3 + get16(data + at[i] + 1) : 0;
if (count > 0 && n > *end - at[i]) n = *end - at[i];

switch (count > 0 ? rnd(8) : 0)
  {
  case 0:				/* one more */
    n = make_tlv(made, in_ssl);
    size = splice(data, size, max, at[rnd((uint32_t)count + 1)], 0, made, n);
    break;
  case 1:				/* one less */
    size = splice(data, size, max, at[i], n, NULL, 0);
    break;
  case 2:				/* one twice */
    if (n > sizeof(made)) break;
    memcpy(made, data + at[i], n);
    size = splice(data, size, max, at[rnd((uint32_t)count + 1)], 0, made, n);
    break;
  case 3:				/* another type */
    data[at[i]] = in_ssl ? (uint8_t)(0x20 + rnd(10)) : (uint8_t)rnd(256);
    break;
  case 4:				/* a length that is wrong by little */
    set16(data + at[i] + 1, get16(data + at[i] + 1) + rnd(7) - 3);
    break;
  case 5:				/* another value of any length */
    if (n < 3 || n - 3 > sizeof(made)) break;
    memcpy(made, data + at[i] + 3, n - 3);
    *end = LLVMFuzzerMutate(made, n - 3, sizeof(made));
    WRITTEN(made, *end);
    size = splice(data, size, max, at[i] + 3, n - 3, made, *end);
    if (size != was || *end == n - 3) set16(data + at[i] + 1, *end);
    break;
  default:				/* another one in its place; or, often, something in an SSL one */
    if (!in_ssl && data[at[i]] == 0x20 && n >= 8 && rnd(4))
      {
      size_t inner = at[i] + n;
      size = mutate_row(data, size, max, at[i] + 8, &inner, 1);
      set16(data + at[i] + 1, n - 3 + size - was);
      }
    else
      {
      size_t m = make_tlv(made, in_ssl);
      size = splice(data, size, max, at[i], n, made, m);
      }
    break;
  }
return size;
}

/* Make the first or the last checksum right, where it can be found */

static void
mend_sum(uint8_t * data, size_t end)
{
uint8_t * sum = NULL;
uint32_t last = rnd(2);

for (size_t i = TLVS_AT(data[13]); i + 7 <= end; i += 3 + get16(data + i + 1))
  if (data[i] == 3 && get16(data + i + 1) == 4 && (!sum || last)) sum = data + i + 3;
if (sum)
  {
  uint32_t crc;
  memset(sum, 0, 4);
  crc = bitwise_crc32c(data, end);
  set16(sum, crc >> 16);
  set16(sum + 2, crc & 0xffff);
  }
}

static size_t
mutate_v2(uint8_t * data, size_t size, size_t max)
{
size_t end = V2_MIN + get16(data + 14), tail, n;

if (end > size) end = size;
tail = size - end;
n = TLVS_AT(data[13]);
switch (rnd(8))
  {
  case 0:				/* fixed part */
    data[12 + rnd(2)] = rnd(2) ? (uint8_t)rnd(256) : (uint8_t)(rnd(4) << 4 | rnd(4));
    break;
  case 1:				/* stated length */
    set16(data + 14, rnd(2) ? get16(data + 14) + rnd(9) - 4 : rnd(rnd(2) ? 300 : 65536));
    return size;
  case 2:				/* cut short */
    return V2_MIN + rnd((uint32_t)(size - V2_MIN) + 1);
  default:
    if (n <= end) size = mutate_row(data, size, max, n, &end, 0);
  }
end = size - tail;
if (rnd(16) && end - V2_MIN <= 65535) set16(data + 14, end - V2_MIN);
if (rnd(16)) mend_sum(data, end);
return size;
}

size_t
mutate_header(uint8_t * data, size_t size, size_t max, unsigned seed)
{
WRITTEN(data, max);
state = seed * 2654435761u | 1;
(void) rnd(1);
(void) rnd(1);

switch (rnd(32))
  {
  case 0:  return new_v1(data, max);
  case 1:  size = new_v2(data, max); break;
  case 2:  case 3: case 4: case 5: case 6: case 7:
    size = LLVMFuzzerMutate(data, size, max);
    WRITTEN(data, size);
    if (is_v2(data, size) && rnd(2))
      {
      size_t end = V2_MIN + get16(data + 14);
      if (rnd(2) && size - V2_MIN <= 65535)
	{
	set16(data + 14, size - V2_MIN);
	end = size;
	}
      if (end <= size) mend_sum(data, end);
      }
    return size;
  default: break;
  }
if (is_v2(data, size)) return mutate_v2(data, size, max);
if (size > 4 && data[0] == 'P') return mutate_v1(data, size, max);
return rnd(2) ? LLVMFuzzerMutate(data, size, max) : rnd(2) ? new_v1(data, max) : new_v2(data, max);
}

/* End of mutate.c */
