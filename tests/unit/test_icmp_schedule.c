/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP errors about flows without a connection, with schedule_icmp: as a running kernel does. */
#include "alloc_rig.h"
#include "icmp_rig.h"

static const struct {
	unsigned family;
	uint8_t protocol;
	enum lvs_method method;
} worlds[] = {
	{LVS_INET, LVS_TCP, LVS_METHOD_NAT},  {LVS_INET, LVS_UDP, LVS_METHOD_NAT},
	{LVS_INET, LVS_TCP, LVS_METHOD_DR},   {LVS_INET, LVS_TCP, LVS_METHOD_TUNNEL},
	{LVS_INET6, LVS_TCP, LVS_METHOD_NAT}, {LVS_INET6, LVS_UDP, LVS_METHOD_DR},
	{LVS_INET6, LVS_TCP, LVS_METHOD_DR},  {LVS_INET6, LVS_UDP, LVS_METHOD_TUNNEL},
};

static struct lvs_settings on(void)
{
	return (struct lvs_settings){.size = sizeof(struct lvs_settings),
				     .flags = LVS_SET_SCHEDULE_ICMP};
}

/* The connection that build() makes is gone. */
static void build_quiet(struct world *w, int i, const struct lvs_settings *settings)
{
	build(w, settings, worlds[i].family, worlds[i].protocol, worlds[i].method);
	ck_assert_int_eq(lvs_director_kill_conns(w->director, NULL), 1);
	ck_assert_int_eq(lvs_director_zero(w->director, NULL), 0);
}

/* From a router at the client's side: about what the service sent to the client. */
static enum lvs_reason error_to_service(struct world *w, unsigned client_port)
{
	bool v6 = w->out.family == LVS_INET6;
	struct lvs_flow back = reversed(&w->out);

	back.dst_port = rig_port(client_port);
	return error_about(w, &back, v6 ? 2 : 3, v6 ? 0 : 4, 1300);
}

static void expect_conn(const struct world *w, const char *state, uint64_t seconds)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	ck_assert_int_eq(lvs_director_next_conn(w->director, NULL, &cursor, &info), 1);
	ck_assert_str_eq(info.state, state);
	/* To a tick, and never early. */
	ck_assert_uint_ge(info.expires_ns, w->now + seconds * SECOND - (SECOND >> 2));
	ck_assert_uint_le(info.expires_ns, w->now + seconds * SECOND + (SECOND >> 1));
	ck_assert_int_eq(lvs_director_next_conn(w->director, NULL, &cursor, &info), 0);
}

static void expect_counts(const struct world *w, uint64_t conns, uint64_t in_pkts)
{
	struct lvs_dest_info info;

	rig_get_dest(w->director, &w->service, &w->dest, &info);
	ck_assert_uint_eq(info.stats.conns, conns);
	ck_assert_uint_eq(info.stats.in_pkts, in_pkts);
	ck_assert_uint_eq(info.active, 0);
}

START_TEST(opens)
{
	struct lvs_settings settings = on();
	bool tcp = worlds[_i].protocol == LVS_TCP;
	struct world w;

	build_quiet(&w, _i, &settings);
	ck_assert_int_eq(error_to_service(&w, 40000), LVS_REASON_ICMP_FORWARDED);
	if (worlds[_i].method == LVS_METHOD_NAT) {
		struct lvs_flow there = reversed(&w.server);

		ck_assert_mem_eq(&w.rig.packet.next_hop, &w.dest.addr, 16);
		expect_quoted(&w, &there);
	}
	ck_assert_uint_eq(w.rig.packet.conn != 0, 1);
	expect_conn(&w, tcp ? "NONE" : "UDP", 3);
	expect_counts(&w, 1, 1);
	/* Another one finds it, and does not make it live longer. */
	w.now += SECOND;
	ck_assert_int_eq(error_to_service(&w, 40000), LVS_REASON_ICMP_FORWARDED);
	expect_conn(&w, tcp ? "NONE" : "UDP", 2);
	expect_counts(&w, 1, 2);
	/* What its client sends does, as a packet in the middle of its flow. */
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.out, ACK, w.now), LVS_REASON_ESTABLISHED);
	expect_conn(&w, tcp ? "ESTABLISHED" : "UDP", tcp ? 900 : 300);
	rig_check(w.director);
	tear_down(&w);
}
END_TEST

/* It ends in time, also where nobody has ended it yet. */
START_TEST(is_over)
{
	struct lvs_settings settings = on();
	struct world w;

	build_quiet(&w, _i, &settings);
	ck_assert_int_eq(error_to_service(&w, 40000), LVS_REASON_ICMP_FORWARDED);
	w.now += 4 * SECOND;
	ck_assert_int_eq(error_to_service(&w, 40000), LVS_REASON_ICMP_FORWARDED);
	expect_counts(&w, 2, 2);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	w.now += 4 * SECOND;
	lvs_worker_handle_expiry(w.worker, w.now, 0);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	rig_check(w.director);
	tear_down(&w);
}
END_TEST

