/* SPDX-License-Identifier: BSD-2-Clause */
/* What counts of the weights of a list: their greatest common divisor and the largest. */
#ifndef LVS_SCHED_WEIGHTS_H
#define LVS_SCHED_WEIGHTS_H

#include <liblvs/sched.h>

/* Zeroed: of no weights. */
struct lvs_sched_weights {
	int32_t gcd; /* of the weights above 0; 0 when there are none */
	int32_t max; /* 0 when there are none */
};

void lvs_sched_weights_add(struct lvs_sched_weights *weights, int32_t weight);

void lvs_sched_weights_of(const struct lvs_sched_set *set, struct lvs_sched_weights *weights);

#endif
