/* SPDX-License-Identifier: BSD-2-Clause */
/* AH and ESP through a whole director: they ride on the connection of their IKE. */
#include <string.h>

#include "director/worker.h"

#include "director_rig.h"
#include "unit.h"

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct lvs_flow ike;    /* client to service, UDP 500 to 500 */
	struct lvs_flow client; /* the same as ESP or AH */
	struct lvs_flow server; /* what answers it */
	struct rig_packet rig;
	uint8_t quoted[8]; /* of what an error is about, behind its IP header */
	uint64_t now;
};

static const struct setup {
	unsigned family;
	enum lvs_method method;
	uint8_t protocol;
} setups[] = {
	{LVS_INET, LVS_METHOD_NAT, LVS_ESP},    {LVS_INET, LVS_METHOD_NAT, LVS_AH},
	{LVS_INET6, LVS_METHOD_NAT, LVS_ESP},   {LVS_INET, LVS_METHOD_DR, LVS_ESP},
	{LVS_INET, LVS_METHOD_DR, LVS_AH},      {LVS_INET6, LVS_METHOD_DR, LVS_ESP},
	{LVS_INET, LVS_METHOD_TUNNEL, LVS_ESP}, {LVS_INET6, LVS_METHOD_TUNNEL, LVS_ESP},
};
#define SETUPS ((int)(sizeof(setups) / sizeof(setups[0])))
#define NATS 3

