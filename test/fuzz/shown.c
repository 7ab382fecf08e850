/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shown values: nothing in them can be mistaken, and they tell what they were made from */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

/* Is it UTF-8 as RFC 3629 has it, without control characters and those that end lines or turn the direction of
writing? By decoding to a number, and back. */

int
is_clean_text(const char * s, size_t n)
{
for (size_t i = 0; i < n; )
  {
  static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
  uint8_t c = (uint8_t)s[i];
  size_t size = 1;
  uint32_t u = c;

  if (c >= 0x80)
    {
    while (size < 6 && (c << size & 0x80)) size++;	/* leading ones are the size */
    if (size < 2 || size > 4 || n - i < size) return 0;
    u = c & (0x7fu >> size);
    for (size_t k = 1; k < size; k++)
      {
      if (((uint8_t)s[i+k] & 0xc0) != 0x80) return 0;
      u = u << 6 | ((uint8_t)s[i+k] & 0x3f);
      }
    if (u < least[size] || u > 0x10ffff || (u >= 0xd800 && u <= 0xdfff)) return 0;
    }
  if (u < 0x20 || (u >= 0x7f && u < 0xa0)) return 0;
  if ((u >= 0x2028 && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069)) return 0;
  i += size;
  }
return 1;
}

/* Undo the escapes. An escape that was not needed is an error, too. */

static void
check_text(proxy_bytes v, const char * s, size_t n)
{
size_t k = 0;

for (size_t i = 0; i < n; k++)
  {
  unsigned c = (uint8_t)s[i++];
  CHECK(k < v.length, "more text than value");
  if (c == '\\')
    {
    CHECK(i < n, "ends in a backslash");
    if (s[i] == '\\') i++;
    else
      {
      CHECK(n - i >= 3 && sscanf(s + i, "%3o", &c) == 1 && c < 256, "bad escape: %.4s", s + i - 1);
      CHECK(c < 0x20 || c >= 0x7f, "needless escape: %.4s", s + i - 1);
      i += 3;
      }
    }
  CHECK(c == v.p[k], "byte %zu is %02x, shown as %02x", k, v.p[k], c);
  }
CHECK(k == v.length, "text for %zu of %zu bytes", k, v.length);

/* What is clean as a whole needs no escape but for backslashes */

if (is_clean_text((const char *)v.p, v.length))
  {
  size_t extra = 0;
  for (k = 0; k < v.length; k++) extra += v.p[k] == '\\';
  CHECK(n == v.length + extra, "clean text was escaped");
  }
}

static void
check_base64(proxy_bytes v, const char * s, size_t n)
{
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
uint32_t bits = 0;
size_t have = 0, k = 0, pads = 0;

CHECK(n == (v.length + 2) / 3 * 4, "%zu characters for %zu bytes", n, v.length);
for (size_t i = 0; i < n; i++)
  {
  const char * d = strchr(digits, s[i]);
  if (s[i] == '=') { pads++; continue; }
  CHECK(d && pads == 0, "bad base64 at %zu", i);
  bits = bits << 6 | (uint32_t)(d - digits);
  if ((have += 6) < 8) continue;
  have -= 8;
  CHECK(k < v.length && (bits >> have & 0xff) == v.p[k], "base64 byte %zu", k);
  k++;
  }
CHECK(k == v.length && pads == (3 - v.length % 3) % 3, "%zu of %zu bytes", k, v.length);
}

void
check_shown(proxy_bytes value, proxy_show show)
{
proxy_bytes v = { before_the_end(value.p, value.length), value.length };
size_t room = PROXY_TLV_SHOWN_MAX(v.length);
char * s = room_for(room);
char expected[40] = "";
size_t n;

memset(s, '~', room);
n = proxy_tlv_shown(v, show, s);
CHECK(n < room && s[n] == 0 && strlen(s) == n, "%zu in room for %zu", n, room);
CHECK(is_clean_text(s, n), "not clean: %s", s);
CHECK(v.length == 0 || memcmp(v.p, value.p, v.length) == 0, "the value has been changed");

switch (show)
  {
  case PROXY_SHOW_TEXT:
  case PROXY_SHOW_AWS:
    check_text(v, s, n);
    return;

  case PROXY_SHOW_HEX:
    CHECK(n == 2 * v.length, "%zu digits for %zu bytes", n, v.length);
    for (size_t i = 0; i < v.length; i++)
      {
      snprintf(expected, sizeof(expected), "%02x", v.p[i]);
      CHECK(memcmp(s + 2*i, expected, 2) == 0, "hex of byte %zu", i);
      }
    return;

  case PROXY_SHOW_CERT:
    check_base64(v, s, n);
    return;

  case PROXY_SHOW_VERIFY:
    if (v.length < 4) return;
    snprintf(expected, sizeof(expected), "failed %u",
      v.p[0] * 0x1000000u + v.p[1] * 0x10000u + v.p[2] * 0x100u + v.p[3]);
    if (strcmp(expected, "failed 0") == 0) strcpy(expected, "ok");
    break;

  case PROXY_SHOW_AZURE:
    if (v.length == 4)
      snprintf(expected, sizeof(expected), "%u",
	v.p[3] * 0x1000000u + v.p[2] * 0x10000u + v.p[1] * 0x100u + v.p[0]);
    break;
  }
CHECK(strcmp(s, expected) == 0, "%s, not %s", s, expected);
}

/* End of shown.c */
