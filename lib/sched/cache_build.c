/* SPDX-License-Identifier: BSD-2-Clause */
/* A cache for a new set, and what it takes over from the one before. */
#include <string.h>

#include <liblvs/director.h>

#include "sched/cache_set.h"
#include "sched/dest.h"

#define REF_UNKNOWN UINT32_MAX    /* removed, and nothing spoke of it so far */
#define REF_LOST (UINT32_MAX - 1) /* removed, and one ghost too many */

/* What is in the way from one cache to the next. */
struct move {
	struct lvs_sched_cache *to;
	struct lvs_sched_cache *from;
	const struct lvs_sched_set *set;
	const struct lvs_sched_set *old_set;
};

static uint32_t entry_max_of(const struct lvs_sched_set *set)
{
	return set->settings->lblc_entries + set->settings->lblc_entries / 2;
}

/* On average an address has two destinations at most; beyond, sets do not grow. */
static uint32_t member_max_of(const struct lvs_sched_set *set, bool sets)
{
	return sets ? 2 * entry_max_of(set) : 0;
}

static uint32_t bucket_n_of(const struct lvs_sched_set *set)
{
	return set->settings->lblc_entries > 1 ? 2u << lvs_fls64(set->settings->lblc_entries - 1)
					       : 1;
}

size_t lvs_sched_cache_size(const struct lvs_sched_set *set, bool sets)
{
	return sizeof(struct lvs_sched_cache) +
	       entry_max_of(set) * sizeof(struct lvs_sched_cache_entry) +
	       member_max_of(set, sets) * sizeof(struct lvs_sched_cache_member) +
	       (bucket_n_of(set) + set->dest_n) * sizeof(uint32_t);
}

static bool is_same_key(const struct lvs_sched_ghost *ghost, const struct lvs_sched_dest *dest)
{
	return ghost->port == dest->port && ghost->family == dest->family &&
	       memcmp(&ghost->addr, &dest->addr, sizeof(dest->addr)) == 0;
}

static struct lvs_sched_ghost ghost_of(const struct lvs_sched_dest *dest)
{
	return (struct lvs_sched_ghost){
		.addr = dest->addr, .port = dest->port, .family = dest->family};
}

/* A destination that is in the new set again has its old refs. */
static uint32_t find_again(const struct lvs_sched_set *set, const struct lvs_sched_ghost *ghost)
{
	for (uint32_t i = 0; i < set->dest_n; i++) {
		if (is_same_key(ghost, &set->dest[i]))
			return i;
	}
	return REF_UNKNOWN;
}

/* Additions go to the head, so what both sets have is met from their tails. */
static void map_refs(const struct move *move)
{
	uint32_t left = move->set->dest_n;

	for (uint32_t i = move->old_set->dest_n; i > 0; i--) {
		const struct lvs_sched_dest *old = &move->old_set->dest[i - 1];
		struct lvs_sched_ghost ghost;

		if (left > 0 && lvs_sched_same(old, &move->set->dest[left - 1])) {
			move->from->to[i - 1] = --left;
			continue;
		}
		ghost = ghost_of(old);
		move->from->to[i - 1] = find_again(move->set, &ghost);
	}
	for (uint32_t i = 0; i < move->from->ghost_n; i++)
		move->from->ghost_to[i] = find_again(move->set, &move->from->ghost[i]);
}

static uint32_t new_ghost(struct lvs_sched_cache *cache, const struct lvs_sched_ghost *ghost)
{
	if (cache->ghost_n == LVS_SCHED_CACHE_GHOSTS)
		return REF_LOST;
	cache->ghost[cache->ghost_n] = *ghost;
	return LVS_SCHED_CACHE_GHOST | cache->ghost_n++;
}

