/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attack/syn/..., attack/udp/...: a million packets a second from random sources, each of them a
 * new flow, against a table that half is full of established connections. These must stay, with
 * their servers, and new clients should come in.
 */
#include "attack.h"

#include <stdio.h>

#define ROOM 65536
#define KNOWN (ROOM / 2)
#define FLOOD (8 * ROOM)
#define NS_A_PACKET 1000
#define ANSWER_NS (10 * UINT64_C(1000000)) /* until a client's second packet */
#define CLIENT_EVERY 8                     /* batches */

enum {
	OURS = SITE_POOL / 2, /* slots of the pool: the flood before, others from here */
};

struct flood {
	const char *name;
	uint8_t protocol;
	enum lvs_method method;
	const char *sched;
	uint32_t policy;
	unsigned served; /* percent of the new clients, at the least */
};

static const struct flood floods[] = {
	{"attack/syn/refuse", LVS_TCP, LVS_METHOD_NAT, "wlc", LVS_FULL_REFUSE, 0},
	{"attack/syn/evict", LVS_TCP, LVS_METHOD_NAT, "wlc", LVS_FULL_EVICT, 90},
	{"attack/syn/evict_mh", LVS_TCP, LVS_METHOD_DR, "mh", LVS_FULL_EVICT, 100},
	{"attack/syn/untracked_mh", LVS_TCP, LVS_METHOD_DR, "mh", LVS_FULL_UNTRACKED, 100},
	{"attack/udp/refuse", LVS_UDP, LVS_METHOD_NAT, "wlc", LVS_FULL_REFUSE, 0},
	{"attack/udp/evict", LVS_UDP, LVS_METHOD_NAT, "wlc", LVS_FULL_EVICT, 90},
	{"attack/udp/untracked_mh", LVS_UDP, LVS_METHOD_DR, "mh", LVS_FULL_UNTRACKED, 100},
};

struct result {
	double known_ns; /* established flows, while it goes on */
	double longest_us;
	uint32_t clients; /* who came while the table was full */
	uint32_t served;  /* of them */
	uint32_t lost;    /* established flows that are not what they were */
	uint32_t conns;   /* at the most */
};

/* A client's packet in the slot behind the flood's; its reason. */
static unsigned one_packet(struct site *site, uint32_t host, uint8_t flags, lvs_be32 *server)
{
	struct lvs_flow flow = site_flow(site, host, 5000);

	site_put(site, OURS, &flow, flags);
	lvs_worker_process(site->worker, site->packets + OURS, 1, site->now);
	*server = site->packets[OURS].next_hop.word[0];
	return site->packets[OURS].reason;
}

static bool is_served(unsigned reason)
{
	return lvs_reason_verdict(reason) == LVS_FORWARD;
}

/* A new client each CLIENT_EVERY batches: SYN; after ANSWER_NS his ACK, and whether it came to the
 * server of the SYN. */
struct clients {
	struct {
		uint64_t at;
		uint32_t host;
		lvs_be32 server;
		bool served;
	} ring[1024];
	uint32_t first;
	uint32_t next;
};

static void client_comes(struct site *site, struct clients *clients)
{
	unsigned at = clients->next % 1024;
	unsigned reason;

	clients->ring[at].host = 0x800000 + clients->next++;
	clients->ring[at].at = site->now + ANSWER_NS;
	reason = one_packet(site, clients->ring[at].host, LVS_TCP_SYN, &clients->ring[at].server);
	clients->ring[at].served = is_served(reason);
}

static void clients_go_on(struct site *site, struct clients *clients, struct result *result)
{
	while (clients->first != clients->next &&
	       clients->ring[clients->first % 1024].at <= site->now) {
		unsigned at = clients->first++ % 1024;
		lvs_be32 server;
		unsigned reason = one_packet(site, clients->ring[at].host, LVS_TCP_ACK, &server);

		result->clients++;
		result->served += clients->ring[at].served && is_served(reason) &&
				  server == clients->ring[at].server;
	}
}

static void make_flood(struct site *site, const struct flood *flood)
{
	for (unsigned i = 0; i < OURS; i++) {
		uint64_t random = bench_random(&site->random);
		struct lvs_flow flow = site_flow(site, 0, 1 + (random >> 32) % 65535);

		flow.src.word[0] = (uint32_t)random | 1;
		flow.protocol = flood->protocol;
		site_put(site, i, &flow, LVS_TCP_SYN);
	}
}

/* Some established flows' packets; ns each. */
static double known_packets(struct site *site)
{
	for (unsigned i = 0; i < SITE_BATCH; i++)
		site_make(site, OURS + i, (uint32_t)(bench_random(&site->random) % KNOWN),
			  SITE_ACK);
	return (double)attack_process(site, OURS, SITE_BATCH) / SITE_BATCH;
}

