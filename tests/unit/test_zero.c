/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting from zero again, totals, and what destinations keep when they leave and come back. */
#include "alloc_rig.h"
#include "director_rig.h"
#include "unit.h"

#define PERIOD (2 * SECOND)

struct world {
	struct alloc_rig memory;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service[2];
	struct lvs_dest_key dest[2]; /* of either */
	struct rig_packet rig;
	uint64_t now;
};

static void build(struct world *w, uint32_t flags)
{
	struct lvs_settings settings = {.size = sizeof(settings), .flags = flags};

	memset(w, 0, sizeof(*w));
	settings.alloc = alloc_rig(&w->memory);
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(&settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	for (unsigned i = 0; i < 2; i++) {
		w->service[i] = rig_service_key(LVS_INET, LVS_UDP, rig_addr4(192, 0, 2, 1), 80 + i);
		w->dest[i] = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1 + i), 80);
	}
	for (unsigned i = 0; i < 2; i++) {
		rig_set_service(w->director, &w->service[i], "rr");
		for (unsigned j = 0; j < 2; j++)
			rig_set_dest(w->director, &w->service[i], &w->dest[j], LVS_METHOD_DR, 1);
	}
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
	ck_assert_uint_eq(w->memory.live_n, 0);
}

/* @p n connections of a packet each, which go to both destinations in turn. 38 bytes a packet. */
static void traffic(struct world *w, unsigned service, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++) {
		struct lvs_flow flow =
			rig_flow(LVS_UDP, LVS_INET, rig_addr4(198, 51, i >> 8, i & 255), 1000,
				 w->service[service].addr, 80 + service);

		ck_assert_int_eq(rig_send(w->worker, &w->rig, &flow, 0, w->now),
				 LVS_REASON_SCHEDULED);
	}
}

static void pass(struct world *w)
{
	w->now += PERIOD;
	lvs_worker_handle_expiry(w->worker, w->now, 0);
}

static void get_service(struct world *w, unsigned i, struct lvs_service_info *info)
{
	struct lvs_service_key other = w->service[i];
	struct lvs_service_info info_of_none = {.size = sizeof(info_of_none)};

	info->size = sizeof(*info);
	ck_assert_int_eq(lvs_director_get_service(w->director, &w->service[i], info), 0);
	ck_assert_mem_eq(&info->key, &w->service[i], sizeof(info->key));
	other.port ^= 0x5555;
	ck_assert_int_eq(lvs_director_get_service(w->director, &other, &info_of_none),
			 LVS_ERR_NO_SERVICE);
}

static void expect_service(struct world *w, unsigned i, uint64_t conns, uint64_t rate)
{
	struct lvs_service_info info;

	get_service(w, i, &info);
	ck_assert_uint_eq(info.stats.conns, conns);
	ck_assert_uint_eq(info.stats.in_pkts, conns);
	ck_assert_uint_eq(info.stats.in_bytes, conns * 38);
	ck_assert_uint_eq(info.stats.out_pkts, 0);
	ck_assert_uint_eq(info.rates.conns, rate);
}

static void expect_dest(struct world *w, unsigned i, unsigned j, uint64_t conns, uint64_t rate)
{
	struct lvs_dest_info info;

	rig_get_dest(w->director, &w->service[i], &w->dest[j], &info);
	ck_assert_uint_eq(info.stats.conns, conns);
	ck_assert_uint_eq(info.stats.in_bytes, conns * 38);
	ck_assert_uint_eq(info.rates.conns, rate);
}

static void expect_totals(struct world *w, uint64_t conns, uint64_t rate)
{
	struct lvs_totals totals = {.size = sizeof(totals)};

	ck_assert_int_eq(lvs_director_totals(w->director, &totals), 0);
	ck_assert_uint_eq(totals.stats.conns, conns);
	ck_assert_uint_eq(totals.stats.in_bytes, conns * 38);
	ck_assert_uint_eq(totals.rates.conns, rate);
}

/* 400 connections in a period are 50 a second after it: a quarter of 200. */
START_TEST(one_service)
{
	struct world w;
	struct lvs_dest_info info;

	build(&w, 0);
	traffic(&w, 0, 0, 400);
	traffic(&w, 1, 0, 80);
	pass(&w);
	expect_service(&w, 0, 400, 50);
	expect_dest(&w, 0, 0, 200, 25);
	expect_service(&w, 1, 80, 10);
	traffic(&w, 0, 400, 4); /* not yet in the rates */
	ck_assert_int_eq(lvs_director_zero(w.director, &w.service[0]), 0);
	expect_service(&w, 0, 0, 0);
	expect_dest(&w, 0, 0, 0, 0);
	expect_dest(&w, 0, 1, 0, 0);
	expect_service(&w, 1, 80, 10);
	expect_totals(&w, 484, 60);
	/* Connections are still there. */
	rig_get_dest(w.director, &w.service[0], &w.dest[0], &info);
	ck_assert_uint_eq(info.inactive, 202);
	traffic(&w, 0, 1000, 40);
	expect_service(&w, 0, 40, 0);
	expect_dest(&w, 0, 1, 20, 0);
	pass(&w);
	expect_service(&w, 0, 40, 5);
	/* What came before the zero is in the director's: 60 * 3 / 4 and 44 / 8, a half rounded
	 * down. */
	expect_totals(&w, 524, 50);
	tear_down(&w);
}
END_TEST

