/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_load.h"

static const struct load_row rows[] = {
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

static bool beats(const struct load *a, const struct load *b)
{
	return (int64_t)(int32_t)a->overhead * b->weight <
	       (int64_t)(int32_t)b->overhead * a->weight;
}

static const struct load_case it = {.name = "wlc", .beats = beats};

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

/* With every connection kept, the counts stand as the weights do. */
START_TEST(test_follows_the_weights)
{
	static const int32_t weights[] = {0, 1, 2, 3, 4};
	uint32_t held[LVS_ARRAY_N(weights)];

	load_hold(&it, weights, LVS_ARRAY_N(weights), 10000, held);
	for (uint32_t i = 0; i < LVS_ARRAY_N(weights); i++)
		ck_assert_uint_eq(held[i], 1000 * i);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_wlc");

	tcase_add_loop_test(tcase, test_rows, 0, (int)LVS_ARRAY_N(rows));
	tcase_add_test(tcase, test_random);
	tcase_add_test(tcase, test_follows_the_weights);
	return unit_run("sched_wlc", tcase);
}
