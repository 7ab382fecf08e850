/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second decoder, written from a description of the protocol alone, by other means: the line is cut into words,
addresses are decoded without the library, TLVs are put into one flat list. Slow and simple. */

#ifndef NAIVE_H
#define NAIVE_H

#include <stddef.h>
#include <stdint.h>

#define NAIVE_TLVS_MAX 22000	/* an empty one takes three bytes */

typedef struct {
  int			inside;		/* it is within the first good SSL TLV */
  int			type;
  const uint8_t *	value;
  size_t		size;
} naive_tlv;

typedef struct {
  char		verdict;		/* Good, Bad, More, None */
  size_t	size;			/* where the header ends, if that is known */
  int		version;
  char		command;		/* Proxy, Local, Unknown */
  int		client;			/* there are addresses; IPv4 is mapped */
  uint8_t	source[16], target[16];
  unsigned	source_port, target_port;
  const naive_tlv * ssl;		/* the first good one */
  int		tlv_count;
  naive_tlv	tlv[NAIVE_TLVS_MAX];
} naive_header;

extern void naive_decode(const uint8_t * data, size_t size, naive_header * n);

/* Get the value of "ssl_cn", "0x05" and so on. Returns 0 if there is none. */

extern int naive_value(const naive_header * n, const char * name, const uint8_t ** value, size_t * size);

#endif

/* End of naive.h */
