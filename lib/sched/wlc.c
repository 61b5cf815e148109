/* SPDX-License-Identifier: BSD-2-Clause */
/* Weighted least connections: the least load for its weight; of equals the first. */
#include "sched/least.h"
#include "sched/list.h"

static uint32_t wlc_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			 unsigned flags)
{
	(void)state;
	(void)flow;
	(void)flags;
	return lvs_sched_least_loaded(set);
}

const struct lvs_sched_ops lvs_sched_wlc = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "wlc",
	.pick = wlc_pick,
};
