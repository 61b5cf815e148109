/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lblc and lblcr remember: for each address that clients want, the destination, or the few,
 * that serve it. All memory is the state's own, made once: strangers choose the addresses.
 *
 *	| struct cache: ghosts | entries | members | buckets | where refs go |
 *
 * A ref names a destination: an index into the set, or a ghost, which is one that was removed. The
 * kernel's cache keeps removed destinations too, so that one which comes back has its addresses.
 */
#ifndef LVS_SCHED_CACHE_H
#define LVS_SCHED_CACHE_H

#include <stdbool.h>

#include <liblvs/sched.h>

#include "base/compiler.h"
#include "base/spin.h"
#include "base/tick.h"

#define LVS_SCHED_CACHE_GHOSTS 256
#define LVS_SCHED_CACHE_GHOST (1u << 31) /* set in the ref of a ghost */

/* An address. Numbers of entries and members count from 1; 0 is the end of a list. */
struct lvs_sched_cache_entry {
	union lvs_addr addr;
	uint32_t next;    /* in its bucket, or the free ones */
	uint32_t value;   /* ref of its destination; with sets: its first member */
	uint32_t seen;    /* tick of its last connection */
	uint32_t changed; /* with sets: tick at which a member came or went */
};

/* One of the destinations of an entry with a set. */
struct lvs_sched_cache_member {
	uint32_t ref;
	uint32_t next;
};

struct lvs_sched_ghost {
	union lvs_addr addr;
	lvs_be16 port;
	uint16_t family;
};

struct lvs_sched_cache {
	/* All that follows, but what is the same for life; and while the next commit copies it. */
	struct lvs_spin lock;
	bool collecting;
	uint32_t entry_n;
	uint32_t entry_used; /* of entry[], those on the free list included */
	uint32_t entry_free;
	uint32_t member_used;
	uint32_t member_free;
	uint32_t rover;  /* bucket at which the last collection stopped */
	uint32_t rounds; /* collections since the last full one */
	uint32_t due;    /* tick of the next collection */

	/* For life. */
	uint32_t size;       /* addresses that are kept without a look at how idle they are */
	uint32_t entry_max;  /* addresses at most: half as many again */
	uint32_t member_max; /* 0: no sets */
	const uint32_t *expiration_s; /* the setting, which may change */
	uint32_t ghost_n;
	struct lvs_sched_ghost ghost[LVS_SCHED_CACHE_GHOSTS];

	uint32_t bucket_n; /* a power of two, about one for each address */
	uint32_t *bucket;  /* first entry */
	/* What becomes of refs in the next state; its build() alone uses them. */
	uint32_t ghost_to[LVS_SCHED_CACHE_GHOSTS];
	uint32_t *to; /* by index of the set */
	struct lvs_sched_cache_member *member;
	struct lvs_sched_cache_entry entry[];
};

/* Bytes for @p set; @p sets: entries have sets of destinations. */
size_t lvs_sched_cache_size(const struct lvs_sched_set *set, bool sets);

/* Prepares zeroed memory of that size; what @p old (NULL: nothing) knows goes on. */
void lvs_sched_cache_build(struct lvs_sched_cache *cache, const struct lvs_sched_set *set,
			   struct lvs_sched_cache *old, const struct lvs_sched_set *old_set,
			   bool sets, const uint32_t *expiration_s);

/* --- With the lock held --- */

/* NULL: not known. */
struct lvs_sched_cache_entry *lvs_sched_cache_find(struct lvs_sched_cache *cache,
						   const struct lvs_sched_set *set,
						   const union lvs_addr *wanted);
/* An entry for an address that has none. NULL: there are too many. */
struct lvs_sched_cache_entry *lvs_sched_cache_add(struct lvs_sched_cache *cache,
						  const struct lvs_sched_set *set,
						  const union lvs_addr *wanted, uint32_t tick);
/* Takes a member in at the head. False: no room. */
bool lvs_sched_cache_join(struct lvs_sched_cache *cache, struct lvs_sched_cache_entry *entry,
			  uint32_t ref);
void lvs_sched_cache_leave(struct lvs_sched_cache *cache, struct lvs_sched_cache_entry *entry,
			   uint32_t ref);
/* Unlinks what *@p link names, and frees it. */
void lvs_sched_cache_drop(struct lvs_sched_cache *cache, uint32_t *link);

/* --- Without --- */

/*
 * The kernel's collection, once a minute: every 30th drops what was idle for the expiration; the
 * others, where there are more than size, what was idle for six minutes, until a third more than
 * what is too much has gone. Returns when to call again, in ns.
 */
uint64_t lvs_sched_cache_expire(struct lvs_sched_cache *cache, uint64_t now_ns);

/* Whether any address has this destination, which was removed. */
bool lvs_sched_cache_remembers(struct lvs_sched_cache *cache, const struct lvs_sched_dest *dest);

LVS_INLINE struct lvs_sched_cache_entry *lvs_sched_cache_at(struct lvs_sched_cache *cache,
							    uint32_t number)
{
	return number ? &cache->entry[number - 1] : NULL;
}

LVS_INLINE struct lvs_sched_cache_member *
lvs_sched_cache_member(const struct lvs_sched_cache *cache, uint32_t number)
{
	return number ? &cache->member[number - 1] : NULL;
}

/* Lets who waits for the lock in, now and then on a way over all buckets. */
LVS_INLINE void lvs_sched_cache_breathe(struct lvs_sched_cache *cache, uint32_t bucket)
{
	if (bucket % 256)
		return;
	lvs_spin_unlock(&cache->lock);
	lvs_spin_lock(&cache->lock);
}

/* How long an address is remembered that nobody wants, in ticks. */
LVS_INLINE uint32_t lvs_sched_cache_expiration(const struct lvs_sched_cache *cache)
{
	return LVS_TICKS_OF_S(lvs_read_relaxed(*cache->expiration_s));
}

LVS_INLINE uint32_t lvs_sched_tick(const struct lvs_sched_set *set)
{
	return LVS_TICKS(lvs_clock_ns(set->clock));
}

#endif
