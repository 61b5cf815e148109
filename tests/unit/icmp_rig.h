/* SPDX-License-Identifier: BSD-2-Clause */
/* A director with one connection, and ICMP errors about its packets. */
#ifndef LVS_TESTS_ICMP_RIG_H
#define LVS_TESTS_ICMP_RIG_H

#include <string.h>

#include "director/worker.h"

#include "director_rig.h"
#include "unit.h"

#define SYN LVS_TCP_SYN
#define ACK LVS_TCP_ACK

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct lvs_flow out;    /* client to service */
	struct lvs_flow server; /* client to destination */
	struct rig_packet rig;
	struct rig_packet quoted;
	uint64_t now;
};

static inline void build(struct world *w, const struct lvs_settings *settings, unsigned family,
			 uint8_t protocol, enum lvs_method method)
{
	union lvs_addr vip = family == LVS_INET ? rig_addr4(192, 0, 2, 1) : rig_addr6(1, 1);
	union lvs_addr rip = family == LVS_INET ? rig_addr4(10, 0, 0, 1) : rig_addr6(2, 1);
	union lvs_addr cip = family == LVS_INET ? rig_addr4(198, 51, 100, 7) : rig_addr6(3, 7);
	unsigned port = method == LVS_METHOD_NAT ? 8080 : 80;

	memset(w, 0, sizeof(*w));
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(family, protocol, vip, 80);
	w->dest = rig_dest_key(family, rip, port);
	rig_set_service(w->director, &w->service, "rr");
	rig_set_dest(w->director, &w->service, &w->dest, method, 1);
	w->out = rig_flow(protocol, family, cip, 40000, vip, 80);
	w->server = rig_flow(protocol, family, cip, 40000, rip, port);
	ck_assert_int_eq(rig_send(w->worker, &w->rig, &w->out, SYN, w->now), LVS_REASON_SCHEDULED);
}

