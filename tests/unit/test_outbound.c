/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that servers begin. */
#include "frag_rig.h"
#include "pe_rig.h"

#include "director/recorder.h"
#include "director/worker.h"

#define V4 LVS_INET
#define V6 LVS_INET6
#define STICKY LVS_SERVICE_PERSISTENT
#define ONCE (LVS_SERVICE_PERSISTENT | LVS_SERVICE_ONE_PACKET)

static unsigned family_of(int i)
{
	return i ? V6 : V4;
}

/* From a server's @p port to a client's. */
static struct lvs_flow back_of(unsigned family, unsigned server, unsigned port, unsigned client,
			       unsigned client_port)
{
	return rig_flow(LVS_UDP, family, dest_of(family, server, 0).addr, port,
			client_of(family, client), client_port);
}

static enum lvs_reason call_out(struct world *w, unsigned family, unsigned server, unsigned client,
				unsigned port, const char *id)
{
	struct lvs_flow flow = back_of(family, server, SIP_PORT, client, port);
	char text[128];

	return push_text(w, &flow, id ? call(id, text) : "no call");
}

/* The packet left from the service, its checksum right. */
static void check_source(const struct world *w, unsigned family, unsigned client, unsigned port)
{
	struct lvs_headers headers;
	union lvs_addr vip = vip_of(family), to = client_of(family, client);

	ck_assert_int_eq(lvs_packet_parse(&w->rig.packet, &headers), LVS_REASON_NONE);
	ck_assert_mem_eq(&headers.flow.src, &vip, sizeof(vip));
	ck_assert_mem_eq(&headers.flow.dst, &to, sizeof(to));
	ck_assert_uint_eq(headers.flow.src_port, rig_port(SIP_PORT));
	ck_assert_uint_eq(headers.flow.dst_port, rig_port(port));
	ck_assert(rig_sums_right(w->rig.packet.data, w->rig.packet.len));
}

static struct lvs_stats stats_of(struct world *w, unsigned family, unsigned server)
{
	struct lvs_service_key key = service_of(family, LVS_UDP, SIP_PORT, 0);
	struct lvs_dest_key dest = dest_of(family, server, SIP_PORT);
	struct lvs_dest_info info;

	rig_get_dest(w->director, &key, &dest, &info);
	return info.stats;
}

START_TEST(test_begins)
{
	unsigned family = family_of(_i);
	struct lvs_flow flow = flow_of(family, LVS_UDP, 1, 7000, SIP_PORT);
	struct lvs_conn_info info;
	struct world w;

	open_sip(&w, family, STICKY);
	ck_assert_int_eq(call_out(&w, family, 1, 1, 7000, "out"), LVS_REASON_OUTBOUND);
	check_source(&w, family, 1, 7000);
	ck_assert_uint_eq(stats_of(&w, family, 1).conns, 1);
	ck_assert_uint_eq(stats_of(&w, family, 1).out_pkts, 1);
	ck_assert_uint_eq(stats_of(&w, family, 1).in_pkts, 0);
	ck_assert(template_at(&w, 0, &info));
	ck_assert_str_eq(info.state, "ASSURED");
	ck_assert_str_eq(info.pe_data, "out");
	ck_assert(listed(&w, LVS_CONN_FILTER_NO_TEMPLATES, 0, &info));
	ck_assert_uint_eq(left_of(&w, &info), 300);
	/* It is a connection like any other, and so is its template. */
	ck_assert_int_eq(push_text(&w, &flow, "hello"), LVS_REASON_ESTABLISHED);
	ck_assert_uint_eq(got_by(&w, family), 1);
	ck_assert_int_eq(call_out(&w, family, 1, 1, 7000, NULL), LVS_REASON_REPLY);
	ck_assert_uint_eq(call_from(&w, family, 1, 7001, "out"), 1);
	ck_assert_uint_eq(templates_n(&w), 1);
	ck_assert_uint_eq(conns_n(&w), 2);
	close_world(&w);
}
END_TEST

