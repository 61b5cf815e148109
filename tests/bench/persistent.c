/* SPDX-License-Identifier: BSD-2-Clause */
/* persistent: new connections of clients that a persistent service knows, ten of each held. */
#include "floor.h"
#include "report.h"
#include "site.h"

#define HELD 1000000
#define EACH 10 /* connections of a client */
#define GOAL_NS 220
#define LIFE_S 3600 /* of what is known of a client */
#define REFRESH 12  /* rounds of 62 s, within the 900 s that established connections live */

/* A client drawn at random opens one more, from a port that it has not used. */
static double one_round(struct site *site, unsigned batch)
{
	double ns;

	for (unsigned i = 0; i < SITE_POOL; i++) {
		uint32_t client = (uint32_t)(bench_random(&site->random) % site->clients);

		site_make(site, i, client + (EACH + 1 + i) * site->clients, SITE_SYN);
	}
	ns = site_run(site, SITE_POOL, batch);
	site_must_be(site, SITE_POOL, LVS_REASON_SCHEDULED);
	site->now += 62 * SITE_SECOND;
	site_expire_due(site);
	return ns;
}

static struct spread all_rounds(struct site *site, uint32_t held, unsigned batch, unsigned rounds)
{
	double values[1024];

	for (unsigned i = 0; i < rounds; i++) {
		if (i % REFRESH == 0)
			site_touch(site, 0, held);
		values[i] = one_round(site, batch);
	}
	return spread_of(values, rounds);
}

static void print(const struct bench_options *options, const struct site *site, unsigned batch,
		  struct spread ns, double floor_ns)
{
	struct report report;

	report_begin(&report, "persistent");
	report_load(&report, site->flows, 1, batch);
	report_value(&report, "clients", site->clients, 0, "", "clients");
	report_ns(&report, &ns);
	if (floor_ns > 0)
		report_floor(&report, floor_ns, ns.median / floor_ns);
	report_goal(&report, "goal_ns", ns.median, batch == SITE_BATCH ? GOAL_NS : 0);
	report_end(&report, options);
}

void bench_persistent(const struct bench_options *options)
{
	uint32_t held = options->flows_max < HELD ? options->flows_max : HELD;
	struct site_conf conf = {.family = LVS_INET,
				 .method = LVS_METHOD_DR,
				 .sched = "wlc",
				 .clients = held / EACH ? held / EACH : 1,
				 .persistent_s = LIFE_S,
				 .flows = held,
				 .room = held + held / EACH + 2 * SITE_POOL};
	double floor_ns = 0;
	struct site site;
	unsigned batch;

	if (!bench_wanted(options, "persistent"))
		return;
	bench_progress("persistent", held);
	site_open(&site, &conf);
	site_fill(&site, 0, held, true);
	if (!options->quick)
		floor_ns = floor_of(held, false, false);
	for (unsigned b = 0; (batch = bench_batch(options, b)) != 0; b++)
		print(options, &site, batch, all_rounds(&site, held, batch, options->rounds),
		      floor_ns);
	site_close(&site);
}
