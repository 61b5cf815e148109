/* SPDX-License-Identifier: BSD-2-Clause */
/* What explanations say: one of each kind, as text and as JSON, and packets to ask about. */
#include <liblvs/explain.h>

#include "many_rig.h"
#include "packet_ref.h"
#include "unit.h"

#define NOW (1000 * SECOND)

static struct lvs_flow flow_to(unsigned service, unsigned client, unsigned port)
{
	const struct many_row *row = &many_rows[service];

	return rig_flow(row->protocol, row->family,
			row->family == LVS_INET ? rig_addr4(198, 51, 100, client)
						: rig_addr6(3, client),
			4000, many_vip(service), port);
}

static void begin(struct many *many, const struct lvs_flow *flow, uint8_t flags, uint32_t mark)
{
	uint8_t buffer[LVS_EXPLAIN_PACKET];
	struct lvs_packet packet;

	ck_assert_int_eq(lvs_explain_packet(flow, flags, buffer, &packet), 0);
	packet.mark = mark;
	lvs_worker_process(many->worker[0], &packet, 1, many->now);
	ck_assert_msg(packet.verdict == LVS_FORWARD, "%s", lvs_reason_name(packet.reason));
}

static struct lvs_explanation ask(struct many *many, const struct lvs_flow *flow, uint8_t flags,
				  uint32_t mark)
{
	static struct lvs_explained_dest dests[2];
	struct lvs_explanation e = {.size = sizeof(e), .dests = dests, .dest_max = 2};
	uint8_t buffer[LVS_EXPLAIN_PACKET];
	struct lvs_packet packet;

	ck_assert_int_eq(lvs_explain_packet(flow, flags, buffer, &packet), 0);
	packet.mark = mark;
	ck_assert_int_eq(lvs_explain(many->director, &packet, many->now, &e), 0);
	return e;
}

static void check_text(const struct lvs_explanation *e, const char *want)
{
	static char text[4096];

	lvs_explanation_text(e, text, sizeof(text));
	ck_assert_msg(strcmp(text, want) == 0, "got:\n%s\nexpected:\n%s", text, want);
}

static void check_json(const struct lvs_explanation *e, const char *want)
{
	static char text[4096];

	lvs_explanation_json(e, text, sizeof(text));
	ck_assert_msg(strcmp(text, want) == 0, "got:\n%s\nexpected:\n%s", text, want);
}

START_TEST(test_new)
{
	struct many many;
	struct lvs_flow flow = flow_to(0, 1, 80);
	struct lvs_explanation e;

	many_open(&many, NULL);
	e = ask(&many, &flow, LVS_TCP_SYN, 0);
	check_text(&e, "packet      tcp 198.51.100.1:4000 -> 192.0.2.1:80, 40 bytes, TTL 64, SYN\n"
		       "service     tcp 192.0.2.1:80 (by address and port), scheduler wlc\n"
		       "candidates  10.0.0.3:8080 nat, weight 3, active 0, inactive 0\n"
		       "            10.0.0.2:8080 nat, weight 2, active 0, inactive 0\n"
		       "            1 more\n"
		       "scheduler   wlc picks 10.0.0.3:8080\n"
		       "destination 10.0.0.3:8080 nat, weight 3, active 0, inactive 0\n"
		       "state       SYN_RECV active, 60 s\n"
		       "leaves as   198.51.100.1:4000 -> 10.0.0.3:8080, 40 bytes, TTL 63\n"
		       "next hop    10.0.0.3, path 0\n"
		       "verdict     forward: scheduled, the first packet of a new connection\n");
	check_json(&e, "{\"verdict\":\"forward\",\"reason\":\"scheduled\",\"text\":\"the first "
		       "packet of a new connection\",\"now_ns\":1000000000000,\"packet\":"
		       "{\"protocol\":\"tcp\",\"source\":{\"address\":\"198.51.100.1\",\"port\":"
		       "4000},\"destination\":{\"address\":\"192.0.2.1\",\"port\":80},\"lengt"
		       "h\":40,\"ttl\":64,\"tcp_flags\":\"SYN\",\"fragment\":false,\"mark\":0},"
		       "\"service\":{\"match\":\"exact\",\"protocol\":\"tcp\",\"address\":\"192.0"
		       ".2.1\",\"port\":80,\"scheduler\":\"wlc\",\"flags\":0},\"candidates\":{\""
		       "total\":3,\"asked\":true,\"picked\":0,\"list\":[{\"address\":\"10.0.0."
		       "3\",\"port\":8080,\"method\":\"nat\",\"weight\":3,\"active\":0,\"inactiv"
		       "e\":0,\"templates\":0,\"upper\":0,\"lower\":0,\"overloaded\":false,\"r"
		       "emoved\":false},{\"address\":\"10.0.0.2\",\"port\":8080,\"method\":\"n"
		       "at\",\"weight\":2,\"active\":0,\"inactive\":0,\"templates\":0,\"upper\""
		       ":0,\"lower\":0,\"overloaded\":false,\"removed\":false}]},\"destinat"
		       "ion\":{\"address\":\"10.0.0.3\",\"port\":8080,\"method\":\"nat\",\"weigh"
		       "t\":3,\"active\":0,\"inactive\":0,\"templates\":0,\"upper\":0,\"lower\""
		       ":0,\"overloaded\":false,\"removed\":false},\"after\":{\"name\":\"SYN_"
		       "RECV\",\"active\":true,\"timeout_ns\":60129542144},\"out\":{\"source"
		       "\":{\"address\":\"198.51.100.1\",\"port\":4000},\"destination\":{\"add"
		       "ress\":\"10.0.0.3\",\"port\":8080},\"length\":40,\"ttl\":63,\"next_hop"
		       "\":\"10.0.0.3\",\"path\":0,\"cut\":\"none\",\"cut_length\":0},\"table\":{"
		       "\"connections\":0,\"max_conns\":1048576,\"full\":false}}");
	many_close(&many);
}
END_TEST

