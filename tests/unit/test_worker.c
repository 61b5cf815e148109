/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets through a whole director: lives of connections, what is counted, what is refused. */
#include <string.h>

#include "director_rig.h"
#include "unit.h"

#define SYN LVS_TCP_SYN
#define ACK LVS_TCP_ACK
#define FIN LVS_TCP_FIN
#define RST LVS_TCP_RST

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct lvs_flow out;  /* client to service */
	struct lvs_flow back; /* server (NAT) or service to client */
	struct rig_packet rig;
	uint64_t now;
};

static const union lvs_addr *client_of(const struct world *w)
{
	return &w->out.src;
}

/* One service with one destination, and a client. */
static void build(struct world *w, const struct lvs_settings *settings, unsigned family,
		  uint8_t protocol, enum lvs_method method)
{
	union lvs_addr vip = family == LVS_INET ? rig_addr4(192, 0, 2, 1) : rig_addr6(1, 1);
	union lvs_addr rip = family == LVS_INET ? rig_addr4(10, 0, 0, 1) : rig_addr6(2, 1);
	union lvs_addr cip = family == LVS_INET ? rig_addr4(198, 51, 100, 7) : rig_addr6(3, 7);

	memset(w, 0, sizeof(*w));
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(family, protocol, vip, 80);
	w->dest = rig_dest_key(family, rip, method == LVS_METHOD_NAT ? 8080 : 80);
	rig_set_service(w->director, &w->service, "rr");
	rig_set_dest(w->director, &w->service, &w->dest, method, 1);
	w->out = rig_flow(protocol, family, cip, 40000, vip, 80);
	w->back = method == LVS_METHOD_NAT ? rig_flow(protocol, family, rip, 8080, cip, 40000)
					   : rig_flow(protocol, family, vip, 80, cip, 40000);
}

static void tear_down(struct world *w)
{
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static enum lvs_reason send(struct world *w, const struct lvs_flow *flow, uint8_t flags)
{
	return rig_send(w->worker, &w->rig, flow, flags, w->now);
}

static void expect_state(struct world *w, const char *state, unsigned timeout_s)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	uint64_t left;

	ck_assert_int_eq(lvs_director_next_conn(w->director, NULL, &cursor, &info), 1);
	ck_assert_str_eq(info.state, state);
	ck_assert_mem_eq(&info.client, client_of(w), sizeof(info.client));
	left = info.expires_ns - w->now;
	/* never early, at most two ticks late */
	ck_assert_uint_ge(left, timeout_s * SECOND);
	ck_assert_uint_le(left, timeout_s * SECOND + 3 * (1u << 27));
	ck_assert_int_eq(lvs_director_next_conn(w->director, NULL, &cursor, &info), 0);
}

static void expect_dest(struct world *w, unsigned active, unsigned inactive, unsigned in_pkts,
			unsigned out_pkts)
{
	struct lvs_dest_info info;

	rig_get_dest(w->director, &w->service, &w->dest, &info);
	ck_assert_uint_eq(info.active, active);
	ck_assert_uint_eq(info.inactive, inactive);
	ck_assert_uint_eq(info.stats.in_pkts, in_pkts);
	ck_assert_uint_eq(info.stats.out_pkts, out_pkts);
	ck_assert_uint_eq(info.stats.conns, 1);
}

static void expire_all(struct world *w, unsigned seconds)
{
	w->now += seconds * SECOND;
	lvs_worker_handle_expiry(w->worker, w->now, 0);
}

static const struct {
	unsigned family;
	enum lvs_method method;
} ways[] = {
	{LVS_INET, LVS_METHOD_NAT}, {LVS_INET6, LVS_METHOD_NAT},   {LVS_INET, LVS_METHOD_DR},
	{LVS_INET6, LVS_METHOD_DR}, {LVS_INET, LVS_METHOD_TUNNEL}, {LVS_INET6, LVS_METHOD_TUNNEL},
};

