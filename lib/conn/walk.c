/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking the table by number, and its figures. */
#include <limits.h>

#include "conn/inside.h"

uint32_t lvs_table_number(const struct lvs_table *table, const struct lvs_conn *conn)
{
	(void)table;
	return lvs_arena_number(conn);
}

/* A look at a record; NULL: it is not in use. */
static struct lvs_conn *look(const struct lvs_table *table, uint32_t at, uint32_t *number,
			     unsigned *looks)
{
	struct lvs_conn *conn = lvs_arena_at(&table->arena, at);
	/* acquire: pairs with publish() in table.c */
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);

	--*looks;
	*number = at + 1;
	return (word & (LVS_CONN_LIVE | LVS_CONN_DEAD)) == LVS_CONN_LIVE ? conn : NULL;
}

struct lvs_conn *lvs_table_walk(const struct lvs_table *table, uint32_t *number, unsigned *looks)
{
	uint32_t at = lvs_arena_next(&table->arena, *number);

	for (; at && *looks; at = lvs_arena_next(&table->arena, at + 1)) {
		struct lvs_conn *conn = look(table, at, number, looks);

		if (conn)
			return conn;
	}
	return NULL;
}

struct lvs_conn *lvs_table_sample(const struct lvs_table *table, unsigned place, uint32_t *number,
				  unsigned *looks)
{
	uint32_t at = lvs_arena_sample(&table->arena, *number, LVS_TABLE_SAMPLE, place);

	for (; at && *looks;
	     at = lvs_arena_sample(&table->arena, at + 1, LVS_TABLE_SAMPLE, place)) {
		struct lvs_conn *conn = look(table, at, number, looks);

		if (conn)
			return conn;
	}
	return NULL;
}

struct lvs_conn *lvs_table_next(const struct lvs_table *table, uint32_t *number)
{
	unsigned looks = UINT_MAX;

	return lvs_table_walk(table, number, &looks);
}

uint32_t lvs_table_conn_n(const struct lvs_table *table)
{
	return atomic_load_explicit(&table->arena.in_use, memory_order_relaxed);
}

void lvs_table_set_max(struct lvs_table *table, uint32_t max_conns)
{
	lvs_arena_set_max(&table->arena, max_conns);
}

uint32_t lvs_table_capacity(const struct lvs_table *table)
{
	return table->arena.capacity;
}

void lvs_table_figures(const struct lvs_table *table, struct lvs_table_figures *figures)
{
	const struct lvs_shard_stats *stats = &table->env.stats;

	figures->bytes = sizeof(*table) + lvs_table_shards_size(table) +
			 lvs_arena_bytes(&table->arena) +
			 atomic_load_explicit(&table->companies.bytes, memory_order_relaxed) +
			 atomic_load_explicit(&table->env.lines.bytes, memory_order_relaxed);
	figures->evicted = atomic_load_explicit(&table->evicted, memory_order_relaxed);
	figures->refused = atomic_load_explicit(&table->refused, memory_order_relaxed);
	figures->expired = atomic_load_explicit(&table->expired, memory_order_relaxed);
	figures->grown = atomic_load_explicit(&stats->grown, memory_order_relaxed);
	figures->longest_growth_step =
		atomic_load_explicit(&stats->longest_step, memory_order_relaxed);
}
