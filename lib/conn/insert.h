/* SPDX-License-Identifier: BSD-2-Clause */
/* Publishing a record: lvs_table_insert(), for who does little else. The home's lock is held. */
#ifndef LVS_CONN_INSERT_H
#define LVS_CONN_INSERT_H

#include <liblvs/error.h>

#include "conn/inside.h"

/* All but the entries in the index. */
LVS_INLINE void lvs_insert_begin(struct lvs_table *table, struct lvs_shard *home,
				 struct lvs_conn *conn, uint32_t number, uint32_t tick)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);

	conn->kind |= LVS_CONN_USED;
	if (lvs_unlikely(word & LVS_CONN_NO_CPORT))
		/* relaxed: who must find it was told of it */
		atomic_fetch_add_explicit(lvs_table_no_port(table, conn), 1, memory_order_relaxed);
	conn->created = 1 + atomic_fetch_add_explicit(&table->created, 1, memory_order_relaxed);
	if (home->wheel.linked_n == 0)
		home->wheel.now = tick;
	lvs_wheel_link_as(&home->wheel, &table->arena, conn, number, lvs_conn_deadline(seen, word));
	/* release: the fixed fields; pairs with the acquire in lvs_table_next() */
	atomic_store_explicit(&conn->word, word | LVS_CONN_LIVE, memory_order_release);
}

/* Of one that has two keys. */
int lvs_insert_two(struct lvs_table *table, struct lvs_conn *conn, uint64_t hash, uint32_t tick);

LVS_INLINE int lvs_insert(struct lvs_table *table, struct lvs_shard *home, struct lvs_conn *conn,
			  uint64_t hash, uint32_t tick)
{
	uint32_t number = lvs_arena_number(conn);

	if (lvs_keys_two(conn))
		return lvs_insert_two(table, conn, hash, tick);
	if (!lvs_shard_reserve(home, &table->env, 1))
		return LVS_ERR_NO_MEMORY;
	lvs_insert_begin(table, home, conn, number, tick);
	lvs_shard_add(home, hash, lvs_index_ref(number, 0));
	return 0;
}

#endif
