/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A director with a service of each kind, and random packets of their clients and servers, few
 * enough of both that things meet.
 */
#ifndef LVS_TESTS_MANY_RIG_H
#define LVS_TESTS_MANY_RIG_H

#include <stdio.h>

#include "director_rig.h"

enum {
	MANY_SERVICES = 12,
	MANY_DESTS = 3,
	MANY_CLIENTS = 3,
	MANY_WORKERS = 3,
};

struct many_row {
	const char *sched;
	enum lvs_method method;
	uint32_t flags;
	uint32_t mark;
	uint16_t port;      /* of the service; 0 with a mark, or every port */
	uint16_t dest_port; /* 0: the packet's */
	uint8_t protocol;
	uint8_t family;
	uint8_t dest_family;
	const char *pe;
};

static const struct many_row many_rows[MANY_SERVICES] = {
	{"wlc", LVS_METHOD_NAT, 0, 0, 80, 8080, LVS_TCP, LVS_INET, LVS_INET, NULL},
	{"rr", LVS_METHOD_DR, LVS_SERVICE_MSS_CLAMP, 0, 443, 443, LVS_TCP, LVS_INET, LVS_INET,
	 NULL},
	{"mh", LVS_METHOD_TUNNEL, 0, 0, 53, 53, LVS_UDP, LVS_INET, LVS_INET, NULL},
	{"wrr", LVS_METHOD_NAT, LVS_SERVICE_ONE_PACKET, 0, 123, 123, LVS_UDP, LVS_INET, LVS_INET,
	 NULL},
	{"lc", LVS_METHOD_NAT, LVS_SERVICE_PERSISTENT, 0, 81, 81, LVS_TCP, LVS_INET, LVS_INET,
	 NULL},
	{"rr", LVS_METHOD_DR, LVS_SERVICE_PERSISTENT, 0, 0, 0, LVS_TCP, LVS_INET, LVS_INET, NULL},
	{"sh", LVS_METHOD_DR, LVS_SERVICE_PERSISTENT, 7, 0, 0, LVS_TCP, LVS_INET, LVS_INET, NULL},
	{"wrr", LVS_METHOD_NAT, LVS_SERVICE_PERSISTENT, 0, 21, 21, LVS_TCP, LVS_INET, LVS_INET,
	 NULL},
	{"twos", LVS_METHOD_NAT, LVS_SERVICE_PERSISTENT, 0, 5060, 5060, LVS_UDP, LVS_INET, LVS_INET,
	 "sip"},
	{"lblcr", LVS_METHOD_NAT, 0, 0, 80, 80, LVS_TCP, LVS_INET6, LVS_INET6, NULL},
	{"sed", LVS_METHOD_TUNNEL, 0, 0, 82, 82, LVS_TCP, LVS_INET, LVS_INET6, NULL},
	{"nq", LVS_METHOD_NAT, 0, 0, 9899, 9899, LVS_SCTP, LVS_INET, LVS_INET, NULL},
};

struct many {
	struct lvs_director *director;
	struct lvs_worker *worker[MANY_WORKERS];
	uint64_t now;
};

static inline union lvs_addr many_vip(unsigned i)
{
	return many_rows[i].family == LVS_INET ? rig_addr4(192, 0, 2, 1 + i) : rig_addr6(1, 1 + i);
}

static inline struct lvs_service_key many_service(unsigned i)
{
	const struct many_row *row = &many_rows[i];
	struct lvs_service_key key = {.family = row->family, .fwmark = row->mark};

	return row->mark ? key
			 : rig_service_key(row->family, row->protocol, many_vip(i), row->port);
}

static inline struct lvs_dest_key many_dest(unsigned i, unsigned j)
{
	const struct many_row *row = &many_rows[i];

	/* Services share servers. */
	return rig_dest_key(row->dest_family,
			    row->dest_family == LVS_INET ? rig_addr4(10, 0, 0, 1 + j)
							 : rig_addr6(2, 1 + j),
			    row->dest_port);
}

/* One that looks at nothing but the flow and the load, in the place of one that remembers. */
static inline const char *many_forgetful(const char *sched)
{
	static const char *const pairs[][2] = {
		{"rr", "lc"}, {"wrr", "wlc"}, {"twos", "sh"}, {"lblcr", "dh"}};

	for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(pairs[i][0], sched) == 0)
			return pairs[i][1];
	return sched;
}

static inline void many_add(struct lvs_director *director, unsigned i, bool forgetful)
{
	const struct many_row *row = &many_rows[i];
	struct lvs_service_conf conf = {
		.size = sizeof(conf),
		.flags = row->flags,
		.sched = lvs_sched_find(forgetful ? many_forgetful(row->sched) : row->sched),
		.timeout_s = 100,
		.netmask = row->family == LVS_INET ? 0xffffffff : 128,
		.pe = row->pe ? lvs_pe_find(row->pe) : NULL,
	};
	struct lvs_service_key key = many_service(i);
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	ck_assert_msg(lvs_txn_set_service(txn, &key, &conf) == 0, "%s", lvs_txn_error(txn));
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	for (unsigned j = 0; j < MANY_DESTS; j++) {
		struct lvs_dest_key dest = many_dest(i, j);

		rig_set_dest(director, &key, &dest, row->method, 1 + (int)j);
	}
}