static void build(struct world *w, const struct setup *setup, const struct lvs_settings *settings)
{
	bool v4 = setup->family == LVS_INET, nat = setup->method == LVS_METHOD_NAT;
	union lvs_addr vip = v4 ? rig_addr4(192, 0, 2, 1) : rig_addr6(1, 1);
	union lvs_addr rip = v4 ? rig_addr4(10, 0, 0, 1) : rig_addr6(2, 1);
	union lvs_addr cip = v4 ? rig_addr4(198, 51, 100, 7) : rig_addr6(3, 7);

	memset(w, 0, sizeof(*w));
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(setup->family, LVS_UDP, vip, 500);
	w->dest = rig_dest_key(setup->family, rip, 500);
	rig_set_service(w->director, &w->service, "rr");
	rig_set_dest(w->director, &w->service, &w->dest, setup->method, 1);
	w->ike = rig_flow(LVS_UDP, setup->family, cip, 500, vip, 500);
	w->client = rig_flow(setup->protocol, setup->family, cip, 0, vip, 0);
	w->server = rig_flow(setup->protocol, setup->family, nat ? rip : vip, 0, cip, 0);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

/* A packet of the protocol: @p len bytes behind the IP header, that nobody can read. */
static enum lvs_reason send_as(struct world *w, const struct lvs_flow *flow, unsigned len,
			       uint8_t ttl)
{
	uint8_t *ip;

	rig_make(&w->rig, flow, 0, len);
	ip = w->rig.packet.data;
	rig_ip(ip, flow, len);
	for (unsigned i = 0; i < len; i++)
		ip[rig_header(ip) + i] = (uint8_t)(i * 13 + 1);
	w->rig.packet.len = w->rig.packet.linear_len = rig_header(ip) + len;
	ip[flow->family == LVS_INET6 ? 7 : 8] = ttl;
	if (flow->family == LVS_INET)
		rig_fix_ip(ip);
	lvs_worker_process(w->worker, &w->rig.packet, 1, w->now);
	return (enum lvs_reason)w->rig.packet.reason;
}

static enum lvs_reason send(struct world *w, const struct lvs_flow *flow, unsigned len)
{
	return send_as(w, flow, len, 64);
}

/* The IP packet in what left. */
static const uint8_t *inner(const struct world *w)
{
	const uint8_t *ip = w->rig.packet.data;
	uint8_t protocol = rig_protocol(ip);

	return protocol == LVS_IPIP || protocol == LVS_IPV6 ? ip + rig_header(ip) : ip;
}

/* It is as it was sent, but for an address (@p at: where), TTL and the header's checksum. */
static void expect_bytes(const struct world *w, const struct lvs_flow *sent, unsigned len,
			 const union lvs_addr *addr, bool source)
{
	const uint8_t *ip = inner(w);
	bool v6 = sent->family == LVS_INET6;
	unsigned addr_len = v6 ? 16 : 4;
	const uint8_t *src = ip + (v6 ? 8 : 12);
	const uint8_t *dst = src + addr_len;

	ck_assert_uint_eq(rig_protocol(ip), sent->protocol);
	ck_assert_mem_eq(src, source && addr ? addr : &sent->src, addr_len);
	ck_assert_mem_eq(dst, !source && addr ? addr : &sent->dst, addr_len);
	ck_assert_uint_eq(ip[v6 ? 7 : 8], 63);
	if (!v6)
		ck_assert_uint_eq(rig_sum(0, ip, 20), 0xffff);
	for (unsigned i = 0; i < len; i++)
		ck_assert_uint_eq(ip[rig_header(ip) + i], (uint8_t)(i * 13 + 1));
}

START_TEST(test_rides)
{
	static const unsigned lens[] = {0, 1, 3, 4, 8, 40, 333};
	bool nat = _i < NATS;
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	struct lvs_dest_info dest;
	struct world w;

	build(&w, &setups[_i], NULL);
	ck_assert_int_eq(send(&w, &w.client, 40), LVS_REASON_PROTOCOL);
	ck_assert_int_eq(send(&w, &w.server, 40), LVS_REASON_PROTOCOL);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.ike, 0, w.now), LVS_REASON_SCHEDULED);
	for (unsigned i = 0; i < LVS_ARRAY_N(lens); i++) {
		ck_assert_int_eq(send(&w, &w.client, lens[i]), LVS_REASON_ESTABLISHED);
		expect_bytes(&w, &w.client, lens[i], nat ? &w.dest.addr : NULL, false);
		ck_assert_int_eq(send(&w, &w.server, lens[i]),
				 nat ? LVS_REASON_REPLY : LVS_REASON_REPLY_SEEN);
		if (nat)
			expect_bytes(&w, &w.server, lens[i], &w.service.addr, true);
	}
	/* one connection, that of UDP */
	ck_assert_int_eq(lvs_director_next_conn(w.director, NULL, &cursor, &info), 1);
	ck_assert_str_eq(info.state, "UDP");
	ck_assert_int_eq(lvs_director_next_conn(w.director, NULL, &cursor, &info), 0);
	rig_get_dest(w.director, &w.service, &w.dest, &dest);
	ck_assert_uint_eq(dest.stats.conns, 1);
	ck_assert_uint_eq(dest.stats.in_pkts, 1 + LVS_ARRAY_N(lens));
	ck_assert_uint_eq(dest.stats.out_pkts, LVS_ARRAY_N(lens));
	tear_down(&w);
}
END_TEST

/* Other hosts' are none of it, nor are those behind other ports of IKE. */
START_TEST(test_others)
{
	struct lvs_flow other;
	struct world w;

	build(&w, &setups[_i], NULL);
	w.ike.src_port = rig_port(4500);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.ike, 0, w.now), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(send(&w, &w.client, 40), LVS_REASON_PROTOCOL);
	w.ike.src_port = rig_port(500);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.ike, 0, w.now), LVS_REASON_SCHEDULED);
	other = w.client;
	other.src.byte[other.family == LVS_INET6 ? 15 : 3] ^= 1;
	ck_assert_int_eq(send(&w, &other, 40), LVS_REASON_PROTOCOL);
	other = w.client;
	other.protocol = LVS_GRE;
	ck_assert_int_eq(send(&w, &other, 40), LVS_REASON_PROTOCOL);
	tear_down(&w);
}
END_TEST

