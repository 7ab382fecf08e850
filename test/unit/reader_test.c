/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the reader, proxy_reader.c. See ../../src-overlay/src/proxy_reader.h for its contract.

The descriptors are real: AF_UNIX and TCP sockets, and pipes. The clock is not, and the peer acts inside the reader's
own calls (the Makefile renames them): just before a call of a given number, or when the reader waits. So no test
waits, and none depends on the speed of the machine. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"
#include "proxy_reader.h"
#include "vectors.h"

#define SECONDS    3			/* of the deadline */
#define MS         INT64_C(1000000)	/* in nanoseconds */
#define CALLS_MAX  50000		/* more than any test needs: the reader spins */
#define PATIENCE   20000		/* how long the kernel may take, in real milliseconds */
#define PIECES_MAX 6000
#define ALL_MAX    70000

enum { UNIX, TCP, PIPE, TRANSPORTS };
enum { STAYS, SHUTS, RESETS };

#define WAITS UINT_MAX			/* "at": not before the reader waits */

typedef struct {
  size_t	upto;			/* this far the peer has sent then */
  unsigned	at;			/* before this call of the reader's, from 1; 0: before it starts */
  int64_t	when;			/* and not before this time, in milliseconds */
} piece;

/* One test: what the peer does, and what is odd about the system */

typedef struct {
  const char *	what;
  int		transport;
  const uint8_t * all;			/* what the peer sends */
  size_t	n;
  int		ends;
  unsigned	ends_at;
  piece *	pieces;
  size_t	count;
  int		quiet_ms;		/* 0: never WAITING */
  int		no_low_water;		/* SO_RCVLOWAT is unknown */
  int		no_rdhup;		/* so is POLLRDHUP */
  int		nonblocking;
  size_t	most;			/* recv() gives no more at once; 0: any number */
  unsigned	eintr_at;		/* this call is interrupted, ... */
  int		eintr_storm;		/* or each poll() that waits, after 100 ms */
  unsigned	again_after;		/* the input that this poll() reports is not there yet */
  unsigned	read_fails, poll_fails;	/* the first such call that does */
} play;

static const play * on;
static piece pieces[PIECES_MAX];
static uint8_t stream[ALL_MAX];

static struct {
  int		ours, theirs;
  size_t	sent;
  size_t	next;			/* piece */
  int		ended;
  int64_t	now;			/* the clock, in nanoseconds */
  int64_t	arrived;		/* when something last happened */
  unsigned	calls, reads, polls, ready, sets, sleeps, waits;
  int		again, broken;
  proxy_reader	r;
} w;

__attribute__((noreturn)) static void
die(const char * what)
{
char text[200];

snprintf(text, sizeof text, "%s: %s: %s", on ? on->what : "reader_test", what, strerror(errno));
bail_out(text);
}


/* ---------- the peer ---------- */

static int listener = -1;

static void
set_sizes(int fd)
{
int size = 1 << 20;
if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) < 0
   || setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) < 0) die("setsockopt");
}

static void
connect_tcp(void)
{
int at_once = 1;
struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
socklen_t size = sizeof a;

if (listener < 0)
  {
  if ((listener = socket(AF_INET, SOCK_STREAM, 0)) < 0) die("socket");
  set_sizes(listener);
  if (bind(listener, (struct sockaddr *)&a, sizeof a) < 0 || listen(listener, 5) < 0) die("listen");
  }
if (getsockname(listener, (struct sockaddr *)&a, &size) < 0) die("getsockname");
if ((w.theirs = socket(AF_INET, SOCK_STREAM, 0)) < 0) die("socket");
set_sizes(w.theirs);
if (connect(w.theirs, (struct sockaddr *)&a, sizeof a) < 0) die("connect");
if (setsockopt(w.theirs, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once) < 0) die("TCP_NODELAY");
if ((w.ours = accept(listener, NULL, NULL)) < 0) die("accept");
}

static void
open_pair(void)
{
int pair[2];

if (on->transport == TCP)
  connect_tcp();
else
  {
  if (on->transport == UNIX ? socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 : pipe(pair) < 0) die("socketpair or pipe");
  w.ours = pair[0];
  w.theirs = pair[1];
  if (on->transport == PIPE && fcntl(w.theirs, F_SETPIPE_SZ, 1 << 18) < 0) die("F_SETPIPE_SZ");
  }
if (on->nonblocking && fcntl(w.ours, F_SETFL, O_NONBLOCK) < 0) die("O_NONBLOCK");
}

static int
unread(void)
{
int n = 0;
if (ioctl(w.ours, FIONREAD, &n) < 0) die("FIONREAD");
return n;
}

/* Wait, in real time, for what the kernel does at once or nearly so. */

