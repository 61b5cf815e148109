/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maglev's table, whatever its size and whoever stands in it. Eisenbud et al.: "Maglev: A Fast and
 * Reliable Software Network Load Balancer", NSDI 2016, section 3.4.
 */
#ifndef LVS_SCHED_MAGLEV_H
#define LVS_SCHED_MAGLEV_H

#include <stdint.h>

#define LVS_MAGLEV_FREE UINT16_MAX /* a slot of nobody's */

/* A backend's walk through the slots while the table fills: the paper's permutation. */
struct lvs_maglev_walk {
	uint32_t slot;  /* at first the paper's offset, below the table's size */
	uint32_t skip;  /* 1 to size - 1 */
	uint16_t turns; /* slots it takes in one round; the paper's backends take one */
};

/*
 * Gives all @p slot_n slots, a prime, to indexes below @p walk_n, LVS_MAGLEV_FREE at most: rounds
 * over the list, each taking its turns, until the table is full. Somebody has a turn. The walks end
 * where they took their last slots.
 */
void lvs_maglev_fill(uint16_t *slot, uint32_t slot_n, struct lvs_maglev_walk *walk,
		     uint32_t walk_n);

#endif
