/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the TLVs, proxy_tlv.c, and of what the parser makes of them. See
../../src-overlay/src/proxy_tlv.h for the contract. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "proxy_text.h"
#include "proxy_tlv.h"

#define COUNT(table) (sizeof table / sizeof table[0])
#define S(literal) (const uint8_t *)(literal), sizeof(literal) - 1

#define ROW_MAX   65535
#define ROUNDS    50000			/* rows made up at random */
#define CANARY    0xa5

#define PROXY4    0x21, 0x11, 12	/* the bytes 12 and 13, and the size of the addresses */
#define PROXY6    0x21, 0x21, 36

/* A header that is being made, with one to spare behind it */

typedef struct {
  uint8_t	b[16 + 65535 + 4096];
  size_t	n;
  size_t	offset;			/* of the TLVs */
} header;

static header one;


/* ---------- making headers ---------- */

static void
set_length(header * h)
{
h->b[14] = (uint8_t)((h->n - 16) >> 8);
h->b[15] = (uint8_t)((h->n - 16) & 255);
}

static void
start(header * h, unsigned byte12, unsigned byte13, size_t addresses)
{
memcpy(h->b, "\r\n\r\n\0\r\nQUIT\n", 12);
h->b[12] = (uint8_t)byte12;
h->b[13] = (uint8_t)byte13;
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
for (int i = 0; i < 4; i++) h->b[at + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i) & 255);
}

/* Where the value of the checksum stands: every table has it as these four bytes */

#define SUM "\3\0\4????"

static void
put_sums(header * h)
{
for (size_t i = h->offset; i + 7 <= h->n; i++)
  if (memcmp(h->b + i, SUM, 7) == 0)
    {
    put_sum(h, i + 3);
    return;
    }
}


/* ---------- checking headers ---------- */

static int
is_reason(const char * reason, unsigned faults)
{
for (int i = 0; i < FAULTS; i++)
  if (faults >> i & 1 && strcmp(reason, fault_reasons[i]) == 0) return 1;
return 0;
}

/* By the function itself and by the parser, on both sides, against the oracle. The reason may be NULL for
good, or "?" for whatever the oracle says. */

static void
check_header(const header * h, const char * reason, const char * what)
{
unsigned faults = oracle_faults(h->b, h->n, h->offset);
outcome o = oracle(h->b, h->n);

for (int side = 0; side < 2; side++)
  {
  const uint8_t * p = side ? flush_left(h->b, h->n) : flush_right(h->b, h->n);
  const char * got = proxy_tlv_check(p, h->n, h->offset);
  const char * said = got ? got : "good";

  if (reason && strcmp(reason, "?") == 0)
    {
    if (got ? !is_reason(got, faults) : faults != 0)
      fail(h->b, h->n, "%s: '%s', but the faults are %#x", what, said, faults);
    }
  else if (strcmp(said, reason ? reason : "good") != 0)
    fail(h->b, h->n, "%s: '%s', not '%s'", what, said, reason ? reason : "good");
  if ((got != NULL) != (faults != 0)) fail(h->b, h->n, "%s: '%s', the oracle says %#x", what, said, faults);
  if (got && h->b[12] == 0x21) o.r.reason = got;
  }
check(h->b, h->n, &o, what);
}

/* The start of a header, good or bad, is MORE, and "missing" is exact from 16 bytes on. */

static void
check_cuts(const header * h, const char * what)
{
outcome o;

flush_left(h->b, h->n);
left_read_only();
memset(&o, 0, sizeof o);
o.r.verdict = PROXY_HDR_MORE;
for (size_t len = 0; len < h->n; len++)
  {
  o.r.missing = len == 0 ? 8 : len < 16 ? 16 - len : h->n - len;
  check_right(h->b, len, &o, what);
  }
flush_left(h->b, 0);
}


/* ---------- tables: what the header may hold ---------- */

#define OVERRUN     "TLV overruns the header"
#define SUM_LENGTH  "bad length of CRC32C TLV"
#define SUM_TWICE   "more than one CRC32C TLV"
#define SUM_WRONG   "CRC32C does not match"

#define AUTHORITY   "\2\0\13example.org"
#define NOOP        "\4\0\0"
#define SSL_FIXED   "\7\0\0\0\0"

typedef struct {
  const char *		name;
  const uint8_t *	row;
  size_t		n;
  const char *		reason;		/* NULL if it is good */
} row_case;