static void
settle(int wanted, short event)
{
struct pollfd p = { .fd = w.ours, .events = event };

for (int i = 0; i < PATIENCE; i++)
  {
  if (event ? poll(&p, 1, 1) > 0 && p.revents & event : unread() == wanted) return;
  if (!event) poll(NULL, 0, 1);
  }
die("what was sent did not come");
}

/* Do the next thing on the peer's list: send a piece, or end. Returns 0 if nothing is left. */

static int
act(void)
{
struct linger at_once = { 1, 0 };

if (w.next < on->count)
  {
  size_t upto = on->pieces[w.next++].upto;
  int wanted = unread() + (int)(upto - w.sent);
  if (upto == w.sent) return 1;
  while (w.sent < upto)
    {
    ssize_t n = write(w.theirs, on->all + w.sent, upto - w.sent);
    if (n <= 0) die("write");
    w.sent += (size_t)n;
    }
  settle(wanted, 0);
  }
else if (!w.ended && on->ends != STAYS)
  {
  w.ended = 1;
  if (on->ends == SHUTS && on->transport != PIPE)
    {
    if (shutdown(w.theirs, SHUT_WR) < 0) die("shutdown");
    settle(0, POLLRDHUP);
    }
  else
    {
    if (on->ends == RESETS && setsockopt(w.theirs, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) < 0) die("SO_LINGER");
    close(w.theirs);
    w.theirs = -1;
    if (on->ends == RESETS) settle(0, POLLHUP);
    }
  }
else return 0;
w.arrived = w.now;
return 1;
}

static unsigned next_at(void)   { return w.next < on->count ? on->pieces[w.next].at : on->ends_at; }
static int64_t next_when(void)  { return w.next < on->count ? on->pieces[w.next].when * MS : 0; }

/* Before each call of the reader's: count it, and let the peer act if it is time. Returns 0 if a signal interrupts
the call. */

static int
enter(void)
{
if (++w.calls > CALLS_MAX) die("the reader spins");
while (next_at() <= w.calls && next_when() <= w.now && act()) ;
return w.calls != on->eintr_at;
}

static ssize_t
failure(int error)
{
errno = error;
return -1;
}


/* ---------- the system, as the reader sees it ---------- */

extern ssize_t fake_recv(int fd, void * at, size_t n, int flags);
extern ssize_t fake_read(int fd, void * at, size_t n);
extern int     fake_poll(struct pollfd * p, nfds_t n, int ms);
extern int     fake_setsockopt(int fd, int level, int option, const void * value, socklen_t size);
extern int     fake_clock_gettime(clockid_t clock, struct timespec * now);

static void
complain(const char * what)
{
fail(on->all, on->n, "%s: %s", on->what, what);
}

/* Returns 1 if a call for input goes on to the real one, else what it returns */

static ssize_t
input_call(int fd, size_t n)
{
w.reads++;
if (fd != w.ours) complain("another descriptor is read");
if (n == 0) complain("no bytes are asked for");
if (!enter()) return failure(EINTR);
if (on->read_fails && w.reads >= on->read_fails)
  {
  w.broken = 1;
  return failure(ECONNRESET);
  }
if (w.again)
  {
  w.again = 0;
  return failure(EAGAIN);
  }
return 1;
}

ssize_t
fake_recv(int fd, void * at, size_t n, int flags)
{
ssize_t rc = input_call(fd, n);
if (on->transport == PIPE) complain("recv() on a pipe");
if (!(flags & MSG_DONTWAIT)) complain("recv() that may block");
if (on->most && n > on->most && !(flags & MSG_PEEK)) n = on->most;
return rc < 0 ? rc : recv(fd, at, n, flags | MSG_DONTWAIT);
}

ssize_t
fake_read(int fd, void * at, size_t n)
{
struct pollfd p = { .fd = fd, .events = POLLIN };
ssize_t rc = input_call(fd, n);
if (on->transport != PIPE) complain("read() on a socket");
if (rc > 0 && poll(&p, 1, 0) <= 0) die("read() that would block");
return rc < 0 ? rc : read(fd, at, n);
}

int
fake_poll(struct pollfd * p, nfds_t n, int ms)
{
int64_t until = w.now + ms * MS;
int rc;

if (ms < 0) die("poll() without an end");
if (n == 0)
  {
  w.sleeps++;
  if (!enter()) return (int)failure(EINTR);
  if (next_when() > w.now && next_when() <= until) w.now = next_when();
  if (next_when() <= w.now) act();
  w.now = until;
  return 0;
  }
w.polls++;
if (n != 1 || p->fd != w.ours) complain("poll() on another descriptor");
if (!enter()) return (int)failure(EINTR);
if (on->poll_fails && w.polls >= on->poll_fails)
  {
  w.broken |= p->events & POLLIN;
  return (int)failure(ENOMEM);
  }
if (on->no_rdhup) p->events &= (short)~POLLRDHUP;
if (on->eintr_storm && p->events & POLLIN && poll(p, 1, 0) == 0
  && (w.next == on->count || next_when() > w.now + 100 * MS))
  {
  w.now = w.now + 100 * MS < until ? w.now + 100 * MS : until;
  return (int)failure(EINTR);
  }
while ((rc = poll(p, 1, 0)) == 0 && ms > 0)
  {
  if (next_when() > until) w.now = until;
  else if (next_when() > w.now) w.now = next_when();
  if (w.now < until || next_when() < until) { if (act()) continue; }
  w.now = until;
  break;
  }
if (rc > 0 && p->events & POLLIN) w.again = ++w.ready == on->again_after;
return rc;
}

