/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proofs about proxy_tlv.c */

#include "proof.h"

#include <ctype.h>
#include <stdlib.h>

/* The C library's functions for the digits of a type, by their definition. CBMC has none that
follow its headers' macro. */

#undef isxdigit

int
isxdigit(int c)
{
return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

unsigned long
strtoul(const char * restrict digits, char ** restrict end, int base)
{
unsigned long n = 0;

PROVE(isxdigit(*digits) && !end && base == 16);
for (; isxdigit(*digits); digits++)
  {
  PROVE(n < 16);			/* more would not fit a type */
  n = n * 16 + (unsigned long)(*digits <= '9' ? *digits - '0' : (*digits | 0x20) - 'a' + 10);
  }
return n;
}

#include "proxy_tlv.c"
#include "lemmas.h"

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

uint32_t
tlv_crc32c_lemma(uint32_t crc, const uint8_t * p, size_t n)
{
(void)crc;
PROVE(__CPROVER_r_ok(p, n));
return nondet_uint32();
}

static proxy_bytes
any_part(proxy_bytes whole)
{
size_t before = any_length(whole.length);
return (proxy_bytes) { whole.p + before, any_length(whole.length - before) };
}

int
tlv_find_first_lemma(proxy_bytes row, const proxy_tlv_name * n, proxy_bytes * value)
{
PROVE(__CPROVER_r_ok(row.p, row.length));
if (nondet_int()) return 0;
*value = any_part(row);
ASSUME(value->length >= n->min && value->length <= n->max);
return 1;
}

int
tlv_find_ssl_lemma(proxy_bytes row, proxy_bytes * value)
{
PROVE(__CPROVER_r_ok(row.p, row.length));
if (nondet_int()) return 0;
*value = any_part(row);
ASSUME(value->length >= SSL_FIXED_LEN);
return 1;
}


/*************************************************
*             Walking                            *
*************************************************/

void
tlv_next_one(void)
{
proxy_bytes row = any_row(), before = row, value, untouched = value;
uint8_t type, untouched_type = type;
int rc = tlv_next(&row, &type, &value);

PROVE(rc == 1 || rc == 0 || rc == -1);
if (rc == 1)
  {
  REACHED("a TLV");
  PROVE(row.length < before.length);
  PROVE(row.p == before.p + (before.length - row.length));
  PROVE(value.p == before.p + TLV_FIXED_LEN);
  PROVE(value.p + value.length == row.p);
  PROVE(type == before.p[0]);
  PROVE(value.length == before.p[1] * 256u + before.p[2]);
  return;
  }
PROVE(row.p == before.p && row.length == before.length);
PROVE(type == untouched_type);
PROVE(value.p == untouched.p && value.length == untouched.length);
PROVE((rc == 0) == (before.length == 0));
if (rc == 0) REACHED("the end"); else REACHED("an overrun");
}

void
tlv_big_endian(void)
{
size_t n = any_length(4);
uint8_t * p = any_bytes(n);
PROVE(proxy_big_endian(p, n) == proxy_big_endian_lemma(p, n));
REACHED("the end");
}

void
tlv_fills(void)
{
if (proxy_tlv_fills(any_row())) REACHED("filled"); else REACHED("not filled");
}


/*************************************************
*             Checking                           *
*************************************************/

void
tlv_crc(void)
{
proxy_bytes b = any_row();
tlv_crc32c(nondet_uint32(), b.p, b.length);
REACHED("the end");
}

/* The table is the polynomial's: a byte by it is the same as bit by bit. */

void
tlv_crc_byte(void)
{
uint8_t byte = nondet_byte();
uint32_t crc = nondet_uint32(), v = crc ^ byte;

for (int bit = 0; bit < 8; bit++) v = v & 1 ? v >> 1 ^ 0x82f63b78 : v >> 1;
PROVE(tlv_crc32c(crc, &byte, 1) == v);
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
*             Finding                            *
*************************************************/

void
tlv_by_name(void)
{
size_t size = any_length(32);
char * name = (char *)any_bytes(size);
proxy_tlv_name found, untouched = found;
int rc;

ASSUME(size > 0 && name[size - 1] == '\0');
rc = proxy_tlv_by_name(name, &found);
PROVE(rc == 0 || rc == 1);
if (rc == 1)
  {
  if (found.kind == PROXY_VALUE_OPAQUE && !*found.name) REACHED("a number"); else REACHED("a name");
  PROVE(found.kind <= PROXY_VALUE_CERT);
  PROVE(IMPLIES(found.kind == PROXY_VALUE_VERIFY, found.type == PROXY_TLV_SSL && found.needs_cert));
  return;
  }
REACHED("none");
PROVE(found.name == untouched.name && found.type == untouched.type && found.kind == untouched.kind
  && found.in_ssl == untouched.in_ssl && found.needs_cert == untouched.needs_cert
  && found.subtype == untouched.subtype && found.min == untouched.min && found.max == untouched.max);
}

void
tlv_find_first_one(void)
{
proxy_bytes row = any_row(), value, untouched = value;
proxy_tlv_name name;
int rc = tlv_find_first(row, &name, &value);

PROVE(rc == 0 || rc == 1);
if (rc == 1)
  {
  REACHED("one");
  PROVE(is_part(value.p, value.length, row.p, row.length));
  PROVE(value.length >= name.min && value.length <= name.max);
  return;
  }
REACHED("none");
PROVE(value.p == untouched.p && value.length == untouched.length);
}

void
tlv_find_an_ssl(void)
{
proxy_bytes row = any_row(), value, untouched = value;
int rc = tlv_find_ssl(row, &value);

PROVE(rc == 0 || rc == 1);
if (rc == 1)
  {
  REACHED("one");
  PROVE(is_part(value.p, value.length, row.p, row.length));
  PROVE(value.length >= SSL_FIXED_LEN);
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
int rc;

if (known) name = *known;
else
  {
  char digits[] = { (char)(nondet_byte() & 0x7f), (char)(nondet_byte() & 0x7f), '\0' };
  if (!tlv_by_number(digits, PROXY_VALUE_OPAQUE, &name)) return;
  REACHED("a number");
  }

rc = proxy_tlv_find(row, &name, &value);
PROVE(rc == 0 || rc == 1);
if (rc == 1)
  {
  if (name.in_ssl) REACHED("one in the SSL TLV"); else REACHED("one");
  PROVE(is_part(value.p, value.length, row.p, row.length));
  PROVE(IMPLIES(name.kind == PROXY_VALUE_VERIFY, value.length == 4));
  PROVE(IMPLIES(name.kind == PROXY_VALUE_NUMBER, value.length == AZURE_LINKID_LEN));
  return;
  }
REACHED("none");
PROVE(value.p == untouched.p && value.length == untouched.length);
}
