/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call of the parser, held to its contract */

#include <string.h>
#include "fuzz.h"

int
same_header(const proxy_header * a, const proxy_header * b)
{
return a->version == b->version && a->command == b->command && a->family == b->family
  && memcmp(a->source.address, b->source.address, PROXY_INET6_LEN) == 0
  && memcmp(a->destination.address, b->destination.address, PROXY_INET6_LEN) == 0
  && a->source.port == b->source.port && a->destination.port == b->destination.port
  && a->tlv_offset == b->tlv_offset && a->tlv_length == b->tlv_length;
}

static void
check_header(const proxy_header * h, size_t size)
{
CHECK(h->version == 1 || h->version == 2, "version %d", h->version);
CHECK(h->command == PROXY_CMD_PROXY
  || h->command == (h->version == 1 ? PROXY_CMD_UNKNOWN : PROXY_CMD_LOCAL),
  "command %d in version %d", h->command, h->version);
CHECK(h->family == PROXY_AF_NONE || h->command == PROXY_CMD_PROXY, "addresses without PROXY");
CHECK(h->version == 2 || h->command == PROXY_CMD_UNKNOWN || h->family != PROXY_AF_NONE, "v1 without addresses");
CHECK(size <= (h->version == 1 ? PROXY_V1_MAX : PROXY_V2_MAX), "%zu bytes", size);
CHECK(h->tlv_length == 0 || h->tlv_offset + h->tlv_length == size,
  "TLVs %zu + %zu in %zu", h->tlv_offset, h->tlv_length, size);
}

proxy_result
parse(const uint8_t * buf, size_t len, proxy_header * h)
{
static const proxy_header pattern = { .version = 77, .tlv_length = 0x5a5a5a };
const uint8_t * p = before_the_end(buf, len);
proxy_result r;
int version;

*h = pattern;
r = proxy_header_parse(len > 0 ? p : NULL, len, h);
version = proxy_header_version(p, len);

CHECK(!r.reason == (r.verdict == PROXY_HDR_COMPLETE || r.verdict == PROXY_HDR_MORE),
  "verdict %d, reason %s", r.verdict, r.reason ? r.reason : "none");
CHECK(r.verdict == PROXY_HDR_COMPLETE || same_header(h, &pattern), "written for verdict %d", r.verdict);

switch (r.verdict)
  {
  case PROXY_HDR_COMPLETE:
    CHECK(r.n > 0 && r.n <= len, "takes %zu of %zu", r.n, len);
    CHECK(version == h->version, "version %d and %d", version, h->version);
    check_header(h, r.n);
    break;
  case PROXY_HDR_MORE:
    CHECK(r.n > 0 && len + r.n <= PROXY_V2_MAX, "%zu more after %zu", r.n, len);
    break;
  case PROXY_HDR_BAD:
    CHECK(version > 0, "bad, and may be no header");
    break;
  case PROXY_HDR_NONE:
    CHECK(r.n == 0 && version == 0, "none, n %zu, version %d", r.n, version);
    break;
  default:
    CHECK(0, "verdict %d", r.verdict);
  }
return r;
}

/* End of parse.c */