int
fake_setsockopt(int fd, int level, int option, const void * value, socklen_t size)
{
w.sets++;
if (fd != w.ours || level != SOL_SOCKET || option != SO_RCVLOWAT || on->transport == PIPE) complain("a strange setsockopt()");
return on->no_low_water ? (int)failure(ENOPROTOOPT) : setsockopt(fd, level, option, value, size);
}

int
fake_clock_gettime(clockid_t clock, struct timespec * now)
{
if (clock != CLOCK_MONOTONIC) complain("another clock");
now->tv_sec = (time_t)(w.now / (1000 * MS));
now->tv_nsec = (long)(w.now % (1000 * MS));
return 0;
}


/* ---------- one session ---------- */

static const char * const outcomes[] = { "GOOD", "BAD", "NONE", "TIMEOUT", "CLOSED", "WAITING" };

#define STARTED (INT64_C(1000000000) * MS + 999999999)	/* so that nanoseconds have to be carried */

/* Is it the start of a v1 line that is too long, and whose end the reader looks for only so far? */

static int
is_over_long(const outcome * o, const uint8_t * p, size_t n)
{
return o->r.verdict == PROXY_HDR_BAD && oracle_version(p, n) == 1 && (o->r.size == 0 || o->r.size > PROXY_V1_MAX);
}

/* What the contract says of the bytes that had come when the reader returned. In *most and *least, how many of them
it has consumed. */

static proxy_read_outcome
expected(const outcome * o, size_t * least, size_t * most)
{
size_t sent = w.sent;

*least = *most = sent;
if (w.broken)
  {
  outcome seen = oracle(on->all, w.r.seen);
  *least = *most = w.r.consumed;
  return seen.r.verdict == PROXY_HDR_BAD && seen.r.missing > 0 ? PROXY_READ_BAD : PROXY_READ_CLOSED;
  }
switch (o->r.verdict)
  {
  case PROXY_HDR_COMPLETE:
    *least = *most = o->r.size;
    return PROXY_READ_GOOD;
  case PROXY_HDR_BAD:
    if (is_over_long(o, on->all, sent) && sent > PROXY_V1_SKIP_MAX && (o->r.size == 0 || o->r.size > PROXY_V1_SKIP_MAX))
      {
      *least = PROXY_V1_SKIP_MAX;
      *most = PROXY_V1_SKIP_MAX + 1;
      }
    else if (o->r.size > 0 && o->r.size < sent)
      *least = *most = o->r.size;
    return PROXY_READ_BAD;
  case PROXY_HDR_NONE:
    *least = *most = 0;
    if (on->transport == PIPE)
      {
      while (oracle(on->all, ++*least).r.verdict != PROXY_HDR_NONE) ;
      *most = *least;
      }
    return PROXY_READ_NONE;
  default:
    break;
  }
if (!w.ended) return PROXY_READ_TIMEOUT;
*least = 0;				/* nobody is there to care */
if (on->no_rdhup && on->ends == SHUTS && on->transport != PIPE && sent > 0 && !oracle_version(on->all, sent))
  return PROXY_READ_TIMEOUT;
return PROXY_READ_CLOSED;
}

/* What the reader left must be what follows the header. */

static void
check_rest(void)
{
static uint8_t rest[ALL_MAX];
size_t got = 0, wanted;
int low = 0;
socklen_t size = sizeof low;

if (on->transport != PIPE && !w.ended && (getsockopt(w.ours, SOL_SOCKET, SO_RCVLOWAT, &low, &size) < 0 || low != 1))
  complain("SO_RCVLOWAT is left set");
for (;;)				/* piece by piece: there may not be room for all */
  {
  wanted = w.sent - w.r.consumed;
  while (got < wanted)
    {
    ssize_t n = read(w.ours, rest + got, wanted - got);
    if (n <= 0) break;
    got += (size_t)n;
    }
  if (w.next == on->count) break;
  act();
  }
if (got != wanted || unread() != 0 || memcmp(rest, on->all + w.r.consumed, got) != 0) complain("the bytes that follow are not all there");
}

