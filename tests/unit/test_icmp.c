/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP errors through a whole director: those about connections, those of its own. */
#include "icmp_rig.h"

static const struct {
	unsigned family;
	uint8_t protocol;
} kinds[] = {{LVS_INET, LVS_TCP}, {LVS_INET, LVS_UDP}, {LVS_INET6, LVS_TCP}, {LVS_INET6, LVS_UDP}};

static const struct {
	uint8_t type, code;
} types[2][5] = {{{3, 3}, {3, 4}, {4, 0}, {11, 0}, {3, 1}},
		 {{1, 4}, {2, 0}, {3, 0}, {4, 1}, {1, 0}}};

START_TEST(test_nat)
{
	unsigned family = kinds[_i].family;
	struct world w;

	build(&w, NULL, family, kinds[_i].protocol, LVS_METHOD_NAT);
	for (unsigned i = 0; i < 5; i++) {
		unsigned type = types[family == LVS_INET6][i].type;
		unsigned code = types[family == LVS_INET6][i].code;
		struct lvs_flow back = reversed(&w.out), there = reversed(&w.server);

		/* About a request: the client learns that what it sent to the service failed. */
		ck_assert_int_eq(error_about(&w, &w.server, type, code, 1400),
				 LVS_REASON_ICMP_REPLY);
		expect_error(&w, &w.out.dst, &w.out.src, type, code);
		expect_quoted(&w, &w.out);
		/* About a reply: the server learns that what it sent failed. */
		ck_assert_int_eq(error_about(&w, &back, type, code, 1400),
				 LVS_REASON_ICMP_FORWARDED);
		expect_error(&w, &w.dest.addr, &w.dest.addr, type, code);
		expect_quoted(&w, &there);
		ck_assert_uint_eq(w.rig.packet.data[family == LVS_INET6 ? 7 : 8], 63);
	}
	tear_down(&w);
}
END_TEST

/* What passes the server's link, a NAT client is told. The director sends what comes. */
START_TEST(test_translated_pmtu)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	struct world w;

	build(&w, NULL, family, LVS_TCP, LVS_METHOD_NAT);
	ck_assert_int_eq(error_about(&w, &w.server, _i ? 2 : 3, _i ? 0 : 4, 1300),
			 LVS_REASON_ICMP_REPLY);
	ck_assert_uint_eq(rig_get16(w.rig.packet.data + ip_len(family) + 6), 1300);
	ck_assert_int_eq(send_len(&w, 1500), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send_len(&w, 1501), LVS_REASON_REPLY_MTU);
	tear_down(&w);
}
END_TEST

/* What is sent from port 0 is found again by errors about it from the servers' side alone. */
START_TEST(test_from_port_0)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	enum lvs_method method = _i & 2 ? LVS_METHOD_NAT : LVS_METHOD_DR;
	struct lvs_flow flow, back;
	struct world w;

	build(&w, NULL, family, LVS_UDP, method);
	flow = w.out;
	flow.src_port = 0;
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &flow, 0, w.now), LVS_REASON_SCHEDULED);
	back = reversed(&flow);
	if (method == LVS_METHOD_NAT) {
		flow = w.server;
		flow.src_port = 0;
	}
	ck_assert_int_eq(error_about(&w, &flow, _i & 1 ? 1 : 3, 1, 0),
			 _i & 2 ? LVS_REASON_ICMP_REPLY : LVS_REASON_REPLY_SEEN);
	ck_assert_int_eq(error_about(&w, &back, _i & 1 ? 1 : 3, 1, 0), LVS_REASON_ICMP);
	tear_down(&w);
}
END_TEST