START_TEST(test_life)
{
	bool nat = ways[_i].method == LVS_METHOD_NAT;
	struct world w;

	build(&w, NULL, ways[_i].family, LVS_TCP, ways[_i].method);
	ck_assert_int_eq(send(&w, &w.out, SYN), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_FORWARD);
	ck_assert_mem_eq(&w.rig.packet.next_hop, &w.dest.addr, sizeof(w.dest.addr));
	expect_state(&w, "SYN_RECV", 60);
	expect_dest(&w, 1, 0, 1, 0);
	if (nat) {
		ck_assert_int_eq(send(&w, &w.back, SYN | ACK), LVS_REASON_REPLY);
		ck_assert_int_eq(w.rig.packet.verdict, LVS_FORWARD);
		ck_assert_mem_eq(&w.rig.packet.next_hop, client_of(&w), sizeof(w.dest.addr));
		expect_state(&w, "SYN_RECV", 60);
	}
	ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_ESTABLISHED);
	expect_state(&w, "ESTABLISHED", 900);
	expect_dest(&w, 1, 0, 2, nat);
	ck_assert_int_eq(send(&w, &w.out, FIN | ACK), LVS_REASON_ESTABLISHED);
	expect_state(&w, nat ? "CLOSE_WAIT" : "FIN_WAIT", nat ? 60 : 120);
	expect_dest(&w, 0, 1, 3, nat);
	expire_all(&w, 59);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	expire_all(&w, 63);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	expect_dest(&w, 0, 0, 3, nat);
	ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_NOT_NEW);
	tear_down(&w);
}
END_TEST

/* A connection whose time has come is over for a packet, whether or not anybody ended it. */
START_TEST(test_over_without_expiry)
{
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	send(&w, &w.out, SYN);
	w.now += 62 * SECOND;
	ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_NOT_NEW);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	tear_down(&w);
}
END_TEST

START_TEST(test_lazy_timer)
{
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	send(&w, &w.out, SYN);
	send(&w, &w.out, ACK);
	for (unsigned i = 0; i < 10; i++) {
		expire_all(&w, 899);
		ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_ESTABLISHED);
	}
	expire_all(&w, 901);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	/* Rates are down to nothing, which two looks at each service must see. */
	expire_all(&w, 10);
	expire_all(&w, 10);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), UINT64_MAX);
	tear_down(&w);
}
END_TEST

/* A budget leaves the rest for the next call, and the next time to call says so. */
START_TEST(test_expiry_budget)
{
	unsigned calls = 0, ended = 0;
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	for (unsigned i = 0; i < 500; i++) {
		w.out.src_port = rig_port(1024 + i);
		send(&w, &w.out, SYN);
		send(&w, &w.out, i % 2 ? ACK : RST); /* every other one lives on */
	}
	w.now += 100 * SECOND;
	do {
		unsigned n = lvs_worker_handle_expiry(w.worker, w.now, 10);

		ck_assert_uint_le(n, 10);
		ended += n;
		calls++;
	} while (lvs_worker_expiry(w.worker) <= w.now);
	ck_assert_uint_eq(ended, 250);
	ck_assert_uint_ge(calls, 25);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 250);
	tear_down(&w);
}
END_TEST

/* In the last tick of all there is no next one to wait for. */
START_TEST(test_last_tick)
{
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	w.now = UINT64_MAX - 1;
	ck_assert_int_eq(send(&w, &w.out, SYN), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, w.now, 0), 0);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), UINT64_MAX);
	tear_down(&w);
}
END_TEST

START_TEST(test_udp)
{
	struct world w;

	build(&w, NULL, LVS_INET, LVS_UDP, LVS_METHOD_NAT);
	ck_assert_int_eq(send(&w, &w.out, 0), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(send(&w, &w.back, 0), LVS_REASON_REPLY);
	expect_state(&w, "UDP", 300);
	expect_dest(&w, 0, 1, 1, 1);
	tear_down(&w);
}
END_TEST

/* A reply of a direct-routed connection that passes here is counted and left alone. */
START_TEST(test_reply_seen)
{
	static struct rig_packet before;
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	send(&w, &w.out, SYN);
	rig_make(&before, &w.back, SYN | ACK, 10);
	ck_assert_int_eq(send(&w, &w.back, SYN | ACK), LVS_REASON_REPLY_SEEN);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_PASS);
	ck_assert_mem_eq(before.buffer, w.rig.buffer, sizeof(before.buffer));
	expect_dest(&w, 1, 0, 1, 1);
	tear_down(&w);
}
END_TEST

