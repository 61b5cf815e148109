/* SPDX-License-Identifier: BSD-2-Clause */
/* What counts when, as the kernel's IPVS does (each line was asked of a running kernel). */
#include "icmp_rig.h"

struct counts {
	uint64_t conns, in_pkts, out_pkts, in_bytes, out_bytes;
};

static void expect(const struct world *w, struct counts counts)
{
	struct lvs_service_info service = {.size = sizeof(service)};
	struct lvs_cursor cursor = {{0}};
	struct lvs_dest_info dest;

	rig_get_dest(w->director, &w->service, &w->dest, &dest);
	ck_assert_uint_eq(dest.stats.conns, counts.conns);
	ck_assert_uint_eq(dest.stats.in_pkts, counts.in_pkts);
	ck_assert_uint_eq(dest.stats.out_pkts, counts.out_pkts);
	ck_assert_uint_eq(dest.stats.in_bytes, counts.in_bytes);
	ck_assert_uint_eq(dest.stats.out_bytes, counts.out_bytes);
	ck_assert_int_eq(lvs_director_next_service(w->director, &cursor, &service), 1);
	ck_assert_mem_eq(&service.stats, &dest.stats, sizeof(dest.stats));
}

static void set_ttl(struct rig_packet *rig, unsigned ttl)
{
	uint8_t *ip = rig->packet.data;

	if (ip[0] >> 4 == 6) {
		ip[7] = (uint8_t)ttl;
		return;
	}
	ip[8] = (uint8_t)ttl;
	rig_fix_ip(ip);
}

static enum lvs_reason send_ttl(struct world *w, const struct lvs_flow *flow, uint8_t flags,
				unsigned ttl)
{
	rig_make(&w->rig, flow, flags, 10);
	set_ttl(&w->rig, ttl);
	return process(w);
}

static const struct {
	unsigned family;
	enum lvs_method method;
} worlds[] = {{LVS_INET, LVS_METHOD_NAT},    {LVS_INET, LVS_METHOD_DR},
	      {LVS_INET, LVS_METHOD_TUNNEL}, {LVS_INET6, LVS_METHOD_NAT},
	      {LVS_INET6, LVS_METHOD_DR},    {LVS_INET6, LVS_METHOD_TUNNEL}};

static void build_one(struct world *w, int i)
{
	build(w, NULL, worlds[i].family, LVS_TCP, worlds[i].method);
}

/* A reply as it comes from the server. */
static struct lvs_flow reply_of(const struct world *w, int i)
{
	return reversed(worlds[i].method == LVS_METHOD_NAT ? &w->server : &w->out);
}

static uint64_t state_of(const struct world *w)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	ck_assert_int_eq(lvs_director_next_conn(w->director, NULL, &cursor, &info), 1);
	return info.expires_ns;
}

/* The host refuses a reply before IPVS sees it: for TTL, and for its length. */
START_TEST(reply_refused)
{
	unsigned head = worlds[_i].family == LVS_INET6 ? 40 : 20;
	bool nat = worlds[_i].method == LVS_METHOD_NAT;
	uint64_t until;
	struct lvs_flow reply;
	struct world w;

	build_one(&w, _i);
	reply = reply_of(&w, _i);
	until = state_of(&w);
	w.now += 10 * SECOND;
	ck_assert_int_eq(send_ttl(&w, &reply, LVS_TCP_RST, 1),
			 nat ? LVS_REASON_REPLY_TTL : LVS_REASON_REPLY_SEEN);
	rig_make(&w.rig, &reply, LVS_TCP_RST, 1501 - head - 20);
	ck_assert_int_eq(process(&w), nat ? LVS_REASON_REPLY_MTU : LVS_REASON_REPLY_SEEN);
	ck_assert_uint_eq(state_of(&w), until);
	expect(&w, (struct counts){1, 1, 0, head + 30u, 0});
	/* One that passes. */
	ck_assert_int_eq(send_ttl(&w, &reply, ACK, 2),
			 nat ? LVS_REASON_REPLY : LVS_REASON_REPLY_SEEN);
	ck_assert_uint_gt(state_of(&w), until);
	expect(&w, (struct counts){1, 1, 1, head + 30u, head + 30u});
	tear_down(&w);
}
END_TEST

