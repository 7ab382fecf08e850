/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* EXPERIMENTAL_PROXY=2: all that a connection with a PROXY header needs, as one loadable
module. miscmods/proxy.c, from which upstream makes the module of this name, has exim.h and then
this in it. */

#if defined(EXPERIMENTAL_PROXY) && defined(DYNLOOKUP)
#if EXPERIMENTAL_PROXY == 2

#define PROXY_MODULE
#include "proxy_session.h"

#include "proxy_header.c"
#include "proxy_session.c"
#include "proxy_tlv.c"

static proxy_functions functions = {
  .session_start =	proxy_session_start,
  .refusing =		proxy_refusing,
  .input_left =		proxy_input_left,
  .command_byte =	proxy_command_byte,
  .refuse_command =	proxy_refuse_command,
  .tlv_value =		proxy_tlv_value,
  .want_variable =	proxy_want_variable,
  .explain_unknown =	proxy_explain_unknown
};

misc_module_info proxy_module_info = {
  .name =		US"proxy",
  .dyn_magic =		MISC_MODULE_MAGIC,
  .functions =		&functions,
  .functions_count =	1		/* all of them are in one struct */
};

#endif	/* EXPERIMENTAL_PROXY == 2 */
#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_module.c */
