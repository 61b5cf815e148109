/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets with and without offload requests, at random: what a card, a guest or the kernel's
 * receive offload may hand in. Needs check.h.
 */
#ifndef LVS_TESTS_SUPER_RIG_H
#define LVS_TESTS_SUPER_RIG_H

#include <liblvs/error.h>

#include "super_ref.h"

enum {
	SHOT_HEADROOM = 64,
	SHOT_JUNK = 0xa5, /* what lies where nobody may look */
	SHOT_FRAGMENT_HEADER = 44,
};

/* A packet, the way it is to go, and a copy of it as it came. */
struct shot {
	uint8_t buffer[SHOT_HEADROOM + REF_MAX];
	uint8_t before[REF_MAX];
	struct lvs_packet packet;
	struct shape shape;
	struct lvs_path_conf path;
	struct lvs_binding binding;
	enum way way;
	unsigned family, dest_family;
	uint8_t tun_type, tun_flags;
	uint32_t pad;
	bool away; /* some of it is not linear */
};

static inline bool one_in(struct ref_rng *rng, uint32_t n)
{
	return ref_below(rng, n) == 0;
}

static inline union lvs_addr shot_addr(struct ref_rng *rng, unsigned family)
{
	union lvs_addr addr = {0};

	ref_fill(rng, addr.byte, family == LVS_INET6 ? 16 : 4);
	addr.byte[0] = family == LVS_INET6 ? 0x20 : 10; /* unicast, no loopback */
	return addr;
}

/* IPv4 options of any kind, some to be copied into fragments. */
static inline unsigned shot_options4(struct ref_rng *rng, uint8_t *to)
{
	unsigned room = one_in(rng, 3) ? ref_below(rng, 11) * 4 : 0, at = 0;

	while (at < room) {
		unsigned len = 2 + ref_below(rng, 9);

		if (one_in(rng, 3) || len > room - at) {
			to[at++] = 1;
			continue;
		}
		ref_fill(rng, to + at, len);
		/* 30 and 31 mean nothing to anybody, copied or not. */
		to[at] = (uint8_t)(30 + ref_below(rng, 2) + (one_in(rng, 2) ? 0x80 : 0));
		to[at + 1] = (uint8_t)len;
		at += len;
	}
	return room;
}

/* One extension header that holds padding only. Returns its length. */
static inline unsigned shot_extension(struct ref_rng *rng, uint8_t type, uint8_t *to)
{
	unsigned len = 8 + 8 * ref_below(rng, 4);

	memset(to, 0, len);
	if (type == SHOT_FRAGMENT_HEADER) { /* an atomic one, RFC 6946 */
		ref_fill(rng, to + 4, 4);
		return 8;
	}
	to[1] = (uint8_t)(len / 8 - 1);
	to[2] = type == 43 ? 253 : 1; /* an experiment, no waypoints left; or PadN */
	to[3] = (uint8_t)(type == 43 ? 0 : len - 4);
	return len;
}

/* A chain of IPv6 extension headers in an order that is allowed. */
static inline unsigned shot_options6(struct ref_rng *rng, uint8_t *ip, uint8_t protocol)
{
	static const uint8_t order[] = {0, 60, 43, SHOT_FRAGMENT_HEADER, 60};
	uint8_t *next = ip + 6, *to = ip + 40;
	bool any = one_in(rng, 3);

	for (unsigned i = 0; i < sizeof(order); i++) {
		if (!any || !one_in(rng, 3))
			continue;
		*next = order[i];
		next = to;
		to += shot_extension(rng, order[i], to);
	}
	*next = protocol;
	return (unsigned)(to - ip) - 40;
}

/* The IP header without its length. Returns where the transport header is to be. */
static inline uint32_t shot_ip(struct ref_rng *rng, unsigned family, uint8_t protocol, uint8_t *ip)
{
	unsigned options;

	ref_fill(rng, ip, 40);
	if (family == LVS_INET) {
		options = shot_options4(rng, ip + 20);
		ip[0] = (uint8_t)(0x40 | (20 + options) / 4);
		ip[6] = one_in(rng, 2) ? 0x40 : 0;
		ip[7] = 0;
		ip[8] = (uint8_t)(2 + ref_below(rng, 254));
		ip[9] = protocol;
		ip[12] = ip[16] = 10;
		return 20 + options;
	}
	options = shot_options6(rng, ip, protocol);
	ip[0] = (uint8_t)(0x60 | (ip[0] & 15));
	ip[7] = (uint8_t)(2 + ref_below(rng, 254));
	ip[8] = ip[24] = 0x20;
	return 40 + options;
}

