/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reader_play.h"

#define CALLS_MAX  50000		/* more than any test needs: the reader spins */
#define PATIENCE   20000		/* how long the kernel may take, in real milliseconds */

const play * on;
piece pieces[PIECES_MAX];
uint8_t stream[ALL_MAX];
world w;

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

void
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

void
begin_play(const play * p)
{
on = p;
memset(&w, 0, sizeof w);
w.now = w.arrived = STARTED;
open_pair();
}

proxy_read_outcome
run(const play * p)
{
uint8_t * room = flush_right(NULL, 0) - PROXY_HEADER_MAX;
proxy_read_outcome out, wanted;
size_t least, most;
outcome o;
int eager;

begin_play(p);
memset(room, 0xa5, p->n < 1000 ? 2000 : PROXY_HEADER_MAX);
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


/* Put a sample and what follows it where the peer takes it from. */

size_t
put_stream(const vector * s, const char * tail)
{
memcpy(stream, s->buf, s->len);
memcpy(stream + s->len, tail, strlen(tail));
return s->len + strlen(tail);
}

play
new_play(const char * what, int transport, size_t n, size_t count)
{
play p = { .what = what, .transport = transport, .all = stream, .n = n, .pieces = pieces, .count = count, .ends_at = WAITS };
return p;
}
