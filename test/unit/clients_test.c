/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the clients' table, proxy_clients.c. See ../../src-overlay/src/proxy_clients.h for its contract.

Processes are played by coroutines, which change places before any atomic operation (atomics.h), in an order that a
seed decides: so each run is one of the ways in which real processes can get in each other's way, and can be repeated.
Some tests have real processes and the real memory as well. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
# define WITH_ASAN 1
#elif defined(__has_feature)
# if __has_feature(address_sanitizer)
#  define WITH_ASAN 1
# endif
#endif
#ifdef WITH_ASAN
# include <sanitizer/asan_interface.h>
#else
# define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#include "unit.h"
#include "proxy_clients.h"

extern void step(void);
extern void * fake_mmap(void * at, size_t n, int prot, int flags, int fd, off_t offset);

#define TABLE    8			/* sessions at one time */
#define STACK    (64 * 1024)
#define DAEMON   TABLE			/* the last coroutine */
#define RUNS     500
#define STEPS    300
#define WRAPS    0xfffffff8u		/* a number soon after which they begin again */


/* ---------- the memory ---------- */

static int no_memory;
static unsigned * memory;		/* the table begins with the number drawn last */
static size_t memory_size;

void *
fake_mmap(void * at, size_t n, int prot, int flags, int fd, off_t offset)
{
if (no_memory)
  {
  errno = ENOMEM;
  return MAP_FAILED;
  }
if (memory) munmap(memory, memory_size);
memory_size = n;
return memory = mmap(at, n, prot, flags, fd, offset);
}

static uint8_t address[TABLE][PROXY_INET6_LEN];

static void
new_table(int size)
{
if (!proxy_clients_map(size)) fail(NULL, 0, "no table: %s", strerror(errno));
}


/* ---------- processes that are played ---------- */

typedef enum { NOBODY, ENTERS, IN, REFUSED, GONE, KILLED } state;

static struct {
  ucontext_t	context;
  state		state;
  pid_t		pid;
  int		client;			/* whose session it is */
  int		count;			/* what it found */
} play[TABLE + 1];

static ucontext_t scheduler;
static char stacks[TABLE + 1][STACK];
static int running = -1;		/* the coroutine */
static int limit;
static int leavers;			/* whether sessions end at all */

void
step(void)
{
if (running >= 0) swapcontext(&play[running].context, &scheduler);
}

static void
session(int n)
{
play[n].count = proxy_clients_enter(play[n].pid, address[play[n].client]);
if (play[n].count >= limit)
  {
  proxy_clients_leave(play[n].pid);
  play[n].state = REFUSED;
  }
else play[n].state = IN;
for (;;) step();			/* until the scheduler ends it */
}

/* The daemon takes those out that have ended. */

static void
reap(int unused)
{
(void)unused;
for (;;)
  {
  for (int i = 0; i < TABLE; i++)
    if (play[i].state == GONE || play[i].state == KILLED)
      {
      proxy_clients_leave(play[i].pid);
      play[i].state = NOBODY;
      }
  step();
  }
}

static void
start(int n, void (* code)(int))
{
ASAN_UNPOISON_MEMORY_REGION(stacks[n], STACK);
getcontext(&play[n].context);
play[n].context.uc_stack.ss_sp = stacks[n];
play[n].context.uc_stack.ss_size = STACK;
play[n].context.uc_link = NULL;
makecontext(&play[n].context, (void (*)(void))code, 1, n);
}

static void
resume(int n)
{
running = n;
swapcontext(&scheduler, &play[n].context);
running = -1;
}

static int
count_of(state s, int client)
{
int n = 0;
for (int i = 0; i < TABLE; i++) n += play[i].state == s && play[i].client == client;
return n;
}

/* One run: sessions of some clients come, go and are killed. At no time may more than the limit be in. */

static void
run(uint64_t seed, unsigned clients, int killers)
{
uint64_t random = seed;
pid_t pid = 1000;

new_table(TABLE);
if (below(&random, 8) == 0) *memory = WRAPS;
memset(play, 0, sizeof play);
limit = 1 + (int)below(&random, 3);
start(DAEMON, reap);
for (int steps = 0; steps < STEPS; steps++)
  {
  int n = (int)below(&random, TABLE + 1);
  unsigned often = 1 + below(&random, 8);

  if (n != DAEMON && play[n].state == NOBODY)
    {
    play[n].state = ENTERS;
    play[n].pid = pid++;
    play[n].client = (int)below(&random, clients);
    start(n, session);
    }
  if (killers && n != DAEMON && play[n].state == ENTERS && below(&random, 20) == 0) play[n].state = KILLED;
  if (leavers && (play[n].state == IN || play[n].state == REFUSED) && below(&random, 3) == 0) play[n].state = GONE;
  if (n == DAEMON || play[n].state == ENTERS) while (often-- > 0) resume(n);
  for (int c = 0; c < (int)clients; c++)
    if (count_of(IN, c) > limit)
      {
      fail((uint8_t *)&seed, sizeof seed, "%d in, limit %d, with seed", count_of(IN, c), limit);
      return;
      }
  }

/* Those who are not in yet get there; then all leave, and there is nobody. */
for (int i = 0; i < TABLE; i++) while (play[i].state == ENTERS) resume(i);
for (int c = 0; !killers && !leavers && c < (int)clients; c++)
  {
  int all = count_of(IN, c) + count_of(REFUSED, c), in = all < limit ? all : limit;
  if (count_of(IN, c) != in) fail((uint8_t *)&seed, sizeof seed, "%d in of %d, limit %d, with seed", count_of(IN, c), all, limit);
  }
for (int i = 0; i < TABLE; i++) if (play[i].state != NOBODY) proxy_clients_leave(play[i].pid);
for (int i = 0; i < TABLE; i++)
  if (proxy_clients_enter(pid + i, address[0]) != i) fail((uint8_t *)&seed, sizeof seed, "somebody is left, with seed");
}

