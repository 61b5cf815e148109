/* SPDX-License-Identifier: BSD-2-Clause */
/* Super-packets into packets, and partial checksums into complete ones. */
#include "packet/checksum.h"
#include "packet/crc32c.h"
#include "packet/cut.h"
#include "packet/parse.h"

enum {
	LAYERS_MAX = 4, /* IP headers in a row: two directors and a tunnel of the client's */
	SCTP_PLACE = 8, /* a partial checksum goes there for SCTP alone: it is a CRC */
	TCP_FLAGS = 13, /* place of the flags */
};

/*
 * How a super-packet is made up:
 *
 *	IP [IP ...] transport | payload
 *	^0  ^layer[1]  ^l4     ^payload              ^end
 */
struct makeup {
	uint32_t layer[LAYERS_MAX]; /* where the IP headers start */
	unsigned layers_n;
	uint32_t l4;
	uint32_t payload;
	uint32_t end; /* what follows is link-layer padding */
	uint8_t protocol;
	uint8_t family; /* of the innermost IP header */
};

/* Parses the IP packet that starts at @p offset by itself, without the offload request. */
static enum lvs_reason parse_layer(const struct lvs_packet *packet, uint32_t offset, uint32_t end,
				   struct lvs_headers *headers)
{
	struct lvs_packet view = {
		.data = packet->data + offset,
		.len = end - offset,
		.linear_len = end - offset,
	};
	enum lvs_reason reason = lvs_packet_parse(&view, headers);

	/* A super-packet's UDP length may be that of any datagram. */
	if (reason == LVS_REASON_BAD_L4 && headers->flow.protocol == LVS_UDP) {
		view.gso_size = packet->gso_size;
		view.gso_type = packet->gso_type;
		reason = lvs_packet_parse(&view, headers);
	}
	return reason;
}

/* Whether a routing header still has waypoints: the sum's destination is not the header's. */
static bool is_routed(const uint8_t *ip, const struct lvs_headers *headers)
{
	uint32_t offset = LVS_IPV6_LEN;
	uint8_t type = ip[6];

	if (headers->flow.family != LVS_INET6)
		return false;
	while (offset < headers->l4_offset) {
		const uint8_t *ext = ip + offset;

		if (type == LVS_EXT_ROUTING && ext[3] != 0)
			return true;
		/* The parser let atomic fragments through: their length byte is reserved. */
		offset += type == LVS_EXT_FRAGMENT ? 8u : 8u * (ext[1] + 1u);
		type = ext[0];
	}
	return false;
}

static bool is_tunnel(uint8_t protocol)
{
	return protocol == LVS_IPIP || protocol == LVS_IPV6;
}

static bool gso_fits(const struct lvs_packet *packet, uint8_t protocol)
{
	unsigned type = packet->gso_type & ~(unsigned)LVS_GSO_ECN;

	return (type == LVS_GSO_TCP && protocol == LVS_TCP) ||
	       (type == LVS_GSO_UDP && protocol == LVS_UDP);
}

/* Where the IP packet at @p offset ends. */
static uint32_t layer_end(uint32_t offset, uint32_t end, const struct lvs_headers *headers)
{
	uint32_t uncounted = headers->flow.family == LVS_INET6 ? LVS_IPV6_LEN : 0;

	/* The length field of a tunnel's header can say no more: the super-packet may be longer. */
	if (is_tunnel(headers->flow.protocol) && headers->len - uncounted == UINT16_MAX)
		return end;
	return offset + headers->len;
}

/* From the outermost IP header to the transport header. */
static bool makeup_read(const struct lvs_packet *packet, struct makeup *makeup)
{
	struct lvs_headers headers;
	uint32_t offset = 0;

	makeup->end = packet->len;
	makeup->layers_n = 0;
	do {
		if (makeup->layers_n == LAYERS_MAX ||
		    parse_layer(packet, offset, makeup->end, &headers) != LVS_REASON_NONE ||
		    (headers.flags & LVS_HEADERS_FRAGMENT) ||
		    is_routed(packet->data + offset, &headers))
			return false;
		makeup->layer[makeup->layers_n++] = offset;
		makeup->end = layer_end(offset, makeup->end, &headers);
		makeup->l4 = offset + headers.l4_offset;
		makeup->payload = offset + headers.payload_offset;
		offset = makeup->l4;
	} while (is_tunnel(headers.flow.protocol));
	makeup->protocol = headers.flow.protocol;
	makeup->family = headers.flow.family;
	/* Where the giver says that the transport header is, we must have found it. */
	return gso_fits(packet, makeup->protocol) &&
	       (!(packet->flags & LVS_PACKET_CSUM_PARTIAL) || packet->csum_start == makeup->l4);
}

/* Lengths, identifications and header checksums of all IP headers of segment @p part. */
static void fix_layers(const struct makeup *makeup, unsigned part, uint8_t *data, uint32_t len)
{
	for (unsigned i = 0; i < makeup->layers_n; i++) {
		uint8_t *ip = data + makeup->layer[i];
		uint32_t ip_len = len - makeup->layer[i];

		if (ip[0] >> 4 == 6) {
			lvs_store16(ip + 4, (uint16_t)(ip_len - LVS_IPV6_LEN));
			continue;
		}
		lvs_store16(ip + 2, (uint16_t)ip_len);
		lvs_store16(ip + 4, (uint16_t)(lvs_load16(ip + 4) + part));
		lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, (ip[0] & 15) * 4u));
	}
}