START_TEST(test_port_reuse)
{
	struct lvs_settings settings;
	struct world w;

	lvs_settings_init(&settings);
	settings.reuse = _i ? LVS_REUSE_NEVER : LVS_REUSE_CLOSED;
	build(&w, &settings, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	send(&w, &w.out, SYN);
	send(&w, &w.out, RST);
	/* from SYN_RECV a reset of the client alone changes nothing; the server's closes */
	send(&w, &w.back, RST);
	expect_state(&w, "CLOSE", 10);
	ck_assert_int_eq(send(&w, &w.out, SYN), _i ? LVS_REASON_ESTABLISHED : LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	tear_down(&w);
}
END_TEST

START_TEST(test_dest_removed)
{
	struct lvs_settings settings;
	struct lvs_dest_info info;
	struct world w;

	lvs_settings_init(&settings);
	settings.flags = _i ? LVS_SET_EXPIRE_NODEST : 0;
	build(&w, &settings, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	send(&w, &w.out, SYN);
	send(&w, &w.out, ACK);
	rig_del_dest(w.director, &w.service, &w.dest);
	/* what the server still says reaches the client; what the client says goes nowhere */
	ck_assert_int_eq(send(&w, &w.back, ACK), LVS_REASON_REPLY);
	ck_assert_int_eq(send(&w, &w.out, ACK), _i ? LVS_REASON_NOT_NEW : LVS_REASON_DEST_GONE);
	ck_assert_int_eq(lvs_director_conn_n(w.director), _i ? 0 : 1);
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_NAT, 1);
	ck_assert_int_eq(send(&w, &w.out, ACK), _i ? LVS_REASON_NOT_NEW : LVS_REASON_ESTABLISHED);
	rig_get_dest(w.director, &w.service, &w.dest, &info);
	if (!_i) /* it came back with its connection and its counters */
		ck_assert_uint_eq(info.active * 10 + info.stats.in_pkts, 13);
	tear_down(&w);
}
END_TEST

/* Weight 0: what is there goes on, what is new is refused. */
START_TEST(test_drain)
{
	struct lvs_flow other;
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	send(&w, &w.out, SYN);
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_NAT, 0);
	ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_ESTABLISHED);
	other = w.out;
	other.src_port = rig_port(40001);
	ck_assert_int_eq(send(&w, &other, SYN), LVS_REASON_REPLY_NO_DEST);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	tear_down(&w);
}
END_TEST

/* A SYN on an entry of a drained destination: where entries of removed destinations end at once, it
 * is scheduled anew, whatever the mode of reuse. */
START_TEST(test_drained_reuse)
{
	bool expire = _i & 1;
	struct lvs_settings settings;
	struct lvs_dest_key other;
	struct world w;

	lvs_settings_init(&settings);
	settings.flags = expire ? LVS_SET_EXPIRE_NODEST : 0;
	settings.reuse = _i & 2 ? LVS_REUSE_NEVER : LVS_REUSE_CLOSED;
	build(&w, &settings, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	send(&w, &w.out, SYN);
	send(&w, &w.out, ACK);
	other = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 2), 8080);
	rig_set_dest(w.director, &w.service, &other, LVS_METHOD_NAT, 1);
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_NAT, 0);
	ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(send(&w, &w.out, SYN),
			 expire ? LVS_REASON_SCHEDULED : LVS_REASON_ESTABLISHED);
	ck_assert_mem_eq(&w.rig.packet.next_hop, expire ? &other.addr : &w.dest.addr,
			 sizeof(w.dest.addr));
	expect_dest(&w, expire ? 0 : 1, 0, expire ? 3 : 4, 0);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	tear_down(&w);
}
END_TEST

