/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the pure parser, proxy_header.c. See ../../src-overlay/src/proxy_header.h for its contract. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "cases.h"

#define BIG        300			/* what is longer gets fewer variations */
#define V1_LINE    128			/* room for a v1 line and more */
#define TEXTS      1500000		/* for each of the differential runs */

static outcome
want(proxy_verdict verdict, size_t size, size_t missing, const char * reason)
{
outcome o;
memset(&o, 0, sizeof o);
o.r.verdict = verdict;
o.r.size = size;
o.r.missing = missing;
o.r.reason = reason;
return o;
}


/* ---------- tables ---------- */

static void
test_good(const char * name, int version)
{
begin("%s", name);
for (size_t i = 0; i < image_count; i++)
  if (images[i].want.h.version == version) check_row(images[i].buf, images[i].len, &images[i].want, images[i].name);
end();
}

static void
test_bad_v1(void)
{
begin("bad v1 lines: verdict, own end, reason");
for (size_t i = 0; i < bad_v1_count; i++)
  {
  const bad_v1 * c = bad_v1_cases + i;
  outcome o = want(PROXY_HDR_BAD, c->n, c->n > 0 ? 0 : c->line[c->len-1] == '\r' ? 1 : 2, c->reason);
  check_row(c->line, c->len, &o, "bad v1");
  }
end();
}

static void
test_bad_v2(void)
{
begin("bad v2 headers: verdict, own end, reason, from 16 bytes on");
for (size_t i = 0; i < bad_v2_count; i++)
  {
  const bad_v2 * c = bad_v2_cases + i;
  size_t total = 16 + (size_t)c->length;
  uint8_t * buf = make_v2(c->byte12, c->byte13, c->length, total + 40 - 16);

  for (size_t len = 16; len <= total + 40; len += len < BIG || len > total - 2 ? 1 : 97)
    {
    outcome o = want(PROXY_HDR_BAD, total, len < total ? total - len : 0, c->reason);
    check_row(buf, len, &o, c->name);
    }
  free(buf);
  }
end();
}

static void
test_raw(const char * name, const raw_case * cases, size_t count)
{
begin("%s", name);
for (size_t i = 0; i < count; i++)
  {
  const raw_case * c = cases + i;
  outcome o = oracle(c->buf, c->len);
  o.r.verdict = c->verdict;
  o.r.size = c->verdict == PROXY_HDR_MORE ? 0 : c->n;
  o.r.missing = c->verdict == PROXY_HDR_MORE ? c->n : c->len < c->n ? c->n - c->len : 0;
  o.r.reason = c->reason;
  check_row(c->buf, c->len, &o, c->name);
  }
end();
}

/* A v2 header as a dump, byte for byte: nothing of the table's machinery is between. */

static void
test_dump(void)
{
static const uint8_t dump[] = {
  0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0x00, 0x0f,
  0xc0, 0x00, 0x02, 0x01, 0xc6, 0x33, 0x64, 0x0a, 0xdc, 0x04, 0x00, 0x19, 0x04, 0x00, 0x00,
  'E', 'H', 'L', 'O' };
static const uint8_t source[16] = { [10] = 255, 255, 192, 0, 2, 1 }, destination[16] = { [10] = 255, 255, 198, 51, 100, 10 };
proxy_header h;
proxy_result r = proxy_header_parse(dump, sizeof dump, &h);

begin("a v2 header byte by byte");
if (r.verdict != PROXY_HDR_COMPLETE || r.size != 31 || r.missing != 0 || r.reason || h.version != 2 || h.command != PROXY_CMD_PROXY
   || h.has_client != 1 || memcmp(h.source.address, source, 16) != 0 || h.source.port != 56324
   || memcmp(h.destination.address, destination, 16) != 0 || h.destination.port != 25
   || h.tlv_offset != 28 || h.tlv_length != 3)
  fail(dump, sizeof dump, "decoded wrongly");
end();
}

static void
test_constants(void)
{
begin("the sizes in the header file");
if (PROXY_V1_SIGNATURE_LEN != 6 || PROXY_V1_MAX != 107 || PROXY_V2_SIGNATURE_LEN != 12 || PROXY_V2_FIXED_LEN != 16
   || PROXY_HEADER_MAX != 65551 || PROXY_INET_LEN != 4 || PROXY_INET6_LEN != 16)
  fail(NULL, 0, "a constant is wrong");
end();
}


