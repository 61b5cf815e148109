/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/build.h"
#include "rules/value.h"

#include <string.h>

#define ADD_SERVICE_OPTIONS                                                                        \
	(RULE_BIT(ADD_SERVICE) | RULE_SERVICE_OPTIONS | RULE_BIT(IPV6) | RULE_BIT(SCHEDULER) |     \
	 RULE_BIT(PERSISTENT) | RULE_BIT(NETMASK) | RULE_BIT(OPS) | RULE_BIT(PE) |                 \
	 RULE_BIT(FLAGS))
#define ADD_SERVER_OPTIONS                                                                         \
	(RULE_BIT(ADD_SERVER) | RULE_SERVICE_OPTIONS | RULE_BIT(IPV6) | RULE_BIT(SERVER) |         \
	 RULE_METHOD_OPTIONS | RULE_BIT(WEIGHT) | RULE_BIT(UPPER) | RULE_BIT(LOWER) |              \
	 RULE_BIT(TUN_TYPE) | RULE_BIT(TUN_PORT) | RULE_BIT(TUN_NOCSUM) | RULE_BIT(TUN_CSUM) |     \
	 RULE_BIT(TUN_REMCSUM))

int rule_build_check(const struct rule_line *line, struct rule_error *error)
{
	unsigned commands = rule_given_n(line, RULE_BIT(ADD_SERVICE) | RULE_BIT(ADD_SERVER));
	int service = rule_given(line, RULE_ADD_SERVICE);
	enum rule_option wrong =
		rule_first_given(line, ~(service ? ADD_SERVICE_OPTIONS : ADD_SERVER_OPTIONS));

	if (commands != 1)
		return rule_fail(error, "expected one of -A and -a, got %s",
				 commands ? "both" : "neither");
	if (wrong != RULE_OPTION_N)
		return rule_fail(error, "expected an option of %s, got %s", service ? "-A" : "-a",
				 rule_option_name(line, wrong));
	return 0;
}

static int build_mark(const struct rule_line *line, struct lvs_service_key *key,
		      struct rule_error *error)
{
	key->family = rule_given(line, RULE_IPV6) ? LVS_INET6 : LVS_INET;
	return rule_value_number(rule_option_value(line, RULE_MARK, error), "a firewall mark", 1,
				 UINT32_MAX, &key->fwmark, error);
}

static int build_address(const struct rule_line *line, enum rule_option option,
			 struct lvs_service_key *key, struct rule_error *error)
{
	const char *text = rule_option_value(line, option, error);
	struct rule_endpoint endpoint;

	if (rule_given(line, RULE_IPV6))
		return rule_fail(error, "expected %s only with %s, got it with %s",
				 rule_option_name(line, RULE_IPV6),
				 rule_option_name(line, RULE_MARK), rule_option_name(line, option));
	if (rule_value_endpoint(text, &endpoint, error) < 0)
		return -1;
	if (rule_value_is_loopback(&endpoint))
		return rule_fail(error, "expected an address that clients can reach, got \"%s\"",
				 text);
	key->addr = endpoint.addr;
	key->port = endpoint.port;
	key->family = endpoint.family;
	key->protocol = option == RULE_TCP ? LVS_TCP : option == RULE_UDP ? LVS_UDP : LVS_SCTP;
	return 0;
}

int rule_build_key(const struct rule_line *line, struct lvs_service_key *key,
		   struct rule_error *error)
{
	unsigned named = rule_given_n(line, RULE_SERVICE_OPTIONS);

	memset(key, 0, sizeof(*key));
	if (named != 1)
		return rule_fail(error, "expected one of %s, %s, %s and %s, got %s",
				 rule_option_name(line, RULE_TCP), rule_option_name(line, RULE_UDP),
				 rule_option_name(line, RULE_SCTP),
				 rule_option_name(line, RULE_MARK), named ? "several" : "none");
	if (rule_given(line, RULE_MARK))
		return build_mark(line, key, error);
	return build_address(line, rule_first_given(line, RULE_SERVICE_OPTIONS), key, error);
}
