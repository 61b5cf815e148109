/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/tags.h"

#include <assert.h>

#define PASSED_ONE (UINT64_C(1) << 32)

/* Only the lock's holder stores: its own loads need no order. */
static uint64_t own_tags(const struct lvs_index_line *line, unsigned word)
{
	return atomic_load_explicit(&line->tags[word], memory_order_relaxed);
}

uint64_t lvs_index_tag_at(const struct lvs_index_line *line, unsigned slot)
{
	return own_tags(line, slot / 4) >> slot % 4 * 16 & 0xffff;
}

static void set_tag(struct lvs_index_line *line, unsigned slot, uint64_t tag)
{
	unsigned shift = slot % 4 * 16;
	uint64_t tags = own_tags(line, slot / 4) & ~(UINT64_C(0xffff) << shift);

	/* release: who sees the tag sees the reference and the record, and who sees that an
	 * entry has left sees the place where it went. Pairs with lvs_index_slots(). */
	atomic_store_explicit(&line->tags[slot / 4], tags | tag << shift, memory_order_release);
}

static void add_passed(struct lvs_index_line *line, uint64_t by)
{
	/* release: as above; a count that fell lets a search end before the old place */
	atomic_store_explicit(&line->tags[2], own_tags(line, 2) + by, memory_order_release);
}

/* Its home line is full. */
LVS_NOINLINE unsigned lvs_index_add_behind(struct lvs_index index, uint64_t hash, uint32_t ref)
{
	uint64_t at = lvs_index_home(index, hash);
	unsigned looked = 1;
	uint64_t empty;
	uint32_t passed;

	while (!(empty = lvs_index_slots(&index.lines[at], 0, &passed))) {
		add_passed(&index.lines[at], PASSED_ONE);
		at = (at + 1) & lvs_index_mask(index);
		looked++;
		assert(looked <= lvs_index_lines_n(index));
	}
	lvs_index_put(&index.lines[at], lvs_index_slot(empty), hash, ref);
	return looked;
}

unsigned lvs_index_add(struct lvs_index index, uint64_t hash, uint32_t ref)
{
	return lvs_index_add_near(index, hash, ref);
}

void lvs_index_drop(struct lvs_index index, uint64_t hash, uint64_t line, unsigned slot)
{
	set_tag(&index.lines[line], slot, 0);
	for (uint64_t at = lvs_index_home(index, hash); at != line;
	     at = (at + 1) & lvs_index_mask(index))
		add_passed(&index.lines[at], -PASSED_ONE);
}

bool lvs_index_remove(struct lvs_index index, uint64_t hash, uint32_t ref)
{
	uint64_t at = lvs_index_home(index, hash);
	uint32_t passed;

	for (uint64_t n = lvs_index_lines_n(index); n; n--, at = (at + 1) & lvs_index_mask(index)) {
		struct lvs_index_line *line = &index.lines[at];
		uint64_t slots = lvs_index_slots(line, lvs_index_tag(hash), &passed);

		for (; slots; slots &= slots - 1) {
			unsigned slot = lvs_index_slot(slots);

			if (atomic_load_explicit(&line->refs[slot], memory_order_relaxed) == ref) {
				lvs_index_drop(index, hash, at, slot);
				return true;
			}
		}
		if (!passed)
			return false;
	}
	return false;
}
