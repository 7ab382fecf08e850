/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The wire format of the PROXY protocol, versions 1 and 2, as a receiver reads
it. Bytes go in, a verdict and a structure come out: there is no I/O, no
allocation, no state, and nothing of Exim. "Section" means a section of the
protocol text, doc/proxy-protocol.txt of HAProxy. */

#ifndef PROXY_HEADER_H
#define PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* Sizes, in bytes */

#define PROXY_V1_SIGNATURE_LEN   6	/* "PROXY " */
#define PROXY_V1_MAX           107	/* the longest v1 line, with its CRLF */
#define PROXY_V2_SIGNATURE_LEN  12
#define PROXY_V2_FIXED_LEN      16	/* signature to length field */
#define PROXY_HEADER_MAX (PROXY_V2_FIXED_LEN + UINT16_MAX)

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

#define PROXY_INET_LEN   4	/* address sizes, in bytes */
#define PROXY_INET6_LEN 16

/* One end of the original connection. The address is in network order; an IPv4
address is in its IPv4-mapped form, so that the two ends may be of different
families. The port is in host order. */

typedef struct {
  uint8_t	address[PROXY_INET6_LEN];
  uint16_t	port;
} proxy_endpoint;

typedef struct {
  int			version;	/* 1 or 2 */
  proxy_command		command;
  int			has_client;	/* 0: keep the endpoints of the connection */
  proxy_endpoint	source;		/* the original client */
  proxy_endpoint	destination;	/* what it connected to */
  size_t		tlv_offset;	/* where in the header the TLVs begin */
  size_t		tlv_length;	/* their size, in bytes */
} proxy_header;

typedef struct {
  proxy_verdict	verdict;
  size_t	size;			/* of the header, in bytes; 0 if not known */
  size_t	missing;		/* bytes still to come; see below */
  const char *	reason;			/* NULL unless BAD or NONE */
} proxy_result;


/* Decide what some bytes are, and decode them if they are a whole header
(sections 2, 2.1, 2.2).

Arguments:
  buf		the first bytes of the connection; not changed. They need not be
		  aligned or terminated. May be NULL if len is 0
  len		their number. Any number may be given: what follows a header is
		  ignored
  h		where to put a decoded header. Written only for COMPLETE

Returns:	the verdict, and with it:

  COMPLETE	size is that of the header. Bytes beyond it are not the proxy's.
  MORE		missing is the number of further bytes that surely belong to this
		header, be it good or bad; never 0. From a v2 header's length
		field on it is all of them.
  BAD		size is where the header ends, good or bad: after the CRLF of a v1
		line, or at a v2 header's stated length. missing is how much of it
		has not come yet. A v1 line that is too long, and whose CRLF has
		not come, has size 0, and missing as for MORE.
  NONE		the bytes match neither signature, so none of them is ours.

  For BAD and NONE, reason is a constant string, fit for a log.
*/

extern proxy_result proxy_header_parse(const uint8_t * buf, size_t len,
  proxy_header * h);


/* Tell whether some bytes must be a header, good or bad. Without a whole
signature they may still turn out to be something else (section 2).

Arguments:
  buf, len	as for proxy_header_parse()

Returns:	1 or 2, the version whose whole signature they begin with; else 0
*/

extern int proxy_header_version(const uint8_t * buf, size_t len);

#endif	/* PROXY_HEADER_H */

/* End of proxy_header.h */
