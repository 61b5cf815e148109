/* SPDX-License-Identifier: BSD-2-Clause */
/* new/...: first packets of connections, a million held (or as many as --flows says). */
#include "floor.h"
#include "report.h"
#include "site.h"

#define HELD 1000000
#define REFRESH 12 /* rounds of 62 s, within the 900 s that established connections live */

static const struct fresh {
	const char *name;
	const char *sched;
	uint32_t servers;
	double goal_ns; /* 0: none */
} cases[] = {
	{"new/rr", "rr", SITE_SERVERS, 150}, {"new/wrr", "wrr", SITE_SERVERS, 0},
	{"new/lc", "lc", SITE_SERVERS, 0},   {"new/wlc", "wlc", SITE_SERVERS, 150},
	{"new/sh", "sh", SITE_SERVERS, 0},   {"new/mh", "mh", SITE_SERVERS, 150},
	{"new/wlc-100", "wlc", 100, 0},      {"new/wlc-1000", "wlc", 1000, 500},
};

/* Opens connections and lets them expire, which is not measured here: SYN_RECV ends after 60 s,
 * what is held is established and lives on. */
static double one_round(struct site *site, uint32_t held, unsigned batch)
{
	double ns;

	for (unsigned i = 0; i < SITE_POOL; i++)
		site_make(site, i, held + i, SITE_SYN);
	ns = site_run(site, SITE_POOL, batch);
	site_must_be(site, SITE_POOL, LVS_REASON_SCHEDULED);
	site->now += 62 * SITE_SECOND;
	site_expire_due(site);
	return ns;
}

static void print(const struct bench_options *options, const struct fresh *fresh, uint32_t held,
		  unsigned batch, struct spread ns, double floor_ns)
{
	struct report report;

	report_begin(&report, fresh->name);
	report_load(&report, held, 1, batch);
	report_value(&report, "servers", fresh->servers, 0, "", "servers");
	report_ns(&report, &ns);
	if (floor_ns > 0)
		report_floor(&report, floor_ns, ns.median / floor_ns);
	report_goal(&report, "goal_ns", ns.median, batch == SITE_BATCH ? fresh->goal_ns : 0);
	report_end(&report, options);
}

static struct spread all_rounds(struct site *site, uint32_t held, unsigned batch, unsigned rounds)
{
	double values[1024];

	for (unsigned i = 0; i < rounds; i++) {
		if (i % REFRESH == 0)
			site_touch(site, 0, held);
		values[i] = one_round(site, held, batch);
	}
	return spread_of(values, rounds);
}

static void one_case(const struct bench_options *options, const struct fresh *fresh)
{
	uint32_t held = options->flows_max < HELD ? options->flows_max : HELD;
	struct site_conf conf = {.family = LVS_INET,
				 .method = LVS_METHOD_DR,
				 .sched = fresh->sched,
				 .servers = fresh->servers,
				 .flows = held + SITE_POOL};
	double floor_ns = 0;
	struct site site;
	unsigned batch;

	bench_progress(fresh->name, held);
	site_open(&site, &conf);
	site_fill(&site, 0, held, true);
	if (!options->quick)
		floor_ns = floor_of(held, false, false);
	for (unsigned b = 0; (batch = bench_batch(options, b)) != 0; b++)
		print(options, fresh, held, batch, all_rounds(&site, held, batch, options->rounds),
		      floor_ns);
	site_close(&site);
}

void bench_fresh(const struct bench_options *options)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (bench_wanted(options, cases[i].name))
			one_case(options, &cases[i]);
}