/* A look says the same and moves nothing. */
START_TEST(peek)
{
	struct lvs_settings settings = on();
	struct lvs_record record;
	struct world w;

	build_quiet(&w, _i, &settings);
	for (unsigned i = 0; i < 2; i++) {
		struct lvs_flow back = reversed(&w.out);
		bool v6 = back.family == LVS_INET6;

		rig_make(&w.quoted, &back, ACK, 20);
		make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, v6 ? 2 : 3,
			   v6 ? 0 : 4, 1300);
		lvs_worker_peek(w.worker, &w.rig.packet, w.now, &record);
		ck_assert_int_eq(record.reason, LVS_REASON_ICMP_FORWARDED);
		ck_assert_uint_eq(record.dest, 1);
	}
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	expect_counts(&w, 0, 0);
	tear_down(&w);
}
END_TEST

START_TEST(off)
{
	struct world w;

	build_quiet(&w, _i, NULL);
	ck_assert_int_eq(error_to_service(&w, 40000), LVS_REASON_ICMP);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	tear_down(&w);
}
END_TEST

/* What opens none: no service, no server, a server's own FTP data; errors have no errors. */
START_TEST(opens_none)
{
	struct lvs_settings settings = on();
	bool v6 = worlds[_i].family == LVS_INET6;
	struct lvs_flow back;
	struct world w;

	build_quiet(&w, _i, &settings);
	back = reversed(&w.out);
	back.src_port = rig_port(81);
	ck_assert_int_eq(error_about(&w, &back, v6 ? 2 : 3, v6 ? 0 : 4, 1300), LVS_REASON_ICMP);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_PASS);
	ck_assert_int_eq(error_to_service(&w, 20), LVS_REASON_FTP_DATA);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_PASS);
	rig_set_dest(w.director, &w.service, &w.dest, worlds[_i].method, 0);
	ck_assert_int_eq(error_to_service(&w, 40000), LVS_REASON_NO_DEST);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_DROP);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	expect_counts(&w, 0, 0);
	tear_down(&w);
}
END_TEST

/* Without a server requests go on to where they were going (cache_bypass), errors do not. */
START_TEST(bypasses_none)
{
	struct lvs_settings settings = on();
	struct lvs_service_key marked = {.family = (uint8_t)worlds[_i].family, .fwmark = 7};
	bool v6 = worlds[_i].family == LVS_INET6;
	struct lvs_flow back;
	struct world w;

	settings.flags |= LVS_SET_CACHE_BYPASS;
	build_quiet(&w, _i, &settings);
	rig_set_service(w.director, &marked, "rr");
	back = reversed(&w.out);
	rig_make(&w.quoted, &back, ACK, 20);
	make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, v6 ? 1 : 3, 1, 0);
	w.rig.packet.mark = 7;
	ck_assert_int_eq(process(&w), LVS_REASON_NO_DEST);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_DROP);
	rig_make(&w.rig, &w.out, SYN, 20);
	w.rig.packet.mark = 7;
	ck_assert_int_eq(process(&w), LVS_REASON_SCHEDULED);
	tear_down(&w);
}
END_TEST

/* Of what quotes too little to be scheduled nobody hears, be it a known connection's or nobody's.
 */
START_TEST(without_ports)
{
	struct lvs_settings settings = on();
	unsigned header = ip_len(worlds[_i].family);
	bool v6 = worlds[_i].family == LVS_INET6;

	for (unsigned with = 0; with < 2; with++) {
		struct world w;

		build(&w, with ? &settings : NULL, worlds[_i].family, worlds[_i].protocol,
		      worlds[_i].method);
		rig_make(&w.quoted, with ? &w.server : &w.out, ACK, 20);
		for (unsigned more = 0; more < 4; more++) {
			make_error(&w.rig, &w.dest.addr, &w.quoted, header + more, v6 ? 1 : 3, 1,
				   0);
			ck_assert_int_eq(process(&w), with ? LVS_REASON_SHORT_L4 : LVS_REASON_ICMP);
		}
		/* Options come before the ports; of a later fragment there are none. */
		for (unsigned later = 0; later < 2 && !v6; later++) {
			w.quoted.packet.data[0] = 0x47;
			w.quoted.packet.data[7] = (uint8_t)later;
			make_error(&w.rig, &w.dest.addr, &w.quoted, header + later, 3, 1, 0);
			ck_assert_int_eq(process(&w),
					 with && !later ? LVS_REASON_SHORT_L4 : LVS_REASON_ICMP);
		}
		/* Not even the addresses: the host's. */
		make_error(&w.rig, &w.dest.addr, &w.quoted, header - 1, v6 ? 1 : 3, 1, 0);
		ck_assert_int_eq(process(&w), LVS_REASON_ICMP);
		tear_down(&w);
	}
}
END_TEST

