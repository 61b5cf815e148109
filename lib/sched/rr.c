/* SPDX-License-Identifier: BSD-2-Clause */
/* Round robin: the next destination behind the one last picked; weights count as on or off. */
#include <stdatomic.h>

#include "sched/dest.h"
#include "sched/list.h"

/*
 * cursor: 1 + index of the destination last picked; 0 is the list's head, before the first. It is
 * all there is to agree on and guards no other memory (the set is published with the service), so
 * every access is relaxed; compare-and-swap gives each pick a turn of its own.
 */
struct rr {
	_Atomic uint32_t cursor;
};

static size_t rr_state_size(const struct lvs_sched_set *set)
{
	(void)set;
	return sizeof(struct rr);
}

/*
 * Where @cursor stands in @set: at the same destination, or the nearest one before it in the old
 * list that is left. Additions go to the head, so what both sets have is met from their tails.
 */
static uint32_t carry_cursor(uint32_t cursor, const struct lvs_sched_set *set,
			     const struct lvs_sched_set *old_set)
{
	uint32_t left = set->dest_n;

	for (uint32_t i = old_set->dest_n; i > 0 && left > 0; i--) {
		if (!lvs_sched_same(&old_set->dest[i - 1], &set->dest[left - 1]))
			continue;
		if (i <= cursor)
			return left;
		left--;
	}
	return 0;
}

static int rr_build(void *state, const struct lvs_sched_set *set, const void *old,
		    const struct lvs_sched_set *old_set)
{
	struct rr *rr = state;
	const struct rr *old_rr = old;
	uint32_t cursor = 0;

	if (old_rr && old_set) {
		/* relaxed: a pick that moves it now is as good as one after the commit */
		cursor = atomic_load_explicit(&old_rr->cursor, memory_order_relaxed);
		cursor = carry_cursor(cursor, set, old_set);
	}
	atomic_init(&rr->cursor, cursor);
	return 0;
}

/* The cursor's next place, or 0 when no destination will do. The cursor's own comes last. */
static uint32_t next_place(const struct lvs_sched_set *set, uint32_t cursor)
{
	for (uint32_t i = cursor; i < set->dest_n; i++) {
		if (lvs_sched_usable(&set->dest[i]))
			return i + 1;
	}
	for (uint32_t i = 0; i < cursor; i++) {
		if (lvs_sched_usable(&set->dest[i]))
			return i + 1;
	}
	return 0;
}

static uint32_t rr_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			unsigned flags)
{
	struct rr *rr = state;
	/* relaxed: see struct rr */
	uint32_t cursor = atomic_load_explicit(&rr->cursor, memory_order_relaxed);
	uint32_t place;

	(void)flow;
	do {
		place = next_place(set, cursor);
		if (!place)
			return LVS_SCHED_NONE;
		if (place == cursor || (flags & LVS_PICK_PEEK))
			break;
		/* relaxed, both: see struct rr */
	} while (!atomic_compare_exchange_weak_explicit(
		&rr->cursor, &cursor, place, memory_order_relaxed, memory_order_relaxed));
	return place - 1;
}

const struct lvs_sched_ops lvs_sched_rr = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "rr",
	.state_size = rr_state_size,
	.build = rr_build,
	.pick = rr_pick,
};
