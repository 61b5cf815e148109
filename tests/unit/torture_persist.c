/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers that make, use and end the same templates beside a control thread that removes and
 * drains destinations, kills and lists, for the thread sanitizer. However they meet, a key has
 * one template that is in force; all agrees in the end. LVS_TORTURE_SECONDS sets the length.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "persist_rig.h"

#define WORKERS 3
#define CLIENTS 24

static struct lvs_director *director;
static struct lvs_service_key web, ftp, mark;
static _Atomic bool stop;
static _Atomic uint64_t clock_ns, scheduled;

struct thread {
	pthread_t thread;
	struct lvs_worker *worker;
	struct rig_packet rig;
	uint64_t random;
};

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t draw(struct thread *t, unsigned n)
{
	return rig_random(&t->random) % n;
}

static void send(struct thread *t, const struct lvs_flow *flow, uint8_t flags, uint32_t by)
{
	rig_make(&t->rig, flow, flags, 10);
	t->rig.packet.mark = by;
	lvs_worker_process(t->worker, &t->rig.packet, 1, atomic_load(&clock_ns));
	if (t->rig.packet.reason == LVS_REASON_SCHEDULED)
		atomic_fetch_add(&scheduled, 1);
}

/* A connection of one of few clients: the workers meet all the time. */
static void life(struct thread *t)
{
	static const unsigned ports[] = {80, 21, 20, 2000, 80, 80};
	unsigned to = ports[draw(t, 6)];
	struct lvs_flow flow = flow_of(LVS_INET, draw(t, 4) ? LVS_TCP : LVS_UDP,
				       (unsigned)draw(t, CLIENTS), 1000 + (unsigned)draw(t, 8), to);
	uint32_t by = draw(t, 3) ? 0 : 5;

	send(t, &flow, SYN, by);
	if (draw(t, 2))
		send(t, &flow, ACK, by);
	if (draw(t, 2))
		send(t, &flow, RST, by);
	if (draw(t, 8) == 0)
		lvs_worker_handle_expiry(t->worker, atomic_load(&clock_ns), 64);
}

static void *work(void *arg)
{
	struct thread *t = arg;
	struct lvs_event event[16];

	while (!atomic_load(&stop)) {
		life(t);
		while (lvs_worker_events(t->worker, event, 16) == 16)
			;
	}
	return NULL;
}

static void change_dest(struct thread *t)
{
	const struct lvs_service_key *services[] = {&web, &ftp, &mark};
	const struct lvs_service_key *service = services[draw(t, 3)];
	struct lvs_dest_key dest = dest_of(LVS_INET, (unsigned)draw(t, DESTS), 0);
	struct lvs_txn *txn;

	if (draw(t, 3)) {
		rig_set_dest(director, service, &dest, LVS_METHOD_NAT, (int)draw(t, 2));
		return;
	}
	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	lvs_txn_del_dest(txn, service, &dest);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

static void kill_some(struct thread *t)
{
	union lvs_addr client = client_of(LVS_INET, (unsigned)draw(t, CLIENTS));
	struct lvs_conn_filter filter = {
		.size = sizeof(filter),
		.flags = (uint32_t)draw(t, 3),
		.client = &client,
		.client_family = LVS_INET,
	};

	ck_assert_int_ge(lvs_director_kill_conns(director, &filter), 0);
}

static void look(void)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	struct lvs_check check = {.size = sizeof(check)};

	while (lvs_director_next_conn(director, NULL, &cursor, &info) == 1)
		ck_assert_uint_eq(info.family, LVS_INET);
	while (lvs_director_check_part(director, &check) > 0)
		ck_assert_msg(!check.fault, "%s", check.fault);
}

/* Beside the workers: one template in force a key. */
static void one_each(void)
{
	static uint8_t seen[CLIENTS][256][256];
	struct lvs_conn_filter filter = {.size = sizeof(filter),
					 .flags = LVS_CONN_FILTER_TEMPLATES};
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};

	memset(seen, 0, sizeof(seen));
	while (lvs_director_next_conn(director, &filter, &cursor, &info) == 1) {
		uint8_t *cell = &seen[info.client.byte[3]][info.protocol]
				     [(uint8_t)lvs_ntohs(info.service_port)];

		if (info.flags & LVS_CONN_INFO_INVALID)
			continue;
		ck_assert_uint_eq(*cell, 0);
		*cell = 1;
	}
}

static void build(void)
{
	struct lvs_settings settings = {.size = sizeof(settings), .events = 64, .shards = 16};
	struct world w;

	ck_assert_int_eq(lvs_director_new(&settings, &director), 0);
	web = service_of(LVS_INET, LVS_TCP, 80, 0);
	ftp = service_of(LVS_INET, LVS_TCP, 21, 0);
	mark = service_of(LVS_INET, 0, 0, 5);
	w.director = director;
	rig_set_persistent(director, &web, "rr", 0, 20, HOST_MASK);
	rig_set_persistent(director, &ftp, "wlc", 0, 20, HOST_MASK);
	rig_set_persistent(director, &mark, "rr", 0, 20, HOST_MASK);
	add_dests(&w, &web, LVS_METHOD_NAT, 0);
	add_dests(&w, &ftp, LVS_METHOD_NAT, 0);
	add_dests(&w, &mark, LVS_METHOD_NAT, 0);
}

static void must_end(struct thread *t)
{
	atomic_fetch_add(&clock_ns, 3000 * SECOND);
	lvs_worker_handle_expiry(t->worker, atomic_load(&clock_ns), 0);
	atomic_fetch_add(&clock_ns, 300 * SECOND);
	lvs_worker_handle_expiry(t->worker, atomic_load(&clock_ns), 0);
	ck_assert_uint_eq(lvs_director_conn_n(director), 0);
	rig_check(director);
}

START_TEST(torture)
{
	const char *length = getenv("LVS_TORTURE_SECONDS");
	double end = seconds() + (length ? atof(length) : 2);
	static struct thread threads[WORKERS], control;

	build();
	atomic_store(&clock_ns, 1000 * SECOND);
	control.random = 99;
	for (unsigned i = 0; i < WORKERS; i++) {
		threads[i].random = i + 1;
		ck_assert_int_eq(lvs_worker_new(director, &threads[i].worker), 0);
		ck_assert_int_eq(pthread_create(&threads[i].thread, NULL, work, &threads[i]), 0);
	}
	while (seconds() < end) {
		change_dest(&control);
		if (draw(&control, 3) == 0)
			kill_some(&control);
		if (draw(&control, 8) == 0)
			look();
		atomic_fetch_add(&clock_ns, SECOND / 16);
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(threads[i].thread, NULL);
	one_each();
	rig_check(director);
	ck_assert_uint_gt(atomic_load(&scheduled), 100);
	must_end(&threads[0]);
	for (unsigned i = 0; i < WORKERS; i++)
		lvs_worker_del(threads[i].worker);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("torture_persist");

	tcase_add_test(tcase, torture);
	return unit_run("torture_persist", tcase);
}
