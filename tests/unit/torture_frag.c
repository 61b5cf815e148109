/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of each datagram by three workers at once, for the thread sanitizer:
 *
 *   worker i      part i of all datagrams, in order; a few ahead of the others or behind them
 *   control       another service comes and goes; checks
 *
 * Each part leaves once, by whichever worker. Then hostile ones by two workers, while services,
 * paths, filters and connections come and go. LVS_TORTURE_SECONDS sets the length.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "frag_hostile.h"

enum {
	WORKERS = 3,
	AHEAD = 300, /* of the slowest, at most: what is held stays in its bound */
	PART = 64,
};

static struct world world;
static _Atomic uint64_t end = UINT64_MAX; /* datagrams */
static _Atomic uint64_t sent[WORKERS];
static _Atomic uint64_t left;

struct thread {
	pthread_t thread;
	struct lvs_worker *worker;
	unsigned number;
	struct frag_buffer buffer;
	struct frag_whole whole;
	struct frag_part part;
};

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t slowest(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < WORKERS; i++) {
		uint64_t n = atomic_load(&sent[i]);

		least = n < least ? n : least;
	}
	return least;
}

/* Datagram @p n: one in four has no checksum, and is gathered. */
static void make_part(struct thread *t, uint64_t n)
{
	struct frag_recipe recipe =
		world_recipe(n & 1 ? LVS_INET6 : LVS_INET, LVS_UDP, 1, WORKERS * PART - 8);

	recipe.flow.src_port = rig_port(4000 + n % 50);
	recipe.id = 1 + (uint32_t)(n % 60000);
	recipe.no_checksum = n % 4 == 2;
	frag_make(&t->whole, &recipe);
	frag_cut(&t->whole, t->number * PART, (t->number + 1) * PART, &t->part);
}

static void take(const struct lvs_packet *packet)
{
	must(packet->verdict == LVS_FORWARD);
	atomic_fetch_add(&left, 1);
}

static void *send_parts(void *arg)
{
	struct thread *t = arg;

	for (uint64_t n = 0;; n++) {
		struct lvs_packet out[8];
		unsigned got;

		while (n > slowest() + AHEAD)
			sched_yield();
		if (n == atomic_load(&end))
			return NULL;
		make_part(t, n);
		frag_send(t->worker, &t->buffer, &t->part, 100 * SECOND);
		if (t->buffer.packet.verdict != LVS_HELD)
			take(&t->buffer.packet);
		while ((got = lvs_worker_outbox(t->worker, out, 8)))
			for (unsigned i = 0; i < got; i++)
				take(&out[i]);
		atomic_store(&sent[t->number], n + 1);
	}
}

static void disturb(void)
{
	struct lvs_service_key key =
		rig_service_key(LVS_INET, LVS_UDP, world_addr(LVS_INET, 70, 1), 80);
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, world_addr(LVS_INET, 71, 1), 80);
	struct lvs_txn *txn;

	rig_set_service(world.director, &key, "rr");
	rig_set_dest(world.director, &key, &dest, LVS_METHOD_DR, 1);
	ck_assert_int_eq(lvs_txn_begin(world.director, &txn), 0);
	ck_assert_int_eq(lvs_txn_del_service(txn, &key), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

START_TEST(test_torture)
{
	const char *text = getenv("LVS_TORTURE_SECONDS");
	double until = seconds() + (text ? atof(text) : 2);
	static struct thread thread[WORKERS];
	struct lvs_settings settings = {.alloc = lvs_alloc_libc}; /* the rig's is for one thread */
	struct lvs_worker *third;
	uint64_t all = 0;

	world_open(&world, &settings, "rr");
	ck_assert_int_eq(lvs_worker_new(world.director, &third), 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		thread[i].worker = i < 2 ? world.worker[i] : third;
		thread[i].number = i;
		pthread_create(&thread[i].thread, NULL, send_parts, &thread[i]);
	}
	while (seconds() < until)
		disturb();
	/* Where nobody is yet. */
	atomic_store(&end, slowest() + 10 * AHEAD);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(thread[i].thread, NULL);
	for (unsigned i = 0; i < WORKERS; i++)
		all += atomic_load(&sent[i]);
	rig_check(world.director);
	ck_assert_uint_gt(all, 1000);
	ck_assert_uint_eq(atomic_load(&left) + world_count(&world, LVS_REASON_FRAGMENT_FULL), all);
	ck_assert_uint_eq(world_count(&world, LVS_REASON_FRAGMENT_FULL), 0);
	lvs_worker_del(third);
	world_close(&world);
}
END_TEST

/* --- Anything, while all around changes --- */

static _Atomic bool stop;

static void *step(void *arg)
{
	struct hostile *h = arg;

	while (!atomic_load(&stop))
		hostile_step(h);
	return NULL;
}

START_TEST(test_hostile)
{
	const char *text = getenv("LVS_TORTURE_SECONDS");
	double until = seconds() + (text ? atof(text) : 2);
	static struct hostile h[3]; /* the last one is the control side */
	struct lvs_settings settings = {.alloc = lvs_alloc_libc, .fragment_bytes = 16 << 10};
	pthread_t thread[2];

	world_open(&world, &settings, "rr");
	for (unsigned i = 0; i < 3; i++) {
		h[i].director = world.director;
		h[i].worker = i < 2 ? world.worker[i] : NULL;
		h[i].random = i + 1;
		h[i].now = world.now;
	}
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, step, &h[i]);
	while (seconds() < until) {
		struct lvs_check check = {.size = sizeof(check)};

		hostile_change(&h[2]);
		while (lvs_director_check_part(world.director, &check) > 0)
			ck_assert_ptr_null(check.fault);
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_gt(h[0].sent + h[1].sent, 1000);
	ck_assert_int_eq(lvs_director_set_filter(world.director, NULL, NULL), 0);
	world_close(&world);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("torture_frag");

	tcase_add_test(tcase, test_torture);
	tcase_add_test(tcase, test_hostile);
	return unit_run("torture_frag", tcase);
}
