/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_load.h"

static const struct load_row rows[] = {
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

static bool beats(const struct load *a, const struct load *b)
{
	return a->overhead < b->overhead;
}

static const struct load_case it = {.name = "lc", .beats = beats};

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

/* With every connection kept, all that take part hold as many, whatever their weights. */
START_TEST(test_levels)
{
	static const int32_t weights[] = {0, 1, 2, 3, 4};
	uint32_t held[LVS_ARRAY_N(weights)];

	load_hold(&it, weights, LVS_ARRAY_N(weights), 4000, held);
	ck_assert_uint_eq(held[0], 0);
	for (uint32_t i = 1; i < LVS_ARRAY_N(weights); i++)
		ck_assert_uint_eq(held[i], 1000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_lc");

	tcase_add_loop_test(tcase, test_rows, 0, (int)LVS_ARRAY_N(rows));
	tcase_add_test(tcase, test_random);
	tcase_add_test(tcase, test_levels);
	return unit_run("sched_lc", tcase);
}
