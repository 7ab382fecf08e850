/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second opinion on TLVs: slow, naive, from the protocol text and proxy_tlv.h alone. Everything is said in
places of the header, not in pointers into it. */

#ifndef TLV_ORACLE_H
#define TLV_ORACLE_H

#include <stddef.h>
#include <stdint.h>
#include "proxy_tlv.h"

/* What is wrong with the TLVs of a header: all of it, as far as they can be told apart */

enum {
  FAULT_OVERRUN     = 1,
  FAULT_SSL_SHORT   = 2,
  FAULT_SSL_OVERRUN = 4,
  FAULT_SUM_LENGTH  = 8,
  FAULT_SUM_TWICE   = 16,
  FAULT_SUM_WRONG   = 32,
  FAULTS            = 6			/* how many there are */
};

extern const char * const fault_reasons[FAULTS];	/* by the number of the bit */

extern unsigned oracle_faults(const uint8_t * header, size_t total, size_t offset);
extern uint32_t oracle_crc32c(const uint8_t * p, size_t n);

/* The names as INTERFACE.md lists them */

typedef struct {
  const char *	name;
  unsigned	type;
  int		in_ssl;
  int		needs_cert;
  proxy_show	show;
} oracle_name;

extern const oracle_name oracle_names[];
extern const size_t oracle_name_count;

/* Where the value of a name stands. Returns 0 if it has none. */

extern int oracle_find(const uint8_t * header, size_t total, size_t offset, const oracle_name * name,
  size_t * at, size_t * n);

/* How it is shown, terminated */

extern size_t oracle_shown(const uint8_t * p, size_t n, proxy_show show, char * out);

/* The character at p: how many bytes, and which; 0 if there is no well formed one */

extern size_t oracle_character(const uint8_t * p, size_t n, unsigned long * code);
extern size_t oracle_utf8(unsigned long code, uint8_t * out);	/* its bytes, at most 4, surrogates too */

#endif
