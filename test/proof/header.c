/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proofs about proxy_header.c */

#include "proof.h"
#include "contract.h"
#include "libc.h"
#include "proxy_header.c"
#include "lemmas.h"

/* A line as the functions that take a field off it are given it: any part of one */

static proxy_bytes
any_line(void)
{
size_t length = any_length(PROXY_V1_MAX);
return (proxy_bytes) { any_bytes(length), length };
}

/* What each of them owes: the rest of the line, and all of that */

static int
is_rest(proxy_bytes after, proxy_bytes line)
{
return after.length <= line.length && after.p == line.p + (line.length - after.length);
}


/*************************************************
*             Lemmas                             *
*************************************************/

/* Each stands for the function of that name in the proofs of its callers: it demands what the
function needs, and leaves open all that the function's own proof does not show. */

static int
any_rest(proxy_bytes * line)
{
size_t n = any_length(line->length);
PROVE(__CPROVER_r_ok(line->p, line->length));
*line = (proxy_bytes) { line->p + n, line->length - n };
return nondet_int() ? 1 : 0;
}

int
header_v1_field_lemma(proxy_bytes * line, char * field, size_t room)
{
size_t n = any_length(room - 1);
int rc = any_rest(line);

PROVE(room > 0 && __CPROVER_w_ok(field, room));
if (rc == 1)
  {
  __CPROVER_havoc_slice(field, room);
  field[n] = '\0';
  }
return rc;
}

int
header_v1_address_lemma(proxy_bytes * line, uint8_t * address)
{
PROVE(__CPROVER_w_ok(address, PROXY_INET6_LEN));
__CPROVER_havoc_slice(address, PROXY_INET6_LEN);
return any_rest(line);
}

int
header_v1_port_lemma(proxy_bytes * line, uint16_t * port)
{
int rc = any_rest(line);
if (rc == 1) *port = nondet_uint16();
return rc;
}

/* The same line has the same end, and is as good, whatever is behind it. */

size_t first_crlf;
int line_is_good;
proxy_header line_header;

static void
any_parts(void)
{
proxy_header h;
first_crlf = nondet_size();
line_is_good = nondet_int();
tlvs_fill = nondet_int();
tlvs_are_good = nondet_int();
line_header = h;
}

size_t
header_v1_size_lemma(const uint8_t * buf, size_t len)
{
PROVE(__CPROVER_r_ok(buf, len));
PROVE(len > 0 && buf[0] != '\n');
ASSUME(first_crlf >= 2);
if (first_crlf > len)
  {
  ASSUME(first_crlf > len + 1 || buf[len - 1] == '\r');
  return 0;
  }
ASSUME(buf[first_crlf - 2] == '\r' && buf[first_crlf - 1] == '\n');
return first_crlf;
}

const char *
header_v1_line_lemma(proxy_bytes line, proxy_header * h)
{
PROVE(__CPROVER_r_ok(line.p, line.length + 2));
PROVE(line.p[line.length] == '\r' && line.p[line.length + 1] == '\n');
PROVE(h->version == 1 && h->command == PROXY_CMD_PROXY && h->has_client == 0);
h->source = line_header.source;
h->destination = line_header.destination;
h->has_client = line_header.has_client;
h->command = line_header.command;
ASSUME(h->command == PROXY_CMD_PROXY || h->command == PROXY_CMD_UNKNOWN);
if (!line_is_good) return "some reason";
ASSUME(h->has_client == (h->command == PROXY_CMD_PROXY));
return NULL;
}

void
header_v2_endpoints_lemma(const uint8_t * p, size_t len, proxy_header * h)
{
proxy_header any;

PROVE(len == PROXY_INET_LEN || len == PROXY_INET6_LEN);
PROVE(__CPROVER_r_ok(p, 2 * len + 2 * PORT_LEN));
h->source = any.source;
h->destination = any.destination;
}


/*************************************************
*             Fields of a version 1 line         *
*************************************************/

