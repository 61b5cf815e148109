/* SPDX-License-Identifier: BSD-2-Clause */
/* The recorder: the same decision by the same code, and nothing moves. */
#include "director/recorder.h"

#include <string.h>

#include "director/worker.h"
#include "director_rig.h"
#include "unit.h"

#define DESTS 3

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest[DESTS];
};

static void build(struct world *w, const char *sched)
{
	memset(w, 0, sizeof(*w));
	ck_assert_int_eq(lvs_director_new(NULL, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	rig_set_service(w->director, &w->service, sched);
	for (unsigned i = 0; i < DESTS; i++) {
		w->dest[i] = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1 + i), 80);
		rig_set_dest(w->director, &w->service, &w->dest[i], LVS_METHOD_NAT, 1 + (int)i);
	}
}

static void tear_down(struct world *w)
{
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static struct lvs_flow client(unsigned i)
{
	return rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, i), 1000 + i,
			rig_addr4(192, 0, 2, 1), 80);
}

/* Everything that can be seen from outside. */
struct sight {
	struct lvs_dest_info dest[DESTS];
	struct lvs_conn_info conn[8];
	uint64_t reasons[LVS_REASON_N];
	uint32_t conn_n;
};

static void look_at(struct world *w, struct sight *sight)
{
	struct lvs_cursor cursor = {0};

	memset(sight, 0, sizeof(*sight));
	for (unsigned i = 0; i < DESTS; i++)
		rig_get_dest(w->director, &w->service, &w->dest[i], &sight->dest[i]);
	for (unsigned i = 0; i < 8; i++) {
		sight->conn[i].size = sizeof(sight->conn[i]);
		lvs_director_next_conn(w->director, NULL, &cursor, &sight->conn[i]);
	}
	lvs_director_reasons(w->director, sight->reasons, LVS_REASON_N);
	sight->conn_n = lvs_director_conn_n(w->director);
}

static void peek_then_send(struct world *w, const struct lvs_flow *flow, uint8_t flags)
{
	static struct rig_packet peeked, sent;
	static struct sight before, after;
	struct lvs_record record;

	rig_make(&peeked, flow, flags, 5);
	look_at(w, &before);
	lvs_worker_peek(w->worker, &peeked.packet, SECOND, &record);
	look_at(w, &after);
	ck_assert_mem_eq(&before, &after, sizeof(before));

	rig_send(w->worker, &sent, flow, flags, SECOND);
	ck_assert_int_eq(record.reason, sent.packet.reason);
	ck_assert_int_eq(peeked.packet.verdict, sent.packet.verdict);
	ck_assert_mem_eq(&peeked.packet.next_hop, &sent.packet.next_hop,
			 sizeof(sent.packet.next_hop));
	ck_assert_mem_eq(&record.headers.flow, flow, sizeof(*flow));
	if (record.reason == LVS_REASON_SCHEDULED) {
		ck_assert_ptr_nonnull(record.service);
		ck_assert_uint_lt(record.picked, DESTS);
	}
	if (record.reason == LVS_REASON_ESTABLISHED) {
		ck_assert_uint_eq(record.conn, sent.packet.conn);
		ck_assert_int_eq(record.side, LVS_SIDE_REQUEST);
	}
}

static const char *const scheds[] = {"rr",  "wrr", "lc", "wlc", "sed",  "nq",   "fo",
				     "ovf", "dh",  "sh", "mh",  "twos", "lblc", "lblcr"};

START_TEST(test_peek)
{
	struct world w;

	build(&w, scheds[_i]);
	for (unsigned i = 1; i <= 7; i++) {
		struct lvs_flow flow = client(i);

		peek_then_send(&w, &flow, LVS_TCP_ACK);
		peek_then_send(&w, &flow, LVS_TCP_SYN);
		peek_then_send(&w, &flow, LVS_TCP_ACK);
		peek_then_send(&w, &flow, LVS_TCP_FIN | LVS_TCP_ACK);
	}
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("peek");

	tcase_add_loop_test(tcase, test_peek, 0, sizeof(scheds) / sizeof(scheds[0]));
	return unit_run("peek", tcase);
}
