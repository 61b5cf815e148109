/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The straight way through the parser, which nearly all packets take: for
 * lvs_packet_parse(), and for who calls it once a packet in a loop of its own.
 */
#ifndef LVS_PACKET_STRAIGHT_H
#define LVS_PACKET_STRAIGHT_H

#include "packet/checksum.h"
#include "packet/parse.h"

/* --- parse.c: what leaves it --- */

/* What the giver of the packet asks the sender to do must fit what the packet is. */
enum lvs_reason lvs_parse_offload(const struct lvs_packet *packet,
				  const struct lvs_headers *headers);
/* An IPv4 fragment, the header of which has been read. */
enum lvs_reason lvs_parse_fragment(const struct lvs_packet *packet, struct lvs_headers *headers,
				   uint32_t header_len);
/* All that does not begin as IPv6, or IPv4 without options. */
enum lvs_reason lvs_parse_other(const struct lvs_packet *packet, struct lvs_headers *headers,
				uint32_t linear);

LVS_INLINE enum lvs_reason lvs_parse_finish(const struct lvs_packet *packet,
					    const struct lvs_headers *headers,
					    enum lvs_reason reason)
{
	if (lvs_likely((packet->gso_size | (packet->flags & LVS_PACKET_CSUM_PARTIAL)) == 0) ||
	    reason != LVS_REASON_NONE)
		return reason;
	return lvs_parse_offload(packet, headers);
}

LVS_INLINE void lvs_parse_fixed(const uint8_t *ip, struct lvs_headers *headers)
{
	lvs_be32 src = lvs_load_be32(ip + 12);
	lvs_be32 dst = lvs_load_be32(ip + 16);

	headers->flow.src.word[0] = src;
	headers->flow.dst.word[0] = dst;
	headers->flow.family = LVS_INET;
	headers->flow.protocol = ip[9];
	headers->ttl = ip[8];
	headers->tos = ip[1];
}

/* RFC 791. The header's @p header_len bytes, at least 20, are readable. */
LVS_INLINE enum lvs_reason lvs_parse_ipv4(const struct lvs_packet *packet,
					  struct lvs_headers *headers, uint32_t linear,
					  uint32_t header_len)
{
	const uint8_t *ip = packet->data;
	/* Not swapped: its bits are only tested. */
	lvs_be16 word = lvs_load_be16(ip + 6);
	uint32_t len = lvs_load16(ip + 2);
	uint32_t limit = len;

	/* Before any field is believed (RFC 1812, 5.2.2). */
	if (lvs_unlikely(!lvs_csum_ipv4_valid(ip, header_len)))
		return LVS_REASON_IP_CHECKSUM;
	if (lvs_unlikely(len < header_len))
		return LVS_REASON_BAD_IP;
	/* Shorter than what came is fine: Ethernet pads. */
	if (lvs_unlikely(len > linear)) {
		if (len > packet->len)
			return LVS_REASON_LENGTH;
		limit = linear;
	}
	headers->len = len;
	headers->flags = (word & lvs_htons(LVS_FRAG_DF)) ? LVS_HEADERS_DF : 0;
	if (header_len != LVS_IPV4_LEN)
		headers->flags |= LVS_HEADERS_OPTIONS;
	lvs_parse_fixed(ip, headers);
	if (lvs_unlikely(word & lvs_htons(LVS_FRAG_MORE | LVS_FRAG_OFFSET)))
		return lvs_parse_fragment(packet, headers, header_len);
	return lvs_parse_finish(packet, headers, lvs_parse_l4(packet, headers, limit, header_len));
}

LVS_INLINE enum lvs_reason lvs_parse_straight(const struct lvs_packet *packet,
					      struct lvs_headers *headers)
{
	uint32_t linear = lvs_parse_linear(packet);

	memset(headers, 0, sizeof(*headers));
	/* Version 4, five words of header: no options. */
	if (lvs_likely(linear >= LVS_IPV4_LEN && packet->data[0] == 0x45))
		return lvs_parse_ipv4(packet, headers, linear, LVS_IPV4_LEN);
	if (lvs_likely(linear >= LVS_IPV6_LEN && packet->data[0] >> 4 == 6))
		return lvs_parse_finish(packet, headers, lvs_parse_ipv6(packet, headers));
	return lvs_parse_other(packet, headers, linear);
}

#endif
