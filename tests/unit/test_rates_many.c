/* SPDX-License-Identifier: BSD-2-Clause */
/* A hundred thousand services: listed each once, estimated in steps, quiet ones left alone. */

#include "alloc_rig.h"
#include "director_rig.h"
#include "unit.h"

enum { SERVICES = 100000, A_TIME = 1000, PACKETS = 8, BUDGET = 64 };

struct world {
	struct alloc_rig memory;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct rig_packet rig;
	uint64_t now;
};

static struct lvs_service_key key_of(unsigned i)
{
	return rig_service_key(LVS_INET, LVS_UDP, rig_addr4(203, 0, 113, i / 50000), 1 + i % 50000);
}

static void add_services(struct world *w, unsigned first)
{
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = lvs_sched_find("rr")};
	struct lvs_dest_conf to = {.size = sizeof(to), .method = LVS_METHOD_NAT, .weight = 1};
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 80);
	struct lvs_txn *txn;

	must(lvs_txn_begin(w->director, &txn) == 0);
	for (unsigned i = first; i < first + A_TIME; i++) {
		struct lvs_service_key key = key_of(i);

		dest.port = rig_port(1 + i % 60000);
		must(lvs_txn_set_service(txn, &key, &conf) == 0);
		must(lvs_txn_set_dest(txn, &key, &dest, &to) == 0);
	}
	must(lvs_txn_commit(txn) == 0);
}

static void build(struct world *w)
{
	struct lvs_settings settings = {.size = sizeof(settings)};

	memset(w, 0, sizeof(*w));
	settings.alloc = alloc_rig(&w->memory);
	w->now = 1000 * SECOND;
	must(lvs_director_new(&settings, &w->director) == 0);
	must(lvs_worker_new(w->director, &w->worker) == 0);
	/* An idle one is small. */
	ck_assert_uint_le(w->memory.live_bytes, 1 << 20);
	for (unsigned i = 0; i < SERVICES; i += A_TIME)
		add_services(w, i);
}

static void send_to(struct world *w, unsigned i)
{
	struct lvs_service_key key = key_of(i);
	struct lvs_flow flow =
		rig_flow(LVS_UDP, LVS_INET, rig_addr4(198, 51, i >> 8 & 255, i & 255), 1000,
			 key.addr, 1 + i % 50000);

	for (unsigned j = 0; j < PACKETS; j++) {
		rig_send(w->worker, &w->rig, &flow, 0, w->now);
		must(w->rig.packet.verdict == LVS_FORWARD);
	}
}

/* Up to now, in calls of a small budget; how many it took. */
static unsigned expire(struct world *w)
{
	unsigned calls = 0;

	do {
		lvs_worker_handle_expiry(w->worker, w->now, BUDGET);
		calls++;
	} while (lvs_worker_expiry(w->worker) <= w->now);
	return calls;
}

static void expect(struct world *w, uint64_t conns, uint64_t pkts, uint64_t rate)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	struct lvs_stats sum = {0};
	uint64_t rates = 0;
	unsigned n = 0;

	for (; lvs_director_next_service(w->director, &cursor, &info) == 1; n++) {
		struct lvs_service_key key = key_of(n);

		must(!memcmp(&info.key, &key, sizeof(key)));
		sum.conns += info.stats.conns;
		sum.in_pkts += info.stats.in_pkts;
		rates += info.rates.in_pkts;
	}
	ck_assert_uint_eq(n, SERVICES);
	ck_assert_uint_eq(sum.conns, conns);
	ck_assert_uint_eq(sum.in_pkts, pkts);
	ck_assert_uint_eq(rates, rate);
}

START_TEST(many)
{
	struct lvs_totals totals = {.size = sizeof(totals)};
	struct world w;
	unsigned calls;

	build(&w);
	/* Nobody is there to be estimated. */
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), UINT64_MAX);
	for (unsigned i = 0; i < SERVICES; i++)
		send_to(&w, i);
	w.now += 2 * SECOND;
	calls = expire(&w);
	/* One for the service, one for its destination. */
	ck_assert_uint_ge(calls, SERVICES * 2 / BUDGET);
	ck_assert_uint_le(calls, SERVICES * 2 / BUDGET + 100);
	/* 8 packets in a period: one a second, a quarter of 4. */
	expect(&w, SERVICES, SERVICES * PACKETS, SERVICES);
	w.now += SECOND * 33 / 1000;
	/* A slot's share. */
	ck_assert_uint_lt(expire(&w), SERVICES * 2 / BUDGET / 64 * 4);
	w.now += 2 * SECOND;
	expire(&w);
	ck_assert_int_eq(lvs_director_totals(w.director, &totals), 0);
	ck_assert_uint_eq(totals.stats.in_pkts, SERVICES * PACKETS);
	ck_assert_uint_eq(lvs_director_zero(w.director, NULL), 0);
	expect(&w, 0, 0, 0);
	ck_assert_int_eq(lvs_director_totals(w.director, &totals), 0);
	ck_assert_uint_eq(totals.stats.in_pkts, 0);
	/* They rest; one of them has traffic. */
	must(lvs_director_kill_conns(w.director, NULL) == SERVICES);
	for (unsigned i = 0; i < 3; i++) {
		w.now += 2 * SECOND;
		expire(&w);
	}
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), UINT64_MAX);
	send_to(&w, 4711);
	w.now += 2 * SECOND;
	ck_assert_uint_le(expire(&w), 2);
	expect(&w, 1, PACKETS, 1);
	rig_check(w.director);
	lvs_worker_del(w.worker);
	lvs_director_del(w.director);
	ck_assert_uint_eq(w.memory.live_n, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rates_many");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, many);
	return unit_run("rates_many", tcase);
}
