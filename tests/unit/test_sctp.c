/* SPDX-License-Identifier: BSD-2-Clause */
/* SCTP through a whole director: its states, its chunks, its errors. */
#include <string.h>

#include "sctp_rig.h"

/* An association from its first packet to its last; each leaves with a right checksum. */
START_TEST(test_life)
{
	struct world w;
	struct lvs_dest_info dest;

	build(&w, &setups[_i], NULL);
	ck_assert_int_eq(send(&w, &w.out, INIT), LVS_REASON_SCHEDULED);
	ck_assert(is_right(&w));
	expect(&w, "INIT1", 4, false);
	if (_i < NATS) {
		ck_assert_int_eq(send(&w, &w.back, LVS_SCTP_INIT_ACK), LVS_REASON_REPLY);
		ck_assert(is_right(&w));
		expect(&w, "C-SENT", 61, false);
		ck_assert_int_eq(send(&w, &w.out, LVS_SCTP_COOKIE_ECHO), LVS_REASON_ESTABLISHED);
		expect(&w, "C-REPLIED", 61, false);
		ck_assert_int_eq(send(&w, &w.back, LVS_SCTP_COOKIE_ACK), LVS_REASON_REPLY);
	} else {
		ck_assert_int_eq(send(&w, &w.out, LVS_SCTP_COOKIE_ECHO), LVS_REASON_ESTABLISHED);
	}
	expect(&w, "ESTABLISHED", 900, true);
	ck_assert_int_eq(send(&w, &w.out, DATA), LVS_REASON_ESTABLISHED);
	ck_assert(is_right(&w));
	expect(&w, "ESTABLISHED", 900, true);
	ck_assert_int_eq(send(&w, &w.out, LVS_SCTP_SHUTDOWN), LVS_REASON_ESTABLISHED);
	expect(&w, "S-RECEIVED", 61, false);
	/* It ends by its new time. */
	w.now += 63 * SECOND;
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, w.now, 0), 1);
	rig_get_dest(w.director, &w.service, &w.dest, &dest);
	ck_assert_uint_eq(dest.stats.conns, 1);
	ck_assert_uint_eq(dest.stats.in_pkts, 4);
	ck_assert_uint_eq(dest.stats.out_pkts, _i < NATS ? 2 : 0);
	tear_down(&w);
}
END_TEST

/* Replies that pass by, without a translation: from then on the full tables hold. */
START_TEST(test_replies_seen)
{
	struct world w;

	build(&w, &setups[_i], NULL);
	send(&w, &w.out, INIT);
	ck_assert_int_eq(send(&w, &w.back, LVS_SCTP_INIT_ACK), LVS_REASON_REPLY_SEEN);
	expect(&w, "C-SENT", 61, false);
	send(&w, &w.out, LVS_SCTP_COOKIE_ECHO);
	expect(&w, "C-REPLIED", 61, false);
	tear_down(&w);
}
END_TEST

/* --- What opens --- */

START_TEST(test_opens)
{
	static const struct {
		uint8_t chunk;
		bool strict, sloppy;
	} rows[] = {
		{INIT, true, true},    {DATA, false, true},
		{ABORT, false, false}, {LVS_SCTP_COOKIE_ECHO, false, true},
		{0xfe, false, true},
	};
	struct lvs_settings settings;

	lvs_settings_init(&settings);
	for (unsigned i = 0; i < 2 * LVS_ARRAY_N(rows); i++) {
		bool opens = i % 2 ? rows[i / 2].sloppy : rows[i / 2].strict;
		struct world w;

		settings.flags = i % 2 ? LVS_SET_SLOPPY_SCTP : LVS_SET_SLOPPY_TCP;
		build(&w, &setups[_i], &settings);
		ck_assert_int_eq(send(&w, &w.out, rows[i / 2].chunk),
				 opens ? LVS_REASON_SCHEDULED : LVS_REASON_NOT_NEW);
		ck_assert_uint_eq(lvs_director_conn_n(w.director), opens);
		w.out.dst_port = rig_port(81);
		ck_assert_int_eq(send(&w, &w.out, INIT), LVS_REASON_NO_SERVICE);
		tear_down(&w);
	}
}
END_TEST

/* An INIT begins anew where the old association is closed, and nowhere else. */
START_TEST(test_reuse)
{
	struct lvs_settings settings;

	lvs_settings_init(&settings);
	for (unsigned reuse = LVS_REUSE_NEVER; reuse <= LVS_REUSE_FIN_WAIT; reuse++) {
		bool anew = reuse != LVS_REUSE_NEVER;
		struct world w;

		settings.reuse = reuse;
		build(&w, &setups[_i], &settings);
		send(&w, &w.out, INIT);
		ck_assert_int_eq(send(&w, &w.out, INIT), LVS_REASON_ESTABLISHED);
		expect(&w, "INIT", 61, false);
		ck_assert_int_eq(send(&w, &w.out, ABORT), LVS_REASON_ESTABLISHED);
		expect(&w, "CLOSED", 61, false);
		ck_assert_int_eq(send(&w, &w.out, DATA), LVS_REASON_ESTABLISHED);
		expect(&w, "CLOSED", 61, false);
		ck_assert_int_eq(send(&w, &w.out, INIT),
				 anew ? LVS_REASON_SCHEDULED : LVS_REASON_ESTABLISHED);
		expect(&w, anew ? "INIT1" : "INIT", anew ? 4 : 61, false);
		tear_down(&w);
	}
}
END_TEST

