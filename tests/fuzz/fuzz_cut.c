/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes, with any offload request, through a forwarding method, and then cut as the verdict
 * says: what the pieces have to be, whatever came.
 *
 *	0 bits 0 to 2 the way, bit 3 whether inner DF counts, bits 4 to 6 the kind of tunnel, bit 7
 *	  puts the IPv4 checksum right
 *	1 enum lvs_packet_flag    2 gso type    3 headroom    4 gso size
 *	6 csum start    8 csum offset    10 bytes of the packet that are not linear
 *	12 MTU    14 the packet
 */
#include "director_packets.h"

#include "packet/checksum.h"

enum {
	CONTROL_LEN = 14,
	PIECE_MAX = 65535,
	PARTS_MAX = 70000, /* more than any packet has bytes */
	MTU_LEAST = 68,
};

static const struct {
	enum lvs_method method;
	unsigned dest_family, flags;
	bool back;
} ways[8] = {
	{LVS_METHOD_NAT, LVS_UNSPEC, 0, false},
	{LVS_METHOD_NAT, LVS_UNSPEC, 0, true},
	{LVS_METHOD_DR, LVS_UNSPEC, 0, false},
	{LVS_METHOD_TUNNEL, LVS_INET, 0, false},
	{LVS_METHOD_TUNNEL, LVS_INET6, 0, false},
	{LVS_METHOD_LOCAL, LVS_UNSPEC, 0, false},
	{LVS_METHOD_NAT, LVS_UNSPEC, LVS_PATH_LOCAL, false},
	{LVS_METHOD_NAT, LVS_UNSPEC, LVS_PATH_LOCAL, true},
};

static const struct {
	uint8_t type, flags;
} kinds[8] = {
	{LVS_TUNNEL_IPIP, 0},
	{LVS_TUNNEL_GUE, 0},
	{LVS_TUNNEL_GUE, LVS_TUNNEL_CSUM},
	{LVS_TUNNEL_GUE, LVS_TUNNEL_REMCSUM},
	{LVS_TUNNEL_GUE, LVS_TUNNEL_CSUM | LVS_TUNNEL_REMCSUM},
	{LVS_TUNNEL_GRE, 0},
	{LVS_TUNNEL_GRE, LVS_TUNNEL_CSUM},
	{200, LVS_TUNNEL_CSUM},
};

struct cut {
	struct lvs_packet packet, before;
	uint8_t tun_type, tun_flags;
	struct lvs_headers headers; /* as it came */
	uint8_t *memory, *copy;     /* of the linear bytes, with headroom; as they came */
	uint32_t payload;           /* bytes behind transport headers, of all segments */
};

static void read_packet(struct cut *cut, const uint8_t *data, size_t size)
{
	struct lvs_packet *packet = &cut->packet;
	uint32_t away = lvs_load16(data + 10);

	memset(cut, 0, sizeof(*cut));
	cut->tun_type = kinds[data[0] >> 4 & 7].type;
	cut->tun_flags = kinds[data[0] >> 4 & 7].flags;
	packet->flags = data[1] & (LVS_PACKET_CSUM_PARTIAL | LVS_PACKET_CSUM_VALID);
	packet->gso_type = data[2];
	packet->headroom = data[3];
	packet->gso_size = lvs_load16(data + 4);
	packet->csum_start = lvs_load16(data + 6);
	packet->csum_offset = lvs_load16(data + 8);
	packet->len = (uint32_t)(size - CONTROL_LEN);
	packet->linear_len = away < packet->len ? packet->len - away : 0;
	cut->memory = malloc(packet->headroom + packet->linear_len + 1u);
	FUZZ_CHECK(cut->memory);
	packet->data = cut->memory + packet->headroom;
	memcpy(packet->data, data + CONTROL_LEN, packet->linear_len);
	if (data[0] & 0x80 && packet->linear_len >= 20 && packet->data[0] >> 4 == 4 &&
	    (packet->data[0] & 15) >= 5 && (packet->data[0] & 15) * 4u <= packet->linear_len)
		fix_ip(packet->data);
	cut->copy = fuzz_copy(packet->data, packet->linear_len);
	cut->before = *packet;
}

static enum lvs_reason forward(struct cut *cut, unsigned control, uint32_t mtu)
{
	unsigned family = cut->headers.flow.family;
	unsigned dest_family =
		ways[control & 7].dest_family ? ways[control & 7].dest_family : family;
	const struct lvs_forward_ops *ops = lvs_forward_find(ways[control & 7].method);
	struct lvs_headers headers = cut->headers;
	struct lvs_path_conf path = {
		.size = sizeof(path),
		.mtu = mtu < MTU_LEAST ? MTU_LEAST : mtu,
		.flags = ways[control & 7].flags,
		.source = addr_of(dest_family, 9, 1),
		.source_family = (uint8_t)dest_family,
		.next_hop_family = (uint8_t)dest_family,
	};
	struct lvs_binding binding = {
		.path = &path,
		.client = headers.flow.src,
		.service = addr_of(family, 1, 2),
		.dest = addr_of(dest_family, 3, 4),
		.service_port = 0x1234,
		.dest_port = 0x4321,
		.family = (uint8_t)family,
		.dest_family = (uint8_t)dest_family,
		.protocol = headers.flow.protocol,
		.pmtu_disc = control >> 3 & 1,
		.tun_type = cut->tun_type,
		.tun_flags = cut->tun_flags,
		.tun_port = 0x1234,
	};

