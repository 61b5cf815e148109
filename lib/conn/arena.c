/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/arena.h"

#include <assert.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/memory.h"
#include "conn/arena_idle.h"
#include "conn/arena_spare.h"

#define NUMBER_MAX ((1u << 31) - 1)
/* Records passed over, their epoch not over, before a fresh one is taken instead. */
#define TRIES 64
/* Records that a chunk still has room for when the next one is to be made ready: so many, or one of
 * so many that there are, which is the whole chunk from two million on; and when there is no time
 * to wait for somebody who has the time. */
#define SPARE_AT 8192
#define SPARE_PART 64
#define SPARE_LATE 2048
/* So many awaiting their end will make room soon: no reason to end more. */
#define LIMBO_ENOUGH 256
/* As the lowest idle record: there is none. */
#define NONE_IDLE UINT32_MAX

static uint32_t records_a_chunk(uint32_t size)
{
	return (LVS_ARENA_CHUNK_UNITS - LVS_ARENA_HEAD_UNITS) / lvs_arena_units_of(size);
}

static void free_tables(struct lvs_arena *arena)
{
	for (unsigned size = 0; size < LVS_ARENA_SIZES; size++)
		lvs_mem_free(arena->alloc, arena->some[size], lvs_arena_some_size(arena),
			     sizeof(uint64_t));
	lvs_mem_free(arena->alloc, arena->chunks, arena->chunks_max * sizeof(arena->chunks[0]),
		     sizeof(arena->chunks[0]));
}

int lvs_arena_init(struct lvs_arena *arena, const struct lvs_alloc *alloc, struct lvs_epoch *epoch,
		   uint32_t max_conns)
{
	/* As many small as large ones may have been at their time. */
	uint64_t chunks = (uint64_t)max_conns / records_a_chunk(LVS_ARENA_SMALL) + 1 +
			  max_conns / records_a_chunk(LVS_ARENA_LARGE) + 1;

	memset(arena, 0, sizeof(*arena));
	if (max_conns == 0 || chunks > NUMBER_MAX >> LVS_ARENA_CHUNK_SHIFT)
		return LVS_ERR_INVALID;
	arena->alloc = alloc;
	arena->epoch = epoch;
	arena->capacity = max_conns;
	arena->max_conns = max_conns;
	arena->chunks_max = (uint32_t)chunks;
	lvs_spin_init(&arena->lock);
	arena->chunks =
		lvs_mem_zalloc(alloc, chunks * sizeof(arena->chunks[0]), sizeof(arena->chunks[0]));
	for (unsigned size = 0; size < LVS_ARENA_SIZES; size++)
		arena->some[size] =
			lvs_mem_zalloc(alloc, lvs_arena_some_size(arena), sizeof(uint64_t));
	if (!arena->chunks || !arena->some[LVS_ARENA_SMALL] || !arena->some[LVS_ARENA_LARGE]) {
		free_tables(arena);
		return LVS_ERR_NO_MEMORY;
	}
	return 0;
}

void lvs_arena_set_max(struct lvs_arena *arena, uint32_t max_conns)
{
	lvs_spin_lock(&arena->lock);
	arena->max_conns = max_conns < arena->capacity ? max_conns : arena->capacity;
	lvs_spin_unlock(&arena->lock);
}

void lvs_arena_fini(struct lvs_arena *arena)
{
	uint32_t n = atomic_load_explicit(&arena->chunks_n, memory_order_relaxed);

	for (uint32_t i = 0; i < n; i++)
		lvs_mem_free(arena->alloc, arena->chunks[i], LVS_ARENA_CHUNK_SIZE,
			     LVS_ARENA_CHUNK_SIZE);
	lvs_mem_free(arena->alloc, atomic_load_explicit(&arena->spare, memory_order_relaxed),
		     LVS_ARENA_CHUNK_SIZE, LVS_ARENA_CHUNK_SIZE);
	free_tables(arena);
}