/* However short the quote is: nothing is read behind it, and with ports it is translated. */
START_TEST(test_truncated)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	unsigned type = _i ? 1 : 3;
	struct world w;

	build(&w, NULL, family, LVS_TCP, LVS_METHOD_NAT);
	rig_make(&w.quoted, &w.server, ACK, 20);
	for (unsigned quote = 0; quote <= w.quoted.packet.len; quote++) {
		struct lvs_packet *packet = &w.rig.packet;
		uint8_t *tight;

		make_error(&w.rig, &w.dest.addr, &w.quoted, quote, type, 3, 0);
		tight = malloc(packet->len);
		memcpy(tight, packet->data, packet->len);
		packet->data = tight;
		packet->headroom = packet->tailroom = 0;
		ck_assert_int_eq(process(&w), quote < ip_len(family) + 4 ? LVS_REASON_ICMP
									 : LVS_REASON_ICMP_REPLY);
		if (quote >= ip_len(family) + 4)
			expect_quoted(&w, &w.out);
		free(tight);
	}
	tear_down(&w);
}
END_TEST

START_TEST(test_refused)
{
	unsigned type = _i ? 1 : 3;
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	union lvs_addr other = _i ? rig_addr6(7, 7) : rig_addr4(198, 51, 100, 9);
	struct lvs_flow unknown;
	struct world w;

	build(&w, NULL, family, LVS_TCP, LVS_METHOD_NAT);
	unknown = w.server;
	unknown.src_port = rig_port(40001);
	ck_assert_int_eq(error_about(&w, &unknown, type, 3, 0), LVS_REASON_ICMP);
	/* Not yet translated, or no longer. */
	ck_assert_int_eq(error_about(&w, &w.out, type, 3, 0), LVS_REASON_ICMP);
	unknown = reversed(&w.server);
	ck_assert_int_eq(error_about(&w, &unknown, type, 3, 0), LVS_REASON_ICMP);
	/* An echo request, whatever it holds. */
	ck_assert_int_eq(error_about(&w, &w.server, _i ? 128 : 8, 0, 0), LVS_REASON_ICMP);

	rig_make(&w.quoted, &w.server, ACK, 20);
	make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, type, 3, 0);
	w.rig.packet.data[w.rig.packet.len - 1] ^= 1;
	ck_assert_int_eq(process(&w), LVS_REASON_ICMP_CHECKSUM);
	make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, type, 3, 0);
	w.rig.packet.linear_len--;
	ck_assert_int_eq(process(&w), LVS_REASON_NOT_LINEAR);
	/* To somebody who did not send what it quotes. */
	make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, type, 3, 0);
	memcpy(w.rig.packet.data + (_i ? 24 : 16), &other, _i ? 16 : 4);
	if (!_i)
		rig_fix_ip(w.rig.packet.data);
	ck_assert_int_eq(process(&w), LVS_REASON_ICMP);
	/* The connection's time is up. */
	w.now += 100 * SECOND;
	ck_assert_int_eq(error_about(&w, &w.server, type, 3, 0), LVS_REASON_ICMP);
	tear_down(&w);
}
END_TEST

/* DR and TUN: towards the server as any packet, from the server's side untouched. */
START_TEST(test_one_way)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	enum lvs_method method = _i & 2 ? LVS_METHOD_TUNNEL : LVS_METHOD_DR;
	unsigned type = family == LVS_INET6 ? 1 : 3;
	struct lvs_dest_info info;
	struct lvs_flow back;
	struct world w;
	unsigned len;

	build(&w, NULL, family, LVS_TCP, method);
	back = reversed(&w.out);
	ck_assert_int_eq(error_about(&w, &back, type, 3, 0), LVS_REASON_ICMP_FORWARDED);
	ck_assert_mem_eq(&w.rig.packet.next_hop, &w.dest.addr, 16);
	len = 2 * ip_len(family) + 8 + 40;
	ck_assert_uint_eq(w.rig.packet.len,
			  method == LVS_METHOD_TUNNEL ? len + ip_len(family) : len);
	ck_assert_int_eq(error_about(&w, &w.out, type, 3, 0), LVS_REASON_REPLY_SEEN);
	rig_get_dest(w.director, &w.service, &w.dest, &info);
	ck_assert_uint_eq(info.stats.in_pkts, 2);
	ck_assert_uint_eq(info.stats.out_pkts, 1);
	ck_assert_uint_eq(info.stats.out_bytes, len);
	tear_down(&w);
}
END_TEST

static const enum lvs_method methods[] = {LVS_METHOD_NAT, LVS_METHOD_DR, LVS_METHOD_TUNNEL};

