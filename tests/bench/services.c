/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * services/N: a director of N services with two servers each, and two workers.
 *
 *	lookup   of the service of a new flow, the same one again and again (what the depth of the
 *	         tree costs), and another one each time (what memory costs too)
 *	change   the weight of one server, in force when the call is over: the next new connection
 *	         goes by it
 *	memory   what a service takes, its servers' and workers' counters included
 *
 * services/100000 is held against services/10 of the same run.
 */
#include <stdlib.h>

#include "base/byteorder.h"
#include "director/worker.h"
#include "report.h"
#include "site.h"

#define LOOKUPS 4096
#define SERVERS 2
#define WORKERS 2
#define GOAL_RATIO 1.3
#define GOAL_CHANGE_US 50
#define GOAL_BYTES 1024

static const uint32_t sizes[] = {10, 1000, 100000};
static const char *const names[] = {"services/10", "services/1000", "services/100000"};

struct many {
	struct site site;
	struct lvs_worker *second;
	uint32_t n;
	double bytes; /* a service */
	double one_ns;
	double random_ns;
	double one_ratio; /* to ten services, in turns */
	double random_ratio;
	double fresh_ns; /* a new connection of a service drawn at random, whole */
	struct spread change_us;
};

static struct lvs_service_key key_of(uint32_t number)
{
	struct lvs_service_key key = {
		.addr = site_addr(LVS_INET, 172, number / 50),
		.port = lvs_htons((uint16_t)(1000 + number % 50)),
		.family = LVS_INET,
		.protocol = LVS_TCP,
	};

	return key;
}

static void add(struct lvs_txn *txn, uint32_t number)
{
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = lvs_sched_find("wlc")};
	struct lvs_service_key key = key_of(number);

	site_must(lvs_txn_add_service(txn, &key, &conf));
	for (uint32_t i = 0; i < SERVERS; i++) {
		struct lvs_dest_key dest = site_dest_key(LVS_INET, 1 + number * SERVERS + i);
		struct lvs_dest_conf dest_conf = {
			.size = sizeof(dest_conf), .method = LVS_METHOD_DR, .weight = 1};

		site_must(lvs_txn_add_dest(txn, &key, &dest, &dest_conf));
	}
}

/* A hundred a commit, as a program that begins would. */
static void fill(struct many *many)
{
	struct lvs_txn *txn;

	for (uint32_t done = 0; done < many->n;) {
		site_must(lvs_txn_begin(many->site.director, &txn));
		for (unsigned i = 0; i < 100 && done < many->n; i++)
			add(txn, done++);
		site_must(lvs_txn_commit(txn));
	}
}

static void make_flow(struct many *many, uint32_t number, struct lvs_flow *flow)
{
	struct lvs_service_key key = key_of(number);
	uint64_t random = bench_random(&many->site.random);

	*flow = site_flow(&many->site, (uint32_t)random & 0xffffff, 1024 + (random >> 32) % 60000);
	flow->dst = key.addr;
	flow->dst_port = key.port;
}

/* ns; of one service, or of any. */
static double lookups(struct many *many, bool any)
{
	static struct lvs_flow flow[LOOKUPS];
	const struct lvs_services *services = many->site.director->services;
	struct lvs_worker *worker = many->site.worker;
	uint32_t one = (uint32_t)(bench_random(&many->site.random) % many->n);
	unsigned found = 0;
	uint64_t began;

	for (unsigned i = 0; i < LOOKUPS; i++)
		make_flow(many, any ? (uint32_t)(bench_random(&many->site.random) % many->n) : one,
			  &flow[i]);
	lvs_epoch_enter(&many->site.director->epoch, &worker->reader);
	began = bench_cpu();
	for (unsigned i = 0; i < LOOKUPS; i++)
		found += lvs_matches_ask(&worker->matches, services, &flow[i], 0) != NULL;
	began = bench_cpu() - began;
	lvs_epoch_exit(&worker->reader);
	if (found != LOOKUPS)
		bench_fail("a service was not found");
	return (double)began / LOOKUPS;
}

static double fresh(struct many *many)
{
	struct site *site = &many->site;
	double ns;

	for (unsigned i = 0; i < SITE_POOL; i++) {
		struct lvs_flow flow;

		make_flow(many, (uint32_t)(bench_random(&site->random) % many->n), &flow);
		site_put(site, i, &flow, LVS_TCP_SYN);
	}
	ns = site_run(site, SITE_POOL, SITE_BATCH);
	site_must_forward(site, SITE_POOL);
	site->now += 62 * SITE_SECOND;
	site_expire_due(site);
	return ns;
}

