/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections, listed as -L -c lists them; and ended. */
#include "conns.h"
#include "filter.h"
#include "names.h"
#include "verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ALL = 1, COUNT, NAMES };

static const struct words_option options[] = {
	FILTER_OPTIONS,
	{"all", 0, WORDS_NONE, ALL},
	{"count", 0, WORDS_NONE, COUNT},
	{"names", 0, WORDS_NONE, NAMES},
};

struct asked {
	struct lvs_ipvs_message filter;
	bool kill, all, count, names;
	uint64_t n; /* connections so far */
};

static const char *protocol_name(const struct lvs_ipvs_conn *conn)
{
	switch (conn->protocol) {
	case LVS_TCP:
		return "TCP";
	case LVS_UDP:
		return "UDP";
	case LVS_SCTP:
		return "SCTP";
	default:
		return "IP";
	}
}

static void print(const struct lvs_ipvs_conn *conn, bool numeric)
{
	char client[NAMES_LEN], service[NAMES_LEN], dest[NAMES_LEN], expires[24];
	uint32_t left_s = conn->expires_ms / 1000;

	snprintf(expires, sizeof(expires), "%02" PRIu32 ":%02" PRIu32, left_s / 60, left_s % 60);
	printf("%-3s %-6s %-11s %-18s %-18s %-18s", protocol_name(conn), expires, conn->state,
	       names_endpoint(client, conn->family, &conn->client, conn->client_port,
			      conn->protocol, numeric),
	       names_endpoint(service, conn->family, &conn->service, conn->service_port,
			      conn->protocol, numeric),
	       names_endpoint(dest, conn->dest_family, &conn->dest, conn->dest_port, conn->protocol,
			      numeric));
	if (conn->flags & LVS_CONN_INFO_TEMPLATE)
		fputs(" template", stdout);
	if (conn->fwmark)
		printf(" mark %" PRIu32, conn->fwmark);
	if (conn->pe[0])
		printf(" %s %s", conn->pe, conn->pe_data);
	putchar('\n');
}

static int take(void *user, const struct lvs_ipvs_message *answer)
{
	struct asked *asked = user;

	if (answer->given & LVS_IPVS_BIT(LVS_IPVS_ATTR_COUNT))
		asked->n = answer->count;
	if (!(answer->given & LVS_IPVS_BIT(LVS_IPVS_ATTR_CONN)))
		return 0;
	asked->n++;
	if (!asked->count)
		print(&answer->conn, !asked->names);
	return 0;
}

static int run(const struct link *link, struct asked *asked)
{
	int error;

	if (!asked->kill)
		asked->filter.nl_flags = NLM_F_DUMP;
	error = verb_ask(link, asked->kill ? LVS_IPVS_DEL_CONN : LVS_IPVS_GET_CONN, &asked->filter,
			 take, asked);
	if (error)
		return verb_failed("conns", link, error);
	if (asked->kill)
		printf("%" PRIu64 " ended\n", asked->n);
	else if (asked->count)
		printf("%" PRIu64 "\n", asked->n);
	return 0;
}

static int read_word(struct asked *asked, int what, const char *value)
{
	switch (what) {
	case ALL:
		asked->all = true;
		return 0;
	case COUNT:
		asked->count = true;
		return 0;
	case NAMES:
		asked->names = true;
		return 0;
	default:
		return filter_add("conns", what, value, &asked->filter);
	}
}

static int read_words(int argc, char **argv, struct asked *asked)
{
	struct words words;
	int what, status;

	words_begin(&words, options, sizeof(options) / sizeof(options[0]), argc, argv);
	while ((what = words_next(&words)) >= 0) {
		status = read_word(asked, what, words.value);
		if (status)
			return status;
	}
	if (what != WORDS_END)
		return verb_bad_word("conns", &words, what);
	if (words.left_n > 1 || (words.left_n && strcmp(words.left[0], "kill") != 0))
		return verb_wrong("conns", "expected options or kill, got \"%s\"",
				  words.left[words.left_n > 1]);
	asked->kill = words.left_n;
	/* Ending everything by a forgotten option is not what anybody means. */
	if (asked->kill && !asked->filter.given && !asked->all)
		return verb_wrong("conns",
				  "expected which ones kill is about, or --all, got neither");
	return 0;
}

int verb_conns(struct link *link, int argc, char **argv)
{
	struct asked asked = {.n = 0};
	int status = read_words(argc, argv, &asked);

	if (!status)
		status = verb_needs_lvsd("conns", link);
	if (!status)
		status = link_open(link);
	if (status)
		return status;
	status = run(link, &asked);
	link_close(link);
	return status;
}
