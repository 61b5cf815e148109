/* SPDX-License-Identifier: BSD-2-Clause */
/* The table's birth and end, and what changes a connection: insert, end, re-arm. */
#include "conn/table.h"

#include <assert.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/memory.h"
#include "conn/end.h"
#include "conn/insert.h"
#include "conn/inside.h"

#define SHARDS_MAX 65536

static size_t shards_size(const struct lvs_table *table)
{
	return table->env.shards * sizeof(*table->shards);
}

static size_t views_size(const struct lvs_table *table)
{
	return table->env.shards * sizeof(*table->views);
}

static void fini_shards(struct lvs_table *table, uint32_t n)
{
	while (n)
		lvs_shard_fini(&table->shards[--n], &table->env);
	lvs_mem_free(table->env.alloc, table->shards, shards_size(table), LVS_CACHE_LINE);
	lvs_mem_free(table->env.alloc, table->views, views_size(table), LVS_CACHE_LINE);
}

static int init_shards(struct lvs_table *table)
{
	uint32_t n = 0;

	table->shards = lvs_mem_alloc(table->env.alloc, shards_size(table), LVS_CACHE_LINE);
	table->views = lvs_mem_alloc(table->env.alloc, views_size(table), LVS_CACHE_LINE);
	if (table->shards && table->views)
		while (n < table->env.shards &&
		       lvs_shard_init(&table->shards[n], &table->env, &table->views[n], n) == 0)
			n++;
	if (n == table->env.shards)
		return 0;
	fini_shards(table, n);
	return LVS_ERR_NO_MEMORY;
}

static void fill_in(struct lvs_table *table, const struct lvs_table_conf *conf)
{
	table->gone = conf->gone;
	table->user = conf->user;
	table->env.alloc = conf->alloc;
	table->env.epoch = conf->epoch;
	table->env.arena = &table->arena;
	table->env.companies = &table->companies;
	table->env.shards = conf->shards;
	lvs_lines_init(&table->env.lines, conf->alloc);
	table->shard_shift = 32 - lvs_fls64(conf->shards);
	lvs_hash_init(&table->env.hash, conf->key);
}

int lvs_table_new(const struct lvs_table_conf *conf, struct lvs_table **result)
{
	struct lvs_table *table;
	int err;

	if (conf->shards == 0 || conf->shards & (conf->shards - 1) || conf->shards > SHARDS_MAX)
		return LVS_ERR_INVALID;
	table = lvs_mem_zalloc(conf->alloc, sizeof(*table), LVS_CACHE_LINE);
	if (!table)
		return LVS_ERR_NO_MEMORY;
	fill_in(table, conf);
	err = lvs_arena_init(&table->arena, conf->alloc, conf->epoch, conf->max_conns);
	if (err < 0)
		goto free_table;
	lvs_companies_init(&table->companies, conf->alloc, conf->epoch, conf->max_conns);
	err = init_shards(table);
	if (err < 0)
		goto fini_arena;
	*result = table;
	return 0;

fini_arena:
	lvs_arena_fini(&table->arena);
free_table:
	lvs_mem_free(conf->alloc, table, sizeof(*table), LVS_CACHE_LINE);
	return err;
}

void lvs_table_del(struct lvs_table *table)
{
	if (!table)
		return;
	fini_shards(table, table->env.shards);
	lvs_companies_fini(&table->companies);
	lvs_lines_fini(&table->env.lines);
	lvs_arena_fini(&table->arena);
	lvs_mem_free(table->env.alloc, table, sizeof(*table), LVS_CACHE_LINE);
}

void lvs_table_prepare(struct lvs_table *table, bool expecting)
{
	if (expecting)
		lvs_arena_expect(&table->arena);
	if (!lvs_arena_prepare(&table->arena))
		lvs_lines_prepare(&table->env.lines);
}

