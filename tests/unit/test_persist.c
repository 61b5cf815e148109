/* SPDX-License-Identifier: BSD-2-Clause */
/* Persistence through a whole director: whom a template binds, to what, for how long. */
#include "persist_rig.h"

#define V4 LVS_INET
#define V6 LVS_INET6

/* --- Which template is made, and where the connection goes --- */

static const struct key_row {
	unsigned family;
	uint8_t protocol; /* of the service and the packet */
	unsigned port;    /* the service's */
	uint32_t mark;
	unsigned dest_port;
	unsigned to; /* the packet's port */
	uint8_t template_protocol;
	unsigned template_port;
	unsigned template_dest_port;
	unsigned conn_dest_port;
} key_rows[] = {
	/* one port: the template is of this port, and of the destination's */
	{V4, LVS_TCP, 80, 0, 8080, 80, LVS_TCP, 80, 8080, 8080},
	{V4, LVS_TCP, 80, 0, 0, 80, LVS_TCP, 80, 0, 80},
	{V6, LVS_UDP, 53, 0, 5353, 53, LVS_UDP, 53, 5353, 5353},
	/* FTP: of every port */
	{V4, LVS_TCP, 21, 0, 2121, 21, LVS_TCP, 0, 0, 2121},
	{V4, LVS_TCP, 21, 0, 2121, 20, LVS_TCP, 0, 0, 20},
	{V4, LVS_TCP, 21, 0, 21, 1024, LVS_TCP, 0, 0, 1024},
	{V6, LVS_TCP, 21, 0, 0, 65535, LVS_TCP, 0, 0, 65535},
	/* every port: the destination's own does not count */
	{V4, LVS_TCP, 0, 0, 0, 443, LVS_TCP, 0, 0, 443},
	{V4, LVS_UDP, 0, 0, 7777, 53, LVS_UDP, 0, 0, 53},
	{V6, LVS_TCP, 0, 0, 0, 1, LVS_TCP, 0, 0, 1},
	/* to port 0 itself it does */
	{V4, LVS_TCP, 0, 0, 7777, 0, LVS_TCP, 0, 0, 7777},
	/* mark: of every protocol, address and port */
	{V4, LVS_TCP, 0, 7, 8080, 80, 0, 0, 0, 80},
	{V4, LVS_UDP, 0, 0xfffffffe, 0, 80, 0, 0, 0, 80},
	{V6, LVS_TCP, 0, 9, 0, 80, 0, 0, 0, 80},
	/* but to port 0, which the kernel takes for the mark's own: an oddity of its */
	{V4, LVS_TCP, 0, 7, 8080, 0, LVS_TCP, 0, 0, 8080},
};

START_TEST(test_key)
{
	const struct key_row *row = &key_rows[_i];
	struct lvs_service_key service =
		service_of(row->family, row->protocol, row->port, row->mark);
	struct lvs_flow flow = flow_of(row->family, row->protocol, 0x107, 40000, row->to);
	uint32_t netmask = row->family == V4 ? lvs_htonl(0xffffff00) : 112;
	union lvs_addr net = client_of(row->family, 0x100);
	struct lvs_conn_info template, conn;
	unsigned dest;
	struct world w;

	open_world(&w, NULL);
	w.mark = row->mark;
	rig_set_persistent(w.director, &service, "rr", 0, 100, netmask);
	add_dests(&w, &service, LVS_METHOD_NAT, row->dest_port);
	dest = begin(&w, &flow);
	ck_assert(template_at(&w, 0, &template));
	ck_assert_uint_eq(templates_n(&w), 1);
	ck_assert_uint_eq(template.protocol, row->template_protocol);
	ck_assert_mem_eq(&template.client, &net, sizeof(net));
	ck_assert_uint_eq(template.client_port, 0);
	ck_assert_uint_eq(template.service_port, rig_port(row->template_port));
	ck_assert_uint_eq(template.dest_port, rig_port(row->template_dest_port));
	if (row->template_protocol == 0)
		ck_assert_uint_eq(template.service.word[0], lvs_htonl(row->mark));
	else
		ck_assert_mem_eq(&template.service, &flow.dst, sizeof(flow.dst));
	ck_assert_uint_eq(template.fwmark, row->mark);
	ck_assert_uint_eq(template.control_n, 1);
	ck_assert_uint_eq(template.flags, LVS_CONN_INFO_TEMPLATE);
	ck_assert_str_eq(template.state, "NONE");
	ck_assert_uint_eq(left_of(&w, &template), 100);
	ck_assert(listed(&w, LVS_CONN_FILTER_NO_TEMPLATES, 0, &conn));
	ck_assert_uint_eq(conn.controller, template.number);
	ck_assert_uint_eq(conn.dest_port, rig_port(row->conn_dest_port));
	ck_assert_mem_eq(&conn.dest, &template.dest, sizeof(conn.dest));
	ck_assert_uint_eq(persistent_of(&w, &service, dest, row->dest_port), 1);
	close_world(&w);
}
END_TEST

