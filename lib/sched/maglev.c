/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched/maglev.h"

static uint32_t next_free(const uint16_t *slot, uint32_t slot_n, const struct lvs_maglev_walk *walk)
{
	uint32_t at = walk->slot;

	while (slot[at] != LVS_MAGLEV_FREE) {
		at += walk->skip;
		if (at >= slot_n)
			at -= slot_n;
	}
	return at;
}

void lvs_maglev_fill(uint16_t *slot, uint32_t slot_n, struct lvs_maglev_walk *walk, uint32_t walk_n)
{
	uint32_t filled = 0;

	for (uint32_t i = 0; i < slot_n; i++)
		slot[i] = LVS_MAGLEV_FREE;
	for (uint32_t i = 0;; i = i + 1 < walk_n ? i + 1 : 0) {
		for (uint32_t turn = 0; turn < walk[i].turns; turn++) {
			walk[i].slot = next_free(slot, slot_n, &walk[i]);
			slot[walk[i].slot] = (uint16_t)i;
			if (++filled == slot_n)
				return;
		}
	}
}