bool lvs_table_wants(const struct lvs_table *table)
{
	return lvs_arena_wants(&table->arena) || lvs_lines_wants(&table->env.lines);
}

static enum lvs_arena_size size_of(bool large)
{
	return large ? LVS_ARENA_LARGE : LVS_ARENA_SMALL;
}

struct lvs_conn *lvs_table_take(struct lvs_table *table, const struct lvs_epoch_reader *self,
				bool large, int *err)
{
	return lvs_arena_take(&table->arena, size_of(large), self, err);
}

struct lvs_conn *lvs_table_make_room(struct lvs_table *table, const struct lvs_epoch_reader *self,
				     bool large, bool evict, void *by, int *err)
{
	struct lvs_conn *ended = NULL, *conn = NULL;

	if (*err == LVS_ERR_FULL && evict)
		ended = lvs_table_evict(table, by);
	if (ended)
		conn = lvs_arena_retake(&table->arena, ended, size_of(large), self, err);
	if (*err == LVS_ERR_BUSY)
		*err = LVS_ERR_FULL;
	if (!conn && *err == LVS_ERR_FULL)
		atomic_fetch_add_explicit(&table->refused, 1, memory_order_relaxed);
	return conn;
}

struct lvs_conn *lvs_table_alloc(struct lvs_table *table, const struct lvs_epoch_reader *self,
				 bool large, bool evict, void *by, int *err)
{
	struct lvs_conn *conn = lvs_table_take(table, self, large, err);

	if (lvs_likely(conn != NULL))
		return conn;
	return lvs_table_make_room(table, self, large, evict, by, err);
}

void lvs_table_unalloc(struct lvs_table *table, struct lvs_conn *conn)
{
	lvs_table_let_go(table, conn);
	if (conn->company)
		lvs_company_del(&table->companies, conn->company);
	lvs_arena_put(&table->arena, conn);
}

void *lvs_table_add_company(struct lvs_table *table, struct lvs_conn *conn, size_t size)
{
	struct lvs_company *company =
		lvs_company_new(&table->companies, size, lvs_arena_number(conn));

	conn->company = company ? company->number : 0;
	return company;
}

void *lvs_table_company(const struct lvs_table *table, const struct lvs_conn *conn)
{
	return lvs_company_at(&table->companies, conn->company);
}

void lvs_table_lock(struct lvs_table *table, uint64_t hash)
{
	lvs_spin_lock(&lvs_table_shard(table, hash)->lock);
}

void lvs_table_unlock(struct lvs_table *table, uint64_t hash)
{
	lvs_spin_unlock(&lvs_table_shard(table, hash)->lock);
}

bool lvs_table_lacks(const struct lvs_table *table, uint64_t hash)
{
	return lvs_search_lacks(table, hash);
}

/* --- Both shards of a two-way connection, in rising order (docs/adr/0003) --- */

static LVS_NOINLINE void lock_two(const struct lvs_keys *keys)
{
	struct lvs_shard *a = keys->shard[0];
	struct lvs_shard *b = keys->shard[1];

	lvs_spin_lock(a <= b ? &a->lock : &b->lock);
	lvs_spin_lock(a <= b ? &b->lock : &a->lock);
}

LVS_INLINE void keys_lock(const struct lvs_keys *keys)
{
	if (lvs_likely(keys->shard[0] == keys->shard[1]))
		lvs_spin_lock(&keys->shard[0]->lock);
	else
		lock_two(keys);
}

void lvs_keys_lock(const struct lvs_keys *keys)
{
	keys_lock(keys);
}

LVS_INLINE void unlock_second(const struct lvs_keys *keys)
{
	if (keys->shard[1] != keys->shard[0])
		lvs_spin_unlock(&keys->shard[1]->lock);
}

LVS_INLINE void keys_unlock(const struct lvs_keys *keys)
{
	unlock_second(keys);
	lvs_spin_unlock(&keys->shard[0]->lock);
}

