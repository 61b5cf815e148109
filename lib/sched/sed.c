/* SPDX-License-Identifier: BSD-2-Clause */
/* Shortest expected delay: the least (active + 1) / weight; of equals the first. */
#include "sched/least.h"
#include "sched/list.h"

static struct lvs_least measure(const struct lvs_sched_dest *dest, uint64_t reading)
{
	return (struct lvs_least){(int64_t)lvs_gauge_active(reading) + 1, dest->weight, 0};
}

LVS_LEAST_SCHED(sed, measure);
