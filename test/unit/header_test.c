/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the pure parser, proxy_header.c. See ../../src-overlay/src/proxy_header.h for its contract. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

#define COUNT(table) (sizeof table / sizeof table[0])
#define BIG        300			/* what is longer gets fewer variations */
#define V1_LINE    128			/* room for a v1 line and more */
#define TEXTS      300000		/* for each of the runs against inet_pton() */

static const vector * rows;
static size_t row_count;

#define EACH(v) (const vector * v = rows; v < rows + row_count; v++)

/* Is it a good header of this version? */

static int
is_good(const vector * v, int version)
{
return v->want.r.verdict == PROXY_HDR_COMPLETE && v->want.h.version == version;
}

/* A plain line and header, which others are made of */

static const char line4[] = "PROXY TCP4 192.0.2.1 198.51.100.250 56324 25\r\n";
static const uint8_t local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

static uint8_t *
get(size_t size)
{
uint8_t * p = malloc(size);
if (!p) bail_out("malloc");
return p;
}


/* ---------- tables ---------- */

static void
test_rows(void)
{
static const char * const does[] = { "takes", "awaits more than", "refuses", "finds no header in" };

for EACH(v)
  {
  outcome want = v->want;
  if (*v->note) want.r.reason = v->note;
  begin("%s %s", does[want.r.verdict], *v->name ? v->name : v->text);
  check_row(v->buf, v->len, &want, v->name);
  end();
  }
}

static void
test_empty(void)
{
outcome o = oracle(NULL, 0);

begin("asks for eight bytes when there are none");
if (o.r.verdict != PROXY_HDR_MORE || o.r.missing != 8) fail(NULL, 0, "the oracle does not");
check_here(NULL, 0, &o, "NULL");
check_right(NULL, 0, &o, "a pointer to a forbidden page");
end();
}


/* ---------- cuts, and what follows ---------- */

/* Each length of each row: a copy of just these bytes before a forbidden page, and the start of the whole, read-only,
behind one. */

static void
test_cuts(void)
{
begin("judges the start of each row, cut at every byte, by what is there");
for EACH(v)
  {
  const uint8_t * whole = flush_left(v->buf, v->len);

  left_read_only();
  for (size_t len = 0; len <= v->len; len++)
    {
    outcome o = oracle(v->buf, len);
    check_here(whole, len, &o, v->text);
    if (len < BIG || len + BIG > v->len || len % 64 == 0) check_right(v->buf, len, &o, v->text);
    }
  }
flush_left(NULL, 0);
end();
}

/* Reading by the count that MORE gives, and no more than that, ends exactly at the header's end; in as few
steps as the contract promises for v2. */

static void
test_reading(void)
{
begin("asks for no byte that is not the header's, and for v2 three times at most");
for EACH(v) if (v->want.r.verdict == PROXY_HDR_COMPLETE)
  {
  size_t len = 0, steps = 0, size = v->want.r.size;
  proxy_header h;
  proxy_result r;

  for (; (r = proxy_header_parse(v->buf, len, &h)).verdict == PROXY_HDR_MORE; len += r.missing, steps++)
    if (r.missing == 0 || len + r.missing > size)
      {
      fail(v->buf, len, "%zu bytes ask for %zu", len, r.missing);
      break;
      }
  if (len != size) fail(v->buf, v->len, "ended at %zu", len);
  if (v->want.h.version == 2 && steps > 3) fail(v->buf, v->len, "took %zu steps", steps);
  }
end();
}

static void
test_followed(void)
{
static const char * const tails[] = { "\r", "\n", "\r\n", "\r\n\r\n", "EHLO client.example\r\nMAIL FROM:<>\r\n", " ",
  "PROXY TCP4 192.0.2.1 198.51.100.250 56324 99999\r\n", "PROXY UNKNOWN\r\n", "25\r\n", "\3\0\4????\2\0\13example.org" };

begin("takes no byte that follows a header");
for EACH(v) if (v->want.r.size > 0)
  {
  size_t size = v->want.r.size, room = size + 70000;
  uint8_t * buf = get(room);

  if (v->len < size) { free(buf); continue; }
  memcpy(buf, v->buf, size);
  for (size_t k = 0; k < COUNT(tails); k++)
    {
    size_t n = strlen(tails[k]);
    outcome o = oracle(v->buf, size);
    memcpy(buf + size, tails[k], n);
    check(buf, size + n, &o, v->text);
    }
  memset(buf + size, 3, room - size);
  for (size_t n = size < BIG ? 1 : 5000; n <= room - size; n *= 7) check_row(buf, size + n, &v->want, v->text);
  free(buf);
  }
end();
}