void lvs_keys_unlock(const struct lvs_keys *keys)
{
	keys_unlock(keys);
}

LVS_INLINE void keys_lock_of(const struct lvs_table *table, const struct lvs_conn *conn,
			     struct lvs_keys *keys)
{
	for (;;) {
		lvs_be16 port = lvs_conn_client_port(conn);

		lvs_keys_of(table, conn,
			    lvs_key_hash_conn(&table->env.hash, &table->companies, conn, 0), keys);
		keys_lock(keys);
		/* It changes under these locks alone, once. */
		if (lvs_likely(port == lvs_conn_client_port(conn)))
			return;
		keys_unlock(keys);
	}
}

void lvs_keys_lock_of(const struct lvs_table *table, const struct lvs_conn *conn,
		      struct lvs_keys *keys)
{
	keys_lock_of(table, conn, keys);
}

struct lvs_shard *lvs_home_lock(const struct lvs_table *table, const struct lvs_conn *conn)
{
	for (;;) {
		lvs_be16 port = lvs_conn_client_port(conn);
		struct lvs_shard *home = lvs_table_shard(
			table, lvs_key_hash_conn(&table->env.hash, &table->companies, conn, 0));

		lvs_spin_lock(&home->lock);
		if (lvs_likely(port == lvs_conn_client_port(conn)))
			return home;
		lvs_spin_unlock(&home->lock);
	}
}

/* The home's lock is held. False: it was let go in between. */
static bool lock_second(const struct lvs_keys *keys)
{
	if (keys->shard[1] == keys->shard[0])
		return true;
	if (keys->shard[1] > keys->shard[0]) {
		lvs_spin_lock(&keys->shard[1]->lock);
		return true;
	}
	if (lvs_spin_trylock(&keys->shard[1]->lock))
		return true;
	lvs_spin_unlock(&keys->shard[0]->lock);
	lvs_keys_lock(keys);
	return false;
}

/* --- Insert --- */

void lvs_flow_of_conn(const struct lvs_conn *conn, struct lvs_flow *flow)
{
	memset(flow, 0, sizeof(*flow));
	flow->family = (uint8_t)lvs_conn_family(conn);
	flow->protocol = conn->protocol;
	flow->src_port = lvs_conn_client_port(conn);
	flow->dst_port = conn->service_port;
	if (flow->family == LVS_INET6) {
		flow->src = conn->u.v6.client;
		flow->dst = conn->u.v6.service;
	} else {
		flow->src.word[0] = conn->u.v4.client;
		flow->dst.word[0] = lvs_key_other_inet(conn, 0);
	}
}

/* Whether somebody else made this flow's connection. */
static bool exists(const struct lvs_table *table, const struct lvs_conn *conn, uint64_t hash)
{
	struct lvs_flow flow;
	enum lvs_side side;

	lvs_flow_of_conn(conn, &flow);
	return lvs_table_find_locked(table, &flow, hash, LVS_SIDES_PACKET, &side) != NULL;
}

static bool reserve(struct lvs_table *table, const struct lvs_keys *keys)
{
	if (keys->n == 1 || keys->shard[0] == keys->shard[1])
		return lvs_shard_reserve(keys->shard[0], &table->env, keys->n);
	return lvs_shard_reserve(keys->shard[0], &table->env, 1) &&
	       lvs_shard_reserve(keys->shard[1], &table->env, 1);
}

int lvs_insert_two(struct lvs_table *table, struct lvs_conn *conn, uint64_t hash, uint32_t tick)
{
	uint32_t number = lvs_arena_number(conn);
	struct lvs_keys keys;
	int err = 0;

	lvs_keys_of(table, conn, hash, &keys);
	/* That of the first was fetched with the packet. */
	lvs_shard_fetch(keys.shard[1], keys.hash[1]);
	if (!lock_second(&keys) && exists(table, conn, hash)) {
		err = LVS_ERR_EXISTS;
	} else if (!reserve(table, &keys)) {
		err = LVS_ERR_NO_MEMORY;
	} else {
		lvs_insert_begin(table, keys.shard[0], conn, number, tick);
		for (unsigned key = 0; key < keys.n; key++)
			lvs_shard_add(keys.shard[key], keys.hash[key], lvs_index_ref(number, key));
	}
	unlock_second(&keys);
	return err;
}