/* They keep it alive, by the timeout that it has, whatever the present one is. */
START_TEST(test_timer)
{
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts), .udp_s = 10};
	struct world w;

	build(&w, &setups[_i], NULL);
	rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
	ck_assert_int_eq(lvs_director_set_timeouts(w.director, &timeouts), 0);
	for (unsigned i = 0; i < 8; i++) {
		w.now += 200 * SECOND;
		ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, w.now, 0), 0);
		send(&w, i % 2 ? &w.client : &w.server, 40);
	}
	w.now += 302 * SECOND;
	ck_assert_int_eq(send(&w, &w.client, 40), LVS_REASON_PROTOCOL);
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, w.now, 0), 1);
	tear_down(&w);
}
END_TEST

/* A reply that the host refuses has never been here; a request has, whatever becomes of it. */
START_TEST(test_refused)
{
	for (unsigned big = 0; big < 2; big++)
		for (unsigned request = 0; request < 2; request++) {
			const struct lvs_flow *flow;
			struct world w;

			build(&w, &setups[_i], NULL);
			flow = request ? &w.client : &w.server;
			rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
			w.now += 200 * SECOND;
			send_as(&w, flow, big ? 1600 : 40, big ? 64 : 1);
			ck_assert_int_ne(w.rig.packet.verdict, LVS_FORWARD);
			w.now += 200 * SECOND;
			ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, w.now, 0), !request);
			tear_down(&w);
		}
}
END_TEST

/* Its server is gone: dropped, or, where entries end, the host's. Replies go on. */
START_TEST(test_dest_gone)
{
	struct lvs_settings settings;

	lvs_settings_init(&settings);
	for (unsigned i = 0; i < 2; i++) {
		struct world w;

		settings.flags = i ? LVS_SET_EXPIRE_NODEST : 0;
		build(&w, &setups[_i], &settings);
		rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
		rig_del_dest(w.director, &w.service, &w.dest);
		if (!i) {
			ck_assert_int_eq(send(&w, &w.client, 40), LVS_REASON_DEST_GONE);
			ck_assert_int_eq(send(&w, &w.server, 40),
					 _i < NATS ? LVS_REASON_REPLY : LVS_REASON_REPLY_SEEN);
			ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
		} else {
			ck_assert_int_eq(send(&w, &w.client, 40), LVS_REASON_PROTOCOL);
			ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
		}
		tear_down(&w);
	}
}
END_TEST

/* A look moves nothing. */
START_TEST(test_peek)
{
	struct lvs_dest_info before, after;
	struct lvs_record record;
	struct world w;

	build(&w, &setups[_i], NULL);
	rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
	send(&w, &w.client, 40);
	rig_get_dest(w.director, &w.service, &w.dest, &before);
	rig_make(&w.rig, &w.client, 0, 40);
	rig_ip(w.rig.packet.data, &w.client, 48);
	if (w.client.family == LVS_INET)
		rig_fix_ip(w.rig.packet.data);
	lvs_worker_peek(w.worker, &w.rig.packet, w.now + SECOND, &record);
	ck_assert_int_eq(record.reason, LVS_REASON_ESTABLISHED);
	ck_assert_uint_ne(record.conn, 0);
	rig_get_dest(w.director, &w.service, &w.dest, &after);
	ck_assert_uint_eq(after.stats.in_pkts, before.stats.in_pkts);
	tear_down(&w);
}
END_TEST

/* --- Fragments --- */

/* Bytes @p start to @p end of an ESP packet of 64 bytes. */
static enum lvs_reason send_part(struct world *w, const struct lvs_flow *flow, unsigned start,
				 unsigned end, unsigned id)
{
	bool v6 = flow->family == LVS_INET6;
	unsigned header = v6 ? 48 : 20;
	uint8_t *ip;

	rig_make(&w->rig, flow, 0, 64);
	ip = w->rig.packet.data;
	rig_ip(ip, flow, header - rig_header(ip) + end - start);
	if (v6) {
		ip[6] = 44;
		memset(ip + 40, 0, 8);
		ip[40] = flow->protocol;
		rig_put16(ip + 42, start | (end < 64));
		ip[47] = (uint8_t)id;
	} else {
		rig_put16(ip + 4, id);
		rig_put16(ip + 6, start / 8 | (end < 64) << 13);
		rig_fix_ip(ip);
	}
	for (unsigned i = start; i < end; i++)
		ip[header + i - start] = (uint8_t)(i * 13 + 1);
	w->rig.packet.len = w->rig.packet.linear_len = header + end - start;
	lvs_worker_process(w->worker, &w->rig.packet, 1, w->now);
	return (enum lvs_reason)w->rig.packet.reason;
}

