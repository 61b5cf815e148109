/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers beside a committing thread; meant for the thread sanitizer, and a test without it.
 *
 * Every transaction gives two services the same weight, one more than before. A reader that asks
 * for one, the other, and the first again must see weights that do not fall: were a transaction to
 * show in halves, in whichever order, some reader would see them do so.
 */
#include <stdio.h>

#include "service_rig.h"

#define COMMITS 3000
#define PICKERS 2

struct race {
	struct service_rig *rig;
	_Atomic bool over;
	_Atomic uint64_t looks; /* of all readers */
};

static int32_t weight_of(const struct race *race, uint32_t i)
{
	return match(race->rig, tcp4(i))->sched_set.dest[0].weight;
}

static void look_at_both(const struct race *race)
{
	int32_t first = weight_of(race, 1);
	int32_t other = weight_of(race, 2);
	int32_t again = weight_of(race, 1);

	must(first <= other && other <= again);
}

/* A connection that lives for a moment. */
static void pick(const struct race *race, struct lvs_service_key key)
{
	const struct lvs_service_set *set = match(race->rig, key);
	struct lvs_flow flow = flow_to(&key);
	const struct lvs_path_conf *path;
	struct lvs_dest *dest;
	uint32_t i;

	if (!set) /* it comes and goes */
		return;
	i = set->conf.sched->pick(&set->sched_set, set->sched_state, &flow, 0);
	if (i == LVS_SCHED_NONE)
		return;
	dest = lvs_set_dest(set, i);
	must(dest->number == set->sched_set.dest[i].number);
	must(lvs_services_dest(race->rig->services, dest->number) == dest);
	must(lvs_services_forwarder(race->rig->services, lvs_set_forwarder(set, i)));
	lvs_dest_bind(dest, true);
	path = lvs_dest_path(dest);
	must(path->handle == 0 ? path->mtu == 1500 : path->mtu == 1000 + path->handle);
	lvs_dest_activate(dest, false);
	lvs_dest_unbind(dest, false);
}

static void *run_picker(void *user)
{
	struct race *race = user;
	struct lvs_epoch *epoch = &race->rig->epoch;
	struct lvs_epoch_reader reader;

	must(lvs_epoch_join(epoch, &reader));
	while (!atomic_load_explicit(&race->over, memory_order_relaxed)) {
		lvs_epoch_enter(epoch, &reader);
		look_at_both(race);
		for (uint32_t i = 1; i <= 4; i++)
			pick(race, tcp4(i));
		lvs_epoch_exit(&reader);
		atomic_fetch_add_explicit(&race->looks, 1, memory_order_relaxed);
	}
	lvs_epoch_leave(epoch, &reader);
	return NULL;
}

/* Services 1 and 2 are there throughout and listed exactly once. */
static void list(const struct race *race, struct lvs_epoch_reader *reader)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_dest_info dest = {.size = sizeof(dest)};
	struct lvs_cursor cursor = {{0}};
	unsigned seen = 0;

	while (lvs_services_next_service(race->rig->services, reader, &cursor, &info) == 1) {
		struct lvs_cursor dests = {{0}};
		struct lvs_service_key key = tcp4(3);

		while (lvs_services_next_dest(race->rig->services, reader, &info.key, &dests,
					      &dest) == 1)
			must(dest.conf.weight > 0);
		seen += memcmp(&info.key.addr, &key.addr, sizeof(key.addr)) < 0;
	}
	must(seen == 2);
}

static void *run_lister(void *user)
{
	struct race *race = user;
	struct lvs_epoch_reader reader;

	must(lvs_epoch_join(&race->rig->epoch, &reader));
	while (!atomic_load_explicit(&race->over, memory_order_relaxed))
		list(race, &reader);
	lvs_epoch_leave(&race->rig->epoch, &reader);
	return NULL;
}

/* A destination of both, and a service, come and go; thresholds come and go. */
static void commit_one(struct service_rig *rig, int32_t round)
{
	struct lvs_service_conf settings = service_conf();
	struct lvs_dest_conf conf = dest_conf(round);
	struct lvs_service_key coming = tcp4(3 + (uint32_t)round % 2);
	struct lvs_txn *txn = txn_begin(rig);

	conf.upper = round % 3 == 0 ? 1 : 0;
	for (uint32_t i = 1; i <= 2; i++) {
		struct lvs_service_key key = tcp4(i);
		struct lvs_dest_key dest = dest4((uint32_t)round % 4);

		must(lvs_txn_set_service(txn, &key, &settings) == 0);
		lvs_txn_del_dest(txn, &key, &dest);
		must(lvs_txn_add_dest(txn, &key, &dest, &conf) == 0);
		dest = dest4((uint32_t)(round + 2) % 4);
		lvs_txn_del_dest(txn, &key, &dest);
	}
	if (lvs_txn_del_service(txn, &coming) != 0) {
		struct lvs_dest_key dest = dest4(9);

		must(lvs_txn_add_service(txn, &coming, &settings) == 0);
		must(lvs_txn_add_dest(txn, &coming, &dest, &conf) == 0);
	}
	txn_commit(txn);
}

