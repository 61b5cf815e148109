/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookup in steps, for who has many flows at once: between two steps of one flow there
 * is time for memory to answer. All of it is hints; lvs_table_confirm() tells whether
 * the record is the flow's, and where it is not, lvs_table_find() looks.
 */
#ifndef LVS_CONN_FETCH_H
#define LVS_CONN_FETCH_H

#include "conn/inside.h"
#include "conn/key.h"
#include "conn/tags.h"

/* The first step: the line of the index where the flow has its entry, most likely. */
LVS_INLINE void lvs_fetch_line(const struct lvs_table *table, const struct lvs_flow *flow,
			       struct lvs_fetch *fetch)
{
	const struct lvs_shard_view *view;
	struct lvs_index index;

	fetch->hash = lvs_key_hash_flow(&table->env.hash, flow);
	view = lvs_table_view(table, fetch->hash);
	index = lvs_view_index(view);
	fetch->line = lvs_index_line_of(index, fetch->hash);
	lvs_prefetch(fetch->line);
}

/* The record of the line's first entry with the tag, or NULL. */
LVS_INLINE struct lvs_conn *lvs_fetch_from_line(const struct lvs_table *table,
						struct lvs_fetch *fetch)
{
	uint32_t passed, ref;
	uint64_t slots = lvs_index_slots(fetch->line, lvs_index_tag(fetch->hash), &passed);
	struct lvs_conn *conn;

	if (!slots)
		return NULL;
	/* acquire: pairs with lvs_index_add(); the record is whole */
	ref = atomic_load_explicit(&fetch->line->refs[lvs_index_slot(slots)], memory_order_acquire);
	fetch->number = ref >> 1;
	conn = lvs_arena_at(&table->arena, fetch->number);
	lvs_prefetch(conn);
	return conn;
}

/* Whether surely no connection has this hash: none had it when it was looked ahead, and no entry
 * has come since. With the shard's lock that is final. False: perhaps not. */
LVS_INLINE bool lvs_fetch_lacks(const struct lvs_fetch *fetch, uint64_t hash)
{
	return fetch && !fetch->conn && lvs_likely(fetch->lacking != NULL) && fetch->hash == hash &&
	       lvs_likely(lvs_shard_adds(fetch->lacking) == fetch->adds);
}

/* What the line does not tell: another may, the next one or, while the index grows, one of its
 * successor. */
void lvs_fetch_elsewhere(const struct lvs_table *table, struct lvs_fetch *fetch);

/* The second step: the record. @p large: both its lines. */
LVS_INLINE void lvs_fetch_record(const struct lvs_table *table, struct lvs_fetch *fetch, bool large)
{
	fetch->conn = lvs_fetch_from_line(table, fetch);
	if (lvs_unlikely(!fetch->conn))
		lvs_fetch_elsewhere(table, fetch);
	if (large && fetch->conn)
		lvs_prefetch((const uint8_t *)fetch->conn + LVS_CACHE_LINE);
}

/*
 * The living connection of which the flow is the reply, where the line alone tells: it holds no
 * other entry with the tag, and there is no other line to look into. NULL: lvs_table_find() looks,
 * which minds all there is. A record was found ahead.
 */
LVS_INLINE struct lvs_conn *lvs_fetch_reply(const struct lvs_table *table,
					    const struct lvs_fetch *fetch,
					    const struct lvs_flow *flow)
{
	const struct lvs_shard_view *view = lvs_table_view(table, fetch->hash);
	struct lvs_conn *conn = fetch->conn;
	uint32_t passed, ref;
	uint64_t slots;

	if (!lvs_key_is_dest_reply(conn, flow))
		return NULL;
	slots = lvs_index_slots(fetch->line, lvs_index_tag(fetch->hash), &passed);
	if (!slots || (slots & (slots - 1)) | passed)
		return NULL;
	/* acquire: pairs with lvs_index_add(); the record is whole */
	ref = atomic_load_explicit(&fetch->line->refs[lvs_index_slot(slots)], memory_order_acquire);
	if (ref != lvs_index_ref(fetch->number, 1))
		return NULL;
	/* Behind the slots: what had left them is there. And behind that: it was the index still.
	 */
	if (lvs_view_next(view).lines ||
	    fetch->line != lvs_index_line_of(lvs_view_index(view), fetch->hash))
		return NULL;
	return atomic_load_explicit(&conn->word, memory_order_relaxed) & LVS_CONN_DEAD ? NULL
										       : conn;
}

#endif
