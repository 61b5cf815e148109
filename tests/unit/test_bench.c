/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmark's figures rest on and needs no clock: medians, Zipf's law. */
#include "spread.h"
#include "zipf.h"

#include "unit.h"

static uint64_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state ^ *state >> 29;
}

START_TEST(test_spread)
{
	double one[] = {7};
	double values[101];
	struct spread spread = spread_of(one, 1);

	ck_assert(spread.median == 7 && spread.p10 == 7 && spread.p90 == 7);
	for (unsigned i = 0; i < 101; i++)
		values[i] = i * 37 % 101;
	spread = spread_of(values, 101);
	ck_assert(spread.median == 50 && spread.p10 == 10 && spread.p90 == 90);
	for (unsigned i = 0; i < 101; i++)
		ck_assert(values[i] == i);
}
END_TEST

/* The ends of the random numbers are the ends of the ranks. */
START_TEST(test_zipf_ends)
{
	static const uint32_t sizes[] = {1, 2, 3, 1000};
	struct zipf zipf;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ck_assert(zipf_init(&zipf, sizes[i]));
		ck_assert_uint_eq(zipf_draw(&zipf, 0), 0);
		ck_assert_uint_eq(zipf_draw(&zipf, UINT64_MAX), sizes[i] - 1);
		zipf_fini(&zipf);
	}
}
END_TEST

/* The k-th comes 1 / (k * H(n)) of the time, within five standard deviations. */
START_TEST(test_zipf_law)
{
	enum { N = 50, DRAWS = 200000 };
	double harmonic = 0;
	uint32_t seen[N] = {0};
	uint64_t state = 1;
	struct zipf zipf;

	ck_assert(zipf_init(&zipf, N));
	for (unsigned i = 0; i < DRAWS; i++)
		seen[zipf_draw(&zipf, next(&state))]++;
	for (unsigned i = 0; i < N; i++)
		harmonic += 1.0 / (i + 1);
	for (unsigned i = 0; i < N; i++) {
		double expected = DRAWS / ((i + 1) * harmonic), off = seen[i] - expected;

		ck_assert_msg(off * off < 25 * expected, "rank %u: %u draws, expected %.0f", i,
			      seen[i], expected);
	}
	zipf_fini(&zipf);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("bench");

	tcase_add_test(tcase, test_spread);
	tcase_add_test(tcase, test_zipf_ends);
	tcase_add_test(tcase, test_zipf_law);
	return unit_run("bench", tcase);
}