/* ---------- cuts ---------- */

/* What the start of a good header must give: never anything but MORE. "Missing" is by the contract
alone. */

static outcome
more_at(const image * m, size_t len)
{
size_t n;

if (len == 0) n = 8;
else if (m->want.h.version == 2) n = len < 16 ? 16 - len : m->len - len;
else if (len < 6) n = 8 - len;
else n = m->buf[len-1] == '\r' ? 1 : 2;
return want(PROXY_HDR_MORE, 0, n, NULL);
}

/* Each length of each good header: a copy of just these bytes before a forbidden page, and the start of
the whole header, read-only, behind one. */

static void
test_cuts_good(const char * name, int version)
{
begin("%s", name);
for (size_t i = 0; i < image_count; i++)
  {
  const image * m = images + i;
  const uint8_t * whole;
  if (m->want.h.version != version) continue;
  whole = flush_left(m->buf, m->len);
  left_read_only();
  for (size_t len = 0; len < m->len; len++)
    {
    outcome o = more_at(m, len);
    if (o.r.missing == 0 || o.r.missing > m->len - len) fail(m->buf, len, "%s: the test itself asks for too much", m->name);
    check_here(whole, len, &o, m->name);
    if (len < BIG || len + BIG > m->len || len % 16 == i % 16) check_right(m->buf, len, &o, m->name);
    }
  check_here(whole, m->len, &m->want, m->name);
  check_right(m->buf, m->len, &m->want, m->name);
  }
end();
}

/* Reading by the count that MORE gives, and no more than that, ends exactly at the header's end; in as few
steps as the contract promises for v2. */

static void
test_reading(void)
{
begin("reading what is missing ends at the header's end");
for (size_t i = 0; i < image_count; i++)
  {
  const image * m = images + i;
  size_t len = 0, steps = 0;
  for (;; steps++)
    {
    proxy_header h;
    proxy_result r = proxy_header_parse(m->buf, len, &h);
    if (r.verdict == PROXY_HDR_COMPLETE) break;
    if (r.verdict != PROXY_HDR_MORE || r.missing == 0 || len + r.missing > m->len)
      {
      fail(m->buf, len, "%s: %zu bytes lead to verdict %d, missing %zu", m->name, len, (int)r.verdict, r.missing);
      break;
      }
    len += r.missing;
    }
  if (len != m->len) fail(m->buf, m->len, "%s: ended at %zu", m->name, len);
  if (m->want.h.version == 2 && steps > 3) fail(m->buf, m->len, "%s: took %zu steps", m->name, steps);
  }
end();
}

static void
test_cuts_other(void)
{
begin("bad v1 lines and what is no header, cut at every byte");
for (size_t i = 0; i < bad_v1_count; i++)
  for (size_t len = 0; len <= bad_v1_cases[i].len; len++)
    check_by_oracle(bad_v1_cases[i].line, len, "bad v1, cut");
for (size_t i = 0; i < none_count; i++)
  for (size_t len = 0; len <= none_cases[i].len; len++)
    check_by_oracle(none_cases[i].buf, len, none_cases[i].name);
end();
}

static void
test_cuts_bad_v2(void)
{
begin("bad v2 headers, cut before their length is there");
for (size_t i = 0; i < bad_v2_count; i++)
  {
  const bad_v2 * c = bad_v2_cases + i;
  uint8_t * buf = make_v2(c->byte12, c->byte13, c->length, c->length);
  for (size_t len = 0; len < 16; len++)
    {
    outcome o = want(PROXY_HDR_MORE, 0, len == 0 ? 8 : 16 - len, NULL);
    check(buf, len, &o, c->name);
    }
  free(buf);
  }
end();
}

static void
test_empty(void)
{
static const uint8_t byte[] = "P";
outcome o = want(PROXY_HDR_MORE, 0, 8, NULL);

begin("no bytes at all");
check_here(NULL, 0, &o, "NULL");
check_here(byte, 0, &o, "a pointer to something");
check_here(flush_right(byte, 0), 0, &o, "a pointer to a forbidden page");
if (proxy_header_version(NULL, 0) != 0 || proxy_header_version(flush_right(byte, 0), 0) != 0)
  fail(NULL, 0, "it has a version");
end();
}


