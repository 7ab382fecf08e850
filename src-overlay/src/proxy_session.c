/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The PROXY protocol in one incoming connection; see proxy_session.h */

#include "exim.h"

#ifdef EXPERIMENTAL_PROXY

#include "proxy_clients.h"
#include "proxy_compat.h"
#include "proxy_config.h"
#include "proxy_reader.h"
#include "proxy_session.h"

/* The time for the whole header, in seconds, if the option is 0. A shorter time leaves no
room for a lost segment to be sent again (section 2). */

#define PROXY_TIMEOUT 3

/* Drop the connection after this many refused commands. A client that tries all the
commands of SMTP gets an answer to each, and to QUIT. */

#define PROXY_REFUSALS_MAX 32

/* Show the wait in exiwhat after this time, in milliseconds. Most headers arrive at
once. */

#define PROXY_QUIET_WAIT_MS 100

/* What one connection needs. It is static, for in the store it would cost each new
process one more page. */

static struct {
  uint8_t		header[PROXY_HEADER_MAX];
  uschar		sender[INET6_ADDRSTRLEN];
  uschar		target[INET6_ADDRSTRLEN];
  size_t		first_bytes;		/* seen of a peer that is not listed */
  unsigned		refusals;
  BOOL			clock_runs;		/* refusals_end is set */
  struct timespec	refusals_end;
} session;

BOOL proxy_refusing = FALSE;
BOOL proxy_input_left = FALSE;
BOOL proxy_unlisted = FALSE;


/*************************************************
*             Who must send a header             *
*************************************************/

/* Only a TCP connection, or -bh, which plays one, can come from a proxy. */

static BOOL
session_has_peer(void)
{
return sender_host_address && !f.sender_host_unknown && !smtp_batched_input
  && (host_checking || !f.sender_host_notsocket) && !PROXY_TURNED_ROUND;
}

/* Match one item of the list. If a host name, of the item or of the peer, cannot be
found, Exim would end the list there, and take the proxies after it for clients.
Instead the item does not match. */

static int
session_check_item(void * block, const uschar * item, const uschar ** value,
  uschar ** error)
{
int rc = check_host(block, item, value, error);

if (rc != ERROR) return rc;
PROXY_DEBUG debug_printf("PROXY: %s: item of the list skipped\n", *error);
return FAIL;
}

/* Tell whether the peer is in the list. The answer is not cached, for an ACL that uses
the same named list goes by Exim's own rule, and may get another answer.

Argument:	the option
Returns:	OK, FAIL or DEFER
*/

static int
session_must_send_header(const uschar ** list)
{
check_host_block block = {
  .host_address = sender_host_address,
  .host_ipv4 = Ustrncmp(sender_host_address, "::ffff:", 7) == 0
    ? sender_host_address + 7 : sender_host_address };
unsigned int * no_cache = NULL;
const uschar * was = deliver_host_address;
int rc;

GET_OPTION("proxy_required_hosts");
deliver_host_address = sender_host_address;	/* $host_address in a look-up */
rc = match_check_list(list, 0, &hostlist_anchor, &no_cache, session_check_item, &block,
  MCL_HOST, US"host", NULL);
deliver_host_address = was;
return rc;
}

/* Read what the peer has sent already: a close with unread input would be a reset, which
may destroy the response. */

static void
session_drain(void)
{
if (!f.sender_host_notsocket)
  for (int i = 16; i > 0; i--)
    if (recv(PROXY_INPUT_FD, big_buffer, big_buffer_size, MSG_DONTWAIT) <= 0) break;
}

/* Refuse a connection with a 421 response.

Returns:	FALSE
*/

static BOOL
session_refuse(const uschar * text)
{
session_drain();
#ifndef DISABLE_TLS
if (!tls_in.on_connect)
#endif
  smtp_printf("421 %s\r\n", SP_NO_MORE, text);
return FALSE;
}


/*************************************************
*             What a header does                 *
*************************************************/

/* Make the text of an address. Its bytes come from a peer, but the text is in canonical
form, and as safe as one that the system supplied. host_ntoa() would not do: it also
shortens addresses that are not IPv4-mapped. */

static uschar *
session_address_text(const proxy_endpoint * e, uschar * buffer)
{
static const uint8_t mapped[] = { 0,0,0,0,0,0,0,0,0,0,0xff,0xff };
const uint8_t * a = e->address;

if (memcmp(a, mapped, sizeof(mapped)) == 0)
  (void) inet_ntop(AF_INET, a + sizeof(mapped), CS buffer, INET6_ADDRSTRLEN);
else
  (void) inet_ntop(AF_INET6, a, CS buffer, INET6_ADDRSTRLEN);
return buffer;
}

/* A good header has been read: the peer is a proxy. If it names the original client, that
one is the sender host from here on, and what was found out about the peer is
forgotten. */

