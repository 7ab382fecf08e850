/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the reader, on a descriptor that is played by the functions below. proxy_reader.c is compiled to call
them for recv(), read(), poll(), setsockopt() and clock_gettime(). The clock moves on instead of a wait.

An input is a script, then what the peer sends:

  how		1 byte: see the macros
  time		1 byte: the fraction of a second at which the clock starts
  moods		6 bytes, one for each call, over and over: see the macros
  pieces	8 times 2 bytes, over and over: the size of a piece, and how long after the last one it comes
*/

#define _GNU_SOURCE		/* POLLRDHUP */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "fuzz.h"
#include "proxy_reader.h"

#define MOODS		6
#define PIECES		8
#define MOODS_AT	2
#define PIECES_AT	(MOODS_AT + MOODS)
#define SCRIPT_LEN	(PIECES_AT + 2 * PIECES)

#define HOW_PIPE	0x01
#define HOW_NO_WAIT	0x02	/* poll() does not wait for SO_RCVLOWAT bytes, as with a UNIX socket */
#define HOW_NO_OPTION	0x04	/* setsockopt() fails */
#define HOW_SHUT	0x08	/* the peer shuts down in the end; else it is silent */
#define HOW_RESET	0x10	/* or it resets the connection */
#define HOW_DROP	0x20	/* which drops what has not been read */
#define HOW_QUIET	0x40	/* the caller wants to know when the peer is quiet */

#define MOOD_EINTR	0x01
#define MOOD_NOTHING	0x02	/* recv() has nothing yet, poll() returns for nothing */
#define MOOD_LESS	0x04	/* less is read than is there */
#define MOOD_SLOW	0x08	/* the call takes time; how much is in the upper four bits */

#define FD		77
#define SECONDS		3
#define SECOND		1000000LL	/* in microseconds, as all times here */
#define SLACK		(PROXY_PEEK_AGAIN_MS * 1000 + 1000)	/* the last wait for more of a signature; rounding */
#define QUIET_MS	500
#define MISCHIEF_MAX	40		/* no system interrupts for ever */
#define IDLE_MAX	24		/* calls without any effect */

const size_t fuzz_script_len = SCRIPT_LEN;

static const uint8_t * script, * stream;
static size_t stream_size;
static int how;

/* The connection: bytes that have come, that were taken, and that were peeked at after these */

static size_t arrived, taken, peeked, in_time;	/* in_time: had come before the deadline */
static int ended, low_water, next_piece;
static long long now, due, deadline, last_at;	/* due: when the next piece comes */

static unsigned calls, idle, mischief;
static long long stolen;		/* time that calls took, and that was not waited for */
static int misled;			/* something was hidden from the reader */
static uint8_t * buffer;
static size_t buffer_used;

static uint8_t
mood(void)
{
return script[MOODS_AT + calls % MOODS];
}

static int
plays_tricks(int trick)
{
if (!(mood() & trick) || mischief >= MISCHIEF_MAX) return 0;
mischief++;
idle = 0;
return 1;
}

/* The last event is the end, if there is one. */

static int
event_follows(void)
{
return arrived < stream_size || (!ended && how & (HOW_SHUT | HOW_RESET));
}

static void
plan_event(void)
{
due += script[PIECES_AT + 2 * (next_piece % PIECES) + 1] * 8000LL;
}

/* Let come what is due. A size of 0 is all the rest. */

static void
deliver(void)
{
while (event_follows() && due <= now)
  {
  size_t n = script[PIECES_AT + 2 * (next_piece++ % PIECES)], left = stream_size - arrived;
  if (n > 200) n = (n - 200) * 512;
  if (left == 0) ended = 1;
  else arrived += n > 0 && n < left ? n : left;
  if (due < deadline) in_time = arrived;
  last_at = due;
  idle = 0;
  plan_event();
  }
}

static void
pass_to(long long then)
{
if (then > now)
  {
  now = then;
  idle = 0;
  }
deliver();
}

static void
check_time(void)
{
CHECK(now <= deadline + stolen + SLACK, "%lld us late", now - deadline);
}

static void
begin_call(void)
{
long long n = mood() >> 4;

check_time();
calls++;
CHECK(++idle < IDLE_MAX, "%u calls, the last ones without effect", calls);
if (mood() & MOOD_SLOW)
  {
  stolen += n * n * n * 1000;
  now += n * n * n * 1000;
  }
deliver();
}

static int
reset(void)
{
return ended && how & HOW_RESET;
}

static size_t
available(void)
{
return reset() && how & HOW_DROP ? 0 : arrived - taken;
}


/* ---- what the reader calls ---- */

extern int fuzz_clock_gettime(clockid_t, struct timespec *);
extern int fuzz_setsockopt(int, int, int, const void *, socklen_t);
extern int fuzz_poll(struct pollfd *, nfds_t, int);
extern ssize_t fuzz_recv(int, void *, size_t, int);
extern ssize_t fuzz_read(int, void *, size_t);

