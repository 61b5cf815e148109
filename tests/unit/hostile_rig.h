/* SPDX-License-Identifier: BSD-2-Clause */
/* A director with every method, and packets of any length in memory of exactly their size. */
#ifndef LVS_TESTS_HOSTILE_RIG_H
#define LVS_TESTS_HOSTILE_RIG_H

#include <stdlib.h>

#include "director_rig.h"

enum {
	HEADROOM = 64,
	METHODS = 3,
};

/* A director with a service of each protocol for each family and method: port 80 NAT, 81 DR,
 * 82 IPIP; paths carry the longest packets there are. */
struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	uint64_t now;
};

static const enum lvs_method methods[METHODS] = {LVS_METHOD_NAT, LVS_METHOD_DR, LVS_METHOD_TUNNEL};

static inline union lvs_addr addr(unsigned family, unsigned net, unsigned host)
{
	return family == LVS_INET ? rig_addr4(10, 0, net, host) : rig_addr6(net, host);
}

static inline void add(struct world *w, unsigned family, uint8_t protocol, unsigned i)
{
	struct lvs_service_key service =
		rig_service_key(family, protocol, addr(family, 0, 1), 80 + i);
	struct lvs_dest_key dest = rig_dest_key(family, addr(family, 1, 1 + i), i ? 80 + i : 8080);

	rig_set_service(w->director, &service, "rr");
	rig_set_dest(w->director, &service, &dest, methods[i], 1);
}

static inline void set_mtu(struct world *w, uint32_t mtu)
{
	static const uint8_t families[] = {LVS_INET, LVS_INET6};

	for (unsigned i = 0; i < 2 * METHODS; i++) {
		unsigned family = families[i % 2];
		union lvs_addr dest = addr(family, 1, 1 + i / 2);
		struct lvs_path_conf path = {
			.size = sizeof(path),
			.mtu = mtu,
			.source = addr(family, 3, 1),
			.source_family = (uint8_t)family,
		};

		ck_assert_int_eq(
			lvs_director_set_path(w->director, (enum lvs_family)family, &dest, &path),
			0);
	}
}

static inline void build(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->now = SECOND;
	ck_assert_int_eq(lvs_director_new(NULL, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	for (unsigned i = 0; i < METHODS; i++) {
		add(w, LVS_INET, LVS_TCP, i);
		add(w, LVS_INET, LVS_UDP, i);
		add(w, LVS_INET6, LVS_TCP, i);
		add(w, LVS_INET6, LVS_UDP, i);
	}
	set_mtu(w, 0x7fffffff);
}

static inline void tear_down(struct world *w)
{
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static inline struct lvs_flow flow_to(unsigned family, uint8_t protocol, unsigned i)
{
	return rig_flow(protocol, family, addr(family, 2, 1), 40000, addr(family, 0, 1), 80 + i);
}

/* A packet of any length in memory of exactly its size. */
struct big {
	uint8_t *memory;
	struct lvs_packet packet;
};

static inline void big_make(struct big *big, const struct lvs_flow *flow, unsigned headroom,
			    unsigned len)
{
	unsigned ip_len = flow->family == LVS_INET6 ? 40 : 20;
	uint8_t *ip;

	memset(big, 0, sizeof(*big));
	big->memory = calloc(1, headroom + len);
	ck_assert_ptr_nonnull(big->memory);
	ip = big->memory + headroom;
	rig_ip(ip, flow, len - ip_len);
	memcpy(ip + ip_len, &flow->src_port, 2);
	memcpy(ip + ip_len + 2, &flow->dst_port, 2);
	if (flow->protocol == LVS_TCP) {
		ip[ip_len + 12] = 0x50;
		ip[ip_len + 13] = LVS_TCP_SYN;
	} else {
		rig_put16(ip + ip_len + 4, len - ip_len);
	}
	for (unsigned i = ip_len + 20; i < len; i++)
		ip[i] = (uint8_t)(i * 31 + (i >> 8));
	big->packet = (struct lvs_packet){
		.data = ip, .len = len, .linear_len = len, .headroom = (uint16_t)headroom};
	if (flow->family == LVS_INET)
		rig_fix_ip(ip);
	rig_fix_l4(ip, len);
}

/* One packet; what was not forwarded is as it was. */
static inline enum lvs_reason big_send(struct world *w, struct big *big)
{
	struct lvs_packet before = big->packet;
	uint32_t room = before.headroom + before.linear_len;
	uint8_t *copy = malloc(room + 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, big->memory, room);
	lvs_worker_process(w->worker, &big->packet, 1, w->now);
	if (big->packet.verdict != LVS_FORWARD) {
		ck_assert_ptr_eq(big->packet.data, before.data);
		ck_assert_uint_eq(big->packet.len, before.len);
		ck_assert_uint_eq(big->packet.flags, before.flags);
		ck_assert_mem_eq(copy, big->memory, room);
	}
	free(copy);
	return (enum lvs_reason)big->packet.reason;
}

#endif
