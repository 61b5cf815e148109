/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet's headers say: all that leaves the straight way. */
#include "packet/sctp.h"
#include "packet/straight.h"

/* Headers of which only the length is checked, with or without ports in front. */
static enum lvs_reason parse_plain(struct lvs_headers *headers, uint32_t limit, uint32_t offset,
				   uint32_t need, uint32_t header_len)
{
	if (offset + need > limit)
		return lvs_parse_missing(offset + need, headers->len, LVS_REASON_SHORT_L4);
	headers->payload_offset = (uint16_t)(offset + header_len);
	return LVS_REASON_NONE;
}

/* RFC 9260: a packet without at least one chunk says nothing. */
static enum lvs_reason parse_sctp(const struct lvs_packet *packet, struct lvs_headers *headers,
				  uint32_t limit, uint32_t offset)
{
	enum lvs_reason reason =
		parse_plain(headers, limit, offset, LVS_SCTP_LEN + LVS_SCTP_CHUNK, LVS_SCTP_LEN);

	if (reason != LVS_REASON_NONE)
		return reason;
	lvs_parse_ports(packet->data + offset, &headers->flow);
	headers->sctp_first = packet->data[offset + LVS_SCTP_LEN];
	headers->sctp_chunk = lvs_sctp_chunk_that_counts(packet->data + offset + LVS_SCTP_LEN,
							 limit - offset - LVS_SCTP_LEN);
	return LVS_REASON_NONE;
}

enum lvs_reason lvs_parse_l4_rare(const struct lvs_packet *packet, struct lvs_headers *headers,
				  uint32_t limit, uint32_t offset)
{
	switch (headers->flow.protocol) {
	case LVS_SCTP:
		return parse_sctp(packet, headers, limit, offset);
	case LVS_ICMP:
	case LVS_ICMPV6:
		return parse_plain(headers, limit, offset, LVS_ICMP_LEN, LVS_ICMP_LEN);
	default:
		return parse_plain(headers, limit, offset, 0, 0);
	}
}

/* Where a protocol's header has its checksum; 0: no rule. */
static unsigned csum_place(uint8_t protocol)
{
	switch (protocol) {
	case LVS_TCP:
		return LVS_TCP_CSUM;
	case LVS_UDP:
		return LVS_UDP_CSUM;
	case LVS_SCTP:
		return LVS_SCTP_CSUM;
	default:
		return 0;
	}
}

/* A partial checksum is finished by whoever sends: its place must be where we rewrite. */
static enum lvs_reason check_partial(const struct lvs_packet *packet,
				     const struct lvs_headers *headers)
{
	uint32_t end = (uint32_t)packet->csum_start + packet->csum_offset + 2u;
	unsigned place = csum_place(headers->flow.protocol);

	if (end > lvs_parse_limit(packet, headers) || packet->csum_start < headers->l4_offset)
		return LVS_REASON_BAD_OFFLOAD;
	/* Other protocols may carry it deeper, a tunnel for instance. */
	if (place && (packet->csum_start != headers->l4_offset || packet->csum_offset != place))
		return LVS_REASON_BAD_OFFLOAD;
	return LVS_REASON_NONE;
}

static int gso_fits(uint8_t gso_type, uint8_t protocol)
{
	switch (gso_type & ~LVS_GSO_ECN) {
	case LVS_GSO_TCP:
		return protocol == LVS_TCP;
	case LVS_GSO_UDP:
		return protocol == LVS_UDP;
	default:
		return 0;
	}
}

enum lvs_reason lvs_parse_offload(const struct lvs_packet *packet,
				  const struct lvs_headers *headers)
{
	/* A fragment's sum or cut would be that of a part. */
	if (headers->flags & LVS_HEADERS_FRAGMENT)
		return LVS_REASON_BAD_OFFLOAD;
	if (packet->gso_size && !gso_fits(packet->gso_type, headers->flow.protocol))
		return LVS_REASON_BAD_OFFLOAD;
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		return check_partial(packet, headers);
	return LVS_REASON_NONE;
}

/* The header has been read. */
static enum lvs_reason parse_fragment(const struct lvs_packet *packet, struct lvs_headers *headers,
				      uint32_t header_len)
{
	uint32_t start = (lvs_load16(packet->data + 6) & LVS_FRAG_OFFSET) * 8u;
	uint32_t limit = lvs_parse_limit(packet, headers);
	enum lvs_reason reason;

	headers->flags |= LVS_HEADERS_FRAGMENT;
	/* Would end behind the longest packet there is ("ping of death"). */
	if (start + headers->len > UINT16_MAX)
		return LVS_REASON_BAD_IP;
	if (start)
		reason = lvs_parse_later(headers, header_len);
	else
		reason = lvs_parse_first(packet, headers, limit, header_len);
	return lvs_parse_finish(packet, headers, reason);
}

static void read_fixed(const uint8_t *ip, struct lvs_headers *headers)
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
static enum lvs_reason parse_ipv4(const struct lvs_packet *packet, struct lvs_headers *headers,
				  uint32_t linear, uint32_t header_len)
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
	read_fixed(ip, headers);
	if (lvs_unlikely(word & lvs_htons(LVS_FRAG_MORE | LVS_FRAG_OFFSET)))
		return parse_fragment(packet, headers, header_len);
	return lvs_parse_finish(packet, headers, lvs_parse_l4(packet, headers, limit, header_len));
}

/* IPv4, with options or without, or what only says that it were IPv4. */
static enum lvs_reason parse_ipv4_any(const struct lvs_packet *packet, struct lvs_headers *headers,
				      uint32_t linear)
{
	uint32_t header_len = (packet->data[0] & 15) * 4u;

	if (linear < LVS_IPV4_LEN)
		return lvs_parse_missing(LVS_IPV4_LEN, packet->len, LVS_REASON_SHORT_IP);
	if (header_len < LVS_IPV4_LEN)
		return LVS_REASON_BAD_IP;
	if (header_len > linear)
		return lvs_parse_missing(header_len, packet->len, LVS_REASON_SHORT_IP);
	return parse_ipv4(packet, headers, linear, header_len);
}

enum lvs_reason lvs_parse_any(const struct lvs_packet *packet, struct lvs_headers *headers)
{
	uint32_t linear = lvs_parse_linear(packet);

	memset(headers, 0, sizeof(*headers));
	if (linear == 0)
		return lvs_parse_missing(1, packet->len, LVS_REASON_SHORT_IP);
	switch (packet->data[0] >> 4) {
	case 4:
		return parse_ipv4_any(packet, headers, linear);
	case 6:
		return lvs_parse_ipv6_packet(packet, headers);
	default:
		return LVS_REASON_NOT_IP;
	}
}

enum lvs_reason lvs_packet_parse(const struct lvs_packet *packet, struct lvs_headers *headers)
{
	return lvs_parse_straight(packet, headers);
}
