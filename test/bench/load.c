/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes SMTP sessions, and measures what they cost the server. A session is the banner and QUIT; with -m it
sends a message too. HEADER is one that headers.c knows, or - for none.

  load [-m] [-k PIECES] [-g GAP] [-M] [-p] [-d PORT] FROM ADDRESS PORT HEADER SESSIONS CONCURRENCY [DAEMON ARGUMENT...]

Starts DAEMON, which must stay in the foreground and listen on ADDRESS PORT, makes SESSIONS sessions from the
address FROM, CONCURRENCY at a time, and ends it. The header comes in PIECES pieces, GAP microseconds apart.
Without a DAEMON there must be one; then no CPU time is known. Prints one line, fields separated by tabs:

  seconds for all | CPU microseconds a session, of the daemon and all its children | time to the banner in
  microseconds, of half the sessions | of 99 in 100 | private kB of a child | all kB of it, at its highest

CPU is what the kernel has counted when the daemon has ended, less what the daemon had used when it was
ready. Time to the banner runs from connect() or, with more than one piece, from the last piece, to its first
byte. The two last are 0 without -M: this opens CONCURRENCY sessions, waits for their banners, looks at the
daemon's children, and then ends them.

  load -i ROUNDS [-m] [-k PIECES] [-g GAP] [-p] ADDRESS

Reads from standard input lines of name, FROM, PORT, process id of the daemon, HEADER, separated by tabs. In
each round it makes one session for each line, one after another, in an order of chance, and prints for each:

  round | name | time to the banner | CPU of the child at its banner, when it sleeps | at its end | CPU of the
  daemon for this session

all in microseconds, CPU of the child from fork() on. To have the child's CPU at its end, the daemon is stopped
before QUIT: so the child stays until it has been looked at.

  -d   the port that the daemon listens on, if PORT is that of a proxy before it
  -p   the daemon on the first CPU, this on the last, if there are two

Exit codes: 0 done; 1 a session went wrong, or the daemon; 2 bad usage */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "headers.h"

#define LIMIT 120		/* seconds for all */
#define START_LIMIT 20		/* for the daemon to listen */
#define SETTLE 5		/* milliseconds without work that show it to be ready */
#define MOST 1000		/* concurrent sessions */
#define REAP_TURNS 1000		/* of 20 microseconds, for the daemon to collect its child */

#define BODY "From: a@bench.test\r\nTo: b@bench.test\r\nSubject: a message\r\n\r\n" \
  LINES LINES LINES LINES ".\r\n"
#define LINES LINE LINE LINE LINE
#define LINE "A line of a message that is as long as most lines of messages are\r\n"

typedef struct { const char * reply, * next; } step;	/* what is awaited, and what is sent then */

static const step quit_only[] = { { "220", "QUIT\r\n" }, { "221", NULL } };
static const step message[] = {
  { "220", "EHLO client.bench.test\r\n" },
  { "250", "MAIL FROM:<a@bench.test>\r\n" },
  { "250", "RCPT TO:<b@bench.test>\r\n" },
  { "250", "DATA\r\n" },
  { "354", BODY },
  { "250", "QUIT\r\n" },
  { "221", NULL }
};

typedef struct {
  int		fd;
  int		at;			/* step of the script */
  unsigned	pieces;			/* of the header that have been sent */
  double	due;			/* the time of the next */
  double	began;
  size_t	length;
  char		in[2048];
} session;

static const step * script = quit_only;
static uint8_t header[HEADER_ROOM];
static size_t header_size;
static unsigned pieces = 1;
static double gap;
static int holding;			/* sessions wait after their banner */
static int watching;			/* the CPU time of the child that serves the session */
static double cpu_at_banner;
static pid_t watched;
static struct sockaddr_storage from, to;
static socklen_t address_size;
static session * sessions;
static int poller;
static double * banner;			/* time to it, for each session */
static long banners, ended;


/* ---- help ---- */

