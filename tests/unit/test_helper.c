/* SPDX-License-Identifier: BSD-2-Clause */
/* FTP through a director by NAT: data connections are found, and both ends count on. */
#include "ftp_rig.h"

#define EPSV_REPLY "229 Entering Extended Passive Mode (|||40000|)\r\n"

static const unsigned families[] = {LVS_INET, LVS_INET6};

static void find_conn(const struct ftp *ftp, unsigned service_port, const char *state,
		      struct lvs_conn_info *info)
{
	struct lvs_cursor cursor = {0};

	info->size = sizeof(*info);
	while (lvs_director_next_conn(ftp->director, NULL, &cursor, info) == 1)
		if (lvs_ntohs(info->service_port) == service_port && !strcmp(info->state, state))
			return;
	ck_abort_msg("no connection to port %u", service_port);
}

static void expect_listen(const struct ftp *ftp, unsigned client_port, unsigned service_port,
			  unsigned dest_port)
{
	struct lvs_conn_info info;
	union lvs_addr server = ftp_server(ftp);

	find_conn(ftp, service_port, "LISTEN", &info);
	ck_assert_uint_eq(lvs_ntohs(info.client_port), client_port);
	ck_assert_uint_eq(lvs_ntohs(info.dest_port), dest_port);
	ck_assert_mem_eq(&info.client, &ftp->client, sizeof(info.client));
	ck_assert_mem_eq(&info.dest, &server, sizeof(info.dest));
	ck_assert_uint_eq(info.active, 0);
	/* 120 s; never early, at most two ticks late */
	ck_assert_uint_ge(info.expires_ns - ftp->now, 120 * SECOND);
	ck_assert_uint_le(info.expires_ns - ftp->now, 120 * SECOND + 3 * (1u << 27));
}

/* The client opens a data connection to the service's address, and is answered from there. */
static void passive_transfer(struct ftp *ftp, unsigned client_port, unsigned port)
{
	union lvs_addr server = ftp_server(ftp);

	check_reason(ftp_syn(ftp, ftp->client, client_port, ftp->vip, port, LVS_TCP_SYN),
		     LVS_REASON_ESTABLISHED);
	ftp_expect_flow(ftp, ftp->client, client_port, server, port);
	check_reason(
		ftp_syn(ftp, server, port, ftp->client, client_port, LVS_TCP_SYN | LVS_TCP_ACK),
		LVS_REASON_REPLY);
	ftp_expect_flow(ftp, ftp->vip, port, ftp->client, client_port);
	check_reason(ftp_syn(ftp, ftp->client, client_port, ftp->vip, port, LVS_TCP_ACK),
		     LVS_REASON_ESTABLISHED);
}

static void ask_passive(struct ftp *ftp)
{
	union lvs_addr server = ftp_server(ftp);

	if (ftp->family == LVS_INET6) {
		ftp_say(ftp, CLIENT, "EPSV\r\n", "EPSV\r\n");
		ftp_say(ftp, SERVER, EPSV_REPLY, EPSV_REPLY);
	} else {
		ftp_say(ftp, CLIENT, "PASV\r\n", "PASV\r\n");
		ftp_say(ftp, SERVER, ftp_227(&server), ftp_227(&ftp->vip));
	}
}

/* Some lines more, so that both count on. */
static void talk_on(struct ftp *ftp)
{
	ftp_say(ftp, CLIENT, "LIST\r\n", "LIST\r\n");
	ftp_say(ftp, SERVER, "150 Here it comes.\r\n", "150 Here it comes.\r\n");
	check_reason(ftp_send(ftp, CLIENT, LVS_TCP_ACK, ""), LVS_REASON_ESTABLISHED);
	ftp_say(ftp, SERVER, "226 Done.\r\n", "226 Done.\r\n");
	check_reason(ftp_send(ftp, CLIENT, LVS_TCP_ACK, ""), LVS_REASON_ESTABLISHED);
}

