/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The PROXY receiver as a configuration and a log see it: options, variables, the log
item. "Section" means a section of the protocol text, doc/proxy-protocol.txt of
HAProxy. The variables that a header sets are in globals.h. */

#ifndef PROXY_CONFIG_H
#define PROXY_CONFIG_H

#include "proxy_tlv.h"

#ifdef SUPPORT_PROXY
# error EXPERIMENTAL_PROXY takes the place of SUPPORT_PROXY: set only one of them in Local/Makefile
#endif

/* The flag may be "yes" or, as Exim's flags may, empty. */

#define PROXY_FLAG_		1
#define PROXY_FLAG_yes		1
#define PROXY_FLAG_VALUE(v)	PROXY_FLAG_ ## v
#define PROXY_FLAG_EXPAND(v)	PROXY_FLAG_VALUE(v)
#if PROXY_FLAG_EXPAND(EXPERIMENTAL_PROXY) != 1
# error EXPERIMENTAL_PROXY can only be "yes": change it in Local/Makefile
#endif

/* The TLVs of a good header, for the variables; written by commit() only */

extern proxy_bytes proxy_tlvs;


/* Check the main options, when all of them have been read. The list of hosts has two
names: proxy_required_hosts, and hosts_proxy as with SUPPORT_PROXY. If both are set, that
is a configuration error, and Exim ends. */

extern void proxy_check_options(void);


/* Find the list of hosts that must send a header, by the name that the configuration
gives it, so that Exim's messages use this name.

Returns:	the variable of that option; it contains NULL if the option is unset
*/

extern const uschar ** proxy_hosts_option(void);


/* Add the proxy's address to a log line, if there is one and log_selector has "proxy".

Argument:	the line so far
Returns:	the line, perhaps moved
*/

extern gstring * proxy_add_log_item(gstring * g);


/* The value of $proxy_session. Where outgoing connections can go through a SOCKS proxy,
a delivery through one counts too, as it does without the PROXY receiver.

Returns:	"yes" or "no", constant strings
*/

extern uschar * fn_proxy_session(void);


/* The values of $proxy_host_port and $proxy_target_port

Returns:	the port as text; "" if there is none
*/

extern uschar * fn_proxy_host_port(void);
extern uschar * fn_proxy_target_port(void);


/* The values of SUPPORT_PROXY's variables. $proxy_local_address and $proxy_local_port
are the proxy's end of its connection to this server. $proxy_external_address and
$proxy_external_port are what the client connected to at the proxy. If the header names
no client they are the proxy's own end, so that an empty value still means a failure. A
delivery through a SOCKS proxy has values of its own.

Returns:	the address or the port as text; "" or "0" if there is none
*/

extern uschar * fn_proxy_local_address(void);
extern uschar * fn_proxy_local_port(void);
extern uschar * fn_proxy_external_address(void);
extern uschar * fn_proxy_external_port(void);


/* The value of $proxy_tlv_NAME (section 2.2). It is looked up each time.

Argument:	NAME
Returns:	the value, tainted, in new store; empty if the header has none; NULL if there
		is no such name, or if it is in the table of variables
*/

extern uschar * proxy_tlv_value(const uschar * name);


/* Import the client's certificate from the TLVs, for Exim's certificate operators
(section 2.2.5).

Returns:	what the TLS library works on; NULL if there is no certificate, or if it
		cannot be read, which the library logs
*/

extern void * proxy_import_client_cert(void);


/* Show the TLVs that have names, in debug output. */

extern void proxy_debug_tlvs(void);


/* Explain an unknown variable, if its name begins like ours.

Arguments:
  name		its name
  message	the error message so far

Returns:	the message, with the names that exist
*/

extern uschar * proxy_explain_unknown(const uschar * name, uschar * message);

#endif	/* PROXY_CONFIG_H */

/* End of proxy_config.h */
