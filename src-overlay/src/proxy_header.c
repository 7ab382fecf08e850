/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The wire format of the PROXY protocol; see proxy_header.h. In Exim's build
the flag comes from config.h; any other build defines it. */

#ifndef EXPERIMENTAL_PROXY
# include "config.h"
#endif
#ifdef EXPERIMENTAL_PROXY

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include "proxy_header.h"
#include "proxy_tlv.h"

/* Bytes 12 and 13 of a v2 header are two nibbles each (section 2.2) */

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
#define V2_LENGTH_LEN    2

#define PORT_LEN         2
#define UNIX_PATH_LEN  108
#define MAPPED_LEN      12	/* what precedes the IPv4 address in a mapped one */

/* The shortest v1 line, good or bad: the signature and a CRLF */

#define V1_MIN (PROXY_V1_SIGNATURE_LEN + 2)

static const uint8_t header_v1_signature[] = "PROXY ";
static const uint8_t header_v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";
static const uint8_t header_mapped[MAPPED_LEN] = { [10] = 0xff, 0xff };

/* The size of the addresses of a v2 family, in bytes, by its number */

static const size_t header_v2_address_len[] = {
  [V2_FAM_UNSPEC] = 0,
  [V2_FAM_INET] =   2 * PROXY_INET_LEN + 2 * PORT_LEN,
  [V2_FAM_INET6] =  2 * PROXY_INET6_LEN + 2 * PORT_LEN,
  [V2_FAM_UNIX] =   2 * UNIX_PATH_LEN
};


/*************************************************
*             Verdicts                           *
*************************************************/

static proxy_result
header_complete(size_t size)
{
return (proxy_result) { .verdict = PROXY_HDR_COMPLETE, .size = size };
}

static proxy_result
header_more(size_t missing)
{
return (proxy_result) { .verdict = PROXY_HDR_MORE, .missing = missing };
}

static proxy_result
header_bad(size_t size, size_t missing, const char * reason)
{
return (proxy_result) { PROXY_HDR_BAD, size, missing, reason };
}

static proxy_result
header_none(void)
{
return (proxy_result) { .verdict = PROXY_HDR_NONE,
  .reason = "no header: signature does not match" };
}


/*************************************************
*          Version 1 (section 2.1)               *
*************************************************/

/* Copy the next field out of a line: one space, then the text up to the next
space or to the end. A null byte would end the copy early, so it makes the field
bad.

Arguments:
  line		the rest of the line, without its CRLF; moved on past the field
  field		where to put the text, with a terminating zero
  room		the size of that, in bytes

Returns:	1, or 0 if there is no field, or it does not fit
*/

static int
header_v1_field(proxy_bytes * line, char * field, size_t room)
{
size_t n = 0;

if (line->length == 0 || *line->p != ' ') return 0;
*line = proxy_bytes_after(*line, 1);
while (n < line->length && line->p[n] != ' ' && line->p[n] != '\0') n++;
if (n >= room || (n < line->length && line->p[n] == '\0')) return 0;
memcpy(field, line->p, n);
field[n] = '\0';
*line = proxy_bytes_after(*line, n);
return 1;
}

/* Decode an address of either family. Some senders do not keep to the one that the
protocol word names. */

static int
header_v1_address(proxy_bytes * line, uint8_t * address)
{
char field[INET6_ADDRSTRLEN];

if (!header_v1_field(line, field, sizeof(field))) return 0;
if (inet_pton(AF_INET6, field, address) == 1) return 1;
memcpy(address, header_mapped, MAPPED_LEN);
return inet_pton(AF_INET, field, address + MAPPED_LEN) == 1;
}

/* Decode a port: a decimal number without a sign or leading zeros. The size of the
field keeps the value from overflowing. */

static int
header_v1_port(proxy_bytes * line, uint16_t * port)
{
char field[sizeof("65535")], * p = field;
uint32_t value = 0;

if (!header_v1_field(line, field, sizeof(field))) return 0;
while (*p >= '0' && *p <= '9') value = value * 10 + (uint32_t)(*p++ - '0');
if (p == field || *p || value > UINT16_MAX || (field[0] == '0' && field[1])) return 0;
*port = (uint16_t)value;
return 1;
}

/* Tell whether a line begins with a word, and take it off. */

