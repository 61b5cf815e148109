/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The power of two choices: two destinations at random by weight, of which the one with less load
 * for its weight is taken. Mitzenmacher: "The Power of Two Choices in Randomized Load Balancing",
 * 1996.
 */
#include <stdatomic.h>

#include "sched/dest.h"
#include "sched/list.h"

/*
 * draws: picks so far. A pick's random numbers follow from it and the service's seed alone, so
 * that a replay draws alike. It guards no other memory: every access is relaxed, and the addition
 * gives each pick numbers of its own.
 */
struct twos {
	_Atomic uint64_t draws;
};

static size_t twos_state_size(const struct lvs_sched_set *set)
{
	(void)set;
	return sizeof(struct twos);
}

static int twos_build(void *state, const struct lvs_sched_set *set, const void *old,
		      const struct lvs_sched_set *old_set)
{
	struct twos *twos = state;
	const struct twos *old_twos = old;

	(void)set;
	(void)old_set;
	/* relaxed: a pick that moves it now is as good as one after the commit */
	atomic_init(&twos->draws,
		    old_twos ? atomic_load_explicit(&old_twos->draws, memory_order_relaxed) : 0);
	return 0;
}

/* The @p i-th number of the seed's sequence. SplitMix64: Steele, Lea, Flood, "Fast Splittable
 * Pseudorandom Number Generators", 2014. */
static uint64_t random_at(uint64_t seed, uint64_t i)
{
	uint64_t z = seed + (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t total_weight(const struct lvs_sched_set *set)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < set->dest_n; i++) {
		if (lvs_sched_usable(&set->dest[i]))
			total += (uint64_t)set->dest[i].weight;
	}
	return total;
}

/*
 * The destination at which the weights add up to @p mark. A mark may be 0, as in the kernel: the
 * first has a little more than its share. Loads move meanwhile: when the list ends too early the
 * last that would do is it.
 */
static uint32_t find_mark(const struct lvs_sched_set *set, uint64_t mark)
{
	uint32_t last = LVS_SCHED_NONE;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < set->dest_n; i++) {
		if (!lvs_sched_usable(&set->dest[i]))
			continue;
		last = i;
		sum += (uint64_t)set->dest[i].weight;
		if (sum >= mark)
			break;
	}
	return last;
}

/* Products of 64 bits: the kernel's have 32, which large weights overflow. */
static bool less_loaded(const struct lvs_sched_dest *a, const struct lvs_sched_dest *b)
{
	return (int64_t)lvs_sched_load(a) * b->weight < (int64_t)lvs_sched_load(b) * a->weight;
}

static uint32_t twos_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			  unsigned flags)
{
	struct twos *twos = state;
	uint64_t total = total_weight(set);
	uint32_t first, second;
	uint64_t draw;

	(void)flow;
	if (total == 0)
		return LVS_SCHED_NONE;
	/* relaxed, both: see struct twos */
	if (flags & LVS_PICK_PEEK)
		draw = atomic_load_explicit(&twos->draws, memory_order_relaxed);
	else
		draw = atomic_fetch_add_explicit(&twos->draws, 1, memory_order_relaxed);
	first = find_mark(set, random_at(set->seed, 2 * draw) % (total + 1));
	second = find_mark(set, random_at(set->seed, 2 * draw + 1) % (total + 1));
	if (first == LVS_SCHED_NONE || second == LVS_SCHED_NONE)
		return LVS_SCHED_NONE; /* all were overloaded meanwhile */
	return less_loaded(&set->dest[second], &set->dest[first]) ? second : first;
}

const struct lvs_sched_ops lvs_sched_twos = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "twos",
	.state_size = twos_state_size,
	.build = twos_build,
	.pick = twos_pick,
};