/* Each goes where the datagram goes; it counts as one packet of its whole length. */
START_TEST(test_fragments)
{
	bool nat = _i < NATS, v6 = setups[_i].family == LVS_INET6;
	enum lvs_reason back = nat ? LVS_REASON_REPLY : LVS_REASON_REPLY_SEEN;
	struct lvs_dest_info dest, before;
	struct world w;

	build(&w, &setups[_i], NULL);
	ck_assert_int_eq(send_part(&w, &w.client, 0, 32, 1), LVS_REASON_PROTOCOL);
	rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
	rig_get_dest(w.director, &w.service, &w.dest, &before);
	ck_assert_int_eq(send_part(&w, &w.client, 0, 32, 2), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send_part(&w, &w.client, 32, 64, 2), LVS_REASON_ESTABLISHED);
	if (nat)
		ck_assert_mem_eq(w.rig.packet.data + (v6 ? 24 : 16), &w.dest.addr, v6 ? 16 : 4);
	rig_get_dest(w.director, &w.service, &w.dest, &dest);
	ck_assert_uint_eq(dest.stats.in_pkts - before.stats.in_pkts, 1);
	ck_assert_uint_eq(dest.stats.in_bytes - before.stats.in_bytes, (v6 ? 40u : 20u) + 64);
	ck_assert_int_eq(send_part(&w, &w.server, 0, 32, 3), back);
	ck_assert_int_eq(send_part(&w, &w.server, 32, 64, 3), back);
	rig_get_dest(w.director, &w.service, &w.dest, &dest);
	/* as the kernel has it, which does not put these together */
	ck_assert_uint_eq(dest.stats.out_pkts, v6 ? 1 : 2);
	ck_assert_uint_eq(dest.stats.out_bytes, v6 ? 40 + 64 : 2 * 20 + 64);
	tear_down(&w);
}
END_TEST

/* IPv6: those that come before the first one wait for it, behind an AH too. */
START_TEST(test_fragments_early)
{
	struct lvs_packet out[4];
	struct world w;

	build(&w, &setups[_i], NULL);
	rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
	ck_assert_int_eq(send_part(&w, &w.client, 32, 64, 9), LVS_REASON_FRAGMENT_HELD);
	ck_assert_int_eq(send_part(&w, &w.client, 0, 32, 9), LVS_REASON_ESTABLISHED);
	ck_assert_uint_eq(lvs_worker_outbox(w.worker, out, 4), 1);
	ck_assert_int_eq(out[0].reason, LVS_REASON_ESTABLISHED);
	tear_down(&w);
}
END_TEST

/* --- IPv6: AH vouches for what is behind it --- */

static unsigned put_ah(uint8_t *p, uint8_t next)
{
	memset(p, 0x77, 24);
	p[0] = next;
	p[1] = 4;
	return 24;
}

/* AH in front of a whole packet's transport. */
static enum lvs_reason send_ah(struct world *w, const struct lvs_flow *flow, uint8_t flags)
{
	uint8_t *ip;

	rig_make(&w->rig, flow, flags, 20);
	ip = w->rig.packet.data;
	memmove(ip + 40 + 24, ip + 40, w->rig.packet.len - 40);
	put_ah(ip + 40, ip[6]);
	ip[6] = LVS_AH;
	w->rig.packet.len += 24;
	w->rig.packet.linear_len = w->rig.packet.len;
	rig_put16(ip + 4, w->rig.packet.len - 40);
	lvs_worker_process(w->worker, &w->rig.packet, 1, w->now);
	return (enum lvs_reason)w->rig.packet.reason;
}

