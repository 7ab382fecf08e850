/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the whole session reader, proxy_session.c as it is, on a real connection: TCP, a UNIX socket
(whose poll() does not know SO_RCVLOWAT), or a pipe. The peer is played by fuzz_poll(): the next piece is
sent when it is waited for, and the clock is moved on instead of waiting. An input is

	how	1 byte: see the macros
	count	1 byte: number of cuts, modulo 32
	cuts	2 bytes each: size of a piece, and its delay before it is sent
	stream	the rest: what the peer sends; after the last cut, in one piece
*/

#define FUZZ_TARGET
#include "exim.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include "fuzz.h"
#include "stub.h"
#ifdef __has_feature
# if __has_feature(memory_sanitizer)
#  include <sanitizer/msan_interface.h>
#  define FORGET(p, n) __msan_poison(p, n)
# endif
#endif
#ifndef FORGET
# define FORGET(p, n) memset(p, 0xa5, n)
#endif

#define HOW_KIND(how)		((how) & 3)
#define HOW_CLOSES		0x04	/* the peer closes in the end; else it is silent */
#define HOW_DEBUG		0x08
#define HOW_INTERRUPTED		0x10	/* some system calls end in EINTR */
#define HOW_SHORT		0x20	/* some reads give less than asked for, but what has been looked at */
#define HOW_HOST(how)		((how) >> 6)	/* 3 depends on the first cut: not required, or deferred */

#define CUTS_MAX	32
#define DEADLINE_MS	3000
#define SLACK_MS	25		/* rounding, and one wait for more of a signature */
#define V1_LOOSE	(4096 + 107)	/* so much of a v1 line without end may be taken */

static const uint8_t * stream, * cuts;
static size_t stream_size, sent, looked_at;
static int how, cut_count, cut_at, closed, ended;
static long now_ms, due_ms;
static unsigned calls, calls_max;

/* ---- the connection ---- */

static struct { int ours, peers; } conn[3] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
static int kind;

static void
need(int ok, const char * what)
{
if (ok) return;
perror(what);
exit(1);
}

