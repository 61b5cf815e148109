/* SPDX-License-Identifier: BSD-2-Clause */
/* What would become of a packet: lvsd asks its packet path, and nothing changes. */
#include "value.h"
#include "verb.h"

#include <stdio.h>
#include <string.h>

enum { JSON = 1, MARK, FLAGS };

static const struct words_option options[] = {
	{"json", 0, WORDS_NONE, JSON},
	{"mark", 0, WORDS_ONE, MARK},
	{"flags", 0, WORDS_ONE, FLAGS},
};

#define CONN(name) LVS_IPVS_BIT(LVS_IPVS_CONN_##name)
#define OWN(name) LVS_IPVS_BIT(LVS_IPVS_ATTR_##name)

static int read_protocol(const char *text, uint16_t *protocol)
{
	static const struct {
		const char *name;
		uint16_t protocol;
	} known[] = {{"tcp", LVS_TCP}, {"udp", LVS_UDP}, {"sctp", LVS_SCTP}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(known[i].name, text)) {
			*protocol = known[i].protocol;
			return 0;
		}
	}
	return verb_wrong("explain", "expected tcp, udp or sctp, got \"%s\"", text);
}

static int read_end(const char *text, unsigned protocol, struct value_address *address)
{
	if (value_address(text, protocol, address) < 0 || !address->has_port)
		return verb_wrong(
			"explain",
			"expected an address like 192.0.2.7:40000 or [2001:db8::7]:40000, "
			"got \"%s\"",
			text);
	return 0;
}

static int read_ends(const struct words *words, struct lvs_ipvs_conn *conn)
{
	struct value_address from, to;
	int status = read_protocol(words->left[0], &conn->protocol);

	if (!status)
		status = read_end(words->left[1], conn->protocol, &from);
	if (!status)
		status = read_end(words->left[2], conn->protocol, &to);
	if (status)
		return status;
	if (from.family != to.family)
		return verb_wrong("explain", "expected two addresses of one family, got %s and %s",
				  words->left[1], words->left[2]);
	conn->family = from.family;
	conn->client = from.addr;
	conn->client_port = from.port;
	conn->service = to.addr;
	conn->service_port = to.port;
	conn->given |= CONN(FAMILY) | CONN(PROTOCOL) | CONN(CLIENT) | CONN(CLIENT_PORT) |
		       CONN(SERVICE) | CONN(SERVICE_PORT);
	return 0;
}

/* TCP flags: names with commas between. */
static int read_flags(const char *text, struct lvs_ipvs_message *message)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

	for (const char *at = text; *at; at += strspn(at, ",")) {
		size_t len = strcspn(at, ",");
		unsigned i = 0;

		while (i < 8 && (strlen(names[i]) != len || strncmp(names[i], at, len) != 0))
			i++;
		if (i == 8)
			return verb_wrong(
				"explain",
				"expected of fin syn rst psh ack urg ece cwr, got \"%.*s\"",
				(int)len, at);
		message->value |= 1U << i;
		at += len;
	}
	message->given |= OWN(VALUE);
	return 0;
}

static int read_mark(const char *text, struct lvs_ipvs_conn *conn)
{
	int64_t mark;

	if (value_number(text, 0, UINT32_MAX, &mark) < 0)
		return verb_wrong("explain", "expected a firewall mark, got \"%s\"", text);
	conn->fwmark = (uint32_t)mark;
	conn->given |= CONN(FWMARK);
	return 0;
}

static int read_option(int what, const char *value, struct lvs_ipvs_message *message)
{
	switch (what) {
	case JSON:
		message->flags = LVS_IPVS_JSON;
		message->given |= OWN(FLAGS);
		return 0;
	case MARK:
		return read_mark(value, &message->conn);
	default:
		return read_flags(value, message);
	}
}

static int read_words(int argc, char **argv, struct lvs_ipvs_message *message)
{
	struct words words;
	int what, status;

	words_begin(&words, options, sizeof(options) / sizeof(options[0]), argc, argv);
	while ((what = words_next(&words)) >= 0) {
		status = read_option(what, words.value, message);
		if (status)
			return status;
	}
	if (what != WORDS_END)
		return verb_bad_word("explain", &words, what);
	if (words.left_n != 3)
		return verb_wrong("explain", "expected PROTOCOL FROM:PORT TO:PORT, got %u words",
				  words.left_n);
	message->given |= OWN(CONN);
	return read_ends(&words, &message->conn);
}

static int print(void *user, const struct lvs_ipvs_message *answer)
{
	(void)user;
	if (answer->text_len)
		fwrite(answer->text, 1, answer->text_len, stdout);
	return 0;
}

int verb_explain(struct link *link, int argc, char **argv)
{
	struct lvs_ipvs_message message = {.nl_flags = NLM_F_DUMP};
	int status = read_words(argc, argv, &message);
	int error;

	if (!status)
		status = verb_needs_lvsd("explain", link);
	if (!status)
		status = link_open(link);
	if (status)
		return status;
	error = verb_ask(link, LVS_IPVS_EXPLAIN, &message, print, NULL);
	status = error ? verb_failed("explain", link, error) : 0;
	link_close(link);
	return status;
}
