/* SPDX-License-Identifier: BSD-2-Clause */
/* Persistence while things change: destinations, settings, room, memory. */
#include "alloc_rig.h"
#include "persist_rig.h"

#define V4 LVS_INET
#define V6 LVS_INET6

/* --- Destinations that go, come back and drain --- */

START_TEST(test_gone)
{
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	struct lvs_dest_key key;
	struct lvs_conn_info info;
	unsigned dest, next;
	struct world w;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	dest = begin(&w, &flow);
	key = dest_of(V4, dest, 80);
	rig_del_dest(w.director, &service, &key);
	if (_i == 0) { /* back before anybody came: nothing has happened */
		rig_set_dest(w.director, &service, &key, LVS_METHOD_DR, 1);
		ck_assert_uint_eq(persistent_of(&w, &service, dest, 80), 1);
		flow.src_port = rig_port(1001);
		ck_assert_uint_eq(begin(&w, &flow), dest);
		ck_assert_uint_eq(templates_n(&w), 1);
		close_world(&w);
		return;
	}
	flow.src_port = rig_port(1001);
	next = begin(&w, &flow);
	ck_assert_uint_ne(next, dest);
	/* The old one shows as the kernel shows it, and binds nobody even when its server is back.
	 */
	ck_assert_uint_eq(templates_n(&w), 2);
	ck_assert(template_at(&w, 0, &info) && info.flags & LVS_CONN_INFO_INVALID
			  ? true
			  : template_at(&w, 1, &info));
	ck_assert_uint_eq(info.flags, LVS_CONN_INFO_TEMPLATE | LVS_CONN_INFO_INVALID);
	ck_assert_uint_eq(info.dest_port, 65535);
	ck_assert_uint_eq(info.service_port, 65535);
	rig_set_dest(w.director, &service, &key, LVS_METHOD_DR, 1);
	ck_assert_uint_eq(persistent_of(&w, &service, dest, 80), 1);
	flow.src_port = rig_port(1002);
	ck_assert_uint_eq(begin(&w, &flow), next);
	/* It ends by its own clock. */
	pass(&w, 99);
	ck_assert_uint_eq(templates_n(&w), 2);
	pass(&w, 2);
	ck_assert_uint_eq(templates_n(&w), 0);
	close_world(&w);
}
END_TEST

START_TEST(test_drained)
{
	struct lvs_settings settings = {.size = sizeof(settings),
					.flags = _i ? LVS_SET_EXPIRE_QUIESCENT : 0};
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	struct lvs_dest_key key;
	struct world w;
	unsigned dest;

	open_world(&w, &settings);
	rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	dest = begin(&w, &flow);
	key = dest_of(V4, dest, 80);
	rig_set_dest(w.director, &service, &key, LVS_METHOD_DR, 0);
	flow.src_port = rig_port(1001);
	ck_assert_int_eq(begin(&w, &flow) == dest, _i == 0);
	ck_assert_uint_eq(templates_n(&w), _i ? 2 : 1);
	/* The connection that is there goes on. */
	flow.src_port = rig_port(1000);
	ck_assert_int_eq(push(&w, &flow, ACK), LVS_REASON_ESTABLISHED);
	close_world(&w);
}
END_TEST

/* A threshold stops the scheduler, no template. */
START_TEST(test_overloaded)
{
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_dest_key key = dest_of(V4, 0, 80);
	struct lvs_dest_conf conf = {
		.size = sizeof(conf), .method = LVS_METHOD_DR, .weight = 1, .upper = 2};
	struct lvs_dest_info info;
	struct lvs_flow flow;
	struct lvs_txn *txn;
	struct world w;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	ck_assert_int_eq(lvs_txn_begin(w.director, &txn), 0);
	ck_assert_int_eq(lvs_txn_set_dest(txn, &service, &key, &conf), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	for (unsigned i = 0; i < 5; i++) {
		flow = flow_of(V4, LVS_TCP, 1, 1000 + i, 80);
		begin(&w, &flow);
	}
	flow = flow_of(V4, LVS_TCP, 2, 1000, 80);
	ck_assert_int_eq(push(&w, &flow, SYN), LVS_REASON_REPLY_NO_DEST);
	rig_get_dest(w.director, &service, &key, &info);
	ck_assert_uint_eq(info.active, 5);
	ck_assert_uint_eq(info.persistent, 1);
	ck_assert_uint_eq(info.overloaded, 1);
	ck_assert_uint_eq(info.stats.conns, 5);
	ck_assert_uint_eq(templates_n(&w), 1);
	close_world(&w);
}
END_TEST

/* The method of a destination is that of its new connections, whatever the template began with. */
START_TEST(test_method)
{
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	struct lvs_conn_info info;
	struct lvs_dest_key key;
	struct world w;
	unsigned dest;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	dest = begin(&w, &flow);
	key = dest_of(V4, dest, 80);
	rig_set_dest(w.director, &service, &key, LVS_METHOD_NAT, 1);
	flow.src_port = rig_port(1001);
	ck_assert_uint_eq(begin(&w, &flow), dest);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(listed(&w, LVS_CONN_FILTER_NO_TEMPLATES, i, &info));
		ck_assert_int_eq(info.method, info.client_port == rig_port(1000) ? LVS_METHOD_DR
										 : LVS_METHOD_NAT);
	}
	ck_assert(template_at(&w, 0, &info));
	ck_assert_int_eq(info.method, LVS_METHOD_DR);
	close_world(&w);
}
END_TEST