START_TEST(test_passive)
{
	struct lvs_dest_info info;
	struct ftp ftp;

	ftp_open(&ftp, families[_i], LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	for (unsigned i = 0; i < 5; i++) {
		ask_passive(&ftp);
		expect_listen(&ftp, 0, 40000, 40000);
		passive_transfer(&ftp, 51000 + i, 40000);
		talk_on(&ftp);
	}
	/* one connection was scheduled, six are there */
	rig_get_dest(ftp.director, &ftp.service, &ftp.dest[ftp.server], &info);
	ck_assert_uint_eq(info.stats.conns, 1);
	ck_assert_uint_eq(info.active, 6);
	check_reason(ftp_send(&ftp, CLIENT, LVS_TCP_ACK | LVS_TCP_FIN, ""), LVS_REASON_ESTABLISHED);
	check_reason(ftp_send(&ftp, SERVER, LVS_TCP_ACK | LVS_TCP_FIN, ""), LVS_REASON_REPLY);
	ftp_close(&ftp);
}
END_TEST

/* The server has been removed: its client's port stays unknown, until it is back. */
START_TEST(test_removed)
{
	struct ftp ftp;

	ftp_open(&ftp, families[_i], LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	ask_passive(&ftp);
	rig_del_dest(ftp.director, &ftp.service, &ftp.dest[ftp.server]);
	check_reason(ftp_syn(&ftp, ftp.client, 51000, ftp.vip, 40000, LVS_TCP_SYN),
		     LVS_REASON_DEST_GONE);
	expect_listen(&ftp, 0, 40000, 40000);
	rig_set_dest(ftp.director, &ftp.service, &ftp.dest[ftp.server], LVS_METHOD_NAT, 1);
	passive_transfer(&ftp, 51001, 40000);
	ftp_close(&ftp);
}
END_TEST

/* Its answer has not been seen here: that is the server's affair. */
START_TEST(test_unanswered)
{
	struct ftp ftp;

	ftp_open(&ftp, families[_i], LVS_METHOD_NAT, NULL);
	check_reason(ftp_send(&ftp, CLIENT, LVS_TCP_SYN, ""), LVS_REASON_SCHEDULED);
	check_reason(ftp_send(&ftp, CLIENT, LVS_TCP_ACK, "NOOP\r\n"), LVS_REASON_ESTABLISHED);
	ftp_close(&ftp);
}
END_TEST

/* The server has come back by another method: what is expected from then on goes by that. */
START_TEST(test_method)
{
	struct ftp ftp;

	ftp_open(&ftp, families[_i], LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	rig_del_dest(ftp.director, &ftp.service, &ftp.dest[ftp.server]);
	rig_set_dest(ftp.director, &ftp.service, &ftp.dest[ftp.server], LVS_METHOD_DR, 1);
	ask_passive(&ftp);
	expect_listen(&ftp, 0, 40000, 40000);
	check_reason(ftp_syn(&ftp, ftp.client, 51000, ftp.vip, 40000, LVS_TCP_SYN),
		     LVS_REASON_ESTABLISHED);
	ftp_expect_flow(&ftp, ftp.client, 51000, ftp.vip, 40000);
	ftp_close(&ftp);
}
END_TEST

/* A SYN on a closed control connection opens one at once, whatever closed it: the kernel drops the
 * first where its own connection tracking does not think that the old one is over. */
START_TEST(test_reopened)
{
	static const uint8_t flags[] = {0, LVS_TCP_RST, LVS_TCP_RST | LVS_TCP_ACK};
	struct ftp ftp;

	ftp_open(&ftp, families[_i & 1], LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	ftp_send(&ftp, CLIENT, flags[_i / 2], "");
	check_reason(ftp_send(&ftp, CLIENT, LVS_TCP_SYN, ""), LVS_REASON_SCHEDULED);
	ftp_close(&ftp);
}
END_TEST

START_TEST(test_active)
{
	static const char *const lines[] = {"PORT 198,51,100,7,195,80\r\n",
					    "EPRT |2|2001:db8::3:7|50000|\r\n",
					    "EPRT |1|198.51.100.7|50000|\r\n"};
	union lvs_addr server;
	struct ftp ftp;

	ftp_open(&ftp, families[_i & 1], LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	server = ftp_server(&ftp);
	/* not before it was said */
	check_reason(ftp_syn(&ftp, server, 2120, ftp.client, 50000, LVS_TCP_SYN),
		     LVS_REASON_NO_SERVICE);
	ftp_say(&ftp, CLIENT, lines[_i], lines[_i]);
	expect_listen(&ftp, 50000, 20, 2120);
	check_reason(ftp_syn(&ftp, server, 2120, ftp.client, 50000, LVS_TCP_SYN), LVS_REASON_REPLY);
	ftp_expect_flow(&ftp, ftp.vip, 20, ftp.client, 50000);
	check_reason(ftp_syn(&ftp, ftp.client, 50000, ftp.vip, 20, LVS_TCP_SYN | LVS_TCP_ACK),
		     LVS_REASON_ESTABLISHED);
	ftp_expect_flow(&ftp, ftp.client, 50000, server, 2120);
	talk_on(&ftp);
	ftp_close(&ftp);
}
END_TEST

/* The client names a port that it had for another server's data. That has closed, or has not. */
START_TEST(test_active_again)
{
	static const char *const lines[] = {"PORT 198,51,100,7,195,80\r\n",
					    "EPRT |2|2001:db8::3:7|50000|\r\n"};
	bool closed = _i / 2;
	unsigned before;
	struct ftp ftp;

	ftp_open(&ftp, families[_i & 1], LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	before = ftp.server;
	ftp_say(&ftp, CLIENT, lines[_i & 1], lines[_i & 1]);
	check_reason(ftp_syn(&ftp, ftp_server(&ftp), 2120, ftp.client, 50000, LVS_TCP_SYN),
		     LVS_REASON_REPLY);
	check_reason(ftp_syn(&ftp, ftp.client, 50000, ftp.vip, 20, LVS_TCP_SYN | LVS_TCP_ACK),
		     LVS_REASON_ESTABLISHED);
	check_reason(ftp_syn(&ftp, ftp.client, 50000, ftp.vip, 20, LVS_TCP_ACK),
		     LVS_REASON_ESTABLISHED);
	if (closed)
		check_reason(ftp_syn(&ftp, ftp.client, 50000, ftp.vip, 20, LVS_TCP_RST),
			     LVS_REASON_ESTABLISHED);
	check_reason(ftp_send(&ftp, CLIENT, LVS_TCP_RST, ""), LVS_REASON_ESTABLISHED);
	ftp_connect(&ftp);
	ck_assert_uint_ne(ftp.server, before);
	ftp_say(&ftp, CLIENT, lines[_i & 1], lines[_i & 1]);
	check_reason(ftp_syn(&ftp, ftp_server(&ftp), 2120, ftp.client, 50000, LVS_TCP_SYN),
		     closed ? LVS_REASON_REPLY : LVS_REASON_NO_SERVICE);
	if (closed)
		ftp_expect_flow(&ftp, ftp.vip, 20, ftp.client, 50000);
	ftp_close(&ftp);
}
END_TEST

/* A control connection that is not established yet, or no more, is not looked into. */
START_TEST(test_not_established)
{
	union lvs_addr server;
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	server = ftp_server(&ftp);
	ftp_say(&ftp, CLIENT, "PASV\r\n", "PASV\r\n");
	check_reason(ftp_send(&ftp, CLIENT, LVS_TCP_ACK | LVS_TCP_FIN, ""), LVS_REASON_ESTABLISHED);
	ftp_say(&ftp, SERVER, ftp_227(&server), ftp_227(&server));
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 1);
	ftp_close(&ftp);
}
END_TEST

/* Where packets are not rewritten nothing is looked into; nor is any other port. */
START_TEST(test_others)
{
	static const enum lvs_method methods[] = {LVS_METHOD_DR, LVS_METHOD_TUNNEL,
						  LVS_METHOD_LOCAL, LVS_METHOD_NAT};
	uint64_t live_n;
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, methods[_i], NULL);
	if (_i == 3)
		ck_assert_int_eq(lvs_director_unbind_helper(ftp.director, LVS_TCP, rig_port(21)),
				 0);
	ftp_make(&ftp, CLIENT, LVS_TCP_SYN, "");
	lvs_worker_process(ftp.worker, &ftp.rig.packet, 1, ftp.now);
	live_n = ftp.alloc.live_n;
	ftp_make(&ftp, CLIENT, LVS_TCP_ACK, "PORT 198,51,100,7,195,80\r\n");
	/* not even its checksum */
	ref_put16(ftp.rig.packet.data + 36, 0x1234);
	lvs_worker_process(ftp.worker, &ftp.rig.packet, 1, ftp.now);
	ck_assert_int_ne(lvs_reason_verdict(ftp.rig.packet.reason), LVS_DROP);
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 1);
	ck_assert_uint_eq(ftp.alloc.live_n, live_n);
	ftp_close(&ftp);
}
END_TEST

static void spoil(struct ftp *ftp)
{
	ref_put16(rig_l4_csum(ftp->rig.packet.data), 0x1234);
}

/* What is broken is not looked into, at any time, in either direction. */
START_TEST(test_checksum)
{
	struct ftp ftp;

	ftp_open(&ftp, families[_i], LVS_METHOD_NAT, NULL);
	ftp_make(&ftp, CLIENT, LVS_TCP_SYN, "");
	spoil(&ftp);
	check_reason(ftp_hand_in(&ftp, CLIENT, 0), LVS_REASON_HELPER_CHECKSUM);
	lvs_director_kill_conns(ftp.director, NULL);
	ftp_connect(&ftp);
	for (unsigned from = 0; from < 2; from++) {
		ftp_make(&ftp, from, LVS_TCP_ACK, "NOOP\r\n");
		spoil(&ftp);
		check_reason(ftp_hand_in(&ftp, from, 6), LVS_REASON_HELPER_CHECKSUM);
		/* who handed it in answers for it */
		ftp_make(&ftp, from, LVS_TCP_ACK, "NOOP\r\n");
		spoil(&ftp);
		ftp.rig.packet.flags = LVS_PACKET_CSUM_VALID;
		lvs_worker_process(ftp.worker, &ftp.rig.packet, 1, ftp.now);
		ck_assert_int_eq(ftp.rig.packet.verdict, LVS_FORWARD);
	}
	ftp_close(&ftp);
}
END_TEST

/* Dropped, a server's segment still keeps the connection, and moves no state; a client's moves it.
 */
START_TEST(test_checksum_keeps)
{
	static const char *const states[] = {[CLIENT] = "CLOSE_WAIT", [SERVER] = "ESTABLISHED"};
	static const uint64_t left_s[] = {[CLIENT] = 60, [SERVER] = 900};

	for (unsigned from = 0; from < 2; from++) {
		struct lvs_conn_info info;
		struct ftp ftp;

		ftp_open(&ftp, families[_i], LVS_METHOD_NAT, NULL);
		ftp_connect(&ftp);
		ftp.now += 10 * SECOND;
		ftp_make(&ftp, from, LVS_TCP_FIN | LVS_TCP_ACK, "");
		spoil(&ftp);
		check_reason(ftp_hand_in(&ftp, from, 0), LVS_REASON_HELPER_CHECKSUM);
		find_conn(&ftp, 21, states[from], &info);
		ck_assert_uint_ge(info.expires_ns - ftp.now, left_s[from] * SECOND);
		ftp_close(&ftp);
	}
}
END_TEST

/* What cannot be done now can be done when it is sent again. */
START_TEST(test_sent_again)
{
	union lvs_addr server;
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	server = ftp_server(&ftp);
	ftp_say(&ftp, CLIENT, "PASV\r\n", "PASV\r\n");
	ftp.tailroom = 0;
	check_reason(ftp_send(&ftp, SERVER, LVS_TCP_ACK, ftp_227(&server)), LVS_REASON_TAILROOM);
	ftp.tailroom = FTP_TAILROOM;
	ftp_make(&ftp, SERVER, LVS_TCP_ACK, ftp_227(&server));
	ftp.rig.packet.linear_len -= 10;
	check_reason(ftp_hand_in(&ftp, SERVER, 0), LVS_REASON_NOT_LINEAR);
	/* something behind it comes before it */
	ftp.end[SERVER].seq += (uint32_t)strlen(ftp_227(&server));
	check_reason(ftp_send(&ftp, SERVER, LVS_TCP_ACK, "150 Early.\r\n"), LVS_REASON_HELPER_GAP);
	ftp.end[SERVER].seq -= (uint32_t)strlen(ftp_227(&server));
	ftp_say(&ftp, SERVER, ftp_227(&server), ftp_227(&ftp.vip));
	/* lost behind us: once more, and half of it */
	for (unsigned i = 0; i < 2; i++) {
		uint32_t len = (uint32_t)strlen(ftp_227(&server));

		ftp.end[SERVER].seq -= len;
		ftp.end[CLIENT].ack -= (uint32_t)strlen(ftp_227(&ftp.vip));
		if (i) {
			char head[31] = {0};

			memcpy(head, ftp_227(&server), 30);
			ftp_say(&ftp, SERVER, head, "227 Entering Passive Mode (192");
			ftp_say(&ftp, SERVER, ftp_227(&server) + 30, ftp_227(&ftp.vip) + 30);
		} else {
			ftp_say(&ftp, SERVER, ftp_227(&server), ftp_227(&ftp.vip));
		}
	}
	talk_on(&ftp);
	ftp_close(&ftp);
}
END_TEST

/* A longer text than the path takes goes in fragments; what was too long before, its sender is
 * told, in his own numbers. */
START_TEST(test_mtu)
{
	struct lvs_settings settings = {.size = sizeof(settings), .default_mtu = _i ? 1280 : 576};
	unsigned ip_len = _i ? 40 : 20;
	char line[1400];
	struct ftp ftp;

	ftp_open(&ftp, families[_i], LVS_METHOD_NAT, &settings);
	ftp_connect(&ftp);
	ask_passive(&ftp);
	ftp_say(&ftp, CLIENT, _i ? "EPSV\r\n" : "PASV\r\n", _i ? "EPSV\r\n" : "PASV\r\n");
	memset(line, '.', sizeof(line));
	memcpy(line, ftp_227(&ftp.dest[ftp.server].addr), 46);
	line[settings.default_mtu - ip_len - 20] = 0;
	check_reason(ftp_send(&ftp, SERVER, LVS_TCP_ACK, line), LVS_REASON_REPLY);
	ck_assert_uint_eq(ftp.rig.packet.cut, _i ? LVS_CUT_NONE : LVS_CUT_FRAGMENT);
	line[settings.default_mtu - ip_len - 20] = '.';
	line[settings.default_mtu - ip_len - 19] = 0;
	check_reason(ftp_send(&ftp, SERVER, LVS_TCP_ACK, line), LVS_REASON_REPLY_MTU);
	ck_assert_uint_eq(lvs_load32(ftp.rig.packet.data + ip_len + 8 + ip_len + 4),
			  ftp.end[SERVER].seq);
	ftp_close(&ftp);
}
END_TEST

/* There is no room for the connection, so the client is told of none. */
START_TEST(test_full)
{
	struct lvs_settings settings = {.size = sizeof(settings),
					.max_conns = 1,
					.full_policy = _i ? LVS_FULL_EVICT : LVS_FULL_REFUSE};
	union lvs_addr server;
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, &settings);
	ftp_connect(&ftp);
	server = ftp_server(&ftp);
	ftp_say(&ftp, CLIENT, "PASV\r\n", "PASV\r\n");
	check_reason(ftp_send(&ftp, SERVER, LVS_TCP_ACK, ftp_227(&server)), LVS_REASON_TABLE_FULL);
	check_reason(ftp_send(&ftp, CLIENT, LVS_TCP_ACK, "PORT 198,51,100,7,195,80\r\n"),
		     LVS_REASON_TABLE_FULL);
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 1);
	ftp_close(&ftp);
}
END_TEST

/* Two servers told the client of the same port: the last word counts. */
START_TEST(test_same_port)
{
	union lvs_addr other;
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	ask_passive(&ftp);
	ask_passive(&ftp);
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 2);
	ftp_say(&ftp, CLIENT, "PASV\r\n", "PASV\r\n");
	other = ftp.dest[!ftp.server].addr;
	ftp_say(&ftp, SERVER, ftp_227(&other), ftp_227(&ftp.vip));
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 2);
	check_reason(ftp_syn(&ftp, ftp.client, 51000, ftp.vip, 40000, LVS_TCP_SYN),
		     LVS_REASON_ESTABLISHED);
	ftp_expect_flow(&ftp, ftp.client, 51000, other, 40000);
	ftp_close(&ftp);
}
END_TEST