static void
check_reason(proxy_read_outcome out)
{
const char * wanted = NULL;

if (out == PROXY_READ_GOOD || out == PROXY_READ_CLOSED) { if (w.r.reason) complain("there is a reason"); return; }
if (out == PROXY_READ_TIMEOUT) wanted = w.sent > 0 ? "timeout in header" : "timeout: no header";
else
  {
  proxy_header h;
  wanted = proxy_header_parse(on->all, w.r.seen, &h).reason;
  }
if (!w.r.reason || !wanted || strcmp(w.r.reason, wanted) != 0) complain("wrong reason");
}

/* Not too early, and not too late: in milliseconds since the start */

static void
check_time(const outcome * o, int eager)
{
int64_t took = (w.now - STARTED + MS - 1) / MS, came = (w.arrived - STARTED + MS - 1) / MS, late = eager ? PROXY_PEEK_AGAIN_MS + 1 : 1;
int over_long = is_over_long(o, on->all, w.sent);

if (took > SECONDS * 1000 + late) fail(on->all, on->n, "%s: ended after %lld ms", on->what, (long long)took);
if (w.broken) return;
if (o->r.missing == 0 || (w.ended && !on->no_rdhup))
  {
  if (took > came + late && !over_long) fail(on->all, on->n, "%s: ended %lld ms late", on->what, (long long)(took - came));
  }
else if (over_long)
  {
  if (!w.ended && w.r.consumed < PROXY_V1_SKIP_MAX && took < came + PROXY_V1_PAUSE_MS && took < SECONDS * 1000)
    complain("ended early");
  if (took > came + PROXY_V1_PAUSE_MS + late) complain("ended late");
  }
else if (!w.ended && took < SECONDS * 1000) complain("ended before the deadline");
}

static void
check_calls(const outcome * o, int eager)
{
unsigned bound = 3 + 2 * ((unsigned)w.next + w.ready + w.waits) + (on->most ? (unsigned)(w.r.consumed / on->most) : 0);

if (on->transport == PIPE) bound += 13;
if (eager) bound += 2 * w.sleeps;
if (w.sleeps > 3 + (w.now - STARTED) / MS / PROXY_PEEK_AGAIN_MS) fail(on->all, on->n, "%s: slept %u times", on->what, w.sleeps);
if (oracle_version(on->all, w.sent) == 1 && (w.next > 1 || is_over_long(o, on->all, w.sent)))	/* two bytes at a time, or one: its end may be next */
  bound += (unsigned)w.r.consumed;
if (w.reads > bound) fail(on->all, on->n, "%s, transport %d: %u calls for input, %u should do (%u polls, %u sleeps)", on->what, on->transport, w.reads, bound, w.polls, w.sleeps);
if (w.polls > w.reads + w.calls / 2 + w.waits + 40) fail(on->all, on->n, "%s: %u poll()s for %u reads", on->what, w.polls, w.reads);
if (w.sets > w.reads + 2 + 2 * w.waits) fail(on->all, on->n, "%s: %u setsockopt()s", on->what, w.sets);
if (!eager && w.sleeps > 2) fail(on->all, on->n, "%s: slept %u times", on->what, w.sleeps);
}

static proxy_read_outcome
run_reader(void)
{
proxy_read_outcome out;

while ((out = proxy_reader_run(&w.r, on->quiet_ms ? on->quiet_ms : INT_MAX)) == PROXY_READ_WAITING)
  {
  if (!on->quiet_ms) complain("WAITING, but for ever was asked for");
  if (w.now < w.arrived + on->quiet_ms * MS) complain("WAITING too early");
  if (w.now >= STARTED + SECONDS * 1000 * MS) complain("WAITING after the deadline");
  if (++w.waits > CALLS_MAX) die("WAITING without an end");
  }
return out;
}

static proxy_read_outcome
run(const play * p)
{
uint8_t * room = flush_right(NULL, 0) - PROXY_HEADER_MAX;
proxy_read_outcome out, wanted;
size_t least, most;
outcome o;
int eager;

on = p;
memset(&w, 0, sizeof w);
w.now = w.arrived = STARTED;
memset(room, 0xa5, p->n < 1000 ? 2000 : PROXY_HEADER_MAX);
open_pair();
while ((w.next < p->count || p->ends != STAYS) && next_at() == 0 && act()) ;

proxy_reader_start(&w.r, w.ours, p->transport != PIPE, room, SECONDS);
out = run_reader();

o = oracle(p->all, w.sent);
wanted = expected(&o, &least, &most);
eager = p->no_low_water || p->transport == UNIX || w.ended || p->eintr_storm;
if (out != wanted)
  fail(p->all, p->n, "%s, transport %d, %zu sent: %s, not %s", p->what, p->transport, w.sent, outcomes[out], outcomes[wanted]);
else
  {
  if (w.r.consumed < least || w.r.consumed > most)
    fail(p->all, p->n, "%s, transport %d: consumed %zu, not %zu to %zu", p->what, p->transport, w.r.consumed, least, most);
  if (w.r.seen < w.r.consumed || w.r.seen > w.sent) complain("seen is wrong");
  else if (memcmp(room, p->all, w.r.seen) != 0) complain("bytes are changed");
  if (out == PROXY_READ_GOOD && memcmp(&w.r.header, &o.h, sizeof o.h) != 0) complain("decoded wrongly");
  if (!w.broken) check_reason(out);
  check_time(&o, eager);
  check_calls(&o, eager);
  if (p->ends != RESETS && !w.broken) check_rest();
  }
close(w.ours);
if (w.theirs >= 0) close(w.theirs);
return out;
}


