/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that are not to be balanced: of servers that nobody waits for, and of a director that is
 * a backup. What is expected was asked of a running kernel. */
#include "icmp_rig.h"

static const struct lvs_settings *with_flags(struct lvs_settings *settings, uint32_t flags)
{
	*settings = (struct lvs_settings){.size = sizeof(*settings), .flags = flags};
	return settings;
}

static const struct {
	unsigned family;
	uint8_t protocol;
} kinds[] = {{LVS_INET, LVS_TCP}, {LVS_INET, LVS_UDP}, {LVS_INET6, LVS_TCP}, {LVS_INET6, LVS_UDP}};

static void build_nat(struct world *w, int i, uint32_t flags)
{
	struct lvs_settings settings;

	build(w, with_flags(&settings, flags), kinds[i].family, kinds[i].protocol, LVS_METHOD_NAT);
}

/* From the server's port to a client that has no connection. */
static struct lvs_flow stray_of(const struct world *w)
{
	struct lvs_flow flow = reversed(&w->server);

	flow.dst_port = rig_port(5555);
	return flow;
}

static union lvs_addr own, server;

static int way(void *user, enum lvs_family family, const union lvs_addr *addr,
	       struct lvs_path_conf *path)
{
	const uint32_t *flags = user; /* of all ways but the server's */

	path->source = own;
	path->source_family = (uint8_t)family;
	path->flags = memcmp(addr, &server, family == LVS_INET ? 4 : 16) ? *flags : 0;
	return 0;
}

START_TEST(server_is_told)
{
	unsigned family = kinds[_i].family;
	bool v6 = family == LVS_INET6;
	unsigned ttl = ip_len(family) + 8 + (v6 ? 7 : 8);
	uint32_t flags = 0;
	struct lvs_flow stray;
	struct world w;

	build_nat(&w, _i, LVS_SET_NAT_ICMP_SEND);
	own = v6 ? rig_addr6(9, 9) : rig_addr4(10, 0, 0, 99);
	server = w.dest.addr;
	lvs_director_set_path_lookup(w.director, way, &flags);
	stray = stray_of(&w);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, ACK, w.now),
			 LVS_REASON_REPLY_SERVER_STRAY);
	expect_error(&w, &own, &stray.src, v6 ? 1 : 3, v6 ? 4 : 3);
	expect_quoted(&w, &stray);
	ck_assert_uint_eq(w.rig.packet.data[ttl], 63);
	/* To this host: it has taken no hop off it, and answers as who was asked. */
	flags = LVS_PATH_LOCAL;
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, ACK, w.now),
			 LVS_REASON_REPLY_SERVER_STRAY);
	expect_error(&w, &stray.dst, &stray.src, v6 ? 1 : 3, v6 ? 4 : 3);
	ck_assert_uint_eq(w.rig.packet.data[ttl], 64);
	tear_down(&w);
}
END_TEST

/* What has a connection, refuses, is no server's, or what the host would not route. */
START_TEST(server_is_not_told)
{
	bool tcp = kinds[_i].protocol == LVS_TCP;
	struct lvs_flow stray, other, reply;
	uint32_t flags = LVS_PATH_UNREACHABLE;
	struct world w;

	build_nat(&w, _i, LVS_SET_NAT_ICMP_SEND);
	stray = stray_of(&w);
	reply = reversed(&w.server);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &reply, ACK, w.now), LVS_REASON_REPLY);
	if (tcp)
		ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, LVS_TCP_RST | ACK, w.now),
				 LVS_REASON_NOT_NEW);
	other = stray;
	other.src_port = rig_port(8081);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &other, ACK, w.now),
			 tcp ? LVS_REASON_NOT_NEW : LVS_REASON_NO_SERVICE);
	other = stray;
	other.protocol = tcp ? LVS_UDP : LVS_TCP;
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &other, ACK, w.now),
			 tcp ? LVS_REASON_NO_SERVICE : LVS_REASON_NOT_NEW);
	rig_make(&w.rig, &stray, ACK, 10);
	w.rig.packet.data[stray.family == LVS_INET6 ? 7 : 8] = 1;
	if (stray.family == LVS_INET)
		rig_fix_ip(w.rig.packet.data);
	ck_assert_int_eq(process(&w), tcp ? LVS_REASON_NOT_NEW : LVS_REASON_NO_SERVICE);
	lvs_director_set_path_lookup(w.director, way, &flags);
	rig_make(&w.rig, &stray, ACK, 10);
	ck_assert_int_eq(process(&w), tcp ? LVS_REASON_NOT_NEW : LVS_REASON_NO_SERVICE);
	lvs_director_set_path_lookup(w.director, NULL, NULL);
	/* Of weight 0 it still is one, removed or by another method it is not. */
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_NAT, 0);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, ACK, w.now),
			 LVS_REASON_REPLY_SERVER_STRAY);
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_DR, 1);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, ACK, w.now),
			 tcp ? LVS_REASON_NOT_NEW : LVS_REASON_NO_SERVICE);
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_NAT, 1);
	rig_del_dest(w.director, &w.service, &w.dest);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, ACK, w.now),
			 tcp ? LVS_REASON_NOT_NEW : LVS_REASON_NO_SERVICE);
	rig_check(w.director);
	tear_down(&w);
}
END_TEST