static void fill_table(struct world *w, unsigned n, uint8_t flags)
{
	struct lvs_flow flow = w->out;

	for (unsigned i = 0; i < n; i++) {
		flow.src_port = rig_port(1024 + i);
		ck_assert_int_eq(send(w, &flow, SYN), LVS_REASON_SCHEDULED);
		if (flags)
			ck_assert_int_eq(send(w, &flow, flags), LVS_REASON_ESTABLISHED);
	}
}

static const struct {
	uint32_t policy;
	const char *sched;
	uint8_t second; /* the second packet of those that fill the table */
	enum lvs_reason expected;
} full_rows[] = {
	{LVS_FULL_REFUSE, "rr", 0, LVS_REASON_TABLE_FULL},
	{LVS_FULL_EVICT, "rr", 0, LVS_REASON_SCHEDULED},
	{LVS_FULL_EVICT, "rr", ACK, LVS_REASON_TABLE_FULL},
	{LVS_FULL_EVICT, "mh", ACK, LVS_REASON_UNTRACKED},
	{LVS_FULL_UNTRACKED, "mh", 0, LVS_REASON_UNTRACKED},
	{LVS_FULL_UNTRACKED, "rr", 0, LVS_REASON_TABLE_FULL},
};

START_TEST(test_full)
{
	struct lvs_settings settings;
	struct world w;

	lvs_settings_init(&settings);
	settings.max_conns = 50;
	settings.full_policy = full_rows[_i].policy;
	build(&w, &settings, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	rig_set_service(w.director, &w.service, full_rows[_i].sched);
	fill_table(&w, 50, full_rows[_i].second);
	ck_assert_int_eq(send(&w, &w.out, SYN), full_rows[_i].expected);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 50);
	tear_down(&w);
}
END_TEST

/* What went without an entry goes on so, by the hash, when there is room again; Where nothing goes
 * untracked, such packets are the host's. */
START_TEST(test_untracked_goes_on)
{
	struct lvs_settings settings;
	struct world w;
	union lvs_addr server;

	lvs_settings_init(&settings);
	settings.max_conns = 1;
	settings.full_policy = LVS_FULL_UNTRACKED;
	build(&w, &settings, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	w.dest.addr = rig_addr4(10, 0, 0, 2);
	rig_set_dest(w.director, &w.service, &w.dest, LVS_METHOD_DR, 1);
	rig_set_service(w.director, &w.service, "mh");
	fill_table(&w, 1, 0);
	for (unsigned i = 0; i < 20; i++) {
		w.out.src_port = rig_port(50000 + i);
		ck_assert_int_eq(send(&w, &w.out, SYN), LVS_REASON_UNTRACKED);
		server = w.rig.packet.next_hop;
		ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_UNTRACKED);
		ck_assert_mem_eq(&w.rig.packet.next_hop, &server, sizeof(server));
	}
	ck_assert_int_eq(lvs_director_kill_conns(w.director, NULL), 1);
	ck_assert_int_eq(send(&w, &w.out, ACK | FIN), LVS_REASON_UNTRACKED);
	ck_assert_mem_eq(&w.rig.packet.next_hop, &server, sizeof(server));
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	w.out.src_port = rig_port(20);
	ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_NOT_NEW);
	w.out.src_port = rig_port(50000);
	rig_set_service(w.director, &w.service, "rr");
	ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_NOT_NEW);
	tear_down(&w);
}
END_TEST

static const struct {
	unsigned packets; /* of the flow that is there */
	enum lvs_reason expected;
} udp_rows[] = {
	{1, LVS_REASON_SCHEDULED},
	{2, LVS_REASON_SCHEDULED},
	{3, LVS_REASON_TABLE_FULL},
};