START_TEST(test_ah_inside)
{
	struct setup setup = {LVS_INET6, LVS_METHOD_NAT, LVS_ESP};
	struct lvs_service_key web;
	struct lvs_dest_key server;
	struct lvs_flow flow;
	struct world w;

	build(&w, &setup, NULL);
	web = rig_service_key(LVS_INET6, LVS_TCP, w.service.addr, 80);
	server = rig_dest_key(LVS_INET6, w.dest.addr, 8080);
	rig_set_service(w.director, &web, "rr");
	rig_set_dest(w.director, &web, &server, LVS_METHOD_NAT, 1);
	flow = rig_flow(LVS_TCP, LVS_INET6, w.ike.src, 1000, web.addr, 80);
	ck_assert_int_eq(send_ah(&w, &flow, LVS_TCP_SYN), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(rig_get16(w.rig.packet.data + 40 + 24 + 2), 8080);
	ck_assert_int_eq(send_ah(&w, &flow, LVS_TCP_ACK), LVS_REASON_ESTABLISHED);
	/* and without it: the same connection */
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &flow, LVS_TCP_ACK, w.now),
			 LVS_REASON_ESTABLISHED);
	/* ESP behind AH rides as it does alone; nothing behind it is nobody's */
	rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
	ck_assert_int_eq(send_ah(&w, &w.client, 0), LVS_REASON_ESTABLISHED);
	flow = w.client;
	flow.protocol = 59;
	ck_assert_int_eq(send_ah(&w, &flow, 0), LVS_REASON_PROTOCOL);
	tear_down(&w);
}
END_TEST

/* --- Errors --- */

/* An ICMP error about the packet in the rig, from who got it to who sent it. */
static enum lvs_reason send_error(struct world *w, const struct lvs_flow *about)
{
	bool v6 = about->family == LVS_INET6;
	struct lvs_flow flow = *about;
	uint8_t quoted[RIG_SIZE];
	uint8_t *ip = w->rig.packet.data, *icmp;
	unsigned len = rig_header(ip) + 8, header = rig_header(ip);

	rig_ip(ip, about, 100);
	if (!v6)
		rig_fix_ip(ip);
	memcpy(quoted, ip, len);
	memcpy(w->quoted, ip + header, 8);
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
	rig_put16(icmp + 2,
		  ~(v6 ? rig_l4_sum(ip, header + 8 + len) : rig_sum(0, icmp, 8 + len)) & 0xffff);
	lvs_worker_process(w->worker, &w->rig.packet, 1, w->now);
	return (enum lvs_reason)w->rig.packet.reason;
}

START_TEST(test_errors)
{
	struct lvs_flow at_server, at_client;
	unsigned addr_len = setups[_i].family == LVS_INET6 ? 16 : 4;
	unsigned src = setups[_i].family == LVS_INET6 ? 8 : 12;
	const uint8_t *quoted;
	struct world w;

	build(&w, &setups[_i], NULL);
	at_server = w.client;
	at_server.dst = w.dest.addr;
	at_client = w.server;
	at_client.src = w.service.addr;
	rig_make(&w.rig, &at_client, 0, 64);
	ck_assert_int_eq(send_error(&w, &at_client), LVS_REASON_ICMP);
	rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
	/* the client about what it was sent */
	rig_make(&w.rig, &at_client, 0, 64);
	ck_assert_int_eq(send_error(&w, &at_client), LVS_REASON_ICMP_FORWARDED);
	quoted = w.rig.packet.data + rig_header(w.rig.packet.data) + 8;
	ck_assert_mem_eq(quoted + src, &w.dest.addr, addr_len);
	ck_assert_mem_eq(w.rig.packet.data + src + addr_len, &w.dest.addr, addr_len);
	ck_assert_mem_eq(quoted + rig_header(quoted), w.quoted, 8);
	/* the server about what it was sent */
	rig_make(&w.rig, &at_server, 0, 64);
	ck_assert_int_eq(send_error(&w, &at_server), LVS_REASON_ICMP_REPLY);
	quoted = w.rig.packet.data + rig_header(w.rig.packet.data) + 8;
	ck_assert_mem_eq(quoted + src + addr_len, &w.service.addr, addr_len);
	ck_assert_mem_eq(w.rig.packet.data + src, &w.service.addr, addr_len);
	tear_down(&w);
}
END_TEST

