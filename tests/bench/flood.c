/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood: a million SYNs a second from random sources, against a table that is full: half of it
 * established, half of the flood's own. Embryonic entries make room. Between its batches new
 * clients open connections and answer 100 ms later, and packets of established flows pass, which
 * are measured; and measured again without the flood, in turns.
 */
#include <string.h>

#include "report.h"
#include "site.h"

#define HELD 1000000
#define NS_A_PACKET 1000
#define ANSWER_NS (SITE_SECOND / 10) /* until a client's second packet */
#define BATCHES 63                   /* of the flood, and of established flows, a round */
#define ROUNDS 10                    /* for each that was asked for */
#define RING 8192                    /* clients on their way */
#define GOAL_NS 200
#define GOAL_SERVED 95
#define GOAL_SLOWDOWN 1.2

enum {
	KNOWN = BATCHES *
		SITE_BATCH, /* slots of the pool: the flood before, flows that are known */
	CLIENT = SITE_POOL - 1,
};

static const struct flood {
	const char *name;
	enum lvs_method method;
	double goal_ns;
} cases[] = {
	{"flood", LVS_METHOD_DR, GOAL_NS},
	{"flood/nat", LVS_METHOD_NAT, 0},
};

struct client {
	uint64_t at; /* when it answers */
	lvs_be32 server;
};

struct clients {
	struct client ring[RING];
	uint32_t first;
	uint32_t next;
	uint32_t served;
};

struct values {
	double flood[10240];
	double during[10240];
	double without[10240];
	unsigned n;
	uint64_t opened; /* by the flood's packets */
};

/* From addresses that nobody else here has. */
static void make_flood(struct site *site, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t random = bench_random(&site->random);
		struct lvs_flow flow = site_flow(site, 0, 1 + (random >> 48) % 65535);

		flow.src = site_addr(site->family, 20 + (uint32_t)(random >> 24) % 100,
				     (uint32_t)random & 0xffffff);
		site_put(site, i, &flow, LVS_TCP_SYN);
	}
}

static void make_known(struct site *site)
{
	for (unsigned i = 0; i < BATCHES * SITE_BATCH; i++)
		site_make(site, KNOWN + i,
			  (uint32_t)(bench_random(&site->random) % (site->flows / 2)), SITE_ACK);
}

static bool send_client(struct site *site, uint32_t number, uint8_t flags, lvs_be32 *server)
{
	struct lvs_flow flow = site_flow(site, 0x800000 + number % 0x700000, 5000);

	site_put(site, CLIENT, &flow, flags);
	lvs_worker_process(site->worker, site->packets + CLIENT, 1, site->now);
	*server = site->packets[CLIENT].next_hop.word[0];
	return site->packets[CLIENT].verdict == LVS_FORWARD;
}

/* A SYN; and those who answer now: served is who comes to the server that his SYN came to. */
static void clients_go_on(struct site *site, struct clients *clients)
{
	struct client *client = &clients->ring[clients->next % RING];
	lvs_be32 server;

	client->at = site->now + ANSWER_NS;
	if (!send_client(site, clients->next++, LVS_TCP_SYN, &client->server))
		client->server = 0;
	while (clients->ring[clients->first % RING].at <= site->now &&
	       clients->first != clients->next) {
		bool passed = send_client(site, clients->first, LVS_TCP_ACK, &server);

		client = &clients->ring[clients->first++ % RING];
		clients->served += passed && server == client->server;
	}
}

static uint64_t process(struct site *site, unsigned first)
{
	uint64_t cost = bench_cpu_cost(), took = bench_cpu();

	lvs_worker_process(site->worker, site->packets + first, SITE_BATCH, site->now);
	took = bench_cpu() - took;
	return took > cost ? took - cost : 0;
}

static void round_of_flood(struct site *site, struct clients *clients, struct values *values)
{
	uint64_t flood = 0, known = 0;

	make_flood(site, BATCHES * SITE_BATCH);
	make_known(site);
	for (unsigned i = 0; i < BATCHES; i++) {
		flood += process(site, i * SITE_BATCH);
		known += process(site, KNOWN + i * SITE_BATCH);
		clients_go_on(site, clients);
		lvs_worker_handle_expiry(site->worker, site->now, 64);
		site->now += SITE_BATCH * NS_A_PACKET;
	}
	for (unsigned i = 0; i < BATCHES * SITE_BATCH; i++)
		values->opened += site->packets[i].reason == LVS_REASON_SCHEDULED;
	values->flood[values->n] = (double)flood / (BATCHES * SITE_BATCH);
	values->during[values->n] = (double)known / (BATCHES * SITE_BATCH);
}

