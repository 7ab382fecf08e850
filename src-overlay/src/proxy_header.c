/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The wire format of the PROXY protocol; see proxy_header.h. In Exim's build the
flag comes from config.h; whoever compiles this file elsewhere defines it. */

#ifndef EXPERIMENTAL_PROXY
# include "config.h"
#endif
#ifdef EXPERIMENTAL_PROXY
#if EXPERIMENTAL_PROXY != 2 || defined(PROXY_MODULE)

#include <string.h>
#include "proxy_header.h"
#include "proxy_tlv.h"

extern int memcmp(const void *, const void *, size_t) PROXY_BOUND_AT_START;
extern void * memchr(const void *, int, size_t) PROXY_BOUND_AT_START;

/* The bytes 12 and 13 of a v2 header are two nibbles each (section 2.2) */

#define V2_VERSION       2

#define V2_CMD_LOCAL     0
#define V2_CMD_PROXY     1

#define V2_FAM_UNSPEC    0
#define V2_FAM_INET      1
#define V2_FAM_INET6     2
#define V2_FAM_UNIX      3

#define V2_TRANS_UNSPEC  0
#define V2_TRANS_STREAM  1
#define V2_TRANS_DGRAM   2

#define V2_VERSION_AT   12
#define V2_FAMILY_AT    13
#define V2_LENGTH_AT    14

#define GROUP_LEN        2	/* of an IPv6 address, in bytes */
#define PORT_LEN         2	/* on the v2 wire */
#define UNIX_PATH_LEN  108

/* Every v1 line, even a bad one, has its signature and a CRLF */

#define V1_LEAST (PROXY_V1_SIGNATURE_LEN + 2)

static const uint8_t v1_signature[] = "PROXY ";
static const uint8_t v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";

/* How many bytes of addresses a v2 family has, by its number */

static const size_t v2_address_len[] = {
  0,
  2 * PROXY_INET_LEN + 2 * PORT_LEN,
  2 * PROXY_INET6_LEN + 2 * PORT_LEN,
  2 * UNIX_PATH_LEN
};

/* Hex digits by their code: what each stands for, and a bit that tells it from what
is no digit */

static const uint8_t hex_digit[UINT8_MAX + 1] = {
  ['0'] = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19,
  ['A'] = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
  ['a'] = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f
};

/* A place in a v1 line. The line is known to end in CRLF, and nothing that is taken
off it has a CR in it; so nothing is ever taken from beyond it. */

typedef const uint8_t * text;


/*************************************************
*             Verdicts                           *
*************************************************/

static proxy_result
complete(size_t used)
{
proxy_result r = { PROXY_HDR_COMPLETE, used, NULL };
return r;
}

static proxy_result
more(size_t needed)
{
proxy_result r = { PROXY_HDR_MORE, needed, NULL };
return r;
}

static proxy_result
bad(size_t own_end, const char * reason)
{
proxy_result r = { PROXY_HDR_BAD, own_end, reason };
return r;
}

static proxy_result
none(void)
{
proxy_result r = { PROXY_HDR_NONE, 0, "no header: signature does not match" };
return r;
}


/*************************************************
*        Fields of a version 1 line              *
*************************************************/

/* Each of these takes one field off the text that begins at p. They return where it
ends, or NULL if it is not there or not well formed. */

static text
take_char(text p, uint8_t c)
{
return *p == c ? p + 1 : NULL;
}

static text
take_word(text p, text end, const char * word, size_t len)
{
return (size_t)(end - p) >= len && memcmp(p, word, len) == 0 ? p + len : NULL;
}

/* A decimal number without sign or leading zeroes, at most max. The value cannot
overflow: a digit is taken only while what is there is within max. */

static text
take_decimal(text p, uint32_t max, uint32_t * value)
{
text start = p;
uint32_t v = 0, x;

for (; (x = (uint32_t)*p - '0') <= 9 && v <= max; p++) v = v * 10 + x;
if (p == start || v > max || (*start == '0' && p - start > 1)) return NULL;
*value = v;
return p;
}

