/* SPDX-License-Identifier: BSD-2-Clause */
/* Fail-over: the largest weight takes everything; of equals the first. */
#include "sched/dest.h"
#include "sched/list.h"

static uint32_t fo_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			unsigned flags)
{
	uint32_t picked = LVS_SCHED_NONE;
	int32_t most = 0;

	(void)state;
	(void)flow;
	(void)flags;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		const struct lvs_sched_dest *dest = &set->dest[i];

		if (dest->weight <= most || lvs_sched_overloaded(dest))
			continue;
		most = dest->weight;
		picked = i;
	}
	return picked;
}

const struct lvs_sched_ops lvs_sched_fo = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "fo",
	.pick = fo_pick,
};
