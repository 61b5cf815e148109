/* SPDX-License-Identifier: BSD-2-Clause */
/* The embedder's filter: when it is asked, with what, and what its answers do. */
#include <string.h>

#include "alloc_rig.h"
#include "director/worker.h"
#include "director_rig.h"
#include "unit.h"

struct judge {
	int answer;
	unsigned asked;
	unsigned peeked;
	unsigned over; /* fini() calls */
	struct lvs_service_key service;
	struct lvs_flow flow;
	uint64_t now_ns;
	uint32_t mark;
};

struct world {
	struct alloc_rig alloc;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
};

static int judge_accept(void *user, const struct lvs_filter_query *query)
{
	struct judge *judge = user;

	ck_assert_uint_eq(query->size, sizeof(*query));
	judge->asked++;
	judge->peeked += query->flags & LVS_FILTER_PEEK;
	judge->service = *query->service;
	judge->flow = *query->flow;
	judge->now_ns = query->now_ns;
	judge->mark = query->packet->mark;
	return judge->answer;
}

static void judge_fini(void *user)
{
	((struct judge *)user)->over++;
}

static const struct lvs_filter_ops ops = {
	.size = sizeof(ops), .name = "judge", .accept = judge_accept, .fini = judge_fini};

static void build(struct world *w)
{
	struct lvs_settings settings;

	memset(w, 0, sizeof(*w));
	lvs_settings_init(&settings);
	settings.alloc = alloc_rig(&w->alloc);
	ck_assert_int_eq(lvs_director_new(&settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	w->dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 80);
	rig_set_service(w->director, &w->service, "rr");
	rig_set_dest(w->director, &w->service, &w->dest, LVS_METHOD_NAT, 1);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
	ck_assert_uint_eq(w->alloc.live_n, 0);
}

static struct lvs_flow flow_to(const struct world *w, unsigned client, unsigned port)
{
	return rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, client), 1000, w->service.addr,
			port);
}

static enum lvs_reason push(struct world *w, unsigned client, unsigned port, uint8_t flags)
{
	struct lvs_flow flow = flow_to(w, client, port);
	struct rig_packet rig;

	return rig_send(w->worker, &rig, &flow, flags, 7 * SECOND + 1);
}

static const struct {
	int answer;
	enum lvs_reason reason;
	enum lvs_verdict verdict;
} answers[] = {
	{LVS_FILTER_ACCEPT, LVS_REASON_SCHEDULED, LVS_FORWARD},
	{LVS_FILTER_DROP, LVS_REASON_FILTERED, LVS_DROP},
	{LVS_FILTER_PASS, LVS_REASON_FILTER_PASS, LVS_PASS},
	{77, LVS_REASON_FILTERED, LVS_DROP},
	{-1, LVS_REASON_FILTERED, LVS_DROP},
};

START_TEST(test_answers)
{
	struct judge judge = {.answer = answers[_i].answer};
	uint64_t counts[LVS_REASON_N];
	struct rig_packet rig, untouched;
	struct lvs_flow flow;
	struct world w;

	build(&w);
	flow = flow_to(&w, 1, 80);
	ck_assert_int_eq(lvs_director_set_filter(w.director, &ops, &judge), 0);
	rig_make(&untouched, &flow, LVS_TCP_SYN, 10);
	ck_assert_int_eq(rig_send(w.worker, &rig, &flow, LVS_TCP_SYN, SECOND), answers[_i].reason);
	ck_assert_uint_eq(rig.packet.verdict, answers[_i].verdict);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), answers[_i].verdict == LVS_FORWARD);
	if (answers[_i].verdict != LVS_FORWARD)
		ck_assert_mem_eq(rig.packet.data, untouched.packet.data, rig.packet.len);
	lvs_director_reasons(w.director, counts, LVS_REASON_N);
	ck_assert_uint_eq(counts[answers[_i].reason], 1);
	tear_down(&w);
	ck_assert_uint_eq(judge.over, 1);
}
END_TEST