START_TEST(test_time_exceeded)
{
	unsigned family = _i % 2 ? LVS_INET6 : LVS_INET;
	struct world w;

	build(&w, NULL, family, LVS_TCP, methods[_i / 2]);
	rig_make(&w.rig, &w.out, ACK, 10);
	w.rig.packet.data[family == LVS_INET6 ? 7 : 8] = 1;
	if (family == LVS_INET)
		rig_fix_ip(w.rig.packet.data);
	ck_assert_int_eq(process(&w), LVS_REASON_REPLY_TTL);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_REPLY);
	expect_error(&w, &w.out.dst, &w.out.src, family == LVS_INET6 ? 3 : 11, 0);
	expect_quoted(&w, &w.out);
	tear_down(&w);
}
END_TEST

static unsigned told_mtu(const struct world *w)
{
	return rig_get16(w->rig.packet.data + ip_len(w->out.family) + 6);
}

START_TEST(test_too_long)
{
	unsigned family = _i % 2 ? LVS_INET6 : LVS_INET;
	bool tunnel = methods[_i / 2] == LVS_METHOD_TUNNEL;
	unsigned room;
	struct world w;

	build(&w, NULL, family, LVS_TCP, methods[_i / 2]);
	set_mtu(&w, 1400);
	room = 1400 - (tunnel ? ip_len(family) : 0);
	ck_assert_int_eq(send_len(&w, room), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send_len(&w, room + 1), LVS_REASON_REPLY_MTU);
	if (family == LVS_INET6)
		expect_error(&w, &w.out.dst, &w.out.src, 2, 0);
	else
		expect_error(&w, &w.out.dst, &w.out.src, 3, 4);
	expect_quoted(&w, &w.out);
	ck_assert_uint_eq(told_mtu(&w), room);
	ck_assert_uint_eq(w.rig.packet.len, family == LVS_INET6 ? 1280 : 576);
	tear_down(&w);
}
END_TEST

/* Without room in front the packet gives way in its own buffer; without any room it is dropped. */
START_TEST(test_tight)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	unsigned need = ip_len(family) + 8;
	struct world w;

	build(&w, NULL, family, LVS_TCP, LVS_METHOD_DR);
	for (unsigned head = 0; head <= need + 1; head++) {
		for (unsigned tail = 0; tail <= need + 1; tail += 7) {
			struct lvs_packet *packet = &w.rig.packet;
			unsigned len, room;
			uint8_t *tight;

			rig_make(&w.rig, &w.out, ACK, 0);
			packet->data[_i ? 7 : 8] = 1;
			if (!_i)
				rig_fix_ip(packet->data);
			len = packet->len;
			room = head + len + tail;
			tight = malloc(room);
			memcpy(tight + head, packet->data, len);
			packet->data = tight + head;
			packet->headroom = (uint16_t)head;
			packet->tailroom = (uint16_t)tail;
			if (process(&w) == LVS_REASON_REPLY_TTL) {
				ck_assert_uint_ge(room, 2 * need);
				expect_error(&w, &w.out.dst, &w.out.src, _i ? 3 : 11, 0);
				expect_quoted(&w, &w.out);
				ck_assert_uint_eq(packet->headroom + packet->len + packet->tailroom,
						  room);
				ck_assert_ptr_eq(packet->data, tight + packet->headroom);
			} else {
				ck_assert_int_eq(packet->reason, LVS_REASON_TTL);
				ck_assert_uint_lt(room, 2 * need);
			}
			free(tight);
			w.now += 2 * SECOND; /* so that the limits say nothing */
		}
	}
	tear_down(&w);
}
END_TEST

static int lookup_source(void *user, enum lvs_family family, const union lvs_addr *addr,
			 struct lvs_path_conf *path)
{
	(void)addr;
	path->source = *(const union lvs_addr *)user;
	path->source_family = (uint8_t)family;
	path->handle = 77;
	return 0;
}

