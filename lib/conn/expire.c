/* SPDX-License-Identifier: BSD-2-Clause */
/* How connections end by themselves: by time. To make room: evict.c. */
#include <limits.h>

#include "conn/end.h"
#include "conn/inside.h"

/* Records looked at before a shard's lock is let go for others. */
#define TURN 64
/* Shards that are served side by side; a power of two. */
#define GROUP 8
/* Records that are looked at before their turn, less one; a power of two. */
#define AHEAD 4

/* What a pass does with controllers that wait for those whom they control. */
enum parked_way {
	PARKED_BEFORE, /* serves those of a tick before, for good */
	PARKED_FREED,  /* ends those that control none any more, the others go on waiting */
	PARKED_REST,   /* the others linger */
};

/* Sets DEAD if the deadline is reached; the word before in @p word, the deadline in @p at. */
LVS_INLINE bool is_over(struct lvs_conn *conn, uint32_t tick, uint64_t *word, uint32_t *at)
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
LVS_INLINE bool lock_second(const struct lvs_keys *keys)
{
	if (lvs_likely(keys->shard[1] == keys->shard[0]))
		return true;
	if (keys->shard[1] < keys->shard[0])
		return lvs_spin_trylock(&keys->shard[1]->lock);
	lvs_spin_lock(&keys->shard[1]->lock);
	return true;
}

/* A record whose turn will come, and its keys where it is over. */
struct ahead {
	struct lvs_conn *conn;
	bool over;
	struct lvs_keys keys;
};

/* A turn at a shard, whose lock is held. */
struct turn {
	struct lvs_table *table;
	struct lvs_shard *home;
	uint32_t tick;
	void *by;
	struct ahead ahead[AHEAD]; /* in the order in which they will be fired, if all goes on so */
	unsigned first, n;         /* of these */
	unsigned most;             /* that there may be, less than AHEAD */
	uint32_t walk;             /* number of the one behind them, 0: none that is known */
	struct lvs_ended ended;
};

static void begin_turn(struct turn *turn, struct lvs_table *table, struct lvs_shard *home,
		       uint32_t tick, void *by)
{
	turn->table = table;
	turn->home = home;
	turn->tick = tick;
	turn->by = by;
	turn->first = 0;
	turn->n = 0;
	turn->most = 1;
	turn->walk = 0;
	turn->ended.n = 0;
}

LVS_INLINE void keys_of(const struct lvs_table *table, const struct lvs_conn *conn,
			struct lvs_keys *keys)
{
	lvs_keys_of(table, conn, lvs_key_hash_conn(&table->env.hash, &table->companies, conn, 0),
		    keys);
}

/* Its deadline is reached. False: it is not over, or cannot be served now. */
LVS_INLINE bool end_by_time(struct turn *turn, struct lvs_conn *conn, const struct lvs_keys *keys)
{
	struct lvs_table *table = turn->table;
	struct lvs_end end = {.by = turn->by, .ended = &turn->ended};
	uint64_t word;
	bool over;

	if (!lock_second(keys)) {
		lvs_wheel_link(&turn->home->wheel, &table->arena, conn, turn->tick + 1);
		return false;
	}
	over = is_over(conn, turn->tick, &word, &end.at);
	if (over)
		lvs_end_bury(table, conn, keys, word, &end);
	else
		lvs_wheel_link(&turn->home->wheel, &table->arena, conn, end.at);
	if (lvs_unlikely(keys->shard[1] != turn->home))
		lvs_spin_unlock(&keys->shard[1]->lock);
	return over;
}

static uint32_t deadline_of(const struct lvs_conn *conn)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);

	return lvs_conn_deadline(atomic_load_explicit(&conn->seen, memory_order_relaxed), word);
}

/* Its timer fired. Some of those that it controls may be over too, and have not been served yet. */
static LVS_NOINLINE void controller_fired(struct turn *turn, struct lvs_conn *conn)
{
	struct lvs_table *table = turn->table;
	uint32_t deadline = deadline_of(conn);

	if (!lvs_tick_reached(turn->tick, deadline)) {
		lvs_wheel_link(&turn->home->wheel, &table->arena, conn, deadline);
		return;
	}
	lvs_wheel_park(&turn->home->wheel, &table->arena, conn, turn->tick);
	atomic_store_explicit(&table->parked, true, memory_order_relaxed);
}

/* The same of one that was not looked at ahead: packets may have come since its timer was set. */
static LVS_NOINLINE bool fired_unseen(struct turn *turn, struct lvs_conn *conn)
{
	uint32_t deadline = deadline_of(conn);
	struct lvs_keys keys;

	if (!lvs_tick_reached(turn->tick, deadline)) {
		lvs_wheel_link(&turn->home->wheel, &turn->table->arena, conn, deadline);
		return false;
	}
	keys_of(turn->table, conn, &keys);
	return end_by_time(turn, conn, &keys);
}

/* What will be touched when the record has its turn comes meanwhile. */
LVS_INLINE void look_at(struct turn *turn, struct lvs_conn *conn)
{
	struct ahead *ahead = &turn->ahead[(turn->first + turn->n++) % AHEAD];

	ahead->conn = conn;
	ahead->over = lvs_tick_reached(turn->tick, deadline_of(conn));
	if (!ahead->over)
		return;
	keys_of(turn->table, conn, &ahead->keys);
	lvs_keys_fetch(&ahead->keys);
}

