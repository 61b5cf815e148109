/* SPDX-License-Identifier: BSD-2-Clause */
/* The least loaded of many: what is kept by each move of a load is what a look at all would find.
 */
#include "sched/least.h"
#include "sched_rig.h"
#include "service/services.h"
#include "service_rig.h"

/* --- The tournament by itself --- */

static const uint32_t counts[] = {LVS_LEAST_MANY - 1, LVS_LEAST_MANY, 31, 32, 33, 64, 65, 1000};

START_TEST(test_as_a_scan)
{
	struct rig *rig = rig_new(lvs_sched_find("wlc"), 0);
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	uint32_t n = counts[_i];
	uint64_t seed = n;

	ck_assert_uint_gt(n, 0);
	for (uint32_t i = 0; i < n; i++)
		rig_add(rig, i, (int32_t)rig_below(&seed, 5));
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig->state != NULL, n >= LVS_LEAST_MANY);
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t number = rig_below(&seed, n);
		uint32_t active = rig_below(&seed, 30);

		rig_load(rig, number, active, active + rig_below(&seed, 30));
		rig_overload(rig, number, rig_below(&seed, 9) == 0);
		ck_assert_uint_eq(rig->ops->pick(&rig->set, rig->state, &flow, 0),
				  lvs_least_scan(&rig->set, lvs_least_by_load));
		if (round % 1000 == 0)
			ck_assert_ptr_null(rig->ops->check(&rig->set, rig->state));
	}
	rig_del_all(rig);
}
END_TEST

/* As connections come, each to where the last pick said. */
START_TEST(test_fills_by_weight)
{
	struct rig *rig = rig_new(lvs_sched_find("wlc"), 0);
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	uint32_t held[100] = {0};

	for (uint32_t i = 0; i < 100; i++)
		rig_add(rig, i, (int32_t)(i % 4));
	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned i = 0; i < 15000; i++) {
		int picked = rig_pick(rig, &flow, 0);

		ck_assert_int_ge(picked, 0);
		held[picked]++;
		rig_load(rig, (uint32_t)picked, held[picked], held[picked]);
	}
	for (uint32_t i = 0; i < 100; i++)
		ck_assert_uint_eq(held[i], 100 * (i % 4));
	rig_del_all(rig);
}
END_TEST

/* What is wrong is told. */
START_TEST(test_check)
{
	struct rig *rig = rig_new(lvs_sched_find("wlc"), 0);
	struct lvs_least_state *state;

	for (uint32_t i = 0; i < 40; i++)
		rig_add(rig, i, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	state = rig->state;
	ck_assert_ptr_null(rig->ops->check(&rig->set, state));
	rig->gauge[7].word = 1; /* and nobody was told */
	ck_assert_ptr_nonnull(rig->ops->check(&rig->set, state));
	rig_moved(rig, 7);
	ck_assert_ptr_null(rig->ops->check(&rig->set, state));
	state->node[1].load++;
	ck_assert_ptr_nonnull(rig->ops->check(&rig->set, state));
	state->node[1].load--;
	state->picked++;
	ck_assert_ptr_nonnull(rig->ops->check(&rig->set, state));
	rig_del_all(rig);
}
END_TEST

/* --- With gauges and commits as the library has them --- */

#define SERVERS 60

static struct lvs_service_conf least_conf(const char *sched)
{
	return (struct lvs_service_conf){.size = sizeof(struct lvs_service_conf),
					 .sched = lvs_sched_find(sched)};
}

static void open_many(struct service_rig *rig, const char *sched, uint32_t n)
{
	struct lvs_service_key key = tcp4(1);
	struct lvs_service_conf conf = least_conf(sched);
	struct lvs_txn *txn = txn_begin(rig);

	ck_assert_int_eq(lvs_txn_set_service(txn, &key, &conf), 0);
	for (uint32_t i = 0; i < n; i++) {
		struct lvs_dest_key dest = dest4(i + 1);
		struct lvs_dest_conf dest_is = dest_conf((int32_t)(i % 3));

		ck_assert_int_eq(lvs_txn_set_dest(txn, &key, &dest, &dest_is), 0);
	}
	txn_commit(txn);
}

static void pick_is_right(struct service_rig *rig)
{
	const struct lvs_service_set *set = match(rig, tcp4(1));
	struct lvs_flow flow = rig_flow(0xc0000201, 1);

	ck_assert_uint_eq(set->conf.sched->pick(&set->sched_set, set->sched_state, &flow, 0),
			  lvs_least_scan(&set->sched_set, lvs_least_by_load));
	check_ok(rig);
}

static void edit_one(struct service_rig *rig, uint64_t *seed)
{
	struct lvs_service_key key = tcp4(1);
	struct lvs_dest_key dest = dest4(1 + rig_below(seed, SERVERS));
	struct lvs_dest_conf conf = dest_conf((int32_t)rig_below(seed, 4));
	struct lvs_txn *txn = txn_begin(rig);

	conf.upper = rig_below(seed, 3);
	if (rig_below(seed, 3))
		ck_assert_int_eq(lvs_txn_set_dest(txn, &key, &dest, &conf), 0);
	else
		lvs_txn_del_dest(txn, &key, &dest);
	txn_commit(txn);
}

START_TEST(test_moves_and_commits)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_dest *held[200];
	uint64_t seed = 7;
	unsigned n = 0;

	open_many(rig, "wlc", SERVERS);
	for (unsigned round = 0; round < 5000; round++) {
		const struct lvs_service_set *set = match(rig, tcp4(1));
		uint32_t i = rig_below(&seed, set->sched_set.dest_n);

		if (n < LVS_ARRAY_N(held) && rig_below(&seed, 2)) {
			held[n] = lvs_set_dest(set, i);
			lvs_dest_bind(held[n++], false);
			lvs_services_stir(rig->services, set, 0);
		} else if (n) {
			lvs_dest_unbind(held[--n], false);
		}
		if (rig_below(&seed, 20) == 0)
			edit_one(rig, &seed);
		pick_is_right(rig);
	}
	while (n)
		lvs_dest_unbind(held[--n], false);
	service_rig_del(rig);
}
END_TEST