/* Without an entry, each packet by itself; the template remembers. */
START_TEST(test_once)
{
	unsigned family = family_of(_i);
	struct lvs_conn_info info;
	struct world w;

	open_sip(&w, family, ONCE);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(call_out(&w, family, 1, 1, 7000, "out"), LVS_REASON_OUTBOUND);
		check_source(&w, family, 1, 7000);
	}
	ck_assert_uint_eq(conns_n(&w), 0);
	ck_assert(template_at(&w, 0, &info));
	ck_assert_str_eq(info.state, "ASSURED");
	ck_assert_uint_eq(call_from(&w, family, 1, 7000, "out"), 1);
	ck_assert_uint_eq(stats_of(&w, family, 1).conns, 3);
	ck_assert_uint_eq(stats_of(&w, family, 1).out_pkts, 2);
	ck_assert_uint_eq(stats_of(&w, family, 1).in_pkts, 1);
	ck_assert_int_eq(call_out(&w, family, 1, 1, 7000, NULL), LVS_REASON_NO_SERVICE);
	close_world(&w);
}
END_TEST

/* Who has the call keeps it until another server speaks. */
START_TEST(test_moves)
{
	struct world w;
	unsigned first, other;

	open_sip(&w, V4, STICKY);
	first = call_from(&w, V4, 1, 1000, "one");
	other = (first + 1) % DESTS;
	ck_assert_int_eq(call_out(&w, V4, first, 1, 1001, "one"), LVS_REASON_OUTBOUND);
	ck_assert_uint_eq(templates_n(&w), 1);
	ck_assert_int_eq(call_out(&w, V4, other, 1, 1002, "one"), LVS_REASON_OUTBOUND);
	ck_assert_uint_eq(templates_n(&w), 2);
	ck_assert_uint_eq(call_from(&w, V4, 1, 1003, "one"), other);
	rig_check(w.director);
	/* The same client's end: the connection goes over to who spoke last. */
	ck_assert_int_eq(call_out(&w, V4, other, 1, 1000, "two"), LVS_REASON_OUTBOUND);
	ck_assert_uint_eq(conns_n(&w), 4);
	close_world(&w);
}
END_TEST

/* Who may not. */
START_TEST(test_others)
{
	struct lvs_service_key key = service_of(V4, LVS_UDP, SIP_PORT, 0);
	struct lvs_flow flow = back_of(V4, 0, SIP_PORT + 1, 1, 7000);
	struct lvs_dest_key dest = dest_of(V4, 1, SIP_PORT);
	struct world w;
	char text[128];

	open_sip(&w, V4, STICKY);
	rig_set_dest(w.director, &key, &dest, LVS_METHOD_DR, 1);
	dest = dest_of(V4, 2, SIP_PORT);
	rig_del_dest(w.director, &key, &dest);
	ck_assert_int_eq(call_out(&w, V4, 0, 1, 7000, NULL), LVS_REASON_NO_SERVICE);
	ck_assert_int_eq(push_text(&w, &flow, call("a", text)), LVS_REASON_NO_SERVICE);
	flow.protocol = LVS_TCP;
	flow.src_port = rig_port(SIP_PORT);
	ck_assert_int_eq(push_text(&w, &flow, ""), LVS_REASON_NO_SERVICE);
	ck_assert_int_eq(call_out(&w, V4, 1, 1, 7000, "a"), LVS_REASON_NO_SERVICE);
	ck_assert_int_eq(call_out(&w, V4, 2, 1, 7000, "a"), LVS_REASON_NO_SERVICE);
	ck_assert_int_eq(call_out(&w, V4, 7, 1, 7000, "a"), LVS_REASON_NO_SERVICE);
	ck_assert_uint_eq(templates_n(&w) + conns_n(&w), 0);
	/* To a service it is a client. */
	flow = rig_flow(LVS_UDP, V4, dest_of(V4, 0, 0).addr, SIP_PORT, vip_of(V4), SIP_PORT);
	ck_assert_int_eq(push_text(&w, &flow, call("a", text)), LVS_REASON_SCHEDULED);
	/* Weight 0 keeps nobody from speaking. */
	dest = dest_of(V4, 0, SIP_PORT);
	rig_set_dest(w.director, &key, &dest, LVS_METHOD_NAT, 0);
	ck_assert_int_eq(call_out(&w, V4, 0, 1, 7001, "b"), LVS_REASON_OUTBOUND);
	/* Nor does the service end what was begun, without the engine. */
	ck_assert_int_eq(set_engine(w.director, &key, NULL, STICKY, HOST_MASK), 0);
	ck_assert_int_eq(call_out(&w, V4, 0, 1, 7001, NULL), LVS_REASON_REPLY);
	ck_assert_int_eq(call_out(&w, V4, 0, 1, 7002, "b"), LVS_REASON_NO_SERVICE);
	close_world(&w);
}
END_TEST

