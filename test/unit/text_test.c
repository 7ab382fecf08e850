/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of safe text, proxy_text.c. See ../../src-overlay/src/proxy_text.h for its contract. */

#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "proxy_text.h"

#define COUNT(table) (sizeof table / sizeof table[0])
#define S(literal) (const uint8_t *)(literal), sizeof(literal) - 1

#define VALUE_MAX ((size_t)65535)
#define CANARY    0xa5

/* Escape a value between canaries, in just the room that the contract promises; compare with the oracle, and
see to what holds for all: no controls, good UTF-8. */

static char room[PROXY_TEXT_MAX(VALUE_MAX) + 32];

static int
fit_for_a_log(const char * s, size_t n)
{
unsigned long c;

for (size_t i = 0, k; i < n; i += k)
  {
  if (!(k = oracle_character((const uint8_t *)s + i, n - i, &c))) return 0;
  if (c < 0x20 || c == 0x7f || (c >= 0x80 && c <= 0x9f)) return 0;
  }
return 1;
}

static const char *
shown(const uint8_t * p, size_t n, const char * what)
{
static char wanted[PROXY_TEXT_MAX(VALUE_MAX)];
size_t most = PROXY_TEXT_MAX(n), used, wanted_used = oracle_text(p, n, wanted);
char * out = room + sizeof room - most - 16;

for (int side = 0; side < 2; side++)
  {
  memset(out - 16, CANARY, 16 + most + 16);
  used = proxy_text_escape(side ? flush_left(p, n) : flush_right(p, n), n, out);
  for (int i = -16; i < 0; i++)
    if ((uint8_t)out[i] != CANARY) { fail(p, n, "%s: wrote before its room", what); break; }
  for (size_t i = used + 1; i < most + 16; i++)
    if ((uint8_t)out[i] != CANARY) { fail(p, n, "%s: wrote behind the terminating zero", what); break; }
  if (used >= most) fail(p, n, "%s: %zu bytes shown, too many", what, used);
  else if (out[used] != 0) fail(p, n, "%s: not terminated", what);
  else if (used != wanted_used || memcmp(out, wanted, used) != 0)
    fail(p, n, "%s: \"%s\", not \"%s\", of", what, used < 300 ? out : "...", wanted_used < 300 ? wanted : "...");
  else if (side == 0 && !fit_for_a_log(out, used)) fail(p, n, "%s: not fit for a log: \"%s\"", what, out);
  }
return out;
}

static void
expect_shown(const uint8_t * p, size_t n, const char * wanted)
{
const char * got = shown(p, n, wanted);
if (strcmp(got, wanted) != 0) fail(p, n, "\"%s\", not \"%s\", of", got, wanted);
}

/* What is shown must say what the value was: no two values look the same. */

static void
check_text(const uint8_t * p, size_t n)
{
const char * s = shown(p, n, "text");
size_t i = 0;

for (; *s && i < n; i++)
  {
  unsigned v;
  if (*s != '\\') v = (uint8_t)*s++;
  else if (s[1] == '\\') { v = '\\'; s += 2; }
  else if (sscanf(s, "\\%3o", &v) == 1) s += 4;
  else break;
  if (v != p[i]) break;
  }
if (*s || i != n) fail(p, n, "cannot be told from another");
}

static void
test_text_short(void)
{
begin("shows every byte, every two, and every one between letters");
for (unsigned a = 0; a < 256; a++)
  {
  uint8_t v[4] = { (uint8_t)a };
  check_text(v, 1);
  v[0] = 'x'; v[1] = (uint8_t)a; v[2] = 'y';
  check_text(v, 3);
  for (unsigned b = 0; b < 256; b++)
    {
    v[0] = (uint8_t)a; v[1] = (uint8_t)b;
    check_text(v, 2);
    }
  }
expect_shown(S(""), "");
expect_shown(S("mx.example.org"), "mx.example.org");
expect_shown(S(" ~"), " ~");
expect_shown(S("a\0b"), "a\\000b");
expect_shown(S("x\r\n2026-11-21 00:00:00 fake"), "x\\015\\0122026-11-21 00:00:00 fake");
expect_shown(S("\\015"), "\\\\015");
expect_shown(S("\t\x1b[0m\x7f"), "\\011\\033[0m\\177");
expect_shown(S("m\xc3\xbc" "nchen"), "m\xc3\xbc" "nchen");
expect_shown(S("m\xfc" "nchen"), "m\\374nchen");
end();
}