/* --- Who sticks together --- */

static const struct stick_row {
	unsigned family;
	uint32_t netmask; /* host order, or a prefix */
	unsigned client[2];
	bool together;
} stick_rows[] = {
	{V4, 0xffffffff, {1, 1}, true},
	{V4, 0xffffffff, {1, 2}, false},
	{V4, 0xffffff00, {1, 200}, true},
	{V4, 0xffffff00, {1, 0x101}, false},
	{V4, 0, {1, 0x2ff}, true},
	{V4, 0x000000ff, {1, 0x101}, true},
	{V4, 0x000000ff, {1, 0x102}, false},
	{V4, 0xfffffffe, {2, 3}, true},
	{V4, 0xfffffffe, {1, 2}, false},
	{V6, 128, {1, 1}, true},
	{V6, 128, {1, 2}, false},
	{V6, 127, {2, 3}, true},
	{V6, 112, {1, 200}, true},
	{V6, 112, {1, 0x101}, false},
	{V6, 32, {1, 0x101}, true},
	{V6, 1, {1, 0x301}, true},
	{V6, 97, {1, 0x301}, true},
};

START_TEST(test_together)
{
	const struct stick_row *row = &stick_rows[_i];
	uint32_t netmask = row->family == V4 ? lvs_htonl(row->netmask) : row->netmask;
	struct lvs_service_key service = service_of(row->family, LVS_TCP, 80, 0);
	unsigned dest[2];
	struct world w;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", 0, 100, netmask);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	for (unsigned round = 0; round < 4; round++)
		for (unsigned i = 0; i < 2; i++) {
			struct lvs_flow flow = flow_of(row->family, LVS_TCP, row->client[i],
						       1000 + 10 * i + round, 80);
			unsigned to = begin(&w, &flow);

			if (round)
				ck_assert_uint_eq(to, dest[i]);
			dest[i] = to;
		}
	ck_assert_int_eq(dest[0] == dest[1], row->together);
	ck_assert_uint_eq(templates_n(&w), row->together ? 1 : 2);
	ck_assert_uint_eq(conns_n(&w), 8);
	close_world(&w);
}
END_TEST

/* By mark the protocols, addresses and ports stick together; by port 0 the ports; by port none. */
START_TEST(test_wide)
{
	static const unsigned templates[] = {1, 2, 3}; /* mark, port 0, ports 80 and 443 */
	struct lvs_service_key mark = service_of(V4, LVS_TCP, 0, 5);
	struct lvs_service_key one;
	struct lvs_flow flow;
	unsigned first;
	struct world w;

	open_world(&w, NULL);
	w.mark = 5;
	if (_i == 0) {
		rig_set_persistent(w.director, &mark, "rr", 0, 100, HOST_MASK);
		add_dests(&w, &mark, LVS_METHOD_DR, 0);
	} else {
		for (unsigned i = 0; i < 4; i++) {
			one = service_of(V4, i & 1 ? LVS_UDP : LVS_TCP,
					 _i == 1 ? 0 : (i & 2 ? 443 : 80), 0);
			rig_set_persistent(w.director, &one, "rr", 0, 100, HOST_MASK);
			add_dests(&w, &one, LVS_METHOD_DR, 0);
		}
	}
	flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	first = begin(&w, &flow);
	flow = flow_of(V4, LVS_TCP, 1, 1001, 443);
	ck_assert(begin(&w, &flow) == first || _i == 2);
	flow = flow_of(V4, LVS_UDP, 1, 1001, 443);
	begin(&w, &flow);
	ck_assert_uint_eq(templates_n(&w), templates[_i]);
	close_world(&w);
}
END_TEST