/* ---------- mutations of v1 ---------- */

static void
test_v1_replaced(void)
{
begin("judges good v1 lines with any byte replaced by any value");
for EACH(v) if (is_good(v, 1))
  for (size_t at = 0; at < v->len; at++)
    for (unsigned c = 0; c < 256; c++)
      {
      uint8_t line[V1_LINE];
      memcpy(line, v->buf, v->len);
      line[at] = (uint8_t)c;
      check_by_oracle(line, v->len, "replaced");
      }
end();
}

static void
test_v1_shifted(void)
{
static const uint8_t some[] = "\0\t\n\v\r +-./0123456789:@AFG`afgx%[\x80\xff";

begin("judges good v1 lines with bytes taken out, doubled, swapped and put in, and halves of two joined");
for EACH(v) if (is_good(v, 1))
  {
  size_t len = v->len;
  uint8_t line[2 * V1_LINE];

  for (size_t at = 0; at < len; at++)
    {
    for (size_t gone = 1; gone <= 3 && at + gone <= len; gone++)
      {
      memcpy(line, v->buf, at);
      memcpy(line + at, v->buf + at + gone, len - at - gone);
      check_by_oracle(line, len - gone, "taken out");
      }
    for (size_t k = 0; k < sizeof some; k++)
      {
      memcpy(line, v->buf, at);
      line[at] = k < sizeof some - 1 ? some[k] : v->buf[at];
      memcpy(line + at + 1, v->buf + at, len - at);
      check_by_oracle(line, len + 1, "put in");
      }
    memcpy(line, v->buf, len);
    if (at + 1 < len) { line[at] = v->buf[at+1]; line[at+1] = v->buf[at]; }
    check_by_oracle(line, len, "swapped");
    }
  for EACH(w) if (is_good(w, 1))
    {
    memcpy(line, v->buf, len / 2);
    memcpy(line + len / 2, w->buf + w->len / 2, w->len - w->len / 2);
    check_by_oracle(line, len / 2 + w->len - w->len / 2, "joined");
    }
  }
end();
}

/* UNKNOWN lines of every length about the limit: whole, without CRLF, and with a CR or LF only */

static void
test_v1_lengths(void)
{
static uint8_t line[70000];
static const char * const ends[] = { "xx", "x\r", "x\n", "\r\n" };

begin("takes v1 lines of 107 bytes, and none that are longer");
memset(line, 'x', sizeof line);
memcpy(line, "PROXY UNKNOWN ", 14);
for (size_t len = 16; len <= 65600; len += len < BIG ? 1 : 6531)
  {
  for (size_t e = 0; e < COUNT(ends); e++)
    {
    outcome o = oracle(line, len);
    int good = e == 3 && len <= 107;
    memcpy(line + len - 2, ends[e], 2);
    o = oracle(line, len);
    if (len >= 107 && !good) o.r.reason = "v1 line longer than 107 bytes";
    if (o.r.verdict != (good ? PROXY_HDR_COMPLETE : len < 107 ? PROXY_HDR_MORE : PROXY_HDR_BAD)) fail(line, len, "the oracle is wrong");
    check(line, len, &o, "length");
    if (e == 3) check(line, len + 30, &o, "and more bytes");
    }
  line[len-2] = line[len-1] = 'x';
  }
end();
}


/* ---------- fields of v1, exhaustively ---------- */

static void
check_text(const char * format, const char * text)
{
char line[512];
int len = snprintf(line, sizeof line, format, text);
check_by_oracle((const uint8_t *)line, (size_t)len, "line");
}

/* A text as an address, in each place */

static const char * const texts[] = { "PROXY TCP6 :: %s 1 2\r\n", "PROXY TCP6 %s :: 1 2\r\n", "PROXY TCP4 :: %s 1 2\r\n",
  "PROXY TCP4 %s :: 1 2\r\n" };

/* Numbers below a limit, written in several ways, where the lines have %s. The first way is tried for each number, the
others for one in seven; each number in in_lines of the lines, beginning with another one each time. */

