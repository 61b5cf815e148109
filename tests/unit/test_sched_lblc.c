/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>

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

START_TEST(test_build_beside_picks)
{
	struct rig *rig = rig_new(lvs_sched_find("lblc"), 0);
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
	TCase *tcase = tcase_create("sched_lblc");

	tcase_add_loop_test(tcase, test_model, 0, 12);
	tcase_add_test(tcase, test_flood);
	tcase_add_test(tcase, test_stays);
	tcase_add_test(tcase, test_build_beside_picks);
	return unit_run("sched_lblc", tcase);
}
