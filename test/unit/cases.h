/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables: headers, good and bad, and what must come of them. */

#ifndef CASES_H
#define CASES_H

#include "unit.h"

/* A byte string with its size, without the literal's NUL */

#define S(literal) (const uint8_t *)(literal), sizeof(literal) - 1

typedef struct {
  const uint8_t *	line;
  size_t		len;		/* the header's own; the whole of line */
  proxy_command		command;
  int			has_client;
  proxy_endpoint	source;
  proxy_endpoint	destination;
} good_v1;

typedef struct {
  const uint8_t *	line;
  size_t		len;
  size_t		n;		/* the own end; 0 if it has not come */
  const char *		reason;
} bad_v1;

typedef struct {
  const char *		name;
  uint8_t		byte12;
  uint8_t		byte13;
  uint16_t		length;		/* as stated */
  const uint8_t *	payload;	/* the start of it; patterned bytes fill up the addresses and LOCAL,
					one TLV the rest */
  size_t		payload_len;
  proxy_command		command;
  int			has_client;
  proxy_endpoint	source;
  proxy_endpoint	destination;
  size_t		tlv_offset;
  size_t		tlv_length;
} good_v2;

typedef struct {
  const char *		name;
  uint8_t		byte12;
  uint8_t		byte13;
  uint16_t		length;
  const char *		reason;
} bad_v2;

/* Bytes as they came, and the verdict on just these: for what fits no other table */

typedef struct {
  const char *		name;
  const uint8_t *	buf;
  size_t		len;
  proxy_verdict		verdict;
  size_t		n;		/* MORE: missing; else the size */
  const char *		reason;
} raw_case;

extern const good_v1  good_v1_cases[];
extern const bad_v1   bad_v1_cases[];
extern const good_v2  good_v2_cases[];
extern const bad_v2   bad_v2_cases[];
extern const raw_case none_cases[];
extern const raw_case known_faults[];
extern const size_t   good_v1_count, bad_v1_count, good_v2_count, bad_v2_count, none_count, fault_count;

/* All good headers as they stand on the wire, first those of v1 */

typedef struct {
  const char *	name;
  uint8_t *	buf;
  size_t	len;
  outcome	want;
} image;

extern image * images;
extern size_t  image_count;

extern void make_images(void);

/* The fixed part of a v2 header and a patterned payload of any size: malloc'd */

extern uint8_t * make_v2(uint8_t byte12, uint8_t byte13, uint16_t stated, size_t payload);

/* Fill room with one TLV that says nothing. Less than 3 bytes cannot be: they are left as they are. */

extern void fill_tlvs(uint8_t * p, size_t room);

#endif
