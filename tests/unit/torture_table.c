/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups against changes, with real threads: flows that stay throughout must never be
 * missed while others come and go, indexes grow from their smallest, timers fire and
 * walks go by. Afterwards every connection made has been told as gone or is there.
 *
 *	torture_table           about 5 seconds; LVS_TORTURE_SECONDS for more
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "table_rig.h"

#define STAYING 100   /* few: growth comes while they are looked for */
#define PASSING 60000 /* flows of one maker, of which those of a round live */
#define MAX_CONNS 150000
#define BATCH 32
#define TURNS_LEAST 2 /* of each player, however short the round */

struct torture {
	struct rig rig;
	_Atomic uint32_t tick;
	_Atomic bool stop;
	_Atomic uint64_t made;
	_Atomic uint64_t found;
	_Atomic uint64_t missed;
	_Atomic uint64_t walked;
	_Atomic uint64_t lost_in_walk;
	_Atomic uint64_t full;
};

struct player {
	struct torture *torture;
	struct lvs_epoch_reader reader;
	pthread_t thread;
	uint64_t random;
	uint32_t number;
	_Atomic uint32_t turns; /* that the player has had */
};

/* A third each: one-way, two-way, IPv6 two-way. */
static void flow_at(uint32_t i, struct rig_flow *of)
{
	static const unsigned kinds[] = {0, LVS_CONN_TWO_WAY,
					 LVS_CONN_INET6 | LVS_CONN_DEST6 | LVS_CONN_TWO_WAY};

	of->client = i;
	of->service = i % 5;
	of->dest = i % 5;
	of->kind = kinds[i % 3];
	of->protocol = LVS_TCP;
}

static bool stopped(const struct player *player)
{
	return atomic_load_explicit(&player->torture->stop, memory_order_relaxed);
}

static void enter(struct player *player)
{
	atomic_fetch_add_explicit(&player->turns, 1, memory_order_relaxed);
	lvs_epoch_enter(&player->torture->rig.epoch, &player->reader);
}

static void leave(struct player *player)
{
	lvs_epoch_exit(&player->reader);
}

static void count(_Atomic uint64_t *what)
{
	atomic_fetch_add_explicit(what, 1, memory_order_relaxed);
}

/* One lookup of a flow that stays; from any side. */
static void look(struct player *player, uint32_t i)
{
	struct torture *torture = player->torture;
	struct lvs_conn *conn;
	struct rig_flow of;
	enum lvs_side side;
	unsigned as = LVS_SIDE_REQUEST;

	flow_at(i, &of);
	if (of.kind & LVS_CONN_TWO_WAY && player->random & 1)
		as = LVS_SIDE_DEST_REPLY;
	conn = rig_find(&torture->rig, &of, as, LVS_SIDES_PACKET, &side);
	count(conn && side == as && conn->dest == i + 1 ? &torture->found : &torture->missed);
}

/* Finds and keeps alive; also looks for what may be there or not. */
static void *finder(void *arg)
{
	struct player *player = arg;
	struct torture *torture = player->torture;

	while (!stopped(player)) {
		enter(player);
		for (unsigned i = 0; i < BATCH; i++) {
			struct rig_flow of;
			enum lvs_side side;
			struct lvs_conn *conn;

			look(player, rig_random(&player->random) % STAYING);
			flow_at(STAYING + rig_random(&player->random) % (2 * PASSING), &of);
			conn = rig_find(&torture->rig, &of, LVS_SIDE_REQUEST, LVS_SIDES_PACKET,
					&side);
			if (conn)
				atomic_store_explicit(
					&conn->seen,
					atomic_load_explicit(&torture->tick, memory_order_relaxed),
					memory_order_relaxed);
		}
		leave(player);
	}
	return NULL;
}