/* A question and its answer make room; a flow that goes on does not. */
START_TEST(test_full_udp)
{
	struct lvs_settings settings;
	struct world w;

	lvs_settings_init(&settings);
	settings.max_conns = 1;
	settings.full_policy = LVS_FULL_EVICT;
	build(&w, &settings, LVS_INET, LVS_UDP, LVS_METHOD_NAT);
	ck_assert_int_eq(send(&w, &w.out, 0), LVS_REASON_SCHEDULED);
	if (udp_rows[_i].packets > 1)
		ck_assert_int_eq(send(&w, &w.back, 0), LVS_REASON_REPLY);
	if (udp_rows[_i].packets > 2)
		ck_assert_int_eq(send(&w, &w.out, 0), LVS_REASON_ESTABLISHED);
	w.out.src_port = rig_port(50000);
	ck_assert_int_eq(send(&w, &w.out, 0), udp_rows[_i].expected);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	rig_check(w.director);
	tear_down(&w);
}
END_TEST

START_TEST(test_kill)
{
	struct lvs_conn_filter filter = {.size = sizeof(filter), .client_family = LVS_INET};
	union lvs_addr stranger = rig_addr4(203, 0, 113, 1);
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	fill_table(&w, 5, ACK);
	filter.client = &stranger;
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), 0);
	filter.client = &w.out.src;
	filter.service = &w.service;
	filter.dest = &w.dest;
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), 5);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	tear_down(&w);
}
END_TEST

/* A destination that keeps the packet's port is all its connections; no service with a mark is. */
START_TEST(test_kill_by_key)
{
	struct lvs_service_key marked = {.fwmark = 5, .family = LVS_INET};
	struct lvs_dest_key every_port = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 9), 0);
	struct lvs_conn_filter filter = {.size = sizeof(filter), .service = &marked};
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	rig_set_dest(w.director, &w.service, &every_port, LVS_METHOD_NAT, 1);
	fill_table(&w, 10, ACK);
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), 0);
	ck_assert_int_eq(lvs_director_next_conn(w.director, &filter, &cursor, &info), 0);
	filter.service = NULL;
	filter.dest = &every_port;
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), 5);
	filter.dest = &w.dest;
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), 5);
	tear_down(&w);
}
END_TEST

START_TEST(test_timeouts)
{
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts), .tcp_s = 100};
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_DR);
	send(&w, &w.out, SYN);
	send(&w, &w.out, ACK);
	ck_assert_int_eq(lvs_director_set_timeouts(w.director, &timeouts), 0);
	expect_state(&w, "ESTABLISHED", 900); /* taken up with the next packet */
	send(&w, &w.out, ACK);
	expect_state(&w, "ESTABLISHED", 100);
	expire_all(&w, 101);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	memset(&timeouts, 0, sizeof(timeouts));
	timeouts.size = sizeof(timeouts);
	lvs_director_get_timeouts(w.director, &timeouts);
	ck_assert_uint_eq(timeouts.tcp_s, 100);
	ck_assert_uint_eq(timeouts.tcp_fin_s, 120);
	ck_assert_uint_eq(timeouts.udp_s, 300);
	timeouts.udp_s = 8589935;
	ck_assert_int_eq(lvs_director_set_timeouts(w.director, &timeouts), LVS_ERR_INVALID);
	tear_down(&w);
}
END_TEST

/* Packets that are the host's, or nobody's. */
START_TEST(test_not_ours)
{
	uint64_t reasons[LVS_REASON_N];
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_NOT_NEW);
	ck_assert_int_eq(send(&w, &w.back, SYN), LVS_REASON_NO_SERVICE);
	w.out.src_port = rig_port(20);
	ck_assert_int_eq(send(&w, &w.out, SYN), LVS_REASON_FTP_DATA);
	rig_make(&w.rig, &w.out, SYN, 0);
	w.rig.packet.link_type = LVS_LINK_OTHER;
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_NOT_FOR_HOST);
	rig_make(&w.rig, &w.out, SYN, 0);
	w.rig.packet.data[7] = 0x20; /* a later fragment, to an address of nobody's */
	w.rig.packet.data[19] ^= 0x40;
	rig_fix_ip(w.rig.packet.data);
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_FRAGMENT);
	rig_make(&w.rig, &w.out, SYN, 0);
	w.rig.packet.data[10] ^= 1;
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_IP_CHECKSUM);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_DROP);
	lvs_director_reasons(w.director, reasons, LVS_REASON_N);
	ck_assert_uint_eq(reasons[LVS_REASON_NOT_NEW], 1);
	ck_assert_uint_eq(reasons[LVS_REASON_FTP_DATA], 1);
	ck_assert_uint_eq(reasons[LVS_REASON_FRAGMENT], 1);
	ck_assert_uint_eq(reasons[LVS_REASON_IP_CHECKSUM], 1);
	tear_down(&w);
}
END_TEST