/* ---------- what follows ---------- */

static void
check_followed(const image * m, const uint8_t * tail, size_t size)
{
uint8_t * buf = malloc(m->len + size);
if (!buf) bail_out("malloc");
memcpy(buf, m->buf, m->len);
memcpy(buf + m->len, tail, size);
check(buf, m->len + size, &m->want, m->name);
free(buf);
}

static void
test_followed(void)
{
static const char * const tails[] = { "\r", "\n", "\r\n", "\r\n\r\n", "EHLO client.example\r\nMAIL FROM:<>\r\n", " ",
  "PROXY TCP4 192.0.2.1 198.51.100.250 56324 99999\r\n", "PROXY UNKNOWN\r\n", "25\r\n" };
static uint8_t block[70000];
uint64_t state = SEED;

begin("good headers followed by other bytes: size unchanged");
for (size_t i = 0; i < sizeof block; i++) block[i] = (uint8_t)next_random(&state);
for (size_t i = 0; i < image_count; i++)
  {
  for (unsigned c = 0; c < 256; c += images[i].len > BIG ? 51 : 1)
    {
    uint8_t byte = (uint8_t)c;
    check_followed(images + i, &byte, 1);
    }
  for (size_t k = 0; k < sizeof tails / sizeof tails[0]; k++)
    check_followed(images + i, (const uint8_t *)tails[k], strlen(tails[k]));
  for (size_t size = 2; size <= sizeof block; size *= 3) check_followed(images + i, block + size % 7, size - size % 7);
  check_followed(images + i, images[image_count - 1].buf, images[image_count - 1].len);
  }
end();
}


/* ---------- mutations of v1 ---------- */

static void
test_v1_replaced(void)
{
begin("good v1 lines, every byte replaced by every value");
for (size_t i = 0; i < good_v1_count; i++)
  for (size_t at = 0; at < images[i].len; at++)
    for (unsigned c = 0; c < 256; c++)
      {
      uint8_t line[V1_LINE];
      memcpy(line, images[i].buf, images[i].len);
      line[at] = (uint8_t)c;
      check_by_oracle(line, images[i].len, "replaced");
      }
end();
}

static void
test_v1_shifted(void)
{
static const uint8_t some[] = "\0\t\n\v\r +-./0123456789:@AFG`afgx%[\x80\xff";

begin("good v1 lines, bytes taken out, doubled, swapped, put in; and two halves joined");
for (size_t i = 0; i < good_v1_count; i++)
  {
  const uint8_t * good = images[i].buf;
  size_t len = images[i].len;
  for (size_t at = 0; at < len; at++)
    {
    uint8_t line[V1_LINE];
    for (size_t gone = 1; gone <= 3 && at + gone <= len; gone++)
      {
      memcpy(line, good, at);
      memcpy(line + at, good + at + gone, len - at - gone);
      check_by_oracle(line, len - gone, "taken out");
      }
    for (size_t k = 0; k < sizeof some; k++)
      {
      memcpy(line, good, at);
      line[at] = k < sizeof some - 1 ? some[k] : good[at];
      memcpy(line + at + 1, good + at, len - at);
      check_by_oracle(line, len + 1, "put in");
      }
    memcpy(line, good, len);
    if (at + 1 < len) { line[at] = good[at+1]; line[at+1] = good[at]; }
    check_by_oracle(line, len, "swapped");
    }
  for (size_t k = 0; k < good_v1_count; k++)
    {
    uint8_t line[2 * V1_LINE];
    size_t half = len / 2, other = images[k].len / 2;
    memcpy(line, good, half);
    memcpy(line + half, images[k].buf + other, images[k].len - other);
    check_by_oracle(line, half + images[k].len - other, "joined");
    }
  }
end();
}

/* UNKNOWN lines of every length about the limit, whole, without CRLF, and with a CR only */

