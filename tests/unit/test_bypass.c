/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's cache_bypass: what comes by a mark and finds no destination goes on to its own
 * address, as a connection without a destination. */
#include <liblvs/event.h>

#include "director/worker.h"

#include "director_rig.h"
#include "unit.h"

#define MARK 7
#define SYN LVS_TCP_SYN
#define ACK LVS_TCP_ACK

struct world {
	unsigned family;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct lvs_flow flow;
	struct rig_packet rig, before;
	uint64_t now;
	/* What the lookup says of the client's aim. */
	uint32_t flags, mtu;
	bool unknown;
};

static int look_up(void *user, enum lvs_family family, const union lvs_addr *addr,
		   struct lvs_path_conf *path)
{
	const struct world *w = user;

	(void)family;
	if (memcmp(addr, &w->flow.dst, sizeof(*addr)) != 0)
		return 0;
	path->flags = w->flags;
	path->mtu = w->mtu;
	path->handle = 9;
	return w->unknown ? LVS_ERR_NO_ENTRY : 0;
}

static void build(struct world *w, unsigned family, uint8_t protocol, uint32_t settings_flags,
		  uint32_t service_flags)
{
	bool v4 = family == LVS_INET;
	struct lvs_settings settings = {
		.size = sizeof(settings), .flags = settings_flags, .max_conns = 4, .events = 64};
	struct lvs_service_conf conf = {.size = sizeof(conf),
					.flags = service_flags,
					.sched = lvs_sched_find("rr"),
					.timeout_s = 60,
					.netmask = v4 ? 0xffffffff : 128};
	struct lvs_txn *txn;

	memset(w, 0, sizeof(*w));
	w->family = family;
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(&settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = (struct lvs_service_key){.family = (uint8_t)family, .fwmark = MARK};
	w->dest = rig_dest_key(family, v4 ? rig_addr4(10, 0, 0, 1) : rig_addr6(2, 1), 80);
	w->flow = rig_flow(protocol, family, v4 ? rig_addr4(198, 51, 100, 7) : rig_addr6(3, 7),
			   40000, v4 ? rig_addr4(203, 0, 113, 5) : rig_addr6(5, 5), 80);
	ck_assert_int_eq(lvs_txn_begin(w->director, &txn), 0);
	ck_assert_msg(lvs_txn_add_service(txn, &w->service, &conf) == 0, "%s", lvs_txn_error(txn));
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	lvs_director_set_path_lookup(w->director, look_up, w);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static enum lvs_reason process(struct world *w)
{
	w->rig.packet.mark = MARK;
	w->before = w->rig;
	lvs_worker_process(w->worker, &w->rig.packet, 1, w->now);
	return (enum lvs_reason)w->rig.packet.reason;
}

static enum lvs_reason send(struct world *w, uint8_t flags)
{
	rig_make(&w->rig, &w->flow, flags, 10);
	return process(w);
}

/* What left is what came, one hop later, on its own way. */
static void expect_gone_on(const struct world *w)
{
	struct rig_packet was = w->before;
	const struct lvs_packet *packet = &w->rig.packet;

	was.packet.data = was.buffer + RIG_HEADROOM;
	was.packet.data[w->family == LVS_INET ? 8 : 7]--;
	rig_fix(&was);
	ck_assert_int_eq(packet->verdict, LVS_FORWARD);
	ck_assert_uint_eq(packet->path, 9);
	ck_assert_uint_eq(packet->next_hop_family, w->family);
	ck_assert_mem_eq(&packet->next_hop, &w->flow.dst, sizeof(packet->next_hop));
	ck_assert_uint_eq(packet->len, w->before.packet.len);
	ck_assert_mem_eq(packet->data, was.packet.data, packet->len);
}

static const unsigned families[] = {LVS_INET, LVS_INET6};

START_TEST(test_goes_on)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_service_info service = {.size = sizeof(service)};
	struct lvs_cursor cursor = {{0}}, services = {{0}};
	static const union lvs_addr nobody;
	struct world w;

	build(&w, families[_i & 1], _i & 2 ? LVS_UDP : LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	expect_gone_on(&w);
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_ESTABLISHED);
	expect_gone_on(&w);
	ck_assert_int_eq(lvs_director_next_conn(w.director, NULL, &cursor, &info), 1);
	ck_assert_uint_eq(info.method, LVS_METHOD_BYPASS);
	ck_assert_uint_eq(info.family, w.family);
	ck_assert_uint_eq(info.dest_family, w.family);
	ck_assert_uint_eq(info.dest_port, 0);
	ck_assert_mem_eq(&info.dest, &nobody, sizeof(nobody));
	ck_assert_mem_eq(&info.service, &w.flow.dst, sizeof(nobody));
	/* It counts nowhere. */
	ck_assert_int_eq(lvs_director_next_service(w.director, &services, &service), 1);
	ck_assert_uint_eq(service.stats.conns + service.stats.in_pkts + service.stats.in_bytes, 0);
	rig_check(w.director);
	/* Its end is that of any. */
	w.now += 1000 * SECOND;
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, w.now, 0), 1);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	tear_down(&w);
}
END_TEST