/* From few to many and back, and to another scheduler: nobody is told who has gone. */
START_TEST(test_comes_and_goes)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key key = tcp4(1);
	struct lvs_txn *txn;

	for (unsigned round = 0; round < 3; round++) {
		open_many(rig, "wlc", 3);
		pick_is_right(rig);
		open_many(rig, "wlc", SERVERS);
		lvs_dest_bind(lvs_set_dest(match(rig, key), 5), true);
		lvs_services_stir(rig->services, match(rig, key), 0);
		pick_is_right(rig);
		open_many(rig, "rr", SERVERS);
		lvs_dest_unbind(lvs_set_dest(match(rig, key), 5), true);
		check_ok(rig);
		txn = txn_begin(rig);
		ck_assert_int_eq(lvs_txn_del_service(txn, &key), 0);
		txn_commit(txn);
		check_ok(rig);
	}
	service_rig_del(rig);
}
END_TEST

START_TEST(test_each_failing_allocation)
{
	struct service_rig *rig = service_rig_new();
	uint64_t k = 0;

	do {
		struct lvs_service_key key = tcp4(1);
		struct lvs_service_conf conf = least_conf("wlc");
		struct lvs_txn *txn = NULL;
		int err;

		rig->memory.failed = 0;
		rig->memory.fail_at = ++k;
		err = lvs_services_begin(rig->services, &txn);
		if (!err)
			err = lvs_txn_set_service(txn, &key, &conf);
		for (uint32_t i = 0; i < SERVERS && !err; i++) {
			struct lvs_dest_key dest = dest4(i + 1);
			struct lvs_dest_conf dest_is = dest_conf(1);

			err = lvs_txn_set_dest(txn, &key, &dest, &dest_is);
		}
		if (!err)
			err = lvs_txn_commit(txn);
		else if (txn)
			lvs_txn_abort(txn);
		rig->memory.fail_at = 0;
		ck_assert_int_eq(!err, match(rig, key) != NULL);
		check_ok(rig);
	} while (rig->memory.failed);
	ck_assert_uint_gt(k, 20);
	service_rig_del(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("least");

	tcase_add_loop_test(tcase, test_as_a_scan, 0, (int)LVS_ARRAY_N(counts));
	tcase_add_test(tcase, test_fills_by_weight);
	tcase_add_test(tcase, test_check);
	tcase_add_test(tcase, test_moves_and_commits);
	tcase_add_test(tcase, test_comes_and_goes);
	tcase_add_test(tcase, test_each_failing_allocation);
	return unit_run("least", tcase);
}
