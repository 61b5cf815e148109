/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attack/fragments/...: datagrams that never become whole, in pieces that cost the most. The table
 * of fragments keeps to its bound, others' packets go on, and so do others' datagrams.
 */
#include "attack.h"

#include <stdio.h>
#include <string.h>

#include "base/byteorder.h"
#include "packet/checksum.h"

#define FLOWS 32768
#define ROUNDS 64
#define BYTES (1u << 20)
#define DATAGRAMS 4096
#define SLACK (1u << 18) /* the table's index, and what an allocator rounds up to */
#define VICTIMS 512

static void put_fragment(struct site *site, unsigned i, uint32_t host, unsigned id, unsigned start,
			 bool more)
{
	struct lvs_flow flow = site_flow(site, host, 1024);
	uint8_t *ip;

	flow.protocol = LVS_UDP;
	site_put(site, i, &flow, 0);
	ip = site->packets[i].data;
	lvs_store16(ip + 4, (uint16_t)id);
	lvs_store16(ip + 6, (uint16_t)(start / 8 | (more ? 0x2000u : 0)));
	lvs_store16(ip + 2, 60);  /* 40 bytes: a multiple of 8 */
	lvs_store16(ip + 24, 80); /* the first one's UDP: two of them */
	lvs_store16(ip + 10, 0);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, 20));
}

/* The last fragment of a datagram whose others never come: held. */
static void incomplete(struct site *site, unsigned i, uint64_t n)
{
	put_fragment(site, i, 0x100000 + (uint32_t)(n & 0xfffff), (unsigned)(n >> 20), 40, false);
}

/* The first ones alone: a connection each, until the table is full. */
static void first_only(struct site *site, unsigned i, uint64_t n)
{
	put_fragment(site, i, VICTIMS + (uint32_t)(n % FLOWS), (unsigned)n, 0, true);
}

/* One datagram of many holes: every other piece. */
static void holes(struct site *site, unsigned i, uint64_t n)
{
	put_fragment(site, i, 0x100000 + (uint32_t)(n / 100), 7, 80 + n % 100 * 80, true);
}

/* Pieces that lie half over each other. */
static void overlaps(struct site *site, unsigned i, uint64_t n)
{
	put_fragment(site, i, 0x100000 + (uint32_t)(n / 16), 7, 80 + n % 16 * 24, true);
}

/* The same piece again and again. */
static void duplicates(struct site *site, unsigned i, uint64_t n)
{
	put_fragment(site, i, 0x100000 + (uint32_t)(n / 4096), 7, 40, true);
}

/* Eight bytes each: too few for a header of TCP. */
static void tiny(struct site *site, unsigned i, uint64_t n)
{
	struct lvs_flow flow = site_flow(site, 0x100000 + (uint32_t)(n & 0xfffff), 1024);
	uint8_t *ip;

	site_put(site, i, &flow, LVS_TCP_SYN);
	ip = site->packets[i].data;
	lvs_store16(ip + 2, 28);
	lvs_store16(ip + 6, 0x2000);
	lvs_store16(ip + 10, 0);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, 20));
}

static const struct {
	const char *name;
	void (*make)(struct site *site, unsigned i, uint64_t n);
	enum lvs_reason reason; /* of many; NONE: of none in particular */
} attacks[] = {
	{"attack/fragments/incomplete", incomplete, LVS_REASON_FRAGMENT_HELD},
	{"attack/fragments/first_only", first_only, LVS_REASON_NONE},
	{"attack/fragments/holes", holes, LVS_REASON_FRAGMENT_HELD},
	{"attack/fragments/overlaps", overlaps, LVS_REASON_FRAGMENT_OVERLAP},
	{"attack/fragments/duplicates", duplicates, LVS_REASON_FRAGMENT_DUPLICATE},
	{"attack/fragments/tiny", tiny, LVS_REASON_FRAGMENT_TINY},
};

struct result {
	double longest_us;
	uint32_t as_expected;
	uint32_t victims; /* others' datagrams that came whole, the first fragment first */
};

static double run(struct site *site, size_t which, struct result *result)
{
	uint64_t sent = 0;
	double ns = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < SITE_POOL; i++)
			attacks[which].make(site, i, sent++);
		ns += attack_run(site, SITE_POOL, &result->longest_us);
		site->now += SITE_POOL * 1000;
		for (unsigned i = 0; i < SITE_POOL; i++)
			result->as_expected += site->packets[i].reason == attacks[which].reason;
		for (unsigned i = 0; i < VICTIMS / ROUNDS; i++) {
			put_fragment(site, 0, i, round + 1, 0, true);
			put_fragment(site, 1, i, round + 1, 40, false);
			attack_process(site, 0, 2);
			result->victims += site->packets[0].verdict == LVS_FORWARD &&
					   site->packets[1].verdict == LVS_FORWARD;
		}
	}
	return ns / ROUNDS;
}

/* Packets of known flows; the first of each UDP flow that the victims have, too. */
static double without(struct site *site)
{
	double longest = 0, ns = 0;

	for (unsigned round = 0; round < 16; round++) {
		for (unsigned i = 0; i < SITE_POOL; i++)
			site_make(site, i, (uint32_t)(bench_random(&site->random) % FLOWS),
				  SITE_ACK);
		ns += attack_run(site, SITE_POOL, &longest);
	}
	for (unsigned i = 0; i < VICTIMS / ROUNDS; i++)
		put_fragment(site, i, i, 0, 0, true);
	attack_process(site, 0, VICTIMS / ROUNDS);
	return ns / 16;
}

static unsigned one_attack(const struct bench_options *options, size_t which)
{
	const struct site_conf conf = {
		.family = LVS_INET,
		.method = LVS_METHOD_DR,
		.sched = "rr",
		.flows = FLOWS,
		.room = FLOWS + VICTIMS,
		.key = attack_key(),
		.udp_service = "rr",
		.fragment_bytes = BYTES,
		.fragment_datagrams = DATAGRAMS,
	};
	struct attack_line line = {.name = attacks[which].name};
	struct result result = {0};
	struct site site;
	unsigned broken;

	bench_progress(line.name, ROUNDS * SITE_POOL);
	site_open(&site, &conf);
	site_fill(&site, 0, FLOWS, true);
	line.without = without(&site);
	/* Connections that come meanwhile lie in chunks that are there. */
	line.bound = site.held + BYTES + SLACK;
	site.peak = site.held;
	line.ns = run(&site, which, &result);
	line.longest_us = result.longest_us;
	line.bytes = site.peak;
	if (attacks[which].reason && result.as_expected < ROUNDS * SITE_POOL / 4)
		line.broken = "the packets are not what they are meant to be";
	else if (result.victims != VICTIMS)
		line.broken = "others' datagrams did not come through";
	snprintf(line.note, sizeof(line.note),
		 "%.1f of %.1f MB for fragments; others' datagrams %u of %u",
		 (double)(site.peak - (line.bound - BYTES - SLACK)) / 1e6, (BYTES + SLACK) / 1e6,
		 result.victims, VICTIMS);
	broken = attack_print(options, &line);
	site_close(&site);
	return broken;
}

unsigned attack_fragments(const struct bench_options *options)
{
	unsigned broken = 0;

	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (bench_wanted(options, attacks[i].name))
			broken += one_attack(options, i);
	return broken;
}
