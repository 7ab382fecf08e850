/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers that are measured, made by name; see headers.c */

#include <stddef.h>
#include <stdint.h>

#define HEADER_ROOM (16 + 65535)

extern size_t header_count(void);
extern const char * header_name(size_t i);

/* Make the header of that name, or "tlvs=N", v2 IPv4 with N TLVs. The address and port of the client in it
may be NULL and 0 for the usual ones.

Returns: its size, 0 if there is none of that name */

extern size_t header_make(const char * name, const char * client, unsigned port, uint8_t * out);
