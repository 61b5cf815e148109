/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/lines.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"

void lvs_lines_init(struct lvs_lines *lines, const struct lvs_alloc *alloc)
{
	memset(lines, 0, sizeof(*lines));
	lines->alloc = alloc;
	lvs_spin_init(&lines->lock);
}

/* --- From the allocator, counted --- */

static void *get(struct lvs_lines *lines, size_t size, size_t align)
{
	void *memory = lvs_mem_alloc(lines->alloc, size, align);

	if (memory)
		atomic_fetch_add_explicit(&lines->bytes, size, memory_order_relaxed);
	return memory;
}

static void put(struct lvs_lines *lines, void *memory, size_t size, size_t align)
{
	if (!memory)
		return;
	atomic_fetch_sub_explicit(&lines->bytes, size, memory_order_relaxed);
	lvs_mem_free(lines->alloc, memory, size, align);
}

/* --- Chunks --- */

static void chunk_del(struct lvs_lines *lines, struct lvs_lines_chunk *chunk)
{
	put(lines, chunk->memory, LVS_LINES_CHUNK_SIZE, LVS_LINES_CHUNK_SIZE);
	put(lines, chunk, sizeof(*chunk), sizeof(void *));
}

static struct lvs_lines_chunk *chunk_new(struct lvs_lines *lines, size_t block)
{
	struct lvs_lines_chunk *chunk = get(lines, sizeof(*chunk), sizeof(void *));

	if (!chunk)
		return NULL;
	memset(chunk, 0, sizeof(*chunk));
	chunk->block = block;
	chunk->memory = get(lines, LVS_LINES_CHUNK_SIZE, LVS_LINES_CHUNK_SIZE);
	if (chunk->memory)
		return chunk;
	chunk_del(lines, chunk);
	return NULL;
}

/* The lowest free block of a chunk; as many as there are: none. */
static unsigned first_free(const struct lvs_lines_chunk *chunk)
{
	for (unsigned i = 0; i < LVS_LINES_WORDS; i++)
		if (~chunk->used[i])
			return i * 64 + lvs_ctz64(~chunk->used[i]);
	return LVS_LINES_BLOCKS;
}

static void *take_from(struct lvs_lines_chunk *chunk)
{
	unsigned place = first_free(chunk);

	if (place >= LVS_LINES_CHUNK_SIZE / chunk->block)
		return NULL;
	chunk->used[place / 64] |= UINT64_C(1) << place % 64;
	return chunk->memory + place * chunk->block;
}

static bool is_empty(const struct lvs_lines_chunk *chunk)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < LVS_LINES_WORDS; i++)
		any |= chunk->used[i];
	return !any;
}

/* --- The lock is held --- */

static unsigned used_n(const struct lvs_lines_chunk *chunk)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LVS_LINES_WORDS; i++)
		n += lvs_popcount64(chunk->used[i]);
	return n;
}

static bool is_nearly_full(const struct lvs_lines_chunk *chunk)
{
	return used_n(chunk) >= LVS_LINES_FULL(LVS_LINES_CHUNK_SIZE / chunk->block);
}

static void link_in(struct lvs_lines *lines, struct lvs_lines_chunk *chunk, size_t block)
{
	chunk->block = block;
	chunk->next = lines->chunks;
	lines->chunks = chunk;
}

static void *take_spare(struct lvs_lines *lines, size_t block)
{
	struct lvs_lines_chunk *chunk = lines->spare;

	if (!chunk)
		return NULL;
	lines->spare = NULL;
	link_in(lines, chunk, block);
	return take_from(chunk);
}

static void *take_block(struct lvs_lines *lines, size_t block)
{
	void *memory = NULL;

	for (struct lvs_lines_chunk *chunk = lines->chunks; chunk && !memory; chunk = chunk->next) {
		if (chunk->block != block)
			continue;
		memory = take_from(chunk);
		if (memory && is_nearly_full(chunk) && !lines->spare)
			atomic_store_explicit(&lines->wanted, true, memory_order_relaxed);
	}
	return memory ? memory : take_spare(lines, block);
}

