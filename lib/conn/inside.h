/* SPDX-License-Identifier: BSD-2-Clause */
/* The table's inside, for its own files, and for conn/fetch.h. */
#ifndef LVS_CONN_INSIDE_H
#define LVS_CONN_INSIDE_H

#include "conn/company.h"
#include "conn/key.h"
#include "conn/shard.h"
#include "conn/table.h"

struct lvs_table {
	/* Read by everyone, written at birth only. */
	struct lvs_shard_view *views; /* one a shard */
	struct lvs_shard *shards;
	unsigned shard_shift; /* of the lower half of the hash */
	void (*gone)(void *user, struct lvs_conn *conn, uint64_t word, uint32_t at, void *by);
	void *user;
	struct lvs_shard_env env;

	struct lvs_arena arena;
	struct lvs_companies companies;

	LVS_ALIGNED _Atomic uint32_t created; /* creation number last given */
	_Atomic uint32_t no_port_n[2];        /* NO_CPORT records: IPv4, IPv6 */
	_Atomic uint32_t ended_n;             /* records that ended and still control others */
	_Atomic bool parked;                  /* some timer was parked since that was last asked */
	_Atomic uint32_t hand;                /* record at which the next eviction begins to look */
	_Atomic uint32_t expire_from;         /* shard at which the next expiry begins */
	_Atomic uint64_t expired_at;          /* tick of the last whole expiry, + 1; 0: none yet */
	_Atomic uint64_t evicted;
	_Atomic uint64_t refused;
	_Atomic uint64_t expired;
};

/* The keys of a record and the shards that they lie in; the first is its home. */
struct lvs_keys {
	unsigned n;
	uint64_t hash[2];
	struct lvs_shard *shard[2];
};

/* Bytes of shards and views. */
LVS_INLINE size_t lvs_table_shards_size(const struct lvs_table *table)
{
	return table->env.shards * (sizeof(*table->shards) + sizeof(*table->views));
}

LVS_INLINE const struct lvs_shard_view *lvs_table_view(const struct lvs_table *table, uint64_t hash)
{
	return &table->views[(hash & UINT32_MAX) >> table->shard_shift];
}

/* The high bits of the lower half of the hash. */
LVS_INLINE struct lvs_shard *lvs_table_shard(const struct lvs_table *table, uint64_t hash)
{
	return &table->shards[(hash & UINT32_MAX) >> table->shard_shift];
}

/* Whether a record has a second key: both its ends must be of one family. */
LVS_INLINE bool lvs_keys_two(const struct lvs_conn *conn)
{
	return conn->kind & LVS_CONN_TWO_WAY &&
	       !(conn->kind & LVS_CONN_INET6) == !(conn->kind & LVS_CONN_DEST6);
}

/* @p hash is that of the first key. */
LVS_INLINE void lvs_keys_of(const struct lvs_table *table, const struct lvs_conn *conn,
			    uint64_t hash, struct lvs_keys *keys)
{
	keys->n = 1;
	keys->hash[0] = hash;
	keys->shard[0] = lvs_table_shard(table, hash);
	keys->hash[1] = 0;
	keys->shard[1] = keys->shard[0];
	if (lvs_keys_two(conn)) {
		keys->n = 2;
		keys->hash[1] = lvs_key_hash_conn(&table->env.hash, &table->companies, conn, 1);
		keys->shard[1] = lvs_table_shard(table, keys->hash[1]);
	}
}

/* A hint: the entries of a record will be taken out. */
LVS_INLINE void lvs_keys_fetch(const struct lvs_keys *keys)
{
	lvs_shard_fetch(keys->shard[0], keys->hash[0]);
	if (lvs_unlikely(keys->n == 2))
		lvs_shard_fetch(keys->shard[1], keys->hash[1]);
}