START_TEST(test_known)
{
	struct many many;
	struct lvs_flow flow = flow_to(10, 1, 82);
	struct lvs_explanation e;

	many_open(&many, NULL);
	begin(&many, &flow, LVS_TCP_SYN, 0);
	e = ask(&many, &flow, LVS_TCP_ACK, 0);
	check_text(&e, "packet      tcp 198.51.100.1:4000 -> 192.0.2.11:82, 40 bytes, TTL 64, ACK\n"
		       "connection  66: 198.51.100.1:4000 -> 192.0.2.11:82 at [2001:db8::2:3]:82, "
		       "SYN_RECV, 60 s left\n"
		       "service     tcp 192.0.2.11:82 (that of the connection), scheduler sed\n"
		       "destination [2001:db8::2:3]:82 tunnel, weight 3, active 1, inactive 0\n"
		       "state       SYN_RECV active -> ESTABLISHED active, 900 s\n"
		       "leaves as   198.51.100.1:4000 -> 192.0.2.11:82, 80 bytes, TTL 63\n"
		       "inside      2001:db8::9:fe -> 2001:db8::2:3, 40 bytes in front\n"
		       "next hop    2001:db8::2:3, path 0\n"
		       "verdict     forward: established, a packet of a known connection, client "
		       "to server\n");
	check_json(&e, "{\"verdict\":\"forward\",\"reason\":\"established\",\"text\":\"a packet"
		       " of a known connection, client to server\",\"now_ns\":100000000"
		       "0000,\"packet\":{\"protocol\":\"tcp\",\"source\":{\"address\":\"198.51."
		       "100.1\",\"port\":4000},\"destination\":{\"address\":\"192.0.2.11\",\"p"
		       "ort\":82},\"length\":40,\"ttl\":64,\"tcp_flags\":\"ACK\",\"fragment\":f"
		       "alse,\"mark\":0},\"service\":{\"match\":\"conn\",\"protocol\":\"tcp\",\"a"
		       "ddress\":\"192.0.2.11\",\"port\":82,\"scheduler\":\"sed\",\"flags\":0},"
		       "\"connection\":{\"number\":66,\"protocol\":\"tcp\",\"client\":{\"addres"
		       "s\":\"198.51.100.1\",\"port\":4000},\"service\":{\"address\":\"192.0.2"
		       ".11\",\"port\":82},\"destination\":{\"address\":\"2001:db8::2:3\",\"po"
		       "rt\":82},\"state\":\"SYN_RECV\",\"expires_ns\":1060185833472,\"contr"
		       "ols\":0,\"reply\":false},\"destination\":{\"address\":\"2001:db8::2:"
		       "3\",\"port\":82,\"method\":\"tunnel\",\"weight\":3,\"active\":1,\"inacti"
		       "ve\":0,\"templates\":0,\"upper\":0,\"lower\":0,\"overloaded\":false,\""
		       "removed\":false},\"before\":{\"name\":\"SYN_RECV\",\"active\":true,\"t"
		       "imeout_ns\":60129542144},\"after\":{\"name\":\"ESTABLISHED\",\"activ"
		       "e\":true,\"timeout_ns\":900064083968},\"out\":{\"source\":{\"address"
		       "\":\"198.51.100.1\",\"port\":4000},\"destination\":{\"address\":\"192."
		       "0.2.11\",\"port\":82},\"length\":80,\"ttl\":63,\"tunnel\":{\"source\":\""
		       "2001:db8::9:fe\",\"destination\":\"2001:db8::2:3\",\"length\":40},\""
		       "next_hop\":\"2001:db8::2:3\",\"path\":0,\"cut\":\"none\",\"cut_length\""
		       ":0},\"table\":{\"connections\":1,\"max_conns\":1048576,\"full\":fals"
		       "e}}");
	many_close(&many);
}
END_TEST

