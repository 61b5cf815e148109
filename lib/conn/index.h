/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An index: a power of two of cache lines, ten slots each.
 *
 *	tags[0]   tag 0  1  2  3          16 bits each, 0: slot empty
 *	tags[1]   tag 4  5  6  7
 *	tags[2]   tag 8  9 | passed       32 bits: entries that went on to later lines
 *	refs[10]  {number of record, key} 31 + 1 bits each
 *
 * An entry lies in the line of its hash, or, that being full, in one of the next;
 * each full line that it passed counts it. So a search ends at the first line
 * that nobody passed. Entries never move within an index.
 *
 * Readers take no lock: a slot's reference is stored before its tag appears, and
 * a record outlives every reader that can have seen its slot. All stores are
 * made by the holder of the shard's lock.
 */
#ifndef LVS_CONN_INDEX_H
#define LVS_CONN_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define LVS_INDEX_SLOTS 10

struct lvs_index_line {
	LVS_ALIGNED _Atomic uint64_t tags[3];
	_Atomic uint32_t refs[LVS_INDEX_SLOTS];
};

_Static_assert(sizeof(struct lvs_index_line) == LVS_CACHE_LINE, "one line");

/* As a word: the lines are aligned to 64, which leaves room for the 6 bits. 0: none. */
struct lvs_index {
	struct lvs_index_line *lines;
	unsigned bits; /* log2 of the number of lines, 1 to 32 */
};

LVS_INLINE uintptr_t lvs_index_pack(struct lvs_index index)
{
	return (uintptr_t)index.lines | index.bits;
}

LVS_INLINE struct lvs_index lvs_index_unpack(uintptr_t word)
{
	const uintptr_t mask = LVS_CACHE_LINE - 1;

	return (struct lvs_index){(struct lvs_index_line *)(word & ~mask), word & mask};
}

LVS_INLINE uint64_t lvs_index_lines_n(struct lvs_index index)
{
	return UINT64_C(1) << index.bits;
}

/* The uppermost bits of the hash: when the index doubles, line i becomes 2i and 2i + 1. */
LVS_INLINE uint64_t lvs_index_home(struct lvs_index index, uint64_t hash)
{
	return hash >> (64 - index.bits);
}

/* The lowest bits of the hash; 0 would mean an empty slot. */
LVS_INLINE uint64_t lvs_index_tag(uint64_t hash)
{
	uint64_t tag = hash & 0xffff;

	return tag + !tag;
}

LVS_INLINE uint32_t lvs_index_ref(uint32_t number, unsigned key)
{
	return number << 1 | key;
}

#define LVS_INDEX_LANES UINT64_C(0x0001000100010001)

/* High bit of each 16-bit lane that is zero; exact, no lane disturbs its neighbour. */
LVS_INLINE uint64_t lvs_index_zero_lanes(uint64_t x)
{
	const uint64_t low = 0x7fff * LVS_INDEX_LANES;

	return ~(((x & low) + low) | x | low);
}

/*
 * The slots of a line with a tag, as a set: bit 16 * (slot % 4) + slot / 4. @p passed
 * becomes the line's count. One set of all ten: which word it was is not predictable.
 */
LVS_INLINE uint64_t lvs_index_slots(const struct lvs_index_line *line, uint64_t tag,
				    uint32_t *passed)
{
	const uint64_t tags = tag * LVS_INDEX_LANES;
	/* acquire: pairs with the releases in lvs_index_add() and lvs_index_drop() */
	uint64_t a = atomic_load_explicit(&line->tags[0], memory_order_acquire);
	uint64_t b = atomic_load_explicit(&line->tags[1], memory_order_acquire);
	uint64_t c = atomic_load_explicit(&line->tags[2], memory_order_acquire);

	*passed = (uint32_t)(c >> 32);
	return lvs_index_zero_lanes(a ^ tags) >> 15 | lvs_index_zero_lanes(b ^ tags) >> 14 |
	       (lvs_index_zero_lanes(c ^ tags) & UINT32_MAX) >> 13;
}

/* Whether some 16-bit lane is zero: less than lvs_index_zero_lanes(), which says which. */
LVS_INLINE uint64_t lvs_index_any_zero(uint64_t x)
{
	return (x - LVS_INDEX_LANES) & ~x & LVS_INDEX_LANES << 15;
}

/* Whether no slot has the tag and no entry went on to later lines. The lock is held. */
LVS_INLINE bool lvs_index_lacks(const struct lvs_index_line *line, uint64_t tag)
{
	const uint64_t tags = tag * LVS_INDEX_LANES;
	/* relaxed: only the lock's holder stores */
	uint64_t a = atomic_load_explicit(&line->tags[0], memory_order_relaxed) ^ tags;
	uint64_t b = atomic_load_explicit(&line->tags[1], memory_order_relaxed) ^ tags;
	uint64_t c = atomic_load_explicit(&line->tags[2], memory_order_relaxed);
	uint64_t last = (uint32_t)(c ^ tags) | UINT64_C(0xffffffff00000000);

	return !(c >> 32 | lvs_index_any_zero(a) | lvs_index_any_zero(b) |
		 lvs_index_any_zero(last));
}

/* The first slot of a set that is not empty. */
LVS_INLINE unsigned lvs_index_slot(uint64_t slots)
{
	unsigned bit = lvs_ctz64(slots);

	return bit / 16 + bit % 4 * 4;
}

LVS_INLINE uint64_t lvs_index_mask(struct lvs_index index)
{
	return lvs_index_lines_n(index) - 1;
}

/* --- The shard's lock is held --- */

/* Adds an entry; there is an empty slot. How many lines were looked at. */
unsigned lvs_index_add(struct lvs_index index, uint64_t hash, uint32_t ref);

/* Takes out an entry; false when it is not there. */
bool lvs_index_remove(struct lvs_index index, uint64_t hash, uint32_t ref);

/* Takes out what lies in a slot and has this hash. */
void lvs_index_drop(struct lvs_index index, uint64_t hash, uint64_t line, unsigned slot);

/* The tag in a slot. */
uint64_t lvs_index_tag_at(const struct lvs_index_line *line, unsigned slot);

#endif