/* --- The rest of it --- */

/* A SYN on a closed connection that a template brought goes where that is (conn_reuse_mode). */
START_TEST(test_reuse)
{
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	struct world w;

	open_world(&w, NULL);
	if (_i)
		rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	else
		rig_set_service(w.director, &service, "rr");
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	begin(&w, &flow);
	push(&w, &flow, ACK);
	push(&w, &flow, RST);
	ck_assert_int_eq(push(&w, &flow, SYN), _i ? LVS_REASON_ESTABLISHED : LVS_REASON_SCHEDULED);
	close_world(&w);
}
END_TEST

/* One-packet scheduling goes by the template, which nothing else holds. */
START_TEST(test_one_packet)
{
	struct lvs_service_key service = service_of(V4, LVS_UDP, 80, 0);
	struct lvs_conn_info info;
	struct lvs_flow flow;
	unsigned first = 0;
	struct world w;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", LVS_SERVICE_ONE_PACKET, 10, HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	for (unsigned i = 0; i < 20; i++) {
		flow = flow_of(V4, LVS_UDP, 1, 1000 + i % 2, 80);
		ck_assert_int_eq(push(&w, &flow, 0), LVS_REASON_ONE_PACKET);
		if (i == 0)
			first = w.rig.packet.next_hop.byte[3];
		ck_assert_uint_eq(w.rig.packet.next_hop.byte[3], first);
		ck_assert(template_at(&w, 0, &info));
		ck_assert_uint_eq(info.control_n, 0);
		ck_assert_uint_eq(left_of(&w, &info), 10);
		pass(&w, 3);
	}
	pass(&w, 8);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	close_world(&w);
}
END_TEST

