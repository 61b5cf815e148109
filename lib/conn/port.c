/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that are expected before their first packet, of which the client's port is not
 * known: they stand in the index under port 0, flag NO_CPORT. The first packet makes it known, and
 * the record moves to where its whole key belongs: up to four shards are locked for that, by
 * rising number as always (docs/adr/0003).
 *
 * A reader without lock sees the record under one key or the other, or under neither: then it
 * misses, and what a miss leads to is confirmed under the lock (docs/adr/0004).
 */
#include <liblvs/error.h>

#include "conn/inside.h"
#include "conn/search.h"

/* Connections of one request's key, from port 0. */
struct crowd {
	const struct lvs_arena *arena;
	struct lvs_flow reply; /* as which they are found */
	struct lvs_conn *oldest;
	unsigned n;
};

static bool consider(void *user, uint32_t ref)
{
	struct crowd *crowd = user;
	struct lvs_conn *conn = lvs_arena_at(crowd->arena, ref >> 1);

	if (ref & 1 || !(conn->kind & LVS_CONN_FROM_PORT_0) ||
	    lvs_key_match(conn, 0, &crowd->reply) != LVS_SIDE_SERVICE_REPLY ||
	    atomic_load_explicit(&conn->word, memory_order_relaxed) & LVS_CONN_DEAD)
		return false;
	crowd->n++;
	if (!crowd->oldest || !lvs_tick_reached(conn->created, crowd->oldest->created))
		crowd->oldest = conn;
	return false;
}

struct lvs_conn *lvs_table_find_crowd(const struct lvs_table *table, const struct lvs_flow *flow,
				      uint64_t hash, unsigned most)
{
	struct crowd crowd = {.arena = &table->arena, .reply = *flow};

	crowd.reply.src = flow->dst;
	crowd.reply.dst = flow->src;
	crowd.reply.src_port = flow->dst_port;
	crowd.reply.dst_port = flow->src_port;
	lvs_search(lvs_table_view(table, hash), hash, consider, &crowd);
	return crowd.n < most ? NULL : crowd.oldest;
}

/* What a move takes part in. */
struct move {
	struct lvs_keys from;
	struct lvs_keys to;
	struct lvs_shard *shard[4]; /* by rising number, each once */
	unsigned shard_n;
};

static LVS_NOINLINE struct lvs_conn *find_waiting(const struct lvs_table *table,
						  const struct lvs_flow *flow)
{
	struct lvs_flow waiting = *flow;
	struct lvs_conn *conn;
	enum lvs_side side;

	waiting.src_port = 0;
	conn = lvs_table_find(table, &waiting, lvs_table_hash(table, &waiting), LVS_SIDE_REQUEST,
			      &side);
	if (!conn || !(atomic_load_explicit(&conn->word, memory_order_relaxed) & LVS_CONN_NO_CPORT))
		return NULL;
	return conn;
}

struct lvs_conn *lvs_table_find_waiting(const struct lvs_table *table, const struct lvs_flow *flow)
{
	return lvs_likely(!lvs_table_awaits(table, flow->family)) ? NULL
								  : find_waiting(table, flow);
}

static void add_shard(struct move *move, struct lvs_shard *shard)
{
	unsigned at = 0;

	while (at < move->shard_n && move->shard[at] < shard)
		at++;
	if (at < move->shard_n && move->shard[at] == shard)
		return;
	for (unsigned i = move->shard_n++; i > at; i--)
		move->shard[i] = move->shard[i - 1];
	move->shard[at] = shard;
}

static uint64_t hash_to(const struct lvs_table *table, const struct lvs_conn *conn, lvs_be16 port,
			unsigned key)
{
	const struct lvs_hash *hash = &table->env.hash;
	lvs_be16 other = key ? conn->dest_port : conn->service_port;

	if (conn->kind & LVS_CONN_INET6)
		return lvs_key_hash_inet6(hash, &conn->u.v6.client, port,
					  key ? &conn->u.v6.dest : &conn->u.v6.service, other,
					  conn->protocol);
	return lvs_key_hash_inet(hash, conn->u.v4.client, port, lvs_key_other_inet(conn, key),
				 other, conn->protocol);
}

