/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left of services and destinations that were removed: connections that end at once where
 * LVS_SET_EXPIRE_NODEST says so, and packets that nobody looks at once a family has no service.
 */
#include "persist_rig.h"

#define V4 LVS_INET
#define V6 LVS_INET6

static void open_sweep(struct world *w, uint32_t flags)
{
	struct lvs_settings settings = {.size = sizeof(settings), .flags = flags, .events = 1000};

	open_world(w, &settings);
}

/* Ten clients with two connections each. */
static void fill(struct world *w, unsigned family)
{
	for (unsigned i = 0; i < 20; i++) {
		struct lvs_flow flow = flow_of(family, LVS_TCP, i / 2, 1000 + i, 80);

		begin(w, &flow);
		push(w, &flow, ACK);
	}
}

static unsigned total_of(struct world *w, const struct lvs_service_key *service, unsigned i)
{
	struct lvs_dest_key key = dest_of(service->family, i, 80);
	struct lvs_dest_info info;

	rig_get_dest(w->director, service, &key, &info);
	return info.active + info.inactive;
}

static void del_service(struct world *w, const struct lvs_service_key *key)
{
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(w->director, &txn), 0);
	ck_assert_int_eq(lvs_txn_del_service(txn, key), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

static unsigned gone_events(struct world *w, unsigned why)
{
	struct lvs_event event[64];
	unsigned taken, n = 0;

	while ((taken = lvs_worker_events(w->worker, event, 64)) > 0)
		for (unsigned i = 0; i < taken; i++)
			n += event[i].why == why;
	return n;
}

/* With persistence (bit 0) the templates go too, assured as they are. */
START_TEST(test_sweep)
{
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_dest_key key = dest_of(V4, 1, 80);
	unsigned before, theirs, records;
	bool stick = _i & 1, sweep = _i & 2;
	struct world w;

	open_sweep(&w, sweep ? LVS_SET_EXPIRE_NODEST : 0);
	if (stick)
		rig_set_persistent(w.director, &service, "rr", 0, 100, HOST_MASK);
	else
		rig_set_service(w.director, &service, "rr");
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	fill(&w, V4);
	before = lvs_director_conn_n(w.director);
	theirs = total_of(&w, &service, 1);
	records = theirs + persistent_of(&w, &service, 1, 80);
	ck_assert_uint_gt(theirs, 3);
	rig_del_dest(w.director, &service, &key);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), before);
	ck_assert_int_eq(lvs_worker_expiry(w.worker) <= w.now, sweep);
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, w.now, 0), sweep ? records : 0);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), before - (sweep ? records : 0));
	ck_assert_uint_gt(lvs_worker_expiry(w.worker), w.now);
	ck_assert_uint_eq(gone_events(&w, LVS_GONE_DEST_GONE), sweep ? records : 0);
	/* Back again: it begins anew, or goes on. */
	rig_set_dest(w.director, &service, &key, LVS_METHOD_DR, 1);
	ck_assert_uint_eq(total_of(&w, &service, 1), sweep ? 0 : theirs);
	close_world(&w);
}
END_TEST

/* A little at a time: nobody is forgotten, and whoever is back in time stays. */
START_TEST(test_budget)
{
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_dest_key key[2] = {dest_of(V4, 1, 80), dest_of(V4, 2, 80)};
	unsigned calls = 0, theirs;
	struct world w;

	open_sweep(&w, LVS_SET_EXPIRE_NODEST);
	rig_set_service(w.director, &service, "rr");
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	fill(&w, V4);
	theirs = total_of(&w, &service, 0) + (_i ? total_of(&w, &service, 2) : 0);
	rig_del_dest(w.director, &service, &key[0]);
	rig_del_dest(w.director, &service, &key[1]);
	if (_i)
		rig_set_dest(w.director, &service, &key[1], LVS_METHOD_DR, 1);
	for (; lvs_worker_expiry(w.worker) <= w.now; calls++) {
		ck_assert_uint_le(lvs_worker_handle_expiry(w.worker, w.now, 2), 2);
		ck_assert_uint_lt(calls, 100);
	}
	ck_assert_uint_ge(calls, 9);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), theirs);
	close_world(&w);
}
END_TEST

