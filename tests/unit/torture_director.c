/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers at full tilt beside control calls, for the thread sanitizer:
 *
 *   worker 0..2   lives of connections: SYN, replies on whichever worker, data, FIN, RST
 *   control       destinations come, go and change weight; paths change; listings; kills
 *
 * Flows to the steady destinations are never to be lost, whatever goes on beside
 * them; at the end all gauges are zero. LVS_TORTURE_SECONDS sets the length.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "director_rig.h"
#include "unit.h"

#define WORKERS 3
#define FLOWS 300 /* a worker */

static struct lvs_director *director;
static struct lvs_service_key steady, shaky;
static struct lvs_dest_key steady_dest, shaky_dest[4];
static _Atomic bool stop;
static _Atomic uint64_t lost, sent;
static _Atomic uint64_t clock_ns;

struct thread {
	pthread_t thread;
	struct lvs_worker *worker;
	unsigned number;
	struct rig_packet rig;
	uint64_t random;
};

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum lvs_reason push(struct thread *t, const struct lvs_flow *flow, uint8_t flags)
{
	atomic_fetch_add(&sent, 1);
	return rig_send(t->worker, &t->rig, flow, flags, atomic_load(&clock_ns));
}

static struct lvs_flow flow_of(const struct thread *t, unsigned i, const struct lvs_service_key *to)
{
	return rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, t->number, i % 200), 1000 + i / 200,
			to->addr, 80);
}

/* Data of the flows that must not be lost, in both directions. */
static void steady_data(struct thread *t)
{
	unsigned i = (unsigned)(rig_random(&t->random) % FLOWS);
	struct lvs_flow out = flow_of(t, i, &steady);
	struct lvs_flow back = rig_flow(LVS_TCP, LVS_INET, steady_dest.addr, 80, out.src, 0);

	back.dst_port = out.src_port;
	if (push(t, &out, LVS_TCP_ACK) != LVS_REASON_ESTABLISHED)
		atomic_fetch_add(&lost, 1);
	if (push(t, &back, LVS_TCP_ACK) != LVS_REASON_REPLY)
		atomic_fetch_add(&lost, 1);
}

/* Lives of other flows, of any worker's clients: two workers often meet in one. */
static void shaky_life(struct thread *t)
{
	struct lvs_event event[16];
	struct thread other = *t;
	struct lvs_flow out;

	other.number = 100 + (unsigned)(rig_random(&t->random) % 2);
	out = flow_of(&other, (unsigned)(rig_random(&t->random) % 500), &shaky);
	push(t, &out, LVS_TCP_SYN);
	push(t, &out, LVS_TCP_ACK);
	push(t, &out, rig_random(&t->random) % 2 ? LVS_TCP_FIN | LVS_TCP_ACK : LVS_TCP_RST);
	if (rig_random(&t->random) % 16 == 0)
		lvs_worker_handle_expiry(t->worker, atomic_load(&clock_ns), 64);
	if (rig_random(&t->random) % 16 == 0)
		lvs_worker_events(t->worker, event, 16);
}

static void *work(void *arg)
{
	struct thread *t = arg;

	while (!atomic_load(&stop)) {
		steady_data(t);
		shaky_life(t);
	}
	return NULL;
}

static void list_all(void)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_dest_info dest = {.size = sizeof(dest)};
	struct lvs_cursor cursor = {0};

	while (lvs_director_next_conn(director, NULL, &cursor, &info) == 1)
		ck_assert_uint_eq(info.family, LVS_INET);
	memset(&cursor, 0, sizeof(cursor));
	while (lvs_director_next_dest(director, &shaky, &cursor, &dest) == 1)
		ck_assert_uint_eq(dest.key.family, LVS_INET);
}

/* What filters are handed: freed when they are over, so that the sanitizers see a late question. */
static int accept_all(void *user, const struct lvs_filter_query *query)
{
	_Atomic uint32_t *asked = user;

	(void)query;
	atomic_fetch_add_explicit(asked, 1, memory_order_relaxed);
	return LVS_FILTER_ACCEPT;
}

static void change_filter(uint64_t *random)
{
	static const struct lvs_filter_ops ops = {
		.size = sizeof(ops), .name = "all", .accept = accept_all, .fini = free};
	bool none = rig_random(random) % 3 == 0;

	ck_assert_int_eq(lvs_director_set_filter(director, none ? NULL : &ops,
						 none ? NULL : calloc(1, sizeof(uint32_t))),
			 0);
}

