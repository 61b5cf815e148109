/* SPDX-License-Identifier: BSD-2-Clause */
/* Two threads at one scheduler: picks beside picks, picks beside a build. */
#include "sched_race.h"
#include "sched_rows.h"

START_TEST(test_two_pick)
{
	enum { PICKS = 5000 };
	struct rig *rig = row_rig(&rows[_i]);
	struct race race;
	unsigned sum = 0;

	for (uint32_t i = 0; i < MANY; i++)
		rig_add(rig, i, 1 + (int32_t)i % 4);
	ck_assert_int_eq(rig_commit(rig), 0);
	race = race_two(rig, PICKS);
	for (unsigned i = 0; i < RACE_MAX; i++)
		sum += race.got[i];
	ck_assert_uint_eq(race.none, 0);
	ck_assert_uint_eq(sum, 2 * PICKS);
	rig_del_all(rig);
}
END_TEST

START_TEST(test_rr_is_balanced)
{
	enum { PICKS = 200000 };
	struct rig *rig = rig_new(lvs_sched_find("rr"), 0);
	struct race race;

	for (uint32_t i = 0; i < 5; i++)
		rig_add(rig, i, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	race = race_two(rig, PICKS);
	ck_assert_uint_eq(race.none, 0);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(race.got[i], 2 * PICKS / 5);
	rig_del_all(rig);
}
END_TEST

/* Concurrent picks are one sequence: whole cycles give each exactly its weight. */
START_TEST(test_wrr_keeps_the_weights)
{
	enum { CYCLES = 40000 };
	struct rig *rig = rig_new(lvs_sched_find("wrr"), 0);
	struct race race;

	for (uint32_t i = 1; i <= 4; i++)
		rig_add(rig, i, (int32_t)i);
	ck_assert_int_eq(rig_commit(rig), 0);
	race = race_two(rig, CYCLES * 10 / 2);
	ck_assert_uint_eq(race.none, 0);
	for (uint32_t i = 1; i <= 4; i++)
		ck_assert_uint_eq(race.got[i], CYCLES * i);
	rig_del_all(rig);
}
END_TEST

/* One thread picks while the other builds the next state out of the same one. */
static void *pick_on(void *user)
{
	struct rig *rig = user;

	for (uint32_t i = 0; i < 20000; i++) {
		struct lvs_flow flow = rig_flow(0xc0000201, 1);

		flow.dst.word[0] = i % 5000;
		rig->ops->pick(&rig->set, rig->state, &flow, 0);
		if (i % 1000 == 0)
			rig->ops->expiry(&rig->set, rig->state, (uint64_t)i << 40);
	}
	return NULL;
}

static const char *const caches[] = {"lblc", "lblcr"};

START_TEST(test_build_beside_picks)
{
	struct rig *rig = rig_new(lvs_sched_find(caches[_i]), 0);
	pthread_t thread;

	rig->settings.lblc_entries = 2000;
	for (uint32_t i = 0; i < 10; i++)
		rig_add(rig, i, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, pick_on, rig), 0);
	for (unsigned i = 0; i < 50; i++) {
		void *state = rig_alloc_state(rig->ops, &rig->set);

		ck_assert_int_eq(rig->ops->build(state, &rig->set, rig->state, &rig->set), 0);
		free(state);
	}
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	rig_del_all(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_concurrent");

	tcase_add_loop_test(tcase, test_two_pick, 0, (int)LVS_ARRAY_N(rows));
	tcase_add_test(tcase, test_rr_is_balanced);
	tcase_add_test(tcase, test_wrr_keeps_the_weights);
	tcase_add_loop_test(tcase, test_build_beside_picks, 0, (int)LVS_ARRAY_N(caches));
	return unit_run("sched_concurrent", tcase);
}
