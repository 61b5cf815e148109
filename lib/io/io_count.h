/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters of an io: one thread counts, any thread reads. */
#ifndef LVS_IO_IO_COUNT_H
#define LVS_IO_IO_COUNT_H

#include <stdatomic.h>

#include <liblvs/io.h>

struct lvs_io_count {
	_Atomic uint64_t value[LVS_IO_COUNT_N];
};

/* Load and store instead of an atomic addition: there is one writer. Relaxed: a reader wants
 * no more than some recent value. */
static inline void lvs_io_count_add(struct lvs_io_count *count, enum lvs_io_counter which,
				    uint64_t n)
{
	_Atomic uint64_t *value = &count->value[which];

	atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline uint64_t lvs_io_count_get(const struct lvs_io_count *count, unsigned which)
{
	return which < LVS_IO_COUNT_N
		       ? atomic_load_explicit(&count->value[which], memory_order_relaxed)
		       : 0;
}

#endif
