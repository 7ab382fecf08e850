/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share; see fuzz.h */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "fuzz.h"

#define PAGE		4096
#define REGION		(512 * 1024)	/* more than the text of the longest value */

int fuzz_thorough;

void
fuzz_fail(const char * file, int line, const char * condition, const char * format, ...)
{
va_list ap;

fprintf(stderr, "%s:%d: oracle: not so: %s: ", file, line, condition);
va_start(ap, format);
vfprintf(stderr, format, ap);
va_end(ap);
fputc('\n', stderr);
abort();
}

/* Returns: the start of a region with a page on either side that cannot be touched */

static uint8_t *
region(void)
{
uint8_t * p = mmap(NULL, REGION + 2 * PAGE, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);

if (p == MAP_FAILED || mprotect(p + PAGE, REGION, PROT_READ|PROT_WRITE) != 0)
  {
  perror("mmap");
  exit(1);
  }
return p + PAGE;
}

const uint8_t *
before_the_end(const void * p, size_t n)
{
static uint8_t * base;

if (!base) base = region();
return n > 0 ? memcpy(base + REGION - n, p, n) : base + REGION;
}

const uint8_t *
after_the_start(const void * p, size_t n)
{
static uint8_t * base;

if (!base) base = region();
return n > 0 ? memcpy(base, p, n) : base;
}

char *
room_for(size_t n)
{
static uint8_t * base;

if (!base) base = region();
return (char *)(base + REGION - n);
}

/* End of common.c */