/* Templates count against max_conns, and nothing goes untracked. */
START_TEST(test_full)
{
	struct lvs_settings settings = {
		.size = sizeof(settings), .max_conns = 4, .full_policy = (uint32_t)_i};
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_flow flow;
	struct world w;

	open_world(&w, &settings);
	rig_set_persistent(w.director, &service, "mh", 0, 100, HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	for (unsigned i = 0; i < 2; i++) {
		flow = flow_of(V4, LVS_TCP, i, 1000, 80);
		begin(&w, &flow);
	}
	flow = flow_of(V4, LVS_TCP, 2, 1000, 80);
	/* Who was never answered makes room, with the template. */
	ck_assert_int_eq(push(&w, &flow, SYN),
			 _i == LVS_FULL_EVICT ? LVS_REASON_SCHEDULED : LVS_REASON_TABLE_FULL);
	ck_assert_uint_eq(templates_n(&w), 2);
	ck_assert_uint_eq(conns_n(&w), 2);
	close_world(&w);
}
END_TEST

/* Those that were answered stay, and their templates. */
START_TEST(test_full_of_answered)
{
	struct lvs_settings settings = {
		.size = sizeof(settings), .max_conns = 4, .full_policy = LVS_FULL_EVICT};
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_conn_info info;
	struct lvs_flow flow;
	struct world w;

	open_world(&w, &settings);
	rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	for (unsigned i = 0; i < 2; i++) {
		flow = flow_of(V4, LVS_TCP, i, 1000, 80);
		begin(&w, &flow);
		push(&w, &flow, ACK);
	}
	flow = flow_of(V4, LVS_TCP, 2, 1000, 80);
	ck_assert_int_eq(push(&w, &flow, SYN), LVS_REASON_TABLE_FULL);
	/* A closing connection goes, its template does not. */
	flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	push(&w, &flow, FIN | ACK);
	flow = flow_of(V4, LVS_TCP, 0, 1001, 80);
	begin(&w, &flow);
	ck_assert_uint_eq(templates_n(&w), 2);
	ck_assert(template_at(&w, 1, &info));
	ck_assert_uint_eq(info.control_n, 0);
	close_world(&w);
}
END_TEST

/* What is opened anew may have to make room for itself: its record becomes the new one's, or the
 * template's. */
START_TEST(test_full_of_itself)
{
	struct lvs_settings settings = {.size = sizeof(settings),
					.max_conns = _i / 2 ? 2 : 1,
					.full_policy = LVS_FULL_EVICT,
					.flags = LVS_SET_EXPIRE_NODEST};
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	struct world w;

	open_world(&w, &settings);
	rig_set_service(w.director, &service, "rr");
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	begin(&w, &flow);
	push(&w, &flow, ACK);
	push(&w, &flow, RST);
	if (_i % 2)
		rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	push(&w, &flow, SYN);
	ck_assert_int_eq(w.rig.packet.reason,
			 _i == 1 ? LVS_REASON_TABLE_FULL : LVS_REASON_SCHEDULED);
	close_world(&w);
}
END_TEST

/* The k-th allocation fails: the packet is refused, nothing is left behind. */
START_TEST(test_memory)
{
	struct lvs_service_key service = service_of(_i ? V6 : V4, LVS_TCP, 80, 0);
	struct lvs_settings settings;
	struct alloc_rig memory = {0};
	struct lvs_flow flow;
	unsigned refused = 0;
	struct world w;

	lvs_settings_init(&settings);
	settings.alloc = alloc_rig(&memory);
	settings.shards = 1;
	open_world(&w, &settings);
	rig_set_persistent(w.director, &service, "rr", 0, 100, _i ? 128 : HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_NAT, 80);
	for (unsigned i = 0; i < 60; i++) {
		enum lvs_reason reason;

		flow = flow_of(service.family, LVS_TCP, i, 1000, 80);
		memory.fail_all = i != 1; /* the first chunk of records */
		reason = push(&w, &flow, SYN);
		memory.fail_all = 0;
		ck_assert(reason == LVS_REASON_SCHEDULED || reason == LVS_REASON_NO_MEMORY);
		refused += reason == LVS_REASON_NO_MEMORY;
		rig_check(w.director);
	}
	ck_assert_uint_gt(refused, 1);
	close_world(&w);
	ck_assert_uint_eq(memory.live_n, 0);
}
END_TEST

/* Services of every port and of FTP share a template; it may lead to an IPv6 server by tunnel. */
START_TEST(test_shared)
{
	struct lvs_service_key every = service_of(V4, LVS_TCP, 0, 0);
	struct lvs_service_key ftp = service_of(V4, LVS_TCP, 21, 0);
	struct lvs_dest_key far = dest_of(V6, 0, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	struct lvs_service_info service = {.size = sizeof(service)};
	struct lvs_conn_info info;
	struct world w;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &every, "rr", 0, 100, HOST_MASK);
	rig_set_dest(w.director, &every, &far, LVS_METHOD_TUNNEL, 1);
	rig_set_persistent(w.director, &ftp, "rr", 0, 100, HOST_MASK);
	add_dests(&w, &ftp, LVS_METHOD_DR, 21);
	ck_assert_int_eq(push(&w, &flow, SYN), LVS_REASON_SCHEDULED);
	flow = flow_of(V4, LVS_TCP, 1, 1001, 21);
	ck_assert_int_eq(push(&w, &flow, SYN), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(push(&w, &flow, ACK), LVS_REASON_ESTABLISHED);
	ck_assert_uint_eq(templates_n(&w), 1);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(listed(&w, LVS_CONN_FILTER_NO_TEMPLATES, i, &info));
		ck_assert_uint_eq(info.dest_family, V6);
		ck_assert_mem_eq(&info.dest, &far.addr, sizeof(far.addr));
	}
	/* Both count for the service that has the server; the kernel counts one for the other. */
	for (struct lvs_cursor cursor = {0};
	     lvs_director_next_service(w.director, &cursor, &service) == 1;)
		ck_assert_uint_eq(service.stats.conns, service.key.port == 0 ? 2 : 0);
	close_world(&w);
}
END_TEST

/* Persistence is switched off and on under traffic: templates wait for their time. */
START_TEST(test_edit)
{
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, 80);
	struct world w;
	unsigned dest, seen = 0;

	open_world(&w, NULL);
	rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	dest = begin(&w, &flow);
	rig_set_service(w.director, &service, "wlc");
	for (unsigned i = 0; i < 6; i++) {
		flow.src_port = rig_port(2000 + i);
		seen |= 1u << begin(&w, &flow);
	}
	ck_assert_uint_eq(seen, 7);
	ck_assert_uint_eq(templates_n(&w), 1);
	rig_set_persistent(w.director, &service, "sh", 0, 5, HOST_MASK);
	flow.src_port = rig_port(3000);
	ck_assert_uint_eq(begin(&w, &flow), dest);
	close_world(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("persist_life");

	tcase_add_loop_test(tcase, test_gone, 0, 2);
	tcase_add_loop_test(tcase, test_drained, 0, 2);
	tcase_add_test(tcase, test_overloaded);
	tcase_add_test(tcase, test_method);
	tcase_add_loop_test(tcase, test_reuse, 0, 2);
	tcase_add_test(tcase, test_one_packet);
	tcase_add_loop_test(tcase, test_full, LVS_FULL_REFUSE, LVS_FULL_UNTRACKED + 1);
	tcase_add_test(tcase, test_full_of_answered);
	tcase_add_loop_test(tcase, test_full_of_itself, 0, 4);
	tcase_add_loop_test(tcase, test_memory, 0, 2);
	tcase_add_test(tcase, test_shared);
	tcase_add_test(tcase, test_edit);
	return unit_run("persist_life", tcase);
}
