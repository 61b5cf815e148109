/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched/cache.h"

#include <string.h>

#include <liblvs/director.h>

#include "base/siphash.h"
#include "sched/cache_set.h"

#define COLLECT_S 60
#define FULL_ROUNDS 30
#define IDLE_S 360

/*
 * Secret, unlike the kernel's: whoever chose the addresses could fill one bucket. Its choice shows
 * in nothing but the order in which idle entries go.
 */
static uint32_t bucket_of(const struct lvs_sched_cache *cache, const struct lvs_sched_set *set,
			  const union lvs_addr *addr)
{
	return (uint32_t)lvs_siphash(set->settings->table_key, addr, sizeof(*addr)) &
	       (cache->bucket_n - 1);
}

/* All of it compares. */
static union lvs_addr clean(const struct lvs_sched_set *set, const union lvs_addr *wanted)
{
	union lvs_addr addr = *wanted;

	if (set->family != LVS_INET6)
		addr.word[1] = addr.word[2] = addr.word[3] = 0;
	return addr;
}

struct lvs_sched_cache_entry *lvs_sched_cache_find(struct lvs_sched_cache *cache,
						   const struct lvs_sched_set *set,
						   const union lvs_addr *wanted)
{
	union lvs_addr addr = clean(set, wanted);
	uint32_t number = cache->bucket[bucket_of(cache, set, &addr)];
	struct lvs_sched_cache_entry *entry;

	for (; (entry = lvs_sched_cache_at(cache, number)); number = entry->next) {
		if (memcmp(&entry->addr, &addr, sizeof(addr)) == 0)
			return entry;
	}
	return NULL;
}

uint32_t lvs_sched_cache_take(struct lvs_sched_cache *cache)
{
	uint32_t number = cache->entry_free;

	if (cache->entry_n >= cache->entry_max)
		return 0;
	cache->entry_n++;
	if (!number)
		return ++cache->entry_used;
	cache->entry_free = cache->entry[number - 1].next;
	return number;
}

struct lvs_sched_cache_entry *lvs_sched_cache_add(struct lvs_sched_cache *cache,
						  const struct lvs_sched_set *set,
						  const union lvs_addr *wanted, uint32_t tick)
{
	uint32_t number = lvs_sched_cache_take(cache);
	struct lvs_sched_cache_entry *entry = lvs_sched_cache_at(cache, number);
	uint32_t *first;

	if (!entry)
		return NULL;
	*entry = (struct lvs_sched_cache_entry){
		.addr = clean(set, wanted), .seen = tick, .changed = tick};
	first = &cache->bucket[bucket_of(cache, set, &entry->addr)];
	entry->next = *first;
	*first = number;
	return entry;
}

bool lvs_sched_cache_join(struct lvs_sched_cache *cache, struct lvs_sched_cache_entry *entry,
			  uint32_t ref)
{
	uint32_t number = cache->member_free;

	if (number)
		cache->member_free = cache->member[number - 1].next;
	else if (cache->member_used < cache->member_max)
		number = ++cache->member_used;
	else
		return false;
	cache->member[number - 1] =
		(struct lvs_sched_cache_member){.ref = ref, .next = entry->value};
	entry->value = number;
	return true;
}

void lvs_sched_cache_leave(struct lvs_sched_cache *cache, struct lvs_sched_cache_entry *entry,
			   uint32_t ref)
{
	uint32_t *link = &entry->value;
	struct lvs_sched_cache_member *member;
	uint32_t number;

	while (*link && cache->member[*link - 1].ref != ref)
		link = &cache->member[*link - 1].next;
	number = *link;
	member = lvs_sched_cache_member(cache, number);
	if (!member)
		return;
	*link = member->next;
	member->next = cache->member_free;
	cache->member_free = number;
}

void lvs_sched_cache_drop(struct lvs_sched_cache *cache, uint32_t *link)
{
	uint32_t number = *link;
	struct lvs_sched_cache_entry *entry = &cache->entry[number - 1];

	*link = entry->next;
	while (cache->member_max && entry->value)
		lvs_sched_cache_leave(cache, entry, cache->member[entry->value - 1].ref);
	entry->next = cache->entry_free;
	cache->entry_free = number;
	cache->entry_n--;
}

/* --- Destinations that were removed --- */

/* Its ref, or 0. */
static uint32_t ghost_of(const struct lvs_sched_cache *cache, const struct lvs_sched_dest *dest)
{
	for (uint32_t i = 0; i < cache->ghost_n; i++) {
		const struct lvs_sched_ghost *ghost = &cache->ghost[i];

		if (ghost->port == dest->port && ghost->family == dest->family &&
		    memcmp(&ghost->addr, &dest->addr, sizeof(dest->addr)) == 0)
			return LVS_SCHED_CACHE_GHOST | i;
	}
	return 0;
}

