/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The PROXY protocol on one incoming connection: whether this peer must use it,
reading its header, and what follows from that. "Section" means a section of the
protocol text, doc/proxy-protocol.txt of HAProxy. The variables that this sets are
in globals.h. */

/* The other loadable modules have no use for this */

#if !defined(PROXY_SESSION_H) && (!defined(DYNLOOKUP) || defined(PROXY_MODULE))
#define PROXY_SESSION_H

#ifdef SUPPORT_PROXY
# error EXPERIMENTAL_PROXY takes the place of SUPPORT_PROXY: set only one of them in Local/Makefile
#endif
#if EXPERIMENTAL_PROXY == 2 && !defined(MISC_MODULE_MAGIC)
# error EXPERIMENTAL_PROXY=2 makes a loadable module, which this release of Exim cannot: set EXPERIMENTAL_PROXY=yes
#endif

/* With EXPERIMENTAL_PROXY=2 the functions marked so are in the module, and Exim has others of these
names that call them (proxy_core.c). */

#ifdef PROXY_MODULE
# define PROXY_FUNCTION		static
#else
# define PROXY_FUNCTION		extern
#endif

/* Check the main options, when all of them have been read: the list of hosts has two names,
proxy_required_hosts and, as with SUPPORT_PROXY, hosts_proxy. If both were set that is a
configuration error, and Exim ends. If one was hidden, so is the other.

Arguments:
  options	the table of main options
  count		how many there are
*/

extern void proxy_check_options(optionlist * options, int count);


/* Begin a connection: if the peer is in proxy_required_hosts, read its header and
put the original client in the place of the sender host (sections 2 and 5). To be
called once, when the input buffer has been set up and before anything looks at
the sender host. Waits for the peer, proxy_timeout seconds at the most.

Takes from the connection the bytes of the header, and no more. If what comes is no
header and is not read from a socket, where it could be looked at in its place, the
few bytes that had to be read are put into the input buffer.

Argument:
  input_end	points to the pointer to the end of what is in the input buffer for SMTP
		commands, which is empty and has room for PROXY_V2_SIGNATURE_LEN bytes;
		is moved on by the number of bytes put there

Returns:	TRUE  go on with this session. It may be one in which negotiation
		      failed: see proxy_refusing()
		FALSE give it up: the peer has gone, or the host list could not be
		      evaluated, which has been logged and answered
*/

PROXY_FUNCTION BOOL proxy_session_start(uschar ** input_end);


/* Tell whether a required negotiation failed, so that all commands but QUIT must be
refused.

Returns:	TRUE if so
*/

PROXY_FUNCTION BOOL proxy_refusing(void);


/* Tell whether negotiation failed on input that was no header, all of which has been
left where it was. Such a client has broken synchronization, and is not to be taken
for one that sends early with permission.

Returns:	TRUE if so
*/

PROXY_FUNCTION BOOL proxy_input_left(void);


/* Mind the time of a command of which a byte has come. If commands are refused, they all
together have as much time as smtp_receive_timeout gives for one, or the process ends here
as for any command that takes too long: a peer that sends a byte now and then, and never
the end of a line, would otherwise keep it for as long as it likes. */

PROXY_FUNCTION void proxy_command_byte(void);


/* Refuse one command, with a 503 response, unless the peer has had its share of them:
PROXY_REFUSALS_MAX commands, or the time that is told above.

Returns:	TRUE  a response has been sent; read the next command
		FALSE none has: the connection should be dropped
*/

PROXY_FUNCTION BOOL proxy_refuse_command(void);


/* Add the proxy's address to a log line, if there is one and log_selector has "proxy".

Argument:	the line so far
Returns:	the line, perhaps moved
*/

extern gstring * proxy_add_log_item(gstring * g);


/* The value of $proxy_session. Where outgoing connections can go through a SOCKS proxy, a
delivery by one counts too, as it does without the PROXY receiver.

Returns:	"yes" or "no", constant strings
*/

extern uschar * fn_proxy_session(void);


/* The values of $proxy_local_address and $proxy_local_port: those of the proxy, as connected
to this server; and of $proxy_external_address and $proxy_external_port: those that the client
connected to at the proxy, or again the proxy's own if its header names no client. So they tell,
as configurations for SUPPORT_PROXY expect, whether negotiation has failed. A delivery by a
SOCKS proxy has its own.

Returns:	the address, or the port, as text; "" or "0" if there is none
*/

extern uschar * fn_proxy_local_address(void);
extern uschar * fn_proxy_local_port(void);
extern uschar * fn_proxy_external_address(void);
extern uschar * fn_proxy_external_port(void);


/* The value of $proxy_tlv_NAME (section 2.2.2 and after). It is looked up when it is asked for.

Argument:	NAME
Returns:	the value, tainted, in new store; empty if the header has none; NULL if there is no
		such name, or if the table of variables has it
*/

PROXY_FUNCTION uschar * proxy_tlv_value(const uschar * name);


/* Get ready for a certificate operator: if this names the client's certificate in the header, turn
that into what the TLS library works on, the first time.

Argument:	the name of any variable
*/

PROXY_FUNCTION void proxy_want_variable(const uschar * name);


/* Explain an unknown variable, if its name begins as one of ours.

Arguments:
  name		its name
  message	what is to be said so far

Returns:	the message, with the names that there are
*/

PROXY_FUNCTION uschar * proxy_explain_unknown(const uschar * name, uschar * message);


#if EXPERIMENTAL_PROXY == 2

/* What the module offers to Exim: those functions. */

typedef struct {
  BOOL		(*session_start)(uschar **);
  BOOL		(*refusing)(void);
  BOOL		(*input_left)(void);
  void		(*command_byte)(void);
  BOOL		(*refuse_command)(void);
  uschar *	(*tlv_value)(const uschar *);
  void		(*want_variable)(const uschar *);
  uschar *	(*explain_unknown)(const uschar *, uschar *);
} proxy_functions;
#endif

#endif	/* PROXY_SESSION_H */

/* End of proxy_session.h */
