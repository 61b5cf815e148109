/* SPDX-License-Identifier: BSD-2-Clause */
/* What stays on this host: real servers that are this host, what must not cross between its own and
 * other addresses, and protocols that are not balanced. */
#include "director_rig.h"
#include "unit.h"

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct lvs_flow flow;
	struct rig_packet rig;
	struct rig_packet before;
	bool service_local; /* what the lookup says of the service's address */
};

static int look_up(void *user, enum lvs_family family, const union lvs_addr *addr,
		   struct lvs_path_conf *path)
{
	const struct world *w = user;

	if (family == w->service.family && !memcmp(addr, &w->service.addr, sizeof(*addr)))
		path->flags = w->service_local ? LVS_PATH_LOCAL : 0;
	return 0;
}

static void set_path(struct world *w, uint32_t flags)
{
	struct lvs_path_conf path = {
		.size = sizeof(path),
		.flags = flags,
		.source = w->dest.family == LVS_INET ? rig_addr4(10, 0, 0, 254) : rig_addr6(9, 254),
		.source_family = w->dest.family,
	};

	ck_assert_int_eq(lvs_director_set_path(w->director, (enum lvs_family)w->dest.family,
					       &w->dest.addr, &path),
			 0);
}

static void build(struct world *w, unsigned family, enum lvs_method method, union lvs_addr dest)
{
	union lvs_addr vip = family == LVS_INET ? rig_addr4(192, 0, 2, 1) : rig_addr6(1, 1);
	union lvs_addr client = family == LVS_INET ? rig_addr4(198, 51, 100, 7) : rig_addr6(3, 7);

	memset(w, 0, sizeof(*w));
	ck_assert_int_eq(lvs_director_new(NULL, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(family, LVS_TCP, vip, 80);
	w->dest = rig_dest_key(family, dest, method == LVS_METHOD_NAT ? 8080 : 80);
	w->flow = rig_flow(LVS_TCP, family, client, 40000, vip, 80);
	rig_set_service(w->director, &w->service, "rr");
	rig_set_dest(w->director, &w->service, &w->dest, method, 1);
	set_path(w, LVS_PATH_LOCAL);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static enum lvs_reason send(struct world *w, uint8_t flags, unsigned ttl, unsigned payload,
			    unsigned link_type)
{
	uint8_t *ip;

	rig_make(&w->rig, &w->flow, flags, payload);
	ip = w->rig.packet.data;
	ip[w->flow.family == LVS_INET ? 8 : 7] = (uint8_t)ttl;
	rig_fix(&w->rig);
	w->rig.packet.link_type = (uint8_t)link_type;
	w->before = w->rig;
	lvs_worker_process(w->worker, &w->rig.packet, 1, SECOND);
	return (enum lvs_reason)w->rig.packet.reason;
}

static union lvs_addr host_addr(unsigned family)
{
	return family == LVS_INET ? rig_addr4(10, 0, 0, 1) : rig_addr6(2, 1);
}

static const enum lvs_method methods[] = {LVS_METHOD_NAT, LVS_METHOD_LOCAL, LVS_METHOD_DR,
					  LVS_METHOD_TUNNEL};

/* A server that is this host gets every packet, whatever its TTL and length: by NAT translated,
 * else as it came. The connection counts as any. */
START_TEST(test_host_serves)
{
	unsigned family = _i % 2 ? LVS_INET6 : LVS_INET;
	enum lvs_method method = methods[_i / 2];
	struct lvs_dest_info info;
	struct lvs_headers headers;
	struct world w;

	build(&w, family, method, host_addr(family));
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(send(&w, i ? LVS_TCP_ACK : LVS_TCP_SYN, 1, i ? 1900 : 0, 0),
				 LVS_REASON_LOCAL);
		ck_assert_int_eq(w.rig.packet.verdict, LVS_PASS);
		ck_assert_uint_ne(w.rig.packet.conn, 0);
		ck_assert_uint_eq(w.rig.packet.cut, LVS_CUT_NONE);
		if (method != LVS_METHOD_NAT) {
			ck_assert_mem_eq(w.rig.buffer, w.before.buffer, sizeof(w.rig.buffer));
			continue;
		}
		ck_assert(rig_sums_right(w.rig.packet.data, w.rig.packet.len));
		ck_assert_int_eq(lvs_packet_parse(&w.rig.packet, &headers), LVS_REASON_NONE);
		ck_assert_mem_eq(&headers.flow.dst, &w.dest.addr, 16);
		ck_assert_uint_eq(headers.flow.dst_port, rig_port(8080));
		ck_assert_uint_eq(headers.ttl, 1);
	}
	rig_get_dest(w.director, &w.service, &w.dest, &info);
	ck_assert_uint_eq(info.active + info.inactive, 1);
	ck_assert_uint_eq(info.stats.in_pkts, 3);
	/* The address goes to another host, and with it what there is; and back. */
	set_path(&w, 0);
	if (method != LVS_METHOD_LOCAL) {
		ck_assert_int_eq(send(&w, LVS_TCP_ACK, 2, 0, 0), LVS_REASON_ESTABLISHED);
		ck_assert_int_eq(send(&w, LVS_TCP_ACK, 1, 0, 0), LVS_REASON_REPLY_TTL);
	}
	set_path(&w, LVS_PATH_LOCAL);
	ck_assert_int_eq(send(&w, LVS_TCP_ACK, 1, 0, 0), LVS_REASON_LOCAL);
	tear_down(&w);
}
END_TEST

/* What was made here and was to leave stays only where it comes in at an address of this host:
 * always by NAT, else when the service's is one. */
START_TEST(test_crossing)
{
	unsigned family = _i % 2 ? LVS_INET6 : LVS_INET;
	enum lvs_method method = methods[_i / 2];
	bool moves = method == LVS_METHOD_DR || method == LVS_METHOD_TUNNEL;
	struct world w;

	build(&w, family, method, host_addr(family));
	/* Nobody can say: it is left alone. */
	ck_assert_int_eq(send(&w, LVS_TCP_SYN, 64, 0, LVS_LINK_SELF), LVS_REASON_LOCAL);
	lvs_director_set_path_lookup(w.director, look_up, &w);
	ck_assert_int_eq(send(&w, LVS_TCP_ACK, 64, 0, LVS_LINK_SELF),
			 moves ? LVS_REASON_CROSS_LOCAL : LVS_REASON_LOCAL);
	ck_assert_int_eq(w.rig.packet.verdict, moves ? LVS_DROP : LVS_PASS);
	ck_assert_int_eq(send(&w, LVS_TCP_ACK, 64, 0, LVS_LINK_HOST), LVS_REASON_LOCAL);
	w.service_local = true;
	ck_assert_int_eq(send(&w, LVS_TCP_ACK, 64, 0, LVS_LINK_SELF), LVS_REASON_LOCAL);
	tear_down(&w);
}
END_TEST

/* The loopback address is a server for what this host sends itself. */
START_TEST(test_loopback)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	union lvs_addr loopback = {.byte = {[15] = 1}};
	struct world w;

	build(&w, family, LVS_METHOD_NAT, _i ? loopback : rig_addr4(127, 0, 0, 1));
	ck_assert_int_eq(send(&w, LVS_TCP_SYN, 64, 0, LVS_LINK_HOST), LVS_REASON_CROSS_LOCAL);
	ck_assert_int_eq(send(&w, LVS_TCP_SYN, 64, 0, LVS_LINK_SELF), LVS_REASON_LOCAL);
	ck_assert(rig_sums_right(w.rig.packet.data, w.rig.packet.len));
	tear_down(&w);
}
END_TEST

/* From the loopback address nothing comes in from outside; what was made here is this host's
 * affair. */
START_TEST(test_martian)
{
	unsigned family = _i % 2 ? LVS_INET6 : LVS_INET;
	union lvs_addr loopback6 = {.byte = {[15] = 1}};
	struct world w;

	build(&w, family, methods[_i / 2], host_addr(family));
	w.flow.src = family == LVS_INET6 ? loopback6 : rig_addr4(127, 1, 2, 3);
	ck_assert_int_eq(send(&w, LVS_TCP_SYN, 64, 0, LVS_LINK_HOST), LVS_REASON_CROSS_LOCAL);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	ck_assert_int_eq(send(&w, LVS_TCP_SYN, 64, 0, LVS_LINK_SELF), LVS_REASON_LOCAL);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	tear_down(&w);
}
END_TEST

static const struct {
	uint8_t protocol;
	bool tunnel; /* one that ignore_tunneled is about */
} protocols[] = {{LVS_IPIP, true}, {LVS_IPV6, true},  {LVS_GRE, true}, {103, true},
		 {LVS_ESP, false}, {LVS_ICMP, false}, {LVS_TCP, false}};

/* Packets of other protocols pass, by a reason of their own where what they hold is not to come in
 * again; fragments of them too. */
START_TEST(test_tunneled)
{
	struct lvs_settings settings = {
		.size = sizeof(settings),
		.flags = _i % 2 ? LVS_SET_IGNORE_TUNNELED : 0,
	};
	unsigned n = (unsigned)_i / 2;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_flow flow = {.family = LVS_INET, .protocol = protocols[n].protocol};
	bool marked = protocols[n].tunnel && _i % 2;

	flow.src = rig_addr4(198, 51, 100, 7);
	flow.dst = rig_addr4(192, 0, 2, 1);
	ck_assert_int_eq(lvs_director_new(&settings, &director), 0);
	ck_assert_int_eq(lvs_worker_new(director, &worker), 0);
	for (unsigned fragment = 0; fragment < 2; fragment++) {
		struct rig_packet rig = {.buffer = {0}};
		uint8_t *ip = rig.buffer + RIG_HEADROOM;

		rig_ip(ip, &flow, 40);
		ip[6] = fragment ? 0x20 : 0;
		ip[20 + 12] = 0x50; /* TCP's header length, whatever it is */
		rig_fix_ip(ip);
		rig.packet.data = ip;
		rig.packet.len = rig.packet.linear_len = 60;
		lvs_worker_process(worker, &rig.packet, 1, SECOND);
		ck_assert_int_eq(rig.packet.reason == LVS_REASON_TUNNELED, marked);
		if (protocols[n].tunnel)
			ck_assert_int_eq(rig.packet.verdict, LVS_PASS);
	}
	lvs_worker_del(worker);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("local");

	tcase_add_loop_test(tcase, test_host_serves, 0, 8);
	tcase_add_loop_test(tcase, test_crossing, 0, 8);
	tcase_add_loop_test(tcase, test_loopback, 0, 2);
	tcase_add_loop_test(tcase, test_martian, 0, 8);
	tcase_add_loop_test(tcase, test_tunneled, 0,
			    2 * (int)(sizeof(protocols) / sizeof(protocols[0])));
	return unit_run("local", tcase);
}
