/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proofs about proxy_tlv.c */

#include "proof.h"

/* What a byte of the output is. What is said of the watched byte holds for each, for it may be any.
Macros, because the loops' invariants say it too. */

#define IS_CONTROL(c) (((c) & 0xff) < ' ' || (c) == 0x7f)
#define IS_DIGIT(c) ((c) >= '0' && (c) <= '9')
#define IS_HEX(c) (IS_DIGIT(c) || ((c) >= 'a' && (c) <= 'f'))
#define IS_BASE64(c) (IS_DIGIT(c) || ((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') \
  || (c) == '+' || (c) == '/' || (c) == '=')

size_t watched;

#include "proxy_tlv.c"

/* The few bytes that are copied here, without a loop inside a loop */

void *
memcpy(void * to, const void * from, size_t n)
{
uint8_t * t = to;
const uint8_t * f = from;

PROVE(n <= 7);
PROVE(__CPROVER_r_ok(from, n) && __CPROVER_w_ok(to, n) && !__CPROVER_same_object(from, to));
if (n > 0) t[0] = f[0];
if (n > 1) t[1] = f[1];
if (n > 2) t[2] = f[2];
if (n > 3) t[3] = f[3];
if (n > 4) t[4] = f[4];
if (n > 5) t[5] = f[5];
if (n > 6) t[6] = f[6];
return to;
}

static proxy_bytes
any_row(void)
{
proxy_bytes row;
row.length = any_length(LENGTH_MAX);
row.p = any_bytes(row.length);
return row;
}


/*************************************************
*             Lemmas                             *
*************************************************/

/* Each stands for the function of that name in the proofs of its callers: it demands what the
function needs, and leaves open all that the function's own proof does not show. */

int
proxy_tlv_row_is_whole_lemma(proxy_bytes row)
{
PROVE(__CPROVER_r_ok(row.p, row.length));
return nondet_int();
}

uint32_t
crc32c_lemma(uint32_t crc, const uint8_t * p, size_t n)
{
PROVE(__CPROVER_r_ok(p, n));
return nondet_uint32();
}

int
find_lemma(proxy_bytes row, uint8_t type, uint8_t subtype, proxy_bytes * value)
{
size_t before = any_length(row.length);
(void)type;
(void)subtype;
PROVE(__CPROVER_r_ok(row.p, row.length));
if (nondet_int()) return 0;
value->p = row.p + before;
value->length = any_length(row.length - before);
return 1;
}

size_t
printable_lemma(proxy_bytes b)
{
size_t n = any_length(4);
PROVE(__CPROVER_r_ok(b.p, b.length) && b.length > 0);
ASSUME(n <= b.length);
if (n > 0) ASSUME(!IS_CONTROL(b.p[0]));
if (n > 1) ASSUME(!IS_CONTROL(b.p[1]));
if (n > 2) ASSUME(!IS_CONTROL(b.p[2]));
if (n > 3) ASSUME(!IS_CONTROL(b.p[3]));
return n;
}


/*************************************************
*             Iteration                          *
*************************************************/

void
tlv_next(void)
{
proxy_bytes row = any_row(), before = row;
proxy_tlv tlv, untouched = tlv;
int rc = proxy_tlv_next(&row, &tlv);

PROVE(rc == 1 || rc == 0 || rc == -1);
if (rc == 1)
  {
  REACHED("a TLV");
  PROVE(row.length < before.length);
  PROVE(row.p == before.p + (before.length - row.length));
  PROVE(tlv.value.p == before.p + TLV_FIXED_LEN);
  PROVE(tlv.value.p + tlv.value.length == row.p);
  PROVE(tlv.type == before.p[0]);
  PROVE(tlv.value.length == before.p[1] * 256u + before.p[2]);
  return;
  }
PROVE(row.p == before.p && row.length == before.length);
PROVE(tlv.type == untouched.type);
PROVE(tlv.value.p == untouched.value.p && tlv.value.length == untouched.value.length);
PROVE((rc == 0) == (before.length == 0));
if (rc == 0) REACHED("the end"); else REACHED("an overrun");
}

void
tlv_row_is_whole(void)
{
if (proxy_tlv_row_is_whole(any_row())) REACHED("whole"); else REACHED("not whole");
}


/*************************************************
*             Checking                           *
*************************************************/

void
tlv_crc32c(void)
{
proxy_bytes b = any_row();
crc32c(nondet_uint32(), b.p, b.length);
REACHED("the end");
}

/* The table is the polynomial's */

void
tlv_crc32c_table(void)
{
uint8_t i = nondet_byte();
uint32_t v = i;

for (int bit = 0; bit < 8; bit++) v = v & 1 ? v >> 1 ^ 0x82f63b78 : v >> 1;
PROVE(crc32c_table[i] == v);
REACHED("the end");
}

void
tlv_check(void)
{
proxy_bytes header = any_row();
size_t offset = any_length(header.length);

if (proxy_tlv_check(header.p, header.length, offset)) REACHED("bad"); else REACHED("good");
}


