/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proofs about proxy_text.c */

#include "proof.h"
#include "proxy_text.c"

#define IS_CONTROL(c) (((c) & 0xff) < ' ' || (c) == 0x7f)

/* The few bytes that are copied here, without a loop inside a loop */

void *
memcpy(void * to, const void * from, size_t n)
{
uint8_t * t = to;
const uint8_t * f = from;

PROVE(n <= 4);
PROVE(__CPROVER_r_ok(from, n) && __CPROVER_w_ok(to, n) && !__CPROVER_same_object(from, to));
if (n > 0) t[0] = f[0];
if (n > 1) t[1] = f[1];
if (n > 2) t[2] = f[2];
if (n > 3) t[3] = f[3];
return to;
}

/* In place of the functions of these names: they demand what those need, and leave open all that their
own proofs do not show. */

size_t
text_printable_lemma(const uint8_t * p, size_t length)
{
size_t n = any_length(4);
PROVE(__CPROVER_r_ok(p, length) && length > 0);
ASSUME(n <= length);
return n;
}

char *
text_escape_lemma(uint8_t c, char * out)
{
size_t n = any_length(4);
(void)c;
PROVE(__CPROVER_w_ok(out, 4));
__CPROVER_havoc_slice(out, 4);
return out + n;
}

/* An independent account of what may be shown as it is: UTF-8 as Unicode's table 3-7 has it, less
the control characters, the backslash, and what ends lines or turns the direction of writing */

static size_t
printable_by_the_book(const uint8_t * p, size_t length)
{
uint32_t code;
size_t n, i;

if (p[0] < 0x80) return p[0] >= ' ' && p[0] != 0x7f && p[0] != '\\' ? 1 : 0;
if (p[0] < 0xc0) return 0;
if (p[0] < 0xe0) { n = 2; code = p[0] & 0x1f; }
else if (p[0] < 0xf0) { n = 3; code = p[0] & 0xf; }
else if (p[0] < 0xf8) { n = 4; code = p[0] & 7; }
else return 0;
if (length < n) return 0;
for (i = 1; i < n; i++)
  {
  if (p[i] >> 6 != 2) return 0;
  code = code * 64 + (p[i] & 0x3f);
  }
if (code < (n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000)) return 0;	/* not the shortest form */
if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
if ((code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) return 0;
return code < 0xa0 ? 0 : n;
}

void
text_one(void)
{
size_t length = any_length(5), i = nondet_size(), n;
uint8_t * p = any_bytes(length);

ASSUME(length > 0);
n = text_printable(p, length);
PROVE(n == printable_by_the_book(p, length));
PROVE(n <= 4 && n <= length);
if (n == 0) REACHED("not printable");
else if (n == 1) REACHED("ASCII");
else REACHED("UTF-8");
if (i < n) PROVE(!IS_CONTROL(p[i]));
}

void
text_escaped(void)
{
char * out = (char *)any_bytes(4);
uint8_t c = nondet_byte();
size_t i = nondet_size(), n = (size_t)(text_escape(c, out) - out);

PROVE(n == (c == '\\' ? 2 : 4) && out[0] == '\\');
if (i < n) PROVE(!IS_CONTROL(out[i]));
REACHED("the end");
}

/* Any text: its room */

void
text_any(void)
{
size_t length = any_length(LENGTH_MAX), room = PROXY_TEXT_MAX(length), n;
char * out = (char *)any_bytes(room);

n = proxy_text_escape(any_bytes(length), length, out);
PROVE(n < room);
PROVE(out[n] == '\0');
REACHED("the end");
}

/* What the text consists of, for a few bytes: each turn of the loop sees four at most, and does not
know where it is */

void
text_few(void)
{
uint8_t bytes[6];
char out[PROXY_TEXT_MAX(sizeof(bytes))];
size_t i = nondet_size();

if (i >= proxy_text_escape(bytes, any_length(sizeof(bytes)), out)) return;
REACHED("a byte");
PROVE(!IS_CONTROL(out[i]));
}
