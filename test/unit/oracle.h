/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second opinion on every input: slow, naive, and sharing no idea with the parser. It knows the
grammar from the protocol text and the contract from proxy_header.h. */

#ifndef ORACLE_H
#define ORACLE_H

#include "unit.h"

extern outcome oracle(const uint8_t * buf, size_t len);
extern int     oracle_version(const uint8_t * buf, size_t len);

/* Check a row of a table as it stands; and the oracle must think the same, or it would be of no use elsewhere. */

extern void    check_row(const uint8_t * buf, size_t len, const outcome * o, const char * what);

/* Address texts, NUL-terminated: 1 and the bytes, or 0. Each asks inet_pton(3) as well; how often that
disagreed is counted (and should be never). */

extern int oracle_inet(const char * s, uint8_t * address);
extern int oracle_inet6(const char * s, uint8_t * address);
extern unsigned long oracle_disagreements;

#endif