/* ---------- what is sent ---------- */

static const vector * rows, * samples;	/* the samples are the last of the rows */
static size_t row_count, sample_count;

#define TAIL "EHLO client.example\r\nPROXY "

/* Put a sample and what follows it where the peer takes it from. */

static size_t
put_stream(const vector * s, const char * tail)
{
memcpy(stream, s->buf, s->len);
memcpy(stream + s->len, tail, strlen(tail));
return s->len + strlen(tail);
}

static play
new_play(const char * what, int transport, size_t n, size_t count)
{
play p = { .what = what, .transport = transport, .all = stream, .n = n, .pieces = pieces, .count = count, .ends_at = WAITS };
return p;
}


/* ---------- tests ---------- */

/* All at once, before the start, when the reader waits, and before each of its calls */

static void
test_whole(void)
{
begin("whole, with and without bytes that follow: at once, late, and before each call");
for (int t = 0; t < TRANSPORTS; t++)
  for (size_t i = 0; i < sample_count; i++)
    for (int tail = 0; tail < 3; tail++)
      for (unsigned at = 0; at <= 6; at++)
        for (int ends = STAYS; ends <= (t == TCP ? RESETS : SHUTS); ends++)
          {
          size_t n = put_stream(samples + i, tail == 0 ? "" : tail == 1 ? "\n" : TAIL);
          play p = new_play(samples[i].name, t, n, 1);
          pieces[0] = (piece) { n, at < 6 ? at : WAITS, at < 6 ? 0 : 2500 };
          p.ends = ends;
          p.ends_at = at < 6 ? at : WAITS;
          p.nonblocking = (int)i & 1;
          run(&p);
          }
end();
}

/* Two pieces, cut at every byte; the second before each call, or when the reader waits */

static void
test_cuts(void)
{
begin("in two pieces, cut at every byte, the second before each call; then the end of the connection, or none");
for (int t = 0; t < TRANSPORTS; t++)
  for (size_t i = 0; i < sample_count; i++)
    {
    size_t n = put_stream(samples + i, TAIL);
    for (size_t cut = 0; cut <= samples[i].len + 2 && cut <= n; cut++)
      for (unsigned at = 1; at <= 8; at++)
        {
        play p = new_play(samples[i].name, t, n, 2);
        pieces[0] = (piece) { cut, 0, 0 };
        pieces[1] = (piece) { n, at < 8 ? at : WAITS, 0 };
        p.ends = at & 1 ? STAYS : SHUTS;
        p.ends_at = at & 2 ? at : WAITS;
        p.no_low_water = at == 5;
        run(&p);
        }
    }
end();
}

/* The start of a header, and then nothing, a shutdown, a reset */

static void
test_partial(void)
{
begin("the start of each, to every byte: silence, shutdown, reset; before the first call and between others");
for (int t = 0; t < TRANSPORTS; t++)
  for (size_t i = 0; i < sample_count; i++)
    for (size_t cut = 0; cut < samples[i].len; cut++)
      for (int ends = STAYS; ends <= (t == TCP ? RESETS : SHUTS); ends++)
        for (unsigned at = 0; at <= 5; at++)
          {
          play p = new_play(samples[i].name, t, put_stream(samples + i, ""), 1);
          if (ends == STAYS && at > 1) break;
          pieces[0] = (piece) { cut, 0, at == 1 ? 1234 : 0 };
          p.ends = ends;
          p.ends_at = at < 5 ? at : WAITS;
          run(&p);
          p.no_rdhup = 1;
          if (at == 0 || at == 5) run(&p);
          p.no_rdhup = 0;
          p.no_low_water = 1;
          if (at == 0 || at == 5) run(&p);
          }
end();
}

/* A byte at a time: as fast as the reader asks, one before each call, and slower than the deadline allows */

static void
test_bytes(void)
{
static const int64_t pause[] = { 0, 1, 19, 50, 500 };

begin("a byte at a time, at several speeds; the deadline is for all of it");
for (int t = 0; t < TRANSPORTS; t++)
  for (size_t i = 0; i < sample_count; i++)
    for (int low = 0; low < 2; low++)
      for (size_t k = 0; k <= sizeof pause / sizeof pause[0]; k++)
        {
        size_t n = put_stream(samples + i, "EH");
        play p = new_play(samples[i].name, t, n, n);
        int64_t start = STARTED / MS;
        for (size_t at = 0; at < n; at++)
          pieces[at] = k == 0 ? (piece) { at + 1, (unsigned)at + 1, 0 } : (piece) { at + 1, WAITS, start + (int64_t)(at + 1) * pause[k-1] };
        p.no_low_water = low;
        run(&p);
        }
end();
}

