/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many ICMP errors may be sent: to one address, and to all together. One for the whole
 * director; of a fixed size, without locks; a function of what was asked before and of the times.
 *
 * A bucket is a time: that at which it will be full again. An error takes an interval's worth
 * (the leaky bucket as a meter, ITU-T I.371, which admits what a token bucket admits).
 * Addresses share a bucket where their keyed hashes fall together: then they share its allowance.
 */
#ifndef LVS_DIRECTOR_LIMIT_H
#define LVS_DIRECTOR_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <liblvs/types.h>

struct lvs_limit;

/* As in struct lvs_settings, defaults filled in. */
struct lvs_limit_conf {
	uint32_t ratelimit_ms;
	uint32_t ratemask;
	uint32_t msgs_per_sec;
	uint32_t msgs_burst;
	uint8_t key[16]; /* of the hash of addresses */
};

int lvs_limit_new(const struct lvs_alloc *alloc, const struct lvs_limit_conf *conf,
		  struct lvs_limit **limit);
/* Other limits from now on; the key stays. Beside running workers. */
void lvs_limit_change(struct lvs_limit *limit, const struct lvs_limit_conf *conf);
/* NULL is fine. */
void lvs_limit_del(struct lvs_limit *limit, const struct lvs_alloc *alloc);

/* Whether an error of a type may go to an address now; with @p peek nothing is taken. */
bool lvs_limit_allow(struct lvs_limit *limit, unsigned family, const union lvs_addr *addr,
		     uint8_t type, uint8_t code, uint64_t now_ns, bool peek);

#endif