/* Beside the workers: all that is told is a fault. */
static void check_some(void)
{
	static struct lvs_check check = {.size = sizeof(check)};

	for (unsigned i = 0; i < 20; i++) {
		int more = lvs_director_check_part(director, &check);

		ck_assert_msg(more >= 0 && !check.fault, "%s", check.fault);
		if (!more)
			check = (struct lvs_check){.size = sizeof(check)};
	}
}

static void control_round(uint64_t *random)
{
	struct lvs_dest_key *dest = &shaky_dest[rig_random(random) % 4];
	struct lvs_conn_filter filter = {.size = sizeof(filter), .dest = dest};
	struct lvs_txn *txn;

	check_some();
	switch (rig_random(random) % 5) {
	case 0:
		ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
		if (lvs_txn_del_dest(txn, &shaky, dest) < 0)
			lvs_txn_abort(txn);
		else
			ck_assert_int_eq(lvs_txn_commit(txn), 0);
		break;
	case 1:
		list_all();
		break;
	case 2:
		change_filter(random);
		break;
	case 3:
		ck_assert_int_ge(lvs_director_kill_conns(director, &filter), 0);
		break;
	default:
		rig_set_dest(director, &shaky, dest,
			     rig_random(random) % 2 ? LVS_METHOD_NAT : LVS_METHOD_DR,
			     (int)(rig_random(random) % 3));
		break;
	}
}

static void control(double until)
{
	uint64_t random = 99;
	struct timespec pause = {.tv_nsec = 200000};

	while (seconds() < until) {
		control_round(&random);
		atomic_fetch_add(&clock_ns, 30000000);
		nanosleep(&pause, NULL);
	}
}

static void build(void)
{
	struct lvs_settings settings;

	lvs_settings_init(&settings);
	settings.events = 256;
	settings.nearly_full = 1;
	settings.max_conns = 100000;
	ck_assert_int_eq(lvs_director_new(&settings, &director), 0);
	steady = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	shaky = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 2), 80);
	rig_set_service(director, &steady, "wlc");
	rig_set_service(director, &shaky, "wrr");
	steady_dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 1, 1), 80);
	rig_set_dest(director, &steady, &steady_dest, LVS_METHOD_NAT, 1);
	for (unsigned i = 0; i < 4; i++) {
		shaky_dest[i] = rig_dest_key(LVS_INET, rig_addr4(10, 0, 2, i + 1), 80);
		rig_set_dest(director, &shaky, &shaky_dest[i], LVS_METHOD_NAT, 1);
	}
}

static void open_steady(struct thread *t)
{
	for (unsigned i = 0; i < FLOWS; i++) {
		struct lvs_flow flow = flow_of(t, i, &steady);

		ck_assert_int_eq(push(t, &flow, LVS_TCP_SYN), LVS_REASON_SCHEDULED);
		ck_assert_int_eq(push(t, &flow, LVS_TCP_ACK), LVS_REASON_ESTABLISHED);
	}
}

static void expect_idle(const struct lvs_service_key *service)
{
	struct lvs_dest_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};

	while (lvs_director_next_dest(director, service, &cursor, &info) == 1) {
		ck_assert_uint_eq(info.active, 0);
		ck_assert_uint_eq(info.inactive, 0);
	}
}

START_TEST(test_torture)
{
	const char *length = getenv("LVS_TORTURE_SECONDS");
	static struct thread threads[WORKERS];

	build();
	atomic_store(&clock_ns, 1000 * SECOND);
	for (unsigned i = 0; i < WORKERS; i++) {
		threads[i].number = i;
		threads[i].random = i;
		ck_assert_int_eq(lvs_worker_new(director, &threads[i].worker), 0);
		open_steady(&threads[i]);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_create(&threads[i].thread, NULL, work, &threads[i]);
	control(seconds() + (length ? atof(length) : 5));
	atomic_store(&stop, true);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(threads[i].thread, NULL);
	ck_assert_uint_eq(atomic_load(&lost), 0);
	ck_assert_uint_gt(atomic_load(&sent), 1000);
	rig_check(director);
	lvs_worker_handle_expiry(threads[0].worker, atomic_load(&clock_ns) + 2000 * SECOND, 0);
	ck_assert_uint_eq(lvs_director_conn_n(director), 0);
	rig_check(director);
	expect_idle(&steady);
	expect_idle(&shaky);
	for (unsigned i = 0; i < WORKERS; i++)
		lvs_worker_del(threads[i].worker);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("torture_director");

	tcase_add_test(tcase, test_torture);
	return unit_run("torture_director", tcase);
}