	if (ways[control & 7].back)
		return ops->back(&cut->packet, &headers, &binding);
	return ops->out(&cut->packet, &headers, &binding);
}

static void check_refused(const struct cut *cut)
{
	FUZZ_CHECK(cut->packet.data == cut->before.data && cut->packet.cut == LVS_CUT_NONE);
	FUZZ_CHECK(memcmp(cut->packet.data, cut->copy, cut->before.linear_len) == 0);
}

/* Sum over pseudo-header and what follows the transport header's begin. */
static uint32_t l4_sum(const uint8_t *ip, const struct lvs_headers *headers)
{
	bool v6 = headers->flow.family == LVS_INET6;
	uint32_t len = headers->len - headers->l4_offset;
	uint32_t sum = v6 ? plain_sum(0, ip + 8, 32) : plain_sum(0, ip + 12, 8);

	sum = plain_sum(sum + headers->flow.protocol + (len & 0xffff) + (len >> 16), ip, 0);
	return plain_sum(sum, ip + headers->l4_offset, len);
}

static bool is_remote(const struct cut *cut)
{
	return cut->tun_type == LVS_TUNNEL_GUE && cut->tun_flags & LVS_TUNNEL_REMCSUM &&
	       cut->before.flags & LVS_PACKET_CSUM_PARTIAL;
}

/* The sums of what is between the headers. */
static void check_shim(const struct cut *cut, const struct lvs_packet *segment,
		       const struct lvs_headers *headers)
{
	const uint8_t *shim = segment->data + headers->l4_offset;

	if (segment->data == cut->before.data || cut->packet.data == cut->before.data)
		return;
	if (cut->tun_type == LVS_TUNNEL_GUE && cut->tun_flags) {
		FUZZ_CHECK(lvs_load16(shim + 6) != 0);
		FUZZ_CHECK(l4_sum(segment->data, headers) == 0xffff);
	}
	if (cut->tun_type == LVS_TUNNEL_GUE) {
		FUZZ_CHECK(lvs_load16(shim + 4) == segment->len - headers->l4_offset);
		FUZZ_CHECK(cut->tun_flags || lvs_load16(shim + 6) == 0);
	}
	if (cut->tun_type == LVS_TUNNEL_GRE && cut->tun_flags)
		FUZZ_CHECK(plain_sum(0, shim, segment->len - headers->l4_offset) == 0xffff);
}

/* A whole packet: it parses, inside its tunnel too, and a segment's sum is right. */
static void check_segment(struct cut *cut, const struct lvs_packet *segment)
{
	uint32_t wrapped = (uint32_t)(cut->before.data - cut->packet.data);
	struct lvs_packet inner = *segment;
	struct lvs_headers headers;
	const uint8_t *l4;

	FUZZ_CHECK(segment->linear_len == segment->len && !segment->gso_size);
	FUZZ_CHECK(!(segment->flags & LVS_PACKET_CSUM_PARTIAL));
	FUZZ_CHECK(lvs_packet_parse(segment, &headers) == LVS_REASON_NONE);
	FUZZ_CHECK(headers.len == segment->len);
	check_shim(cut, segment, &headers);
	inner.data += wrapped;
	inner.len = inner.linear_len = segment->len - wrapped;
	FUZZ_CHECK(lvs_packet_parse(&inner, &headers) == LVS_REASON_NONE);
	FUZZ_CHECK(headers.len == inner.len);
	FUZZ_CHECK(headers.l4_offset == cut->headers.l4_offset);
	cut->payload += headers.len - headers.payload_offset;
	l4 = inner.data + headers.l4_offset;
	if (!cut->packet.gso_size || is_remote(cut))
		return;
	FUZZ_CHECK(headers.len - headers.payload_offset <= cut->packet.gso_size);
	if (headers.flow.protocol == LVS_TCP || l4[6] || l4[7])
		FUZZ_CHECK(l4_sum(inner.data, &headers) == 0xffff);
}

/* Options that cannot be read cannot be copied into fragments. */
static bool may_resist(const struct cut *cut)
{
	return cut->headers.flags & LVS_HEADERS_OPTIONS;
}

/* Bytes in front of a fragment's data, and the place of these. */
static uint32_t fragment_header(const struct lvs_packet *out, uint32_t *start)
{
	if (out->data[0] >> 4 == 4) {
		*start = (lvs_load16(out->data + 6) & 0x1fffu) * 8u;
		return (out->data[0] & 15) * 4u;
	}
	/* Ours alone are cut: no other extension headers in front. */
	FUZZ_CHECK(out->data[6] == 44 && lvs_load16(out->data + 4) + 40u == out->len);
	*start = lvs_load16(out->data + 42) & 0xfff8u;
	return 48;
}