/* The data connection keeps its control connection, and outlives it when that is killed. */
START_TEST(test_control)
{
	struct lvs_conn_info info;
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	ask_passive(&ftp);
	passive_transfer(&ftp, 51000, 40000);
	check_reason(ftp_send(&ftp, CLIENT, LVS_TCP_ACK | LVS_TCP_RST, ""), LVS_REASON_ESTABLISHED);
	/* CLOSE has 10 s */
	ftp.now += 300 * SECOND;
	lvs_worker_handle_expiry(ftp.worker, ftp.now, 0);
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 2);
	if (_i) {
		struct lvs_conn_filter filter = {.size = sizeof(filter),
						 .dest = &ftp.dest[ftp.server]};

		ck_assert_int_eq(lvs_director_kill_conns(ftp.director, &filter), 1);
		find_conn(&ftp, 40000, "ESTABLISHED", &info);
		rig_check(ftp.director);
	}
	ftp.now += 900 * SECOND;
	lvs_worker_handle_expiry(ftp.worker, ftp.now, 0);
	ftp.now += 120 * SECOND;
	lvs_worker_handle_expiry(ftp.worker, ftp.now, 0);
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 0);
	ftp_close(&ftp);
}
END_TEST

/* What is said beforehand is what comes, and saying it moves nothing. */
static void peek_then_hand_in(struct ftp *ftp, unsigned from, const char *text)
{
	static struct rig_packet peeked;
	struct lvs_record record;

	ftp_make(ftp, from, LVS_TCP_ACK, text);
	peeked = ftp->rig;
	peeked.packet.data = peeked.buffer + RIG_HEADROOM;
	lvs_worker_peek(ftp->worker, &peeked.packet, ftp->now, &record);
	check_reason(ftp_hand_in(ftp, from, (unsigned)strlen(text)), record.reason);
	ck_assert_uint_eq(ftp->rig.packet.len, peeked.packet.len);
	ck_assert_mem_eq(ftp->rig.packet.data, peeked.packet.data, peeked.packet.len);
}

