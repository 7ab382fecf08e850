/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proofs about proxy_reader.c, in the world of posix.h */

#include "posix.h"
#include "proxy_reader.c"


/*************************************************
*             The parser                         *
*************************************************/

proxy_result
proxy_header_parse(const uint8_t * buf, size_t len, proxy_header * h)
{
judgement j;
proxy_header any;

PROVE(buf == reader->bytes && len == world.shown);	/* all that was seen, and nothing else */
ASSUME(j.len == len && keeps_contract(j) && keeps_word(world.last, j));
if (j.r.verdict == PROXY_HDR_COMPLETE) *h = any;
world.last = j;
return j.r;
}

int
proxy_header_version(const uint8_t * buf, size_t len)
{
PROVE(buf == reader->bytes && len == world.last.len);
return world.last.version;
}


/*************************************************
*             The clock                          *
*************************************************/

/* Any second, but these nanoseconds, on either side of a millisecond and of a second: with any of them CBMC
needs minutes for the division. */

static const long nanoseconds[] = { 0, 1, 999999, 1000000, 1500000, 999000001, 999999999 };

struct timespec now;

int
clock_gettime(clockid_t clock, struct timespec * t)
{
struct timespec any;

PROVE(clock == CLOCK_MONOTONIC);
any.tv_nsec = nanoseconds[any_length(6)];
ASSUME(0 <= any.tv_sec && any.tv_sec <= INT_MAX);
ASSUME(any.tv_sec > now.tv_sec || (any.tv_sec == now.tv_sec && any.tv_nsec >= now.tv_nsec));
*t = now = any;
return 0;
}

void
reader_clock(void)
{
struct timespec deadline;
int seconds = nondet_int(), left, ms, ns;

ASSUME(seconds >= 0);
proxy_deadline_set(&deadline, seconds);
PROVE(deadline.tv_sec == now.tv_sec + seconds && deadline.tv_nsec == now.tv_nsec);

left = proxy_deadline_left(&deadline);
PROVE(0 <= left && left <= DAY);
if (deadline.tv_sec < now.tv_sec)
  {
  REACHED("passed, seconds ago");
  PROVE(left == 0);
  return;
  }
if (deadline.tv_sec - now.tv_sec >= DAY / 1000)
  {
  REACHED("a day");
  PROVE(left == DAY);
  return;
  }

ns = (int)(deadline.tv_nsec - now.tv_nsec);
ms = left - (int)(deadline.tv_sec - now.tv_sec) * 1000;
if (left > 0)
  {
  REACHED("time left");
  PROVE(ms * 1000000 >= ns && (ms - 2) * 1000000 < ns);
  return;
  }
REACHED("passed");
PROVE(deadline.tv_sec == now.tv_sec && ns <= 0);
}


/*************************************************
*             The reader                         *
*************************************************/

void
reader_start(void)
{
proxy_reader r;
int fd = nondet_int(), is_socket = nondet_int();
uint8_t * bytes = any_bytes(PROXY_HEADER_MAX);

proxy_reader_start(&r, fd, is_socket, bytes, 30);
world.left = any_length(DAY);
world.low_water = 1;
world.last.r.verdict = PROXY_HDR_MORE;
world.last.r.missing = 1;
PROVE(r.fd == fd && r.is_socket == is_socket && r.bytes == bytes);
PROVE(r.deadline.tv_sec == now.tv_sec + 30 && r.deadline.tv_nsec == now.tv_nsec);
PROVE(READER_KEEPS(&r) && HEADER_GOES_ON(&r));
REACHED("the end");
}

/* A reader, and the world as it may be then */

static void
any_world(proxy_reader * r)
{
typeof(world) any;

reader = r;
signals_max = 0;
blocking = nondet_int();
world = any;
r->bytes = any_bytes(PROXY_HEADER_MAX);
}

static void
any_reader(proxy_reader * r)
{
any_world(r);
ASSUME(READER_KEEPS(r) && HEADER_GOES_ON(r));
}

/* In place of reader_take_upto(): it demands what that needs, and leaves open all that its own proof,
reader_taken, does not show. */

#define MAY_BE_TAKEN(r, size) ( \
  (size) <= world.shown && world.shown <= PROXY_HEADER_MAX \
  && (r)->consumed == world.taken && (r)->seen == world.shown && world.taken <= world.shown \
  && world.late < LATE_MAX && world.idle < IDLE_MAX && 0 <= world.left && world.left <= DAY \
  && (world.taken >= (size) || ((r)->is_socket && is_ours((size) - world.taken))))

