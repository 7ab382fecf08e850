/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Target for main.c: print each input, and what the parser makes of it, in the form of naive.pl; see there. */

#include <stdio.h>
#include <string.h>
#include "fuzz.h"
#include "proxy_header.h"
#include "proxy_text.h"
#include "proxy_tlv.h"

const size_t fuzz_script_len = 0;

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
  char * s = room_for(PROXY_TEXT_MAX(v.length));
  printf(" %s=", name->name);
  if (name->kind == PROXY_VALUE_TEXT) put_hex(s, proxy_text_escape(v.p, v.length, s));
  else put_hex(v.p, v.length);
  }
}

int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t n)
{
static const char * const commands[] = {
  [PROXY_CMD_LOCAL] = "local", [PROXY_CMD_PROXY] = "proxy", [PROXY_CMD_UNKNOWN] = "unknown" };
proxy_header h;
proxy_result r = proxy_header_parse(p, n, &h);

printf("tell: ");
put_hex(p, n);
switch (r.verdict)
  {
  case PROXY_HDR_NONE: printf(" none"); break;
  case PROXY_HDR_BAD:  printf(" bad %zu", r.size); break;
  case PROXY_HDR_MORE:
    printf(" more %zu", proxy_header_version(p, n) == 2 && n >= 16 ? n + r.missing : 0);
    break;
  case PROXY_HDR_COMPLETE:
    printf(" good %zu %d %s %d ", r.size, h.version, commands[h.command], h.has_client);
    put_hex(h.source.address, 16);
    printf(" %u ", h.source.port);
    put_hex(h.destination.address, 16);
    printf(" %u", h.destination.port);
    put_values((proxy_bytes) { p + h.tlv_offset, h.tlv_length });
    break;
  }
printf("\n");
return 0;
}

/* End of tell.c */
