/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to become of a super-packet, done the slow way: first it is cut into ordinary packets
 * with whole checksums, then each of these is forwarded by itself, then it is fragmented if it is
 * too long. Nothing here is the library's, nothing is repaired: all sums are made from all bytes.
 */
#ifndef LVS_TESTS_SUPER_REF_H
#define LVS_TESTS_SUPER_REF_H

#include <liblvs/forward.h>

#include "packet_ref.h"
#include "unit_check.h"

enum {
	REF_ROOM = 60, /* in front, for outer headers */
	REF_PIECES = 20000,
	REF_ARENA = 8 << 20,
};

/* The ways through the director. */
enum way { NAT_OUT, NAT_BACK, NAT_TO_HOST, DR, LOCAL, TUNNEL };

/* A packet as it comes in, and where its parts lie. */
struct shape {
	const uint8_t *bytes;
	uint32_t l4, payload, len; /* from the IP header on; without padding */
	uint16_t gso_size;
	uint8_t gso_type;
	uint8_t protocol;
	bool partial;
	uint16_t gue_port; /* free to choose, but one for all that is made of it */
};

/* One ordinary packet, with room in front. */
struct ref_one {
	uint8_t room[REF_ROOM];
	uint8_t bytes[REF_MAX];
	uint8_t *data;
	uint32_t len;
};

/* Pieces in their order. */
struct ref_list {
	uint8_t arena[REF_ARENA];
	uint32_t used, n;
	struct {
		const uint8_t *data;
		uint32_t len;
	} piece[REF_PIECES];
};

static inline void ref_list_add(struct ref_list *list, const uint8_t *data, uint32_t len)
{
	/* An assertion of check that holds costs a system call. */
	if (list->n >= REF_PIECES || list->used + len > REF_ARENA)
		ck_abort_msg("%u pieces, %u bytes", list->n, list->used);
	memcpy(list->arena + list->used, data, len);
	list->piece[list->n].data = list->arena + list->used;
	list->piece[list->n++].len = len;
	list->used += len;
}

static inline bool ref_is4(const uint8_t *ip)
{
	return ip[0] >> 4 == 4;
}

static inline void ref_ip_len(uint8_t *ip, uint32_t len)
{
	if (ref_is4(ip)) {
		ref_put16(ip + 2, len);
		ref_ipv4_checksum(ip);
	} else {
		ref_put16(ip + 4, len - 40);
	}
}

static inline unsigned ref_parts(const struct shape *shape)
{
	uint32_t total = shape->len - shape->payload;

	if (!shape->gso_size || !total)
		return 1;
	return (total + shape->gso_size - 1) / shape->gso_size;
}

static inline void ref_cut_tcp(const struct shape *shape, unsigned part, bool last, uint8_t *tcp)
{
	uint32_t sequence = (uint32_t)ref_get16(tcp + 4) << 16 | ref_get16(tcp + 6);

	ref_put32(tcp + 4, sequence + part * shape->gso_size);
	if (!last)
		tcp[13] &= 0xff - LVS_TCP_FIN - LVS_TCP_PSH;
	if (part > 0 && shape->gso_type & LVS_GSO_ECN)
		tcp[13] &= 0xff - LVS_TCP_CWR;
}

/* Ordinary packet @p part of a super-packet; of another one, itself with its checksum complete. */
static inline void ref_cut(const struct shape *shape, unsigned part, struct ref_one *one)
{
	uint32_t total = shape->len - shape->payload;
	uint32_t start = part * shape->gso_size;
	uint32_t n = total - start;
	uint8_t *ip = one->data = one->bytes;
	uint8_t *l4 = ip + shape->l4;
	bool none;

	if (shape->gso_size && n > shape->gso_size)
		n = shape->gso_size;
	memcpy(ip, shape->bytes, shape->payload);
	memcpy(ip + shape->payload, shape->bytes + shape->payload + start, n);
	one->len = shape->payload + n;
	none = shape->protocol == LVS_UDP && !shape->partial && ref_get16(l4 + 6) == 0;
	if (shape->gso_size) {
		if (ref_is4(ip))
			ref_put16(ip + 4, ref_get16(ip + 4) + part);
		ref_ip_len(ip, one->len);
		if (shape->protocol == LVS_TCP)
			ref_cut_tcp(shape, part, start + n == total, l4);
		else
			ref_put16(l4 + 4, 8 + n);
	}
	if (!none)
		ref_l4_checksum(ip, l4, shape->protocol, one->len - shape->l4);
}

static inline void ref_hop(uint8_t *ip)
{
	ip[ref_is4(ip) ? 8 : 7]--;
	if (ref_is4(ip))
		ref_ipv4_checksum(ip);
}

