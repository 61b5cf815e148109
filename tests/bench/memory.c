/* SPDX-License-Identifier: BSD-2-Clause */
/* memory/...: bytes a connection, all in, while a table grows; idle: of a director without any. */
#include "report.h"
#include "site.h"

#define MARKS 5
#define GOAL_IDLE (1 << 20)

static const struct memory {
	const char *name;
	enum lvs_family family;
	enum lvs_method method;
	double goal; /* at the last mark */
	double goal_worst;
} cases[] = {
	{"memory/dr/v4", LVS_INET, LVS_METHOD_DR, 80, 84},
	{"memory/nat/v4", LVS_INET, LVS_METHOD_NAT, 92, 100},
	{"memory/nat/v6", LVS_INET6, LVS_METHOD_NAT, 160, 170},
};

static const uint32_t marks[MARKS] = {1000000, 2000000, 4300000, 8500000, 10000000};

/* All that the director has from its allocator, workers and services among it. */
static double bytes_per_conn(const struct site *site)
{
	return (double)site->held / lvs_director_conn_n(site->director);
}

static void print(const struct bench_options *options, const struct memory *memory, uint32_t flows,
		  double bytes, double worst, double longest_us)
{
	bool last = flows == marks[MARKS - 1];
	struct report report;

	report_begin(&report, memory->name);
	report_value(&report, "flows", flows, 0, "", "flows");
	report_value(&report, "bytes_per_conn", bytes, 1, "", "bytes a connection");
	report_value(&report, "worst", worst, 1, "at the worst point so far", "");
	report_value(&report, "longest_batch_us", longest_us, 1, "longest batch of 32", "us");
	report_goal(&report, "goal_bytes", bytes, last ? memory->goal : 0);
	report_goal(&report, "goal_worst", worst, last ? memory->goal_worst : 0);
	report_end(&report, options);
}

/* Opens one pool's worth of flows; the longest batch in microseconds. */
static double grow(struct site *site, uint32_t first, unsigned n)
{
	double longest = 0;

	for (unsigned i = 0; i < n; i++)
		site_make(site, i, first + i, SITE_SYN);
	for (unsigned i = 0; i < n; i += SITE_BATCH) {
		unsigned batch = n - i < SITE_BATCH ? n - i : SITE_BATCH;
		uint64_t began = bench_cpu();
		double us;

		lvs_worker_process(site->worker, site->packets + i, batch, site->now);
		us = (double)(bench_cpu() - began) / 1000;
		longest = us > longest ? us : longest;
	}
	site_must_be(site, n, LVS_REASON_SCHEDULED);
	return longest;
}

static void one_case(const struct bench_options *options, const struct memory *memory)
{
	struct site_conf conf = {.family = memory->family,
				 .method = memory->method,
				 .sched = "rr",
				 .flows = marks[MARKS - 1],
				 .room = marks[MARKS - 1]};
	double worst = 0, longest = 0;
	unsigned mark = 0;
	struct site site;

	if (conf.flows > options->flows_max)
		conf.flows = options->flows_max;
	site_open(&site, &conf);
	for (uint32_t done = 0; done < conf.flows; done += SITE_POOL) {
		unsigned n = conf.flows - done < SITE_POOL ? conf.flows - done : SITE_POOL;
		double stall = grow(&site, done, n), bytes = bytes_per_conn(&site);

		longest = stall > longest ? stall : longest;
		if (done + n >= marks[0] && bytes > worst)
			worst = bytes;
		bench_progress(memory->name, done + n);
		if (mark < MARKS && done + n >= marks[mark])
			print(options, memory, marks[mark++], bytes, worst, longest);
	}
	site_close(&site);
}

void bench_memory(const struct bench_options *options)
{
	for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
		if (bench_wanted(options, cases[c].name))
			one_case(options, &cases[c]);
}

/* Default settings, one worker, no service. */
void bench_idle(const struct bench_options *options)
{
	struct lvs_settings settings;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct site site = {.held = 0};
	struct report report;

	if (!bench_wanted(options, "idle"))
		return;
	lvs_settings_init(&settings);
	site_count(&site, &settings);
	site_must(lvs_director_new(&settings, &director));
	site_must(lvs_worker_new(director, &worker));
	report_begin(&report, "idle");
	report_value(&report, "max_conns", settings.max_conns, 0, "max_conns", "");
	report_value(&report, "bytes", (double)site.held, 0, "", "bytes");
	report_goal(&report, "goal_bytes", (double)site.held, GOAL_IDLE);
	report_end(&report, options);
	lvs_worker_del(worker);
	lvs_director_del(director);
}
