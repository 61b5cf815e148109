/* SPDX-License-Identifier: BSD-2-Clause */
/* lvs-bench: see tests/bench/run, which builds and calls it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char usage[] = "usage: lvs-bench core|memory|attack [--case NAME] [--flows MAX] "
			    "[--rounds N] [--quick] [--json]\n"
			    "  --case NAME   only cases whose name begins so\n"
			    "  --flows MAX   tables of at most MAX flows (default 1000000)\n"
			    "  --rounds N    measurements a case, the median counts (default 101)\n"
			    "  --quick       no turning over, no floor: for counting instructions\n"
			    "  --json        a line of JSON for each figure\n";

static const char heading[] =
	"# ns a packet, the median of all rounds. floor: touching the same memory without the "
	"work,\n"
	"# in ns; ratio: the figure by the floor; (10 % of the rounds were below, 10 % above).\n";

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

static void parse(int argc, char **argv, struct bench_options *options)
{
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			options->json = true;
		else if (!strcmp(argv[i], "--quick"))
			options->quick = true;
		else if (!strcmp(argv[i], "--case") && i + 1 < argc)
			options->only = argv[++i];
		else if (!strcmp(argv[i], "--flows"))
			options->flows_max = number(argv[++i], 100000000);
		else if (!strcmp(argv[i], "--rounds"))
			options->rounds = number(argv[++i], 1001);
		else
			bad_usage("wrong option, or no value for it:", argv[i]);
	}
}

/* The exit status. */
static int measure(const char *what, const struct bench_options *options)
{
	if (!strcmp(what, "core")) {
		if (!options->json)
			fputs(heading, stdout);
		bench_established(options);
		bench_fresh(options);
	} else if (!strcmp(what, "memory")) {
		bench_memory(options);
	} else if (!strcmp(what, "attack")) {
		if (!options->json)
			fputs(attack_heading, stdout);
		return bench_attack(options) ? 1 : 0;
	} else {
		bad_usage("core, memory or attack, not", what);
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool any = false;
	struct bench_options options = {.rounds = 101, .flows_max = 1000000, .any = &any};
	int status;

	if (argc < 2)
		bad_usage("what is to be measured? core, memory or attack, not", "");
	if (!strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	parse(argc, argv, &options);
	status = measure(argv[1], &options);
	if (!any)
		bad_usage("no case's name begins with", options.only);
	return status;
}
