/* SPDX-License-Identifier: BSD-2-Clause */
/* Shortest expected delay: the least (active + 1) / weight; of equals the first. */
#include "sched/least.h"
#include "sched/list.h"

static uint32_t sed_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			 unsigned flags)
{
	struct lvs_sched_least least = LVS_SCHED_LEAST_NONE;

	(void)state;
	(void)flow;
	(void)flags;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		const struct lvs_sched_dest *dest = &set->dest[i];

		if (lvs_sched_usable(dest))
			lvs_sched_least_offer(&least, i, (int64_t)lvs_sched_active(dest) + 1,
					      dest->weight);
	}
	return least.index;
}

const struct lvs_sched_ops lvs_sched_sed = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "sed",
	.pick = sed_pick,
};