static void make_one(struct player *player, uint32_t i)
{
	struct torture *torture = player->torture;
	uint32_t tick = atomic_load_explicit(&torture->tick, memory_order_relaxed);
	struct lvs_conn *conn;
	struct rig_flow of;
	int err;

	flow_at(i, &of);
	err = rig_make(&torture->rig, &player->reader, &of, i % 2,
		       rig_random(&player->random) % 200, tick, &conn);
	if (err == 0)
		count(&torture->made);
	if (err == LVS_ERR_FULL)
		count(&torture->full);
}

static void end_one(struct player *player, uint32_t i)
{
	struct torture *torture = player->torture;
	uint32_t tick = atomic_load_explicit(&torture->tick, memory_order_relaxed);
	struct lvs_conn *conn;
	struct rig_flow of;
	enum lvs_side side;

	flow_at(i, &of);
	conn = rig_find(&torture->rig, &of, LVS_SIDE_REQUEST, LVS_SIDES_PACKET, &side);
	if (!conn)
		return;
	if (rig_random(&player->random) % 4)
		lvs_table_remove(torture->rig.table, conn, 0, NULL);
	else
		lvs_table_rearm(torture->rig.table, conn, tick);
}

/* Makes and ends; every other one shares its flows with a neighbour. */
static void *maker(void *arg)
{
	struct player *player = arg;
	uint32_t first = STAYING + player->number / 2 * PASSING;

	for (uint32_t round = 0; !stopped(player); round++) {
		enter(player);
		for (unsigned i = 0; i < BATCH; i++) {
			/* Mostly growing for a while, then mostly shrinking. */
			uint32_t flow = first + rig_random(&player->random) % PASSING;

			if (rig_random(&player->random) % 8 < (round / 2048 % 2 ? 2 : 6))
				make_one(player, flow);
			else
				end_one(player, flow);
		}
		leave(player);
	}
	return NULL;
}

/* Time passes quickly; expiry by two threads at once. */
static void *expirer(void *arg)
{
	struct player *player = arg;
	struct torture *torture = player->torture;
	const struct timespec nap = {0, 2000000};
	bool more;

	while (!stopped(player)) {
		uint32_t tick = atomic_fetch_add_explicit(&torture->tick, 1, memory_order_relaxed);

		do {
			enter(player);
			lvs_table_expire(torture->rig.table, tick, 500, NULL, &more);
			leave(player);
		} while (more && !stopped(player));
		nanosleep(&nap, NULL);
	}
	return NULL;
}

/* What stays is met exactly once in a walk. */
static void *walker(void *arg)
{
	struct player *player = arg;
	struct torture *torture = player->torture;

	while (!stopped(player)) {
		uint32_t number = 0;
		uint32_t staying = 0;
		const struct lvs_conn *conn;

		do {
			enter(player);
			for (unsigned i = 0; i < 100; i++) {
				conn = lvs_table_next(torture->rig.table, &number);
				if (!conn)
					break;
				staying += conn->dest != 0;
			}
			leave(player);
		} while (conn && !stopped(player));
		count(&torture->walked);
		if (!conn && staying != STAYING)
			count(&torture->lost_in_walk);
	}
	return NULL;
}

static void *(*const roles[])(void *) = {finder, maker, maker, finder, expirer, expirer, walker};

/* The flows that stay say so by dest, which a record is given before it is published. */
static bool make_staying(struct torture *torture)
{
	struct rig *rig = &torture->rig;

	for (uint32_t i = 0; i < STAYING; i++) {
		struct lvs_conn *conn;
		struct lvs_flow flow;
		struct rig_flow of;
		uint64_t hash;
		int err;

		flow_at(i, &of);
		rig_flow(&of, LVS_SIDE_REQUEST, &flow);
		hash = lvs_table_hash(rig->table, &flow);
		conn = lvs_table_alloc(rig->table, &rig->reader, of.kind & LVS_CONN_INET6, false,
				       NULL, &err);
		if (!conn)
			return false;
		rig_fill(conn, &of, 1u << 30, 0);
		conn->dest = i + 1;
		atomic_store(&conn->word, UINT64_C(1) << 62 | LVS_TCP_ESTABLISHED_STATE);
		lvs_table_lock(rig->table, hash);
		err = lvs_table_insert(rig->table, conn, hash, 0);
		lvs_table_unlock(rig->table, hash);
		if (err < 0)
			return false;
		count(&torture->made);
	}
	return true;
}

