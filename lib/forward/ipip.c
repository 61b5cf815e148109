/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VS/TUN by IP in IP: RFC 2003 (4 in 4), RFC 4213 (6 in 4), RFC 2473 (4 and 6
 * in 6). The packet is kept but for TTL; a header goes in front.
 *
 * ECN: "full functionality" of RFC 3168, section 9.1.1: an inner CE becomes an
 * outer ECT(0), everything else is copied.
 */
#include <string.h>

#include "forward/list.h"
#include "forward/send.h"
#include "packet/checksum.h"

enum {
	OUTER4_LEN = 20,
	OUTER6_LEN = 40,
	ECN_MASK = 0x3,
	ECN_ECT0 = 0x2,
	ECN_CE = 0x3,
	IPV4_DF = 0x4000,
	IPV6_MIN_MTU = 1280, /* RFC 8200, 5 */
	FRAG_OFFSET = 0x1fff,
	FRAG_SPREAD =
		0x9e37, /* odd, so that 8192 offsets stay different; far from other packets' */
};

static uint8_t outer_tos(uint8_t inner)
{
	return (inner & ECN_MASK) == ECN_CE ? (uint8_t)((inner & ~ECN_MASK) | ECN_ECT0) : inner;
}

/*
 * An identification for a header that may be fragmented: that of the inner
 * packet, told apart by inner addresses (RFC 6864: unique by source, destination
 * and protocol while fragments live). IPv6 has none; there the transport
 * header's first bytes, which hold ports and a sequence number, serve.
 * A function of the packet alone, so that every worker, of either byte order, gives the same bytes.
 */
static uint16_t outer_id(const uint8_t *ip, const struct lvs_headers *headers)
{
	uint16_t id = lvs_load16(ip + 4);

	/* Fragments of one packet are packets of their own outside, and may be cut once more. */
	if (lvs_unlikely(headers->flags & LVS_HEADERS_LATER_FRAGMENT))
		id = (uint16_t)(id + (lvs_load16(ip + 6) & FRAG_OFFSET) * FRAG_SPREAD);
	if (headers->flow.family == LVS_INET)
		return (uint16_t)(id + lvs_ntohs(lvs_csum_fold(lvs_csum_sum(0, ip + 12, 8))));
	return lvs_ntohs(lvs_csum_fold(lvs_csum_sum(0, ip + 8, headers->payload_offset - 8u)));
}

static void push(struct lvs_packet *packet, uint32_t bytes)
{
	packet->data -= bytes;
	packet->headroom = (uint16_t)(packet->headroom - bytes);
	packet->len += bytes;
	packet->linear_len += bytes;
}

static void write_outer4(uint8_t *ip, const struct lvs_packet *packet,
			 const struct lvs_headers *headers, const struct lvs_binding *binding,
			 bool df)
{
	ip[0] = 0x45;
	ip[1] = outer_tos(headers->tos);
	lvs_store16(ip + 2, (uint16_t)packet->len);
	lvs_store16(ip + 4, outer_id(ip + OUTER4_LEN, headers));
	lvs_store16(ip + 6, df ? IPV4_DF : 0);
	ip[8] = headers->ttl;
	ip[9] = headers->flow.family == LVS_INET ? LVS_IPIP : LVS_IPV6;
	lvs_store_be32(ip + 12, binding->path->source.word[0]);
	lvs_store_be32(ip + 16, binding->dest.word[0]);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, OUTER4_LEN));
}

static void write_outer6(uint8_t *ip, const struct lvs_packet *packet,
			 const struct lvs_headers *headers, const struct lvs_binding *binding)
{
	lvs_store32(ip, 0x60000000u | (uint32_t)outer_tos(headers->tos) << 20);
	lvs_store16(ip + 4, (uint16_t)(packet->len - OUTER6_LEN));
	ip[6] = headers->flow.family == LVS_INET ? LVS_IPIP : LVS_IPV6;
	ip[7] = headers->ttl;
	memcpy(ip + 8, &binding->path->source, 16);
	memcpy(ip + 24, &binding->dest, 16);
}

/* Whether a packet, or a segment of it, is longer than its outer header can say. */
static LVS_NOINLINE bool is_too_long(const struct lvs_packet *packet,
				     const struct lvs_headers *headers, uint32_t overhead)
{
	uint32_t piece = lvs_send_piece_len(packet, headers);

	/* What is cut or completed goes through a buffer of at most so many bytes. */
	if (packet->gso_size || packet->flags & LVS_PACKET_CSUM_PARTIAL)
		return piece + overhead > UINT16_MAX;
	/* An IPv6 outer length does not count its own header. */
	return piece + (overhead == OUTER4_LEN ? overhead : 0) > UINT16_MAX;
}

