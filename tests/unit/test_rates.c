/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rates against a plain model of what they are: slots one by one, arrays, the kernel's formula as
 * the kernel writes it. Random traffic, random workers, calls at random times, late ones too.
 */
#include "director/worker.h"
#include "service/meter.h"

#include "director_rig.h"
#include "unit.h"

#define SLOT LVS_METER_SLOT_NS
#define PERIOD (2 * SECOND)

enum { SERVICES = 5, DESTS = 3, WORKERS = 3 };

/* The kernel's, on its own words: signed, by shifts. */
struct average {
	int64_t conns, in_pkts, out_pkts, in_bytes, out_bytes;
};

struct object {
	struct average average;
	struct lvs_stats last;
};

struct service {
	struct lvs_service_key key;
	struct lvs_dest_key dest_key[DESTS];
	struct lvs_flow flow[DESTS]; /* one connection each, so that who gets a packet is known */
	struct object dest[DESTS];
	struct object sum; /* last: unused */
	unsigned phase;
	bool met; /* it has had a packet */
	uint64_t done;
};

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker[WORKERS];
	unsigned worker_n;
	struct service service[SERVICES];
	struct object all;
	struct lvs_stats pending; /* of all */
	uint64_t all_done;
	uint64_t at;
	bool any_met;
	uint64_t now;
	uint64_t seed;
	struct rig_packet rig;
};

static uint64_t below(struct world *w, uint64_t n)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (w->seed >> 33) % n;
}

/* --- The model --- */

static void kernel_formula(struct average *average, const struct lvs_stats *delta)
{
	average->conns += (int64_t)((delta->conns << 9) - (uint64_t)average->conns) >> 2;
	average->in_pkts += (int64_t)((delta->in_pkts << 9) - (uint64_t)average->in_pkts) >> 2;
	average->out_pkts += (int64_t)((delta->out_pkts << 9) - (uint64_t)average->out_pkts) >> 2;
	average->in_bytes += (int64_t)((delta->in_bytes << 4) - (uint64_t)average->in_bytes) >> 2;
	average->out_bytes +=
		(int64_t)((delta->out_bytes << 4) - (uint64_t)average->out_bytes) >> 2;
}

static void model_step(struct object *object, const struct lvs_stats *delta, uint64_t periods)
{
	static const struct lvs_stats nothing;

	for (uint64_t i = 0; i < periods && i < 400; i++)
		kernel_formula(&object->average, i == 0 ? delta : &nothing);
}

static void add(struct lvs_stats *to, const struct lvs_stats *more)
{
	to->conns += more->conns;
	to->in_pkts += more->in_pkts;
	to->out_pkts += more->out_pkts;
	to->in_bytes += more->in_bytes;
	to->out_bytes += more->out_bytes;
}

static struct lvs_stats minus(struct lvs_stats a, const struct lvs_stats *b)
{
	a.conns -= b->conns;
	a.in_pkts -= b->in_pkts;
	a.out_pkts -= b->out_pkts;
	a.in_bytes -= b->in_bytes;
	a.out_bytes -= b->out_bytes;
	return a;
}

static uint64_t periods_by(unsigned phase, uint64_t slot)
{
	return (slot + 64 - phase) / 64;
}

static void model_service(struct world *w, struct service *service, uint64_t target)
{
	uint64_t due = periods_by(service->phase, target);
	struct lvs_stats sum = {0};
	struct lvs_dest_info info;

	if (!service->met || due <= service->done)
		return;
	for (unsigned i = 0; i < DESTS; i++) {
		struct lvs_stats delta;

		rig_get_dest(w->director, &service->key, &service->dest_key[i], &info);
		delta = minus(info.stats, &service->dest[i].last);
		service->dest[i].last = info.stats;
		model_step(&service->dest[i], &delta, due - service->done);
		add(&sum, &delta);
	}
	model_step(&service->sum, &sum, due - service->done);
	add(&w->pending, &sum);
	service->done = due;
}

static void model_all(struct world *w, uint64_t slot)
{
	uint64_t due = periods_by(63, slot);

	if (due > w->all_done)
		model_step(&w->all, &w->pending, due - w->all_done);
	if (due > w->all_done)
		memset(&w->pending, 0, sizeof(w->pending));
	w->all_done = due;
}

static void model_expiry(struct world *w)
{
	uint64_t target = w->now / SLOT;
	uint64_t late = target > w->at + 64 ? w->at + 64 : target;

	if (!w->any_met)
		return;
	for (; w->at < late; w->at++) {
		for (unsigned i = 0; i < SERVICES; i++)
			if (w->service[i].phase == (w->at + 1) % 64)
				model_service(w, &w->service[i], target);
		model_all(w, w->at + 1);
	}
	w->at = target;
	model_all(w, target);
}