/* On a busy machine a player may not have come to its turn in all the time. */
static void wait_for_turns(const struct player *players)
{
	const struct timespec nap = {0, 1000000};

	for (uint32_t i = 0; i < LVS_ARRAY_N(roles); i++)
		while (atomic_load_explicit(&players[i].turns, memory_order_relaxed) < TURNS_LEAST)
			nanosleep(&nap, NULL);
}

static void play(struct torture *torture, const struct timespec *length)
{
	static struct player players[LVS_ARRAY_N(roles)];

	for (uint32_t i = 0; i < LVS_ARRAY_N(roles); i++) {
		players[i].torture = torture;
		players[i].number = i;
		atomic_store(&players[i].turns, 0);
		players[i].random = 88172645463325252u + i;
		lvs_epoch_join(&torture->rig.epoch, &players[i].reader);
		pthread_create(&players[i].thread, NULL, roles[i], &players[i]);
	}
	nanosleep(length, NULL);
	wait_for_turns(players);
	atomic_store(&torture->stop, true);
	for (uint32_t i = 0; i < LVS_ARRAY_N(roles); i++) {
		pthread_join(players[i].thread, NULL);
		lvs_epoch_leave(&torture->rig.epoch, &players[i].reader);
	}
}

/* Returns whether all is as it must be. */
static bool judge(struct torture *torture)
{
	const char *wrong = lvs_table_check(torture->rig.table);
	uint32_t live = lvs_table_conn_n(torture->rig.table);
	struct lvs_table_figures figures;

	lvs_table_figures(torture->rig.table, &figures);
	printf("found %llu, missed %llu, made %llu, gone %llu, live %u, expired %llu, evicted "
	       "%llu, "
	       "full %llu, grown %llu, walked %llu (%llu wrong): %s\n",
	       (unsigned long long)torture->found, (unsigned long long)torture->missed,
	       (unsigned long long)torture->made, (unsigned long long)torture->rig.gone_n, live,
	       (unsigned long long)figures.expired, (unsigned long long)figures.evicted,
	       (unsigned long long)torture->full, (unsigned long long)figures.grown,
	       (unsigned long long)torture->walked, (unsigned long long)torture->lost_in_walk,
	       wrong ? wrong : "whole");
	return !wrong && torture->missed == 0 && torture->found > 0 && torture->lost_in_walk == 0 &&
	       torture->made == torture->rig.gone_n + live && live >= STAYING;
}

static bool torture_once(uint32_t shards, uint32_t max_conns, const struct timespec *length)
{
	struct torture *torture = calloc(1, sizeof(*torture));
	bool well = torture && rig_init(&torture->rig, shards, max_conns) == 0;

	if (well) {
		well = make_staying(torture);
		if (well)
			play(torture, length);
		well = judge(torture) && well;
		rig_fini(&torture->rig);
	}
	free(torture);
	return well;
}

int main(void)
{
	const char *seconds = getenv("LVS_TORTURE_SECONDS");
	const long total_ms = seconds ? 1000 * strtol(seconds, NULL, 10) : 4800;
	/* {shards, max_conns}; the last is always full */
	static const uint32_t shapes[][2] = {
		{1, MAX_CONNS}, {4, MAX_CONNS}, {256, MAX_CONNS}, {8, STAYING + 1000}};
	bool well = true;

	/* Many short rounds: growth happens at their beginnings. */
	for (long done_ms = 0; done_ms < total_ms; done_ms += 300 * (long)LVS_ARRAY_N(shapes)) {
		const struct timespec length = {0, 300000000};

		for (unsigned i = 0; i < LVS_ARRAY_N(shapes); i++)
			well = torture_once(shapes[i][0], shapes[i][1], &length) && well;
	}
	return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
