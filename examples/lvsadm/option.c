/* SPDX-License-Identifier: BSD-2-Clause */
#include "option.h"

#include <liblvs/control.h>

#define OF_SERVICE                                                                                 \
	(OF(SCHEDULER) | OF(PERSISTENT) | OF(NETMASK) | OF(OPS) | OF(PE) | OF(SCHED_FLAGS))
#define OF_SERVER (OF(FORWARD) | OF(WEIGHT) | OF(UPPER) | OF(LOWER) | OF_TUNNEL)
#define OF_ONE_LIST (OF(CONNECTION) | OF(SERVICE) | OF(TIMEOUT) | OF(DAEMON)) /* one of them */
#define OF_LIST                                                                                    \
	(OF(NUMERIC) | OF(STATS) | OF(RATE) | OF(THRESHOLDS) | OF(PERSISTENT_CONN) | OF(NOSORT) |  \
	 OF(SYNCID) | OF(EXACT) | OF(TUN_INFO))
#define OF_DAEMON (OF(INTERFACE) | OF(SYNCID) | OF(GROUP) | OF(PORT) | OF(TTL) | OF(MAXLEN))

/* Of a listing, at most one of these. */
#define LIST_ONE(command) ((command) == COMMAND_LIST ? OF_ONE_LIST : 0)

struct rule {
	const char *name;
	uint64_t must;
	uint64_t may;
	uint64_t one; /* at most one of them */
};

static const struct rule commands[] = {
#define COMMAND(name, text, must, may) {text, must, may, LIST_ONE(COMMAND_##name)},
	COMMAND_TABLE(COMMAND)
#undef COMMAND
};

static const struct rule tunnels[] = {
	[LVS_TUNNEL_IPIP] = {"ipip", 0, OF(TUN_TYPE), 0},
	[LVS_TUNNEL_GUE] = {"gue", OF(TUN_PORT), OF(TUN_TYPE) | OF_TUN_CSUM, OF_TUN_CSUM},
	[LVS_TUNNEL_GRE] = {"gre", 0, OF(TUN_TYPE) | OF(TUN_NOCSUM) | OF(TUN_CSUM), OF_TUN_CSUM},
};

static const char *const names[] = {
#define OPTION(name, text) text,
	OPTION_LIST(OPTION)
#undef OPTION
};

#define COMMAND_WORD(name, letter, what)                                                           \
	{                                                                                          \
		name, letter, WORDS_NONE, COMMAND_##what                                           \
	}
#define FLAG(name, letter, what)                                                                   \
	{                                                                                          \
		name, letter, WORDS_NONE, WORD_OPTION + OPTION_##what                              \
	}
#define VALUE(name, letter, what)                                                                  \
	{                                                                                          \
		name, letter, WORDS_ONE, WORD_OPTION + OPTION_##what                               \
	}

