/* SPDX-License-Identifier: BSD-2-Clause */
/* Zipf's law with exponent 1: the k-th of n is drawn with a probability of 1 / (k * H(n)). */
#ifndef LVS_TESTS_BENCH_ZIPF_H
#define LVS_TESTS_BENCH_ZIPF_H

#include <stdbool.h>
#include <stdint.h>

struct zipf {
	double *sums; /* sums[k]: that of the weights of the first k + 1 */
	uint32_t n;
};

/* False: no memory. @p n is at least 1. */
bool zipf_init(struct zipf *zipf, uint32_t n);
void zipf_fini(struct zipf *zipf);

/* From 0, the most frequent, to n - 1. @p random: any 64 bits. */
uint32_t zipf_draw(const struct zipf *zipf, uint64_t random);

#endif
