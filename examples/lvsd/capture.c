/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture.h"

#include <stdlib.h>

static struct lvs_host_rule *add_services(struct lvs_host_rule *rule, const struct rules *rules)
{
	for (size_t i = 0; i < rules->service_n; i++) {
		const struct lvs_service_key *key = &rules->service[i].key;

		/* Marks are not the filter's: what has one cannot be told by its addresses. */
		if (key->fwmark)
			continue;
		*rule++ = (struct lvs_host_rule){
			.addr = key->addr,
			.port = key->port,
			.family = key->family,
			.protocol = key->protocol,
			.direction = LVS_HOST_TO,
		};
	}
	return rule;
}

static struct lvs_host_rule reply_rule(const struct rule_dest *dest,
				       const struct lvs_service_key *key, uint8_t protocol)
{
	return (struct lvs_host_rule){
		.addr = dest->key.addr,
		/* 0 keeps the packet's port, which is the service's. */
		.port = dest->key.port ? dest->key.port : key->port,
		.family = dest->key.family,
		.protocol = protocol,
		.direction = LVS_HOST_FROM,
	};
}

/*
 * Errors from a server about what it was sent must be translated; untranslated ones the host would
 * forward. Not for IPv6: neighbour discovery is ICMPv6 too, and must stay on its link.
 */
static struct lvs_host_rule error_rule(const struct rule_dest *dest)
{
	return (struct lvs_host_rule){
		.addr = dest->key.addr,
		.family = LVS_INET,
		.protocol = LVS_ICMP,
		.direction = LVS_HOST_FROM,
	};
}

static struct lvs_host_rule *add_dests(struct lvs_host_rule *rule, const struct rules *rules)
{
	for (size_t i = 0; i < rules->dest_n; i++) {
		const struct rule_dest *dest = &rules->dest[i];
		const struct lvs_service_key *key = &rules->service[dest->service].key;

		if (dest->conf.method != LVS_METHOD_NAT)
			continue;
		if (dest->key.family == LVS_INET)
			*rule++ = error_rule(dest);
		if (key->fwmark) {
			*rule++ = reply_rule(dest, key, LVS_TCP);
			*rule++ = reply_rule(dest, key, LVS_UDP);
		} else {
			*rule++ = reply_rule(dest, key, key->protocol);
		}
	}
	return rule;
}

int capture_set(struct lvs_host *host, const struct rules *a, const struct rules *b)
{
	size_t n = a->service_n + b->service_n + 3 * (a->dest_n + b->dest_n);
	struct lvs_host_rule *rules = calloc(n ? n : 1, sizeof(*rules));
	struct lvs_host_rule *end;
	int err;

	if (!rules)
		return LVS_ERR_NO_MEMORY;
	end = add_services(rules, a);
	end = add_dests(end, a);
	end = add_services(end, b);
	end = add_dests(end, b);
	err = lvs_host_capture_set(host, rules, (unsigned)(end - rules));
	free(rules);
	return err;
}
