/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The world of proxy_reader.c: what recv(), read(), poll(), setsockopt() and the clock may do. They
demand what an honest reader does (PROVE), and then do anything that POSIX allows.

Bounds, and why they are enough:

- Streams: any, of any length. No byte is stored, for the reader looks at none: the verdicts are any that
  keep contract.h, which the proofs in header.c show of the parser.
- Calls: any number. The reader's loops have invariants (see the file loops), so what is said of
  one turn holds for all.
- Signals: none, but in reader_interrupted, which shows that a call that they interrupt is repeated as it was,
  so it is like one that takes longer. There SIGNALS_MAX in a row do, for the second repetition is like
  any other.
- Time: that which is left to the deadline, in milliseconds, at most a day. It passes in every call,
  as much as it likes. proxy_deadline_left() has a proof of its own, with a clock that may jump forward. */

#ifndef POSIX_H
#define POSIX_H

#define _GNU_SOURCE		/* for POLLRDHUP */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "proof.h"
#include "contract.h"
#include "proxy_reader.h"

#define SIGNALS_MAX 2
#define DAY (24 * 60 * 60 * 1000)

/* The most calls that bring nothing after the deadline, and the most reads that bring nothing between two
occasions to wait. A call that a signal interrupted does not count. */

#define LATE_MAX 9
#define IDLE_MAX 3

#undef errno
#define errno world.error

proxy_reader * reader;
unsigned signals_max;		/* how many calls may be interrupted */
int blocking;			/* a read() without input waits for some */

typedef enum { INPUT, POLL, SLEEP, SET } call;

struct {
  int		error;
  int		left;		/* milliseconds to the deadline; 0: it has passed */
  int		told;		/* the same, when proxy_deadline_left() last told it */
  int		polled;		/* and when poll() was last called */
  unsigned	late;		/* calls after it that have brought nothing */
  call		call;		/* the last one */
  unsigned	signals;	/* calls that were interrupted */

  size_t	taken;		/* how much of the stream is no longer in the socket */
  size_t	shown;		/* how much of it has been seen: what is not taken stays there */
  int		gone;		/* the peer has shut down, or the descriptor is broken */
  int		reported;	/* poll() has reported input, and nothing was read since */
  unsigned	idle;		/* reads that brought nothing, since there was an occasion to wait */
  int		low_water;	/* SO_RCVLOWAT */
  int		set_failed;	/* the last attempt to set it failed */

  judgement	last;		/* what was said of the first bytes */
} world;

/* What holds between two turns of the reader's loop, and between two runs of it */

#define READER_KEEPS(me) ( \
  (me)->consumed == world.taken && (me)->seen == world.shown \
  && world.taken <= world.shown && world.shown <= PROXY_HEADER_MAX \
  && (world.taken == world.shown || ((me)->is_socket && world.shown <= PROXY_V1_MAX)) \
  && (me)->low_water == world.low_water && world.low_water > 0 \
  && ((me)->is_socket || world.low_water == 1) \
  && (!(me)->shut || world.gone) \
  && (!world.reported || (me)->woken) \
  && (!(me)->woken || world.reported || !blocking || (me)->is_socket) \
  && world.idle <= ((me)->woken && (me)->shut ? 1 : 0) \
  && 0 <= world.left && world.left <= DAY && world.signals == 0 \
  && world.late <= (world.left > 0 ? 0 : !(me)->woken ? 6 : (me)->shut ? 5 : 3))

/* What the parser has said by then: there is more to come, and no more than that was taken. */

#define HEADER_GOES_ON(me) ( \
  world.last.len <= world.shown && 0 < world.last.r.missing && world.last.r.missing <= PROXY_HEADER_MAX \
  && 0 <= world.last.version && world.last.version <= 2 \
  && (world.last.r.verdict == PROXY_HDR_MORE \
     || (world.last.r.verdict == PROXY_HDR_BAD && world.last.version != 0)) \
  && (world.last.r.size == 0 || world.last.r.size == world.last.len + world.last.r.missing) \
  && world.taken <= (world.last.version != 0 ? world.last.len + world.last.r.missing \
     : (me)->is_socket ? 0 : world.last.len + 1) \
  && (world.last.version != 0 || world.last.len < PROXY_V2_SIGNATURE_LEN) \
  && (world.last.version != 1 || world.taken <= PROXY_V1_SKIP_MAX + 1))

static void
begin(call c)
{
int left = nondet_int();
ASSUME(0 <= left && left <= world.left);
world.left = left;
world.call = c;
}

static void
brought_nothing(void)
{
if (world.left > 0) return;
PROVE(world.late < LATE_MAX);
world.late++;
}

/* An error; whatever else it means is the caller's business. */

static int
fail(int error)
{
if (error == EINTR)
  {
  ASSUME(world.signals < signals_max);
  world.signals++;
  }
world.error = error;
return -1;
}


/*************************************************
*             Reading                            *
*************************************************/

/* Tell whether the next n bytes are surely the header's, by what was said of all that was seen. Part of
a signature is, if nothing comes after it until the deadline. */

