/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A header made again from what the parser says of it */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "fuzz.h"

uint32_t
bitwise_crc32c(const uint8_t * p, size_t n)
{
uint32_t crc = 0xffffffff;

while (n-- > 0)
  {
  crc ^= *p++;
  for (int i = 0; i < 8; i++) crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
  }
return ~crc;
}

static size_t
write_v1(const proxy_header * h, uint8_t * out)
{
int af = h->family == PROXY_AF_INET ? AF_INET : AF_INET6;
char s[INET6_ADDRSTRLEN], d[INET6_ADDRSTRLEN], line[PROXY_V1_MAX + 1];
int n;

if (h->command == PROXY_CMD_UNKNOWN) n = snprintf(line, sizeof(line), "PROXY UNKNOWN\r\n");
else n = snprintf(line, sizeof(line), "PROXY TCP%c %s %s %u %u\r\n", af == AF_INET ? '4' : '6',
  inet_ntop(af, h->source.address, s, sizeof(s)), inet_ntop(af, h->destination.address, d, sizeof(d)),
  h->source.port, h->destination.port);
memcpy(out, line, (size_t)n);
return (size_t)n;
}

static uint8_t *
put(uint8_t * p, const void * from, size_t n)
{
if (n > 0) memcpy(p, from, n);
return p + n;
}

static uint8_t *
put16(uint8_t * p, size_t v)
{
*p++ = (uint8_t)(v >> 8);
*p++ = (uint8_t)v;
return p;
}

static size_t
write_v2(const uint8_t * original, const proxy_header * h, uint8_t * out)
{
proxy_bytes row = { original + h->tlv_offset, h->tlv_length };
uint8_t * p = put(out, "\r\n\r\n\0\r\nQUIT\n", 12), * sum = NULL, * length;
size_t size = h->family == PROXY_AF_INET ? 4 : 16;
proxy_tlv t;
int rc;

*p++ = h->command == PROXY_CMD_LOCAL ? 0x20 : 0x21;
*p++ = h->family == PROXY_AF_INET ? 0x11 : h->family == PROXY_AF_INET6 ? 0x21 : 0;
length = p;
p = put16(p, 0);
if (h->family != PROXY_AF_NONE)
  {
  p = put(put(p, h->source.address, size), h->destination.address, size);
  p = put16(put16(p, h->source.port), h->destination.port);
  }
while ((rc = proxy_tlv_next(&row, &t)) > 0)
  {
  *p++ = t.type;
  p = put16(p, t.value.length);
  if (t.type == PROXY_TLV_CRC32C) sum = p;
  p = sum == p ? put(p, "\0\0\0\0", 4) : put(p, t.value.p, t.value.length);
  }
CHECK(rc == 0, "the TLVs of a good header end in a bad one");
(void) put16(length, (size_t)(p - out) - 16);
if (sum)
  {
  uint32_t crc = bitwise_crc32c(out, (size_t)(p - out));
  (void) put16(put16(sum, crc >> 16), crc & 0xffff);
  }
return (size_t)(p - out);
}

size_t
write_header(const uint8_t * original, const proxy_header * h, uint8_t * out)
{
return h->version == 1 ? write_v1(h, out) : write_v2(original, h, out);
}

/* End of write.c */
