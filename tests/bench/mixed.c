/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * established/mixed: what the other cases keep apart, in one batch. Half of the flows are IPv4 to
 * a service by DR, half IPv6 to one by IP in IP; one of four is UDP; one of eight packets has an
 * IPv4 option or an IPv6 extension header.
 */
#include <stdlib.h>

#include "floor.h"
#include "report.h"
#include "site.h"

#define HELD 1000000

struct mixed {
	struct site view[2]; /* of one director: IPv4, which owns it, and IPv6 */
};

static void make(struct site *view, unsigned i, uint32_t number, uint8_t tcp_flags)
{
	struct lvs_flow flow = site_flow_of(view, number);

	if (number % 4 == 3)
		flow.protocol = LVS_UDP;
	site_put(view, i, &flow, tcp_flags);
	if (number % 8 == 0)
		site_add_option(view, i);
}

static void open_some(struct site *view, uint32_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		make(view, i, first + i, LVS_TCP_SYN);
	site_process(view, n, SITE_BATCH);
	site_must_be(view, n, LVS_REASON_SCHEDULED);
	for (unsigned i = 0; i < n; i++)
		make(view, i, first + i, LVS_TCP_ACK);
	site_process(view, n, SITE_BATCH);
	site_must_forward(view, n);
}

static void mixed_open(struct mixed *mixed, uint32_t held)
{
	struct site_conf conf = {.family = LVS_INET,
				 .method = LVS_METHOD_DR,
				 .sched = "rr",
				 .udp_service = "rr",
				 .flows = held / 2,
				 .room = held + held / 10 + 1000};
	struct site_conf other = conf;

	other.family = LVS_INET6;
	other.method = LVS_METHOD_TUNNEL;
	site_open(&mixed->view[0], &conf);
	site_look_like(&mixed->view[1], &mixed->view[0], &other);
	for (unsigned v = 0; v < 2; v++)
		for (uint32_t done = 0; done < held / 2; done += SITE_POOL)
			open_some(&mixed->view[v], done,
				  held / 2 - done < SITE_POOL ? held / 2 - done : SITE_POOL);
}

static double one_round(struct mixed *mixed, unsigned batch)
{
	struct site *site = &mixed->view[0];
	double ns;

	for (unsigned i = 0; i < SITE_POOL; i++) {
		uint64_t random = bench_random(&site->random);

		make(&mixed->view[random >> 63], i, (uint32_t)(random % site->flows), LVS_TCP_ACK);
	}
	ns = site_run(site, SITE_POOL, batch);
	site_must_forward(site, SITE_POOL);
	return ns;
}

void bench_mixed(const struct bench_options *options)
{
	uint32_t held = options->flows_max < HELD ? options->flows_max : HELD;
	unsigned batch = options->batch ? options->batch : SITE_BATCH;
	static struct mixed mixed;
	double values[1024];
	struct report report;
	struct spread ns;

	if (!bench_wanted(options, "established/mixed"))
		return;
	bench_progress("established/mixed", held);
	mixed_open(&mixed, held);
	for (unsigned i = 0; i < options->rounds; i++)
		values[i] = one_round(&mixed, batch);
	site_close(&mixed.view[0]);
	ns = spread_of(values, options->rounds);
	report_begin(&report, "established/mixed");
	report_load(&report, held, 1, batch);
	report_ns(&report, &ns);
	if (!options->quick) {
		double floor_ns = floor_of(held, false, true);

		report_floor(&report, floor_ns, ns.median / floor_ns);
	}
	report_end(&report, options);
}
