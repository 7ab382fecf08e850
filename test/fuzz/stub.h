/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stub.c has for the target session.c; see exim.h for the rest */

extern int stub_host_verdict;		/* is the peer in proxy_required_hosts */
extern int stub_responses;		/* sent by smtp_printf() */
extern int stub_timeouts;		/* calls of smtp_command_timeout_exit(), from which Exim does not return */
extern int stub_fullhosts;		/* calls of host_build_sender_fullhost() */
extern const uschar * stub_pem;		/* the last certificate */
extern BOOL stub_in_one_piece(const char * p, size_t n);	/* of the store that was asked for */
extern void stub_free_all(void);

/* End of stub.h */
