/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture.h"

#include <stdlib.h>
#include <string.h>

enum {
	DEST_RULES = 4, /* at most, that one server makes; a service makes one */
};

/* What is being gathered. */
struct list {
	struct lvs_host *host;
	bool steered;
	struct lvs_host_rule *rule;
	unsigned n;
};

static void put(struct list *list, uint8_t direction, uint8_t family, const union lvs_addr *addr,
		uint8_t protocol, lvs_be16 port)
{
	list->rule[list->n++] = (struct lvs_host_rule){
		.addr = *addr,
		.port = port,
		.family = family,
		.protocol = protocol,
		.direction = direction,
	};
}

static void add_services(struct list *list, const struct rules *rules)
{
	for (size_t i = 0; i < rules->service_n; i++) {
		const struct lvs_service_key *key = &rules->service[i].key;

		/* Marks are not the filter's: what has one cannot be told by its addresses. */
		if (key->fwmark)
			continue;
		put(list, LVS_HOST_TO, key->family, &key->addr, key->protocol, key->port);
	}
}

/* Replies; and where the adapter would not see it, who asks the server itself, past the service. */
static void add_protocol(struct list *list, const struct lvs_dest_key *dest,
			 const struct lvs_service_key *key, uint8_t protocol)
{
	/* 0 keeps the packet's port, which is the service's. */
	lvs_be16 port = dest->port ? dest->port : key->port;

	put(list, LVS_HOST_FROM, dest->family, &dest->addr, protocol, port);
	if (list->steered)
		put(list, LVS_HOST_TO, dest->family, &dest->addr, protocol, port);
}

static void add_nat(struct list *list, const struct lvs_dest_key *dest,
		    const struct lvs_service_key *key)
{
	if (key->fwmark) {
		add_protocol(list, dest, key, LVS_TCP);
		add_protocol(list, dest, key, LVS_UDP);
	} else {
		add_protocol(list, dest, key, key->protocol);
	}
}

/* Errors about tunnel packets come to the address that those leave from. */
static void add_tunnel(struct list *list, const struct lvs_dest_key *dest)
{
	struct lvs_path_conf path = {.size = sizeof(path)};

	if (!list->steered ||
	    lvs_host_path(list->host, (enum lvs_family)dest->family, &dest->addr, &path) ||
	    path.source_family == LVS_UNSPEC)
		return;
	put(list, LVS_HOST_TO, path.source_family, &path.source,
	    path.source_family == LVS_INET6 ? LVS_ICMPV6 : LVS_ICMP, 0);
}

static void add_dests(struct list *list, const struct rules *rules)
{
	for (size_t i = 0; i < rules->dest_n; i++) {
		const struct rule_dest *dest = &rules->dest[i];

		if (dest->conf.method == LVS_METHOD_NAT)
			add_nat(list, &dest->key, &rules->service[dest->service].key);
		else if (dest->conf.method == LVS_METHOD_TUNNEL)
			add_tunnel(list, &dest->key);
	}
}

int capture_set(struct lvs_host *host, bool steered, const struct rules *a, const struct rules *b)
{
	size_t n = a->service_n + b->service_n + DEST_RULES * (a->dest_n + b->dest_n);
	struct list list = {.host = host, .steered = steered};
	int err;

	list.rule = calloc(n ? n : 1, sizeof(*list.rule));
	if (!list.rule)
		return LVS_ERR_NO_MEMORY;
	add_services(&list, a);
	add_dests(&list, a);
	add_services(&list, b);
	add_dests(&list, b);
	err = lvs_host_capture_set(host, list.rule, list.n);
	free(list.rule);
	return err;
}
