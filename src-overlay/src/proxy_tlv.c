/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The TLVs of a PROXY protocol header; see proxy_tlv.h. In Exim's build the flag comes from
config.h; whoever compiles this file elsewhere defines it. */

#ifndef EXPERIMENTAL_PROXY
# include "config.h"
#endif
#ifdef EXPERIMENTAL_PROXY
#if EXPERIMENTAL_PROXY != 2 || defined(PROXY_MODULE)

#include <string.h>
#include "proxy_tlv.h"

#define TLV_FIXED_LEN	3	/* type, and length in two bytes */
#define CRC32C_LEN	4
#define SSL_CLIENT_LEN	1	/* client flags */
#define SSL_FIXED_LEN	5	/* these, and verify in four bytes */

/* Flags of the client byte of an SSL TLV (section 2.2.5) */

#define SSL_CLIENT_CERT_CONN	0x02
#define SSL_CLIENT_CERT_SESS	0x04

/* Sub-types */

#define SUBTYPE_LEN	1
#define AWS_VPCE_ID	1
#define AZURE_LINKID	1
#define AZURE_LINKID_LEN 4

static const proxy_tlv_name names[] = {
  { "alpn",		PROXY_TLV_ALPN,		   0, 0, PROXY_SHOW_TEXT },
  { "authority",	PROXY_TLV_AUTHORITY,	   0, 0, PROXY_SHOW_TEXT },
  { "aws_vpce_id",	PROXY_TLV_AWS,		   0, 0, PROXY_SHOW_AWS },
  { "azure_linkid",	PROXY_TLV_AZURE,	   0, 0, PROXY_SHOW_AZURE },
  { "gcp_psc_id",	PROXY_TLV_GCP,		   0, 0, PROXY_SHOW_HEX },
  { "netns",		PROXY_TLV_NETNS,	   0, 0, PROXY_SHOW_TEXT },
  { "ssl_cipher",	PROXY_TLV_SSL_CIPHER,	   1, 0, PROXY_SHOW_TEXT },
  { "ssl_client_cert",	PROXY_TLV_SSL_CLIENT_CERT, 1, 0, PROXY_SHOW_CERT },
  { "ssl_cn",		PROXY_TLV_SSL_CN,	   1, 1, PROXY_SHOW_TEXT },
  { "ssl_group",	PROXY_TLV_SSL_GROUP,	   1, 0, PROXY_SHOW_TEXT },
  { "ssl_key_alg",	PROXY_TLV_SSL_KEY_ALG,	   1, 0, PROXY_SHOW_TEXT },
  { "ssl_sig_alg",	PROXY_TLV_SSL_SIG_ALG,	   1, 0, PROXY_SHOW_TEXT },
  { "ssl_sig_scheme",	PROXY_TLV_SSL_SIG_SCHEME,  1, 0, PROXY_SHOW_TEXT },
  { "ssl_verify",	PROXY_TLV_SSL,		   0, 1, PROXY_SHOW_VERIFY },
  { "ssl_version",	PROXY_TLV_SSL_VERSION,	   1, 0, PROXY_SHOW_TEXT },
  { "unique_id",	PROXY_TLV_UNIQUE_ID,	   0, 0, PROXY_SHOW_TEXT }
};

#define NAME_COUNT (sizeof(names)/sizeof(names[0]))


/*************************************************
*             Iteration                          *
*************************************************/

int
proxy_tlv_next(proxy_bytes * row, proxy_tlv * tlv)
{
size_t length;

if (row->length == 0) return 0;
if (row->length < TLV_FIXED_LEN) return -1;
length = (size_t)(row->p[1] << 8 | row->p[2]);
if (length > row->length - TLV_FIXED_LEN) return -1;

tlv->type = row->p[0];
tlv->value.p = row->p + TLV_FIXED_LEN;
tlv->value.length = length;
row->p += TLV_FIXED_LEN + length;
row->length -= TLV_FIXED_LEN + length;
return 1;
}

/* What is left of some bytes behind the first n of them, which must be there */

static proxy_bytes
behind(proxy_bytes b, size_t n)
{
b.p += n;
b.length -= n;
return b;
}

