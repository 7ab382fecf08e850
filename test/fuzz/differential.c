/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the parser and the oracle agree on verdict, fields and values. The input is what a peer sends. */

#include <stdio.h>
#include <string.h>
#include "fuzz.h"

const size_t fuzz_script_len = 0;

static void
compare_value(const uint8_t * p, const outcome * o, const oracle_name * wanted, const char * text)
{
proxy_bytes row = { p + o->h.tlv_offset, o->h.tlv_length }, v;
proxy_tlv_name name;
size_t at = 0, n = 0;
int have = oracle_find(p, o->h.tlv_offset + o->h.tlv_length, o->h.tlv_offset, wanted, &at, &n);

CHECK(proxy_tlv_by_name(text, &name), "no %s", text);
CHECK(have == proxy_tlv_find(row, &name, &v), "%s: the oracle says %d", text, have);
CHECK(!have || (v.p == p + at && v.length == n), "%s: another value", text);
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t size)
{
const uint8_t * p = flush_right(data, size);
proxy_header h;
proxy_result r;
outcome o;

WRITTEN(p, size);
r = proxy_header_parse(p, size, &h);
o = oracle(p, size);
CHECK(oracle_disagreements == 0, "the oracle decodes an address in another way than inet_pton()");
CHECK(r.verdict == o.r.verdict && r.size == o.r.size && r.missing == o.r.missing,
  "verdict %d, size %zu, missing %zu (%s), oracle %d, %zu, %zu", r.verdict, r.size, r.missing,
  r.reason ? r.reason : "no reason", o.r.verdict, o.r.size, o.r.missing);
if (r.verdict != PROXY_HDR_COMPLETE) return 0;

CHECK(h.version == o.h.version && h.command == o.h.command && h.has_client == o.h.has_client, "version or command");
CHECK(memcmp(h.source.address, o.h.source.address, 16) == 0 && h.source.port == o.h.source.port, "source");
CHECK(memcmp(h.destination.address, o.h.destination.address, 16) == 0 && h.destination.port == o.h.destination.port,
  "destination");
CHECK(h.tlv_offset == o.h.tlv_offset && h.tlv_length == o.h.tlv_length, "TLVs %zu + %zu", h.tlv_offset, h.tlv_length);

for (size_t i = 0; i < oracle_name_count; i++) compare_value(p, &o, oracle_names + i, oracle_names[i].name);
for (size_t i = 0, at = h.tlv_offset; i < 16 && at + 3 <= h.tlv_offset + h.tlv_length; i++)
  {
  oracle_name number = oracle_number(p[at]);
  char text[8];
  snprintf(text, sizeof(text), "0x%02x", p[at]);
  compare_value(p, &o, &number, text);
  at += 3 + (p[at + 1] << 8 | p[at + 2]);
  }
return 0;
}

/* End of differential.c */
