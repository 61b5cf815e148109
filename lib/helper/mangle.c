/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/mangle.h"

#include "packet/checksum.h"

enum {
	SEQ_AT = 4,
	ACK_AT = 8,
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_SACK = 5,
	SACK_BLOCK = 8, /* bytes of one: its first byte, the first behind it */
};

static uint8_t *tcp_of(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	return packet->data + headers->l4_offset;
}

static uint32_t l4_len(const struct lvs_headers *headers)
{
	return headers->len - headers->l4_offset;
}

static uint64_t full_sum(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	const struct lvs_flow *flow = &headers->flow;
	uint64_t sum = lvs_csum_pseudo(flow->src.byte, flow->dst.byte, flow->family, LVS_TCP,
				       l4_len(headers));

	return lvs_csum_sum(sum, tcp_of(packet, headers), l4_len(headers));
}

bool lvs_mangle_valid(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	/* Of a super-packet each segment will have a sum of its own. */
	if (packet->gso_size || packet->flags & (LVS_PACKET_CSUM_PARTIAL | LVS_PACKET_CSUM_VALID))
		return true;
	return lvs_csum_fold(full_sum(packet, headers)) == 0xffff;
}

bool lvs_mangle_touches(const struct lvs_packet *packet, const struct lvs_headers *headers,
			const struct lvs_seq *own)
{
	return lvs_seq_touches(own, lvs_mangle_data_seq(packet, headers),
			       lvs_mangle_data_len(headers));
}

/* --- Numbers in the header --- */

/* The change of 32 bits, @p at bytes from an even place, as a change of the checksum. */
static uint64_t delta_at(uint32_t at, lvs_be32 from, lvs_be32 to)
{
	uint64_t delta = lvs_csum_delta32(0, from, to);
	uint32_t folded = lvs_csum_fold(delta);

	if (!(at & 1))
		return delta;
	/* At an odd place its bytes are the other halves of words. */
	return (folded << 8 | folded >> 8) & UINT16_MAX;
}

static void put(const struct lvs_packet *packet, uint8_t *tcp, uint32_t at, uint32_t value)
{
	lvs_be32 before = lvs_load_be32(tcp + at);

	lvs_store32(tcp + at, value);
	/* A partial checksum is that of the pseudo-header. */
	if (!(packet->flags & LVS_PACKET_CSUM_PARTIAL))
		lvs_csum_apply(tcp + LVS_TCP_CSUM, delta_at(at, before, lvs_load_be32(tcp + at)));
}

static void put_blocks(const struct lvs_packet *packet, uint8_t *tcp, uint32_t at, uint32_t end,
		       const struct lvs_seq *other)
{
	for (; at + SACK_BLOCK <= end; at += SACK_BLOCK) {
		put(packet, tcp, at, lvs_seq_sent_from(other, lvs_load32(tcp + at)));
		put(packet, tcp, at + 4, lvs_seq_sent(other, lvs_load32(tcp + at + 4)));
	}
}

/* SACK options in a TCP header of @p len bytes. */
static void put_sack(const struct lvs_packet *packet, uint8_t *tcp, uint32_t len,
		     const struct lvs_seq *other)
{
	uint32_t at = LVS_TCP_LEN;

	while (at + 1 < len && tcp[at] != OPTION_END) {
		if (tcp[at] == OPTION_NOP) {
			at++;
			continue;
		}
		/* An option that ends inside its own header, or behind the TCP header. */
		if (tcp[at + 1] < 2 || at + tcp[at + 1] > len)
			return;
		if (tcp[at] == OPTION_SACK)
			put_blocks(packet, tcp, at + 2, at + tcp[at + 1], other);
		at += tcp[at + 1];
	}
}

static void put_numbers(const struct lvs_packet *packet, const struct lvs_headers *headers,
			const struct lvs_seq *own, const struct lvs_seq *other)
{
	uint8_t *tcp = tcp_of(packet, headers);

	if (lvs_seq_is_moved(own))
		put(packet, tcp, SEQ_AT, lvs_seq_got(own, lvs_load32(tcp + SEQ_AT)));
	if (!lvs_seq_is_moved(other) || !(headers->tcp_flags & LVS_TCP_ACK))
		return;
	put(packet, tcp, ACK_AT, lvs_seq_sent(other, lvs_load32(tcp + ACK_AT)));
	put_sack(packet, tcp, (uint32_t)headers->payload_offset - headers->l4_offset, other);
}

/* --- Data --- */

/* The IP header says the new length, and so do the packet and its headers. */
static void put_len(struct lvs_packet *packet, struct lvs_headers *headers, uint32_t len)
{
	uint32_t end = packet->linear_len + packet->tailroom;
	uint8_t *ip = packet->data;

	if (headers->flow.family == LVS_INET6) {
		lvs_store16(ip + 4, (uint16_t)(len - LVS_IPV6_LEN));
	} else {
		lvs_store16(ip + 2, (uint16_t)len);
		lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, (ip[0] & 15) * 4u));
	}
	headers->len = len;
	/* Without padding. */
	packet->len = packet->linear_len = len;
	packet->tailroom = (uint16_t)(end - len < UINT16_MAX ? end - len : UINT16_MAX);
}

static void put_checksum(const struct lvs_packet *packet, const struct lvs_headers *headers,
			 uint32_t len_before)
{
	uint8_t *field = tcp_of(packet, headers) + LVS_TCP_CSUM;

	if (packet->flags & LVS_PACKET_CSUM_PARTIAL) {
		lvs_csum_apply_partial(field, lvs_csum_delta32(0, lvs_htonl(len_before),
							       lvs_htonl(l4_len(headers))));
		return;
	}
	lvs_store_be16(field, 0);
	lvs_csum_finish(field, full_sum(packet, headers), false);
}

static uint32_t len_max(const struct lvs_headers *headers)
{
	return headers->flow.family == LVS_INET6 ? LVS_IPV6_LEN + UINT16_MAX : UINT16_MAX;
}

static enum lvs_reason put_data(struct lvs_packet *packet, struct lvs_headers *headers,
				const struct lvs_seq *own)
{
	uint32_t from = lvs_mangle_data_seq(packet, headers);
	uint32_t len = lvs_mangle_data_len(headers);
	uint32_t l4_before = l4_len(headers);
	uint32_t after = headers->payload_offset + lvs_seq_got_len(own, from, len);
	uint32_t room = headers->payload_offset + lvs_seq_room(own, from, len);

	if (after > len_max(headers))
		return LVS_REASON_TOO_LONG;
	if (room > packet->linear_len + packet->tailroom)
		return LVS_REASON_TAILROOM;
	lvs_seq_rewrite(own, from, packet->data + headers->payload_offset, len);
	put_len(packet, headers, after);
	put_checksum(packet, headers, l4_before);
	return LVS_REASON_NONE;
}

enum lvs_reason lvs_mangle(struct lvs_packet *packet, struct lvs_headers *headers,
			   const struct lvs_seq *own, const struct lvs_seq *other)
{
	enum lvs_reason reason = LVS_REASON_NONE;

	if (lvs_mangle_touches(packet, headers, own))
		reason = put_data(packet, headers, own);
	if (reason == LVS_REASON_NONE)
		put_numbers(packet, headers, own, other);
	return reason;
}