static text
take_port(text p, uint16_t * port)
{
uint32_t v = 0;

p = take_decimal(p, UINT16_MAX, &v);
*port = (uint16_t)v;
return p;
}

static text
take_inet(text p, uint8_t * address)
{
for (int i = 0; i < PROXY_INET_LEN; i++)
  {
  uint32_t v = 0;
  if (i > 0 && !(p = take_char(p, '.'))) return NULL;
  if (!(p = take_decimal(p, UINT8_MAX, &v))) return NULL;
  address[i] = (uint8_t)v;
  }
return p;
}

/* One group of an IPv6 address: one to four hex digits. A digit is looked at only
if the one before it was there. */

static uint8_t
two_digits(unsigned high, unsigned low)
{
return (uint8_t)(high << 4 | (low & 0xf));
}

static text
put_group(text p, uint8_t * group, uint8_t high, uint8_t low)
{
group[0] = high;
group[1] = low;
return p;
}

static text
take_group(text p, uint8_t * group)
{
unsigned a, b, c, d;

if (!(a = hex_digit[p[0]])) return NULL;
if (!(b = hex_digit[p[1]])) return put_group(p + 1, group, 0, two_digits(0, a));
if (!(c = hex_digit[p[2]])) return put_group(p + 2, group, 0, two_digits(a, b));
if (!(d = hex_digit[p[3]]))
  return put_group(p + 3, group, two_digits(0, a), two_digits(b, c));
return put_group(p + 4, group, two_digits(a, b), two_digits(c, d));
}

/* The part of an IPv6 address on one side of its "::", or all of it: groups with
colons between. The last one may be an IPv4 address, which fills two groups.

Arguments:
  p		the text; begins with the first group
  part		where to put the bytes
  room		how many bytes may be put there; even, not 0
  n		set to how many were put
  ended		set non-zero if it ended in an IPv4 address

Returns:	the first byte that does not belong, which may be the start of "::"
*/

static text
take_groups(text p, uint8_t * part, size_t room, size_t * n, int * ended)
{
uint8_t * at = part, * most = part + room;

*ended = 0;
for (;; p++)
  {
  text start = p;
  if (!(p = take_group(p, at))) return NULL;
  at += GROUP_LEN;
  if (*p == ':' && at < most && p[1] != ':') continue;

  if (*p == '.')		/* it was no group, but the start of an IPv4 address */
    {
    at -= GROUP_LEN;
    if (most - at < PROXY_INET_LEN || !(p = take_inet(start, at))) return NULL;
    at += PROXY_INET_LEN;
    *ended = 1;
    }
  *n = (size_t)(at - part);
  return p;
  }
}

/* The caller has set the address to zeroes. */

static text
take_inet6(text p, uint8_t * address)
{
uint8_t tail[PROXY_INET6_LEN];
size_t head = 0, room, n;
int ended = 0;

if (*p != ':' && !(p = take_groups(p, address, PROXY_INET6_LEN, &head, &ended)))
  return NULL;
if (head == PROXY_INET6_LEN) return p;

/* Shorter than an address: the rest must be a "::", which stands for one group
or more, with or without groups after it. An IPv4 part is the end, always. */

if (ended || !(p = take_char(p, ':')) || !(p = take_char(p, ':'))) return NULL;
if (!hex_digit[*p]) return p;
room = PROXY_INET6_LEN - GROUP_LEN - head;
if (room == 0 || !(p = take_groups(p, tail, room, &n, &ended))) return NULL;
memcpy(address + PROXY_INET6_LEN - n, tail, n);
return p;
}


/*************************************************
*          Version 1 (section 2.1)               *
*************************************************/

typedef text take_address(text, uint8_t *);

/* Tell whether a field has been taken whole. If the line ends there too early, the
next field is to blame. */

static int
whole(text p)
{
return p && (*p == ' ' || *p == '\r');
}

/* Decode what follows the protocol word: two addresses and two ports, each after
one space.

Returns:	NULL, or the reason why it is bad
*/

