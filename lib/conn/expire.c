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

/* What a pass does with controllers that wait for those whom they control. */
enum parked_way {
	PARKED_BEFORE, /* serves those of a tick before, for good */
	PARKED_FREED,  /* ends those that control none any more, the others go on waiting */
	PARKED_REST,   /* the others linger */
};

/* Sets DEAD if the deadline is reached; the word before in @p word, the deadline in @p at. */
static bool is_over(struct lvs_conn *conn, uint32_t tick, uint64_t *word, uint32_t *at)
{
	/* acquire, here and below: the word's own mark; pairs with who shortened the timeout */
	*word = atomic_load_explicit(&conn->word, memory_order_acquire);
	do {
		*at = lvs_conn_deadline(atomic_load_explicit(&conn->seen, memory_order_relaxed),
					*word);
		if (!lvs_tick_reached(tick, *at))
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

/* Its deadline is reached. False: it is not over, or cannot be served now. */
static bool end_by_time(struct lvs_table *table, struct lvs_shard *home, struct lvs_conn *conn,
			uint32_t tick, void *by)
{
	uint64_t hash = lvs_key_hash_conn(&table->env.hash, &table->companies, conn, 0);
	struct lvs_end end = {.by = by};
	struct lvs_keys keys;
	uint64_t word;
	bool over;

	lvs_keys_of(table, conn, hash, &keys);
	if (!lock_second(&keys)) {
		lvs_wheel_link(&home->wheel, &table->arena, conn, tick + 1);
		return false;
	}
	over = is_over(conn, tick, &word, &end.at);
	if (over)
		lvs_table_bury(table, conn, &keys, word, &end);
	else
		lvs_wheel_link(&home->wheel, &table->arena, conn, end.at);
	if (keys.shard[1] != home)
		lvs_spin_unlock(&keys.shard[1]->lock);
	return over;
}

/* A record whose timer fired is over, or is linked anew. Its home's lock is held. */
static bool fired(struct lvs_table *table, struct lvs_shard *home, struct lvs_conn *conn,
		  uint32_t tick, void *by)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint32_t deadline =
		lvs_conn_deadline(atomic_load_explicit(&conn->seen, memory_order_relaxed), word);

	if (!lvs_tick_reached(tick, deadline)) {
		lvs_wheel_link(&home->wheel, &table->arena, conn, deadline);
		return false;
	}
	if (lvs_unlikely(lvs_conn_control_n(conn))) {
		/* Some of those may be over too, and have not been served yet. */
		lvs_wheel_park(&home->wheel, &table->arena, conn, tick);
		atomic_store_explicit(&table->parked, true, memory_order_relaxed);
		return false;
	}
	return end_by_time(table, home, conn, tick, by);
}

/* --- Controllers: a connection ends before what controls it, in whatever shards they are --- */

static bool serve_parked(struct lvs_table *table, struct lvs_shard *home, struct lvs_conn *conn,
			 uint32_t tick, enum parked_way way, void *by)
{
	bool controls = lvs_conn_control_n(conn);

	if (way == PARKED_BEFORE ? conn->due == tick : controls && way == PARKED_FREED)
		return false;
	lvs_wheel_unlink(&home->wheel, &table->arena, conn);
	if (!controls)
		return end_by_time(table, home, conn, tick, by);
	/* Whom it controls lives beyond the tick at which it was put aside. */
	lvs_conn_linger(conn, conn->due);
	lvs_wheel_link(&home->wheel, &table->arena, conn, lvs_conn_lingers_until(conn, conn->due));
	return false;
}

/* The shard's lock is held. */
static unsigned serve_all_parked(struct lvs_table *table, struct lvs_shard *home, uint32_t tick,
				 enum parked_way way, void *by)
{
	uint32_t number = home->wheel.parked;
	unsigned ended = 0;

	while (number) {
		struct lvs_conn *conn = lvs_arena_at(&table->arena, number);

		/* relaxed: under the lock; it may be linked elsewhere by then */
		number = atomic_load_explicit(&conn->next, memory_order_relaxed);
		ended += serve_parked(table, home, conn, tick, way, by);
	}
	return ended;
}

static unsigned parked_pass(struct lvs_table *table, uint32_t tick, enum parked_way way, void *by)
{
	unsigned ended = 0;

	for (uint32_t i = 0; i < table->env.shards; i++) {
		struct lvs_shard *shard = &table->shards[i];

		/* Whose lock is busy has its turn at a later tick. */
		if (!lvs_spin_trylock(&shard->lock))
			continue;
		ended += serve_all_parked(table, shard, tick, way, by);
		lvs_spin_unlock(&shard->lock);
	}
	return ended;
}

/* All others are served: of a chain of controllers one after the other is freed. */
static unsigned settle_parked(struct lvs_table *table, uint32_t tick, void *by)
{
	unsigned ended = 0;
	unsigned n;

	/* relaxed: a hint; whom it misses has its turn at a later tick */
	if (lvs_likely(!atomic_load_explicit(&table->parked, memory_order_relaxed)))
		return 0;
	atomic_store_explicit(&table->parked, false, memory_order_relaxed);
	do {
		n = parked_pass(table, tick, PARKED_FREED, by);
		ended += n;
	} while (n);
	return ended + parked_pass(table, tick, PARKED_REST, by);
}

/* One turn at a shard. False: its lock is busy. */
static bool expire_turn(struct lvs_table *table, struct lvs_shard *shard, uint32_t tick,
			unsigned *looks, void *by, unsigned *ended)
{
	struct lvs_conn *conn;

	if (!lvs_spin_trylock(&shard->lock))
		return false;
	lvs_shard_tidy(shard, &table->env);
	if (lvs_unlikely(shard->wheel.parked))
		*ended += serve_all_parked(table, shard, tick, PARKED_BEFORE, by);
	while ((conn = lvs_wheel_fire(&shard->wheel, &table->arena, tick, looks)))
		*ended += fired(table, shard, conn, tick, by);
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
	lvs_companies_tidy(&table->companies);
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
	if (!*more) {
		ended += settle_parked(table, tick, by);
		atomic_store_explicit(&table->expired_at, UINT64_C(1) + tick, memory_order_relaxed);
	}
	note_expired(table, ended);
	return ended;
}

/* Templates whose connections were never answered go like embryonic ones. */
static bool is_evictable(const struct lvs_conn *conn, uint64_t word)
{
	if (word & LVS_CONN_TEMPLATE)
		return LVS_CONN_STATE(word) != LVS_TEMPLATE_ASSURED;
	return lvs_state_evictable(conn->protocol, word, lvs_conn_packets(conn));
}

/* Ends the record if it is one to make room, and with it what controlled it alone. */
static bool evict_this(struct lvs_table *table, struct lvs_conn *conn, void *by)
{
	/* acquire: pairs with publish(); only then may the rest be read */
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);
	struct lvs_end end = {
		.at = atomic_load_explicit(&conn->seen, memory_order_relaxed),
		.unused = true,
		.by = by,
	};

	if ((word & (LVS_CONN_LIVE | LVS_CONN_DEAD)) != LVS_CONN_LIVE ||
	    !is_evictable(conn, word) || !lvs_table_end(table, conn, word, &end))
		return false;
	lvs_table_drop_controllers(table, conn, end.at, by);
	return true;
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
