/* SPDX-License-Identifier: BSD-2-Clause */
/* Events: each is told once, with what it concerns, in order, and losses are counted. */
#include <string.h>

#include "alloc_rig.h"
#include "director/ring.h"
#include "director/worker.h"
#include "director_rig.h"
#include "unit.h"

#define SYN LVS_TCP_SYN
#define ACK LVS_TCP_ACK
#define RST LVS_TCP_RST
#define KEPT 64 /* events a worker */

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct lvs_event event[KEPT]; /* as last taken */
	unsigned n;
	uint64_t now;
};

static struct lvs_settings events_on(uint32_t flags, uint32_t max_conns)
{
	struct lvs_settings settings;

	lvs_settings_init(&settings);
	settings.events = KEPT;
	settings.flags = flags;
	settings.max_conns = max_conns;
	return settings;
}

static void build(struct world *w, const struct lvs_settings *settings)
{
	memset(w, 0, sizeof(*w));
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	w->dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 8080);
	rig_set_service(w->director, &w->service, "rr");
	rig_set_dest(w->director, &w->service, &w->dest, LVS_METHOD_NAT, 1);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static struct lvs_flow flow_of(const struct world *w, unsigned client)
{
	return rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, client / 200, client % 200), 1000,
			w->service.addr, 80);
}

static enum lvs_reason push(struct world *w, unsigned client, uint8_t flags)
{
	struct lvs_flow flow = flow_of(w, client);
	struct rig_packet rig;

	return rig_send(w->worker, &rig, &flow, flags, w->now);
}

static void expire(struct world *w, unsigned seconds)
{
	w->now += seconds * SECOND;
	lvs_worker_handle_expiry(w->worker, w->now, 0);
}

/* Takes what the worker has; the names of it must be @names. */
static void expect(struct world *w, const char *names)
{
	char text[2048] = "";

	w->n = lvs_worker_events(w->worker, w->event, KEPT);
	for (unsigned i = 0; i < w->n; i++) {
		const struct lvs_event *event = &w->event[i];

		strcat(text, i ? " " : "");
		strcat(text, lvs_event_name(event->type));
		if (event->why) {
			strcat(text, ":");
			strcat(text, lvs_gone_name(event->why));
		}
	}
	ck_assert_str_eq(text, names);
}