/* The chunk, if that was its last block in use: nobody knows it any more. */
static struct lvs_lines_chunk *give_block(struct lvs_lines *lines, const uint8_t *memory)
{
	struct lvs_lines_chunk **link = &lines->chunks;
	struct lvs_lines_chunk *chunk;
	size_t place;

	while ((uintptr_t)memory - (uintptr_t)(*link)->memory >= LVS_LINES_CHUNK_SIZE)
		link = &(*link)->next;
	chunk = *link;
	place = (size_t)(memory - chunk->memory) / chunk->block;
	assert(chunk->used[place / 64] >> place % 64 & 1);
	chunk->used[place / 64] &= ~(UINT64_C(1) << place % 64);
	if (!is_empty(chunk))
		return NULL;
	*link = chunk->next;
	return chunk;
}

/* --- Blocks --- */

/* Two at once may each bring a chunk: the next ones fill it. */
static void *block_from_new(struct lvs_lines *lines, size_t size)
{
	struct lvs_lines_chunk *chunk = chunk_new(lines, size);
	void *memory;

	if (!chunk)
		return NULL;
	memory = take_from(chunk);
	lvs_spin_lock(&lines->lock);
	link_in(lines, chunk, size);
	atomic_store_explicit(&lines->wanted, false, memory_order_relaxed);
	lvs_spin_unlock(&lines->lock);
	return memory;
}

bool lvs_lines_prepare(struct lvs_lines *lines)
{
	struct lvs_lines_chunk *chunk;

	/* relaxed: one of two at once does it */
	if (!lvs_lines_wants(lines) ||
	    !atomic_exchange_explicit(&lines->wanted, false, memory_order_relaxed))
		return false;
	chunk = chunk_new(lines, LVS_LINES_LEAST);
	if (!chunk)
		return false; /* the next block that is taken asks again */
	chunk->memory[0] = 0;
	lvs_spin_lock(&lines->lock);
	if (!lines->spare) {
		lines->spare = chunk;
		chunk = NULL;
	}
	lvs_spin_unlock(&lines->lock);
	if (chunk)
		chunk_del(lines, chunk);
	return true;
}

void lvs_lines_fini(struct lvs_lines *lines)
{
	if (lines->spare)
		chunk_del(lines, lines->spare);
	lines->spare = NULL;
}

static void *block_take(struct lvs_lines *lines, size_t size)
{
	void *memory;

	lvs_spin_lock(&lines->lock);
	memory = take_block(lines, size);
	lvs_spin_unlock(&lines->lock);
	return memory ? memory : block_from_new(lines, size);
}

static void block_give(struct lvs_lines *lines, void *memory)
{
	struct lvs_lines_chunk *empty;

	lvs_spin_lock(&lines->lock);
	empty = give_block(lines, memory);
	lvs_spin_unlock(&lines->lock);
	if (empty)
		chunk_del(lines, empty);
}

static bool is_block(size_t size)
{
	return size >= LVS_LINES_LEAST && size < LVS_LINES_CHUNK_SIZE;
}

/* What fills whole huge pages begins with one. */
static size_t align_of(size_t size)
{
	return size < LVS_LINES_LEAST ? LVS_CACHE_LINE : LVS_LINES_CHUNK_SIZE;
}

struct lvs_index_line *lvs_lines_take(struct lvs_lines *lines, uint64_t n)
{
	size_t size = n * sizeof(struct lvs_index_line);

	return is_block(size) ? block_take(lines, size) : get(lines, size, align_of(size));
}

void lvs_lines_give(struct lvs_lines *lines, struct lvs_index_line *line, uint64_t n)
{
	size_t size = n * sizeof(struct lvs_index_line);

	if (is_block(size))
		block_give(lines, line);
	else
		put(lines, line, size, align_of(size));
}
