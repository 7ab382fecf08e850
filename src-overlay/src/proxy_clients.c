/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* How many sessions each real client has; see proxy_clients.h. In Exim's build the
flag comes from config.h; any other build defines it.

There is no lock, for a process that is killed could keep it for ever. A session first
makes itself known, and then gets its place in the order of all sessions. Whoever finds
a session that is known but has no place yet gives it one. So a session that another
one does not see while it counts will get a later place. */

#ifndef EXPERIMENTAL_PROXY
# include "config.h"
#endif
#ifdef EXPERIMENTAL_PROXY

#ifndef _GNU_SOURCE
# define _GNU_SOURCE		/* for MAP_ANONYMOUS */
#endif
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include "proxy_clients.h"
#include "proxy_header.h"

typedef struct {
  uint64_t	half[PROXY_INET6_LEN / sizeof(uint64_t)];	/* fast to compare */
} clients_address;

typedef struct {
  atomic_int	pid;			/* 0 if the slot is free */
  atomic_uint	place;			/* 0: not known yet; odd: known; even: in its place */
  clients_address address;		/* valid unless place is 0 */
} clients_slot;

static struct {
  atomic_uint	last;			/* the number drawn last; always even */
  clients_slot	slots[];
} * clients;

static int clients_size;		/* the number of slots */


/* Draw a number that is later than all others less than 2^31 away. */

static unsigned
clients_draw(void)
{
unsigned n;

do n = atomic_fetch_add(&clients->last, 2) + 2; while (n == 0);
return n;
}

/* Find the place of a slot, and give it one if it has none. The number with which a
session makes itself known is its own, so a place cannot be given to the next user of
the slot by mistake. */

static unsigned
clients_place(clients_slot * s)
{
unsigned place = atomic_load(&s->place), n;

while (place & 1)
  if (atomic_compare_exchange_strong(&s->place, &place, n = clients_draw())) place = n;
return place;
}

/* Tell whether a slot is that of an earlier session of this client. If the session
ends during this, and another one takes the slot, that one is later.

Arguments:
  s		the slot
  address	the client's
  place		where the session is that counts
*/

static int
clients_is_earlier(clients_slot * s, const clients_address * address, unsigned place)
{
unsigned other;

if (  atomic_load(&s->place) == 0 || s->address.half[1] != address->half[1]
   || s->address.half[0] != address->half[0]) return 0;
other = clients_place(s);
return other != 0 && (int)(other - place) < 0;
}

/* Find a free slot, and take it.

Returns:	NULL if there is none
*/

static clients_slot *
clients_take(pid_t pid)
{
for (int i = 0; i < clients_size; i++)
  {
  clients_slot * s = clients->slots + i;
  int none = 0;
  if (  atomic_load(&s->pid) == 0
     && atomic_compare_exchange_strong(&s->pid, &none, pid)) return s;
  }
return NULL;
}


/*************************************************
*             The functions for callers          *
*************************************************/

int
proxy_clients_map(int size)
{
void * p = mmap(NULL, sizeof(*clients) + (size_t)size * sizeof(clients_slot),
  PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0);

if (p == MAP_FAILED) return 0;
clients = p;
clients_size = size;
return 1;
}

int
proxy_clients_enter(pid_t pid, const uint8_t * address)
{
clients_slot * mine = clients_take(pid);
unsigned place;
int count = 0;

if (!mine) return -1;
memcpy(&mine->address, address, PROXY_INET6_LEN);
atomic_store(&mine->place, clients_draw() | 1);
place = clients_place(mine);
for (int i = 0; i < clients_size; i++)
  count += clients_is_earlier(clients->slots + i, &mine->address, place);
return count;
}

void
proxy_clients_leave(pid_t pid)
{
for (int i = 0; i < clients_size; i++)
  if (atomic_load(&clients->slots[i].pid) == pid)
    {
    atomic_store(&clients->slots[i].place, 0);
    atomic_store(&clients->slots[i].pid, 0);
    }
}

#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_clients.c */
