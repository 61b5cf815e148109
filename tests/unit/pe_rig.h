/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams with a text in them, and a service of SIP's. */
#ifndef LVS_TESTS_PE_RIG_H
#define LVS_TESTS_PE_RIG_H

#include <stdio.h>

#include "persist_rig.h"

#define SIP_PORT 5060

/* A request with a Call-ID, in @p text of 128 bytes, which is returned. */
static inline const char *call(const char *id, char *text)
{
	snprintf(text, 128, "OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\nCall-ID: %s\r\n\r\n", id);
	return text;
}

static inline void make_text(struct rig_packet *rig, const struct lvs_flow *flow, const char *text)
{
	unsigned ip_len = flow->family == LVS_INET6 ? 40 : 20;

	rig_make(rig, flow, SYN, (unsigned)strlen(text));
	if (flow->protocol == LVS_UDP)
		memcpy(rig->packet.data + ip_len + 8, text, strlen(text));
	rig_fix(rig);
}

static inline enum lvs_reason push_text(struct world *w, const struct lvs_flow *flow,
					const char *text)
{
	make_text(&w->rig, flow, text);
	w->rig.packet.mark = w->mark;
	lvs_worker_process(w->worker, &w->rig.packet, 1, w->now);
	return (enum lvs_reason)w->rig.packet.reason;
}

/* The number of the server that got it. */
static inline unsigned got_by(const struct world *w, unsigned family)
{
	return w->rig.packet.next_hop.byte[family == LVS_INET ? 3 : 15] - 1u;
}

/* A datagram of @p client's from @p port, with a Call-ID: which server gets it. */
static inline unsigned call_from(struct world *w, unsigned family, unsigned client, unsigned port,
				 const char *id)
{
	struct lvs_flow flow = flow_of(family, LVS_UDP, client, port, SIP_PORT);
	char text[128];
	enum lvs_reason reason = push_text(w, &flow, call(id, text));

	ck_assert(reason == LVS_REASON_SCHEDULED || reason == LVS_REASON_ONE_PACKET);
	return got_by(w, family);
}

static inline int set_engine(struct lvs_director *director, const struct lvs_service_key *key,
			     const struct lvs_pe_ops *pe, uint32_t flags, uint32_t netmask)
{
	struct lvs_service_conf conf = {
		.size = sizeof(conf),
		.flags = flags,
		.sched = lvs_sched_find("rr"),
		.timeout_s = 100,
		.netmask = netmask,
		.pe = pe,
	};
	struct lvs_txn *txn;
	int err = lvs_txn_begin(director, &txn);

	if (err)
		return err;
	err = lvs_txn_set_service(txn, key, &conf);
	if (err) {
		lvs_txn_abort(txn);
		return err;
	}
	return lvs_txn_commit(txn);
}

/* SIP's service with three servers by NAT; who calls sticks by its own address. */
static inline void open_sip(struct world *w, unsigned family, uint32_t flags)
{
	struct lvs_service_key key = service_of(family, LVS_UDP, SIP_PORT, 0);

	open_world(w, NULL);
	ck_assert_int_eq(set_engine(w->director, &key, lvs_pe_find("sip"), flags,
				    family == LVS_INET ? HOST_MASK : 128),
			 0);
	add_dests(w, &key, LVS_METHOD_NAT, SIP_PORT);
}

#endif