static int
header_v1_word(proxy_bytes * line, const char * word)
{
size_t n = strlen(word);

if (line->length < n || memcmp(line->p, word, n) != 0) return 0;
*line = proxy_bytes_after(*line, n);
return 1;
}

/* Decode a line. The header is filled field by field, so the caller discards it
unless all of the line is good.

Arguments:
  line		what is between the signature and the CRLF
  h		the header

Returns:	NULL, or the reason why the line is bad
*/

static const char *
header_v1_line(proxy_bytes line, proxy_header * h)
{
if (!header_v1_word(&line, "TCP4") && !header_v1_word(&line, "TCP6"))
  {
  if (!header_v1_word(&line, "UNKNOWN") || (line.length > 0 && *line.p != ' '))
    return "unknown v1 protocol";
  h->command = PROXY_CMD_UNKNOWN;
  return NULL;
  }

h->has_client = 1;
if (!header_v1_address(&line, h->source.address))
  return "bad v1 source address";
if (!header_v1_address(&line, h->destination.address))
  return "bad v1 destination address";
if (!header_v1_port(&line, &h->source.port))
  return "bad v1 source port";
if (!header_v1_port(&line, &h->destination.port))
  return "bad v1 destination port";
return line.length == 0 ? NULL : "text after the v1 destination port";
}

/* Find the CRLF. A lone CR or LF does not end the line. A byte precedes any LF,
for the signature contains none.

Returns:	the size of the line with its CRLF, 0 if there is none
*/

static size_t
header_v1_size(const uint8_t * buf, size_t len)
{
const uint8_t * p = buf, * end = buf + len, * lf;

for (; (lf = memchr(p, '\n', (size_t)(end - p))); p = lf + 1)
  if (lf[-1] == '\r') return (size_t)(lf + 1 - buf);
return 0;
}

static proxy_result
header_v1_parse(const uint8_t * buf, size_t len, proxy_header * h)
{
proxy_header line = { .version = 1, .command = PROXY_CMD_PROXY };
size_t size = header_v1_size(buf, len);
size_t missing = size > 0 ? 0 : buf[len-1] == '\r' ? 1 : 2;
const char * reason;

if (size > PROXY_V1_MAX || (size == 0 && len >= PROXY_V1_MAX))
  return header_bad(size, missing, "v1 line longer than 107 bytes");
if (size == 0) return header_more(missing);

reason = header_v1_line((proxy_bytes) { buf + PROXY_V1_SIGNATURE_LEN, size - V1_MIN },
  &line);
if (reason) return header_bad(size, 0, reason);
*h = line;
return header_complete(size);
}


/*************************************************
*          Version 2 (section 2.2)               *
*************************************************/

/* Decode one address, of len bytes */

static void
header_v2_address(const uint8_t * p, size_t len, uint8_t * address)
{
memcpy(address, header_mapped, MAPPED_LEN);
memcpy(address + PROXY_INET6_LEN - len, p, len);
}

/* Decode two addresses and two ports. The caller has checked that they are there.

Arguments:
  p		the first one
  len		the size of an address, in bytes
  h		the header to be filled
*/

static void
header_v2_endpoints(const uint8_t * p, size_t len, proxy_header * h)
{
header_v2_address(p, len, h->source.address);
header_v2_address(p + len, len, h->destination.address);
h->source.port = (uint16_t)proxy_big_endian(p + 2 * len, PORT_LEN);
h->destination.port = (uint16_t)proxy_big_endian(p + 2 * len + PORT_LEN, PORT_LEN);
}

/* Check the family, transport and length of a PROXY command.

Datagrams, UNIX sockets and what the proxy could not name are no clients of ours:
such a header is good, but the connection keeps its own endpoints.

Arguments:
  buf		the header, at least its fixed part
  payload	its stated length, in bytes
  h		the header to be filled

Returns:	NULL, or the reason why it is bad
*/

static const char *
header_v2_check(const uint8_t * buf, size_t payload, proxy_header * h)
{
unsigned family = buf[V2_FAMILY_AT] >> 4, transport = buf[V2_FAMILY_AT] & 0xf;

if (family > V2_FAM_UNIX) return "unknown v2 address family";
if (transport > V2_TRANS_DGRAM) return "unknown v2 transport protocol";
if (payload < header_v2_address_len[family])
  return "v2 length too small for its addresses";

h->has_client = transport == V2_TRANS_STREAM
  && (family == V2_FAM_INET || family == V2_FAM_INET6);
h->tlv_offset = PROXY_V2_FIXED_LEN + header_v2_address_len[family];
h->tlv_length = payload - header_v2_address_len[family];
return NULL;
}

