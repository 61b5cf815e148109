/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lvs-bench-tables: tables side by side, in turns, so that all see the same machine; see
 * tests/bench/run tables, which builds and calls it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "table.h"

#define POOL 4096 /* questions a round, of keys drawn at random */
#define TABLES_MAX 8
#define ROUNDS_MAX 1001

static const struct table_ops *const all[] = {
	&table_lvs,  &table_lvs_one,
#ifdef LVS_HAVE_DPDK
	&table_dpdk, &table_dpdk_lf,
#endif
#ifdef LVS_HAVE_URCU
	&table_urcu,
#endif
#ifdef LVS_HAVE_CK
	&table_ck,
#endif
};

enum {
	TABLES = sizeof(all) / sizeof(all[0]),
};

static const uint32_t sizes[] = {10000, 1000000, 10000000};

struct contest {
	const struct bench_options *options;
	uint32_t n;
	unsigned key_len;
	uint8_t *keys;
	uint8_t *questions; /* a pool for each table */
	void *table[TABLES_MAX];
	double ns[TABLES_MAX][ROUNDS_MAX];
	uint64_t random;
};

static const uint8_t *key_at(const struct contest *contest, uint32_t i)
{
	return contest->keys + (size_t)i * contest->key_len;
}

static void make_keys(struct contest *contest)
{
	contest->keys = malloc((size_t)contest->n * contest->key_len);
	contest->questions = aligned_alloc(TABLE_QUERY, (size_t)POOL * TABLE_QUERY);
	if (!contest->keys || !contest->questions)
		bench_fail("no memory");
	for (uint32_t i = 0; i < contest->n; i++)
		table_key(contest->keys + (size_t)i * contest->key_len, contest->key_len, i);
}

static void fill(struct contest *contest, unsigned t)
{
	bench_progress(all[t]->name, contest->n);
	contest->table[t] = all[t]->open(contest->n, contest->key_len);
	if (!contest->table[t]) {
		fprintf(stderr, "skip - %s: it cannot be had here for %u keys of %u bytes\n",
			all[t]->name, contest->n, contest->key_len);
		return;
	}
	for (uint32_t i = 0; i < contest->n; i++)
		all[t]->add(contest->table[t], key_at(contest, i), i + 1);
}

/* Questions of random keys; what their answers add up to. */
static uint64_t make_questions(struct contest *contest, const struct table_ops *ops)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < POOL; i++) {
		uint32_t number = (uint32_t)(bench_random(&contest->random) % contest->n);
		uint8_t *query = contest->questions + (size_t)i * TABLE_QUERY;

		if (ops->ask)
			ops->ask(key_at(contest, number), contest->key_len, query);
		else
			memcpy(query, key_at(contest, number), contest->key_len);
		sum += number + 1;
	}
	return sum;
}

/* ns a lookup. */
static double one_round(struct contest *contest, unsigned t)
{
	uint64_t expected = make_questions(contest, all[t]), sum = 0, took = bench_cpu();

	for (unsigned i = 0; i < POOL; i += TABLE_BATCH) {
		const void *query[TABLE_BATCH];

		for (unsigned j = 0; j < TABLE_BATCH; j++)
			query[j] = contest->questions + (size_t)(i + j) * TABLE_QUERY;
		sum += all[t]->find(contest->table[t], query, TABLE_BATCH);
	}
	took = bench_cpu() - took;
	if (sum != expected)
		bench_fail("a key was not found");
	return (double)took / POOL;
}

/* The first of two warms what fits into a cache: others were there in between. */
static void all_rounds(struct contest *contest)
{
	for (unsigned i = 0; i < contest->options->rounds; i++)
		for (unsigned t = 0; t < TABLES; t++) {
			if (!contest->table[t])
				continue;
			one_round(contest, t);
			contest->ns[t][i] = one_round(contest, t);
		}
}