static void
commit(const proxy_header * h)
{
static const char * command_names[] = {
  [PROXY_CMD_LOCAL] = "local", [PROXY_CMD_PROXY] = "proxy", [PROXY_CMD_UNKNOWN] = "unknown" };
static uschar * no_alias;

proxy_session_required = TRUE;
proxy_host_address = sender_host_address;
proxy_host_port = sender_host_port;
proxy_version = h->version == 1 ? US"1" : US"2";
proxy_command_name = US command_names[h->command];
proxy_tlvs = (proxy_bytes) { session.header + h->tlv_offset, h->tlv_length };
proxy_client_cert = proxy_import_client_cert();

if (h->has_client)
  {
  proxy_target_address = session_address_text(&h->destination, session.target);
  proxy_target_port = h->destination.port;
  sender_host_address = session_address_text(&h->source, session.sender);
  sender_host_port = h->source.port;

  sender_host_name = sender_ident = NULL;
  sender_host_aliases = &no_alias;
  sender_host_dnssec = host_lookup_deferred = host_lookup_failed = FALSE;
  host_lookup_msg = US"";
  memset(sender_host_cache, 0, sizeof(sender_host_cache));
  }
host_build_sender_fullhost();
}

/* There was no good header. Nothing changes, but all commands are refused.

Arguments:
  reason	why
  input_left	the input is no header at all, and is still to be read
*/

static void
fail(const char * reason, BOOL input_left)
{
proxy_session_required = TRUE;
proxy_failure = US reason;
proxy_refusing = TRUE;
proxy_input_left = input_left;
}

/* Find how many sessions the client may have; 0 or less means any number. Errors are
logged as the daemon logs them. */

static int
session_client_limit(void)
{
const uschar * s = expand_string(smtp_accept_max_per_host);

if (!s && !f.expand_string_forcedfail)
  PROXY_LOG_ALWAYS(LOG_MAIN|LOG_PANIC,
    "expansion of smtp_accept_max_per_host failed for %s: %s", host_and_ident(FALSE),
    expand_string_message);
if (s && s[Ustrspn(s, "0123456789")])
  PROXY_LOG_ALWAYS(LOG_MAIN|LOG_PANIC,
    "expansion of smtp_accept_max_per_host for %s contains non-digit: %s",
    host_and_ident(FALSE), s);
return s && isdigit(*s) ? Uatoi(s) : 0;
}

/* Expand smtp_active_hostname again, as the daemon did for the proxy.

Returns:	FALSE if the session is over
*/

static BOOL
session_set_hostname(void)
{
uschar * s = raw_active_hostname ? expand_string(raw_active_hostname) : NULL;

if (!s && raw_active_hostname && !f.expand_string_forcedfail)
  {
  PROXY_LOG_ALWAYS(LOG_MAIN|LOG_PANIC, "failed to expand \"%s\" (smtp_active_hostname): %s",
    raw_active_hostname, expand_string_message);
  return session_refuse(US"Local configuration error; please try again later.");
  }
smtp_active_hostname = s && *s ? s : primary_hostname;
return TRUE;
}

/* Count the client's sessions, and refuse this one if there are too many. */

static BOOL
session_count(const uint8_t * client)
{
int earlier = proxy_clients_enter(getpid(), client), limit;

if (earlier < 0 || (limit = session_client_limit()) <= 0 || earlier < limit) return TRUE;
proxy_clients_leave(getpid());
PROXY_LOG(connection_reject, LOG_MAIN,
  "Connection from %s refused: too many connections from that IP address",
  host_and_ident(FALSE));
return session_refuse(US"Too many concurrent SMTP connections from this IP address; "
  "please try again later.");
}

/* Show what was sent: a line as text, anything else in hex, a row at a time. */

static void
session_debug(const proxy_reader * r, const char * what)
{
debug_printf("PROXY: %s, %d bytes from %s\n", what, (int)r->seen,
  proxy_host_address ? proxy_host_address : sender_host_address);
if (proxy_header_version(r->bytes, r->seen) == 1)
  debug_printf("PROXY<< %s\n", string_printing(string_copyn(r->bytes, r->seen)));
else for (size_t i = 0; i < r->seen; )
  {
  gstring * g = string_catn(NULL, US"PROXY<<", 7);
  do g = string_fmt_append(g, " %02x", r->bytes[i]); while (++i < r->seen && i % 32);
  debug_printf("%s\n", string_from_gstring(g));
  }
proxy_debug_tlvs();
}

/* Read a header, and act on the outcome.

Argument:	see proxy_session_start()
Returns:	FALSE if the session is over
*/