/* Nobody else changes the slot meanwhile, and what comes in goes elsewhere. */
LVS_INLINE void look_ahead(struct turn *turn)
{
	const struct lvs_arena *arena = &turn->table->arena;

	while (turn->walk && turn->n < turn->most) {
		struct lvs_conn *conn = lvs_arena_at(arena, turn->walk);

		turn->walk = lvs_wheel_get(&conn->next);
		if (turn->walk)
			lvs_prefetch_write(lvs_arena_at(arena, turn->walk));
		look_at(turn, conn);
	}
}

/* The keys of a record that was fired; NULL: it was not seen ahead, or not to be over. */
LVS_INLINE const struct lvs_keys *seen_ahead(struct turn *turn, const struct lvs_conn *conn)
{
	const struct ahead *ahead = &turn->ahead[turn->first];

	if (lvs_unlikely(turn->n == 0) || lvs_unlikely(ahead->conn != conn)) {
		/* A slot begins. Chains of the present tick were walked ahead; where the clock lags
		 * behind, each record is one to wait for. */
		turn->n = 0;
		turn->most = turn->home->wheel.now == turn->tick ? AHEAD - 1 : 1;
		turn->walk = lvs_wheel_first(&turn->home->wheel, turn->home->wheel.now, 0);
		return NULL;
	}
	turn->first = (turn->first + 1) % AHEAD;
	turn->n--;
	return ahead->over ? &ahead->keys : NULL;
}

static unsigned fire_all(struct turn *turn, unsigned *looks)
{
	struct lvs_table *table = turn->table;
	struct lvs_conn *conn;
	unsigned ended = 0;

	while ((conn = lvs_wheel_fire(&turn->home->wheel, &table->arena, turn->tick, looks))) {
		const struct lvs_keys *keys = seen_ahead(turn, conn);

		look_ahead(turn);
		if (lvs_unlikely(lvs_conn_control_n(conn)))
			controller_fired(turn, conn);
		else if (lvs_likely(keys != NULL))
			ended += end_by_time(turn, conn, keys);
		else
			ended += fired_unseen(turn, conn);
	}
	return ended;
}

/* --- Controllers: a connection ends before what controls it, in whatever shards they are --- */

static bool serve_parked(struct turn *turn, struct lvs_conn *conn, enum parked_way way)
{
	struct lvs_wheel *wheel = &turn->home->wheel;
	const struct lvs_arena *arena = &turn->table->arena;
	bool controls = lvs_conn_control_n(conn);
	struct lvs_keys keys;

	if (way == PARKED_BEFORE ? conn->due == turn->tick : controls && way == PARKED_FREED)
		return false;
	lvs_wheel_unlink(wheel, arena, conn);
	if (!controls) {
		keys_of(turn->table, conn, &keys);
		return end_by_time(turn, conn, &keys);
	}
	/* Whom it controls lives beyond the tick at which it was put aside. */
	lvs_conn_linger(conn, conn->due);
	lvs_wheel_link(wheel, arena, conn, lvs_conn_lingers_until(conn, conn->due));
	return false;
}

static unsigned serve_all_parked(struct turn *turn, enum parked_way way)
{
	uint32_t number = lvs_wheel_get(&turn->home->wheel.parked);
	unsigned ended = 0;

	while (number) {
		struct lvs_conn *conn = lvs_arena_at(&turn->table->arena, number);

		/* Under the lock; it may be linked elsewhere by then. */
		number = lvs_wheel_get(&conn->next);
		ended += serve_parked(turn, conn, way);
	}
	return ended;
}

