/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/shard.h"

#include <assert.h>
#include <string.h>

#include <liblvs/error.h>

#include "conn/key.h"

/*
 * Where shards double, in thousandths of their slots. Shards that are filled evenly
 * would all double at the same number of connections; so their thresholds are spread
 * evenly between these, and memory follows use without a jump. The upper one keeps most
 * entries in their own line, the two together keep the slots at 43 % in use at the worst.
 */
#define GROW_AT_LOWEST 540
#define GROW_AT_HIGHEST 860
/* It waits until the memory for it has been touched where no packet waits, but not beyond so many
 * more: lvs_lines_take_ready(). */
#define GROW_LATE 8
/* Without memory to grow, an index is full here: searches would become long. */
#define FULL_AT 940
/* Inserts between two looks whether old lines can go. */
#define TIDY_EVERY 16

static uint64_t slots_of(struct lvs_index index)
{
	return lvs_index_lines_n(index) * LVS_INDEX_SLOTS;
}

static bool alloc_lines(struct lvs_shard_env *env, unsigned bits, bool now, struct lvs_index *index)
{
	struct lvs_index made = {NULL, bits};
	uint64_t n = lvs_index_lines_n(made);

	if (bits > 32)
		return false;
	made.lines = now ? lvs_lines_take(&env->lines, n) : lvs_lines_take_ready(&env->lines, n);
	if (!made.lines)
		return false;
	*index = made;
	return true;
}

static void free_lines(struct lvs_shard_env *env, struct lvs_index *index)
{
	if (!index->lines)
		return;
	lvs_lines_give(&env->lines, index->lines, lvs_index_lines_n(*index));
	index->lines = NULL;
}

int lvs_shard_init(struct lvs_shard *shard, struct lvs_shard_env *env, struct lvs_shard_view *view,
		   uint32_t number)
{
	struct lvs_index index;

	memset(shard, 0, sizeof(*shard));
	memset(view, 0, sizeof(*view));
	shard->view = view;
	if (!alloc_lines(env, LVS_SHARD_FIRST_BITS, true, &index))
		return LVS_ERR_NO_MEMORY;
	memset(index.lines, 0, lvs_index_lines_n(index) * sizeof(*index.lines));
	atomic_init(&shard->view->index, lvs_index_pack(index));
	shard->grow_at =
		GROW_AT_LOWEST + (uint32_t)((uint64_t)(2 * number + 1) *
					    (GROW_AT_HIGHEST - GROW_AT_LOWEST) / (2 * env->shards));
	lvs_spin_init(&shard->lock);
	lvs_wheel_init(&shard->wheel);
	return 0;
}

void lvs_shard_fini(struct lvs_shard *shard, struct lvs_shard_env *env)
{
	struct lvs_index index = lvs_view_index(shard->view);
	struct lvs_index next = lvs_view_next(shard->view);

	free_lines(env, &index);
	free_lines(env, &next);
	free_lines(env, &shard->fresh);
	free_lines(env, &shard->old);
}

void lvs_shard_tidy(struct lvs_shard *shard, struct lvs_shard_env *env)
{
	if (shard->old.lines && lvs_epoch_passed(env->epoch, shard->old_tag, NULL))
		free_lines(env, &shard->old);
}

/* --- Growth, a step at a time; each returns how many lines it touched --- */

static unsigned zero_step(struct lvs_shard *shard)
{
	uint64_t left = lvs_index_lines_n(shard->fresh) - shard->cursor;
	unsigned n = left < LVS_SHARD_ZERO_LINES ? (unsigned)left : LVS_SHARD_ZERO_LINES;

	memset(&shard->fresh.lines[shard->cursor], 0, n * sizeof(struct lvs_index_line));
	shard->cursor += n;
	if (shard->cursor == lvs_index_lines_n(shard->fresh)) {
		/* release: the lines are zero; pairs with lvs_view_next() */
		atomic_store_explicit(&shard->view->next, lvs_index_pack(shard->fresh),
				      memory_order_release);
		shard->fresh.lines = NULL;
		shard->cursor = 0;
	}
	return n;
}

static unsigned move_entry(struct lvs_shard *shard, struct lvs_shard_env *env,
			   struct lvs_index index, struct lvs_index next, uint64_t line,
			   unsigned slot)
{
	uint32_t ref = atomic_load_explicit(&index.lines[line].refs[slot], memory_order_relaxed);
	uint64_t hash = lvs_key_hash_conn(&env->hash, env->companies,
					  lvs_arena_at(env->arena, ref >> 1), ref & 1);
	unsigned looked = lvs_index_add(next, hash, ref);

	lvs_index_drop(index, hash, line, slot);
	shard->entries[0]--;
	shard->entries[1]++;
	return looked;
}

/* The records are needed for their hashes; they lie anywhere. */
static void prefetch_records(const struct lvs_arena *arena, const struct lvs_index_line *line)
{
	for (unsigned slot = 0; slot < LVS_INDEX_SLOTS; slot++)
		if (lvs_index_tag_at(line, slot)) {
			uint32_t ref =
				atomic_load_explicit(&line->refs[slot], memory_order_relaxed);

			lvs_prefetch(lvs_arena_at(arena, ref >> 1));
		}
}

static unsigned move_line(struct lvs_shard *shard, struct lvs_shard_env *env,
			  struct lvs_index index, struct lvs_index next, uint64_t line)
{
	unsigned looked = 1;

	for (unsigned slot = 0; slot < LVS_INDEX_SLOTS; slot++)
		if (lvs_index_tag_at(&index.lines[line], slot))
			looked += move_entry(shard, env, index, next, line, slot);
	return looked;
}