/* --- How long --- */

/* Used by new connections it begins anew; packets of those that are there do not touch it. */
START_TEST(test_time)
{
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	struct lvs_flow other = flow_of(V4, LVS_TCP, 1, 1001, 80);
	struct lvs_conn_info info;
	struct world w;
	unsigned dest;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	dest = begin(&w, &flow);
	pass(&w, 20);
	ck_assert_int_eq(push(&w, &flow, ACK), LVS_REASON_ESTABLISHED);
	ck_assert(template_at(&w, 0, &info));
	ck_assert_uint_eq(left_of(&w, &info), 80);
	/* An edit is for those that are made from now on. */
	rig_set_persistent(w.director, &service, "rr", 0, 1000, HOST_MASK);
	ck_assert_uint_eq(begin(&w, &other), dest);
	ck_assert(template_at(&w, 0, &info));
	ck_assert_uint_eq(left_of(&w, &info), 100);
	ck_assert_uint_eq(info.control_n, 2);
	/* Over, with a connection that lives on: 60 s at a time, for good. */
	pass(&w, 101);
	ck_assert(template_at(&w, 0, &info));
	ck_assert_uint_le(left_of(&w, &info), 60);
	ck_assert_uint_ge(left_of(&w, &info), 58);
	other.src_port = rig_port(1002);
	ck_assert_uint_eq(begin(&w, &other), dest);
	ck_assert(template_at(&w, 0, &info));
	ck_assert_uint_eq(left_of(&w, &info), 60);
	ck_assert_int_eq(push(&w, &flow, RST), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(push(&w, &other, RST), LVS_REASON_ESTABLISHED);
	pass(&w, 59);
	ck_assert_uint_eq(templates_n(&w), 1);
	pass(&w, 2);
	ck_assert_uint_eq(templates_n(&w), 0);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	close_world(&w);
}
END_TEST

/* Its time is over and nobody has ended it: it binds nobody. */
START_TEST(test_over)
{
	struct lvs_service_key service = service_of(V4, LVS_UDP, 80, 0);
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts), .udp_s = 5};
	struct lvs_flow flow = flow_of(V4, LVS_UDP, 1, 1000, 80);
	struct world w;
	unsigned dest;

	open_world(&w, NULL);
	lvs_director_set_timeouts(w.director, &timeouts);
	rig_set_persistent(w.director, &service, "rr", 0, 10, HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	dest = begin(&w, &flow);
	pass(&w, 6); /* the connection's end */
	w.now += 5 * SECOND;
	flow.src_port = rig_port(1001);
	ck_assert_uint_ne(begin(&w, &flow), dest);
	ck_assert_uint_eq(templates_n(&w), 1);
	close_world(&w);
}
END_TEST

/* Longer than ticks can say. */
START_TEST(test_for_ever)
{
	static const uint32_t timeouts[] = {0, 1, 2678400, 0x7fffffff, UINT32_MAX};
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	struct lvs_conn_info info;
	struct world w;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", 0, timeouts[_i], HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	begin(&w, &flow);
	ck_assert(template_at(&w, 0, &info));
	if (timeouts[_i] < 3000000)
		ck_assert_uint_eq(left_of(&w, &info), timeouts[_i]);
	else
		ck_assert_uint_gt(info.expires_ns - w.now, 100000000 * SECOND);
	pass(&w, 20);
	ck_assert_uint_eq(templates_n(&w), 1); /* it has a connection */
	close_world(&w);
}
END_TEST

/* --- Answered --- */

