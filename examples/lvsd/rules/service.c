/* SPDX-License-Identifier: BSD-2-Clause */
/* What a line with -A says of its service, and which of its options go with each other. */
#include "rules/build.h"
#include "rules/value.h"

#include <string.h>

enum {
	TIMEOUT = 360, /* of ipvsadm, seconds */
	TIMEOUT_MAX = 2678400,
};

static int build_persistence(const struct rule_line *line, const struct lvs_service_key *key,
			     struct lvs_service_conf *conf, struct rule_error *error)
{
	const char *timeout = rule_option_value(line, RULE_PERSISTENT, error);

	if (!rule_given(line, RULE_PERSISTENT)) {
		if (key->fwmark || key->port)
			return 0;
		return rule_fail(error,
				 "expected %s with a service of every port (port 0), got none",
				 rule_option_name(line, RULE_PERSISTENT));
	}
	conf->flags |= LVS_SERVICE_PERSISTENT;
	conf->timeout_s = TIMEOUT;
	return timeout ? rule_value_number(timeout, "a persistence timeout", 1, TIMEOUT_MAX,
					   &conf->timeout_s, error)
		       : 0;
}

static int build_netmask(const struct rule_line *line, const struct lvs_service_key *key,
			 struct lvs_service_conf *conf, struct rule_error *error)
{
	const char *text = rule_option_value(line, RULE_NETMASK, error);

	conf->netmask = key->family == LVS_INET6 ? 128 : UINT32_MAX;
	if (!text)
		return 0;
	if (key->family == LVS_INET6)
		return rule_value_number(text, "a prefix length", 1, 128, &conf->netmask, error);
	return rule_value_mask(text, &conf->netmask, error);
}

static int build_one_packet(const struct rule_line *line, struct lvs_service_conf *conf,
			    struct rule_error *error)
{
	enum rule_option kind = rule_first_given(line, RULE_SERVICE_OPTIONS);

	if (!rule_given(line, RULE_OPS))
		return 0;
	(void)rule_option_value(line, RULE_OPS, error); /* its line */
	if (kind != RULE_UDP && kind != RULE_MARK)
		return rule_fail(error, "expected %s or %s with %s, got %s",
				 rule_option_name(line, RULE_UDP),
				 rule_option_name(line, RULE_MARK),
				 rule_option_name(line, RULE_OPS), rule_option_name(line, kind));
	conf->flags |= LVS_SERVICE_ONE_PACKET;
	return 0;
}

static int build_flags(const struct rule_line *line, struct lvs_service_conf *conf,
		       struct rule_error *error)
{
	uint32_t flags = 0;

	if (rule_given(line, RULE_FLAGS) &&
	    rule_value_flags(rule_option_value(line, RULE_FLAGS, error), conf->sched->name,
			     rule_option_name(line, RULE_SCHEDULER), &flags, error) < 0)
		return -1;
	conf->flags |= flags;
	return 0;
}

static int build_engine(const struct rule_line *line, struct lvs_service_conf *conf,
			struct rule_error *error)
{
	const char *name;

	if (!rule_given(line, RULE_PE))
		return 0;
	name = rule_option_value(line, RULE_PE, error);
	conf->pe = lvs_pe_find(name);
	return conf->pe ? 0
			: rule_fail(error, "%s: no persistence engine \"%s\"",
				    rule_option_name(line, RULE_PE), name);
}

int rule_build_service(const struct rule_line *line, struct rule_service *service,
		       struct rule_error *error)
{
	const struct lvs_service_key *key = &service->key;
	struct lvs_service_conf *conf = &service->conf;

	*conf = (struct lvs_service_conf){.size = sizeof(*conf)};
	if (rule_value_scheduler(rule_option_value(line, RULE_SCHEDULER, error), &conf->sched,
				 error) < 0 ||
	    build_flags(line, conf, error) < 0 || build_persistence(line, key, conf, error) < 0 ||
	    build_netmask(line, key, conf, error) < 0 || build_one_packet(line, conf, error) < 0 ||
	    build_engine(line, conf, error) < 0)
		return -1;
	return 0;
}
