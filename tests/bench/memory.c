/* SPDX-License-Identifier: BSD-2-Clause */
/* memory/...: bytes a connection, all in, while a table grows; the longest stall of an insert. */
#include <stdio.h>

#include "site.h"

static const struct {
	const char *name;
	enum lvs_family family;
	enum lvs_method method;
} cases[] = {
	{"memory/dr/v4", LVS_INET, LVS_METHOD_DR},
	{"memory/nat/v4", LVS_INET, LVS_METHOD_NAT},
	{"memory/nat/v6", LVS_INET6, LVS_METHOD_NAT},
};

static const uint32_t marks[] = {1000000, 2000000, 4300000, 8500000, 10000000};

static double bytes_per_conn(const struct site *site)
{
	struct lvs_table_stats stats = {.size = sizeof(stats)};

	lvs_director_table_stats(site->director, &stats);
	return (double)stats.bytes / stats.conns;
}

static void print(const struct bench_options *options, const char *name, uint32_t flows,
		  double bytes, double worst, double stall_us)
{
	if (options->json)
		printf("{\"case\":\"%s\",\"flows\":%u,\"bytes_per_conn\":%.1f,\"worst\":%.1f,"
		       "\"longest_batch_us\":%.1f}\n",
		       name, flows, bytes, worst, stall_us);
	else
		printf("%-22s %9u flows %7.1f bytes a connection, %.1f at the worst point so far, "
		       "longest batch of %d: %.1f us\n",
		       name, flows, bytes, worst, SITE_BATCH, stall_us);
	fflush(stdout);
}

/* Opens one pool's worth of flows; the longest batch in microseconds. */
static double grow(struct site *site, uint32_t first, unsigned n)
{
	double longest = 0;

	for (unsigned i = 0; i < n; i++)
		site_make(site, i, first + i, SITE_SYN);
	for (unsigned i = 0; i < n; i += SITE_BATCH) {
		unsigned batch = n - i < SITE_BATCH ? n - i : SITE_BATCH;
		uint64_t began = bench_now();
		double us;

		lvs_worker_process(site->worker, site->packets + i, batch, site->now);
		us = (double)(bench_now() - began) / 1000;
		longest = us > longest ? us : longest;
	}
	return longest;
}

static void one_case(const struct bench_options *options, unsigned c)
{
	struct site_conf conf = {.family = cases[c].family,
				 .method = cases[c].method,
				 .sched = "rr",
				 .flows = marks[4],
				 .room = marks[4]};
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
		bench_progress(cases[c].name, done + n);
		if (mark < 5 && done + n >= marks[mark]) {
			print(options, cases[c].name, marks[mark], bytes, worst, longest);
			mark++;
		}
	}
	site_close(&site);
}

void bench_memory(const struct bench_options *options)
{
	for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
		if (bench_wanted(options, cases[c].name))
			one_case(options, c);
}
