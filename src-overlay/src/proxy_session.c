/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The PROXY protocol on one incoming connection; see proxy_session.h */

#include "exim.h"

#ifdef EXPERIMENTAL_PROXY
#if EXPERIMENTAL_PROXY != 2 || defined(PROXY_MODULE)

#include <poll.h>
#include "proxy_compat.h"
#include "proxy_header.h"
#include "proxy_session.h"
#include "proxy_tlv.h"

extern ssize_t recv(int, void *, size_t, int) PROXY_BOUND_AT_START;

#ifndef POLLRDHUP		/* not everywhere; its absence costs only time */
# define POLLRDHUP 0
#endif

/* How long the sender has for the whole header, in seconds, if the option says 0. It is the
least that lets a lost segment be sent again (section 2). */

#define PROXY_TIMEOUT 3

/* How many commands are refused before the connection is dropped: more than SMTP has, so
that a client which tries them all still gets an answer to each and to QUIT. */

#define PROXY_REFUSALS_MAX 32

/* How much of a v1 line that is too long already is skipped, in bytes, in the search for
its end, and after what time without more of it that is given up, in milliseconds. What is left is
ordinary input. */

#define PROXY_V1_SKIP_MAX 4096
#define PROXY_V1_PAUSE 1000

/* How long to wait for input, in milliseconds, before exiwhat is to know of it. Most headers
are there at once, so most sessions are spared the work. */

#define PROXY_QUIET_WAIT 100

/* How long to wait before looking again for more of a signature, in milliseconds, on a
system whose poll() cannot wait for that */

#define PROXY_LOOK_AGAIN 20

/* The header while it is read. Bytes up to "taken" are ours for good; those from there up
to "seen" are still in the socket as well. */

typedef struct {
  int			fd;
  BOOL			is_socket;
  BOOL			lowat_set;
  BOOL			told;		/* exiwhat, that we are waiting */
  BOOL			closed;		/* by the peer, with half a signature sent */
  uschar *		buf;		/* "small_header" until more is needed, see make_room() */
  size_t		size;
  size_t		taken;
  size_t		seen;
  struct timespec	deadline;	/* by the monotonic clock */
} proxy_reader;

typedef enum { INPUT_READY, INPUT_TIMEOUT, INPUT_CLOSED } proxy_input;

/* What became of the negotiation */

typedef enum {
  STATE_NOT_REQUIRED,
  STATE_GOOD,
  STATE_FAILED,			/* silence, or a bad header */
  STATE_FAILED_INPUT_LEFT,	/* no header */
  STATE_CLOSED
} proxy_state;

static proxy_state state = STATE_NOT_REQUIRED;
static uschar small_header[256];	/* most are */
static proxy_bytes tlvs;		/* of the header: in there, or in permanent store */
static BOOL cert_tried;			/* to make a certificate of one of them */
static unsigned refusals;
static BOOL refusal_clock;		/* if it runs, until: */
static struct timespec refusal_deadline;


/*************************************************
*             Time                               *
*************************************************/

static void
set_deadline(struct timespec * deadline, int seconds)
{
(void) clock_gettime(CLOCK_MONOTONIC, deadline);
deadline->tv_sec += seconds;
}

/* Returns: milliseconds until the deadline, rounded up; 0 if it has passed. A day stands for
all that is longer. */

static int
time_left(const struct timespec * deadline)
{
const int day = 24 * 60 * 60;
struct timespec now;
long ms;

(void) clock_gettime(CLOCK_MONOTONIC, &now);
if (deadline->tv_sec - now.tv_sec >= day) return day * 1000;
ms = (deadline->tv_sec - now.tv_sec) * 1000
    + (deadline->tv_nsec - now.tv_nsec + 999999) / 1000000;
return ms > 0 ? (int)ms : 0;
}


/*************************************************
*             Reading the header                 *
*************************************************/

/* Wait for something to read, or for the end of the connection.

Arguments:
  r		the reader
  longest	for how long, in milliseconds, if the deadline does not come first
*/

static proxy_input
wait_input(proxy_reader * r, int longest)
{
struct pollfd p = { .fd = r->fd, .events = POLLIN };
int rc, ms, step;

do
  {
  ms = MIN(longest, time_left(&r->deadline));
  step = r->told ? ms : MIN(ms, PROXY_QUIET_WAIT);
  if ((rc = poll(&p, 1, step)) == 0 && step < ms)
    {
    longest -= step;
    set_process_info("waiting for a PROXY header from %s", host_and_ident(FALSE));
    r->told = TRUE;
    }
  }
while (rc == 0 ? step < ms : rc < 0 && errno == EINTR);

return rc > 0 ? INPUT_READY : rc == 0 ? INPUT_TIMEOUT : INPUT_CLOSED;
}