/* Find the first TLV of a type. If it has sub-types (there is none 0), it must be of this one, and
what comes behind that is its value. */

static int
find(proxy_bytes row, uint8_t type, uint8_t subtype, proxy_bytes * value)
{
proxy_tlv tlv;

while (proxy_tlv_next(&row, &tlv) > 0)
  {
  if (tlv.type != type) continue;
  if (subtype != 0)
    {
    if (tlv.value.length < SUBTYPE_LEN || tlv.value.p[0] != subtype) continue;
    tlv.value = behind(tlv.value, SUBTYPE_LEN);
    }
  *value = tlv.value;
  return 1;
  }
return 0;
}


/*************************************************
*             Checking                           *
*************************************************/

/* CRC32C, the Castagnoli polynomial, least significant bit first (RFC 4960 appendix B) */

static const uint32_t crc32c_table[256] = {
  0x00000000, 0xf26b8303, 0xe13b70f7, 0x1350f3f4, 0xc79a971f, 0x35f1141c,
  0x26a1e7e8, 0xd4ca64eb, 0x8ad958cf, 0x78b2dbcc, 0x6be22838, 0x9989ab3b,
  0x4d43cfd0, 0xbf284cd3, 0xac78bf27, 0x5e133c24, 0x105ec76f, 0xe235446c,
  0xf165b798, 0x030e349b, 0xd7c45070, 0x25afd373, 0x36ff2087, 0xc494a384,
  0x9a879fa0, 0x68ec1ca3, 0x7bbcef57, 0x89d76c54, 0x5d1d08bf, 0xaf768bbc,
  0xbc267848, 0x4e4dfb4b, 0x20bd8ede, 0xd2d60ddd, 0xc186fe29, 0x33ed7d2a,
  0xe72719c1, 0x154c9ac2, 0x061c6936, 0xf477ea35, 0xaa64d611, 0x580f5512,
  0x4b5fa6e6, 0xb93425e5, 0x6dfe410e, 0x9f95c20d, 0x8cc531f9, 0x7eaeb2fa,
  0x30e349b1, 0xc288cab2, 0xd1d83946, 0x23b3ba45, 0xf779deae, 0x05125dad,
  0x1642ae59, 0xe4292d5a, 0xba3a117e, 0x4851927d, 0x5b016189, 0xa96ae28a,
  0x7da08661, 0x8fcb0562, 0x9c9bf696, 0x6ef07595, 0x417b1dbc, 0xb3109ebf,
  0xa0406d4b, 0x522bee48, 0x86e18aa3, 0x748a09a0, 0x67dafa54, 0x95b17957,
  0xcba24573, 0x39c9c670, 0x2a993584, 0xd8f2b687, 0x0c38d26c, 0xfe53516f,
  0xed03a29b, 0x1f682198, 0x5125dad3, 0xa34e59d0, 0xb01eaa24, 0x42752927,
  0x96bf4dcc, 0x64d4cecf, 0x77843d3b, 0x85efbe38, 0xdbfc821c, 0x2997011f,
  0x3ac7f2eb, 0xc8ac71e8, 0x1c661503, 0xee0d9600, 0xfd5d65f4, 0x0f36e6f7,
  0x61c69362, 0x93ad1061, 0x80fde395, 0x72966096, 0xa65c047d, 0x5437877e,
  0x4767748a, 0xb50cf789, 0xeb1fcbad, 0x197448ae, 0x0a24bb5a, 0xf84f3859,
  0x2c855cb2, 0xdeeedfb1, 0xcdbe2c45, 0x3fd5af46, 0x7198540d, 0x83f3d70e,
  0x90a324fa, 0x62c8a7f9, 0xb602c312, 0x44694011, 0x5739b3e5, 0xa55230e6,
  0xfb410cc2, 0x092a8fc1, 0x1a7a7c35, 0xe811ff36, 0x3cdb9bdd, 0xceb018de,
  0xdde0eb2a, 0x2f8b6829, 0x82f63b78, 0x709db87b, 0x63cd4b8f, 0x91a6c88c,
  0x456cac67, 0xb7072f64, 0xa457dc90, 0x563c5f93, 0x082f63b7, 0xfa44e0b4,
  0xe9141340, 0x1b7f9043, 0xcfb5f4a8, 0x3dde77ab, 0x2e8e845f, 0xdce5075c,
  0x92a8fc17, 0x60c37f14, 0x73938ce0, 0x81f80fe3, 0x55326b08, 0xa759e80b,
  0xb4091bff, 0x466298fc, 0x1871a4d8, 0xea1a27db, 0xf94ad42f, 0x0b21572c,
  0xdfeb33c7, 0x2d80b0c4, 0x3ed04330, 0xccbbc033, 0xa24bb5a6, 0x502036a5,
  0x4370c551, 0xb11b4652, 0x65d122b9, 0x97baa1ba, 0x84ea524e, 0x7681d14d,
  0x2892ed69, 0xdaf96e6a, 0xc9a99d9e, 0x3bc21e9d, 0xef087a76, 0x1d63f975,
  0x0e330a81, 0xfc588982, 0xb21572c9, 0x407ef1ca, 0x532e023e, 0xa145813d,
  0x758fe5d6, 0x87e466d5, 0x94b49521, 0x66df1622, 0x38cc2a06, 0xcaa7a905,
  0xd9f75af1, 0x2b9cd9f2, 0xff56bd19, 0x0d3d3e1a, 0x1e6dcdee, 0xec064eed,
  0xc38d26c4, 0x31e6a5c7, 0x22b65633, 0xd0ddd530, 0x0417b1db, 0xf67c32d8,
  0xe52cc12c, 0x1747422f, 0x49547e0b, 0xbb3ffd08, 0xa86f0efc, 0x5a048dff,
  0x8ecee914, 0x7ca56a17, 0x6ff599e3, 0x9d9e1ae0, 0xd3d3e1ab, 0x21b862a8,
  0x32e8915c, 0xc083125f, 0x144976b4, 0xe622f5b7, 0xf5720643, 0x07198540,
  0x590ab964, 0xab613a67, 0xb831c993, 0x4a5a4a90, 0x9e902e7b, 0x6cfbad78,
  0x7fab5e8c, 0x8dc0dd8f, 0xe330a81a, 0x115b2b19, 0x020bd8ed, 0xf0605bee,
  0x24aa3f05, 0xd6c1bc06, 0xc5914ff2, 0x37faccf1, 0x69e9f0d5, 0x9b8273d6,
  0x88d28022, 0x7ab90321, 0xae7367ca, 0x5c18e4c9, 0x4f48173d, 0xbd23943e,
  0xf36e6f75, 0x0105ec76, 0x12551f82, 0xe03e9c81, 0x34f4f86a, 0xc69f7b69,
  0xd5cf889d, 0x27a40b9e, 0x79b737ba, 0x8bdcb4b9, 0x988c474d, 0x6ae7c44e,
  0xbe2da0a5, 0x4c4623a6, 0x5f16d052, 0xad7d5351
};

