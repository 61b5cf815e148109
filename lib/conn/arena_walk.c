/* SPDX-License-Identifier: BSD-2-Clause */
/* The arena looked at: from record to record, and whether it agrees with itself. */
#include "conn/arena_idle.h"

/* --- Walking --- */

/* The first unit at or behind @p unit that begins a record of the sample. */
static uint32_t unit_in(const struct lvs_arena_chunk *chunk, uint32_t unit, unsigned every,
			unsigned place)
{
	uint32_t units = lvs_arena_units_of(chunk->size);
	uint32_t at;

	if (unit < LVS_ARENA_HEAD_UNITS)
		unit = LVS_ARENA_HEAD_UNITS;
	at = (unit - LVS_ARENA_HEAD_UNITS + units - 1) / units;
	at += (place - at) & (every - 1);
	return LVS_ARENA_HEAD_UNITS + at * units;
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

	/* relaxed: a figure */
	chunks += atomic_load_explicit(&arena->spare, memory_order_relaxed) != NULL;
	return chunks * (uint64_t)LVS_ARENA_CHUNK_SIZE +
	       LVS_ARENA_SIZES * lvs_arena_some_size(arena) +
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
	    lvs_arena_next_idle(arena, chunk->size, number) != number)
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

		n += (top - LVS_ARENA_HEAD_UNITS) / lvs_arena_units_of(chunk->size) - idle_n(chunk);
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
