/* SPDX-License-Identifier: BSD-2-Clause */
/* The little world of fuzz_director.c: few services, servers and clients, and their packets. */
#ifndef LVS_TESTS_FUZZ_DIRECTOR_FLOWS_H
#define LVS_TESTS_FUZZ_DIRECTOR_FLOWS_H

#include "director_packets.h"

enum {
	SERVICES = 10,
	GUE_PORT = 6080,
};

/* --- Keys of the little world --- */

static inline struct lvs_service_key service_key(unsigned i)
{
	static const struct {
		uint8_t family, protocol;
		uint16_t port;
	} rows[SERVICES] = {
		{LVS_INET, LVS_TCP, 80},   {LVS_INET, LVS_UDP, 80},  {LVS_INET6, LVS_TCP, 80},
		{LVS_INET6, LVS_UDP, 80},  {LVS_INET, LVS_TCP, 80},  {LVS_INET, LVS_SCTP, 80},
		{LVS_INET6, LVS_SCTP, 80}, {LVS_INET, LVS_UDP, 500}, /* IKE */
		{LVS_INET, LVS_TCP, 0},    {LVS_INET, LVS_TCP, 21},
	};
	struct lvs_service_key key = {
		.family = rows[i].family,
		.protocol = rows[i].protocol,
		.addr = addr_of(rows[i].family, 0, 1),
		.port = lvs_htons(rows[i].port),
		.fwmark = i == 4 ? 7 : 0,
	};

	return key;
}

static inline struct lvs_dest_key dest_key(unsigned bits)
{
	unsigned family = bits & 4 ? LVS_INET6 : LVS_INET;
	struct lvs_dest_key key = {
		.family = (uint8_t)family,
		.addr = addr_of(family, bits & 0x10 ? 0 : 1, bits & 3), /* 0, 1 is the service's */
		.port = bits & 8 ? lvs_htons(8080) : 0,
	};

	return key;
}

/* --- Packets --- */

/* Any of the world's ends: who sends to himself, servers as clients, services as servers. */
static inline void any_end(struct input *in, unsigned family, union lvs_addr *addr, lvs_be16 *port)
{
	static const uint16_t ports[4] = {80, 8080, 1024, 20};
	unsigned bits = take(in);

	*addr = addr_of(family, bits & 3, bits >> 2 & 3);
	*port = lvs_htons(ports[bits >> 4 & 3]);
}

/* The next packet of a connection that is there, of either side; false when there is none. */
static inline bool flow_known(struct input *in, const struct lvs_director *director, unsigned which,
			      bool reply, struct lvs_flow *flow)
{
	const struct lvs_conn_filter conns = {.size = sizeof(conns),
					      .flags = LVS_CONN_FILTER_NO_TEMPLATES};
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	bool nat;

	for (unsigned i = 0; i <= which % 8; i++)
		if (lvs_director_next_conn(director, &conns, &cursor, &info) != 1)
			return false;
	in->aim = info.dest;
	in->aim_family = info.dest_family;
	nat = info.method == LVS_METHOD_NAT;
	*flow = (struct lvs_flow){.family = info.family, .protocol = info.protocol};
	flow->src = !reply ? info.client : nat ? info.dest : info.service;
	flow->src_port = !reply ? info.client_port : nat ? info.dest_port : info.service_port;
	flow->dst = reply ? info.client : info.service;
	flow->dst_port = reply ? info.client_port : info.service_port;
	return true;
}

/* Services of every port, and FTP's, get packets to several. */
static inline lvs_be16 port_to(const struct lvs_service_key *service, unsigned who)
{
	static const uint16_t ports[4] = {80, 20, 2000, 21};

	if (service->port && service->port != lvs_htons(21))
		return service->port;
	return lvs_htons(ports[who >> 6]);
}

/* A client to a service, or one of its servers to the client. */
static inline struct lvs_flow flow_of(struct input *in, const struct lvs_director *director)
{
	unsigned bits = take(in);
	struct lvs_service_key service = service_key(bits % SERVICES);
	unsigned who = take(in);
	struct lvs_dest_key dest = dest_key((who >> 4) | (service.family == LVS_INET6 ? 4 : 0));
	struct lvs_flow flow = {
		.family = service.family,
		.protocol = service.protocol,
		.src = addr_of(service.family, 2, who & 3),
		.src_port = lvs_htons(
			(uint16_t)((who & 0xc) == 0xc && bits & 0x20 ? 20 : 1024 + (who >> 2 & 3))),
		.dst = service.addr,
		.dst_port = port_to(&service, who),
	};
	union lvs_addr client = flow.src;
	lvs_be16 client_port = flow.src_port;

	/* IKE from its own port, so that AH and ESP find it. */
	if (service.port == lvs_htons(500))
		flow.src_port = client_port = service.port;
	in->aim_family = LVS_UNSPEC;
	if ((bits & 0x88) == 0x88 && flow_known(in, director, who, bits & 0x40, &flow))
		return flow;
	if (bits < 0x80) {
		if ((bits & 0x50) == 0x50)
			any_end(in, flow.family, &flow.src, &flow.src_port);
		if ((bits & 0x60) == 0x60)
			any_end(in, flow.family, &flow.dst, &flow.dst_port);
		return flow;
	}
	flow.src = bits & 0x40 ? dest.addr : service.addr;
	flow.src_port = dest.port && bits & 0x40 ? dest.port : service.port;
	flow.dst = client;
	flow.dst_port = client_port;
	return flow;
}