typedef struct {
  const char *	name;
  unsigned long	limit;
  size_t	in_lines;
  const char *	formats[9];
  const char *	lines[13];
} numbers;

#define MAPPED(text) "PROXY TCP6 ::ffff:" text " :: 1 2\r\n"
#define GROUPS(text) "PROXY TCP6 " text " :: 1 2\r\n"

static const numbers all_numbers[] = {
  { "judges every port, and what looks like one", 70000, 2,
    { "%lu", "0%lu", "00%lu", "%lu0", "+%lu", "1%05lu", "42949%05lu", "1844674407370955%04lu" },
    { "PROXY TCP4 1.2.3.4 5.6.7.8 %s 25\r\n", "PROXY TCP6 ::1 ::2 25 %s\r\n" } },
  { "judges every number in every place of an IPv4 address", 1100, 12,
    { "%lu", "0%lu", "00%lu", "%lu0", "42949672%02lu" },
    { "PROXY TCP4 %s.20.0.255 5.6.7.8 1 2\r\n", "PROXY TCP4 5.6.7.8 %s.20.0.255 1 2\r\n", MAPPED("%s.20.0.255"),
      "PROXY TCP4 1.%s.0.255 5.6.7.8 1 2\r\n", "PROXY TCP4 5.6.7.8 1.%s.0.255 1 2\r\n", MAPPED("1.%s.0.255"),
      "PROXY TCP4 1.20.%s.255 5.6.7.8 1 2\r\n", "PROXY TCP4 5.6.7.8 1.20.%s.255 1 2\r\n", MAPPED("1.20.%s.255"),
      "PROXY TCP4 1.20.0.%s 5.6.7.8 1 2\r\n", "PROXY TCP4 5.6.7.8 1.20.0.%s 1 2\r\n", MAPPED("1.20.0.%s") } },
  { "judges every group in some place of an IPv6 address", 65536, 1,
    { "%lx", "%lX", "%04lx", "%05lx", "1%04lx" },
    { GROUPS("%s:a:a:a:a:a:a:a"), GROUPS("a:%s:a:a:a:a:a:a"), GROUPS("a:a:%s:a:a:a:a:a"), GROUPS("a:a:a:%s:a:a:a:a"),
      GROUPS("a:a:a:a:%s:a:a:a"), GROUPS("a:a:a:a:a:%s:a:a"), GROUPS("a:a:a:a:a:a:%s:a"), GROUPS("a:a:a:a:a:a:a:%s") } }
};

static void
test_numbers(const numbers * c)
{
size_t lines = 0;

begin("%s", c->name);
while (c->lines[lines]) lines++;
for (unsigned long v = 0; v < c->limit; v++)
  for (size_t f = 0; c->formats[f] && (f == 0 || v % 7 == 0); f++)
    for (size_t k = 0; k < c->in_lines; k++)
      {
      char text[40];
      snprintf(text, sizeof text, c->formats[f], v);
      check_text(c->lines[(v + k) % lines], text);
      }
end();
}

/* All texts of up to eight characters that colons, two digits and a dot can make */

static void
test_inet6_shapes(void)
{
static const char alphabet[] = ":1.f";

begin("judges every short text of colons, digits and dots as an address");
for (unsigned len = 0; len <= 8; len++)
  for (unsigned long v = 0; v < 1ul << 2 * len; v++)
    {
    char text[16];
    for (unsigned i = 0; i < len; i++) text[i] = alphabet[v >> 2 * i & 3];
    text[len] = 0;
    check_text(texts[v % 4], text);
    }
end();
}


/* ---------- IPv6 and IPv4 texts at random; the oracle asks inet_pton(3) about each ---------- */

static size_t
add_groups(char * s, uint64_t * state, unsigned count)
{
static const char hex[] = "0123456789abcdefABCDEF";
size_t n = 0;

for (unsigned i = 0; i < count; i++)
  {
  unsigned digits = below(state, 64) == 0 ? 5 : 1 + below(state, 4);
  if (i > 0) s[n++] = ':';
  while (digits-- > 0) s[n++] = hex[below(state, sizeof hex - 1)];
  }
return n;
}