static int
is_ours(size_t n)
{
judgement j = world.last;
size_t end = world.taken + n;

if (j.len != world.shown) return 0;
if (j.r.size > 0) return end <= j.r.size;
if (j.version > 0) return end <= j.len + j.r.missing;
return j.r.verdict == PROXY_HDR_MORE && world.left == 0 && end <= j.len;
}

/* What was peeked at is still there, whatever becomes of the peer: until it is taken, there is input, and
no end of file. */

static ssize_t
input(uint8_t * at, size_t n, int peek)
{
size_t got = nondet_size(), end;
int error = nondet_int();

begin(INPUT);
PROVE(0 < n && n <= SSIZE_MAX && __CPROVER_w_ok(at, n));
PROVE(__CPROVER_same_object(at, reader->bytes) && AT(at) == world.taken);	/* what has come is put together in order */

if (nondet_int())
  {
  ASSUME(error > 0);
  if (error == EINTR) return fail(error);
  if (error != EAGAIN && error != EWOULDBLOCK) world.gone = 1;
  else ASSUME(world.shown == world.taken && (reader->is_socket || !blocking));
  got = 0;
  }
else
  {
  ASSUME(got <= n && (got > 0 || world.shown == world.taken));
  if (got == 0) world.gone = 1;
  error = 0;
  }

end = world.taken + got;
if (got > 0 && !peek) world.taken = end;
if (end > world.shown || (got > 0 && !peek))
  {
  if (end > world.shown) world.shown = end;
  world.reported = 0;
  world.idle = 0;
  }
else
  {
  if (error) world.reported = 0;		/* it was wrong */
  PROVE(world.idle < IDLE_MAX);
  world.idle++;
  brought_nothing();
  }
return error ? fail(error) : (ssize_t)got;
}

ssize_t
recv(int fd, void * at, size_t n, int flags)
{
int peek = flags & MSG_PEEK;

PROVE(fd == reader->fd && reader->is_socket);
PROVE(flags & MSG_DONTWAIT);
PROVE(peek ? world.taken == 0 : is_ours(n));
return input(at, n, peek);
}

/* Anything but a socket cannot be peeked at. Byte by byte, it is read as far as it may be a signature. */

ssize_t
read(int fd, void * at, size_t n)
{
PROVE(fd == reader->fd && !reader->is_socket);
PROVE(!blocking || world.reported);
PROVE(world.last.version == 0 && world.last.r.verdict == PROXY_HDR_MORE ? n == 1 : is_ours(n));
return input(at, n, 0);
}


/*************************************************
*             Waiting                            *
*************************************************/

int
proxy_deadline_left_lemma(const struct timespec * deadline)
{
int left = nondet_int();

PROVE(deadline == &reader->deadline);
ASSUME(0 <= left && left <= world.left);
world.told = world.left = left;
return left;
}

int
setsockopt(int fd, int level, int name, const void * value, socklen_t size)
{
begin(SET);
PROVE(fd == reader->fd && reader->is_socket && level == SOL_SOCKET && name == SO_RCVLOWAT);
PROVE(size == sizeof(int) && __CPROVER_r_ok(value, size) && *(const int *)value > 0);
brought_nothing();
world.set_failed = nondet_int() != 0;
if (world.set_failed) return -1;
world.low_water = *(const int *)value;
return 0;
}

static int
sleep_for(int ms)
{
begin(SLEEP);
PROVE(ms == PROXY_PEEK_AGAIN_MS);
brought_nothing();
world.reported = 0;
world.idle = 0;
return 0;
}

/* It may report what is not there, and does not wait for SO_RCVLOWAT unless it likes to. So what it has
reported must be looked at before it is asked again, and what was seen already must not be waited for. */

int
poll(struct pollfd * p, nfds_t n, int ms)
{
int error = nondet_int(), told = world.told, before = world.left;

if (n == 0) return sleep_for(ms);
PROVE(n == 1 && __CPROVER_w_ok(p, sizeof(*p)) && p->fd == reader->fd);
PROVE(0 <= ms && ms <= told);
PROVE(world.call != POLL || world.signals == 0 || world.polled > 0);
begin(POLL);
world.polled = told;
if (p->events == POLLIN)
  {
  PROVE(!world.reported);
  PROVE(!reader->is_socket || world.set_failed
    || (size_t)world.low_water > world.shown - world.taken);
  world.idle = 0;
  }
else PROVE(p->events == POLLRDHUP && ms == 0);

p->revents = 0;
if (nondet_int())				/* nothing for all that time */
  {
  if (world.left > before - ms) world.left = before > ms ? before - ms : 0;
  brought_nothing();
  return 0;
  }
if (nondet_int())
  {
  ASSUME(error > 0);
  if (error != EINTR)
    {
    brought_nothing();
    world.gone = 1;
    }
  return fail(error);
  }
brought_nothing();
p->revents = nondet_short();
ASSUME(p->revents != 0);
if (p->events == POLLIN) world.reported = 1; else world.gone = 1;
return 1;
}

#endif