static unsigned parked_pass(struct lvs_table *table, uint32_t tick, enum parked_way way, void *by)
{
	struct turn turn;
	unsigned ended = 0;

	for (uint32_t i = 0; i < table->env.shards; i++) {
		struct lvs_shard *shard = &table->shards[i];

		/* Whose lock is busy has its turn at a later tick. */
		if (!lvs_spin_trylock(&shard->lock))
			continue;
		begin_turn(&turn, table, shard, tick, by);
		ended += serve_all_parked(&turn, way);
		lvs_table_give_back(table, &turn.ended);
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
	struct turn turn;

	if (!lvs_spin_trylock(&shard->lock))
		return false;
	begin_turn(&turn, table, shard, tick, by);
	lvs_shard_tidy(shard, &table->env);
	if (lvs_unlikely(lvs_wheel_get(&shard->wheel.parked)))
		*ended += serve_all_parked(&turn, PARKED_BEFORE);
	*ended += fire_all(&turn, looks);
	lvs_table_give_back(table, &turn.ended);
	lvs_spin_unlock(&shard->lock);
	return true;
}

/*
 * Shards are served side by side, a turn each in turns. The records that are due, or come down a
 * level, are a chain all over the arena, and none is known before the one in front of it has come.
 * Of one chain that is one miss after the other; of several they come together.
 */
struct group {
	struct lvs_table *table;
	uint32_t tick;
	uint32_t from; /* its first shard */
	unsigned n;
	uint32_t open;          /* which of them may have more to do, as bits */
	uint32_t walker[GROUP]; /* numbers of records, 0: none */
	bool walking;           /* not all of them have come to their ends */
};

static struct lvs_shard *shard_at(const struct group *group, unsigned i)
{
	return &group->table->shards[(group->from + i) & (group->table->env.shards - 1)];
}

/* A hint, without the lock. */
static uint32_t fetch_first(const struct group *group, unsigned i, unsigned level)
{
	uint32_t number = lvs_wheel_first(&shard_at(group, i)->wheel, group->tick, level);

	if (number)
		lvs_prefetch_write(lvs_arena_at(&group->table->arena, number));
	return number;
}

/* To the records that are due, or come down a level, if the clock was at the tick before. */
static void start_walkers(struct group *group)
{
	for (unsigned i = 0; i < group->n; i++)
		lvs_wheel_fetch(&shard_at(group, i)->wheel, group->tick);
	for (unsigned i = 0; i < group->n; i++) {
		group->walker[i] = fetch_first(group, i, 0);
		if (group->tick % LVS_WHEEL_NEAR == 0)
			group->walker[i] = fetch_first(group, i, 1);
		group->walking |= group->walker[i] != 0;
	}
}

/* Hints, without locks: links lead to records, whatever becomes of these meanwhile. */
static void walk_ahead(struct group *group, unsigned steps)
{
	const struct lvs_arena *arena = &group->table->arena;

	for (; steps && group->walking; steps--) {
		group->walking = false;
		for (unsigned i = 0; i < group->n; i++) {
			uint32_t number = group->walker[i];

			if (!number)
				continue;
			group->walker[i] = lvs_wheel_get(&lvs_arena_at(arena, number)->next);
			if (group->walker[i])
				lvs_prefetch_write(lvs_arena_at(arena, group->walker[i]));
			group->walking = true;
		}
	}
}

static void begin_group(struct group *group, struct lvs_table *table, uint32_t from, unsigned n,
			uint32_t tick)
{
	*group = (struct group){.table = table, .tick = tick, .from = from, .n = n};
	group->open = (UINT32_C(1) << n) - 1;
	start_walkers(group);
}

/* A turn at one of them; whether it is done. */
static bool serve_one(struct group *group, unsigned i, unsigned *looks, void *by, unsigned *ended,
		      bool *more)
{
	unsigned turn = *looks < TURN ? *looks : TURN;
	unsigned left = turn;

	if (!expire_turn(group->table, shard_at(group, i), group->tick, &left, by, ended))
		*more = true;
	*looks -= turn - left;
	return left != 0;
}

/* A turn for each that is not done, or as many as it needs where nobody walks ahead: what was just
 * dealt out is near then. False: no looks are left. */
static bool serve_round(struct group *group, unsigned *looks, void *by, unsigned *ended, bool *more)
{
	bool walking = group->walking;

	for (uint32_t open = group->open; open; open &= open - 1) {
		unsigned i = lvs_ctz64(open);
		bool done;

		do
			done = serve_one(group, i, looks, by, ended, more);
		while (!done && *looks && !walking);
		if (done)
			group->open &= ~(UINT32_C(1) << i);
		else if (!*looks)
			return false;
	}
	return true;
}

/* Serves its shards until they are done. False: no looks are left. */
static bool serve_group(struct group *group, unsigned *looks, void *by, unsigned *ended, bool *more)
{
	while (group->open) {
		walk_ahead(group, *looks / group->n < TURN ? *looks / group->n : TURN);
		if (!serve_round(group, looks, by, ended, more))
			return false;
	}
	return true;
}

static void note_expired(struct lvs_table *table, unsigned ended)
{
	if (ended)
		atomic_fetch_add_explicit(&table->expired, ended, memory_order_relaxed);
}

/* Where the next call goes on. */
static void note_from(struct lvs_table *table, const struct group *group)
{
	uint32_t at = group->from + (group->open ? lvs_ctz64(group->open) : 0);

	atomic_store_explicit(&table->expire_from, at & (table->env.shards - 1),
			      memory_order_relaxed);
}

unsigned lvs_table_expire(struct lvs_table *table, uint32_t tick, unsigned budget, void *by,
			  bool *more)
{
	uint32_t from = atomic_load_explicit(&table->expire_from, memory_order_relaxed);
	unsigned n = table->env.shards < GROUP ? table->env.shards : GROUP;
	unsigned looks = budget ? budget : UINT_MAX;
	struct group group;
	unsigned ended = 0;

	*more = false;
	lvs_companies_tidy(&table->companies);
	/* relaxed: a hint; whose deadline is this tick was due before it was over */
	if (atomic_load_explicit(&table->expired_at, memory_order_relaxed) == UINT64_C(1) + tick)
		return 0;
	for (uint32_t i = 0; i < table->env.shards; i += n) {
		begin_group(&group, table, from + i, n, tick);
		if (!serve_group(&group, &looks, by, &ended, more)) {
			*more = true;
			note_from(table, &group);
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
