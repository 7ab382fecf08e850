/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The PROXY protocol in one incoming connection: who must send a header, and what a
good or a bad one does to the session. "Section" means a section of the protocol
text, doc/proxy-protocol.txt of HAProxy. */

#ifndef PROXY_SESSION_H
#define PROXY_SESSION_H

extern BOOL proxy_refusing;	/* negotiation failed: refuse all commands but QUIT */
extern BOOL proxy_input_left;	/* it failed on input that is no header and is still to be read */
extern BOOL proxy_unlisted;	/* the peer is not listed, and its first bytes are not checked yet */


/* Get ready to count the sessions of each real client, if smtp_accept_max_per_host limits
them and there are proxies. Call this in the daemon, before it forks. A session beyond
its client's limit is then refused, and the daemon calls proxy_clients_leave() for each
child that has ended. */

extern void proxy_count_clients(void);


/* Begin a connection: if the peer is in proxy_required_hosts, read its header and
let the original client take the place of the sender host (sections 2 and 5). Call
this once, when the input buffer has been set up and before anything looks at the
sender host. It waits for the peer for at most proxy_protocol_timeout.

Only the bytes of the header are consumed. If the input is no header, and not a
socket on which it could be peeked at, the few bytes that had to be read are put
into the input buffer.

Argument:
  input_end	points to the pointer to the end of what is in the input buffer for SMTP
		commands, which is empty and has room for PROXY_V2_SIGNATURE_LEN bytes;
		is moved on by the number of bytes put there

Returns:	TRUE  go on with this session. proxy_refusing tells whether negotiation
		      failed
		FALSE end it: the peer has gone, the host list could not be
		      evaluated, or the client has too many sessions. This has been
		      logged and answered
*/

extern BOOL proxy_session_start(uschar ** input_end);


/* Check input of a peer for which proxy_unlisted is set. If its first bytes are the
signature of a header, the peer is a proxy that is missing from the list: that is logged
and answered, and the process ends here.

Arguments:
  s		the input
  n		its size, at least 1
*/

extern void proxy_check_first_bytes(const uschar * s, size_t n);


/* Check what a failed TLS handshake has left of the input of such a peer. If that is the
rest of a header, it is logged. Call this while the socket is open: with GnuTLS, Exim
drains and closes it before it logs the failure. The check is made once. */

extern void proxy_check_tls_failure(void);


/* Take a byte of a command that will be refused. All such commands together have as
much time as smtp_receive_timeout gives to one; after that the process ends here, as
for any command that takes too long. Otherwise a peer that sends a byte now and then
could keep its process for ever. */

extern void proxy_command_byte(void);


/* Refuse a command with a 503 response; or with a 554, and a line in the log, if
there were PROXY_REFUSALS_MAX of them or if their time is over.

Returns:	TRUE  go on with the next command
		FALSE drop the connection
*/

extern BOOL proxy_refuse_command(void);

#endif	/* PROXY_SESSION_H */

/* End of proxy_session.h */
