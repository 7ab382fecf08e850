/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proofs about proxy_header.c */

#include "proof.h"

/* The CR that ends the v1 line: no field may take it, and nobody may look behind it */

const uint8_t * line_end;

/* A byte of a part of an address: any, so what is said of it holds for each */

const uint8_t * watched_part;
size_t watched;
int watched_is_set;

#include "proxy_header.c"

#define ADDRESS_MAX 200		/* more than is left of the longest v1 line */

/* Text as the functions that take a field are given it: any part of a line, with its CR */

static text
any_text(void)
{
size_t length = any_length(ADDRESS_MAX);
text p = any_bytes(length + 1);
line_end = p + length;
ASSUME(*line_end == '\r');
return p + any_length(length);
}

static int
is_text(text p)
{
return __CPROVER_same_object(p, line_end) && AT(p) <= AT(line_end)
  && __CPROVER_r_ok(p, AT(line_end) - AT(p) + 1) && *line_end == '\r';
}

/* What each of them owes: it takes something, and nothing from beyond the text */

static int
ends_within(text after, text p)
{
return __CPROVER_same_object(after, line_end) && AT(p) < AT(after) && AT(after) <= AT(line_end);
}


/*************************************************
*             Lemmas                             *
*************************************************/

/* Each stands for the function of that name in the proofs of its callers: it demands what the
function needs, and leaves open all that the function's own proof does not show. */

static void
note_set(const uint8_t * p, size_t n)
{
if (__CPROVER_same_object(p, watched_part)
   && AT(p) <= watched && watched - AT(p) < n) watched_is_set = 1;
}

static text
any_end(text p)
{
size_t n = any_length(ADDRESS_MAX);
PROVE(is_text(p));
if (n == 0 || n > AT(line_end) - AT(p)) return NULL;
return p + n;
}

text
take_decimal_lemma(text p, uint32_t max, uint32_t * value)
{
text after = any_end(p);

PROVE(max <= UINT16_MAX);
if (!after) return NULL;
*value = nondet_uint32();
ASSUME(*value <= max);
return after;
}

text
take_inet_lemma(text p, uint8_t * address)
{
text after = any_end(p);

PROVE(__CPROVER_w_ok(address, PROXY_INET_LEN));
__CPROVER_havoc_slice(address, PROXY_INET_LEN);
if (after) note_set(address, PROXY_INET_LEN);
return after;
}

text
take_group_lemma(text p, uint8_t * group)
{
text after = any_end(p);

PROVE(__CPROVER_w_ok(group, GROUP_LEN));
__CPROVER_havoc_slice(group, GROUP_LEN);
if (after) note_set(group, GROUP_LEN);
return after;
}

text
take_groups_lemma(text p, uint8_t * part, size_t room, size_t * n, int * ended)
{
text after = any_end(p);

PROVE(0 < room && room <= PROXY_INET6_LEN && room % 2 == 0);
PROVE(__CPROVER_w_ok(part, room));
__CPROVER_havoc_slice(part, room);
*n = any_length(room);
*ended = nondet_int();
if (after) ASSUME(*n > 0 && *n % 2 == 0);
return after;
}

text
take_inet6_lemma(text p, uint8_t * address)
{
PROVE(__CPROVER_w_ok(address, PROXY_INET6_LEN));
__CPROVER_havoc_slice(address, PROXY_INET6_LEN);
return any_end(p);
}

const char *
v1_endpoints_lemma(text p, text end, take_address * take, proxy_header * h)
{
proxy_header any;

PROVE(end == line_end && is_text(p));
PROVE(take == (h->family == PROXY_AF_INET ? take_inet : take_inet6));
h->source = any.source;
h->destination = any.destination;
return nondet_int() ? NULL : "some reason";
}

size_t
v1_line_len_lemma(const uint8_t * buf, size_t len)
{
size_t n = any_length(len);

PROVE(__CPROVER_r_ok(buf, len));
PROVE(len > 0 && buf[0] != '\n');
if (n < 2) return 0;
ASSUME(buf[n - 2] == '\r' && buf[n - 1] == '\n');
return n;
}

const char *
v1_line_lemma(text p, text end, proxy_header * h)
{
proxy_header any;

line_end = end;
PROVE(is_text(p));
PROVE(h->command == PROXY_CMD_PROXY && h->family == PROXY_AF_NONE);
h->source = any.source;
h->destination = any.destination;
h->family = any.family;
h->command = any.command;
ASSUME(h->command == PROXY_CMD_PROXY || h->command == PROXY_CMD_UNKNOWN);
ASSUME(h->family == PROXY_AF_NONE || h->family == PROXY_AF_INET || h->family == PROXY_AF_INET6);
if (nondet_int()) return "some reason";
ASSUME((h->command == PROXY_CMD_PROXY) == (h->family != PROXY_AF_NONE));
return NULL;
}