/* Where a word of a chunk has its first idle record. */
LVS_NOINLINE void lvs_arena_set_some(struct lvs_arena *arena, struct lvs_arena_chunk *chunk,
				     uint32_t unit)
{
	chunk->some[unit / 4096] |= UINT64_C(1) << unit / 64 % 64;
	arena->some[chunk->size][chunk->number / 64] |= UINT64_C(1) << chunk->number % 64;
}

/* --- Epochs --- */

/* The tag of an ended record lies where only the timer wheel looked. */
static uint64_t tag_of(const struct lvs_conn *conn)
{
	return (uint64_t)conn->due << 32 | atomic_load_explicit(&conn->prev, memory_order_relaxed);
}

static void set_tag(struct lvs_conn *conn, uint64_t tag)
{
	atomic_store_explicit(&conn->prev, (uint32_t)tag, memory_order_relaxed);
	conn->due = (uint32_t)(tag >> 32);
}

/* Whoever asks for the first time since something was retired asks for all of it. */
static bool ask_for_all(struct lvs_arena *arena, const struct lvs_epoch_reader *self)
{
	if (arena->asked == arena->newest && arena->asked_by == self)
		return false;
	arena->asked = arena->newest;
	arena->asked_by = self;
	if (!lvs_epoch_passed(arena->epoch, arena->newest, self))
		return false;
	arena->over = arena->newest;
	arena->over_for = self;
	/* relaxed: its own; who has entered since then does not see it either */
	if (!self || atomic_load_explicit(&self->entered, memory_order_relaxed) > arena->newest)
		arena->safe = arena->newest;
	return true;
}

static LVS_NOINLINE bool ask_is_over(struct lvs_arena *arena, uint64_t tag,
				     const struct lvs_epoch_reader *self)
{
	/* Once nobody else sees it, nobody else ever will. */
	if (tag <= arena->over && self == arena->over_for)
		return true;
	/* Mostly everything is over; one question answers for all that was retired so far. */
	return ask_for_all(arena, self) || lvs_epoch_passed(arena->epoch, tag, self);
}

/* Whether nobody but @p self can see what was retired under @p tag. */
LVS_INLINE bool is_over(struct lvs_arena *arena, uint64_t tag, const struct lvs_epoch_reader *self)
{
	return lvs_likely(tag <= arena->safe) || ask_is_over(arena, tag, self);
}

LVS_INLINE uint32_t limbo_n(const struct lvs_arena *arena)
{
	return arena->limbo[0].n + arena->limbo[1].n;
}

uint32_t lvs_arena_limbo_n(const struct lvs_arena *arena)
{
	return limbo_n(arena);
}

/* Forgets those in limbo whose epoch is over. Twice: the younger become the older. */
static void settle(struct lvs_arena *arena, const struct lvs_epoch_reader *self)
{
	struct lvs_arena_limbo *limbo = arena->limbo;

	for (unsigned i = 0; i < 2; i++) {
		if (limbo[0].n == 0) {
			limbo[0] = limbo[1];
			limbo[1].n = 0;
		}
		if (limbo[0].n == 0 || !is_over(arena, limbo[0].tag, self))
			return;
		arena->settled = limbo[0].tag;
		limbo[0].n = 0;
	}
}

/* A record of limbo is in use again. */
static void leave_limbo(struct lvs_arena *arena, uint64_t tag)
{
	struct lvs_arena_limbo *limbo = arena->limbo;

	if (tag <= arena->settled)
		return;
	if (limbo[0].n && tag <= limbo[0].tag)
		limbo[0].n--;
	else
		limbo[1].n--;
}

/* --- Taking and giving back --- */

static struct lvs_arena_chunk *new_chunk(struct lvs_arena *arena, uint32_t size)
{
	uint32_t n = atomic_load_explicit(&arena->chunks_n, memory_order_relaxed);
	struct lvs_arena_chunk *chunk;