/* Check the TLVs of a whole PROXY command. With an unspecified family, addresses of
unknown size may precede them, which are to be ignored: if what follows the fixed
part is not a row of TLVs, the header has none. */

static const char *
header_v2_tlvs(const uint8_t * buf, size_t size, proxy_header * h)
{
proxy_bytes row = { buf + h->tlv_offset, h->tlv_length };

if (buf[V2_FAMILY_AT] >> 4 == V2_FAM_UNSPEC && !proxy_tlv_fills(row))
  {
  h->tlv_length = 0;
  return NULL;
  }
return proxy_tlv_check(buf, size, h->tlv_offset);
}

/* A bad fixed part is reported at once; the rest is awaited only if it is good. The
rest of a LOCAL command is ignored. */

static proxy_result
header_v2_parse(const uint8_t * buf, size_t len, proxy_header * h)
{
proxy_header header = { .version = V2_VERSION, .command = PROXY_CMD_PROXY };
size_t payload, size, missing;
unsigned command;
const char * reason = NULL;

if (len < PROXY_V2_FIXED_LEN) return header_more(PROXY_V2_FIXED_LEN - len);
payload = proxy_big_endian(buf + V2_LENGTH_AT, V2_LENGTH_LEN);
size = PROXY_V2_FIXED_LEN + payload;
missing = len < size ? size - len : 0;

command = buf[V2_VERSION_AT] & 0xf;
if (buf[V2_VERSION_AT] >> 4 != V2_VERSION)
  reason = "bad v2 version";
else if (command > V2_CMD_PROXY)
  reason = "unknown v2 command";
else if (command == V2_CMD_LOCAL)
  header.command = PROXY_CMD_LOCAL;
else
  reason = header_v2_check(buf, payload, &header);

if (!reason && missing > 0) return header_more(missing);
if (!reason && header.tlv_length > 0)
  reason = header_v2_tlvs(buf, size, &header);
if (reason) return header_bad(size, missing, reason);

if (header.has_client)
  header_v2_endpoints(buf + PROXY_V2_FIXED_LEN,
    buf[V2_FAMILY_AT] >> 4 == V2_FAM_INET ? PROXY_INET_LEN : PROXY_INET6_LEN, &header);
*h = header;
return header_complete(size);
}


/*************************************************
*           The functions for callers            *
*************************************************/

/* The first byte tells which version is still possible (section 2) */

static int
header_may_be_v1(const uint8_t * buf)
{
return buf[0] == header_v1_signature[0];
}

int
proxy_header_version(const uint8_t * buf, size_t len)
{
if (len >= PROXY_V1_SIGNATURE_LEN
   && memcmp(buf, header_v1_signature, PROXY_V1_SIGNATURE_LEN) == 0) return 1;
if (len >= PROXY_V2_SIGNATURE_LEN
   && memcmp(buf, header_v2_signature, PROXY_V2_SIGNATURE_LEN) == 0) return 2;
return 0;
}

/* Judge bytes, at least one, that are less than a whole signature.

Arguments:
  buf, len	the bytes
  signature	the only one that they may be the start of
  size		its size, in bytes
  min		the size of the shortest header that has it, good or bad
*/

static proxy_result
header_start(const uint8_t * buf, size_t len, const uint8_t * signature, size_t size,
  size_t min)
{
return len < size && memcmp(buf, signature, len) == 0
  ? header_more(min - len) : header_none();
}

proxy_result
proxy_header_parse(const uint8_t * buf, size_t len, proxy_header * h)
{
if (len == 0) return header_more(V1_MIN);
switch (proxy_header_version(buf, len))
  {
  case 1: return header_v1_parse(buf, len, h);
  case 2: return header_v2_parse(buf, len, h);
  }
return header_may_be_v1(buf)
  ? header_start(buf, len, header_v1_signature, PROXY_V1_SIGNATURE_LEN, V1_MIN)
  : header_start(buf, len, header_v2_signature, PROXY_V2_SIGNATURE_LEN,
      PROXY_V2_FIXED_LEN);
}

#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_header.c */
