/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share: how an oracle fails, memory with no man's land around it, and the oracles
on the parser and the TLVs. The contract that they hold these to is in proxy_header.h and proxy_tlv.h. */

#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include "proxy_header.h"
#include "proxy_tlv.h"

/* An oracle: says what is wrong, and aborts */

#define CHECK(condition, ...) \
  do { if (!(condition)) fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__); } while (0)

extern void fuzz_fail(const char * file, int line, const char * condition, const char * format, ...)
  __attribute__((noreturn, format(printf, 4, 5)));

/* A copy of n bytes of which the one past the end, or the one before the start, is no memory at all. Good
until the next call of the same function. */

extern const uint8_t * before_the_end(const void * p, size_t n);
extern const uint8_t * after_the_start(const void * p, size_t n);

/* Room for exactly n bytes, with nothing beyond them */

extern char * room_for(size_t n);

/* Tells the memory sanitizer that these bytes have been written: libFuzzer itself is not built with it */

#if defined(__has_feature)
# if __has_feature(memory_sanitizer)
#  include <sanitizer/msan_interface.h>
#  define WRITTEN(p, n) __msan_unpoison(p, n)
# endif
#endif
#ifndef WRITTEN
# define WRITTEN(p, n) ((void)0)
#endif

/* A figure from an input, for choices that are to be the same each time */

extern uint32_t hash_of(const uint8_t * p, size_t n);

/* Set to check every prefix of every input, not those of a part of them */

extern int fuzz_thorough;

/* parse.c: parse, and hold the result to the contract for one call */

extern proxy_result parse(const uint8_t * buf, size_t len, proxy_header * h);

extern int same_header(const proxy_header * a, const proxy_header * b);

/* shown.c: a value is shown as text that can be trusted, and that tells the value */

extern void check_shown(proxy_bytes value, proxy_show show);
extern int is_clean_text(const char * s, size_t n);

/* write.c: a header again from what was decoded. Returns its size. */

extern size_t write_header(const uint8_t * original, const proxy_header * h, uint8_t * out);

extern uint32_t bitwise_crc32c(const uint8_t * p, size_t n);

/* mutate.c: change an input in the way of a header's own structure */

extern size_t mutate_header(uint8_t * data, size_t size, size_t max_size, unsigned seed);
extern size_t LLVMFuzzerMutate(uint8_t * data, size_t size, size_t max_size);

/* Every target */

extern int LLVMFuzzerTestOneInput(const uint8_t * data, size_t size);
extern size_t LLVMFuzzerCustomMutator(uint8_t * data, size_t size, size_t max_size, unsigned seed);

#endif

/* End of fuzz.h */
