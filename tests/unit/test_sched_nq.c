/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_load.h"

static const struct load_row rows[] = {
	/* nothing anywhere: the first, whatever the weights */
	{{{1, 0, 0, 0}, {3, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}}, 0},
	/* the first idle one, though sed would take 0; inactive connections do not make it busy */
	{{{100, 1, 1, 0}, {1, 0, 999, 0}, {9, 0, 0, 0}, {1, 0, 0, 0}}, 1},
	/* idle, but of no weight or overloaded */
	{{{0, 0, 0, 0}, {9, 0, 0, 1}, {1, 5, 5, 0}, {1, 0, 0, 0}}, 3},
	/* none is idle: as sed */
	{{{1, 1, 1, 0}, {2, 2, 2, 0}, {3, 3, 3, 0}, {4, 4, 4, 0}}, 3},
	{{{1, 1, 1, 0}, {2, 3, 3, 0}, {3, 5, 5, 0}, {4, 7, 7, 0}}, 0},
	{{{5, 0, 0, 1}, {0, 0, 0, 0}, {5, 0, 0, 1}, {0, 0, 0, 1}}, RIG_NONE},
	{{{INT32_MAX, 70000, 70000, 0}, {INT32_MAX, 69999, 70000, 0}, {0, 0, 0, 0}, {1, 1, 1, 0}},
	 1},
};

static bool beats(const struct load *a, const struct load *b)
{
	if (a->active == 0 || b->active == 0)
		return b->active != 0;
	return (a->active + 1) * b->weight < (b->active + 1) * a->weight;
}

static const struct load_case it = {.name = "nq", .beats = beats};

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

/* Everybody gets one before anybody gets two. */
START_TEST(test_nobody_waits)
{
	static const int32_t weights[] = {1, 100, 1, 65535};
	uint32_t held[LVS_ARRAY_N(weights)];

	load_hold(&it, weights, LVS_ARRAY_N(weights), LVS_ARRAY_N(weights), held);
	for (uint32_t i = 0; i < LVS_ARRAY_N(weights); i++)
		ck_assert_uint_eq(held[i], 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_nq");

	tcase_add_loop_test(tcase, test_rows, 0, (int)LVS_ARRAY_N(rows));
	tcase_add_test(tcase, test_random);
	tcase_add_test(tcase, test_nobody_waits);
	return unit_run("sched_nq", tcase);
}