static void
test_plays(const char * name, unsigned clients, int killers, int with_leavers)
{
begin("%s", name);
leavers = with_leavers;
for (uint64_t i = 0; i < RUNS; i++) run(SEED + i, clients, killers);
end();
}


/* ---------- one after another ---------- */

static void
test_basics(void)
{
uint8_t other[PROXY_INET6_LEN];

begin("counts nobody without a table");
if (proxy_clients_enter(1, address[0]) != -1) fail(NULL, 0, "there is one");
proxy_clients_leave(1);
end();

begin("says that there is no memory");
no_memory = 1;
if (proxy_clients_map(TABLE) != 0 || errno != ENOMEM) fail(NULL, 0, "it is not");
if (proxy_clients_enter(1, address[0]) != -1) fail(NULL, 0, "there is a table");
no_memory = 0;
end();

begin("counts sessions, but not those that left");
new_table(TABLE);
for (int i = 0; i < 3; i++)
  if (proxy_clients_enter(10 + i, address[0]) != i) fail(NULL, 0, "session %d", i);
if (proxy_clients_enter(20, address[1]) != 0) fail(NULL, 0, "another client's");
proxy_clients_leave(11);
proxy_clients_leave(11);
proxy_clients_leave(999);
if (proxy_clients_enter(13, address[0]) != 2) fail(NULL, 0, "after one left");
if (proxy_clients_enter(21, address[1]) != 1) fail(NULL, 0, "another client's second");
end();

begin("does not count in a full table, and has room again");
new_table(2);
(void) proxy_clients_enter(1, address[0]);
(void) proxy_clients_enter(2, address[0]);
if (proxy_clients_enter(3, address[0]) != -1) fail(NULL, 0, "there is room");
proxy_clients_leave(1);
if (proxy_clients_enter(3, address[0]) != 1) fail(NULL, 0, "there is no room");
end();

begin("tells clients apart by every byte of the address");
for (int i = 0; i < PROXY_INET6_LEN; i++)
  {
  new_table(TABLE);
  memcpy(other, address[0], sizeof other);
  other[i] ^= 1;
  (void) proxy_clients_enter(1, other);
  if (proxy_clients_enter(2, address[0]) != 0) fail(NULL, 0, "byte %d does not", i);
  }
end();

begin("counts on when its numbers begin again");
new_table(TABLE);
*memory = WRAPS;
for (int i = 0; i < TABLE; i++)
  if (proxy_clients_enter(10 + i, address[0]) != i) fail(NULL, 0, "session %d", i);
end();
}


/* ---------- real processes ---------- */

#define CROWD 40

/* Real sessions come at once, and tell how many they found; they stay until they are killed. */

static void
test_processes(void)
{
pid_t pids[CROWD];
int seen[CROWD] = { 0 }, pipes[2], count;

begin("gives each of 40 processes another number, whichever were killed before");
if (pipe(pipes) < 0) fail(NULL, 0, "pipe: %s", strerror(errno));
new_table(CROWD);
for (int round = 0; round < 50; round++)
  {
  memset(seen, 0, sizeof seen);
  for (int i = 0; i < CROWD; i++)
    if ((pids[i] = fork()) == 0)
      {
      count = proxy_clients_enter(getpid(), address[0]);
      if (write(pipes[1], &count, sizeof count) != sizeof count) _exit(1);
      for (;;) pause();
      }
  for (int i = 0; i < CROWD; i++)
    if (read(pipes[0], &count, sizeof count) != sizeof count || count < 0 || count >= CROWD || seen[count]++)
      fail(NULL, 0, "round %d: %d", round, count);
  for (int i = 0; i < CROWD; i++)
    {
    kill(pids[i], SIGKILL);
    waitpid(pids[i], NULL, 0);
    proxy_clients_leave(pids[i]);
    }
  }
end();
}

int
main(void)
{
for (int i = 0; i < TABLE; i++) memset(address[i], i + 1, PROXY_INET6_LEN);
setvbuf(stdout, NULL, _IOLBF, 0);
test_basics();
test_plays("lets exactly the limit in of sessions that come at once", 1, 0, 0);
test_plays("lets exactly the limit in of each of two clients", 2, 0, 0);
test_plays("lets no more in when some are killed as they enter", 2, 1, 0);
test_plays("lets no more in when others take the slots of those that end", 3, 1, 1);
test_processes();
return finish();
}
