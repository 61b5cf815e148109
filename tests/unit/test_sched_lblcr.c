/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_cache.h"

START_TEST(test_model)
{
	cache_compare("lblcr", 1 + (uint64_t)_i);
}
END_TEST

START_TEST(test_flood)
{
	cache_flood("lblcr");
}
END_TEST

/* The set grows when its least loaded is busy, and gives up the most loaded after a day. */
START_TEST(test_set)
{
	struct cache_model *model = cache_new("lblcr");
	struct lvs_flow flow = cache_flow(1);
	struct rig *rig = model->rig;

	rig_add(rig, 1, 10);
	rig_add(rig, 2, 10);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 2);
	rig_load(rig, 2, 11, 11);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 1); /* now of both */
	rig_load(rig, 1, 3, 3);
	rig_load(rig, 2, 2, 2);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 2);
	rig_load(rig, 2, 4, 4);
	rig->clock.ticks += LVS_TICKS_OF_S(86400);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 1);
	rig_load(rig, 2, 1, 1);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 2); /* not a tick too early */
	rig_load(rig, 2, 4, 4);
	rig->clock.ticks += 1;
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 1);
	rig_load(rig, 2, 1, 1);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 1);
	cache_del(model);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_lblcr");

	tcase_add_loop_test(tcase, test_model, 0, 12);
	tcase_add_test(tcase, test_flood);
	tcase_add_test(tcase, test_set);
	return unit_run("sched_lblcr", tcase);
}
