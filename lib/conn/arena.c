/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/arena.h"

#include <assert.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/memory.h"

/* The head takes a multiple of two units: the first record of either size lies behind it. */
#define HEAD_UNITS                                                                                 \
	((uint32_t)((sizeof(struct lvs_arena_chunk) + LVS_CONN_LARGE_SIZE - 1) /                   \
		    LVS_CONN_LARGE_SIZE * 2))
#define NUMBER_MAX ((1u << 31) - 1)
/* Records passed over, their epoch not over, before a fresh one is taken instead. */
#define TRIES 64
/* So many awaiting their end will make room soon: no reason to end more. */
#define LIMBO_ENOUGH 256
/* As the lowest idle record: there is none. */
#define NONE_IDLE UINT32_MAX

static uint32_t units_of(uint32_t size)
{
	return size == LVS_ARENA_LARGE ? 2 : 1;
}

static uint32_t records_a_chunk(uint32_t size)
{
	return (LVS_ARENA_CHUNK_UNITS - HEAD_UNITS) / units_of(size);
}

static size_t some_size(const struct lvs_arena *arena)
{
	return (arena->chunks_max + 63) / 64 * sizeof(uint64_t);
}

static void free_tables(struct lvs_arena *arena)
{
	for (unsigned size = 0; size < LVS_ARENA_SIZES; size++)
		lvs_mem_free(arena->alloc, arena->some[size], some_size(arena), sizeof(uint64_t));
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
		arena->some[size] = lvs_mem_zalloc(alloc, some_size(arena), sizeof(uint64_t));
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
	free_tables(arena);
}

/* --- The set of idle records --- */

/* The first set bit at or behind @p from among @p n words; 64 * n when there is none. */
static uint32_t next_bit(const uint64_t *words, uint32_t n, uint32_t from)
{
	uint64_t word;
	uint32_t i = from / 64;

	if (i >= n)
		return 64 * n;
	word = words[i] & ~UINT64_C(0) << from % 64;
	while (!word) {
		if (++i == n)
			return 64 * n;
		word = words[i];
	}
	return 64 * i + lvs_ctz64(word);
}

/* The first idle unit of a chunk at or behind @p unit; LVS_ARENA_CHUNK_UNITS: none. */
static uint32_t next_idle_unit(const struct lvs_arena_chunk *chunk, uint32_t unit)
{
	uint32_t word = unit / 64;
	uint64_t bits;

	if (word >= LVS_ARENA_WORDS)
		return LVS_ARENA_CHUNK_UNITS;
	bits = chunk->idle[word] & ~UINT64_C(0) << unit % 64;
	if (!bits) {
		word = next_bit(chunk->some, LVS_ARRAY_N(chunk->some), word + 1);
		if (word >= LVS_ARENA_WORDS)
			return LVS_ARENA_CHUNK_UNITS;
		bits = chunk->idle[word];
	}
	return word * 64 + lvs_ctz64(bits);
}

/* The first idle record at or behind @p number; 0: none. */
static uint32_t next_idle(const struct lvs_arena *arena, uint32_t size, uint32_t number)
{
	uint32_t words = (arena->chunks_max + 63) / 64;
	uint32_t unit = number % LVS_ARENA_CHUNK_UNITS;
	uint32_t chunk = number >> LVS_ARENA_CHUNK_SHIFT;

	for (;;) {
		uint32_t at = next_bit(arena->some[size], words, chunk);

		if (at >= arena->chunks_max)
			return 0;
		unit = next_idle_unit(arena->chunks[at], at == chunk ? unit : 0);
		if (unit < LVS_ARENA_CHUNK_UNITS)
			return at << LVS_ARENA_CHUNK_SHIFT | unit;
		chunk = at + 1;
		unit = 0;
	}
}

