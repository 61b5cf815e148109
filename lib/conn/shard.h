/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shard: an index that grows, the lock of who changes it, and a timer wheel.
 *
 * Growing, a step with each insert: (1) take memory for twice as many lines;
 * (2) zero them, some at a time; (3) publish them as `next`, where inserts go from
 * now on; (4) move some lines at a time; (5) `next` becomes the index, the change
 * count moves, and the old lines are freed when their epoch is over.
 *
 * A reader looks into the index, then into `next`. An entry is in `next` before it
 * leaves the index, so it is seen in one of them, unless step (5) came in between:
 * then the change count has moved, and the reader starts over.
 */
#ifndef LVS_CONN_SHARD_H
#define LVS_CONN_SHARD_H

#include "base/hash.h"
#include "base/spin.h"
#include "conn/arena.h"
#include "conn/lines.h"
#include "conn/tags.h"
#include "conn/wheel.h"

#define LVS_SHARD_FIRST_BITS 2 /* lines of a new shard's index, log2 */
#define LVS_SHARD_ZERO_LINES 64
#define LVS_SHARD_MOVE_LINES 8

/* Counted with relaxed atomics. */
struct lvs_shard_stats {
	_Atomic uint64_t grown;
	_Atomic uint64_t longest_step; /* lines */
};

struct lvs_companies;

/* What a table's shards have in common. */
struct lvs_shard_env {
	const struct lvs_alloc *alloc;
	struct lvs_epoch *epoch;
	struct lvs_arena *arena;
	struct lvs_companies *companies;
	struct lvs_hash hash;
	uint32_t shards;
	struct lvs_lines lines;
	struct lvs_shard_stats stats;
};

/* What readers see; changed by the lock's holder, rarely. All views of a table lie together: 256 of
 * them are 8 KiB, which stay in the nearest cache. */
struct lvs_shard_view {
	_Atomic uintptr_t index;  /* packed struct lvs_index */
	_Atomic uintptr_t next;   /* where entries move to, 0: not growing */
	_Atomic uint32_t changes; /* how often `next` became the index */
	uint8_t reserved[12];
};

struct lvs_shard {
	struct lvs_shard_view *view;      /* fixed */
	LVS_ALIGNED struct lvs_spin lock; /* everything below */
	uint32_t grow_at;                 /* thousandths of the slots */
	uint32_t quiet;                   /* entries until there is something to be looked at */
	_Atomic uint32_t adds;            /* entries that ever came; wraps: lvs_shard_adds() */
	uint32_t entries[2];              /* in index, in next */
	struct lvs_index fresh;           /* memory that is being zeroed */
	uint64_t cursor;                  /* lines zeroed, or moved */
	struct lvs_index old;             /* lines that readers may still see */
	uint64_t old_tag;
	uint32_t inserts;
	struct lvs_wheel wheel;
};

/* 0 or LVS_ERR_NO_MEMORY. */
int lvs_shard_init(struct lvs_shard *shard, struct lvs_shard_env *env, struct lvs_shard_view *view,
		   uint32_t number);
void lvs_shard_fini(struct lvs_shard *shard, struct lvs_shard_env *env);

/* acquire: the lines were zeroed, or filled, before; pairs with the releases in shard.c */
LVS_INLINE struct lvs_index lvs_view_index(const struct lvs_shard_view *view)
{
	return lvs_index_unpack(atomic_load_explicit(&view->index, memory_order_acquire));
}

LVS_INLINE struct lvs_index lvs_view_next(const struct lvs_shard_view *view)
{
	return lvs_index_unpack(atomic_load_explicit(&view->next, memory_order_acquire));
}

/*
 * How many entries ever came. Who reads it, searches in vain, and reads the same again knows that
 * none has come meanwhile; under the lock that is final. Growth moves entries and adds none.
 */
LVS_INLINE uint32_t lvs_shard_adds(const struct lvs_shard *shard)
{
	/* acquire: what was counted is found; pairs with the release in lvs_shard_add() */
	return atomic_load_explicit(&shard->adds, memory_order_acquire);
}

/* --- The lock is held --- */

/* The rest of lvs_shard_reserve(), when there is something to be looked at. */
bool lvs_shard_reserve_step(struct lvs_shard *shard, struct lvs_shard_env *env, unsigned n);

/*
 * Makes sure that @p n entries more find room, growing a step. False: no memory.
 * Nothing else has changed then.
 */
LVS_INLINE bool lvs_shard_reserve(struct lvs_shard *shard, struct lvs_shard_env *env, unsigned n)
{
	if (lvs_unlikely(shard->quiet < n))
		return lvs_shard_reserve_step(shard, env, n);
	shard->quiet -= n;
	return true;
}

/* Whether what is left of quiet is right: NULL, or what is wrong. */
const char *lvs_shard_check_quiet(const struct lvs_shard *shard);

/* Whether surely no entry has a hash, as is mostly the case with a new one: its home line has none
 * with the tag, and none ever went on from there. False: it has to be searched for. */
LVS_INLINE bool lvs_view_lacks(const struct lvs_shard_view *view, uint64_t hash)
{
	struct lvs_index index = lvs_view_index(view);

	/* The next one is loaded after the index was searched: what had left it is there. */
	return lvs_index_lacks(lvs_index_line_of(index, hash), lvs_index_tag(hash)) &&
	       !lvs_view_next(view).lines;
}

/* A hint: the home line of a hash will be written. */
LVS_INLINE void lvs_shard_fetch(const struct lvs_shard *shard, uint64_t hash)
{
	struct lvs_index index = lvs_view_index(shard->view);

	lvs_prefetch_write(lvs_index_line_of(index, hash));
}

/* Adds an entry for which room was reserved. */
LVS_INLINE void lvs_shard_add(struct lvs_shard *shard, uint64_t hash, uint32_t ref)
{
	struct lvs_index next = lvs_view_next(shard->view);
	uint32_t adds = atomic_load_explicit(&shard->adds, memory_order_relaxed);

	lvs_index_add_near(next.lines ? next : lvs_view_index(shard->view), hash, ref);
	shard->entries[next.lines != NULL]++;
	/* release: the entry is there; pairs with lvs_shard_adds() */
	atomic_store_explicit(&shard->adds, adds + 1, memory_order_release);
}

/* Takes out an entry, wherever it is. False when it is not there. */
bool lvs_shard_remove_any(struct lvs_shard *shard, uint64_t hash, uint32_t ref);

/* The same; mostly it is the first with its tag in its home line. */
LVS_INLINE bool lvs_shard_remove(struct lvs_shard *shard, uint64_t hash, uint32_t ref)
{
	struct lvs_index_line *line = lvs_index_line_of(lvs_view_index(shard->view), hash);
	uint32_t passed;
	uint64_t slots = lvs_index_slots(line, lvs_index_tag(hash), &passed);

	if (lvs_unlikely(!slots) ||
	    lvs_unlikely(atomic_load_explicit(&line->refs[lvs_index_slot(slots)],
					      memory_order_relaxed) != ref))
		return lvs_shard_remove_any(shard, hash, ref);
	lvs_index_clear(line, lvs_index_slot(slots));
	shard->entries[0]--;
	return true;
}

/* Frees old lines if nobody sees them any more. */
void lvs_shard_tidy(struct lvs_shard *shard, struct lvs_shard_env *env);

#endif