START_TEST(test_template)
{
	struct many many;
	struct lvs_flow flow = flow_to(6, 1, 80);
	struct lvs_explanation e;

	many_open(&many, NULL);
	begin(&many, &flow, LVS_TCP_SYN, 7);
	flow.dst_port = rig_port(443);
	e = ask(&many, &flow, LVS_TCP_SYN, 7);
	check_text(&e, "packet      tcp 198.51.100.1:4000 -> 192.0.2.7:443, 40 bytes, TTL 64, SYN, "
		       "mark 7\n"
		       "service     mark 7 (by the packet's mark), scheduler sh, persistent 100 s\n"
		       "template    67: 198.51.100.1 -> mark 7 at 10.0.0.3:0, NONE, 100 s left\n"
		       "candidates  10.0.0.3:0 dr, weight 3, active 1, inactive 0, templates 1\n"
		       "            10.0.0.2:0 dr, weight 2, active 0, inactive 0\n"
		       "            1 more\n"
		       "destination 10.0.0.3:0 dr, weight 3, active 1, inactive 0, templates 1\n"
		       "state       SYN_RECV active, 60 s\n"
		       "leaves as   198.51.100.1:4000 -> 192.0.2.7:443, 40 bytes, TTL 63\n"
		       "next hop    10.0.0.3, path 0\n"
		       "verdict     forward: scheduled, the first packet of a new connection\n");
	check_json(&e, "{\"verdict\":\"forward\",\"reason\":\"scheduled\",\"text\":\"the first "
		       "packet of a new connection\",\"now_ns\":1000000000000,\"packet\":"
		       "{\"protocol\":\"tcp\",\"source\":{\"address\":\"198.51.100.1\",\"port\":"
		       "4000},\"destination\":{\"address\":\"192.0.2.7\",\"port\":443},\"leng"
		       "th\":40,\"ttl\":64,\"tcp_flags\":\"SYN\",\"fragment\":false,\"mark\":7}"
		       ",\"service\":{\"match\":\"mark\",\"mark\":7,\"scheduler\":\"sh\",\"flags\""
		       ":1,\"persistent_s\":100},\"candidates\":{\"total\":3,\"asked\":false"
		       ",\"list\":[{\"address\":\"10.0.0.3\",\"port\":0,\"method\":\"dr\",\"weigh"
		       "t\":3,\"active\":1,\"inactive\":0,\"templates\":1,\"upper\":0,\"lower\""
		       ":0,\"overloaded\":false,\"removed\":false},{\"address\":\"10.0.0.2\""
		       ",\"port\":0,\"method\":\"dr\",\"weight\":2,\"active\":0,\"inactive\":0,\""
		       "templates\":0,\"upper\":0,\"lower\":0,\"overloaded\":false,\"removed"
		       "\":false}]},\"template\":{\"number\":67,\"client\":{\"address\":\"198."
		       "51.100.1\",\"port\":0},\"mark\":7,\"destination\":{\"address\":\"10.0."
		       "0.3\",\"port\":0},\"state\":\"NONE\",\"expires_ns\":1100182716416,\"co"
		       "ntrols\":1,\"reply\":false},\"destination\":{\"address\":\"10.0.0.3\""
		       ",\"port\":0,\"method\":\"dr\",\"weight\":3,\"active\":1,\"inactive\":0,\""
		       "templates\":1,\"upper\":0,\"lower\":0,\"overloaded\":false,\"removed"
		       "\":false},\"after\":{\"name\":\"SYN_RECV\",\"active\":true,\"timeout_n"
		       "s\":60129542144},\"out\":{\"source\":{\"address\":\"198.51.100.1\",\"p"
		       "ort\":4000},\"destination\":{\"address\":\"192.0.2.7\",\"port\":443},"
		       "\"length\":40,\"ttl\":63,\"next_hop\":\"10.0.0.3\",\"path\":0,\"cut\":\"n"
		       "one\",\"cut_length\":0},\"table\":{\"connections\":2,\"max_conns\":10"
		       "48576,\"full\":false}}");
	many_close(&many);
}
END_TEST

