/* SPDX-License-Identifier: BSD-2-Clause */
/* lvs-bench: see tests/bench/run, which builds and calls it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct suite {
	const char *name;
	uint32_t flows_max; /* by default */
	void (*cases[8])(const struct bench_options *options);
};

static const struct suite suites[] = {
	{"core",
	 1000000,
	 {bench_established, bench_mixed, bench_mix, bench_fresh, bench_persistent, bench_flood,
	  bench_expiry}},
	{"memory", 10000000, {bench_memory, bench_idle}},
	{"scale", 10000000, {bench_workers, bench_growth}},
	{"control", 1000000, {bench_maglev, bench_services}},
};

static const char usage[] =
	"usage: lvs-bench core|memory|scale|control|attack [--case NAME] [--flows MAX] [--batch "
	"N]\n"
	"                 [--rounds N] [--quick] [--json] [--record FILE]\n"
	"  --case NAME   only cases whose name begins so\n"
	"  --flows MAX   tables of at most MAX flows (default 1000000; memory, scale: 10000000)\n"
	"  --batch N     packets a batch (default 32, and 1, 8, 64 and 256)\n"
	"  --rounds N    measurements a case, the median counts (default 101)\n"
	"  --quick       no turning over, no floor: for counting instructions\n"
	"  --json        a line of JSON for each figure\n"
	"  --record FILE writes these lines there, too\n";

static const char heading[] =
	"# ns a packet of the thread's processor time, the median of all rounds (10 % of them were "
	"below,\n# 10 % above). floor: touching the same memory without the work; ratio: to that. "
	"Goals judge\n# nothing. See docs/performance.md.\n";

static const char attack_heading[] =
	"# ns a packet of the attack, the like without it, memory held of its bound, longest batch "
	"of 32.\n"
	"# A bound that is broken is told, and ends with status 1; times are no bounds.\n";

static void bad_usage(const char *what, const char *word)
{
	fprintf(stderr, "lvs-bench: %s \"%s\"; try --help\n", what, word ? word : "");
	exit(2);
}

static unsigned number(const char *text, unsigned max)
{
	char *end;
	unsigned long value = text ? strtoul(text, &end, 10) : 0;

	if (!text || *end || value == 0 || value > max) {
		fprintf(stderr, "lvs-bench: expected a number from 1 to %u, got \"%s\"\n", max,
			text ? text : "");
		exit(2);
	}
	return (unsigned)value;
}

static FILE *opened(const char *name)
{
	FILE *file = fopen(name, "w");

	if (!file) {
		fprintf(stderr, "lvs-bench: %s: %s\n", name, strerror(errno));
		exit(1);
	}
	return file;
}

static void parse(int argc, char **argv, struct bench_options *options)
{
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			options->json = true;
		else if (!strcmp(argv[i], "--quick"))
			options->quick = true;
		else if (!strcmp(argv[i], "--case") && i + 1 < argc)
			options->only = argv[++i];
		else if (!strcmp(argv[i], "--record") && i + 1 < argc)
			options->record = opened(argv[++i]);
		else if (!strcmp(argv[i], "--flows"))
			options->flows_max = number(argv[++i], 100000000);
		else if (!strcmp(argv[i], "--rounds"))
			options->rounds = number(argv[++i], 1001);
		else if (!strcmp(argv[i], "--batch"))
			options->batch = number(argv[++i], 4096);
		else
			bad_usage("wrong option, or no value for it:", argv[i]);
	}
}

static const struct suite *suite_of(const char *what)
{
	for (unsigned i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (!strcmp(suites[i].name, what))
			return &suites[i];
	if (strcmp(what, "attack") != 0)
		bad_usage("core, memory, scale, control or attack, not", what);
	return NULL;
}

static int attack(const struct bench_options *options)
{
	if (!options->json)
		fputs(attack_heading, stdout);
	return bench_attack(options) ? 1 : 0;
}

static void measure(const struct suite *suite, const struct bench_options *options)
{
	if (!options->json)
		fputs(heading, stdout);
	for (unsigned i = 0; suite->cases[i]; i++)
		suite->cases[i](options);
}

int main(int argc, char **argv)
{
	bool any = false;
	struct bench_options options = {.rounds = 101, .any = &any};
	const struct suite *suite;
	int status = 0;

	if (argc < 2)
		bad_usage("what is to be measured? core, memory, scale, control or attack, not",
			  "");
	if (!strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	suite = suite_of(argv[1]);
	options.flows_max = suite ? suite->flows_max : 1000000;
	parse(argc, argv, &options);
	if (suite)
		measure(suite, &options);
	else
		status = attack(&options);
	if (!any)
		bad_usage("no case's name begins with", options.only);
	if (options.record)
		fclose(options.record);
	return status;
}
