/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the parser, the TLVs and the text, held to their contracts. The input is what a peer sends. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "proxy_text.h"

#define ALL_PREFIXES 300	/* beyond this size not every cut is tried */

const size_t fuzz_script_len = 0;


/* ---- the parser ---- */

static int
same_header(const proxy_header * a, const proxy_header * b)
{
return a->version == b->version && a->command == b->command && a->has_client == b->has_client
  && memcmp(a->source.address, b->source.address, PROXY_INET6_LEN) == 0
  && memcmp(a->destination.address, b->destination.address, PROXY_INET6_LEN) == 0
  && a->source.port == b->source.port && a->destination.port == b->destination.port
  && a->tlv_offset == b->tlv_offset && a->tlv_length == b->tlv_length;
}

static int
same_result(proxy_result a, proxy_result b)
{
return a.verdict == b.verdict && a.size == b.size && a.missing == b.missing && a.reason == b.reason;
}

static void
check_header(const proxy_header * h, size_t size)
{
CHECK(h->version == 1 || h->version == 2, "version %d", h->version);
CHECK(h->command == PROXY_CMD_PROXY
  || h->command == (h->version == 1 ? PROXY_CMD_UNKNOWN : PROXY_CMD_LOCAL),
  "command %d in version %d", h->command, h->version);
CHECK(!h->has_client || h->command == PROXY_CMD_PROXY, "addresses without PROXY");
CHECK(h->version == 2 || h->has_client == (h->command == PROXY_CMD_PROXY), "v1 without addresses");
CHECK(size <= (h->version == 1 ? PROXY_V1_MAX : PROXY_HEADER_MAX), "%zu bytes", size);
CHECK(h->tlv_length == 0 || h->tlv_offset + h->tlv_length == size,
  "TLVs %zu + %zu in %zu", h->tlv_offset, h->tlv_length, size);
}

/* Parse, and hold the result to the contract for one call. */

static proxy_result
parse(const uint8_t * buf, size_t len, proxy_header * h)
{
static const proxy_header pattern = { .version = 77, .tlv_length = 0x5a5a5a };
const uint8_t * p = flush_right(buf, len);
proxy_result r;
int version;

*h = pattern;
r = proxy_header_parse(len > 0 ? p : NULL, len, h);
version = proxy_header_version(p, len);
CHECK(r.verdict == PROXY_HDR_COMPLETE || same_header(h, &pattern), "written for verdict %d", r.verdict);
CHECK((r.reason != NULL) == (r.verdict == PROXY_HDR_BAD || r.verdict == PROXY_HDR_NONE), "verdict %d", r.verdict);
switch (r.verdict)
  {
  case PROXY_HDR_COMPLETE:
    CHECK(r.size > 0 && r.size <= len && r.missing == 0, "takes %zu of %zu", r.size, len);
    CHECK(version == h->version, "version %d and %d", version, h->version);
    check_header(h, r.size);
    break;
  case PROXY_HDR_MORE:
    CHECK(r.missing > 0 && len + r.missing <= PROXY_HEADER_MAX, "%zu more after %zu", r.missing, len);
    break;
  case PROXY_HDR_BAD:
    CHECK(version > 0, "bad, and may be no header");
    if (r.size > 0) CHECK(r.missing == (r.size > len ? r.size - len : 0), "%zu of %zu missing", r.missing, r.size);
    else CHECK(version == 1 && r.missing > 0 && len >= PROXY_V1_MAX, "%zu missing", r.missing);
    break;
  case PROXY_HDR_NONE:
    CHECK(r.size == 0 && r.missing == 0 && version == 0, "none, size %zu, version %d", r.size, version);
    break;
  default:
    CHECK(0, "verdict %d", r.verdict);
  }
return r;
}

/* A prefix must get the verdict of the whole, or ask for more that is indeed the header's.

Returns:	how many bytes are missing */

static size_t
check_prefix(const uint8_t * buf, size_t k, size_t len, proxy_result whole, const proxy_header * h)
{
proxy_header hk;
proxy_result r = parse(buf, k, &hk);
size_t end = whole.verdict == PROXY_HDR_MORE ? len + whole.missing : whole.size;

if (r.verdict == PROXY_HDR_MORE)
  {
  if (whole.verdict == PROXY_HDR_NONE)
    CHECK(proxy_header_version(flush_right(buf, k), k) == 0, "a whole signature, then none");
  else if (end > 0)
    CHECK(k + r.missing <= end, "%zu bytes ask for %zu more of %zu", k, r.missing, end);
  CHECK(k < 16 || buf[0] == 'P' || k + r.missing == end, "%zu bytes ask for %zu, not all of %zu", k, r.missing, end);
  return r.missing;
  }
CHECK(r.verdict == whole.verdict && r.reason == whole.reason, "cut at %zu: verdict %d, not %d", k, r.verdict,
  whole.verdict);
if (r.verdict == PROXY_HDR_BAD && r.size == 0)		/* its CRLF may come yet */
  CHECK(end == 0 || k + r.missing <= end, "%zu bytes ask for %zu more of %zu", k, r.missing, end);
else
  CHECK(r.size == whole.size, "cut at %zu: size %zu, not %zu", k, r.size, whole.size);
CHECK(whole.verdict != PROXY_HDR_COMPLETE || same_header(&hk, h), "cut at %zu: another header", k);
return r.missing;
}