/* One more is removed while a sweep is under way. */
START_TEST(test_meanwhile)
{
	struct lvs_service_key service = service_of(V4, LVS_TCP, 80, 0);
	struct lvs_dest_key key[2] = {dest_of(V4, 1, 80), dest_of(V4, 2, 80)};
	struct world w;
	unsigned left;

	open_sweep(&w, LVS_SET_EXPIRE_NODEST);
	rig_set_service(w.director, &service, "rr");
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	fill(&w, V4);
	left = total_of(&w, &service, 0);
	rig_del_dest(w.director, &service, &key[0]);
	lvs_worker_handle_expiry(w.worker, w.now, 10);
	rig_del_dest(w.director, &service, &key[1]);
	while (lvs_worker_expiry(w.worker) <= w.now)
		lvs_worker_handle_expiry(w.worker, w.now, 10);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), left);
	close_world(&w);
}
END_TEST

/* --- No service of the family is left --- */

/* Packets of either side, and errors about them, are the host's, unchanged; the connections wait.
 */
START_TEST(test_family)
{
	unsigned family = _i & 1 ? V6 : V4;
	struct lvs_service_key service = service_of(family, LVS_TCP, 80, 0);
	struct lvs_service_key other = service_of(_i & 1 ? V4 : V6, LVS_TCP, 80, 0);
	struct lvs_flow flow = flow_of(family, LVS_TCP, 1, 1000, 80);
	struct lvs_flow back = rig_flow(LVS_TCP, family, vip_of(family), 80, flow.src, 1000);
	struct rig_packet sent;
	struct world w;

	open_sweep(&w, 0);
	rig_set_service(w.director, &service, "rr");
	rig_set_service(w.director, &other, "rr");
	add_dests(&w, &service, LVS_METHOD_NAT, 80);
	begin(&w, &flow);
	back.src = w.rig.packet.next_hop;
	push(&w, &flow, ACK);
	push(&w, &flow, _i & 2 ? RST : ACK);
	del_service(&w, &service);
	for (unsigned i = 0; i < 3; i++) {
		const struct lvs_flow *of = i == 1 ? &back : &flow;

		rig_make(&sent, of, i == 2 ? SYN : ACK, 10);
		ck_assert_int_eq(push(&w, of, i == 2 ? SYN : ACK), LVS_REASON_NO_SERVICE);
		ck_assert_int_eq(w.rig.packet.verdict, LVS_PASS);
		ck_assert_mem_eq(w.rig.packet.data, sent.packet.data, sent.packet.len);
	}
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	/* A service of the family, whichever: replies find their way, requests nowhere to go. */
	other = service_of(family, LVS_UDP, 53, 0);
	rig_set_service(w.director, &other, "rr");
	ck_assert_int_eq(push(&w, &back, ACK), LVS_REASON_REPLY);
	if (!(_i & 2))
		ck_assert_int_eq(push(&w, &flow, ACK), LVS_REASON_DEST_GONE);
	/* Their own is back, and they go on. */
	rig_set_service(w.director, &service, "rr");
	add_dests(&w, &service, LVS_METHOD_NAT, 80);
	ck_assert_int_eq(push(&w, &flow, ACK), LVS_REASON_ESTABLISHED);
	close_world(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sweep");

	tcase_add_loop_test(tcase, test_sweep, 0, 4);
	tcase_add_loop_test(tcase, test_budget, 0, 2);
	tcase_add_test(tcase, test_meanwhile);
	tcase_add_loop_test(tcase, test_family, 0, 4);
	return unit_run("sweep", tcase);
}