	if (n == arena->chunks_max)
		return NULL;
	chunk = lvs_arena_take_spare(arena);
	if (!chunk)
		return NULL;
	chunk->number = n;
	chunk->size = size;
	atomic_init(&chunk->top, LVS_ARENA_HEAD_UNITS);
	arena->chunks[n] = chunk;
	arena->current[size] = chunk;
	/* release: pairs with the acquire in lvs_arena_next() */
	atomic_store_explicit(&arena->chunks_n, n + 1, memory_order_release);
	return chunk;
}

/* Asks for the next chunk where it is time, this one being filled up to @p unit. */
LVS_INLINE void want_spare(struct lvs_arena *arena, uint32_t size, uint32_t unit)
{
	uint32_t left = (LVS_ARENA_CHUNK_UNITS - unit) / lvs_arena_units_of(size);
	uint32_t part = arena->made[size] / SPARE_PART;
	bool wanted =
		left < (part < SPARE_AT ? SPARE_AT : part) && !arena->preparing &&
		arena->made[size] + left < arena->max_conns &&
		atomic_load_explicit(&arena->chunks_n, memory_order_relaxed) < arena->chunks_max &&
		!atomic_load_explicit(&arena->spare, memory_order_relaxed);

	atomic_store_explicit(&arena->wanted, wanted, memory_order_relaxed);
	arena->late = wanted && left < SPARE_LATE;
}

/* A record that never was; 0: no memory. */
static uint32_t bump(struct lvs_arena *arena, uint32_t size)
{
	struct lvs_arena_chunk *chunk = arena->current[size];
	uint32_t unit = LVS_ARENA_CHUNK_UNITS;
	uint32_t number;

	if (chunk)
		unit = atomic_load_explicit(&chunk->top, memory_order_relaxed);
	if (!chunk || unit + lvs_arena_units_of(size) > LVS_ARENA_CHUNK_UNITS) {
		chunk = new_chunk(arena, size);
		if (!chunk)
			return 0;
		unit = LVS_ARENA_HEAD_UNITS;
	}
	number = chunk->number << LVS_ARENA_CHUNK_SHIFT | unit;
	atomic_init(&lvs_arena_at(arena, number)->word, 0);
	arena->made[size]++;
	want_spare(arena, size, unit + lvs_arena_units_of(size));
	/* release: a walker that sees the record sees its word; pairs with lvs_arena_next() */
	atomic_store_explicit(&chunk->top, unit + lvs_arena_units_of(size), memory_order_release);
	return number;
}

/* The lowest idle record that nobody sees; 0: none, or too many before it are still seen. */
static uint32_t reuse(struct lvs_arena *arena, uint32_t size, const struct lvs_epoch_reader *self)
{
	bool may_make = arena->made[size] < arena->capacity;
	uint32_t number = lvs_arena_next_idle(arena, size, arena->low[size]);

	arena->low[size] = number;
	for (unsigned tries = 0; number; tries++) {
		uint64_t tag = tag_of(lvs_arena_at(arena, number));

		if (is_over(arena, tag, self)) {
			if (tries == 0)
				arena->low[size] = number + 1;
			leave_limbo(arena, tag);
			lvs_arena_clear_idle(arena, number);
			return number;
		}
		if (tries == TRIES && may_make)
			return 0;
		number = lvs_arena_next_idle(arena, size, number + 1);
	}
	/* Nothing idle: the next that becomes idle lowers it again. */
	if (arena->low[size] == 0)
		arena->low[size] = NONE_IDLE;
	return 0;
}

/*
 * The same where it is as it mostly is: in the word where the last one was found, with another
 * behind it, so that no summary changes, and seen by nobody. NULL: it has to be looked for.
 */