static uint32_t
hash_of(const uint8_t * p, size_t n)
{
uint32_t h = 2166136261u;

for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 16777619u;
return h ^ h >> 15;
}

static void
check_cuts(const uint8_t * buf, size_t len, proxy_result whole, const proxy_header * h)
{
uint32_t hash = hash_of(buf, len);
size_t k = 0, n;

/* A reader that takes only what is missing ends at the header's end. */

while (k <= len && (n = check_prefix(buf, k, len, whole, h)) > 0) k += n;
if (k <= len && whole.size > 0) CHECK(k == whole.size, "read to %zu, header of %zu", k, whole.size);

if (hash % 4 == 0)
  for (k = 0; k < len && k < ALL_PREFIXES; k++) (void) check_prefix(buf, k, len, whole, h);
for (int i = 0; i < 3 && len > 0; i++, hash = hash * 69069 + 1)
  (void) check_prefix(buf, (hash >> 8) % len, len, whole, h);
}


/* ---- the TLVs ---- */

/* A text needs no more than the room that is promised for it, and is what the oracle makes of the value. */

static void
check_text(const uint8_t * value, size_t length)
{
static char wanted[PROXY_TEXT_MAX(ARENA_MAX / 4)];
char * s = malloc(PROXY_TEXT_MAX(length));
size_t n = proxy_text_escape(flush_right(value, length), length, s);

CHECK(s[n] == 0 && n == oracle_text(value, length, wanted) && memcmp(s, wanted, n) == 0, "text '%s', not '%s'", s, wanted);
free(s);
}

static void
check_value(proxy_bytes row, const proxy_tlv_name * name)
{
proxy_bytes v = { NULL, 1 };

if (!proxy_tlv_find(row, name, &v))
  CHECK(v.p == NULL && v.length == 1, "written for a value that is not there");
else
  {
  CHECK(v.p >= row.p && v.p <= row.p + row.length && v.length <= (size_t)(row.p + row.length - v.p),
    "a value outside the TLVs");
  if (name->kind == PROXY_VALUE_TEXT) check_text(v.p, v.length);
  else CHECK(v.length == 4 || (name->kind != PROXY_VALUE_NUMBER && name->kind != PROXY_VALUE_VERIFY),
    "a number of %zu bytes", v.length);
  }
}

/* Look for every name, and for some types by number. The row need not be well formed. */

static void
check_values(proxy_bytes row)
{
const proxy_tlv_name * name;
proxy_tlv_name found;
char number[16];

for (size_t i = 0; (name = proxy_tlv_name_at(i)); i++) check_value(row, name);
for (size_t at = 0, count = 0; at < row.length && count < 24; count++)
  {
  snprintf(number, sizeof(number), count % 3 == 0 ? "0x%X" : count % 3 == 1 ? "0x%02x" : "text_0x%x", row.p[at]);
  CHECK(proxy_tlv_by_name(number, &found) == 1 && found.type == row.p[at], "no %s", number);
  check_value(row, &found);
  at += row.length - at < 3 ? 3 : 3 + (row.p[at + 1] << 8 | row.p[at + 2]);
  }
}

/* A name is a name of the table, or a number. */

static void
check_name(const uint8_t * p, size_t len)
{
char text[32], digits[32] = "";
const char * s;
proxy_tlv_name n = { .type = 77 };
int is_number;

memcpy(text, p, len);
text[len] = 0;
s = (const char *)flush_right((const uint8_t *)text, strlen(text) + 1);
is_number = (sscanf(s, "0x%29s", digits) == 1 || sscanf(s, "text_0x%24s", digits) == 1)
  && strspn(digits, "0123456789abcdefABCDEF") == strlen(digits) && strlen(digits) <= 2
  && strlen(digits) == strlen(s) - (s[0] == '0' ? 2 : 7);
if (!proxy_tlv_by_name(s, &n))
  CHECK(n.type == 77 && !is_number, "%s: written for no name, or not taken for a number", s);
else if (n.name[0])
  CHECK(strcmp(n.name, s) == 0, "another name");
else
  CHECK(is_number && strtoul(digits, NULL, 16) == n.type, "%s: another number", s);
}


/* ---- all of it ---- */

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t size)
{
proxy_header h, other;
proxy_result r;

/* Work on a copy whose first byte has none before it. */

const uint8_t * p = flush_left(data, size);

WRITTEN(p, size);
r = parse(p, size, &h);
CHECK(same_result(r, proxy_header_parse(p, size, &other)), "it matters where the input is");
CHECK(r.verdict != PROXY_HDR_COMPLETE || same_header(&h, &other), "it matters where the input is");
CHECK(size == 0 || memcmp(p, data, size) == 0, "the input has been changed");

check_cuts(p, size, r, &h);
if (r.verdict == PROXY_HDR_COMPLETE)
  check_values((proxy_bytes) { p + h.tlv_offset, h.tlv_length });
else
  {					/* raw bytes as a row of TLVs, as a name, as text */
  size_t at = size > 16 ? 16 : 0, n = size - at;
  check_values((proxy_bytes) { p + at, n });
  if (n < 24) check_name(p + at, n);
  if (n < 200) check_text(p + at, n);
  }
return 0;
}

/* End of header.c */