static unsigned move_step(struct lvs_shard *shard, struct lvs_shard_env *env)
{
	struct lvs_index index = lvs_view_index(shard->view);
	struct lvs_index next = lvs_view_next(shard->view);
	uint64_t end = shard->cursor + LVS_SHARD_MOVE_LINES;
	unsigned looked = 0;

	if (end > lvs_index_lines_n(index))
		end = lvs_index_lines_n(index);
	for (uint64_t line = shard->cursor; line < end; line++)
		prefetch_records(env->arena, &index.lines[line]);
	for (; shard->cursor < end; shard->cursor++)
		looked += move_line(shard, env, index, next, shard->cursor);
	return looked;
}

/* All entries have moved: next takes the index's place. */
static void swap(struct lvs_shard *shard, struct lvs_shard_env *env)
{
	struct lvs_index index = lvs_view_index(shard->view);
	uint32_t changes = atomic_load_explicit(&shard->view->changes, memory_order_relaxed);

	assert(shard->entries[0] == 0);
	lvs_shard_tidy(shard, env);
	if (shard->old.lines)
		return; /* a reader has been in for ages; readers go on looking into both */
	/* The order of these three: who reads the new count reads the new index, and who finds
	 * next gone reads the new count. Pairs with the acquires of a search without lock. */
	atomic_store_explicit(&shard->view->index,
			      atomic_load_explicit(&shard->view->next, memory_order_relaxed),
			      memory_order_release);
	atomic_store_explicit(&shard->view->changes, changes + 1, memory_order_release);
	atomic_store_explicit(&shard->view->next, 0, memory_order_release);
	shard->entries[0] = shard->entries[1];
	shard->entries[1] = 0;
	shard->old = index;
	shard->old_tag = lvs_epoch_retire(env->epoch);
	atomic_fetch_add_explicit(&env->stats.grown, 1, memory_order_relaxed);
}

static bool is_beyond(const struct lvs_shard *shard, struct lvs_index index, uint32_t thousandths)
{
	return shard->entries[0] * UINT64_C(1000) >= slots_of(index) * thousandths;
}

static void start(struct lvs_shard *shard, struct lvs_shard_env *env, struct lvs_index index)
{
	bool now = is_beyond(shard, index, shard->grow_at + GROW_LATE);

	/* Failing is no error as long as there are slots left; the next insert tries again. */
	if (alloc_lines(env, index.bits + 1, now, &shard->fresh))
		shard->cursor = 0;
}

static unsigned grow_step(struct lvs_shard *shard, struct lvs_shard_env *env)
{
	struct lvs_index index = lvs_view_index(shard->view);
	unsigned looked = 0;

	if (shard->fresh.lines)
		return zero_step(shard);
	if (lvs_view_next(shard->view).lines) {
		looked = move_step(shard, env);
		if (shard->cursor == lvs_index_lines_n(index))
			swap(shard, env);
	} else if (is_beyond(shard, index, shard->grow_at)) {
		start(shard, env, index);
	}
	return looked;
}

static void note_step(struct lvs_shard_stats *stats, unsigned looked)
{
	uint64_t longest = atomic_load_explicit(&stats->longest_step, memory_order_relaxed);

	while (looked > longest &&
	       !atomic_compare_exchange_weak_explicit(&stats->longest_step, &longest, looked,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

/* What is still to be moved has its room in next too. */
static bool has_room(const struct lvs_shard *shard, unsigned n)
{
	struct lvs_index next = lvs_view_next(shard->view);
	uint64_t slots = slots_of(next.lines ? next : lvs_view_index(shard->view));

	return ((uint64_t)shard->entries[0] + shard->entries[1] + n) * 1000 <= slots * FULL_AT;
}

/* The entries at which the index begins to grow. */
static uint64_t growing_at(const struct lvs_shard *shard)
{
	return (slots_of(lvs_view_index(shard->view)) * shard->grow_at + 999) / 1000;
}

static bool is_busy(const struct lvs_shard *shard)
{
	return shard->fresh.lines || shard->old.lines || lvs_view_next(shard->view).lines;
}

/* What leaves meanwhile makes it come later: then it is counted anew. */
static uint32_t quiet_behind(const struct lvs_shard *shard, unsigned n)
{
	uint64_t entries = (uint64_t)shard->entries[0] + n;
	uint64_t end = growing_at(shard);

	return is_busy(shard) || entries >= end ? 0 : (uint32_t)(end - entries);
}

const char *lvs_shard_check_quiet(const struct lvs_shard *shard)
{
	if (shard->quiet && is_busy(shard))
		return "a shard that grows is thought to be quiet";
	if (shard->quiet && shard->quiet + (uint64_t)shard->entries[0] > growing_at(shard))
		return "a shard would not grow in time";
	return NULL;
}

bool lvs_shard_reserve_step(struct lvs_shard *shard, struct lvs_shard_env *env, unsigned n)
{
	unsigned looked;

	if (++shard->inserts % TIDY_EVERY == 0)
		lvs_shard_tidy(shard, env);
	looked = grow_step(shard, env);
	/* Only when memory to grow came late: an insert that could succeed must not fail. */
	while (!has_room(shard, n) && shard->fresh.lines)
		looked += zero_step(shard);
	note_step(&env->stats, looked);
	shard->quiet = quiet_behind(shard, n);
	return has_room(shard, n);
}

/* --- Entries --- */

bool lvs_shard_remove_any(struct lvs_shard *shard, uint64_t hash, uint32_t ref)
{
	struct lvs_index next = lvs_view_next(shard->view);

	if (lvs_index_remove(lvs_view_index(shard->view), hash, ref)) {
		shard->entries[0]--;
		return true;
	}
	if (!next.lines || !lvs_index_remove(next, hash, ref))
		return false;
	shard->entries[1]--;
	return true;
}
