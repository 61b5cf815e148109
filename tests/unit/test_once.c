/* SPDX-License-Identifier: BSD-2-Clause */
/* One-packet scheduling: each packet of UDP is a connection for itself, and in no table. */
#include <string.h>

#include "base/byteorder.h"
#include "director/worker.h"
#include "frag_world.h"

#define DESTS 3
#define NAT_PORT 8080

struct site {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest[DESTS];
	struct lvs_flow flow; /* client to service */
	struct rig_packet rig;
};

static const struct way {
	unsigned family;
	enum lvs_method method;
	uint32_t mark;
} ways[] = {
	{LVS_INET, LVS_METHOD_NAT, 0},    {LVS_INET6, LVS_METHOD_NAT, 0},
	{LVS_INET, LVS_METHOD_DR, 0},     {LVS_INET6, LVS_METHOD_DR, 0},
	{LVS_INET, LVS_METHOD_TUNNEL, 0}, {LVS_INET6, LVS_METHOD_TUNNEL, 0},
	{LVS_INET, LVS_METHOD_NAT, 7},    {LVS_INET6, LVS_METHOD_TUNNEL, 7},
};
#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static union lvs_addr addr(unsigned family, unsigned net, unsigned host)
{
	return family == LVS_INET ? rig_addr4(10, 0, net, host) : rig_addr6(net, host);
}

static void build(struct site *s, const struct lvs_settings *settings, const struct way *way)
{
	union lvs_addr vip = addr(way->family, 1, 1);

	memset(s, 0, sizeof(*s));
	ck_assert_int_eq(lvs_director_new(settings, &s->director), 0);
	ck_assert_int_eq(lvs_worker_new(s->director, &s->worker), 0);
	s->service = rig_service_key(way->family, LVS_UDP, vip, 53);
	s->service.fwmark = way->mark;
	rig_set_service_flags(s->director, &s->service, "rr", LVS_SERVICE_ONE_PACKET);
	for (unsigned i = 0; i < DESTS; i++) {
		s->dest[i] =
			rig_dest_key(way->family, addr(way->family, 2, 1 + i),
				     way->mark ? 0 : (way->method == LVS_METHOD_NAT ? 8080 : 53));
		rig_set_dest(s->director, &s->service, &s->dest[i], way->method, 1);
	}
	s->flow = rig_flow(LVS_UDP, way->family, addr(way->family, 3, 7), 4000, vip, 53);
}

static void tear_down(struct site *s)
{
	rig_check(s->director);
	lvs_worker_del(s->worker);
	lvs_director_del(s->director);
}

static enum lvs_reason send(struct site *s, const struct lvs_flow *flow, uint32_t mark)
{
	rig_make(&s->rig, flow, LVS_TCP_SYN, 10);
	s->rig.packet.mark = mark;
	lvs_worker_process(s->worker, &s->rig.packet, 1, SECOND);
	return (enum lvs_reason)s->rig.packet.reason;
}

static void expect_counts(struct site *s, unsigned i, unsigned conns)
{
	struct lvs_dest_info info;

	rig_get_dest(s->director, &s->service, &s->dest[i], &info);
	ck_assert_uint_eq(info.stats.conns, conns);
	ck_assert_uint_eq(info.stats.in_pkts, conns);
	ck_assert_uint_eq(info.stats.out_pkts, 0);
	ck_assert_uint_eq(info.active + info.inactive + info.persistent, 0);
}

/* The servers take turns, packet by packet of one flow. */
START_TEST(test_each_by_itself)
{
	const struct way *way = &ways[_i];
	struct site s;

	build(&s, NULL, way);
	for (unsigned i = 0; i < 2 * DESTS; i++) {
		/* the newest first */
		const struct lvs_dest_key *dest = &s.dest[DESTS - 1 - i % DESTS];

		check_reason(send(&s, &s.flow, way->mark), LVS_REASON_ONE_PACKET);
		ck_assert_int_eq(s.rig.packet.verdict, LVS_FORWARD);
		ck_assert_mem_eq(&s.rig.packet.next_hop, &dest->addr, sizeof(dest->addr));
		ck_assert_uint_eq(s.rig.packet.conn, 0);
		if (way->method == LVS_METHOD_NAT)
			ck_assert(rig_sums_right(s.rig.packet.data, s.rig.packet.len));
		ck_assert_uint_eq(lvs_director_conn_n(s.director), 0);
	}
	for (unsigned i = 0; i < DESTS; i++)
		expect_counts(&s, i, 2);
	tear_down(&s);
}
END_TEST

