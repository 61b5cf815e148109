/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/epoch.h"

#include <string.h>

void lvs_epoch_init(struct lvs_epoch *epoch)
{
	memset(epoch->readers, 0, sizeof(epoch->readers));
	atomic_init(&epoch->now, 1);
	lvs_spin_init(&epoch->lock);
	epoch->readers_n = 0;
}

bool lvs_epoch_join(struct lvs_epoch *epoch, struct lvs_epoch_reader *reader)
{
	unsigned slot = 0;

	atomic_store_explicit(&reader->entered, 0, memory_order_relaxed);
	lvs_spin_lock(&epoch->lock);
	while (slot < LVS_EPOCH_READERS && epoch->readers[slot])
		slot++;
	if (slot < LVS_EPOCH_READERS) {
		epoch->readers[slot] = reader;
		reader->slot = slot;
		if (slot >= epoch->readers_n)
			epoch->readers_n = slot + 1;
	}
	lvs_spin_unlock(&epoch->lock);
	return slot < LVS_EPOCH_READERS;
}

void lvs_epoch_leave(struct lvs_epoch *epoch, struct lvs_epoch_reader *reader)
{
	lvs_spin_lock(&epoch->lock);
	epoch->readers[reader->slot] = NULL;
	lvs_spin_unlock(&epoch->lock);
}

uint64_t lvs_epoch_retire(struct lvs_epoch *epoch)
{
	/* The unlinking before, the look at the readers after. Pairs with lvs_epoch_enter(). */
	lvs_epoch_fence(epoch);
	return atomic_fetch_add_explicit(&epoch->now, 1, memory_order_acq_rel);
}

bool lvs_epoch_passed(struct lvs_epoch *epoch, uint64_t tag, const struct lvs_epoch_reader *self)
{
	bool passed = true;

	lvs_spin_lock(&epoch->lock);
	/* After the tag was drawn: a reader whose mark we do not see sees the unlinking. */
	lvs_epoch_fence(epoch);
	for (unsigned i = 0; passed && i < epoch->readers_n; i++) {
		struct lvs_epoch_reader *reader = epoch->readers[i];

		if (reader && reader != self) {
			/* acquire: pairs with the release in lvs_epoch_exit() */
			uint64_t entered =
				atomic_load_explicit(&reader->entered, memory_order_acquire);
			passed = entered == 0 || entered > tag;
		}
	}
	lvs_spin_unlock(&epoch->lock);
	return passed;
}
