/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workers/2: established flows by NAT, what two workers pass beside what one does, in turns.
 *
 *	workers/2               requests on one worker, replies on the other
 *	workers/2/same-flows    both directions of the same flows on both
 *	workers/2/own-flows     both directions, each worker half of the flows
 */
#include <pthread.h>

#include "gate.h"
#include "report.h"
#include "site.h"

#define HELD 1000000
#define WORKERS 2
#define GOAL 1.9

enum share {
	SHARE_DIRECTIONS,
	SHARE_NOTHING,
	SHARE_FLOWS,
};

static const struct workers {
	const char *name;
	enum share share;
	double goal;
} cases[] = {
	{"workers/2", SHARE_DIRECTIONS, GOAL},
	{"workers/2/same-flows", SHARE_NOTHING, GOAL},
	{"workers/2/own-flows", SHARE_FLOWS, 0},
};

struct side {
	pthread_t thread;
	struct site site;
	struct gate *gate;
	enum share share;
	unsigned number;
	unsigned rounds;
	double alone[1024]; /* ns a packet, the other thread waiting; of number 0 */
	double both[1024];
	double alone_cpu[1024]; /* the same by processor time */
	double both_cpu[1024];
};

static uint32_t draw_flow(const struct side *side, uint64_t random)
{
	uint32_t half = side->site.flows / 2;

	if (side->share == SHARE_FLOWS)
		return (uint32_t)(random % half) + side->number * half;
	return (uint32_t)(random % side->site.flows);
}

/* One worker alone has both directions of all flows. */
static void make_round(struct side *side, bool alone)
{
	struct site *site = &side->site;

	for (unsigned i = 0; i < SITE_POOL; i++) {
		uint64_t random = bench_random(&site->random);
		bool reply = random >> 63;
		uint32_t flow = alone ? (uint32_t)(random % site->flows) : draw_flow(side, random);

		if (!alone && side->share == SHARE_DIRECTIONS)
			reply = side->number == 1;
		site_make(site, i, flow, reply ? SITE_REPLY : SITE_ACK);
	}
}

static void run(struct side *side, double *wall, double *cpu)
{
	uint64_t cpu_began = bench_cpu(), began = bench_now();

	site_process(&side->site, SITE_POOL, SITE_BATCH);
	*wall = (double)(bench_now() - began) / SITE_POOL;
	*cpu = (double)(bench_cpu() - cpu_began) / SITE_POOL;
	site_must_forward(&side->site, SITE_POOL);
}

static void *turns(void *arg)
{
	struct side *side = arg;

	for (unsigned i = 0; i < side->rounds; i++) {
		make_round(side, side->number == 0);
		gate_wait(side->gate, WORKERS);
		if (side->number == 0)
			run(side, &side->alone[i], &side->alone_cpu[i]);
		gate_wait(side->gate, WORKERS);
		make_round(side, false);
		gate_wait(side->gate, WORKERS);
		run(side, &side->both[i], &side->both_cpu[i]);
		gate_wait(side->gate, WORKERS);
	}
	return NULL;
}

/* The slower of the two counts. */
static double slower(const double *a, const double *b, unsigned n, double *values)
{
	for (unsigned i = 0; i < n; i++)
		values[i] = a[i] > b[i] ? a[i] : b[i];
	return spread_of(values, n).median;
}

static void print(const struct bench_options *options, const struct workers *workers, uint32_t held,
		  struct side *side)
{
	static double values[1024];
	unsigned n = side[0].rounds;
	double both = slower(side[0].both, side[1].both, n, values);
	double both_cpu = slower(side[0].both_cpu, side[1].both_cpu, n, values);
	struct spread alone = spread_of(side[0].alone, n);
	double alone_cpu = spread_of(side[0].alone_cpu, n).median;
	double speedup = WORKERS * alone.median / both;
	struct report report;

	report_begin(&report, workers->name);
	report_load(&report, held, WORKERS, SITE_BATCH);
	report_value(&report, "ns_alone", alone.median, 1, "one worker", "ns");
	report_value(&report, "p10", alone.p10, 1, "(10 % below", "");
	report_value(&report, "p90", alone.p90, 1, "and above", ")");
	report_value(&report, "ns_both", both, 1, "each of two", "ns");
	report_value(&report, "speedup", speedup, 2, "speedup", "");
	report_value(&report, "speedup_cpu", WORKERS * alone_cpu / both_cpu, 2, "by processor time",
		     "");
	report_goal_least(&report, "goal_speedup", speedup, workers->goal);
	report_end(&report, options);
}

static void one_case(const struct bench_options *options, const struct workers *workers)
{
	static struct side side[WORKERS];
	uint32_t held = options->flows_max < HELD ? options->flows_max : HELD;
	struct site_conf conf = {
		.family = LVS_INET, .method = LVS_METHOD_NAT, .sched = "rr", .flows = held};
	struct gate gate = {0};
	struct site owner;

	bench_progress(workers->name, held);
	site_open(&owner, &conf);
	site_fill(&owner, 0, held, true);
	for (unsigned i = 0; i < WORKERS; i++) {
		side[i].gate = &gate;
		side[i].share = workers->share;
		side[i].number = i;
		side[i].rounds = options->rounds;
		site_join(&side[i].site, &owner);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		if (pthread_create(&side[i].thread, NULL, turns, &side[i]))
			bench_fail("no thread");
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(side[i].thread, NULL);
	for (unsigned i = 0; i < WORKERS; i++)
		site_close(&side[i].site);
	site_close(&owner);
	print(options, workers, held, side);
}

void bench_workers(const struct bench_options *options)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (bench_wanted(options, cases[i].name))
			one_case(options, &cases[i]);
}
