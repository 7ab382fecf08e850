/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers that are measured */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "headers.h"

#define COUNT(a) (sizeof(a)/sizeof(a[0]))
#define LONGEST "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define SERVER "192.0.2.1"
#define CLIENT "203.0.113.45"
#define CLIENT_PORT 56324
#define SERVER_PORT 25

enum { TLV_ALPN = 1, TLV_AUTHORITY, TLV_CRC32C, TLV_NOOP, TLV_UNIQUE_ID, TLV_SSL = 0x20,
  TLV_SSL_VERSION, TLV_SSL_CN, TLV_SSL_CIPHER, TLV_CUSTOM = 0xe0 };

static const struct { const char * name, * line; } lines[] = {	/* version 1 */
  { "v1 TCP4, the longest", "TCP4 255.255.255.255 255.255.255.255 65535 65535" },
  { "v1 TCP6", "TCP6 2001:db8::45 2001:db8::1 56324 25" },
  { "v1, the longest", "TCP6 " LONGEST " " LONGEST " 65535 65535" },
  { "v1 UNKNOWN, the longest", "UNKNOWN " LONGEST " " LONGEST " 65535 65535" }
};

static const char * const names[] = {		/* all: those of "lines", and what make_v2() makes */
  "v1 TCP4", "v1 TCP4, the longest", "v1 TCP6", "v1, the longest", "v1 UNKNOWN, the longest",
  "v2 IPv4", "v2 IPv6", "v2 LOCAL", "v2 IPv4, ALPN, AUTHORITY, UNIQUE_ID", "v2 IPv4, TLVs, CRC32C",
  "v2 of 64 kB, CRC32C"
};

size_t header_count(void) { return COUNT(names); }
const char * header_name(size_t i) { return names[i]; }


/* ---- version 2 ---- */

static uint8_t *
put(uint8_t * p, const void * from, size_t n)
{
memcpy(p, from, n);
return p + n;
}

static uint8_t *
put16(uint8_t * p, size_t n)
{
*p++ = (uint8_t)(n >> 8);
*p++ = (uint8_t)n;
return p;
}

static uint8_t *
put_tlv(uint8_t * p, int type, const void * value, size_t n)
{
*p++ = (uint8_t)type;
return put(put16(p, n), value, n);
}

static uint8_t *
put_text(uint8_t * p, int type, const char * text)
{
return put_tlv(p, type, text, strlen(text));
}

static uint8_t *
put_address(uint8_t * p, int family, const char * text)
{
if (inet_pton(family, text, p) != 1) { fprintf(stderr, "not an address: %s\n", text); exit(2); }
return p + (family == AF_INET ? 4 : 16);
}

/* As a proxy sends them that has ended the client's TLS */

static uint8_t *
put_ssl(uint8_t * p)
{
uint8_t value[128], * v = put(value, "\1\0\0\0", 5);
v = put_text(v, TLV_SSL_VERSION, "TLSv1.3");
v = put_text(v, TLV_SSL_CIPHER, "TLS_AES_256_GCM_SHA384");
return put_tlv(p, TLV_SSL, value, (size_t)(v - value));
}

static uint32_t
crc32c(const uint8_t * p, size_t n)
{
uint32_t crc = UINT32_MAX;

while (n-- > 0)
  {
  crc ^= *p++;
  for (int i = 0; i < 8; i++) crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
  }
return ~crc;
}

/* Write the length field and, at "sum" unless NULL, the checksum; then the header is done. */

static size_t
finish(uint8_t * header, uint8_t * end, uint8_t * sum)
{
size_t size = (size_t)(end - header);

(void) put16(header + 14, size - 16);
if (sum)
  {
  uint32_t crc = crc32c(header, size);
  (void) put16(put16(sum, crc >> 16), crc & 0xffff);
  }
return size;
}

static uint8_t *
start_v2(uint8_t * out, int command, int family, const char * client, unsigned port, const char * server)
{
uint8_t * p = put(out, "\r\n\r\n\0\r\nQUIT\n", 12);

*p++ = (uint8_t)(0x20 | command);
*p++ = family == AF_INET ? 0x11 : family == AF_INET6 ? 0x21 : 0;
p = put16(p, 0);
if (family == AF_UNSPEC) return p;
p = put_address(put_address(p, family, client), family, server);
return put16(put16(p, port), SERVER_PORT);
}

static uint8_t *
put_checksum(uint8_t * p, uint8_t ** sum)
{
p = put_tlv(p, TLV_CRC32C, "\0\0\0", 4);
*sum = p - 4;
return p;
}

static size_t
make_v2(const char * what, const char * client, unsigned port, uint8_t * out)
{
static const uint8_t zeroes[UINT16_MAX];
uint8_t * p, * sum = NULL;

if (strcmp(what, "LOCAL") == 0) return finish(out, start_v2(out, 0, AF_UNSPEC, NULL, 0, NULL), NULL);
if (strcmp(what, "IPv6") == 0)
  return finish(out, start_v2(out, 1, AF_INET6, "2001:db8::45", port, "2001:db8::1"), NULL);

p = start_v2(out, 1, AF_INET, client, port, SERVER);
if (strcmp(what, "IPv4, ALPN, AUTHORITY, UNIQUE_ID") == 0)
  {
  p = put_text(put_text(p, TLV_ALPN, "smtp"), TLV_AUTHORITY, "mx1.example.net");
  p = put_text(p, TLV_UNIQUE_ID, "0123456789abcde");
  }
else if (strcmp(what, "IPv4, TLVs, CRC32C") == 0)
  {
  p = put_text(put_text(p, TLV_ALPN, "smtp"), TLV_AUTHORITY, "mx1.example.net");
  p = put_checksum(put_ssl(put_text(p, TLV_UNIQUE_ID, "0123456789abcde")), &sum);
  }
else if (strcmp(what, "of 64 kB, CRC32C") == 0)
  {
  p = put_checksum(p, &sum);
  p = put_tlv(p, TLV_CUSTOM, zeroes, UINT16_MAX - (size_t)(p - out - 16) - 3);
  }
else if (strcmp(what, "IPv4") != 0) return 0;
return finish(out, p, sum);
}

static size_t
make_tlvs(unsigned long n, const char * client, unsigned port, uint8_t * out)
{
uint8_t * p = start_v2(out, 1, AF_INET, client, port, SERVER);

for (unsigned long i = 0; i < n && p - out < HEADER_ROOM - 64; i++)
  p = put_text(p, TLV_CUSTOM + (int)(i % 16), "0123456789abcdef0123456789abcde");
return finish(out, p, NULL);
}


/* ---- any ---- */

size_t
header_make(const char * name, const char * client, unsigned port, uint8_t * out)
{
if (!client) client = CLIENT;
if (!port) port = CLIENT_PORT;
if (strncmp(name, "tlvs=", 5) == 0) return make_tlvs(strtoul(name + 5, NULL, 10), client, port, out);
if (strncmp(name, "v2 ", 3) == 0) return make_v2(name + 3, client, port, out);
if (strcmp(name, "v1 TCP4") == 0)
  return (size_t)sprintf((char *)out, "PROXY TCP4 %s %s %u %u\r\n", client, SERVER, port, SERVER_PORT);
for (size_t i = 0; i < COUNT(lines); i++)
  if (strcmp(name, lines[i].name) == 0) return (size_t)sprintf((char *)out, "PROXY %s\r\n", lines[i].line);
return 0;
}

/* End of headers.c */