/* Services by mark, of every port, and with destinations of every port have no end to speak from;
 * without persistence nothing is asked. */
static const struct kind_row {
	unsigned port, dest_port;
	uint32_t mark, flags;
	const char *id;
	enum lvs_reason reason;
} kind_rows[] = {
	{SIP_PORT, SIP_PORT, 0, STICKY, "a", LVS_REASON_OUTBOUND},
	{SIP_PORT, SIP_PORT, 0, 0, "a", LVS_REASON_OUTBOUND},
	{SIP_PORT, SIP_PORT, 0, 0, NULL, LVS_REASON_OUTBOUND},
	{SIP_PORT, SIP_PORT, 0, LVS_SERVICE_ONE_PACKET, NULL, LVS_REASON_OUTBOUND},
	{5070, SIP_PORT, 0, STICKY, "a", LVS_REASON_OUTBOUND},
	{SIP_PORT, 0, 0, STICKY, "a", LVS_REASON_NO_SERVICE},
	{0, SIP_PORT, 0, STICKY, "a", LVS_REASON_NO_SERVICE},
	{0, SIP_PORT, 7, STICKY, "a", LVS_REASON_NO_SERVICE},
};

START_TEST(test_kinds)
{
	const struct kind_row *row = &kind_rows[_i];
	struct lvs_service_key key = service_of(V4, LVS_UDP, row->port, row->mark);
	struct world w;

	open_world(&w, NULL);
	ck_assert_int_eq(set_engine(w.director, &key, lvs_pe_find("sip"), row->flags, HOST_MASK),
			 0);
	add_dests(&w, &key, LVS_METHOD_NAT, row->dest_port);
	ck_assert_int_eq(call_out(&w, V4, 1, 1, 7000, row->id), row->reason);
	close_world(&w);
}
END_TEST

/* Of several services with the same server its newest destination says which. */
START_TEST(test_newest)
{
	struct lvs_service_key key = service_of(V4, LVS_UDP, SIP_PORT, 0);
	struct lvs_service_key other = rig_service_key(V4, LVS_UDP, rig_addr4(192, 0, 2, 9), 5070);
	struct lvs_dest_key dest = dest_of(V4, 1, SIP_PORT);
	struct lvs_conn_info info;
	struct world w;

	open_sip(&w, V4, STICKY);
	set_engine(w.director, &other, lvs_pe_find("sip"), STICKY, HOST_MASK);
	rig_set_dest(w.director, &other, &dest, LVS_METHOD_NAT, 1);
	ck_assert_int_eq(call_out(&w, V4, 1, 1, 7000, "a"), LVS_REASON_OUTBOUND);
	ck_assert(listed(&w, LVS_CONN_FILTER_NO_TEMPLATES, 0, &info));
	ck_assert_uint_eq(info.service_port, rig_port(5070));
	rig_del_dest(w.director, &other, &dest);
	ck_assert_int_eq(call_out(&w, V4, 1, 1, 7001, "b"), LVS_REASON_OUTBOUND);
	ck_assert(listed(&w, LVS_CONN_FILTER_NO_TEMPLATES, 1, &info));
	ck_assert_uint_eq(info.service_port, rig_port(SIP_PORT));
	rig_set_dest(w.director, &other, &dest, LVS_METHOD_NAT, 1);
	key = other;
	ck_assert_int_eq(set_engine(w.director, &key, NULL, STICKY, HOST_MASK), 0);
	ck_assert_int_eq(call_out(&w, V4, 1, 1, 7002, "c"), LVS_REASON_OUTBOUND);
	close_world(&w);
}
END_TEST