static void
fail(int code, const char * format, ...)
{
va_list ap;
va_start(ap, format);
fputs("load: ", stderr);
vfprintf(stderr, format, ap);
fputc('\n', stderr);
va_end(ap);
exit(code);
}

static double		/* microseconds */
now(void)
{
struct timespec t;
clock_gettime(CLOCK_MONOTONIC, &t);
return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
pause_us(long us)
{
struct timespec t = { us / 1000000, us % 1000000 * 1000 };
nanosleep(&t, NULL);
}

static int
by_size(const void * a, const void * b)
{
double x = *(const double *)a, y = *(const double *)b;
return (x > y) - (x < y);
}

static double
quantile(double * v, long n, double q)
{
if (n == 0) return 0;
qsort(v, (size_t)n, sizeof(*v), by_size);
return v[(long)(q * (double)(n - 1) + 0.5)];
}

/* One number out of a file of /proc: the one after "name", or the first */

static double
number(const char * path, const char * name)
{
char line[512];
double v = 0;
FILE * f = fopen(path, "r");

if (!f) return 0;
while (fgets(line, sizeof(line), f))
  if (!name || strncmp(line, name, strlen(name)) == 0)
    { v += strtod(line + (name ? strlen(name) : 0), NULL); break; }
fclose(f);
return v;
}


/* ---- the daemon ---- */

static pid_t daemon_pid;
static unsigned daemon_port;		/* if the sessions go by way of a proxy */
static double used_at_start;		/* CPU, in microseconds */

static void
pin(int server)
{
cpu_set_t all, one;
size_t first = CPU_SETSIZE, last = 0;

if (sched_getaffinity(0, sizeof(all), &all) != 0) return;
for (size_t i = 0; i < CPU_SETSIZE; i++)
  if (CPU_ISSET(i, &all)) { if (first == CPU_SETSIZE) first = i; last = i; }
if (first >= last) return;
CPU_ZERO(&one);
CPU_SET(server ? first : last, &one);
(void) sched_setaffinity(0, sizeof(one), &one);
}

/* Is there a listener on the port? Asked of the kernel: a connection would be a session. */

static int
listening(void)
{
static const char * files[] = { "/proc/net/tcp", "/proc/net/tcp6" };
unsigned port = daemon_port ? daemon_port : ntohs(((struct sockaddr_in *)&to)->sin_port), p, state;
char line[512];
int yes = 0;

for (int i = 0; i < 2; i++)
  {
  FILE * f = fopen(files[i], "r");
  if (!f) continue;
  while (fgets(line, sizeof(line), f))
    if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &p, &state) == 2 && p == port && state == 0x0a)
      yes = 1;
  fclose(f);
  }
return yes;
}

static double
cpu_of_daemon(void)
{
char path[64];
snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)daemon_pid);
return number(path, NULL) / 1e3;
}

static void
start_daemon(char ** command, int pinned)
{
double until = now() + START_LIMIT * 1e6, was;

if (listening()) fail(1, "something listens on the daemon's port already");
(void) prctl(PR_SET_CHILD_SUBREAPER, 1);	/* what the daemon leaves is ours to count */
if ((daemon_pid = fork()) < 0) fail(1, "fork: %s", strerror(errno));
if (daemon_pid == 0)
  {
  (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (pinned) pin(1);
  (void) dup2(2, 1);
  execvp(command[0], command);
  fail(1, "%s: %s", command[0], strerror(errno));
  }
while (!listening())
  {
  if (waitpid(daemon_pid, NULL, WNOHANG) == daemon_pid) fail(1, "%s has ended at once", command[0]);
  if (now() > until) { kill(daemon_pid, SIGTERM); fail(1, "%s does not listen", command[0]); }
  pause_us(2000);
  }
do { was = cpu_of_daemon(); pause_us(SETTLE * 1000); } while ((used_at_start = cpu_of_daemon()) != was);
}

/* Returns: microseconds of CPU since it was ready */

static double
end_daemon(void)
{
struct rusage u;
double used = 0;
pid_t p;

kill(daemon_pid, SIGTERM);
while ((p = wait4(-1, NULL, 0, &u)) > 0 || errno == EINTR)
  if (p > 0)
    used += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
return used - used_at_start;
}

static void
give_up(int sig)
{
if (daemon_pid > 0) { kill(daemon_pid, SIGTERM); kill(daemon_pid, SIGCONT); }
if (sig == SIGALRM) { static const char s[] = "load: it takes too long\n"; (void) !write(2, s, sizeof(s) - 1); }
_exit(1);
}

/* The newest child of the daemon, 0 if it has none. */

static pid_t
child(void)
{
char path[64];
int pid = 0;
FILE * f;

snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)daemon_pid, (int)daemon_pid);
if (!(f = fopen(path, "r"))) return 0;
while (fscanf(f, "%d", &pid) == 1) ;
fclose(f);
return pid;
}

