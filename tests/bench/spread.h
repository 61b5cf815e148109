/* SPDX-License-Identifier: BSD-2-Clause */
/* What many measurements of one thing say. */
#ifndef LVS_TESTS_BENCH_SPREAD_H
#define LVS_TESTS_BENCH_SPREAD_H

struct spread {
	double median;
	double p10; /* a tenth of the measurements were below */
	double p90; /* a tenth were above */
};

/* Of @p n values, at least one, which are sorted by it. */
struct spread spread_of(double *values, unsigned n);

#endif
