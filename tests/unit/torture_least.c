/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads of many destinations that move at full tilt beside commits, for the thread sanitizer:
 *
 *   mover 0..2   bind, activate and unbind destinations of the set in force, and pick
 *   control      weights and thresholds change, destinations come and go
 *
 * Whenever all stand still, the scheduler's tournament is what a look at all loads finds.
 * LVS_TORTURE_SECONDS sets the length.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "sched_rig.h"
#include "service/services.h"
#include "service_rig.h"

#define MOVERS 3
#define SERVERS 50
#define ROUND 20000
#define HELD 32

static struct service_rig *rig;
static pthread_barrier_t barrier;
static bool stop; /* between two barriers */

static struct lvs_dest *bind_one(struct lvs_epoch_reader *reader, uint64_t *seed)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	const struct lvs_service_set *set;
	struct lvs_service_key key = tcp4(1);
	struct lvs_flow to = flow_to(&key);
	struct lvs_dest *dest = NULL;
	uint32_t i;

	lvs_epoch_enter(&rig->epoch, reader);
	set = lvs_services_match(rig->services, &to, 0);
	i = set->conf.sched->pick(&set->sched_set, set->sched_state, &flow, 0);
	if (i == LVS_SCHED_NONE || rig_below(seed, 4) == 0)
		i = rig_below(seed, set->sched_set.dest_n);
	dest = lvs_set_dest(set, i);
	lvs_dest_bind(dest, true);
	lvs_services_stir(rig->services, set, 1);
	lvs_epoch_exit(reader);
	return dest;
}

static void let_go(struct lvs_epoch_reader *reader, struct lvs_dest *dest)
{
	lvs_epoch_enter(&rig->epoch, reader);
	lvs_dest_activate(dest, false);
	lvs_dest_unbind(dest, false);
	lvs_epoch_exit(reader);
}

static void *move(void *user)
{
	uint64_t seed = 1 + *(const unsigned *)user;
	struct lvs_epoch_reader reader;
	struct lvs_dest *held[HELD] = {0};

	ck_assert(lvs_epoch_join(&rig->epoch, &reader));
	for (;;) {
		for (unsigned i = 0; i < ROUND; i++) {
			struct lvs_dest **at = &held[rig_below(&seed, HELD)];

			if (*at)
				let_go(&reader, *at);
			*at = rig_below(&seed, 3) ? bind_one(&reader, &seed) : NULL;
		}
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		if (stop)
			break;
	}
	for (unsigned i = 0; i < HELD; i++)
		if (held[i])
			let_go(&reader, held[i]);
	lvs_epoch_leave(&rig->epoch, &reader);
	return NULL;
}

static void change(uint64_t *seed)
{
	struct lvs_service_key key = tcp4(1);
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = lvs_sched_find("wlc")};
	struct lvs_txn *txn = txn_begin(rig);

	ck_assert_int_eq(lvs_txn_set_service(txn, &key, &conf), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct lvs_dest_key dest = dest4(2 + rig_below(seed, SERVERS));
		struct lvs_dest_conf is = dest_conf((int32_t)rig_below(seed, 4));

		is.upper = rig_below(seed, 4);
		if (rig_below(seed, 5))
			ck_assert_int_eq(lvs_txn_set_dest(txn, &key, &dest, &is), 0);
		else
			lvs_txn_del_dest(txn, &key, &dest);
	}
	txn_commit(txn);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void run(pthread_t *thread, double until)
{
	uint64_t seed = 99;

	do {
		for (unsigned i = 0; i < 200; i++)
			change(&seed);
		pthread_barrier_wait(&barrier);
		check_ok(rig);
		stop = seconds() >= until;
		pthread_barrier_wait(&barrier);
	} while (!stop);
	for (unsigned i = 0; i < MOVERS; i++)
		ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
	check_ok(rig);
}

START_TEST(test_torture)
{
	const char *length = getenv("LVS_TORTURE_SECONDS");
	double until = seconds() + (length ? atof(length) : 3);
	pthread_t thread[MOVERS];
	unsigned number[MOVERS];
	uint64_t seed = 5;

	rig = service_rig_new();
	set_dest(rig, tcp4(1), dest4(1), dest_conf(1)); /* this one stays */
	for (unsigned i = 0; i < SERVERS; i++)
		change(&seed);
	ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, MOVERS + 1), 0);
	for (unsigned i = 0; i < MOVERS; i++) {
		number[i] = i;
		ck_assert_int_eq(pthread_create(&thread[i], NULL, move, &number[i]), 0);
	}
	run(thread, until);
	pthread_barrier_destroy(&barrier);
	service_rig_del(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("least");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_torture);
	return unit_run("torture_least", tcase);
}