/* Pieces of any size, at any call or time */

static void
test_random(void)
{
uint64_t state = SEED;

begin("pieces at random, at random times, with interrupted calls and short reads");
for (int i = 0; i < 20000; i++)
  {
  const vector * s = samples + below(&state, (unsigned)sample_count);
  size_t n = put_stream(s, below(&state, 3) ? TAIL : ""), count = 1 + below(&state, 6);
  play p = new_play(s->name, (int)below(&state, TRANSPORTS), n, count);
  int64_t when = STARTED / MS;
  unsigned at = 0;

  for (size_t k = 0; k < count; k++)
    {
    size_t from = k ? pieces[k-1].upto : 0;
    when += below(&state, 4) ? 0 : below(&state, 1500);
    at += below(&state, 4);
    pieces[k] = (piece) { from + below(&state, (unsigned)(n - from) + 1), below(&state, 4) ? at : WAITS, when };
    }
  p.ends = (int)below(&state, 2);
  p.ends_at = below(&state, 2) ? at : WAITS;
  p.no_low_water = !below(&state, 4);
  p.nonblocking = !below(&state, 3);
  p.eintr_at = below(&state, 12);
  p.again_after = below(&state, 6);
  p.most = below(&state, 3) ? 0 : 1 + below(&state, 20);
  run(&p);
  }
end();
}

/* Every row of the tables, in two pieces */

static void
test_tables(void)
{
uint64_t state = SEED;

begin("every row of the tables, in two pieces");
for (const vector * v = rows; v < rows + row_count; v++)
  for (int t = 0; t < TRANSPORTS; t++)
    {
    size_t n = put_stream(v, TAIL);
    play p = new_play(v->text, t, n, 2);
    pieces[0] = (piece) { below(&state, (unsigned)n), 0, 0 };
    pieces[1] = (piece) { n, below(&state, 6), 0 };
    run(&p);
    }
end();
}

/* The largest header: its own end, and what it costs */

