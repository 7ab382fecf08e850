/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the proofs take the C library's functions for. Each demands what the standard says of its
arguments, and may do anything that the standard allows. Bounds: none but those of the arguments. */

#ifndef LIBC_H
#define LIBC_H

#include <stddef.h>
#include <sys/socket.h>
#include "proof.h"

/* Where the last inet_pton() put an address, if it did */

const uint8_t * inet_pton_to;
int inet_pton_family;

/* Any result. It reads a string, up to its zero, and may leave anything in the 4 or 16 bytes, also
when it fails. */

int
inet_pton(int family, const char * restrict string, void * restrict address)
{
size_t size = family == AF_INET ? 4 : 16;
int rc = nondet_int();

PROVE(family == AF_INET || family == AF_INET6);
while (*string) string++;
PROVE(__CPROVER_w_ok(address, size));
__CPROVER_havoc_slice(address, size);
ASSUME(rc >= -1 && rc <= 1);
inet_pton_family = family;
inet_pton_to = rc == 1 ? address : NULL;
return rc;
}

/* The byte at this place in the bytes: any, so what is said of it holds for each. */

size_t watched;

/* Any byte that is c may be found such that the watched one is not before it. */

void *
memchr(const void * bytes, int c, size_t n)
{
const uint8_t * p = bytes;
size_t i = nondet_size();

PROVE(__CPROVER_r_ok(bytes, n));
ASSUME(i <= n);
if (AT(p) <= watched && watched - AT(p) < i) ASSUME(p[watched - AT(p)] != c);
if (i == n) return NULL;
ASSUME(p[i] == c);
return (void *)(p + i);
}

#endif
