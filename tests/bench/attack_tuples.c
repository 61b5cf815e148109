/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attack/tuples/...: addresses and ports that are chosen, by somebody who does not know the key of
 * the table's hash. They must lie in the index as random ones do.
 */
#include "attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "conn/inside.h"
#include "director/director.h"

#define FLOWS (1u << 18)
#define COLLIDING 4096

/* How the entries lie. */
struct spread {
	double extra; /* lines that an entry passed on its way, on the average */
	unsigned run; /* lines in a row that somebody passed, at the most: the longest search */
};

static void spread_of(const struct site *site, struct spread *spread)
{
	const struct lvs_table *table = site->director->table;
	uint64_t passed = 0, entries = 0;

	spread->run = 0;
	for (uint32_t i = 0; i < table->env.shards; i++) {
		struct lvs_index index = lvs_view_index(table->shards[i].view);
		unsigned run = 0;

		entries += table->shards[i].entries[0];
		for (uint64_t line = 0; line < lvs_index_lines_n(index); line++) {
			uint32_t n = (uint32_t)(index.lines[line].tags[2] >> 32);

			passed += n;
			run = n ? run + 1 : 0;
			spread->run = run > spread->run ? run : spread->run;
		}
	}
	spread->extra = entries ? (double)passed / (double)entries : 0;
}

/* --- The patterns: client i's address and port --- */

struct tuple {
	uint32_t addr; /* host order; IPv6: spread over the lower words */
	uint16_t port;
};

static struct tuple random_tuple(uint32_t i)
{
	uint64_t state = i;
	uint64_t random = bench_random(&state);

	return (struct tuple){(uint32_t)random, (uint16_t)(1 + (random >> 32) % 65535)};
}

static struct tuple addresses(uint32_t i)
{
	return (struct tuple){0x0b000000 + i, 40000};
}

static struct tuple ports(uint32_t i)
{
	return (struct tuple){0x0b000000 + i / 65000, (uint16_t)(1 + i % 65000)};
}

/* 512 addresses, 65536 apart, by 512 ports, 64 apart. */
static struct tuple lattice(uint32_t i)
{
	return (struct tuple){(i >> 9) << 16 | 1, (uint16_t)(1 + (i & 511) * 64)};
}

/* The upper bits alone: what a product loses first. */
static struct tuple upper_bits(uint32_t i)
{
	return (struct tuple){i << 14, 0x8000};
}

/* Sums of address and port stay the same. */
static struct tuple balanced(uint32_t i)
{
	return (struct tuple){0x0b000000 + (i & 0xffff) + (i >> 16 << 20),
			      (uint16_t)(0xffff - (i & 0xffff ? (i & 0xffff) - 1 : 0))};
}

/* Every second bit. */
static struct tuple bits(uint32_t i)
{
	uint32_t addr = 0;

	for (unsigned bit = 0; bit < 16; bit++)
		addr |= (i >> bit & 1) << 2 * bit;
	return (struct tuple){addr, (uint16_t)(1 + (i >> 16))};
}

static const struct {
	const char *name;
	struct tuple (*tuple)(uint32_t i);
} patterns[] = {
	{"random", random_tuple}, {"addresses", addresses},   {"ports", ports},
	{"lattice", lattice},     {"upper_bits", upper_bits}, {"balanced", balanced},
	{"bits", bits},
};

static struct lvs_flow flow_of(const struct site *site, struct tuple tuple)
{
	struct lvs_flow flow = site_flow(site, 0, tuple.port);

	if (site->family == LVS_INET) {
		flow.src.word[0] = lvs_htonl(tuple.addr);
		return flow;
	}
	/* The same bits in each word, so that all coefficients have their part. */
	flow.src.word[1] = lvs_htonl(tuple.addr);
	flow.src.word[2] = lvs_htonl(tuple.addr << 7 | tuple.addr >> 25);
	flow.src.word[3] = lvs_htonl(tuple.addr);
	return flow;
}

struct measured {
	double fresh_ns;
	double known_ns;
	double longest_us;
	uint64_t base;
	struct spread spread;
};

/* All of them in; then packets of them in random order. */
static void load(struct site *site, const struct tuple *tuple, uint32_t n,
		 struct measured *measured)
{
	double fresh = 0, known = 0;
	unsigned rounds = 0;

	memset(measured, 0, sizeof(*measured));
	if (n == 0)
		return;
	for (uint32_t done = 0; done < n; done += SITE_POOL, rounds++) {
		for (unsigned i = 0; i < SITE_POOL; i++) {
			struct lvs_flow flow = flow_of(site, tuple[done + i]);

			site_put(site, i, &flow, LVS_TCP_SYN);
		}
		fresh += attack_run(site, SITE_POOL, &measured->longest_us);
	}
	measured->fresh_ns = fresh / rounds;
	for (unsigned round = 0; round < 32; round++) {
		for (unsigned i = 0; i < SITE_POOL; i++) {
			uint32_t which = (uint32_t)(bench_random(&site->random) % n);
			struct lvs_flow flow = flow_of(site, tuple[which]);

			site_put(site, i, &flow, LVS_TCP_ACK);
		}
		known += attack_run(site, SITE_POOL, &measured->longest_us);
	}
	measured->known_ns = known / 32;
	spread_of(site, &measured->spread);
}

