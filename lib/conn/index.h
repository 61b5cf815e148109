/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An index: a power of two of cache lines, ten slots each.
 *
 *	tags[0]   tag 0  1  2  3          16 bits each, 0: slot empty (conn/tags.h compares)
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

struct lvs_index {
	struct lvs_index_line *lines;
	unsigned bits; /* log2 of the number of lines, 1 to 32 */
};

/* As a word: the lines are aligned to 64, which leaves room for 6 bits, by how many a hash is
 * shifted to tell its line. 0: none. */
LVS_INLINE uintptr_t lvs_index_pack(struct lvs_index index)
{
	return (uintptr_t)index.lines | (64 - index.bits);
}

LVS_INLINE struct lvs_index lvs_index_unpack(uintptr_t word)
{
	const uintptr_t mask = LVS_CACHE_LINE - 1;

	return (struct lvs_index){(struct lvs_index_line *)(word & ~mask),
				  64 - (unsigned)(word & mask)};
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

LVS_INLINE struct lvs_index_line *lvs_index_line_of(struct lvs_index index, uint64_t hash)
{
	return index.lines + lvs_index_home(index, hash);
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

/* How many entries went on to later lines. */
LVS_INLINE uint32_t lvs_index_passed(const struct lvs_index_line *line)
{
	/* relaxed: for who only guesses */
	return (uint32_t)(atomic_load_explicit(&line->tags[2], memory_order_relaxed) >> 32);
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
