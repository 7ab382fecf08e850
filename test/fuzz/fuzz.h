/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share. The contracts that they check are in proxy_header.h, proxy_tlv.h, proxy_text.h
and proxy_reader.h. */

#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include "../unit/oracle.h"
#include "../unit/pages.h"

/* Abort, with a message, unless a condition holds. */

#define CHECK(condition, ...) \
  do { if (!(condition)) fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__); } while (0)

extern void fuzz_fail(const char * file, int line, const char * condition, const char * format, ...)
  __attribute__((noreturn, format(printf, 4, 5)));

/* Tell the memory sanitizer that bytes have been written (libFuzzer itself is not built with it), or that their
values must not be used. */

#if defined(__has_feature)
# if __has_feature(memory_sanitizer)
#  include <sanitizer/msan_interface.h>
#  define WRITTEN(p, n)	__msan_unpoison(p, n)
#  define FORGET(p, n)	__msan_poison(p, n)
# endif
#endif
#ifndef WRITTEN
# define WRITTEN(p, n)	((void)0)
# define FORGET(p, n)	memset(p, 0xa5, n)
#endif

/* Each target */

extern const size_t fuzz_script_len;	/* the size of what precedes the header in an input */
extern int LLVMFuzzerTestOneInput(const uint8_t * data, size_t size);

#endif

/* End of fuzz.h */