/* How many times as long as the first table a round of another takes, round by round. */
static double times(const struct contest *contest, unsigned t)
{
	static double ratios[ROUNDS_MAX];

	for (unsigned i = 0; i < contest->options->rounds; i++)
		ratios[i] = contest->ns[t][i] / contest->ns[0][i];
	return spread_of(ratios, contest->options->rounds).median;
}

static void print(struct contest *contest, unsigned t, double ratio, double best)
{
	struct spread ns = spread_of(contest->ns[t], contest->options->rounds);
	struct report report;

	report_begin(&report, all[t]->name);
	report_value(&report, "key_bytes", contest->key_len, 0, "", "bytes");
	report_value(&report, "flows", contest->n, 0, "", "entries");
	report_value(&report, "ns_per_lookup", ns.median, 1, "", "ns");
	report_value(&report, "p10", ns.p10, 1, "(10 % below", "");
	report_value(&report, "p90", ns.p90, 1, "and above", ")");
	report_value(&report, "times_liblvs", ratio, 2, "times liblvs'", "");
	if (t == 0 && best > 0) {
		report_value(&report, "best_peer_times", best, 2, "the best peer takes", "times");
		if (contest->n == 1000000)
			report_goal_least(&report, "goal_best_peer_times", best, 1);
	}
	report_end(&report, contest->options);
}

static bool is_peer(unsigned t)
{
	return all[t] != &table_lvs && all[t] != &table_lvs_one;
}

static void print_all(struct contest *contest)
{
	double ratio[TABLES_MAX] = {0}, best = 0;

	for (unsigned t = 0; t < TABLES; t++) {
		ratio[t] = contest->table[t] ? times(contest, t) : 0;
		if (contest->table[t] && is_peer(t) && (best == 0 || ratio[t] < best))
			best = ratio[t];
	}
	for (unsigned t = 0; t < TABLES; t++)
		if (contest->table[t])
			print(contest, t, ratio[t], best);
}

static void one_contest(const struct bench_options *options, uint32_t n, unsigned key_len)
{
	static struct contest contest;

	memset(&contest, 0, sizeof(contest));
	contest.options = options;
	contest.n = n;
	contest.key_len = key_len;
	contest.random = n;
	make_keys(&contest);
	for (unsigned t = 0; t < TABLES; t++)
		fill(&contest, t);
	all_rounds(&contest);
	print_all(&contest);
	for (unsigned t = 0; t < TABLES; t++)
		if (contest.table[t])
			all[t]->close(contest.table[t]);
	free(contest.keys);
	free(contest.questions);
}

static void parse(int argc, char **argv, struct bench_options *options)
{
	for (int i = 1; i < argc; i++) {
		unsigned long number = i + 1 < argc ? strtoul(argv[i + 1], NULL, 10) : 0;

		if (!strcmp(argv[i], "--json")) {
			options->json = true;
		} else if (!strcmp(argv[i], "--rounds") && number && number <= ROUNDS_MAX) {
			options->rounds = (unsigned)number;
			i++;
		} else if (!strcmp(argv[i], "--flows") && number) {
			options->flows_max = (uint32_t)number;
			i++;
		} else if (!strcmp(argv[i], "--record") && i + 1 < argc) {
			options->record = fopen(argv[++i], "w");
		} else {
			fputs("usage: lvs-bench-tables [--flows MAX] [--rounds N] [--json] "
			      "[--record FILE]\n",
			      stderr);
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	static const unsigned key_lens[] = {TABLE_KEY4, TABLE_KEY6};
	struct bench_options options = {.rounds = 101, .flows_max = 1000000};

	parse(argc, argv, &options);
	if (!options.json)
		puts("# ns a lookup of a key that is there, in batches of 32, tables in turns; how "
		     "many times liblvs' it is.");
	for (unsigned k = 0; k < sizeof(key_lens) / sizeof(key_lens[0]); k++)
		for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
			if (sizes[s] <= options.flows_max)
				one_contest(&options, sizes[s], key_lens[k]);
	if (options.record)
		fclose(options.record);
	return 0;
}