static size_t
add_dotted(char * s, uint64_t * state)
{
size_t n = 0;
unsigned count = below(state, 32) == 0 ? 3 + below(state, 3) : 4;

for (unsigned i = 0; i < count; i++)
  {
  const char * zero = below(state, 64) == 0 ? "0" : "";		/* one draw a statement: compilers differ */
  unsigned limit = below(state, 16) == 0 ? 300 : 256, number = below(state, limit);
  n += (size_t)sprintf(s + n, "%s%s%u", i ? "." : "", zero, number);
  }
return n;
}

/* A text that is often an address, and otherwise not far from one */

static void
make_text(char * s, uint64_t * state, int dotted)
{
static const char alphabet[] = "0123456789abcdefABCDEFgG:.::..%/[]+-x`@\t\r\x7f\x80\xff";
size_t n = 0, edits = below(state, 3);
unsigned gap = below(state, 4), tail = below(state, 4) == 0;

if (dotted) n = add_dotted(s, state);
else
  {
  unsigned head = gap ? below(state, 7) : tail ? 6 : 8;
  n = add_groups(s, state, head);
  if (gap) n += (size_t)sprintf(s + n, "::");
  if (gap && !tail) n += add_groups(s + n, state, below(state, 16) == 0 ? below(state, 8) : below(state, 8 - head));
  else if (tail)
    {
    if (!gap) s[n++] = ':';
    n += add_dotted(s + n, state);
    }
  }
while (edits-- > 0)
  {
  size_t at = below(state, (unsigned)n + 1), kind = below(state, 3);
  char c = alphabet[below(state, sizeof alphabet - 1)];
  if (kind == 0 && at < n) s[at] = c;
  else if (kind == 1) { memmove(s + at + 1, s + at, n - at); s[at] = c; n++; }
  else if (kind == 2 && at < n) { memmove(s + at, s + at + 1, n - at - 1); n--; }
  }
s[n] = 0;
}

static void
test_texts(const char * name, int dotted)
{
uint64_t state = SEED + (uint64_t)dotted;
unsigned long good = 0;
uint8_t address[16];

begin("%s", name);
for (long i = 0; i < TEXTS; i++)
  {
  char text[160];
  make_text(text, &state, dotted);
  good += inet_pton(dotted ? AF_INET : AF_INET6, text, address) == 1;
  check_text(texts[i % 4], text);
  }
if (good < TEXTS / 10 || good > TEXTS / 10 * 9) fail(NULL, 0, "the generator is lopsided: %lu good", good);
end();
}


/* ---------- variations of v2 ---------- */

static void
test_v2_bits(void)
{
begin("judges good v2 headers with any one or two bits of the first 16 bytes flipped");
for EACH(v) if (is_good(v, 2) && v->len <= BIG)
  {
  uint8_t buf[BIG];

  memcpy(buf, v->buf, v->len);
  for (int a = 0; a < 128; a++)
    for (int b = a; b < 128; b++)
      {
      outcome o;
      buf[a / 8] ^= (uint8_t)(1 << a % 8);
      if (b > a) buf[b / 8] ^= (uint8_t)(1 << b % 8);
      o = oracle(buf, v->len);
      check_right(buf, v->len, &o, v->name);
      memcpy(buf, v->buf, 16);
      }
  }
end();
}

/* A v2 header with one TLV of type NOOP after the addresses, if there is room */

static void
make_v2(uint8_t * buf, unsigned byte12, unsigned byte13, size_t stated)
{
static const size_t least[] = { 0, 12, 36, 216 };
size_t from = byte13 >> 4 < 4 ? least[byte13 >> 4] : 0;

memcpy(buf, local, 12);
buf[12] = (uint8_t)byte12;
buf[13] = (uint8_t)byte13;
buf[14] = (uint8_t)(stated >> 8);
buf[15] = (uint8_t)(stated & 255);
if (stated < from + 3) return;
buf[16 + from] = 4;
buf[17 + from] = (uint8_t)((stated - from - 3) >> 8);
buf[18 + from] = (uint8_t)((stated - from - 3) & 255);
}

/* All values of the bytes 12 and 13, with stated lengths about each family's least, and with as many bytes
as stated, one less, one more, and the fixed part alone */

