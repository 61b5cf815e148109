/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/lines.h"

#include <limits.h>
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

static struct lvs_lines_chunk *chunk_new(struct lvs_lines *lines)
{
	struct lvs_lines_chunk *chunk = get(lines, sizeof(*chunk), sizeof(void *));

	if (!chunk)
		return NULL;
	chunk->next = NULL;
	lvs_buddy_init(&chunk->blocks);
	chunk->memory = get(lines, LVS_LINES_CHUNK_SIZE, LVS_LINES_CHUNK_SIZE);
	if (chunk->memory)
		return chunk;
	chunk_del(lines, chunk);
	return NULL;
}

static void *take_from(struct lvs_lines_chunk *chunk, unsigned order)
{
	return chunk->memory + lvs_buddy_take(&chunk->blocks, order) * LVS_LINES_LEAST;
}

/* --- The lock is held --- */

static void link_in(struct lvs_lines *lines, struct lvs_lines_chunk *chunk)
{
	chunk->next = lines->chunks;
	lines->chunks = chunk;
}

/* The chunk whose free block fits best: what is large stays whole. */
static struct lvs_lines_chunk *chunk_for(const struct lvs_lines *lines, unsigned order)
{
	struct lvs_lines_chunk *best = NULL;
	unsigned least = UINT_MAX; /* free block that will do, as a bit */

	for (struct lvs_lines_chunk *chunk = lines->chunks; chunk; chunk = chunk->next) {
		unsigned room = lvs_buddy_room(&chunk->blocks, order);

		if (!room || (room & -room) >= least)
			continue;
		least = room & -room;
		best = chunk;
	}
	return best;
}

static struct lvs_lines_chunk *link_spare(struct lvs_lines *lines)
{
	struct lvs_lines_chunk *chunk = lines->spare;

	if (chunk)
		link_in(lines, chunk);
	lines->spare = NULL;
	return chunk;
}

static unsigned need_of(const struct lvs_lines *lines)
{
	return atomic_load_explicit(&lines->need, memory_order_relaxed);
}

static void set_need(struct lvs_lines *lines, enum lvs_lines_need need)
{
	atomic_store_explicit(&lines->need, need, memory_order_relaxed);
}

/* Whether the next one of this size would find no place. */
static void look_ahead(struct lvs_lines *lines, unsigned order)
{
	bool enough = lines->spare || chunk_for(lines, order);

	if (need_of(lines) != LVS_LINES_COMING)
		set_need(lines, enough ? LVS_LINES_ENOUGH : LVS_LINES_WANTED);
}

static void *take_block(struct lvs_lines *lines, unsigned order)
{
	struct lvs_lines_chunk *chunk = chunk_for(lines, order);
	void *memory;

	if (!chunk)
		chunk = link_spare(lines);
	memory = chunk ? take_from(chunk, order) : NULL;
	look_ahead(lines, order);
	return memory;
}

static struct lvs_lines_chunk **link_of(struct lvs_lines *lines, const uint8_t *memory)
{
	struct lvs_lines_chunk **link = &lines->chunks;

	while ((uintptr_t)memory - (uintptr_t)(*link)->memory >= LVS_LINES_CHUNK_SIZE)
		link = &(*link)->next;
	return link;
}

/* The chunk becomes the spare one. False: there is one; it is the caller's. */
static bool keep(struct lvs_lines *lines, struct lvs_lines_chunk *chunk)
{
	if (lines->spare)
		return false;
	lines->spare = chunk;
	if (need_of(lines) == LVS_LINES_WANTED)
		set_need(lines, LVS_LINES_ENOUGH);
	return true;
}

/* The chunk, if that was its last block in use and nobody knows it any more. */
static struct lvs_lines_chunk *give_block(struct lvs_lines *lines, const uint8_t *memory,
					  unsigned order)
{
	struct lvs_lines_chunk **link = link_of(lines, memory);
	struct lvs_lines_chunk *chunk = *link;

	lvs_buddy_give(&chunk->blocks,
		       (unsigned)((size_t)(memory - chunk->memory) / LVS_LINES_LEAST), order);
	if (!lvs_buddy_is_free(&chunk->blocks))
		return NULL;
	*link = chunk->next;
	return keep(lines, chunk) ? NULL : chunk;
}