/* Only what is asked for, only by a mark, only to another host. */
/* As if replies were seen: the kernel's entry has no server that would say otherwise. */
START_TEST(test_states)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	struct world w;

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send(&w, LVS_TCP_FIN | ACK), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(lvs_director_next_conn(w.director, NULL, &cursor, &info), 1);
	ck_assert_str_eq(info.state, "CLOSE_WAIT");
	tear_down(&w);
}
END_TEST

START_TEST(test_refused)
{
	struct lvs_service_key plain;
	struct world w;

	build(&w, families[_i], LVS_TCP, 0, 0);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_REPLY_NO_DEST);
	tear_down(&w);

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_NOT_NEW);
	w.flags = LVS_PATH_LOCAL;
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_REPLY_NO_DEST);
	w.flags = 0;
	w.flow.dst = _i ? (union lvs_addr){.byte = {0xff, 2}} : rig_addr4(224, 0, 0, 1);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_NO_DEST);
	plain = rig_service_key(w.family, LVS_TCP, w.service.addr, 81);
	plain.addr = _i ? rig_addr6(1, 1) : rig_addr4(192, 0, 2, 1);
	rig_set_service(w.director, &plain, "rr");
	w.flow.dst = plain.addr;
	w.flow.dst_port = rig_port(81);
	rig_make(&w.rig, &w.flow, SYN, 0);
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_REPLY_NO_DEST);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	tear_down(&w);
}
END_TEST

static enum lvs_reason send_long(struct world *w, bool df)
{
	rig_make(&w->rig, &w->flow, ACK, 1300);
	if (!df) {
		w->rig.packet.data[6] = 0;
		rig_fix(&w->rig);
	}
	return process(w);
}

/* TTL, MTU and way are those of each packet's own address, as they are now. */
START_TEST(test_each_packet)
{
	struct world w;

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	w.mtu = 1300;
	ck_assert_int_eq(send_long(&w, true), LVS_REASON_REPLY_MTU);
	ck_assert_uint_eq(rig_get16(w.rig.packet.data + (_i ? 46 : 26)), 1300);
	if (!_i) {
		ck_assert_int_eq(send_long(&w, false), LVS_REASON_ESTABLISHED);
		ck_assert_uint_eq(w.rig.packet.cut, LVS_CUT_FRAGMENT);
		ck_assert_uint_eq(w.rig.packet.cut_len, 1300);
	}
	w.mtu = 0;
	ck_assert_int_eq(send_long(&w, true), LVS_REASON_ESTABLISHED);
	rig_make(&w.rig, &w.flow, ACK, 0);
	w.rig.packet.data[_i ? 7 : 8] = 1;
	rig_fix(&w.rig);
	ck_assert_int_eq(process(&w), LVS_REASON_REPLY_TTL);
	w.flags = LVS_PATH_UNREACHABLE;
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_UNREACHABLE);
	w.flags = 0;
	w.unknown = true;
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_UNREACHABLE);
	w.unknown = false;
	w.flags = LVS_PATH_LOCAL;
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_CROSS_LOCAL);
	w.flags = 0;
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_ESTABLISHED);
	tear_down(&w);
}
END_TEST

/* Replies that pass the director are the host's; errors about the packets are the sender's. */
START_TEST(test_replies)
{
	struct lvs_flow back;
	struct world w;

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	back = rig_flow(LVS_TCP, w.family, w.flow.dst, 80, w.flow.src, 40000);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &back, SYN | ACK, w.now),
			 LVS_REASON_REPLY_SEEN);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_PASS);
	tear_down(&w);
}
END_TEST

/* A destination that comes takes what is new; what there is stays; and the other way round. */
START_TEST(test_destination)
{
	struct world w;

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_DR, 1);
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_ESTABLISHED);
	expect_gone_on(&w);
	w.flow.src_port = rig_port(40001);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	ck_assert_mem_eq(&w.rig.packet.next_hop, &w.dest.addr, 16);
	rig_check(w.director);
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_DR, 0);
	w.flow.src_port = rig_port(40002);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	expect_gone_on(&w);
	tear_down(&w);
}
END_TEST

/* A client's port that is used again: the old connection makes room, without a destination too. */
START_TEST(test_again)
{
	struct world w;

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send(&w, LVS_TCP_RST), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	expect_gone_on(&w);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	tear_down(&w);
}
END_TEST

