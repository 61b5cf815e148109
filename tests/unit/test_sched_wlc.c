/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_rig.h"

#define DESTS 4

/* Destinations 0 to 3 in list order, so 3 is added first. */
struct row {
	struct {
		int32_t weight;
		uint32_t active, total;
		bool overloaded;
	} dest[DESTS];
	int pick;
};

static const struct row rows[] = {
	/* nothing anywhere: the first */
	{{{1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 0},
	/* the weight alone does not matter while the load is 0 */
	{{{1, 0, 0, 0}, {100, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 0},
	/* an active connection is 256 + 1 ... */
	{{{1, 1, 1, 0}, {1, 0, 256, 0}, {1, 0, 258, 0}, {1, 9, 9, 0}}, 1},
	{{{1, 1, 1, 0}, {1, 0, 257, 0}, {1, 0, 258, 0}, {1, 9, 9, 0}}, 0},
	{{{1, 0, 258, 0}, {1, 1, 1, 0}, {1, 0, 259, 0}, {1, 9, 9, 0}}, 1},
	/* ... and load / weight decides, of equals the first */
	{{{2, 4, 4, 0}, {1, 2, 2, 0}, {3, 6, 6, 0}, {4, 8, 8, 0}}, 0},
	{{{2, 4, 4, 0}, {1, 2, 2, 0}, {3, 5, 6, 0}, {4, 8, 8, 0}}, 2},
	{{{0, 0, 0, 0}, {1, 9, 9, 0}, {0, 0, 0, 0}, {1, 9, 9, 0}}, 1},
	{{{5, 0, 0, 1}, {1, 9, 9, 0}, {5, 0, 0, 1}, {2, 9, 9, 0}}, 3},
	{{{5, 0, 0, 1}, {0, 0, 0, 0}, {5, 0, 0, 1}, {0, 0, 0, 1}}, RIG_NONE},
	/* products beyond 32 bits */
	{{{INT32_MAX, 1000, 1000, 0}, {INT32_MAX, 999, 1000, 0}, {1, 1, 1, 0}, {1, 0, 1, 0}}, 1},
	{{{65535, 7000000, 7000000, 0},
	  {65534, 7000000, 7000000, 0},
	  {1, 200, 200, 0},
	  {0, 0, 0, 0}},
	 0},
	/* the load is a 32-bit int, as in the kernel: 2^23 active connections wrap it below zero */
	{{{1, 0, 0, 0}, {1, 1 << 23, 1 << 23, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 1},
};

static struct rig *wlc_rig(void)
{
	return rig_new(lvs_sched_find("wlc"), 0);
}

START_TEST(test_rows)
{
	const struct row *row = &rows[_i];
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = wlc_rig();

	for (uint32_t i = DESTS; i > 0; i--) {
		rig_add(rig, i - 1, row->dest[i - 1].weight);
		rig_load(rig, i - 1, row->dest[i - 1].active, row->dest[i - 1].total);
		rig_overload(rig, i - 1, row->dest[i - 1].overloaded);
	}
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), row->pick);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), row->pick);
	rig_del_all(rig);
}
END_TEST

/* What any picked destination must fulfil against each other one. */
static void check_least(const struct lvs_sched_set *set, uint32_t picked)
{
	const struct lvs_sched_dest *best = &set->dest[picked];
	uint64_t load = best->gauge->word;
	int64_t best_load = (int64_t)(load >> 32) * 256 + lvs_gauge_total(load);

	ck_assert_int_gt(best->weight, 0);
	ck_assert(!lvs_gauge_overloaded(load));
	for (uint32_t i = 0; i < set->dest_n; i++) {
		const struct lvs_sched_dest *dest = &set->dest[i];
		uint64_t word = dest->gauge->word;
		int64_t other = (int64_t)(word >> 32) * 256 + lvs_gauge_total(word);

		if (dest->weight == 0 || lvs_gauge_overloaded(word))
			continue;
		if (i < picked)
			ck_assert_int_gt(other * best->weight, best_load * dest->weight);
		else
			ck_assert_int_ge(other * best->weight, best_load * dest->weight);
	}
}

/* Every new connection counts at once, as the director counts it. */
START_TEST(test_random_loads)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = wlc_rig();
	uint64_t seed = 12345;

	for (uint32_t i = 0; i < 20; i++)
		rig_add(rig, i, (int32_t)rig_below(&seed, 8));
	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t number = rig_below(&seed, 20);
		uint32_t active = rig_below(&seed, 6);
		int picked;

		rig_load(rig, number, active, active + rig_below(&seed, 300));
		rig_overload(rig, number, rig_below(&seed, 8) == 0);
		picked = rig_pick(rig, &flow, 0);
		ck_assert_int_ne(picked, RIG_NONE);
		check_least(&rig->set, rig_index(rig, (uint32_t)picked));
	}
	rig_del_all(rig);
}
END_TEST

/* With every connection kept, the counts stand as the weights do. */
START_TEST(test_follows_the_weights)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	uint32_t held[5] = {0};
	struct rig *rig = wlc_rig();

	for (uint32_t i = 1; i < 5; i++)
		rig_add(rig, i, (int32_t)i);
	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned i = 0; i < 10000; i++) {
		int picked = rig_pick(rig, &flow, 0);

		ck_assert_int_ne(picked, RIG_NONE);
		held[picked]++;
		rig_load(rig, (uint32_t)picked, held[picked], held[picked]);
	}
	for (uint32_t i = 1; i < 5; i++)
		ck_assert_uint_eq(held[i], 1000 * i);
	rig_del_all(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_wlc");

	tcase_add_loop_test(tcase, test_rows, 0, (int)LVS_ARRAY_N(rows));
	tcase_add_test(tcase, test_random_loads);
	tcase_add_test(tcase, test_follows_the_weights);
	return unit_run("sched_wlc", tcase);
}
