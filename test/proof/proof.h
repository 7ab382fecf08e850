/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the proofs share; see README. Each proof is a function without arguments, in one of
the .c files here, which CBMC runs with every value that anything not set here can have. */

#ifndef PROOF_H
#define PROOF_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* More than the longest header, so that there may be something behind it */

#define LENGTH_MAX (UINT16_MAX * 2)

/* PROVE must hold on every path. REACHED must not: it shows that the proof says something about that
place. The script expects exactly these to fail. */

#define PROVE(what) __CPROVER_assert(what, #what)
#define ASSUME(what) __CPROVER_assume(what)
#define IMPLIES(a, b) (!(a) || (b))
#define REACHED(place) __CPROVER_assert(0, "reached: " place)

/* The offset of a pointer in the bytes that it points into */

#define AT(p) __CPROVER_POINTER_OFFSET(p)

size_t nondet_size(void);
int nondet_int(void);
short nondet_short(void);
long nondet_long(void);
uint8_t nondet_byte(void);
uint16_t nondet_uint16(void);
uint32_t nondet_uint32(void);

/* Some bytes of any value, with nothing before and nothing behind them */

static size_t
any_length(size_t max)
{
size_t length = nondet_size();
ASSUME(length <= max);
return length;
}

static uint8_t *
any_bytes(size_t length)
{
uint8_t * p = malloc(length);
ASSUME(p);
return p;
}

/* Tell whether [p, p + n) is a part of what whole, of length bytes, points to */

static int
is_part(const uint8_t * p, size_t n, const uint8_t * whole, size_t length)
{
return __CPROVER_same_object(p, whole)
  && AT(p) >= AT(whole) && n <= length && AT(p) - AT(whole) <= length - n;
}

#endif
