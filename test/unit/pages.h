/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory between pages that nobody may touch, for the unit tests and the fuzzers. */

#ifndef PAGES_H
#define PAGES_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_MAX (512 * 1024)		/* the longest input, or text, that fits there */

/* Copy bytes so that they end just before such a page, or begin just after one. NULL for bytes: only make room. What is at
the left can be made read-only until the next copy. */

extern uint8_t * flush_right(const uint8_t * buf, size_t len);
extern uint8_t * flush_left(const uint8_t * buf, size_t len);
extern void      left_read_only(void);

#endif