static const char *
v1_endpoints(text p, text end, take_address * take, proxy_header * h)
{
if (!(p = take_char(p, ' ')) || !whole(p = take(p, h->source.address)))
  return "bad v1 source address";
if (!(p = take_char(p, ' ')) || !whole(p = take(p, h->destination.address)))
  return "bad v1 destination address";
if (!(p = take_char(p, ' ')) || !whole(p = take_port(p, &h->source.port)))
  return "bad v1 source port";
if (!(p = take_char(p, ' ')) || !whole(p = take_port(p, &h->destination.port)))
  return "bad v1 destination port";
return p == end ? NULL : "text after the v1 destination port";
}

/* Decode a line whose end is known. The header is written piece by piece, so
this one is the caller's own until all of it is good. */

static const char *
v1_line(text p, text end, proxy_header * h)
{
text q;

if ((q = take_word(p, end, "TCP4", 4)))
  {
  h->family = PROXY_AF_INET;
  return v1_endpoints(q, end, take_inet, h);
  }
if ((q = take_word(p, end, "TCP6", 4)))
  {
  h->family = PROXY_AF_INET6;
  return v1_endpoints(q, end, take_inet6, h);
  }
if ((q = take_word(p, end, "UNKNOWN", 7)) && (q == end || *q == ' '))
  {
  h->command = PROXY_CMD_UNKNOWN;
  return NULL;
  }
return "unknown v1 protocol";
}

/* Find the CRLF. A lone CR or LF does not end the line. There is a byte before any LF, for
the signature has none.

Returns:	the size of the line with its CRLF, 0 if it is not there
*/

static size_t
v1_line_len(const uint8_t * buf, size_t len)
{
const uint8_t * p = buf, * end = buf + len, * lf;

for (; (lf = memchr(p, '\n', (size_t)(end - p))); p = lf + 1)
  if (lf[-1] == '\r') return (size_t)(lf + 1 - buf);
return 0;
}

static proxy_result
v1_parse(const uint8_t * buf, size_t len, proxy_header * h)
{
proxy_header line = { .version = 1, .command = PROXY_CMD_PROXY };
size_t used = v1_line_len(buf, len);
const char * reason;

if (used > PROXY_V1_MAX || (used == 0 && len >= PROXY_V1_MAX))
  return bad(used, "v1 line longer than 107 bytes");
if (used == 0)
  return more(buf[len-1] == '\r' ? 1 : 2);

if ((reason = v1_line(buf + PROXY_V1_SIGNATURE_LEN, buf + used - 2, &line)))
  return bad(used, reason);
*h = line;
return complete(used);
}


/*************************************************
*          Version 2 (section 2.2)               *
*************************************************/

static uint16_t
get_uint16(const uint8_t * p)
{
return (uint16_t)(p[0] << 8 | p[1]);
}

/* Decode two addresses and two ports. The caller has seen that they are there. */

static void
v2_endpoints(const uint8_t * p, size_t size, proxy_header * h)
{
memcpy(h->source.address, p, size);
memcpy(h->destination.address, p + size, size);
h->source.port = get_uint16(p + 2 * size);
h->destination.port = get_uint16(p + 2 * size + PORT_LEN);
}

/* Decode a PROXY command, of which the fixed part has been read and the rest has
a known length.

Arguments:
  buf		the header
  payload	its stated length, in bytes
  h		to be filled; of no use if a reason is returned

Returns:	NULL, or the reason why it is bad
*/

static const char *
v2_check(const uint8_t * buf, size_t payload, proxy_header * h)
{
unsigned family = buf[V2_FAMILY_AT] >> 4, transport = buf[V2_FAMILY_AT] & 0xf;

if (family > V2_FAM_UNIX) return "unknown v2 address family";
if (transport > V2_TRANS_DGRAM) return "unknown v2 transport protocol";
if (payload < v2_address_len[family]) return "v2 length too small for its addresses";

/* Datagrams, UNIX sockets and what the proxy could not name are no clients of
ours: the connection is good, but its own endpoints are kept. */

if (transport == V2_TRANS_STREAM)
  h->family = family == V2_FAM_INET ? PROXY_AF_INET
	    : family == V2_FAM_INET6 ? PROXY_AF_INET6 : PROXY_AF_NONE;
h->tlv_offset = PROXY_V2_FIXED_LEN + v2_address_len[family];
h->tlv_length = payload - v2_address_len[family];
return NULL;
}

