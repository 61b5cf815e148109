/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_cache.h"

START_TEST(test_model)
{
	cache_compare("lblc", 1 + (uint64_t)_i);
}
END_TEST

START_TEST(test_flood)
{
	cache_flood("lblc");
}
END_TEST

/* An address stays where it is, overloaded or not, until that is busy and another idle. */
START_TEST(test_stays)
{
	struct cache_model *model = cache_new("lblc");
	struct lvs_flow flow = cache_flow(1);
	struct rig *rig = model->rig;

	rig_add(rig, 1, 10);
	rig_add(rig, 2, 10);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 2);
	rig_load(rig, 2, 10, 500);
	rig_overload(rig, 2, true);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 2);
	rig_load(rig, 2, 11, 500);
	rig_load(rig, 1, 5, 5); /* half its weight is not idle */
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 2);
	rig_load(rig, 1, 4, 4);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 1);
	rig_load(rig, 2, 0, 0);
	rig_overload(rig, 2, false);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 1);
	rig_del(rig, 1); /* a removed one that comes back has its addresses, if nobody asked */
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_commit(rig), 0);
	rig_load(rig, 1, 9, 9);
	rig_add(rig, 1, 10);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 1);
	cache_del(model);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_lblc");

	tcase_add_loop_test(tcase, test_model, 0, 12);
	tcase_add_test(tcase, test_flood);
	tcase_add_test(tcase, test_stays);
	return unit_run("sched_lblc", tcase);
}
