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
	/* nothing anywhere: the first, whatever the weights */
	{{{1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 0},
	{{{1, 0, 0, 0}, {100, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 0},
	/* an active connection is 256 + 1, of equals the first */
	{{{1, 1, 1, 0}, {1, 0, 256, 0}, {1, 0, 258, 0}, {1, 9, 9, 0}}, 1},
	{{{1, 1, 1, 0}, {1, 0, 257, 0}, {1, 0, 258, 0}, {1, 9, 9, 0}}, 0},
	/* the weight does not divide: wlc would take 0 */
	{{{100, 3, 3, 0}, {1, 2, 2, 0}, {50, 3, 3, 0}, {1, 2, 2, 0}}, 1},
	{{{0, 0, 0, 0}, {1, 9, 9, 0}, {0, 0, 0, 0}, {1, 8, 9, 0}}, 3},
	{{{5, 0, 0, 1}, {1, 9, 9, 0}, {5, 0, 0, 1}, {2, 9, 9, 0}}, 1},
	{{{5, 0, 0, 1}, {0, 0, 0, 0}, {5, 0, 0, 1}, {0, 0, 0, 1}}, RIG_NONE},
	/* unsigned, as in the kernel: 2^23 active connections are many, not below none */
	{{{1, 0, 9, 0}, {1, 1 << 23, 1 << 23, 0}, {1, 0, 8, 0}, {1, 0, 9, 0}}, 2},
	/* and 2^24 wrap to what is in the low bits */
	{{{1, 0, (1 << 24) + 1, 0},
	  {1, 1 << 24, 1 << 24, 0},
	  {1, 1 << 17, 1 << 24, 0},
	  {0, 0, 0, 0}},
	 1},
};

static struct rig *lc_rig(void)
{
	return rig_new(lvs_sched_find("lc"), 0);
}

START_TEST(test_rows)
{
	const struct row *row = &rows[_i];
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = lc_rig();

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

/* With every connection kept, all that take part hold as many, whatever their weights. */
START_TEST(test_levels)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	uint32_t held[5] = {0};
	struct rig *rig = lc_rig();

	for (uint32_t i = 0; i < 5; i++)
		rig_add(rig, i, (int32_t)i);
	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned i = 0; i < 4000; i++) {
		int picked = rig_pick(rig, &flow, 0);

		ck_assert_int_ne(picked, RIG_NONE);
		held[picked]++;
		rig_load(rig, (uint32_t)picked, held[picked], held[picked]);
	}
	ck_assert_uint_eq(held[0], 0);
	for (uint32_t i = 1; i < 5; i++)
		ck_assert_uint_eq(held[i], 1000);
	rig_del_all(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_lc");

	tcase_add_loop_test(tcase, test_rows, 0, (int)LVS_ARRAY_N(rows));
	tcase_add_test(tcase, test_levels);
	return unit_run("sched_lc", tcase);
}
