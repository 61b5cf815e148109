/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients that send from port 0: as in the kernel, none of their connections is found again. */
#include "persist_rig.h"

#define MOST 16

static const struct {
	unsigned family;
	uint8_t protocol;
	enum lvs_method method;
} ways[] = {
	{LVS_INET, LVS_TCP, LVS_METHOD_NAT},
	{LVS_INET, LVS_UDP, LVS_METHOD_DR},
	{LVS_INET6, LVS_UDP, LVS_METHOD_NAT},
	{LVS_INET6, LVS_TCP, LVS_METHOD_DR},
};

START_TEST(test_each_is_new)
{
	unsigned family = ways[_i].family;
	struct lvs_service_key service = service_of(family, ways[_i].protocol, 80, 0);
	struct lvs_flow flow = flow_of(family, ways[_i].protocol, 1, 0, 80);
	struct lvs_flow back = rig_flow(ways[_i].protocol, family, vip_of(family), 80, flow.src, 0);
	bool nat = ways[_i].method == LVS_METHOD_NAT;
	unsigned seen = 0;
	struct world w;

	open_world(&w, NULL);
	rig_set_service(w.director, &service, "rr");
	add_dests(&w, &service, ways[_i].method, 80);
	for (unsigned i = 0; i < 6; i++) {
		seen |= 1u << begin(&w, &flow);
		ck_assert_uint_eq(lvs_director_conn_n(w.director), i + 1);
		rig_check(w.director);
	}
	ck_assert_uint_eq(seen, 7);
	if (nat)
		back.src = w.rig.packet.next_hop;
	if (ways[_i].protocol == LVS_TCP)
		ck_assert_int_eq(push(&w, &flow, ACK), LVS_REASON_NOT_NEW);
	/* Replies find their way. */
	ck_assert_int_eq(push(&w, &back, ACK), nat ? LVS_REASON_REPLY : LVS_REASON_REPLY_SEEN);
	for (unsigned i = 6; i < 40; i++) {
		begin(&w, &flow);
		ck_assert_uint_eq(lvs_director_conn_n(w.director), i < MOST ? i + 1 : MOST);
	}
	flow = flow_of(family, ways[_i].protocol, 2, 0, 80);
	begin(&w, &flow);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), MOST + 1);
	pass(&w, 400);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	close_world(&w);
}
END_TEST

/* The oldest goes. */
START_TEST(test_oldest)
{
	struct lvs_settings settings = {.size = sizeof(settings), .events = 100};
	struct lvs_service_key service = service_of(LVS_INET, LVS_UDP, 80, 0);
	struct lvs_flow flow = flow_of(LVS_INET, LVS_UDP, 1, 0, 80);
	struct lvs_event event[64];
	unsigned n, gone = 0;
	struct world w;

	open_world(&w, &settings);
	rig_set_service(w.director, &service, "rr");
	add_dests(&w, &service, LVS_METHOD_DR, 80);
	for (unsigned i = 0; i < MOST + 3; i++)
		begin(&w, &flow);
	n = lvs_worker_events(w.worker, event, 64);
	for (unsigned i = 0; i < n; i++)
		if (event[i].type == LVS_EVENT_GONE) {
			ck_assert_uint_eq(event[i].why, LVS_GONE_EVICTED);
			ck_assert_uint_eq(event[i].order, event[0].order + gone++);
		}
	ck_assert_uint_eq(gone, 3);
	close_world(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("port0");

	tcase_add_loop_test(tcase, test_each_is_new, 0, 4);
	tcase_add_test(tcase, test_oldest);
	return unit_run("port0", tcase);
}