START_TEST(test_source)
{
	union lvs_addr own = rig_addr4(203, 0, 113, 1);
	struct lvs_flow drained;
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	lvs_director_set_path_lookup(w.director, lookup_source, &own);
	rig_make(&w.rig, &w.out, ACK, 10);
	w.rig.packet.data[8] = 1;
	rig_fix_ip(w.rig.packet.data);
	ck_assert_int_eq(process(&w), LVS_REASON_REPLY_TTL);
	/* The address that was asked, as in the kernel; to a server, the one towards it. */
	expect_error(&w, &w.out.dst, &w.out.src, 11, 0);
	ck_assert_uint_eq(w.rig.packet.path, 77);
	/* Port unreachable comes from where the port would be. */
	rig_del_dest(w.director, &w.service, &w.dest);
	drained = w.out;
	drained.src_port = rig_port(41000);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &drained, SYN, w.now),
			 LVS_REASON_REPLY_NO_DEST);
	expect_error(&w, &w.out.dst, &w.out.src, 3, 3);
	tear_down(&w);
}
END_TEST

START_TEST(test_tunnel)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	unsigned header = ip_len(family);
	struct world w;

	build(&w, NULL, family, LVS_TCP, LVS_METHOD_TUNNEL);
	ck_assert_int_eq(tunnel_error(&w, _i ? 2 : 3, _i ? 0 : 4, 1400, true, 2000),
			 LVS_REASON_REPLY_TUNNEL);
	expect_error(&w, &w.out.dst, &w.out.src, _i ? 2 : 3, _i ? 0 : 4);
	expect_quoted(&w, &w.out);
	ck_assert_uint_eq(told_mtu(&w), 1400 - header);
	ck_assert_int_eq(send_len(&w, 1400 - header), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send_len(&w, 1401 - header), LVS_REASON_REPLY_MTU);
	ck_assert_uint_eq(told_mtu(&w), 1400 - header);
	/* Anything else: the same type and code. */
	ck_assert_int_eq(tunnel_error(&w, _i ? 1 : 3, 1, 0, true, 2000), LVS_REASON_REPLY_TUNNEL);
	expect_error(&w, &w.out.dst, &w.out.src, _i ? 1 : 3, 1);
	expect_quoted(&w, &w.out);
	/* Quotes that end before the inner ports say nothing. */
	for (unsigned quote = 0; quote < 2 * header + 4; quote++)
		ck_assert_int_eq(tunnel_error(&w, _i ? 1 : 3, 1, 0, true, quote), LVS_REASON_ICMP);
	tear_down(&w);
}
END_TEST

/* An IPv6 packet of 1280 bytes goes through a tunnel that leaves less; its client cannot help it.
 */
START_TEST(test_tunnel_least)
{
	struct world w;

	build(&w, NULL, LVS_INET6, LVS_TCP, LVS_METHOD_TUNNEL);
	ck_assert_int_eq(tunnel_error(&w, 2, 0, 1319, true, 2000), LVS_REASON_TUNNEL_ERROR);
	ck_assert_int_eq(send_len(&w, 1280), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send_len(&w, 1281), LVS_REASON_REPLY_MTU);
	ck_assert_uint_eq(told_mtu(&w), 1280);
	tear_down(&w);
}
END_TEST

START_TEST(test_pmtu)
{
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_TUNNEL);
	/* A client that lets its packets be cut is not told. */
	ck_assert_int_eq(tunnel_error(&w, 3, 4, 1300, false, 2000), LVS_REASON_TUNNEL_ERROR);
	ck_assert_int_eq(send_len(&w, 1281), LVS_REASON_REPLY_MTU);
	/* A higher one changes nothing, a lower one does, the least is 552. */
	tunnel_error(&w, 3, 4, 1400, true, 2000);
	ck_assert_int_eq(send_len(&w, 1281), LVS_REASON_REPLY_MTU);
	tunnel_error(&w, 3, 4, 0, true, 2000);
	ck_assert_int_eq(send_len(&w, 533), LVS_REASON_REPLY_MTU);
	ck_assert_int_eq(send_len(&w, 532), LVS_REASON_ESTABLISHED);
	/* A path that is set anew keeps what was learned; a lower one holds by itself. */
	set_mtu(&w, 1500);
	ck_assert_int_eq(send_len(&w, 533), LVS_REASON_REPLY_MTU);
	w.now += 599 * SECOND;
	ck_assert_int_eq(send_len(&w, 533), LVS_REASON_REPLY_MTU);
	w.now += 2 * SECOND;
	ck_assert_int_eq(send_len(&w, 1480), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send_len(&w, 1481), LVS_REASON_REPLY_MTU);
	tear_down(&w);
}
END_TEST

