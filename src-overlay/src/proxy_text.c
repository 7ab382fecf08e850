/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Safe text of a PROXY header; see proxy_text.h. In Exim's build the flag comes
from config.h; any other build defines it. */

#ifndef EXPERIMENTAL_PROXY
# include "config.h"
#endif
#ifdef EXPERIMENTAL_PROXY

#include <string.h>
#include "proxy_text.h"

/* The size of a UTF-8 sequence by its first byte; 0 for a byte that begins none */

static size_t
text_sequence_len(uint8_t c)
{
return c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

/* Tell how many bytes make a character that may be shown as it is.

Arguments:
  p		the text
  length	its size, in bytes, at least 1

Returns:	1 for printable ASCII, more for well-formed UTF-8, else 0
*/

static size_t
text_printable(const uint8_t * p, size_t length)
{
size_t n = text_sequence_len(p[0]);

if (n == 1) return p[0] >= 0x20 && p[0] < 0x7f && p[0] != '\\';
if (n == 0 || length < n) return 0;
for (size_t i = 1; i < n; i++) if ((p[i] & 0xc0) != 0x80) return 0;

/* These second bytes make a C1 control, an overlong form, a character that a reader
may obey, a surrogate, or a number beyond Unicode. */

switch (p[0])
  {
  case 0xc2: return p[1] < 0xa0 ? 0 : n;
  case 0xe0: return p[1] < 0xa0 ? 0 : n;
  case 0xe2: return (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
		 || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9) ? 0 : n;
  case 0xed: return p[1] > 0x9f ? 0 : n;
  case 0xf0: return p[1] < 0x90 ? 0 : n;
  case 0xf4: return p[1] > 0x8f ? 0 : n;
  default:   return n;
  }
}

/* Write a backslash, and what it escapes.

Returns:	the end of it
*/

static char *
text_escape(uint8_t c, char * out)
{
*out++ = '\\';
if (c == '\\') *out++ = '\\';
else for (int shift = 6; shift >= 0; shift -= 3) *out++ = (char)('0' + (c >> shift & 7));
return out;
}

size_t
proxy_text_escape(const uint8_t * bytes, size_t length, char * out)
{
char * start = out;

while (length > 0)
  {
  size_t n = text_printable(bytes, length);

  if (n > 0)
    {
    memcpy(out, bytes, n);
    out += n;
    }
  else
    {
    out = text_escape(*bytes, out);
    n = 1;
    }
  bytes += n;
  length -= n;
  }
*out = '\0';
return (size_t)(out - start);
}

#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_text.c */