int
fuzz_clock_gettime(clockid_t clock, struct timespec * t)
{
begin_call();
CHECK(clock == CLOCK_MONOTONIC, "clock %d", (int)clock);
t->tv_sec = 1000 + now / SECOND;
t->tv_nsec = now % SECOND * 1000 + 999;
return 0;
}

int
fuzz_setsockopt(int fd, int level, int name, const void * value, socklen_t size)
{
begin_call();
CHECK(fd == FD && level == SOL_SOCKET && name == SO_RCVLOWAT && size == sizeof(int), "option %d", name);
CHECK(!(how & HOW_PIPE), "setsockopt on a pipe");
if (how & HOW_NO_OPTION) return errno = ENOPROTOOPT, -1;
memcpy(&low_water, value, size);
CHECK(low_water > 0, "low water %d", low_water);
return 0;
}

static short
ready(short events)
{
size_t least = how & (HOW_NO_WAIT | HOW_PIPE) ? 1 : (size_t)low_water;
short r = available() >= least ? POLLIN : 0;

if (reset()) r |= POLLIN | POLLRDHUP | POLLERR | POLLHUP;
else if (ended) r |= how & HOW_PIPE ? POLLHUP : POLLIN | POLLRDHUP;
return r & (events | POLLERR | POLLHUP);
}

int
fuzz_poll(struct pollfd * p, nfds_t n, int ms)
{
long long until;

begin_call();
CHECK(ms >= 0 && ms <= SECONDS * 1000, "poll for %d", ms);
CHECK(n == 0 || (n == 1 && p->fd == FD), "poll for another descriptor");
if (n > 0 && p->events & POLLIN && !(how & (HOW_PIPE | HOW_NO_WAIT | HOW_NO_OPTION)))
  CHECK((size_t)low_water > peeked, "poll for %d bytes, %zu of which have been seen", low_water, peeked);
if (plays_tricks(MOOD_EINTR)) return errno = EINTR, -1;
if (n > 0 && p->events & POLLIN && !(how & HOW_PIPE) && plays_tricks(MOOD_NOTHING)) return p->revents = POLLIN, 1;

until = now + ms * 1000LL;
if (n == 0) return pass_to(until), 0;
while (!(p->revents = ready(p->events)))
  {
  if (!event_follows() || due > until) return pass_to(until), 0;
  pass_to(due);
  }
return 1;
}

/* Read, take or peek. A peek shows all that there is. */

static ssize_t
input(void * to, size_t n, int peek)
{
uint8_t * p = to;
size_t got = available() < n ? available() : n;

CHECK(n > 0 && p >= buffer && p <= buffer + PROXY_HEADER_MAX && n <= (size_t)(buffer + PROXY_HEADER_MAX - p),
  "%zu bytes out of the buffer", n);
if (plays_tricks(MOOD_EINTR)) return errno = EINTR, -1;
if (got == 0) return reset() ? errno = ECONNRESET, -1 : ended ? 0 : (errno = EAGAIN, -1);
if (peeked == 0 && !(how & HOW_PIPE) && plays_tricks(MOOD_NOTHING)) return misled = 1, errno = EAGAIN, -1;
if (mood() & MOOD_LESS && !peek) got = 1 + (mood() >> 4) % got;

memcpy(p, stream + taken, got);
WRITTEN(p, got);
if (buffer_used < (size_t)(p - buffer) + got) buffer_used = (size_t)(p - buffer) + got;
if (peek)
  {
  if (got > peeked) idle = 0;
  peeked = got;
  }
else
  {
  taken += got;
  peeked = peeked > got ? peeked - got : 0;
  idle = 0;
  }
return (ssize_t)got;
}

ssize_t
fuzz_recv(int fd, void * to, size_t n, int flags)
{
begin_call();
CHECK(fd == FD && !(how & HOW_PIPE), "recv from %d", fd);
CHECK(flags & MSG_DONTWAIT, "recv might wait");
return input(to, n, flags & MSG_PEEK);
}

ssize_t
fuzz_read(int fd, void * to, size_t n)
{
begin_call();
CHECK(fd == FD && how & HOW_PIPE, "read from %d", fd);
CHECK(available() > 0 || ended, "read would wait");
return input(to, n, 0);
}


/* ---- what must be so in the end ---- */

static proxy_result
judge(size_t n)
{
proxy_header h;
return proxy_header_parse(stream, n, &h);
}

/* Whatever the outcome, no byte is taken that is not the header's. Only at the deadline may bytes be taken that look
like part of one. */

