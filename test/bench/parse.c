/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser by itself. What is measured is headers of headers.c, each named by its number, from 0:

  parse            prints how many there are
  parse N          parses it once, for callgrind; prints its name, a tab, and its
		   size in bytes
  parse bytes N    prints the header as it is sent
  parse time N R   R rounds, interleaved, of three loops over the same bytes: the parser, memcpy, memchr for a
		   byte that is not in them. Prints for each round the nanoseconds that one call of each takes

Instead of N, a name that headers.c knows is allowed too. */

#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "headers.h"
#include "proxy_header.h"
#include "proxy_tlv.h"

#define ROUND_NS 2e6		/* that one loop is to take, about */

static uint8_t bytes[HEADER_ROOM];
static uint8_t copy[HEADER_ROOM];
static size_t size;
static volatile uint8_t absent;

/* What the compiler must believe to have been used */

static void
use(const void * p)
{
__asm__ volatile("" : : "r"(p) : "memory");
}

static void
run_parser(void)
{
static proxy_header h;
proxy_result r = proxy_header_parse(bytes, size, &h);
if (r.verdict != PROXY_HDR_COMPLETE || r.size != size) abort();
use(&h);
}

static void run_memcpy(void) { memcpy(copy, bytes, size); use(copy); }
static void run_memchr(void) { use(memchr(bytes, absent, size)); }

static double
now(void)
{
struct timespec t;
clock_gettime(CLOCK_MONOTONIC, &t);
return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
loop(void (*f)(void), long n)
{
double began = now();
for (long i = 0; i < n; i++) { use(bytes); f(); }
return (now() - began) / (double)n;
}

static void
measure(long rounds)
{
void (*what[])(void) = { run_parser, run_memcpy, run_memchr };
long n[3];

/* A byte that v1 lines and the zeroes of the long header do not have, and the others have by chance only */
for (absent = 0xfe; memchr(bytes, absent, size); absent--) ;
for (int i = 0; i < 3; i++) n[i] = 1 + (long)(ROUND_NS / (loop(what[i], 100) + 1));
for (; rounds > 0; rounds--)
  {
  double ns[3];
  for (int i = 0; i < 3; i++) ns[i] = loop(what[i], n[i]);
  printf("%.2f\t%.2f\t%.2f\n", ns[0], ns[1], ns[2]);
  }
}

int
main(int argc, char ** argv)
{
int timing = argc > 1 && strcmp(argv[1], "time") == 0;
int plain = argc > 1 && strcmp(argv[1], "bytes") == 0;
const char * name;

if (argc < 2) return printf("%zu\n", header_count()) < 0;
if (argc != (timing ? 4 : plain ? 3 : 2)) return 2;
name = argv[1 + (timing | plain)];
if (isdigit((unsigned char)*name))
  {
  unsigned long i = strtoul(name, NULL, 10);
  if (i >= header_count()) return 2;
  name = header_name(i);
  }
if (!(size = header_make(name, NULL, 0, bytes))) return 2;

if (plain) return fwrite(bytes, 1, size, stdout) != size;
if (timing) measure(atol(argv[3]));
else
  {
  run_parser();
  printf("%s\t%zu\n", name, size);
  }
return 0;
}

/* End of parse.c */