void
v1_field(void)
{
proxy_bytes line = any_line(), before = line;
size_t room = any_length(INET6_ADDRSTRLEN), n;
uint8_t * field;
int rc;

ASSUME(room > 0);
watched = nondet_size();
field = any_bytes(room);
rc = header_v1_field(&line, (char *)field, room);
PROVE(rc == 0 || rc == 1);
PROVE(is_rest(line, before));
if (rc == 0) { REACHED("none"); return; }
REACHED("a field");
PROVE(line.length == 0 || *line.p == ' ');
PROVE(before.p[0] == ' ');
n = before.length - line.length - 1;
PROVE(n < room && field[n] == '\0');
if (watched < n)
  PROVE(field[watched] == before.p[watched + 1] 
    && field[watched] != '\0' && field[watched] != ' ');
}

void
v1_address(void)
{
proxy_bytes line = any_line(), before = line;
uint8_t * address = any_bytes(PROXY_INET6_LEN);
size_t i = any_length(MAPPED_LEN - 1);
int rc = header_v1_address(&line, address);

PROVE(rc == 0 || rc == 1);
PROVE(is_rest(line, before));
if (rc == 0) { REACHED("none"); return; }
if (inet_pton_family == AF_INET6)
  {
  REACHED("IPv6");
  PROVE(inet_pton_to == address);
  return;
  }
REACHED("IPv4");
PROVE(inet_pton_to == address + MAPPED_LEN);
PROVE(address[i] == (i < 10 ? 0 : 0xff));
}

void
v1_port(void)
{
proxy_bytes line = any_line(), before = line;
uint16_t port, untouched = port;
int rc = header_v1_port(&line, &port);

PROVE(rc == 0 || rc == 1);
PROVE(is_rest(line, before));
if (rc == 1) { REACHED("a port"); return; }
REACHED("none");
PROVE(port == untouched);
}

void
v1_line(void)
{
proxy_header h = { .version = 1, .command = PROXY_CMD_PROXY };
const char * reason = header_v1_line(any_line(), &h);

PROVE(h.version == 1 && h.tlv_offset == 0 && h.tlv_length == 0);
PROVE(h.command == PROXY_CMD_PROXY || h.command == PROXY_CMD_UNKNOWN);
if (reason) { REACHED("bad"); return; }
PROVE(h.has_client == (h.command == PROXY_CMD_PROXY));
if (h.has_client) REACHED("a client"); else REACHED("UNKNOWN");
}

void
v1_size(void)
{
size_t len = any_length(LENGTH_MAX), n;
uint8_t * buf = any_bytes(len);

ASSUME(len > 0 && buf[0] != '\n');
watched = nondet_size();
n = header_v1_size(buf, len);
if (0 < watched && watched < (n == 0 ? len : n - 1))
  PROVE(buf[watched] != '\n' || buf[watched - 1] != '\r');
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
return a->version == b->version && a->command == b->command && a->has_client == b->has_client
  && a->tlv_offset == b->tlv_offset && a->tlv_length == b->tlv_length
  && same_endpoint(&a->source, &b->source, i) && same_endpoint(&a->destination, &b->destination, i);
}

static void
check_v2_address(const uint8_t * address, const uint8_t * p, size_t len)
{
size_t i = any_length(PROXY_INET6_LEN - 1);
size_t from = PROXY_INET6_LEN - len;
PROVE(address[i] == (i >= from ? p[i - from] : i < 10 ? 0 : 0xff));
}

void
v2_endpoints(void)
{
size_t len = nondet_int() ? PROXY_INET_LEN : PROXY_INET6_LEN;
uint8_t * p = any_bytes(2 * len + 2 * PORT_LEN);
proxy_header h, untouched = h;

header_v2_endpoints(p, len, &h);
PROVE(h.version == untouched.version && h.command == untouched.command
  && h.has_client == untouched.has_client
  && h.tlv_offset == untouched.tlv_offset && h.tlv_length == untouched.tlv_length);
check_v2_address(h.source.address, p, len);
check_v2_address(h.destination.address, p + len, len);
PROVE(h.source.port == p[2 * len] * 256u + p[2 * len + 1]);
PROVE(h.destination.port == p[2 * len + 2] * 256u + p[2 * len + 3]);
if (len == PROXY_INET_LEN) REACHED("IPv4"); else REACHED("IPv6");
}