/* The kernel's nat_icmp_send comes behind; and on a backup, servers speak on. */
START_TEST(test_aside)
{
	struct lvs_settings settings = {.size = sizeof(settings), .flags = LVS_SET_NAT_ICMP_SEND};
	struct lvs_service_key key = service_of(V4, LVS_UDP, SIP_PORT, 0);
	struct world w;

	open_world(&w, &settings);
	set_engine(w.director, &key, lvs_pe_find("sip"), STICKY, HOST_MASK);
	add_dests(&w, &key, LVS_METHOD_NAT, SIP_PORT);
	ck_assert_int_eq(call_out(&w, V4, 1, 1, 7000, "a"), LVS_REASON_OUTBOUND);
	ck_assert_int_ne(call_out(&w, V4, 1, 1, 7001, NULL), LVS_REASON_OUTBOUND);
	ck_assert_int_ne(w.rig.packet.reason, LVS_REASON_NO_SERVICE);
	close_world(&w);
}
END_TEST

/* A peek moves nothing, and says the same. */
START_TEST(test_peek)
{
	struct lvs_flow flow = back_of(V4, 1, SIP_PORT, 1, 7000);
	struct lvs_record record = {.picked = LVS_SCHED_NONE};
	struct world w;
	char text[128];

	open_sip(&w, V4, _i ? ONCE : STICKY);
	make_text(&w.rig, &flow, call("a", text));
	lvs_worker_peek(w.worker, &w.rig.packet, w.now, &record);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_OUTBOUND);
	check_source(&w, V4, 1, 7000);
	ck_assert_uint_eq(templates_n(&w) + conns_n(&w), 0);
	ck_assert_uint_eq(stats_of(&w, V4, 1).conns + stats_of(&w, V4, 1).out_pkts, 0);
	close_world(&w);
}
END_TEST

/* --- Datagrams in fragments: the Call-ID stands behind the first --- */

static enum lvs_reason send_parts(struct world *w, const struct lvs_flow *flow, const char *id,
				  bool backwards)
{
	static struct frag_whole whole;
	static struct frag_part part;
	static struct frag_buffer buffer;
	struct lvs_packet out[8];
	char text[128], more[512];
	unsigned n, out_n;

	snprintf(more, sizeof(more), "OPTIONS a SIP/2.0\r\nX: %0150d\r\n%s%0100d\r\n", 1,
		 id ? call(id, text) : "", 2);
	make_text(&w->rig, flow, more);
	whole.fixed = flow->family == V6 ? 40 : 20;
	whole.first_min = 8;
	whole.id = flow->src_port;
	whole.len = w->rig.packet.len;
	memcpy(whole.data, w->rig.packet.data, whole.len);
	n = (whole.len - whole.fixed + 63) / 64;
	for (unsigned i = 0; i < n; i++) {
		unsigned at = 64 * (backwards ? n - 1 - i : i);
		unsigned rest = whole.len - whole.fixed - at;

		frag_cut(&whole, at, at + (rest < 64 ? rest : 64), &part);
		ck_assert_int_eq(frag_send(w->worker, &buffer, &part, w->now),
				 LVS_REASON_FRAGMENT_HELD);
	}
	out_n = lvs_worker_outbox(w->worker, out, 8);
	/* What is dropped is not given back. */
	if (out_n == 0)
		return LVS_REASON_FRAGMENT_REFUSED;
	ck_assert_uint_eq(out_n, n);
	for (unsigned i = 1; i < n; i++)
		ck_assert_int_eq(out[i].verdict, out[0].verdict);
	memcpy(&w->rig.packet.next_hop, &out[0].next_hop, sizeof(out[0].next_hop));
	return (enum lvs_reason)out[0].reason;
}

