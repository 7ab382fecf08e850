/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escaped text: nothing in it can be mistaken, and it tells what it was made from. */

#include <stdio.h>
#include <string.h>
#include "fuzz.h"
#include "proxy_text.h"

/* Tell whether a text is UTF-8 by RFC 3629, without control characters, and without those that end lines or change
the direction of writing. The characters are decoded to numbers. */

static int
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

/* Undo the escapes. A needless escape is an error, too. */

static void
check_tells(const uint8_t * v, size_t length, const char * s, size_t n)
{
size_t k = 0;

for (size_t i = 0; i < n; k++)
  {
  unsigned c = (uint8_t)s[i++];
  CHECK(k < length, "more text than value");
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
  CHECK(c == v[k], "byte %zu is %02x, shown as %02x", k, v[k], c);
  }
CHECK(k == length, "text for %zu of %zu bytes", k, length);

/* Clean text needs no escapes but those of backslashes. */

if (is_clean_text((const char *)v, length))
  {
  size_t extra = 0;
  for (k = 0; k < length; k++) extra += v[k] == '\\';
  CHECK(n == length + extra, "clean text was escaped");
  }
}

void
check_text(const uint8_t * value, size_t length)
{
const uint8_t * v = before_the_end(value, length);
size_t room = PROXY_TEXT_MAX(length), n;
char * s = room_for(room);

memset(s, '~', room);
n = proxy_text_escape(v, length, s);
CHECK(n < room && s[n] == 0 && strlen(s) == n, "%zu in room for %zu", n, room);
CHECK(is_clean_text(s, n), "not clean: %s", s);
CHECK(length == 0 || memcmp(v, value, length) == 0, "the value has been changed");
check_tells(v, length, s, n);
}

/* End of text.c */