/* Nothing that was not met is late. */
static void model_packet(struct world *w, struct service *service)
{
	if (!w->any_met) {
		w->at = w->now / SLOT;
		w->all_done = periods_by(63, w->at);
	}
	if (!service->met)
		service->done = periods_by(service->phase, w->now / SLOT);
	w->any_met = service->met = true;
}

/* --- The library --- */

static void add_service(struct world *w, unsigned i)
{
	struct service *service = &w->service[i];
	struct lvs_cursor cursor = {{0}};
	struct lvs_service_info info = {.size = sizeof(info)};

	service->key = rig_service_key(LVS_INET, LVS_UDP, rig_addr4(192, 0, 2, 1), 80 + i);
	rig_set_service(w->director, &service->key, "rr");
	for (unsigned j = 0; j < DESTS; j++) {
		service->dest_key[j] = rig_dest_key(LVS_INET, rig_addr4(10, 0, i, j), 80);
		rig_set_dest(w->director, &service->key, &service->dest_key[j], LVS_METHOD_NAT, 1);
		service->flow[j] = rig_flow(LVS_UDP, LVS_INET, rig_addr4(198, 51, 100, j), 1000 + i,
					    rig_addr4(192, 0, 2, 1), 80 + i);
	}
	while (lvs_director_next_service(w->director, &cursor, &info) == 1)
		;
	/* A cursor is the number of creation. */
	service->phase = (unsigned)((cursor.position[0] * 0x9e3779b97f4a7c15) >> 58);
}

static void build(struct world *w, unsigned worker_n, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->worker_n = worker_n;
	w->now = 1000 * SECOND + below(w, SECOND);
	ck_assert_int_eq(lvs_director_new(NULL, &w->director), 0);
	for (unsigned i = 0; i < worker_n; i++)
		ck_assert_int_eq(lvs_worker_new(w->director, &w->worker[i]), 0);
	for (unsigned i = 0; i < SERVICES; i++)
		add_service(w, i);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	for (unsigned i = 0; i < w->worker_n; i++)
		lvs_worker_del(w->worker[i]);
	lvs_director_del(w->director);
}

static struct lvs_worker *some_worker(struct world *w)
{
	return w->worker[below(w, w->worker_n)];
}

static void send_some(struct world *w)
{
	struct service *service = &w->service[below(w, SERVICES)];
	const struct lvs_flow *flow = &service->flow[below(w, DESTS)];

	model_packet(w, service);
	for (uint64_t n = below(w, 40); n > 0; n--) {
		rig_make(&w->rig, flow, 0, (unsigned)below(w, 1300));
		lvs_worker_process(some_worker(w), &w->rig.packet, 1, w->now);
		ck_assert_int_eq(w->rig.packet.verdict, LVS_FORWARD);
	}
}

/* One call, or as many with a small budget as it takes. */
static void expire(struct world *w, unsigned budget)
{
	struct lvs_worker *worker = some_worker(w);
	unsigned calls = 0;

	do
		lvs_worker_handle_expiry(worker, w->now, budget);
	while (lvs_worker_expiry(worker) <= w->now && ++calls < 1000);
	ck_assert_uint_lt(calls, 1000);
}

static void expect_rates(const struct lvs_rates *rates, const struct average *average)
{
	ck_assert_uint_eq(rates->conns, (uint64_t)(average->conns + 0x1ff) >> 10);
	ck_assert_uint_eq(rates->in_pkts, (uint64_t)(average->in_pkts + 0x1ff) >> 10);
	ck_assert_uint_eq(rates->out_pkts, (uint64_t)(average->out_pkts + 0x1ff) >> 10);
	ck_assert_uint_eq(rates->in_bytes, (uint64_t)(average->in_bytes + 0xf) >> 5);
	ck_assert_uint_eq(rates->out_bytes, (uint64_t)(average->out_bytes + 0xf) >> 5);
}

static void compare(struct world *w)
{
	struct lvs_service_info service = {.size = sizeof(service)};
	struct lvs_totals totals = {.size = sizeof(totals)};
	struct lvs_cursor cursor = {{0}};
	struct lvs_dest_info dest;

	for (unsigned i = 0; i < SERVICES; i++) {
		ck_assert_int_eq(lvs_director_next_service(w->director, &cursor, &service), 1);
		expect_rates(&service.rates, &w->service[i].sum.average);
		for (unsigned j = 0; j < DESTS; j++) {
			rig_get_dest(w->director, &w->service[i].key, &w->service[i].dest_key[j],
				     &dest);
			expect_rates(&dest.rates, &w->service[i].dest[j].average);
		}
	}
	ck_assert_int_eq(lvs_director_totals(w->director, &totals), 0);
	expect_rates(&totals.rates, &w->all.average);
}

static uint64_t some_time(struct world *w)
{
	switch (below(w, 10)) {
	case 0:
		return 0;
	case 1:
		return below(w, 5 * SECOND);
	case 2:
		return below(w, 20) ? below(w, SECOND) : below(w, 120 * SECOND);
	default:
		return below(w, SECOND / 10);
	}
}

