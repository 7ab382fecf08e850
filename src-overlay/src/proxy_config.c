/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The PROXY receiver as a configuration and a log see it; see proxy_config.h */

#include "exim.h"

#ifdef EXPERIMENTAL_PROXY

#include "proxy_compat.h"
#include "proxy_config.h"
#include "proxy_text.h"

#define TLV_PREFIX	"proxy_tlv_"	/* of a variable */
#define CERT_NAME	"ssl_client_cert"
#define PEM_WIDTH	64		/* the longest line that the TLS libraries take */

proxy_bytes proxy_tlvs;


/*************************************************
*             The options                        *
*************************************************/

void
proxy_check_options(void)
{
if (proxy_required_hosts && proxy_hosts_alias)
  PROXY_CONFIG_DIE("hosts_proxy and proxy_required_hosts are two names of one option: "
    "set only one of them");
}

const uschar **
proxy_hosts_option(void)
{
return CUSS (proxy_hosts_alias ? &proxy_hosts_alias : &proxy_required_hosts);
}


/*************************************************
*             The log item                       *
*************************************************/

gstring *
proxy_add_log_item(gstring * g)
{
if (LOGGING(proxy) && proxy_host_address)
  g = string_append(g, 2, US" PRX=", proxy_host_address);
return g;
}


/*************************************************
*             The variables                      *
*************************************************/

uschar *
fn_proxy_session(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return US"yes";
#endif
return proxy_session_required ? US"yes" : US"no";
}

uschar *
fn_proxy_host_port(void)
{
return proxy_host_address ? string_sprintf("%d", proxy_host_port) : US"";
}

uschar *
fn_proxy_target_port(void)
{
return proxy_target_address ? string_sprintf("%d", proxy_target_port) : US"";
}

uschar *
fn_proxy_local_address(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return proxy_local_address ? proxy_local_address : US"";
#endif
return proxy_host_address ? proxy_host_address : US"";
}

uschar *
fn_proxy_local_port(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return string_sprintf("%d", proxy_local_port);
#endif
return proxy_host_address ? fn_proxy_host_port() : US"0";
}

uschar *
fn_proxy_external_address(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return proxy_external_address ? proxy_external_address : US"";
#endif
return proxy_target_address ? proxy_target_address : fn_proxy_local_address();
}

uschar *
fn_proxy_external_port(void)
{
#ifdef SUPPORT_SOCKS
if (proxy_session) return string_sprintf("%d", proxy_external_port);
#endif
return proxy_target_address ? fn_proxy_target_port() : fn_proxy_local_port();
}


/*************************************************
*             The TLVs                           *
*************************************************/

/* Show a value as text, which is tainted.

Arguments:
  value		the value
  kind		what it is
*/

static uschar *
config_show(proxy_bytes value, proxy_value_kind kind)
{
gstring * g = NULL;
uschar * text;
unsigned number = 0;

switch (kind)
  {
  case PROXY_VALUE_TEXT:
    text = store_get(PROXY_TEXT_MAX(value.length), GET_TAINTED);
    (void) proxy_text_escape(value.p, value.length, CS text);
    return text;

  case PROXY_VALUE_CERT:
    return b64encode_taint(value.p, value.length, GET_TAINTED);

  case PROXY_VALUE_OPAQUE:
    g = string_get_tainted(2 * value.length + 1, GET_TAINTED);
    for (size_t i = 0; i < value.length; i++)
      g = string_fmt_append(g, "%02x", value.p[i]);
    break;

  case PROXY_VALUE_NUMBER:
    for (size_t i = value.length; i > 0; i--) number = number << 8 | value.p[i-1];
    g = string_fmt_append(string_get_tainted(16, GET_TAINTED), "%u", number);
    break;

  case PROXY_VALUE_VERIFY:
    number = proxy_big_endian(value.p, value.length);
    g = string_fmt_append(string_get_tainted(24, GET_TAINTED),
	  number == 0 ? "ok" : "failed %u", number);
    break;
  }
return string_from_gstring(g);
}

/* Show the value that a name refers to.

Returns:	NULL if there is no such name, an empty string if there is no such TLV
*/

static uschar *
config_tlv_text(const uschar * name)
{
proxy_tlv_name n;
proxy_bytes value;

if (!proxy_tlv_by_name(CCS name, &n)) return NULL;
return proxy_tlv_find(proxy_tlvs, &n, &value) ? config_show(value, n.kind) : US"";
}

uschar *
proxy_tlv_value(const uschar * name)
{
#ifndef DISABLE_TLS
if (Ustrcmp(name, CERT_NAME) == 0) return NULL;
#endif
return config_tlv_text(name);
}

/* Both TLS libraries take PEM, in all releases. Ignore what tls_import_cert() returns, for
that depends on the library. On failure, both leave no certificate. */

void *
proxy_import_client_cert(void)
{
void * cert = NULL;

#ifndef DISABLE_TLS
if (proxy_tlvs.length > 0)
  {
  const uschar * s = config_tlv_text(US CERT_NAME);
  int left = Ustrlen(s);

  if (left > 0)
    {
    gstring * g = string_cat(NULL, US"-----BEGIN CERTIFICATE-----\n");
    for (; left > 0; s += PEM_WIDTH, left -= PEM_WIDTH)
      g = string_fmt_append(g, "%.*s\n", MIN(left, PEM_WIDTH), s);
    g = string_cat(g, US"-----END CERTIFICATE-----\n");
    (void) tls_import_cert(string_from_gstring(g), &cert);
    }
  }
#endif
return cert;
}

void
proxy_debug_tlvs(void)
{
const proxy_tlv_name * n;

for (size_t i = 0; (n = proxy_tlv_name_at(i)); i++)
  {
  const uschar * s = config_tlv_text(CUS n->name);
  if (s && *s) debug_printf("PROXY<< %s = %s\n", n->name, s);
  }
}

uschar *
proxy_explain_unknown(const uschar * name, uschar * message)
{
const proxy_tlv_name * n;
gstring * g;

if (Ustrncmp(name, TLV_PREFIX, sizeof(TLV_PREFIX) - 1) != 0) return message;
g = string_append(NULL, 2, message, US" (after " TLV_PREFIX " one of:");
for (size_t i = 0; (n = proxy_tlv_name_at(i)); i++)
  g = string_append(g, 2, US" ", CUS n->name);
g = string_cat(g, US"; or by number: 0x00 to 0xff, text_0x00 to text_0xff)");
return string_from_gstring(g);
}

#endif	/* EXPERIMENTAL_PROXY */

/* End of proxy_config.c */