static void one_batch(struct site *site, unsigned first, struct result *result, double *ns)
{
	uint64_t took = attack_process(site, first, SITE_BATCH);
	uint32_t conns;

	lvs_worker_handle_expiry(site->worker, site->now, 64);
	*ns += (double)took / SITE_BATCH;
	if ((double)took / 1000 > result->longest_us)
		result->longest_us = (double)took / 1000;
	conns = lvs_director_conn_n(site->director);
	result->conns = conns > result->conns ? conns : result->conns;
	site->now += SITE_BATCH * NS_A_PACKET;
}

static double run_flood(struct site *site, const struct flood *flood, struct result *result)
{
	struct clients clients = {.first = 0};
	unsigned batches = 0, known = 0;
	double ns = 0;

	for (unsigned sent = 0; sent < FLOOD; batches++) {
		bool full = sent > ROOM; /* counted from here on */

		if (batches % (OURS / SITE_BATCH) == 0)
			make_flood(site, flood);
		one_batch(site, batches % (OURS / SITE_BATCH) * SITE_BATCH, result, &ns);
		sent += SITE_BATCH;
		if (full && batches % CLIENT_EVERY == 0)
			client_comes(site, &clients);
		clients_go_on(site, &clients, result);
		if (full && batches % 4 == 0) {
			result->known_ns += known_packets(site);
			known++;
		}
	}
	result->known_ns /= known;
	return ns / batches;
}

/* Those that were there are there, with the servers they had. */
static void look_for_lost(struct site *site, struct result *result)
{
	for (uint32_t flow = 0; flow < KNOWN; flow++) {
		const struct lvs_packet *packet = &site->packets[OURS];

		site_make(site, OURS, flow, SITE_ACK);
		lvs_worker_process(site->worker, site->packets + OURS, 1, site->now);
		result->lost += packet->reason != LVS_REASON_ESTABLISHED ||
				packet->next_hop.word[0] != site->server[flow];
	}
}

/* A new flow's packet, and a known one's, where there is room and nobody floods. */
static double without(struct site *site, double *known_ns)
{
	double longest = 0, ns = 0;
	unsigned n = 0;

	for (uint32_t flow = KNOWN; flow + OURS < ROOM - 1024; flow += OURS, n++) {
		for (unsigned i = 0; i < OURS; i++)
			site_make(site, i, flow + i, SITE_SYN);
		ns += attack_run(site, OURS, &longest);
	}
	*known_ns = 0;
	for (unsigned i = 0; i < 4096; i++)
		*known_ns += known_packets(site) / 4096;
	/* SYN_RECV ends after 60 s, what is established lives on. */
	site->now += UINT64_C(62000000000);
	do
		lvs_worker_handle_expiry(site->worker, site->now, 0);
	while (lvs_worker_expiry(site->worker) <= site->now);
	return ns / n;
}

static unsigned report(const struct bench_options *options, const struct site *site,
		       struct attack_line *line, const struct result *result, double known_ns,
		       unsigned served)
{
	line->longest_us = result->longest_us;
	line->bytes = site->peak;
	if (result->lost)
		line->broken = "established connections were lost";
	else if (result->served * 100 < result->clients * served)
		line->broken = "fewer new clients were served than the policy promises";
	else if (result->conns > ROOM)
		line->broken = "more connections than max_conns";
	snprintf(line->note, sizeof(line->note),
		 "known flows %.0f ns, without %.0f, lost %u of %u; new clients served %.1f %% of "
		 "%u",
		 result->known_ns, known_ns, result->lost, KNOWN,
		 result->clients ? 100.0 * result->served / result->clients : 0, result->clients);
	return attack_print(options, line);
}

static unsigned one_flood(const struct bench_options *options, const struct flood *flood)
{
	const struct site_conf conf = {
		.family = LVS_INET,
		.method = flood->method,
		.sched = flood->sched,
		.flows = ROOM,
		.room = ROOM,
		.full_policy = flood->policy,
		.key = attack_key(),
		.udp_service = flood->sched,
	};
	struct attack_line line = {.name = flood->name};
	struct result result = {0};
	double known_ns;
	struct site site;
	unsigned broken;

	bench_progress(flood->name, FLOOD);
	site_open(&site, &conf);
	line.bound = attack_bound(&site, site.held, ROOM);
	site_fill(&site, 0, KNOWN, true);
	line.without = without(&site, &known_ns);
	line.ns = run_flood(&site, flood, &result);
	look_for_lost(&site, &result);
	broken = report(options, &site, &line, &result, known_ns, flood->served);
	site_close(&site);
	return broken;
}

unsigned attack_floods(const struct bench_options *options)
{
	unsigned broken = 0;

	for (unsigned i = 0; i < sizeof(floods) / sizeof(floods[0]); i++)
		if (bench_wanted(options, floods[i].name))
			broken += one_flood(options, &floods[i]);
	return broken;
}
