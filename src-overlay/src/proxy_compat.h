/*************************************************
*     Exim - an Internet mail transport agent    *
*************************************************/

/* Copyright (c) The Exim Maintainers 2026 */
/* See the file NOTICE for conditions of use and distribution. */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Every difference between the Exim releases that the PROXY receiver supports, and
nothing else. */

#ifndef PROXY_COMPAT_H
#define PROXY_COMPAT_H

/* Exim 4.100 names debug channels without a prefix, and its log_write() takes no
selector. For an error in the configuration it has log_write_die(), which does not
return. */

#ifdef DEBUG_SELECTOR_SIZE
# define PROXY_DEBUG		DEBUG(receive)
# define PROXY_LOG(selector, flags, ...) \
    do { if (LOGGING(selector)) log_write(flags, __VA_ARGS__); } while (0)
# define PROXY_LOG_ALWAYS(flags, ...) \
    log_write(flags, __VA_ARGS__)
# define PROXY_CONFIG_DIE(...)	log_write_die(LOG_CONFIG, __VA_ARGS__)
#else
# define PROXY_DEBUG		DEBUG(D_receive)
# define PROXY_LOG(selector, flags, ...) \
    log_write(L_##selector, flags, __VA_ARGS__)
# define PROXY_LOG_ALWAYS(flags, ...) \
    log_write(0, flags, __VA_ARGS__)
# define PROXY_CONFIG_DIE(...)	log_write(0, LOG_PANIC_DIE|LOG_CONFIG, __VA_ARGS__)
#endif

/* Since 4.99 Exim holds the SMTP connection by descriptors, and may turn a connection
round (ATRN), after which the peer is no client. */

#ifdef ACL_BIT_ATRN
# define PROXY_INPUT_FD		smtp_in_fd
# define PROXY_TURNED_ROUND	(atrn_mode != NULL)
#else
# define PROXY_INPUT_FD		fileno(smtp_in)
# define PROXY_TURNED_ROUND	FALSE
#endif

/* Exim before 4.98 does not show in debug output which option it uses. */

#ifndef GET_OPTION
# define GET_OPTION(name)
#endif

/* Exim 4.96 has no names for the flags of smtp_printf(). */

#ifndef SP_NO_MORE
# define SP_NO_MORE		FALSE
#endif

/* Exim before 4.96 marks store as tainted by a BOOL. */

#ifndef GET_TAINTED
# define GET_TAINTED		TRUE
#endif

#endif	/* PROXY_COMPAT_H */

/* End of proxy_compat.h */
