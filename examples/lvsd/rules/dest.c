/* SPDX-License-Identifier: BSD-2-Clause */
/* What a line with -a says of its server, and which of its options go with each other. */
#include "rules/build.h"
#include "rules/value.h"

#include <arpa/inet.h>
#include <string.h>

#define CHECKSUM_OPTIONS (RULE_BIT(TUN_NOCSUM) | RULE_BIT(TUN_CSUM) | RULE_BIT(TUN_REMCSUM))
#define TUNNEL_OPTIONS (RULE_BIT(TUN_TYPE) | RULE_BIT(TUN_PORT) | CHECKSUM_OPTIONS)

/* By enum lvs_tunnel: the name, and what may stand beside it. */
static const struct {
	const char *name;
	uint32_t options;
} tunnels[] = {
	[LVS_TUNNEL_IPIP] = {"ipip", 0},
	[LVS_TUNNEL_GUE] = {"gue", RULE_BIT(TUN_PORT) | CHECKSUM_OPTIONS},
	[LVS_TUNNEL_GRE] = {"gre", RULE_BIT(TUN_NOCSUM) | RULE_BIT(TUN_CSUM)},
};

enum { TUNNELS_N = sizeof(tunnels) / sizeof(tunnels[0]) };

static int build_tunnel_type(const struct rule_line *line, struct lvs_dest_conf *conf,
			     struct rule_error *error)
{
	const char *name = rule_option_value(line, RULE_TUN_TYPE, error);
	uint8_t type = LVS_TUNNEL_IPIP;

	if (name)
		for (type = 0; type < TUNNELS_N && strcmp(tunnels[type].name, name) != 0;)
			type++;
	if (type == TUNNELS_N)
		return rule_fail(error, "expected a tunnel type (ipip gue gre), got \"%s\"", name);
	conf->tun_type = type;
	return 0;
}

static int build_tunnel_port(const struct rule_line *line, struct lvs_dest_conf *conf,
			     struct rule_error *error)
{
	uint32_t port;

	if (conf->tun_type != LVS_TUNNEL_GUE)
		return 0;
	if (!rule_given(line, RULE_TUN_PORT))
		return rule_fail(error, "expected %s with %s gue, got none",
				 rule_option_name(line, RULE_TUN_PORT),
				 rule_option_name(line, RULE_TUN_TYPE));
	if (rule_value_number(rule_option_value(line, RULE_TUN_PORT, error),
			      "a port of the tunnel's end", 1, 65535, &port, error) < 0)
		return -1;
	conf->tun_port = htons((uint16_t)port);
	return 0;
}

static int build_tunnel(const struct rule_line *line, struct lvs_dest_conf *conf,
			struct rule_error *error)
{
	enum rule_option wrong = rule_first_given(line, TUNNEL_OPTIONS);

	if (wrong != RULE_OPTION_N)
		(void)rule_option_value(line, wrong, error); /* its line */
	if (wrong != RULE_OPTION_N && conf->method != LVS_METHOD_TUNNEL)
		return rule_fail(error, "expected %s with %s, got %s",
				 rule_option_name(line, RULE_TUNNEL), rule_option_name(line, wrong),
				 rule_option_name(line, conf->method == LVS_METHOD_NAT ? RULE_NAT
										       : RULE_DR));
	if (build_tunnel_type(line, conf, error) < 0)
		return -1;
	wrong = rule_first_given(line, TUNNEL_OPTIONS & ~RULE_BIT(TUN_TYPE) &
					       ~tunnels[conf->tun_type].options);
	if (wrong != RULE_OPTION_N)
		return rule_fail(error, "expected %s %s with %s, got %s",
				 rule_option_name(line, RULE_TUN_TYPE),
				 wrong == RULE_TUN_NOCSUM || wrong == RULE_TUN_CSUM ? "gue or gre"
										    : "gue",
				 rule_option_name(line, wrong), tunnels[conf->tun_type].name);
	if (rule_given_n(line, CHECKSUM_OPTIONS) > 1)
		return rule_fail(error, "expected one of --tun-nocsum, --tun-csum and "
					"--tun-remcsum, got several"); /* in YAML one key */
	conf->tun_flags = (uint8_t)((rule_given(line, RULE_TUN_CSUM) ? LVS_TUNNEL_CSUM : 0) |
				    (rule_given(line, RULE_TUN_REMCSUM) ? LVS_TUNNEL_REMCSUM : 0));
	return build_tunnel_port(line, conf, error);
}

static int build_method(const struct rule_line *line, struct lvs_dest_conf *conf,
			struct rule_error *error)
{
	if (rule_given_n(line, RULE_METHOD_OPTIONS) > 1)
		return rule_fail(error, "expected one of -g, -i and -m, got several");
	conf->method = rule_given(line, RULE_NAT)      ? LVS_METHOD_NAT
		       : rule_given(line, RULE_TUNNEL) ? LVS_METHOD_TUNNEL
						       : LVS_METHOD_DR;
	return build_tunnel(line, conf, error);
}

/* ipvsadm's rule: what does not rewrite ports keeps the service's. */
static int build_endpoint(const struct rule_line *line, const struct lvs_service_key *key,
			  struct rule_dest *dest, struct rule_error *error)
{
	struct rule_endpoint endpoint;
	const char *text;

	if (!rule_given(line, RULE_SERVER))
		return rule_fail(error, "expected %s and a server, got none",
				 rule_option_name(line, RULE_SERVER));
	text = rule_option_value(line, RULE_SERVER, error);
	if (rule_value_endpoint(text, &endpoint, error) < 0)
		return -1;
	if (endpoint.family != key->family && dest->conf.method != LVS_METHOD_TUNNEL)
		return rule_fail(error,
				 "expected a server of the service's address family, got \"%s\": "
				 "only a tunnel (%s) crosses families",
				 text, rule_option_name(line, RULE_TUNNEL));
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
	return rule_value_number(rule_option_value(line, option, error), what, 0, max, number,
				 error);
}

static int build_limits(const struct rule_line *line, struct lvs_dest_conf *conf,
			struct rule_error *error)
{
	uint32_t weight = 1;

	if (build_number(line, RULE_WEIGHT, "a weight", 65535, &weight, error) < 0 ||
	    build_number(line, RULE_UPPER, "an upper threshold", INT32_MAX, &conf->upper, error) <
		    0 ||
	    build_number(line, RULE_LOWER, "a lower threshold", INT32_MAX, &conf->lower, error) < 0)
		return -1;
	conf->weight = (int32_t)weight;
	if (conf->lower > conf->upper)
		return rule_fail(error, "expected a lower threshold of at most %u, got %u",
				 conf->upper, conf->lower);
	return 0;
}

int rule_build_dest(const struct rule_line *line, const struct lvs_service_key *key,
		    struct rule_dest *dest, struct rule_error *error)
{
	memset(&dest->key, 0, sizeof(dest->key));
	dest->conf = (struct lvs_dest_conf){.size = sizeof(dest->conf)};
	if (build_method(line, &dest->conf, error) < 0 ||
	    build_endpoint(line, key, dest, error) < 0)
		return -1;
	return build_limits(line, &dest->conf, error);
}