START_TEST(test_parts)
{
	unsigned family = _i & 1 ? V6 : V4;
	uint32_t flags = _i & 2 ? ONCE : STICKY;
	struct lvs_flow flow = flow_of(family, LVS_UDP, 1, 1000, SIP_PORT);
	struct world w;
	unsigned server;

	open_sip(&w, family, flags);
	ck_assert_int_eq(send_parts(&w, &flow, "a", _i & 4),
			 flags == ONCE ? LVS_REASON_ONE_PACKET : LVS_REASON_SCHEDULED);
	server = got_by(&w, family);
	flow.src_port = rig_port(1001);
	ck_assert_int_eq(send_parts(&w, &flow, NULL, _i & 4), LVS_REASON_FRAGMENT_REFUSED);
	ck_assert_uint_eq(call_from(&w, family, 1, 1002, "a"), server);
	server = (server + 1) % DESTS;
	flow = back_of(family, server, SIP_PORT, 1, 1003);
	ck_assert_int_eq(send_parts(&w, &flow, "b", _i & 4), LVS_REASON_OUTBOUND);
	ck_assert_uint_eq(call_from(&w, family, 1, 1004, "b"), server);
	flow.dst_port = rig_port(1005);
	ck_assert_int_eq(send_parts(&w, &flow, NULL, _i & 4), LVS_REASON_NO_SERVICE);
	close_world(&w);
}
END_TEST

/* The k-th allocation failing. */
START_TEST(test_memory)
{
	struct lvs_service_key key = service_of(V4, LVS_UDP, SIP_PORT, 0);
	unsigned failures = 0;

	for (unsigned k = 1;; k++) {
		struct alloc_rig alloc = {0};
		struct lvs_settings settings = {.size = sizeof(settings)};
		enum lvs_reason reason;
		struct world w;
		int err;

		settings.alloc = alloc_rig(&alloc);
		open_world(&w, &settings);
		set_engine(w.director, &key, NULL, STICKY, HOST_MASK);
		add_dests(&w, &key, LVS_METHOD_NAT, SIP_PORT);
		alloc.fail_at = k;
		err = set_engine(w.director, &key, lvs_pe_find("sip"), STICKY, HOST_MASK);
		reason = call_out(&w, V4, 1, 1, 7000, "a");
		alloc.fail_at = 0;
		if (err)
			ck_assert_int_eq(reason, LVS_REASON_NO_SERVICE);
		else
			ck_assert(reason == LVS_REASON_NO_MEMORY || reason == LVS_REASON_OUTBOUND);
		failures += err || reason == LVS_REASON_NO_MEMORY;
		rig_check(w.director);
		close_world(&w);
		ck_assert_uint_eq(alloc.live_n, 0);
		if (!alloc.failed)
			break;
	}
	ck_assert_uint_gt(failures, 5);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("outbound");

	tcase_add_loop_test(tcase, test_begins, 0, 2);
	tcase_add_loop_test(tcase, test_once, 0, 2);
	tcase_add_test(tcase, test_moves);
	tcase_add_test(tcase, test_others);
	tcase_add_loop_test(tcase, test_kinds, 0, sizeof(kind_rows) / sizeof(kind_rows[0]));
	tcase_add_test(tcase, test_newest);
	tcase_add_test(tcase, test_aside);
	tcase_add_loop_test(tcase, test_peek, 0, 2);
	tcase_add_loop_test(tcase, test_parts, 0, 8);
	tcase_add_test(tcase, test_memory);
	return unit_run("outbound", tcase);
}
