/* SPDX-License-Identifier: BSD-2-Clause */
/* Lookup: without lock, an index line and a record line in the common case. */
#include <stddef.h>

#include "conn/fetch.h"
#include "conn/inside.h"
#include "conn/tags.h"

/* Growth may end during a search and make a miss void; it cannot do so often. */
#define TRIES 4

struct search {
	const struct lvs_arena *arena;
	const struct lvs_flow *flow;
	uint64_t hash;
	unsigned sides;
	struct lvs_conn *found;
	unsigned side;
};

uint64_t lvs_table_hash(const struct lvs_table *table, const struct lvs_flow *flow)
{
	return lvs_key_hash_flow(&table->env.hash, flow);
}

/* Whether a record of this kind can be what is sought, the flow being @p side of it. */
LVS_INLINE bool is_sought(unsigned sides, unsigned side, const struct lvs_conn *conn)
{
	const unsigned dest_sides = LVS_SIDE_DEST_REPLY | LVS_SIDE_DEST_REQUEST;

	if (!(side & sides))
		return false;
	return side != LVS_SIDE_SERVICE_REPLY || !(conn->kind & LVS_CONN_TWO_WAY) ||
	       (sides & dest_sides) != LVS_SIDE_DEST_REPLY;
}

/*
 * Looks at one entry; true when it settles the search. Requests are unique. Of
 * several connections for another side (two services, one client port, one
 * server) the youngest counts, on every machine and for any number of shards.
 */
LVS_INLINE bool consider(struct search *search, uint32_t ref)
{
	struct lvs_conn *conn = lvs_arena_at(search->arena, ref >> 1);
	unsigned side = lvs_key_match(conn, ref & 1, search->flow);

	if (!is_sought(search->sides, side, conn))
		return false;
	if (atomic_load_explicit(&conn->word, memory_order_relaxed) & LVS_CONN_DEAD)
		return false;
	if (search->found &&
	    (side > search->side ||
	     (side == search->side && lvs_tick_reached(search->found->created, conn->created))))
		return false;
	search->found = conn;
	search->side = side;
	return side == LVS_SIDE_REQUEST;
}

/* True when the search is settled. */
LVS_INLINE bool search_index(struct search *search, struct lvs_index index)
{
	const uint64_t tag = lvs_index_tag(search->hash);
	uint64_t at = lvs_index_home(index, search->hash);
	uint32_t passed;

	for (uint64_t n = lvs_index_lines_n(index); n; n--) {
		const struct lvs_index_line *line = &index.lines[at];
		uint64_t slots = lvs_index_slots(line, tag, &passed);

		for (; slots; slots &= slots - 1)
			/* acquire: pairs with lvs_index_add(); the record is whole */
			if (consider(search,
				     atomic_load_explicit(&line->refs[lvs_index_slot(slots)],
							  memory_order_acquire)))
				return true;
		if (lvs_likely(!passed))
			return false;
		at = (at + 1) & lvs_index_mask(index);
	}
	return false;
}

static void search_shard(struct search *search, const struct lvs_shard_view *view)
{
	struct lvs_index next;

	if (search_index(search, lvs_view_index(view)))
		return;
	/* Loaded after the index was searched: what had left it is there. */
	next = lvs_view_next(view);
	if (lvs_unlikely(next.lines))
		search_index(search, next);
}

struct lvs_conn *lvs_table_find_locked(const struct lvs_table *table, const struct lvs_flow *flow,
				       uint64_t hash, unsigned sides, enum lvs_side *side)
{
	struct search search = {&table->arena, flow, hash, sides, NULL, 0};

	search_shard(&search, lvs_table_view(table, hash));
	*side = (enum lvs_side)search.side;
	return search.found;
}

/* The last word on a miss when growth has been too quick for us. */
static LVS_NOINLINE struct lvs_conn *find_by_lock(const struct lvs_table *table,
						  const struct lvs_flow *flow, uint64_t hash,
						  unsigned sides, enum lvs_side *side)
{
	struct lvs_shard *shard = lvs_table_shard(table, hash);
	struct lvs_conn *conn;

	lvs_spin_lock(&shard->lock);
	conn = lvs_table_find_locked(table, flow, hash, sides, side);
	lvs_spin_unlock(&shard->lock);
	return conn;
}

struct lvs_conn *lvs_table_find(const struct lvs_table *table, const struct lvs_flow *flow,
				uint64_t hash, unsigned sides, enum lvs_side *side)
{
	const struct lvs_shard_view *view = lvs_table_view(table, hash);

	for (unsigned tries = 0; tries < TRIES; tries++) {
		struct search search = {&table->arena, flow, hash, sides, NULL, 0};
		/* acquire: the index is at least as new; pairs with swap() in shard.c */
		uint32_t changes = atomic_load_explicit(&view->changes, memory_order_acquire);

		search_shard(&search, view);
		*side = (enum lvs_side)search.side;
		/* The loads of the search are acquires: this one comes behind them. */
		if (lvs_likely(search.found) ||
		    atomic_load_explicit(&view->changes, memory_order_relaxed) == changes)
			return search.found;
	}
	return find_by_lock(table, flow, hash, sides, side);
}

static LVS_NOINLINE void fetch_further(const struct lvs_table *table, struct lvs_fetch *fetch)
{
	const struct lvs_shard_view *view = lvs_table_view(table, fetch->hash);
	struct lvs_index index = lvs_view_index(view);
	struct lvs_index next = lvs_view_next(view);
	uint64_t home = lvs_index_home(index, fetch->hash);

	if (lvs_index_passed(&index.lines[home]))
		lvs_prefetch(&index.lines[(home + 1) & lvs_index_mask(index)]);
	if (!next.lines)
		return;
	fetch->line = lvs_index_line_of(next, fetch->hash);
	fetch->conn = lvs_fetch_from_line(table, fetch);
}

/* Who is new will lock the shard, which comes meanwhile. */
void lvs_fetch_elsewhere(const struct lvs_table *table, struct lvs_fetch *fetch)
{
	const struct lvs_shard *shard = lvs_table_shard(table, fetch->hash);

	/* Before the search: what comes behind it is counted. */
	fetch->adds = lvs_shard_adds(shard);
	lvs_prefetch_write(&shard->wheel);
	fetch->lacking = shard;
	fetch->template = 0;
	if (lvs_likely(lvs_search_lacks(table, fetch->hash)))
		return;
	fetch->lacking = NULL;
	fetch_further(table, fetch);
}