static uint32_t
crc32c(uint32_t crc, const uint8_t * p, size_t n)
{
for (; n > 0; n--) crc = crc32c_table[(crc ^ *p++) & 0xff] ^ crc >> 8;
return crc;
}

static uint32_t
get_uint32(const uint8_t * p)
{
return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The checksum is taken with its own bytes as zeroes (section 2.2.3).

Arguments:
  header	the whole header
  length	its size
  sum		where in it the checksum stands; four bytes
*/

static int
checksum_fits(const uint8_t * header, size_t length, const uint8_t * sum)
{
static const uint8_t zeroes[CRC32C_LEN];
const uint8_t * after = sum + CRC32C_LEN;
uint32_t crc = crc32c(UINT32_MAX, header, (size_t)(sum - header));

crc = crc32c(crc, zeroes, CRC32C_LEN);
crc = crc32c(crc, after, (size_t)(header + length - after));
return ~crc == get_uint32(sum);
}

int
proxy_tlv_row_is_whole(proxy_bytes row)
{
proxy_tlv tlv;
int rc;

while ((rc = proxy_tlv_next(&row, &tlv)) > 0) ;
return rc == 0;
}

const char *
proxy_tlv_check(const uint8_t * header, size_t length, size_t offset)
{
proxy_bytes row = { header + offset, length - offset };
const uint8_t * sum = NULL;
proxy_tlv tlv;
int rc;

while ((rc = proxy_tlv_next(&row, &tlv)) > 0) switch (tlv.type)
  {
  case PROXY_TLV_CRC32C:
    if (sum) return "more than one CRC32C TLV";
    if (tlv.value.length != CRC32C_LEN) return "bad length of CRC32C TLV";
    sum = tlv.value.p;
    break;

  case PROXY_TLV_SSL:
    if (tlv.value.length < SSL_FIXED_LEN) return "SSL TLV too short";
    if (!proxy_tlv_row_is_whole(behind(tlv.value, SSL_FIXED_LEN)))
      return "TLV overruns the SSL TLV";
    break;

  default:
    break;
  }
if (rc < 0) return "TLV overruns the header";
return !sum || checksum_fits(header, length, sum) ? NULL : "CRC32C does not match";
}


/*************************************************
*             Looking up                         *
*************************************************/

static int
hex_value(char c)
{
if (c >= '0' && c <= '9') return c - '0';
if (c >= 'a' && c <= 'f') return c - 'a' + 10;
if (c >= 'A' && c <= 'F') return c - 'A' + 10;
return -1;
}

/* A type by its number. It is shown as what it is on the wire, for only a name tells more. */

static int
by_number(const char * digits, size_t len, proxy_tlv_name * found)
{
proxy_tlv_name n = { "", 0, 0, 0, PROXY_SHOW_HEX };

if (len > 2) return 0;
for (size_t i = 0; i < len; i++)
  {
  int x = hex_value(digits[i]);
  if (x < 0) return 0;
  n.type = (uint8_t)(n.type << 4 | x);
  }
n.in_ssl = n.type >= PROXY_TLV_SSL_VERSION && n.type <= PROXY_TLV_SSL_CLIENT_CERT;
*found = n;
return 1;
}

int
proxy_tlv_by_name(const char * name, size_t len, proxy_tlv_name * found)
{
if (len > 2 && name[0] == '0' && name[1] == 'x') return by_number(name + 2, len - 2, found);

for (size_t i = 0; i < NAME_COUNT; i++)
  if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
    {
    *found = names[i];
    return 1;
    }
return 0;
}

const proxy_tlv_name *
proxy_tlv_name_at(size_t i)
{
return i < NAME_COUNT ? names + i : NULL;
}

int
proxy_tlv_find(proxy_bytes row, const proxy_tlv_name * name, proxy_bytes * value)
{
proxy_bytes v;
uint8_t subtype = name->show == PROXY_SHOW_AWS ? AWS_VPCE_ID
  : name->show == PROXY_SHOW_AZURE ? AZURE_LINKID : 0;

if (name->in_ssl || name->needs_cert)
  {
  if (!find(row, PROXY_TLV_SSL, 0, &v) || v.length < SSL_FIXED_LEN) return 0;
  if (name->needs_cert && !(v.p[0] & (SSL_CLIENT_CERT_CONN | SSL_CLIENT_CERT_SESS))) return 0;
  if (name->in_ssl && !find(behind(v, SSL_FIXED_LEN), name->type, 0, &v)) return 0;
  }
else if (!find(row, name->type, subtype, &v)) return 0;

if (name->show == PROXY_SHOW_AZURE && v.length != AZURE_LINKID_LEN) return 0;
*value = name->show == PROXY_SHOW_VERIFY ? behind(v, SSL_CLIENT_LEN) : v;
return 1;
}


/*************************************************
*             Showing                            *
*************************************************/

/* How many bytes make a character that can be shown as it is: 1 for printable ASCII, more for
well formed UTF-8, else 0. A backslash cannot, for it begins an escape. Neither can what a reader
might obey: control characters, U+2028 and U+2029, which end a line or a paragraph, and those that
turn the direction of writing, U+202A to U+202E and U+2066 to U+2069. */

static size_t
printable(proxy_bytes b)
{
uint8_t c = b.p[0];
size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

if (n == 1) return c >= 0x20 && c < 0x7f && c != '\\';
if (n == 0 || b.length < n) return 0;
for (size_t i = 1; i < n; i++) if ((b.p[i] & 0xc0) != 0x80) return 0;

/* Further bytes that would make one of these, an overlong form, a surrogate, or a number beyond
Unicode */

switch (c)
  {
  case 0xc2: return b.p[1] < 0xa0 ? 0 : n;
  case 0xe0: return b.p[1] < 0xa0 ? 0 : n;
  case 0xe2: return (b.p[1] == 0x80 && b.p[2] >= 0xa8 && b.p[2] <= 0xae)
		 || (b.p[1] == 0x81 && b.p[2] >= 0xa6 && b.p[2] <= 0xa9) ? 0 : n;
  case 0xed: return b.p[1] > 0x9f ? 0 : n;
  case 0xf0: return b.p[1] < 0x90 ? 0 : n;
  case 0xf4: return b.p[1] > 0x8f ? 0 : n;
  default:   return n;
  }
}

static size_t
show_text(proxy_bytes b, char * out)
{
char * p = out;

while (b.length > 0)
  {
  size_t n = printable(b);
  if (n > 0)
    {
    memcpy(p, b.p, n);
    p += n;
    b = behind(b, n);
    continue;
    }
  *p++ = '\\';
  if (b.p[0] == '\\') *p++ = '\\';
  else
    {
    *p++ = (char)('0' + (b.p[0] >> 6));
    *p++ = (char)('0' + (b.p[0] >> 3 & 7));
    *p++ = (char)('0' + (b.p[0] & 7));
    }
  b = behind(b, 1);
  }
return (size_t)(p - out);
}

static size_t
show_hex(proxy_bytes b, char * out)
{
static const char digits[] = "0123456789abcdef";

for (size_t i = 0; i < b.length; i++)
  {
  out[2*i] = digits[b.p[i] >> 4];
  out[2*i + 1] = digits[b.p[i] & 0xf];
  }
return 2 * b.length;
}

static size_t
show_base64(proxy_bytes b, char * out)
{
static const char digits[] =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
char * p = out;

for (size_t i = 0; i < b.length; i += 3)
  {
  size_t n = b.length - i;
  uint32_t v = (uint32_t)b.p[i] << 16
    | (n > 1 ? (uint32_t)b.p[i+1] << 8 : 0) | (n > 2 ? b.p[i+2] : 0);
  *p++ = digits[v >> 18];
  *p++ = digits[v >> 12 & 0x3f];
  *p++ = n > 1 ? digits[v >> 6 & 0x3f] : '=';
  *p++ = n > 2 ? digits[v & 0x3f] : '=';
  }
return (size_t)(p - out);
}

static size_t
show_decimal(uint32_t v, char * out)
{
char reversed[sizeof("4294967295")];
size_t n = 0;

do reversed[n++] = (char)('0' + v % 10); while ((v /= 10) > 0);
for (size_t i = 0; i < n; i++) out[i] = reversed[n - 1 - i];
return n;
}

/* Zero alone does not prove anything: it is also sent when there was no certificate, which
proxy_tlv_find() has excluded. */

static size_t
show_verify(proxy_bytes b, char * out)
{
static const char failed[] = "failed ";
uint32_t v = b.length < 4 ? UINT32_MAX : get_uint32(b.p);

if (v == 0)
  {
  memcpy(out, "ok", 2);
  return 2;
  }
memcpy(out, failed, sizeof(failed) - 1);
return sizeof(failed) - 1 + show_decimal(v, out + sizeof(failed) - 1);
}

size_t
proxy_tlv_shown(proxy_bytes value, proxy_show show, char * out)
{
const uint8_t * p = value.p;
size_t n = 0;

switch (show)
  {
  case PROXY_SHOW_TEXT:
  case PROXY_SHOW_AWS:	  n = show_text(value, out);    break;
  case PROXY_SHOW_HEX:	  n = show_hex(value, out);     break;
  case PROXY_SHOW_CERT:	  n = show_base64(value, out);  break;
  case PROXY_SHOW_VERIFY: n = show_verify(value, out);  break;
  case PROXY_SHOW_AZURE:			/* little-endian, by Azure's own account */
    if (value.length == AZURE_LINKID_LEN)
      n = show_decimal((uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0],
	    out);
    break;
  }
out[n] = 0;
return n;
}

#endif	/* not in the module */
#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_tlv.c */
