/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rates by the estimator of the kernel's IPVS: every two seconds the average of what a second
 * brought goes a quarter of the way to what these two did. Fixed point: connections and packets
 * with 10 bits behind the point, bytes with 5; the two seconds are in the scale.
 */
#ifndef LVS_SERVICE_RATE_H
#define LVS_SERVICE_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <liblvs/list.h>

/* As the first fields of struct lvs_stats and struct lvs_rates. */
enum lvs_rate_field {
	LVS_RATE_CONNS,
	LVS_RATE_IN_PKTS,
	LVS_RATE_OUT_PKTS,
	LVS_RATE_IN_BYTES,
	LVS_RATE_OUT_BYTES,
	LVS_RATE_N,
};

/* Who has the lock of the meters writes, anybody reads. relaxed: numbers alone. */
struct lvs_rate {
	_Atomic uint64_t average[LVS_RATE_N];
};

/* @p periods of two seconds end, 1 or more; all of @p delta came in the first. */
void lvs_rate_step(struct lvs_rate *rate, const struct lvs_stats *delta, uint64_t periods);
void lvs_rate_clear(struct lvs_rate *rate);
/* Whether it stays as it is without traffic. */
bool lvs_rate_is_zero(const struct lvs_rate *rate);
/* A second, rounded as the kernel's. */
void lvs_rate_read(const struct lvs_rate *rate, struct lvs_rates *rates);

#endif
