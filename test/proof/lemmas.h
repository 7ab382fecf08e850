/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lemmas that several files share; see header.c */

#ifndef LEMMAS_H
#define LEMMAS_H

#include "proof.h"
#include "proxy_tlv.h"

/* This one is exact, and its proof compares the two. */

uint32_t
proxy_big_endian_lemma(const uint8_t * p, size_t n)
{
uint32_t value = 0;

PROVE(n <= 4 && __CPROVER_r_ok(p, n));
if (n > 0) value = p[n - 1];
if (n > 1) value |= (uint32_t)p[n - 2] << 8;
if (n > 2) value |= (uint32_t)p[n - 3] << 16;
if (n > 3) value |= (uint32_t)p[n - 4] << 24;
return value;
}

/* The same TLVs are as good, whatever is behind them. */

int tlvs_fill, tlvs_are_good;

int
proxy_tlv_fills_lemma(proxy_bytes row)
{
PROVE(__CPROVER_r_ok(row.p, row.length));
return tlvs_fill;
}

const char *
proxy_tlv_check_lemma(const uint8_t * header, size_t size, size_t offset)
{
PROVE(__CPROVER_r_ok(header, size));
PROVE(offset <= size);
return tlvs_are_good ? NULL : "some reason";
}

#endif