/* Puts an address and a port in their place: the sender's, or the receiver's. */
static inline void ref_translate(const struct shape *shape, bool sender, const union lvs_addr *addr,
				 lvs_be16 port, struct ref_one *one)
{
	uint8_t *ip = one->data, *l4 = ip + shape->l4;
	bool v4 = ref_is4(ip);
	bool none = shape->protocol == LVS_UDP && ref_get16(l4 + 6) == 0;

	memcpy(ip + (v4 ? (sender ? 12 : 16) : (sender ? 8 : 24)), addr, v4 ? 4 : 16);
	memcpy(l4 + (sender ? 0 : 2), &port, 2);
	if (v4)
		ref_ipv4_checksum(ip);
	/* Where the sender left the sum out, one is filled in; IPv6 knows none without. */
	if (v4 || !none)
		ref_l4_checksum(ip, l4, shape->protocol, one->len - shape->l4);
}

static inline unsigned ref_tos(const uint8_t *ip)
{
	return ref_is4(ip) ? ip[1] : (ref_get16(ip) >> 4) & 0xff;
}

/* The identification of an outer IPv4 header: for IPv6 inside by the super-packet's own headers,
 * counted up. */
static inline uint32_t ref_outer_id(const struct shape *shape, unsigned part, const uint8_t *inner)
{
	if (ref_is4(inner))
		return ref_get16(inner + 4) + ref_sum(0, inner + 12, 8);
	return ref_sum(0, shape->bytes + 8, shape->payload - 8) + part;
}

static inline bool ref_remote(const struct shape *shape, const struct lvs_binding *binding)
{
	return binding->tun_type == LVS_TUNNEL_GUE && shape->partial &&
	       binding->tun_flags & LVS_TUNNEL_REMCSUM;
}

/* Bytes between the headers of a tunnel. */
static inline uint32_t ref_shim_len(const struct shape *shape, const struct lvs_binding *binding)
{
	switch (binding->tun_type) {
	case LVS_TUNNEL_GUE:
		return ref_remote(shape, binding) ? 20 : 12;
	case LVS_TUNNEL_GRE:
		return binding->tun_flags & LVS_TUNNEL_CSUM ? 8 : 4;
	default:
		return 0;
	}
}

/* UDP and GUE in front of the packet, the checksum still to come. */
static inline void ref_gue(const struct shape *shape, const struct lvs_binding *binding,
			   uint8_t *udp, uint32_t len)
{
	const uint8_t *inner = udp + ref_shim_len(shape, binding);

	ref_put16(udp, shape->gue_port);
	memcpy(udp + 2, &binding->tun_port, 2);
	ref_put16(udp + 4, len);
	udp[9] = ref_is4(inner) ? LVS_IPIP : LVS_IPV6;
	if (!ref_remote(shape, binding))
		return;
	udp[8] = 2;
	udp[11] = 1;
	udp[12] = 0x80;
	ref_put16(udp + 16, shape->l4);
	ref_put16(udp + 18, shape->l4 + ref_place(shape->protocol));
}

/* All that is between the headers, now that the outer one is there. */
static inline void ref_shim(const struct shape *shape, const struct lvs_binding *binding,
			    const uint8_t *outer, uint8_t *shim, uint32_t len)
{
	if (binding->tun_type == LVS_TUNNEL_GUE) {
		ref_gue(shape, binding, shim, len);
		if (binding->tun_flags & 3)
			ref_l4_checksum(outer, shim, LVS_UDP, len);
		return;
	}
	if (binding->tun_type != LVS_TUNNEL_GRE)
		return;
	ref_put16(shim + 2, ref_is4(shim + ref_shim_len(shape, binding)) ? 0x0800 : 0x86dd);
	if (!(binding->tun_flags & LVS_TUNNEL_CSUM))
		return;
	shim[0] = 0x80;
	ref_put16(shim + 4, ~ref_sum(0, shim, len));
}

static inline uint8_t ref_outer_protocol(const struct lvs_binding *binding, const uint8_t *inner)
{
	if (binding->tun_type == LVS_TUNNEL_GUE)
		return LVS_UDP;
	if (binding->tun_type == LVS_TUNNEL_GRE)
		return LVS_GRE;
	return ref_is4(inner) ? LVS_IPIP : LVS_IPV6;
}

