/* SPDX-License-Identifier: BSD-2-Clause */
/* Never queue: the first destination without an active connection; where there is none, sed. */
#include "sched/least.h"
#include "sched/list.h"

/* Nothing is less than nothing, whatever the weight. */
static struct lvs_least measure(const struct lvs_sched_dest *dest, uint64_t reading)
{
	int64_t active = lvs_gauge_active(reading);

	return (struct lvs_least){active ? active + 1 : 0, dest->weight, 0};
}

LVS_LEAST_SCHED(nq, measure);