static void
test_v1_lengths(void)
{
static uint8_t line[70000];

begin("v1 lines of every length: 107 bytes are the most");
memset(line, 'x', sizeof line);
memcpy(line, "PROXY UNKNOWN ", 14);
for (size_t len = 16; len <= 65600; len += len < BIG ? 1 : 6531)
  {
  outcome whole = want(len <= 107 ? PROXY_HDR_COMPLETE : PROXY_HDR_BAD, len, 0, len <= 107 ? NULL : "v1 line longer than 107 bytes");
  outcome open = len < 107 ? want(PROXY_HDR_MORE, 0, 2, NULL) : want(PROXY_HDR_BAD, 0, 2, "v1 line longer than 107 bytes");
  outcome cr = len < 107 ? want(PROXY_HDR_MORE, 0, 1, NULL) : want(PROXY_HDR_BAD, 0, 1, "v1 line longer than 107 bytes");

  whole.h.version = 1;
  whole.h.command = PROXY_CMD_UNKNOWN;
  check_row(line, len, &open, "without CRLF");
  line[len-1] = '\r';
  check_row(line, len, &cr, "CR only");
  line[len-1] = '\n';
  check_row(line, len, &open, "LF only");
  line[len-2] = '\r';
  check_row(line, len, &whole, "whole");
  check_row(line, len + 30, &whole, "and more bytes");
  line[len-2] = line[len-1] = 'x';
  }
end();
}


/* ---------- fields of v1, exhaustively ---------- */

static void
check_line(const char * what, const char * format, const char * a, const char * b, const char * c, const char * d)
{
char line[512];
int len = snprintf(line, sizeof line, format, a, b, c, d);
outcome o = oracle((const uint8_t *)line, (size_t)len);
check_right((const uint8_t *)line, (size_t)len, &o, what);
}

#define TCP4 "PROXY TCP4 %s %s %s %s\r\n"
#define TCP6 "PROXY TCP6 %s %s %s %s\r\n"

static void
test_ports(void)
{
static const char * const formats[] = { "%lu", "0%lu", "00%lu", "%lu0", "+%lu", "1%05lu", "42949%05lu", "1844674407370955%04lu" };

begin("every port, and what looks like one");
for (unsigned long port = 0; port < 70000; port++)
  for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
    {
    char text[40];
    if (f > 0 && port % 7) continue;
    snprintf(text, sizeof text, formats[f], port);
    check_line("source port", TCP4, "1.2.3.4", "5.6.7.8", text, "25");
    check_line("destination port", TCP6, "::1", "::2", "25", text);
    }
end();
}

static void
test_inet_numbers(void)
{
static const char * const formats[] = { "%lu", "0%lu", "00%lu", "%lu0", "42949672%02lu" };

begin("every number in every place of an IPv4 address");
for (unsigned long v = 0; v < 1100; v++)
  for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
    for (int place = 0; place < 4; place++)
      {
      char number[40], text[200], mapped[220];
      snprintf(number, sizeof number, formats[f], v);
      snprintf(text, sizeof text, "%s.%s.%s.%s", place == 0 ? number : "1", place == 1 ? number : "20",
        place == 2 ? number : "0", place == 3 ? number : "255");
      snprintf(mapped, sizeof mapped, "::ffff:%s", text);
      check_line("IPv4 source", TCP4, text, "5.6.7.8", "1", "2");
      check_line("IPv4 destination", TCP4, "5.6.7.8", text, "1", "2");
      check_line("mapped source", TCP6, mapped, "::", "1", "2");
      }
end();
}

static void
test_inet6_groups(void)
{
static const char * const formats[] = { "%lx", "%lX", "%04lx", "%05lx", "1%04lx" };

begin("every group of an IPv6 address");
for (unsigned long v = 0; v < 65536; v++)
  for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
    {
    char group[16], text[80];
    int used = 0;
    if (f > 2 && v % 5) continue;
    snprintf(group, sizeof group, formats[f], v);
    for (unsigned long place = 0; place < 8; place++)
      used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", place ? ":" : "", place == v % 8 ? group : "a");
    check_line("group", TCP6, text, "::", "1", "2");
    }
end();
}

/* All texts of so many characters that colons, two digits and a dot can make */