/* Returns: microseconds of CPU that a process has used, when its state is S (it sleeps) or Z (it has ended). Only
then has the kernel added all. */

static double
cpu_in_state(pid_t pid, char state)
{
char path[64], line[512], * p = NULL;
double v;

for (;;)
  {
  FILE * f;
  snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
  if (!(f = fopen(path, "r"))) return 0;
  if (fgets(line, sizeof(line), f)) p = strrchr(line, ')');
  fclose(f);
  if (p && p[2] == state) break;
  }
snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
do { v = number(path, NULL); if (state == 'Z') pause_us(30); } while (v != number(path, NULL));
return v / 1e3;
}

/* The memory of those of its children that serve a session: medians */

static void
look_at_children(double * private, double * high)
{
char path[64];
double one[MOST], two[MOST];
long n = 0, pid;
FILE * f;

snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)daemon_pid, (int)daemon_pid);
if (!(f = fopen(path, "r"))) fail(1, "%s: %s", path, strerror(errno));
while (n < MOST && fscanf(f, "%ld", &pid) == 1)
  {
  snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", pid);
  one[n] = number(path, "Private_Clean:") + number(path, "Private_Dirty:");
  snprintf(path, sizeof(path), "/proc/%ld/status", pid);
  two[n++] = number(path, "VmHWM:");
  }
fclose(f);
*private = quantile(one, n, 0.5);
*high = quantile(two, n, 0.5);
}


/* ---- sessions ---- */

static void
broken(const session * s, const char * what)
{
if (daemon_pid > 0) { kill(daemon_pid, SIGTERM); kill(daemon_pid, SIGCONT); }
fail(1, "session %ld, awaiting %s: %s%.*s", ended, script[s->at].reply, what, (int)s->length, s->in);
}

static void
put(session * s, const void * bytes, size_t n)
{
const char * p = bytes;
while (n > 0)
  {
  ssize_t rc = send(s->fd, p, n, MSG_NOSIGNAL);
  if (rc > 0) { p += rc; n -= (size_t)rc; }
  else if (errno != EAGAIN && errno != EINTR) broken(s, strerror(errno));
  }
}

/* Send the next piece of the header, the rest if it is the last. */

static void
put_piece(session * s)
{
size_t each = header_size / pieces, start = s->pieces * each;

if (pieces > 1) s->began = now();
put(s, header + start, ++s->pieces < pieces ? each : header_size - start);
s->due = s->pieces < pieces ? now() + gap : 0;
}

static void
begin(session * s)
{
struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };
const int on = 1;

s->fd = socket(from.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
if (s->fd < 0) fail(1, "socket: %s", strerror(errno));
(void) setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
(void) setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
if (bind(s->fd, (struct sockaddr *)&from, address_size) != 0) fail(1, "bind: %s", strerror(errno));
s->at = 0;
s->length = 0;
s->pieces = 0;
s->due = 0;
s->began = now();
if (connect(s->fd, (struct sockaddr *)&to, address_size) != 0) broken(s, strerror(errno));
if (header_size > 0) put_piece(s);
(void) epoll_ctl(poller, EPOLL_CTL_ADD, s->fd, &e);
}

