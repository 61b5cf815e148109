/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_load.h"

static const struct load_row rows[] = {
	{{{1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 0},
	/* the largest weight, of equals the first, however busy */
	{{{1, 0, 0, 0}, {3, 1 << 20, 1 << 21, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}}, 1},
	{{{1, 0, 0, 0}, {65535, 9, 9, 0}, {INT32_MAX, 9, 9, 0}, {3, 0, 0, 0}}, 2},
	/* it is out: the next largest */
	{{{1, 0, 0, 0}, {3, 0, 0, 1}, {2, 0, 0, 0}, {3, 0, 0, 1}}, 2},
	{{{1, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {3, 0, 0, 1}}, 0},
	{{{5, 0, 0, 1}, {0, 0, 0, 0}, {5, 0, 0, 1}, {0, 0, 0, 1}}, RIG_NONE},
};

static bool beats(const struct load *a, const struct load *b)
{
	return a->weight > b->weight;
}

static const struct load_case it = {.name = "fo", .beats = beats};

START_TEST(test_rows)
{
	load_check_row(&it, &rows[_i]);
}
END_TEST

START_TEST(test_random)
{
	load_check_random(&it);
}
END_TEST

START_TEST(test_one_takes_all)
{
	static const int32_t weights[] = {1, 7, 3, 0};
	uint32_t held[LVS_ARRAY_N(weights)];

	load_hold(&it, weights, LVS_ARRAY_N(weights), 1000, held);
	ck_assert_uint_eq(held[1], 1000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_fo");

	tcase_add_loop_test(tcase, test_rows, 0, (int)LVS_ARRAY_N(rows));
	tcase_add_test(tcase, test_random);
	tcase_add_test(tcase, test_one_takes_all);
	return unit_run("sched_fo", tcase);
}
