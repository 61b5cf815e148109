/* SPDX-License-Identifier: BSD-2-Clause */
/* A director with one service of SCTP and one server, for tests over families and methods. */
#ifndef LVS_TESTS_SCTP_RIG_H
#define LVS_TESTS_SCTP_RIG_H

#include "packet/sctp.h"

#include "director_rig.h"
#include "unit.h"

#define INIT LVS_SCTP_INIT
#define DATA LVS_SCTP_DATA
#define ABORT LVS_SCTP_ABORT

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct lvs_flow out;  /* client to service */
	struct lvs_flow back; /* server, or service, to client */
	struct rig_packet rig;
	uint64_t now;
};

/* What a test is run over: the loop's number. */
static const struct setup {
	unsigned family;
	enum lvs_method method;
	unsigned port; /* of the server; the service's is 80 */
} setups[] = {
	{LVS_INET, LVS_METHOD_NAT, 8080},  {LVS_INET6, LVS_METHOD_NAT, 8080},
	{LVS_INET, LVS_METHOD_NAT, 80},    {LVS_INET6, LVS_METHOD_NAT, 80},
	{LVS_INET, LVS_METHOD_DR, 80},     {LVS_INET6, LVS_METHOD_DR, 80},
	{LVS_INET, LVS_METHOD_TUNNEL, 80}, {LVS_INET6, LVS_METHOD_TUNNEL, 80},
};
#define SETUPS ((int)(sizeof(setups) / sizeof(setups[0])))
#define NATS 4

static inline void build(struct world *w, const struct setup *setup,
			 const struct lvs_settings *settings)
{
	bool v4 = setup->family == LVS_INET, nat = setup->method == LVS_METHOD_NAT;
	union lvs_addr vip = v4 ? rig_addr4(192, 0, 2, 1) : rig_addr6(1, 1);
	union lvs_addr rip = v4 ? rig_addr4(10, 0, 0, 1) : rig_addr6(2, 1);
	union lvs_addr cip = v4 ? rig_addr4(198, 51, 100, 7) : rig_addr6(3, 7);

	memset(w, 0, sizeof(*w));
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(setup->family, LVS_SCTP, vip, 80);
	w->dest = rig_dest_key(setup->family, rip, setup->port);
	rig_set_service(w->director, &w->service, "rr");
	rig_set_dest(w->director, &w->service, &w->dest, setup->method, 1);
	w->out = rig_flow(LVS_SCTP, setup->family, cip, 40000, vip, 80);
	w->back = rig_flow(LVS_SCTP, setup->family, nat ? rip : vip, setup->port, cip, 40000);
}

static inline void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static inline enum lvs_reason send(struct world *w, const struct lvs_flow *flow, unsigned chunk)
{
	return rig_send(w->worker, &w->rig, flow, (uint8_t)chunk, w->now);
}

static inline void get_conn(struct world *w, struct lvs_conn_info *info)
{
	struct lvs_cursor cursor = {0};

	info->size = sizeof(*info);
	ck_assert_int_eq(lvs_director_next_conn(w->director, NULL, &cursor, info), 1);
}

static inline void expect(struct world *w, const char *state, unsigned timeout_s, bool active)
{
	uint64_t most = w->now + (timeout_s + 1) * SECOND;
	struct lvs_dest_info dest;
	struct lvs_conn_info info;

	get_conn(w, &info);
	ck_assert_str_eq(info.state, state);
	ck_assert_uint_eq(info.protocol, LVS_SCTP);
	ck_assert_uint_eq(info.active, active);
	ck_assert(info.expires_ns > w->now + timeout_s * SECOND && info.expires_ns < most);
	rig_get_dest(w->director, &w->service, &w->dest, &dest);
	ck_assert_uint_eq(dest.active, active);
	ck_assert_uint_eq(dest.inactive, !active);
}

/* Where the IP packet of a flow is in what left: behind a tunnel's header. */
static inline const uint8_t *inner(const struct world *w, unsigned *len)
{
	const struct lvs_packet *packet = &w->rig.packet;
	uint8_t protocol = rig_protocol(packet->data);
	unsigned outer = protocol == LVS_SCTP ? 0 : rig_header(packet->data);

	*len = packet->len - outer;
	return packet->data + outer;
}

static inline bool is_right(const struct world *w)
{
	unsigned len;
	const uint8_t *ip = inner(w, &len);

	return rig_sums_right(ip, len);
}

#endif