static void
test_largest(void)
{
static const size_t step[] = { 66000, 32768, 1460, 97 };

begin("a v2 header of 65,551 bytes, good, bad and cut, in pieces");
for (int t = 0; t < TRANSPORTS; t++)
  for (int kind = 0; kind < 3; kind++)
    for (size_t k = 0; k < sizeof step / sizeof step[0]; k++)
      {
      static const char start[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" "0123456789ab\4\xff\xf0";
      size_t n = 65551 + 30, count = 0;
      play p;

      memset(stream, 'x', n);
      memcpy(stream, start, sizeof start - 1);
      if (kind == 1) stream[13] = 0x91;
      if (kind == 2) n = 65550;
      for (size_t upto = 0; upto < n; count++)
        {
        upto = upto + step[k] < n ? upto + step[k] : n;
        pieces[count] = (piece) { upto, (unsigned)count & 1 ? WAITS : 0, 0 };
        }
      p = new_play("largest", t, n, count);
      p.ends = kind == 2 ? SHUTS : STAYS;
      run(&p);
      }
end();
}

/* Lines whose end comes late, or never */

static void
test_over_long(void)
{
static const size_t ends_at[] = { 109, 110, 111, 500, 4094, 4095, 4096, 4097, 4098, 4099, 5000, 0 };
static const size_t step[] = { 6000, 107, 1 };

begin("v1 lines that are too long, their end early, late or missing; then silence, more bytes, shutdown");
for (int t = 0; t < TRANSPORTS; t++)
  for (size_t e = 0; e < sizeof ends_at / sizeof ends_at[0]; e++)
    for (size_t k = 0; k < sizeof step / sizeof step[0]; k++)
      for (int how = 0; how < 4; how++)
        {
        size_t n = how == 3 ? 200 : 5100, count = 0;
        play p;

        memset(stream, 'x', n);
        memcpy(stream, "PROXY TCP4 ", 11);
        if (k == 2 && how != 3 && (e + (size_t)t) % 4) continue;
        if (how == 1) memset(stream + 11, '\r', n - 11);	/* each may be the one of CRLF */
        if (how == 2) memset(stream + 11, '\n', n - 11);
        if (ends_at[e] && ends_at[e] <= n) memcpy(stream + ends_at[e] - 2, "\r\n", 2);
        for (size_t upto = 0; upto < n; count++)
          {
          upto = upto + step[k] < n ? upto + step[k] : n;
          pieces[count] = (piece) { upto, count % 3 ? WAITS : 0, 0 };
          }
        p = new_play("too long", t, n, count);
        p.ends = e & 1 ? SHUTS : STAYS;
        run(&p);
        }

/* Slower than the pause, and slower than the deadline */

for (int t = 0; t < TRANSPORTS; t++)
  for (int64_t pause = 400; pause <= 1200; pause += 200)
    {
    play p;
    size_t count = 0;
    memset(stream, 'x', 300);
    memcpy(stream, "PROXY TCP4 ", 11);
    for (size_t upto = 107; upto < 300; upto++, count++)
      pieces[count] = (piece) { upto, count ? WAITS : 0, STARTED / MS + (int64_t)count * pause };
    p = new_play("too long and slow", t, 300, count);
    p.quiet_ms = pause == 600 ? 100 : 0;
    if (run(&p) != PROXY_READ_BAD) complain("a slow line is not bad");
    if (pause > 1000 && w.r.consumed != 107) complain("waited too long for the end of the line");
    }
end();
}

/* Interrupted calls, input that is not there, reads of a byte at a time: nothing changes. */

static void
test_odd_system(void)
{
begin("EINTR at each call, or again and again; EAGAIN after poll(); short reads");
for (int t = 0; t < TRANSPORTS; t++)
  for (size_t i = 0; i < sample_count; i++)
    for (unsigned k = 0; k <= 14; k++)
      for (int how = 0; how < 4; how++)
        {
        size_t n = put_stream(samples + i, TAIL), cut = how & 1 ? samples[i].len / 2 : 4;
        play p = new_play(samples[i].name, t, n, 2);
        pieces[0] = (piece) { cut, how & 2 ? WAITS : 0, 0 };
        pieces[1] = (piece) { n, WAITS, STARTED / MS + 700 };
        p.eintr_at = k;
        run(&p);
        p.eintr_at = 0;
        p.again_after = k;
        p.nonblocking = 1;
        run(&p);
        p.again_after = 0;
        p.most = k + 1;
        run(&p);
        p.most = 0;
        p.eintr_storm = 1;
        run(&p);
        p.count = 1;			/* and silence */
        run(&p);
        }
end();
}

/* Errors end it, at each call. */

static void
test_errors(void)
{
begin("recv(), read() or poll() that fails for good, from each call on");
for (int t = 0; t < TRANSPORTS; t++)
  for (size_t i = 0; i < sample_count; i++)
    for (unsigned k = 1; k <= 8; k++)
      {
      size_t n = put_stream(samples + i, TAIL);
      play p = new_play(samples[i].name, t, n, 3);
      pieces[0] = (piece) { 3, 0, 0 };
      pieces[1] = (piece) { samples[i].len / 2 > 3 ? samples[i].len / 2 : 3, WAITS, 0 };
      pieces[2] = (piece) { n, WAITS, 0 };
      p.read_fails = k;
      run(&p);
      p.read_fails = 0;
      p.poll_fails = k;
      run(&p);
      p.poll_fails = 0;
      p.read_fails = k;
      p.count = 1;			/* when the start of a signature is taken, at the deadline */
      run(&p);
      }
end();
}

/* Run again after WAITING, as often as it takes */

static void
test_quiet(void)
{
begin("WAITING after the time that was asked for, and run again to the end");
for (int t = 0; t < TRANSPORTS; t++)
  for (size_t i = 0; i < sample_count; i++)
    for (int late = 0; late < 3; late++)
      for (size_t cut = 0; cut < samples[i].len; cut += late ? 3 : 1)
        {
        size_t n = put_stream(samples + i, TAIL);
        play p = new_play(samples[i].name, t, n, late == 2 ? 1 : 2);
        pieces[0] = (piece) { cut, 0, 0 };
        pieces[1] = (piece) { n, WAITS, STARTED / MS + (late ? 2010 : 150) };
        p.quiet_ms = cut & 1 ? 200 : 75;
        run(&p);
        }
end();

begin("WAITING once for each time that it is quiet");
for (int t = 0; t < TRANSPORTS; t++)
  {
  play p = new_play("silence", t, put_stream(samples, ""), 1);
  proxy_reader r;
  int64_t at;

  on = &p;
  memset(&w, 0, sizeof w);
  w.now = w.arrived = STARTED;
  pieces[0] = (piece) { p.n, WAITS, STARTED / MS + 2500 };
  open_pair();
  proxy_reader_start(&r, w.ours, t != PIPE, flush_right(NULL, 0) - PROXY_HEADER_MAX, SECONDS);
  for (int i = 1; i <= 4; i++)
    {
    if (proxy_reader_run(&r, 500) != PROXY_READ_WAITING) complain("not WAITING");
    at = (w.now - STARTED) / MS;
    if (at < 500 * i || at > 500 * i + 1) fail(NULL, 0, "WAITING after %lld ms", (long long)at);
    }
  if (proxy_reader_run(&r, INT_MAX) != PROXY_READ_GOOD) complain("not GOOD");
  close(w.ours);
  close(w.theirs);
  }
end();
}

/* How many calls it takes: each is a system call that a session pays for. */

static void
expect_calls(const play * p, unsigned reads, unsigned polls, unsigned sets)
{
run(p);
if (w.reads != reads || w.polls != polls || w.sets != sets || w.sleeps != 0)
  fail(p->all, p->n, "%s, transport %d: %u reads, %u polls, %u setsockopts, %u sleeps, not %u, %u, %u", p->what, p->transport,
    w.reads, w.polls, w.sets, w.sleeps, reads, polls, sets);
}

static void
test_calls(void)
{
begin("two calls for a header that is there, three and a poll() for one that comes; one for what is none");
for (int t = UNIX; t <= TCP; t++)
  {
  for (size_t i = 0; i < sample_count; i++)
    {
    int none, bad_long = samples[i].len > 107;
    size_t n = put_stream(samples + i, TAIL);
    play p = new_play(samples[i].name, t, n, 1);

    if (bad_long) continue;
    none = oracle(stream, n).r.verdict == PROXY_HDR_NONE;
    pieces[0] = (piece) { n, 0, 0 };
    expect_calls(&p, none ? 1 : 2, 0, 0);
    pieces[0].at = WAITS;
    expect_calls(&p, none ? 2 : 3, 1, 0);
    }
  for (const vector * v = rows; v < rows + row_count; v++)
    {
    play p = new_play(v->name, t, v->len, 1);
    if (v->want.r.verdict != PROXY_HDR_COMPLETE || v->want.h.version != 2) continue;
    pieces[0] = (piece) { v->want.r.size, 0, 0 };
    p.all = v->buf;
    p.n = v->want.r.size;
    expect_calls(&p, 2, 0, 0);
    }
  }
end();

begin("half a signature: poll() waits for a byte more than that, where it can");
for (size_t cut = 1; cut < 12; cut++)
  {
  const vector * s = samples + (cut < 6 ? 0 : 5);
  play p = new_play(s->name, TCP, put_stream(s, ""), 2);
  pieces[0] = (piece) { cut, 0, 0 };
  pieces[1] = (piece) { p.n, WAITS, STARTED / MS + 1000 };
  expect_calls(&p, 4, 1, 2);
  }
end();
}

/* The time that is left, rounded up */

static void
test_deadline(void)
{
static const struct { int64_t ns; int ms; } left[] = {
  { 0, 0 }, { -1, 0 }, { -1000 * MS, 0 }, { -86400 * INT64_C(1000) * MS, 0 }, { 1, 1 }, { MS - 1, 1 }, { MS, 1 }, { MS + 1, 2 },
  { 2 * MS - 1, 2 }, { 999 * MS, 999 }, { 999 * MS + 1, 1000 }, { 1000 * MS, 1000 }, { 1000 * MS + 1, 1001 }, { 1500 * MS, 1500 },
  { 86399 * 1000 * MS, 86399000 }, { 86400 * 1000 * MS, 86400000 }, { 100000 * 1000 * MS, 86400000 },
  { INT64_C(1000000) * 1000 * MS, 86400000 } };
static const int64_t fractions[] = { 0, 1, 499999, 500000, MS - 1, MS, 500 * MS, 999 * MS, 999 * MS + 1, 1000 * MS - 1 };
const int64_t second = 1000 * MS;
play p = new_play("deadline", UNIX, 0, 0);
struct timespec d;

begin("the time that is left of a deadline, at every fraction of a second");
on = &p;
for (size_t f = 0; f < sizeof fractions / sizeof fractions[0]; f++)
  {
  for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
    {
    int64_t end = 1000000 * second + fractions[f];
    w.now = end - left[i].ns;
    d.tv_sec = (time_t)(end / second);
    d.tv_nsec = (long)(end % second);
    if (proxy_deadline_left(&d) != left[i].ms)
      fail(NULL, 0, "%lld ns at %lld: %d ms, not %d", (long long)left[i].ns, (long long)fractions[f], proxy_deadline_left(&d), left[i].ms);
    }
  w.now = 1000 * second + fractions[f];
  proxy_deadline_set(&d, 7);
  if (d.tv_sec != 1007 || d.tv_nsec != fractions[f] || proxy_deadline_left(&d) != 7000) fail(NULL, 0, "set wrongly");
  }
end();
}


int
main(void)
{
rows = read_vectors("headers.vectors", &row_count);
for (samples = rows + row_count; strcmp(samples[-1].source, "reader") == 0; samples--) sample_count++;

test_deadline();
test_calls();
test_whole();
test_cuts();
test_partial();
test_bytes();
test_quiet();
test_odd_system();
test_errors();
test_over_long();
test_largest();
test_tables();
test_random();

return finish();
}
