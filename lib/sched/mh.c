/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maglev hashing: a client's address alone decides, on every director alike, and a change of
 * the destinations moves few clients. Eisenbud et al.: "Maglev: A Fast and Reliable Software
 * Network Load Balancer", NSDI 2016, section 3.4. The kernel's hash, keys and weights.
 */
#include <liblvs/error.h>

#include "base/siphash.h"
#include "sched/flow.h"
#include "sched/dest.h"
#include "sched/list.h"
#include "sched/maglev.h"
#include "sched/weights.h"

/* The kernel's default table and its hashes; a prime, so that every skip visits every slot. */
#define TABLE_N 4093
#define TURNS_BITS 6 /* the kernel's IP_VS_MH_TAB_INDEX / 2: turns stay below 1 << 6 */
#define KEY1 2654435761u
#define KEY2 2654446892u

_Static_assert(TABLE_N < LVS_MAGLEV_FREE, "a slot holds any index and the mark of a free one");

struct mh {
	uint16_t slot[TABLE_N]; /* index of a destination; all are LVS_MAGLEV_FREE, or none is */
	struct lvs_maglev_walk walk[]; /* one a destination; only build() uses it */
};

static size_t mh_state_size(const struct lvs_sched_set *set)
{
	return sizeof(struct mh) + set->dest_n * sizeof(struct lvs_maglev_walk);
}

/* The kernel takes a destination's address for one of the service's family: of an IPv6 server of an
 * IPv4 service, reached by a tunnel, 32 bits. */
static uint32_t fold(const struct lvs_sched_set *set, const struct lvs_sched_dest *dest)
{
	return lvs_sched_fold(&dest->addr, set->family == LVS_INET ? LVS_INET : dest->family);
}

/* @turns_shift brings the largest weight below 1 << TURNS_BITS. */
static struct lvs_maglev_walk walk_of(const struct lvs_sched_set *set,
				      const struct lvs_sched_dest *dest, int32_t gcd,
				      unsigned turns_shift)
{
	uint32_t value = fold(set, dest) + lvs_ntohs(dest->port);
	uint32_t turns = (uint32_t)(dest->last_weight / gcd) >> turns_shift;

	if (turns == 0 && dest->last_weight != 0)
		turns = 1;
	return (struct lvs_maglev_walk){
		.slot = lvs_hsiphash_u32(value, KEY1, KEY1) % TABLE_N,
		.skip = lvs_hsiphash_u32(value, KEY2, KEY2) % (TABLE_N - 1) + 1,
		.turns = (uint16_t)turns,
	};
}

/* The weights that count are the last ones above 0: a drained destination keeps its slots. */
static struct lvs_sched_weights last_weights(const struct lvs_sched_set *set)
{
	struct lvs_sched_weights weights = {0, 0};

	for (uint32_t i = 0; i < set->dest_n; i++)
		lvs_sched_weights_add(&weights, set->dest[i].last_weight);
	return weights;
}

static unsigned turns_shift_of(const struct lvs_sched_weights *weights)
{
	unsigned bits = lvs_fls64((uint64_t)(weights->max / weights->gcd)) + 1;

	return bits > TURNS_BITS ? bits - TURNS_BITS : 0;
}

static void clear(struct mh *mh)
{
	for (uint32_t i = 0; i < TABLE_N; i++)
		mh->slot[i] = LVS_MAGLEV_FREE;
}

static int mh_build(void *state, const struct lvs_sched_set *set, const void *old,
		    const struct lvs_sched_set *old_set)
{
	struct mh *mh = state;
	struct lvs_sched_weights weights = last_weights(set);
	unsigned turns_shift;

	(void)old;
	(void)old_set;
	if (set->dest_n > TABLE_N)
		return LVS_ERR_INVALID;
	if (weights.max == 0) {
		clear(mh);
		return 0;
	}
	turns_shift = turns_shift_of(&weights);
	for (uint32_t i = 0; i < set->dest_n; i++)
		mh->walk[i] = walk_of(set, &set->dest[i], weights.gcd, turns_shift);
	lvs_maglev_fill(mh->slot, TABLE_N, mh->walk, set->dest_n);
	return 0;
}

static uint32_t slot_of(uint32_t value)
{
	return lvs_hsiphash_u32(value, KEY1, KEY1) % TABLE_N;
}

static bool any_usable(const struct lvs_sched_set *set)
{
	for (uint32_t i = 0; i < set->dest_n; i++) {
		if (lvs_sched_usable(&set->dest[i]))
			return true;
	}
	return false;
}

/* Other slots, each by a hash of its own, in an order that begins at the client's first slot. */
static uint32_t fall_back(const struct lvs_sched_set *set, const struct mh *mh, uint32_t value,
			  uint32_t first)
{
	/* Otherwise every slot would be tried in vain for every packet. */
	if (!any_usable(set))
		return LVS_SCHED_NONE;
	for (uint32_t i = 0; i < TABLE_N; i++) {
		uint16_t picked = mh->slot[slot_of(value + (first + i) % TABLE_N)];

		if (lvs_sched_usable(&set->dest[picked]))
			return picked;
	}
	return LVS_SCHED_NONE;
}

static uint32_t mh_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			unsigned flags)
{
	const struct mh *mh = state;
	uint32_t value = lvs_sched_client(set, flow);
	uint32_t first = slot_of(value);
	uint16_t picked = mh->slot[first];

	(void)flags;
	if (picked == LVS_MAGLEV_FREE)
		return LVS_SCHED_NONE;
	if (lvs_sched_usable(&set->dest[picked]))
		return picked;
	if (!(set->flags & LVS_SCHED_FLAG1))
		return LVS_SCHED_NONE;
	return fall_back(set, mh, value, first);
}

const struct lvs_sched_ops lvs_sched_mh = {
	.size = sizeof(struct lvs_sched_ops),
	.flags = LVS_SCHED_HASH,
	.name = "mh",
	.state_size = mh_state_size,
	.build = mh_build,
	.pick = mh_pick,
};