static void
test_text_utf8(void)
{
static const struct { const char * bytes; size_t n; int good; } borders[] = {
  { "\xc2\x80", 2, 0 }, { "\xc2\x85", 2, 0 }, { "\xc2\x9f", 2, 0 }, { "\xc2\xa0", 2, 1 }, { "\xc2\xbf", 2, 1 },
  { "\xc0\x80", 2, 0 }, { "\xc0\xaf", 2, 0 }, { "\xc1\xbf", 2, 0 }, { "\xc0\x8a", 2, 0 }, { "\xc3\x80", 2, 1 },
  { "\xdf\xbf", 2, 1 }, { "\xc3\x7f", 2, 0 }, { "\xc3\xc0", 2, 0 }, { "\xc3", 1, 0 }, { "\x80", 1, 0 }, { "\xbf", 1, 0 },
  { "\xe0\x80\x8a", 3, 0 }, { "\xe0\x9f\xbf", 3, 0 }, { "\xe0\xa0\x80", 3, 1 }, { "\xe1\x80\x80", 3, 1 },
  { "\xed\x9f\xbf", 3, 1 }, { "\xed\xa0\x80", 3, 0 }, { "\xed\xbf\xbf", 3, 0 }, { "\xee\x80\x80", 3, 1 },
  { "\xef\xbf\xbf", 3, 1 }, { "\xe2\x82", 2, 0 }, { "\xe2", 1, 0 }, { "\xe2\x82\x7f", 3, 0 }, { "\xe2\x28\xa1", 3, 0 },
  { "\xf0\x80\x80\x8a", 4, 0 }, { "\xf0\x8f\xbf\xbf", 4, 0 }, { "\xf0\x90\x80\x80", 4, 1 }, { "\xf3\xbf\xbf\xbf", 4, 1 },
  { "\xf4\x8f\xbf\xbf", 4, 1 }, { "\xf4\x90\x80\x80", 4, 0 }, { "\xf5\x80\x80\x80", 4, 0 }, { "\xf7\xbf\xbf\xbf", 4, 0 },
  { "\xe2\x80\xa7", 3, 1 }, { "\xe2\x80\xa8", 3, 0 }, { "\xe2\x80\xa9", 3, 0 }, { "\xe2\x80\xae", 3, 0 },
  { "\xe2\x80\xaf", 3, 1 }, { "\xe2\x81\xa5", 3, 1 }, { "\xe2\x81\xa6", 3, 0 }, { "\xe2\x81\xa9", 3, 0 },
  { "\xe2\x81\xaa", 3, 1 }, { "\xe2\x82\xa8", 3, 1 }, { "\xe2\x80\x8f", 3, 1 }, { "\xe1\x80\xa8", 3, 1 },
  { "\xf0\x9f\x98", 3, 0 }, { "\xf0\x9f", 2, 0 }, { "\xf0", 1, 0 }, { "\xf0\x9f\x98\x7f", 4, 0 }, { "\xf0\x9f\x98\xc0", 4, 0 },
  { "\xf8\x88\x80\x80\x80", 5, 0 }, { "\xfc\x84\x80\x80\x80\x80", 6, 0 }, { "\xfe", 1, 0 }, { "\xff", 1, 0 }
};

begin("shows well-formed UTF-8, and escapes all else, at its borders");
for (size_t i = 0; i < COUNT(borders); i++)
  {
  const uint8_t * p = (const uint8_t *)borders[i].bytes;
  uint8_t v[8];
  const char * got = shown(p, borders[i].n, "border");
  if ((strchr(got, '\\') == NULL) != borders[i].good) fail(p, borders[i].n, "shown \"%s\"", got);
  memcpy(v, p, borders[i].n);
  v[borders[i].n] = '.';
  got = shown(v, borders[i].n + 1, "border");
  if ((strchr(got, '\\') == NULL) != borders[i].good) fail(v, borders[i].n + 1, "shown \"%s\"", got);
  check_text(v, borders[i].n + 1);
  }
end();
}

/* In one value as many as fit: what is shown of each may not depend on what is beside it. */

static uint8_t many[VALUE_MAX];
static size_t many_n;

static void
put_many(const uint8_t * p, size_t n)
{
if (!p || many_n + n + 1 > sizeof many)
  {
  shown(many, many_n, "many");
  many_n = 0;
  }
if (!p) return;
memcpy(many + many_n, p, n);
many_n += n;
many[many_n++] = (uint8_t)(n % 2 ? '.' : 'x');
}

static void
test_text_all(void)
{
static const uint8_t ends[] = { 0x7f, 0x80, 0xbf, 0xc0 };

begin("shows characters of all planes, whatever is beside them");
for (unsigned long c = 0; c < 0x200000; )
  {
  uint8_t v[4];
  size_t n = oracle_utf8(c, v);
  put_many(v, n);
  c += c < 0x3000 || (c >= 0xd700 && c < 0xe100) ? 1 : c < 0x10f000 || c > 0x111000 ? 61 : 3;
  }
put_many(NULL, 0);
for (unsigned a = 0xe0; a < 0x100; a++)
  for (unsigned b = 0x70; b < 0xd0; b++)
    for (size_t c = 0; c < 4; c++)
      for (size_t d = 0; d < 4; d++)
        {
        uint8_t v[4] = { (uint8_t)a, (uint8_t)b, ends[c], ends[d] };
        put_many(v, 4);
        if (d == 0) put_many(v, 3);
        }
put_many(NULL, 0);
end();
}

static void
test_text_random(void)
{
uint64_t state = SEED;

begin("shows likely bytes at random");
for (int i = 0; i < 40000; i++)
  {
  static const uint8_t likely[] = "a\\0\r\n\x7f\x80\x85\x9f\xa0\xbf\xc2\xc3\xe0\xe2\xed\xef\xf0\xf4\xf5";
  uint8_t v[24];
  size_t n = below(&state, sizeof v + 1);
  for (size_t k = 0; k < n; k++) v[k] = below(&state, 8) ? likely[below(&state, sizeof likely)] : (uint8_t)next_random(&state);
  check_text(v, n);
  }
end();
}

static void
test_big(void)
{
begin("needs no more than the promised room for 65,535 bytes");
for (int c = 0; c < 4; c++)
  {
  memset(many, "\xff\\x\xc3"[c], sizeof many);
  shown(many, sizeof many - (c == 3), "big");
  }
for (size_t i = 0; i + 1 < sizeof many; i += 2) memcpy(many + i, "\xc3\xbc", 2);
shown(many, sizeof many, "big");
end();
}


int
main(void)
{
test_text_short();
test_text_utf8();
test_text_all();
test_text_random();
test_big();

return finish();
}
