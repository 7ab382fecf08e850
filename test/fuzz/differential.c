/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the parser and the naive decoder agree on verdict, fields and values. The input is what a peer
sends. */

#include <stdio.h>
#include <string.h>
#include "fuzz.h"
#include "naive.h"
#include "proxy_header.h"
#include "proxy_tlv.h"

const size_t fuzz_script_len = 0;

static const char verdicts[] = {
  [PROXY_HDR_COMPLETE] = 'G', [PROXY_HDR_MORE] = 'M', [PROXY_HDR_BAD] = 'B', [PROXY_HDR_NONE] = 'N' };
static const char commands[] = {
  [PROXY_CMD_LOCAL] = 'L', [PROXY_CMD_PROXY] = 'P', [PROXY_CMD_UNKNOWN] = 'U' };

static void
compare_value(proxy_bytes row, const proxy_tlv_name * name, const char * text, const naive_header * n)
{
const uint8_t * value;
proxy_bytes v;
size_t size;
int have = naive_value(n, text, &value, &size);

CHECK(have == proxy_tlv_find(row, name, &v), "%s: naive says %d", text, have);
CHECK(!have || (v.p == value && v.length == size), "%s: another value", text);
}

static void
compare_values(proxy_bytes row, const naive_header * n)
{
const proxy_tlv_name * name;
proxy_tlv_name numbered;
char text[8];

for (size_t i = 0; (name = proxy_tlv_name_at(i)); i++) compare_value(row, name, name->name, n);
for (int i = 0; i < n->tlv_count && i < 16; i++)
  {
  snprintf(text, sizeof(text), "0x%02x", n->tlv[i].type);
  CHECK(proxy_tlv_by_name(text, &numbered), "no %s", text);
  compare_value(row, &numbered, text, n);
  }
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
  CHECK(r.size == n.size, "end at %zu, naive %zu", r.size, n.size);
if (n.verdict == 'M' && n.size > 0)
  CHECK(size + r.missing == n.size, "%zu + %zu more, naive %zu", size, r.missing, n.size);
if (n.verdict != 'G') return 0;

CHECK(h.version == n.version, "version %d, naive %d", h.version, n.version);
CHECK(commands[h.command] == n.command, "command %c, naive %c", commands[h.command], n.command);
CHECK(h.has_client == n.client, "client %d, naive %d", h.has_client, n.client);
CHECK(memcmp(h.source.address, n.source, 16) == 0, "source address");
CHECK(memcmp(h.destination.address, n.target, 16) == 0, "destination address");
CHECK(h.source.port == n.source_port, "source port %u, naive %u", h.source.port, n.source_port);
CHECK(h.destination.port == n.target_port, "port %u, naive %u", h.destination.port, n.target_port);
compare_values((proxy_bytes) { p + h.tlv_offset, h.tlv_length }, &n);
return 0;
}

/* End of differential.c */