/* Nothing is known that could translate a reply: it is the host's, as it is. */
START_TEST(test_reply_passes)
{
	struct lvs_flow back;
	struct rig_packet before;
	struct site s;

	build(&s, NULL, &ways[_i]);
	check_reason(send(&s, &s.flow, 0), LVS_REASON_ONE_PACKET);
	back = rig_flow(LVS_UDP, s.flow.family, s.dest[DESTS - 1].addr, NAT_PORT, s.flow.src, 4000);
	rig_make(&before, &back, 0, 10);
	check_reason(send(&s, &back, 0), LVS_REASON_NO_SERVICE);
	ck_assert_mem_eq(s.rig.packet.data, before.packet.data, before.packet.len);
	tear_down(&s);
}
END_TEST

/* A mark brings packets of any protocol; those of TCP have connections as ever. */
START_TEST(test_udp_alone)
{
	const struct way way = {LVS_INET, LVS_METHOD_DR, 7};
	struct site s;

	build(&s, NULL, &way);
	check_reason(send(&s, &s.flow, 7), LVS_REASON_ONE_PACKET);
	s.flow.protocol = LVS_TCP;
	check_reason(send(&s, &s.flow, 7), LVS_REASON_SCHEDULED);
	check_reason(send(&s, &s.flow, 7), LVS_REASON_ESTABLISHED);
	ck_assert_uint_eq(lvs_director_conn_n(s.director), 1);
	tear_down(&s);
}
END_TEST

/* An edit is for what is scheduled from then on. */
START_TEST(test_edited)
{
	struct site s;

	build(&s, NULL, &ways[0]);
	rig_set_service(s.director, &s.service, "rr");
	check_reason(send(&s, &s.flow, 0), LVS_REASON_SCHEDULED);
	rig_set_service_flags(s.director, &s.service, "rr", LVS_SERVICE_ONE_PACKET);
	check_reason(send(&s, &s.flow, 0), LVS_REASON_ESTABLISHED);
	lvs_director_kill_conns(s.director, NULL);
	check_reason(send(&s, &s.flow, 0), LVS_REASON_ONE_PACKET);
	tear_down(&s);
}
END_TEST

/* It needs no room, whatever the policy. */
START_TEST(test_full_table)
{
	static const uint32_t policies[] = {LVS_FULL_REFUSE, LVS_FULL_EVICT, LVS_FULL_UNTRACKED};
	struct lvs_settings settings = {
		.size = sizeof(settings), .max_conns = 1, .full_policy = policies[_i]};
	const struct way way = {LVS_INET, LVS_METHOD_DR, 7};
	struct lvs_flow tcp;
	struct site s;

	build(&s, &settings, &way);
	tcp = s.flow;
	tcp.protocol = LVS_TCP;
	check_reason(send(&s, &tcp, 7), LVS_REASON_SCHEDULED);
	check_reason(send(&s, &s.flow, 7), LVS_REASON_ONE_PACKET);
	ck_assert_uint_eq(lvs_director_conn_n(s.director), 1);
	tear_down(&s);
}
END_TEST

