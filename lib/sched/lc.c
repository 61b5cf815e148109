/* SPDX-License-Identifier: BSD-2-Clause */
/* Least connections: the least load, whatever the weight; of equals the first. */
#include "sched/least.h"
#include "sched/list.h"

static struct lvs_least measure(const struct lvs_sched_dest *dest, uint64_t reading)
{
	(void)dest;
	return (struct lvs_least){lvs_sched_load_of(reading), 1, 0};
}

LVS_LEAST_SCHED(lc, measure);
