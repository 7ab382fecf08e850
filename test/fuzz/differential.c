/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the parser and the naive decoder agree on verdict, fields and values. The input is what a
peer sends. */

#include <stdio.h>
#include <string.h>
#include "fuzz.h"
#include "naive.h"

static const char verdicts[] = {
  [PROXY_HDR_COMPLETE] = 'G', [PROXY_HDR_MORE] = 'M', [PROXY_HDR_BAD] = 'B', [PROXY_HDR_NONE] = 'N' };
static const char commands[] = {
  [PROXY_CMD_LOCAL] = 'L', [PROXY_CMD_PROXY] = 'P', [PROXY_CMD_UNKNOWN] = 'U' };
static const int bits[] = { [PROXY_AF_NONE] = 0, [PROXY_AF_INET] = 32, [PROXY_AF_INET6] = 128 };

static void
compare_values(const uint8_t * p, const proxy_header * h, const naive_header * n)
{
proxy_bytes row = { p + h->tlv_offset, h->tlv_length }, rest = row, v;
const proxy_tlv_name * name;
const uint8_t * value;
size_t size;
proxy_tlv t;

for (size_t i = 0; (name = proxy_tlv_name_at(i)); i++)
  {
  int have = naive_value(n, name->name, &value, &size);
  CHECK(have == proxy_tlv_find(row, name, &v), "%s: naive says %d", name->name, have);
  CHECK(!have || (v.p == value && v.length == size), "%s: another value", name->name);
  }
for (int i = 0; i < n->tlv_count; i++)
  {
  const naive_tlv * nt = n->tlv + i;
  if (nt->inside) continue;
  CHECK(proxy_tlv_next(&rest, &t) == 1 && t.type == nt->type && t.value.p == nt->value
    && t.value.length == nt->size, "TLV %d differs", i);
  }
CHECK(proxy_tlv_next(&rest, &t) == 0, "TLVs that naive has not");
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t size)
{
static naive_header n;
const uint8_t * p = before_the_end(data, size);
proxy_header h;
proxy_result r;

WRITTEN(p, size);
r = proxy_header_parse(p, size, &h);
naive_decode(p, size, &n);
CHECK(verdicts[r.verdict] == n.verdict, "verdict %c, naive %c; %s", verdicts[r.verdict], n.verdict,
  r.reason ? r.reason : "no reason");
if (n.verdict == 'G' || n.verdict == 'B')
  CHECK(r.n == n.size, "end at %zu, naive %zu", r.n, n.size);
if (n.verdict == 'M' && n.size > 0)
  CHECK(size + r.n == n.size, "%zu + %zu more, naive %zu", size, r.n, n.size);
if (n.verdict != 'G') return 0;

CHECK(h.version == n.version, "version %d, naive %d", h.version, n.version);
CHECK(commands[h.command] == n.command, "command %c, naive %c", commands[h.command], n.command);
CHECK(bits[h.family] == n.bits, "%d bits, naive %d", bits[h.family], n.bits);
CHECK(memcmp(h.source.address, n.source, 16) == 0, "source address");
CHECK(memcmp(h.destination.address, n.target, 16) == 0, "destination address");
CHECK(h.source.port == n.source_port, "source port %u, naive %u", h.source.port, n.source_port);
CHECK(h.destination.port == n.target_port, "port %u, naive %u", h.destination.port, n.target_port);
compare_values(p, &h, &n);
return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t * data, size_t size, size_t max_size, unsigned seed)
{
return mutate_header(data, size, max_size, seed);
}

/* End of differential.c */
