/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What proxy_session.c needs of Exim; see exim.h */

#define FUZZ_TARGET
#include "exim.h"
#include "fuzz.h"
#include "stub.h"

int store_pool = POOL_MAIN, fuzz_debugging, proxy_timeout = 3, smtp_in_fd, sender_host_port, smtp_receive_timeout;
void * atrn_mode, * proxy_client_cert;
BOOL host_checking, smtp_batched_input, sender_host_dnssec, host_lookup_deferred, host_lookup_failed;
BOOL proxy_session_required;
uschar * smtp_active_hostname = US"mx.example", * sender_host_address, * sender_host_name, * sender_ident;
uschar ** sender_host_aliases;
static uschar big[4096];
uschar * big_buffer = big;
int big_buffer_size = sizeof(big);
uschar * host_lookup_msg, * proxy_required_hosts, * proxy_host_address, * proxy_host_port;
uschar * proxy_target_address, * proxy_target_port, * proxy_command_name, * proxy_version, * proxy_failure;
unsigned sender_host_cache[16];
struct timeval smtp_connection_start;
typeof(f) f;
typeof(tls_in) tls_in;

int stub_host_verdict, stub_responses, stub_timeouts, stub_fullhosts;
const uschar * stub_pem;


/* ---- store ---- */

static struct { char * p; size_t size; } * pieces;
static size_t piece_count, piece_room;

void *
store_get(int size, const void * proto)
{
char * p;

CHECK(size >= 0, "%d bytes of store", size);
(void)proto;
if (piece_count == piece_room && !(pieces = realloc(pieces, (piece_room += 256) * sizeof(*pieces)))) abort();
if (!(p = malloc((size_t)size))) abort();
pieces[piece_count].p = p;
pieces[piece_count++].size = (size_t)size;
return p;
}

BOOL
stub_in_one_piece(const char * p, size_t n)
{
for (size_t i = piece_count; i > 0; i--)
  if (p >= pieces[i - 1].p && p < pieces[i - 1].p + pieces[i - 1].size)
    return n <= (size_t)(pieces[i - 1].p + pieces[i - 1].size - p);
return FALSE;
}

void
stub_free_all(void)
{
while (piece_count > 0) free(pieces[--piece_count].p);
}


/* ---- strings ---- */

uschar *
string_copyn(const uschar * s, int n)
{
uschar * p = store_get(n + 1, s);
memcpy(p, s, (size_t)n);
p[n] = 0;
return p;
}

uschar *
string_copy(const uschar * s)
{
return string_copyn(s, Ustrlen(s));
}

gstring *
string_catn(gstring * g, const uschar * s, int n)
{
if (!g)
  {
  g = store_get(sizeof(gstring), NULL);
  g->size = g->ptr = 0;
  g->s = NULL;
  }
if (g->ptr + n >= g->size)
  {
  uschar * old = g->s;
  g->s = store_get(g->size = 2 * (g->ptr + n) + 32, NULL);
  if (g->ptr > 0) memcpy(g->s, old, (size_t)g->ptr);
  }
memcpy(g->s + g->ptr, s, (size_t)n);
g->ptr += n;
return g;
}

gstring *
string_cat(gstring * g, const uschar * s)
{
return string_catn(g, s, Ustrlen(s));
}

gstring *
string_append(gstring * g, int count, ...)
{
va_list ap;

va_start(ap, count);
while (count-- > 0) g = string_cat(g, va_arg(ap, const uschar *));
va_end(ap);
return g;
}

uschar *
string_from_gstring(gstring * g)
{
if (!g) return NULL;
g->s[g->ptr] = 0;
return g->s;
}

static char *
vformat(const char * format, va_list ap)
{
static char * s;
free(s);
if (vasprintf(&s, format, ap) < 0) abort();
return s;
}

#define FORMATTED(s) \
  char * s; va_list ap; va_start(ap, format); s = vformat(format, ap); va_end(ap)

gstring *
string_fmt_append(gstring * g, const char * format, ...)
{
FORMATTED(s);
return string_cat(g, US s);
}

uschar *
string_sprintf(const char * format, ...)
{
FORMATTED(s);
return string_copy(US s);
}

const uschar *
string_printing(const uschar * s)
{
gstring * g = string_catn(NULL, US"", 0);
for (; *s; s++)
  if (*s >= 32 && *s < 127) g = string_catn(g, s, 1); else g = string_fmt_append(g, "\\%03o", *s);
return string_from_gstring(g);
}

uschar *
string_timesince(const struct timeval * t)
{
(void)t;
return US"1s";
}


/* ---- texts for people: one clean line each ---- */

static void
check_line(const char * s, const char * end)
{
size_t n = strlen(s), e = strlen(end);
CHECK(n >= e && strcmp(s + n - e, end) == 0 && is_clean_text(s, n - e), "not a clean line: %s", s);
}

void
debug_printf(const char * format, ...)
{
FORMATTED(s);
check_line(s, "\n");
}

void
log_write(unsigned flags, const char * format, ...)
{
FORMATTED(s);
(void)flags;
check_line(s, "");
}

void
set_process_info(const char * format, ...)
{
FORMATTED(s);
check_line(s, "");
}

void
smtp_command_timeout_exit(void)
{
stub_timeouts++;
}

void
smtp_printf(const char * format, BOOL more, ...)
{
va_list ap;
va_start(ap, more);
check_line(vformat(format, ap), "\r\n");
va_end(ap);
stub_responses++;
}

const uschar * host_and_ident(BOOL x)	{ (void)x; return US"H=[192.0.2.200]"; }
uschar * smtp_get_connection_info(void)	{ return US"SMTP connection from [192.0.2.200]"; }
void host_build_sender_fullhost(void)	{ stub_fullhosts++; }
int verify_check_host(uschar ** list)	{ CHECK(*list, "no list"); return stub_host_verdict; }

BOOL
tls_import_cert(const uschar * pem, void ** cert)
{
*cert = US(stub_pem = pem);
return TRUE;
}

/* End of stub.c */