/*
 * Whether the outer packet must not be fragmented. The inner DF bit, where it is honoured, says
 * so for either outer family (RFC 2003, 3.1; RFC 2473, 7.2 b: fragments that the tunnel's end puts
 * together). An IPv6 packet must fit; but no sender of IPv6 sends less than 1280 bytes, told or
 * not, so that one of those is carried over any path (RFC 2473, 7.1; RFC 4213, 3.2).
 */
static bool must_fit(const struct lvs_packet *packet, const struct lvs_headers *headers, bool df)
{
	if (headers->flow.family == LVS_INET)
		return df;
	return lvs_send_piece_len(packet, headers) > IPV6_MIN_MTU;
}

static enum lvs_reason can_wrap(struct lvs_packet *packet, const struct lvs_headers *headers,
				const struct lvs_binding *binding, uint32_t overhead, bool df)
{
	enum lvs_reason reason;

	if (lvs_unlikely(binding->path->source_family != binding->dest_family))
		return LVS_REASON_NO_SOURCE;
	if (lvs_unlikely(packet->headroom < overhead))
		return LVS_REASON_HEADROOM;
	if (lvs_unlikely(headers->len + overhead > UINT16_MAX) &&
	    is_too_long(packet, headers, overhead))
		return LVS_REASON_TOO_LONG;
	reason = lvs_send_is_open(headers, binding->path);
	if (lvs_unlikely(reason != LVS_REASON_NONE))
		return reason;
	if (lvs_likely(lvs_send_fits(packet, headers, binding->path, overhead)))
		return LVS_REASON_NONE;
	return lvs_send_too_long(packet, binding->path, !must_fit(packet, headers, df));
}

/* A super-packet may be longer than its outer header can say: then that says the most. Its
 * segments get their own. */
static void limit_length(uint8_t *ip, uint32_t len)
{
	if (ip[0] >> 4 == 6 && len - OUTER6_LEN > UINT16_MAX)
		lvs_store16(ip + 4, UINT16_MAX);
	if (ip[0] >> 4 == 4 && len > UINT16_MAX) {
		lvs_store16(ip + 2, UINT16_MAX);
		lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, OUTER4_LEN));
	}
}

/* No card and no kernel is asked to segment or to sum within a header that we made: it is done
 * before. */
static LVS_NOINLINE void move_request(struct lvs_packet *packet, uint32_t bytes)
{
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		packet->csum_start = (uint16_t)(packet->csum_start + bytes);
	if (packet->cut == LVS_CUT_NONE)
		packet->cut = LVS_CUT_SEGMENT;
	limit_length(packet->data, packet->len);
}

static uint32_t ipip_overhead(const struct lvs_binding *binding)
{
	return binding->dest_family == LVS_INET ? OUTER4_LEN : OUTER6_LEN;
}

static enum lvs_reason ipip_out(struct lvs_packet *packet, struct lvs_headers *headers,
				const struct lvs_binding *binding)
{
	uint32_t overhead = ipip_overhead(binding);
	bool df = headers->flow.family == LVS_INET && headers->flags & LVS_HEADERS_DF &&
		  binding->pmtu_disc;
	enum lvs_reason reason;

	if (lvs_unlikely(binding->path->flags & LVS_PATH_LOCAL))
		return LVS_REASON_LOCAL;
	reason = can_wrap(packet, headers, binding, overhead, df);
	if (lvs_unlikely(reason != LVS_REASON_NONE))
		return reason;
	lvs_send_decrement_ttl(packet, headers);
	lvs_send_to(packet, headers, binding->path);
	push(packet, overhead);
	if (lvs_likely(overhead == OUTER4_LEN))
		write_outer4(packet->data, packet, headers, binding, df);
	else
		write_outer6(packet->data, packet, headers, binding);
	if (lvs_unlikely(packet->gso_size | (packet->flags & LVS_PACKET_CSUM_PARTIAL)))
		move_request(packet, overhead);
	return LVS_REASON_NONE;
}

const struct lvs_forward_ops lvs_forward_ipip = {
	.size = sizeof(lvs_forward_ipip),
	.flags = LVS_FORWARD_MIXED,
	.name = "ipip",
	.method = LVS_METHOD_TUNNEL,
	.headroom = OUTER6_LEN,
	.out = ipip_out,
	.overhead = ipip_overhead,
};