START_TEST(test_none)
{
	struct many many;
	struct lvs_flow flow = flow_to(0, 1, 80);
	struct lvs_service_key key = many_service(0);
	struct lvs_explanation e;

	many_open(&many, NULL);
	for (unsigned i = 0; i < MANY_DESTS; i++) {
		struct lvs_dest_key dest = many_dest(0, i);

		rig_set_dest(many.director, &key, &dest, LVS_METHOD_NAT, 0);
	}
	e = ask(&many, &flow, LVS_TCP_SYN, 0);
	check_text(&e, "packet      tcp 198.51.100.1:4000 -> 192.0.2.1:80, 40 bytes, TTL 64, SYN\n"
		       "service     tcp 192.0.2.1:80 (by address and port), scheduler wlc\n"
		       "candidates  10.0.0.3:8080 nat, weight 0, active 0, inactive 0\n"
		       "            10.0.0.2:8080 nat, weight 0, active 0, inactive 0\n"
		       "            1 more\n"
		       "scheduler   wlc has none to pick\n"
		       "leaves as   192.0.2.1 -> 198.51.100.1, 68 bytes, TTL 64\n"
		       "next hop    198.51.100.1, path 0\n"
		       "verdict     reply: reply_no_dest, no destination of the service is "
		       "available; the sender is told\n");
	many_close(&many);
}
END_TEST

/* How a service came to be asked. */
START_TEST(test_matched)
{
	static const struct {
		unsigned service;
		unsigned port;
		uint32_t mark;
		enum lvs_matched want;
	} rows[] = {
		{0, 80, 0, LVS_MATCHED_EXACT},    {6, 1234, 7, LVS_MATCHED_MARK},
		{5, 999, 0, LVS_MATCHED_PORT_0},  {7, 40000, 0, LVS_MATCHED_FTP},
		{7, 21, 0, LVS_MATCHED_EXACT},    {0, 79, 0, LVS_MATCHED_NONE},
		{11, 9899, 0, LVS_MATCHED_EXACT}, {9, 80, 0, LVS_MATCHED_EXACT},
	};
	struct lvs_explanation e;
	struct lvs_flow flow;
	struct many many;

	many_open(&many, NULL);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		flow = flow_to(rows[i].service, 1, rows[i].port);
		e = ask(&many, &flow, LVS_TCP_SYN, rows[i].mark);
		ck_assert_msg(e.matched == (uint32_t)rows[i].want, "row %u: %s", i,
			      lvs_matched_name(e.matched));
	}
	begin(&many, &flow, LVS_TCP_SYN, 0);
	e = ask(&many, &flow, LVS_TCP_ACK, 0);
	ck_assert_uint_eq(e.matched, LVS_MATCHED_CONN);
	ck_assert_str_eq(lvs_matched_name(LVS_MATCHED_N), "unknown");
	many_close(&many);
}
END_TEST