static void
test_inet6_shapes(void)
{
static const char alphabet[] = ":1.f";

begin("every short text of colons, digits and dots as an address");
for (unsigned len = 0; len <= 8; len++)
  for (unsigned long v = 0; v < 1ul << 2 * len; v++)
    {
    char text[16];
    for (unsigned i = 0; i < len; i++) text[i] = alphabet[v >> 2 * i & 3];
    text[len] = 0;
    check_line("shape", v & 1 ? TCP6 : "PROXY TCP6 %2$s %1$s %3$s %4$s\r\n", text, "::", "1", "2");
    if (len == 7) check_line("shape", TCP4, text, "1.2.3.4", "1", "2");
    }
end();
}


/* ---------- IPv6 and IPv4 texts at random, against inet_pton(3) ---------- */

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
unsigned numbers = below(state, 32) == 0 ? 3 + below(state, 3) : 4;

for (unsigned i = 0; i < numbers; i++)
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

if (dotted)
  n = add_dotted(s, state);
else
  {
  unsigned gap = below(state, 4), head = gap ? below(state, 7) : 8;
  n = add_groups(s, state, head);
  if (gap)
    {
    unsigned room = 7 - head, tail = below(state, 16) == 0 ? below(state, 8) : below(state, room + 1);
    n += (size_t)sprintf(s + n, "::");
    n += add_groups(s + n, state, tail);
    }
  if (below(state, 4) == 0)
    {
    if (gap == 0) while (n > 0 && s[n-1] != ':') n--;	/* the last two groups, for a start */
    if (gap == 0 && n > 0) for (n--; n > 0 && s[n-1] != ':'; n--) ;
    if (n > 0 && s[n-1] != ':') s[n++] = ':';
    n += add_dotted(s + n, state);
    }
  }
while (edits-- > 0)
  {
  size_t at = below(state, (unsigned)n + 1);
  char c = alphabet[below(state, sizeof alphabet - 1)];
  switch (below(state, 3))
    {
    case 0:	if (at < n) s[at] = c; break;
    case 1:	memmove(s + at + 1, s + at, n - at); s[at] = c; n++; break;
    default:	if (at < n) { memmove(s + at, s + at + 1, n - at - 1); n--; } break;
    }
  }
s[n] = 0;
}

