/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting from zero while all else goes on:
 *
 *   two workers   packets of connections that they know, new ones; expiry, rates
 *   control       zeroes one service or all, changes and removes destinations and services
 *   reader        lists services, destinations, totals
 *
 * What is shown is never less than nothing, which would be a number near 2^64; in the end what the
 * last zero took and what is left is what the workers sent. LVS_TORTURE_SECONDS sets the length.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "director/worker.h"

#include "alloc_rig.h"
#include "director_rig.h"
#include "unit.h"

enum { SERVICES = 8, DESTS = 3, FLOWS = 200 };

static struct lvs_director *director;
static _Atomic int ends;
static _Atomic uint64_t now;
static _Atomic uint64_t counted; /* packets that went to a server */

static double seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct lvs_service_key key_of(unsigned i)
{
	return rig_service_key(LVS_INET, LVS_UDP, rig_addr4(192, 0, 2, 1), 80 + i);
}

static struct lvs_dest_key dest_of(unsigned i)
{
	return rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1 + i), 80);
}

static void set_service(unsigned i)
{
	struct lvs_service_key key = key_of(i);

	rig_set_service(director, &key, "rr");
	for (unsigned j = 0; j < DESTS; j++) {
		struct lvs_dest_key dest = dest_of(j);

		rig_set_dest(director, &key, &dest, LVS_METHOD_NAT, 1);
	}
}

static void *work(void *arg)
{
	struct lvs_worker *worker = arg;
	uint64_t seed = (uint64_t)(uintptr_t)worker;
	struct rig_packet rig;

	while (!atomic_load(&ends)) {
		struct lvs_flow flow;
		uint64_t at = atomic_fetch_add(&now, 2 * SECOND / 1000);

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		flow = rig_flow(LVS_UDP, LVS_INET, rig_addr4(198, 51, 100, seed >> 40 & 127),
				1000 + (seed >> 50) % FLOWS, rig_addr4(192, 0, 2, 1),
				80 + (seed >> 33) % SERVICES);
		rig_send(worker, &rig, &flow, 0, at);
		if (rig.packet.verdict == LVS_FORWARD)
			atomic_fetch_add(&counted, 1);
		if (seed >> 60 == 0)
			lvs_worker_handle_expiry(worker, at, seed >> 59 & 1 ? 0 : 3);
	}
	return NULL;
}

static void *read_all(void *arg)
{
	while (!atomic_load(&ends)) {
		struct lvs_service_info service = {.size = sizeof(service)};
		struct lvs_totals totals = {.size = sizeof(totals)};
		struct lvs_cursor cursor = {{0}};

		while (lvs_director_next_service(director, &cursor, &service) == 1) {
			struct lvs_dest_info dest = {.size = sizeof(dest)};
			struct lvs_cursor inner = {{0}};

			must(service.stats.in_bytes < (uint64_t)1 << 40);
			must(service.stats.conns < (uint64_t)1 << 40);
			must(service.rates.in_bytes < (uint64_t)1 << 40);
			while (lvs_director_next_dest(director, &service.key, &inner, &dest) == 1) {
				must(dest.stats.in_pkts < (uint64_t)1 << 40);
				must(dest.stats.in_bytes < (uint64_t)1 << 40);
				must(dest.rates.in_pkts < (uint64_t)1 << 40);
			}
		}
		must(lvs_director_totals(director, &totals) == 0);
		must(totals.stats.in_bytes < (uint64_t)1 << 40);
		must(totals.rates.in_bytes < (uint64_t)1 << 40);
	}
	return arg;
}

static void change(unsigned i, uint64_t seed)
{
	struct lvs_service_key key = key_of((seed >> 33) % SERVICES);
	struct lvs_dest_key dest = dest_of((seed >> 45) % DESTS);
	struct lvs_dest_conf conf = {.size = sizeof(conf), .method = LVS_METHOD_NAT, .weight = 1};
	struct lvs_txn *txn;

	if (i % 4 < 2) {
		must(lvs_director_zero(director, i % 8 ? &key : NULL) == 0);
		return;
	}
	must(lvs_txn_begin(director, &txn) == 0);
	if (i % 64 == 3)
		lvs_txn_del_service(txn, &key);
	else if (i % 8 < 6)
		lvs_txn_del_dest(txn, &key, &dest);
	else
		lvs_txn_set_dest(txn, &key, &dest, &conf);
	must(lvs_txn_commit(txn) == 0);
	if (i % 64 == 3)
		set_service((seed >> 33) % SERVICES);
}

static uint64_t total_pkts(void)
{
	struct lvs_totals totals = {.size = sizeof(totals)};

	must(lvs_director_totals(director, &totals) == 0);
	return totals.stats.in_pkts;
}

START_TEST(under_traffic)
{
	struct lvs_worker *worker[2];
	pthread_t thread[3];
	const char *length = getenv("LVS_TORTURE_SECONDS");
	double until = seconds() + (length ? atof(length) : 3);
	struct lvs_stats since;
	uint64_t seed = 1;

	must(lvs_director_new(NULL, &director) == 0);
	atomic_store(&now, 1000 * SECOND);
	for (unsigned i = 0; i < SERVICES; i++)
		set_service(i);
	for (unsigned i = 0; i < 2; i++)
		must(lvs_worker_new(director, &worker[i]) == 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, work, worker[i]);
	pthread_create(&thread[2], NULL, read_all, NULL);
	for (unsigned i = 0; seconds() < until; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		change(i, seed);
	}
	atomic_store(&ends, 1);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	rig_check(director);
	/* From here on nobody moves. */
	lvs_meter_read_zero(&director->zero, &since);
	ck_assert_uint_eq(since.in_pkts + total_pkts(), atomic_load(&counted));
	must(lvs_director_zero(director, NULL) == 0);
	ck_assert_uint_eq(total_pkts(), 0);
	ck_assert_uint_gt(atomic_load(&counted), 0);
	for (unsigned i = 0; i < 2; i++)
		lvs_worker_del(worker[i]);
	ck_assert_uint_eq(total_pkts(), 0);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("torture_zero");

	tcase_set_timeout(tcase, 0);
	tcase_add_test(tcase, under_traffic);
	return unit_run("torture_zero", tcase);
}
