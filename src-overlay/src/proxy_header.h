/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The wire format of the PROXY protocol, versions 1 and 2, as a receiver reads
it. Nothing here does I/O, allocates, keeps state or knows Exim: bytes go in, a
verdict and a structure come out. "Section" means a section of the protocol
text, doc/proxy-protocol.txt of HAProxy. */

#ifndef PROXY_HEADER_H
#define PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* Sizes, in bytes */

#define PROXY_V1_SIGNATURE_LEN   6	/* "PROXY " */
#define PROXY_V1_MAX           107	/* the longest v1 line, with its CRLF */
#define PROXY_V2_SIGNATURE_LEN  12
#define PROXY_V2_FIXED_LEN      16	/* signature to length field */
#define PROXY_V2_MAX (PROXY_V2_FIXED_LEN + UINT16_MAX)
#define PROXY_HEADER_MAX PROXY_V2_MAX

/* For the declaration of a library's function: its address is looked up when Exim starts. Where that is
left to the first call, as it is by default, each new process of the daemon would have to do it again, at
the cost of a thousand instructions. */

#ifdef __has_attribute
# if __has_attribute(__noplt__)
#  define PROXY_BOUND_AT_START __attribute__((__noplt__))
# endif
#endif
#ifndef PROXY_BOUND_AT_START
# define PROXY_BOUND_AT_START
#endif

/* What the bytes seen so far are */

typedef enum {
  PROXY_HDR_COMPLETE,		/* a good header */
  PROXY_HDR_MORE,		/* the start of one, as far as it goes */
  PROXY_HDR_BAD,		/* began as a header, then broke its grammar */
  PROXY_HDR_NONE		/* no header at all */
} proxy_verdict;

/* What the header commands. UNKNOWN is version 1's word; the other two are
version 2's commands, and a v1 line with addresses counts as PROXY. */

typedef enum {
  PROXY_CMD_LOCAL,
  PROXY_CMD_PROXY,
  PROXY_CMD_UNKNOWN
} proxy_command;

/* An address family whose addresses this receiver takes over */

typedef enum {
  PROXY_AF_NONE,		/* keep the endpoints of the connection */
  PROXY_AF_INET,
  PROXY_AF_INET6
} proxy_family;

#define PROXY_INET_LEN   4	/* address sizes, in bytes */
#define PROXY_INET6_LEN 16

/* One end of the original connection. An IPv4 address stands in the first
four bytes. Address in network order, port in host order. */

typedef struct {
  uint8_t	address[PROXY_INET6_LEN];
  uint16_t	port;
} proxy_endpoint;

typedef struct {
  int			version;	/* 1 or 2 */
  proxy_command		command;
  proxy_family		family;		/* of both endpoints */
  proxy_endpoint	source;		/* the original client */
  proxy_endpoint	destination;	/* what it connected to */
  size_t		tlv_offset;	/* where the TLVs stand in the header */
  size_t		tlv_length;	/* and how many bytes they fill */
} proxy_header;

typedef struct {
  proxy_verdict	verdict;
  size_t	n;			/* see proxy_header_parse() */
  const char *	reason;			/* NULL unless BAD or NONE */
} proxy_result;


/* Decide what some bytes are, and decode them if they are a whole header
(sections 2, 2.1, 2.2).

Arguments:
  buf		the first bytes of the connection; not changed, need not be
		  aligned, nor terminated. May be NULL if len is 0
  len		how many there are, in bytes. Any number may be given: what
		  follows a header is not looked at
  h		where to put a decoded header. Written only for COMPLETE

Returns:	a verdict, a count of bytes, and for the last two a reason, which
		is a constant string fit for a log:

  COMPLETE	n: the size of the header. Bytes beyond it are not the proxy's.
  MORE		n: how many more bytes, at the least, belong to this header, be
		  it good or bad; never 0. It is exact for a v2 header from its
		  length field on.
  BAD		n: where the header's own end is: just after a v1 line's CRLF,
		  or at a v2 header's stated length. This may lie beyond len.
		  0 if it is not known: a v1 line that is too long already and
		  whose CRLF has not been seen.
  NONE		n: 0. The bytes fit neither signature, so none belongs to us.
*/

extern proxy_result proxy_header_parse(const uint8_t * buf, size_t len,
  proxy_header * h);


/* Tell whether some bytes must be a header, good or bad. Until then what has
come may still turn out to be something else (section 2).

Arguments:
  buf, len	as for proxy_header_parse()

Returns:	1 or 2, the version whose whole signature is there; else 0
*/

extern int proxy_header_version(const uint8_t * buf, size_t len);

#endif	/* PROXY_HEADER_H */

/* End of proxy_header.h */
