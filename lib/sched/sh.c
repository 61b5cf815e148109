/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Source hashing: a client's address selects one of 256 buckets, which the destinations share by
 * weight. The kernel's table and hash.
 */
#include "sched/flow.h"
#include "sched/dest.h"
#include "sched/list.h"

#define BUCKET_BITS 8 /* the kernel's default */
#define BUCKETS (1u << BUCKET_BITS)

/* Index of a destination. Each bucket's is at most its own number, so it fits. */
struct sh {
	uint8_t bucket[BUCKETS];
};

static size_t sh_state_size(const struct lvs_sched_set *set)
{
	(void)set;
	return sizeof(struct sh);
}

/* Rounds over the list, each destination taking as many buckets in a row as it weighs. One of
 * weight 0 takes a bucket too: the kernel counts after it has given. */
static int sh_build(void *state, const struct lvs_sched_set *set, const void *old,
		    const struct lvs_sched_set *old_set)
{
	struct sh *sh = state;
	uint32_t index = 0;
	int32_t given = 0;

	(void)old;
	(void)old_set;
	for (unsigned i = 0; i < BUCKETS && set->dest_n; i++) {
		sh->bucket[i] = (uint8_t)index;
		if (++given < set->dest[index].weight)
			continue;
		given = 0;
		index = index + 1 < set->dest_n ? index + 1 : 0;
	}
	return 0;
}

/* The buckets in a row, as the kernel tries them: from twice the client's own on. */
static uint32_t fall_back(const struct lvs_sched_set *set, const struct sh *sh, unsigned first)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		uint32_t picked = sh->bucket[(2 * first + i) % BUCKETS];

		if (lvs_sched_usable(&set->dest[picked]))
			return picked;
	}
	return LVS_SCHED_NONE;
}

static uint32_t sh_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			unsigned flags)
{
	const struct sh *sh = state;
	unsigned first = lvs_sched_bucket(lvs_sched_client(set, flow), BUCKET_BITS);
	uint32_t picked = sh->bucket[first];

	(void)flags;
	if (set->dest_n == 0)
		return LVS_SCHED_NONE;
	if (lvs_sched_usable(&set->dest[picked]))
		return picked;
	return set->flags & LVS_SCHED_FLAG1 ? fall_back(set, sh, first) : LVS_SCHED_NONE;
}

const struct lvs_sched_ops lvs_sched_sh = {
	.size = sizeof(struct lvs_sched_ops),
	.flags = LVS_SCHED_HASH,
	.name = "sh",
	.state_size = sh_state_size,
	.build = sh_build,
	.pick = sh_pick,
};
