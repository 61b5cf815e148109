/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expiry: a million connections that were opened one after the other end as time goes by.
 * expiry/at-once: all of them are due, as after a pause of the program.
 */
#include "report.h"
#include "site.h"

#define HELD 1000000
#define BUDGET 1024 /* lvsd's */
#define OPENED_MS 100
#define STEP_MS 10
#define GOAL_NS 80
#define GOAL_CALL_US 500
#define MS (SITE_SECOND / 1000)
#define CALLS_MAX 16384

static const struct expiry {
	const char *name;
	bool at_once;
} cases[] = {
	{"expiry", false},
	{"expiry/at-once", true},
};

struct calls {
	double ns[CALLS_MAX]; /* each, of calls that had enough to do */
	unsigned n;
	uint64_t ended;
	uint64_t total_ns;   /* of processor time */
	uint64_t longest_ns; /* the same */
	uint64_t longest_wall_ns;
};

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void one_call(struct site *site, struct calls *calls)
{
	uint64_t cost = bench_cpu_cost(), wall = bench_now(), took = bench_cpu();
	unsigned ended = lvs_worker_handle_expiry(site->worker, site->now, BUDGET);

	took = bench_cpu() - took;
	wall = bench_now() - wall;
	took -= took > cost ? cost : took;
	calls->ended += ended;
	calls->total_ns += took;
	calls->longest_ns = larger(calls->longest_ns, took);
	calls->longest_wall_ns = larger(calls->longest_wall_ns, wall);
	if (ended >= BUDGET / 4 && calls->n < CALLS_MAX)
		calls->ns[calls->n++] = (double)took / ended;
}

static void all_due(struct site *site, struct calls *calls)
{
	do
		one_call(site, calls);
	while (lvs_worker_expiry(site->worker) <= site->now);
}

static void open_them(struct site *site)
{
	for (uint32_t done = 0; done < site->flows; done += SITE_POOL) {
		uint32_t n = site->flows - done < SITE_POOL ? site->flows - done : SITE_POOL;

		site_fill(site, done, n, false);
		site->now += OPENED_MS * MS;
	}
}

static void end_them(struct site *site, struct calls *calls, bool at_once)
{
	if (at_once)
		site->now += 200 * SITE_SECOND;
	while (calls->ended < site->flows) {
		all_due(site, calls);
		site->now += STEP_MS * MS;
	}
}

static void print(const struct bench_options *options, const struct expiry *expiry, uint32_t held,
		  struct calls *calls)
{
	double each = (double)calls->total_ns / (double)calls->ended;
	double longest = (double)calls->longest_ns / 1000;
	struct report report;

	report_begin(&report, expiry->name);
	report_value(&report, "flows", held, 0, "", "connections");
	report_value(&report, "budget", BUDGET, 0, "budget", "");
	report_value(&report, "ns_each", each, 1, "", "ns each");
	if (calls->n) {
		struct spread ns = spread_of(calls->ns, calls->n);

		report_value(&report, "median", ns.median, 1, "(median", "");
		report_value(&report, "p10", ns.p10, 1, "p10", "");
		report_value(&report, "p90", ns.p90, 1, "p90", ")");
	}
	report_value(&report, "longest_call_us", longest, 1, "longest call", "us");
	report_value(&report, "longest_call_wall_us", (double)calls->longest_wall_ns / 1000, 1,
		     "by the wall", "us");
	report_goal(&report, "goal_ns", each, GOAL_NS);
	report_goal(&report, "goal_call_us", longest, GOAL_CALL_US);
	report_end(&report, options);
}

/* For counting: what a round opens ends in it, SITE_POOL connections. */
static void count_rounds(struct site *site, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		for (unsigned j = 0; j < SITE_POOL; j++)
			site_make(site, j, site->flows + j, SITE_SYN);
		site_run(site, SITE_POOL, SITE_BATCH);
		site->now += 62 * SITE_SECOND;
		site_expire_due(site);
	}
}

static void one_case(const struct bench_options *options, const struct expiry *expiry)
{
	uint32_t held = options->flows_max < HELD ? options->flows_max : HELD;
	struct site_conf conf = {.family = LVS_INET,
				 .method = LVS_METHOD_DR,
				 .sched = "rr",
				 .flows = held,
				 .room = held + SITE_POOL};
	static struct calls calls;
	struct site site;

	bench_progress(expiry->name, held);
	calls = (struct calls){.n = 0};
	site_open(&site, &conf);
	if (options->quick) {
		count_rounds(&site, options->rounds);
	} else {
		open_them(&site);
		end_them(&site, &calls, expiry->at_once);
		print(options, expiry, held, &calls);
	}
	site_close(&site);
}

void bench_expiry(const struct bench_options *options)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (bench_wanted(options, cases[i].name))
			one_case(options, &cases[i]);
}