/* Only for packets that would open a connection to a service. */
START_TEST(test_when_asked)
{
	struct judge judge = {.answer = LVS_FILTER_ACCEPT};
	struct world w;

	build(&w);
	ck_assert_int_eq(lvs_director_set_filter(w.director, &ops, &judge), 0);
	ck_assert_int_eq(push(&w, 1, 81, LVS_TCP_SYN), LVS_REASON_NO_SERVICE);
	ck_assert_int_eq(push(&w, 1, 80, LVS_TCP_ACK), LVS_REASON_NOT_NEW);
	ck_assert_uint_eq(judge.asked, 0);
	ck_assert_int_eq(push(&w, 1, 80, LVS_TCP_SYN), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(judge.asked, 1);
	judge.answer = LVS_FILTER_DROP;
	ck_assert_int_eq(push(&w, 1, 80, LVS_TCP_SYN), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(push(&w, 1, 80, LVS_TCP_ACK), LVS_REASON_ESTABLISHED);
	ck_assert_uint_eq(judge.asked, 1);
	ck_assert_int_eq(push(&w, 2, 80, LVS_TCP_SYN), LVS_REASON_FILTERED);
	ck_assert_int_eq(push(&w, 2, 80, LVS_TCP_SYN), LVS_REASON_FILTERED);
	ck_assert_uint_eq(judge.asked, 3);
	tear_down(&w);
}
END_TEST

START_TEST(test_question)
{
	struct judge judge = {.answer = LVS_FILTER_ACCEPT};
	struct lvs_record record;
	struct rig_packet rig;
	struct lvs_flow flow;
	struct world w;

	build(&w);
	flow = flow_to(&w, 3, 80);
	ck_assert_int_eq(lvs_director_set_filter(w.director, &ops, &judge), 0);
	rig_make(&rig, &flow, LVS_TCP_SYN, 0);
	rig.packet.mark = 5;
	lvs_worker_peek(w.worker, &rig.packet, 8 * SECOND + 3, &record);
	ck_assert_int_eq(record.reason, LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(judge.peeked, 1);
	ck_assert_uint_eq(judge.now_ns, 8 * SECOND + 3);
	judge.answer = LVS_FILTER_PASS;
	rig_make(&rig, &flow, LVS_TCP_SYN, 0);
	rig.packet.mark = 6;
	lvs_worker_process(w.worker, &rig.packet, 1, 9 * SECOND + 1);
	ck_assert_uint_eq(judge.asked, 2);
	ck_assert_uint_eq(judge.peeked, 1);
	ck_assert_mem_eq(&judge.flow, &flow, sizeof(flow));
	ck_assert_mem_eq(&judge.service, &w.service, sizeof(w.service));
	ck_assert_uint_eq(judge.now_ns, 9 * SECOND + 1);
	ck_assert_uint_eq(judge.mark, 6);
	tear_down(&w);
}
END_TEST

/* One after the other; each is told once that it is over. */
START_TEST(test_replaced)
{
	struct judge first = {.answer = LVS_FILTER_DROP}, second = {.answer = LVS_FILTER_PASS};
	struct lvs_filter_ops silent = ops;
	struct world w;

	build(&w);
	silent.fini = NULL;
	ck_assert_int_eq(lvs_director_set_filter(w.director, &ops, &first), 0);
	ck_assert_int_eq(push(&w, 1, 80, LVS_TCP_SYN), LVS_REASON_FILTERED);
	ck_assert_int_eq(lvs_director_set_filter(w.director, &ops, &second), 0);
	ck_assert_uint_eq(first.over, 0);
	ck_assert_int_eq(push(&w, 1, 80, LVS_TCP_SYN), LVS_REASON_FILTER_PASS);
	ck_assert_int_eq(lvs_director_set_filter(w.director, &silent, &first), 0);
	ck_assert_uint_eq(first.over, 1);
	ck_assert_int_eq(push(&w, 1, 80, LVS_TCP_SYN), LVS_REASON_FILTERED);
	ck_assert_int_eq(lvs_director_set_filter(w.director, NULL, NULL), 0);
	ck_assert_uint_eq(second.over, 1);
	ck_assert_int_eq(push(&w, 1, 80, LVS_TCP_SYN), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(lvs_director_set_filter(w.director, NULL, NULL), 0);
	tear_down(&w);
	ck_assert_uint_eq(first.over, 1);
	ck_assert_uint_eq(second.over, 1);
}
END_TEST

/* A setting that fails leaves the old filter; an older caller's ops may end before fini(). */
START_TEST(test_refused)
{
	struct judge judge = {.answer = LVS_FILTER_DROP}, other = {.answer = LVS_FILTER_ACCEPT};
	struct lvs_filter_ops bad = ops;
	struct world w;

	build(&w);
	bad.size = offsetof(struct lvs_filter_ops, fini);
	ck_assert_int_eq(lvs_director_set_filter(w.director, &bad, &judge), 0);
	bad.size--;
	ck_assert_int_eq(lvs_director_set_filter(w.director, &bad, &other), LVS_ERR_INVALID);
	bad = ops;
	bad.accept = NULL;
	ck_assert_int_eq(lvs_director_set_filter(w.director, &bad, &other), LVS_ERR_INVALID);
	w.alloc.fail_at = 1;
	ck_assert_int_eq(lvs_director_set_filter(w.director, &ops, &other), LVS_ERR_NO_MEMORY);
	ck_assert_int_eq(push(&w, 1, 80, LVS_TCP_SYN), LVS_REASON_FILTERED);
	tear_down(&w);
	ck_assert_uint_eq(judge.over, 0);
	ck_assert_uint_eq(other.over, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("filter");

	tcase_add_loop_test(tcase, test_answers, 0, (int)(sizeof(answers) / sizeof(answers[0])));
	tcase_add_test(tcase, test_when_asked);
	tcase_add_test(tcase, test_question);
	tcase_add_test(tcase, test_replaced);
	tcase_add_test(tcase, test_refused);
	return unit_run("filter", tcase);
}
