/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/arena_spare.h"

#include <string.h>

#include "base/memory.h"

/* Memory whose first page, or all of it where pages are that large, has come: the system zeroes it
 * while nobody waits. NULL: there is none. */
static struct lvs_arena_chunk *fetch_chunk(const struct lvs_arena *arena)
{
	struct lvs_arena_chunk *chunk =
		lvs_mem_alloc(arena->alloc, LVS_ARENA_CHUNK_SIZE, LVS_ARENA_CHUNK_SIZE);

	if (chunk)
		memset(chunk, 0, sizeof(*chunk));
	return chunk;
}

bool lvs_arena_begin_spare(struct lvs_arena *arena, bool wanted)
{
	if (!wanted)
		return false;
	atomic_store_explicit(&arena->wanted, false, memory_order_relaxed);
	arena->late = false;
	arena->preparing = true;
	return true;
}

void lvs_arena_make_spare(struct lvs_arena *arena)
{
	struct lvs_arena_chunk *chunk = fetch_chunk(arena);

	lvs_spin_lock(&arena->lock);
	atomic_store_explicit(&arena->spare, chunk, memory_order_relaxed);
	arena->preparing = false;
	lvs_spin_unlock(&arena->lock);
}

void lvs_arena_expect(struct lvs_arena *arena)
{
	/* relaxed: a hint; under the lock it is exact */
	if (lvs_likely(atomic_load_explicit(&arena->chunks_n, memory_order_relaxed)))
		return;
	lvs_spin_lock(&arena->lock);
	if (!atomic_load_explicit(&arena->chunks_n, memory_order_relaxed) && !arena->preparing &&
	    !atomic_load_explicit(&arena->spare, memory_order_relaxed))
		atomic_store_explicit(&arena->wanted, true, memory_order_relaxed);
	lvs_spin_unlock(&arena->lock);
}

bool lvs_arena_prepare(struct lvs_arena *arena)
{
	bool mine;

	if (!lvs_arena_wants(arena))
		return false;
	lvs_spin_lock(&arena->lock);
	mine = lvs_arena_begin_spare(arena, lvs_arena_wants(arena));
	lvs_spin_unlock(&arena->lock);
	if (mine)
		lvs_arena_make_spare(arena);
	return mine;
}

struct lvs_arena_chunk *lvs_arena_take_spare(struct lvs_arena *arena)
{
	struct lvs_arena_chunk *chunk = atomic_load_explicit(&arena->spare, memory_order_relaxed);

	if (!chunk)
		return fetch_chunk(arena);
	atomic_store_explicit(&arena->spare, NULL, memory_order_relaxed);
	return chunk;
}