static proxy_result
v2_parse(const uint8_t * buf, size_t len, proxy_header * h)
{
proxy_header header = { .version = V2_VERSION, .command = PROXY_CMD_PROXY };
size_t payload, total;
unsigned command;
const char * reason;

if (len < PROXY_V2_FIXED_LEN) return more(PROXY_V2_FIXED_LEN - len);
payload = get_uint16(buf + V2_LENGTH_AT);
total = PROXY_V2_FIXED_LEN + payload;

/* The grammar of the fixed part is judged at once; only a good one is waited
for. */

if (buf[V2_VERSION_AT] >> 4 != V2_VERSION) return bad(total, "bad v2 version");
command = buf[V2_VERSION_AT] & 0xf;
if (command > V2_CMD_PROXY) return bad(total, "unknown v2 command");

/* LOCAL has no addresses, whatever its other fields say, and what fills its
stated length is nobody's business. */

if (command == V2_CMD_LOCAL)
  header.command = PROXY_CMD_LOCAL;
else if ((reason = v2_check(buf, payload, &header)))
  return bad(total, reason);

if (len < total) return more(total - len);
if (header.tlv_length > 0 && (reason = proxy_tlv_check(buf, total, header.tlv_offset)))
  {
  proxy_bytes row = { buf + header.tlv_offset, header.tlv_length };

  /* Addresses of a family that is not named are to be ignored, and nobody can tell
  where they end: what is no row of TLVs is taken for such. */

  if (buf[V2_FAMILY_AT] >> 4 != V2_FAM_UNSPEC || proxy_tlv_row_is_whole(row))
    return bad(total, reason);
  header.tlv_length = 0;
  }

if (header.family != PROXY_AF_NONE)
  v2_endpoints(buf + PROXY_V2_FIXED_LEN,
    header.family == PROXY_AF_INET ? PROXY_INET_LEN : PROXY_INET6_LEN, &header);
*h = header;
return complete(total);
}


/*************************************************
*           The functions for callers            *
*************************************************/

/* The first byte tells which version is still possible (section 2) */

static int
is_v1(const uint8_t * buf)
{
return buf[0] == v1_signature[0];
}

/* Tell whether a whole signature is there */

static int
has_signature(const uint8_t * buf, size_t len)
{
return is_v1(buf)
  ? len >= PROXY_V1_SIGNATURE_LEN
    && memcmp(buf, v1_signature, PROXY_V1_SIGNATURE_LEN) == 0
  : len >= PROXY_V2_SIGNATURE_LEN
    && memcmp(buf, v2_signature, PROXY_V2_SIGNATURE_LEN) == 0;
}

/* Judge what has less than a whole signature.

Arguments:
  buf, len	the bytes; at least one
  signature	what they may be the start of
  size		its size
  least		the size of the shortest header that has it, good or bad
*/

static proxy_result
start_parse(const uint8_t * buf, size_t len, const uint8_t * signature, size_t size,
  size_t least)
{
return len < size && memcmp(buf, signature, len) == 0 ? more(least - len) : none();
}

int
proxy_header_version(const uint8_t * buf, size_t len)
{
if (len == 0 || !has_signature(buf, len)) return 0;
return is_v1(buf) ? 1 : 2;
}

proxy_result
proxy_header_parse(const uint8_t * buf, size_t len, proxy_header * h)
{
if (len == 0) return more(V1_LEAST);
if (has_signature(buf, len))
  return is_v1(buf) ? v1_parse(buf, len, h) : v2_parse(buf, len, h);
return is_v1(buf)
  ? start_parse(buf, len, v1_signature, PROXY_V1_SIGNATURE_LEN, V1_LEAST)
  : start_parse(buf, len, v2_signature, PROXY_V2_SIGNATURE_LEN, PROXY_V2_FIXED_LEN);
}

#endif	/* not in the module */
#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_header.c */
