/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters of one worker, by destination number and by reason: written by that
 * worker alone, read by anybody. Pages come before the destination is published,
 * so that a packet never allocates.
 */
#ifndef LVS_DIRECTOR_COUNTERS_H
#define LVS_DIRECTOR_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include <liblvs/list.h>
#include <liblvs/reason.h>

#include "base/compiler.h"

#define LVS_COUNTER_PAGE_SHIFT 9
#define LVS_COUNTER_PAGE (1u << LVS_COUNTER_PAGE_SHIFT)
#define LVS_COUNTER_PAGES 2048

enum lvs_counter {
	LVS_COUNT_CONNS,
	LVS_COUNT_IN_PKTS,
	LVS_COUNT_OUT_PKTS,
	LVS_COUNT_IN_BYTES,
	LVS_COUNT_OUT_BYTES,
	LVS_COUNT_N,
};

struct lvs_counter_row {
	_Atomic uint64_t count[LVS_COUNT_N];
};

struct lvs_counters {
	_Atomic uint64_t reason[LVS_REASON_N];
	/* release by control, pairs with the acquire in lvs_counters_row() */
	_Atomic(struct lvs_counter_row *) page[LVS_COUNTER_PAGES];
};

void lvs_counters_init(struct lvs_counters *counters);
void lvs_counters_fini(struct lvs_counters *counters, const struct lvs_alloc *alloc);

/* Makes room for a destination number. 0, LVS_ERR_NO_MEMORY or LVS_ERR_RANGE. Control side. */
int lvs_counters_reserve(struct lvs_counters *counters, const struct lvs_alloc *alloc,
			 uint32_t number);

/* Makes room for all numbers of the first @p pages. 0 or LVS_ERR_NO_MEMORY. Control side. */
int lvs_counters_reserve_pages(struct lvs_counters *counters, const struct lvs_alloc *alloc,
			       unsigned pages);

/*
 * Takes over the counts of @p from, whose worker is gone: pages that @p counters does not have
 * change hands, the others are added. Whoever reads either waits meanwhile.
 */
void lvs_counters_merge(struct lvs_counters *counters, struct lvs_counters *from);

/* Adds a destination's traffic to @p stats. Any thread. */
void lvs_counters_add(const struct lvs_counters *counters, uint32_t number,
		      struct lvs_stats *stats);

/* The same in parts: of all destinations of a page. */
void lvs_counters_add_page(const struct lvs_counters *counters, unsigned page,
			   struct lvs_stats *stats);

/* One more, or some: only one thread writes, so that load and store do; relaxed, a number alone. */
LVS_INLINE void lvs_count(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
			      memory_order_relaxed);
}

/* The counters of a destination that a packet goes to. */
LVS_INLINE struct lvs_counter_row *lvs_counters_row(struct lvs_counters *counters, uint32_t number)
{
	struct lvs_counter_row *page = atomic_load_explicit(
		&counters->page[number >> LVS_COUNTER_PAGE_SHIFT], memory_order_acquire);

	return &page[number & (LVS_COUNTER_PAGE - 1)];
}

#endif
