/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harness of the unit tests, which print TAP: inputs laid against pages that nobody may touch. */

#ifndef UNIT_H
#define UNIT_H

#include "proxy_header.h"

/* What a call should give. A reason of NULL stands for any; several are parted by bars. h counts only for
COMPLETE. */

typedef struct {
  proxy_result r;
  proxy_header h;
} outcome;

/* A test: begin(what is expected) ... checks ... end(), which prints its line. In the end, return finish() from main(). */

extern void begin(const char * format, ...) __attribute__((format(printf, 1, 2)));
extern void end(void);
extern int  finish(void);
extern void bail_out(const char * what) __attribute__((noreturn));	/* the test itself cannot go on */

/* Note a failure of the running test: what was wrong, with which bytes. Only the first is shown. */

extern void fail(const uint8_t * buf, size_t len, const char * format, ...) __attribute__((format(printf, 3, 4)));

/* Call the parser with exactly these bytes, in this place, and compare: verdict, sizes, reason, each
field, and that the structure is untouched unless the header is complete. what: which case, for the message. */

extern void check_here(const uint8_t * buf, size_t len, const outcome * want, const char * what);

/* The same with a copy that ends just before a page without access, ... */

extern void check_right(const uint8_t * buf, size_t len, const outcome * want, const char * what);

/* ... and with copies on both sides: that one, and one that begins just after such a page. */

extern void check(const uint8_t * buf, size_t len, const outcome * want, const char * what);

/* Copy to those places without a call. What is at the left can be made read-only until the next copy. */

extern uint8_t * flush_right(const uint8_t * buf, size_t len);
extern uint8_t * flush_left(const uint8_t * buf, size_t len);
extern void      left_read_only(void);

/* Numbers that look random and are always the same: the next one, and one below a limit */

extern uint64_t next_random(uint64_t * state);
extern unsigned below(uint64_t * state, unsigned limit);

#define SEED UINT64_C(0x50524f5859202606)

#define ARENA_MAX (192 * 1024)		/* the longest input that fits there */

#endif
