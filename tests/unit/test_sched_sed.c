/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_load.h"

static const struct load_row rows[] = {
	/* nothing anywhere: the largest weight, of equals the first */
	{{{1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 0},
	{{{1, 0, 0, 0}, {3, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}}, 1},
	/* inactive connections count for nothing */
	{{{1, 0, 999, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 0},
	/* the one that comes counts: 2/1, 3/2, 4/3, 5/4 */
	{{{1, 1, 1, 0}, {2, 2, 2, 0}, {3, 3, 3, 0}, {4, 4, 4, 0}}, 3},
	/* the fast one takes it though it is busy and the slow one is not */
	{{{1, 0, 0, 0}, {10, 8, 8, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 1},
	{{{1, 0, 0, 0}, {10, 9, 9, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}, 0},
	{{{0, 0, 0, 0}, {1, 9, 9, 0}, {9, 0, 0, 1}, {1, 8, 8, 0}}, 3},
	{{{5, 0, 0, 1}, {0, 0, 0, 0}, {5, 0, 0, 1}, {0, 0, 0, 1}}, RIG_NONE},
	/* products beyond 32 bits */
	{{{INT32_MAX, 70000, 70000, 0}, {INT32_MAX, 69999, 70000, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}},
	 1},
};

static bool beats(const struct load *a, const struct load *b)
{
	return (a->active + 1) * b->weight < (b->active + 1) * a->weight;
}

static const struct load_case it = {.name = "sed", .beats = beats};

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
	TCase *tcase = tcase_create("sched_sed");

	tcase_add_loop_test(tcase, test_rows, 0, (int)LVS_ARRAY_N(rows));
	tcase_add_test(tcase, test_random);
	tcase_add_test(tcase, test_follows_the_weights);
	return unit_run("sched_sed", tcase);
}