int
proxy_tlv_row_is_whole_lemma(proxy_bytes row)
{
PROVE(__CPROVER_r_ok(row.p, row.length));
return nondet_int();
}

const char *
proxy_tlv_check_lemma(const uint8_t * header, size_t length, size_t offset)
{
PROVE(__CPROVER_r_ok(header, length));
PROVE(offset <= length);
return nondet_int() ? NULL : "some reason";
}


/*************************************************
*             Fields of a version 1 line         *
*************************************************/

void
v1_decimal(void)
{
uint32_t max = nondet_uint32(), value, untouched = value;
text p = any_text(), after;

ASSUME(max <= UINT16_MAX);
after = take_decimal(p, max, &value);
if (!after)
  {
  REACHED("none");
  PROVE(value == untouched);
  return;
  }
REACHED("a number");
PROVE(ends_within(after, p));
PROVE(value <= max);
}

void
v1_inet(void)
{
text p = any_text(), after = take_inet(p, any_bytes(PROXY_INET_LEN));

if (!after) { REACHED("none"); return; }
REACHED("an address");
PROVE(ends_within(after, p));
}

void
v1_group(void)
{
text p = any_text(), after = take_group(p, any_bytes(GROUP_LEN));

if (!after) { REACHED("none"); return; }
REACHED("a group");
PROVE(ends_within(after, p));
}

void
v1_groups(void)
{
text p = any_text(), after;
size_t room = any_length(PROXY_INET6_LEN), n;
uint8_t * part = any_bytes(room);
int ended;

ASSUME(room > 0 && room % 2 == 0);
watched_part = part;
watched = nondet_size();
watched_is_set = 0;
after = take_groups(p, part, room, &n, &ended);
if (!after) { REACHED("none"); return; }
PROVE(ends_within(after, p));
PROVE(0 < n && n <= room && n % 2 == 0);
PROVE(IMPLIES(watched < n, watched_is_set));
if (ended) REACHED("an IPv4 part");
else if (n == PROXY_INET6_LEN) REACHED("a whole address");
else REACHED("a part");
}

void
v1_inet6(void)
{
text p = any_text(), after = take_inet6(p, any_bytes(PROXY_INET6_LEN));

if (!after) { REACHED("none"); return; }
REACHED("an address");
PROVE(ends_within(after, p));
}

void
v1_both_endpoints(void)
{
text p = any_text();
proxy_header h, untouched = h;
const char * reason =
  v1_endpoints(p, line_end, nondet_int() ? take_inet_lemma : take_inet6_lemma, &h);

PROVE(h.version == untouched.version && h.command == untouched.command
  && h.family == untouched.family && h.tlv_offset == untouched.tlv_offset
  && h.tlv_length == untouched.tlv_length);
if (reason) REACHED("bad"); else REACHED("good");
}

void
v1_whole_line(void)
{
text p = any_text();
proxy_header h = { .version = 1, .command = PROXY_CMD_PROXY };
const char * reason = v1_line(p, line_end, &h);

PROVE(h.version == 1 && h.tlv_offset == 0 && h.tlv_length == 0);
PROVE(h.command == PROXY_CMD_PROXY || h.command == PROXY_CMD_UNKNOWN);
PROVE(h.family == PROXY_AF_NONE || h.family == PROXY_AF_INET || h.family == PROXY_AF_INET6);
if (reason) { REACHED("bad"); return; }
PROVE((h.command == PROXY_CMD_PROXY) == (h.family != PROXY_AF_NONE));
if (h.family == PROXY_AF_INET) REACHED("TCP4");
else if (h.family == PROXY_AF_INET6) REACHED("TCP6");
else REACHED("UNKNOWN");
}

/* Here and nowhere else: any byte that is c may be found, not only the first */

void *
memchr(const void * bytes, int c, size_t n)
{
const uint8_t * p = bytes;
size_t i = any_length(LENGTH_MAX);

PROVE(__CPROVER_r_ok(bytes, n));
if (i >= n) return NULL;
ASSUME(p[i] == c);
return (void *)(p + i);
}

void
v1_length(void)
{
size_t len = any_length(LENGTH_MAX), n;
uint8_t * buf = any_bytes(len);

ASSUME(len > 0 && buf[0] != '\n');
n = v1_line_len(buf, len);
if (n == 0) { REACHED("no CRLF"); return; }
REACHED("a line");
PROVE(n >= 2 && n <= len && buf[n - 2] == '\r' && buf[n - 1] == '\n');
}


/*************************************************
*             Whole headers                      *
*************************************************/