static uint32_t header_len(const uint8_t *ip)
{
	return ip[0] >> 4 == 4 ? (ip[0] & 15) * 4u : 40;
}

/* The fragments are no longer than asked, meet, and hold what the packet held. */
static void check_fragments(const struct cut *cut, const struct lvs_packet *segment)
{
	uint32_t head = header_len(segment->data), start, first = 0, next = 0, max;
	uint8_t *buffer = malloc(PIECE_MAX);

	max = cut->packet.cut_len;
	FUZZ_CHECK(buffer);
	for (unsigned part = 0;; part++) {
		struct lvs_packet out = {.data = buffer, .tailroom = PIECE_MAX};
		int got = lvs_packet_fragment(segment, max, part, &out);
		uint32_t own, n;

		FUZZ_CHECK(part < PARTS_MAX && (got >= 0 || may_resist(cut)));
		if (got < 0)
			break;
		if (got == 0) {
			FUZZ_CHECK(next == segment->len - head);
			break;
		}
		FUZZ_CHECK(out.len <= max && out.linear_len == out.len);
		if (out.len == segment->len && part == 0) { /* it fits: the last of many */
			FUZZ_CHECK(memcmp(out.data, segment->data, out.len) == 0);
			next = segment->len - head;
			continue;
		}
		own = fragment_header(&out, &start);
		n = out.len - own;
		if (part == 0)
			first = start;
		FUZZ_CHECK(start - first == next && next + n <= segment->len - head);
		FUZZ_CHECK(memcmp(out.data + own, segment->data + head + next, n) == 0);
		next += n;
	}
	free(buffer);
}

/* The same into a buffer of exactly its length; one byte less is refused. */
static void check_tight(const struct lvs_packet *packet, const struct lvs_packet *piece)
{
	struct lvs_packet out = {.data = malloc(piece->len),
				 .tailroom = (uint16_t)(piece->len - 1)};

	FUZZ_CHECK(out.data);
	FUZZ_CHECK(lvs_packet_segment(packet, 0, &out) == LVS_ERR_RANGE);
	out.tailroom = (uint16_t)piece->len;
	FUZZ_CHECK(lvs_packet_segment(packet, 0, &out) == 1);
	FUZZ_CHECK(memcmp(out.data, piece->data, piece->len) == 0);
	free(out.data);
}

static void check_request(struct cut *cut)
{
	struct lvs_packet *packet = &cut->packet;
	uint8_t *buffer = malloc(PIECE_MAX);
	int got = 1;

	FUZZ_CHECK(buffer);
	for (unsigned part = 0; got == 1; part++) {
		struct lvs_packet out = {.data = buffer, .tailroom = PIECE_MAX};

		FUZZ_CHECK(part < PARTS_MAX);
		got = lvs_packet_segment(packet, part, &out);
		/* With waypoints left nobody can sum; a CRC may have no room. */
		FUZZ_CHECK(got >= 0 || may_resist(cut) || packet->csum_offset == 8);
		if (got != 1)
			break;
		if (part == 0)
			check_tight(packet, &out);
		check_segment(cut, &out);
		if (packet->cut == LVS_CUT_FRAGMENT)
			check_fragments(cut, &out);
	}
	if (got == 0)
		FUZZ_CHECK(cut->payload == cut->headers.len - cut->headers.payload_offset);
	free(buffer);
}

static void check_cut_up(struct cut *cut)
{
	struct lvs_packet *packet = &cut->packet;
	bool request = packet->gso_size || packet->flags & LVS_PACKET_CSUM_PARTIAL;
	bool tunnel = packet->data != cut->before.data;
	/* What goes to the interface is about the outer header alone. */
	bool about_inside = cut->before.gso_size ||
			    (cut->before.flags & LVS_PACKET_CSUM_PARTIAL && !is_remote(cut));

	FUZZ_CHECK(packet->cut <= LVS_CUT_FRAGMENT);
	FUZZ_CHECK((packet->cut_len >= MTU_LEAST) == (packet->cut == LVS_CUT_FRAGMENT));
	FUZZ_CHECK(!tunnel || !about_inside || packet->cut != LVS_CUT_NONE);
	if (packet->linear_len < packet->len)
		return;
	if (request)
		check_request(cut);
	else if (packet->cut == LVS_CUT_FRAGMENT)
		check_fragments(cut, packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum lvs_reason reason;
	struct cut cut;

	if (size < CONTROL_LEN)
		return 0;
	read_packet(&cut, data, size);
	reason = lvs_packet_parse(&cut.packet, &cut.headers);
	/* Others never come to a method that looks for ports. */
	if (reason == LVS_REASON_NONE &&
	    (cut.headers.flow.protocol == LVS_TCP || cut.headers.flow.protocol == LVS_UDP)) {
		reason = forward(&cut, data[0], lvs_load16(data + 12));
		if (reason == LVS_REASON_NONE || reason == LVS_REASON_LOCAL)
			check_cut_up(&cut);
		else
			check_refused(&cut);
	}
	free(cut.memory);
	free(cut.copy);
	return 0;
}