const struct words_option option_words[] = {
	COMMAND_WORD("add-service", 'A', ADD_SERVICE),
	COMMAND_WORD("edit-service", 'E', EDIT_SERVICE),
	COMMAND_WORD("delete-service", 'D', DELETE_SERVICE),
	COMMAND_WORD("clear", 'C', CLEAR),
	COMMAND_WORD("add-server", 'a', ADD_SERVER),
	COMMAND_WORD("edit-server", 'e', EDIT_SERVER),
	COMMAND_WORD("delete-server", 'd', DELETE_SERVER),
	COMMAND_WORD("list", 'L', LIST),
	COMMAND_WORD(NULL, 'l', LIST),
	COMMAND_WORD("zero", 'Z', ZERO),
	COMMAND_WORD("set", 0, SET),
	COMMAND_WORD("save", 'S', SAVE),
	COMMAND_WORD("restore", 'R', RESTORE),
	{"start-daemon", 0, WORDS_ONE, COMMAND_START},
	{"stop-daemon", 0, WORDS_ONE, COMMAND_STOP},
	COMMAND_WORD("help", 'h', HELP),
	COMMAND_WORD("version", 'v', VERSION),
	{"tcp-service", 't', WORDS_ONE, WORD_TCP},
	{"udp-service", 'u', WORDS_ONE, WORD_UDP},
	{"sctp-service", 0, WORDS_ONE, WORD_SCTP},
	{"fwmark-service", 'f', WORDS_ONE, WORD_FWMARK},
	{"ipv6", '6', WORDS_NONE, WORD_IPV6},
	{"gatewaying", 'g', WORDS_NONE, WORD_DIRECT},
	{"ipip", 'i', WORDS_NONE, WORD_TUNNEL},
	{"masquerading", 'm', WORDS_NONE, WORD_NAT},
	{"sort", 0, WORDS_NONE, WORD_SORT},
	VALUE("scheduler", 's', SCHEDULER),
	{"persistent", 'p', WORDS_MAYBE, WORD_OPTION + OPTION_PERSISTENT},
	VALUE("netmask", 'M', NETMASK),
	VALUE("real-server", 'r', SERVER),
	VALUE("weight", 'w', WEIGHT),
	VALUE("u-threshold", 'x', UPPER),
	VALUE("l-threshold", 'y', LOWER),
	VALUE("pe", 0, PE),
	VALUE("sched-flags", 'b', SCHED_FLAGS),
	FLAG("ops", 'o', OPS),
	VALUE("tun-type", 0, TUN_TYPE),
	VALUE("tun-port", 0, TUN_PORT),
	FLAG("tun-nocsum", 0, TUN_NOCSUM),
	FLAG("tun-csum", 0, TUN_CSUM),
	FLAG("tun-remcsum", 0, TUN_REMCSUM),
	FLAG("numeric", 'n', NUMERIC),
	FLAG("connection", 'c', CONNECTION),
	FLAG("timeout", 0, TIMEOUT),
	FLAG("daemon", 0, DAEMON),
	FLAG("stats", 0, STATS),
	FLAG("rate", 0, RATE),
	FLAG("thresholds", 0, THRESHOLDS),
	FLAG("persistent-conn", 0, PERSISTENT_CONN),
	FLAG("tun-info", 0, TUN_INFO),
	FLAG("nosort", 0, NOSORT),
	FLAG("exact", 'X', EXACT),
	VALUE("mcast-interface", 0, INTERFACE),
	VALUE("syncid", 0, SYNCID),
	VALUE("sync-maxlen", 0, MAXLEN),
	VALUE("mcast-group", 0, GROUP),
	VALUE("mcast-port", 0, PORT),
	VALUE("mcast-ttl", 0, TTL),
};
const unsigned option_words_n = sizeof(option_words) / sizeof(option_words[0]);

const char *option_command_name(enum command command)
{
	return commands[command].name;
}

const char *option_name(unsigned option)
{
	return names[option];
}

/* what: "command" or "tunnel type". */
static int check(const struct rule *rule, const char *what, unsigned first, uint64_t options,
		 struct complaint *complaint)
{
	unsigned before = OPTION_N;

	for (unsigned i = first; i < OPTION_N; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if (!(options & bit)) {
			if (rule->must & bit)
				return complain(complaint, STATUS_USAGE,
						"You need to supply the '%s' option for the '%s' "
						"%s",
						names[i], rule->name, what);
			continue;
		}
		if (!((rule->must | rule->may) & bit))
			return complain(complaint, STATUS_USAGE,
					"Illegal '%s' option with the '%s' %s", names[i],
					rule->name, what);
		if (!(rule->one & bit))
			continue;
		if (before < OPTION_N)
			return complain(complaint, STATUS_USAGE,
					"The option '%s' conflicts with the '%s' option in the "
					"'%s' %s",
					names[i], names[before], rule->name, what);
		before = i;
	}
	return 0;
}

int option_check(enum command command, uint64_t options, struct complaint *complaint)
{
	const uint64_t numbers = OF(STATS) | OF(RATE) | OF(THRESHOLDS);

	if (check(&commands[command], "command", 0, options, complaint) < 0)
		return -1;
	if (command != COMMAND_LIST)
		return 0;
	if ((options & (OF(CONNECTION) | OF(TIMEOUT) | OF(DAEMON)) && options & numbers) ||
	    (options & (OF(TIMEOUT) | OF(DAEMON)) && options & OF(PERSISTENT_CONN)))
		return complain(complaint, STATUS_USAGE, "options conflicts in the list command");
	return 0;
}

int option_check_tunnel(unsigned type, uint64_t options, struct complaint *complaint)
{
	return check(&tunnels[type], "tunnel type", OPTION_TUN_TYPE, options & OF_TUNNEL,
		     complaint);
}