/* Made, though the error itself gets no further. */
START_TEST(opens_in_vain)
{
	struct lvs_settings settings = on();
	bool nat = worlds[_i].method == LVS_METHOD_NAT;
	struct lvs_flow back;
	bool v6 = worlds[_i].family == LVS_INET6;
	struct world w;

	build_quiet(&w, _i, &settings);
	back = reversed(&w.out);
	rig_make(&w.quoted, &back, ACK, 20);
	make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, v6 ? 2 : 3, v6 ? 0 : 4,
		   1300);
	w.rig.packet.data[v6 ? 7 : 8] = 1;
	if (!v6)
		rig_fix_ip(w.rig.packet.data);
	ck_assert_int_eq(process(&w), LVS_REASON_TTL);
	expect_counts(&w, 1, 1);
	back.dst_port = rig_port(41000);
	rig_make(&w.quoted, &back, ACK, 20);
	make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, v6 ? 2 : 3, v6 ? 0 : 4,
		   1300);
	w.rig.packet.data[w.rig.packet.len - 1] ^= 1;
	ck_assert_int_eq(process(&w), nat ? LVS_REASON_ICMP_CHECKSUM : LVS_REASON_ICMP_FORWARDED);
	expect_counts(&w, 2, nat ? 1 : 2);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 2);
	rig_check(w.director);
	tear_down(&w);
}
END_TEST

/* Without room, without memory: nothing is left behind. */
START_TEST(no_room)
{
	struct alloc_rig memory = {0};
	struct lvs_settings settings = on();
	struct world w;

	settings.max_conns = 2;
	settings.alloc = alloc_rig(&memory);
	build_quiet(&w, _i, &settings);
	memory.fail_all = 1;
	error_to_service(&w, 40000);
	memory.fail_all = 0;
	for (unsigned i = 1; i < 4; i++)
		error_to_service(&w, 40000 + i);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_TABLE_FULL);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_DROP);
	rig_check(w.director);
	tear_down(&w);
	ck_assert_uint_eq(memory.live_n, 0);
}
END_TEST

/* The full table's other way, and one-packet scheduling: without an entry. */
START_TEST(no_entry)
{
	struct lvs_settings settings = on();
	struct world w;

	settings.max_conns = 1;
	settings.full_policy = LVS_FULL_UNTRACKED;
	build(&w, &settings, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	rig_set_service(w.director, &w.service, "sh");
	ck_assert_int_eq(error_to_service(&w, 41000), LVS_REASON_ICMP_FORWARDED);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	rig_check(w.director);
	tear_down(&w);
	settings = on();
	build_quiet(&w, 1, &settings);
	rig_set_service_flags(w.director, &w.service, "rr", LVS_SERVICE_ONE_PACKET);
	ck_assert_int_eq(error_to_service(&w, 41000), LVS_REASON_ICMP_FORWARDED);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	expect_counts(&w, 1, 1);
	rig_check(w.director);
	tear_down(&w);
}
END_TEST

/* Who remembers where an address went, as caches do, takes the client's for the one that is wanted:
 * it has gone nowhere yet, and goes to whom has least to do. */
START_TEST(wanted_address)
{
	static const char *const names[] = {"lblc", "lblcr"};
	struct lvs_settings settings = on();
	struct lvs_dest_key second;
	struct world w;

	build(&w, &settings, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	rig_set_service(w.director, &w.service, names[_i]);
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_NAT,
		     10); /* so that it is not busy */
	for (unsigned i = 1; i < 4; i++) {
		w.out.src_port = rig_port(40000 + i);
		rig_send(w.worker, &w.rig, &w.out, SYN, w.now);
	}
	second = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 2), 8080);
	rig_set_dest(w.director, &w.service, &second, LVS_METHOD_NAT, 10);
	w.out.src_port = rig_port(40004);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.out, SYN, w.now), LVS_REASON_SCHEDULED);
	ck_assert_mem_eq(&w.rig.packet.next_hop, &w.dest.addr, 16);
	ck_assert_int_eq(error_to_service(&w, 41000), LVS_REASON_ICMP_FORWARDED);
	ck_assert_mem_eq(&w.rig.packet.next_hop, &second.addr, 16);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("icmp_schedule");
	int n = (int)LVS_ARRAY_N(worlds);

	tcase_add_loop_test(tcase, opens, 0, n);
	tcase_add_loop_test(tcase, is_over, 0, n);
	tcase_add_loop_test(tcase, peek, 0, n);
	tcase_add_loop_test(tcase, off, 0, n);
	tcase_add_loop_test(tcase, opens_none, 0, n);
	tcase_add_loop_test(tcase, bypasses_none, 0, n);
	tcase_add_loop_test(tcase, without_ports, 0, n);
	tcase_add_loop_test(tcase, opens_in_vain, 0, n);
	tcase_add_loop_test(tcase, no_room, 0, n);
	tcase_add_test(tcase, no_entry);
	tcase_add_loop_test(tcase, wanted_address, 0, 2);
	return unit_run("icmp_schedule", tcase);
}
