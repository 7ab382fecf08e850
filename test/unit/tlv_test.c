/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the TLVs, proxy_tlv.c, and of what the parser makes of them. See
../../src-overlay/src/proxy_tlv.h for the contract. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy_text.h"
#include "vectors.h"

#define COUNT(table) (sizeof table / sizeof table[0])
#define S(literal) (const uint8_t *)(literal), sizeof(literal) - 1

#define ROW_MAX   65535
#define ROUNDS    50000			/* rows made up at random */
#define CANARY    0xa5

static const struct { const char * name; unsigned byte12, byte13; size_t addresses; } kinds[] = {
  { "IPv4", 0x21, 0x11, 12 }, { "IPv6", 0x21, 0x21, 36 }, { "UNIX", 0x21, 0x31, 216 }, { "unspec", 0x21, 0x00, 0 },
  { "IPv4, datagram", 0x21, 0x12, 12 }, { "LOCAL", 0x20, 0x00, 0 }, { "LOCAL, IPv4", 0x20, 0x11, 12 }
};
enum { IPV4, IPV6, UNSPEC = 3 };

/* A header that is being made, with room to spare behind it */

typedef struct {
  uint8_t	b[16 + ROW_MAX + 4096];
  size_t	n;
  size_t	offset;			/* of the TLVs */
} header;

static header one;
static const vector * rows;
static size_t row_count;


/* ---------- making headers ---------- */

static void
set_length(header * h)
{
h->b[14] = (uint8_t)((h->n - 16) >> 8);
h->b[15] = (uint8_t)((h->n - 16) & 255);
}

static void
start(header * h, size_t kind)
{
size_t addresses = kinds[kind].addresses;

memcpy(h->b, "\r\n\r\n\0\r\nQUIT\n", 12);
h->b[12] = (uint8_t)kinds[kind].byte12;
h->b[13] = (uint8_t)kinds[kind].byte13;
for (size_t i = 0; i < addresses; i++) h->b[16 + i] = (uint8_t)(i * 37 + 11);
h->n = h->offset = 16 + addresses;
set_length(h);
}

static void
add(header * h, const uint8_t * p, size_t n)
{
if (n > 0) memcpy(h->b + h->n, p, n);
h->n += n;
set_length(h);
}

static void
add_fixed(header * h, unsigned type, size_t n)
{
uint8_t fixed[] = { (uint8_t)type, (uint8_t)(n >> 8), (uint8_t)(n & 255) };
add(h, fixed, sizeof fixed);
}

static void
add_tlv(header * h, unsigned type, const uint8_t * p, size_t n)
{
add_fixed(h, type, n);
add(h, p, n);
}

/* Put the right checksum into four bytes of a header. */

static void
put_sum(header * h, size_t at)
{
uint32_t crc;

memset(h->b + at, 0, 4);
crc = oracle_crc32c(h->b, h->n);
for (size_t i = 0; i < 4; i++) h->b[at + i] = (uint8_t)(crc >> (24 - 8 * i) & 255);
}

static const oracle_name sum_name = { "", 3, 0, 0, PROXY_VALUE_OPAQUE, 0, 4, 4 };


/* ---------- checking headers ---------- */

/* By the function itself and by the parser, on both sides, against the oracle */

static void
check_header(const header * h, const char * what)
{
unsigned faults = oracle_faults(h->b, h->n, h->offset);
outcome o = oracle(h->b, h->n);

for (int side = 0; side < 2; side++)
  {
  const uint8_t * p = side ? flush_left(h->b, h->n) : flush_right(h->b, h->n);
  const char * got = proxy_tlv_check(p, h->n, h->offset);
  int among = !got && !faults;

  for (int i = 0; got && i < FAULTS; i++) among |= faults >> i & 1 && strcmp(got, fault_reasons[i]) == 0;
  if (!among) fail(h->b, h->n, "%s: '%s', but the faults are %#x", what, got ? got : "good", faults);
  if (got && h->b[12] == 0x21) o.r.reason = got;
  }
check(h->b, h->n, &o, what);
}

/* The rows of the tables, in each kind of header. LOCAL's are not looked at; of no family, what is no row is an address. */

