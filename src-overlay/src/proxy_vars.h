/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The part of expand.c's table of variables whose names begin with "proxy_", in
alphabetical order. What SOCKS has there stands between ours. */

#ifdef SUPPORT_SOCKS
  { "proxy_external_address", vtype_stringptr, &proxy_external_address },
  { "proxy_external_port", vtype_int,         &proxy_external_port },
#endif
  { "proxy_host_address",  vtype_stringptr,   &proxy_host_address },
  { "proxy_host_port",     vtype_stringptr,   &proxy_host_port },
#ifdef SUPPORT_SOCKS
  { "proxy_local_address", vtype_stringptr,   &proxy_local_address },
  { "proxy_local_port",    vtype_int,         &proxy_local_port },
#endif
#ifdef MACRO_PREDEF			/* which has the names alone */
  { "proxy_session",       vtype_string_func, NULL },
#else
  { "proxy_session",       vtype_string_func, (void *) &fn_proxy_session },
#endif
  { "proxy_target_address", vtype_stringptr,  &proxy_target_address },
  { "proxy_target_port",   vtype_stringptr,   &proxy_target_port },

/* End of proxy_vars.h */
