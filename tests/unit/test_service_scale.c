/* SPDX-License-Identifier: BSD-2-Clause */
/* A hundred thousand services: correct, and what they cost (printed, not asserted). */
#include <stdio.h>
#include <time.h>

#include "service_rig.h"

#define SERVICE_N 100000
#define CHANGE_N 20000

/* Of this process alone: others may share the machine. */
static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static uint32_t scatter(uint32_t i)
{
	return (uint32_t)((uint64_t)i * 48271 % SERVICE_N); /* a prime: every one once */
}

static void add_all(struct service_rig *rig)
{
	struct lvs_service_conf settings = service_conf();
	struct lvs_dest_conf conf = dest_conf(1);
	struct lvs_txn *txn = txn_begin(rig);

	for (uint32_t i = 0; i < SERVICE_N; i++) {
		struct lvs_service_key key = tcp4(i);
		struct lvs_dest_key dest = dest4(i);

		must(lvs_txn_add_service(txn, &key, &settings) == 0);
		must(lvs_txn_add_dest(txn, &key, &dest, &conf) == 0);
	}
	txn_commit(txn);
}

static double change_one(struct service_rig *rig, uint32_t i, int32_t weight)
{
	struct lvs_service_key key = tcp4(i);
	struct lvs_dest_key dest = dest4(i);
	struct lvs_dest_conf conf = dest_conf(weight);
	double start = now_us();
	struct lvs_txn *txn = txn_begin(rig);

	must(lvs_txn_edit_dest(txn, &key, &dest, &conf) == 0);
	txn_commit(txn);
	return now_us() - start;
}

static void time_changes(struct service_rig *rig)
{
	double most = 0;
	double sum = 0;

	for (uint32_t i = 0; i < CHANGE_N; i++) {
		double us = change_one(rig, scatter(i), 7);

		sum += us;
		most = us > most ? us : most;
	}
	for (uint32_t i = 0; i < SERVICE_N; i++) {
		uint32_t at = scatter(i);

		must(match(rig, tcp4(at))->sched_set.dest[0].weight == (i < CHANGE_N ? 7 : 1));
	}
	printf("one weight changed and live: %.2f us on average, %.1f us at most\n", sum / CHANGE_N,
	       most);
}

static void time_matches(struct service_rig *rig)
{
	double start = now_us();
	uint32_t found = 0;
	double us;

	for (uint32_t i = 0; i < SERVICE_N; i++)
		found += match(rig, tcp4(scatter(i))) != NULL;
	us = now_us() - start;
	ck_assert_uint_eq(found, SERVICE_N);
	printf("a match: %.0f ns\n", us * 1000 / SERVICE_N);
}

static void list_all(struct service_rig *rig)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	double start = now_us();

	for (uint32_t i = 0; i < SERVICE_N; i++) {
		struct lvs_service_key key = tcp4(i);

		must(lvs_services_next_service(rig->services, &rig->reader, &cursor, &info) == 1);
		must(memcmp(&info.key, &key, sizeof(key)) == 0);
	}
	ck_assert_int_eq(lvs_services_next_service(rig->services, &rig->reader, &cursor, &info), 0);
	printf("listing: %.0f ns a service\n", (now_us() - start) * 1000 / SERVICE_N);
}

static void flush(struct service_rig *rig)
{
	struct lvs_txn *txn = txn_begin(rig);
	double start = now_us();

	must(lvs_txn_flush(txn) == 0);
	txn_commit(txn);
	ck_assert_ptr_null(match(rig, tcp4(1)));
	printf("all removed in one transaction: %.0f ms\n", (now_us() - start) / 1000);
}

START_TEST(a_hundred_thousand)
{
	struct service_rig *rig = service_rig_new();
	double start = now_us();

	add_all(rig);
	printf("%d services of one destination, one transaction: %.0f ms, %llu bytes each\n",
	       SERVICE_N, (now_us() - start) / 1000,
	       (unsigned long long)rig->memory.live_bytes / SERVICE_N);
	time_changes(rig);
	time_matches(rig);
	list_all(rig);
	check_ok(rig);
	flush(rig);
	check_ok(rig);
	add_all(rig); /* the destinations come back */
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("service_scale");

	tcase_add_test(tcase, a_hundred_thousand);
	return unit_run("service_scale", tcase);
}