static void
test_rows(void)
{
begin("judges each row of the tables in each kind of header");
for (const vector * v = rows; v < rows + row_count; v++)
  {
  int good = v->want.r.verdict == PROXY_HDR_COMPLETE, overrun = strcmp(v->note, fault_reasons[0]) == 0;

  if (strcmp(v->source, "tlv") != 0 && strcmp(v->source, "rich") != 0) continue;
  if (v->buf[13] != 0x11) continue;
  for (size_t k = 0; k < COUNT(kinds); k++)
    {
    size_t at, n;
    int wanted = good || kinds[k].byte12 == 0x20 || (k == UNSPEC && overrun);

    start(&one, k);
    add(&one, v->buf + 28, v->len - 28);
    if (good && oracle_find(one.b, one.n, one.offset, &sum_name, &at, &n)) put_sum(&one, at);
    check_header(&one, v->name);
    if ((oracle(one.b, one.n).r.verdict == PROXY_HDR_COMPLETE) != wanted)
      fail(one.b, one.n, "%s, %s: the oracle and the table disagree", v->name, kinds[k].name);
    for (size_t len = 16; len < one.n; len += len < 300 ? 1 : 31) check_by_oracle(one.b, len, v->name);
    }
  }
end();
}


/* ---------- walking ---------- */

static void
expect_fills(const uint8_t * p, size_t n, int wanted)
{
proxy_bytes row = { flush_right(p, n), n };

if (proxy_tlv_fills(row) != wanted) fail(p, n, "%s", wanted ? "does not fill its room" : "fills its room");
row.p = flush_left(p, n);
if (proxy_tlv_fills(row) != wanted) fail(p, n, "at the left, %s", wanted ? "does not fill its room" : "fills its room");
}

static void
test_fills(void)
{
static const uint8_t some[] = "\2\0\3abc" "\4\0\0" "\377\0\1x";
static uint8_t big[ROW_MAX];
proxy_bytes none = { NULL, 0 };

begin("tells rows that end where their room does from others");
if (!proxy_tlv_fills(none)) fail(NULL, 0, "nothing is a row too");
for (size_t n = 0; n <= 13; n++) expect_fills(some, n, n == 0 || n == 6 || n == 9 || n == 13);
for (size_t value = 0; value <= ROW_MAX - 3; value += value < 600 ? 1 : 1103)
  for (size_t given = value > 0 ? value - 1 : 0; given <= value + 1 && given <= ROW_MAX - 3; given++)
    {
    big[0] = 7;
    big[1] = (uint8_t)(value >> 8);
    big[2] = (uint8_t)(value & 255);
    expect_fills(big, 3 + given, given == value);
    }
end();
}


/* ---------- sizes ---------- */

static void
test_big(void)
{
static uint8_t filling[ROW_MAX];
uint64_t state = SEED;

begin("takes 65,535 bytes: one TLV, 21,845 of them, a full SSL TLV; and none of these with a byte missing");
for (size_t i = 0; i < sizeof filling; i++) filling[i] = (uint8_t)next_random(&state);
for (int how = 0; how < 8; how++)
  {
  size_t room, sum_at = 0;
  unsigned type = how / 2 % 2 ? 0x21 : 4;

  start(&one, how & 1 ? IPV4 : UNSPEC);
  if (how & 1)
    {
    add_tlv(&one, 3, S("????"));
    sum_at = one.n - 4;
    }
  if (type == 0x21)
    {
    add_fixed(&one, 0x20, 16 + ROW_MAX - one.n - 3);
    add(&one, S("\7\0\0\0\0"));
    }
  room = 16 + ROW_MAX - one.n;
  add_tlv(&one, type, filling, how < 4 ? room - 3 : room % 3);
  while (one.n + 3 <= 16 + ROW_MAX) add_fixed(&one, type, 0);
  if (how & 1) put_sum(&one, sum_at);
  check_header(&one, "big");
  if (oracle_faults(one.b, one.n, one.offset)) fail(NULL, 0, "the test itself made a bad one");

  one.n--;
  set_length(&one);
  check_header(&one, "big, a byte missing");
  if (!oracle_faults(one.b, one.n, one.offset)) fail(NULL, 0, "a byte is missing, and nobody sees it");
  }
end();
}


