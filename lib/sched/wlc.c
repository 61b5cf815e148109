/* SPDX-License-Identifier: BSD-2-Clause */
/* Weighted least connections: the least load for its weight; of equals the first. */
#include "sched/dest.h"
#include "sched/list.h"

static uint32_t wlc_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			 unsigned flags)
{
	uint32_t least = LVS_SCHED_NONE;
	int64_t least_load = 0;
	int64_t least_weight = 0;

	(void)state;
	(void)flow;
	(void)flags;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		const struct lvs_sched_dest *dest = &set->dest[i];
		int64_t load;

		if (!lvs_sched_usable(dest))
			continue;
		load = (int32_t)lvs_sched_load(dest); /* signed, as in the kernel */
		/* least_load / least_weight > load / weight, without the division */
		if (least != LVS_SCHED_NONE && least_load * dest->weight <= load * least_weight)
			continue;
		least = i;
		least_load = load;
		least_weight = dest->weight;
	}
	return least;
}

const struct lvs_sched_ops lvs_sched_wlc = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "wlc",
	.pick = wlc_pick,
};
