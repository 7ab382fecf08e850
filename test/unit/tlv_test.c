/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the TLVs, proxy_tlv.c, and of what the parser makes of them. See
../../src-overlay/src/proxy_tlv.h for the contract. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "oracle.h"
#include "tlv_oracle.h"
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

/* The start of a header, good or bad, is MORE, and n is exact from 16 bytes on. */

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
  o.r.n = len == 0 ? 8 : len < 16 ? 16 - len : h->n - len;
  check_right(h->b, len, &o, what);
  }
flush_left(h->b, 0);
}


/* ---------- tables: what the header may hold ---------- */

#define OVERRUN     "TLV overruns the header"
#define SSL_SHORT   "SSL TLV too short"
#define SSL_OVERRUN "TLV overruns the SSL TLV"
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
  { "SSL of 0", S("\40\0\0"), SSL_SHORT },
  { "SSL of 1", S("\40\0\1\7"), SSL_SHORT },
  { "SSL of 4", S("\40\0\4\7\0\0\0"), SSL_SHORT },
  { "SSL of 4, then more", S("\40\0\4\7\0\0\0" NOOP), SSL_SHORT },
  { "SSL, 1 stray byte", S("\40\0\6" SSL_FIXED "\42"), SSL_OVERRUN },
  { "SSL, 2 stray bytes", S("\40\0\7" SSL_FIXED "\42\0"), SSL_OVERRUN },
  { "SSL, 1 stray byte behind", S("\40\0\12" SSL_FIXED "\42\0\1x\0"), SSL_OVERRUN },
  { "SSL, 2 stray bytes behind", S("\40\0\13" SSL_FIXED "\42\0\1x\0\0"), SSL_OVERRUN },
  { "SSL, past it by 1, at the end", S("\40\0\11" SSL_FIXED "\42\0\2x"), SSL_OVERRUN },
  { "SSL, past it by 1, more behind", S("\40\0\11" SSL_FIXED "\42\0\2x" AUTHORITY), SSL_OVERRUN },
  { "SSL, past it by the next one's size", S("\40\0\11" SSL_FIXED "\42\0\4x" NOOP), SSL_OVERRUN },
  { "SSL, the second past it", S("\40\0\15" SSL_FIXED "\42\0\1x\43\0\2y" NOOP), SSL_OVERRUN },
  { "SSL, past it by far", S("\40\0\11" SSL_FIXED "\42\377\377x" AUTHORITY), SSL_OVERRUN },
  { "SSL that overruns the header", S("\40\0\6" SSL_FIXED), OVERRUN },
  { "the second SSL bad", S("\40\0\5" SSL_FIXED "\40\0\4\0\0\0\0"), SSL_SHORT },

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
proxy_tlv_name name;
proxy_bytes value;
char out[200];

begin("an AWS balancer's header with its checksum");
memcpy(one.b, aws, sizeof aws);
one.n = sizeof aws;
one.offset = 28;
check_header(&one, NULL, "AWS");
if (!proxy_tlv_by_name("aws_vpce_id", 11, &name) || !proxy_tlv_find(row_of(aws, sizeof aws, 28), &name, &value)
   || proxy_tlv_shown(value, name.show, out) != 22 || strcmp(out, "vpce-08d2bf15fac5001c9") != 0)
  fail(aws, sizeof aws, "wrong endpoint id");
end();
}


/* ---------- iteration ---------- */

static void
expect_next(proxy_bytes * row, int rc, unsigned type, size_t at, size_t n, const uint8_t * start_at)
{
proxy_tlv tlv, untouched;
proxy_bytes before = *row;
int got;

memset(&tlv, CANARY, sizeof tlv);
memset(&untouched, CANARY, sizeof untouched);
got = proxy_tlv_next(row, &tlv);
if (got != rc) fail(before.p, before.length, "returned %d, not %d", got, rc);
else if (rc == 1)
  {
  if (tlv.type != type || tlv.value.p != start_at + at || tlv.value.length != n)
    fail(before.p, before.length, "wrong type, place or length");
  if (row->p != tlv.value.p + n || row->length != before.length - 3 - n)
    fail(before.p, before.length, "moved to the wrong place");
  }
else if (memcmp(&tlv, &untouched, sizeof tlv) != 0) fail(before.p, before.length, "wrote a TLV");
else if (row->p != before.p || row->length != before.length) fail(before.p, before.length, "moved");
}

