/* SPDX-License-Identifier: BSD-2-Clause */
/* established/...: packets of known connections, flows in random order. */
#include "floor.h"
#include "report.h"
#include "site.h"

#define TURNS 10 /* times the table is emptied and filled before it is measured */
#define BLOCK 10 /* rounds between two passes of the floor, so that both see the same machine */
#define SIZES 3

static const uint32_t sizes[SIZES] = {10000, 1000000, 10000000};

static const struct known {
	const char *name;
	enum lvs_family family;
	enum lvs_method method;
	double goal_ns[SIZES]; /* by size, in batches of 32; 0: none */
	double goal_ratio[SIZES];
} cases[] = {
	{"established/dr/v4", LVS_INET, LVS_METHOD_DR, {22, 36, 44}, {4.5, 2, 2.2}},
	{"established/nat/v4", LVS_INET, LVS_METHOD_NAT, {0, 42, 0}, {0}},
	{"established/ipip/v4", LVS_INET, LVS_METHOD_TUNNEL, {0, 46, 0}, {0}},
	{"established/dr/v6", LVS_INET6, LVS_METHOD_DR, {30.8, 50.4, 61.6}, {0}},
	{"established/nat/v6", LVS_INET6, LVS_METHOD_NAT, {0, 58.8, 0}, {0}},
	{"established/ipip/v6", LVS_INET6, LVS_METHOD_TUNNEL, {0, 64.4, 0}, {0}},
};

/* NAT: both directions mixed. */
static double one_round(struct site *site, unsigned batch)
{
	uint64_t before;
	double ns;

	for (unsigned i = 0; i < SITE_POOL; i++) {
		uint32_t flow = (uint32_t)(bench_random(&site->random) % site->flows);
		bool reply = site->method == LVS_METHOD_NAT && bench_random(&site->random) % 2;

		site_make(site, i, flow, reply ? SITE_REPLY : SITE_ACK);
	}
	before = site->allocations;
	ns = site_run(site, SITE_POOL, batch);
	site_must_forward(site, SITE_POOL);
	if (site->allocations != before)
		bench_fail("a packet of an established flow cost an allocation");
	return ns;
}

static void turn_over(struct site *site, unsigned turns)
{
	for (unsigned i = 0; i < turns; i++) {
		site_fill(site, 0, site->flows, false);
		site_expire(site);
	}
	site_fill(site, 0, site->flows, true);
}

/* Beside the floor: what is measured between two passes is held against these. */
static double blocks(struct site *site, unsigned rounds, unsigned batch, struct floor_memory *m,
		     double *values, double *floors)
{
	double ratios[1024], block[BLOCK], floor_ns = floor_pass(m);
	unsigned n = 0;

	for (unsigned done = 0; done < rounds; done += BLOCK, n++) {
		unsigned here = rounds - done < BLOCK ? rounds - done : BLOCK;
		double before = floor_ns;

		for (unsigned i = 0; i < here; i++)
			values[done + i] = block[i] = one_round(site, batch);
		floor_ns = floor_pass(m);
		floors[n] = (before + floor_ns) / 2;
		ratios[n] = spread_of(block, here).median / floors[n];
	}
	floors[0] = spread_of(floors, n).median;
	return spread_of(ratios, n).median;
}

/* @p m NULL: no floor. The ratio to it. */
static double measure(struct site *site, const struct bench_options *options, unsigned batch,
		      struct floor_memory *m, struct report *report, struct spread *ns)
{
	double values[1024], floors[1024], ratio = 0;

	if (m)
		ratio = blocks(site, options->rounds, batch, m, values, floors);
	else
		for (unsigned i = 0; i < options->rounds; i++)
			values[i] = one_round(site, batch);
	*ns = spread_of(values, options->rounds);
	report_load(report, site->flows, 1, batch);
	report_ns(report, ns);
	if (m)
		report_floor(report, floors[0], ratio);
	return ratio;
}

static unsigned size_of(uint32_t flows)
{
	unsigned size = 0;

	while (size < SIZES - 1 && sizes[size] < flows)
		size++;
	return size;
}

static void one_batch(struct site *site, const struct bench_options *options,
		      const struct known *known, unsigned batch, struct floor_memory *m)
{
	unsigned size = size_of(site->flows);
	struct report report;
	struct spread ns;
	double ratio;

	report_begin(&report, known->name);
	ratio = measure(site, options, batch, m, &report, &ns);
	if (batch == SITE_BATCH && m) {
		report_goal(&report, "goal_ns", ns.median, known->goal_ns[size]);
		report_goal(&report, "goal_ratio", ratio, known->goal_ratio[size]);
	}
	report_end(&report, options);
}

static void all_batches(struct site *site, const struct bench_options *options,
			const struct known *known)
{
	struct floor_memory m;

	unsigned batch;

	if (options->quick) {
		one_batch(site, options, known, SITE_BATCH, NULL);
		return;
	}
	floor_open(&m, site->flows, known->method == LVS_METHOD_NAT, known->family == LVS_INET6);
	for (unsigned b = 0; (batch = bench_batch(options, b)) != 0; b++)
		one_batch(site, options, known, batch, &m);
	floor_close(&m);
}

static void one_case(const struct bench_options *options, const struct known *known, uint32_t flows)
{
	struct site_conf conf = {
		.family = known->family, .method = known->method, .sched = "rr", .flows = flows};
	struct site site;

	bench_progress(known->name, flows);
	site_open(&site, &conf);
	turn_over(&site, options->quick ? 1 : TURNS);
	all_batches(&site, options, known);
	site_close(&site);
}

static void all_sizes(const struct bench_options *options, const struct known *known)
{
	if (options->quick) {
		one_case(options, known, options->flows_max);
		return;
	}
	for (unsigned s = 0; s < SIZES; s++)
		if (sizes[s] <= options->flows_max)
			one_case(options, known, sizes[s]);
}

void bench_established(const struct bench_options *options)
{
	for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
		if (bench_wanted(options, cases[c].name))
			all_sizes(options, &cases[c]);
}
