/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Destination hashing: the address that a client wants selects one of 256 buckets, which the
 * destinations have in turn, whatever they weigh. The kernel's table and hash.
 */
#include "sched/flow.h"
#include "sched/dest.h"
#include "sched/list.h"

#define BUCKET_BITS 8 /* the kernel's default */
#define BUCKETS (1u << BUCKET_BITS)

/* Index of a destination. Each bucket's is at most its own number, so it fits. */
struct dh {
	uint8_t bucket[BUCKETS];
};

static size_t dh_state_size(const struct lvs_sched_set *set)
{
	(void)set;
	return sizeof(struct dh);
}

static int dh_build(void *state, const struct lvs_sched_set *set, const void *old,
		    const struct lvs_sched_set *old_set)
{
	struct dh *dh = state;

	(void)old;
	(void)old_set;
	for (uint32_t i = 0; i < BUCKETS && set->dest_n; i++)
		dh->bucket[i] = (uint8_t)(i % set->dest_n);
	return 0;
}

static uint32_t dh_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			unsigned flags)
{
	const struct dh *dh = state;
	uint32_t value = lvs_sched_fold(lvs_sched_wanted(flow, flags), flow->family);
	uint32_t picked = dh->bucket[lvs_sched_bucket(value, BUCKET_BITS)];

	if (set->dest_n == 0 || !lvs_sched_usable(&set->dest[picked]))
		return LVS_SCHED_NONE;
	return picked;
}

const struct lvs_sched_ops lvs_sched_dh = {
	.size = sizeof(struct lvs_sched_ops),
	.flags = LVS_SCHED_HASH,
	.name = "dh",
	.state_size = dh_state_size,
	.build = dh_build,
	.pick = dh_pick,
};