static int host_is_local(void *user, enum lvs_family family, const union lvs_addr *addr,
			 struct lvs_path_conf *path)
{
	(void)user;
	(void)family;
	(void)addr;
	path->flags = LVS_PATH_LOCAL;
	return 0;
}

/* A client on this host: nobody routes the reply, whatever its TTL. */
START_TEST(reply_to_host)
{
	unsigned head = worlds[_i].family == LVS_INET6 ? 40 : 20;
	bool nat = worlds[_i].method == LVS_METHOD_NAT;
	struct lvs_flow reply;
	struct world w;

	build_one(&w, _i);
	reply = reply_of(&w, _i);
	lvs_director_set_path_lookup(w.director, host_is_local, NULL);
	ck_assert_int_eq(send_ttl(&w, &reply, ACK, 1),
			 nat ? LVS_REASON_LOCAL : LVS_REASON_REPLY_SEEN);
	expect(&w, (struct counts){1, 1, 1, head + 30u, head + 30u});
	tear_down(&w);
}
END_TEST

/* Requests count though they cannot go on; what the client of DR and TUN is told of that counts as
 * a packet out, by its length. */
START_TEST(request_refused)
{
	bool v6 = worlds[_i].family == LVS_INET6;
	unsigned head = v6 ? 40 : 20;
	uint64_t out = worlds[_i].method == LVS_METHOD_NAT ? 0 : 1;
	uint64_t ttl_len = 2 * head + 8 + 30;
	uint64_t mtu_len = v6 ? 1280 : 576;
	struct world w;

	build_one(&w, _i);
	ck_assert_int_eq(send_ttl(&w, &w.out, ACK, 1), LVS_REASON_REPLY_TTL);
	ck_assert_uint_eq(w.rig.packet.len, ttl_len);
	expect(&w, (struct counts){1, 2, out, 2 * (head + 30u), out * ttl_len});
	/* The quote of this one shows that it came. */
	ck_assert_uint_eq(w.rig.packet.data[head + 8 + (v6 ? 7 : 8)], 1);
	set_mtu(&w, 1400);
	ck_assert_int_eq(send_len(&w, 1401), LVS_REASON_REPLY_MTU);
	expect(&w,
	       (struct counts){1, 3, 2 * out, 2 * (head + 30u) + 1401, out * (ttl_len + mtu_len)});
	/* And of this one that it had lost a hop. */
	ck_assert_uint_eq(w.rig.packet.data[head + 8 + (v6 ? 7 : 8)], 63);
	tear_down(&w);
}
END_TEST

/* Limits hold an error back: then there is none to count. */
START_TEST(no_error_no_count)
{
	struct world w;
	uint64_t sent = 0;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	for (unsigned i = 0; i < 10; i++)
		sent += send_ttl(&w, &w.out, ACK, 1) == LVS_REASON_REPLY_TTL;
	ck_assert_uint_lt(sent, 10);
	expect(&w, (struct counts){1, 11, sent, 11 * 50, sent * 78});
	tear_down(&w);
}
END_TEST

START_TEST(peek_counts_nothing)
{
	struct lvs_record record;
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	rig_make(&w.rig, &w.out, ACK, 10);
	set_ttl(&w.rig, 1);
	lvs_worker_peek(w.worker, &w.rig.packet, w.now, &record);
	ck_assert_int_eq(record.reason, LVS_REASON_REPLY_TTL);
	expect(&w, (struct counts){1, 1, 0, 50, 0});
	tear_down(&w);
}
END_TEST

/* ICMP about the connection, either way. */
START_TEST(errors)
{
	bool v6 = worlds[_i].family == LVS_INET6;
	bool nat = worlds[_i].method == LVS_METHOD_NAT;
	unsigned head = v6 ? 40 : 20;
	unsigned len = 2 * head + 8 + 40;
	struct lvs_flow back;
	struct world w;

	build_one(&w, _i);
	back = reversed(&w.out);
	ck_assert_int_eq(error_about(&w, &back, v6 ? 1 : 3, 3, 0), LVS_REASON_ICMP_FORWARDED);
	ck_assert_int_eq(error_about(&w, nat ? &w.server : &w.out, v6 ? 1 : 3, 3, 0),
			 nat ? LVS_REASON_ICMP_REPLY : LVS_REASON_REPLY_SEEN);
	expect(&w, (struct counts){1, 2, 1, head + 30u + len, len});
	/* With TTL 1: towards the server it has come here, from the server it has not. */
	rig_make(&w.quoted, &back, ACK, 20);
	make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, v6 ? 1 : 3, 3, 0);
	set_ttl(&w.rig, 1);
	ck_assert_int_eq(process(&w), LVS_REASON_TTL);
	rig_make(&w.quoted, nat ? &w.server : &w.out, ACK, 20);
	make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, v6 ? 1 : 3, 3, 0);
	set_ttl(&w.rig, 1);
	ck_assert_int_eq(process(&w), nat ? LVS_REASON_TTL : LVS_REASON_REPLY_SEEN);
	expect(&w, (struct counts){1, 3, 1, head + 30u + 2 * len, len});
	tear_down(&w);
}
END_TEST

