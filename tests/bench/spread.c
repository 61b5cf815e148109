/* SPDX-License-Identifier: BSD-2-Clause */
#include "spread.h"

#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

struct spread spread_of(double *values, unsigned n)
{
	struct spread spread;

	qsort(values, n, sizeof(*values), compare_doubles);
	spread.median = values[n / 2];
	spread.p10 = values[n / 10];
	spread.p90 = values[n - 1 - n / 10];
	return spread;
}
