/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Path MTUs that ICMP errors have told of (RFC 1191, 8201): beside the path of a destination's
 * address, lowering it until they expire. Workers, inside an epoch.
 */
#ifndef LVS_SERVICE_PMTU_H
#define LVS_SERVICE_PMTU_H

#include "base/compiler.h"
#include "service/path.h"

/* Whether anything was learned, expired or not: one load beside what every packet reads. */
LVS_INLINE bool lvs_pmtu_learned(const struct lvs_path_conf *path)
{
	/* relaxed: a number alone */
	return atomic_load_explicit(&lvs_path_of(path)->learned, memory_order_relaxed) != 0;
}

/* The path's MTU as it is known now. */
uint32_t lvs_pmtu_of(const struct lvs_path_conf *path, uint32_t tick);

/* What it would be known as after lvs_pmtu_learn() of @p mtu. */
uint32_t lvs_pmtu_with(const struct lvs_path_conf *path, unsigned family, uint32_t mtu,
		       uint32_t tick);

/*
 * An error says that only @p mtu bytes pass. A lower one than what is known is taken, for
 * @p ticks, but never less than 552 (IPv4, the kernel's min_pmtu) or 1280 (IPv6).
 */
void lvs_pmtu_learn(const struct lvs_path_conf *path, unsigned family, uint32_t mtu, uint32_t tick,
		    uint32_t ticks);

#endif