static inline void many_open_as(struct many *many, const struct lvs_settings *settings,
				bool forgetful)
{
	memset(many, 0, sizeof(*many));
	many->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(settings, &many->director), 0);
	for (unsigned i = 0; i < MANY_WORKERS; i++)
		ck_assert_int_eq(lvs_worker_new(many->director, &many->worker[i]), 0);
	ck_assert_int_eq(lvs_director_bind_helper(many->director, lvs_helper_find("ftp"), LVS_TCP,
						  rig_port(21)),
			 0);
	for (unsigned i = 0; i < MANY_SERVICES; i++)
		many_add(many->director, i, forgetful);
}

static inline void many_open(struct many *many, const struct lvs_settings *settings)
{
	many_open_as(many, settings, false);
}

static inline void many_close(struct many *many)
{
	for (unsigned i = 0; i < MANY_WORKERS; i++)
		lvs_worker_del(many->worker[i]);
	lvs_director_del(many->director);
}

static inline void many_payload(struct rig_packet *rig, const char *text)
{
	unsigned header = rig_header(rig->packet.data);
	unsigned l4 = rig_protocol(rig->packet.data) == LVS_TCP ? 20 : 8;

	memcpy(rig->packet.data + header + l4, text, strlen(text));
	rig_fix(rig);
}

/* What is said over a service: most of it nothing. */
static inline const char *many_text(unsigned service, uint64_t bits, bool reply)
{
	static const char *const calls[] = {"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: one\r\n\r\n",
					    "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: two\r\n\r\n"};

	if (many_rows[service].pe)
		return calls[bits & 1];
	if (many_rows[service].port != 21 || bits & 1)
		return "";
	return reply ? "227 Entering Passive Mode (10,0,0,1,4,5)\r\n" : "PORT 198,51,100,1,7,8\r\n";
}

/* A random packet: of a client, or of a server that may be its. Its kind is the same for the same
 * bits. */
static inline void many_packet(struct rig_packet *rig, uint64_t *seed)
{
	static const uint8_t tcp[8] = {LVS_TCP_SYN,
				       LVS_TCP_SYN,
				       LVS_TCP_ACK,
				       LVS_TCP_ACK,
				       LVS_TCP_ACK,
				       LVS_TCP_ACK,
				       LVS_TCP_ACK | LVS_TCP_FIN,
				       LVS_TCP_RST};
	static const uint8_t sctp[8] = {1, 1, 2, 10, 11, 7, 8, 14};
	uint64_t bits = rig_random(seed);
	unsigned i = bits % MANY_SERVICES;
	const struct many_row *row = &many_rows[i];
	bool reply = (bits >> 8 & 7) < 3, nat = row->method == LVS_METHOD_NAT;
	unsigned client = bits >> 16 & 0xff, server = bits >> 24 & 0xff;
	unsigned port = row->port ? row->port : 1000 + (bits >> 32 & 1);
	const char *text = many_text(i, bits >> 40, reply);
	struct lvs_flow flow = rig_flow(row->protocol, row->family,
					row->family == LVS_INET
						? rig_addr4(198, 51, 100, 1 + client % MANY_CLIENTS)
						: rig_addr6(3, 1 + client % MANY_CLIENTS),
					3000 + client / MANY_CLIENTS % 2, many_vip(i), port);
	unsigned flags = bits >> 48 & 7;

	if (reply) {
		struct lvs_flow back = flow;

		back.dst = flow.src;
		back.dst_port = flow.src_port;
		back.src = nat ? many_dest(i, server % MANY_DESTS).addr : flow.dst;
		back.src_port = nat ? many_dest(i, 0).port : flow.dst_port;
		flow = back;
	}
	rig_make(rig, &flow, row->protocol == LVS_SCTP ? sctp[flags] : tcp[flags],
		 text[0] ? (unsigned)strlen(text) : 4);
	/* SYN/ACK comes from servers. */
	if (reply && row->protocol == LVS_TCP && tcp[flags] == LVS_TCP_SYN)
		rig_make(rig, &flow, LVS_TCP_SYN | LVS_TCP_ACK, 4);
	else if (text[0])
		many_payload(rig, text);
	rig->packet.mark = row->mark;
	rig->packet.link_type = LVS_LINK_HOST;
}

/* Time goes on: mostly a little, sometimes so far that things end. */
static inline void many_time(struct many *many, uint64_t bits)
{
	if (bits % 256 == 0)
		many->now += (bits >> 8 & 127) * SECOND;
	else
		many->now += (bits >> 8 & 0x3ff) * 1000000;
}

#endif
