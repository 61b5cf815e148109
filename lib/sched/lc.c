/* SPDX-License-Identifier: BSD-2-Clause */
/* Least connections: the least load, whatever the weight; of equals the first. */
#include "sched/dest.h"
#include "sched/list.h"

static uint32_t lc_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			unsigned flags)
{
	uint32_t least = LVS_SCHED_NONE;
	uint32_t least_load = 0;

	(void)state;
	(void)flow;
	(void)flags;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		uint32_t load;

		if (!lvs_sched_usable(&set->dest[i]))
			continue;
		load = lvs_sched_load(&set->dest[i]);
		if (least != LVS_SCHED_NONE && load >= least_load)
			continue;
		least = i;
		least_load = load;
	}
	return least;
}

const struct lvs_sched_ops lvs_sched_lc = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "lc",
	.pick = lc_pick,
};
