/* SPDX-License-Identifier: BSD-2-Clause */
/* The packet quoted in an ICMP error: cut off anywhere, and written by anybody. */
#ifndef LVS_PACKET_QUOTE_H
#define LVS_PACKET_QUOTE_H

#include <stdbool.h>

#include <liblvs/packet.h>

#include "base/compiler.h"

LVS_INLINE bool lvs_quote_has_ports(uint8_t protocol)
{
	return protocol == LVS_TCP || protocol == LVS_UDP || protocol == LVS_SCTP;
}

/* As which the other end answers. */
LVS_INLINE struct lvs_flow lvs_flow_back(const struct lvs_flow *flow)
{
	return (struct lvs_flow){
		.src = flow->dst,
		.dst = flow->src,
		.src_port = flow->dst_port,
		.dst_port = flow->src_port,
		.family = flow->family,
		.protocol = flow->protocol,
	};
}

/*
 * Reads the quote of an ICMP error, whose headers lvs_packet_parse() has read. Where the protocol
 * has ports they are there, except in a later fragment. LVS_REASON_NONE, or what is missing.
 * The quoted header's checksum is not asked: routers on the way have changed the TTL.
 */
enum lvs_reason lvs_quote_parse(const struct lvs_packet *packet, const struct lvs_headers *headers,
				struct lvs_quote *quote);

/*
 * Reads the packet inside a quoted tunnel packet: IP in IP, GRE, or GUE, which any UDP may be.
 * @p inner gets the error's type, code, info. LVS_REASON_PROTOCOL for what is none of these.
 */
enum lvs_reason lvs_quote_inner(const struct lvs_packet *packet, const struct lvs_headers *headers,
				const struct lvs_quote *outer, struct lvs_quote *inner);

/* Reads what an ICMP error inside a quoted tunnel packet, @p inner, quotes in its turn. */
enum lvs_reason lvs_quote_nested(const struct lvs_packet *packet, const struct lvs_headers *headers,
				 const struct lvs_quote *inner, struct lvs_quote *nested);

#endif