static const row_case rows[] = {
  { "nothing", S(""), NULL },
  { "length 0", S(NOOP), NULL },
  { "length 0 of each kind", S("\1\0\0\2\0\0\4\0\0\5\0\0\60\0\0\340\0\0\352\0\0\356\0\0\377\0\0\0\0\0"), NULL },
  { "one byte", S("\4\0\1x"), NULL },
  { "authority", S(AUTHORITY), NULL },
  { "two", S(AUTHORITY NOOP), NULL },
  { "the same twice", S(AUTHORITY AUTHORITY), NULL },
  { "256 bytes", S("\5\1\0" "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), NULL },
  { "unknown types", S("\0\0\1a\6\0\1b\37\0\1c\51\0\1d\360\0\1e\370\0\1f"), NULL },
  { "SSL types outside of SSL", S("\41\0\1a\50\0\1b"), NULL },

  { "1 stray byte", S("\4"), OVERRUN },
  { "2 stray bytes", S("\4\0"), OVERRUN },
  { "1 stray byte behind", S(AUTHORITY "\4"), OVERRUN },
  { "2 stray bytes behind", S(AUTHORITY "\4\0"), OVERRUN },
  { "2 stray zeroes behind", S(AUTHORITY "\0\0"), OVERRUN },
  { "overrun by 1", S("\4\0\1"), OVERRUN },
  { "overrun by 1 behind", S(AUTHORITY "\2\0\4abc"), OVERRUN },
  { "overrun by 2", S(AUTHORITY "\2\0\5abc"), OVERRUN },
  { "overrun by 256", S("\2\1\3abc"), OVERRUN },
  { "overrun by 65532", S("\2\377\377abc"), OVERRUN },
  { "length in the wrong order", S("\2\3\0abc"), OVERRUN },
  { "overrun of the last of many", S(AUTHORITY NOOP NOOP "\5\0\3ab"), OVERRUN },

  { "SSL", S("\40\0\5" SSL_FIXED), NULL },
  { "SSL with a version", S("\40\0\17" SSL_FIXED "\41\0\7TLSv1.3"), NULL },
  { "SSL with a value of 0", S("\40\0\10" SSL_FIXED "\42\0\0"), NULL },
  { "SSL with two", S("\40\0\15" SSL_FIXED "\42\0\1x\43\0\1y" NOOP), NULL },
  { "SSL, then more", S("\40\0\11" SSL_FIXED "\42\0\1x" AUTHORITY), NULL },
  { "two SSL", S("\40\0\5" SSL_FIXED "\40\0\5" SSL_FIXED), NULL },
  { "SSL in SSL is nothing special", S("\40\0\10" SSL_FIXED "\40\0\0"), NULL },
  { "CRC32C in SSL is nothing special", S("\40\0\15" SSL_FIXED "\3\0\5abcde"), NULL },
  { "SSL of 0", S("\40\0\0"), NULL },
  { "SSL of 1", S("\40\0\1\7"), NULL },
  { "SSL of 4", S("\40\0\4\7\0\0\0"), NULL },
  { "SSL of 4, then more", S("\40\0\4\7\0\0\0" NOOP), NULL },
  { "SSL, 1 stray byte", S("\40\0\6" SSL_FIXED "\42"), NULL },
  { "SSL, 2 stray bytes", S("\40\0\7" SSL_FIXED "\42\0"), NULL },
  { "SSL, 1 stray byte behind", S("\40\0\12" SSL_FIXED "\42\0\1x\0"), NULL },
  { "SSL, 2 stray bytes behind", S("\40\0\13" SSL_FIXED "\42\0\1x\0\0"), NULL },
  { "SSL, past it by 1, at the end", S("\40\0\11" SSL_FIXED "\42\0\2x"), NULL },
  { "SSL, past it by 1, more behind", S("\40\0\11" SSL_FIXED "\42\0\2x" AUTHORITY), NULL },
  { "SSL, past it by the next one's size", S("\40\0\11" SSL_FIXED "\42\0\4x" NOOP), NULL },
  { "SSL, the second past it", S("\40\0\15" SSL_FIXED "\42\0\1x\43\0\2y" NOOP), NULL },
  { "SSL, past it by far", S("\40\0\11" SSL_FIXED "\42\377\377x" AUTHORITY), NULL },
  { "SSL that overruns the header", S("\40\0\6" SSL_FIXED), OVERRUN },
  { "the second SSL bad", S("\40\0\5" SSL_FIXED "\40\0\4\0\0\0\0"), NULL },

  { "sum alone", S(SUM), NULL },
  { "sum first", S(SUM AUTHORITY NOOP), NULL },
  { "sum in the middle", S(AUTHORITY SUM NOOP), NULL },
  { "sum last", S(AUTHORITY NOOP SUM), NULL },
  { "sum and SSL", S(SUM "\40\0\11" SSL_FIXED "\42\0\1x" AUTHORITY), NULL },
  { "sum wrong", S("\3\0\4\0\0\0\0"), SUM_WRONG },
  { "sum wrong, all ones", S(AUTHORITY "\3\0\4\377\377\377\377"), SUM_WRONG },
  { "sum of length 0", S("\3\0\0"), SUM_LENGTH },
  { "sum of length 3", S("\3\0\3abc"), SUM_LENGTH },
  { "sum of length 5", S("\3\0\5abcde"), SUM_LENGTH },
  { "sum of length 260", S("\3\1\4" "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefABCD"), SUM_LENGTH },
  { "two sums, one right", S(SUM "\3\0\4abcd"), SUM_TWICE },
  { "two sums, apart", S("\3\0\4abcd" AUTHORITY "\3\0\4abcd"), SUM_TWICE },
  { "three sums", S(SUM NOOP "\3\0\4abcd\3\0\4abcd"), SUM_TWICE },
  { "sum right, then a stray byte", S(SUM "\4"), OVERRUN },
  { "sum wrong, then overrun", S("\3\0\4abcd\4\0\1"), OVERRUN },
  { "sum that overruns", S("\3\0\4abc"), OVERRUN },
};

static const struct { const char * name; unsigned byte12, byte13; size_t addresses; } kinds[] = {
  { "IPv4", 0x21, 0x11, 12 }, { "IPv6", 0x21, 0x21, 36 }, { "UNIX", 0x21, 0x31, 216 }, { "unspec", 0x21, 0x00, 0 },
  { "IPv4, datagram", 0x21, 0x12, 12 }, { "LOCAL", 0x20, 0x00, 0 }, { "LOCAL, IPv4", 0x20, 0x11, 12 }
};

static void
test_rows(void)
{
begin("rows of TLVs, good and bad, in each kind of header: verdict, reason; LOCAL's are not looked at");
for (size_t i = 0; i < COUNT(rows); i++)
  for (size_t k = 0; k < COUNT(kinds); k++)
    {
    const row_case * c = rows + i;
    outcome o;

    start(&one, kinds[k].byte12, kinds[k].byte13, kinds[k].addresses);
    add(&one, c->row, c->n);
    put_sums(&one);
    check_header(&one, c->reason, c->name);

    o = oracle(one.b, one.n);
    if ((o.r.verdict == PROXY_HDR_COMPLETE) != (!c->reason || kinds[k].byte12 == 0x20
	|| (kinds[k].byte13 < 0x10 && strcmp(c->reason, OVERRUN) == 0)))
      fail(one.b, one.n, "%s, %s: the oracle and the table disagree", c->name, kinds[k].name);
    memcpy(one.b + one.n, SUM AUTHORITY, 21);		/* what follows is not the header's */
    check(one.b, one.n + 21, &o, c->name);
    check_cuts(&one, c->name);
    }
end();
}

/* An AWS balancer's own bytes, checksum and all */

static const uint8_t aws[] = {
  0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0x00, 0x54,
  0xac, 0x1f, 0x07, 0x71, 0xac, 0x1f, 0x0a, 0x1f, 0xc8, 0xf2, 0x00, 0x50, 0x03, 0x00, 0x04, 0xe8,
  0xd6, 0x89, 0x2d, 0xea, 0x00, 0x17, 0x01, 0x76, 0x70, 0x63, 0x65, 0x2d, 0x30, 0x38, 0x64, 0x32,
  0x62, 0x66, 0x31, 0x35, 0x66, 0x61, 0x63, 0x35, 0x30, 0x30, 0x31, 0x63, 0x39, 0x04, 0x00, 0x24,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00 };

static proxy_bytes
row_of(const uint8_t * p, size_t n, size_t offset)
{
proxy_bytes row = { p + offset, n - offset };
return row;
}

static void
test_aws(void)
{
static const char id[] = "vpce-08d2bf15fac5001c9";
proxy_tlv_name name;
proxy_bytes value;

begin("an AWS balancer's header with its checksum");
memcpy(one.b, aws, sizeof aws);
one.n = sizeof aws;
one.offset = 28;
check_header(&one, NULL, "AWS");
if (!proxy_tlv_by_name("aws_vpce_id", &name) || !proxy_tlv_find(row_of(aws, sizeof aws, 28), &name, &value)
   || value.length != strlen(id) || memcmp(value.p, id, value.length) != 0)
  fail(aws, sizeof aws, "wrong endpoint id");
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

begin("proxy_tlv_fills: rows that end where their room does, and others");
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

begin("areas of 65,535 bytes: one TLV, 21,845 of them, SSL full to its brim; and each with a byte missing");
for (size_t i = 0; i < sizeof filling; i++) filling[i] = (uint8_t)next_random(&state);
for (int with_sum = 0; with_sum < 2; with_sum++)
  for (int how = 0; how < 4; how++)
    {
    size_t room, sum_at = 0;

    if (with_sum) start(&one, PROXY4); else start(&one, 0x21, 0, 0);
    if (with_sum)
      {
      add_tlv(&one, 3, S("????"));
      sum_at = one.n - 4;
      }
    room = 16 + 65535 - one.n;
    if (how == 0) add_tlv(&one, 5, filling, room - 3);
    else if (how == 1)
      {
      add_tlv(&one, 4, filling, room % 3);
      while (one.n + 3 <= 16 + 65535) add_fixed(&one, 4, 0);
      }
    else
      {
      add_fixed(&one, 0x20, room - 3);
      add(&one, S(SSL_FIXED));
      if (how == 2) add_tlv(&one, 0x28, filling, room - 3 - 5 - 3);
      else
        {
        add_tlv(&one, 0x22, filling, (room - 8) % 3);
        while (one.n + 3 <= 16 + 65535) add_fixed(&one, 0x21, 0);
        }
      }
    if (one.n != 16 + 65535) fail(NULL, 0, "the test itself made %zu bytes", one.n);
    if (with_sum) put_sum(&one, sum_at);
    check_header(&one, NULL, "big");

    one.n--;
    set_length(&one);
    check_header(&one, "?", "big, a byte missing");
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

begin("the oracle's own checksum: known vectors");
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

begin("checksums of headers at random: right, and wrong by one bit of theirs");
for (int i = 0; i < 3000; i++)
  {
  size_t before = below(&state, 60), after = below(&state, 60), at;
  unsigned bit = below(&state, 32);

  start(&one, PROXY4);
  for (size_t k = 16; k < 28; k++) one.b[k] = (uint8_t)next_random(&state);
  add_fixed(&one, 5, before);
  while (before-- > 0) one.b[one.n++] = (uint8_t)next_random(&state);
  add_tlv(&one, 3, S("????"));
  at = one.n - 4;
  add_fixed(&one, 4, after);
  while (after-- > 0) one.b[one.n++] = (uint8_t)next_random(&state);
  set_length(&one);
  put_sum(&one, at);
  check_header(&one, NULL, "right");
  one.b[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
  check_header(&one, SUM_WRONG, "wrong");
  }
end();
}

/* A header as HAProxy sends it with all its options */

static void
make_rich(header * h, unsigned byte12, unsigned byte13, size_t addresses, int sum_place)
{
static const uint8_t der[] = "\x30\x82\x01\x0a\x02\x82\x01\x01\x00\xc3\x5c\x00\xff\x7f\x80";

start(h, byte12, byte13, addresses);
if (sum_place == 0) add(h, S(SUM));
add_tlv(h, 0x01, S("smtp"));
add_tlv(h, 0x02, S("mx.example.org"));
add_tlv(h, 0x05, S("AC1F0771:C8F2_AC1F0A1F:0050_5F0E_0001"));
if (sum_place == 1) add(h, S(SUM));
add_fixed(h, 0x20, 5 + 10 + 9 + 25 + 13 + 10 + 9 + 26 + 3 + sizeof der - 1);
add(h, S(SSL_FIXED));
add_tlv(h, 0x21, S("TLSv1.3"));
add_tlv(h, 0x22, S("client"));
add_tlv(h, 0x23, S("TLS_AES_256_GCM_SHA384"));
add_tlv(h, 0x24, S("RSA-SHA256"));
add_tlv(h, 0x25, S("RSA2048"));
add_tlv(h, 0x26, S("X25519"));
add_tlv(h, 0x27, S("rsa_pss_rsae_sha256_xyz"));
add_tlv(h, 0x28, der, sizeof der - 1);
add_tlv(h, 0x30, S("blue"));
add_tlv(h, 0xe0, S("\1\2\3\4\5\6\7\xff"));
add_tlv(h, 0xea, S("\1vpce-08d2bf15fac5001c9"));
add_tlv(h, 0xee, S("\1\x78\x56\x34\xf2"));
add_tlv(h, 0x04, S("\0\0\0"));
if (sum_place == 2) add(h, S(SUM));
put_sums(h);
}

/* What has become LOCAL is not looked at, nor what is of no family and not well formed; and a checksum can be hidden: by another type, or where a length or
the family has come to end something just behind it. All else is found out. */

static void
test_sum_flips(void)
{
static const oracle_name sum = { "", 3, 0, 0, PROXY_VALUE_OPAQUE, ANY_SIZE };

begin("rich headers with a checksum first, in the middle, last: every single bit flipped");
for (int place = 0; place < 3; place++)
  {
  size_t at = 0, n;
  int hidden = 0;

  make_rich(&one, PROXY4, place);
  check_header(&one, NULL, "rich");
  if (!oracle_find(one.b, one.n, 28, &sum, &at, &n)) fail(one.b, one.n, "the test itself lost the checksum");
  for (size_t bit = 0; bit < 8 * one.n; bit++)
    {
    uint8_t * byte = one.b + bit / 8;
    size_t somewhere;
    outcome o;
    *byte ^= (uint8_t)(1 << bit % 8);
    o = oracle(one.b, one.n);
    check_right(one.b, one.n, &o, "flipped");
    if (o.r.verdict == PROXY_HDR_COMPLETE && o.h.command == PROXY_CMD_PROXY)
      {
      hidden += bit / 8 != at - 3 && o.h.tlv_length > 0;
      if (o.h.tlv_length > 0 && oracle_find(one.b, o.r.size, o.h.tlv_offset, &sum, &somewhere, &n))
        fail(one.b, one.n, "bit %zu flipped, and nobody sees it", bit);
      }
    else if (bit / 8 == at - 3) fail(one.b, one.n, "bit %zu flipped, and the checksum still counts", bit);
    *byte ^= (uint8_t)(1 << bit % 8);
    }
  if (hidden > 2) fail(one.b, one.n, "%d flips hide the checksum: too many to test anything", hidden);
  }
end();
}

static void
test_rich_cuts(void)
{
begin("rich headers: good, and MORE at every cut");
for (size_t k = 0; k < COUNT(kinds); k++)
  for (int place = 0; place < 4; place++)
    {
    make_rich(&one, kinds[k].byte12, kinds[k].byte13, kinds[k].addresses, place);
    check_header(&one, NULL, kinds[k].name);
    check_cuts(&one, kinds[k].name);
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

/* The name ends just before a forbidden page. */

static int
by_name(const char * name, proxy_tlv_name * found)
{
const uint8_t * p = (const uint8_t *)name;
size_t n = strlen(name);
proxy_tlv_name left, untouched;
int rc;

memset(&untouched, CANARY, sizeof untouched);
left = *found = untouched;
rc = proxy_tlv_by_name((const char *)flush_right(p, n + 1), found);
if (proxy_tlv_by_name((const char *)flush_left(p, n + 1), &left) != rc) fail(p, n, "not the same on both sides");
if (rc != 0 && rc != 1) fail(p, n, "returned %d", rc);
if (!rc && memcmp(found, &untouched, sizeof untouched) != 0) fail(p, n, "wrote to found");
return rc;
}

static void
test_names(void)
{
static const char * const bad[] = { "", "x", "Authority", "AUTHORITY", "authority ", " authority", "authority\n",
  "authorit", "authorityx", "ssl", "ssl_", "ssl_verif", "ssl_verify_", "crc32c", "noop", "gcp_conn_id", "azure_pel_id",
  "0", "0x", "0X01", "0x 1", "0x1 ", "0x001", "0x100", "0x0000", "0xg", "0x0g", "0xg0", "0x-1", "0x+1", "0x0x", "1",
  "01", "x01", "00x1", "0x/", "0x:", "0x@", "0xG", "0x`", "0x1/", "0x1:", "0x1@", "0x1G", "0x1`", "0x\xff\xff", "0xea\n", "text", "text_",
  "text_0", "text_0x", "text_0xg", "text_0x1g", "text_0x001", "text_0X01", "text_01", "text_alpn", "TEXT_0x01", "0xtext_01",
  "text_text_0x01", "text_0x01 " };
proxy_tlv_name found;
size_t count = 0;

begin("names: each of them, its starts, with one letter changed or put behind, unknown ones; and all in a row");
for (size_t i = 0; i < oracle_name_count; i++)
  {
  char name[40];
  size_t n = strlen(oracle_names[i].name);

  memcpy(name, oracle_names[i].name, n + 1);
  if (!by_name(name, &found) || !same_name(&found, oracle_names + i))
    fail((const uint8_t *)name, n, "not found, or as something else");
  for (size_t k = 0; k < n; k++)
    {
    for (int c = 0; c < 256; c++)		/* 0: a part of the name */
      {
      char old = name[k];
      if ((char)c == old) continue;
      name[k] = (char)c;
      if (by_name(name, &found)) fail((const uint8_t *)name, n, "found");
      name[k] = old;
      }
    }
  name[n] = 'x';
  name[n + 1] = 0;
  if (by_name(name, &found)) fail((const uint8_t *)name, n + 1, "found");
  }
for (size_t i = 0; i < COUNT(bad); i++)
  if (by_name(bad[i], &found)) fail((const uint8_t *)bad[i], strlen(bad[i]), "found");

for (; count <= oracle_name_count && proxy_tlv_name_at(count); count++)
  {
  const proxy_tlv_name * at = proxy_tlv_name_at(count);
  int seen = 0;
  for (size_t k = 0; k < oracle_name_count; k++) seen += same_name(at, oracle_names + k);
  if (seen != 1) fail((const uint8_t *)at->name, strlen(at->name), "not one of the names");
  if (count > 0 && strcmp(proxy_tlv_name_at(count - 1)->name, at->name) >= 0)
    fail((const uint8_t *)at->name, strlen(at->name), "out of order, or twice");
  }
if (count != oracle_name_count) fail(NULL, 0, "%zu names, not %zu", count, oracle_name_count);
if (proxy_tlv_name_at(count) || proxy_tlv_name_at(count + 1) || proxy_tlv_name_at(SIZE_MAX))
  fail(NULL, 0, "names beyond the last");
end();
}

static void
test_numbers(void)
{
static const char * const prefixes[] = { "0x", "text_0x" };
static const char * const formats[] = { "%s%x", "%s%X", "%s%02x", "%s%02X" };
proxy_tlv_name found;

begin("types by number, as bytes and as text: 0x0 to 0xff, in both cases; every text of one or two bytes after 0x");
for (int text = 0; text < 2; text++)
  {
  for (unsigned type = 0; type < 256; type++)
    for (size_t f = 0; f < COUNT(formats); f++)
      {
      char name[16];
      oracle_name wanted = { "", type, type >= 0x21 && type <= 0x28, 0, text ? PROXY_VALUE_TEXT : PROXY_VALUE_OPAQUE, ANY_SIZE };
      sprintf(name, formats[f], prefixes[text], type);
      if (!by_name(name, &found) || !same_name(&found, &wanted))
        fail((const uint8_t *)name, strlen(name), "not found, or as something else");
      }
  for (int a = 0; a < 256; a++)
    for (int b = 0; b < 256; b++)
      {
      static const char hex[] = "0123456789abcdefABCDEF";
      char name[16];
      size_t n = (size_t)sprintf(name, "%s%c%c", prefixes[text], a, b);
      int good = a && strchr(hex, a) && (!b || strchr(hex, b));
      if (proxy_tlv_by_name(name, &found) != good) fail((const uint8_t *)name, n, "good or bad, but not the reverse");
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

static void
expect(const uint8_t * p, size_t n, proxy_value_kind kind, const char * wanted)
{
const char * got = written(p, n, kind);
if (strcmp(got, wanted) != 0) fail(p, n, "\"%s\", not \"%s\", of", got, wanted);
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
  oracle_name number = { "", type, type >= 0x21 && type <= 0x28, 0, PROXY_VALUE_OPAQUE, ANY_SIZE };
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

/* One value: a header of one row, a name, what it gives. NULL: not found. */

static void
check_value(const uint8_t * row, size_t size, const char * name, const char * wanted)
{
proxy_tlv_name found;
const uint8_t * at;
size_t n = 0;

start(&one, PROXY6);
add(&one, row, size);
check_header(&one, NULL, name);
check_values(&one, 1);
if (!proxy_tlv_by_name(name, &found)) fail(NULL, 0, "%s: no such name", name);
else if (!(at = find(&one, &found, &n)) != !wanted) fail(row, size, "%s: %s", name, wanted ? "not found" : "found");
else if (at) expect(at, n, found.kind, wanted);
}

/* Rich in everything, each value by hand */

static void
test_rich_values(void)
{
static const char * const values[][2] = {
  { "alpn", "smtp" }, { "authority", "mx.example.org" }, { "unique_id", "AC1F0771:C8F2_AC1F0A1F:0050_5F0E_0001" },
  { "ssl_verify", "00000000" }, { "ssl_version", "TLSv1.3" }, { "ssl_cn", "client" }, { "ssl_cipher", "TLS_AES_256_GCM_SHA384" },
  { "ssl_sig_alg", "RSA-SHA256" }, { "ssl_key_alg", "RSA2048" }, { "ssl_group", "X25519" },
  { "ssl_sig_scheme", "rsa_pss_rsae_sha256_xyz" }, { "ssl_client_cert", "3082010a0282010100c35c00ff7f80" }, { "netns", "blue" },
  { "gcp_psc_id", "01020304050607ff" }, { "aws_vpce_id", "vpce-08d2bf15fac5001c9" }, { "azure_linkid", "785634f2" },
  { "0x01", "736d7470" }, { "0x1", "736d7470" }, { "0x22", "636c69656e74" }, { "0x4", "000000" },
  { "0xee", "01785634f2" }, { "0xEE", "01785634f2" }, { "0xe0", "01020304050607ff" }, { "text_0x01", "smtp" }, { "text_0x22", "client" },
  { "text_0xee", "\\001xV4\\362" }, { "text_0x4", "\\000\\000\\000" }, { "0x00", NULL }, { "0xff", NULL }, { "text_0xff", NULL }
};

begin("a rich header: each value by name and by number");
for (int place = 0; place < 4; place++)
  {
  make_rich(&one, PROXY6, place);
  check_values(&one, 1);
  for (size_t i = 0; i < COUNT(values); i++)
    {
    proxy_tlv_name name;
    size_t n = 0;
    const uint8_t * at;
    if (!proxy_tlv_by_name(values[i][0], &name)) fail(NULL, 0, "%s: no such name", values[i][0]);
    else if (!(at = find(&one, &name, &n)) != !values[i][1]) fail(one.b, one.n, "%s: found or not", values[i][0]);
    else if (at) expect(at, n, name.kind, values[i][1]);
    }
  }
end();
}

static void
test_ssl_rules(void)
{
static const struct { const char * bytes; const char * written; } verify[] = {
  { "\0\0\0\0", "00000000" }, { "\0\0\0\1", "00000001" }, { "\0\0\1\0", "00000100" }, { "\1\0\0\0", "01000000" },
  { "\377\377\377\377", "ffffffff" }
};

begin("ssl_verify and ssl_cn: every client byte, with verify zero and not");
for (unsigned client = 0; client < 256; client++)
  for (size_t i = 0; i < COUNT(verify); i++)
    {
    uint8_t row[] = "\40\0\14?????\42\0\4boss";
    int cert = (client & 2) || (client & 4);
    row[3] = (uint8_t)client;
    memcpy(row + 4, verify[i].bytes, 4);
    check_value(row, 15, "ssl_verify", cert ? verify[i].written : NULL);
    check_value(row, 15, "ssl_cn", cert ? "boss" : NULL);
    if (i > 1) continue;
    check_value(row, 15, "0x22", "626f7373");
    check_value(row, 15, "ssl_version", NULL);
    }
check_value(S("\40\0\5\7\0\0\0\0"), "ssl_verify", "00000000");
check_value(S("\40\0\5\7\0\0\0\0"), "ssl_cn", NULL);
check_value(S("\40\0\10\7\0\0\0\0\42\0\0"), "ssl_cn", "");
check_value(S("\42\0\1x"), "ssl_cn", NULL);
check_value(S("\42\0\1x"), "0x22", NULL);
check_value(S("\41\0\7TLSv1.3"), "ssl_version", NULL);
check_value(S(AUTHORITY), "ssl_verify", NULL);
check_value(S(AUTHORITY), "ssl_cipher", NULL);
check_value(S("\40\0\14\1\0\0\0\0\2\0\4evil"), "authority", NULL);
check_value(S("\40\0\14\1\0\0\0\0\2\0\4evil"), "0x02", NULL);
check_value(S("\40\0\5\1\0\0\0\0\40\0\11\7\0\0\0\0\42\0\1x"), "ssl_cn", NULL);	/* the first SSL counts */
check_value(S("\40\0\5\1\0\0\0\0\40\0\11\7\0\0\0\0\42\0\1x"), "ssl_verify", NULL);
check_value(S("\40\0\15\2\0\0\0\0\42\0\1a\42\0\1b"), "ssl_cn", "a");
check_value(S("\40\0\11\4\0\0\0\0\50\0\1a"), "ssl_client_cert", "61");
check_value(S("\40\0\11\0\0\0\0\0\43\0\1a"), "ssl_cipher", "a");
end();
}

static void
test_clouds(void)
{
begin("AWS, Azure, GCP: sub-types right, wrong, too short, too long; the first of two counts");
check_value(S("\352\0\7\1vpce-1"), "aws_vpce_id", "vpce-1");
check_value(S("\352\0\1\1"), "aws_vpce_id", "");
check_value(S("\352\0\0"), "aws_vpce_id", NULL);
check_value(S("\352\0\7\2vpce-1"), "aws_vpce_id", NULL);
check_value(S("\352\0\7\0vpce-1"), "aws_vpce_id", NULL);
check_value(S("\352\0\7\2vpce-1"), "0xea", "02767063652d31");
check_value(S("\352\0\5\1a\r\nb"), "aws_vpce_id", "a\\015\\012b");
check_value(S("\356\0\5\1\1\0\0\0"), "azure_linkid", "01000000");
check_value(S("\356\0\5\1\0\0\0\0"), "azure_linkid", "00000000");
check_value(S("\356\0\5\1\0\0\0\1"), "azure_linkid", "00000001");
check_value(S("\356\0\5\2\1\0\0\0"), "azure_linkid", NULL);
check_value(S("\356\0\5\0\1\0\0\0"), "azure_linkid", NULL);
check_value(S("\356\0\4\1\1\0\0"), "azure_linkid", NULL);
check_value(S("\356\0\6\1\1\0\0\0\0"), "azure_linkid", NULL);
check_value(S("\356\0\1\1"), "azure_linkid", NULL);
check_value(S("\356\0\0"), "azure_linkid", NULL);
check_value(S("\352\0\3\2xy\352\0\0\352\0\7\1vpce-1\352\0\7\1vpce-2"), "aws_vpce_id", "vpce-1");
check_value(S("\356\0\5\2\1\0\0\0\356\0\5\1\7\0\0\0"), "azure_linkid", "07000000");
check_value(S("\356\0\4\1\7\0\0\356\0\5\1\7\0\0\0"), "azure_linkid", "07000000");
check_value(S("\340\0\10\0\1\2\3\4\5\6\7"), "gcp_psc_id", "0001020304050607");
check_value(S("\340\0\10\377\376\375\374\373\372\371\370"), "gcp_psc_id", "fffefdfcfbfaf9f8");
check_value(S("\2\0\1a\2\0\1b"), "authority", "a");
check_value(S("\2\0\0\2\0\1b"), "authority", "");
check_value(S("\5\0\1a\2\0\1b"), "authority", "b");
check_value(S(""), "authority", NULL);
end();
}

/* A value that does not fit its definition: the header is good, the name has no value, the number has. The first
one that fits counts. */

#define X16  "0123456789abcdef"
#define X128 X16 X16 X16 X16 X16 X16 X16 X16
#define HEX16 "30313233343536373839616263646566"

static void
test_definitions(void)
{
static const struct { const char * name, * value; } of_ssl[] = {
  { "ssl_verify", "00000009" }, { "ssl_version", "v" }, { "ssl_cn", "cn" }, { "0x21", "76" }, { "text_0x22", "cn" } };
static const struct { const uint8_t * row; size_t n; const char * bytes; } bad_ssl[] = {
  { S("\40\0\0"), "" }, { S("\40\0\1\7"), "07" }, { S("\40\0\3\1\0\0"), "010000" }, { S("\40\0\4\7\0\0\0"), "07000000" },
  { S("\40\0\6" SSL_FIXED "\42"), "070000000022" }, { S("\40\0\12" SSL_FIXED "\42\0\1x\0"), "0700000000220001" "7800" },
  { S("\40\0\11" SSL_FIXED "\42\0\2x"), "070000000022000278" } };

begin("values that do not fit their definition: absent by name, there by number");
for (size_t i = 0; i < COUNT(bad_ssl); i++)
  for (size_t k = 0; k < COUNT(of_ssl); k++)
    {
    uint8_t row[64];
    memcpy(row, bad_ssl[i].row, bad_ssl[i].n);
    memcpy(row + bad_ssl[i].n, "\40\0\16\2\0\0\0\11\41\0\1v\42\0\2cn", 17);
    check_value(row, bad_ssl[i].n, of_ssl[k].name, NULL);
    check_value(row, bad_ssl[i].n, "0x20", bad_ssl[i].bytes);
    check_value(row, bad_ssl[i].n + 17, of_ssl[k].name, of_ssl[k].value);
    check_value(row, bad_ssl[i].n + 17, "0x20", bad_ssl[i].bytes);
    }
check_value(S("\5\0\200" X128), "unique_id", X128);
check_value(S("\5\0\201" X128 "x"), "unique_id", NULL);
check_value(S("\5\0\201" X128 "x"), "text_0x05", X128 "x");
check_value(S("\5\0\201" X128 "x"), "0x05", HEX16 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16 "78");
check_value(S("\5\0\201" X128 "x" "\5\0\1y"), "unique_id", "y");
check_value(S("\340\0\3abc"), "gcp_psc_id", NULL);
check_value(S("\340\0\3abc"), "0xe0", "616263");
check_value(S("\340\0\3abc"), "text_0xe0", "abc");
check_value(S("\340\0\0"), "gcp_psc_id", NULL);
check_value(S("\340\0\7abcdefg"), "gcp_psc_id", NULL);
check_value(S("\340\0\11abcdefghi"), "gcp_psc_id", NULL);
check_value(S("\340\0\11abcdefghi\340\0\10abcdefgh"), "gcp_psc_id", "6162636465666768");
check_value(S("\356\0\4\1\1\0\0"), "0xee", "01010000");
check_value(S("\2\0\4a\r\nb"), "text_0x02", "a\\015\\012b");
end();
}

/* A row that has not been checked must do no harm, whatever comes of it. */

static void
test_find_unchecked(void)
{
begin("proxy_tlv_find in rows that are bad: nothing is read from beyond them");
for (size_t i = 0; i < COUNT(rows); i++)
  for (size_t len = 0; len <= rows[i].n; len++)
    {
    start(&one, PROXY4);
    add(&one, rows[i].row, len);
    for (size_t k = 0; k < oracle_name_count; k++)
      {
      size_t n;
      const proxy_tlv_name * name = proxy_tlv_name_at(k);
      const uint8_t * at = name ? find(&one, name, &n) : NULL;
      if (at && n < 200) written(at, n, name->kind);
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
unsigned long good = 0, sums = 0, by_fault[FAULTS] = { 0 };

begin("rows at random, some of them broken: verdict, reason, and every value");
for (long i = 0; i < ROUNDS; i++)
  {
  size_t k = below(&state, COUNT(kinds)), sum_at = 0;
  unsigned faults;

  start(&one, kinds[k].byte12, kinds[k].byte13, kinds[k].addresses);
  for (unsigned c = below(&state, 5); c > 0; c--) add_random(&one, &state);
  if (below(&state, 3) == 0)
    {
    add_tlv(&one, 3, S("????"));
    sum_at = one.n - 4;
    for (unsigned c = below(&state, 3); c > 0; c--) add_random(&one, &state);
    }
  mutate(&one, &state);
  set_length(&one);
  if (sum_at > 0 && sum_at + 4 <= one.n && below(&state, 8)) { put_sum(&one, sum_at); sums++; }

  faults = oracle_faults(one.b, one.n, one.offset);
  for (int f = 0; f < FAULTS; f++) by_fault[f] += faults >> f & 1;
  check_header(&one, "?", "random");
  if (faults) continue;
  good++;
  check_values(&one, 0);
  }
printf("# rows at random: seed %#llx, %d rows, %lu good, %lu checksums put in; faults:", (unsigned long long)SEED, ROUNDS, good, sums);
for (int f = 0; f < FAULTS; f++)
  {
  printf(" %lu", by_fault[f]);
  if (by_fault[f] < 100) fail(NULL, 0, "the generator is lopsided");
  }
printf("\n");
if (good < ROUNDS / 10 || good > ROUNDS / 10 * 9) fail(NULL, 0, "the generator is lopsided");
end();
}


int
main(void)
{
test_sum_vectors();
test_fills();
test_rows();
test_aws();
test_big();
test_sum_random();
test_sum_flips();
test_rich_cuts();

test_names();
test_numbers();
test_rich_values();
test_ssl_rules();
test_clouds();
test_find_unchecked();

test_definitions();
test_random();

printf("# table rows: %zu rows of TLVs in %zu kinds of headers\n", COUNT(rows), COUNT(kinds));
return finish();
}