/* While the signature is not complete, its bytes stay in the socket, for they may not be
ours. Then there is always something to read, and poll() must be told to wait for more. */

static void
wait_for_more_than(proxy_reader * r, int seen)
{
int n = seen + 1;
if (setsockopt(r->fd, SOL_SOCKET, SO_RCVLOWAT, &n, sizeof(n)) == 0)
  r->lowat_set = seen > 0;
}

/* Have room for so many bytes in all. Most headers are small. To get store, let alone for the
longest that there may be, would cost each session a page or more of memory, and the time in
which the kernel finds it. */

static void
make_room(proxy_reader * r, size_t size)
{
const uschar * was = r->buf;

if (size <= r->size) return;
r->buf = store_get_perm(size, GET_TAINTED);
r->size = size;
memcpy(r->buf, was, r->seen);
}

/* Only bytes that have been seen before, or that must belong to the header, may be taken
from the connection.

Returns: bytes read, 0 if it is worth trying again, -1 if the peer has gone
*/

static ssize_t
read_input(proxy_reader * r, size_t want, int flags)
{
ssize_t n = r->is_socket
  ? recv(r->fd, r->buf + r->taken, want, flags | MSG_DONTWAIT)
  : read(r->fd, r->buf + r->taken, want);

if (n > 0) return n;
return n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

/* Take what has been seen, up to some point */

static BOOL
take(proxy_reader * r, size_t upto)
{
while (r->taken < upto)
  {
  ssize_t n = read_input(r, upto - r->taken, 0);
  if (n < 0) return FALSE;
  r->taken += n;
  }
return TRUE;
}

/* Nothing new though poll() reported something: either the peer has closed its side with
half a signature sent, or this poll() does not know SO_RCVLOWAT. After a close one more look
is due, for the rest may have come just before it. */

static proxy_input
no_progress(proxy_reader * r)
{
struct pollfd p = { .fd = r->fd, .events = POLLRDHUP };

if (r->closed) return INPUT_CLOSED;
r->closed = poll(&p, 1, 0) > 0;
if (!r->closed)
  {
  if (time_left(&r->deadline) == 0) return INPUT_TIMEOUT;
  (void) poll(NULL, 0, PROXY_LOOK_AGAIN);
  }
return INPUT_READY;
}

/* Look at more of the input.

Arguments:
  r		the reader
  exact		if not 0, how many bytes are ours for certain and can be taken at once
  limit		otherwise, how many bytes may be looked at, from the first one of all

Returns:	INPUT_READY if it is worth parsing again
*/

static proxy_input
see_more(proxy_reader * r, size_t exact, size_t limit)
{
size_t was = r->seen;
ssize_t n;

make_room(r, exact ? r->taken + exact : limit);
if (exact || !r->is_socket)
  {
  if ((n = read_input(r, exact ? exact : 1, 0)) < 0) return INPUT_CLOSED;
  r->taken += n;
  r->seen = r->taken;
  return INPUT_READY;
  }
if ((n = read_input(r, limit - r->taken, MSG_PEEK)) < 0) return INPUT_CLOSED;
if (n == 0) return INPUT_READY;
r->seen = r->taken + n;
return r->seen > was ? INPUT_READY : no_progress(r);
}

/* Read until there is a verdict on what was sent, and take all that it tells to be ours:
the bytes of a complete header, or the start of one that is not yet complete. Of a v2
header the rest can be read in one go, since its size is known; of a v1 line it must be
looked at first, or where that cannot be done, read in the least of steps.

Most headers are there before we are, so the first look comes before the first wait. */

static proxy_input
read_header(proxy_reader * r, proxy_header * h, proxy_result * res)
{
for (BOOL wait = !r->is_socket; ; wait = TRUE)
  {
  int version = proxy_header_version(r->buf, r->seen);
  proxy_input rc = INPUT_READY;
  size_t exact = 0;

  if (version != 0 && r->lowat_set) wait_for_more_than(r, 0);

  *res = proxy_header_parse(r->buf, r->seen, h);
  if (res->verdict == PROXY_HDR_COMPLETE)
    return take(r, res->n) ? INPUT_READY : INPUT_CLOSED;
  if (res->verdict != PROXY_HDR_MORE) return INPUT_READY;

  if (version == 2 || (version == 1 && !r->is_socket))
    exact = r->seen - r->taken + res->n;
  else if (version == 1)
    { if (!take(r, r->seen)) return INPUT_CLOSED; }
  else if (r->seen > 0 && r->is_socket)
    wait_for_more_than(r, r->seen);

  if (wait && (r->seen == r->taken || version == 0)) rc = wait_input(r, INT_MAX);
  if (rc == INPUT_READY) rc = see_more(r, exact, PROXY_V1_MAX);
  if (rc != INPUT_READY) return rc;
  }
}

/* Take a bad header up to its own end, as far as it comes before the deadline. A v1 line that
is too long may have none: there the first pause counts as one. */

static void
skip_bad_header(proxy_reader * r, proxy_result res)
{
proxy_header unused;

while (take(r, res.n > 0 && res.n < r->seen ? res.n : r->seen))
  {
  if (res.n > 0 ? r->taken >= res.n : r->taken >= PROXY_V1_SKIP_MAX) break;
  if (  wait_input(r, res.n > 0 ? INT_MAX : PROXY_V1_PAUSE) != INPUT_READY
     || see_more(r, res.n > 0 ? res.n - r->taken : 0, PROXY_V1_SKIP_MAX) != INPUT_READY)
    break;
  if (res.n == 0) res = proxy_header_parse(r->buf, r->seen, &unused);
  }
}

/* What a TLV of the header says, as text.

Returns:	NULL if the name is unknown, an empty string if there is no such TLV
*/

static uschar *
tlv_text(const uschar * name)
{
proxy_tlv_name n;
proxy_bytes value;
uschar * s;

if (!proxy_tlv_by_name(CCS name, Ustrlen(name), &n)) return NULL;
if (!proxy_tlv_find(tlvs, &n, &value)) return US"";
s = store_get(PROXY_TLV_SHOWN_MAX(value.length), GET_TAINTED);
(void) proxy_tlv_shown(value, n.show, CS s);
return s;
}

/* Show what was sent: a line as text, anything else in hex, a row at a time. */

static void
debug_header(const proxy_reader * r, const char * what)
{
debug_printf("PROXY: %s, %d bytes from %s\n", what, (int)r->seen, sender_host_address);
if (proxy_header_version(r->buf, r->seen) == 1)
  debug_printf("PROXY<< %s\n", string_printing(string_copyn(r->buf, r->seen)));
else for (size_t i = 0; i < r->seen; )
  {
  gstring * g = string_catn(NULL, US"PROXY<<", 7);
  do g = string_fmt_append(g, " %02x", r->buf[i]); while (++i < r->seen && i % 32);
  debug_printf("%s\n", string_from_gstring(g));
  }
for (size_t i = 0; proxy_tlv_name_at(i); i++)
  {
  const uschar * name = US proxy_tlv_name_at(i)->name, * s = tlv_text(name);
  if (s && *s) debug_printf("PROXY<< %s = %s\n", name, s);
  }
}

/* Negotiate: read a header, good or bad.

Arguments:
  h		where to put it
  input_end	see proxy_session_start()

Returns:	the new state; h is good only for STATE_GOOD
*/

static proxy_state
negotiate(proxy_header * h, uschar ** input_end)
{
proxy_reader r = {
  .fd = PROXY_INPUT_FD,
  .is_socket = !f.sender_host_notsocket,
  .buf = small_header,
  .size = sizeof(small_header) };
proxy_result res;
proxy_input rc;
proxy_state yield = STATE_FAILED;

set_deadline(&r.deadline, proxy_timeout > 0 ? proxy_timeout : PROXY_TIMEOUT);
if ((rc = read_header(&r, h, &res)) == INPUT_CLOSED)
  yield = STATE_CLOSED;
else if (rc == INPUT_TIMEOUT)		/* what there is, is the start of a header */
  {
  res.reason = r.seen > 0 ? "timeout in header" : "timeout: no header";
  (void) take(&r, r.seen);
  }
else if (res.verdict == PROXY_HDR_COMPLETE)
  {
  yield = STATE_GOOD;
  tlvs.p = r.buf + h->tlv_offset;
  tlvs.length = h->tlv_length;
  }
else if (res.verdict == PROXY_HDR_BAD)
  skip_bad_header(&r, res);
else					/* a pipe has no way back but the input buffer */
  {
  yield = STATE_FAILED_INPUT_LEFT;
  memcpy(*input_end, r.buf, r.taken);
  *input_end += r.taken;
  }

if (r.lowat_set) wait_for_more_than(&r, 0);
if (yield != STATE_GOOD && yield != STATE_CLOSED) proxy_failure = US res.reason;
PROXY_DEBUG debug_header(&r, yield == STATE_GOOD ? "good header"
  : yield == STATE_CLOSED ? "connection closed in header" : res.reason);
return yield;
}


/*************************************************
*             What follows from it               *
*************************************************/

/* What a good header says of both ends, as text. It does not stand in the store: of our variables
this process has a page of its own already, of the store it would have to be given one. */

static struct {
  uschar sender[INET6_ADDRSTRLEN], target[INET6_ADDRSTRLEN];
  uschar proxy_port[sizeof("4294967295")];	/* -bh takes any number */
  uschar target_port[sizeof("65535")];
} texts;

/* Write a number. What formats in general takes tens of times as long, and this is needed up to
ten times a session.

Returns:	the end of it, a zero byte
*/

static uschar *
put_number(uschar * s, unsigned n)
{
if (n >= 10) s = put_number(s, n / 10);
*s++ = '0' + n % 10;
*s = '\0';
return s;
}

static uschar *
port_text(uschar * s, unsigned port)
{
(void) put_number(s, port);
return s;
}

/* Addresses are made anew from their bytes, so they are canonical, and as trustworthy in
form as one that the system supplied. */

static uschar *
address_text(uschar * buffer, const proxy_endpoint * e, proxy_family family)
{
static const uint8_t mapped[] = { 0,0,0,0,0,0,0,0,0,0,0xff,0xff };
const uint8_t * a = e->address;
uschar * s = buffer;

if (family == PROXY_AF_INET6 && memcmp(a, mapped, sizeof(mapped)) == 0)
  {
  a += sizeof(mapped);
  family = PROXY_AF_INET;
  }
if (family == PROXY_AF_INET6)
  (void) inet_ntop(AF_INET6, a, CS buffer, INET6_ADDRSTRLEN);
else for (int i = 0; i < PROXY_INET_LEN; i++)
  {
  if (i > 0) *s++ = '.';
  s = put_number(s, a[i]);
  }
return buffer;
}

/* A good header: the peer was a proxy. If it names the original client, that one is the
sender host from here on, and what was found out about the peer is forgotten. */

static void
commit(const proxy_header * h)
{
static const char * command_names[] = {
  [PROXY_CMD_LOCAL] = "local", [PROXY_CMD_PROXY] = "proxy", [PROXY_CMD_UNKNOWN] = "unknown" };
static uschar * no_alias;

proxy_host_address = sender_host_address;
proxy_host_port = port_text(texts.proxy_port, sender_host_port);
proxy_version = h->version == 1 ? US"1" : US"2";
proxy_command_name = US command_names[h->command];

if (h->family != PROXY_AF_NONE)
  {
  proxy_target_address = address_text(texts.target, &h->destination, h->family);
  proxy_target_port = port_text(texts.target_port, h->destination.port);
  sender_host_address = address_text(texts.sender, &h->source, h->family);
  sender_host_port = h->source.port;

  sender_host_name = sender_ident = NULL;
  sender_host_aliases = &no_alias;
  sender_host_dnssec = host_lookup_deferred = host_lookup_failed = FALSE;
  host_lookup_msg = US"";
  memset(sender_host_cache, 0, sizeof(sender_host_cache));
  }
host_build_sender_fullhost();
}

/* Only a TCP connection can be from a proxy, or one that is tested as if it were. */

static BOOL
has_peer(void)
{
return sender_host_address && !f.sender_host_unknown && !smtp_batched_input
  && (host_checking || !f.sender_host_notsocket) && !PROXY_TURNED_ROUND;
}

/* The list could not be evaluated. What the peer has sent already is read first: a close
with input left would be a reset, in which the response may be lost. */

static BOOL
refuse_connection(void)
{
if (!f.sender_host_notsocket)
  for (int i = 16; i > 0; i--)
    if (recv(PROXY_INPUT_FD, big_buffer, big_buffer_size, MSG_DONTWAIT) <= 0) break;

PROXY_LOG(connection_reject, LOG_MAIN|LOG_REJECT,
  "temporarily refused connection from %s: proxy_required_hosts could not be checked",
  host_and_ident(FALSE));
#ifndef DISABLE_TLS
if (!tls_in.on_connect)
#endif
  smtp_printf("421 %s: Temporary local problem; please try again later\r\n", SP_NO_MORE,
    smtp_active_hostname);
return FALSE;
}

BOOL
proxy_session_start(uschar ** input_end)
{
proxy_header h;

state = STATE_NOT_REQUIRED;
refusals = 0;
refusal_clock = FALSE;
proxy_session_required = FALSE;
proxy_host_address = proxy_host_port = proxy_target_address = proxy_target_port = NULL;
proxy_command_name = proxy_version = proxy_failure = NULL;
proxy_client_cert = NULL;
tlvs.length = 0;
cert_tried = FALSE;

if (!proxy_required_hosts || !has_peer()) return TRUE;
switch (verify_check_host(&proxy_required_hosts))
  {
  case OK:	break;
  case DEFER:	return refuse_connection();
  default:	return TRUE;
  }

proxy_session_required = TRUE;
if ((state = negotiate(&h, input_end)) == STATE_GOOD) commit(&h);
if (state == STATE_CLOSED)
  PROXY_LOG(smtp_connection, LOG_MAIN, "%s lost D=%s", smtp_get_connection_info(),
    string_timesince(&smtp_connection_start));
return state != STATE_CLOSED;
}

BOOL
proxy_refusing(void)
{
return state == STATE_FAILED || state == STATE_FAILED_INPUT_LEFT;
}

BOOL
proxy_input_left(void)
{
return state == STATE_FAILED_INPUT_LEFT;
}

/* The time of a peer whose commands are refused. It begins with the first byte of the first
one, and what is left of it becomes Exim's limit for the next read, which by itself would
begin anew with each.

Returns:	FALSE if there is none left
*/

static BOOL
refusal_time(void)
{
int ms;

if (smtp_receive_timeout <= 0) return TRUE;	/* no limit */
if (!refusal_clock)
  {
  set_deadline(&refusal_deadline, smtp_receive_timeout);
  refusal_clock = TRUE;
  }
if ((ms = time_left(&refusal_deadline)) == 0) return FALSE;
smtp_receive_timeout = (ms + 999) / 1000;
return TRUE;
}

void
proxy_command_byte(void)
{
if (proxy_refusing() && !refusal_time()) smtp_command_timeout_exit();
}

BOOL
proxy_refuse_command(void)
{
if (refusals++ >= PROXY_REFUSALS_MAX || !refusal_time()) return FALSE;
smtp_printf("503 Command refused, required Proxy negotiation failed\r\n", SP_NO_MORE);
return TRUE;
}


/*************************************************
*             The TLVs as variables              *
*************************************************/

#define CERT_NAME "ssl_client_cert"

uschar *
proxy_tlv_value(const uschar * name)
{
#ifndef DISABLE_TLS
if (Ustrcmp(name, CERT_NAME) == 0) return NULL;
#endif
return tlv_text(name);
}

/* The TLS libraries of all releases are fed with PEM, whose lines may have no more than 64
characters. What cannot be taken for a certificate leaves none. */

void
proxy_want_variable(const uschar * name)
{
#ifndef DISABLE_TLS
const int width = 64;
const uschar * s;
gstring * g;

if (cert_tried || tlvs.length == 0 || Ustrcmp(name, "proxy_tlv_" CERT_NAME) != 0) return;
cert_tried = TRUE;
if (!*(s = tlv_text(US CERT_NAME))) return;
g = string_cat(NULL, US"-----BEGIN CERTIFICATE-----\n");
for (int left = Ustrlen(s); left > 0; s += width, left -= width)
  g = string_fmt_append(g, "%.*s\n", MIN(left, width), s);
g = string_cat(g, US"-----END CERTIFICATE-----\n");

/* What it returns on success depends on the library; what it leaves on failure does not. */

(void) tls_import_cert(string_from_gstring(g), &proxy_client_cert);
#endif
}

uschar *
proxy_explain_unknown(const uschar * name, uschar * message)
{
gstring * g;

if (Ustrncmp(name, "proxy_tlv_", 10) != 0) return message;
g = string_append(NULL, 2, message, US" (after proxy_tlv_ one of:");
for (size_t i = 0; proxy_tlv_name_at(i); i++)
  g = string_append(g, 2, US" ", US proxy_tlv_name_at(i)->name);
g = string_cat(g, US"; or a number, 0x00 to 0xff)");
return string_from_gstring(g);
}

#endif	/* not in the module */
#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_session.c */