/* The ref in the new set, or REF_LOST. Ghosts are those that something speaks of. */
static uint32_t move_ref(const struct move *move, uint32_t ref)
{
	uint32_t number = ref & ~LVS_SCHED_CACHE_GHOST;
	uint32_t *to = ref & LVS_SCHED_CACHE_GHOST ? &move->from->ghost_to[number]
						   : &move->from->to[number];

	if (*to == REF_UNKNOWN) {
		struct lvs_sched_ghost ghost = ref & LVS_SCHED_CACHE_GHOST
						       ? move->from->ghost[number]
						       : ghost_of(&move->old_set->dest[number]);

		*to = new_ghost(move->to, &ghost);
	}
	return *to;
}

/* Members stay in their order, those that are lost excepted. */
static void move_members(const struct move *move, uint32_t number,
			 struct lvs_sched_cache_entry *entry)
{
	struct lvs_sched_cache *cache = move->to;
	uint32_t *last = &entry->value;
	const struct lvs_sched_cache_member *member;

	for (; (member = lvs_sched_cache_member(move->from, number)); number = member->next) {
		uint32_t ref = move_ref(move, member->ref);

		if (ref == REF_LOST)
			continue;
		*last = ++cache->member_used;
		cache->member[*last - 1] = (struct lvs_sched_cache_member){.ref = ref};
		last = &cache->member[*last - 1].next;
	}
}

/* False: nothing of it is left. */
static bool move_value(const struct move *move, const struct lvs_sched_cache_entry *old,
		       struct lvs_sched_cache_entry *entry)
{
	*entry = *old;
	entry->next = 0;
	if (!move->to->member_max) {
		entry->value = move_ref(move, old->value);
		return entry->value != REF_LOST;
	}
	entry->value = 0;
	move_members(move, old->value, entry);
	return entry->value != 0;
}

static void move_bucket(const struct move *move, uint32_t bucket)
{
	struct lvs_sched_cache *cache = move->to;
	uint32_t *last = &cache->bucket[bucket];
	const struct lvs_sched_cache_entry *old;
	uint32_t number = move->from->bucket[bucket];

	for (; (old = lvs_sched_cache_at(move->from, number)); number = old->next) {
		/* There may be more than there is room for: the old one changes meanwhile. */
		uint32_t taken = lvs_sched_cache_take(cache);

		if (!taken)
			return;
		*last = taken;
		if (move_value(move, old, &cache->entry[taken - 1]))
			last = &cache->entry[taken - 1].next;
		else
			lvs_sched_cache_drop(cache, last);
	}
}

static void take_over(const struct move *move)
{
	struct lvs_sched_cache *from = move->from;

	map_refs(move);
	lvs_spin_lock(&from->lock);
	move->to->rover = from->rover;
	move->to->rounds = from->rounds;
	move->to->due = from->due;
	for (uint32_t i = 0; i < from->bucket_n; i++) {
		lvs_sched_cache_breathe(from, i);
		move_bucket(move, i);
	}
	lvs_spin_unlock(&from->lock);
}

void lvs_sched_cache_build(struct lvs_sched_cache *cache, const struct lvs_sched_set *set,
			   struct lvs_sched_cache *old, const struct lvs_sched_set *old_set,
			   bool sets, const uint32_t *expiration_s)
{
	struct move move = {.to = cache, .from = old, .set = set, .old_set = old_set};

	lvs_spin_init(&cache->lock);
	cache->size = set->settings->lblc_entries;
	cache->entry_max = entry_max_of(set);
	cache->member_max = member_max_of(set, sets);
	cache->expiration_s = expiration_s;
	cache->member = (struct lvs_sched_cache_member *)(void *)&cache->entry[cache->entry_max];
	cache->bucket_n = bucket_n_of(set);
	cache->bucket = (uint32_t *)(void *)&cache->member[cache->member_max];
	cache->to = &cache->bucket[cache->bucket_n];
	lvs_sched_cache_begin(cache, lvs_sched_tick(set));
	if (old)
		take_over(&move);
}
