/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define UNTOUCHED 0xa5

static char running[256];
static int failed_checks, failed_tests, tests;
static char first_failure[4096];


/* ---------- verdicts of tests ---------- */

void
begin(const char * format, ...)
{
va_list args;

va_start(args, format);
vsnprintf(running, sizeof running, format, args);
va_end(args);
for (char * p = running; *p; p++) if (*p == '#') *p = '*';	/* to TAP it begins a directive */
failed_checks = 0;
}

void
end(void)
{
printf("%s %d - %s\n", failed_checks ? "not ok" : "ok", ++tests, running);
fflush(stdout);
if (failed_checks == 0) return;
fprintf(stderr, "# %s: %d failed, the first: %s\n", running, failed_checks, first_failure);
failed_tests++;
}

int
finish(void)
{
printf("1..%d\n", tests);
return failed_tests > 0;
}

void
bail_out(const char * what)
{
printf("Bail out! %s\n", what);
exit(3);
}

/* Bytes as text that fits a line: the first hundred or so are enough to tell cases apart. */

static void
escape(char * out, size_t room, const uint8_t * buf, size_t len)
{
size_t used = 0;

out[0] = 0;
for (size_t i = 0; i < len; i++)
  {
  if (used + 24 > room || i == 140)
    {
    snprintf(out + used, room - used, "... (%zu bytes)", len);
    return;
    }
  used += (size_t)snprintf(out + used, room - used,
    buf[i] > ' ' && buf[i] < 0x7f && buf[i] != '\\' ? "%c" : buf[i] == ' ' ? " " : "\\x%02x", buf[i]);
  }
}

void
fail(const uint8_t * buf, size_t len, const char * format, ...)
{
char text[1024], bytes[1024];
va_list args;

if (failed_checks++ > 0) return;
va_start(args, format);
vsnprintf(text, sizeof text, format, args);
va_end(args);
for (char * p = text; *p; p++) if (*p < ' ' || *p > '~') *p = '?';	/* one line, whatever was shown */
escape(bytes, sizeof bytes, buf, len);
snprintf(first_failure, sizeof first_failure, "%s \"%s\"", text, bytes);
}


/* ---------- numbers ---------- */

uint64_t
next_random(uint64_t * state)
{
uint64_t x = *state;
x ^= x << 13;
x ^= x >> 7;
x ^= x << 17;
*state = x;
return x * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

unsigned
below(uint64_t * state, unsigned limit)
{
return (unsigned)(next_random(state) % limit);
}


/* ---------- checks ---------- */

static const char *
verdict_name(proxy_verdict v)
{
static const char * const names[] = { "COMPLETE", "MORE", "BAD", "NONE" };
return (size_t)v < sizeof names / sizeof names[0] ? names[v] : "?";
}

static int
same_endpoint(const proxy_endpoint * a, const proxy_endpoint * b)
{
return memcmp(a->address, b->address, sizeof a->address) == 0 && a->port == b->port;
}

/* Which field of a decoded header is wrong, if any */

static const char *
wrong_field(const proxy_header * got, const proxy_header * want)
{
if (got->version != want->version) return "version";
if (got->command != want->command) return "command";
if (got->has_client != want->has_client) return "has_client";
if (!same_endpoint(&got->source, &want->source)) return "source";
if (!same_endpoint(&got->destination, &want->destination)) return "destination";
if (got->tlv_offset != want->tlv_offset) return "tlv_offset";
if (got->tlv_length != want->tlv_length) return "tlv_length";
return NULL;
}

/* Is a reason among those allowed? They are parted by bars. */

static int
allowed(const char * list, const char * reason)
{
size_t len = strlen(reason);

for (const char * p = list; (p = strstr(p, reason)); p++)
  if ((p == list || p[-1] == '|') && (p[len] == 0 || p[len] == '|')) return 1;
return 0;
}

void
check_here(const uint8_t * buf, size_t len, const outcome * want, const char * what)
{
proxy_header h, untouched;
proxy_result r;
const char * wrong;
int has_reason;

memset(&untouched, UNTOUCHED, sizeof untouched);
memset(&h, UNTOUCHED, sizeof h);
r = proxy_header_parse(buf, len, &h);

if (proxy_header_version(buf, len) != oracle_version(buf, len))
  fail(buf, len, "%s: expected version %d, got %d", what, oracle_version(buf, len), proxy_header_version(buf, len));
if (r.verdict != want->r.verdict || r.size != want->r.size || r.missing != want->r.missing)
  {
  fail(buf, len, "%s: expected %s, size %zu, missing %zu, got %s, %zu, %zu (%s)", what,
    verdict_name(want->r.verdict), want->r.size, want->r.missing, verdict_name(r.verdict), r.size, r.missing,
    r.reason ? r.reason : "no reason");
  return;
  }
has_reason = r.verdict == PROXY_HDR_BAD || r.verdict == PROXY_HDR_NONE;
if ((r.reason != NULL) != has_reason || (has_reason && !*r.reason))
  fail(buf, len, "%s: %s with %s reason", what, verdict_name(r.verdict), r.reason ? "a" : "no");
else if (has_reason && want->r.reason && !allowed(want->r.reason, r.reason))
  fail(buf, len, "%s: expected the reason '%s', got '%s'", what, want->r.reason, r.reason);

if (r.verdict != PROXY_HDR_COMPLETE)
  {
  if (memcmp(&h, &untouched, sizeof h) != 0)
    fail(buf, len, "%s: wrote to *h for %s", what, verdict_name(r.verdict));
  }
else if ((wrong = wrong_field(&h, &want->h)))
  fail(buf, len, "%s: wrong %s", what, wrong);
}

void
check_right(const uint8_t * buf, size_t len, const outcome * want, const char * what)
{
check_here(flush_right(buf, len), len, want, what);
}

void
check(const uint8_t * buf, size_t len, const outcome * want, const char * what)
{
check_right(buf, len, want, what);
check_here(flush_left(buf, len), len, want, what);
}

void
check_by_oracle(const uint8_t * buf, size_t len, const char * what)
{
outcome o = oracle(buf, len);
check(buf, len, &o, what);
}

void
check_row(const uint8_t * buf, size_t len, const outcome * want, const char * what)
{
outcome other = oracle(buf, len);

check(buf, len, want, what);
if (other.r.verdict != want->r.verdict || other.r.size != want->r.size || other.r.missing != want->r.missing
   || (want->r.verdict == PROXY_HDR_COMPLETE && memcmp(&other.h, &want->h, sizeof want->h) != 0))
  fail(buf, len, "%s: the oracle and the table disagree", what);
}
