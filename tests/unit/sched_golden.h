/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The destinations and clients whose picks by the kernel's hashing schedulers are known:
 * 10.0.0.1:80 weight 1, 10.0.0.2:80 weight 1, 10.0.0.3:80 weight 2, added in that order.
 */
#ifndef LVS_TESTS_SCHED_GOLDEN_H
#define LVS_TESTS_SCHED_GOLDEN_H

#include "sched_rig.h"

#define FALLBACK LVS_SCHED_FLAG1
#define PORT LVS_SCHED_FLAG2

struct golden_client {
	uint32_t addr[4]; /* host order; IPv4 in [0] */
	uint16_t port;
	uint8_t family;
};

static inline struct lvs_flow golden_flow(const struct golden_client *client)
{
	struct lvs_flow flow = rig_flow(0, client->port);

	flow.family = client->family;
	for (unsigned i = 0; i < 4; i++)
		flow.src.word[i] = lvs_htonl(client->addr[i]);
	return flow;
}

static inline struct rig *golden_rig(const char *name, uint32_t flags)
{
	struct rig *rig = rig_new(lvs_sched_find(name), flags);

	rig_add(rig, 1, 1);
	rig_add(rig, 2, 1);
	rig_add(rig, 3, 2);
	ck_assert_int_eq(rig_commit(rig), 0);
	return rig;
}

/* The port counts with PORT alone, and for protocols that have one; without it @p name picks
 * @p plain for 192.0.2.1. */
static inline void golden_port(const char *name, int plain)
{
	static const uint8_t with_port[] = {LVS_TCP, LVS_UDP, LVS_SCTP};
	static const uint8_t without[] = {LVS_ICMP, LVS_ESP, LVS_GRE};
	struct rig *off = golden_rig(name, 0);
	struct rig *on = golden_rig(name, PORT);
	unsigned moved = 0;

	for (uint16_t port = 1; port < 200; port++) {
		struct lvs_flow flow = rig_flow(0xc0000201, port);
		int picked = rig_pick(on, &flow, 0);

		ck_assert_int_eq(rig_pick(off, &flow, 0), plain);
		moved += picked != plain;
		for (unsigned i = 0; i < LVS_ARRAY_N(with_port); i++) {
			flow.protocol = with_port[i];
			ck_assert_int_eq(rig_pick(on, &flow, 0), picked);
		}
		for (unsigned i = 0; i < LVS_ARRAY_N(without); i++) {
			flow.protocol = without[i];
			ck_assert_int_eq(rig_pick(on, &flow, 0), plain);
		}
	}
	ck_assert_uint_gt(moved, 50);
	rig_del_all(off);
	rig_del_all(on);
}

#endif
