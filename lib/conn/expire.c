/* SPDX-License-Identifier: BSD-2-Clause */
/* How connections end by themselves: by time, or to make room. */
#include <limits.h>

#include "conn/inside.h"
#include "conn/state.h"

/* Records looked at before a shard's lock is let go for others. */
#define TURN 64
/* Records that the hand passes for one new connection. */
#define SWEEP 64
/* So many awaiting their end will make room soon: no reason to end more. */
#define LIMBO_ENOUGH 256

/* Sets DEAD if the deadline is reached; the word before in @p word. */
static bool is_over(struct lvs_conn *conn, uint32_t tick, uint64_t *word)
{
	/* acquire, here and below: the word's own mark; pairs with who shortened the timeout */
	*word = atomic_load_explicit(&conn->word, memory_order_acquire);
	do {
		uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);

		if (!lvs_tick_reached(tick, lvs_conn_deadline(seen, *word)))
			return false;
		/* acq_rel: who changes the word at the same time wins, and we judge anew */
	} while (!atomic_compare_exchange_weak_explicit(&conn->word, word, *word | LVS_CONN_DEAD,
							memory_order_acq_rel,
							memory_order_acquire));
	return true;
}

/* Takes the lock of the second key; not when it is a lower one and busy. */
static bool lock_second(const struct lvs_keys *keys)
{
	if (keys->shard[1] == keys->shard[0])
		return true;
	if (keys->shard[1] < keys->shard[0])
		return lvs_spin_trylock(&keys->shard[1]->lock);
	lvs_spin_lock(&keys->shard[1]->lock);
	return true;
}

/* A record whose timer fired is over, or is linked anew. Its home's lock is held. */
static bool fired(struct lvs_table *table, struct lvs_conn *conn, uint32_t tick, void *by)
{
	struct lvs_keys keys;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);
	uint64_t hash = lvs_key_hash_conn(&table->env.hash, conn, 0);
	struct lvs_shard *home = lvs_table_shard(table, hash);
	bool over = false;

	if (lvs_tick_reached(tick, lvs_conn_deadline(seen, word))) {
		lvs_keys_of(table, conn, hash, &keys);
		if (!lock_second(&keys)) {
			lvs_wheel_link(&home->wheel, &table->arena, conn, tick + 1);
			return false;
		}
		over = is_over(conn, tick, &word);
		if (over)
			lvs_table_bury(table, conn, &keys, word, by);
		if (keys.shard[1] != home)
			lvs_spin_unlock(&keys.shard[1]->lock);
	}
	if (!over) {
		seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);
		lvs_wheel_link(&home->wheel, &table->arena, conn, lvs_conn_deadline(seen, word));
	}
	return over;
}

/* One turn at a shard. False: its lock is busy. */
static bool expire_turn(struct lvs_table *table, struct lvs_shard *shard, uint32_t tick,
			unsigned *looks, void *by, unsigned *ended)
{
	struct lvs_conn *conn;

	if (!lvs_spin_trylock(&shard->lock))
		return false;
	lvs_shard_tidy(shard, &table->env);
	while ((conn = lvs_wheel_fire(&shard->wheel, &table->arena, tick, looks)))
		*ended += fired(table, conn, tick, by);
	lvs_spin_unlock(&shard->lock);
	return true;
}

/* Serves a shard until it is done or no looks are left. False: its lock is busy. */
static bool expire_shard(struct lvs_table *table, struct lvs_shard *shard, uint32_t tick,
			 unsigned *looks, void *by, unsigned *ended)
{
	for (;;) {
		unsigned turn = *looks < TURN ? *looks : TURN;
		unsigned left = turn;

		if (!expire_turn(table, shard, tick, &left, by, ended))
			return false;
		*looks -= turn - left;
		if (left || !*looks)
			return true;
	}
}

static void note_expired(struct lvs_table *table, unsigned ended)
{
	if (ended)
		atomic_fetch_add_explicit(&table->expired, ended, memory_order_relaxed);
}

unsigned lvs_table_expire(struct lvs_table *table, uint32_t tick, unsigned budget, void *by,
			  bool *more)
{
	uint32_t from = atomic_load_explicit(&table->expire_from, memory_order_relaxed);
	unsigned looks = budget ? budget : UINT_MAX;
	unsigned ended = 0;

	*more = false;
	/* relaxed: a hint; whose deadline is this tick was due before it was over */
	if (atomic_load_explicit(&table->expired_at, memory_order_relaxed) == UINT64_C(1) + tick)
		return 0;
	for (uint32_t i = 0; i < table->env.shards; i++) {
		uint32_t at = (from + i) & (table->env.shards - 1);

		if (!expire_shard(table, &table->shards[at], tick, &looks, by, &ended))
			*more = true;
		if (!looks) {
			*more = true;
			atomic_store_explicit(&table->expire_from, at, memory_order_relaxed);
			break;
		}
	}
	if (!*more)
		atomic_store_explicit(&table->expired_at, UINT64_C(1) + tick, memory_order_relaxed);
	note_expired(table, ended);
	return ended;
}

/* Ends the record if it is one to make room. */
static bool evict_this(struct lvs_table *table, struct lvs_conn *conn, void *by)
{
	/* acquire: pairs with publish(); only then may the rest be read */
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);

	return (word & (LVS_CONN_LIVE | LVS_CONN_DEAD | LVS_CONN_TEMPLATE)) == LVS_CONN_LIVE &&
	       lvs_state_evictable(conn->protocol, word,
				   atomic_load_explicit(&conn->packets, memory_order_relaxed)) &&
	       lvs_table_end(table, conn, word, by);
}

static bool enough_in_limbo(struct lvs_table *table)
{
	bool enough;

	lvs_spin_lock(&table->arena.lock);
	enough = lvs_arena_limbo_n(&table->arena) >= LIMBO_ENOUGH;
	lvs_spin_unlock(&table->arena.lock);
	return enough;
}

bool lvs_table_evict(struct lvs_table *table, void *by)
{
	uint32_t number = atomic_load_explicit(&table->hand, memory_order_relaxed);
	bool done = false;

	if (enough_in_limbo(table))
		return false;
	for (unsigned i = 0; i < SWEEP && !done; i++) {
		number = lvs_arena_next(&table->arena, number);
		if (!number)
			number = lvs_arena_next(&table->arena, 0);
		if (!number)
			return false;
		done = evict_this(table, lvs_arena_at(&table->arena, number), by);
		number++;
	}
	/* relaxed: two sweeps at a time may pass the same records, no harm */
	atomic_store_explicit(&table->hand, number, memory_order_relaxed);
	if (done)
		atomic_fetch_add_explicit(&table->evicted, 1, memory_order_relaxed);
	return done;
}
