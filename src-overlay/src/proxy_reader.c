/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Reading a PROXY header off a descriptor; see proxy_reader.h. In Exim's build the
flag comes from config.h; any other build defines it. */

#ifndef EXPERIMENTAL_PROXY
# include "config.h"
#endif
#ifdef EXPERIMENTAL_PROXY

#ifndef _GNU_SOURCE
# define _GNU_SOURCE		/* for POLLRDHUP */
#endif
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "proxy_reader.h"

#ifndef POLLRDHUP		/* without it, a shutdown within the signature is a timeout */
# define POLLRDHUP 0
#endif

typedef enum {
  READER_READY,			/* it is worth going on */
  READER_NOTHING,		/* nothing new has come */
  READER_QUIET,			/* nothing for as long as the caller was ready to wait */
  READER_TIMEOUT,		/* the deadline has passed */
  READER_CLOSED			/* the peer has gone */
} reader_status;


/*************************************************
*             Time                               *
*************************************************/

void
proxy_deadline_set(struct timespec * deadline, int seconds)
{
(void) clock_gettime(CLOCK_MONOTONIC, deadline);
deadline->tv_sec += seconds;
}

int
proxy_deadline_left(const struct timespec * deadline)
{
const int day = 24 * 60 * 60;
struct timespec now;
time_t s;
long ns;

(void) clock_gettime(CLOCK_MONOTONIC, &now);
s = deadline->tv_sec - now.tv_sec;
ns = deadline->tv_nsec - now.tv_nsec;
if (s >= day) return day * 1000;
if (ns < 0)
  {
  s--;
  ns += 1000000000;
  }
return s < 0 ? 0 : (int)(s * 1000 + (ns + 999999) / 1000000);
}


/*************************************************
*             Waiting                            *
*************************************************/

/* Wait for an event on the descriptor, but not beyond the deadline.

Arguments:
  r		the reader
  events	as for poll()
  ms		how long to wait, in milliseconds

Returns:	as poll() does, but 0 if signals interrupt it up to the deadline
*/

static int
reader_poll(const proxy_reader * r, short events, int ms)
{
struct pollfd p = { .fd = r->fd, .events = events };
int rc, left;

do
  {
  left = proxy_deadline_left(&r->deadline);
  rc = poll(&p, 1, ms < left ? ms : left);
  }
while (rc < 0 && errno == EINTR && left > 0);
return rc < 0 && errno == EINTR ? 0 : rc;
}

/* An incomplete signature stays in the socket, for it may not be ours. So there is
always something to read, and poll() must be told to wait for more than that. */

static void
reader_set_low_water(proxy_reader * r, int bytes)
{
if (  r->is_socket && r->low_water != bytes
   && setsockopt(r->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)) == 0)
  r->low_water = bytes;
}

/* Wait for more input. */

static reader_status
reader_wait(proxy_reader * r, int ms)
{
int left = proxy_deadline_left(&r->deadline), rc;

if (left == 0) return READER_TIMEOUT;
reader_set_low_water(r, (int)(r->seen - r->consumed) + 1);
if ((rc = reader_poll(r, POLLIN, ms)) < 0) return READER_CLOSED;
if (rc > 0) r->woken = 1;
return rc > 0 ? READER_READY : ms < left ? READER_QUIET : READER_TIMEOUT;
}


/*************************************************
*             Reading                            *
*************************************************/

/* Take or peek at input, without blocking.

Arguments:
  r		the reader
  at		where to put it
  n		its size at most, in bytes
  flags		for recv()
  got		where to put the size that came

Returns:	READER_READY, READER_NOTHING or READER_CLOSED
*/

