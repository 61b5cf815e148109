/* SPDX-License-Identifier: BSD-2-Clause */
/* The least load for its weight, which several schedulers ask for; of equals the first. */
#ifndef LVS_SCHED_LEAST_H
#define LVS_SCHED_LEAST_H

#include "sched/dest.h"

/* The best so far. Loads are 32 bits, so that products with a weight fit. */
struct lvs_sched_least {
	int64_t load;
	int64_t weight;
	uint32_t index; /* LVS_SCHED_NONE: none so far */
};

#define LVS_SCHED_LEAST_NONE                                                                       \
	{                                                                                          \
		0, 0, LVS_SCHED_NONE                                                               \
	}

/* @weight is above 0. */
LVS_INLINE void lvs_sched_least_offer(struct lvs_sched_least *least, uint32_t index, int64_t load,
				      int64_t weight)
{
	/* least->load / least->weight <= load / weight, without the division */
	if (least->index != LVS_SCHED_NONE && least->load * weight <= load * least->weight)
		return;
	least->index = index;
	least->load = load;
	least->weight = weight;
}

/* What wlc picks of a list, or LVS_SCHED_NONE. */
LVS_INLINE uint32_t lvs_sched_least_loaded(const struct lvs_sched_set *set)
{
	struct lvs_sched_least least = LVS_SCHED_LEAST_NONE;

	for (uint32_t i = 0; i < set->dest_n; i++) {
		const struct lvs_sched_dest *dest = &set->dest[i];

		/* signed, as in the kernel */
		if (lvs_sched_usable(dest))
			lvs_sched_least_offer(&least, i, (int32_t)lvs_sched_load(dest),
					      dest->weight);
	}
	return least.index;
}

#endif