int lvs_table_insert(struct lvs_table *table, struct lvs_conn *conn, uint64_t hash, uint32_t tick)
{
	return lvs_insert(table, lvs_table_shard(table, hash), conn, hash, tick);
}

/* --- End --- */

void lvs_end_controller(struct lvs_table *table, struct lvs_conn *conn)
{
	/* acq_rel: one of us two is the last; pairs with lvs_table_let_go() */
	uint32_t counts =
		atomic_fetch_or_explicit(&conn->counts, LVS_CONN_ENDED, memory_order_acq_rel);

	if (!(counts & LVS_CONN_CONTROL_MAX))
		lvs_arena_retire(&table->arena, conn);
	else
		atomic_fetch_add_explicit(&table->ended_n, 1, memory_order_relaxed);
}

void lvs_end_controlled(struct lvs_table *table, const struct lvs_conn *conn, uint32_t at)
{
	/* Up to our end it had one to wait for; at that very tick we come first. */
	lvs_conn_linger(lvs_table_controller(table, conn), at - 1);
	lvs_table_let_go(table, conn);
}

void lvs_table_give_back(struct lvs_table *table, struct lvs_ended *ended)
{
	lvs_arena_retire_all(&table->arena, ended->conn, ended->n);
	ended->n = 0;
}

/* All its shards' locks are held. */
LVS_INLINE bool end_locked(struct lvs_table *table, struct lvs_conn *conn,
			   const struct lvs_keys *keys, uint64_t word, const struct lvs_end *end)
{
	/* None is added meanwhile: lvs_table_control() takes the home's lock. */
	if (end->unused && lvs_conn_control_n(conn))
		return false;
	/* acq_rel: one winner, who sees what the packets before did to the word */
	if (!atomic_compare_exchange_strong_explicit(&conn->word, &word, word | LVS_CONN_DEAD,
						     memory_order_acq_rel, memory_order_relaxed))
		return false;
	lvs_wheel_unlink(&keys->shard[0]->wheel, &table->arena, conn);
	lvs_end_bury(table, conn, keys, word, end);
	return true;
}

bool lvs_table_end(struct lvs_table *table, struct lvs_conn *conn, uint64_t word,
		   const struct lvs_end *end)
{
	struct lvs_keys keys;
	bool ours;

	keys_lock_of(table, conn, &keys);
	ours = end_locked(table, conn, &keys, word, end);
	keys_unlock(&keys);
	return ours;
}

bool lvs_table_remove(struct lvs_table *table, struct lvs_conn *conn, uint32_t tick, void *by)
{
	for (;;) {
		uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);
		struct lvs_end end = {.at = lvs_end_tick(conn, word, tick), .by = by};

		if (word & LVS_CONN_DEAD)
			return false;
		if (lvs_table_end(table, conn, word, &end))
			return true;
	}
}

void lvs_table_rearm(struct lvs_table *table, struct lvs_conn *conn, uint32_t tick)
{
	struct lvs_shard *home = lvs_home_lock(table, conn);
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint32_t due =
		lvs_conn_deadline(atomic_load_explicit(&conn->seen, memory_order_relaxed), word);

	/* A later deadline needs nothing: it is looked at when the timer fires. */
	if (!(word & LVS_CONN_DEAD) && !lvs_tick_reached(due, conn->due)) {
		lvs_wheel_unlink(&home->wheel, &table->arena, conn);
		lvs_table_arm(table, home, conn, due, tick);
	}
	lvs_spin_unlock(&home->lock);
}
