/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harness of the unit tests, which print TAP: inputs laid against pages that nobody may touch. */

#ifndef UNIT_H
#define UNIT_H

#include "oracle.h"
#include "pages.h"

/* A test: begin(what is expected) ... checks ... end(), which prints its line. In the end, return finish() from main(). */

extern void begin(const char * format, ...) __attribute__((format(printf, 1, 2)));
extern void end(void);
extern int  finish(void);
extern void bail_out(const char * what) __attribute__((noreturn));	/* the test itself cannot go on */

/* Note a failure of the running test: what was wrong, with which bytes. Only the first is shown. */

extern void fail(const uint8_t * buf, size_t len, const char * format, ...) __attribute__((format(printf, 3, 4)));

/* Call the parser with exactly these bytes, in this place, and compare: verdict, sizes, reason, each
field, and that the structure is untouched unless the header is complete. A reason of NULL stands for any; several have
bars between. what: which case, for the message. */

extern void check_here(const uint8_t * buf, size_t len, const outcome * want, const char * what);

/* The same with a copy that ends just before a page without access, ... */

extern void check_right(const uint8_t * buf, size_t len, const outcome * want, const char * what);

/* ... and with copies on both sides: that one, and one that begins just after such a page. */

extern void check(const uint8_t * buf, size_t len, const outcome * want, const char * what);

/* The same against the oracle's opinion; and for a row of a table, which the oracle must share, or it would be of no use. */

extern void check_by_oracle(const uint8_t * buf, size_t len, const char * what);
extern void check_row(const uint8_t * buf, size_t len, const outcome * want, const char * what);

/* Numbers that look random and are always the same: the next one, and one below a limit */

extern uint64_t next_random(uint64_t * state);
extern unsigned below(uint64_t * state, unsigned limit);

#define SEED UINT64_C(0x50524f5859202606)

#endif
