/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints what the parser makes of inputs, in the form of naive.pl; see there.

usage: tell <SAMPLES */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

static void
put_hex(const void * p, size_t n)
{
const uint8_t * b = p;
while (n-- > 0) printf("%02x", *b++);
}

static void
put_values(proxy_bytes row)
{
const proxy_tlv_name * name;
proxy_bytes v;

for (size_t i = 0; (name = proxy_tlv_name_at(i)); i++) if (proxy_tlv_find(row, name, &v))
  {
  char * s = room_for(PROXY_TLV_SHOWN_MAX(v.length));
  size_t n = proxy_tlv_shown(v, name->show, s);
  printf(" %s=", name->name);
  put_hex(s, n);
  }
}

static void
tell(const uint8_t * p, size_t n)
{
static const char * const commands[] = {
  [PROXY_CMD_LOCAL] = "local", [PROXY_CMD_PROXY] = "proxy", [PROXY_CMD_UNKNOWN] = "unknown" };
proxy_header h;
proxy_result r = parse(p, n, &h);

switch (r.verdict)
  {
  case PROXY_HDR_NONE: printf("none\n"); break;
  case PROXY_HDR_BAD:  printf("bad %zu\n", r.n); break;
  case PROXY_HDR_MORE:
    printf("more %zu\n", proxy_header_version(p, n) == 2 && n >= 16 ? n + r.n : 0);
    break;
  case PROXY_HDR_COMPLETE:
    printf("good %zu %d %s %d ", r.n, h.version, commands[h.command],
      h.family == PROXY_AF_INET ? 32 : h.family == PROXY_AF_INET6 ? 128 : 0);
    put_hex(h.source.address, 16);
    printf(" %u ", h.source.port);
    put_hex(h.destination.address, 16);
    printf(" %u", h.destination.port);
    put_values((proxy_bytes) { p + h.tlv_offset, h.tlv_length });
    printf("\n");
    break;
  }
}

int
main(void)
{
static uint8_t buf[256 * 1024];
uint8_t s[4];

while (fread(s, 1, 4, stdin) == 4)
  {
  size_t n = (size_t)s[0] << 24 | (size_t)s[1] << 16 | (size_t)s[2] << 8 | s[3];
  if (n > sizeof(buf) || fread(buf, 1, n, stdin) != n) return 1;
  tell(buf, n);
  }
return 0;
}

/* End of tell.c */
