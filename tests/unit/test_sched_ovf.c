/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_load.h"

static const struct load_row rows[] = {
	{{{1, 0, 0, 0}, {3, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}}, 1},
	/* as many active as it weighs is not too many, one more is */
	{{{1, 0, 0, 0}, {3, 3, 3, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}}, 1},
	{{{1, 0, 0, 0}, {3, 4, 4, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}}, 3},
	{{{1, 0, 0, 0}, {3, 4, 4, 0}, {2, 0, 0, 0}, {3, 4, 4, 0}}, 2},
	/* inactive connections count for nothing */
	{{{1, 0, 0, 0}, {3, 3, 999, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}}, 1},
	{{{1, 2, 2, 0}, {3, 4, 4, 0}, {2, 3, 3, 0}, {3, 4, 4, 0}}, RIG_NONE},
	{{{1, 0, 0, 0}, {3, 0, 0, 1}, {0, 0, 0, 0}, {3, 0, 0, 1}}, 0},
	{{{INT32_MAX, 1 << 30, 1 << 30, 0}, {65535, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}}, 0},
	{{{5, 0, 0, 1}, {0, 0, 0, 0}, {5, 0, 0, 1}, {0, 0, 0, 1}}, RIG_NONE},
};

static bool beats(const struct load *a, const struct load *b)
{
	return a->weight > b->weight;
}

static bool fits(const struct load *load)
{
	return load->active <= load->weight;
}

static const struct load_case it = {.name = "ovf", .beats = beats, .fits = fits};

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

/* Each fills to one above its weight, the largest first, and then nobody takes any. */
START_TEST(test_fills)
{
	static const int32_t weights[] = {10, 30, 20};
	uint32_t held[LVS_ARRAY_N(weights)];

	load_hold(&it, weights, LVS_ARRAY_N(weights), 31, held);
	ck_assert_uint_eq(held[1], 31);
	load_hold(&it, weights, LVS_ARRAY_N(weights), 32, held);
	ck_assert_uint_eq(held[2], 1);
	load_hold(&it, weights, LVS_ARRAY_N(weights), 1000, held);
	for (uint32_t i = 0; i < LVS_ARRAY_N(weights); i++)
		ck_assert_uint_eq(held[i], (uint32_t)weights[i] + 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_ovf");

	tcase_add_loop_test(tcase, test_rows, 0, (int)LVS_ARRAY_N(rows));
	tcase_add_test(tcase, test_random);
	tcase_add_test(tcase, test_fills);
	return unit_run("sched_ovf", tcase);
}
