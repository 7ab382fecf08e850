/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The type-length-value vectors that may follow the addresses of a PROXY protocol
version 2 header. Nothing here does I/O, allocates, keeps state or knows Exim.
"Section" means a section of the protocol text, doc/proxy-protocol.txt of HAProxy. */

#ifndef PROXY_TLV_H
#define PROXY_TLV_H

#include <stddef.h>
#include <stdint.h>

/* Types (section 2.2) */

#define PROXY_TLV_ALPN		0x01
#define PROXY_TLV_AUTHORITY	0x02
#define PROXY_TLV_CRC32C	0x03
#define PROXY_TLV_NOOP		0x04
#define PROXY_TLV_UNIQUE_ID	0x05
#define PROXY_TLV_SSL		0x20
#define PROXY_TLV_NETNS		0x30
#define PROXY_TLV_GCP		0xe0
#define PROXY_TLV_AWS		0xea
#define PROXY_TLV_AZURE		0xee

/* Types inside the value of PROXY_TLV_SSL (section 2.2.5) */

#define PROXY_TLV_SSL_VERSION	  0x21
#define PROXY_TLV_SSL_CN	  0x22
#define PROXY_TLV_SSL_CIPHER	  0x23
#define PROXY_TLV_SSL_SIG_ALG	  0x24
#define PROXY_TLV_SSL_KEY_ALG	  0x25
#define PROXY_TLV_SSL_GROUP	  0x26
#define PROXY_TLV_SSL_SIG_SCHEME  0x27
#define PROXY_TLV_SSL_CLIENT_CERT 0x28

/* Some bytes: a row of TLVs, or the value of one */

typedef struct {
  const uint8_t *	p;
  size_t		length;
} proxy_bytes;

typedef struct {
  uint8_t		type;
  proxy_bytes		value;
} proxy_tlv;

/* How a value is shown */

typedef enum {
  PROXY_SHOW_TEXT,		/* printable as it is, all else escaped */
  PROXY_SHOW_HEX,		/* two lower-case digits for each byte */
  PROXY_SHOW_VERIFY,		/* the result of verifying the client's certificate */
  PROXY_SHOW_CERT,		/* a certificate, DER; base64 */
  PROXY_SHOW_AWS,		/* text after a sub-type */
  PROXY_SHOW_AZURE		/* a number after a sub-type */
} proxy_show;

/* What a name stands for */

typedef struct {
  const char *		name;
  uint8_t		type;
  uint8_t		in_ssl;		/* it is found in the value of PROXY_TLV_SSL */
  uint8_t		needs_cert;	/* it means nothing if the client sent no certificate */
  proxy_show		show;
} proxy_tlv_name;


/* Take the next TLV off a row.

Arguments:
  row		the rest of the row; moved on past the TLV if there is one
  tlv		where to put it; its value points into the row. Written only for 1

Returns:	1  a TLV
		0  there are no more
		-1 what is left is no TLV: it overruns the row
*/

extern int proxy_tlv_next(proxy_bytes * row, proxy_tlv * tlv);


/* Tell whether some bytes are a row of TLVs: whether these fill their room exactly (section 2.2).
What is in them is not looked at.

Argument:	the bytes
Returns:	1 or 0
*/

extern int proxy_tlv_row_is_whole(proxy_bytes row);


/* Check all the TLVs of a header: they must fill their room exactly, an SSL one must hold its
fixed part and well formed sub-TLVs, and there may be one checksum, which must be right (sections
2.2, 2.2.3, 2.2.5).

Arguments:
  header	a whole v2 header with the PROXY command
  length	its size, in bytes
  offset	where its TLVs begin, at most length

Returns:	NULL if they are good, or the reason why they are not, a constant string
*/

extern const char * proxy_tlv_check(const uint8_t * header, size_t length, size_t offset);


/* Find what a name stands for.

Arguments:
  name		"authority", "ssl_cn" ..., or "0x" and one or two hex digits for a type by its number,
		which is one of an SSL TLV's own if the protocol text has it there
  len		its length, in bytes; it need not be terminated
  found		where to put it. Written only for 1

Returns:	1 if there is such a name, else 0
*/

extern int proxy_tlv_by_name(const char * name, size_t len, proxy_tlv_name * found);


/* The names, one by one.

Argument:	a number from 0 up
Returns:	what a name stands for, NULL past the last
*/

extern const proxy_tlv_name * proxy_tlv_name_at(size_t i);


/* Find the first value of that name in a row of TLVs that has been checked. Those of another
sub-type are passed over.

Arguments:
  row		the TLVs of a header
  name		from proxy_tlv_by_name()
  value		where to put it. For PROXY_SHOW_VERIFY, PROXY_SHOW_AWS and PROXY_SHOW_AZURE this is
		what comes after the sub-type or flags. Written only for 1

Returns:	1 if there is one; 0 if not, or if it would mean nothing
*/

extern int proxy_tlv_find(proxy_bytes row, const proxy_tlv_name * name, proxy_bytes * value);


/* How much room a value can take when it is shown, in bytes, with the terminating zero */

#define PROXY_TLV_SHOWN_MAX(length) ((length) * 4 + sizeof("failed 4294967295"))


/* Show a value as text in which nothing can be mistaken for the end of a line or the like.

Arguments:
  value		from proxy_tlv_find()
  show		how
  out		where to put it, with a terminating zero; there must be room for
		PROXY_TLV_SHOWN_MAX(value.length) bytes

Returns:	the length of the text, without the zero
*/

extern size_t proxy_tlv_shown(proxy_bytes value, proxy_show show, char * out);

#endif	/* PROXY_TLV_H */

/* End of proxy_tlv.h */