START_TEST(as_the_formula)
{
	struct world w;

	build(&w, 1 + (unsigned)_i % WORKERS, 77 + (uint64_t)_i);
	for (unsigned round = 0; round < 1500; round++) {
		w.now += some_time(&w);
		if (below(&w, 3)) {
			send_some(&w);
			continue;
		}
		expire(&w, below(&w, 2) ? 0 : 1 + (unsigned)below(&w, 7));
		model_expiry(&w);
		compare(&w);
	}
	tear_down(&w);
}
END_TEST

/* Called just when it asks to be called: every two seconds for each. */
START_TEST(at_its_own_times)
{
	struct world w;
	uint64_t calls = 0, until;

	build(&w, 1, 5);
	send_some(&w);
	until = w.now + 100 * SECOND;
	while (w.now < until) {
		uint64_t next = lvs_worker_expiry(w.worker[0]);

		ck_assert_uint_gt(next, w.now);
		w.now = next;
		expire(&w, 0);
		model_expiry(&w);
		compare(&w);
		calls++;
		if (below(&w, 40) == 0)
			send_some(&w);
	}
	/* Ticks of connections too. */
	ck_assert_uint_lt(calls, 100 * 32 + 100 * 8);
	tear_down(&w);
}
END_TEST

/* Nothing moves and nothing is left to show: there is no time to wait for. */
START_TEST(rests)
{
	struct world w;
	uint64_t calls = 0;

	build(&w, 2, 9);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker[0]), UINT64_MAX);
	for (unsigned again = 0; again < 3; again++) {
		w.now += 3600 * SECOND;
		while (w.service[0].met == false || below(&w, 10))
			send_some(&w);
		ck_assert_int_gt(lvs_director_kill_conns(w.director, NULL), 0);
		while (lvs_worker_expiry(w.worker[0]) != UINT64_MAX) {
			w.now = lvs_worker_expiry(w.worker[0]);
			expire(&w, 0);
			ck_assert_uint_lt(++calls, 10000);
		}
		for (unsigned i = 0; i < SERVICES; i++) {
			struct lvs_dest_info info;

			w.service[i].met = false;
			rig_get_dest(w.director, &w.service[i].key, &w.service[i].dest_key[0],
				     &info);
			ck_assert_uint_eq(info.rates.in_bytes, 0);
		}
		rig_check(w.director);
	}
	/* Awake again: the time between does not count. */
	w.now += 3600 * SECOND;
	for (unsigned i = 0; i < 400; i++)
		rig_send(w.worker[0], &w.rig, &w.service[0].flow[0], 0, w.now);
	w.now += PERIOD;
	expire(&w, 0);
	{
		struct lvs_service_info info = {.size = sizeof(info)};
		struct lvs_cursor cursor = {{0}};

		ck_assert_int_eq(lvs_director_next_service(w.director, &cursor, &info), 1);
		ck_assert_uint_eq(info.rates.in_pkts, 50);
	}
	tear_down(&w);
}
END_TEST

/* Each field by itself, at the bounds of numbers. */
START_TEST(formula)
{
	static const uint64_t deltas[] = {0, 1, 2, 3, 5, 1000, 123456789, 1ull << 40, 1ull << 53};
	struct lvs_rate rate = {0};
	struct average average = {0};
	struct lvs_rates rates;

	for (unsigned i = 0; i < 400; i++) {
		uint64_t n = i < 100 ? deltas[i * 7 % LVS_ARRAY_N(deltas)] : 0;
		struct lvs_stats delta = {n, n, n / 2, n, n / 3, {0}};

		lvs_rate_step(&rate, &delta, 1);
		kernel_formula(&average, &delta);
		lvs_rate_read(&rate, &rates);
		expect_rates(&rates, &average);
	}
	ck_assert(lvs_rate_is_zero(&rate));
	/* More than there can be stays the most that can be shown. */
	for (unsigned i = 0; i < 400; i++) {
		struct lvs_stats delta = {UINT64_MAX, UINT64_MAX, UINT64_MAX,
					  UINT64_MAX, UINT64_MAX, {0}};
		uint64_t before = rates.in_bytes;

		lvs_rate_step(&rate, &delta, 1);
		lvs_rate_read(&rate, &rates);
		ck_assert_uint_ge(rates.in_bytes, before);
	}
	ck_assert_uint_ge(rates.in_bytes, (uint64_t)INT64_MAX / 33);
	lvs_rate_step(&rate, &(struct lvs_stats){0}, UINT64_MAX);
	ck_assert(lvs_rate_is_zero(&rate));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rates");

	tcase_add_test(tcase, formula);
	tcase_add_loop_test(tcase, as_the_formula, 0, 12);
	tcase_add_test(tcase, at_its_own_times);
	tcase_add_test(tcase, rests);
	return unit_run("rates", tcase);
}
