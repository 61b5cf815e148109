/* SPDX-License-Identifier: BSD-2-Clause */
/* What the arena's files share: how records lie in a chunk, and which are idle. */
#ifndef LVS_CONN_ARENA_IDLE_H
#define LVS_CONN_ARENA_IDLE_H

#include <assert.h>

#include "conn/arena.h"

/* The head takes a multiple of two units: the first record of either size lies behind it. */
#define LVS_ARENA_HEAD_UNITS                                                                       \
	((uint32_t)((sizeof(struct lvs_arena_chunk) + LVS_CONN_LARGE_SIZE - 1) /                   \
		    LVS_CONN_LARGE_SIZE * 2))

LVS_INLINE uint32_t lvs_arena_units_of(uint32_t size)
{
	return size == LVS_ARENA_LARGE ? 2 : 1;
}

LVS_INLINE size_t lvs_arena_some_size(const struct lvs_arena *arena)
{
	return (arena->chunks_max + 63) / 64 * sizeof(uint64_t);
}

/* As lvs_arena_next(), where it mostly is: in the same chunk. */
LVS_INLINE uint32_t lvs_arena_next_near(const struct lvs_arena *arena, uint32_t number)
{
	uint32_t unit = number % LVS_ARENA_CHUNK_UNITS;
	const struct lvs_arena_chunk *chunk;

	if (lvs_unlikely(unit < LVS_ARENA_HEAD_UNITS) ||
	    lvs_unlikely(!lvs_arena_has(arena, number)))
		return lvs_arena_next(arena, number);
	chunk = arena->chunks[number >> LVS_ARENA_CHUNK_SHIFT];
	/* The head is of an even number of units, and large records take two. */
	unit += unit & (chunk->size == LVS_ARENA_LARGE);
	/* acquire: pairs with bump() */
	if (lvs_unlikely(unit >= atomic_load_explicit(&chunk->top, memory_order_acquire)))
		return lvs_arena_next(arena, number);
	return (number & ~(LVS_ARENA_CHUNK_UNITS - 1)) | unit;
}

/* --- The set of idle records; the lock is held --- */

/* The first set bit at or behind @p from among @p n words; 64 * n when there is none. */
LVS_INLINE uint32_t lvs_arena_next_bit(const uint64_t *words, uint32_t n, uint32_t from)
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
LVS_INLINE uint32_t lvs_arena_next_idle_unit(const struct lvs_arena_chunk *chunk, uint32_t unit)
{
	uint32_t word = unit / 64;
	uint64_t bits;

	if (word >= LVS_ARENA_WORDS)
		return LVS_ARENA_CHUNK_UNITS;
	bits = chunk->idle[word] & ~UINT64_C(0) << unit % 64;
	if (!bits) {
		word = lvs_arena_next_bit(chunk->some, LVS_ARRAY_N(chunk->some), word + 1);
		if (word >= LVS_ARENA_WORDS)
			return LVS_ARENA_CHUNK_UNITS;
		bits = chunk->idle[word];
	}
	return word * 64 + lvs_ctz64(bits);
}

/* The first idle record at or behind @p number; 0: none. */
LVS_INLINE uint32_t lvs_arena_next_idle(const struct lvs_arena *arena, uint32_t size,
					uint32_t number)
{
	uint32_t words = (arena->chunks_max + 63) / 64;
	uint32_t unit = number % LVS_ARENA_CHUNK_UNITS;
	uint32_t chunk = number >> LVS_ARENA_CHUNK_SHIFT;

	for (;;) {
		uint32_t at = lvs_arena_next_bit(arena->some[size], words, chunk);

		if (at >= arena->chunks_max)
			return 0;
		unit = lvs_arena_next_idle_unit(arena->chunks[at], at == chunk ? unit : 0);
		if (unit < LVS_ARENA_CHUNK_UNITS)
			return at << LVS_ARENA_CHUNK_SHIFT | unit;
		chunk = at + 1;
		unit = 0;
	}
}

/* Where a word of a chunk has its first idle record. */
void lvs_arena_set_some(struct lvs_arena *arena, struct lvs_arena_chunk *chunk, uint32_t unit);

LVS_INLINE void lvs_arena_set_idle(struct lvs_arena *arena, uint32_t number,
				   struct lvs_arena_chunk *chunk)
{
	uint32_t unit = number % LVS_ARENA_CHUNK_UNITS;
	uint64_t word = chunk->idle[unit / 64];

	assert(!(word >> unit % 64 & 1));
	chunk->idle[unit / 64] = word | UINT64_C(1) << unit % 64;
	if (!word)
		lvs_arena_set_some(arena, chunk, unit);
	if (number < arena->low[chunk->size])
		arena->low[chunk->size] = number;
}

LVS_INLINE void lvs_arena_clear_idle(struct lvs_arena *arena, uint32_t number)
{
	uint32_t unit = number % LVS_ARENA_CHUNK_UNITS;
	uint32_t at = number >> LVS_ARENA_CHUNK_SHIFT;
	struct lvs_arena_chunk *chunk = arena->chunks[at];

	chunk->idle[unit / 64] &= ~(UINT64_C(1) << unit % 64);
	if (chunk->idle[unit / 64])
		return;
	chunk->some[unit / 4096] &= ~(UINT64_C(1) << unit / 64 % 64);
	if (lvs_arena_next_bit(chunk->some, LVS_ARRAY_N(chunk->some), 0) == LVS_ARENA_WORDS)
		arena->some[chunk->size][at / 64] &= ~(UINT64_C(1) << at % 64);
}

#endif