LVS_INLINE struct lvs_conn *reuse_near(struct lvs_arena *arena, uint32_t size)
{
	uint32_t low = arena->low[size];
	uint32_t unit = low % LVS_ARENA_CHUNK_UNITS;
	struct lvs_arena_chunk *chunk;
	struct lvs_conn *conn;
	uint64_t *word;
	uint64_t tag;

	/* At the beginning of a chunk it need not be one of this size, or be there at all. */
	if (low == NONE_IDLE || unit == 0)
		return NULL;
	chunk = arena->chunks[low >> LVS_ARENA_CHUNK_SHIFT];
	word = &chunk->idle[unit / 64];
	if (!(*word & (*word - 1)))
		return NULL;
	unit = unit / 64 * 64 + lvs_ctz64(*word);
	conn = lvs_arena_in(chunk, unit);
	tag = tag_of(conn);
	if (lvs_unlikely(tag > arena->safe))
		return NULL;
	arena->low[size] = (low & ~(LVS_ARENA_CHUNK_UNITS - 1)) + unit + 1;
	*word &= *word - 1;
	/* Its tag is asked next time. */
	lvs_prefetch_write(lvs_arena_in(chunk, unit / 64 * 64 + lvs_ctz64(*word)));
	leave_limbo(arena, tag);
	return conn;
}

static struct lvs_conn *find_or_make(struct lvs_arena *arena, uint32_t size,
				     const struct lvs_epoch_reader *self)
{
	uint32_t number = reuse(arena, size, self);

	if (!number)
		number = bump(arena, size);
	return number ? lvs_arena_at(arena, number) : NULL;
}

/* As many as there may be are in use or await their end; false: some of these do so no longer. */
static bool is_full(struct lvs_arena *arena, const struct lvs_epoch_reader *self, int *err)
{
	uint32_t in_use = atomic_load_explicit(&arena->in_use, memory_order_relaxed);

	if (in_use + limbo_n(arena) < arena->max_conns)
		return false;
	settle(arena, self);
	if (in_use + limbo_n(arena) < arena->max_conns)
		return false;
	*err = limbo_n(arena) < LIMBO_ENOUGH ? LVS_ERR_FULL : LVS_ERR_BUSY;
	return true;
}

static struct lvs_conn *take_any(struct lvs_arena *arena, uint32_t size,
				 const struct lvs_epoch_reader *self, int *err)
{
	struct lvs_conn *conn;

	if (is_full(arena, self, err))
		return NULL;
	conn = reuse_near(arena, size);
	if (!conn)
		conn = find_or_make(arena, size, self);
	if (!conn)
		*err = LVS_ERR_NO_MEMORY;
	return conn;
}

/* Walkers look at the word of any record, and at the rest only when it says LIVE. */
LVS_INLINE void begin_use(struct lvs_arena *arena, struct lvs_conn *conn)
{
	uint32_t in_use = atomic_load_explicit(&arena->in_use, memory_order_relaxed);

	atomic_store_explicit(&conn->word, 0, memory_order_relaxed);
	atomic_store_explicit(&arena->in_use, in_use + 1, memory_order_relaxed);
}

LVS_INLINE struct lvs_conn *clear(struct lvs_conn *conn, uint32_t size)
{
	memset((uint8_t *)conn + sizeof(conn->word), 0, LVS_ARENA_UNIT - sizeof(conn->word));
	if (size == LVS_ARENA_LARGE) {
		memset((uint8_t *)conn + LVS_ARENA_UNIT, 0, LVS_ARENA_UNIT);
		conn->kind = LVS_CONN_LARGE;
	}
	return conn;
}

/* The lock is held, and is let go. */
static LVS_NOINLINE struct lvs_conn *take_slowly(struct lvs_arena *arena, uint32_t size,
						 const struct lvs_epoch_reader *self, int *err)
{
	struct lvs_conn *conn = take_any(arena, size, self, err);
	bool late = lvs_arena_begin_spare(arena, arena->late);

	if (conn)
		begin_use(arena, conn);
	lvs_spin_unlock(&arena->lock);
	if (lvs_unlikely(late))
		lvs_arena_make_spare(arena);
	return conn ? clear(conn, size) : NULL;
}