/* ---------- the checksum ---------- */

static void
test_sum_vectors(void)
{
static const struct { const char * bytes; size_t n; uint32_t crc; } vectors[] = {
  { "123456789", 9, 0xe3069283 }, { "", 0, 0 }, { "a", 1, 0xc1d04330 },
  { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32, 0x8a9136aa }
};

begin("the oracle computes the known checksums");
for (size_t i = 0; i < COUNT(vectors); i++)
  if (oracle_crc32c((const uint8_t *)vectors[i].bytes, vectors[i].n) != vectors[i].crc)
    fail((const uint8_t *)vectors[i].bytes, vectors[i].n, "wrong");
end();
}

/* Enough bytes of any value go through it that every entry of a table is used. */

static void
test_sum_random(void)
{
uint64_t state = SEED;

begin("takes right checksums, and none with one bit wrong");
for (int i = 0; i < 3000; i++)
  {
  size_t before = below(&state, 60), after = below(&state, 60), at;
  unsigned bit = below(&state, 32);

  start(&one, IPV4);
  for (size_t k = 16; k < 28; k++) one.b[k] = (uint8_t)next_random(&state);
  add_fixed(&one, 5, before);
  while (before-- > 0) one.b[one.n++] = (uint8_t)next_random(&state);
  add_tlv(&one, 3, S("????"));
  at = one.n - 4;
  add_fixed(&one, 4, after);
  while (after-- > 0) one.b[one.n++] = (uint8_t)next_random(&state);
  set_length(&one);
  put_sum(&one, at);
  check_header(&one, "right");
  one.b[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
  check_header(&one, "wrong");
  }
end();
}

static void
test_flips(void)
{
begin("judges rich headers with any bit flipped");
for (const vector * v = rows; v < rows + row_count; v++)
  {
  if (strcmp(v->source, "rich") != 0) continue;
  memcpy(one.b, v->buf, v->len);
  for (size_t bit = 0; bit < 8 * v->len; bit++)
    {
    one.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    check_by_oracle(one.b, v->len, "flipped");
    one.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
  }
end();
}


/* ---------- names ---------- */

static int
same_name(const proxy_tlv_name * got, const oracle_name * wanted)
{
return strcmp(got->name, wanted->name) == 0 && got->type == wanted->type && got->kind == wanted->kind
  && got->subtype == wanted->subtype && got->min == wanted->least && got->max == wanted->most
  && !got->in_ssl == !wanted->in_ssl && !got->needs_cert == !wanted->needs_cert;
}

/* A name, on both sides: NULL if nothing has it. */

static void
expect_name(const char * name, const oracle_name * wanted)
{
const uint8_t * p = (const uint8_t *)name;
size_t n = strlen(name);
proxy_tlv_name found, untouched;

memset(&untouched, CANARY, sizeof untouched);
for (int side = 0; side < 2; side++)
  {
  int rc;
  found = untouched;
  rc = proxy_tlv_by_name((const char *)(side ? flush_left(p, n + 1) : flush_right(p, n + 1)), &found);
  if (rc != (wanted != NULL)) fail(p, n, "returned %d", rc);
  else if (wanted ? !same_name(&found, wanted) : memcmp(&found, &untouched, sizeof found) != 0) fail(p, n, "found as something else");
  }
}

static void
test_names(void)
{
static const char * const bad[] = { "", "x", "ssl", "ssl_", "crc32c", "noop", "gcp_conn_id", "azure_pel_id", "0", "1", "01", "x01",
  "00x1", "0X01", "0x001", "0x100", "0x0000", "0x0x", "0xea\n", "0x1 ", "text", "text_", "text_0", "text_0x001", "text_0X01", "text_01",
  "text_alpn", "TEXT_0x01", "0xtext_01", "text_text_0x01", "text_0x01 " };
size_t count = 0;

begin("knows each name, and none that is like it");
for (size_t i = 0; i < oracle_name_count; i++)
  {
  char name[40];
  size_t n = strlen(oracle_names[i].name);

  memcpy(name, oracle_names[i].name, n + 1);
  expect_name(name, oracle_names + i);
  for (size_t k = 0; k < n; k++)
    for (int c = 0; c < 256; c++)		/* 0: a part of the name */
      if ((char)c != oracle_names[i].name[k])
        {
        name[k] = (char)c;
        expect_name(name, NULL);
        name[k] = oracle_names[i].name[k];
        }
  memcpy(name + n, "x", 2);
  expect_name(name, NULL);
  }
for (size_t i = 0; i < COUNT(bad); i++) expect_name(bad[i], NULL);
end();

begin("lists the names in order, each once");
for (const proxy_tlv_name * at; count <= oracle_name_count && (at = proxy_tlv_name_at(count)); count++)
  {
  int seen = 0;
  for (size_t k = 0; k < oracle_name_count; k++) seen += same_name(at, oracle_names + k);
  if (seen != 1) fail((const uint8_t *)at->name, strlen(at->name), "not one of the names");
  if (count > 0 && strcmp(proxy_tlv_name_at(count - 1)->name, at->name) >= 0)
    fail((const uint8_t *)at->name, strlen(at->name), "out of order, or twice");
  }
if (count != oracle_name_count || proxy_tlv_name_at(count + 1) || proxy_tlv_name_at(SIZE_MAX)) fail(NULL, 0, "%zu names", count);
end();
}

static void
test_numbers(void)
{
static const char * const prefixes[] = { "0x", "text_0x" };
static const char * const formats[] = { "%s%x", "%s%X", "%s%02x", "%s%02X" };

begin("knows types by number, from 0x0 to 0xff, and nothing else that begins so");
for (int text = 0; text < 2; text++)
  {
  char name[16];
  for (unsigned type = 0; type < 256; type++)
    for (size_t f = 0; f < COUNT(formats); f++)
      {
      oracle_name wanted = oracle_number(type);
      wanted.kind = text ? PROXY_VALUE_TEXT : PROXY_VALUE_OPAQUE;
      sprintf(name, formats[f], prefixes[text], type);
      expect_name(name, &wanted);
      }
  for (int a = 0; a < 256; a++)
    for (int b = 0; b < 256; b++)
      {
      static const char hex[] = "0123456789abcdefABCDEF";
      sprintf(name, "%s%c%c", prefixes[text], a, b);
      if (!a || !strchr(hex, a) || (b && !strchr(hex, b))) expect_name(name, NULL);
      }
  }
end();
}


/* ---------- looking up ---------- */

/* A value as the tables below write it: text as Exim shows it, all else in hex */

static const char *
written(const uint8_t * p, size_t n, proxy_value_kind kind)
{
static char out[PROXY_TEXT_MAX((size_t)ROW_MAX)];

*out = 0;
if (kind == PROXY_VALUE_TEXT) proxy_text_escape(p, n, out);
else for (size_t i = 0; i < n; i++) sprintf(out + 2 * i, "%02x", p[i]);
return out;
}

/* Look a name up in a header that may be bad, without a judgement: on both sides. Returns where the value
is, NULL if there is none. */

static const uint8_t *
find(const header * h, const proxy_tlv_name * name, size_t * n)
{
proxy_bytes row, value, untouched;
const uint8_t * at = NULL;

memset(&untouched, CANARY, sizeof untouched);
for (int side = 0; side < 2; side++)
  {
  const uint8_t * p = side ? flush_left(h->b, h->n) : flush_right(h->b, h->n);
  int rc;

  row.p = p + h->offset;
  row.length = h->n - h->offset;
  value = untouched;
  rc = proxy_tlv_find(row, name, &value);
  if (rc != 0 && rc != 1) fail(h->b, h->n, "%s: returned %d", name->name, rc);
  if (!rc && memcmp(&value, &untouched, sizeof value) != 0) fail(h->b, h->n, "%s: wrote a value", name->name);
  if (rc && (value.p < row.p || value.length > row.length
     || (size_t)(value.p - row.p) > row.length - value.length))
    fail(h->b, h->n, "%s: the value is out of the row", name->name);
  else if (rc)
    {
    at = h->b + (value.p - p);
    *n = value.length;
    }
  }
return at;
}

/* All the names and the numbers of a good header, found where the oracle finds them */

static void
check_values(const header * h, int numbers)
{
for (size_t i = 0; i < oracle_name_count + (numbers ? 256 : 0); i++)
  {
  unsigned type = (unsigned)(i - oracle_name_count);
  oracle_name number = oracle_number(type);
  const oracle_name * wanted = i < oracle_name_count ? oracle_names + i : &number;
  proxy_tlv_name name;
  char text[16];
  size_t n = 0, wanted_at = 0, wanted_n = 0;
  const uint8_t * at;
  int there = oracle_find(h->b, h->n, h->offset, wanted, &wanted_at, &wanted_n);

  sprintf(text, "%s0x%02x", type & 1 ? "text_" : "", type & 255);
  if (!proxy_tlv_by_name(*wanted->name ? wanted->name : text, &name))
    {
    fail(NULL, 0, "%s: no such name", *wanted->name ? wanted->name : text);
    continue;
    }
  at = find(h, &name, &n);
  if ((at != NULL) != there) fail(h->b, h->n, "%s, type %#x: found %d, not %d", wanted->name, wanted->type, !!at, there);
  else if (at && (at != h->b + wanted_at || n != wanted_n))
    fail(h->b, h->n, "%s, type %#x: in the wrong place", wanted->name, wanted->type);
  }
}

/* What a name gives in the header that is made. NULL: nothing */

static void
check_value(const char * name, const char * wanted)
{
proxy_tlv_name found;
const uint8_t * at;
size_t n = 0;

if (!proxy_tlv_by_name(name, &found)) fail(NULL, 0, "%s: no such name", name);
else if (!(at = find(&one, &found, &n)) != !wanted) fail(one.b, one.n, "%s: %s", name, wanted ? "not found" : "found");
else if (at && strcmp(written(at, n, found.kind), wanted) != 0)
  fail(at, n, "%s: \"%s\", not \"%s\", of", name, written(at, n, found.kind), wanted);
}

static void
test_values(void)
{
size_t count;
const vector * values = read_vectors("values.vectors", &count);

for (const vector * v = values; v < values + count; v++)
  {
  char text[4096], * p = text, * name;

  begin("finds %.200s", v->name);
  start(&one, IPV6);
  add(&one, v->buf, v->len);
  check_header(&one, v->name);
  check_values(&one, 1);
  strcpy(text, v->name);
  while ((name = strtok_r(p, " ", &p)))
    {
    char * wanted = strchr(name, '=');
    if (wanted) *wanted++ = 0;
    check_value(name, wanted);
    }
  end();
  }
}

static void
test_ssl_rules(void)
{
static const struct { const char * bytes; const char * written; } verify[] = {
  { "\0\0\0\0", "00000000" }, { "\0\0\0\1", "00000001" }, { "\0\0\1\0", "00000100" }, { "\1\0\0\0", "01000000" },
  { "\377\377\377\377", "ffffffff" }
};

begin("gives ssl_verify and ssl_cn if the client sent a certificate, whatever verify is");
for (unsigned client = 0; client < 256; client++)
  for (size_t i = 0; i < COUNT(verify); i++)
    {
    uint8_t row[] = "\40\0\14?????\42\0\4boss";
    int cert = (client & 2) || (client & 4);
    row[3] = (uint8_t)client;
    memcpy(row + 4, verify[i].bytes, 4);
    start(&one, IPV6);
    add(&one, row, 15);
    check_value("ssl_verify", cert ? verify[i].written : NULL);
    check_value("ssl_cn", cert ? "boss" : NULL);
    check_value("0x22", "626f7373");
    check_value("ssl_version", NULL);
    }
end();
}

/* A row that has not been checked must do no harm, whatever is found in it. */

static void
test_find_unchecked(void)
{
begin("reads nothing beyond rows that are bad");
for (const vector * v = rows; v < rows + row_count; v++)
  {
  if (strcmp(v->source, "tlv") != 0) continue;
  for (size_t len = 28; len <= v->len; len++)
    {
    start(&one, IPV4);
    add(&one, v->buf + 28, len - 28);
    for (size_t k = 0; proxy_tlv_name_at(k); k++)
      {
      size_t n;
      const uint8_t * at = find(&one, proxy_tlv_name_at(k), &n);
      if (at && n < 200) written(at, n, proxy_tlv_name_at(k)->kind);
      }
    }
  }
end();
}


/* ---------- rows at random ---------- */

static void
add_random(header * h, uint64_t * state)
{
static const uint8_t types[] = { 1, 2, 4, 5, 0x20, 0x20, 0x21, 0x22, 0x23, 0x28, 0x30, 0xe0, 0xea, 0xee, 3, 0x7f };
unsigned type = types[below(state, 16)];
size_t n = below(state, 12), at = h->n;

if (type == 3 && below(state, 4)) n = 4;
add_fixed(h, type, 0);
if (type == 0x20)
  {
  for (unsigned i = below(state, 32) ? 5 : below(state, 5); i > 0; i--)
    {
    unsigned some = below(state, 2);
    h->b[h->n++] = (uint8_t)(some * below(state, 256));
    }
  for (unsigned k = below(state, 4); k > 0; k--)
    {
    n = below(state, 6);
    add_fixed(h, 0x20 + below(state, 10), n);
    while (n-- > 0) h->b[h->n++] = (uint8_t)next_random(state);
    }
  }
else if (type >= 0xe0 && n > 0)
  {
  if (type == 0xee && below(state, 4)) n = 5;
  h->b[h->n++] = (uint8_t)(below(state, 4) ? 1 : below(state, 256));
  while (--n > 0) h->b[h->n++] = (uint8_t)next_random(state);
  }
else while (n-- > 0) h->b[h->n++] = (uint8_t)next_random(state);
h->b[at + 1] = 0;
h->b[at + 2] = (uint8_t)(h->n - at - 3);
}

static void
mutate(header * h, uint64_t * state)
{
size_t room = h->n - h->offset;
unsigned how = below(state, 6), at = room > 0 ? below(state, (unsigned)room) : 0, more = below(state, 4);
uint8_t any = (uint8_t)next_random(state), * p = h->b + h->offset + at;

if (how == 0) while (more-- > 0) h->b[h->n++] = any & 7;
if (room == 0) return;
switch (how)
  {
  case 1:	h->n -= more < room ? more : room; break;
  case 2:	*p ^= (uint8_t)(1 << any % 8); break;
  case 3:	*p = (uint8_t)(*p + (any & 1 ? 1 : 255)); break;
  case 4:	*p = any; break;
  default:	break;
  }
}

static void
test_random(void)
{
uint64_t state = SEED;
unsigned long good = 0, by_fault[FAULTS] = { 0 };

begin("judges rows at random, some of them broken, and finds every value");
for (long i = 0; i < ROUNDS; i++)
  {
  size_t k = below(&state, COUNT(kinds)), sum_at = 0;
  unsigned faults;

  start(&one, k);
  for (unsigned c = below(&state, 5); c > 0; c--) add_random(&one, &state);
  if (below(&state, 3) == 0)
    {
    add_tlv(&one, 3, S("????"));
    sum_at = one.n - 4;
    for (unsigned c = below(&state, 3); c > 0; c--) add_random(&one, &state);
    }
  mutate(&one, &state);
  set_length(&one);
  if (sum_at > 0 && sum_at + 4 <= one.n && below(&state, 8)) put_sum(&one, sum_at);

  faults = oracle_faults(one.b, one.n, one.offset);
  for (int f = 0; f < FAULTS; f++) by_fault[f] += faults >> f & 1;
  check_header(&one, "random");
  if (faults) continue;
  good++;
  check_values(&one, 0);
  }
for (int f = 0; f < FAULTS; f++) if (by_fault[f] < 100) fail(NULL, 0, "the generator is lopsided: fault %d %lu times", f, by_fault[f]);
if (good < ROUNDS / 10 || good > ROUNDS / 10 * 9) fail(NULL, 0, "the generator is lopsided: %lu good", good);
end();
}


int
main(void)
{
rows = read_vectors("headers.vectors", &row_count);

test_sum_vectors();
test_fills();
test_rows();
test_big();
test_sum_random();
test_flips();

test_names();
test_numbers();
test_values();
test_ssl_rules();
test_find_unchecked();
test_random();
return finish();
}