/* With LVS_SET_EXPIRE_NODEST no association begins anew with a server of weight 0. */
START_TEST(test_drained)
{
	struct lvs_settings settings;
	struct world w;

	lvs_settings_init(&settings);
	settings.flags = LVS_SET_EXPIRE_NODEST;
	settings.reuse = LVS_REUSE_NEVER;
	build(&w, &setups[_i], &settings);
	send(&w, &w.out, INIT);
	rig_set_dest(w.director, &w.service, &w.dest, setups[_i].method, 0);
	ck_assert_int_eq(send(&w, &w.out, DATA), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send(&w, &w.out, INIT), LVS_REASON_REPLY_NO_DEST);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	tear_down(&w);
}
END_TEST

/* --- Chunks --- */

static enum lvs_reason send_bytes(struct world *w, const uint8_t *chunks, unsigned len)
{
	unsigned ip_len = w->out.family == LVS_INET6 ? 40 : 20;
	uint8_t *ip;

	rig_make(&w->rig, &w->out, 0, 60);
	ip = w->rig.packet.data;
	memcpy(ip + ip_len + 12, chunks, len);
	rig_ip(ip, &w->out, 12 + len);
	w->rig.packet.len = w->rig.packet.linear_len = ip_len + 12 + len;
	if (w->out.family == LVS_INET)
		rig_fix_ip(ip);
	lvs_worker_process(w->worker, &w->rig.packet, 1, w->now);
	return (enum lvs_reason)w->rig.packet.reason;
}

/* The first chunk counts, and an ABORT behind a cookie's; no length is to be believed. */
START_TEST(test_chunks)
{
	static const struct {
		uint8_t bytes[24];
		unsigned len;
		const char *state; /* of an association in INIT1 */
	} rows[] = {
		{{6, 0, 0, 4}, 4, "CLOSED"},
		{{6, 0, 0, 0}, 4, "CLOSED"},
		{{6, 0, 0xff, 0xff}, 4, "CLOSED"},
		{{0, 0, 0, 8, 1, 2, 3, 4, 6, 0, 0, 4}, 12, "INIT1"},
		{{10, 0, 0, 4, 6, 0, 0, 4}, 8, "CLOSED"},
		{{10, 0, 0, 5, 9, 0, 0, 0, 6, 0, 0, 4}, 12, "CLOSED"},
		{{10, 0, 0, 5, 9, 0, 0, 0, 0, 0, 0, 4}, 12, "INIT"},
		{{10, 0, 0, 8, 9, 9, 9, 9, 6, 0, 0, 0}, 12, "CLOSED"},
		{{11, 0, 0, 4, 6, 0, 0, 4}, 8, "CLOSED"},
		{{11, 0, 0, 4, 6, 0, 0}, 7, "INIT1"},
		{{11, 0, 0, 4, 7, 0, 0, 4}, 8, "INIT1"},
		/* lengths that lead nowhere */
		{{10, 0, 0, 0, 6, 0, 0, 4}, 8, "INIT"},
		{{10, 0, 0, 3, 6, 0, 0, 4}, 8, "INIT"},
		{{10, 0, 0, 12, 6, 0, 0, 4}, 8, "INIT"},
		{{10, 0, 0xff, 0xff, 6, 0, 0, 4}, 8, "INIT"},
		{{10, 0, 0xff, 0xfd, 6, 0, 0, 4}, 8, "INIT"},
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++) {
		struct lvs_conn_info info;
		struct world w;

		build(&w, &setups[_i], NULL);
		send(&w, &w.out, INIT);
		ck_assert_int_eq(send_bytes(&w, rows[i].bytes, rows[i].len),
				 LVS_REASON_ESTABLISHED);
		get_conn(&w, &info);
		ck_assert_msg(!strcmp(info.state, rows[i].state), "row %u: %s, expected %s", i,
			      info.state, rows[i].state);
		tear_down(&w);
	}
}
END_TEST