START_TEST(test_limits)
{
	struct lvs_settings settings = {
		.size = sizeof(settings), .icmp_msgs_per_sec = 10, .icmp_msgs_burst = 8};
	unsigned sent = 0;
	struct lvs_flow flow;
	struct world w;

	build(&w, _i ? &settings : NULL, LVS_INET, LVS_UDP, LVS_METHOD_DR);
	rig_del_dest(w.director, &w.service, &w.dest);
	flow = w.out;
	flow.src_port = rig_port(50000);
	w.now += 1000 * SECOND;
	/* One address gets six, then one a second. */
	for (unsigned i = 0; i < 20; i++)
		sent += rig_send(w.worker, &w.rig, &flow, 0, w.now) == LVS_REASON_REPLY_NO_DEST;
	ck_assert_uint_eq(sent, 6);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_NO_DEST);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_DROP);
	w.now += 999 * SECOND / 1000;
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &flow, 0, w.now), LVS_REASON_NO_DEST);
	w.now += SECOND / 1000;
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &flow, 0, w.now), LVS_REASON_REPLY_NO_DEST);
	/* All together, from addresses that hardly share a bucket. */
	w.now += 1000 * SECOND;
	sent = 0;
	for (unsigned i = 0; i < 200; i++) {
		flow.src = rig_addr4(198, 51, 101, i);
		sent += rig_send(w.worker, &w.rig, &flow, 0, w.now) == LVS_REASON_REPLY_NO_DEST;
	}
	ck_assert_uint_eq(sent, _i ? 8 : 50);
	w.now += SECOND / 10;
	for (unsigned i = 0; i < 200; i++) {
		flow.src = rig_addr4(198, 51, 102, i);
		sent += rig_send(w.worker, &w.rig, &flow, 0, w.now) == LVS_REASON_REPLY_NO_DEST;
	}
	ck_assert_uint_eq(sent, _i ? 9 : 100);
	tear_down(&w);
}
END_TEST

/* Path MTU discovery is never held back. */
START_TEST(test_unlimited)
{
	struct lvs_settings settings = {.size = sizeof(settings),
					.icmp_ratelimit_ms = LVS_UNLIMITED,
					.icmp_msgs_per_sec = LVS_UNLIMITED};
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	set_mtu(&w, 600);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(send_len(&w, 601), LVS_REASON_REPLY_MTU);
	tear_down(&w);
	build(&w, &settings, LVS_INET, LVS_UDP, LVS_METHOD_DR);
	rig_del_dest(w.director, &w.service, &w.dest);
	w.out.src_port = rig_port(50000);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.out, 0, w.now),
				 LVS_REASON_REPLY_NO_DEST);
	tear_down(&w);
}
END_TEST

/* Who asks what would become of a packet takes nothing of what may be sent. */
START_TEST(test_peek)
{
	struct lvs_record record;
	struct world w;
	unsigned sent = 0;

	build(&w, NULL, LVS_INET, LVS_UDP, LVS_METHOD_DR);
	rig_del_dest(w.director, &w.service, &w.dest);
	w.out.src_port = rig_port(50000);
	for (unsigned i = 0; i < 20; i++) {
		rig_make(&w.rig, &w.out, 0, 10);
		lvs_worker_peek(w.worker, &w.rig.packet, w.now, &record);
		ck_assert_int_eq(record.reason, LVS_REASON_REPLY_NO_DEST);
	}
	for (unsigned i = 0; i < 20; i++)
		sent += rig_send(w.worker, &w.rig, &w.out, 0, w.now) == LVS_REASON_REPLY_NO_DEST;
	ck_assert_uint_eq(sent, 6);
	rig_make(&w.rig, &w.out, 0, 10);
	lvs_worker_peek(w.worker, &w.rig.packet, w.now, &record);
	ck_assert_int_eq(record.reason, LVS_REASON_NO_DEST);
	tear_down(&w);
}
END_TEST