START_TEST(all)
{
	struct world w;

	build(&w, 0);
	traffic(&w, 0, 0, 400);
	traffic(&w, 1, 0, 80);
	pass(&w);
	expect_totals(&w, 480, 60);
	ck_assert_int_eq(lvs_director_zero(w.director, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		expect_service(&w, i, 0, 0);
		expect_dest(&w, i, 0, 0, 0);
	}
	expect_totals(&w, 0, 0);
	pass(&w);
	expect_totals(&w, 0, 0);
	traffic(&w, 1, 1000, 80);
	pass(&w);
	expect_service(&w, 1, 80, 10);
	expect_totals(&w, 80, 10);
	tear_down(&w);
}
END_TEST

/* Twice, and between traffic: never less than nothing. */
START_TEST(again)
{
	struct world w;

	build(&w, 0);
	for (unsigned i = 0; i < 20; i++) {
		traffic(&w, i % 2, i * 10, 8);
		if (i % 3 == 0)
			pass(&w);
		ck_assert_int_eq(lvs_director_zero(w.director, i % 5 ? &w.service[i % 2] : NULL),
				 0);
		expect_service(&w, i % 2, 0, 0);
	}
	tear_down(&w);
}
END_TEST

/* As the kernel: a zero of its service does not reach it in the trash, and its rates wait for it.
 */
START_TEST(away)
{
	struct world w;

	build(&w, 0);
	traffic(&w, 0, 0, 400);
	pass(&w);
	traffic(&w, 0, 400, 2); /* not yet in its rates */
	rig_del_dest(w.director, &w.service[0], &w.dest[1]);
	expect_service(&w, 0, 402, 50);
	pass(&w);
	/* Its last connection is one of the service's two: (37.5 and 2 / 8). */
	expect_service(&w, 0, 402, 38);
	expect_dest(&w, 0, 0, 201, 19);
	ck_assert_int_eq(lvs_director_zero(w.director, &w.service[0]), 0);
	pass(&w);
	rig_set_dest(w.director, &w.service[0], &w.dest[1], LVS_METHOD_DR, 1);
	expect_service(&w, 0, 0, 0);
	expect_dest(&w, 0, 0, 0, 0);
	expect_dest(&w, 0, 1, 201, 25);
	traffic(&w, 0, 1000, 80);
	expect_service(&w, 0, 80, 0);
	expect_dest(&w, 0, 1, 241, 25);
	pass(&w);
	expect_dest(&w, 0, 1, 241, 24);
	/* It is there now. */
	ck_assert_int_eq(lvs_director_zero(w.director, &w.service[0]), 0);
	expect_dest(&w, 0, 1, 0, 0);
	tear_down(&w);
}
END_TEST

static void del_service(struct world *w, unsigned i)
{
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(w->director, &txn), 0);
	ck_assert_int_eq(lvs_txn_del_service(txn, &w->service[i]), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

/* A service that is made anew, its servers still having connections: all begins at zero. */
START_TEST(made_anew)
{
	struct world w;
	struct lvs_dest_info info;

	build(&w, 0);
	traffic(&w, 0, 0, 400);
	pass(&w);
	traffic(&w, 0, 400, 80);
	del_service(&w, 0);
	expect_totals(&w, 480, 50);
	rig_set_service(w.director, &w.service[0], "rr");
	for (unsigned j = 0; j < 2; j++)
		rig_set_dest(w.director, &w.service[0], &w.dest[j], LVS_METHOD_DR, 1);
	expect_service(&w, 0, 0, 0);
	expect_dest(&w, 0, 0, 0, 0);
	rig_get_dest(w.director, &w.service[0], &w.dest[0], &info);
	ck_assert_uint_eq(info.inactive, 240);
	pass(&w);
	expect_service(&w, 0, 0, 0);
	/* What it took with it is the director's: 50 * 3 / 4 and 80 / 8, a half rounded down. */
	expect_totals(&w, 480, 47);
	/* Traffic of connections that it had before counts, and is rated. */
	for (unsigned i = 0; i < 80; i++) {
		struct lvs_flow flow = rig_flow(LVS_UDP, LVS_INET, rig_addr4(198, 51, 0, i), 1000,
						w.service[0].addr, 80);

		ck_assert_int_eq(rig_send(w.worker, &w.rig, &flow, 0, w.now),
				 LVS_REASON_ESTABLISHED);
	}
	pass(&w);
	{
		struct lvs_service_info service;

		get_service(&w, 0, &service);
		ck_assert_uint_eq(service.stats.in_pkts, 80);
		ck_assert_uint_eq(service.rates.in_pkts, 10);
	}
	tear_down(&w);
}
END_TEST

/* Totals are of all that ever was, whoever counted it. */
START_TEST(whoever_counted)
{
	struct lvs_totals totals = {.size = offsetof(struct lvs_totals, rates)};
	struct world w;

	build(&w, 0);
	traffic(&w, 0, 0, 100);
	lvs_worker_del(w.worker);
	ck_assert_int_eq(lvs_worker_new(w.director, &w.worker), 0);
	traffic(&w, 1, 0, 10);
	del_service(&w, 1);
	del_service(&w, 0);
	expect_totals(&w, 110, 0);
	/* By who knows less of it, and by who knows nothing. */
	totals.rates.conns = 77;
	ck_assert_int_eq(lvs_director_totals(w.director, &totals), 0);
	ck_assert_uint_eq(totals.stats.conns, 110);
	ck_assert_uint_eq(totals.rates.conns, 77);
	totals.size--;
	ck_assert_int_eq(lvs_director_totals(w.director, &totals), LVS_ERR_INVALID);
	tear_down(&w);
}
END_TEST

START_TEST(refused)
{
	struct lvs_service_key key;
	struct lvs_txn *txn;
	struct world w;

	build(&w, 0);
	traffic(&w, 0, 0, 10);
	key = w.service[0];
	key.port = rig_port(99);
	ck_assert_int_eq(lvs_director_zero(w.director, &key), LVS_ERR_NO_SERVICE);
	key.family = 3;
	ck_assert_int_eq(lvs_director_zero(w.director, &key), LVS_ERR_FAMILY);
	ck_assert_int_eq(lvs_txn_begin(w.director, &txn), 0);
	ck_assert_int_eq(lvs_director_zero(w.director, NULL), LVS_ERR_BUSY);
	lvs_txn_abort(txn);
	expect_service(&w, 0, 10, 0);
	/* Where nothing was estimated yet it needs memory to remember by, or all stays as it is. */
	w.memory.fail_all = 1;
	ck_assert_int_eq(lvs_director_zero(w.director, &w.service[0]), LVS_ERR_NO_MEMORY);
	ck_assert_int_eq(lvs_director_zero(w.director, NULL), LVS_ERR_NO_MEMORY);
	pass(&w); /* nor are there rates without */
	expect_service(&w, 0, 10, 0);
	expect_totals(&w, 10, 0);
	w.memory.fail_all = 0;
	rig_check(w.director);
	for (uint64_t k = 1; k <= 2; k++) {
		w.memory.fail_at = k;
		ck_assert_int_eq(lvs_director_zero(w.director, NULL), LVS_ERR_NO_MEMORY);
		expect_service(&w, 0, 10, 0);
	}
	/* What came meanwhile is in the first rate that there is memory for: a quarter of 10 / 2.
	 */
	w.memory.fail_at = 0;
	pass(&w);
	expect_service(&w, 0, 10, 1);
	/* From then on it needs none. */
	w.memory.failed = 0;
	w.memory.fail_all = 1;
	ck_assert_int_eq(lvs_director_zero(w.director, &w.service[0]), 0);
	ck_assert_int_eq(lvs_director_zero(w.director, NULL), 0);
	pass(&w);
	w.memory.fail_all = 0;
	ck_assert_uint_eq(w.memory.failed, 0);
	expect_service(&w, 0, 0, 0);
	tear_down(&w);
}
END_TEST

/* A service whose first connection finds no memory for a meter has counters, and rates with the
 * next connection. */
START_TEST(no_meter)
{
	struct world w;

	build(&w, 0);
	traffic(&w, 1, 0, 10); /* so that there is room for connections */
	w.memory.fail_all = 1;
	traffic(&w, 0, 0, 1);
	ck_assert_uint_eq(w.memory.failed, 1);
	w.memory.fail_all = 0;
	rig_check(w.director);
	pass(&w);
	expect_service(&w, 0, 1, 0);
	rig_check(w.director);
	traffic(&w, 0, 1, 399);
	pass(&w);
	expect_service(&w, 0, 400, 50);
	tear_down(&w);
}
END_TEST

/* Rates are not computed; counters and zero are as ever. */
START_TEST(no_estimation)
{
	struct world w;

	build(&w, LVS_SET_NO_ESTIMATION);
	traffic(&w, 0, 0, 400);
	for (unsigned i = 0; i < 5; i++)
		pass(&w);
	expect_service(&w, 0, 400, 0);
	expect_totals(&w, 400, 0);
	ck_assert_int_gt(lvs_director_kill_conns(w.director, NULL), 0);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), UINT64_MAX);
	ck_assert_int_eq(lvs_director_zero(w.director, NULL), 0);
	expect_service(&w, 0, 0, 0);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("zero");

	tcase_add_test(tcase, one_service);
	tcase_add_test(tcase, all);
	tcase_add_test(tcase, again);
	tcase_add_test(tcase, away);
	tcase_add_test(tcase, made_anew);
	tcase_add_test(tcase, whoever_counted);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, no_meter);
	tcase_add_test(tcase, no_estimation);
	return unit_run("zero", tcase);
}