/* Without a whole chunk's header nothing of it goes on, known or not. */
START_TEST(test_short)
{
	static const uint8_t chunk[4] = {INIT, 0, 0, 4};
	struct world w;

	build(&w, &setups[_i], NULL);
	for (unsigned len = 0; len < 4; len++)
		ck_assert_int_eq(send_bytes(&w, chunk, len), LVS_REASON_SHORT_L4);
	ck_assert_int_eq(send_bytes(&w, chunk, 4), LVS_REASON_SCHEDULED);
	for (unsigned len = 0; len < 4; len++)
		ck_assert_int_eq(send_bytes(&w, chunk, len), LVS_REASON_SHORT_L4);
	tear_down(&w);
}
END_TEST

/* --- Errors --- */

/* An ICMP error of a kind about the packet that is in the rig, as its receiver would send it. */
static void make_error(struct world *w, const struct lvs_flow *about)
{
	struct lvs_flow flow = *about;
	bool v6 = about->family == LVS_INET6;
	uint8_t quoted[RIG_SIZE];
	uint8_t *ip = w->rig.packet.data, *icmp;
	unsigned len = w->rig.packet.len, header = v6 ? 40 : 20;
	uint32_t sum;

	memcpy(quoted, ip, len);
	flow.src = about->dst;
	flow.dst = about->src;
	flow.protocol = v6 ? LVS_ICMPV6 : LVS_ICMP;
	memset(ip, 0, header + 8);
	rig_ip(ip, &flow, 8 + len);
	icmp = ip + header;
	icmp[0] = v6 ? 1 : 3;
	icmp[1] = v6 ? 4 : 3;
	memcpy(icmp + 8, quoted, len);
	w->rig.packet.len = w->rig.packet.linear_len = header + 8 + len;
	if (!v6)
		rig_fix_ip(ip);
	sum = v6 ? rig_l4_sum(ip, header + 8 + len) : rig_sum(0, icmp, 8 + len);
	rig_put16(icmp + 2, ~sum & 0xffff);
	w->rig.packet.verdict = 0;
}

/* They find their association by the ports that they quote, and both ends are translated. */
START_TEST(test_errors)
{
	struct world w;
	struct lvs_flow at_server, at_client;
	const uint8_t *quoted;

	build(&w, &setups[_i], NULL);
	send(&w, &w.out, INIT);
	at_server = w.out;
	at_server.dst = w.dest.addr;
	at_server.dst_port = w.dest.port;
	at_client = w.back;
	at_client.src = w.service.addr;
	at_client.src_port = w.service.port;

	/* the server about a request, as it got it */
	rig_make(&w.rig, &at_server, DATA, 20);
	make_error(&w, &at_server);
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_ICMP_REPLY);
	quoted = w.rig.packet.data + rig_header(w.rig.packet.data) + 8;
	ck_assert_int_eq(memcmp(quoted + rig_header(quoted) + 2, &w.service.port, 2), 0);

	/* the client about a reply, as it got it */
	rig_make(&w.rig, &at_client, DATA, 20);
	make_error(&w, &at_client);
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_ICMP_FORWARDED);
	quoted = w.rig.packet.data + rig_header(w.rig.packet.data) + 8;
	ck_assert_int_eq(memcmp(quoted + rig_header(quoted), &w.dest.port, 2), 0);
	expect(&w, "INIT1", 4, false);

	/* and about another's port */
	at_client.src_port = rig_port(9);
	rig_make(&w.rig, &at_client, DATA, 20);
	make_error(&w, &at_client);
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_ICMP);
	tear_down(&w);
}
END_TEST

/* Own errors about SCTP: as about others. */
START_TEST(test_answers)
{
	struct world w;

	build(&w, &setups[_i], NULL);
	send(&w, &w.out, INIT);
	rig_make(&w.rig, &w.out, DATA, 20);
	w.rig.packet.data[w.out.family == LVS_INET6 ? 7 : 8] = 1;
	if (w.out.family == LVS_INET)
		rig_fix_ip(w.rig.packet.data);
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_REPLY_TTL);
	rig_del_dest(w.director, &w.service, &w.dest);
	ck_assert_int_eq(send(&w, &w.out, DATA), LVS_REASON_DEST_GONE);
	w.out.src_port = rig_port(5);
	ck_assert_int_eq(send(&w, &w.out, INIT), LVS_REASON_REPLY_NO_DEST);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sctp");

	tcase_add_loop_test(tcase, test_life, 0, SETUPS);
	tcase_add_loop_test(tcase, test_replies_seen, NATS, SETUPS);
	tcase_add_loop_test(tcase, test_opens, 0, SETUPS);
	tcase_add_loop_test(tcase, test_reuse, 0, SETUPS);
	tcase_add_loop_test(tcase, test_drained, 0, SETUPS);
	tcase_add_loop_test(tcase, test_chunks, 0, NATS);
	tcase_add_loop_test(tcase, test_short, 0, SETUPS);
	tcase_add_loop_test(tcase, test_errors, 0, NATS);
	tcase_add_loop_test(tcase, test_answers, 0, SETUPS);
	return unit_run("sctp", tcase);
}