/* Those of the library's own: time exceeded, and too long for the path. */
START_TEST(test_answers)
{
	struct lvs_path_conf path = {.size = sizeof(path), .mtu = 1280};
	bool v6 = setups[_i].family == LVS_INET6;
	struct world w;
	uint8_t *ip;

	build(&w, &setups[_i], NULL);
	rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
	path.source = v6 ? rig_addr6(9, 254) : rig_addr4(10, 0, 0, 254);
	path.source_family = (uint8_t)setups[_i].family;
	ck_assert_int_eq(lvs_director_set_path(w.director, (enum lvs_family)setups[_i].family,
					       &w.dest.addr, &path),
			 0);
	ck_assert_int_eq(send(&w, &w.client, 1300), LVS_REASON_REPLY_MTU);
	rig_make(&w.rig, &w.client, 0, 64);
	ip = w.rig.packet.data;
	rig_ip(ip, &w.client, 72);
	ip[v6 ? 7 : 8] = 1;
	if (!v6)
		rig_fix_ip(ip);
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_REPLY_TTL);
	tear_down(&w);
}
END_TEST

/* While a backup of connection sync that is to balance nothing runs, a client's are the host's, as
 * its other packets are; replies go their way. */
START_TEST(test_backup)
{
	struct lvs_settings settings = {.size = sizeof(settings), .flags = LVS_SET_BACKUP_ONLY};
	bool nat = _i < NATS;
	struct lvs_dest_info dest;
	struct world w;

	build(&w, &setups[_i], &settings);
	rig_send(w.worker, &w.rig, &w.ike, 0, w.now);
	ck_assert_int_eq(send(&w, &w.client, 40), LVS_REASON_ESTABLISHED);
	lvs_director_set_backup(w.director, true);
	ck_assert_int_eq(send(&w, &w.client, 40), LVS_REASON_BACKUP);
	ck_assert_int_eq(send(&w, &w.server, 40), nat ? LVS_REASON_REPLY : LVS_REASON_REPLY_SEEN);
	rig_get_dest(w.director, &w.service, &w.dest, &dest);
	ck_assert_uint_eq(dest.stats.in_pkts, 2);
	lvs_director_set_backup(w.director, false);
	ck_assert_int_eq(send(&w, &w.client, 40), LVS_REASON_ESTABLISHED);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ipsec");

	tcase_add_loop_test(tcase, test_rides, 0, SETUPS);
	tcase_add_loop_test(tcase, test_others, 0, SETUPS);
	tcase_add_loop_test(tcase, test_timer, 0, SETUPS);
	tcase_add_loop_test(tcase, test_refused, 0, SETUPS);
	tcase_add_loop_test(tcase, test_dest_gone, 0, SETUPS);
	tcase_add_loop_test(tcase, test_peek, 0, SETUPS);
	tcase_add_loop_test(tcase, test_fragments, 0, NATS);
	tcase_add_loop_test(tcase, test_fragments_early, 2, 3);
	tcase_add_test(tcase, test_ah_inside);
	tcase_add_loop_test(tcase, test_errors, 0, NATS);
	tcase_add_loop_test(tcase, test_answers, 0, SETUPS);
	tcase_add_loop_test(tcase, test_backup, 0, SETUPS);
	return unit_run("ipsec", tcase);
}
