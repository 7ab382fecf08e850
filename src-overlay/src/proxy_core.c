/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What of the PROXY receiver is in Exim itself even if the rest is a loadable module; see
proxy_session.h */

#include "exim.h"

#ifdef EXPERIMENTAL_PROXY

#include "proxy_compat.h"
#include "proxy_session.h"

#if EXPERIMENTAL_PROXY == 2

/*************************************************
*             The rest is in a module            *
*************************************************/

static const proxy_functions * module = NULL;

/* It is loaded when the configuration asks for it, so by the daemon for all its children.

Argument:	where to put what is wrong, if it cannot be loaded
Returns:	TRUE if it is there
*/

static BOOL
find_module(uschar ** errstr)
{
const misc_module_info * mi;

if (!module && (mi = misc_mod_find(US"proxy", errstr))) module = mi->functions;
return module != NULL;
}

BOOL
proxy_session_start(uschar ** input_end)
{
return !module || module->session_start(input_end);
}

BOOL
proxy_refusing(void)
{
return module && module->refusing();
}

BOOL
proxy_input_left(void)
{
return module && module->input_left();
}

void
proxy_command_byte(void)
{
if (module) module->command_byte();
}

BOOL
proxy_refuse_command(void)
{
return module && module->refuse_command();
}

/* The names are in the module */

uschar *
proxy_tlv_value(const uschar * name)
{
uschar * errstr = NULL;

if (find_module(&errstr)) return module->tlv_value(name);
log_write(LOG_MAIN|LOG_PANIC, "failed to find proxy module for proxy_tlv_%s: %s", name, errstr);
return US"";
}

void
proxy_want_variable(const uschar * name)
{
if (module) module->want_variable(name);
}

uschar *
proxy_explain_unknown(const uschar * name, uschar * message)
{
return module ? module->explain_unknown(name, message) : message;
}
#endif	/* EXPERIMENTAL_PROXY == 2 */


/*************************************************
*     The options, log item and variables        *
*************************************************/

void
proxy_check_options(optionlist * options, int count)
{
int set = 0, hidden = 0;

for (optionlist * o = options; o < options + count; o++)
  if (o->v.value == &proxy_required_hosts)
    {
    if (o->type & opt_set) set++;
    hidden |= o->type & opt_secure;
    }
if (set > 1)
  PROXY_CONFIG_DIE("hosts_proxy and proxy_required_hosts are two names of one option: "
    "set only one of them");

for (optionlist * o = options; o < options + count; o++)
  if (o->v.value == &proxy_required_hosts) o->type |= hidden;

#if EXPERIMENTAL_PROXY == 2
  {
  uschar * errstr = NULL;

  if (proxy_required_hosts && !find_module(&errstr))
    PROXY_CONFIG_DIE("failed to find proxy module for proxy_required_hosts: %s", errstr);
  }
#endif
}

gstring *
proxy_add_log_item(gstring * g)
{
if (LOGGING(proxy) && proxy_host_address)
  g = string_append(g, 2, US" PRX=", proxy_host_address);
return g;
}

uschar *
fn_proxy_session(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return US"yes";
#endif
return proxy_session_required ? US"yes" : US"no";
}

/* What has a value if the header was good; the second one only if that was about a client */

static uschar *
of_proxy(uschar * own, uschar * target, const char * none)
{
return target ? target : own ? own : US none;
}

uschar *
fn_proxy_local_address(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return of_proxy(proxy_local_address, NULL, "");
#endif
return of_proxy(proxy_host_address, NULL, "");
}

uschar *
fn_proxy_local_port(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return string_sprintf("%d", proxy_local_port);
#endif
return of_proxy(proxy_host_port, NULL, "0");
}

uschar *
fn_proxy_external_address(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return of_proxy(proxy_external_address, NULL, "");
#endif
return of_proxy(proxy_host_address, proxy_target_address, "");
}

uschar *
fn_proxy_external_port(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return string_sprintf("%d", proxy_external_port);
#endif
return of_proxy(proxy_host_port, proxy_target_port, "0");
}

#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_core.c */