/* What the offload fields are made of: nothing, what fits, anything. */
static inline void set_offload(struct input *in, struct lvs_packet *packet,
			       const struct lvs_flow *flow)
{
	unsigned bits = take(in);

	packet->mark = bits & 0x40 ? 7 : 0;
	if (bits & 1)
		packet->gso_size = (uint16_t)(bits & 0x20 ? take16(in) : 500);
	if (bits & 1)
		packet->gso_type = (uint8_t)(bits & 2 ? take(in)
						      : (flow->protocol == LVS_TCP ? LVS_GSO_TCP
										   : LVS_GSO_UDP));
	if (bits & 4) {
		packet->flags = LVS_PACKET_CSUM_PARTIAL;
		packet->csum_start = flow->family == LVS_INET6 ? 40 : 20;
		packet->csum_offset = flow->protocol == LVS_TCP    ? 16
				      : flow->protocol == LVS_SCTP ? 8
								   : 6;
	}
	if (bits & 8)
		packet->csum_start = (uint16_t)take16(in);
	if (bits & 0x10)
		packet->csum_offset = (uint16_t)take16(in);
	if (bits & 0x80)
		packet->link_type = (uint8_t)take(in);
}

/* Flips bits of a right packet; some of them with a right IPv4 header checksum. */
static inline void flip(struct input *in, uint8_t *bytes, unsigned len, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned at = take(in);

		bytes[at % len] ^= (uint8_t)take(in);
	}
	if (n & 1 && bytes[0] >> 4 == 4 && (bytes[0] & 15) * 4u <= len)
		fix_ip(bytes);
}

static inline void reverse(struct lvs_flow *flow)
{
	struct lvs_flow was = *flow;

	flow->src = was.dst;
	flow->src_port = was.dst_port;
	flow->dst = was.src;
	flow->dst_port = was.src_port;
}

/* Puts a header of @p family's IP and protocol in front of what is there; the new length. */
static inline unsigned put_in_front(uint8_t *bytes, unsigned len, const struct lvs_flow *outer,
				    unsigned more)
{
	unsigned header = (outer->family == LVS_INET6 ? 40 : 20) + more;

	memmove(bytes + header, bytes, len);
	memset(bytes, 0, header);
	write_ip(bytes, outer, header + len, 8);
	if (outer->family == LVS_INET)
		fix_ip(bytes);
	return header + len;
}

/* A tunnel of a kind around what is there; the new length. */
static inline unsigned put_tunnel(uint8_t *bytes, unsigned len, struct lvs_flow *outer,
				  unsigned inner_family, unsigned kind)
{
	static const uint8_t protocols[4] = {LVS_IPIP, LVS_UDP, LVS_GRE, LVS_GRE};
	static const uint8_t shims[4] = {0, 12, 4, 8};
	bool v6 = inner_family == LVS_INET6;
	uint8_t *shim = bytes + (outer->family == LVS_INET6 ? 40 : 20);

	outer->protocol = !kind && v6 ? LVS_IPV6 : protocols[kind];
	len = put_in_front(bytes, len, outer, shims[kind]);
	if (kind == 1) {
		lvs_store16(shim, 50000);
		lvs_store16(shim + 2, GUE_PORT);
		lvs_store16(shim + 4, (uint16_t)(bytes + len - shim));
		shim[9] = v6 ? LVS_IPV6 : LVS_IPIP;
	} else if (kind) {
		shim[0] = kind == 3 ? 0x80 : 0;
		lvs_store16(shim + 2, v6 ? 0x86dd : 0x0800);
	}
	return len;
}