/* lvs_table_lacks() */
LVS_INLINE bool lvs_search_lacks(const struct lvs_table *table, uint64_t hash)
{
	const struct lvs_shard_view *view = lvs_table_view(table, hash);
	/* acquire: the index is at least as new; pairs with swap() in shard.c */
	uint32_t changes = atomic_load_explicit(&view->changes, memory_order_acquire);

	/* The loads of the search are acquires: the second one comes behind them. */
	return lvs_view_lacks(view, hash) &&
	       atomic_load_explicit(&view->changes, memory_order_relaxed) == changes;
}

/* Both shards of a record, in rising order (docs/adr/0003). */
void lvs_keys_lock(const struct lvs_keys *keys);
void lvs_keys_unlock(const struct lvs_keys *keys);

/* The same from the record alone, whose client port may become known meanwhile. */
void lvs_keys_lock_of(const struct lvs_table *table, const struct lvs_conn *conn,
		      struct lvs_keys *keys);
struct lvs_shard *lvs_home_lock(const struct lvs_table *table, const struct lvs_conn *conn);

/* How many records of its family wait for their client's port. */
LVS_INLINE _Atomic uint32_t *lvs_table_no_port(struct lvs_table *table, const struct lvs_conn *conn)
{
	return &table->no_port_n[(conn->kind & LVS_CONN_INET6) != 0];
}

/* Whether a connection of a family waits for its client's port. */
LVS_INLINE bool lvs_table_awaits(const struct lvs_table *table, unsigned family)
{
	/* relaxed: who sends the first packet was told of the connection after it was counted */
	return atomic_load_explicit(&table->no_port_n[family == LVS_INET6], memory_order_relaxed) !=
	       0;
}

/* The tick at which a connection ends that is ended at @p tick: its deadline may have come before.
 */
LVS_INLINE uint32_t lvs_end_tick(const struct lvs_conn *conn, uint64_t word, uint32_t tick)
{
	uint32_t deadline =
		lvs_conn_deadline(atomic_load_explicit(&conn->seen, memory_order_relaxed), word);

	return lvs_tick_reached(tick, deadline) ? deadline : tick;
}

/* Puts the timer of a record into its home's wheel; the lock is held. */
LVS_INLINE void lvs_table_arm(struct lvs_table *table, struct lvs_shard *home,
			      struct lvs_conn *conn, uint32_t due, uint32_t tick)
{
	if (home->wheel.linked_n == 0)
		home->wheel.now = tick;
	lvs_wheel_link(&home->wheel, &table->arena, conn, due);
}

/* The request's flow. */
void lvs_flow_of_conn(const struct lvs_conn *conn, struct lvs_flow *flow);

/* Ended records that are given back together, before the locks are let go. */
#define LVS_ENDED_MAX 64

struct lvs_ended {
	unsigned n;
	struct lvs_conn *conn[LVS_ENDED_MAX];
};

/* How a connection ends. */
struct lvs_end {
	uint32_t at;             /* the tick: of its deadline, or when it was ended before */
	bool unused;             /* only if it controls none */
	void *by;                /* for gone() */
	struct lvs_ended *ended; /* where its record goes; NULL: it is given back at once */
};

/* Gives back what has been gathered. */
void lvs_table_give_back(struct lvs_table *table, struct lvs_ended *ended);

/* Ends a connection if its word is still @p word. No lock is held. */
bool lvs_table_end(struct lvs_table *table, struct lvs_conn *conn, uint64_t word,
		   const struct lvs_end *end);

/* --- Controllers (conn/control.c) --- */

/* The second half of lvs_table_drop(): @p conn has ended. How many more have. */
unsigned lvs_table_drop_controllers(struct lvs_table *table, const struct lvs_conn *conn,
				    uint32_t tick, void *by);

/* One less for the controller of a record, if it has one. With or without locks. */
void lvs_table_let_go(struct lvs_table *table, const struct lvs_conn *conn);

/* Ends one embryonic or closing connection, if one is near the hand: NULL, or its record, which is
 * the caller's to give back. No lock is held. */
struct lvs_conn *lvs_table_evict(struct lvs_table *table, void *by);

#endif
