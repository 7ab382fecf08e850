/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For proxy_clients.c under test: before each atomic operation another process may run. */

#ifndef ATOMICS_H
#define ATOMICS_H

#ifndef _GNU_SOURCE
# define _GNU_SOURCE		/* as proxy_clients.c does, before any header */
#endif
#include <stdatomic.h>

extern void step(void);

#undef atomic_load
#undef atomic_store
#undef atomic_fetch_add
#undef atomic_compare_exchange_strong
#define atomic_load(p)		(step(), atomic_load_explicit(p, memory_order_seq_cst))
#define atomic_fetch_add(p, v)	(step(), atomic_fetch_add_explicit(p, v, memory_order_seq_cst))

/* The value is there before the others run. */

#define atomic_store(p, v) \
  __extension__ ({ __typeof__(v) v_ = (v); step(); atomic_store_explicit(p, v_, memory_order_seq_cst); })
#define atomic_compare_exchange_strong(p, e, v) \
  __extension__ ({ __typeof__(v) v_ = (v); step(); \
    atomic_compare_exchange_strong_explicit(p, e, v_, memory_order_seq_cst, memory_order_seq_cst); })

#endif
