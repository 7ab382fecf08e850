/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Just enough of Exim for proxy_session.c, in the names of Exim 4.100, so that the real file can be run
by the fuzz target session.c. That has the functions and the variables. Time and the waiting for input are
the target's: seconds pass at once, and the peer's next bytes come when they are waited for. */

#ifndef FUZZ_EXIM_H
#define FUZZ_EXIM_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEBUG_SELECTOR_SIZE 1		/* these tell proxy_compat.h that it is 4.100 */
#define ACL_BIT_ATRN 1

typedef unsigned char uschar;
typedef unsigned BOOL;
#define TRUE	1
#define FALSE	0
#define US	(uschar *)
#define CS	(char *)
#define CCS	(const char *)
#define CUS	(const uschar *)
#define MIN(a,b) ((a) < (b) ? (a) : (b))

#define Ustrlen(s)	 ((int)strlen(CCS(s)))
#define Ustrcmp(a,b)	 strcmp(CCS(a), CCS(b))
#define Ustrncmp(a,b,n)	 strncmp(CCS(a), CCS(b), n)

/* Memory: each piece stands alone, and all of it goes when the target says so */

#define GET_UNTAINTED	((const void *)0)
#define GET_TAINTED	((const void *)1)
#define POOL_MAIN	0
#define POOL_PERM	1
extern int store_pool;
extern void * store_get(int size, const void * proto);
#define store_get_perm(size, proto) store_get(size, proto)

typedef struct { int size, ptr; uschar * s; } gstring;
extern gstring * string_catn(gstring *, const uschar *, int);
extern gstring * string_cat(gstring *, const uschar *);
extern gstring * string_append(gstring *, int, ...);
extern gstring * string_fmt_append(gstring *, const char *, ...) __attribute__((format(printf, 2, 3)));
extern uschar * string_from_gstring(gstring *);
extern uschar * string_copy(const uschar *);
extern uschar * string_copyn(const uschar *, int);
extern uschar * string_sprintf(const char *, ...) __attribute__((format(printf, 1, 2)));
extern const uschar * string_printing(const uschar *);
extern uschar * string_timesince(const struct timeval *);

/* Logging and debugging */

#define LOGGING(what)	1
#define LOG_MAIN	1
#define LOG_REJECT	2
extern int fuzz_debugging;
#define DEBUG(what)	if (fuzz_debugging)
extern void debug_printf(const char *, ...) __attribute__((format(printf, 1, 2)));
extern void log_write(unsigned, const char *, ...) __attribute__((format(printf, 2, 3)));
extern void set_process_info(const char *, ...) __attribute__((format(printf, 1, 2)));
extern const uschar * host_and_ident(BOOL);
extern uschar * smtp_get_connection_info(void);

/* The connection */

#define OK	0
#define DEFER	1
#define FAIL	2
#define SP_NO_MORE FALSE
extern int smtp_in_fd;
extern void * atrn_mode;
extern int verify_check_host(uschar **);
extern void host_build_sender_fullhost(void);
extern void smtp_command_timeout_exit(void);
extern void smtp_printf(const char *, BOOL, ...) __attribute__((format(printf, 1, 3)));
extern BOOL tls_import_cert(const uschar *, void **);

extern struct { BOOL sender_host_notsocket, sender_host_unknown; } f;
extern struct { BOOL on_connect; } tls_in;
extern BOOL host_checking, smtp_batched_input, sender_host_dnssec, host_lookup_deferred, host_lookup_failed;
extern uschar * smtp_active_hostname, * sender_host_address, * sender_host_name, * sender_ident, * host_lookup_msg;
extern uschar ** sender_host_aliases;
extern uschar * big_buffer;
extern int big_buffer_size;
extern uschar * proxy_required_hosts, * proxy_host_address, * proxy_host_port, * proxy_target_address,
  * proxy_target_port, * proxy_command_name, * proxy_version, * proxy_failure;
extern void * proxy_client_cert;
extern BOOL proxy_session_required;
extern int proxy_timeout;
typedef struct { int type; union { void * value; } v; } optionlist;
#define opt_set 1
#define opt_secure 2
#define LOG_CONFIG 0
#define log_write_die(flags, ...) log_write(flags, __VA_ARGS__)
extern int sender_host_port, smtp_receive_timeout;
extern unsigned sender_host_cache[16];
extern struct timeval smtp_connection_start;

/* The target's own ways */

extern int fuzz_poll(struct pollfd *, nfds_t, int);
extern int fuzz_clock_gettime(clockid_t, struct timespec *);
extern ssize_t fuzz_recv(int, void *, size_t, int);
extern ssize_t fuzz_read(int, void *, size_t);
#ifndef FUZZ_TARGET
# define poll(p, n, ms)			fuzz_poll(p, n, ms)
# define clock_gettime(clock, t)	fuzz_clock_gettime(clock, t)
# define recv(fd, buf, n, flags)	fuzz_recv(fd, buf, n, flags)
# define read(fd, buf, n)		fuzz_read(fd, buf, n)
#endif

#include "proxy_session.h"

#endif

/* End of exim.h */