/* How many bytes of payload, and in what segments. */
static inline uint32_t shot_payload(struct ref_rng *rng, struct shot *shot, uint32_t most)
{
	static const uint16_t sizes[] = {1448, 1460, 1428, 1200, 536, 1232, 8948, 16};
	uint32_t payload;

	shot->shape.gso_size = 0;
	if (one_in(rng, 4)) {
		payload = ref_below(rng, one_in(rng, 4) ? 9000 : 1600);
		return one_in(rng, 30) ? most - ref_below(rng, 60) : payload;
	}
	shot->shape.gso_size =
		one_in(rng, 2) ? sizes[ref_below(rng, 8)] : (uint16_t)(1 + ref_below(rng, 1500));
	if (one_in(rng, 30)) { /* two segments, of which the first is as long as can be */
		shot->shape.gso_size = (uint16_t)(most - 1 - ref_below(rng, 40));
		return most;
	}
	if (shot->family == LVS_INET6) /* its length does not count its own header */
		most += 40;
	payload = ref_below(rng, shot->shape.gso_size * (one_in(rng, 3) ? 44u : 6u) + 1u);
	if (one_in(rng, 40) && shot->shape.gso_size > 100) /* the longest that there are */
		payload = most - ref_below(rng, 60);
	return payload < most ? payload : most;
}

/* What the field says where a packet comes in: all, the pseudo-header's sum, or nothing. */
static inline void shot_checksum(struct ref_rng *rng, struct shot *shot, uint8_t *ip)
{
	struct shape *shape = &shot->shape;
	uint8_t *l4 = ip + shape->l4;
	uint32_t len = shape->len - shape->l4;

	/* A super-packet of UDP says the length of all, or that of its first datagram. */
	if (shape->protocol == LVS_UDP && shape->gso_size && one_in(rng, 2) &&
	    len - 8 > shape->gso_size)
		len = 8u + shape->gso_size;
	if (shape->protocol == LVS_UDP)
		ref_put16(l4 + 4, len);
	shape->partial = !one_in(rng, 4);
	if (shape->partial)
		ref_l4_partial(ip, l4, shape->protocol, len);
	else if (shape->protocol != LVS_UDP || !one_in(rng, 3))
		ref_l4_checksum(ip, l4, shape->protocol, shape->len - shape->l4);
	else
		ref_put16(l4 + 6, 0);
}

static inline void shot_request(struct ref_rng *rng, struct shot *shot)
{
	const struct shape *shape = &shot->shape;
	struct lvs_packet *packet = &shot->packet;

	if (shape->partial) {
		packet->flags = LVS_PACKET_CSUM_PARTIAL;
		packet->csum_start = (uint16_t)shape->l4;
		packet->csum_offset = (uint16_t)ref_place(shape->protocol);
	}
	packet->gso_size = shape->gso_size;
	packet->gso_type = shape->gso_type;
	packet->headroom = SHOT_HEADROOM;
	shot->away = false;
	if (one_in(rng, 3)) {
		packet->linear_len =
			shape->payload + ref_below(rng, shape->len - shape->payload + 1);
		shot->away = packet->linear_len < shape->len;
		return;
	}
	shot->pad = one_in(rng, 4) ? ref_below(rng, 18) : 0;
	packet->len += shot->pad;
	packet->linear_len += shot->pad;
	memset(packet->data + shape->len, SHOT_JUNK, shot->pad);
}

static inline void shot_make(struct ref_rng *rng, struct shot *shot)
{
	uint8_t *ip = shot->buffer + SHOT_HEADROOM;
	struct shape *shape = &shot->shape;
	unsigned options =
		shape->protocol == LVS_TCP && one_in(rng, 2) ? ref_below(rng, 11) * 4 : 0;
	uint32_t most, payload;

	shot->pad = 0;
	shape->l4 = shot_ip(rng, shot->family, shape->protocol, ip);
	most = 65535 - shape->l4 - 20 - options;
	payload = shot_payload(rng, shot, most);
	shape->payload =
		shape->l4 + ref_put_l4(ip + shape->l4, shape->protocol, options, payload, rng);
	/* Ports of nothing that tshark would look into. */
	ip[shape->l4] = ip[shape->l4 + 2] = 0xf0;
	shape->len = shape->payload + payload;
	ref_fill(rng, ip + shape->payload, payload);
	ref_ip_len(ip, shape->len);
	shape->gso_type = !shape->gso_size             ? LVS_GSO_NONE
			  : shape->protocol == LVS_TCP ? LVS_GSO_TCP
						       : LVS_GSO_UDP;
	if (shape->gso_type == LVS_GSO_TCP && one_in(rng, 2))
		shape->gso_type |= LVS_GSO_ECN;
	shot_checksum(rng, shot, ip);
	memcpy(shot->before, ip, shape->len);
	shape->bytes = shot->before;
	shot->packet = ref_packet(ip, shape->len);
	shot_request(rng, shot);
}

