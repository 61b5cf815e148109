/* SPDX-License-Identifier: BSD-2-Clause */
/* new/...: first packets of connections, a million held (or as many as --flows says). */
#include <stdio.h>

#include "site.h"

static const char *const scheds[] = {"rr", "wrr", "wlc", "mh"};

#define HELD 1000000

/* Opens connections in rounds and ends them by killing, outside of what is measured. */
static double one_round(struct site *site, uint32_t held, double *expiry_ns)
{
	uint64_t began;
	double ns;

	for (unsigned i = 0; i < SITE_POOL; i++)
		site_make(site, i, held + i, SITE_SYN);
	ns = site_run(site, SITE_POOL, SITE_BATCH);
	for (unsigned i = 0; i < SITE_POOL; i++)
		if (site->packets[i].reason != LVS_REASON_SCHEDULED)
			bench_fail(lvs_reason_text(site->packets[i].reason));
	/* SYN_RECV ends after 60 s, what is held is established for 900 s and lives on */
	site->now += (uint64_t)62 * 1000000000;
	began = bench_now();
	do
		lvs_worker_handle_expiry(site->worker, site->now, 4096);
	while (lvs_worker_expiry(site->worker) <= site->now);
	*expiry_ns = (double)(bench_now() - began) / SITE_POOL;
	return ns;
}

static void print(const struct bench_options *options, const char *name, uint32_t flows, double ns)
{
	if (options->json)
		printf("{\"case\":\"%s\",\"flows\":%u,\"workers\":1,\"ns_per_packet\":%.1f}\n",
		       name, flows, ns);
	else
		printf("%-22s %9u held  %7.1f ns\n", name, flows, ns);
	fflush(stdout);
}

static void one_case(const struct bench_options *options, const char *sched, const char *name)
{
	uint32_t held = options->flows_max < HELD ? options->flows_max : HELD;
	struct site_conf conf = {.family = LVS_INET,
				 .method = LVS_METHOD_DR,
				 .sched = sched,
				 .flows = held + SITE_POOL};
	unsigned rounds = options->rounds < 12 ? options->rounds : 12; /* within 900 s */
	double values[16], expiry[16];
	struct site site;

	bench_progress(name, held);
	site_open(&site, &conf);
	site_fill(&site, 0, held, true);
	for (unsigned i = 0; i < rounds; i++)
		values[i] = one_round(&site, held, &expiry[i]);
	print(options, name, held, bench_median(values, rounds));
	if (sched == scheds[0])
		print(options, "expiry", held, bench_median(expiry, rounds));
	site_close(&site);
}

void bench_fresh(const struct bench_options *options)
{
	char name[32];

	for (unsigned i = 0; i < sizeof(scheds) / sizeof(scheds[0]); i++) {
		snprintf(name, sizeof(name), "new/%s", scheds[i]);
		if (bench_wanted(options, name))
			one_case(options, scheds[i], name);
	}
}
