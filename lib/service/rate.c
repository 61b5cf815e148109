/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/rate.h"

#include <string.h>

#include "base/compiler.h"

/* Two seconds' traffic to the scale of an average: times 1024 / 2, and 32 / 2. */
static const uint8_t shift[LVS_RATE_N] = {9, 9, 9, 4, 4};

static uint64_t load(const struct lvs_rate *rate, unsigned i)
{
	return atomic_load_explicit(&rate->average[i], memory_order_relaxed);
}

static void store(struct lvs_rate *rate, unsigned i, uint64_t average)
{
	atomic_store_explicit(&rate->average[i], average, memory_order_relaxed);
}

/* More than can be does not go round. */
static uint64_t scaled(uint64_t delta, unsigned i)
{
	uint64_t most = INT64_MAX;

	return delta > most >> shift[i] ? most : delta << shift[i];
}

/* The kernel shifts a signed difference: it rounds down, so that falling averages reach 0. */
static uint64_t toward(uint64_t average, uint64_t rate)
{
	if (rate >= average)
		return average + (rate - average) / 4;
	return average - (average - rate + 3) / 4;
}

static uint64_t stepped(uint64_t average, uint64_t rate, uint64_t periods)
{
	average = toward(average, rate);
	while (--periods > 0 && average > 0)
		average = toward(average, 0);
	return average;
}

void lvs_rate_step(struct lvs_rate *rate, const struct lvs_stats *delta, uint64_t periods)
{
	const uint64_t came[LVS_RATE_N] = {delta->conns, delta->in_pkts, delta->out_pkts,
					   delta->in_bytes, delta->out_bytes};

	for (unsigned i = 0; i < LVS_RATE_N; i++)
		store(rate, i, stepped(load(rate, i), scaled(came[i], i), periods));
}

void lvs_rate_clear(struct lvs_rate *rate)
{
	for (unsigned i = 0; i < LVS_RATE_N; i++)
		store(rate, i, 0);
}

bool lvs_rate_is_zero(const struct lvs_rate *rate)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < LVS_RATE_N; i++)
		any |= load(rate, i);
	return any == 0;
}

void lvs_rate_read(const struct lvs_rate *rate, struct lvs_rates *rates)
{
	memset(rates, 0, sizeof(*rates));
	rates->conns = (load(rate, LVS_RATE_CONNS) + 0x1ff) >> 10;
	rates->in_pkts = (load(rate, LVS_RATE_IN_PKTS) + 0x1ff) >> 10;
	rates->out_pkts = (load(rate, LVS_RATE_OUT_PKTS) + 0x1ff) >> 10;
	rates->in_bytes = (load(rate, LVS_RATE_IN_BYTES) + 0xf) >> 5;
	rates->out_bytes = (load(rate, LVS_RATE_OUT_BYTES) + 0xf) >> 5;
}
