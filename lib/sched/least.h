/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least load for its weight, which several schedulers ask for; of equals the first. They
 * differ in what they measure.
 *
 * Few destinations are looked at one by one. Of many a tournament is kept (docs/adr/0021): each
 * knows who wins of two, up to the one that a pick answers. Who moves a gauge lets the destination
 * play anew, up to where nothing changes.
 *
 *	node[1]                 the winner of all
 *	node[2] node[3]         of the first half, of the second
 *	...
 *	node[leaf_n] ...        the destinations in the list's order
 */
#ifndef LVS_SCHED_LEAST_H
#define LVS_SCHED_LEAST_H

#include <stdatomic.h>

#include "base/spin.h"
#include "sched/dest.h"

/* Destinations from which on a tournament is worth what it costs. */
#define LVS_LEAST_MANY 24

/* One that is not to be picked loses against all others: by weight 0 its load weighs infinitely. */
struct lvs_least {
	int64_t load;
	int32_t weight;
	uint32_t index;
};

#define LVS_LEAST_UNUSABLE                                                                         \
	{                                                                                          \
		1, 0, LVS_SCHED_NONE                                                               \
	}

struct lvs_least_state {
	_Atomic uint32_t picked; /* relaxed: a number by itself */
	struct lvs_spin lock;    /* node[] */
	uint32_t leaf_n;         /* a power of two */
	LVS_ALIGNED struct lvs_least node[];
};

/* What one destination weighs with a reading of its gauge: load, and weight. The loads are 32
 * bits, so that products with a weight fit. */
typedef struct lvs_least (*lvs_least_measure)(const struct lvs_sched_dest *dest, uint64_t reading);

/* load / weight < other's, without the division. A total order, so that it does not matter who
 * plays whom first. */
LVS_INLINE bool lvs_least_beats(const struct lvs_least *one, const struct lvs_least *other)
{
	return one->load * other->weight < other->load * one->weight;
}

LVS_INLINE struct lvs_least lvs_least_of(const struct lvs_sched_set *set, uint32_t index,
					 uint64_t reading, lvs_least_measure measure)
{
	struct lvs_least least = LVS_LEAST_UNUSABLE;

	if (set->dest[index].weight > 0 && !lvs_gauge_overloaded(reading))
		least = measure(&set->dest[index], reading);
	least.index = index;
	return least;
}

/* One by one. */
LVS_INLINE uint32_t lvs_least_scan(const struct lvs_sched_set *set, lvs_least_measure measure)
{
	const struct lvs_sched_dest *dest = set->dest;
	struct lvs_least least = LVS_LEAST_UNUSABLE;

	for (uint32_t i = 0; i < set->dest_n; i++, dest++) {
		uint64_t reading = lvs_gauge_load(dest->gauge);
		struct lvs_least next;

		/* They would lose against all others. */
		if (lvs_unlikely(dest->weight <= 0) || lvs_unlikely(lvs_gauge_overloaded(reading)))
			continue;
		next = measure(dest, reading);
		next.index = i;
		if (lvs_least_beats(&next, &least))
			least = next;
	}
	return least.index;
}

/* --- The tournament --- */

/* For so many destinations; 0 where they are looked at one by one. */
size_t lvs_least_size(uint32_t dest_n);
size_t lvs_least_state_size(const struct lvs_sched_set *set);

LVS_INLINE uint32_t lvs_least_pick(const struct lvs_sched_set *set, struct lvs_least_state *state,
				   lvs_least_measure measure)
{
	if (lvs_likely(!state))
		return lvs_least_scan(set, measure);
	return atomic_load_explicit(&state->picked, memory_order_relaxed);
}

/* For lvs_sched_ops' build, moved, check: as they are, but for @p measure. */
int lvs_least_build(struct lvs_least_state *state, const struct lvs_sched_set *set,
		    lvs_least_measure measure);
void lvs_least_moved(struct lvs_least_state *state, const struct lvs_sched_set *set, uint32_t index,
		     lvs_least_measure measure);
const char *lvs_least_check(struct lvs_least_state *state, const struct lvs_sched_set *set,
			    lvs_least_measure measure);

/* --- Measures --- */

/* The kernel's measure of load: signed, as there. */
LVS_INLINE struct lvs_least lvs_least_by_load(const struct lvs_sched_dest *dest, uint64_t reading)
{
	return (struct lvs_least){(int32_t)lvs_sched_load_of(reading), dest->weight, 0};
}

/* The functions of a scheduler of this kind, by its name and what it measures. */
#define LVS_LEAST_SCHED_FUNCTIONS(sched, measure)                                                  \
	static int sched##_build(void *state, const struct lvs_sched_set *set, const void *old,    \
				 const struct lvs_sched_set *old_set)                              \
	{                                                                                          \
		(void)old;                                                                         \
		(void)old_set;                                                                     \
		return lvs_least_build(state, set, measure);                                       \
	}                                                                                          \
                                                                                                   \
	static uint32_t sched##_pick(const struct lvs_sched_set *set, void *state,                 \
				     const struct lvs_flow *flow, unsigned flags)                  \
	{                                                                                          \
		(void)flow;                                                                        \
		(void)flags;                                                                       \
		return lvs_least_pick(set, state, measure);                                        \
	}                                                                                          \
                                                                                                   \
	static void sched##_moved(const struct lvs_sched_set *set, void *state, uint32_t index)    \
	{                                                                                          \
		lvs_least_moved(state, set, index, measure);                                       \
	}                                                                                          \
                                                                                                   \
	static const char *sched##_check(const struct lvs_sched_set *set, void *state)             \
	{                                                                                          \
		return lvs_least_check(state, set, measure);                                       \
	}

/* And the scheduler. */
#define LVS_LEAST_SCHED(sched, measure)                                                            \
	LVS_LEAST_SCHED_FUNCTIONS(sched, measure)                                                  \
                                                                                                   \
	const struct lvs_sched_ops lvs_sched_##sched = {                                           \
		.size = sizeof(struct lvs_sched_ops),                                              \
		.name = #sched,                                                                    \
		.state_size = lvs_least_state_size,                                                \
		.build = sched##_build,                                                            \
		.pick = sched##_pick,                                                              \
		.moved = sched##_moved,                                                            \
		.check = sched##_check,                                                            \
	}

#endif
