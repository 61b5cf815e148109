/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The straight way through the parser, which nearly all packets take: for
 * lvs_packet_parse(), and for who calls it once a packet in a loop of its own.
 */
#ifndef LVS_PACKET_STRAIGHT_H
#define LVS_PACKET_STRAIGHT_H

#include "packet/checksum.h"
#include "packet/parse.h"

/* --- parse.c --- */

/* Any packet, from the beginning. */
enum lvs_reason lvs_parse_any(const struct lvs_packet *packet, struct lvs_headers *headers);

/* IPv4 (RFC 791) without options that is no fragment, as long as it says, its checksum right, and
 * of which nothing is asked of who sends it. */
LVS_INLINE bool lvs_parse_is_plain(const struct lvs_packet *packet, uint32_t len)
{
	const uint8_t *ip = packet->data;

	/* Not swapped: its bits are only tested. */
	return !(lvs_load_be16(ip + 6) & lvs_htons(LVS_FRAG_MORE | LVS_FRAG_OFFSET)) &&
	       len <= packet->linear_len && len <= packet->len && !lvs_parse_requests(packet) &&
	       lvs_csum_ipv4_valid(ip, LVS_IPV4_LEN);
}

LVS_INLINE void lvs_parse_plain_ip(const uint8_t *ip, struct lvs_headers *headers, uint32_t len)
{
	memset(headers, 0, sizeof(*headers));
	headers->flow.src.word[0] = lvs_load_be32(ip + 12);
	headers->flow.dst.word[0] = lvs_load_be32(ip + 16);
	headers->flow.family = LVS_INET;
	headers->flow.protocol = ip[9];
	headers->len = len;
	headers->l4_offset = LVS_IPV4_LEN;
	headers->flags = (ip[6] & LVS_FRAG_DF >> 8) ? LVS_HEADERS_DF : 0;
	headers->ttl = ip[8];
	headers->tos = ip[1];
}

/* TCP's header (RFC 9293), or a UDP datagram (RFC 768), that is in the packet. */
LVS_INLINE bool lvs_parse_plain_l4(const uint8_t *l4, struct lvs_headers *headers, uint8_t protocol,
				   uint32_t len)
{
	uint32_t l4_len = LVS_UDP_LEN;

	if (lvs_likely(protocol == LVS_TCP)) {
		l4_len = (l4[12] & 0xf0u) >> 2;
		if (lvs_unlikely(l4_len < LVS_TCP_LEN))
			return false;
		headers->tcp_flags = l4[13];
	} else if (protocol != LVS_UDP || lvs_load16(l4 + 4) < LVS_UDP_LEN ||
		   LVS_IPV4_LEN + (uint32_t)lvs_load16(l4 + 4) > len) {
		return false;
	}
	headers->payload_offset = (uint16_t)(LVS_IPV4_LEN + l4_len);
	lvs_parse_ports(l4, &headers->flow);
	return lvs_likely(LVS_IPV4_LEN + l4_len <= len);
}

/* IPv4 without options; TCP's header may be read. */
LVS_INLINE enum lvs_reason lvs_parse_straight_ipv4(const struct lvs_packet *packet,
						   struct lvs_headers *headers)
{
	const uint8_t *ip = packet->data;
	uint32_t len = lvs_load16(ip + 2);

	if (lvs_unlikely(!lvs_parse_is_plain(packet, len)))
		return lvs_parse_any(packet, headers);
	lvs_parse_plain_ip(ip, headers, len);
	if (lvs_unlikely(!lvs_parse_plain_l4(ip + LVS_IPV4_LEN, headers, ip[9], len)))
		return lvs_parse_any(packet, headers);
	return LVS_REASON_NONE;
}

LVS_INLINE enum lvs_reason lvs_parse_straight(const struct lvs_packet *packet,
					      struct lvs_headers *headers)
{
	if (lvs_unlikely(packet->linear_len < LVS_IPV4_LEN + LVS_TCP_LEN))
		return lvs_parse_any(packet, headers);
	/* Version 4, five words of header. */
	if (lvs_likely(packet->data[0] == 0x45))
		return lvs_parse_straight_ipv4(packet, headers);
	if (lvs_likely(packet->data[0] >> 4 == 6))
		return lvs_parse_ipv6_packet(packet, headers);
	return lvs_parse_any(packet, headers);
}

#endif
