/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parser's files share: the bounds of a packet, and the transport header. */
#ifndef LVS_PACKET_PARSE_H
#define LVS_PACKET_PARSE_H

#include <stdbool.h>

#include <liblvs/packet.h>

#include "base/byteorder.h"
#include "base/compiler.h"

enum {
	LVS_IPV4_LEN = 20,        /* without options */
	LVS_IPV6_LEN = 40,        /* without extension headers */
	LVS_TCP_LEN = 20,         /* without options */
	LVS_UDP_LEN = 8,          /* whole */
	LVS_ICMP_LEN = 8,         /* either family */
	LVS_TCP_CSUM = 16,        /* place of the checksum */
	LVS_UDP_CSUM = 6,         /* place of the checksum */
	LVS_FRAGMENT_LEN = 8,     /* IPv6: fragment header */
	LVS_EXT_ROUTING = 43,     /* IPv6: routing header */
	LVS_EXT_FRAGMENT = 44,    /* IPv6: fragment header */
	LVS_EXT_OPTIONS = 60,     /* IPv6: destination options */
	LVS_NO_NEXT = 59,         /* IPv6: nothing follows */
	LVS_FRAG_MORE = 0x2000,   /* IPv4 flags and offset: "more fragments" */
	LVS_FRAG_DF = 0x4000,     /* IPv4 flags and offset: "don't fragment" */
	LVS_FRAG_OFFSET = 0x1fff, /* IPv4 flags and offset: in units of 8 bytes */
};

/*
 * Throughout: limit is the number of bytes that are readable and belong to the IP packet,
 * headers->len the number of those that belong to it.
 */

/* What the giver of the packet asks the sender to do must fit what the packet is. */
enum lvs_reason lvs_parse_offload(const struct lvs_packet *packet,
				  const struct lvs_headers *headers);

/* Whether who sends the packet is asked to do something: two fields, looked at as one word. */
LVS_INLINE bool lvs_parse_requests(const struct lvs_packet *packet)
{
	const uint8_t sought[4] = {0xff, 0xff, 0, LVS_PACKET_CSUM_PARTIAL};
	uint32_t word, mask;

	memcpy(&word, &packet->gso_size, sizeof(word));
	memcpy(&mask, sought, sizeof(mask));
	return word & mask;
}

_Static_assert(offsetof(struct lvs_packet, flags) == offsetof(struct lvs_packet, gso_size) + 3,
	       "lvs_parse_requests()");

LVS_INLINE enum lvs_reason lvs_parse_finish(const struct lvs_packet *packet,
					    const struct lvs_headers *headers,
					    enum lvs_reason reason)
{
	if (lvs_likely(!lvs_parse_requests(packet)) || reason != LVS_REASON_NONE)
		return reason;
	return lvs_parse_offload(packet, headers);
}

/* Reads an IPv6 header with all extension headers and what follows, or what only says that it were
 * IPv6. */
enum lvs_reason lvs_parse_ipv6_packet(const struct lvs_packet *packet, struct lvs_headers *headers);

/* From the fixed IPv6 header, *offset behind it, to the transport header, or to the payload of a
 * later fragment: flow.protocol and *offset become those. */
enum lvs_reason lvs_parse_ipv6_walk(const struct lvs_packet *packet, struct lvs_headers *headers,
				    uint32_t limit, uint32_t *offset);

/* Bytes of an IPv6 extension header, the first two of which are there. RFC 8200, 4302. */
LVS_INLINE uint32_t lvs_parse_ext_len(uint8_t type, const uint8_t *ext)
{
	/* The second byte of a fragment header is reserved: its length is fixed. */
	if (type == LVS_EXT_FRAGMENT)
		return LVS_FRAGMENT_LEN;
	return type == LVS_AH ? (ext[1] + 2u) * 4 : (ext[1] + 1u) * 8;
}

/* Bytes that may be read. */
LVS_INLINE uint32_t lvs_parse_linear(const struct lvs_packet *packet)
{
	return packet->linear_len < packet->len ? packet->linear_len : packet->len;
}

LVS_INLINE uint32_t lvs_parse_limit(const struct lvs_packet *packet,
				    const struct lvs_headers *headers)
{
	uint32_t linear = lvs_parse_linear(packet);

	return headers->len < linear ? headers->len : linear;
}

/* Why bytes before @p end are not at hand: too few came, or they are not linear. */
LVS_INLINE enum lvs_reason lvs_parse_missing(uint32_t end, uint32_t len, enum lvs_reason is_short)
{
	return end > len ? is_short : LVS_REASON_NOT_LINEAR;
}