/* --- Blocks --- */

/* Two at once may each bring a chunk: the next ones fill it. */
static void *block_from_new(struct lvs_lines *lines, unsigned order)
{
	struct lvs_lines_chunk *chunk = chunk_new(lines);
	void *memory;

	if (!chunk)
		return NULL;
	memory = take_from(chunk, order);
	lvs_spin_lock(&lines->lock);
	link_in(lines, chunk);
	look_ahead(lines, order);
	lvs_spin_unlock(&lines->lock);
	return memory;
}

/* Whether it is the caller's to bring what is wanted. */
static bool begin(struct lvs_lines *lines)
{
	bool mine;

	if (!lvs_lines_wants(lines))
		return false;
	lvs_spin_lock(&lines->lock);
	mine = lvs_lines_wants(lines);
	if (mine)
		set_need(lines, LVS_LINES_COMING);
	lvs_spin_unlock(&lines->lock);
	return mine;
}

bool lvs_lines_prepare(struct lvs_lines *lines)
{
	struct lvs_lines_chunk *chunk;
	bool kept;

	if (!begin(lines))
		return false;
	chunk = chunk_new(lines);
	if (chunk)
		chunk->memory[0] = 0;
	lvs_spin_lock(&lines->lock);
	/* Without memory the next block that is taken asks again. */
	set_need(lines, LVS_LINES_ENOUGH);
	kept = !chunk || keep(lines, chunk);
	lvs_spin_unlock(&lines->lock);
	if (!kept)
		chunk_del(lines, chunk);
	return chunk != NULL;
}

void lvs_lines_fini(struct lvs_lines *lines)
{
	if (lines->spare)
		chunk_del(lines, lines->spare);
	lines->spare = NULL;
}

static void *block_ready(struct lvs_lines *lines, unsigned order)
{
	void *memory;

	lvs_spin_lock(&lines->lock);
	memory = take_block(lines, order);
	lvs_spin_unlock(&lines->lock);
	return memory;
}

static void *block_take(struct lvs_lines *lines, unsigned order)
{
	void *memory = block_ready(lines, order);

	return memory ? memory : block_from_new(lines, order);
}

static void block_give(struct lvs_lines *lines, void *memory, unsigned order)
{
	struct lvs_lines_chunk *empty;

	lvs_spin_lock(&lines->lock);
	empty = give_block(lines, memory, order);
	lvs_spin_unlock(&lines->lock);
	if (empty)
		chunk_del(lines, empty);
}

static bool is_block(size_t size)
{
	return size >= LVS_LINES_LEAST && size <= LVS_LINES_CHUNK_SIZE;
}

/* Of a block. */
static unsigned order_of(size_t size)
{
	return lvs_fls64(size / LVS_LINES_LEAST);
}

/* What fills whole huge pages begins with one. */
static size_t align_of(size_t size)
{
	return size < LVS_LINES_LEAST ? LVS_CACHE_LINE : LVS_LINES_CHUNK_SIZE;
}

struct lvs_index_line *lvs_lines_take_ready(struct lvs_lines *lines, uint64_t n)
{
	size_t size = n * sizeof(struct lvs_index_line);

	if (!is_block(size))
		return lvs_lines_take(lines, n);
	/* Asked with each insert of who waits: without the lock, as long as nothing has come. */
	return need_of(lines) == LVS_LINES_ENOUGH ? block_ready(lines, order_of(size)) : NULL;
}

struct lvs_index_line *lvs_lines_take(struct lvs_lines *lines, uint64_t n)
{
	size_t size = n * sizeof(struct lvs_index_line);

	return is_block(size) ? block_take(lines, order_of(size))
			      : get(lines, size, align_of(size));
}

void lvs_lines_give(struct lvs_lines *lines, struct lvs_index_line *line, uint64_t n)
{
	size_t size = n * sizeof(struct lvs_index_line);

	if (is_block(size))
		block_give(lines, line, order_of(size));
	else
		put(lines, line, size, align_of(size));
}
