/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Read one PROXY header off one descriptor, by one deadline, and not one byte
more. This needs POSIX and nothing of Exim. "Section" means a section of the protocol
text, doc/proxy-protocol.txt of HAProxy. */

#ifndef PROXY_READER_H
#define PROXY_READER_H

#include <time.h>
#include "proxy_header.h"

/* Stop looking for the end of an over-long v1 line after this many bytes, or when
nothing has come for this long. What follows is ordinary input. */

#define PROXY_V1_SKIP_MAX   4096
#define PROXY_V1_PAUSE_MS   1000

/* How long to wait before peeking again for more of a signature, where poll() does
not wait for it */

#define PROXY_PEEK_AGAIN_MS   20

typedef enum {
  PROXY_READ_GOOD,		/* a good header; all of it was consumed */
  PROXY_READ_BAD,		/* a bad one, consumed to its own end, or to the deadline */
  PROXY_READ_NONE,		/* no header; none of it was consumed */
  PROXY_READ_TIMEOUT,		/* silence, or part of a header, which was consumed */
  PROXY_READ_CLOSED,		/* the peer has gone before the end of a header */
  PROXY_READ_WAITING		/* nothing has come for a while; run again */
} proxy_read_outcome;

typedef struct {
  int			fd;
  int			is_socket;
  struct timespec	deadline;	/* by the monotonic clock */
  uint8_t *		bytes;		/* what has been seen of the header */
  size_t		seen;		/* its size, in bytes */
  size_t		consumed;	/* of this, what is no longer in the socket */
  int			low_water;	/* SO_RCVLOWAT, as it was set here */
  int			woken;		/* poll() has reported input since the last progress */
  int			shut;		/* the peer has shut down with half a signature sent */
  proxy_header		header;		/* valid for PROXY_READ_GOOD */
  const char *		reason;		/* why there is none; a constant string or NULL */
} proxy_reader;


/* Get ready to read a header.

Arguments:
  r		the reader
  fd		what to read from; blocking or not
  is_socket	whether recv() works on it. If not, input that is no header is consumed
		as far as it takes to find that out: see bytes and consumed
  bytes		where to put the header; there must be room for PROXY_HEADER_MAX bytes
  seconds	the time for all of it, from now on
*/

extern void proxy_reader_start(proxy_reader * r, int fd, int is_socket,
  uint8_t * bytes, int seconds);


/* Read a header, or find that there is none (section 2). Only bytes that surely
belong to the header are consumed: while its signature is incomplete, the input is
peeked at.

Arguments:
  r		the reader
  quiet_ms	return PROXY_READ_WAITING when nothing has come for this long, in
		milliseconds, and the deadline has not passed; INT_MAX for never

Returns:	the outcome. After any but WAITING, the reader must not be run again;
		reason is set for BAD, NONE and TIMEOUT
*/

extern proxy_read_outcome proxy_reader_run(proxy_reader * r, int quiet_ms);


/* Set a deadline, by the monotonic clock.

Arguments:
  deadline	where to put it
  seconds	how far away it is
*/

extern void proxy_deadline_set(struct timespec * deadline, int seconds);


/* Tell how much time is left.

Argument:	the deadline
Returns:	milliseconds, rounded up; 0 if it has passed; a day if it is further away
*/

extern int proxy_deadline_left(const struct timespec * deadline);

#endif	/* PROXY_READER_H */

/* End of proxy_reader.h */
