/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a session takes to count the others of its client; see test/bench/clients. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proxy_clients.h"
#include "proxy_header.h"

#define ROUNDS 200
#define MAX    4096			/* Exim's own, of smtp_accept_max */

static int
by_size(const void * a, const void * b)
{
return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

static int
spent(const uint8_t * address)
{
struct timespec a, b;

clock_gettime(CLOCK_MONOTONIC, &a);
(void) proxy_clients_enter(getpid(), address);
clock_gettime(CLOCK_MONOTONIC, &b);
proxy_clients_leave(getpid());
return (int)((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec);
}

/* As in Exim, each session is a new process. It has not touched the table before, so the
first time the system has to show it the pages; the second is what counting takes. */

int
main(int argc, char ** argv)
{
int sessions = argc > 1 ? atoi(argv[1]) : 0, pipes[2], first[ROUNDS], again[ROUNDS];
uint8_t address[PROXY_INET6_LEN] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };

if (sessions < 1 || sessions >= MAX || !proxy_clients_map(MAX) || pipe(pipes) < 0) return 2;
for (int i = 0; i < sessions; i++)
  {
  address[15] = (uint8_t)(i % 50);
  if (proxy_clients_enter(MAX + i, address) != i / 50) return 1;
  }
for (int i = 0; i < ROUNDS; i++)
  {
  if (fork() == 0)
    {
    int ns[2];
    ns[0] = spent(address);
    ns[1] = spent(address);
    _exit(write(pipes[1], ns, sizeof ns) != sizeof ns);
    }
  wait(NULL);
  if (read(pipes[0], first + i, sizeof *first) != sizeof *first || read(pipes[0], again + i, sizeof *again) != sizeof *again)
    return 1;
  }
qsort(first, ROUNDS, sizeof *first, by_size);
qsort(again, ROUNDS, sizeof *again, by_size);
printf("%d sessions: counting %.1f us, with the first sight of the table %.1f us (medians)\n", sessions, again[ROUNDS / 2] / 1e3,
  first[ROUNDS / 2] / 1e3);
return 0;
}
