/* SPDX-License-Identifier: BSD-2-Clause */
/* A gate that opens when all threads stand before it; they spin, so that they start as one. */
#ifndef LVS_TESTS_BENCH_GATE_H
#define LVS_TESTS_BENCH_GATE_H

#include <sched.h>
#include <stdatomic.h>

struct gate {
	_Atomic unsigned waiting;
	_Atomic unsigned opened; /* times */
};

/* One of @p n. */
static inline void gate_wait(struct gate *gate, unsigned n)
{
	unsigned before = atomic_load_explicit(&gate->opened, memory_order_acquire);

	/* acq_rel: what was done before the gate is seen behind it */
	if (atomic_fetch_add_explicit(&gate->waiting, 1, memory_order_acq_rel) == n - 1) {
		atomic_store_explicit(&gate->waiting, 0, memory_order_relaxed);
		atomic_store_explicit(&gate->opened, before + 1, memory_order_release);
		return;
	}
	for (unsigned spins = 1;
	     atomic_load_explicit(&gate->opened, memory_order_acquire) == before; spins++)
		if (spins % 4096 == 0)
			sched_yield();
}

#endif
