/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The part of expand.c's table of variables whose names begin with "proxy_", in
alphabetical order. "External" and "local" are the names of SUPPORT_PROXY and SUPPORT_SOCKS. */

#ifdef MACRO_PREDEF			/* which has the names alone */
# define PROXY_FUNC(name)	NULL
#else
# define PROXY_FUNC(name)	(void *) &name
#endif

  { "proxy_command",       vtype_stringptr,   &proxy_command_name },
  { "proxy_external_address", vtype_string_func, PROXY_FUNC(fn_proxy_external_address) },
  { "proxy_external_port", vtype_string_func, PROXY_FUNC(fn_proxy_external_port) },
  { "proxy_failure",       vtype_stringptr,   &proxy_failure },
  { "proxy_host_address",  vtype_stringptr,   &proxy_host_address },
  { "proxy_host_port",     vtype_string_func, PROXY_FUNC(fn_proxy_host_port) },
  { "proxy_local_address", vtype_string_func, PROXY_FUNC(fn_proxy_local_address) },
  { "proxy_local_port",    vtype_string_func, PROXY_FUNC(fn_proxy_local_port) },
  { "proxy_session",       vtype_string_func, PROXY_FUNC(fn_proxy_session) },
  { "proxy_target_address", vtype_stringptr,  &proxy_target_address },
  { "proxy_target_port",   vtype_string_func, PROXY_FUNC(fn_proxy_target_port) },
#ifndef DISABLE_TLS			/* the other TLVs are looked up by prefix */
  { "proxy_tlv_ssl_client_cert", vtype_cert,  &proxy_client_cert },
#endif
  { "proxy_version",       vtype_stringptr,   &proxy_version },

/* End of proxy_vars.h */