static void open_site(struct site *site, enum lvs_family family, const uint8_t *key, uint32_t n)
{
	const struct site_conf conf = {
		.family = family, .method = LVS_METHOD_DR, .sched = "rr", .flows = n, .key = key};

	site_open(site, &conf);
}

/* @p as_random: what random tuples come to; NULL: these are they. */
static unsigned one_line(const struct bench_options *options, const char *name, struct site *site,
			 uint64_t base, const struct measured *measured,
			 const struct measured *as_random)
{
	struct attack_line line = {
		.name = name,
		.ns = measured->known_ns,
		.without = as_random ? as_random->known_ns : 0,
		.longest_us = measured->longest_us,
		.bytes = site->peak,
		.bound = attack_bound(site, base, site->flows + site->flows / 10 + 1000),
	};

	if (as_random && (measured->spread.extra > as_random->spread.extra * 1.25 + 0.01 ||
			  measured->spread.run > as_random->spread.run * 2 + 8))
		line.broken = "entries lie worse than random ones";
	snprintf(line.note, sizeof(line.note),
		 "new %.0f ns; lines passed by an entry %.3f, longest search %u",
		 measured->fresh_ns, measured->spread.extra, measured->spread.run + 1);
	return attack_print(options, &line);
}

static unsigned run_tuples(const struct bench_options *options, const char *name,
			   enum lvs_family family, const uint8_t *key, const struct tuple *tuple,
			   uint32_t n, struct measured *measured, const struct measured *as_random)
{
	struct site site;
	unsigned broken;
	uint64_t base;

	bench_progress(name, n);
	open_site(&site, family, key, n);
	base = site.held;
	load(&site, tuple, n, measured);
	broken = one_line(options, name, &site, base, measured, as_random);
	site_close(&site);
	return broken;
}

static unsigned run_patterns(const struct bench_options *options, enum lvs_family family,
			     const char *prefix)
{
	struct tuple *tuple = malloc(FLOWS * sizeof(*tuple));
	struct measured as_random, measured;
	unsigned broken = 0;
	char name[48];

	if (!tuple)
		bench_fail("no memory");
	for (unsigned p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
		snprintf(name, sizeof(name), "attack/%s/%s", prefix, patterns[p].name);
		for (uint32_t i = 0; i < FLOWS; i++)
			tuple[i] = patterns[p].tuple(i);
		broken += run_tuples(options, name, family, attack_key(), tuple, FLOWS,
				     p ? &measured : &as_random, p ? &as_random : NULL);
	}
	free(tuple);
	return broken;
}

/* Tuples that under the key of zeroes come to one shard and 1/64 of its lines. */
static void find_colliding(struct tuple *tuple)
{
	struct site site;
	uint32_t found = 0;

	open_site(&site, LVS_INET, NULL, SITE_POOL);
	for (uint32_t i = 0; found < COLLIDING; i++) {
		struct tuple candidate = random_tuple(i);
		struct lvs_flow flow = flow_of(&site, candidate);
		uint64_t hash = lvs_table_hash(site.director->table, &flow);

		if (hash >> 58 == 0 && (hash & UINT32_MAX) >> 24 == 0)
			tuple[found++] = candidate;
	}
	site_close(&site);
}

/* Who knows the key can; who does not, cannot. The first line is what a director with the default
 * key of zeroes comes to: there to be seen, not a bound. */
static unsigned run_colliding(const struct bench_options *options)
{
	struct tuple *chosen = malloc(2 * COLLIDING * sizeof(*chosen));
	struct tuple *any = chosen + COLLIDING;
	struct measured as_random, measured;
	unsigned broken;

	if (!chosen)
		bench_fail("no memory");
	bench_progress("attack/tuples/chosen", COLLIDING);
	find_colliding(chosen);
	for (uint32_t i = 0; i < COLLIDING; i++)
		any[i] = random_tuple(i);
	broken = run_tuples(options, "attack/tuples/few", LVS_INET, attack_key(), any, COLLIDING,
			    &as_random, NULL);
	broken += run_tuples(options, "attack/tuples/chosen", LVS_INET, attack_key(), chosen,
			     COLLIDING, &measured, &as_random);
	run_tuples(options, "attack/tuples/known_key", LVS_INET, NULL, chosen, COLLIDING, &measured,
		   NULL);
	free(chosen);
	return broken;
}

unsigned attack_tuples(const struct bench_options *options)
{
	if (!bench_wanted_group(options, "attack/tuples"))
		return 0;
	return run_patterns(options, LVS_INET, "tuples") +
	       run_patterns(options, LVS_INET6, "tuples6") + run_colliding(options);
}
