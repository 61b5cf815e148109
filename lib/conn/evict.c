/* SPDX-License-Identifier: BSD-2-Clause */
/* How connections end to make room in a full table. */
#include "conn/arena_idle.h"
#include "conn/inside.h"
#include "conn/state_word.h"

/* Records that the hand passes for one new connection. */
#define SWEEP 64
/* Of those behind it, so many are looked at for the next one. */
#define LOOK_AHEAD 8

/* Templates whose connections were never answered go like embryonic ones. */
LVS_INLINE bool is_evictable(const struct lvs_conn *conn, uint64_t word)
{
	if (word & LVS_CONN_TEMPLATE)
		return LVS_CONN_STATE(word) != LVS_TEMPLATE_ASSURED;
	if (lvs_likely(conn->protocol == LVS_TCP))
		return lvs_tcp_evictable >> LVS_CONN_STATE(word) & 1;
	return lvs_state_evictable(conn->protocol, word, lvs_conn_packets(conn));
}

/* Ends the record if it is one to make room, and with it what controlled it alone. */
LVS_INLINE bool evict_this(struct lvs_table *table, struct lvs_conn *conn, void *by,
			   struct lvs_ended *ended)
{
	/* acquire: pairs with publish(); only then may the rest be read */
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);
	struct lvs_end end = {
		.at = atomic_load_explicit(&conn->seen, memory_order_relaxed),
		.unused = true,
		.by = by,
		.ended = ended,
	};

	if ((word & (LVS_CONN_LIVE | LVS_CONN_DEAD)) != LVS_CONN_LIVE ||
	    !is_evictable(conn, word) || !lvs_table_end(table, conn, word, &end))
		return false;
	if (lvs_unlikely(lvs_conn_controller(conn)))
		lvs_table_drop_controllers(table, conn, end.at, by);
	return true;
}

/* What the next eviction will touch comes meanwhile: whoever is likely to be next. */
static void fetch_victim(const struct lvs_table *table, uint32_t number)
{
	const struct lvs_arena *arena = &table->arena;

	for (unsigned i = 0; i < LOOK_AHEAD; i++, number++) {
		const struct lvs_conn *conn;
		struct lvs_keys keys;
		uint64_t word;

		number = lvs_arena_next_near(arena, number);
		if (!number)
			return;
		conn = lvs_arena_at(arena, number);
		/* acquire: pairs with publish(); in our epoch it stays what it is */
		word = atomic_load_explicit(&conn->word, memory_order_acquire);
		if ((word & (LVS_CONN_LIVE | LVS_CONN_DEAD)) != LVS_CONN_LIVE ||
		    !is_evictable(conn, word))
			continue;
		lvs_keys_of(table, conn,
			    lvs_key_hash_conn(&table->env.hash, &table->companies, conn, 0), &keys);
		lvs_keys_fetch(&keys);
		lvs_prefetch_write(&keys.shard[0]->lock);
		lvs_prefetch_write(&keys.shard[1]->lock);
		lvs_prefetch_write(&keys.shard[0]->wheel);
		lvs_wheel_fetch_sides(arena, conn);
		return;
	}
}

struct lvs_conn *lvs_table_evict(struct lvs_table *table, void *by)
{
	uint32_t number = atomic_load_explicit(&table->hand, memory_order_relaxed);
	struct lvs_ended ended;
	bool done = false;

	ended.n = 0;
	for (unsigned i = 0; i < SWEEP && !done; i++) {
		number = lvs_arena_next_near(&table->arena, number);
		if (!number)
			number = lvs_arena_next(&table->arena, 0);
		if (!number)
			return NULL;
		done = evict_this(table, lvs_arena_at(&table->arena, number), by, &ended);
		number++;
	}
	/* relaxed: two sweeps at a time may pass the same records, no harm */
	atomic_store_explicit(&table->hand, number, memory_order_relaxed);
	if (!done)
		return NULL;
	atomic_fetch_add_explicit(&table->evicted, 1, memory_order_relaxed);
	fetch_victim(table, number);
	return ended.conn[0];
}