static inline void tear_down(struct world *w)
{
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static inline struct lvs_flow reversed(const struct lvs_flow *flow)
{
	struct lvs_flow back = *flow;

	back.src = flow->dst;
	back.dst = flow->src;
	back.src_port = flow->dst_port;
	back.dst_port = flow->src_port;
	return back;
}

static inline unsigned ip_len(unsigned family)
{
	return family == LVS_INET6 ? 40 : 20;
}

/* The plain sum over an ICMP message; 0xffff where its checksum is right. */
static inline uint32_t icmp_sum(const uint8_t *ip, unsigned len)
{
	if (ip[0] >> 4 == 6)
		return rig_l4_sum(ip, len);
	return rig_sum(0, ip + 20, len - 20);
}

/* An error from @p from to the sender of what it quotes, of which there are @p quote bytes. */
static inline void make_error(struct rig_packet *rig, const union lvs_addr *from,
			      const struct rig_packet *quoted, unsigned quote, unsigned type,
			      unsigned code, unsigned info)
{
	unsigned family = quoted->packet.data[0] >> 4 == 6 ? LVS_INET6 : LVS_INET;
	struct lvs_flow flow = {.src = *from, .family = (uint8_t)family};
	unsigned header = ip_len(family);
	uint8_t *ip = rig->buffer + RIG_HEADROOM;

	memset(rig, 0, sizeof(*rig));
	memcpy(&flow.dst, quoted->packet.data + (family == LVS_INET6 ? 8 : 12),
	       family == LVS_INET6 ? 16 : 4);
	flow.protocol = family == LVS_INET6 ? LVS_ICMPV6 : LVS_ICMP;
	rig_ip(ip, &flow, 8 + quote);
	ip[header] = (uint8_t)type;
	ip[header + 1] = (uint8_t)code;
	rig_put16(ip + header + 6, info);
	memcpy(ip + header + 8, quoted->packet.data, quote);
	rig->packet.data = ip;
	rig->packet.len = rig->packet.linear_len = header + 8 + quote;
	rig->packet.headroom = RIG_HEADROOM;
	rig->packet.tailroom = (uint16_t)(RIG_SIZE - rig->packet.len);
	if (family == LVS_INET)
		rig_fix_ip(ip);
	rig_put16(ip + header + 2, ~icmp_sum(ip, rig->packet.len) & 0xffff);
}

static inline enum lvs_reason process(struct world *w)
{
	lvs_worker_process(w->worker, &w->rig.packet, 1, w->now);
	return (enum lvs_reason)w->rig.packet.reason;
}

static inline enum lvs_reason error_about(struct world *w, const struct lvs_flow *flow,
					  unsigned type, unsigned code, unsigned info)
{
	rig_make(&w->quoted, flow, ACK, 20);
	make_error(&w->rig, &w->dest.addr, &w->quoted, w->quoted.packet.len, type, code, info);
	return process(w);
}

/* Every sum of an error that left is right, and it comes from and goes where it should. */
static inline void expect_error(const struct world *w, const union lvs_addr *src,
				const union lvs_addr *dst, unsigned type, unsigned code)
{
	const uint8_t *ip = w->rig.packet.data;
	bool v6 = ip[0] >> 4 == 6;
	unsigned header = v6 ? 40 : 20;

	ck_assert_mem_eq(ip + (v6 ? 8 : 12), src, v6 ? 16 : 4);
	ck_assert_mem_eq(ip + (v6 ? 24 : 16), dst, v6 ? 16 : 4);
	ck_assert_uint_eq(w->rig.packet.len, w->rig.packet.linear_len);
	ck_assert_uint_eq(rig_get16(ip + (v6 ? 4 : 2)), w->rig.packet.len - (v6 ? 40 : 0));
	if (!v6)
		ck_assert_uint_eq(rig_sum(0, ip, 20), 0xffff);
	ck_assert_uint_eq(icmp_sum(ip, w->rig.packet.len), 0xffff);
	ck_assert_uint_eq(ip[header], type);
	ck_assert_uint_eq(ip[header + 1], code);
	ck_assert_mem_eq(&w->rig.packet.next_hop, dst, v6 ? 16 : 4);
}

/* What an error quotes is a packet of this flow. */
static inline void expect_quoted(const struct world *w, const struct lvs_flow *flow)
{
	unsigned header = ip_len(flow->family);
	const uint8_t *ip = w->rig.packet.data + header + 8;
	bool v6 = flow->family == LVS_INET6;

	if (!v6)
		ck_assert_uint_eq(rig_sum(0, ip, 20), 0xffff);
	ck_assert_mem_eq(ip + (v6 ? 8 : 12), &flow->src, v6 ? 16 : 4);
	ck_assert_mem_eq(ip + (v6 ? 24 : 16), &flow->dst, v6 ? 16 : 4);
	ck_assert_mem_eq(ip + header, &flow->src_port, 2);
	ck_assert_mem_eq(ip + header + 2, &flow->dst_port, 2);
}

static inline void set_mtu(struct world *w, uint32_t mtu)
{
	struct lvs_path_conf path = {
		.size = sizeof(path),
		.mtu = mtu,
		.source = w->dest.family == LVS_INET ? rig_addr4(10, 0, 0, 254) : rig_addr6(9, 254),
		.source_family = w->dest.family,
	};

	ck_assert_int_eq(lvs_director_set_path(w->director, (enum lvs_family)w->dest.family,
					       &w->dest.addr, &path),
			 0);
}

/* A packet of so many bytes in all to the service. */
static inline enum lvs_reason send_len(struct world *w, unsigned len)
{
	rig_make(&w->rig, &w->out, ACK, len - ip_len(w->out.family) - 20);
	return process(w);
}

/* An error about what we wrapped in @p family's header; @p quote bytes of it. */
static inline enum lvs_reason tunnel_error(struct world *w, unsigned type, unsigned code,
					   unsigned info, bool df, unsigned quote)
{
	union lvs_addr router =
		w->dest.family == LVS_INET ? rig_addr4(10, 0, 0, 99) : rig_addr6(9, 99);

	rig_make(&w->quoted, &w->out, ACK, 20);
	if (!df) {
		w->quoted.packet.data[6] = 0;
		rig_fix_ip(w->quoted.packet.data);
	}
	lvs_worker_process(w->worker, &w->quoted.packet, 1, w->now);
	ck_assert_int_eq(w->quoted.packet.reason, LVS_REASON_ESTABLISHED);
	make_error(&w->rig, &router, &w->quoted,
		   quote < w->quoted.packet.len ? quote : w->quoted.packet.len, type, code, info);
	return process(w);
}

#endif