/* An ICMP error about a packet of the flow (bit 1: in a tunnel), sent to whom that came from. */
static inline unsigned make_error(struct input *in, uint8_t *bytes, const struct lvs_flow *flow,
				  unsigned len, unsigned how)
{
	static const uint8_t types[8][2] = {{3, 3}, {3, 4}, {11, 0}, {3, 1},
					    {1, 4}, {2, 0}, {3, 0},  {4, 0}};
	struct lvs_flow outer = *flow;
	const uint8_t *type = types[how >> 2 & 7];
	unsigned quote = how & 0x80 ? take(in) : 576;
	uint8_t *icmp;

	if (how & 2) {
		unsigned bits = take(in);

		outer.family = how & 0x20 ? LVS_INET6 : LVS_INET;
		outer.src = addr_of(outer.family, 9, 9);
		outer.dst = dest_key(bits).addr;
		if (in->aim_family) { /* the tunnel that it is in */
			outer.family = in->aim_family;
			outer.src = addr_of(outer.family, 3, 1);
			outer.dst = in->aim;
		}
		len = put_tunnel(bytes, len, &outer, flow->family, bits >> 6);
	}
	len = quote < len ? quote : len;
	outer.dst = outer.src;
	outer.src = addr_of(outer.family, 8, how);
	outer.protocol = outer.family == LVS_INET6 ? LVS_ICMPV6 : LVS_ICMP;
	len = put_in_front(bytes, len, &outer, 8);
	icmp = bytes + (outer.family == LVS_INET6 ? 40 : 20);
	memcpy(icmp, type, 2);
	lvs_store16(icmp + 6, (uint16_t)(how & 0x40 ? take16(in) : 0));
	if (outer.family == LVS_INET6)
		lvs_store16(icmp + 2, (uint16_t)~plain_l4_sum(bytes, len));
	else
		lvs_store16(icmp + 2, (uint16_t)~plain_sum(0, bytes + 20, len - 20));
	return len;
}

static inline void from_template(struct input *in, const struct lvs_director *director,
				 struct shot *shot)
{
	static const uint16_t payloads[8] = {0, 1, 10, 101, 548, 1440, 1480, 2800};
	static const uint8_t headrooms[4] = {64, 40, 20, 0};
	struct lvs_flow flow = flow_of(in, director);
	unsigned shape = take(in);
	unsigned bits = take(in);
	unsigned flips = shape >> 6 == 3 ? take(in) % 6 : 0;
	uint8_t bytes[BYTES_MAX];
	unsigned how = shape >> 6 == 2 ? take(in) : 0;
	unsigned len;
	unsigned padding = shape & 0x20 ? 6 : 0;

	if (how & 1)
		reverse(&flow);
	if (bits & 4 && flow.src_port == lvs_htons(500))
		flow.protocol = bits & 2 && flow.family == LVS_INET ? LVS_AH : LVS_ESP;
	len = write_packet(bytes, &flow, take(in), payloads[shape & 7], bits);
	if (shape >> 6 == 2)
		len = make_error(in, bytes, &flow, len, how);
	memset(bytes + len, 0xee, padding);
	flip(in, bytes, len, flips);
	lay_out(shot, bytes, len + padding, headrooms[shape >> 3 & 3],
		bits & 0x40 ? take16(in) % 2900 : 0);
	if (bits & 0x80)
		set_offload(in, &shot->packet, &flow);
	/* IPv4 UDP without a checksum is not whole, but gets one by NAT alone. */
	shot->whole = !flips && is_whole(&shot->packet) && !padding && is_sum_right(bytes, len);
}

/* --- Fragments --- */

/* Bytes of a right packet from @p start on, as a fragment; its length. */
static inline unsigned slice(uint8_t *to, const uint8_t *from, unsigned len, unsigned start,
			     unsigned size, unsigned id)
{
	bool v6 = from[0] >> 4 == 6;
	unsigned header = v6 ? 40 : 20;
	unsigned end = start + size < len - header ? start + size : len - header;
	unsigned more = end < len - header;

	memcpy(to, from, header);
	if (v6) {
		memset(to + 40, 0, 8);
		to[40] = to[6];
		to[6] = 44;
		lvs_store16(to + 42, (uint16_t)(start | more));
		lvs_store32(to + 44, id);
		lvs_store16(to + 4, (uint16_t)(8 + end - start));
		memcpy(to + 48, from + 40 + start, end - start);
		return 48 + end - start;
	}
	lvs_store16(to + 2, (uint16_t)(20 + end - start));
	lvs_store16(to + 4, (uint16_t)id);
	lvs_store16(to + 6, (uint16_t)(start / 8 | more << 13));
	fix_ip(to);
	memcpy(to + 20, from + 20 + start, end - start);
	return 20 + end - start;
}

/* A datagram that will be sent in slices, perhaps an ICMP error; its length. */
static inline unsigned datagram(struct input *in, const struct lvs_director *director,
				uint8_t *bytes)
{
	static const uint16_t payloads[8] = {16, 24, 40, 100, 600, 1440, 2000, 2800};
	struct lvs_flow flow = flow_of(in, director);
	unsigned shape = take(in);
	unsigned how = shape & 0x40 ? take(in) : 0;
	unsigned len;

	if (how & 0x80)
		reverse(&flow);
	len = write_packet(bytes, &flow, take(in), payloads[shape & 7], shape & 0x20);
	if (how & 1)
		len = make_error(in, bytes, &flow, len, how & 0x7e);
	return len;
}

static inline void from_bytes(struct input *in, struct shot *shot)
{
	unsigned len = take(in);
	struct lvs_flow flow = {.family = LVS_INET, .protocol = LVS_TCP};
	uint8_t bytes[256];

	for (unsigned i = 0; i < len; i++)
		bytes[i] = (uint8_t)take(in);
	lay_out(shot, bytes, len, take(in), take(in));
	set_offload(in, &shot->packet, &flow);
	shot->whole = false;
}

#endif