LVS_INLINE void lvs_parse_ports(const uint8_t *l4, struct lvs_flow *flow)
{
	lvs_be16 src_port = lvs_load_be16(l4);
	lvs_be16 dst_port = lvs_load_be16(l4 + 2);

	flow->src_port = src_port;
	flow->dst_port = dst_port;
}

/* RFC 9293. */
LVS_INLINE enum lvs_reason lvs_parse_tcp(const struct lvs_packet *packet,
					 struct lvs_headers *headers, uint32_t limit,
					 uint32_t offset)
{
	const uint8_t *tcp = packet->data + offset;
	uint32_t payload;

	if (lvs_unlikely(offset + LVS_TCP_LEN > limit))
		return lvs_parse_missing(offset + LVS_TCP_LEN, headers->len, LVS_REASON_SHORT_L4);
	payload = offset + (tcp[12] >> 4) * 4u;
	/* A header that ends inside itself: the fixed part would be read as payload. */
	if (lvs_unlikely(payload < offset + LVS_TCP_LEN))
		return LVS_REASON_BAD_L4;
	if (lvs_unlikely(payload > limit))
		return lvs_parse_missing(payload, headers->len, LVS_REASON_SHORT_L4);
	lvs_parse_ports(tcp, &headers->flow);
	headers->tcp_flags = tcp[13];
	headers->payload_offset = (uint16_t)payload;
	return LVS_REASON_NONE;
}

/* RFC 768. */
LVS_INLINE enum lvs_reason lvs_parse_udp(const struct lvs_packet *packet,
					 struct lvs_headers *headers, uint32_t limit,
					 uint32_t offset)
{
	const uint8_t *udp = packet->data + offset;
	uint32_t len;

	if (lvs_unlikely(offset + LVS_UDP_LEN > limit))
		return lvs_parse_missing(offset + LVS_UDP_LEN, headers->len, LVS_REASON_SHORT_L4);
	len = lvs_load16(udp + 4);
	if (lvs_unlikely(len < LVS_UDP_LEN))
		return LVS_REASON_BAD_L4;
	/* A fragment carries the length of the whole datagram, a super-packet that of any. */
	if (lvs_unlikely(offset + len > headers->len) && !packet->gso_size &&
	    !(headers->flags & LVS_HEADERS_FRAGMENT))
		return LVS_REASON_BAD_L4;
	lvs_parse_ports(udp, &headers->flow);
	headers->payload_offset = (uint16_t)(offset + LVS_UDP_LEN);
	return LVS_REASON_NONE;
}

/* SCTP, ICMP, and all others, of which only the length is checked. */
enum lvs_reason lvs_parse_l4_rare(const struct lvs_packet *packet, struct lvs_headers *headers,
				  uint32_t limit, uint32_t offset);

/* The transport header at @p offset. Unknown ones are the director's to pass. */
LVS_INLINE enum lvs_reason lvs_parse_l4(const struct lvs_packet *packet,
					struct lvs_headers *headers, uint32_t limit,
					uint32_t offset)
{
	headers->l4_offset = (uint16_t)offset;
	if (lvs_likely(headers->flow.protocol == LVS_TCP))
		return lvs_parse_tcp(packet, headers, limit, offset);
	if (headers->flow.protocol == LVS_UDP)
		return lvs_parse_udp(packet, headers, limit, offset);
	return lvs_parse_l4_rare(packet, headers, limit, offset);
}

/* The first fragment: its transport header must be in it (RFC 1858, 7112). */
LVS_INLINE enum lvs_reason lvs_parse_first(const struct lvs_packet *packet,
					   struct lvs_headers *headers, uint32_t limit,
					   uint32_t offset)
{
	enum lvs_reason reason = lvs_parse_l4(packet, headers, limit, offset);

	return reason == LVS_REASON_SHORT_L4 ? LVS_REASON_FRAGMENT_TINY : reason;
}

/* A fragment but the first: what follows the IP header is payload, and no ports are known. */
LVS_INLINE enum lvs_reason lvs_parse_later(struct lvs_headers *headers, uint32_t offset)
{
	headers->flags |= LVS_HEADERS_LATER_FRAGMENT;
	headers->l4_offset = (uint16_t)offset;
	headers->payload_offset = (uint16_t)offset;
	return LVS_REASON_NONE;
}

#endif