START_TEST(off_by_default)
{
	struct lvs_flow stray;
	struct world w;

	build_nat(&w, 0, 0);
	stray = stray_of(&w);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, ACK, w.now), LVS_REASON_NOT_NEW);
	tear_down(&w);
}
END_TEST

/* A service by mark is of any protocol; two services may share a server. */
START_TEST(servers_of_marks)
{
	struct lvs_service_key mark = {.family = LVS_INET, .fwmark = 7};
	struct lvs_flow stray;
	struct lvs_txn *txn;
	struct world w;

	build_nat(&w, 0, LVS_SET_NAT_ICMP_SEND);
	rig_set_service(w.director, &mark, "rr");
	stray = stray_of(&w);
	stray.protocol = LVS_UDP;
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, 0, w.now), LVS_REASON_NO_SERVICE);
	rig_set_dest(w.director, &mark, &w.dest, LVS_METHOD_NAT, 1);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, 0, w.now),
			 LVS_REASON_REPLY_SERVER_STRAY);
	ck_assert_int_eq(lvs_txn_begin(w.director, &txn), 0);
	ck_assert_int_eq(lvs_txn_del_service(txn, &mark), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, 0, w.now), LVS_REASON_NO_SERVICE);
	stray.protocol = LVS_TCP;
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &stray, ACK, w.now),
			 LVS_REASON_REPLY_SERVER_STRAY);
	rig_check(w.director);
	tear_down(&w);
}
END_TEST

/* Limits hold the answer back, the packet is gone all the same. */
START_TEST(limited)
{
	struct lvs_flow stray;
	struct world w;
	unsigned told = 0;

	build_nat(&w, 0, LVS_SET_NAT_ICMP_SEND);
	stray = stray_of(&w);
	for (unsigned i = 0; i < 20; i++) {
		told += rig_send(w.worker, &w.rig, &stray, ACK, w.now) ==
			LVS_REASON_REPLY_SERVER_STRAY;
		ck_assert_int_ne(w.rig.packet.verdict, LVS_PASS);
	}
	ck_assert_uint_eq(told, 6);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_SERVER_STRAY);
	tear_down(&w);
}
END_TEST

static enum lvs_reason expect_peek(struct world *w, const struct lvs_flow *flow, uint8_t flags)
{
	struct lvs_record record;

	rig_make(&w->rig, flow, flags, 10);
	lvs_worker_peek(w->worker, &w->rig.packet, w->now, &record);
	ck_assert_int_eq(rig_send(w->worker, &w->rig, flow, flags, w->now), record.reason);
	return record.reason;
}

