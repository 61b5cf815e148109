/* SPDX-License-Identifier: BSD-2-Clause */
#include "zipf.h"

#include <stdlib.h>

bool zipf_init(struct zipf *zipf, uint32_t n)
{
	double sum = 0;

	zipf->n = n;
	zipf->sums = calloc(n, sizeof(*zipf->sums));
	if (!zipf->sums)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		sum += 1.0 / (i + 1);
		zipf->sums[i] = sum;
	}
	return true;
}

void zipf_fini(struct zipf *zipf)
{
	free(zipf->sums);
}

/* The first whose sum is above a random share of all. */
uint32_t zipf_draw(const struct zipf *zipf, uint64_t random)
{
	double share = (double)(random >> 11) * 0x1p-53 * zipf->sums[zipf->n - 1];
	uint32_t low = 0, high = zipf->n - 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (zipf->sums[middle] > share)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
