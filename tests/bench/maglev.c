/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * maglev: a table of 65,537 slots for 100 servers is built anew, one of them having left or come
 * back. maglev/mh: a commit of one weight of a service with mh, whose table is the kernel's.
 */
#include "report.h"
#include "site.h"

#include "sched/maglev.h"

#define SLOTS 65537
#define SERVERS 100
#define GOAL_MS 3

static void make_walks(struct lvs_maglev_walk *walk, unsigned without)
{
	for (unsigned i = 0, n = 0; i <= SERVERS; i++) {
		uint64_t state = i, random = bench_random(&state);

		if (i == without)
			continue;
		walk[n++] = (struct lvs_maglev_walk){
			.slot = (uint32_t)random % SLOTS,
			.skip = (uint32_t)(random >> 32) % (SLOTS - 1) + 1,
			.turns = 1,
		};
	}
}

static double one_build(unsigned without)
{
	static uint16_t slot[SLOTS];
	struct lvs_maglev_walk walk[SERVERS + 1];
	uint64_t began = bench_cpu();

	make_walks(walk, without);
	for (unsigned i = 0; i < SLOTS; i++)
		slot[i] = LVS_MAGLEV_FREE;
	lvs_maglev_fill(slot, SLOTS, walk, SERVERS);
	for (unsigned i = 0; i < SLOTS; i++)
		if (slot[i] >= SERVERS)
			bench_fail("a slot of Maglev's table is nobody's");
	return (double)(bench_cpu() - began) / 1e6;
}

static void print(const struct bench_options *options, const char *name, unsigned slots,
		  double *values)
{
	struct spread ms = spread_of(values, options->rounds);
	struct report report;

	report_begin(&report, name);
	report_value(&report, "slots", slots, 0, "", "slots");
	report_value(&report, "servers", SERVERS, 0, "", "servers");
	report_value(&report, "ms", ms.median, 3, "", "ms");
	report_value(&report, "p10", ms.p10, 3, "(10 % below", "");
	report_value(&report, "p90", ms.p90, 3, "and above", ")");
	report_goal(&report, "goal_ms", ms.median, GOAL_MS);
	report_end(&report, options);
}

/* The weight of one server, which decides how many turns it has. */
static double one_commit(struct site *site, unsigned round)
{
	struct lvs_service_key service = site_service_key(site->family, LVS_TCP);
	uint64_t began = bench_cpu();

	site_set_weight(site, &service, round % SERVERS + 1, round / SERVERS % 2 ? 1 : 2);
	return (double)(bench_cpu() - began) / 1e6;
}

static void commits(const struct bench_options *options)
{
	struct site_conf conf = {.family = LVS_INET,
				 .method = LVS_METHOD_DR,
				 .sched = "mh",
				 .servers = SERVERS,
				 .flows = 1000};
	double values[1024];
	struct site site;

	site_open(&site, &conf);
	for (unsigned i = 0; i < options->rounds; i++)
		values[i] = one_commit(&site, i);
	site_close(&site);
	print(options, "maglev/mh", 4093, values);
}

void bench_maglev(const struct bench_options *options)
{
	double values[1024];

	if (bench_wanted(options, "maglev")) {
		for (unsigned i = 0; i < options->rounds; i++)
			values[i] = one_build(i % (SERVERS + 1));
		print(options, "maglev", SLOTS, values);
	}
	if (bench_wanted(options, "maglev/mh"))
		commits(options);
}
