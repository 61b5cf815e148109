/* SPDX-License-Identifier: BSD-2-Clause */
/* A server takes no new connections; waits until those that it has are over. */
#include "change.h"
#include "filter.h"
#include "rules.h"
#include "value.h"
#include "verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEADLINE = 1, DEADLINE_MAX_S = 31 * 86400 };

static const struct words_option options[] = {
	{"deadline", 0, WORDS_ONE, DEADLINE},
};

struct drain {
	struct lvs_ipvs_dest server; /* port 0: on any port */
	int64_t deadline_s;          /* less than 0: none */
	unsigned n;                  /* in how many services it is */
	uint64_t conns;              /* what it has in all of them */
};

static bool is_meant(const struct drain *drain, const struct lvs_ipvs_dest *dest)
{
	return dest->family == drain->server.family &&
	       !memcmp(&dest->addr, &drain->server.addr, sizeof(dest->addr)) &&
	       (!drain->server.port || dest->port == drain->server.port);
}

static int set_weight_0(const struct link *link, const struct lvs_ipvs_service *service,
			const struct lvs_ipvs_dest *dest)
{
	struct request request = {.command = COMMAND_EDIT_SERVER,
				  .options = OF(SERVICE),
				  .service = *service,
				  .dest = *dest};
	struct lvs_ipvs_message message;

	if (!dest->weight)
		return 0;
	request.dest.weight = 0;
	change_message(&request, &message);
	return lvs_ipvs_ask(link->client, &message, NULL, NULL);
}

/* Counts what it has, and sees that it gets no more. */
static int look(struct drain *drain, const struct link *link)
{
	const struct request all = {.options = 0};
	struct rules rules;
	int error = rules_load(&rules, link, &all);

	drain->n = 0;
	drain->conns = 0;
	for (size_t i = 0; i < rules.n && !error; i++) {
		const struct rules_service *one = &rules.service[i];

		for (size_t k = 0; k < one->dest_n && !error; k++) {
			if (!is_meant(drain, &one->dest[k]))
				continue;
			drain->n++;
			drain->conns += (uint64_t)one->dest[k].active + one->dest[k].inactive;
			error = set_weight_0(link, &one->service, &one->dest[k]);
		}
	}
	rules_free(&rules);
	return error;
}

static int take_count(void *user, const struct lvs_ipvs_message *answer)
{
	if (answer->given & LVS_IPVS_BIT(LVS_IPVS_ATTR_COUNT))
		*(uint64_t *)user = answer->count;
	return 0;
}

/* The time is up: the rest ends, templates too. */
static int end_rest(const struct drain *drain, const struct link *link)
{
	struct lvs_ipvs_message message = {.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_DEST),
					   .dest = drain->server};
	uint64_t n = 0;
	int error = verb_ask(link, LVS_IPVS_DEL_CONN, &message, take_count, &n);

	if (error)
		return verb_failed("drain", link, error);
	printf("time is up: %" PRIu64 " ended\n", n);
	return 0;
}

static int64_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static int wait_for_end(struct drain *drain, const struct link *link, const char *name)
{
	int64_t begun = seconds();
	uint64_t told = UINT64_MAX;

	for (;;) {
		int error = look(drain, link);

		if (error)
			return verb_failed("drain", link, error);
		if (!drain->n)
			return verb_wrong("drain", "expected a server that is there, got \"%s\"",
					  name);
		if (drain->conns != told)
			printf("%s: %" PRIu64 " connections in %u services\n", name, drain->conns,
			       drain->n);
		fflush(stdout);
		told = drain->conns;
		if (!drain->conns)
			return 0;
		if (drain->deadline_s >= 0 && seconds() - begun >= drain->deadline_s)
			return end_rest(drain, link);
		sleep(1);
	}
}

static int read_words(int argc, char **argv, struct drain *drain, const char **name)
{
	struct words words;
	int what;

	words_begin(&words, options, sizeof(options) / sizeof(options[0]), argc, argv);
	while ((what = words_next(&words)) >= 0)
		if (value_number(words.value, 0, DEADLINE_MAX_S, &drain->deadline_s) < 0)
			return verb_wrong("drain", "expected --deadline and seconds, got \"%s\"",
					  words.value);
	if (what != WORDS_END)
		return verb_bad_word("drain", &words, what);
	if (words.left_n != 1)
		return verb_wrong("drain", "expected one server, got %u", words.left_n);
	*name = words.left[0];
	return filter_server("drain", *name, &drain->server);
}

int verb_drain(struct link *link, int argc, char **argv)
{
	struct drain drain = {.deadline_s = -1};
	const char *name = NULL;
	int status = read_words(argc, argv, &drain, &name);

	/* Without a deadline the kernel can do it, too. */
	if (!status && drain.deadline_s >= 0)
		status = verb_needs_lvsd("drain", link);
	if (!status)
		status = link_open(link);
	if (status)
		return status;
	status = wait_for_end(&drain, link, name);
	link_close(link);
	return status;
}