static void
tcp_pair(int * ours, int * peers)
{
static int listener = -1;
static struct sockaddr_in a;
socklen_t size = sizeof(a);
struct linger none = { 1, 0 };		/* no TIME_WAIT, there are too many */
int on = 1;

if (listener < 0)
  {
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  need((listener = socket(AF_INET, SOCK_STREAM, 0)) >= 0, "socket");
  need(bind(listener, (struct sockaddr *)&a, size) == 0 && listen(listener, 5) == 0
    && getsockname(listener, (struct sockaddr *)&a, &size) == 0, "listen");
  }
need((*peers = socket(AF_INET, SOCK_STREAM, 0)) >= 0, "socket");
need(connect(*peers, (struct sockaddr *)&a, sizeof(a)) == 0, "connect");
need((*ours = accept(listener, NULL, NULL)) >= 0, "accept");
setsockopt(*peers, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
setsockopt(*ours, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
setsockopt(*peers, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
}

static void
open_connection(void)
{
int fd[2];

if (conn[kind].ours < 0) switch (kind)
  {
  case 0: tcp_pair(&conn[0].ours, &conn[0].peers); break;
  case 1: need(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0, "socketpair");
	  conn[1].ours = fd[0]; conn[1].peers = fd[1]; break;
  case 2: need(pipe(fd) == 0, "pipe");
	  need(fcntl(fd[1], F_SETPIPE_SZ, 256 * 1024) > 0, "pipe size");
	  conn[2].ours = fd[0]; conn[2].peers = fd[1]; break;
  }
}

static void
close_connection(void)
{
close(conn[kind].ours);
if (conn[kind].peers >= 0) close(conn[kind].peers);
conn[kind].ours = conn[kind].peers = -1;
}

static int
unread(void)
{
int n = 0;
need(ioctl(conn[kind].ours, FIONREAD, &n) == 0, "FIONREAD");
return n;
}


/* ---- the peer ---- */

static void
plan_next(void)
{
long delay = cut_at < cut_count ? cuts[2 * cut_at + 1] * 8L : 0;

if (sent == stream_size && !(how & HOW_CLOSES)) ended = TRUE;
due_ms += delay;
}

static size_t
piece(void)
{
size_t n = stream_size - sent, c;

if (cut_at < cut_count)
  {
  c = cuts[2 * cut_at];
  c = c < 200 ? c + 1 : (c - 199) * 512;
  if (c < n) n = c;
  }
return n;
}

/* Send the next piece, or close; and see to it that it has arrived */

static void
send_next(void)
{
struct pollfd p = { .fd = conn[kind].ours, .events = POLLRDHUP };
size_t n = piece();
int was = unread();

if (n == 0)
  {
  if (kind == 2) { close(conn[2].peers); conn[2].peers = -1; }
  else shutdown(conn[kind].peers, SHUT_WR);
  closed = ended = TRUE;
  if (kind != 2) need(poll(&p, 1, 5000) > 0, "no end of file");
  return;
  }
need(write(conn[kind].peers, stream + sent, n) == (ssize_t)n, "write");
sent += n;
for (int i = 0; unread() != was + (int)n; i++)
  {
  need(i < 100000, "not arrived");
  poll(NULL, 0, i < 100 ? 0 : 1);
  }
cut_at++;
plan_next();
}

static int
interrupted(void)
{
CHECK(++calls < calls_max, "%u system calls for %zu bytes", calls, stream_size);
if (!(how & HOW_INTERRUPTED) || (calls * 2654435761u >> 16) % 3 != 0) return FALSE;
errno = EINTR;
return TRUE;
}

int
fuzz_poll(struct pollfd * p, nfds_t n, int ms)
{
long until = now_ms + ms;

CHECK(ms >= 0 && ms <= DEADLINE_MS, "poll for %d", ms);
if (n > 0 && interrupted()) return -1;
if (n == 0) CHECK(++calls < calls_max, "%u system calls for %zu bytes", calls, stream_size);
for (;;)
  {
  int rc = n > 0 ? poll(p, 1, 0) : 0;
  if (rc != 0 || ms == 0) return rc;
  if (ended || due_ms > until) break;
  if (due_ms > now_ms) now_ms = due_ms;
  due_ms = now_ms;
  send_next();
  }
now_ms = until;
return 0;
}

int
fuzz_clock_gettime(clockid_t clock, struct timespec * t)
{
CHECK(clock == CLOCK_MONOTONIC, "clock %d", (int)clock);
t->tv_sec = 1000 + now_ms / 1000;
t->tv_nsec = now_ms % 1000 * 1000000;
return 0;
}

/* The reader's own buffer, and its size. The first read of all goes to its start. */

static char * small_buffer;
#define SMALL_BUFFER 256

static void
check_buffer(void * buf, size_t n)
{
char * p = buf;
if (stub_host_verdict == DEFER)			/* only to throw it away */
  {
  CHECK(buf == (void *)big_buffer && n <= (size_t)big_buffer_size, "read of %zu out of the buffer", n);
  return;
  }
if (!small_buffer) small_buffer = p;
CHECK(n > 0 && (stub_in_one_piece(p, n) || (p >= small_buffer && p + n <= small_buffer + SMALL_BUFFER)),
  "read of %zu out of the buffer", n);
}

/* How much to read. No system gives less than it has shown already. */

static size_t
perhaps_less(size_t n)
{
size_t less = 1 + (calls * 2654435761u >> 8) % n;
if (!(how & HOW_SHORT) || calls % 2 == 0) return n;
return less > looked_at ? less : looked_at < n ? looked_at : n;
}

ssize_t
fuzz_recv(int fd, void * buf, size_t n, int flags)
{
ssize_t rc;

CHECK(fd == conn[kind].ours && kind != 2, "recv from %d", fd);
CHECK(flags & MSG_DONTWAIT, "recv might wait");
check_buffer(buf, n);
if (interrupted()) return -1;
if ((rc = recv(fd, buf, flags & MSG_PEEK ? n : perhaps_less(n), flags)) > 0)
  looked_at = flags & MSG_PEEK ? (size_t)rc : looked_at > (size_t)rc ? looked_at - (size_t)rc : 0;
return rc;
}

ssize_t
fuzz_read(int fd, void * buf, size_t n)
{
CHECK(fd == conn[kind].ours && kind == 2, "read from %d", fd);
CHECK(unread() > 0 || closed, "read would wait");
check_buffer(buf, n);
if (interrupted()) return -1;
return read(fd, buf, perhaps_less(n));
}


/* ---- what must have come of it ---- */

#define PEER	"192.0.2.200"
#define PEER_PORT 5000

static void
reset(void)
{
static uschar * aliases[] = { US"alias.example", NULL };

/* What the last session read is not to be had by this one */

if (small_buffer) FORGET(small_buffer, SMALL_BUFFER);
memset(&f, 0, sizeof(f));
f.sender_host_notsocket = host_checking = kind == 2;
fuzz_debugging = (how & HOW_DEBUG) != 0;
smtp_in_fd = conn[kind].ours;
sender_host_address = US PEER;
sender_host_port = PEER_PORT;
sender_host_name = US"proxy.example";
sender_host_aliases = aliases;
sender_ident = US"ident";
host_lookup_msg = US"msg";
sender_host_dnssec = TRUE;
host_lookup_failed = host_lookup_deferred = TRUE;
memset(sender_host_cache, 0xff, sizeof(sender_host_cache));
proxy_required_hosts = US"192.0.2.0/24";
proxy_client_cert = NULL;
stub_pem = NULL;
stub_responses = stub_fullhosts = 0;
stub_host_verdict = OK;
if (HOW_HOST(how) == 3 && cut_count > 0) stub_host_verdict = cuts[0] & 1 ? DEFER : FAIL;
}

static void
check_untouched(void)
{
CHECK(strcmp(CS sender_host_address, PEER) == 0 && sender_host_port == PEER_PORT && sender_host_name
  && *sender_host_aliases && sender_ident && sender_host_dnssec && host_lookup_failed && host_lookup_deferred
  && *host_lookup_msg && sender_host_cache[15] == UINT32_MAX, "the sender has been changed");
}

static void
check_failed(void)
{
check_untouched();
CHECK(!proxy_host_address && !proxy_host_port && !proxy_target_address && !proxy_target_port
  && !proxy_version && !proxy_command_name && stub_fullhosts == 0, "something was committed");
}

static void
check_address(const uschar * got, const proxy_endpoint * e, proxy_family family, int port, int got_port)
{
char s[INET6_ADDRSTRLEN];
const char * expected = inet_ntop(family == PROXY_AF_INET ? AF_INET : AF_INET6, e->address, s, sizeof(s));

if (strncmp(expected, "::ffff:", 7) == 0 && strchr(expected, '.')) expected += 7;
CHECK(got && strcmp(CCS got, expected) == 0, "address %s, not %s", got, expected);
CHECK(got_port == port, "port %d, not %d", got_port, port);
}

static void
check_committed(const proxy_header * h)
{
static const char * words[] = { [PROXY_CMD_LOCAL] = "local", [PROXY_CMD_PROXY] = "proxy", [PROXY_CMD_UNKNOWN] = "unknown" };

CHECK(!proxy_failure && stub_fullhosts == 1, "good, and %s", proxy_failure);
CHECK(strcmp(CS proxy_host_address, PEER) == 0 && atoi(CS proxy_host_port) == PEER_PORT, "proxy");
CHECK(atoi(CS proxy_version) == h->version && strcmp(CS proxy_command_name, words[h->command]) == 0, "version");
if (h->family == PROXY_AF_NONE)
  {
  check_untouched();
  CHECK(!proxy_target_address && !proxy_target_port, "a target");
  return;
  }
check_address(sender_host_address, &h->source, h->family, h->source.port, sender_host_port);
check_address(proxy_target_address, &h->destination, h->family, h->destination.port, atoi(CS proxy_target_port));
CHECK(!sender_host_name && !*sender_host_aliases && !sender_ident && !sender_host_dnssec && !host_lookup_failed
  && !host_lookup_deferred && !*host_lookup_msg && sender_host_cache[0] == 0, "the proxy's name is still there");
}

static void
check_pem(const char * base64)
{
char line[80];
size_t n = 0, k;

proxy_want_variable(US"proxy_tlv_ssl_cn");
CHECK(!stub_pem, "a certificate without need");
proxy_want_variable(US"proxy_tlv_ssl_client_cert");
CHECK(!stub_pem == !*base64, "certificate");
if (!*base64) return;
for (const char * s = CCS stub_pem; *s; s += k + 1)
  {
  k = strcspn(s, "\n");
  CHECK(s[k] && k <= 64, "a line of %zu", k);
  snprintf(line, sizeof(line), "%.*s", (int)k, s);
  if (line[0] == '-') continue;
  CHECK(strncmp(base64 + n, line, k) == 0, "another certificate");
  n += k;
  }
CHECK(base64[n] == 0, "the certificate is cut");
}

/* The variables are what the header says, if it is a good one */

static void
check_values(const uint8_t * p, const proxy_header * h)
{
const proxy_tlv_name * name;
uschar * s;

for (size_t i = 0; (name = proxy_tlv_name_at(i)); i++)
  {
  proxy_bytes row = { p, 0 }, v;
  char * expected = "";
  if (h && h->tlv_length > 0) row = (proxy_bytes) { p + h->tlv_offset, h->tlv_length };
  if (proxy_tlv_find(row, name, &v))
    {
    expected = store_get(PROXY_TLV_SHOWN_MAX(v.length), NULL);
    (void) proxy_tlv_shown(v, name->show, expected);
    }
  if (strcmp(name->name, "ssl_client_cert") == 0)
    {
    CHECK(!proxy_tlv_value(US name->name), "the certificate as text");
    check_pem(expected);
    continue;
    }
  s = proxy_tlv_value(US name->name);
  CHECK(s && strcmp(CS s, expected) == 0 && is_clean_text(CS s, strlen(CS s)), "%s: %s, not %s", name->name, s, expected);
  }
CHECK(!proxy_tlv_value(US"nonsense"), "nonsense");
CHECK(strstr(CS proxy_explain_unknown(US"proxy_tlv_x", US"x"), "authority"), "no names");
CHECK(strcmp(CS proxy_explain_unknown(US"proxy_x", US"x"), "x") == 0, "names");
}

static void
check_refusing(int seconds)
{
int n = 0, rc;

stub_responses = stub_timeouts = 0;
smtp_receive_timeout = seconds;
do
  {
  proxy_command_byte();
  rc = proxy_refuse_command();
  CHECK(stub_timeouts == 0 || !rc, "refused after its time");
  CHECK(stub_responses == n + rc && (n += rc) <= 1000, "%d responses for %d", stub_responses, n);
  CHECK(smtp_receive_timeout <= seconds && (smtp_receive_timeout > 0 || seconds == 0), "time %d", smtp_receive_timeout);
  now_ms += 100 * (n & 7);
  }
while (rc);
CHECK(n > 0 && n <= 100, "%d commands refused", n);
}

/* How many bytes must have been taken, of those sent; for a v1 line without end that is not one figure */

static void
check_taken(proxy_result r, size_t taken, size_t put_back)
{
const uint8_t * crlf = memmem(stream, sent, "\r\n", 2);
size_t end = r.n > 0 && r.n < sent ? r.n : sent;

switch (r.verdict)
  {
  case PROXY_HDR_COMPLETE:
    CHECK(taken == r.n, "%zu taken of %zu", taken, r.n);
    break;
  case PROXY_HDR_NONE:
    CHECK(taken == put_back && (kind == 2 || taken == 0), "no header, %zu taken, %zu put back", taken, put_back);
    break;
  case PROXY_HDR_MORE:
    CHECK(taken == sent, "timeout: %zu taken of %zu", taken, sent);
    break;
  case PROXY_HDR_BAD:
    if (stream[0] == 'P' && (r.n == 0 || r.n > PROXY_V1_MAX))
      CHECK(taken >= PROXY_V1_MAX && taken <= V1_LOOSE && (!crlf || taken <= (size_t)(crlf - stream) + 2),
	"long line: %zu taken", taken);
    else CHECK(taken == end, "bad: %zu taken, not %zu", taken, end);
    break;
  }
CHECK(put_back == 0 || r.verdict == PROXY_HDR_NONE, "%zu put back", put_back);
}

static void
check_rest(size_t taken)
{
static uint8_t rest[256 * 1024];
size_t n = 0, left = sent - taken;

while (n < left)
  {
  ssize_t rc = read(conn[kind].ours, rest + n, left - n);
  need(rc > 0, "read of the rest");
  n += (size_t)rc;
  }
CHECK(memcmp(rest, stream + taken, left) == 0, "the rest is not what was sent");
}

static void
check_outcome(BOOL go_on, const uint8_t * put, size_t put_back)
{
proxy_header h;
size_t taken = sent - (size_t)unread();
proxy_result r = proxy_header_parse(stream, sent, &h);
socklen_t size = sizeof(int);
int lowat = 0;

CHECK(put_back == 0 || memcmp(put, stream, put_back) == 0, "other bytes were put back");
CHECK(now_ms <= DEADLINE_MS + SLACK_MS, "%ld ms", now_ms);
if (stub_host_verdict != OK)
  {
  CHECK(go_on == (stub_host_verdict == FAIL) && (stub_host_verdict == DEFER || (taken == 0 && sent == 0 && calls == 0)) && !proxy_host_address, "not required");
  CHECK(!proxy_session_required && !proxy_refusing() && fn_proxy_session()[0] == 'n', "required");
  check_failed();
  return;
  }
CHECK(proxy_session_required && fn_proxy_session()[0] == 'y', "not required");

if (r.verdict == PROXY_HDR_MORE && closed)
  CHECK(!go_on && !proxy_refusing(), "closed, and goes on");
else
  {
  CHECK(go_on, "given up: verdict %d", r.verdict);
  CHECK(proxy_refusing() == (r.verdict != PROXY_HDR_COMPLETE), "verdict %d", r.verdict);
  CHECK(proxy_input_left() == (r.verdict == PROXY_HDR_NONE), "verdict %d", r.verdict);
  check_taken(r, taken, put_back);
  }
if (r.verdict == PROXY_HDR_COMPLETE) check_committed(&h); else check_failed();
if (proxy_refusing())
  CHECK(proxy_failure && strcmp(CS proxy_failure, r.reason ? r.reason : sent > 0 ? "timeout in header"
    : "timeout: no header") == 0, "reason %s, not %s", proxy_failure, r.reason);
else CHECK(!proxy_failure, "reason %s", proxy_failure);

if (kind != 2)
  CHECK(getsockopt(conn[kind].ours, SOL_SOCKET, SO_RCVLOWAT, &lowat, &size) == 0 && lowat == 1, "lowat %d", lowat);
check_values(stream, r.verdict == PROXY_HDR_COMPLETE ? &h : NULL);
check_rest(taken);
if (proxy_refusing()) check_refusing(cut_count);
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t size)
{
uint8_t input[64], * input_end = input;
BOOL go_on;

WRITTEN(data, size);
if (size < 2 || size > 200000) return 0;
how = data[0];
kind = HOW_KIND(how) % 3;
cut_count = data[1] % CUTS_MAX;
if (2 + 2 * (size_t)cut_count > size) cut_count = (int)(size - 2) / 2;
cuts = data + 2;
stream = cuts + 2 * cut_count;
stream_size = size - 2 - 2 * (size_t)cut_count;
sent = 0;
looked_at = 0;
cut_at = closed = ended = 0;
now_ms = due_ms = 0;
calls = 0;
calls_max = 2000 + 16 * (unsigned)stream_size;
plan_next();

open_connection();
reset();
go_on = proxy_session_start(&input_end);
check_outcome(go_on, input, (size_t)(input_end - input));
stub_free_all();
if (closed || unread() > 0) close_connection();
return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t * data, size_t size, size_t max_size, unsigned seed)
{
size_t at;

WRITTEN(data, max_size);
if (size < 2) { data[0] = (uint8_t)seed; data[1] = 0; size = 2; }
at = 2 + 2 * (size_t)(data[1] % CUTS_MAX);
if (at > size) at = size & ~(size_t)1;
switch (seed % 8)
  {
  case 0:
    data[0] = (uint8_t)(seed >> 8);
    return size;
  case 1: case 2:			/* another size or delay */
    if (at > 2) data[2 + (seed >> 8) % (at - 2)] = (uint8_t)(seed >> 24);
    return size;
  case 3:				/* a cut more */
    if (size + 2 > max_size || data[1] % CUTS_MAX == CUTS_MAX - 1) return size;
    memmove(data + 4, data + 2, size - 2);
    data[1]++;
    data[2] = seed >> 8 & 1 ? (uint8_t)(seed >> 16 & 15) : (uint8_t)(seed >> 16);
    data[3] = seed >> 9 & 3 ? (uint8_t)(seed >> 24 & 7) : (uint8_t)(seed >> 24);
    return size + 2;
  case 4:				/* one less */
    if (at <= 2 || data[1] % CUTS_MAX == 0) return size;
    memmove(data + 2, data + 4, size - 4);
    data[1]--;
    return size - 2;
  default:
    return at + mutate_header(data + at, size - at, max_size - at, seed);
  }
}

/* End of session.c */
