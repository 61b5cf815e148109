/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locality-based least connections with replication: as lblc, but an address has a set of
 * destinations, which grows when the least loaded of them is busy while another is idle, and
 * shrinks by the most loaded when it has not changed for long.
 */
#include <liblvs/director.h>

#include "sched/busy.h"
#include "sched/cache.h"
#include "sched/flow.h"
#include "sched/least.h"
#include "sched/list.h"

static size_t lblcr_state_size(const struct lvs_sched_set *set)
{
	return lvs_sched_cache_size(set, true);
}

static int lblcr_build(void *state, const struct lvs_sched_set *set, const void *old,
		       const struct lvs_sched_set *old_set)
{
	/* Its lock is taken, and what build() alone uses is written. */
	lvs_sched_cache_build(state, set, (void *)(uintptr_t)old, old_set, true,
			      &set->settings->lblcr_expiration_s);
	return 0;
}

static uint32_t least_of(const struct lvs_sched_cache *cache, const struct lvs_sched_set *set,
			 const struct lvs_sched_cache_entry *entry)
{
	struct lvs_least least = LVS_LEAST_UNUSABLE;
	const struct lvs_sched_cache_member *member = lvs_sched_cache_member(cache, entry->value);

	for (; member; member = lvs_sched_cache_member(cache, member->next)) {
		struct lvs_least next;

		if (member->ref & LVS_SCHED_CACHE_GHOST)
			continue;
		next = lvs_least_of(set, member->ref, lvs_gauge_load(set->dest[member->ref].gauge),
				    lvs_least_by_load);
		if (lvs_least_beats(&next, &least))
			least = next;
	}
	return least.index;
}

/* The member to part with: one that was removed, else the most loaded for its weight; of equals
 * the first. LVS_SCHED_NONE: all are of weight 0. */
static uint32_t most_of(const struct lvs_sched_cache *cache, const struct lvs_sched_set *set,
			const struct lvs_sched_cache_entry *entry)
{
	const struct lvs_sched_cache_member *member = lvs_sched_cache_member(cache, entry->value);
	int64_t most_load = 0, most_weight = 0;
	uint32_t most = LVS_SCHED_NONE;

	for (; member; member = lvs_sched_cache_member(cache, member->next)) {
		const struct lvs_sched_dest *dest;
		int64_t load;

		if (member->ref & LVS_SCHED_CACHE_GHOST)
			return member->ref;
		dest = &set->dest[member->ref];
		load = (int32_t)lvs_sched_load(dest);
		if (dest->weight <= 0 ||
		    (most != LVS_SCHED_NONE && load * most_weight <= most_load * dest->weight))
			continue;
		most = member->ref;
		most_load = load;
		most_weight = dest->weight;
	}
	return most;
}

static bool is_member(const struct lvs_sched_cache *cache,
		      const struct lvs_sched_cache_entry *entry, uint32_t ref)
{
	const struct lvs_sched_cache_member *member = lvs_sched_cache_member(cache, entry->value);

	while (member && member->ref != ref)
		member = lvs_sched_cache_member(cache, member->next);
	return member != NULL;
}

/* A set that has not changed for long gives up a member. */
static void shrink(struct lvs_sched_cache *cache, const struct lvs_sched_set *set,
		   struct lvs_sched_cache_entry *entry, uint32_t tick)
{
	const struct lvs_sched_cache_member *first = lvs_sched_cache_member(cache, entry->value);
	uint32_t most;

	if (!first || !first->next ||
	    lvs_tick_reached(entry->changed + lvs_sched_cache_expiration(cache), tick))
		return;
	most = most_of(cache, set, entry);
	if (most == LVS_SCHED_NONE)
		return;
	lvs_sched_cache_leave(cache, entry, most);
	entry->changed = tick;
}

static void grow(struct lvs_sched_cache *cache, const struct lvs_sched_set *set,
		 const union lvs_addr *wanted, struct lvs_sched_cache_entry *entry, uint32_t picked)
{
	uint32_t tick = lvs_sched_tick(set);

	/* An entry has a member always: what there is no room for is not begun. */
	if (!entry && cache->member_used == cache->member_max && !cache->member_free)
		return;
	if (!entry)
		entry = lvs_sched_cache_add(cache, set, wanted, tick);
	if (entry && !is_member(cache, entry, picked) && lvs_sched_cache_join(cache, entry, picked))
		entry->changed = tick;
}

static uint32_t lblcr_pick(const struct lvs_sched_set *set, void *state,
			   const struct lvs_flow *flow, unsigned flags)
{
	struct lvs_sched_cache *cache = state;
	const union lvs_addr *wanted = lvs_sched_wanted(flow, flags);
	uint32_t picked = LVS_SCHED_NONE;
	struct lvs_sched_cache_entry *entry;
	bool peek = flags & LVS_PICK_PEEK;

	lvs_spin_lock(&cache->lock);
	entry = lvs_sched_cache_find(cache, set, wanted);
	if (entry)
		picked = least_of(cache, set, entry);
	if (entry && !peek) {
		entry->seen = lvs_sched_tick(set);
		shrink(cache, set, entry, entry->seen);
	}
	if (picked == LVS_SCHED_NONE || lvs_sched_busy(set, &set->dest[picked])) {
		picked = lvs_least_scan(set, lvs_least_by_load);
		if (picked != LVS_SCHED_NONE && !peek)
			grow(cache, set, wanted, entry, picked);
	}
	lvs_spin_unlock(&cache->lock);
	return picked;
}

static uint64_t lblcr_expiry(const struct lvs_sched_set *set, void *state, uint64_t now_ns)
{
	(void)set;
	return lvs_sched_cache_expire(state, now_ns);
}

static bool lblcr_remembers(const struct lvs_sched_set *set, void *state,
			    const struct lvs_sched_dest *dest)
{
	(void)set;
	return lvs_sched_cache_remembers(state, dest);
}

const struct lvs_sched_ops lvs_sched_lblcr = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "lblcr",
	.state_size = lblcr_state_size,
	.build = lblcr_build,
	.pick = lblcr_pick,
	.expiry = lblcr_expiry,
	.remembers = lblcr_remembers,
};