static void set_idle(struct lvs_arena *arena, uint32_t number)
{
	uint32_t unit = number % LVS_ARENA_CHUNK_UNITS;
	uint32_t at = number >> LVS_ARENA_CHUNK_SHIFT;
	struct lvs_arena_chunk *chunk = arena->chunks[at];

	assert(!(chunk->idle[unit / 64] >> unit % 64 & 1));
	chunk->idle[unit / 64] |= UINT64_C(1) << unit % 64;
	chunk->some[unit / 4096] |= UINT64_C(1) << unit / 64 % 64;
	arena->some[chunk->size][at / 64] |= UINT64_C(1) << at % 64;
	if (number < arena->low[chunk->size])
		arena->low[chunk->size] = number;
}

static void clear_idle(struct lvs_arena *arena, uint32_t number)
{
	uint32_t unit = number % LVS_ARENA_CHUNK_UNITS;
	uint32_t at = number >> LVS_ARENA_CHUNK_SHIFT;
	struct lvs_arena_chunk *chunk = arena->chunks[at];

	chunk->idle[unit / 64] &= ~(UINT64_C(1) << unit % 64);
	if (chunk->idle[unit / 64])
		return;
	chunk->some[unit / 4096] &= ~(UINT64_C(1) << unit / 64 % 64);
	if (next_bit(chunk->some, LVS_ARRAY_N(chunk->some), 0) == LVS_ARENA_WORDS)
		arena->some[chunk->size][at / 64] &= ~(UINT64_C(1) << at % 64);
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
	chunk = lvs_mem_alloc(arena->alloc, LVS_ARENA_CHUNK_SIZE, LVS_ARENA_CHUNK_SIZE);
	if (!chunk)
		return NULL;
	memset(chunk, 0, sizeof(*chunk));
	chunk->number = n;
	chunk->size = size;
	atomic_init(&chunk->top, HEAD_UNITS);
	arena->chunks[n] = chunk;
	arena->current[size] = chunk;
	/* release: pairs with the acquire in lvs_arena_next() */
	atomic_store_explicit(&arena->chunks_n, n + 1, memory_order_release);
	return chunk;
}

/* A record that never was; 0: no memory. */
static uint32_t bump(struct lvs_arena *arena, uint32_t size)
{
	struct lvs_arena_chunk *chunk = arena->current[size];
	uint32_t unit = LVS_ARENA_CHUNK_UNITS;
	uint32_t number;

	if (chunk)
		unit = atomic_load_explicit(&chunk->top, memory_order_relaxed);
	if (unit + units_of(size) > LVS_ARENA_CHUNK_UNITS) {
		chunk = new_chunk(arena, size);
		if (!chunk)
			return 0;
		unit = HEAD_UNITS;
	}
	number = chunk->number << LVS_ARENA_CHUNK_SHIFT | unit;
	atomic_init(&lvs_arena_at(arena, number)->word, 0);
	arena->made[size]++;
	/* release: a walker that sees the record sees its word; pairs with lvs_arena_next() */
	atomic_store_explicit(&chunk->top, unit + units_of(size), memory_order_release);
	return number;
}

