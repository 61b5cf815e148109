/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of indexes: a power of two of lines each, walked at random by every packet. A
 * table of a million connections has 256 indexes of 64 KiB, each too small for a huge page
 * of its own; so those from LVS_LINES_LEAST on lie side by side in chunks of 2 MiB, which
 * are aligned as huge pages are. Blocks of all sizes share a chunk, halves of halves
 * (conn/buddy.h): indexes double one behind the other, and what two of them leave becomes the
 * block of a third.
 */
#ifndef LVS_CONN_LINES_H
#define LVS_CONN_LINES_H

#include <liblvs/types.h>

#include "base/spin.h"
#include "conn/buddy.h"
#include "conn/index.h"

#define LVS_LINES_CHUNK_SIZE ((size_t)2 << 20)
#define LVS_LINES_BLOCKS LVS_BUDDY_PLACES /* of a chunk, at most */
#define LVS_LINES_LEAST (LVS_LINES_CHUNK_SIZE / LVS_LINES_BLOCKS)

struct lvs_lines_chunk {
	struct lvs_lines_chunk *next;
	uint8_t *memory;
	struct lvs_buddy blocks;
};

/* Whether there is memory for the block that will be asked for next. */
enum lvs_lines_need {
	LVS_LINES_ENOUGH,
	LVS_LINES_WANTED, /* no, and nobody is at it */
	LVS_LINES_COMING,
};

struct lvs_lines {
	const struct lvs_alloc *alloc;
	_Atomic uint64_t bytes; /* of all memory; relaxed: a number alone */
	struct lvs_spin lock;   /* the chunks */
	struct lvs_lines_chunk *chunks;
	struct lvs_lines_chunk *spare; /* touched, all of it free; NULL: none */
	_Atomic unsigned need; /* enum lvs_lines_need; relaxed: a hint, changed under the lock */
};

void lvs_lines_init(struct lvs_lines *lines, const struct lvs_alloc *alloc);
/* All that was taken has been given back. */
void lvs_lines_fini(struct lvs_lines *lines);

/* As lvs_arena_prepare() and lvs_arena_wants(), of the next chunk. */
bool lvs_lines_prepare(struct lvs_lines *lines);

LVS_INLINE bool lvs_lines_wants(const struct lvs_lines *lines)
{
	return atomic_load_explicit(&lines->need, memory_order_relaxed) == LVS_LINES_WANTED;
}

/* So many lines, not zeroed; NULL: no memory. Any thread; the allocator is asked without a lock of
 * ours. All that is taken is given back, with the same number, before the allocator goes. */
struct lvs_index_line *lvs_lines_take(struct lvs_lines *lines, uint64_t n);
void lvs_lines_give(struct lvs_lines *lines, struct lvs_index_line *line, uint64_t n);

/* The same of what is there, touched before; NULL: no such block, but lvs_lines_prepare() will
 * bring one. For who can wait: the first touch of a chunk takes as long as hundreds of packets. */
struct lvs_index_line *lvs_lines_take_ready(struct lvs_lines *lines, uint64_t n);

#endif