static judgement
judge(const uint8_t * buf, size_t len, proxy_header * h)
{
judgement j = { len, proxy_header_parse(buf, len, h), proxy_header_version(buf, len) };
return j;
}

/* Whatever comes, and whatever is behind it: the contract of proxy_header_parse() */

void
header_parse(void)
{
size_t len = any_length(LENGTH_MAX);
uint8_t * buf = any_bytes(len);
proxy_header h, untouched = h;
judgement j;
proxy_result r;
size_t stated = len < PROXY_V2_FIXED_LEN ? PROXY_V2_FIXED_LEN
  : PROXY_V2_FIXED_LEN + buf[14] * 256u + buf[15];

any_parts();
j = judge(buf, len, &h);
r = j.r;
PROVE(keeps_contract(j));
PROVE(r.verdict == PROXY_HDR_COMPLETE || same_header(&h, &untouched));

switch (r.verdict)
  {
  case PROXY_HDR_COMPLETE:
    PROVE(h.version == j.version);
    PROVE(h.has_client == 0 || (h.has_client == 1 && h.command == PROXY_CMD_PROXY));
    if (j.version == 1)
      {
      REACHED("complete, v1");
      PROVE(buf[r.size - 2] == '\r' && buf[r.size - 1] == '\n');
      PROVE(h.command == PROXY_CMD_PROXY || h.command == PROXY_CMD_UNKNOWN);
      PROVE(h.has_client == (h.command == PROXY_CMD_PROXY));
      PROVE(h.tlv_offset == 0 && h.tlv_length == 0);
      break;
      }
    PROVE(r.size == stated);
    PROVE(h.command == PROXY_CMD_PROXY || h.command == PROXY_CMD_LOCAL);
    if (h.command == PROXY_CMD_PROXY)
      {
      REACHED("complete, v2 PROXY");
      PROVE(h.tlv_offset >= PROXY_V2_FIXED_LEN && h.tlv_offset <= r.size);
      PROVE(h.tlv_offset + h.tlv_length == r.size
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
    PROVE(IMPLIES(j.version == 2, len + r.missing == stated));
    break;

  case PROXY_HDR_BAD:
    REACHED("bad");
    PROVE(IMPLIES(j.version == 2, r.size == stated));
    PROVE(IMPLIES(j.version == 1 && r.size > 0, r.size <= len
      && buf[r.size - 2] == '\r' && buf[r.size - 1] == '\n'));
    break;

  case PROXY_HDR_NONE:
    REACHED("none");
    break;
  }
}

/* What is said of the beginning of a stream is not taken back when more has come. */

void
header_grows(void)
{
size_t len = any_length(LENGTH_MAX), less = any_length(len);
uint8_t * buf = any_bytes(len);
proxy_header h;
judgement a, b;

any_parts();
a = judge(buf, less, &h);
b = judge(buf, len, &h);
PROVE(keeps_word(a, b));
if (a.r.verdict == PROXY_HDR_MORE && b.r.verdict == PROXY_HDR_COMPLETE) REACHED("completed");
if (a.r.verdict == PROXY_HDR_MORE && b.r.verdict == PROXY_HDR_BAD) REACHED("gone bad");
if (a.r.missing > 0 && a.r.verdict == PROXY_HDR_BAD && b.r.missing == 0) REACHED("a bad one's end");
if (a.r.verdict == PROXY_HDR_MORE && b.r.verdict == PROXY_HDR_NONE) REACHED("none");
}

void
header_empty(void)
{
proxy_header h, untouched = h;
proxy_result r = proxy_header_parse(NULL, 0, &h);

PROVE(r.verdict == PROXY_HDR_MORE && r.missing > 0 && !r.reason);
PROVE(same_header(&h, &untouched));
PROVE(proxy_header_version(NULL, 0) == 0);
REACHED("the end");
}
