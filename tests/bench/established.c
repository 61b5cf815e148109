/* SPDX-License-Identifier: BSD-2-Clause */
/* established/...: packets of known connections, flows in random order. */
#include <stdio.h>
#include <string.h>

#include "site.h"

#define TURNS 10 /* times the table is emptied and filled before it is measured */

static const struct {
	const char *name;
	enum lvs_family family;
	enum lvs_method method;
} cases[] = {
	{"established/dr/v4", LVS_INET, LVS_METHOD_DR},
	{"established/nat/v4", LVS_INET, LVS_METHOD_NAT},
	{"established/ipip/v4", LVS_INET, LVS_METHOD_TUNNEL},
	{"established/dr/v6", LVS_INET6, LVS_METHOD_DR},
	{"established/nat/v6", LVS_INET6, LVS_METHOD_NAT},
	{"established/ipip/v6", LVS_INET6, LVS_METHOD_TUNNEL},
};

static const uint32_t sizes[] = {10000, 1000000, 10000000};

static void check(const struct site *site, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (site->packets[i].verdict != LVS_FORWARD)
			bench_fail(lvs_reason_text(site->packets[i].reason));
}

/* NAT: both directions mixed. */
static double one_round(struct site *site)
{
	uint64_t before;
	double ns;

	for (unsigned i = 0; i < SITE_POOL; i++) {
		uint32_t flow = (uint32_t)(bench_random(&site->random) % site->flows);
		bool reply = site->method == LVS_METHOD_NAT && bench_random(&site->random) % 2;

		site_make(site, i, flow, reply ? SITE_REPLY : SITE_ACK);
	}
	before = site->allocations;
	ns = site_run(site, SITE_POOL, SITE_BATCH);
	check(site, SITE_POOL);
	if (site->allocations != before)
		bench_fail("a packet of an established flow cost an allocation");
	return ns;
}

static double measure(struct site *site, const struct bench_options *options, double *low,
		      double *high)
{
	double values[1024];

	for (unsigned i = 0; i < options->rounds; i++)
		values[i] = one_round(site);
	bench_median(values, options->rounds);
	*low = values[options->rounds / 10];
	*high = values[options->rounds - 1 - options->rounds / 10];
	return values[options->rounds / 2];
}

static void turn_over(struct site *site, unsigned turns)
{
	for (unsigned i = 0; i < turns; i++) {
		site_fill(site, 0, site->flows, false);
		site_expire(site);
	}
	site_fill(site, 0, site->flows, true);
}

static void print(const struct bench_options *options, const char *name, uint32_t flows, double ns,
		  double floor_ns, double low, double high)
{
	if (options->json)
		printf("{\"case\":\"%s\",\"flows\":%u,\"workers\":1,\"ns_per_packet\":%.1f,"
		       "\"floor_ns\":%.1f,\"ratio\":%.2f,\"p10\":%.1f,\"p90\":%.1f}\n",
		       name, flows, ns, floor_ns, ns / floor_ns, low, high);
	else
		printf("%-22s %9u flows %7.1f ns   floor %5.1f   ratio %5.2f   (%.1f to %.1f)\n",
		       name, flows, ns, floor_ns, ns / floor_ns, low, high);
	fflush(stdout);
}

static void one_case(const struct bench_options *options, unsigned c, uint32_t flows)
{
	struct site_conf conf = {.family = cases[c].family,
				 .method = cases[c].method,
				 .sched = "rr",
				 .flows = flows};
	double ns, floor_ns = 1, low, high;
	struct site site;

	bench_progress(cases[c].name, flows);
	site_open(&site, &conf);
	turn_over(&site, options->quick ? 1 : TURNS);
	ns = measure(&site, options, &low, &high);
	site_close(&site);
	if (!options->quick)
		floor_ns = bench_floor(flows, cases[c].method == LVS_METHOD_NAT,
				       cases[c].family == LVS_INET6);
	print(options, cases[c].name, flows, ns, floor_ns, low, high);
}

static void all_sizes(const struct bench_options *options, unsigned c)
{
	if (options->quick) {
		one_case(options, c, options->flows_max);
		return;
	}
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		if (sizes[s] <= options->flows_max)
			one_case(options, c, sizes[s]);
}

void bench_established(const struct bench_options *options)
{
	for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
		if (bench_wanted(options, cases[c].name))
			all_sizes(options, c);
}