/* A server gets weight 0, which must show, and 1 again. */
static double change(struct many *many)
{
	struct site *site = &many->site;
	uint32_t number = (uint32_t)(bench_random(&site->random) % many->n);
	struct lvs_service_key key = key_of(number);
	struct lvs_dest_key other = site_dest_key(LVS_INET, 2 + number * SERVERS);
	struct lvs_flow flow;
	uint64_t began = bench_cpu();
	double us;

	site_set_weight(site, &key, 1 + number * SERVERS, 0);
	us = (double)(bench_cpu() - began) / 1000;
	make_flow(many, number, &flow);
	site_put(site, 0, &flow, LVS_TCP_SYN);
	site_run(site, 1, 1);
	if (site->packets[0].next_hop.word[0] != other.addr.word[0])
		bench_fail("a changed weight did not count at once");
	site_set_weight(site, &key, 1 + number * SERVERS, 1);
	return us;
}

/* Figures of the rounds. */
struct rounds {
	double one[1024];
	double any[1024];
	double whole[1024];
	double us[1024];
};

static void one_round(struct many *many, struct rounds *rounds, unsigned i)
{
	rounds->one[i] = lookups(many, false);
	rounds->any[i] = lookups(many, true);
	rounds->whole[i] = fresh(many);
	rounds->us[i] = change(many);
}

static double ratio_of(const double *a, const double *b, unsigned n)
{
	double ratios[1024];

	for (unsigned i = 0; i < n; i++)
		ratios[i] = a[i] / b[i];
	return spread_of(ratios, n).median;
}

/* In turns, so that both see the same machine. */
static void measure(struct many *many, struct many *few, unsigned n)
{
	static struct rounds rounds, beside;

	for (unsigned i = 0; i < n; i++) {
		one_round(few, &beside, i);
		one_round(many, &rounds, i);
	}
	many->one_ratio = ratio_of(rounds.one, beside.one, n);
	many->random_ratio = ratio_of(rounds.any, beside.any, n);
	many->one_ns = spread_of(rounds.one, n).median;
	many->random_ns = spread_of(rounds.any, n).median;
	many->fresh_ns = spread_of(rounds.whole, n).median;
	many->change_us = spread_of(rounds.us, n);
}

static void print(const struct bench_options *options, const char *name, const struct many *many)
{
	struct report report;

	report_begin(&report, name);
	report_value(&report, "services", many->n, 0, "", "services");
	report_value(&report, "lookup_ns", many->one_ns, 1, "lookup of one", "ns");
	report_value(&report, "lookup_random_ns", many->random_ns, 1, "of any", "ns");
	report_value(&report, "new_ns", many->fresh_ns, 1, "new connection of any", "ns");
	report_value(&report, "change_us", many->change_us.median, 1, "a weight changed", "us");
	report_value(&report, "p10", many->change_us.p10, 1, "(10 % below", "");
	report_value(&report, "p90", many->change_us.p90, 1, "and above", ")");
	report_value(&report, "bytes_per_service", many->bytes, 0, "", "bytes a service");
	if (many->n != sizes[0]) {
		report_value(&report, "lookup_ratio", many->one_ratio, 2, "to 10 services: of one",
			     "");
		report_value(&report, "lookup_random_ratio", many->random_ratio, 2, "of any", "");
		report_goal(&report, "goal_ratio", many->one_ratio, GOAL_RATIO);
		report_goal(&report, "goal_change_us", many->change_us.median, GOAL_CHANGE_US);
		report_goal(&report, "goal_bytes", many->bytes, GOAL_BYTES);
	}
	report_end(&report, options);
}

static void open_many(struct many *many, uint32_t n)
{
	struct site_conf conf = {
		.family = LVS_INET, .method = LVS_METHOD_DR, .sched = "rr", .flows = 10000};
	uint64_t held;

	many->n = n;
	site_open(&many->site, &conf);
	site_must(lvs_worker_new(many->site.director, &many->second));
	held = many->site.held;
	fill(many);
	many->bytes = (double)(many->site.held - held) / n;
}

static void close_many(struct many *many)
{
	lvs_worker_del(many->second);
	site_close(&many->site);
}

void bench_services(const struct bench_options *options)
{
	static struct many few, many;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (!bench_wanted(options, names[i]))
			continue;
		bench_progress(names[i], sizes[i]);
		open_many(&few, sizes[0]);
		open_many(&many, sizes[i]);
		measure(&many, &few, options->rounds);
		close_many(&many);
		close_many(&few);
		print(options, names[i], &many);
	}
}