static BOOL
session_negotiate(uschar ** input_end)
{
proxy_reader r;
proxy_read_outcome outcome;
const char * what = "good header";

proxy_reader_start(&r, PROXY_INPUT_FD, !f.sender_host_notsocket, session.header,
  proxy_timeout > 0 ? proxy_timeout : PROXY_TIMEOUT);
if ((outcome = proxy_reader_run(&r, PROXY_QUIET_WAIT_MS)) == PROXY_READ_WAITING)
  {
  set_process_info("waiting for a PROXY header from %s", host_and_ident(FALSE));
  outcome = proxy_reader_run(&r, INT_MAX);
  }

if (outcome == PROXY_READ_GOOD)
  commit(&r.header);
else if (outcome == PROXY_READ_CLOSED)
  what = "connection closed in header";
else
  fail(what = r.reason, outcome == PROXY_READ_NONE);

if (outcome == PROXY_READ_NONE)
  {
  memcpy(*input_end, r.bytes, r.consumed);	/* none, on a socket */
  *input_end += r.consumed;
  }
PROXY_DEBUG session_debug(&r, what);

if (outcome == PROXY_READ_CLOSED)
  PROXY_LOG(smtp_connection, LOG_MAIN, "%s lost D=%s", smtp_get_connection_info(),
    string_timesince(&smtp_connection_start));
return outcome == PROXY_READ_GOOD && r.header.has_client
  ? session_set_hostname() && session_count(r.header.source.address)
  : outcome != PROXY_READ_CLOSED;
}


/*************************************************
*             The functions for Exim             *
*************************************************/

void
proxy_count_clients(void)
{
if (*proxy_hosts_option() && smtp_accept_max_per_host && !proxy_clients_map(smtp_accept_max))
  PROXY_LOG_ALWAYS(LOG_MAIN|LOG_PANIC,
    "no memory to count the clients of proxies for smtp_accept_max_per_host: %s",
    strerror(errno));
}

BOOL
proxy_session_start(uschar ** input_end)
{
const uschar ** list = proxy_hosts_option();

if (!session_has_peer()) return TRUE;
if (*list) switch (session_must_send_header(list))
  {
  case OK:
    return session_negotiate(input_end);
  case DEFER:
    PROXY_LOG(connection_reject, LOG_MAIN|LOG_REJECT,
      "temporarily refused connection from %s: %s could not be checked",
      host_and_ident(FALSE), readconf_find_option(list));
    return session_refuse(string_sprintf(
      "%s: Temporary local problem; please try again later", smtp_active_hostname));
  }
proxy_unlisted = TRUE;
return TRUE;
}

/* Log that a peer which is not listed has sent a header. */

static void
session_log_unlisted(void)
{
const uschar ** list = proxy_hosts_option();

PROXY_LOG_ALWAYS(LOG_MAIN, *list ? "PROXY header from [%s], which is not in %s"
  : "PROXY header from [%s], but %s is not set", sender_host_address,
  readconf_find_option(list));
}

void
proxy_check_first_bytes(const uschar * s, size_t n)
{
proxy_unlisted = session.first_bytes > 0 || *s == 'P' || *s == '\r';
if (!proxy_unlisted) return;		/* as in most sessions */

n = MIN(n, PROXY_V2_SIGNATURE_LEN - session.first_bytes);
memcpy(session.header + session.first_bytes, s, n);
session.first_bytes += n;
if (proxy_header_version(session.header, session.first_bytes) == 0) return;

proxy_unlisted = FALSE;
session_log_unlisted();
session_drain();
smtp_notquit_exit(US"synchronization-error", US"554", US"Unexpected PROXY header");
exim_exit(EXIT_FAILURE);
}

/* The TLS library takes 5 bytes, finds that they are not TLS, and leaves the rest. */

void
proxy_check_tls_failure(void)
{
uschar rest[7];

proxy_unlisted = FALSE;
if (  recv(PROXY_INPUT_FD, rest, sizeof(rest), MSG_PEEK|MSG_DONTWAIT) == sizeof(rest)
   && (  memcmp(rest, "\r\nQUIT\n", 7) == 0
      || memcmp(rest, " TCP", 4) == 0 || memcmp(rest, " UNKNOW", 7) == 0))
  session_log_unlisted();
}

/* Check the time of a peer whose commands are refused. It starts with the first byte of
the first command. What is left becomes Exim's limit for the next read: otherwise each
read would have the whole time again.

Returns:	FALSE if there is none left
*/

static BOOL
session_has_time(void)
{
int ms;

if (smtp_receive_timeout <= 0) return TRUE;	/* no limit */
if (!session.clock_runs)
  {
  proxy_deadline_set(&session.refusals_end, smtp_receive_timeout);
  session.clock_runs = TRUE;
  }
if ((ms = proxy_deadline_left(&session.refusals_end)) == 0) return FALSE;
smtp_receive_timeout = (ms + 999) / 1000;
return TRUE;
}

void
proxy_command_byte(void)
{
if (!session_has_time()) smtp_command_timeout_exit();
}

BOOL
proxy_refuse_command(void)
{
if (session.refusals++ < PROXY_REFUSALS_MAX && session_has_time())
  {
  smtp_printf("503 Command refused, required Proxy negotiation failed\r\n", SP_NO_MORE);
  return TRUE;
  }
PROXY_LOG_ALWAYS(LOG_MAIN|LOG_REJECT,
  "SMTP call from %s dropped: too many commands after failed PROXY negotiation",
  host_and_ident(FALSE));
smtp_notquit_exit(US"bad-commands", US"554", US"Too many commands");
return FALSE;
}

#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_session.c */