static int
theirs_is(const char * text, uint8_t * address)
{
if (inet_pton(AF_INET6, text, address) == 1) return 1;
memcpy(address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
return inet_pton(AF_INET, text, address + 12) == 1;
}

static void
test_differential(const char * name, int af)
{
uint64_t state = SEED + (uint64_t)af;
unsigned long good = 0;

begin("%s", name);
for (long i = 0; i < TEXTS; i++)
  {
  char text[160], line[320];
  int swap = i & 1, tcp4 = i & 2, len;
  outcome o = want(PROXY_HDR_BAD, 0, 0, NULL);
  proxy_endpoint theirs = { { 0 }, 0 }, other = { { 0 }, 0 };

  make_text(text, &state, af == AF_INET);
  len = snprintf(line, sizeof line, "PROXY TCP%c %s %s 1 2\r\n", tcp4 ? '4' : '6', swap ? "::" : text, swap ? text : "::");
  o.r.size = (size_t)len;
  if (len <= 107 && theirs_is(text, theirs.address))
    {
    good++;
    o.r.verdict = PROXY_HDR_COMPLETE;
    o.h.version = 1;
    o.h.command = PROXY_CMD_PROXY;
    o.h.has_client = 1;
    o.h.source = swap ? other : theirs;
    o.h.destination = swap ? theirs : other;
    o.h.source.port = 1;
    o.h.destination.port = 2;
    }
  check_right((const uint8_t *)line, (size_t)len, &o, "text");
  }
printf("# %s: seed %#llx, %d texts, of which %lu good\n", name, (unsigned long long)SEED, TEXTS, good);
if (good < TEXTS / 10 || good > TEXTS / 10 * 9) fail(NULL, 0, "the generator is lopsided");
end();
}


/* ---------- variations of v2 ---------- */

static void
test_v2_bits(void)
{
begin("good v2 headers, every bit and pair of bits of the first 16 bytes flipped");
for (size_t i = good_v1_count; i < image_count; i++)
  {
  const image * m = images + i;
  uint8_t * buf;
  if (m->len > BIG) continue;
  buf = make_v2(0, 0, 0, m->len - 16);
  memcpy(buf, m->buf, m->len);
  for (int a = 0; a < 128; a++)
    for (int b = a; b < 128; b++)
      {
      buf[a / 8] ^= (uint8_t)(1 << a % 8);
      if (b > a) buf[b / 8] ^= (uint8_t)(1 << b % 8);
      check_by_oracle(buf, m->len, m->name);
      memcpy(buf, m->buf, 16);
      }
  free(buf);
  }
end();
}

/* All values of the bytes 12 and 13, with stated lengths about each family's least, and with as many bytes
as stated, one less, one more, and the fixed part alone */

static void
test_v2_fields(void)
{
static const uint16_t stated[] = { 0, 1, 11, 12, 13, 16, 35, 36, 37, 40, 215, 216, 217, 220 };
static const size_t least[] = { 0, 12, 36, 216 };

begin("every v2 version, command, family and transport, about every least length");
for (unsigned b12 = 0; b12 < 256; b12++)
  for (unsigned b13 = 0; b13 < 256; b13++)
    for (size_t k = 0; k < sizeof stated / sizeof stated[0]; k++)
      {
      uint8_t buf[256];
      size_t total = 16 + (size_t)stated[k];
      outcome o;

      size_t addresses = b13 >> 4 < 4 ? least[b13 >> 4] : 0;

      if ((b12 > 0x2f || b12 < 0x20) && k != 3 && (b12 ^ b13) & 7) continue;
      memcpy(buf, "\r\n\r\n\0\r\nQUIT\n", 12);
      buf[12] = (uint8_t)b12;
      buf[13] = (uint8_t)b13;
      buf[14] = 0;
      buf[15] = (uint8_t)stated[k];
      memset(buf + 16, (int)(b13 + k) | 1, total + 1 - 16);
      if (stated[k] > addresses) fill_tlvs(buf + 16 + addresses, stated[k] - addresses);
      for (size_t len = total - 1; len <= total + 1; len++)
        {
        o = oracle(buf, len);
        check_right(buf, len, &o, "bytes 12 and 13");
        }
      o = oracle(buf, 16);
      check_right(buf, 16, &o, "bytes 12 and 13, fixed part only");
      }
end();
}

static void
test_v2_lengths(void)
{
static const struct { uint8_t byte12, byte13, addresses; } kinds[] = {
  { 0x20, 0, 0 }, { 0x21, 0, 0 }, { 0x21, 0x11, 12 }, { 0x21, 0x21, 36 }, { 0x21, 0x31, 216 }, { 0x22, 0, 0 } };

begin("every stated v2 length, one TLV behind the addresses; where it does not fit, BAD");
for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
  {
  uint8_t * buf = make_v2(kinds[k].byte12, kinds[k].byte13, 0, 66000);
  const uint8_t * here = flush_left(buf, 16 + 66000);
  for (unsigned stated = 0; stated < 65536; stated++)
    {
    uint8_t * p = flush_left(buf, 16);
    size_t some[] = { 16, 16 + stated / 2, 15 + stated, 16 + stated, 17 + stated };
    p[14] = (uint8_t)(stated >> 8);
    p[15] = (uint8_t)stated;
    if (kinds[k].byte12 == 0x21 && stated > kinds[k].addresses)
      fill_tlvs(p + 16 + kinds[k].addresses, stated - kinds[k].addresses);
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
      {
      outcome o = oracle(here, some[i]);
      check_here(here, some[i], &o, "stated length");
      }
    }
  free(buf);
  }
end();
}


/* ---------- signatures ---------- */

static void
test_short(void)
{
begin("every input of one or two bytes, and every next byte after a signature's start");
for (unsigned a = 0; a < 256; a++)
  {
  uint8_t buf[32];
  buf[0] = (uint8_t)a;
  check_by_oracle(buf, 1, "one byte");
  for (unsigned b = 0; b < 256; b++)
    {
    buf[1] = (uint8_t)b;
    check_by_oracle(buf, 2, "two bytes");
    }
  for (size_t i = good_v1_count - 1; i <= good_v1_count; i++)
    for (size_t at = 0; at < 16; at++)
      {
      memcpy(buf, images[i].buf, at);
      buf[at] = (uint8_t)a;
      check_by_oracle(buf, at + 1, "next byte");
      }
  }
end();
}

static void
check_version(const uint8_t * buf, size_t len, const char * what)
{
int expected = oracle_version(buf, len), right = proxy_header_version(flush_right(buf, len), len),
  left = proxy_header_version(flush_left(buf, len), len);

if (right != expected || left != expected)
  fail(buf, len, "%s: expected version %d, got %d and %d", what, expected, right, left);
}

static void
test_version(void)
{
begin("proxy_header_version at every cut, and of every start with a wrong byte");
for (size_t i = 0; i < image_count; i++)
  for (size_t len = 0; len <= images[i].len && len < BIG; len++)
    {
    size_t signature = images[i].want.h.version == 1 ? 6 : 12;
    const uint8_t * p = flush_right(images[i].buf, len);
    if (proxy_header_version(p, len) != (len >= signature ? images[i].want.h.version : 0))
      fail(images[i].buf, len, "%s: wrong version", images[i].name);
    check_version(images[i].buf, len, images[i].name);
    }
for (size_t i = 0; i < bad_v1_count; i++)
  for (size_t len = 0; len <= bad_v1_cases[i].len; len++) check_version(bad_v1_cases[i].line, len, "bad v1");
for (size_t i = 0; i < none_count; i++)
  for (size_t len = 0; len <= none_cases[i].len; len++) check_version(none_cases[i].buf, len, none_cases[i].name);
for (size_t i = good_v1_count - 1; i <= good_v1_count; i++)
  for (size_t at = 0; at < 13; at++)
    for (unsigned c = 0; c < 256; c++)
      for (size_t len = at + 1; len <= 14; len++)
        {
        uint8_t buf[16];
        memcpy(buf, images[i].buf, sizeof buf);
        buf[at] = (uint8_t)c;
        check_version(buf, len, "wrong byte");
        }
end();
}

/* Any bytes behind a signature, of any length: by the oracle, on both sides */

static void
test_random(void)
{
static const uint8_t likely[] = "PROXYTCP46UNKNOWN  \r\n:.0123456789abcdefF";
uint64_t state = SEED;

begin("bytes at random behind a signature");
for (long i = 0; i < 400000; i++)
  {
  uint8_t buf[320];
  const image * m = images + (i & 1 ? 0 : good_v1_count);
  size_t len = below(&state, i % 64 ? 130 : sizeof buf);
  size_t start = i & 1 ? 6 + 5 * (size_t)below(&state, 2) : 12;
  for (size_t k = 0; k < len; k++)
    buf[k] = i & 2 ? (uint8_t)next_random(&state) : likely[below(&state, sizeof likely - 1)];
  memcpy(buf, m->buf, start);
  if (!(i & 1) && i & 4) { buf[12] = (uint8_t)(0x20 + below(&state, 3)); buf[14] = 0; buf[13] &= 0x33; }
  check_by_oracle(buf, len, "random");
  }
end();
}


int
main(void)
{
make_images();

test_constants();
test_good("good v1 lines: every field", 1);
test_bad_v1();
test_dump();
test_good("good v2 headers: every field", 2);
test_bad_v2();
test_raw("what is no header", none_cases, none_count);
test_raw("known faults of other receivers", known_faults, fault_count);

test_empty();
test_cuts_good("good v1 lines, cut at every byte: MORE, by the right number", 1);
test_cuts_good("good v2 headers, cut at every byte: MORE, by the right number", 2);
test_reading();
test_cuts_other();
test_cuts_bad_v2();
test_followed();
test_short();
test_version();

test_v1_lengths();
test_v1_replaced();
test_v1_shifted();
test_ports();
test_inet_numbers();
test_inet6_groups();
test_inet6_shapes();
test_differential("IPv6 texts at random against inet_pton", AF_INET6);
test_differential("IPv4 texts at random against inet_pton", AF_INET);

test_v2_bits();
test_v2_fields();
test_v2_lengths();
test_random();

begin("the oracle's own addresses against inet_pton");
if (oracle_disagreements > 0) fail(NULL, 0, "%lu differ", oracle_disagreements);
end();

printf("# table rows: %zu good v1, %zu bad v1, %zu good v2, %zu bad v2, %zu no header, %zu known faults\n",
  good_v1_count, bad_v1_count, good_v2_count, bad_v2_count, none_count, fault_count);
return finish();
}