/* A reply is complete when its last line has a blank after the code. */

static int
complete(const session * s)
{
const char * line = s->in;

if (s->length < 2 || s->in[s->length - 1] != '\n') return 0;
for (const char * p = s->in; p < s->in + s->length - 1; p++) if (*p == '\n') line = p + 1;
return s->in + s->length - line > 4 && line[3] == ' ';
}

/* There is input, or the end.

Returns: 1 if the session is over */

static int
go_on(session * s)
{
ssize_t n = recv(s->fd, s->in + s->length, sizeof(s->in) - s->length, MSG_DONTWAIT);

if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
if (n <= 0) broken(s, n < 0 ? strerror(errno) : "the connection is closed");
if (s->at == 0 && s->length == 0) banner[banners++] = now() - s->began;
s->length += (size_t)n;
if (!complete(s)) return 0;
if (strncmp(s->in, script[s->at].reply, 3) != 0) broken(s, "got ");
s->length = 0;
if (holding) return 0;
if (watching && s->at == 0) cpu_at_banner = cpu_in_state(watched = child(), 'S');
if (watching && script[s->at].next && strcmp(script[s->at].next, "QUIT\r\n") == 0)
  {
  kill(daemon_pid, SIGSTOP);
  put(s, "QUIT\r\n", 6);
  return 1;			/* some releases keep the 221 for 200 ms, if one waits for it */
  }
if (script[s->at].next) put(s, script[s->at].next, strlen(script[s->at].next));
return !script[s->at++].next;
}

static void
end(session * s)
{
close(s->fd);
s->fd = -1;
ended++;
}

/* How long to wait for events, in microseconds: until the next piece is due; -1 if none is. Sends what is due. */

static double
send_pieces(int concurrency)
{
double first = -1;

if (pieces > 1) for (session * s = sessions; s < sessions + concurrency; s++)
  if (s->fd >= 0 && s->due > 0)
    {
    if (s->due <= now()) put_piece(s);
    if (s->due > 0 && (first < 0 || s->due - now() < first)) first = s->due > now() ? s->due - now() : 0;
    }
return first;
}

static void
run(long count, int concurrency)
{
struct epoll_event e[64];
long begun = 0;

for (; begun < concurrency && begun < count; begun++) begin(&sessions[begun]);
while (ended < count && !(holding && banners == count))
  {
  double wait = send_pieces(concurrency);
  struct timespec t = { (time_t)(wait / 1e6), (long)wait % 1000000 * 1000 };
  int n = epoll_pwait2(poller, e, 64, wait >= 0 ? &t : NULL, NULL);
  for (int i = 0; i < n; i++)
    {
    session * s = e[i].data.ptr;
    if (!go_on(s)) continue;
    end(s);
    if (begun < count) { begun++; begin(s); }
    }
  }
}

/* Let go of the sessions that have been held. */

static void
let_go(int concurrency)
{
for (session * s = sessions; s < sessions + concurrency; s++)
  { put(s, "QUIT\r\n", 6); end(s); }
}


/* ---- main ---- */

static void
address(const char * text, int port, struct sockaddr_storage * a)
{
struct sockaddr_in * v4 = (struct sockaddr_in *)a;
struct sockaddr_in6 * v6 = (struct sockaddr_in6 *)a;

memset(a, 0, sizeof(*a));
if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
  {
  v4->sin_family = AF_INET;
  v4->sin_port = htons((uint16_t)port);
  address_size = sizeof(*v4);
  }
else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
  {
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons((uint16_t)port);
  address_size = sizeof(*v6);
  }
else fail(2, "not an address: %s", text);
}

/* One row of what -i reads */

typedef struct {
  char		name[64];
  char		from[64];
  int		port;
  int		daemon;
  char		header[64];
} row;

static void
set_header(const char * name)
{
header_size = 0;
if (strcmp(name, "-") == 0) return;
if (!(header_size = header_make(name, NULL, 0, header))) fail(2, "no such header: %s", name);
if (pieces > header_size) fail(2, "a header of %zu bytes has not so many pieces", header_size);
}