static void
test_next(void)
{
static const uint8_t some[] = "\2\0\3abc" "\4\0\0" "\377\0\1x";
static uint8_t big[ROW_MAX];

begin("proxy_tlv_next: TLVs, the end, and what is no TLV");
for (int side = 0; side < 2; side++)
  {
  const uint8_t * p = side ? flush_left(some, 13) : flush_right(some, 13);
  proxy_bytes row = { p, 13 }, none = { NULL, 0 };

  expect_next(&row, 1, 2, 3, 3, p);
  expect_next(&row, 1, 4, 9, 0, p);
  expect_next(&row, 1, 255, 12, 1, p);
  expect_next(&row, 0, 0, 0, 0, p);
  expect_next(&row, 0, 0, 0, 0, p);
  expect_next(&none, 0, 0, 0, 0, p);

  for (size_t n = 1; n < 6; n++)		/* "\2\0\3abc", cut: all of it is missing or some */
    {
    row.p = p = side ? flush_left(some, n) : flush_right(some, n);
    row.length = n;
    expect_next(&row, -1, 0, 0, 0, p);
    }
  for (size_t value = 0; value <= ROW_MAX - 3; value += value < 600 ? 1 : 1103)
    for (size_t given = value > 0 ? value - 1 : 0; given <= value + 1 && given <= ROW_MAX - 3; given++)
      {
      big[0] = 7;
      big[1] = (uint8_t)(value >> 8);
      big[2] = (uint8_t)(value & 255);
      row.p = p = side ? flush_left(big, 3 + given) : flush_right(big, 3 + given);
      row.length = 3 + given;
      expect_next(&row, given < value ? -1 : 1, 7, 3, value, p);
      }
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
static const oracle_name sum = { "", 3, 0, 0, PROXY_SHOW_HEX };

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
      if (o.h.tlv_length > 0 && oracle_find(one.b, o.r.n, o.h.tlv_offset, &sum, &somewhere, &n))
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
return strcmp(got->name, wanted->name) == 0 && got->type == wanted->type && got->show == wanted->show
  && !got->in_ssl == !wanted->in_ssl && !got->needs_cert == !wanted->needs_cert;
}

/* The name need not be terminated: it ends at a forbidden page. */

static int
by_name(const char * name, size_t n, proxy_tlv_name * found)
{
proxy_tlv_name left, untouched;
int rc;

memset(&untouched, CANARY, sizeof untouched);
left = *found = untouched;
rc = proxy_tlv_by_name((const char *)flush_right((const uint8_t *)name, n), n, found);
if (proxy_tlv_by_name((const char *)flush_left((const uint8_t *)name, n), n, &left) != rc)
  fail((const uint8_t *)name, n, "not the same on both sides");
if (rc != 0 && rc != 1) fail((const uint8_t *)name, n, "returned %d", rc);
if (!rc && memcmp(found, &untouched, sizeof untouched) != 0) fail((const uint8_t *)name, n, "wrote to found");
return rc;
}

static void
test_names(void)
{
static const char * const bad[] = { "", "x", "Authority", "AUTHORITY", "authority ", " authority", "authority\n",
  "authorit", "authorityx", "ssl", "ssl_", "ssl_verif", "ssl_verify_", "crc32c", "noop", "gcp_conn_id", "azure_pel_id",
  "0", "0x", "0X01", "0x 1", "0x1 ", "0x001", "0x100", "0x0000", "0xg", "0x0g", "0xg0", "0x-1", "0x+1", "0x0x", "1",
  "01", "x01", "00x1", "0x/", "0x:", "0x@", "0xG", "0x`", "0x1/", "0x1:", "0x1@", "0x1G", "0x1`", "0x\xff\xff", "0xea\n" };
proxy_tlv_name found;
size_t count = 0;

begin("names: each of them, its starts, with one letter changed, unknown ones; and all in a row");
for (size_t i = 0; i < oracle_name_count; i++)
  {
  char name[40];
  size_t n = strlen(oracle_names[i].name);

  memcpy(name, oracle_names[i].name, n + 1);
  if (!by_name(name, n, &found) || !same_name(&found, oracle_names + i))
    fail((const uint8_t *)name, n, "not found, or as something else");
  for (size_t k = 0; k < n; k++)
    {
    if (by_name(name, k, &found)) fail((const uint8_t *)name, k, "part of a name is found");
    for (int c = 0; c < 256; c++)
      {
      char old = name[k];
      if ((char)c == old) continue;
      name[k] = (char)c;
      if (by_name(name, n, &found)) fail((const uint8_t *)name, n, "found");
      name[k] = old;
      }
    }
  if (by_name(name, n + 1, &found)) fail((const uint8_t *)name, n, "found with a NUL");
  }
for (size_t i = 0; i < COUNT(bad); i++)
  if (by_name(bad[i], strlen(bad[i]), &found)) fail((const uint8_t *)bad[i], strlen(bad[i]), "found");
if (proxy_tlv_by_name(NULL, 0, &found)) fail(NULL, 0, "nothing is found");

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
static const char * const formats[] = { "0x%x", "0x%X", "0x%02x", "0x%02X" };
proxy_tlv_name found;

begin("types by number: 0x0 to 0xff, in both cases; every text of one or two bytes after 0x");
for (unsigned type = 0; type < 256; type++)
  for (size_t f = 0; f < COUNT(formats); f++)
    {
    char name[16];
    oracle_name wanted = { "", type, type >= 0x21 && type <= 0x28, 0, PROXY_SHOW_HEX };
    sprintf(name, formats[f], type);
    if (!by_name(name, strlen(name), &found) || !same_name(&found, &wanted))
      fail((const uint8_t *)name, strlen(name), "not found, or as something else");
    }
for (int a = 0; a < 256; a++)
  for (int b = -1; b < 256; b++)
    {
    static const char hex[] = "0123456789abcdefABCDEF";
    char name[4] = { '0', 'x', (char)a, (char)b };
    size_t n = b < 0 ? 3 : 4;
    int good = a && strchr(hex, a) && (b < 0 || (b && strchr(hex, b)));
    if (proxy_tlv_by_name(name, n, &found) != good) fail((const uint8_t *)name, n, "good or bad, but not the reverse");
    }
end();
}


/* ---------- looking up and showing ---------- */

/* Show a value between canaries, in just the room that the contract promises; compare with the oracle, and
see to what holds for all: no controls, good UTF-8. */

static char shown_room[PROXY_TLV_SHOWN_MAX((size_t)ROW_MAX) + 32];

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
shown(const uint8_t * p, size_t n, proxy_show show, const char * what)
{
static char wanted[PROXY_TLV_SHOWN_MAX((size_t)ROW_MAX)];
size_t most = PROXY_TLV_SHOWN_MAX(n), used, wanted_used = oracle_shown(p, n, show, wanted);
char * out = shown_room + sizeof shown_room - most - 16;
proxy_bytes value;

value.length = n;
for (int side = 0; side < 2; side++)
  {
  value.p = side ? flush_left(p, n) : flush_right(p, n);
  memset(out - 16, CANARY, 16 + most + 16);
  used = proxy_tlv_shown(value, show, out);
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
expect_shown(const uint8_t * p, size_t n, proxy_show show, const char * wanted)
{
const char * got = shown(p, n, show, wanted);
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

/* All the names and the numbers of a good header, found and shown as the oracle does */

static void
check_values(const header * h, int numbers)
{
for (size_t i = 0; i < oracle_name_count + (numbers ? 256 : 0); i++)
  {
  unsigned type = (unsigned)(i - oracle_name_count);
  oracle_name number = { "", type, type >= 0x21 && type <= 0x28, 0, PROXY_SHOW_HEX };
  const oracle_name * wanted = i < oracle_name_count ? oracle_names + i : &number;
  proxy_tlv_name name;
  char text[16];
  size_t n = 0, wanted_at = 0, wanted_n = 0;
  const uint8_t * at;
  int there = oracle_find(h->b, h->n, h->offset, wanted, &wanted_at, &wanted_n);

  sprintf(text, "0x%02x", type & 255);
  if (!proxy_tlv_by_name(*wanted->name ? wanted->name : text, strlen(*wanted->name ? wanted->name : text), &name))
    {
    fail(NULL, 0, "%s: no such name", *wanted->name ? wanted->name : text);
    continue;
    }
  at = find(h, &name, &n);
  if ((at != NULL) != there) fail(h->b, h->n, "%s, type %#x: found %d, not %d", wanted->name, wanted->type, !!at, there);
  else if (at && (at != h->b + wanted_at || n != wanted_n))
    fail(h->b, h->n, "%s, type %#x: in the wrong place", wanted->name, wanted->type);
  else if (at) shown(at, n, name.show, wanted->name);
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
if (!proxy_tlv_by_name(name, strlen(name), &found)) fail(NULL, 0, "%s: no such name", name);
else if (!(at = find(&one, &found, &n)) != !wanted) fail(row, size, "%s: %s", name, wanted ? "not found" : "found");
else if (at) expect_shown(at, n, found.show, wanted);
}

/* Rich in everything, each value by hand */

static void
test_rich_values(void)
{
static const char * const values[][2] = {
  { "alpn", "smtp" }, { "authority", "mx.example.org" }, { "unique_id", "AC1F0771:C8F2_AC1F0A1F:0050_5F0E_0001" },
  { "ssl_verify", "ok" }, { "ssl_version", "TLSv1.3" }, { "ssl_cn", "client" }, { "ssl_cipher", "TLS_AES_256_GCM_SHA384" },
  { "ssl_sig_alg", "RSA-SHA256" }, { "ssl_key_alg", "RSA2048" }, { "ssl_group", "X25519" },
  { "ssl_sig_scheme", "rsa_pss_rsae_sha256_xyz" }, { "ssl_client_cert", "MIIBCgKCAQEAw1wA/3+A" }, { "netns", "blue" },
  { "gcp_psc_id", "01020304050607ff" }, { "aws_vpce_id", "vpce-08d2bf15fac5001c9" }, { "azure_linkid", "4063516280" },
  { "0x01", "736d7470" }, { "0x1", "736d7470" }, { "0x22", "636c69656e74" }, { "0x4", "000000" },
  { "0xee", "01785634f2" }, { "0xEE", "01785634f2" }, { "0xe0", "01020304050607ff" }, { "0x00", NULL }, { "0xff", NULL }
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
    if (!proxy_tlv_by_name(values[i][0], strlen(values[i][0]), &name)) fail(NULL, 0, "%s: no such name", values[i][0]);
    else if (!(at = find(&one, &name, &n)) != !values[i][1]) fail(one.b, one.n, "%s: found or not", values[i][0]);
    else if (at) expect_shown(at, n, name.show, values[i][1]);
    }
  }
end();
}

static void
test_ssl_rules(void)
{
static const struct { const char * bytes; const char * shown; } verify[] = {
  { "\0\0\0\0", "ok" }, { "\0\0\0\1", "failed 1" }, { "\0\0\0\12", "failed 10" }, { "\0\0\0\24", "failed 20" },
  { "\0\0\1\0", "failed 256" }, { "\0\1\0\0", "failed 65536" }, { "\1\0\0\0", "failed 16777216" },
  { "\377\377\377\377", "failed 4294967295" }, { "\200\0\0\0", "failed 2147483648" }
};

begin("ssl_verify and ssl_cn: every client byte, with verify zero and not");
for (unsigned client = 0; client < 256; client++)
  for (size_t i = 0; i < COUNT(verify); i++)
    {
    uint8_t row[] = "\40\0\14?????\42\0\4boss";
    int cert = (client & 2) || (client & 4);
    row[3] = (uint8_t)client;
    memcpy(row + 4, verify[i].bytes, 4);
    check_value(row, 15, "ssl_verify", cert ? verify[i].shown : NULL);
    check_value(row, 15, "ssl_cn", cert ? "boss" : NULL);
    if (i > 1) continue;
    check_value(row, 15, "0x22", "626f7373");
    check_value(row, 15, "ssl_version", NULL);
    }
check_value(S("\40\0\5\7\0\0\0\0"), "ssl_verify", "ok");
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
check_value(S("\40\0\11\4\0\0\0\0\50\0\1a"), "ssl_client_cert", "YQ==");
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
check_value(S("\356\0\5\1\1\0\0\0"), "azure_linkid", "1");
check_value(S("\356\0\5\1\0\0\0\0"), "azure_linkid", "0");
check_value(S("\356\0\5\1\0\0\0\1"), "azure_linkid", "16777216");
check_value(S("\356\0\5\1\0\1\0\0"), "azure_linkid", "256");
check_value(S("\356\0\5\1\377\377\377\377"), "azure_linkid", "4294967295");
check_value(S("\356\0\5\1\0\0\0\200"), "azure_linkid", "2147483648");
check_value(S("\356\0\5\2\1\0\0\0"), "azure_linkid", NULL);
check_value(S("\356\0\5\0\1\0\0\0"), "azure_linkid", NULL);
check_value(S("\356\0\4\1\1\0\0"), "azure_linkid", NULL);
check_value(S("\356\0\6\1\1\0\0\0\0"), "azure_linkid", NULL);
check_value(S("\356\0\1\1"), "azure_linkid", NULL);
check_value(S("\356\0\0"), "azure_linkid", NULL);
check_value(S("\352\0\3\2xy\352\0\0\352\0\7\1vpce-1\352\0\7\1vpce-2"), "aws_vpce_id", "vpce-1");
check_value(S("\356\0\5\2\1\0\0\0\356\0\5\1\7\0\0\0"), "azure_linkid", "7");
check_value(S("\356\0\4\1\7\0\0\356\0\5\1\7\0\0\0"), "azure_linkid", NULL);
check_value(S("\340\0\10\0\1\2\3\4\5\6\7"), "gcp_psc_id", "0001020304050607");
check_value(S("\340\0\10\377\376\375\374\373\372\371\370"), "gcp_psc_id", "fffefdfcfbfaf9f8");
check_value(S("\2\0\1a\2\0\1b"), "authority", "a");
check_value(S("\2\0\0\2\0\1b"), "authority", "");
check_value(S("\5\0\1a\2\0\1b"), "authority", "b");
check_value(S(""), "authority", NULL);
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
      if (at && n < 200) proxy_tlv_shown(row_of(at, n, 0), name->show, shown_room);
      }
    }
end();
}


/* ---------- text ---------- */

/* What is shown must say what the value was: no two values look the same. */

static void
check_text(const uint8_t * p, size_t n)
{
const char * s = shown(p, n, PROXY_SHOW_TEXT, "text");
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
begin("text: every byte; every two; between letters");
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
expect_shown(S(""), PROXY_SHOW_TEXT, "");
expect_shown(S("mx.example.org"), PROXY_SHOW_TEXT, "mx.example.org");
expect_shown(S(" ~"), PROXY_SHOW_TEXT, " ~");
expect_shown(S("a\0b"), PROXY_SHOW_TEXT, "a\\000b");
expect_shown(S("x\r\n2026-11-21 00:00:00 fake"), PROXY_SHOW_TEXT, "x\\015\\0122026-11-21 00:00:00 fake");
expect_shown(S("\\015"), PROXY_SHOW_TEXT, "\\\\015");
expect_shown(S("\t\x1b[0m\x7f"), PROXY_SHOW_TEXT, "\\011\\033[0m\\177");
expect_shown(S("m\xc3\xbc" "nchen"), PROXY_SHOW_TEXT, "m\xc3\xbc" "nchen");
expect_shown(S("m\xfc" "nchen"), PROXY_SHOW_TEXT, "m\\374nchen");
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

begin("UTF-8: its borders, by hand");
for (size_t i = 0; i < COUNT(borders); i++)
  {
  const uint8_t * p = (const uint8_t *)borders[i].bytes;
  uint8_t v[8];
  const char * got = shown(p, borders[i].n, PROXY_SHOW_TEXT, "border");
  if ((strchr(got, '\\') == NULL) != borders[i].good) fail(p, borders[i].n, "shown \"%s\"", got);
  memcpy(v, p, borders[i].n);
  v[borders[i].n] = '.';
  got = shown(v, borders[i].n + 1, PROXY_SHOW_TEXT, "border");
  if ((strchr(got, '\\') == NULL) != borders[i].good) fail(v, borders[i].n + 1, "shown \"%s\"", got);
  check_text(v, borders[i].n + 1);
  }
end();
}

/* In one value as many as fit: what is shown of each may not depend on what stands beside it. */

static uint8_t many[ROW_MAX];
static size_t many_n;

static void
put_many(const uint8_t * p, size_t n)
{
if (!p || many_n + n + 1 > sizeof many)
  {
  shown(many, many_n, PROXY_SHOW_TEXT, "many");
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

begin("UTF-8: characters of all planes, also beyond; leads and next bytes, all with all");
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

begin("text at random, of likely bytes");
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


/* ---------- the other ways to show ---------- */

static void
test_shown_other(void)
{
static const char * const vectors[][2] = {
  { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
  { "foobar", "Zm9vYmFy" }, { "\xff", "/w==" }, { "\xff\xff", "//8=" }, { "\xff\xff\xff", "////" }, { "\xfb\xef\xbe", "++++" }
};
uint8_t all[256];

begin("base64 by RFC 4648's vectors, hex, verify, and every length of each");
for (size_t i = 0; i < COUNT(vectors); i++)
  expect_shown((const uint8_t *)vectors[i][0], strlen(vectors[i][0]), PROXY_SHOW_CERT, vectors[i][1]);
expect_shown(S("\0\x01\x7f\x80\xab\xff"), PROXY_SHOW_HEX, "00017f80abff");
expect_shown(S("\0\0\0\0\0"), PROXY_SHOW_VERIFY, "ok");
expect_shown(S("\0\0\0\12\0\0\0\0"), PROXY_SHOW_VERIFY, "failed 10");
expect_shown(S("\0\0\0"), PROXY_SHOW_VERIFY, "failed 4294967295");
expect_shown(S(""), PROXY_SHOW_VERIFY, "failed 4294967295");
expect_shown(S("\1\0\0"), PROXY_SHOW_AZURE, "");
expect_shown(S("\1\0\0\0\0"), PROXY_SHOW_AZURE, "");
expect_shown(S("x"), (proxy_show)(PROXY_SHOW_AZURE + 1), "");		/* no such way */
for (size_t i = 0; i < sizeof all; i++) all[i] = (uint8_t)(i * 167 + 13);
for (size_t n = 0; n <= sizeof all; n++)
  for (int show = PROXY_SHOW_TEXT; show <= PROXY_SHOW_AZURE; show++)
    shown(all + (sizeof all - n), n, (proxy_show)show, "length");
for (unsigned v = 0; v < 65536; v++)
  {
  uint8_t two[] = { (uint8_t)(v >> 8), (uint8_t)v };
  shown(two, 2, PROXY_SHOW_CERT, "two bytes");
  }
end();

begin("values of 65,535 bytes shown each way: within the room promised");
for (int show = PROXY_SHOW_TEXT; show <= PROXY_SHOW_AZURE; show++)
  for (int c = 0; c < 4; c++)
    {
    memset(many, "\xff\\x\xc3"[c], sizeof many);
    shown(many, sizeof many - (c == 3), (proxy_show)show, "big");
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
test_next();
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

test_text_short();
test_text_utf8();
test_text_all();
test_text_random();
test_shown_other();
test_random();

printf("# table rows: %zu rows of TLVs in %zu kinds of headers\n", COUNT(rows), COUNT(kinds));
printf("# end\n");
return failures() > 0;
}
