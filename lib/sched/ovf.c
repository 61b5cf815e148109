/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Overflow: the largest weight takes everything until it has more active connections than it
 * weighs, then the next largest; of equals the first.
 */
#include "sched/dest.h"
#include "sched/list.h"

static uint32_t ovf_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			 unsigned flags)
{
	uint32_t picked = LVS_SCHED_NONE;
	int32_t most = 0;

	(void)state;
	(void)flow;
	(void)flags;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		const struct lvs_sched_dest *dest = &set->dest[i];

		/* Up to its weight, so that it fills to one above: the kernel's count. */
		if (dest->weight <= most || lvs_sched_overloaded(dest) ||
		    lvs_sched_active(dest) > (uint32_t)dest->weight)
			continue;
		most = dest->weight;
		picked = i;
	}
	return picked;
}

const struct lvs_sched_ops lvs_sched_ovf = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "ovf",
	.pick = ovf_pick,
};
