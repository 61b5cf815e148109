/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched/weights.h"

static int32_t gcd_of(int32_t a, int32_t b)
{
	while (b) {
		int32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

void lvs_sched_weights_add(struct lvs_sched_weights *weights, int32_t weight)
{
	if (weight <= 0)
		return;
	if (weight > weights->max)
		weights->max = weight;
	if (weights->gcd != 1)
		weights->gcd = gcd_of(weight, weights->gcd);
}

void lvs_sched_weights_of(const struct lvs_sched_set *set, struct lvs_sched_weights *weights)
{
	*weights = (struct lvs_sched_weights){0, 0};
	for (uint32_t i = 0; i < set->dest_n; i++)
		lvs_sched_weights_add(weights, set->dest[i].weight);
}