static void set_service(struct world *w, bool there)
{
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = lvs_sched_find("rr")};
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(w->director, &txn), 0);
	if (there)
		ck_assert_int_eq(lvs_txn_add_service(txn, &w->service, &conf), 0);
	else
		ck_assert_int_eq(lvs_txn_del_service(txn, &w->service), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

/* A family without a service is the host's, whatever was known of it. */
START_TEST(test_no_service)
{
	struct world w;

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	set_service(&w, false);
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_NO_SERVICE);
	set_service(&w, true);
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_ESTABLISHED);
	expect_gone_on(&w);
	tear_down(&w);
}
END_TEST

START_TEST(test_full)
{
	struct world w;

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	for (unsigned i = 0; i < 6; i++) {
		w.flow.src_port = rig_port(40000 + i);
		ck_assert_int_eq(send(&w, SYN),
				 i < 4 ? LVS_REASON_SCHEDULED : LVS_REASON_TABLE_FULL);
	}
	rig_check(w.director);
	ck_assert_int_eq(lvs_director_kill_conns(w.director, NULL), 4);
	tear_down(&w);
}
END_TEST

/* One-packet scheduling: no entry. Persistence: no template. */
START_TEST(test_flags)
{
	struct world w;

	build(&w, families[_i], LVS_UDP, LVS_SET_CACHE_BYPASS, LVS_SERVICE_ONE_PACKET);
	ck_assert_int_eq(send(&w, 0), LVS_REASON_ONE_PACKET);
	expect_gone_on(&w);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	tear_down(&w);
	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, LVS_SERVICE_PERSISTENT);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	expect_gone_on(&w);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	ck_assert_int_eq(send(&w, ACK), LVS_REASON_ESTABLISHED);
	tear_down(&w);
}
END_TEST

/* The MSS is what the packet's own way takes. */
START_TEST(test_clamp)
{
	static const uint8_t mss[4] = {2, 4, 1460 >> 8, 1460 & 255};
	struct world w;
	uint8_t *tcp;

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, LVS_SERVICE_MSS_CLAMP);
	w.mtu = 1400;
	rig_make(&w.rig, &w.flow, SYN, 4);
	tcp = w.rig.packet.data + (_i ? 40 : 20);
	tcp[12] = 6 << 4;
	memcpy(tcp + 20, mss, 4);
	rig_fix(&w.rig);
	ck_assert_int_eq(process(&w), LVS_REASON_SCHEDULED);
	ck_assert(rig_sums_right(w.rig.packet.data, w.rig.packet.len));
	ck_assert_uint_eq(rig_get16(tcp + 22), 1400 - (_i ? 60 : 40));
	tear_down(&w);
}
END_TEST

/* A look makes nothing and tells the same; events have a connection, and no destination. */
START_TEST(test_told)
{
	static const struct lvs_dest_key nobody;
	struct lvs_record record;
	struct lvs_event event[8];
	struct world w;

	build(&w, families[_i], LVS_TCP, LVS_SET_CACHE_BYPASS, 0);
	rig_make(&w.rig, &w.flow, SYN, 0);
	w.rig.packet.mark = MARK;
	lvs_worker_peek(w.worker, &w.rig.packet, w.now, &record);
	ck_assert_int_eq(record.reason, LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(record.dest, 0);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	ck_assert_uint_eq(lvs_worker_events(w.worker, event, 8), 0);
	ck_assert_int_eq(send(&w, SYN), LVS_REASON_SCHEDULED);
	w.now += 1000 * SECOND;
	lvs_worker_handle_expiry(w.worker, w.now, 0);
	ck_assert_uint_eq(lvs_worker_events(w.worker, event, 8), 2);
	ck_assert_int_eq(event[0].type, LVS_EVENT_MADE);
	ck_assert_int_eq(event[1].type, LVS_EVENT_GONE);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_mem_eq(&event[i].client, &w.flow.src, sizeof(w.flow.src));
		ck_assert_mem_eq(&event[i].addr, &w.flow.dst, sizeof(w.flow.dst));
		ck_assert_mem_eq(&event[i].dest.addr, &nobody.addr, sizeof(nobody.addr));
	}
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("bypass");

	tcase_add_loop_test(tcase, test_goes_on, 0, 4);

	tcase_add_loop_test(tcase, test_states, 0, 2);
	tcase_add_loop_test(tcase, test_refused, 0, 2);
	tcase_add_loop_test(tcase, test_each_packet, 0, 2);
	tcase_add_loop_test(tcase, test_replies, 0, 2);
	tcase_add_loop_test(tcase, test_destination, 0, 2);
	tcase_add_loop_test(tcase, test_no_service, 0, 2);
	tcase_add_loop_test(tcase, test_again, 0, 2);
	tcase_add_loop_test(tcase, test_full, 0, 2);
	tcase_add_loop_test(tcase, test_flags, 0, 2);
	tcase_add_loop_test(tcase, test_clamp, 0, 2);
	tcase_add_loop_test(tcase, test_told, 0, 2);
	return unit_run("bypass", tcase);
}
