/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the parser and the TLVs, held to their contracts. The input is what a peer sends. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

#define ALL_PREFIXES 300	/* beyond so many bytes not every cut is tried */

static int
same_result(proxy_result a, proxy_result b)
{
return a.verdict == b.verdict && a.n == b.n && a.reason == b.reason;
}

/* A prefix must come to the same as the whole, or ask for more that is indeed the header's.

Returns: how much more, 0 if there is a verdict */

static size_t
check_prefix(const uint8_t * buf, size_t k, size_t len, proxy_result whole, const proxy_header * h)
{
proxy_header hk;
proxy_result r = parse(buf, k, &hk);
size_t end = whole.verdict == PROXY_HDR_MORE ? len + whole.n : whole.n;

if (r.verdict == PROXY_HDR_MORE)
  {
  if (whole.verdict == PROXY_HDR_NONE)
    CHECK(proxy_header_version(before_the_end(buf, k), k) == 0, "a whole signature, then none");
  else if (end > 0)
    CHECK(k + r.n <= end, "%zu bytes ask for %zu more of %zu", k, r.n, end);
  CHECK(k < 16 || buf[0] == 'P' || k + r.n == end, "%zu bytes ask for %zu, not all of %zu", k, r.n, end);
  return r.n;
  }
if (r.verdict == PROXY_HDR_BAD && r.n == 0) r.n = whole.n;	/* its CRLF may come yet */
CHECK(same_result(r, whole), "cut at %zu: verdict %d n %zu, not %d n %zu", k, r.verdict, r.n,
  whole.verdict, whole.n);
CHECK(whole.verdict != PROXY_HDR_COMPLETE || (k >= whole.n && same_header(&hk, h)), "cut at %zu differs", k);
return 0;
}

static void
check_cuts(const uint8_t * buf, size_t len, proxy_result whole, const proxy_header * h)
{
uint32_t hash = hash_of(buf, len);
size_t k = 0, n;

/* A reader that takes no more than it is told to ends at the header's end */

while (k <= len && (n = check_prefix(buf, k, len, whole, h)) > 0) k += n;
if (whole.verdict == PROXY_HDR_COMPLETE) CHECK(k == whole.n, "read to %zu, header of %zu", k, whole.n);

if (fuzz_thorough || (hash & 15) == 0)
  for (k = 0; k < len && k < ALL_PREFIXES; k++) (void) check_prefix(buf, k, len, whole, h);
for (int i = 0; i < 3 && len > 0; i++, hash = hash * 69069 + 1)
  (void) check_prefix(buf, (hash >> 8) % len, len, whole, h);
}

/* What was accepted can be written again, and comes to the same. Version 2 has one way only to write an
IPv4 or IPv6 stream. */

static void
check_written(const uint8_t * buf, proxy_result r, const proxy_header * h)
{
static uint8_t out[PROXY_HEADER_MAX];
proxy_header again;
size_t n = write_header(buf, h, out);
proxy_result ra = parse(out, n, &again);

CHECK(ra.verdict == PROXY_HDR_COMPLETE && ra.n == n, "written again: verdict %d, %s", ra.verdict, ra.reason);
if (h->version == 2 && h->family != PROXY_AF_NONE)
  CHECK(n == r.n && memcmp(out, buf, n) == 0, "written again: other bytes");
else if (buf[0] != 'P' && h->command == PROXY_CMD_PROXY)
  {					/* UNIX addresses and the like are not kept */
  CHECK(again.tlv_length == h->tlv_length, "written again: other TLVs");
  again.tlv_offset = h->tlv_offset;
  }
CHECK(same_header(&again, h), "written again: another header");
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
  check_shown(v, name->show);
  }
}

/* Every name, and every type that is there by its number. The row need not be well formed. */

static void
check_values(proxy_bytes row)
{
proxy_bytes rest = row;
const proxy_tlv_name * name;
proxy_tlv_name found;
proxy_tlv t;
char number[8];

for (size_t i = 0; (name = proxy_tlv_name_at(i)); i++) check_value(row, name);
for (int count = 0; count < 24 && proxy_tlv_next(&rest, &t) > 0; count++)
  {
  CHECK(rest.p == t.value.p + t.value.length && rest.p + rest.length == row.p + row.length, "a gap");
  snprintf(number, sizeof(number), count & 1 ? "0x%X" : "0x%02x", t.type);
  CHECK(proxy_tlv_by_name(number, strlen(number), &found) == 1 && found.type == t.type, "no %s", number);
  check_value(row, &found);
  }
}

/* These are no names */

static void
check_no_names(void)
{
static const char * const no[] = { "", "0", "0x", "0X12", "0x123", "0x0ea", "0xg", "0x1g", "0x/", "AUTHORITY", "authorit" };
proxy_tlv_name n;

for (size_t i = 0; i < sizeof(no)/sizeof(no[0]); i++)
  CHECK(!proxy_tlv_by_name((const char *)before_the_end(no[i], strlen(no[i])), strlen(no[i]), &n), "%s", no[i]);
}

/* Anything can be asked for by name. What is found is the name, or the number, that was meant. */

static void
check_name(const uint8_t * p, size_t len)
{
proxy_tlv_name n = { .type = 77 };
const char * s = (const char *)before_the_end(p, len);

if (!proxy_tlv_by_name(s, len, &n))
  CHECK(n.type == 77, "written for no name");
else if (n.name[0])
  CHECK(strlen(n.name) == len && memcmp(n.name, s, len) == 0, "another name");
else
  {
  char digits[3] = "", * end;
  CHECK(len == 3 || len == 4, "a number of %zu", len);
  memcpy(digits, s + 2, len - 2);
  CHECK(strtoul(digits, &end, 16) == n.type && *end == 0, "another number");
  }
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t size)
{
proxy_header h, other;
proxy_result r;
proxy_bytes row;

/* The oracles work on a copy of which the first byte has none before it */

const uint8_t * p = after_the_start(data, size);

WRITTEN(p, size);
r = parse(p, size, &h);
CHECK(same_result(r, proxy_header_parse(p, size, &other)), "it matters where the input stands");
CHECK(r.verdict != PROXY_HDR_COMPLETE || same_header(&h, &other), "it matters where the input stands");

CHECK(size == 0 || memcmp(p, data, size) == 0, "the input has been changed");

check_cuts(p, size, r, &h);
if (r.verdict == PROXY_HDR_COMPLETE)
  {
  check_written(p, r, &h);
  row.p = p + h.tlv_offset;
  row.length = h.tlv_length;
  check_values(row);
  }
else if (size > 0)			/* raw bytes as a row of TLVs, as a name, as values */
  {
  size_t at = size > 16 ? 16 : 0;
  row.p = p + at;
  row.length = size - at;
  check_values(row);
  if (row.length == 23) check_no_names();
  if (row.length < 24) check_name(row.p, row.length);
  if (row.length < 200) check_shown(row, (proxy_show)(hash_of(p, size) % (PROXY_SHOW_AZURE + 1)));
  }
return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t * data, size_t size, size_t max_size, unsigned seed)
{
return mutate_header(data, size, max_size, seed);
}

/* End of header.c */