static void
check_taken(const proxy_reader * r, proxy_read_outcome outcome)
{
proxy_result all = judge(stream_size);

CHECK(r->consumed == taken && r->seen >= taken && r->seen <= arrived, "seen %zu, consumed %zu of %zu", r->seen,
  r->consumed, arrived);
CHECK(memcmp(r->bytes, stream, r->seen) == 0, "other bytes");
if (all.size > 0) CHECK(taken <= all.size, "%zu of a header of %zu", taken, all.size);
if (all.verdict == PROXY_HDR_BAD && stream[0] == 'P') CHECK(taken <= PROXY_V1_SKIP_MAX + 1, "%zu of a line", taken);
if (all.verdict == PROXY_HDR_NONE && taken > 0 && (outcome == PROXY_READ_NONE || now < deadline))
  CHECK(how & HOW_PIPE && judge(taken - 1).verdict == PROXY_HDR_MORE, "%zu of no header", taken);
CHECK(low_water == 1, "low water %d", low_water);
}

static void
check_outcome(const proxy_reader * r, proxy_read_outcome outcome)
{
int over = now >= deadline, fooled = stolen > 0 || misled;
proxy_result seen = judge(r->seen), came = judge(arrived);
const char * reason = seen.reason;
proxy_header h;

check_time();
switch (outcome)
  {
  case PROXY_READ_GOOD:
    CHECK(proxy_header_parse(stream, stream_size, &h).verdict == PROXY_HDR_COMPLETE && taken == came.size,
      "%zu of a header of %zu", taken, came.size);
    CHECK(memcmp(&h.source.address, &r->header.source.address, PROXY_INET6_LEN) == 0
      && h.destination.port == r->header.destination.port && h.tlv_length == r->header.tlv_length, "another header");
    break;

  case PROXY_READ_BAD:
    CHECK(seen.verdict == PROXY_HDR_BAD, "verdict %d", seen.verdict);
    if (seen.size == 0)
      CHECK(fooled || now <= last_at + PROXY_V1_PAUSE_MS * 1000 + SLACK, "waits %lld for a line's end", now - last_at);
    if (fooled || over || ended) break;
    if (seen.size > 0) CHECK(taken == seen.size, "%zu of %zu", taken, seen.size);
    else CHECK(taken == arrived || taken >= PROXY_V1_SKIP_MAX, "%zu of %zu", taken, arrived);
    break;

  case PROXY_READ_NONE:
    CHECK(seen.verdict == PROXY_HDR_NONE, "verdict %d", seen.verdict);
    break;

  case PROXY_READ_TIMEOUT:
    CHECK(seen.verdict == PROXY_HDR_MORE && taken == r->seen && over, "verdict %d, %zu of %zu", seen.verdict,
      taken, r->seen);
    CHECK(fooled || taken >= in_time, "%zu of %zu", taken, in_time);
    CHECK(fooled || !ended || last_at + SLACK >= deadline, "it has been closed");
    reason = r->seen > 0 ? "timeout in header" : "timeout: no header";
    break;

  case PROXY_READ_CLOSED:
    CHECK(ended, "it is open");
    CHECK(came.verdict == PROXY_HDR_MORE || (reset() && how & HOW_DROP), "verdict %d", came.verdict);
    reason = r->reason;
    break;

  default:
    CHECK(0, "outcome %d", outcome);
  }
CHECK(r->reason == reason || (reason && r->reason && strcmp(reason, r->reason) == 0), "reason %s, not %s",
  r->reason ? r->reason : "none", reason ? reason : "none");
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t size)
{
int quiet_ms;
proxy_reader r;
proxy_read_outcome outcome;

if (size < SCRIPT_LEN) return 0;
WRITTEN(data, size);
script = data;
stream = data + SCRIPT_LEN;
stream_size = size - SCRIPT_LEN;
how = script[0];
buffer = flush_right(NULL, PROXY_HEADER_MAX);
FORGET(buffer, buffer_used);		/* what the last reader has read */
arrived = taken = peeked = in_time = buffer_used = 0;
ended = next_piece = misled = 0;
calls = idle = mischief = 0;
low_water = 1;
stolen = 0;
deadline = LLONG_MAX / 2;
last_at = due = now = script[1] * 3900LL;
plan_event();

quiet_ms = how & HOW_QUIET ? QUIET_MS : INT_MAX;
proxy_reader_start(&r, FD, !(how & HOW_PIPE), buffer, SECONDS);
deadline = now + SECONDS * SECOND;
stolen = 0;
last_at = now;		/* what came before counts from here */
for (;;)
  {
  long long begun = now;
  idle = 0;
  outcome = proxy_reader_run(&r, quiet_ms);
  if (outcome != PROXY_READ_WAITING) break;
  CHECK(how & HOW_QUIET && now - begun >= QUIET_MS * 1000, "quiet for %lld", now - begun);
  }
check_taken(&r, outcome);
check_outcome(&r, outcome);
return 0;
}

/* End of reader.c */