static void
test_v2_fields(void)
{
static const size_t stated[] = { 0, 1, 11, 12, 13, 16, 35, 36, 37, 40, 215, 216, 217, 220 };

begin("judges every v2 version, command, family and transport, about every least length");
for (unsigned b12 = 0; b12 < 256; b12++)
  for (unsigned b13 = 0; b13 < 256; b13++)
    for (size_t k = 0; k < COUNT(stated); k++)
      {
      uint8_t buf[256];
      size_t total = 16 + stated[k], some[] = { total - 1, total, total + 1, 16 };

      if ((b12 > 0x2f || b12 < 0x20) && k != 3 && (b12 ^ b13) & 31) continue;
      memset(buf, (int)(b13 + k) | 1, sizeof buf);
      make_v2(buf, b12, b13, stated[k]);
      for (size_t i = 0; i < COUNT(some); i++)
        {
        outcome o = oracle(buf, some[i]);
        check_right(buf, some[i], &o, "bytes 12 and 13");
        }
      }
end();
}

static void
test_v2_lengths(void)
{
static const unsigned kinds[] = { 0x2000, 0x2100, 0x2111, 0x2121, 0x2131, 0x2200 };

begin("judges every stated v2 length");
for (size_t k = 0; k < COUNT(kinds); k++)
  {
  uint8_t * here = flush_left(NULL, 0);
  memset(here, 0x2a, 66000);
  for (size_t stated = 0; stated < 65536; stated += stated < 700 || stated > 65400 ? 1 : 5)
    {
    size_t some[] = { 16, 16 + stated / 2, 15 + stated, 16 + stated, 17 + stated };
    make_v2(here, kinds[k] >> 8, kinds[k] & 255, stated);
    for (size_t i = 0; i < COUNT(some); i++)
      {
      outcome o = oracle(here, some[i]);
      check_here(here, some[i], &o, "stated length");
      }
    }
  }
end();
}


/* ---------- signatures ---------- */

static void
test_short(void)
{
begin("judges every input of one or two bytes, and every wrong byte in a signature");
for (unsigned a = 0; a < 256; a++)
  {
  uint8_t buf[20] = { (uint8_t)a };
  for (unsigned b = 0; b < 256; b++)
    {
    buf[1] = (uint8_t)b;
    check_by_oracle(buf, 2, "two bytes");
    }
  check_by_oracle(buf, 1, "one byte");
  for (int v2 = 0; v2 < 2; v2++)
    for (size_t at = 0; at < 16; at++)
      for (size_t len = at + 1; len <= 16; len++)
        {
        memcpy(buf, v2 ? local : (const uint8_t *)line4, 16);
        buf[at] = (uint8_t)a;
        check_by_oracle(buf, len, "a wrong byte");
        }
  }
end();
}

static void
test_random(void)
{
static const uint8_t likely[] = "PROXYTCP46UNKNOWN  \r\n:.0123456789abcdefF";
uint64_t state = SEED;

begin("judges bytes at random behind a signature");
for (long i = 0; i < 400000; i++)
  {
  uint8_t buf[320];
  size_t len = below(&state, i % 64 ? 130 : sizeof buf), start = i & 1 ? 6 + 5 * (size_t)below(&state, 2) : 12;

  for (size_t k = 0; k < len; k++)
    buf[k] = i & 2 ? (uint8_t)next_random(&state) : likely[below(&state, sizeof likely - 1)];
  memcpy(buf, i & 1 ? (const uint8_t *)line4 : local, start);
  if (!(i & 1) && i & 4) { buf[12] = (uint8_t)(0x20 + below(&state, 3)); buf[14] = 0; buf[13] &= 0x33; }
  check_by_oracle(buf, len, "random");
  }
end();
}


int
main(void)
{
rows = read_vectors("headers.vectors", &row_count);

test_rows();
test_empty();
test_cuts();
test_reading();
test_followed();
test_short();

test_v1_lengths();
test_v1_replaced();
test_v1_shifted();
for (size_t i = 0; i < COUNT(all_numbers); i++) test_numbers(all_numbers + i);
test_inet6_shapes();
test_texts("judges IPv6 texts at random", 0);
test_texts("judges IPv4 texts at random", 1);

test_v2_bits();
test_v2_fields();
test_v2_lengths();
test_random();

begin("the oracle decodes addresses as inet_pton does");
if (oracle_disagreements > 0) fail(NULL, 0, "%lu differ", oracle_disagreements);
end();
return finish();
}