/* The lowest idle record that nobody sees; 0: none, or too many before it are still seen. */
static uint32_t reuse(struct lvs_arena *arena, uint32_t size, const struct lvs_epoch_reader *self)
{
	bool may_make = arena->made[size] < arena->capacity;
	uint32_t number = next_idle(arena, size, arena->low[size]);

	arena->low[size] = number;
	for (unsigned tries = 0; number; tries++) {
		uint64_t tag = tag_of(lvs_arena_at(arena, number));

		if (is_over(arena, tag, self)) {
			if (tries == 0)
				arena->low[size] = number + 1;
			leave_limbo(arena, tag);
			clear_idle(arena, number);
			return number;
		}
		if (tries == TRIES && may_make)
			return 0;
		number = next_idle(arena, size, number + 1);
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

LVS_INLINE struct lvs_conn *take(struct lvs_arena *arena, uint32_t size,
				 const struct lvs_epoch_reader *self, int *err)
{
	uint32_t in_use = atomic_load_explicit(&arena->in_use, memory_order_relaxed);
	struct lvs_conn *conn;

	if (lvs_unlikely(in_use + limbo_n(arena) >= arena->max_conns)) {
		settle(arena, self);
		if (in_use + limbo_n(arena) >= arena->max_conns) {
			*err = limbo_n(arena) < LIMBO_ENOUGH ? LVS_ERR_FULL : LVS_ERR_BUSY;
			return NULL;
		}
	}
	conn = reuse_near(arena, size);
	if (!conn)
		conn = find_or_make(arena, size, self);
	if (lvs_unlikely(!conn)) {
		*err = LVS_ERR_NO_MEMORY;
		return NULL;
	}
	atomic_store_explicit(&conn->word, 0, memory_order_relaxed);
	atomic_store_explicit(&arena->in_use, in_use + 1, memory_order_relaxed);
	return conn;
}

struct lvs_conn *lvs_arena_take(struct lvs_arena *arena, enum lvs_arena_size size,
				const struct lvs_epoch_reader *self, int *err)
{
	struct lvs_conn *conn;

	lvs_spin_lock(&arena->lock);
	conn = take(arena, size, self, err);
	lvs_spin_unlock(&arena->lock);
	if (lvs_unlikely(!conn))
		return NULL;
	/* Walkers look at the word of any record, and at the rest only when it says LIVE. */
	memset((uint8_t *)conn + sizeof(conn->word), 0, LVS_ARENA_UNIT - sizeof(conn->word));
	if (size == LVS_ARENA_LARGE) {
		memset((uint8_t *)conn + LVS_ARENA_UNIT, 0, LVS_ARENA_UNIT);
		conn->kind = LVS_CONN_LARGE;
	}
	return conn;
}

static void give(struct lvs_arena *arena, struct lvs_conn *conn, uint64_t tag)
{
	uint32_t in_use = atomic_load_explicit(&arena->in_use, memory_order_relaxed);

	set_tag(conn, tag);
	set_idle(arena, lvs_arena_number(conn));
	atomic_store_explicit(&arena->in_use, in_use - 1, memory_order_relaxed);
}

void lvs_arena_put(struct lvs_arena *arena, struct lvs_conn *conn)
{
	lvs_spin_lock(&arena->lock);
	atomic_store_explicit(&conn->word, LVS_CONN_DEAD, memory_order_relaxed);
	give(arena, conn, 0);
	lvs_spin_unlock(&arena->lock);
}

void lvs_arena_retire_all(struct lvs_arena *arena, struct lvs_conn *const *conns, unsigned n)
{
	uint64_t tag;

	if (n == 0)
		return;
	lvs_spin_lock(&arena->lock);
	/* Drawn under the lock, so that tags rise in limbo[]. */
	tag = lvs_epoch_retire(arena->epoch);
	arena->newest = tag;
	arena->limbo[1].tag = tag;
	arena->limbo[1].n += n;
	for (unsigned i = 0; i < n; i++)
		give(arena, conns[i], tag);
	lvs_spin_unlock(&arena->lock);
}

void lvs_arena_retire(struct lvs_arena *arena, struct lvs_conn *conn)
{
	lvs_arena_retire_all(arena, &conn, 1);
}

/* --- Walking --- */

/* The first unit at or behind @p unit that begins a record of the sample. */
static uint32_t unit_in(const struct lvs_arena_chunk *chunk, uint32_t unit, unsigned every,
			unsigned place)
{
	uint32_t units = units_of(chunk->size);
	uint32_t at;

	if (unit < HEAD_UNITS)
		unit = HEAD_UNITS;
	at = (unit - HEAD_UNITS + units - 1) / units;
	at += (place - at) & (every - 1);
	return HEAD_UNITS + at * units;
}

/* @p every is a power of two. */
LVS_INLINE uint32_t next_of(const struct lvs_arena *arena, uint32_t number, unsigned every,
			    unsigned place)
{
	/* acquire: pairs with new_chunk() */
	uint32_t chunks = atomic_load_explicit(&arena->chunks_n, memory_order_acquire);
	uint32_t unit = number % LVS_ARENA_CHUNK_UNITS;

	for (uint32_t i = number >> LVS_ARENA_CHUNK_SHIFT; i < chunks; i++, unit = 0) {
		const struct lvs_arena_chunk *chunk = arena->chunks[i];

		unit = unit_in(chunk, unit, every, place);
		/* acquire: pairs with bump() */
		if (unit < atomic_load_explicit(&chunk->top, memory_order_acquire))
			return i << LVS_ARENA_CHUNK_SHIFT | unit;
	}
	return 0;
}

uint64_t lvs_arena_bytes(const struct lvs_arena *arena)
{
	uint32_t chunks = atomic_load_explicit(&arena->chunks_n, memory_order_relaxed);

	return chunks * (uint64_t)LVS_ARENA_CHUNK_SIZE + LVS_ARENA_SIZES * some_size(arena) +
	       arena->chunks_max * sizeof(arena->chunks[0]);
}

uint32_t lvs_arena_next(const struct lvs_arena *arena, uint32_t number)
{
	return next_of(arena, number, 1, 0);
}

uint32_t lvs_arena_sample(const struct lvs_arena *arena, uint32_t number, unsigned every,
			  unsigned place)
{
	return next_of(arena, number, every, place);
}

static bool is_idle(const struct lvs_arena *arena, uint32_t number)
{
	uint32_t unit = number % LVS_ARENA_CHUNK_UNITS;

	return arena->chunks[number >> LVS_ARENA_CHUNK_SHIFT]->idle[unit / 64] >> unit % 64 & 1;
}

static const char *check_record(const struct lvs_arena *arena, uint32_t number)
{
	const struct lvs_conn *conn = lvs_arena_at(arena, number);
	const struct lvs_arena_chunk *chunk = lvs_arena_chunk_of(conn);
	uint32_t word = number % LVS_ARENA_CHUNK_UNITS / 64;

	if (lvs_arena_number(conn) != number)
		return "a record does not know its number";
	if (!is_idle(arena, number))
		return NULL;
	if (!(chunk->some[word / 64] >> word % 64 & 1) ||
	    next_idle(arena, chunk->size, number) != number)
		return "an idle record is not found";
	if (number < arena->low[chunk->size])
		return "an idle record lies below the lowest";
	if (!(atomic_load_explicit(&conn->word, memory_order_relaxed) & LVS_CONN_DEAD))
		return "an idle record is not dead";
	return NULL;
}

const char *lvs_arena_check_chunk(const struct lvs_arena *arena, uint32_t chunk)
{
	uint32_t number = lvs_arena_next(arena, chunk << LVS_ARENA_CHUNK_SHIFT);
	const char *wrong = NULL;

	while (!wrong && number && number >> LVS_ARENA_CHUNK_SHIFT == chunk) {
		wrong = check_record(arena, number);
		number = lvs_arena_next(arena, number + 1);
	}
	return wrong;
}

LVS_UNTRACED static uint32_t idle_n(const struct lvs_arena_chunk *chunk)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < LVS_ARENA_WORDS; i++)
		for (uint64_t word = chunk->idle[i]; word; word &= word - 1)
			n++;
	return n;
}