/* About a tunnel's packet: what it quotes counts, and what the client is told; else nothing. */
START_TEST(tunnel_errors)
{
	bool v6 = _i;
	unsigned head = v6 ? 40 : 20;
	uint64_t in = (head + 30u) + (head + 40u);
	struct world w;

	build(&w, NULL, v6 ? LVS_INET6 : LVS_INET, LVS_TCP, LVS_METHOD_TUNNEL);
	ck_assert_int_eq(tunnel_error(&w, v6 ? 1 : 3, v6 ? 0 : 1, 0, true, 2000),
			 LVS_REASON_REPLY_TUNNEL);
	expect(&w, (struct counts){1, 2, 2, in, 2 * (head + 40u) + head + 8});
	if (!v6) {
		ck_assert_int_eq(tunnel_error(&w, 3, 4, 1300, false, 2000),
				 LVS_REASON_TUNNEL_ERROR);
		expect(&w, (struct counts){1, 3, 2, in + head + 40, 2 * (head + 40u) + head + 8});
	}
	/* Removed: it is nobody's any more. */
	rig_make(&w.quoted, &w.out, ACK, 20);
	lvs_worker_process(w.worker, &w.quoted.packet, 1, w.now);
	rig_del_dest(w.director, &w.service, &w.dest);
	make_error(&w.rig, &w.dest.addr, &w.quoted, w.quoted.packet.len, v6 ? 1 : 3, 1, 0);
	ck_assert_int_eq(process(&w), LVS_REASON_ICMP);
	tear_down(&w);
}
END_TEST

/* A server that was removed: requests are dropped, all else goes its way, and nothing counts. */
START_TEST(removed)
{
	bool v6 = worlds[_i].family == LVS_INET6;
	bool nat = worlds[_i].method == LVS_METHOD_NAT;
	unsigned head = v6 ? 40 : 20;
	struct lvs_flow reply, back;
	struct world w;

	build_one(&w, _i);
	reply = reply_of(&w, _i);
	back = reversed(&w.out);
	rig_del_dest(w.director, &w.service, &w.dest);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.out, ACK, w.now), LVS_REASON_DEST_GONE);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &reply, ACK, w.now),
			 nat ? LVS_REASON_REPLY : LVS_REASON_REPLY_SEEN);
	ck_assert_int_eq(error_about(&w, &back, v6 ? 1 : 3, 3, 0), LVS_REASON_ICMP_FORWARDED);
	ck_assert_int_eq(error_about(&w, nat ? &w.server : &w.out, v6 ? 1 : 3, 3, 0),
			 nat ? LVS_REASON_ICMP_REPLY : LVS_REASON_REPLY_SEEN);
	rig_set_dest(w.director, &w.service, &w.dest, worlds[_i].method, 1);
	expect(&w, (struct counts){1, 1, 0, head + 30u, 0});
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("counters");
	int n = (int)LVS_ARRAY_N(worlds);

	tcase_add_loop_test(tcase, reply_refused, 0, n);
	tcase_add_loop_test(tcase, reply_to_host, 0, n);
	tcase_add_loop_test(tcase, request_refused, 0, n);
	tcase_add_test(tcase, no_error_no_count);
	tcase_add_test(tcase, peek_counts_nothing);
	tcase_add_loop_test(tcase, errors, 0, n);
	tcase_add_loop_test(tcase, tunnel_errors, 0, 2);
	tcase_add_loop_test(tcase, removed, 0, n);
	return unit_run("counters", tcase);
}