static inline void ref_wrap(const struct shape *shape, unsigned part,
			    const struct lvs_binding *binding, struct ref_one *one)
{
	const uint8_t *inner = one->data;
	unsigned tos = ref_tos(inner), ttl = inner[ref_is4(inner) ? 8 : 7];
	bool df = ref_is4(inner) && inner[6] & 0x40 && binding->pmtu_disc;
	bool v4 = binding->dest_family == LVS_INET;
	uint32_t header = v4 ? 20 : 40, overhead = header + ref_shim_len(shape, binding);
	uint8_t *outer = one->data - overhead;

	if ((tos & 3) == 3)
		tos--;
	memset(outer, 0, overhead);
	outer[v4 ? 9 : 6] = ref_outer_protocol(binding, inner);
	outer[v4 ? 8 : 7] = (uint8_t)ttl;
	memcpy(outer + (v4 ? 12 : 8), &binding->path->source, v4 ? 4 : 16);
	memcpy(outer + (v4 ? 16 : 24), &binding->dest, v4 ? 4 : 16);
	one->len += overhead;
	one->data = outer;
	if (v4) {
		outer[0] = 0x45;
		outer[1] = (uint8_t)tos;
		ref_put16(outer + 4, ref_outer_id(shape, part, inner));
		outer[6] = df ? 0x40 : 0;
	} else {
		ref_put16(outer, 0x6000 | tos << 4);
	}
	ref_ip_len(outer, one->len);
	ref_shim(shape, binding, outer, outer + header, one->len - header);
}

static inline void ref_forward(const struct shape *shape, unsigned part, enum way way,
			       const struct lvs_binding *binding, struct ref_one *one)
{
	if (way == NAT_OUT || way == NAT_TO_HOST)
		ref_translate(shape, false, &binding->dest, binding->dest_port, one);
	else if (way == NAT_BACK)
		ref_translate(shape, true, &binding->service, binding->service_port, one);
	if (way != NAT_TO_HOST && way != LOCAL)
		ref_hop(one->data);
	if (way == TUNNEL && ref_remote(shape, binding))
		ref_l4_partial(one->data, one->data + shape->l4, shape->protocol,
			       one->len - shape->l4);
	if (way == TUNNEL)
		ref_wrap(shape, part, binding, one);
}

/* The options of later fragments: those with the copied flag, filled up. Returns their length. */
static inline unsigned ref_copied(const uint8_t *ip, uint8_t *to)
{
	unsigned end = (ip[0] & 15) * 4u, n = 0;

	memset(to, 0, 40);
	for (unsigned at = 20; at < end && ip[at] != 0;) {
		unsigned len = ip[at] == 1 ? 1 : ip[at + 1];

		if (ip[at] & 0x80) {
			memcpy(to + n, ip + at, len);
			n += len;
		}
		at += len;
	}
	return (n + 3) / 4 * 4;
}

static inline void ref_fragment4(const struct ref_one *one, uint32_t mtu, struct ref_list *list)
{
	static uint8_t out[REF_MAX];
	uint32_t header = (one->data[0] & 15) * 4u, total = one->len - header, at = 0;
	uint8_t options[40];
	unsigned options_len = ref_copied(one->data, options);

	while (at < total || at == 0) {
		uint32_t own = at ? 20 + options_len : header;
		uint32_t n = total - at <= mtu - own ? total - at : (mtu - own) / 8 * 8;

		memcpy(out, one->data, header);
		if (at)
			memcpy(out + 20, options, options_len);
		out[0] = (uint8_t)(0x40 | own / 4);
		ref_put16(out + 6, at / 8 | (at + n < total ? 0x2000u : 0));
		memcpy(out + own, one->data + header + at, n);
		ref_ip_len(out, own + n);
		ref_list_add(list, out, own + n);
		at += n;
	}
}

/* Castagnoli's CRC, bit by bit. */
static inline uint32_t ref_crc32c(const uint8_t *p, uint32_t len)
{
	uint32_t crc = 0xffffffff;

	while (len--) {
		crc ^= *p++;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static inline void ref_fragment6(const struct ref_one *one, uint32_t mtu, struct ref_list *list)
{
	static uint8_t out[REF_MAX];
	uint32_t total = one->len - 40, room = (mtu - 48) / 8 * 8;
	uint32_t id = ref_crc32c(one->data + 40, total < 64 ? total : 64);

	for (uint32_t at = 0; at < total; at += room) {
		uint32_t n = total - at < room ? total - at : room;

		memcpy(out, one->data, 40);
		out[6] = 44;
		out[40] = one->data[6];
		out[41] = 0;
		ref_put16(out + 42, at | (at + n < total ? 1 : 0));
		ref_put32(out + 44, id);
		memcpy(out + 48, one->data + 40 + at, n);
		ref_ip_len(out, 48 + n);
		ref_list_add(list, out, 48 + n);
	}
}

/* All that is to leave for a packet, way and path. */
static inline void ref_expect(const struct shape *shape, enum way way,
			      const struct lvs_binding *binding, struct ref_list *list)
{
	static struct ref_one one;

	list->n = list->used = 0;
	for (unsigned part = 0; part < ref_parts(shape); part++) {
		ref_cut(shape, part, &one);
		ref_forward(shape, part, way, binding, &one);
		if (way == LOCAL || way == NAT_TO_HOST || one.len <= binding->path->mtu)
			ref_list_add(list, one.data, one.len);
		else if (ref_is4(one.data))
			ref_fragment4(&one, binding->path->mtu, list);
		else
			ref_fragment6(&one, binding->path->mtu, list);
	}
}

#endif