static void set_weight(struct world *w, int weight, uint32_t upper, uint32_t lower)
{
	struct lvs_dest_conf conf = {.size = sizeof(conf),
				     .method = LVS_METHOD_NAT,
				     .weight = weight,
				     .upper = upper,
				     .lower = lower};
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(w->director, &txn), 0);
	ck_assert_int_eq(lvs_txn_edit_dest(txn, &w->service, &w->dest, &conf), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

START_TEST(test_off)
{
	struct lvs_event event;
	struct world w;

	build(&w, NULL);
	push(&w, 1, SYN);
	ck_assert_int_eq(lvs_director_kill_conns(w.director, NULL), 1);
	ck_assert_uint_eq(lvs_worker_events(w.worker, &event, 1), 0);
	ck_assert_uint_eq(lvs_director_events(w.director, &event, 1), 0);
	tear_down(&w);
}
END_TEST

/* What is in the events of a life. */
START_TEST(test_life)
{
	struct lvs_settings settings = events_on(0, 0);
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	struct lvs_event made, gone;
	struct lvs_flow flow;
	struct world w;

	build(&w, &settings);
	flow = flow_of(&w, 1);
	push(&w, 1, SYN);
	expect(&w, "made");
	made = w.event[0];
	ck_assert_int_eq(lvs_director_next_conn(w.director, NULL, &cursor, &info), 1);
	ck_assert_uint_eq(made.now_ns, w.now);
	ck_assert_uint_eq(made.value, info.expires_ns);
	ck_assert_uint_eq(made.conn, info.number);
	ck_assert_uint_eq(made.protocol, LVS_TCP);
	ck_assert_uint_eq(made.family, LVS_INET);
	ck_assert_mem_eq(&made.client, &flow.src, sizeof(flow.src));
	ck_assert_mem_eq(&made.addr, &flow.dst, sizeof(flow.dst));
	ck_assert_uint_eq(made.client_port, flow.src_port);
	ck_assert_uint_eq(made.port, flow.dst_port);
	ck_assert_mem_eq(&made.service, &w.service, sizeof(w.service));
	ck_assert_mem_eq(&made.dest, &w.dest, sizeof(w.dest));
	push(&w, 1, ACK);
	expect(&w, "");
	expire(&w, 1000);
	expect(&w, "gone:expired");
	gone = w.event[0];
	ck_assert_uint_eq(gone.now_ns, w.now);
	ck_assert_uint_gt(gone.value, made.value);
	ck_assert_uint_le(gone.value, w.now);
	gone.now_ns = made.now_ns;
	gone.value = made.value;
	gone.type = made.type;
	gone.why = made.why;
	ck_assert_mem_eq(&gone, &made, sizeof(made));
	tear_down(&w);
}
END_TEST

START_TEST(test_ends)
{
	struct lvs_settings settings = events_on(LVS_SET_EXPIRE_NODEST, 0);
	struct rig_packet rig;
	struct lvs_record record;
	struct lvs_flow flow;
	struct world w;

	build(&w, &settings);
	flow = flow_of(&w, 1);
	push(&w, 1, SYN);
	push(&w, 1, ACK);
	push(&w, 1, RST);
	rig_make(&rig, &flow, SYN, 0);
	lvs_worker_peek(w.worker, &rig.packet, w.now, &record);
	expect(&w, "made");
	push(&w, 1, SYN);
	expect(&w, "gone:reused made");
	w.now += 1000 * SECOND;
	push(&w, 1, SYN);
	expect(&w, "gone:expired made");
	ck_assert_int_eq(lvs_director_kill_conns(w.director, NULL), 1);
	expect(&w, "");
	ck_assert_uint_eq(lvs_director_events(w.director, w.event, KEPT), 1);
	ck_assert_uint_eq(w.event[0].type, LVS_EVENT_GONE);
	ck_assert_uint_eq(w.event[0].why, LVS_GONE_KILLED);
	ck_assert_uint_le(w.event[0].now_ns, w.now);
	ck_assert_uint_gt(w.event[0].now_ns + SECOND, w.now);
	ck_assert_uint_eq(lvs_director_events(w.director, w.event, KEPT), 0);
	push(&w, 1, SYN);
	rig_del_dest(w.director, &w.service, &w.dest);
	push(&w, 1, ACK);
	expect(&w, "made gone:dest_gone drained");
	ck_assert_mem_eq(&w.event[2].service, &w.service, sizeof(w.service));
	ck_assert_mem_eq(&w.event[2].dest, &w.dest, sizeof(w.dest));
	ck_assert_uint_eq(w.event[2].conn, 0);
	tear_down(&w);
}
END_TEST

START_TEST(test_evicted)
{
	struct lvs_settings settings = events_on(0, 1);
	struct world w;

	settings.full_policy = LVS_FULL_EVICT;
	build(&w, &settings);
	push(&w, 1, SYN);
	ck_assert_int_eq(push(&w, 2, SYN), LVS_REASON_SCHEDULED);
	expect(&w, "made table_set gone:evicted made");
	ck_assert_uint_eq(w.event[1].value, 1);
	ck_assert_uint_ne(w.event[0].client.word[0], w.event[3].client.word[0]);
	ck_assert_uint_eq(w.event[0].client.word[0], w.event[2].client.word[0]);
	tear_down(&w);
}
END_TEST

START_TEST(test_drained)
{
	struct lvs_settings settings = events_on(0, 0);
	struct world w;

	build(&w, &settings);
	push(&w, 1, SYN);
	push(&w, 2, SYN);
	expire(&w, 1000);
	expect(&w, "made made gone:expired gone:expired");
	push(&w, 1, SYN);
	set_weight(&w, 0, 0, 0);
	expire(&w, 1000);
	expect(&w, "made gone:expired drained");
	set_weight(&w, 1, 0, 0);
	push(&w, 1, SYN);
	push(&w, 2, SYN);
	rig_del_dest(w.director, &w.service, &w.dest);
	expire(&w, 1000);
	expect(&w, "made made gone:expired gone:expired drained");
	tear_down(&w);
}
END_TEST

START_TEST(test_overload)
{
	struct lvs_settings settings = events_on(0, 0);
	struct world w;

	build(&w, &settings);
	set_weight(&w, 1, 3, 2);
	for (unsigned i = 1; i <= 3; i++)
		push(&w, i, SYN);
	ck_assert_int_eq(push(&w, 4, SYN), LVS_REASON_REPLY_NO_DEST);
	expect(&w, "made made made overload_set");
	ck_assert_mem_eq(&w.event[3].dest, &w.dest, sizeof(w.dest));
	expire(&w, 1000);
	expect(&w, "gone:expired gone:expired gone:expired overload_cleared");
	ck_assert_mem_eq(&w.event[3].service, &w.service, sizeof(w.service));
	tear_down(&w);
}
END_TEST

START_TEST(test_table)
{
	struct lvs_settings settings = events_on(0, 40);
	struct world w;

	settings.nearly_full = 50;
	build(&w, &settings);
	for (unsigned i = 1; i < 20; i++)
		push(&w, i, SYN);
	ck_assert_uint_eq(lvs_worker_events(w.worker, w.event, KEPT), 19);
	push(&w, 20, SYN);
	expect(&w, "made table_set");
	ck_assert_uint_eq(w.event[1].value, 20);
	push(&w, 21, SYN);
	expect(&w, "made");
	ck_assert_int_eq(lvs_director_kill_conns(w.director, NULL), 21);
	ck_assert_uint_eq(lvs_director_events(w.director, w.event, KEPT), 22);
	ck_assert_uint_eq(w.event[21].type, LVS_EVENT_TABLE_CLEARED);
	ck_assert_uint_eq(w.event[21].value, 0);
	tear_down(&w);
}
END_TEST

/* Ends of one expiry come by deadline, then by age, whatever the shards. */
START_TEST(test_order)
{
	static const uint32_t shards[] = {1, 2, 16, 256};
	struct lvs_settings settings = events_on(0, 0);
	uint64_t random = 5;
	struct world w;

	settings.shards = shards[_i];
	build(&w, &settings);
	for (unsigned i = 0; i < 25; i++) {
		push(&w, i, SYN);
		push(&w, i, ACK);
		if (rig_random(&random) % 2)
			push(&w, i, RST); /* ends sooner */
		if (rig_random(&random) % 2)
			w.now += SECOND;
	}
	ck_assert_uint_eq(lvs_worker_events(w.worker, w.event, KEPT), 25);
	set_weight(&w, 0, 0, 0);
	expire(&w, 1000);
	w.n = lvs_worker_events(w.worker, w.event, KEPT);
	ck_assert_uint_eq(w.n, 26);
	ck_assert_uint_eq(w.event[25].type, LVS_EVENT_DRAINED);
	for (unsigned i = 1; i < 25; i++) {
		const struct lvs_event *before = &w.event[i - 1], *event = &w.event[i];

		ck_assert_uint_eq(event->why, LVS_GONE_EXPIRED);
		ck_assert(before->value < event->value ||
			  (before->value == event->value && before->order < event->order));
	}
	tear_down(&w);
}
END_TEST

/* Whatever is pushed and taken: what comes out is what went in, and the gaps add up. */
START_TEST(test_ring)
{
	struct alloc_rig rig = {0};
	struct lvs_alloc alloc = alloc_rig(&rig);
	uint64_t random = (uint64_t)_i + 1, pushed = 0, seen = 0, lost = 0;
	struct lvs_event out[8];
	struct lvs_ring ring;

	ck_assert_int_eq(lvs_ring_init(&ring, &alloc, (uint32_t)_i + 1), 0);
	for (unsigned round = 0; round < 2000; round++) {
		unsigned room = (unsigned)(rig_random(&random) % 8), n;

		for (unsigned i = (unsigned)(rig_random(&random) % 6); i; i--) {
			struct lvs_event *event = lvs_ring_push(&ring, 7, LVS_EVENT_MADE);

			if (event)
				event->value = pushed;
			pushed++;
		}
		n = lvs_ring_take(&ring, out, room);
		ck_assert_uint_le(n, room);
		for (unsigned i = 0; i < n; i++) {
			if (out[i].type == LVS_EVENT_LOST) {
				ck_assert_uint_gt(out[i].value, 0);
				lost += out[i].value;
				seen += out[i].value;
			} else {
				ck_assert_uint_eq(out[i].value, seen++);
			}
		}
	}
	while (lvs_ring_take(&ring, out, 1))
		seen += out[0].type == LVS_EVENT_LOST ? out[0].value : 1;
	ck_assert_uint_eq(seen, pushed);
	ck_assert(lost > 0 || _i > 8);
	lvs_ring_fini(&ring, &alloc);
	ck_assert_uint_eq(rig.live_n, 0);
}
END_TEST

static bool in_order(const struct lvs_event *a, const struct lvs_event *b)
{
	if (a->type != b->type)
		return a->type == LVS_EVENT_LOST || a->type == LVS_EVENT_GONE;
	return a->value != b->value ? a->value < b->value : (int32_t)(b->order - a->order) >= 0;
}

START_TEST(test_sort)
{
	struct alloc_rig rig = {0};
	struct lvs_alloc alloc = alloc_rig(&rig);
	uint64_t random = (uint64_t)_i + 1, sum = 0;
	uint32_t n = (uint32_t)_i, before;
	struct lvs_event out[40];
	struct lvs_ring ring;

	ck_assert_int_eq(lvs_ring_init(&ring, &alloc, 40), 0);
	/* so that it lies over the array's end, behind others */
	for (unsigned i = 0; i < 30; i++)
		lvs_ring_push(&ring, i, LVS_EVENT_MADE);
	lvs_ring_take(&ring, out, 27);
	before = ring.n;
	for (uint32_t i = 0; i < n; i++) {
		struct lvs_event *event = lvs_ring_push(
			&ring, i, rig_random(&random) % 4 ? LVS_EVENT_GONE : LVS_EVENT_DRAINED);

		event->value = event->type == LVS_EVENT_GONE ? rig_random(&random) % 5 : 0;
		event->order = 0xfffffffe + (uint32_t)(rig_random(&random) % 4);
		sum += i;
	}
	lvs_ring_sort(&ring, before);
	ck_assert_uint_eq(lvs_ring_take(&ring, out, 40), before + n);
	for (unsigned i = 0; i < before; i++)
		ck_assert_uint_eq(out[i].now_ns, 27 + i);
	for (unsigned i = before; i < before + n; i++) {
		ck_assert(i == before || in_order(&out[i - 1], &out[i]));
		sum -= out[i].now_ns;
	}
	ck_assert_uint_eq(sum, 0);
	lvs_ring_fini(&ring, &alloc);
}
END_TEST

/* More than there is room for: the newest are lost, and that is told. */
START_TEST(test_lost)
{
	struct lvs_settings settings = events_on(0, 0);
	struct world w;

	build(&w, &settings);
	for (unsigned i = 0; i < KEPT + 5; i++)
		push(&w, i, SYN);
	ck_assert_uint_eq(lvs_worker_events(w.worker, w.event, KEPT), KEPT);
	push(&w, 200, SYN);
	expect(&w, "lost made");
	ck_assert_uint_eq(w.event[0].value, 5);
	tear_down(&w);
}
END_TEST

/* A service by mark, with a port that is any: the events name its key and what the client sent. */
START_TEST(test_mark)
{
	struct lvs_settings settings = events_on(0, 0);
	struct lvs_service_key mark = {.family = LVS_INET6, .fwmark = 7};
	struct lvs_dest_key dest = rig_dest_key(LVS_INET6, rig_addr6(5, 6), 0);
	struct rig_packet rig;
	struct lvs_flow flow;
	struct world w;

	build(&w, &settings);
	rig_set_service(w.director, &mark, "rr");
	rig_set_dest(w.director, &mark, &dest, LVS_METHOD_DR, 1);
	flow = rig_flow(LVS_UDP, LVS_INET6, rig_addr6(1, 2), 99, rig_addr6(3, 4), 53);
	rig_make(&rig, &flow, 0, 10);
	rig.packet.mark = 7;
	lvs_worker_process(w.worker, &rig.packet, 1, w.now);
	expect(&w, "made");
	ck_assert_mem_eq(&w.event[0].service, &mark, sizeof(mark));
	ck_assert_mem_eq(&w.event[0].dest, &dest, sizeof(dest));
	ck_assert_mem_eq(&w.event[0].addr, &flow.dst, sizeof(flow.dst));
	ck_assert_mem_eq(&w.event[0].client, &flow.src, sizeof(flow.src));
	ck_assert_uint_eq(w.event[0].port, flow.dst_port);
	ck_assert_uint_eq(w.event[0].protocol, LVS_UDP);
	tear_down(&w);
}
END_TEST

START_TEST(test_settings)
{
	struct lvs_settings settings = events_on(0, 0);
	struct lvs_director *director;

	settings.events = (1u << 20) + 1;
	ck_assert_int_eq(lvs_director_new(&settings, &director), LVS_ERR_RANGE);
	settings = events_on(0, 0);
	settings.nearly_full = 101;
	ck_assert_int_eq(lvs_director_new(&settings, &director), LVS_ERR_RANGE);
}
END_TEST

/* Each allocation failing once: nothing is left behind. */
START_TEST(test_no_memory)
{
	struct alloc_rig rig = {0};
	struct lvs_settings settings = events_on(0, 0);
	struct lvs_director *director;
	struct lvs_worker *worker;
	unsigned failed = 0;

	settings.alloc = alloc_rig(&rig);
	for (uint64_t k = 1;; k++) {
		int err;

		rig.fail_at = k;
		err = lvs_director_new(&settings, &director);
		if (!err) {
			err = lvs_worker_new(director, &worker);
			if (!err)
				lvs_worker_del(worker);
			lvs_director_del(director);
		}
		ck_assert_uint_eq(rig.live_n, 0);
		if (!err)
			break;
		ck_assert_int_eq(err, LVS_ERR_NO_MEMORY);
		failed++;
	}
	ck_assert_uint_gt(failed, 5);
}
END_TEST

START_TEST(test_names)
{
	ck_assert_str_eq(lvs_event_name(LVS_EVENT_OVERLOAD_SET), "overload_set");
	ck_assert_str_eq(lvs_event_name(LVS_EVENT_N), "unknown");
	ck_assert_str_eq(lvs_gone_name(LVS_GONE_EVICTED), "evicted");
	ck_assert_str_eq(lvs_gone_name(LVS_GONE_N), "unknown");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("events");

	tcase_add_test(tcase, test_off);
	tcase_add_test(tcase, test_life);
	tcase_add_test(tcase, test_ends);
	tcase_add_test(tcase, test_evicted);
	tcase_add_test(tcase, test_drained);
	tcase_add_test(tcase, test_overload);
	tcase_add_test(tcase, test_table);
	tcase_add_loop_test(tcase, test_order, 0, 4);
	tcase_add_loop_test(tcase, test_ring, 0, 12);
	tcase_add_loop_test(tcase, test_sort, 0, 37);
	tcase_add_test(tcase, test_lost);
	tcase_add_test(tcase, test_mark);
	tcase_add_test(tcase, test_settings);
	tcase_add_test(tcase, test_no_memory);
	tcase_add_test(tcase, test_names);
	return unit_run("events", tcase);
}
