/* SPDX-License-Identifier: BSD-2-Clause */
#include "rule_build.h"
#include "rule_value.h"

#include <stdio.h>
#include <string.h>

#define BIT(name) (UINT32_C(1) << RULE_##name)

enum {
	SERVICE_OPTIONS = BIT(TCP) | BIT(UDP) | BIT(SCTP) | BIT(MARK),
	METHOD_OPTIONS = BIT(DR) | BIT(TUNNEL) | BIT(NAT),
	ADD_SERVICE_OPTIONS = BIT(ADD_SERVICE) | SERVICE_OPTIONS | BIT(IPV6) | BIT(SCHEDULER) |
			      BIT(PERSISTENT) | BIT(NETMASK) | BIT(OPS) | BIT(PE) | BIT(FLAGS),
	ADD_SERVER_OPTIONS = BIT(ADD_SERVER) | SERVICE_OPTIONS | BIT(IPV6) | BIT(SERVER) |
			     METHOD_OPTIONS | BIT(WEIGHT) | BIT(UPPER) | BIT(LOWER) |
			     BIT(TUN_TYPE) | BIT(TUN_PORT) | BIT(TUN_NOCSUM) | BIT(TUN_CSUM) |
			     BIT(TUN_REMCSUM),
};

static unsigned count_bits(uint32_t bits)
{
	unsigned n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

/* What ipvsadm knows and this version of the library does not. */
static int check_supported(const struct rule_line *line, struct rule_error *error)
{
	static const struct {
		enum rule_option option;
		const char *what;
	} later[] = {
		{RULE_SCTP, "SCTP"},
		{RULE_PERSISTENT, "persistence"},
		{RULE_NETMASK, "persistence"},
		{RULE_OPS, "one-packet scheduling"},
		{RULE_PE, "a persistence engine"},
		{RULE_TUN_PORT, "a tunnel other than ipip"},
		{RULE_TUN_NOCSUM, "a tunnel other than ipip"},
		{RULE_TUN_CSUM, "a tunnel other than ipip"},
		{RULE_TUN_REMCSUM, "a tunnel other than ipip"},
	};

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (rule_given(line, later[i].option))
			return rule_fail(error, "%s: %s is not supported by this version",
					 rule_option_name(later[i].option), later[i].what);
	return 0;
}

int rule_build_check(const struct rule_line *line, struct rule_error *error)
{
	uint32_t commands = line->given & (BIT(ADD_SERVICE) | BIT(ADD_SERVER));
	uint32_t allowed =
		rule_given(line, RULE_ADD_SERVICE) ? ADD_SERVICE_OPTIONS : ADD_SERVER_OPTIONS;
	const char *command = rule_given(line, RULE_ADD_SERVICE) ? "-A" : "-a";

	if (count_bits(commands) != 1)
		return rule_fail(error, "expected one of -A and -a, got %s",
				 commands ? "both" : "neither");
	for (int i = 0; i < RULE_OPTION_N; i++)
		if (line->given & ~allowed & UINT32_C(1) << i)
			return rule_fail(error, "expected an option of %s, got %s", command,
					 rule_option_name((enum rule_option)i));
	return check_supported(line, error);
}

static int build_mark(const struct rule_line *line, struct lvs_service_key *key,
		      struct rule_error *error)
{
	key->family = rule_given(line, RULE_IPV6) ? LVS_INET6 : LVS_INET;
	return rule_value_number(line->value[RULE_MARK], "a firewall mark", 1, UINT32_MAX,
				 &key->fwmark, error);
}

int rule_build_key(const struct rule_line *line, struct lvs_service_key *key,
		   struct rule_error *error)
{
	uint32_t named = line->given & SERVICE_OPTIONS;
	int udp = rule_given(line, RULE_UDP);
	const char *text = line->value[udp ? RULE_UDP : RULE_TCP];
	struct rule_endpoint endpoint;

	memset(key, 0, sizeof(*key));
	if (count_bits(named) != 1)
		return rule_fail(error, "expected one of -t, -u and -f, got %s",
				 named ? "several" : "none");
	if (rule_given(line, RULE_MARK))
		return build_mark(line, key, error);
	if (rule_given(line, RULE_IPV6))
		return rule_fail(error, "expected -6 only with -f, got it with %s",
				 udp ? "-u" : "-t");
	if (rule_value_endpoint(text, 1, &endpoint, error) < 0)
		return -1;
	if (rule_value_is_loopback(&endpoint))
		return rule_fail(error, "expected an address that clients can reach, got \"%s\"",
				 text);
	if (!endpoint.port)
		return rule_fail(error, "expected a port from 1 to 65535, got none: "
					"a service of every port needs persistence, which is "
					"not supported by this version");
	key->addr = endpoint.addr;
	key->port = endpoint.port;
	key->family = endpoint.family;
	key->protocol = udp ? LVS_UDP : LVS_TCP;
	return 0;
}

int rule_build_service(const struct rule_line *line, struct rule_service *service,
		       struct rule_error *error)
{
	service->conf = (struct lvs_service_conf){.size = sizeof(service->conf)};
	if (rule_value_scheduler(line->value[RULE_SCHEDULER], &service->conf.sched, error) < 0)
		return -1;
	if (!rule_given(line, RULE_FLAGS))
		return 0;
	return rule_value_flags(line->value[RULE_FLAGS], service->conf.sched->name,
				&service->conf.flags, error);
}

static int build_method(const struct rule_line *line, struct rule_dest *dest,
			struct rule_error *error)
{
	const char *type = line->value[RULE_TUN_TYPE];

	if (count_bits(line->given & METHOD_OPTIONS) > 1)
		return rule_fail(error, "expected one of -g, -i and -m, got several");
	dest->conf.method = rule_given(line, RULE_NAT)      ? LVS_METHOD_NAT
			    : rule_given(line, RULE_TUNNEL) ? LVS_METHOD_TUNNEL
							    : LVS_METHOD_DR;
	if (!type)
		return 0;
	if (dest->conf.method != LVS_METHOD_TUNNEL)
		return rule_fail(error, "expected -i with --tun-type, got %s",
				 dest->conf.method == LVS_METHOD_NAT ? "-m" : "-g");
	if (!strcmp(type, "gue") || !strcmp(type, "gre"))
		return rule_fail(error, "--tun-type: %s is not supported by this version", type);
	if (strcmp(type, "ipip") != 0)
		return rule_fail(error, "expected the tunnel type ipip, got \"%s\"", type);
	return 0;
}

/* ipvsadm's rule: what does not rewrite ports keeps the service's. */
static int build_endpoint(const struct rule_line *line, const struct lvs_service_key *key,
			  struct rule_dest *dest, struct rule_error *error)
{
	struct rule_endpoint endpoint;

	if (!rule_given(line, RULE_SERVER))
		return rule_fail(error, "expected -r and a server, got none");
	if (rule_value_endpoint(line->value[RULE_SERVER], 0, &endpoint, error) < 0)
		return -1;
	if (endpoint.family != key->family && dest->conf.method != LVS_METHOD_TUNNEL)
		return rule_fail(error,
				 "expected a server of the service's address family, got \"%s\": "
				 "only a tunnel (-i) crosses families",
				 line->value[RULE_SERVER]);
	dest->key.addr = endpoint.addr;
	dest->key.family = endpoint.family;
	dest->key.port = endpoint.port;
	if (!endpoint.has_port || (!key->fwmark && dest->conf.method != LVS_METHOD_NAT))
		dest->key.port = key->port;
	return 0;
}

static int build_number(const struct rule_line *line, enum rule_option option, const char *what,
			uint32_t max, uint32_t *number, struct rule_error *error)
{
	if (!rule_given(line, option))
		return 0;
	return rule_value_number(line->value[option], what, 0, max, number, error);
}

int rule_build_dest(const struct rule_line *line, const struct lvs_service_key *key,
		    struct rule_dest *dest, struct rule_error *error)
{
	uint32_t weight = 1;

	memset(&dest->key, 0, sizeof(dest->key));
	dest->conf = (struct lvs_dest_conf){.size = sizeof(dest->conf)};
	if (build_method(line, dest, error) < 0 || build_endpoint(line, key, dest, error) < 0)
		return -1;
	if (build_number(line, RULE_WEIGHT, "a weight", 65535, &weight, error) < 0 ||
	    build_number(line, RULE_UPPER, "an upper threshold", INT32_MAX, &dest->conf.upper,
			 error) < 0 ||
	    build_number(line, RULE_LOWER, "a lower threshold", INT32_MAX, &dest->conf.lower,
			 error) < 0)
		return -1;
	dest->conf.weight = (int32_t)weight;
	if (dest->conf.lower > dest->conf.upper)
		return rule_fail(error, "expected a lower threshold of at most %u, got %u",
				 dest->conf.upper, dest->conf.lower);
	return 0;
}