/*************************************************
*             Looking up                         *
*************************************************/

void
tlv_by_name(void)
{
size_t len = any_length(32);
char * name = (char *)any_bytes(len);
proxy_tlv_name found, untouched = found;
int rc = proxy_tlv_by_name(name, len, &found);

PROVE(rc == 0 || rc == 1);
if (rc == 1)
  {
  if (found.show == PROXY_SHOW_HEX) REACHED("a number"); else REACHED("a name");
  PROVE(found.show <= PROXY_SHOW_AZURE);
  PROVE(IMPLIES(found.show == PROXY_SHOW_VERIFY, found.type == PROXY_TLV_SSL && found.needs_cert));
  return;
  }
REACHED("none");
PROVE(found.name == untouched.name && found.type == untouched.type && found.show == untouched.show
  && found.in_ssl == untouched.in_ssl && found.needs_cert == untouched.needs_cert);
}

void
tlv_find_type(void)
{
proxy_bytes row = any_row(), value, untouched = value;
int rc = find(row, nondet_byte(), nondet_byte(), &value);

PROVE(rc == 0 || rc == 1);
if (rc == 1)
  {
  REACHED("one");
  PROVE(is_part(value.p, value.length, row.p, row.length));
  return;
  }
REACHED("none");
PROVE(value.p == untouched.p && value.length == untouched.length);
}

void
tlv_find(void)
{
proxy_bytes row = any_row(), value, untouched = value;
proxy_tlv_name name;
const proxy_tlv_name * known = proxy_tlv_name_at(nondet_size());
char digits[2];
int rc;

if (known) name = *known;
else if (!by_number(digits, nondet_int() ? 1 : 2, &name)) return;

rc = proxy_tlv_find(row, &name, &value);
PROVE(rc == 0 || rc == 1);
if (rc == 1)
  {
  if (name.in_ssl) REACHED("one in the SSL TLV"); else REACHED("one");
  PROVE(is_part(value.p, value.length, row.p, row.length));
  PROVE(IMPLIES(name.show == PROXY_SHOW_VERIFY, value.length >= 4));
  PROVE(IMPLIES(name.show == PROXY_SHOW_AZURE, value.length == AZURE_LINKID_LEN));
  return;
  }
REACHED("none");
PROVE(value.p == untouched.p && value.length == untouched.length);
}


/*************************************************
*             Showing                            *
*************************************************/

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
tlv_printable(void)
{
size_t length = any_length(5), i = nondet_size();
proxy_bytes b = { any_bytes(length), length };
size_t n;

ASSUME(length > 0);
n = printable(b);
PROVE(n == printable_by_the_book(b.p, b.length));
PROVE(n <= 4 && n <= length);
if (n == 0) REACHED("not printable");
else if (n == 1) REACHED("ASCII");
else REACHED("UTF-8");
if (i < n) PROVE(!IS_CONTROL(b.p[i]));
}

/* Show any value in one way */

static size_t
show(size_t length_max, proxy_show how, char ** out)
{
size_t length = any_length(length_max), room = PROXY_TLV_SHOWN_MAX(length), n;
proxy_bytes value = { any_bytes(length), length };

*out = (char *)any_bytes(room);
n = proxy_tlv_shown(value, how, *out);
PROVE(n < room);
PROVE((*out)[n] == 0);
REACHED("the end");
return n;
}

void
tlv_show_text(void)
{
char * out;
show(LENGTH_MAX, nondet_int() ? PROXY_SHOW_TEXT : PROXY_SHOW_AWS, &out);
}

/* What the text consists of, for a few bytes: each turn of the loop sees four at most, and does not
know where it is */

void
tlv_show_few(void)
{
uint8_t bytes[6];
char out[4 * sizeof(bytes)];
proxy_bytes value = { bytes, any_length(sizeof(bytes)) };

watched = nondet_size();
if (watched >= show_text(value, out)) return;
REACHED("a byte");
PROVE(!IS_CONTROL(out[watched]));
}

void
tlv_show_hex(void)
{
char * out;
watched = nondet_size();
if (watched < show(LENGTH_MAX, PROXY_SHOW_HEX, &out)) PROVE(IS_HEX(out[watched]));
}

void
tlv_show_cert(void)
{
char * out;
size_t n;
watched = nondet_size();
n = show(LENGTH_MAX, PROXY_SHOW_CERT, &out);
PROVE(n % 4 == 0);
if (watched < n) PROVE(IS_BASE64(out[watched]));
}

void
tlv_show_number(void)
{
char * out;
size_t n;
int verify = nondet_int();

watched = nondet_size();
n = show(LENGTH_MAX, verify ? PROXY_SHOW_VERIFY : PROXY_SHOW_AZURE, &out);
PROVE(IMPLIES(verify, n == 2 || n > 7));
if (watched >= n) return;
if (!verify) PROVE(IS_DIGIT(out[watched]));
PROVE(!IS_CONTROL(out[watched]));
}
