/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* How many sessions each real client has, in memory that the daemon shares with its
children. This needs POSIX and nothing of Exim. */

#ifndef PROXY_CLIENTS_H
#define PROXY_CLIENTS_H

#include <stdint.h>
#include <sys/types.h>


/* Make the table. Call this in the daemon, before it forks a process for a session.

Argument:	how many processes may serve sessions at one time; at least 1
Returns:	1, or 0 if there is no memory, with the reason in errno
*/

extern int proxy_clients_map(int size);


/* Enter a session, and count the sessions of the same client that were entered before
it and have not left. Of sessions that come at the same time, one is always before the
other, so exactly N of them count fewer than N. Nothing waits for another process, and
one that is killed at any point does no harm.

Arguments:
  pid		the process that serves the session; it must not be in the table
  address	the client's, of PROXY_INET6_LEN bytes

Returns:	the number of those sessions; -1 if there is no table, or no room in it
*/

extern int proxy_clients_enter(pid_t pid, const uint8_t * address);


/* Take a session out of the table. The daemon calls this for any child that has ended,
and the session for itself, if it is refused.

Argument:	the process; nothing happens if it is not in the table
*/

extern void proxy_clients_leave(pid_t pid);

#endif	/* PROXY_CLIENTS_H */

/* End of proxy_clients.h */
