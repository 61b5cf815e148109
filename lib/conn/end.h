/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection's end, for those who end many. All its shards' locks are held. */
#ifndef LVS_CONN_END_H
#define LVS_CONN_END_H

#include <assert.h>

#include "conn/inside.h"

/* A record that controls others is their last's to give back. */
void lvs_end_controller(struct lvs_table *table, struct lvs_conn *conn);

/* One that is controlled has ended at a tick: its controller has one less. */
void lvs_end_controlled(struct lvs_table *table, const struct lvs_conn *conn, uint32_t at);

/* Its record can be given out when nobody sees it. */
LVS_INLINE void lvs_end_retire(struct lvs_table *table, struct lvs_conn *conn,
			       struct lvs_ended *ended)
{
	/* Those that it controls only become less: more are taken on under its home's lock. */
	if (lvs_unlikely(lvs_conn_control_n(conn))) {
		lvs_end_controller(table, conn);
		return;
	}
	if (!ended) {
		lvs_arena_retire(&table->arena, conn);
		return;
	}
	ended->conn[ended->n++] = conn;
	if (lvs_unlikely(ended->n == LVS_ENDED_MAX))
		lvs_table_give_back(table, ended);
}

/* Out of the index. */
LVS_INLINE void lvs_end_remove(const struct lvs_keys *keys, uint32_t number, unsigned key)
{
	bool was_there =
		lvs_shard_remove(keys->shard[key], keys->hash[key], lvs_index_ref(number, key));

	assert(was_there);
}

/*
 * The rest of an end, DEAD having been set and the timer unlinked: out of the index, gone() is
 * called, its controller is let go, the record goes into limbo.
 */
LVS_INLINE void lvs_end_bury(struct lvs_table *table, struct lvs_conn *conn,
			     const struct lvs_keys *keys, uint64_t word, const struct lvs_end *end)
{
	uint32_t number = lvs_arena_number(conn);

	lvs_end_remove(keys, number, 0);
	if (lvs_unlikely(keys->n == 2))
		lvs_end_remove(keys, number, 1);
	if (lvs_unlikely(word & LVS_CONN_NO_CPORT))
		atomic_fetch_sub_explicit(lvs_table_no_port(table, conn), 1, memory_order_relaxed);
	if (table->gone)
		table->gone(table->user, conn, word, end->at, end->by);
	if (lvs_unlikely(lvs_conn_controller(conn)))
		lvs_end_controlled(table, conn, end->at);
	if (lvs_unlikely(conn->company))
		lvs_company_retire(&table->companies, conn->company);
	lvs_end_retire(table, conn, end->ended);
}

#endif
