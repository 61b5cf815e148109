/* SPDX-License-Identifier: BSD-2-Clause */
/* Ticks: the coarse clock of records and timers, 2^27 ns = 134 ms. They wrap after 18 years. */
#ifndef LVS_BASE_TICK_H
#define LVS_BASE_TICK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define LVS_TICK_SHIFT 27
#define LVS_TICKS(ns) ((uint32_t)((ns) >> LVS_TICK_SHIFT))
/* Ticks of a time in seconds, rounded up: expiry is never early. */
#define LVS_TICKS_OF_S(s) ((uint32_t)((((uint64_t)(s)*1000000000) >> LVS_TICK_SHIFT) + 1))

/* Whether tick a is at or behind tick b. */
LVS_INLINE bool lvs_tick_reached(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) >= 0;
}

#endif
