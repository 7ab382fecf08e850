/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The type-length-value vectors that may follow the addresses of a PROXY
protocol version 2 header: walk them, check them, find one. There is no I/O, no
allocation, no state, and nothing of Exim. "Section" means a section of the
protocol text, doc/proxy-protocol.txt of HAProxy. */

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

/* Some bytes of a header: a row of TLVs, or the value of one */

typedef struct {
  const uint8_t *	p;
  size_t		length;
} proxy_bytes;

/* What a value is */

typedef enum {
  PROXY_VALUE_TEXT,
  PROXY_VALUE_OPAQUE,		/* bytes, to be shown in hex */
  PROXY_VALUE_NUMBER,		/* four bytes, little-endian */
  PROXY_VALUE_VERIFY,		/* four bytes, big-endian; 0: verified */
  PROXY_VALUE_CERT		/* a certificate in DER */
} proxy_value_kind;

/* What a name refers to, and which values fit its definition */

typedef struct {
  const char *		name;
  uint8_t		type;
  uint8_t		in_ssl;		/* it is part of the value of PROXY_TLV_SSL */
  uint8_t		needs_cert;	/* it means nothing unless the client sent a certificate */
  uint8_t		subtype;	/* the first byte of the value; 0: there is none */
  uint16_t		min, max;	/* the size of the rest, in bytes */
  proxy_value_kind	kind;
} proxy_tlv_name;


/* The bytes that follow the first n, which must be there. */

static inline proxy_bytes
proxy_bytes_after(proxy_bytes b, size_t n)
{
return (proxy_bytes) { b.p + n, b.length - n };
}


/* The value of n bytes in network order; n is at most 4. */

static inline uint32_t
proxy_big_endian(const uint8_t * p, size_t n)
{
uint32_t value = 0;
while (n-- > 0) value = value << 8 | *p++;
return value;
}


/* Tell whether some bytes are a row of TLVs that fills them exactly (section
2.2). The values are not examined.

Argument:	the bytes
Returns:	1 or 0
*/

extern int proxy_tlv_fills(proxy_bytes row);


/* Check the TLVs of a header: they must fill it exactly, and there may be one
checksum, which must match (sections 2.2, 2.2.3). A value that does not fit its
definition is no fault of the header: proxy_tlv_find() does not find it.

Arguments:
  header	a whole v2 header with the PROXY command
  size		its size, in bytes
  offset	where its TLVs begin, at most size

Returns:	NULL if they are good, or the reason why not, a constant string
*/

extern const char * proxy_tlv_check(const uint8_t * header, size_t size,
  size_t offset);


/* Find what a name refers to. It is one of the table's, such as "ssl_cn"; or
"0xNN", one or two hex digits, for the bytes of a type; or "text_0xNN", for the same
as text. A type that the protocol text has inside an SSL TLV is looked for there.

Arguments:
  name		a string
  found		where to put it. Written only for 1

Returns:	1 if there is such a name, else 0
*/

extern int proxy_tlv_by_name(const char * name, proxy_tlv_name * found);


/* List the names of the table.

Argument:	a number from 0 up
Returns:	what a name refers to, NULL beyond the last
*/

extern const proxy_tlv_name * proxy_tlv_name_at(size_t i);


/* Find the first value that a name refers to, and that fits its definition.

Arguments:
  row		the TLVs of a header, checked by proxy_tlv_check()
  name		from proxy_tlv_by_name()
  value		where to put it; it points into the row, and begins after any sub-type
		or flags. Written only for 1

Returns:	1 if there is one, else 0
*/

extern int proxy_tlv_find(proxy_bytes row, const proxy_tlv_name * name,
  proxy_bytes * value);

#endif	/* PROXY_TLV_H */

/* End of proxy_tlv.h */