/* All is the host's but replies, and errors about requests. */
START_TEST(backup)
{
	bool v6 = kinds[_i].family == LVS_INET6;
	struct lvs_flow fresh, reply, back;
	struct world w;

	build_nat(&w, _i, LVS_SET_BACKUP_ONLY);
	fresh = w.out;
	fresh.src_port = rig_port(41000);
	reply = reversed(&w.server);
	back = reversed(&w.out);
	ck_assert_int_eq(expect_peek(&w, &w.out, ACK), LVS_REASON_ESTABLISHED);
	lvs_director_set_backup(w.director, 1);
	ck_assert_int_eq(expect_peek(&w, &fresh, SYN), LVS_REASON_BACKUP);
	ck_assert_int_eq(expect_peek(&w, &w.out, ACK), LVS_REASON_BACKUP);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_PASS);
	ck_assert_int_eq(expect_peek(&w, &reply, SYN | ACK), LVS_REASON_REPLY);
	ck_assert_int_eq(error_about(&w, &back, v6 ? 1 : 3, 3, 0), LVS_REASON_BACKUP);
	ck_assert_int_eq(error_about(&w, &w.server, v6 ? 1 : 3, 3, 0), LVS_REASON_ICMP_REPLY);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	lvs_director_set_backup(w.director, 0);
	ck_assert_int_eq(expect_peek(&w, &w.out, ACK), LVS_REASON_ESTABLISHED);
	tear_down(&w);
	/* Without the setting it is no matter. */
	build_nat(&w, _i, 0);
	lvs_director_set_backup(w.director, 1);
	ck_assert_int_eq(expect_peek(&w, &w.out, ACK), LVS_REASON_ESTABLISHED);
	tear_down(&w);
}
END_TEST

/* A batch is decided as its packets one by one; whatever is no IP is told by what it is. */
START_TEST(backup_batch)
{
	struct rig_packet rig[80];
	struct lvs_packet packets[80];
	struct world w;

	build_nat(&w, 0, LVS_SET_BACKUP_ONLY | LVS_SET_NAT_ICMP_SEND);
	lvs_director_set_backup(w.director, 1);
	for (unsigned i = 0; i < 80; i++) {
		struct lvs_flow reply = reversed(&w.server), stray = stray_of(&w);

		rig_make(&rig[i], i % 3 == 0 ? &w.out : i % 3 == 1 ? &reply : &stray, ACK, 10);
		packets[i] = rig[i].packet;
		if (i % 20 == 19)
			packets[i].data[0] = 0;
	}
	lvs_worker_process(w.worker, packets, 80, w.now);
	for (unsigned i = 0; i < 80; i++) {
		static const enum lvs_reason expected[] = {LVS_REASON_BACKUP, LVS_REASON_REPLY,
							   LVS_REASON_SERVER_STRAY};
		enum lvs_reason reason = (enum lvs_reason)packets[i].reason;

		if (i % 20 == 19)
			ck_assert_int_eq(reason, LVS_REASON_NOT_IP);
		else if (reason != LVS_REASON_REPLY_SERVER_STRAY)
			ck_assert_int_eq(reason, expected[i % 3]);
	}
	tear_down(&w);
}
END_TEST

/* Tunnels: an error about our own packet is the host's, too. */
START_TEST(backup_tunnel)
{
	struct lvs_settings settings;
	union lvs_addr router = rig_addr4(10, 0, 0, 99);
	struct world w;

	build(&w, with_flags(&settings, LVS_SET_BACKUP_ONLY), LVS_INET, LVS_TCP, LVS_METHOD_TUNNEL);
	rig_make(&w.quoted, &w.out, ACK, 20);
	lvs_worker_process(w.worker, &w.quoted.packet, 1, w.now);
	lvs_director_set_backup(w.director, 1);
	make_error(&w.rig, &router, &w.quoted, w.quoted.packet.len, 3, 1, 0);
	ck_assert_int_eq(process(&w), LVS_REASON_ICMP);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_PASS);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("aside");
	int n = (int)LVS_ARRAY_N(kinds);

	tcase_add_loop_test(tcase, server_is_told, 0, n);
	tcase_add_loop_test(tcase, server_is_not_told, 0, n);
	tcase_add_test(tcase, off_by_default);
	tcase_add_test(tcase, servers_of_marks);
	tcase_add_test(tcase, limited);
	tcase_add_loop_test(tcase, backup, 0, n);
	tcase_add_test(tcase, backup_batch);
	tcase_add_test(tcase, backup_tunnel);
	return unit_run("aside", tcase);
}
