/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What proxy_header.h promises of a verdict, and of the verdicts on a stream's beginnings. The
proofs in header.c show it; those in reader.c assume nothing else of the parser. */

#ifndef CONTRACT_H
#define CONTRACT_H

#include "proxy_header.h"

/* What was said of the first len bytes */

typedef struct {
  size_t	len;
  proxy_result	r;
  int		version;
} judgement;

static size_t
signature_len(int version)
{
return version == 1 ? PROXY_V1_SIGNATURE_LEN : PROXY_V2_SIGNATURE_LEN;
}

static int
keeps_contract(judgement j)
{
if (  j.version < 0 || j.version > 2 || j.r.missing > PROXY_HEADER_MAX
   || (j.version != 0 && j.len < signature_len(j.version))
   || (j.r.reason != NULL) != (j.r.verdict == PROXY_HDR_BAD || j.r.verdict == PROXY_HDR_NONE))
  return 0;
if (  j.version == 0 && j.r.verdict != PROXY_HDR_NONE
   && (j.r.verdict != PROXY_HDR_MORE || j.len >= PROXY_V2_SIGNATURE_LEN)) return 0;
if (j.r.size > 0 && j.r.size < (j.version == 1 ? PROXY_V1_SIGNATURE_LEN + 2 : PROXY_V2_FIXED_LEN))
  return 0;

switch (j.r.verdict)
  {
  case PROXY_HDR_COMPLETE:
    return 0 < j.r.size && j.r.size <= j.len && j.r.missing == 0
      && j.r.size <= (j.version == 1 ? PROXY_V1_MAX : PROXY_HEADER_MAX);
  case PROXY_HDR_MORE:
    return j.r.size == 0 && j.r.missing > 0
      && (j.version != 1 || (j.len < PROXY_V1_MAX && j.r.missing <= 2))
      && (j.version == 1 || j.len + j.r.missing <= PROXY_HEADER_MAX);
  case PROXY_HDR_BAD:
    if (j.r.size == 0)
      return j.version == 1 && j.len >= PROXY_V1_MAX && 0 < j.r.missing && j.r.missing <= 2;
    return j.r.missing == (j.len < j.r.size ? j.r.size - j.len : 0)
      && (j.version == 1 ? j.r.missing == 0 : j.r.size <= PROXY_HEADER_MAX);
  case PROXY_HDR_NONE:
    return j.version == 0 && j.r.size == 0 && j.r.missing == 0;
  }
return 0;
}

/* More of the same stream: what is known stays so, and what was missing belongs to the header. */

static int
keeps_word(judgement a, judgement b)
{
return IMPLIES(a.version != 0, b.version == a.version)
  && IMPLIES(a.version == 0 && b.version != 0, a.len < signature_len(b.version))
  && IMPLIES(a.r.verdict != PROXY_HDR_MORE, b.r.verdict == a.r.verdict)
  && IMPLIES(a.r.size != 0, b.r.size == a.r.size)
  && IMPLIES(a.version != 0 && b.r.size != 0, a.len + a.r.missing <= b.r.size || a.r.missing == 0);
}

#endif
