/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/search.h"
#include "conn/tags.h"

static bool search_index(struct lvs_index index, uint64_t hash,
			 bool (*consider)(void *user, uint32_t ref), void *user)
{
	const uint64_t tag = lvs_index_tag(hash);
	uint64_t at = lvs_index_home(index, hash);
	uint32_t passed = 1;

	for (uint64_t n = lvs_index_lines_n(index); n && passed; n--) {
		const struct lvs_index_line *line = &index.lines[at];
		uint64_t slots = lvs_index_slots(line, tag, &passed);

		for (; slots; slots &= slots - 1)
			/* acquire: pairs with lvs_index_add(); the record is whole */
			if (consider(user, atomic_load_explicit(&line->refs[lvs_index_slot(slots)],
								memory_order_acquire)))
				return true;
		at = (at + 1) & lvs_index_mask(index);
	}
	return false;
}

void lvs_search(const struct lvs_shard_view *view, uint64_t hash,
		bool (*consider)(void *user, uint32_t ref), void *user)
{
	struct lvs_index next;

	if (search_index(lvs_view_index(view), hash, consider, user))
		return;
	/* Loaded after the index was searched: what had left it is there. */
	next = lvs_view_next(view);
	if (next.lines)
		search_index(next, hash, consider, user);
}