/* For the length of a packet its destination has one connection more: thresholds see it. */
START_TEST(test_thresholds)
{
	struct lvs_settings settings = {.size = sizeof(settings), .events = 16};
	struct lvs_dest_conf conf = {.size = sizeof(conf), .weight = 1, .upper = 1};
	struct lvs_event events[16];
	struct lvs_txn *txn;
	struct site s;

	build(&s, &settings, &ways[0]);
	lvs_txn_begin(s.director, &txn);
	for (unsigned i = 0; i < DESTS; i++)
		ck_assert_int_eq(lvs_txn_set_dest(txn, &s.service, &s.dest[i], &conf), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	for (unsigned i = 0; i < 2; i++) {
		check_reason(send(&s, &s.flow, 0), LVS_REASON_ONE_PACKET);
		ck_assert_uint_eq(lvs_worker_events(s.worker, events, 16), 2);
		ck_assert_uint_eq(events[0].type, LVS_EVENT_OVERLOAD_SET);
		ck_assert_uint_eq(events[1].type, LVS_EVENT_OVERLOAD_CLEARED);
		ck_assert_mem_eq(&events[1].dest, &s.dest[DESTS - 1 - i], sizeof(s.dest[0]));
	}
	tear_down(&s);
}
END_TEST

/* What cannot go leaves no trace but its counts; without a destination the sender is told. */
START_TEST(test_refused)
{
	struct site s;

	build(&s, NULL, &ways[0]);
	rig_make(&s.rig, &s.flow, 0, 10);
	s.rig.packet.data[8] = 1; /* TTL */
	rig_fix(&s.rig);
	lvs_worker_process(s.worker, &s.rig.packet, 1, SECOND);
	check_reason(s.rig.packet.reason, LVS_REASON_REPLY_TTL);
	expect_counts(&s, DESTS - 1, 1);
	for (unsigned i = 0; i < DESTS; i++)
		rig_del_dest(s.director, &s.service, &s.dest[i]);
	check_reason(send(&s, &s.flow, 0), LVS_REASON_REPLY_NO_DEST);
	tear_down(&s);
}
END_TEST

START_TEST(test_peek)
{
	static struct rig_packet peeked;
	struct lvs_record record;
	struct site s;

	build(&s, NULL, &ways[_i]);
	for (unsigned i = 0; i < 2; i++) {
		rig_make(&peeked, &s.flow, LVS_TCP_SYN, 10);
		peeked.packet.mark = ways[_i].mark;
		lvs_worker_peek(s.worker, &peeked.packet, SECOND, &record);
		check_reason(record.reason, LVS_REASON_ONE_PACKET);
		ck_assert(record.word_after & LVS_CONN_ONE_PACKET);
		ck_assert_mem_eq(&peeked.packet.next_hop, &s.dest[DESTS - 1].addr,
				 sizeof(union lvs_addr));
	}
	expect_counts(&s, DESTS - 1, 0);
	check_reason(send(&s, &s.flow, ways[_i].mark), LVS_REASON_ONE_PACKET);
	ck_assert_mem_eq(s.rig.packet.data, peeked.packet.data, peeked.packet.len);
	tear_down(&s);
}
END_TEST

/* --- Fragments: the others go where the first went, and take no turn --- */

static void use_once(struct world *w, unsigned family, unsigned i)
{
	struct lvs_service_key service =
		rig_service_key(family, LVS_UDP, world_addr(family, 0, i + 1), 80);
	struct lvs_dest_key other =
		rig_dest_key(family, world_addr(family, 1, 77), i == 0 ? 8081 : 80);

	rig_set_service_flags(w->director, &service, "rr", LVS_SERVICE_ONE_PACKET);
	rig_set_dest(w->director, &service, &other, world_methods[i], 1);
}

static void expect_at(const struct lvs_packet *packet, enum lvs_method method,
		      const union lvs_addr *server)
{
	unsigned family = packet->data[0] >> 4 == 6 ? LVS_INET6 : LVS_INET;
	unsigned at = family == LVS_INET6 ? 24 : 16;

	if (method == LVS_METHOD_LOCAL) {
		check_reason(packet->reason, LVS_REASON_LOCAL);
		return;
	}
	check_reason(packet->reason, LVS_REASON_ONE_PACKET);
	ck_assert_mem_eq(&packet->next_hop, server, sizeof(*server));
	if (method != LVS_METHOD_DR)
		ck_assert_mem_eq(packet->data + at, server, lvs_addr_len(family));
}

START_TEST(test_fragments)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	unsigned i = (unsigned)_i >> 1;
	struct frag_recipe recipe = world_recipe(family, LVS_UDP, i + 1, 192);
	union lvs_addr server[2] = {world_addr(family, 1, 77), world_addr(family, 1, i + 1)};
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	use_once(&w, family, i);
	for (unsigned turn = 0; turn < 4; turn++) {
		recipe.id++;
		frag_make(&whole, &recipe);
		check_reason(world_send(&w, 0, &whole, 128, 200), LVS_REASON_FRAGMENT_HELD);
		world_send(&w, 1, &whole, 0, 64);
		expect_at(&w.buffer.packet, world_methods[i], &server[turn % 2]);
		ck_assert_uint_eq(w.out_n, 1);
		expect_at(&w.out[0], world_methods[i], &server[turn % 2]);
		world_send(&w, 0, &whole, 64, 128);
		expect_at(&w.buffer.packet, world_methods[i], &server[turn % 2]);
	}
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	world_close(&w);
}
END_TEST