static void set_path(struct service_rig *rig, uint32_t round)
{
	struct lvs_path_conf conf = {
		.size = sizeof(conf), .mtu = 1000 + round % 400 + 1, .handle = round % 400 + 1};
	union lvs_addr addr = dest4(round % 5).addr;

	must(lvs_services_set_path(rig->services, LVS_INET, &addr, round % 7 ? &conf : NULL) == 0);
}

START_TEST(readers_beside_a_writer)
{
	struct race race = {.rig = service_rig_new()};
	pthread_t picker[PICKERS];
	pthread_t lister;

	commit_one(race.rig, 1);
	for (unsigned i = 0; i < PICKERS; i++)
		must(pthread_create(&picker[i], NULL, run_picker, &race) == 0);
	must(pthread_create(&lister, NULL, run_lister, &race) == 0);
	for (int32_t round = 2; round < COMMITS; round++) {
		commit_one(race.rig, round);
		set_path(race.rig, (uint32_t)round);
		race.rig->tick += 2000; /* what leaves is forgotten soon */
	}
	atomic_store_explicit(&race.over, true, memory_order_relaxed);
	for (unsigned i = 0; i < PICKERS; i++)
		must(pthread_join(picker[i], NULL) == 0);
	must(pthread_join(lister, NULL) == 0);
	ck_assert_uint_gt(atomic_load_explicit(&race.looks, memory_order_relaxed), 0);
	ck_assert_ptr_null(lvs_services_check(race.rig->services, &(struct lvs_dest_count){0}, 1));
	service_rig_del(race.rig);
}
END_TEST

#define HOLD_ROUNDS 60
#define HOLD_MOVES 3000

/* Ends with 3 connections more than it began with. */
static void *run_holder(void *user)
{
	struct lvs_dest *dest = user;

	for (unsigned i = 0; i < HOLD_MOVES; i++) {
		for (unsigned n = 0; n < 3; n++)
			lvs_dest_bind(dest, n % 2);
		for (unsigned n = 0; n < 3 && i + 1 < HOLD_MOVES; n++)
			lvs_dest_unbind(dest, n % 2);
	}
	return NULL;
}

/* However counts and thresholds moved beside each other: in the end the flag is right. */
START_TEST(thresholds_beside_connections)
{
	static const uint32_t upper[] = {0, 6, 7, 1, 0, 3};
	struct service_rig *rig = service_rig_new();
	struct lvs_dest_conf conf = dest_conf(1);
	struct lvs_dest *dest;

	set_dest(rig, tcp4(1), dest4(1), conf);
	dest = lvs_set_dest(match(rig, tcp4(1)), 0);
	for (unsigned round = 0; round < HOLD_ROUNDS; round++) {
		pthread_t holder[2];

		/* As who makes a connection does: its service has rates from then on. */
		lvs_services_wake(rig->services, match(rig, tcp4(1)), 0);
		for (unsigned i = 0; i < 2; i++)
			must(pthread_create(&holder[i], NULL, run_holder, dest) == 0);
		for (unsigned i = 0; i < 20 + round % LVS_ARRAY_N(upper); i++) {
			conf.upper = upper[i % LVS_ARRAY_N(upper)];
			set_dest(rig, tcp4(1), dest4(1), conf);
		}
		for (unsigned i = 0; i < 2; i++)
			must(pthread_join(holder[i], NULL) == 0);
		must(lvs_gauge_total(lvs_gauge_load(&dest->gauge)) == 6);
		must(lvs_gauge_active(lvs_gauge_load(&dest->gauge)) == 2);
		check_ok(rig);
		for (unsigned i = 0; i < 6; i++)
			lvs_dest_unbind(dest, i % 3 == 1);
		check_ok(rig);
	}
	service_rig_del(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("service_concurrent");

	tcase_add_test(tcase, thresholds_beside_connections);

	tcase_add_test(tcase, readers_beside_a_writer);
	return unit_run("service_concurrent", tcase);
}
