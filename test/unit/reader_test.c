/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the reader, proxy_reader.c. See ../../src-overlay/src/proxy_reader.h for its contract, and reader_play.h
for how it is played with. */

#include <string.h>
#include <unistd.h>

#include "reader_play.h"

/* ---------- what is sent ---------- */

static const vector * rows, * samples;	/* the samples are the last of the rows */
static size_t row_count, sample_count;

#define TAIL "EHLO client.example\r\nPROXY "


/* ---------- tests ---------- */

/* All at once, before the start, when the reader waits, and before each of its calls */

static void
test_whole(void)
{
begin("reads a header that comes whole, at once, late and before each call, and nothing that follows");
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
begin("reads a header in two pieces, cut at every byte, the second before each call");
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
begin("ends at silence, a shutdown or a reset after every byte");
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

begin("reads a byte at a time, at several speeds, by one deadline for all");
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

begin("reads pieces at random, at random times, with interrupted calls and short reads");
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

begin("reads every row of the tables in two pieces");
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

begin("reads a v2 header of 65,551 bytes, good, bad and cut, in pieces");
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

begin("takes a v1 line that is too long to its end, or as far as it looks for one");
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
begin("reads on after EINTR, EAGAIN and short reads");
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
begin("ends when recv(), read() or poll() fails for good, from each call on");
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
begin("says WAITING after the time that was asked for, and ends as well when run again");
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

begin("says WAITING once for each time that it is quiet");
for (int t = 0; t < TRANSPORTS; t++)
  {
  play p = new_play("silence", t, put_stream(samples, ""), 1);
  proxy_reader r;
  int64_t at;

  begin_play(&p);
  pieces[0] = (piece) { p.n, WAITS, STARTED / MS + 2500 };
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
begin("takes two calls for a header that is there, three and a poll() for one that comes, one for what is none");
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

begin("waits for a byte more than half a signature, where poll() can");
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

begin("tells the time that is left, rounded up, at every fraction of a second");
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