/* Counts outlive their worker, and a firewall mark finds its service. */
START_TEST(test_workers_and_marks)
{
	struct lvs_service_key marked = {.fwmark = 5, .family = LVS_INET};
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 2), 0);
	struct lvs_dest_info info;
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	rig_set_service(w.director, &marked, "rr");
	rig_set_dest(w.director, &marked, &dest, LVS_METHOD_DR, 1);
	w.out.dst_port = rig_port(443);
	rig_make(&w.rig, &w.out, SYN, 0);
	w.rig.packet.mark = 5;
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_SCHEDULED);
	lvs_worker_del(w.worker);
	ck_assert_int_eq(lvs_worker_new(w.director, &w.worker), 0);
	/* mark or not, a packet of a known connection goes its way */
	ck_assert_int_eq(send(&w, &w.out, ACK), LVS_REASON_ESTABLISHED);
	rig_get_dest(w.director, &marked, &dest, &info);
	ck_assert_uint_eq(info.stats.in_pkts, 2);
	ck_assert_uint_eq(info.stats.conns, 1);
	tear_down(&w);
}
END_TEST

/* The way back is asked of the embedder. */
static int lookup(void *user, enum lvs_family family, const union lvs_addr *addr,
		  struct lvs_path_conf *path)
{
	const int *answer = user;

	ck_assert_int_eq(family, LVS_INET);
	ck_assert_uint_eq(addr->byte[0], 198);
	path->handle = 42;
	path->next_hop = rig_addr4(10, 9, 9, 9);
	path->next_hop_family = LVS_INET;
	return *answer;
}

START_TEST(test_path_lookup)
{
	int answer = 0;
	struct world w;

	build(&w, NULL, LVS_INET, LVS_TCP, LVS_METHOD_NAT);
	lvs_director_set_path_lookup(w.director, lookup, &answer);
	send(&w, &w.out, SYN);
	ck_assert_int_eq(send(&w, &w.back, SYN | ACK), LVS_REASON_REPLY);
	ck_assert_uint_eq(w.rig.packet.path, 42);
	ck_assert_uint_eq(w.rig.packet.next_hop.byte[1], 9);
	answer = LVS_ERR_NO_ENTRY;
	ck_assert_int_eq(send(&w, &w.back, ACK), LVS_REASON_UNREACHABLE);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("worker");

	tcase_add_loop_test(tcase, test_life, 0, sizeof(ways) / sizeof(ways[0]));
	tcase_add_test(tcase, test_over_without_expiry);
	tcase_add_test(tcase, test_lazy_timer);
	tcase_add_test(tcase, test_expiry_budget);
	tcase_add_test(tcase, test_last_tick);
	tcase_add_test(tcase, test_udp);
	tcase_add_test(tcase, test_reply_seen);
	tcase_add_loop_test(tcase, test_port_reuse, 0, 2);
	tcase_add_loop_test(tcase, test_dest_removed, 0, 2);
	tcase_add_test(tcase, test_drain);
	tcase_add_loop_test(tcase, test_drained_reuse, 0, 4);
	tcase_add_loop_test(tcase, test_full, 0, sizeof(full_rows) / sizeof(full_rows[0]));
	tcase_add_test(tcase, test_untracked_goes_on);
	tcase_add_loop_test(tcase, test_full_udp, 0, sizeof(udp_rows) / sizeof(udp_rows[0]));
	tcase_add_test(tcase, test_kill);
	tcase_add_test(tcase, test_kill_by_key);
	tcase_add_test(tcase, test_timeouts);
	tcase_add_test(tcase, test_not_ours);
	tcase_add_test(tcase, test_workers_and_marks);
	tcase_add_test(tcase, test_path_lookup);
	return unit_run("worker", tcase);
}