/* Bytes of the longest ordinary packet that it is. */
static inline uint32_t shot_piece(const struct shot *shot)
{
	uint32_t piece = shot->shape.payload + shot->shape.gso_size;

	return shot->shape.gso_size && piece < shot->shape.len ? piece : shot->shape.len;
}

static inline uint32_t shot_overhead(const struct shot *shot)
{
	const struct lvs_binding kind = {.tun_type = shot->tun_type, .tun_flags = shot->tun_flags};

	if (shot->way != TUNNEL)
		return 0;
	return (shot->dest_family == LVS_INET ? 20 : 40) + ref_shim_len(&shot->shape, &kind);
}

/* A path that is wide, narrow, or just so. */
static inline void shot_path(struct ref_rng *rng, struct shot *shot)
{
	static const uint32_t mtus[] = {1500, 1280, 1400, 576, 9000, 65535, 100000, 296};
	uint32_t mtu = mtus[ref_below(rng, 8)];

	if (one_in(rng, 3))
		mtu = shot_piece(shot) + shot_overhead(shot) + ref_below(rng, 40) - 20;
	else if (one_in(rng, 4))
		mtu = 68 + ref_below(rng, 1500);
	shot->path = (struct lvs_path_conf){
		.size = sizeof(shot->path),
		.mtu = mtu < 68 ? 68 : mtu,
		.source = shot_addr(rng, shot->dest_family),
		.source_family = (uint8_t)shot->dest_family,
		.next_hop_family = (uint8_t)shot->dest_family,
	};
	if (shot->way == NAT_TO_HOST)
		shot->path.flags = LVS_PATH_LOCAL;
}

/* Whose connection the packet is of. */
static inline void shot_bind(struct ref_rng *rng, struct shot *shot, const struct lvs_flow *flow)
{
	struct lvs_binding *binding = &shot->binding;

	*binding = (struct lvs_binding){
		.path = &shot->path,
		.client = flow->src,
		.service = flow->dst,
		.dest = shot_addr(rng, shot->dest_family),
		.client_port = flow->src_port,
		.service_port = flow->dst_port,
		.dest_port = (lvs_be16)(flow->dst_port ^ ref_rand(rng) << 8),
		.family = (uint8_t)shot->family,
		.dest_family = (uint8_t)shot->dest_family,
		.protocol = flow->protocol,
		.pmtu_disc = !one_in(rng, 4),
		.tun_type = shot->tun_type,
		.tun_flags = shot->tun_flags,
		.tun_port = (lvs_be16)(ref_rand(rng) | 0xf0f0), /* as those above */
	};
	if (shot->way != NAT_BACK)
		return;
	binding->dest = flow->src;
	binding->dest_port = flow->src_port;
	binding->client = flow->dst;
	binding->client_port = flow->dst_port;
	binding->service = shot_addr(rng, shot->family);
	binding->service_port = (lvs_be16)(flow->src_port ^ ref_rand(rng) << 8);
}

/* Cuts as packet.h says, for a way out that carries no request. */
static inline void shot_cut(const struct lvs_packet *packet, struct ref_list *list)
{
	static uint8_t buffer[REF_MAX], segment_buffer[REF_MAX];
	bool request = packet->gso_size || packet->flags & LVS_PACKET_CSUM_PARTIAL;
	bool fragment = packet->cut == LVS_CUT_FRAGMENT;
	struct lvs_packet segment = *packet;
	int got = 1;

	list->n = list->used = 0;
	for (unsigned part = 0; got == 1; part++) {
		struct lvs_packet out = {.data = segment_buffer, .tailroom = 65535};

		if (request) {
			got = lvs_packet_segment(packet, part, &out);
			segment = out;
		} else {
			got = part == 0;
		}
		if (got < 0)
			ck_abort_msg("segment %u: %d", part, got);
		for (unsigned i = 0; got == 1 && fragment; i++) {
			out.data = buffer;
			out.tailroom = 65535;
			int more = lvs_packet_fragment(&segment, packet->cut_len, i, &out);

			if (more == 0)
				break;
			if (more < 0 || out.len > packet->cut_len)
				ck_abort_msg("fragment %u: %d, %u bytes", i, more, out.len);
			ref_list_add(list, out.data, out.len);
		}
		if (got == 1 && !fragment)
			ref_list_add(list, segment.data, segment.len);
	}
}

#endif
