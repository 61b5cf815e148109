/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker found lately when it asked for the service of a new connection. As long as no
 * commit came in between, the answer to the same question is the same.
 */
#ifndef LVS_SERVICE_MATCH_H
#define LVS_SERVICE_MATCH_H

#include "service/key.h"
#include "service/services.h"

#define LVS_MATCH_BITS 4

struct lvs_match {
	uint64_t version;                  /* of the root that was asked */
	const struct lvs_service_set *set; /* NULL: there is none */
	union lvs_addr dst;
	uint32_t mark;
	uint32_t rest; /* lvs_key_rest(); 0: never asked, every flow has a family */
};

/* One worker's, zeroed at first. */
struct lvs_matches {
	struct lvs_match at[1 << LVS_MATCH_BITS];
};

/* Multiplicative: Knuth, "The Art of Computer Programming", volume 3, section 6.4. */
LVS_INLINE struct lvs_match *lvs_match_place(struct lvs_matches *matches,
					     const struct lvs_flow *flow, uint32_t rest)
{
	uint32_t word = flow->dst.word[0] ^ rest;

	if (flow->family == LVS_INET6)
		word ^= flow->dst.word[3];
	return &matches->at[word * 0x9e3779b1u >> (32 - LVS_MATCH_BITS)];
}

LVS_INLINE bool lvs_match_is(const struct lvs_match *match, uint64_t version,
			     const struct lvs_flow *flow, uint32_t mark, uint32_t rest)
{
	uint64_t differs = (match->version ^ version) | (match->mark ^ mark) |
			   (match->rest ^ rest) | (match->dst.word[0] ^ flow->dst.word[0]);

	if (flow->family == LVS_INET6)
		differs |= (match->dst.word[1] ^ flow->dst.word[1]) |
			   (match->dst.word[2] ^ flow->dst.word[2]) |
			   (match->dst.word[3] ^ flow->dst.word[3]);
	return lvs_likely(differs == 0);
}

/* As lvs_services_match(). */
LVS_INLINE const struct lvs_service_set *lvs_matches_ask(struct lvs_matches *matches,
							 const struct lvs_services *services,
							 const struct lvs_flow *flow, uint32_t mark)
{
	uint64_t version = lvs_services_root(services)->version;
	uint32_t rest = lvs_key_rest(flow->dst_port, flow->protocol, flow->family);
	struct lvs_match *match = lvs_match_place(matches, flow, rest);
	const struct lvs_service_set *set;

	if (lvs_match_is(match, version, flow, mark, rest))
		return match->set;
	set = lvs_services_match(services, flow, mark);
	*match = (struct lvs_match){version, set, flow->dst, mark, rest};
	return set;
}

#endif
