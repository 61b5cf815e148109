/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locality-based least connections: an address that clients want goes where it went before, unless
 * that is busy while another is idle; a new one goes to the least loaded. For caches, each of which
 * then holds its own part. Zhang: "Linux Virtual Server for Scalable Network Services", 2000.
 */
#include <liblvs/director.h>

#include "sched/busy.h"
#include "sched/cache.h"
#include "sched/flow.h"
#include "sched/least.h"
#include "sched/list.h"

static size_t lblc_state_size(const struct lvs_sched_set *set)
{
	return lvs_sched_cache_size(set, false);
}

static int lblc_build(void *state, const struct lvs_sched_set *set, const void *old,
		      const struct lvs_sched_set *old_set)
{
	/* Its lock is taken, and what build() alone uses is written. */
	lvs_sched_cache_build(state, set, (void *)(uintptr_t)old, old_set, false,
			      &set->settings->lblc_expiration_s);
	return 0;
}

/* Overload does not count here, as in the kernel: who has come keeps coming. */
static uint32_t known_place(const struct lvs_sched_set *set,
			    const struct lvs_sched_cache_entry *entry)
{
	if (entry->value & LVS_SCHED_CACHE_GHOST || set->dest[entry->value].weight <= 0 ||
	    lvs_sched_busy(set, &set->dest[entry->value]))
		return LVS_SCHED_NONE;
	return entry->value;
}

static void remember(struct lvs_sched_cache *cache, const struct lvs_sched_set *set,
		     const union lvs_addr *wanted, struct lvs_sched_cache_entry *entry,
		     uint32_t picked)
{
	if (!entry)
		entry = lvs_sched_cache_add(cache, set, wanted, lvs_sched_tick(set));
	if (entry)
		entry->value = picked;
}

static uint32_t lblc_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			  unsigned flags)
{
	struct lvs_sched_cache *cache = state;
	const union lvs_addr *wanted = lvs_sched_wanted(flow, flags);
	uint32_t picked = LVS_SCHED_NONE;
	struct lvs_sched_cache_entry *entry;

	lvs_spin_lock(&cache->lock);
	entry = lvs_sched_cache_find(cache, set, wanted);
	if (entry)
		picked = known_place(set, entry);
	if (entry && !(flags & LVS_PICK_PEEK))
		entry->seen = lvs_sched_tick(set);
	if (picked == LVS_SCHED_NONE) {
		picked = lvs_least_scan(set, lvs_least_by_load);
		if (picked != LVS_SCHED_NONE && !(flags & LVS_PICK_PEEK))
			remember(cache, set, wanted, entry, picked);
	}
	lvs_spin_unlock(&cache->lock);
	return picked;
}

static uint64_t lblc_expiry(const struct lvs_sched_set *set, void *state, uint64_t now_ns)
{
	(void)set;
	return lvs_sched_cache_expire(state, now_ns);
}

static bool lblc_remembers(const struct lvs_sched_set *set, void *state,
			   const struct lvs_sched_dest *dest)
{
	(void)set;
	return lvs_sched_cache_remembers(state, dest);
}

const struct lvs_sched_ops lvs_sched_lblc = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "lblc",
	.state_size = lblc_state_size,
	.build = lblc_build,
	.pick = lblc_pick,
	.expiry = lblc_expiry,
	.remembers = lblc_remembers,
};