struct lvs_conn *lvs_arena_take(struct lvs_arena *arena, enum lvs_arena_size size,
				const struct lvs_epoch_reader *self, int *err)
{
	struct lvs_conn *conn = NULL;
	bool full = false;

	lvs_spin_lock(&arena->lock);
	if (lvs_likely(atomic_load_explicit(&arena->in_use, memory_order_relaxed) + limbo_n(arena) <
		       arena->max_conns))
		conn = reuse_near(arena, size);
	else
		full = limbo_n(arena) == 0; /* as is_full() has it, as long as a flood lasts */
	if (lvs_unlikely(!conn) && !full)
		return take_slowly(arena, size, self, err);
	if (lvs_unlikely(full)) {
		lvs_spin_unlock(&arena->lock);
		*err = LVS_ERR_FULL;
		return NULL;
	}
	begin_use(arena, conn);
	lvs_spin_unlock(&arena->lock);
	return clear(conn, size);
}

LVS_INLINE void give(struct lvs_arena *arena, struct lvs_conn *conn, uint64_t tag)
{
	set_tag(conn, tag);
	lvs_arena_set_idle(arena, lvs_arena_number(conn), lvs_arena_chunk_of(conn));
}

static void count_less(struct lvs_arena *arena, uint32_t n)
{
	uint32_t in_use = atomic_load_explicit(&arena->in_use, memory_order_relaxed);

	atomic_store_explicit(&arena->in_use, in_use - n, memory_order_relaxed);
}

void lvs_arena_put(struct lvs_arena *arena, struct lvs_conn *conn)
{
	lvs_spin_lock(&arena->lock);
	atomic_store_explicit(&conn->word, LVS_CONN_DEAD, memory_order_relaxed);
	give(arena, conn, 0);
	count_less(arena, 1);
	lvs_spin_unlock(&arena->lock);
}

/* The lock is held. */
static void retire_all(struct lvs_arena *arena, struct lvs_conn *const *conns, unsigned n)
{
	/* Drawn under the lock, so that tags rise in limbo[]. */
	uint64_t tag = lvs_epoch_retire(arena->epoch);

	arena->newest = tag;
	arena->limbo[1].tag = tag;
	arena->limbo[1].n += n;
	for (unsigned i = 0; i < n; i++)
		give(arena, conns[i], tag);
	count_less(arena, n);
}

void lvs_arena_retire_all(struct lvs_arena *arena, struct lvs_conn *const *conns, unsigned n)
{
	if (n == 0)
		return;
	lvs_spin_lock(&arena->lock);
	retire_all(arena, conns, n);
	lvs_spin_unlock(&arena->lock);
}

/* Whether a record that has just been unlinked is the one that would be taken when it was given
 * back: there is no other, and nobody else is inside an epoch. */
static bool is_next(const struct lvs_arena *arena, const struct lvs_conn *conn, uint32_t size,
		    const struct lvs_epoch_reader *self)
{
	uint32_t in_use = atomic_load_explicit(&arena->in_use, memory_order_relaxed);

	return in_use == arena->made[LVS_ARENA_SMALL] + arena->made[LVS_ARENA_LARGE] &&
	       in_use <= arena->max_conns && lvs_arena_chunk_of(conn)->size == size &&
	       lvs_epoch_passed(arena->epoch, UINT64_MAX, self);
}

struct lvs_conn *lvs_arena_retake(struct lvs_arena *arena, struct lvs_conn *conn,
				  enum lvs_arena_size size, const struct lvs_epoch_reader *self,
				  int *err)
{
	lvs_spin_lock(&arena->lock);
	if (lvs_unlikely(!is_next(arena, conn, size, self))) {
		retire_all(arena, &conn, 1);
		return take_slowly(arena, size, self, err);
	}
	atomic_store_explicit(&conn->word, 0, memory_order_relaxed);
	lvs_spin_unlock(&arena->lock);
	return clear(conn, size);
}

void lvs_arena_retire(struct lvs_arena *arena, struct lvs_conn *conn)
{
	lvs_arena_retire_all(arena, &conn, 1);
}
