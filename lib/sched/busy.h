/* SPDX-License-Identifier: BSD-2-Clause */
/* When lblc and lblcr look for another destination than the one that an address has. */
#ifndef LVS_SCHED_BUSY_H
#define LVS_SCHED_BUSY_H

#include "sched/dest.h"

/* Whether @p dest has more active connections than it weighs, while another has less than half. */
LVS_INLINE bool lvs_sched_busy(const struct lvs_sched_set *set, const struct lvs_sched_dest *dest)
{
	if ((int64_t)lvs_sched_active(dest) <= dest->weight)
		return false;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		if (2 * (int64_t)lvs_sched_active(&set->dest[i]) < set->dest[i].weight)
			return true;
	}
	return false;
}

#endif