/* From port 0 each datagram makes a connection that none of its later packets finds. */
START_TEST(test_fragments_port_0)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	unsigned i = (unsigned)_i >> 1;
	struct frag_recipe recipe = world_recipe(family, LVS_UDP, i + 1, 192);
	union lvs_addr server = world_addr(family, 1, i + 1);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	recipe.flow.src_port = 0;
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 128, 200), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 1, &whole, 0, 64), world_methods[i] == LVS_METHOD_LOCAL
							       ? LVS_REASON_LOCAL
							       : LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(w.out_n, 1);
	expect_at(&w.out[0], world_methods[i], &server);
	world_send(&w, 0, &whole, 64, 128);
	expect_at(&w.buffer.packet, world_methods[i], &server);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	world_close(&w);
}
END_TEST

/* Its sender has left the checksum out: for NAT all parts are needed, elsewhere none. */
START_TEST(test_fragments_checksum)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, (unsigned)_i + 1, 192);
	static struct frag_whole whole;
	struct world w;
	enum lvs_reason first;

	world_open(&w, NULL, "rr");
	use_once(&w, LVS_INET, (unsigned)_i);
	recipe.no_checksum = true;
	frag_make(&whole, &recipe);
	first = world_send(&w, 0, &whole, 0, 64);
	if (_i) {
		ck_assert_int_ne(first, LVS_REASON_FRAGMENT_HELD);
	} else {
		check_reason(first, LVS_REASON_FRAGMENT_HELD);
		check_reason(world_send(&w, 0, &whole, 64, 200), LVS_REASON_FRAGMENT_HELD);
		ck_assert_uint_eq(w.out_n, 2);
		check_reason(w.out[0].reason, LVS_REASON_ONE_PACKET);
		ck_assert_uint_ne(rig_get16(w.out[0].data + 26), 0);
	}
	world_close(&w);
}
END_TEST

/* Between two parts the destination goes, or the service. */
START_TEST(test_fragments_gone)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 192);
	struct lvs_service_key service =
		rig_service_key(LVS_INET, LVS_UDP, world_addr(LVS_INET, 0, 1), 80);
	struct lvs_dest_key other = rig_dest_key(LVS_INET, world_addr(LVS_INET, 1, 77), 8081);
	static struct frag_whole whole;
	struct lvs_txn *txn;
	struct world w;

	world_open(&w, NULL, "rr");
	use_once(&w, LVS_INET, 0);
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_ONE_PACKET);
	if (_i == 0) {
		rig_del_dest(w.director, &service, &other);
	} else {
		lvs_txn_begin(w.director, &txn);
		ck_assert_int_eq(lvs_txn_del_service(txn, &service), 0);
		ck_assert_int_eq(lvs_txn_commit(txn), 0);
	}
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT_STRAY);
	world_close(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("once");

	tcase_add_loop_test(tcase, test_each_by_itself, 0, WAYS);
	tcase_add_loop_test(tcase, test_reply_passes, 0, 2);
	tcase_add_test(tcase, test_udp_alone);
	tcase_add_test(tcase, test_edited);
	tcase_add_loop_test(tcase, test_full_table, 0, 3);
	tcase_add_test(tcase, test_thresholds);
	tcase_add_test(tcase, test_refused);
	tcase_add_loop_test(tcase, test_peek, 0, WAYS);
	tcase_add_loop_test(tcase, test_fragments, 0, 8);
	tcase_add_loop_test(tcase, test_fragments_port_0, 0, 8);
	tcase_add_loop_test(tcase, test_fragments_checksum, 0, 4);
	tcase_add_loop_test(tcase, test_fragments_gone, 0, 2);
	return unit_run("once", tcase);
}