static const struct {
	uint8_t protocol;
	enum lvs_method method;
	uint8_t flags[3]; /* of the client's packets */
	bool reply, assured;
} assured_rows[] = {
	{LVS_TCP, LVS_METHOD_NAT, {SYN}, false, false},
	{LVS_TCP, LVS_METHOD_NAT, {SYN}, true, false}, /* SYN/ACK alone */
	{LVS_TCP, LVS_METHOD_NAT, {SYN, ACK}, true, true},
	{LVS_TCP, LVS_METHOD_DR, {SYN, ACK}, false, true},
	{LVS_TCP, LVS_METHOD_DR, {SYN, RST}, false, false},
	{LVS_UDP, LVS_METHOD_NAT, {1, 1, 1}, false, false},
	{LVS_UDP, LVS_METHOD_NAT, {1}, true, true},
	{LVS_UDP, LVS_METHOD_DR, {1, 1}, false, false},
	{LVS_UDP, LVS_METHOD_DR, {1, 1}, true, true}, /* if it passes here */
};

START_TEST(test_assured)
{
	uint8_t protocol = assured_rows[_i].protocol;
	bool nat = assured_rows[_i].method == LVS_METHOD_NAT;
	struct lvs_service_key service = service_of(V4, protocol, 80, 0);
	struct lvs_flow flow = flow_of(V4, protocol, 1, 1000, 80);
	struct lvs_flow back = rig_flow(protocol, V4, vip_of(V4), 80, flow.src, 1000);
	struct lvs_conn_info info;
	struct world w;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	add_dests(&w, &service, assured_rows[_i].method, 80);
	for (unsigned i = 0; i < 3 && assured_rows[_i].flags[i]; i++) {
		push(&w, &flow, assured_rows[_i].flags[i]);
		if (i > 0 || !assured_rows[_i].reply)
			continue;
		if (nat)
			back.src = w.rig.packet.next_hop;
		push(&w, &back, SYN | ACK);
		ck_assert_int_eq(w.rig.packet.reason,
				 nat ? LVS_REASON_REPLY : LVS_REASON_REPLY_SEEN);
	}
	ck_assert(template_at(&w, 0, &info));
	ck_assert_str_eq(info.state, assured_rows[_i].assured ? "ASSURED" : "NONE");
	close_world(&w);
}
END_TEST

/* A template is no connection: what a server sends to port 0, which has one's number, neither finds
 * it nor moves it. */
START_TEST(test_port_0)
{
	uint8_t protocol = _i & 1 ? LVS_UDP : LVS_TCP;
	enum lvs_method method = _i & 2 ? LVS_METHOD_DR : LVS_METHOD_NAT;
	struct lvs_service_key service = service_of(V4, protocol, 80, 0);
	struct lvs_flow flow = flow_of(V4, protocol, 1, 1000, 80);
	struct lvs_flow back = rig_flow(protocol, V4, vip_of(V4), 80, flow.src, 0);
	struct lvs_conn_info info;
	struct world w;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	add_dests(&w, &service, method, 80);
	begin(&w, &flow);
	if (method == LVS_METHOD_NAT)
		back.src = w.rig.packet.next_hop;
	pass(&w, 5);
	push(&w, &back, RST | ACK);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_PASS);
	ck_assert_uint_eq(w.rig.packet.conn, 0);
	ck_assert(template_at(&w, 0, &info));
	ck_assert_str_eq(info.state, "NONE");
	ck_assert_uint_eq(left_of(&w, &info), 95);
	close_world(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("persist");

	tcase_add_loop_test(tcase, test_key, 0, sizeof(key_rows) / sizeof(key_rows[0]));
	tcase_add_loop_test(tcase, test_together, 0, sizeof(stick_rows) / sizeof(stick_rows[0]));
	tcase_add_loop_test(tcase, test_wide, 0, 3);
	tcase_add_test(tcase, test_time);
	tcase_add_test(tcase, test_over);
	tcase_add_loop_test(tcase, test_for_ever, 0, 5);
	tcase_add_loop_test(tcase, test_assured, 0, sizeof(assured_rows) / sizeof(assured_rows[0]));
	tcase_add_loop_test(tcase, test_port_0, 0, 4);
	return unit_run("persist", tcase);
}