static void fix_tcp(const struct lvs_packet *packet, uint32_t start, bool last, uint8_t *tcp)
{
	lvs_store32(tcp + 4, lvs_load32(tcp + 4) + start);
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(LVS_TCP_FIN | LVS_TCP_PSH);
	/* Repeated, it would tell of a second reduction of the window (RFC 3168, 6.1.2). */
	if (start > 0 && (packet->gso_type & LVS_GSO_ECN))
		tcp[TCP_FLAGS] &= (uint8_t)~LVS_TCP_CWR;
}

/* RFC 768: its sender left the sum out. A partial one is never 0: a protocol is in it. */
static bool has_no_checksum(const struct lvs_packet *packet, const struct makeup *makeup)
{
	return makeup->protocol == LVS_UDP && !(packet->flags & LVS_PACKET_CSUM_PARTIAL) &&
	       lvs_load_be16(packet->data + makeup->l4 + LVS_UDP_CSUM) == 0;
}

/* The transport checksum from nothing, whatever the field held. */
static void fix_checksum(const struct makeup *makeup, uint8_t *data, uint32_t len)
{
	const uint8_t *ip = data + makeup->layer[makeup->layers_n - 1];
	const uint8_t *src = ip + (makeup->family == LVS_INET6 ? 8 : 12);
	unsigned place = makeup->protocol == LVS_TCP ? LVS_TCP_CSUM : LVS_UDP_CSUM;
	uint8_t *l4 = data + makeup->l4;
	uint32_t l4_len = len - makeup->l4;
	uint64_t sum = lvs_csum_pseudo(src, src + lvs_addr_len(makeup->family), makeup->family,
				       makeup->protocol, l4_len);

	lvs_store16(l4 + place, 0);
	lvs_csum_finish(l4 + place, lvs_csum_sum(sum, l4, l4_len), place == LVS_UDP_CSUM);
}

static int cut_segment(const struct lvs_packet *packet, unsigned part, struct lvs_packet *out)
{
	struct makeup makeup;
	uint64_t start = (uint64_t)part * packet->gso_size;
	uint32_t total, n;
	int filled;

	if (!makeup_read(packet, &makeup))
		return LVS_ERR_FORMAT;
	total = makeup.end - makeup.payload;
	/* A super-packet without payload is one segment. */
	if (part > 0 && start >= total)
		return 0;
	n = total - (uint32_t)start < packet->gso_size ? total - (uint32_t)start : packet->gso_size;
	filled = lvs_cut_piece(packet, makeup.payload + n, out);
	if (filled < 0)
		return filled;
	memcpy(out->data, packet->data, makeup.payload);
	memcpy(out->data + makeup.payload, packet->data + makeup.payload + start, n);
	fix_layers(&makeup, part, out->data, out->len);
	if (makeup.protocol == LVS_TCP)
		fix_tcp(packet, (uint32_t)start, start + n == total, out->data + makeup.l4);
	else
		lvs_store16(out->data + makeup.l4 + 4, (uint16_t)(LVS_UDP_LEN + n));
	if (!has_no_checksum(packet, &makeup))
		fix_checksum(&makeup, out->data, out->len);
	return 1;
}

/* The sum of the pseudo-header stands in the field: it is summed with the rest. */
static void complete(const struct lvs_packet *packet, uint8_t *data, uint32_t len)
{
	uint8_t *l4 = data + packet->csum_start;
	uint64_t sum;

	if (packet->csum_offset == SCTP_PLACE) {
		lvs_crc32c_sctp(l4, len - packet->csum_start);
		return;
	}
	sum = lvs_csum_sum(0, l4, len - packet->csum_start);
	lvs_csum_finish(l4 + packet->csum_offset, sum, packet->csum_offset == LVS_UDP_CSUM);
}

/* An ordinary packet is its own only segment. */
static int copy_whole(const struct lvs_packet *packet, unsigned part, struct lvs_packet *out)
{
	bool partial = packet->flags & LVS_PACKET_CSUM_PARTIAL;
	struct lvs_headers headers;
	int filled;

	/* Also tells whether the checksum's place is where the transport has it. */
	if (lvs_packet_parse(packet, &headers) != LVS_REASON_NONE)
		return LVS_ERR_FORMAT;
	/* A CRC is longer than the sums the parser knows of. */
	if (partial && packet->csum_offset == SCTP_PLACE &&
	    packet->csum_start + SCTP_PLACE + 4u > headers.len)
		return LVS_ERR_FORMAT;
	if (part > 0)
		return 0;
	filled = lvs_cut_piece(packet, headers.len, out);
	if (filled < 0)
		return filled;
	memcpy(out->data, packet->data, headers.len);
	if (partial)
		complete(packet, out->data, out->len);
	return 1;
}

int lvs_packet_segment(const struct lvs_packet *packet, unsigned part, struct lvs_packet *out)
{
	if (packet->linear_len < packet->len)
		return LVS_ERR_FORMAT;
	if (packet->gso_size)
		return cut_segment(packet, part, out);
	return copy_whole(packet, part, out);
}
