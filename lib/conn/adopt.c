/* SPDX-License-Identifier: BSD-2-Clause */
/* A record that another table had becomes one of this. */
#include "conn/insert.h"
#include "conn/inside.h"
#include "conn/template.h"

uint32_t lvs_table_created(const struct lvs_table *table)
{
	return atomic_load_explicit(&table->created, memory_order_relaxed);
}

/* New ones come after it. relaxed: a number by itself */
static void count_up(struct lvs_table *table, uint32_t created)
{
	uint32_t last = atomic_load_explicit(&table->created, memory_order_relaxed);

	while (!lvs_tick_reached(last, created))
		if (atomic_compare_exchange_weak_explicit(&table->created, &last, created,
							  memory_order_relaxed,
							  memory_order_relaxed))
			return;
}

static bool template_exists(const struct lvs_table *table, const struct lvs_conn *conn,
			    uint64_t hash)
{
	const struct lvs_data *data = lvs_template_data(table, conn);
	struct lvs_template_key key = {.port = conn->service_port, .protocol = conn->protocol};
	struct lvs_flow flow;

	lvs_flow_of_conn(conn, &flow);
	key.family = flow.family;
	key.client = flow.src;
	key.service = flow.dst;
	if (data) {
		key.pe = data->pe;
		key.data = data->byte;
		key.data_len = (uint16_t)data->len;
		key.data_hash = data->hash;
	}
	return lvs_template_find_locked(table, &key, hash) != NULL;
}

/* From port 0 each request has its own, and a template that is not found is in nobody's way. */
static bool exists(const struct lvs_table *table, const struct lvs_conn *conn, uint64_t hash)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	struct lvs_flow flow;
	enum lvs_side side;

	if (word & LVS_CONN_INVALID || conn->kind & LVS_CONN_FROM_PORT_0)
		return false;
	if (conn->kind & LVS_CONN_IS_TEMPLATE)
		return template_exists(table, conn, hash);
	lvs_flow_of_conn(conn, &flow);
	return lvs_table_find_locked(table, &flow, hash, LVS_SIDE_REQUEST, &side) != NULL;
}

static bool reserve(struct lvs_table *table, const struct lvs_keys *keys)
{
	if (keys->n == 1 || keys->shard[0] == keys->shard[1])
		return lvs_shard_reserve(keys->shard[0], &table->env, keys->n);
	return lvs_shard_reserve(keys->shard[0], &table->env, 1) &&
	       lvs_shard_reserve(keys->shard[1], &table->env, 1);
}

/* lvs_insert_begin(), but for its creation number: there each instruction counts. */
static void begin(struct lvs_table *table, struct lvs_shard *home, struct lvs_conn *conn,
		  uint32_t created, uint32_t tick)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);

	conn->kind |= LVS_CONN_USED;
	if (word & LVS_CONN_NO_CPORT)
		/* relaxed: as there */
		atomic_fetch_add_explicit(lvs_table_no_port(table, conn), 1, memory_order_relaxed);
	conn->created = created;
	lvs_table_arm(table, home, conn, lvs_conn_deadline(seen, word), tick);
	/* release: the fixed fields; pairs with the acquire in lvs_table_next() */
	atomic_store_explicit(&conn->word, word | LVS_CONN_LIVE, memory_order_release);
}

int lvs_table_adopt(struct lvs_table *table, struct lvs_conn *conn, uint32_t created, uint32_t tick)
{
	uint32_t number = lvs_arena_number(conn);
	struct lvs_keys keys;
	int err = 0;

	lvs_keys_lock_of(table, conn, &keys);
	if (exists(table, conn, keys.hash[0])) {
		err = LVS_ERR_EXISTS;
	} else if (!reserve(table, &keys)) {
		err = LVS_ERR_NO_MEMORY;
	} else {
		count_up(table, created);
		begin(table, keys.shard[0], conn, created, tick);
		for (unsigned key = 0; key < keys.n; key++)
			lvs_shard_add(keys.shard[key], keys.hash[key], lvs_index_ref(number, key));
	}
	lvs_keys_unlock(&keys);
	return err;
}