/* A look at an error about a tunnel packet learns nothing. */
START_TEST(test_peek_tunnel)
{
	union lvs_addr router = rig_addr4(10, 0, 0, 99);
	struct lvs_record record;
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_TUNNEL);
	rig_make(&w.quoted, &w.out, ACK, 20);
	lvs_worker_process(w.worker, &w.quoted.packet, 1, w.now);
	make_error(&w.rig, &router, &w.quoted, w.quoted.packet.len, 3, 4, 1000);
	lvs_worker_peek(w.worker, &w.rig.packet, w.now, &record);
	ck_assert_int_eq(record.reason, LVS_REASON_REPLY_TUNNEL);
	ck_assert_int_eq(send_len(&w, 1480), LVS_REASON_ESTABLISHED);
	tear_down(&w);
}
END_TEST

/* A refused packet stays as it came, here by a limit. */
START_TEST(test_refused_unchanged)
{
	union lvs_addr router = rig_addr4(10, 0, 0, 99);
	struct rig_packet before;
	struct world w;
	unsigned told = 0;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_TUNNEL);
	rig_make(&w.quoted, &w.out, ACK, 20);
	lvs_worker_process(w.worker, &w.quoted.packet, 1, w.now);
	for (unsigned i = 0; i < 10; i++) {
		make_error(&w.rig, &router, &w.quoted, w.quoted.packet.len, 3, 1, 0);
		before = w.rig;
		if (process(&w) == LVS_REASON_REPLY_TUNNEL) {
			told++;
			continue;
		}
		ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_TUNNEL_ERROR);
		ck_assert_mem_eq(w.rig.buffer, before.buffer, sizeof(before.buffer));
		ck_assert_mem_eq(&w.rig.packet, &before.packet, 64);
	}
	ck_assert_uint_eq(told, 6);
	tear_down(&w);
}
END_TEST

START_TEST(test_settings)
{
	static const struct {
		struct lvs_settings settings;
		int err;
	} all[] = {
		{{.icmp_msgs_per_sec = 1000000001}, LVS_ERR_RANGE},
		{{.icmp_msgs_per_sec = 1000000000}, 0},
		{{.icmp_msgs_per_sec = LVS_UNLIMITED}, 0},
		{{.pmtu_expires_s = 2678401}, LVS_ERR_RANGE},
		{{.pmtu_expires_s = 2678400}, 0},
	};
	struct lvs_settings settings = all[_i].settings;
	struct lvs_director *director = NULL;

	settings.size = sizeof(settings);
	ck_assert_int_eq(lvs_director_new(&settings, &director), all[_i].err);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("icmp");

	tcase_add_loop_test(tcase, test_nat, 0, 4);
	tcase_add_loop_test(tcase, test_translated_pmtu, 0, 2);
	tcase_add_loop_test(tcase, test_from_port_0, 0, 4);
	tcase_add_loop_test(tcase, test_truncated, 0, 2);
	tcase_add_loop_test(tcase, test_refused, 0, 2);
	tcase_add_loop_test(tcase, test_one_way, 0, 4);
	tcase_add_loop_test(tcase, test_time_exceeded, 0, 6);
	tcase_add_loop_test(tcase, test_too_long, 0, 6);
	tcase_add_loop_test(tcase, test_tight, 0, 2);
	tcase_add_test(tcase, test_source);
	tcase_add_loop_test(tcase, test_tunnel, 0, 2);
	tcase_add_test(tcase, test_tunnel_least);
	tcase_add_test(tcase, test_pmtu);
	tcase_add_loop_test(tcase, test_limits, 0, 2);
	tcase_add_test(tcase, test_unlimited);
	tcase_add_test(tcase, test_peek);
	tcase_add_test(tcase, test_peek_tunnel);
	tcase_add_test(tcase, test_refused_unchanged);
	tcase_add_loop_test(tcase, test_settings, 0, 5);
	return unit_run("icmp", tcase);
}
