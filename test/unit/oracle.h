/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second opinion on every input, for the unit tests and the fuzzers: slow, naive, and sharing no idea with the files
under test. It knows the grammar from the protocol text and the contracts from the header files alone. */

#ifndef ORACLE_H
#define ORACLE_H

#include "proxy_header.h"
#include "proxy_tlv.h"

/* What a call should give. h counts only for COMPLETE. The oracle says no reason. */

typedef struct {
  proxy_result r;
  proxy_header h;
} outcome;

extern outcome oracle(const uint8_t * buf, size_t len);
extern int     oracle_version(const uint8_t * buf, size_t len);

/* Addresses are decoded by the oracle itself and by inet_pton(3): how often these disagreed, which should be never */

extern unsigned long oracle_disagreements;

/* What is wrong with the TLVs of a header: all of it, as far as they can be told apart */

enum {
  FAULT_OVERRUN     = 1,
  FAULT_SUM_LENGTH  = 2,
  FAULT_SUM_TWICE   = 4,
  FAULT_SUM_WRONG   = 8,
  FAULTS            = 4			/* how many there are */
};

extern const char * const fault_reasons[FAULTS];	/* by the number of the bit */

extern unsigned oracle_faults(const uint8_t * header, size_t total, size_t offset);
extern uint32_t oracle_crc32c(const uint8_t * p, size_t n);

/* The names as the reference lists them, and the values that fit their definitions: a first byte that is not
part of the value (0: none), and the size of the rest */

typedef struct {
  const char *		name;
  unsigned		type;
  int			in_ssl;
  int			needs_cert;
  proxy_value_kind	kind;
  unsigned		subtype;
  size_t		least;
  size_t		most;
} oracle_name;

extern const oracle_name oracle_names[];
extern const size_t oracle_name_count;
extern oracle_name oracle_number(unsigned type);	/* any value of that type */

/* Where the value of a name is in a row of TLVs. Returns 0 if it has none. */

extern int oracle_find(const uint8_t * header, size_t total, size_t offset, const oracle_name * name,
  size_t * at, size_t * n);

/* Bytes as safe text, terminated */

extern size_t oracle_text(const uint8_t * p, size_t n, char * out);

/* The character at p: how many bytes, and which; 0 if there is no well-formed one. And its bytes, at most 4 */

extern size_t oracle_character(const uint8_t * p, size_t n, unsigned long * code);
extern size_t oracle_utf8(unsigned long code, uint8_t * out);

#endif