START_TEST(test_peek)
{
	union lvs_addr server;
	struct lvs_record record;
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_make(&ftp, CLIENT, LVS_TCP_SYN, "");
	spoil(&ftp);
	lvs_worker_peek(ftp.worker, &ftp.rig.packet, ftp.now, &record);
	check_reason(record.reason, LVS_REASON_HELPER_CHECKSUM);
	ftp_connect(&ftp);
	server = ftp_server(&ftp);
	for (unsigned i = 0; i < 3; i++) {
		peek_then_hand_in(&ftp, CLIENT, "PASV\r\n");
		peek_then_hand_in(&ftp, SERVER, ftp_227(&server));
		peek_then_hand_in(&ftp, CLIENT, "PORT 198,51,100,7,195,80\r\n");
		peek_then_hand_in(&ftp, SERVER, ftp_227(&server));
	}
	ftp_make(&ftp, CLIENT, LVS_TCP_ACK, "PORT 198,51,100,7,195,81\r\n");
	lvs_worker_peek(ftp.worker, &ftp.rig.packet, ftp.now, &record);
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 3);
	ftp_close(&ftp);
}
END_TEST

/* --- Super-packets: segment by segment --- */

START_TEST(test_super)
{
	char text[200], want[200];
	struct lvs_headers headers;
	union lvs_addr server;
	struct ftp ftp;
	size_t piece;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	server = ftp_server(&ftp);
	ftp_say(&ftp, CLIENT, "PASV\r\n", "PASV\r\n");
	piece = strlen(ftp_227(&server));
	memset(text, 'x', sizeof(text));
	snprintf(text + piece, sizeof(text) - piece, "%s150 And so on.\r\n", ftp_227(&server));
	memset(want, 'x', sizeof(want));
	snprintf(want + piece, sizeof(want) - piece, "%s150 And so on.\r\n", ftp_227(&ftp.vip));
	ftp_make(&ftp, SERVER, LVS_TCP_ACK, text);
	ftp.rig.packet.gso_size = (uint16_t)piece;
	ftp.rig.packet.gso_type = LVS_GSO_TCP;
	ftp.rig.packet.flags = LVS_PACKET_CSUM_PARTIAL;
	ftp.rig.packet.csum_start = 20;
	ftp.rig.packet.csum_offset = 16;
	lvs_worker_process(ftp.worker, &ftp.rig.packet, 1, ftp.now);
	check_reason(ftp.rig.packet.reason, LVS_REASON_REPLY);
	ck_assert_int_eq(lvs_packet_parse(&ftp.rig.packet, &headers), LVS_REASON_NONE);
	ck_assert_uint_eq(headers.len - headers.payload_offset, strlen(want));
	ck_assert_mem_eq(ftp.rig.packet.data + headers.payload_offset, want, strlen(want));
	expect_listen(&ftp, 0, 40000, 40000);
	ftp_close(&ftp);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("helper");

	tcase_add_loop_test(tcase, test_passive, 0, 2);
	tcase_add_loop_test(tcase, test_removed, 0, 2);
	tcase_add_loop_test(tcase, test_unanswered, 0, 2);
	tcase_add_loop_test(tcase, test_method, 0, 2);
	tcase_add_loop_test(tcase, test_reopened, 0, 6);
	tcase_add_loop_test(tcase, test_active, 0, 3);
	tcase_add_loop_test(tcase, test_active_again, 0, 4);
	tcase_add_test(tcase, test_not_established);
	tcase_add_loop_test(tcase, test_others, 0, 4);
	tcase_add_loop_test(tcase, test_checksum, 0, 2);
	tcase_add_loop_test(tcase, test_checksum_keeps, 0, 2);
	tcase_add_test(tcase, test_sent_again);
	tcase_add_loop_test(tcase, test_mtu, 0, 2);
	tcase_add_loop_test(tcase, test_full, 0, 2);
	tcase_add_test(tcase, test_same_port);
	tcase_add_loop_test(tcase, test_control, 0, 2);
	tcase_add_test(tcase, test_peek);
	tcase_add_test(tcase, test_super);
	return unit_run("helper", tcase);
}
