/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates and connections, again and again. */
#include "names.h"
#include "rules.h"
#include "table.h"
#include "value.h"
#include "verb.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { INTERVAL = 1, COUNT, NAMES };

static const struct words_option options[] = {
	{"interval", 0, WORDS_ONE, INTERVAL},
	{"count", 0, WORDS_ONE, COUNT},
	{"names", 0, WORDS_NONE, NAMES},
};

struct watch {
	int64_t interval_s;
	int64_t count; /* looks; 0: for ever */
	bool names;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void print_dest(const struct lvs_ipvs_dest *dest, unsigned protocol, bool numeric)
{
	const struct lvs_ipvs_stats *stats = &dest->stats;
	char name[NAMES_LEN];

	printf("  -> %-28s %6" PRId32 " %8" PRIu32 " %8" PRIu32 " %8" PRIu64 " %8" PRIu64
	       " %8" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
	       names_endpoint(name, dest->family, &dest->addr, dest->port, protocol, numeric),
	       (int32_t)dest->weight, dest->active, dest->inactive, stats->cps, stats->in_pps,
	       stats->out_pps, stats->in_bps, stats->out_bps);
}

static void print_rules(const struct rules *rules, bool numeric)
{
	printf("%-33s %6s %8s %8s %8s %8s %8s %10s %10s\n", "Service", "Weight", "Active",
	       "Inactive", "Conns/s", "In p/s", "Out p/s", "In B/s", "Out B/s");
	for (size_t i = 0; i < rules->n; i++) {
		const struct rules_service *one = &rules->service[i];

		table_service(&one->service, numeric ? OF(NUMERIC) : 0, stdout);
		for (size_t k = 0; k < one->dest_n; k++)
			print_dest(&one->dest[k], one->service.protocol, numeric);
	}
}

static int look(const struct watch *watch, const struct link *link)
{
	const struct request all = {.options = 0};
	struct rules rules;
	int error = rules_load(&rules, link, &all);

	if (!error) {
		rules_sort(&rules);
		/* To the upper left, and nothing below. */
		if (isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		print_rules(&rules, !watch->names);
		fflush(stdout);
	}
	rules_free(&rules);
	return error;
}

static int run(const struct watch *watch, const struct link *link)
{
	struct sigaction action = {.sa_handler = stop};
	int64_t n = 0;

	/* Without SA_RESTART, so that it ends the sleep. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!stopped) {
		int error = look(watch, link);

		if (error && !stopped)
			return verb_failed("watch", link, error);
		if (++n == watch->count || ferror(stdout))
			break;
		sleep((unsigned)watch->interval_s);
	}
	return 0;
}

static int read_words(int argc, char **argv, struct watch *watch)
{
	struct words words;
	int what;

	words_begin(&words, options, sizeof(options) / sizeof(options[0]), argc, argv);
	while ((what = words_next(&words)) >= 0) {
		if (what == INTERVAL && value_number(words.value, 1, 86400, &watch->interval_s) < 0)
			return verb_wrong("watch", "expected seconds from 1 to 86400, got \"%s\"",
					  words.value);
		if (what == COUNT && value_number(words.value, 1, INT32_MAX, &watch->count) < 0)
			return verb_wrong("watch", "expected a number of looks, got \"%s\"",
					  words.value);
		if (what == NAMES)
			watch->names = true;
	}
	if (what != WORDS_END)
		return verb_bad_word("watch", &words, what);
	return words.left_n
		       ? verb_wrong("watch", "expected options only, got \"%s\"", words.left[0])
		       : 0;
}

int verb_watch(struct link *link, int argc, char **argv)
{
	struct watch watch = {.interval_s = 2};
	int status = read_words(argc, argv, &watch);

	if (!status)
		status = link_open(link);
	if (status)
		return status;
	status = run(&watch, link);
	link_close(link);
	return status;
}