static void
interleave(long rounds, const char * server)
{
row rows[64], t;
size_t n = 0;
double cpu, before;

while (n < 64 && scanf(" %63[^\t]\t%63[^\t]\t%d\t%d\t%63[^\n]", rows[n].name, rows[n].from, &rows[n].port,
  &rows[n].daemon, rows[n].header) == 5) n++;
watching = 1;
srand(1);
for (long round = 0; round < rounds; round++)
  {
  for (size_t i = n - 1; i > 0; i--)
    {
    size_t j = (size_t)rand() % (i + 1);
    t = rows[i]; rows[i] = rows[j]; rows[j] = t;
    }
  for (const row * r = rows; r < rows + n; r++)
    {
    address(r->from, 0, &from);
    address(server, r->port, &to);
    set_header(r->header);
    daemon_pid = r->daemon;
    banners = ended = 0;
    before = cpu_in_state(daemon_pid, 'S');
    run(1, 1);
    cpu = cpu_in_state(watched, 'Z');
    kill(daemon_pid, SIGCONT);
    /* A daemon may miss that its child has ended until the next connection comes. */
    for (int i = 0; child() > 0 && i < REAP_TURNS; i++) pause_us(20);
    printf("%ld\t%s\t%.1f\t%.1f\t%.1f\t%.1f\n", round, r->name, banner[0], cpu_at_banner, cpu,
      cpu_in_state(daemon_pid, 'S') - before);
    alarm(LIMIT);
    }
  }
daemon_pid = 0;
}

int
main(int argc, char ** argv)
{
int c, pinned = 0, concurrency = 1;
long count = 1, rounds = 0;
double began, took, used = 0, private = 0, high = 0;

while ((c = getopt(argc, argv, "+i:k:g:d:mMp")) != -1) switch (c)
  {
  case 'i':	rounds = atol(optarg); break;
  case 'k':	pieces = (unsigned)atoi(optarg); break;
  case 'g':	gap = atof(optarg); break;
  case 'd':	daemon_port = (unsigned)atoi(optarg); break;
  case 'm':	script = message; break;
  case 'M':	holding = 1; break;
  case 'p':	pinned = 1; break;
  default:	return 2;
  }
argc -= optind;
argv += optind;
if (pieces < 1 || (rounds ? argc != 1 : argc < 6)) fail(2, "see the head of load.c");
if (!rounds)
  {
  address(argv[0], 0, &from);
  address(argv[1], atoi(argv[2]), &to);
  set_header(argv[3]);
  count = atol(argv[4]);
  concurrency = atoi(argv[5]);
  if (holding) count = concurrency;
  if (count < 1 || concurrency < 1 || concurrency > MOST) fail(2, "a bad number of sessions");
  }

(void) setvbuf(stdout, NULL, _IOLBF, 0);
signal(SIGALRM, give_up);
signal(SIGINT, give_up);
signal(SIGTERM, give_up);
alarm(LIMIT);
if (!(sessions = calloc((size_t)concurrency, sizeof(*sessions)))
   || !(banner = calloc((size_t)count, sizeof(*banner)))) fail(1, "no memory");
for (int i = 0; i < concurrency; i++) sessions[i].fd = -1;
poller = epoll_create1(EPOLL_CLOEXEC);

if (argc > 6) start_daemon(argv + 6, pinned);
if (pinned) pin(0);
if (rounds) { interleave(rounds, argv[0]); return 0; }

began = now();
run(count, concurrency);
took = now() - began;
if (holding)
  {
  look_at_children(&private, &high);
  let_go(concurrency);
  }
if (argc > 6) used = end_daemon() / (double)count;
printf("%.6f\t%.2f\t%.1f\t%.1f\t%.0f\t%.0f\n", took / 1e6, used, quantile(banner, banners, 0.5),
  quantile(banner, banners, 0.99), private, high);
return 0;
}

/* End of load.c */