const char *lvs_arena_check_n(const struct lvs_arena *arena)
{
	uint32_t chunks = atomic_load_explicit(&arena->chunks_n, memory_order_relaxed);
	uint32_t in_use = atomic_load_explicit(&arena->in_use, memory_order_relaxed);
	uint32_t limbo = lvs_arena_limbo_n(arena);
	uint32_t n = 0;

	for (uint32_t i = 0; i < chunks; i++) {
		const struct lvs_arena_chunk *chunk = arena->chunks[i];
		uint32_t top = atomic_load_explicit(&chunk->top, memory_order_relaxed);

		n += (top - HEAD_UNITS) / units_of(chunk->size) - idle_n(chunk);
	}
	if (n != in_use)
		return "records in use are miscounted";
	/* It may have been lowered since. */
	if (limbo > arena->capacity || in_use + limbo > arena->capacity)
		return "more records in use or in limbo than max_conns ever was";
	return NULL;
}

const char *lvs_arena_check(const struct lvs_arena *arena)
{
	uint32_t chunks = atomic_load_explicit(&arena->chunks_n, memory_order_relaxed);
	const char *wrong = lvs_arena_check_n(arena);

	for (uint32_t i = 0; i < chunks && !wrong; i++)
		wrong = lvs_arena_check_chunk(arena, i);
	return wrong;
}
