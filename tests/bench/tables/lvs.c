/* SPDX-License-Identifier: BSD-2-Clause */
/* The library's connection table, as the worker uses it. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "conn/fetch.h"
#include "conn/key.h"
#include "conn/table.h"
#include "site.h"

struct own {
	struct lvs_epoch epoch;
	struct lvs_epoch_reader reader;
	struct lvs_table *table;
	unsigned key_len;
};

_Static_assert(sizeof(struct lvs_flow) <= TABLE_QUERY, "a question holds a flow");

static void gone(void *user, struct lvs_conn *conn, uint64_t word, uint32_t at, void *by)
{
	(void)user;
	(void)conn;
	(void)word;
	(void)at;
	(void)by;
}

static void *own_open(uint32_t n, unsigned key_len)
{
	struct own *own = aligned_alloc(64, sizeof(*own));
	struct lvs_table_conf conf = {
		.alloc = &lvs_alloc_libc,
		.max_conns = n,
		.shards = 256,
		.key = "0123456789abcde",
		.gone = gone,
	};

	if (!own)
		bench_fail("no memory");
	memset(own, 0, sizeof(*own));
	own->key_len = key_len;
	lvs_epoch_init(&own->epoch);
	lvs_epoch_join(&own->epoch, &own->reader);
	conf.epoch = &own->epoch;
	site_must(lvs_table_new(&conf, &own->table));
	return own;
}

static void own_close(void *table)
{
	struct own *own = table;

	lvs_table_del(own->table);
	lvs_epoch_leave(&own->epoch, &own->reader);
	free(own);
}

static void ask(const uint8_t *key, unsigned key_len, void *query)
{
	unsigned addr_len = key_len == TABLE_KEY4 ? 4 : 16;
	struct lvs_flow *flow = query;

	memset(flow, 0, sizeof(*flow));
	memcpy(&flow->src, key, addr_len);
	memcpy(&flow->dst, key + addr_len, addr_len);
	memcpy(&flow->src_port, key + 2 * addr_len, 2);
	memcpy(&flow->dst_port, key + 2 * addr_len + 2, 2);
	flow->family = key_len == TABLE_KEY4 ? LVS_INET : LVS_INET6;
	flow->protocol = key[2 * addr_len + 4];
}

static void fill(struct lvs_conn *conn, const struct lvs_flow *flow, uint32_t value)
{
	conn->protocol = flow->protocol;
	conn->client_port = flow->src_port;
	conn->service_port = flow->dst_port;
	conn->dest = value;
	if (flow->family == LVS_INET6) {
		conn->kind |= LVS_CONN_INET6;
		conn->u.v6.client = flow->src;
		conn->u.v6.service = flow->dst;
	} else {
		conn->u.v4.client = flow->src.word[0];
		conn->u.v4.service = flow->dst.word[0];
	}
	atomic_store_explicit(&conn->word, (uint64_t)7000 << 32 | 1, memory_order_relaxed);
}

static void own_add(void *table, const uint8_t *key, uint32_t value)
{
	struct own *own = table;
	struct lvs_conn *conn;
	struct lvs_flow flow;
	uint64_t hash;
	int err = 0;

	ask(key, own->key_len, &flow);
	hash = lvs_table_hash(own->table, &flow);
	conn = lvs_table_alloc(own->table, &own->reader, flow.family == LVS_INET6, false, NULL,
			       &err);
	site_must(err);
	fill(conn, &flow, value);
	lvs_table_lock(own->table, hash);
	site_must(lvs_table_insert(own->table, conn, hash, 0));
	lvs_table_unlock(own->table, hash);
}

/* The worker's three stages (lib/director/worker.c), and its second way for a wrong guess. */
static uint64_t find_batch(void *table, const void *const *query, unsigned n)
{
	struct own *own = table;
	struct lvs_fetch fetch[TABLE_BATCH];
	uint64_t sum = 0;

	lvs_epoch_enter(&own->epoch, &own->reader);
	for (unsigned i = 0; i < n; i++)
		lvs_fetch_line(own->table, query[i], &fetch[i]);
	for (unsigned i = 0; i < n; i++)
		lvs_fetch_record(own->table, &fetch[i], own->key_len == TABLE_KEY6);
	for (unsigned i = 0; i < n; i++) {
		const struct lvs_conn *conn = fetch[i].conn;
		enum lvs_side side;

		if (lvs_unlikely(!lvs_table_confirm(conn, query[i])))
			conn = lvs_table_find(own->table, query[i], fetch[i].hash, LVS_SIDES_PACKET,
					      &side);
		sum += conn ? conn->dest : 0;
	}
	lvs_epoch_exit(&own->reader);
	return sum;
}

static uint64_t find_one(void *table, const void *const *query, unsigned n)
{
	struct own *own = table;
	uint64_t sum = 0;

	lvs_epoch_enter(&own->epoch, &own->reader);
	for (unsigned i = 0; i < n; i++) {
		uint64_t hash = lvs_table_hash(own->table, query[i]);
		enum lvs_side side;
		const struct lvs_conn *conn =
			lvs_table_find(own->table, query[i], hash, LVS_SIDES_PACKET, &side);

		sum += conn ? conn->dest : 0;
	}
	lvs_epoch_exit(&own->reader);
	return sum;
}

const struct table_ops table_lvs = {
	.name = "table/liblvs",
	.open = own_open,
	.close = own_close,
	.add = own_add,
	.ask = ask,
	.find = find_batch,
};

const struct table_ops table_lvs_one = {
	.name = "table/liblvs/one-by-one",
	.open = own_open,
	.close = own_close,
	.add = own_add,
	.ask = ask,
	.find = find_one,
};