/* A removed destination's connection, and an overloaded candidate. */
START_TEST(test_dests)
{
	struct many many;
	struct lvs_flow flow = flow_to(1, 1, 443);
	struct lvs_service_key key = many_service(1);
	struct lvs_dest_key dest = many_dest(1, 2), other = many_dest(1, 1);
	struct lvs_dest_conf conf = {
		.size = sizeof(conf), .method = LVS_METHOD_DR, .weight = 5, .upper = 1};
	struct lvs_explanation e;
	struct lvs_txn *txn;

	many_open(&many, NULL);
	begin(&many, &flow, LVS_TCP_SYN, 0);
	ck_assert_int_eq(lvs_txn_begin(many.director, &txn), 0);
	ck_assert_int_eq(lvs_txn_set_dest(txn, &key, &dest, &conf), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	flow.src_port = rig_port(4001);
	e = ask(&many, &flow, LVS_TCP_SYN, 0);
	ck_assert_uint_eq(e.dests[0].flags, LVS_EXPLAINED_OVERLOADED);
	ck_assert_uint_eq(e.dests[0].upper, 1);
	ck_assert_uint_eq(e.dests[0].active, 1);
	ck_assert_int_eq(e.dests[0].weight, 5);
	ck_assert_uint_eq(e.picked, 1);
	ck_assert_mem_eq(&e.dest.end.addr, &other.addr, sizeof(other.addr));
	flow.src_port = rig_port(4000);
	rig_del_dest(many.director, &key, &dest);
	e = ask(&many, &flow, LVS_TCP_ACK, 0);
	ck_assert_uint_eq(e.reason, LVS_REASON_DEST_GONE);
	many_close(&many);
}
END_TEST

/* Every kind of packet that can be made is one that passes the parser, its checksums right. */
START_TEST(test_packets)
{
	static const uint8_t protocols[] = {LVS_TCP, LVS_UDP, LVS_SCTP};
	static const unsigned services[] = {0, 9};
	uint8_t buffer[LVS_EXPLAIN_PACKET];
	struct lvs_headers headers;
	struct lvs_packet packet;

	for (unsigned i = 0; i < 6; i++) {
		struct lvs_flow flow = flow_to(services[i % 2], 1, 80);

		flow.protocol = protocols[i / 2];
		ck_assert_int_eq(lvs_explain_packet(&flow, LVS_TCP_SYN, buffer, &packet), 0);
		ck_assert_int_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_NONE);
		ck_assert_mem_eq(&headers.flow, &flow, sizeof(flow));
		ck_assert(rig_sums_right(packet.data, packet.len));
		ck_assert_uint_le(packet.headroom + packet.len + packet.tailroom, sizeof(buffer));
	}
}
END_TEST

START_TEST(test_packet_errors)
{
	struct lvs_flow flow = flow_to(0, 1, 80);
	uint8_t buffer[LVS_EXPLAIN_PACKET];
	struct lvs_packet packet;

	flow.protocol = LVS_ICMP;
	ck_assert_int_eq(lvs_explain_packet(&flow, 0, buffer, &packet), LVS_ERR_UNSUPPORTED);
	flow.protocol = LVS_TCP;
	flow.family = LVS_UNSPEC;
	ck_assert_int_eq(lvs_explain_packet(&flow, 0, buffer, &packet), LVS_ERR_FAMILY);
}
END_TEST

/* A name of the embedder's that JSON has to escape. */
START_TEST(test_escape)
{
	struct lvs_explanation e = {.matched = LVS_MATCHED_EXACT, .sched = "a\"\\\n\xc3"};
	static char text[4096];

	lvs_explanation_json(&e, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "\"scheduler\":\"a\\\"\\\\\\u000a\\u00c3\""));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("explain_text");

	tcase_add_test(tcase, test_new);
	tcase_add_test(tcase, test_known);
	tcase_add_test(tcase, test_template);
	tcase_add_test(tcase, test_none);
	tcase_add_test(tcase, test_matched);
	tcase_add_test(tcase, test_dests);
	tcase_add_test(tcase, test_packets);
	tcase_add_test(tcase, test_packet_errors);
	tcase_add_test(tcase, test_escape);
	return unit_run("explain_text", tcase);
}
