/* SPDX-License-Identifier: BSD-2-Clause */
/* A director with persistent services: clients send, templates are looked at. */
#ifndef LVS_TESTS_PERSIST_RIG_H
#define LVS_TESTS_PERSIST_RIG_H

#include <string.h>

#include "base/byteorder.h"
#include "director_rig.h"
#include "unit.h"

#define SYN LVS_TCP_SYN
#define ACK LVS_TCP_ACK
#define FIN LVS_TCP_FIN
#define RST LVS_TCP_RST
#define HOST_MASK UINT32_MAX
#define DESTS 3

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct rig_packet rig;
	uint32_t mark; /* of the packets to come */
	uint64_t now;
};

static inline void open_world(struct world *w, const struct lvs_settings *settings)
{
	memset(w, 0, sizeof(*w));
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
}

static inline void close_world(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static inline union lvs_addr vip_of(unsigned family)
{
	return family == LVS_INET ? rig_addr4(192, 0, 2, 1) : rig_addr6(1, 1);
}

static inline struct lvs_service_key service_of(unsigned family, uint8_t protocol, unsigned port,
						uint32_t mark)
{
	struct lvs_service_key key = rig_service_key(family, protocol, vip_of(family), port);

	if (mark)
		key = (struct lvs_service_key){.fwmark = mark, .family = (uint8_t)family};
	return key;
}

/* Clients 0 to 255 are one network of 256; so are the next. */
static inline union lvs_addr client_of(unsigned family, unsigned i)
{
	return family == LVS_INET ? rig_addr4(198, 51, i >> 8, i & 255)
				  : rig_addr6(0x30 + (i >> 8), i & 255);
}

static inline struct lvs_dest_key dest_of(unsigned family, unsigned i, unsigned port)
{
	return rig_dest_key(family,
			    family == LVS_INET ? rig_addr4(10, 0, 0, 1 + i) : rig_addr6(2, 1 + i),
			    port);
}

static inline void add_dests(struct world *w, const struct lvs_service_key *service,
			     enum lvs_method method, unsigned port)
{
	for (unsigned i = 0; i < DESTS; i++) {
		struct lvs_dest_key dest = dest_of(service->family, i, port);

		rig_set_dest(w->director, service, &dest, method, 1);
	}
}

static inline enum lvs_reason push(struct world *w, const struct lvs_flow *flow, uint8_t flags)
{
	rig_make(&w->rig, flow, flags, 10);
	w->rig.packet.mark = w->mark;
	lvs_worker_process(w->worker, &w->rig.packet, 1, w->now);
	return (enum lvs_reason)w->rig.packet.reason;
}

static inline struct lvs_flow flow_of(unsigned family, uint8_t protocol, unsigned client,
				      unsigned port, unsigned to)
{
	return rig_flow(protocol, family, client_of(family, client), port, vip_of(family), to);
}

/* A SYN or a datagram, which must be scheduled; the number of the server that got it. */
static inline unsigned begin(struct world *w, const struct lvs_flow *flow)
{
	ck_assert_int_eq(push(w, flow, SYN), LVS_REASON_SCHEDULED);
	return w->rig.packet.next_hop.byte[flow->family == LVS_INET ? 3 : 15] - 1u;
}

static inline void pass(struct world *w, unsigned seconds)
{
	w->now += seconds * SECOND;
	lvs_worker_handle_expiry(w->worker, w->now, 0);
}

/* The n-th template, or connection, that is listed; false: there are not so many. */
static inline bool listed(struct world *w, uint32_t kinds, unsigned n, struct lvs_conn_info *info)
{
	struct lvs_conn_filter filter = {.size = sizeof(filter), .flags = kinds};
	struct lvs_cursor cursor = {0};

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	for (unsigned i = 0; i <= n; i++)
		if (lvs_director_next_conn(w->director, &filter, &cursor, info) != 1)
			return false;
	return true;
}

static inline bool template_at(struct world *w, unsigned n, struct lvs_conn_info *info)
{
	return listed(w, LVS_CONN_FILTER_TEMPLATES, n, info);
}

static inline unsigned count_listed(struct world *w, uint32_t kinds)
{
	struct lvs_conn_info info;
	unsigned n = 0;

	while (listed(w, kinds, n, &info))
		n++;
	return n;
}

static inline unsigned templates_n(struct world *w)
{
	return count_listed(w, LVS_CONN_FILTER_TEMPLATES);
}

static inline unsigned conns_n(struct world *w)
{
	return count_listed(w, LVS_CONN_FILTER_NO_TEMPLATES);
}

/* Seconds that are left of it, rounded to the nearest. */
static inline unsigned left_of(const struct world *w, const struct lvs_conn_info *info)
{
	return (unsigned)((info->expires_ns - w->now + SECOND / 4) / SECOND);
}

static inline unsigned persistent_of(struct world *w, const struct lvs_service_key *service,
				     unsigned dest, unsigned port)
{
	struct lvs_dest_key key = dest_of(service->family, dest, port);
	struct lvs_dest_info info;

	rig_get_dest(w->director, service, &key, &info);
	return info.persistent;
}

#endif
