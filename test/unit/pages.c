/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pages.h"

/* To ASan, mmap'd pages are all good: it must be told, or a memcmp() that is given too great a size, but
finds a difference early, goes unseen. */

#ifdef __has_feature
# if __has_feature(address_sanitizer)
#  define HAVE_ASAN
# endif
#elif defined __SANITIZE_ADDRESS__
# define HAVE_ASAN
#endif
#ifdef HAVE_ASAN
# include <sanitizer/asan_interface.h>
#else
# define ASAN_POISON_MEMORY_REGION(p, size) ((void)0)
#endif

typedef struct {
  uint8_t * start;
  uint8_t * end;
} arena;

static arena left, right;

static void
arena_open(arena * a)
{
size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (ARENA_MAX + page - 1) / page * page;
uint8_t * p = mmap(NULL, size + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

if (p == MAP_FAILED || mprotect(p, page, PROT_NONE) != 0 || mprotect(p + page + size, page, PROT_NONE) != 0)
  {
  perror("mmap");
  exit(3);
  }
ASAN_POISON_MEMORY_REGION(p, page);
ASAN_POISON_MEMORY_REGION(p + page + size, page);
a->start = p + page;
a->end = p + page + size;
}

static void
left_protect(int how)
{
if (mprotect(left.start, (size_t)(left.end - left.start), how) != 0) { perror("mprotect"); exit(3); }
}

uint8_t *
flush_right(const uint8_t * buf, size_t len)
{
if (!right.start) arena_open(&right);
if (buf && len > 0) memcpy(right.end - len, buf, len);
return right.end - len;
}

static int left_is_read_only;

uint8_t *
flush_left(const uint8_t * buf, size_t len)
{
if (!left.start) arena_open(&left);
if (left_is_read_only) left_protect(PROT_READ | PROT_WRITE);
left_is_read_only = 0;
if (buf && len > 0) memcpy(left.start, buf, len);
return left.start;
}

void
left_read_only(void)
{
left_protect(PROT_READ);
left_is_read_only = 1;
}