int
reader_take_upto_lemma(proxy_reader * r, size_t size)
{
int got_all = nondet_int();

PROVE(r == reader && MAY_BE_TAKEN(r, size));
if (r->consumed >= size) return 1;
begin(INPUT);
world.reported = nondet_int();
world.taken = got_all ? size : any_length(size);
r->consumed = world.taken;
r->woken = nondet_int();
if (got_all) return 1;
brought_nothing();
world.gone = 1;
return 0;
}

/* Signals change nothing but the time: the last call is as the first. */

void
reader_interrupted(void)
{
proxy_reader r;
size_t got;

any_reader(&r);
signals_max = SIGNALS_MAX;
world.signals = 0;
if (nondet_int())
  {
  ASSUME(r.is_socket && r.consumed == 0);
  if (reader_input(&r, r.bytes, PROXY_V1_MAX, MSG_PEEK, &got) != READER_READY) return;
  if (world.signals == 2) REACHED("a peek");
  PROVE(0 < got && got <= PROXY_V1_MAX && world.taken == 0);
  }
else
  {
  int ms = nondet_int(), rc;
  ASSUME(ms >= 0 && !world.reported && (!r.is_socket || world.set_failed));
  rc = reader_poll(&r, POLLIN, ms);
  if (world.signals == 0) return;
  if (rc < 0) REACHED("broken");
  if (rc > 0) REACHED("input");
  if (rc == 0) REACHED("nothing");
  }
}

void
reader_taken(void)
{
proxy_reader r;
size_t size = nondet_size(), before;
int rc;

any_world(&r);
ASSUME(world.last.len <= LENGTH_MAX && keeps_contract(world.last) && MAY_BE_TAKEN(&r, size));
before = world.taken;
rc = reader_take_upto(&r, size);
PROVE(r.consumed == world.taken && r.seen == world.shown);
if (rc)
  {
  REACHED("all");
  PROVE(world.taken == (before < size ? size : before));
  return;
  }
REACHED("cut off");
PROVE(world.gone && before <= world.taken && world.taken < size);
}

void
reader_run(void)
{
proxy_reader r;
int quiet_ms = nondet_int();

any_reader(&r);
ASSUME(quiet_ms >= 0);

switch (proxy_reader_run(&r, quiet_ms))
  {
  case PROXY_READ_GOOD:
    REACHED("good");
    PROVE(world.last.r.verdict == PROXY_HDR_COMPLETE);
    PROVE(world.taken == world.last.r.size && r.consumed == world.taken);
    break;

  case PROXY_READ_BAD:
    PROVE(world.last.r.verdict == PROXY_HDR_BAD && r.reason == world.last.r.reason);
    if (world.last.r.size == 0)
      {
      REACHED("bad, without end");
      PROVE(world.taken <= PROXY_V1_SKIP_MAX + 1);
      }
    else if (world.taken == world.last.r.size) REACHED("bad, to its end");
    else
      {
      REACHED("bad, cut off");
      PROVE(world.taken < world.last.r.size && (world.left == 0 || world.gone));
      }
    break;

  case PROXY_READ_NONE:
    PROVE(world.last.r.verdict == PROXY_HDR_NONE && r.reason == world.last.r.reason);
    if (r.is_socket)
      {
      REACHED("none");
      PROVE(world.taken == 0);
      }
    else
      {
      REACHED("none, not a socket");
      PROVE(world.taken == r.seen && r.seen <= PROXY_V2_SIGNATURE_LEN);
      }
    break;

  case PROXY_READ_TIMEOUT:
    REACHED("timeout");
    PROVE(world.left == 0 && world.last.r.verdict == PROXY_HDR_MORE && r.reason);
    PROVE(world.taken == r.seen && r.seen == world.last.len);
    break;

  case PROXY_READ_CLOSED:
    REACHED("closed");
    PROVE(world.gone);
    break;

  case PROXY_READ_WAITING:
    REACHED("waiting");
    PROVE(world.last.r.verdict == PROXY_HDR_MORE || world.last.r.size > 0);
    PROVE(READER_KEEPS(&r) && HEADER_GOES_ON(&r));
    break;

  default:
    PROVE(0);
  }
PROVE(world.low_water == 1 || world.set_failed);
}
