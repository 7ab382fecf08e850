/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A peer and a system for the reader, proxy_reader.c, under test.

The descriptors are real: AF_UNIX and TCP sockets, and pipes. The clock is not, and the peer acts inside the reader's
own calls (the Makefile renames them): just before a call of a given number, or when the reader waits. So no test
waits, and none depends on the speed of the machine. */

#ifndef READER_PLAY_H
#define READER_PLAY_H

#include <limits.h>

#include "proxy_reader.h"
#include "vectors.h"

#define SECONDS    3			/* of the deadline */
#define MS         INT64_C(1000000)	/* in nanoseconds */
#define STARTED    (INT64_C(1000000000) * MS + 999999999)	/* so that nanoseconds have to be carried */
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

extern const play * on;			/* what is played */
extern piece pieces[PIECES_MAX];
extern uint8_t stream[ALL_MAX];

typedef struct {
  int		ours, theirs;
  size_t	sent;
  size_t	next;			/* piece */
  int		ended;
  int64_t	now;			/* the clock, in nanoseconds */
  int64_t	arrived;		/* when something last happened */
  unsigned	calls, reads, polls, ready, sets, sleeps, waits;
  int		again, broken;
  proxy_reader	r;
} world;

extern world w;

/* What is at the start of the stream: the bytes of a row and what follows. Returns how many. */

extern size_t put_stream(const vector * row, const char * tail);

/* The first count pieces of the first n bytes of the stream */

extern play new_play(const char * what, int transport, size_t n, size_t count);

/* Let the reader read a header, and hold it to its contract. Returns how it ended. */

extern proxy_read_outcome run(const play * p);

/* For what does not fit run(): start, and a failure of the running test */

extern void begin_play(const play * p);
extern void complain(const char * what);

#endif
