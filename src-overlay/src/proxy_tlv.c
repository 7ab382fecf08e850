/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The TLVs of a PROXY protocol header; see proxy_tlv.h. In Exim's build the flag
comes from config.h; any other build defines it. */

#ifndef EXPERIMENTAL_PROXY
# include "config.h"
#endif
#ifdef EXPERIMENTAL_PROXY

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "proxy_tlv.h"

#define TLV_TYPE_LEN	1
#define TLV_LENGTH_LEN	2
#define TLV_FIXED_LEN	(TLV_TYPE_LEN + TLV_LENGTH_LEN)

#define CRC32C_LEN	4
#define SUBTYPE_LEN	1

/* The fixed part of an SSL TLV (section 2.2.5): a byte of flags, and the result
of verifying the client's certificate */

#define SSL_FLAGS_LEN	1
#define SSL_VERIFY_LEN	4
#define SSL_FIXED_LEN	(SSL_FLAGS_LEN + SSL_VERIFY_LEN)

#define SSL_CERT_CONN	0x02	/* the client sent one on this connection */
#define SSL_CERT_SESS	0x04	/* or earlier in this TLS session */

/* Sub-types, and the sizes of values, by the senders' documentation */

#define AWS_VPCE_ID	1
#define AZURE_LINKID	1
#define AZURE_LINKID_LEN 4
#define GCP_PSC_ID_LEN	8
#define UNIQUE_ID_MAX	128

#define ANY		UINT16_MAX

/* Columns as in proxy_tlv_name: name, type, in_ssl, needs_cert, subtype, min, max,
kind */

static const proxy_tlv_name tlv_names[] = {
  { "alpn",	      PROXY_TLV_ALPN,		 0, 0, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "authority",      PROXY_TLV_AUTHORITY,	 0, 0, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "aws_vpce_id",    PROXY_TLV_AWS,	 0, 0, AWS_VPCE_ID, 0, ANY, PROXY_VALUE_TEXT },
  { "azure_linkid",   PROXY_TLV_AZURE,	 0, 0, AZURE_LINKID,
			AZURE_LINKID_LEN, AZURE_LINKID_LEN, PROXY_VALUE_NUMBER },
  { "gcp_psc_id",     PROXY_TLV_GCP,	 0, 0, 0,
			GCP_PSC_ID_LEN, GCP_PSC_ID_LEN, PROXY_VALUE_OPAQUE },
  { "netns",	      PROXY_TLV_NETNS,		 0, 0, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "ssl_cipher",     PROXY_TLV_SSL_CIPHER,	 1, 0, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "ssl_client_cert", PROXY_TLV_SSL_CLIENT_CERT, 1, 0, 0, 0, ANY, PROXY_VALUE_CERT },
  { "ssl_cn",	      PROXY_TLV_SSL_CN,		 1, 1, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "ssl_group",      PROXY_TLV_SSL_GROUP,	 1, 0, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "ssl_key_alg",    PROXY_TLV_SSL_KEY_ALG,	 1, 0, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "ssl_sig_alg",    PROXY_TLV_SSL_SIG_ALG,	 1, 0, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "ssl_sig_scheme", PROXY_TLV_SSL_SIG_SCHEME,	 1, 0, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "ssl_verify",     PROXY_TLV_SSL,		 1, 1, 0, 0, ANY, PROXY_VALUE_VERIFY },
  { "ssl_version",    PROXY_TLV_SSL_VERSION,	 1, 0, 0, 0, ANY, PROXY_VALUE_TEXT },
  { "unique_id",      PROXY_TLV_UNIQUE_ID,  0, 0, 0, 0, UNIQUE_ID_MAX, PROXY_VALUE_TEXT }
};

#define NAME_COUNT (sizeof(tlv_names)/sizeof(tlv_names[0]))


/*************************************************
*             Walking                            *
*************************************************/

/* Take the next TLV off a row.

Arguments:
  row		the rest of the row; moved on past the TLV if there is one
  type		where to put its type
  value		where to put its value, which points into the row

Returns:	1  a TLV
		0  there are no more
		-1 what is left is no TLV: it overruns the row
*/

static int
tlv_next(proxy_bytes * row, uint8_t * type, proxy_bytes * value)
{
size_t length;

if (row->length == 0) return 0;
if (row->length < TLV_FIXED_LEN) return -1;
length = proxy_big_endian(row->p + TLV_TYPE_LEN, TLV_LENGTH_LEN);
if (length > row->length - TLV_FIXED_LEN) return -1;

*type = row->p[0];
*value = (proxy_bytes) { row->p + TLV_FIXED_LEN, length };
*row = proxy_bytes_after(*row, TLV_FIXED_LEN + length);
return 1;
}

int
proxy_tlv_fills(proxy_bytes row)
{
proxy_bytes value;
uint8_t type;
int rc;

while ((rc = tlv_next(&row, &type, &value)) > 0) ;
return rc == 0;
}


/*************************************************
*             Checking                           *
*************************************************/

/* CRC32C: the Castagnoli polynomial, least significant bit first (RFC 4960
appendix B), four bits at a time */

