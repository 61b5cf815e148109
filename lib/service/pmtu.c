/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/pmtu.h"

#include "base/tick.h"

enum {
	MIN4 = 552,
	MIN6 = 1280, /* RFC 8200, section 5 */
};

/* What is learned: the MTU in the lower half (never 0), the tick of its end in the upper. */
static uint64_t pack(uint32_t mtu, uint32_t end)
{
	return (uint64_t)end << 32 | mtu;
}

static uint32_t mtu_of(const struct lvs_path_conf *path, uint64_t learned, uint32_t tick)
{
	uint32_t mtu = (uint32_t)learned;

	if (mtu == 0 || lvs_tick_reached(tick, (uint32_t)(learned >> 32)))
		return path->mtu;
	return mtu < path->mtu ? mtu : path->mtu;
}

uint32_t lvs_pmtu_of(const struct lvs_path_conf *path, uint32_t tick)
{
	return mtu_of(path, atomic_load_explicit(&lvs_path_of(path)->learned, memory_order_relaxed),
		      tick);
}

/* What is believed of what an error says. */
static uint32_t believed(unsigned family, uint32_t mtu)
{
	uint32_t least = family == LVS_INET6 ? MIN6 : MIN4;

	return mtu < least ? least : mtu;
}

uint32_t lvs_pmtu_with(const struct lvs_path_conf *path, unsigned family, uint32_t mtu,
		       uint32_t tick)
{
	uint32_t known = lvs_pmtu_of(path, tick);

	mtu = believed(family, mtu);
	return mtu < known ? mtu : known;
}

void lvs_pmtu_learn(const struct lvs_path_conf *path, unsigned family, uint32_t mtu, uint32_t tick,
		    uint32_t ticks)
{
	_Atomic uint64_t *learned = &lvs_path_of(path)->learned;
	uint64_t before = atomic_load_explicit(learned, memory_order_relaxed);

	mtu = believed(family, mtu);
	/* relaxed: a number alone. Of two at once the lower one stays. */
	do {
		if (mtu >= mtu_of(path, before, tick))
			return;
	} while (!atomic_compare_exchange_weak_explicit(learned, &before, pack(mtu, tick + ticks),
							memory_order_relaxed,
							memory_order_relaxed));
}