static reader_status
reader_input(proxy_reader * r, uint8_t * at, size_t n, int flags, size_t * got)
{
ssize_t rc;

if (!r->is_socket && !r->woken) return READER_NOTHING;	/* read() might block */
do rc = r->is_socket ? recv(r->fd, at, n, flags | MSG_DONTWAIT) : read(r->fd, at, n);
while (rc < 0 && errno == EINTR);
if (rc < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return READER_NOTHING;
if (rc <= 0) return READER_CLOSED;
*got = (size_t)rc;
return READER_READY;
}

/* Consume bytes that surely belong to the header.

Arguments:
  r		the reader
  n		their number, at least 1
*/

static reader_status
reader_take(proxy_reader * r, size_t n)
{
size_t got;
reader_status s = reader_input(r, r->bytes + r->consumed, n, 0, &got);

if (s != READER_READY) return s;
r->consumed += got;
if (r->seen < r->consumed) r->seen = r->consumed;
r->woken = 0;
return READER_READY;
}

/* Peek at the first bytes of the connection.

If there are no more than before though poll() has reported input, either the peer has
shut down with half a signature sent, or this poll() does not know SO_RCVLOWAT. After a
shutdown, peek once more: the rest may have arrived just before it. */

static reader_status
reader_peek(proxy_reader * r)
{
size_t got;
reader_status s = reader_input(r, r->bytes, PROXY_V1_MAX, MSG_PEEK, &got);

if (s != READER_READY) return s;
if (got > r->seen)
  {
  r->seen = got;
  r->woken = 0;
  return READER_READY;
  }
if (!r->woken) return READER_NOTHING;
if (r->shut) return READER_CLOSED;
r->shut = reader_poll(r, POLLRDHUP, 0) > 0;
if (!r->shut)
  {
  (void) poll(NULL, 0, PROXY_PEEK_AGAIN_MS);
  r->woken = 0;
  }
return READER_READY;
}

/* Get more of the header, as far as it has come. Once the signature is complete, what
is missing can be consumed, together with what has been peeked at.

Arguments:
  r		the reader
  missing	the number of bytes that surely still belong to the header
*/

static reader_status
reader_more(proxy_reader * r, size_t missing)
{
if (proxy_header_version(r->bytes, r->seen) != 0)
  return reader_take(r, r->seen - r->consumed + missing);
return r->is_socket ? reader_peek(r) : reader_take(r, 1);
}

/* Consume what has been seen, up to a size.

Returns:	0 if the peer has gone, else 1
*/

static int
reader_take_upto(proxy_reader * r, size_t size)
{
while (r->consumed < size)
  if (reader_take(r, size - r->consumed) != READER_READY) return 0;
return 1;
}


/*************************************************
*             The functions for callers          *
*************************************************/

void
proxy_reader_start(proxy_reader * r, int fd, int is_socket, uint8_t * bytes,
  int seconds)
{
memset(r, 0, sizeof(*r));
r->fd = fd;
r->is_socket = is_socket;
r->bytes = bytes;
r->low_water = 1;
proxy_deadline_set(&r->deadline, seconds);
}

/* Give up waiting. A bad header remains bad. */

static proxy_read_outcome
reader_give_up(proxy_reader * r, reader_status why, proxy_verdict verdict)
{
if (verdict == PROXY_HDR_BAD) return PROXY_READ_BAD;
if (why == READER_CLOSED) return PROXY_READ_CLOSED;
r->reason = r->seen > 0 ? "timeout in header" : "timeout: no header";
return reader_take_upto(r, r->seen) ? PROXY_READ_TIMEOUT : PROXY_READ_CLOSED;
}

/* Read until there is an outcome. */

static proxy_read_outcome
reader_loop(proxy_reader * r, int quiet_ms)
{
for (;;)
  {
  proxy_result res = proxy_header_parse(r->bytes, r->seen, &r->header);
  int endless = res.verdict == PROXY_HDR_BAD && res.size == 0;
  int ms = endless ? PROXY_V1_PAUSE_MS : quiet_ms;
  reader_status s;

  r->reason = res.reason;
  if (res.verdict == PROXY_HDR_NONE) return PROXY_READ_NONE;
  if (res.missing == 0)
    return !reader_take_upto(r, res.size) ? PROXY_READ_CLOSED
      : res.verdict == PROXY_HDR_COMPLETE ? PROXY_READ_GOOD : PROXY_READ_BAD;
  if (endless && r->consumed >= PROXY_V1_SKIP_MAX) return PROXY_READ_BAD;

  if ((s = reader_more(r, res.missing)) == READER_NOTHING) s = reader_wait(r, ms);
  if (s == READER_QUIET && !endless) return PROXY_READ_WAITING;
  if (s != READER_READY) return reader_give_up(r, s, res.verdict);
  }
}

proxy_read_outcome
proxy_reader_run(proxy_reader * r, int quiet_ms)
{
proxy_read_outcome outcome = reader_loop(r, quiet_ms);

reader_set_low_water(r, 1);
return outcome;
}

#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_reader.c */
