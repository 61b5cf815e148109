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

void bench_persistent(const struct bench_options *options)
{
	uint32_t held = options->flows_max < HELD ? options->flows_max : HELD;
	unsigned batch = options->batch ? options->batch : SITE_BATCH;
	struct site_conf conf = {.family = LVS_INET,
				 .method = LVS_METHOD_DR,
				 .sched = "wlc",
				 .clients = held / EACH ? held / EACH : 1,
				 .persistent_s = LIFE_S,
				 .flows = held,
				 .room = held + held / EACH + 2 * SITE_POOL};
	double values[1024];
	struct report report;
	struct spread ns;
	struct site site;

	if (!bench_wanted(options, "persistent"))
		return;
	bench_progress("persistent", held);
	site_open(&site, &conf);
	site_fill(&site, 0, held, true);
	for (unsigned i = 0; i < options->rounds; i++) {
		if (i % REFRESH == REFRESH - 1)
			site_touch(&site, 0, held);
		values[i] = one_round(&site, batch);
	}
	site_close(&site);
	ns = spread_of(values, options->rounds);
	report_begin(&report, "persistent");
	report_load(&report, held, 1, batch);
	report_value(&report, "clients", conf.clients, 0, "", "clients");
	report_ns(&report, &ns);
	if (!options->quick) {
		double floor_ns = floor_of(held, false, false);

		report_floor(&report, floor_ns, ns.median / floor_ns);
	}
	report_goal(&report, "goal_ns", ns.median, GOAL_NS);
	report_end(&report, options);
}