/* Other known flows take the flood's place. */
static void round_without(struct site *site, struct values *values)
{
	uint64_t known = 0;

	for (unsigned i = 0; i < BATCHES * SITE_BATCH; i++)
		site_make(site, i, (uint32_t)(bench_random(&site->random) % (site->flows / 2)),
			  SITE_ACK);
	make_known(site);
	for (unsigned i = 0; i < BATCHES; i++) {
		process(site, i * SITE_BATCH);
		known += process(site, KNOWN + i * SITE_BATCH);
	}
	values->without[values->n] = (double)known / (BATCHES * SITE_BATCH);
}

/* Established flows that are gone, or elsewhere. */
static uint32_t moved(struct site *site)
{
	uint32_t n = 0;

	for (uint32_t flow = 0; flow < site->flows / 2; flow++) {
		site_make(site, CLIENT, flow, SITE_ACK);
		lvs_worker_process(site->worker, site->packets + CLIENT, 1, site->now);
		n += site->packets[CLIENT].reason != LVS_REASON_ESTABLISHED ||
		     site->packets[CLIENT].next_hop.word[0] != site->server[flow];
	}
	return n;
}

static void print(const struct bench_options *options, const struct flood *flood,
		  struct values *values, const struct clients *clients, uint32_t held,
		  uint32_t moved_n)
{
	struct spread ns = spread_of(values->flood, values->n);
	double during = spread_of(values->during, values->n).median;
	double without = spread_of(values->without, values->n).median;
	double served = clients->first ? 100.0 * clients->served / clients->first : 0;
	double opened = 100.0 * (double)values->opened / (values->n * BATCHES * SITE_BATCH);
	struct report report;

	report_begin(&report, flood->name);
	report_load(&report, held, 1, SITE_BATCH);
	report_ns(&report, &ns);
	report_value(&report, "opened_percent", opened, 2, "of the flood opened", "%");
	report_value(&report, "served_percent", served, 2, "new clients served", "%");
	report_value(&report, "clients", clients->first, 0, "of", "");
	report_value(&report, "established_ns", during, 1, "established flows", "ns");
	report_value(&report, "established_without_ns", without, 1, "without", "ns");
	report_value(&report, "slowdown", during / without, 2, "slowdown", "");
	report_value(&report, "moved", moved_n, 0, "moved", "flows");
	report_goal(&report, "goal_ns", ns.median, flood->goal_ns);
	report_goal_least(&report, "goal_served_percent", served, GOAL_SERVED);
	report_goal(&report, "goal_slowdown", during / without, GOAL_SLOWDOWN);
	report_end(&report, options);
}

/* Half is established, the rest the flood's. */
static void fill(struct site *site, uint32_t held)
{
	site_fill(site, 0, held / 2, true);
	for (uint32_t sent = 0; sent < held / 2 + SITE_POOL; sent += SITE_POOL) {
		make_flood(site, SITE_POOL);
		site_run(site, SITE_POOL, SITE_BATCH);
		site->now += SITE_POOL * NS_A_PACKET;
	}
	if (lvs_director_conn_n(site->director) < held)
		bench_fail("the table is not full");
}

static void count_rounds(struct site *site, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		make_flood(site, SITE_POOL);
		site_run(site, SITE_POOL, SITE_BATCH);
		site->now += SITE_POOL * NS_A_PACKET;
	}
}

static void one_case(const struct bench_options *options, const struct flood *flood)
{
	uint32_t held = options->flows_max < HELD ? options->flows_max : HELD;
	unsigned rounds = options->rounds * ROUNDS;
	struct site_conf conf = {.family = LVS_INET,
				 .method = flood->method,
				 .sched = "wlc",
				 .full_policy = LVS_FULL_EVICT,
				 .flows = held,
				 .room = held};
	static struct clients clients;
	static struct values values;
	struct site site;

	bench_progress(flood->name, held);
	memset(&clients, 0, sizeof(clients));
	site_open(&site, &conf);
	fill(&site, held);
	if (options->quick) {
		count_rounds(&site, options->rounds);
	} else {
		values.opened = 0;
		for (values.n = 0; values.n < rounds; values.n++) {
			round_of_flood(&site, &clients, &values);
			round_without(&site, &values);
		}
		print(options, flood, &values, &clients, held, moved(&site));
	}
	site_close(&site);
}

void bench_flood(const struct bench_options *options)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (bench_wanted(options, cases[i].name))
			one_case(options, &cases[i]);
}