static bool names(const struct lvs_sched_cache *cache, const struct lvs_sched_cache_entry *entry,
		  uint32_t ref)
{
	const struct lvs_sched_cache_member *member;

	if (!cache->member_max)
		return entry->value == ref;
	member = lvs_sched_cache_member(cache, entry->value);
	while (member && member->ref != ref)
		member = lvs_sched_cache_member(cache, member->next);
	return member != NULL;
}

static bool bucket_names(struct lvs_sched_cache *cache, uint32_t number, uint32_t ref)
{
	const struct lvs_sched_cache_entry *entry;

	for (; (entry = lvs_sched_cache_at(cache, number)); number = entry->next)
		if (names(cache, entry, ref))
			return true;
	return false;
}

bool lvs_sched_cache_remembers(struct lvs_sched_cache *cache, const struct lvs_sched_dest *dest)
{
	uint32_t ref = ghost_of(cache, dest);
	bool found = false;

	if (!ref)
		return false;
	lvs_spin_lock(&cache->lock);
	for (uint32_t i = 0; i < cache->bucket_n && !found; i++) {
		lvs_sched_cache_breathe(cache, i);
		found = bucket_names(cache, cache->bucket[i], ref);
	}
	lvs_spin_unlock(&cache->lock);
	return found;
}

/* --- Collection --- */

static uint32_t sweep_bucket(struct lvs_sched_cache *cache, uint32_t *link, uint32_t tick,
			     uint32_t idle)
{
	uint32_t dropped = 0;

	while (*link) {
		struct lvs_sched_cache_entry *entry = &cache->entry[*link - 1];

		if (lvs_tick_reached(tick, entry->seen + idle)) {
			lvs_sched_cache_drop(cache, link);
			dropped++;
		} else {
			link = &entry->next;
		}
	}
	return dropped;
}

/* Drops what was idle for @p idle ticks, bucket by bucket, until @p goal have gone. */
static void sweep(struct lvs_sched_cache *cache, uint32_t tick, uint32_t idle, uint32_t goal)
{
	uint32_t dropped = 0;

	for (uint32_t i = 0; i < cache->bucket_n && dropped < goal; i++) {
		lvs_sched_cache_breathe(cache, i);
		cache->rover = (cache->rover + 1) & (cache->bucket_n - 1);
		dropped += sweep_bucket(cache, &cache->bucket[cache->rover], tick, idle);
	}
}

static uint32_t partial_goal(const struct lvs_sched_cache *cache)
{
	uint64_t goal = (uint64_t)(cache->entry_n - cache->size) * 4 / 3;

	return goal < cache->size / 2 ? (uint32_t)goal : cache->size / 2;
}

static void collect(struct lvs_sched_cache *cache, uint32_t tick)
{
	if (cache->rounds % FULL_ROUNDS == 0) {
		cache->rounds = 1;
		sweep(cache, tick, lvs_sched_cache_expiration(cache), UINT32_MAX);
	} else if (cache->entry_n <= cache->size) {
		cache->rounds++;
	} else {
		sweep(cache, tick, LVS_TICKS_OF_S(IDLE_S), partial_goal(cache));
	}
}

/* The time of a tick that is not far from now's. */
static uint64_t ns_of(uint32_t tick, uint64_t now_ns)
{
	uint64_t now = now_ns >> LVS_TICK_SHIFT;

	return (now + (uint64_t)(int64_t)(int32_t)(tick - (uint32_t)now)) << LVS_TICK_SHIFT;
}

uint64_t lvs_sched_cache_expire(struct lvs_sched_cache *cache, uint64_t now_ns)
{
	uint32_t tick = LVS_TICKS(now_ns);
	uint32_t due;

	lvs_spin_lock(&cache->lock);
	if (!cache->collecting && lvs_tick_reached(tick, cache->due)) {
		cache->collecting = true;
		cache->due = tick + LVS_TICKS_OF_S(COLLECT_S);
		collect(cache, tick);
		cache->collecting = false;
	}
	due = cache->due;
	lvs_spin_unlock(&cache->lock);
	return ns_of(due, now_ns);
}

void lvs_sched_cache_begin(struct lvs_sched_cache *cache, uint32_t tick)
{
	cache->rounds = 1;
	cache->due = tick + LVS_TICKS_OF_S(COLLECT_S);
}
