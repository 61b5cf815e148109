/* SPDX-License-Identifier: BSD-2-Clause */
/* Never queue: the first destination without an active connection; where there is none, sed. */
#include "sched/least.h"
#include "sched/list.h"

static uint32_t nq_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			unsigned flags)
{
	struct lvs_sched_least least = LVS_SCHED_LEAST_NONE;

	(void)state;
	(void)flow;
	(void)flags;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		const struct lvs_sched_dest *dest = &set->dest[i];
		uint32_t active;

		if (!lvs_sched_usable(dest))
			continue;
		active = lvs_sched_active(dest);
		if (active == 0)
			return i;
		lvs_sched_least_offer(&least, i, (int64_t)active + 1, dest->weight);
	}
	return least.index;
}

const struct lvs_sched_ops lvs_sched_nq = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "nq",
	.pick = nq_pick,
};