static void plan(const struct lvs_table *table, const struct lvs_conn *conn, lvs_be16 port,
		 struct move *move)
{
	move->shard_n = 0;
	lvs_keys_of(table, conn, hash_to(table, conn, 0, 0), &move->from);
	move->to.n = move->from.n;
	/* lvs_keys_of() takes a second key's hash from the record. */
	for (unsigned key = 0; key < move->from.n; key++) {
		move->from.hash[key] = hash_to(table, conn, 0, key);
		move->from.shard[key] = lvs_table_shard(table, move->from.hash[key]);
		move->to.hash[key] = hash_to(table, conn, port, key);
		move->to.shard[key] = lvs_table_shard(table, move->to.hash[key]);
		add_shard(move, move->from.shard[key]);
		add_shard(move, move->to.shard[key]);
	}
}

/* Room for each new entry where it goes, before anything moves. */
static bool reserve(struct lvs_table *table, const struct move *move)
{
	for (unsigned i = 0; i < move->shard_n; i++) {
		unsigned n = 0;

		for (unsigned key = 0; key < move->to.n; key++)
			n += move->to.shard[key] == move->shard[i];
		if (n && !lvs_shard_reserve(move->shard[i], &table->env, n))
			return false;
	}
	return true;
}

/* Whether another connection has the client's port. */
static bool taken(const struct lvs_table *table, const struct lvs_flow *flow, uint64_t hash)
{
	enum lvs_side side;

	return lvs_table_find_locked(table, flow, hash, LVS_SIDE_REQUEST, &side) != NULL;
}

static void carry_out(struct lvs_table *table, struct lvs_conn *conn, lvs_be16 port,
		      const struct move *move, uint32_t tick)
{
	uint32_t number = lvs_arena_number(conn);
	uint32_t due = conn->due;

	lvs_wheel_unlink(&move->from.shard[0]->wheel, &table->arena, conn);
	for (unsigned key = 0; key < move->from.n; key++)
		lvs_shard_remove(move->from.shard[key], move->from.hash[key],
				 lvs_index_ref(number, key));
	lvs_conn_set_client_port(conn, port);
	/* release: the port; pairs with the acquire of who asks for the flag. Packets move the rest
	 * of the word meanwhile. */
	atomic_fetch_and_explicit(&conn->word, ~(uint64_t)LVS_CONN_NO_CPORT, memory_order_release);
	atomic_fetch_sub_explicit(lvs_table_no_port(table, conn), 1, memory_order_relaxed);
	for (unsigned key = 0; key < move->to.n; key++)
		lvs_shard_add(move->to.shard[key], move->to.hash[key], lvs_index_ref(number, key));
	lvs_table_arm(table, move->to.shard[0], conn, due, tick);
}

/* All locks are held. */
static int move_locked(struct lvs_table *table, struct lvs_conn *conn, lvs_be16 port,
		       const struct move *move, uint32_t tick)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	struct lvs_flow flow;

	if (word & LVS_CONN_DEAD)
		return LVS_ERR_NO_ENTRY;
	lvs_flow_of_conn(conn, &flow);
	flow.src_port = port;
	if (!(word & LVS_CONN_NO_CPORT) || (port && taken(table, &flow, move->to.hash[0])))
		return LVS_ERR_EXISTS;
	if (!reserve(table, move))
		return LVS_ERR_NO_MEMORY;
	carry_out(table, conn, port, move, tick);
	return 0;
}

int lvs_table_set_client_port(struct lvs_table *table, struct lvs_conn *conn, lvs_be16 port,
			      uint32_t tick)
{
	struct move move;
	int err;

	plan(table, conn, port, &move);
	for (unsigned i = 0; i < move.shard_n; i++)
		lvs_spin_lock(&move.shard[i]->lock);
	err = move_locked(table, conn, port, &move, tick);
	for (unsigned i = move.shard_n; i > 0; i--)
		lvs_spin_unlock(&move.shard[i - 1]->lock);
	return err;
}
