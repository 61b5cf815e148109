/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hashing schedulers take of a flow: the kernel's 32 bits. */
#ifndef LVS_SCHED_FLOW_H
#define LVS_SCHED_FLOW_H

#include <liblvs/sched.h>

#include "base/byteorder.h"
#include "base/compiler.h"

/* An address as 32 bits: IPv6 folded by exclusive or. */
LVS_INLINE uint32_t lvs_sched_fold(const union lvs_addr *addr, unsigned family)
{
	if (family != LVS_INET6)
		return lvs_ntohl(addr->word[0]);
	return lvs_ntohl(addr->word[0] ^ addr->word[1] ^ addr->word[2] ^ addr->word[3]);
}

/* The address that is wanted. Of an error about a reply it is the one that the reply was for. */
LVS_INLINE const union lvs_addr *lvs_sched_wanted(const struct lvs_flow *flow, unsigned flags)
{
	return lvs_unlikely(flags & LVS_PICK_ERROR) ? &flow->src : &flow->dst;
}

/*
 * One of 2^bits buckets. The hash is multiplicative, by the golden ratio: Knuth, "The Art of
 * Computer Programming", volume 3, section 6.4.
 */
LVS_INLINE uint32_t lvs_sched_bucket(uint32_t value, unsigned bits)
{
	return value * 0x61c88647u >> (32 - bits);
}

/* The client's address; with FLAG2 (sh-port, mh-port) its port is added where it has one. */
LVS_INLINE uint32_t lvs_sched_client(const struct lvs_sched_set *set, const struct lvs_flow *flow)
{
	uint32_t value = lvs_sched_fold(&flow->src, flow->family);

	if (!(set->flags & LVS_SCHED_FLAG2))
		return value;
	switch (flow->protocol) {
	case LVS_TCP:
	case LVS_UDP:
	case LVS_SCTP:
		return value + lvs_ntohs(flow->src_port);
	default:
		return value;
	}
}

#endif