static uint32_t
tlv_crc32c(uint32_t crc, const uint8_t * p, size_t n)
{
static const uint32_t table[16] = {
  0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
  0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
  0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
  0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };

for (; n > 0; n--)
  {
  crc ^= *p++;
  crc = table[crc & 0xf] ^ crc >> 4;
  crc = table[crc & 0xf] ^ crc >> 4;
  }
return crc;
}

/* Compare the checksum, which is computed with its own bytes set to zero (section
2.2.3).

Arguments:
  header	the whole header
  size		its size, in bytes
  sum		the four bytes of the checksum in it
*/

static int
tlv_crc32c_matches(const uint8_t * header, size_t size, const uint8_t * sum)
{
static const uint8_t zeros[CRC32C_LEN];
const uint8_t * after = sum + CRC32C_LEN;
uint32_t crc = tlv_crc32c(UINT32_MAX, header, (size_t)(sum - header));

crc = tlv_crc32c(crc, zeros, CRC32C_LEN);
crc = tlv_crc32c(crc, after, (size_t)(header + size - after));
return ~crc == proxy_big_endian(sum, CRC32C_LEN);
}

const char *
proxy_tlv_check(const uint8_t * header, size_t size, size_t offset)
{
proxy_bytes row = { header + offset, size - offset }, value;
const uint8_t * sum = NULL;
uint8_t type;
int rc;

while ((rc = tlv_next(&row, &type, &value)) > 0)
  if (type == PROXY_TLV_CRC32C)
    {
    if (sum) return "more than one CRC32C TLV";
    if (value.length != CRC32C_LEN) return "bad length of CRC32C TLV";
    sum = value.p;
    }
if (rc < 0) return "TLV overruns the header";
return !sum || tlv_crc32c_matches(header, size, sum) ? NULL : "CRC32C does not match";
}


/*************************************************
*             Finding                            *
*************************************************/

/* Find a type by its number, with any value */

static int
tlv_by_number(const char * digits, proxy_value_kind kind, proxy_tlv_name * found)
{
const unsigned char * d = (const unsigned char *)digits;
proxy_tlv_name n = { .name = "", .max = ANY, .kind = kind };

if (!isxdigit(d[0]) || (d[1] && (!isxdigit(d[1]) || d[2]))) return 0;
n.type = (uint8_t)strtoul(digits, NULL, 16);
n.in_ssl = n.type >= PROXY_TLV_SSL_VERSION && n.type <= PROXY_TLV_SSL_CLIENT_CERT;
*found = n;
return 1;
}

int
proxy_tlv_by_name(const char * name, proxy_tlv_name * found)
{
if (strncmp(name, "0x", 2) == 0)
  return tlv_by_number(name + 2, PROXY_VALUE_OPAQUE, found);
if (strncmp(name, "text_0x", 7) == 0)
  return tlv_by_number(name + 7, PROXY_VALUE_TEXT, found);

for (size_t i = 0; i < NAME_COUNT; i++)
  if (strcmp(tlv_names[i].name, name) == 0)
    {
    *found = tlv_names[i];
    return 1;
    }
return 0;
}

const proxy_tlv_name *
proxy_tlv_name_at(size_t i)
{
return i < NAME_COUNT ? tlv_names + i : NULL;
}

/* Find the first TLV of a type and sub-type whose value has a size that fits.

Arguments:
  row		the TLVs
  n		says what fits
  value		where to put the value, without the sub-type

Returns:	1 if there is one, else 0
*/

static int
tlv_find_first(proxy_bytes row, const proxy_tlv_name * n, proxy_bytes * value)
{
proxy_bytes v;
uint8_t type;

while (tlv_next(&row, &type, &v) > 0)
  {
  if (type != n->type) continue;
  if (n->subtype != 0)
    {
    if (v.length < SUBTYPE_LEN || v.p[0] != n->subtype) continue;
    v = proxy_bytes_after(v, SUBTYPE_LEN);
    }
  if (v.length < n->min || v.length > n->max) continue;
  *value = v;
  return 1;
  }
return 0;
}

/* Find the first SSL TLV that has its fixed part and well-formed TLVs after it. */

static int
tlv_find_ssl(proxy_bytes row, proxy_bytes * value)
{
proxy_bytes v;
uint8_t type;

while (tlv_next(&row, &type, &v) > 0)
  if (  type == PROXY_TLV_SSL && v.length >= SSL_FIXED_LEN
     && proxy_tlv_fills(proxy_bytes_after(v, SSL_FIXED_LEN)))
    {
    *value = v;
    return 1;
    }
return 0;
}

int
proxy_tlv_find(proxy_bytes row, const proxy_tlv_name * name, proxy_bytes * value)
{
proxy_bytes ssl;

if (!name->in_ssl) return tlv_find_first(row, name, value);
if (!tlv_find_ssl(row, &ssl)) return 0;
if (name->needs_cert && !(ssl.p[0] & (SSL_CERT_CONN | SSL_CERT_SESS))) return 0;
if (name->kind != PROXY_VALUE_VERIFY)
  return tlv_find_first(proxy_bytes_after(ssl, SSL_FIXED_LEN), name, value);
*value = (proxy_bytes) { ssl.p + SSL_FLAGS_LEN, SSL_VERIFY_LEN };
return 1;
}

#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_tlv.c */