static int
same_endpoint(const proxy_endpoint * a, const proxy_endpoint * b, size_t i)
{
return a->port == b->port && a->address[i] == b->address[i];
}

static int
same_header(const proxy_header * a, const proxy_header * b)
{
size_t i = any_length(PROXY_INET6_LEN - 1);
return a->version == b->version && a->command == b->command && a->family == b->family
  && a->tlv_offset == b->tlv_offset && a->tlv_length == b->tlv_length
  && same_endpoint(&a->source, &b->source, i) && same_endpoint(&a->destination, &b->destination, i);
}

/* The contract of proxy_header_parse() */

static void
check_contract(const uint8_t * buf, size_t len)
{
proxy_header h, untouched = h;
proxy_result r = proxy_header_parse(buf, len, &h);
int version = proxy_header_version(buf, len);
size_t stated = len < PROXY_V2_FIXED_LEN ? 0 : PROXY_V2_FIXED_LEN + buf[14] * 256u + buf[15];

PROVE(version == 0 || version == 1 || version == 2);
PROVE(r.verdict == PROXY_HDR_COMPLETE || same_header(&h, &untouched));
PROVE((r.reason != NULL) == (r.verdict == PROXY_HDR_BAD || r.verdict == PROXY_HDR_NONE));
PROVE(IMPLIES(version == 0, r.verdict == PROXY_HDR_MORE || r.verdict == PROXY_HDR_NONE));
PROVE(IMPLIES(version != 0, r.verdict != PROXY_HDR_NONE));

switch (r.verdict)
  {
  case PROXY_HDR_COMPLETE:
    PROVE(0 < r.n && r.n <= len);
    PROVE(h.version == version);
    PROVE(h.family == PROXY_AF_NONE || h.command == PROXY_CMD_PROXY);
    if (version == 1)
      {
      REACHED("complete, v1");
      PROVE(r.n >= PROXY_V1_SIGNATURE_LEN + 2 && r.n <= PROXY_V1_MAX);
      PROVE(buf[r.n - 2] == '\r' && buf[r.n - 1] == '\n');
      PROVE(h.command == PROXY_CMD_PROXY || h.command == PROXY_CMD_UNKNOWN);
      PROVE((h.command == PROXY_CMD_PROXY) == (h.family != PROXY_AF_NONE));
      PROVE(h.tlv_offset == 0 && h.tlv_length == 0);
      break;
      }
    PROVE(r.n == stated);
    PROVE(h.command == PROXY_CMD_PROXY || h.command == PROXY_CMD_LOCAL);
    if (h.command == PROXY_CMD_PROXY)
      {
      REACHED("complete, v2 PROXY");
      PROVE(h.tlv_offset >= PROXY_V2_FIXED_LEN && h.tlv_offset <= r.n);
      PROVE(h.tlv_offset + h.tlv_length == r.n
	|| (h.tlv_length == 0 && buf[V2_FAMILY_AT] >> 4 == V2_FAM_UNSPEC));
      }
    else
      {
      REACHED("complete, v2 LOCAL");
      PROVE(h.tlv_offset == 0 && h.tlv_length == 0);
      }
    break;

  case PROXY_HDR_MORE:
    REACHED("more");
    PROVE(r.n > 0);
    PROVE(IMPLIES(version == 1, len < PROXY_V1_MAX && r.n <= 2));
    PROVE(IMPLIES(version == 2 && stated, len + r.n == stated));
    PROVE(IMPLIES(version == 2 && !stated, len + r.n == PROXY_V2_FIXED_LEN));
    break;

  case PROXY_HDR_BAD:
    REACHED("bad");
    PROVE(IMPLIES(version == 2, r.n == stated));
    PROVE(IMPLIES(version == 1, r.n <= len && (r.n == 0 || r.n >= PROXY_V1_SIGNATURE_LEN + 2)));
    PROVE(IMPLIES(r.n == 0, len >= PROXY_V1_MAX));
    PROVE(IMPLIES(r.n != 0 && version == 1, buf[r.n - 2] == '\r' && buf[r.n - 1] == '\n'));
    break;

  case PROXY_HDR_NONE:
    REACHED("none");
    PROVE(r.n == 0);
    break;

  default:
    PROVE(0);
  }
}

/* Whatever comes, and whatever is behind it */

void
header_parse(void)
{
size_t len = any_length(LENGTH_MAX);
check_contract(any_bytes(len), len);
}

void
header_empty(void)
{
proxy_header h, untouched = h;
proxy_result r = proxy_header_parse(NULL, 0, &h);

PROVE(r.verdict == PROXY_HDR_MORE && r.n > 0 && !r.reason);
PROVE(same_header(&h, &untouched));
PROVE(proxy_header_version(NULL, 0) == 0);
REACHED("the end");
}
