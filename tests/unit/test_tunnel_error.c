/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP errors about GUE and GRE packets of ours: the path is learned, the client told; and what
 * only looks like one of those is left alone. */
#include "icmp_rig.h"

#define GUE_PORT 6080

static const struct kind {
	uint8_t type, flags;
	unsigned shim; /* bytes between the headers */
} kinds[] = {
	{LVS_TUNNEL_IPIP, 0, 0},
	{LVS_TUNNEL_GUE, 0, 12},
	{LVS_TUNNEL_GUE, LVS_TUNNEL_CSUM, 12},
	{LVS_TUNNEL_GRE, 0, 4},
	{LVS_TUNNEL_GRE, LVS_TUNNEL_CSUM, 8},
};

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

/* Family of the connection, then that of its destination: a loop's number by twos. */
static const unsigned families[] = {LVS_INET, LVS_INET6};

struct site {
	const struct kind *kind;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct lvs_flow flow; /* client to service */
	struct rig_packet rig;
	struct rig_packet sent; /* what went to the destination */
};

static void set_dest(struct site *w, const struct lvs_service_key *service, enum lvs_method method,
		     const struct kind *kind, unsigned port)
{
	struct lvs_dest_conf conf = {
		.size = sizeof(conf),
		.method = (uint32_t)method,
		.weight = 1,
		.tun_type = kind->type,
		.tun_flags = kind->flags,
		.tun_port = rig_port(port),
	};
	struct lvs_txn *txn;

	rig_set_dest(w->director, service, &w->dest, method, 1);
	ck_assert_int_eq(lvs_txn_begin(w->director, &txn), 0);
	ck_assert_int_eq(lvs_txn_set_dest(txn, service, &w->dest, &conf), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

static void site_begin(struct site *w, const struct kind *kind, unsigned family,
		       unsigned dest_family)
{
	bool v4 = family == LVS_INET;
	union lvs_addr vip = v4 ? rig_addr4(192, 0, 2, 1) : rig_addr6(1, 1);
	union lvs_addr cip = v4 ? rig_addr4(198, 51, 100, 7) : rig_addr6(3, 7);
	union lvs_addr rip = dest_family == LVS_INET ? rig_addr4(10, 0, 0, 1) : rig_addr6(2, 1);

	memset(w, 0, sizeof(*w));
	w->kind = kind;
	ck_assert_int_eq(lvs_director_new(NULL, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(family, LVS_TCP, vip, 80);
	w->dest = rig_dest_key(dest_family, rip, 80);
	w->flow = rig_flow(LVS_TCP, family, cip, 40000, vip, 80);
	rig_set_service(w->director, &w->service, "rr");
	set_dest(w, &w->service, LVS_METHOD_TUNNEL, kind, GUE_PORT);
	ck_assert_int_eq(rig_send(w->worker, &w->rig, &w->flow, SYN, SECOND), LVS_REASON_SCHEDULED);
}

static void site_nth(struct site *w, int i)
{
	site_begin(w, &kinds[i / 4], families[i & 1], families[i >> 1 & 1]);
}

static void site_end(struct site *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static enum lvs_reason site_process(struct site *w)
{
	lvs_worker_process(w->worker, &w->rig.packet, 1, SECOND);
	return (enum lvs_reason)w->rig.packet.reason;
}

/* The connection's next packet, as it leaves. */
static void send_one(struct site *w)
{
	rig_make(&w->sent, &w->flow, ACK, 20);
	lvs_worker_process(w->worker, &w->sent.packet, 1, SECOND);
	ck_assert_int_eq(w->sent.packet.reason, LVS_REASON_ESTABLISHED);
}

/* A router's word about that packet, of which it quotes so many bytes. */
static enum lvs_reason site_error(struct site *w, unsigned quote, unsigned type, unsigned code,
				  unsigned info)
{
	union lvs_addr router =
		w->dest.family == LVS_INET ? rig_addr4(10, 0, 0, 99) : rig_addr6(9, 99);

	if (quote > w->sent.packet.len)
		quote = w->sent.packet.len;
	make_error(&w->rig, &router, &w->sent, quote, type, code, info);
	return site_process(w);
}

/* The same about the path's MTU, in the words of the outer family. */
static enum lvs_reason too_big(struct site *w, unsigned quote, unsigned mtu)
{
	bool v6 = w->dest.family == LVS_INET6;

	return site_error(w, quote, v6 ? 2 : 3, v6 ? 0 : 4, mtu);
}

static enum lvs_reason site_send(struct site *w, unsigned len)
{
	rig_make(&w->rig, &w->flow, ACK, len - ip_len(w->flow.family) - 20);
	return site_process(w);
}

static unsigned told_mtu(const struct site *w)
{
	return rig_get16(w->rig.packet.data + ip_len(w->flow.family) + 6);
}

/* What left is an error to the client about its own packet, every sum right. */
static void expect_told(const struct site *w, unsigned type, unsigned code)
{
	const uint8_t *ip = w->rig.packet.data;
	bool v6 = w->flow.family == LVS_INET6;
	unsigned header = ip_len(w->flow.family);
	const uint8_t *quoted = ip + header + 8;

	ck_assert_uint_eq(ip[0] >> 4, v6 ? 6 : 4);
	ck_assert_mem_eq(ip + (v6 ? 24 : 16), &w->flow.src, v6 ? 16 : 4);
	ck_assert_uint_eq(icmp_sum(ip, w->rig.packet.len), 0xffff);
	ck_assert_uint_eq(ip[header], type);
	ck_assert_uint_eq(ip[header + 1], code);
	ck_assert_mem_eq(quoted + (v6 ? 8 : 12), &w->flow.src, v6 ? 16 : 4);
	ck_assert_mem_eq(quoted + (v6 ? 24 : 16), &w->flow.dst, v6 ? 16 : 4);
	ck_assert_mem_eq(quoted + header, &w->flow.src_port, 2);
}

/* The client learns what is left of the path's MTU, and so does the director. */
START_TEST(test_too_big)
{
	struct site w;
	unsigned overhead;

	site_nth(&w, _i);
	overhead = ip_len(w.dest.family) + w.kind->shim;
	send_one(&w);
	ck_assert_uint_eq(w.sent.packet.len, ip_len(w.flow.family) + 40 + overhead);
	ck_assert_int_eq(too_big(&w, 2000, 1400), LVS_REASON_REPLY_TUNNEL);
	expect_told(&w, w.flow.family == LVS_INET6 ? 2 : 3, w.flow.family == LVS_INET6 ? 0 : 4);
	ck_assert_uint_eq(told_mtu(&w), 1400 - overhead);
	ck_assert_int_eq(site_send(&w, 1400 - overhead), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(site_send(&w, 1401 - overhead), LVS_REASON_REPLY_MTU);
	ck_assert_uint_eq(told_mtu(&w), 1400 - overhead);
	site_end(&w);
}
END_TEST

/* Any other error keeps its type and code in its family, and says nothing in the other. */
START_TEST(test_other)
{
	struct site w;
	bool same;

	site_nth(&w, _i);
	same = w.dest.family == w.flow.family;
	send_one(&w);
	ck_assert_int_eq(site_error(&w, 2000, w.dest.family == LVS_INET6 ? 1 : 3, 1, 0),
			 same ? LVS_REASON_REPLY_TUNNEL : LVS_REASON_TUNNEL_ERROR);
	if (same)
		expect_told(&w, w.dest.family == LVS_INET6 ? 1 : 3, 1);
	site_end(&w);
}
END_TEST

/* However short the quote is, nothing is read behind it; with the inner ports it is understood. */
START_TEST(test_truncated)
{
	struct site w;
	unsigned need;

	site_nth(&w, _i);
	need = ip_len(w.dest.family) + w.kind->shim + ip_len(w.flow.family) + 4;
	send_one(&w);
	for (unsigned quote = 0; quote <= w.sent.packet.len; quote++) {
		union lvs_addr router =
			w.dest.family == LVS_INET ? rig_addr4(10, 0, 0, 99) : rig_addr6(9, 99);
		struct lvs_packet *packet = &w.rig.packet;
		uint8_t *tight;

		make_error(&w.rig, &router, &w.sent, quote, w.dest.family == LVS_INET6 ? 1 : 3, 1,
			   0);
		tight = malloc(packet->len);
		memcpy(tight, packet->data, packet->len);
		packet->data = tight;
		packet->headroom = packet->tailroom = 0;
		if (quote < need)
			ck_assert_int_eq(site_process(&w), LVS_REASON_ICMP);
		else
			ck_assert_int_ne(site_process(&w), LVS_REASON_ICMP);
		free(tight);
	}
	site_end(&w);
}
END_TEST

/* Every bit of the shim counts, but for what is anybody's: GUE's source port, lengths, sums. */
START_TEST(test_shim_bits)
{
	unsigned header, taken = 0;
	struct site w;

	site_nth(&w, _i);
	header = ip_len(w.dest.family);
	for (unsigned bit = 0; bit < 8 * w.kind->shim; bit++) {
		unsigned at = bit / 8;
		bool free =
			w.kind->type == LVS_TUNNEL_GUE ? at < 2 || (at >= 4 && at < 8) : at >= 4;

		send_one(&w);
		w.sent.packet.data[header + at] ^= (uint8_t)(1 << bit % 8);
		if (w.dest.family == LVS_INET)
			rig_fix_ip(w.sent.packet.data);
		if (too_big(&w, 2000, 1400) == LVS_REASON_ICMP)
			ck_assert(!free);
		else
			taken++;
	}
	/* GRE with its checksum's flag gone, or come, is another length of header. */
	ck_assert_uint_eq(taken, w.kind->type == LVS_TUNNEL_GUE   ? 48u
				 : w.kind->type == LVS_TUNNEL_GRE ? 8 * (w.kind->shim - 4)
								  : 0);
	site_end(&w);
}
END_TEST

/* What was sent to another address, another port, by another kind is none of ours. */
START_TEST(test_not_ours)
{
	union lvs_addr other = {.byte = {203, 0, 113, 9}};
	struct site w;
	unsigned header;

	site_nth(&w, _i);
	header = ip_len(w.dest.family);
	send_one(&w);
	memcpy(w.sent.packet.data + header - 4, &other, 4);
	if (w.dest.family == LVS_INET)
		rig_fix_ip(w.sent.packet.data);
	ck_assert_int_eq(too_big(&w, 2000, 1400), LVS_REASON_ICMP);
	/* The kind or the port has changed since. */
	send_one(&w);
	set_dest(&w, &w.service, LVS_METHOD_TUNNEL, &kinds[w.kind->type == LVS_TUNNEL_GRE ? 0 : 3],
		 0);
	ck_assert_int_eq(too_big(&w, 2000, 1400), LVS_REASON_ICMP);
	if (w.kind->type == LVS_TUNNEL_GUE) {
		set_dest(&w, &w.service, LVS_METHOD_TUNNEL, w.kind, GUE_PORT + 1);
		ck_assert_int_eq(too_big(&w, 2000, 1400), LVS_REASON_ICMP);
	}
	set_dest(&w, &w.service, LVS_METHOD_TUNNEL, w.kind, GUE_PORT);
	ck_assert_int_eq(too_big(&w, 2000, 1400), LVS_REASON_REPLY_TUNNEL);
	/* Its checksum is wrong. */
	send_one(&w);
	w.sent.packet.data[w.sent.packet.len - 1]++;
	too_big(&w, 2000, 1400);
	make_error(&w.rig, &other, &w.sent, w.sent.packet.len, w.dest.family == LVS_INET6 ? 1 : 3,
		   1, 0);
	w.rig.packet.data[w.rig.packet.len - 1] ^= 1;
	ck_assert_int_eq(site_process(&w), LVS_REASON_ICMP_CHECKSUM);
	site_end(&w);
}
END_TEST

/* What a router near the client says of a reply of 600 bytes, as it leaves for the server. */
static enum lvs_reason carry_error(struct site *w)
{
	union lvs_addr router =
		w->flow.family == LVS_INET ? rig_addr4(198, 51, 100, 99) : rig_addr6(3, 99);
	struct lvs_flow back = reversed(&w->flow);
	struct rig_packet reply;
	bool v6 = w->flow.family == LVS_INET6;

	rig_make(&reply, &back, ACK, 600);
	make_error(&w->sent, &router, &reply, 500, v6 ? 2 : 3, v6 ? 0 : 4, 1280);
	lvs_worker_process(w->worker, &w->sent.packet, 1, SECOND);
	return (enum lvs_reason)w->sent.packet.reason;
}

/* An error that did not get to the server: the next one, and all else, is cut to fit, or refused.
 */
START_TEST(test_error_carried)
{
	struct site w;
	unsigned overhead, need;

	site_nth(&w, _i);
	overhead = ip_len(w.dest.family) + w.kind->shim;
	ck_assert_int_eq(carry_error(&w), LVS_REASON_ICMP_FORWARDED);
	ck_assert_uint_eq(w.sent.packet.len, overhead + ip_len(w.flow.family) + 8 + 500);
	/* Its quote must reach as far as the ports of the reply. */
	need = overhead + 2 * ip_len(w.flow.family) + 8 + 4;
	ck_assert_int_eq(too_big(&w, need - 1, 1400), LVS_REASON_ICMP);
	ck_assert_int_eq(site_send(&w, 1401 - overhead), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(too_big(&w, need, 1400), LVS_REASON_TUNNEL_ERROR);
	ck_assert_int_eq(site_send(&w, 1400 - overhead), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(site_send(&w, 1401 - overhead), LVS_REASON_REPLY_MTU);
	ck_assert_uint_eq(told_mtu(&w), 1400 - overhead);
	site_end(&w);
}
END_TEST

/* What is inside is an answer, or an error about somebody else's packet, or was sent to another
 * server: it is none of ours, and nothing is learned. */
START_TEST(test_error_not_ours)
{
	union lvs_addr other = {.byte = {203, 0, 113, 9}};
	struct site w;
	unsigned overhead, inner;

	site_nth(&w, _i);
	overhead = ip_len(w.dest.family) + w.kind->shim;
	inner = overhead + ip_len(w.flow.family);
	ck_assert_int_eq(carry_error(&w), LVS_REASON_ICMP_FORWARDED);
	w.sent.packet.data[inner] = w.flow.family == LVS_INET6 ? 129 : 0;
	ck_assert_int_eq(too_big(&w, 2000, 1000), LVS_REASON_ICMP);
	carry_error(&w);
	w.sent.packet.data[inner + 8 + ip_len(w.flow.family) + 3] ^= 1;
	ck_assert_int_eq(too_big(&w, 2000, 1000), LVS_REASON_ICMP);
	carry_error(&w);
	memcpy(w.sent.packet.data + ip_len(w.dest.family) - 4, &other, 4);
	if (w.dest.family == LVS_INET)
		rig_fix_ip(w.sent.packet.data);
	ck_assert_int_eq(too_big(&w, 2000, 1000), LVS_REASON_ICMP);
	ck_assert_int_eq(site_send(&w, 1500 - overhead), LVS_REASON_ESTABLISHED);
	site_end(&w);
}
END_TEST

static int look_up(void *user, enum lvs_family family, const union lvs_addr *addr,
		   struct lvs_path_conf *path)
{
	struct site *w = user;

	ck_assert_int_eq(family, w->dest.family);
	ck_assert_mem_eq(addr, &w->dest.addr, sizeof(*addr));
	path->source_family = (uint8_t)family;
	path->source = family == LVS_INET ? rig_addr4(10, 0, 0, 7) : rig_addr6(9, 7);
	return 0;
}

/* A server that was removed, and its path forgotten, still hears of the connections it has. */
START_TEST(test_removed)
{
	struct site w;
	bool v6;

	site_nth(&w, _i);
	v6 = w.dest.family == LVS_INET6;
	rig_del_dest(w.director, &w.service, &w.dest);
	ck_assert_int_eq(carry_error(&w), LVS_REASON_ICMP_FORWARDED);
	ck_assert_int_eq(lvs_director_set_path(w.director, (enum lvs_family)w.dest.family,
					       &w.dest.addr, NULL),
			 0);
	ck_assert_int_eq(carry_error(&w), LVS_REASON_NO_SOURCE);
	lvs_director_set_path_lookup(w.director, look_up, &w);
	ck_assert_int_eq(carry_error(&w), LVS_REASON_ICMP_FORWARDED);
	ck_assert_uint_eq(w.sent.packet.data[v6 ? 23 : 15], 7);
	site_end(&w);
}
END_TEST

/* A connection of UDP that goes to a server's GUE port by NAT: errors about it are its own, even
 * when its payload is that of a tunnel. */
START_TEST(test_udp_flow)
{
	union lvs_addr router = rig_addr4(10, 0, 0, 99);
	struct lvs_service_key udp;
	struct lvs_flow flow, server;
	struct site w;
	uint8_t gue[64];

	site_begin(&w, &kinds[1], LVS_INET, LVS_INET);
	send_one(&w);
	memcpy(gue, w.sent.packet.data + 28, 52);
	udp = rig_service_key(LVS_INET, LVS_UDP, rig_addr4(192, 0, 2, 1), GUE_PORT);
	rig_set_service(w.director, &udp, "rr");
	w.dest.port = rig_port(GUE_PORT);
	rig_set_dest(w.director, &udp, &w.dest, LVS_METHOD_NAT, 1);
	flow = rig_flow(LVS_UDP, LVS_INET, w.flow.src, 41000, w.flow.dst, GUE_PORT);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &flow, 0, SECOND), LVS_REASON_SCHEDULED);
	/* What the client sends, as the server gets it, is no GUE. */
	server = rig_flow(LVS_UDP, LVS_INET, w.flow.src, 41000, w.dest.addr, GUE_PORT);
	rig_make(&w.sent, &server, 0, 52);
	make_error(&w.rig, &router, &w.sent, w.sent.packet.len, 3, 3, 0);
	ck_assert_int_eq(site_process(&w), LVS_REASON_ICMP_REPLY);
	/* It is, of a connection that nobody knows. */
	memcpy(w.sent.packet.data + 28, gue, 52);
	w.sent.packet.data[28 + 4 + 20] ^= 1;
	make_error(&w.rig, &router, &w.sent, w.sent.packet.len, 3, 3, 0);
	ck_assert_int_eq(site_process(&w), LVS_REASON_ICMP_REPLY);
	/* It is, of one that we know: he who makes that may get an error himself. */
	w.sent.packet.data[28 + 4 + 20] ^= 1;
	make_error(&w.rig, &router, &w.sent, w.sent.packet.len, 3, 3, 0);
	ck_assert_int_eq(site_process(&w), LVS_REASON_REPLY_TUNNEL);
	site_end(&w);
}
END_TEST

/* One address may be the end of tunnels of two kinds, of two services: each connection's errors are
 * understood, and by its own kind alone. */
START_TEST(test_two_ends)
{
	struct lvs_service_key other;
	struct lvs_flow first;
	struct site w;

	site_begin(&w, &kinds[0], LVS_INET, LVS_INET);
	first = w.flow;
	other = rig_service_key(LVS_INET, LVS_TCP, w.flow.dst, 81);
	rig_set_service(w.director, &other, "rr");
	set_dest(&w, &other, LVS_METHOD_TUNNEL, &kinds[3], 0);
	w.flow.dst_port = rig_port(81);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.flow, SYN, SECOND), LVS_REASON_SCHEDULED);
	for (unsigned i = 0; i < 2; i++) {
		send_one(&w);
		ck_assert_uint_eq(w.sent.packet.data[9], i ? LVS_IPIP : LVS_GRE);
		ck_assert_int_eq(site_error(&w, 2000, 11, 0, 0), LVS_REASON_REPLY_TUNNEL);
		expect_told(&w, 11, 0);
		w.flow = first;
	}
	/* Inside is the other one's packet. */
	rig_put16(w.sent.packet.data + 42, 81);
	ck_assert_int_eq(site_error(&w, 2000, 11, 0, 0), LVS_REASON_ICMP);
	site_end(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("tunnel_error");

	tcase_add_loop_test(tcase, test_too_big, 0, 4 * KINDS);
	tcase_add_loop_test(tcase, test_other, 0, 4 * KINDS);
	tcase_add_loop_test(tcase, test_truncated, 0, 4 * KINDS);
	tcase_add_loop_test(tcase, test_shim_bits, 0, 4 * KINDS);
	tcase_add_loop_test(tcase, test_not_ours, 0, 4 * KINDS);
	tcase_add_loop_test(tcase, test_error_carried, 0, 4 * KINDS);
	tcase_add_loop_test(tcase, test_error_not_ours, 0, 4 * KINDS);
	tcase_add_loop_test(tcase, test_removed, 0, 4 * KINDS);
	tcase_add_test(tcase, test_udp_flow);
	tcase_add_test(tcase, test_two_ends);
	return unit_run("tunnel_error", tcase);
}
