/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { FTP = 21, ISAKMP = 500 };

/* What is being gathered. */
struct list {
	struct lvs_host *host;
	const struct capture_how *how;
	bool failed; /* for want of memory */
	struct lvs_host_rule *rule;
	unsigned n;
	unsigned room;
};

/* One end of what is captured: the address of a service, or of a server. */
struct end {
	uint8_t direction;
	uint8_t family;
	const union lvs_addr *addr;
};

static void put(struct list *list, const struct end *end, uint8_t protocol, lvs_be16 port,
		uint8_t flags)
{
	if (list->n == list->room) {
		unsigned room = list->room ? list->room * 2 : 64;
		struct lvs_host_rule *rule = realloc(list->rule, room * sizeof(*rule));

		if (!rule) {
			list->failed = true;
			return;
		}
		list->rule = rule;
		list->room = room;
	}
	list->rule[list->n++] = (struct lvs_host_rule){
		.addr = *end->addr,
		.port = port,
		.family = end->family,
		.protocol = protocol,
		.direction = end->direction,
		.flags = flags,
	};
}

/* Data connections: a client's go to any port without privilege, a server's leave from the one
 * below its own (RFC 959). */
static void put_ftp(struct list *list, const struct end *end, lvs_be16 port)
{
	put(list, end, LVS_TCP, htons((uint16_t)(ntohs(port) - 1)), 0);
	put(list, end, LVS_TCP, 0, LVS_HOST_HIGH_PORTS);
}

static bool is_ftp(const struct list *list, uint16_t port)
{
	for (unsigned i = 0; i < list->how->ftp_n; i++)
		if (list->how->ftp[i] == port)
			return true;
	return port == FTP;
}

/* What comes along with the service `key` at an end where it has that port. */
static void put_company(struct list *list, const struct end *end, const struct lvs_service_key *key,
			lvs_be16 port)
{
	if (key->protocol == LVS_TCP && is_ftp(list, ntohs(key->port)) && ntohs(port) > 1)
		put_ftp(list, end, port);
	if (key->protocol == LVS_UDP && (!key->port || key->port == htons(ISAKMP))) {
		put(list, end, LVS_ESP, 0, 0);
		put(list, end, LVS_AH, 0, 0);
	}
}

static void add_services(struct list *list, const struct rules *rules)
{
	for (size_t i = 0; i < rules->service_n; i++) {
		const struct lvs_service_key *key = &rules->service[i].key;
		struct end end = {LVS_HOST_TO, key->family, &key->addr};

		/* Marks are not the filter's: what has one cannot be told by its addresses. */
		if (key->fwmark)
			continue;
		put(list, &end, key->protocol, key->port, 0);
		put_company(list, &end, key, key->port);
	}
}

/* 0 keeps the packet's port, which is the service's; of a service of every port it is any. */
static lvs_be16 port_of(const struct lvs_dest_key *dest, const struct lvs_service_key *key)
{
	return key->port && dest->port ? dest->port : key->port;
}

static void put_replies(struct list *list, const struct end *end, const struct lvs_dest_key *dest,
			const struct lvs_service_key *key)
{
	lvs_be16 port = port_of(dest, key);

	put(list, end, key->protocol, port, 0);
	put_company(list, end, key, port);
}

/* Replies; and where the adapter would not see it, who asks the server itself, past the service. */
static void add_nat(struct list *list, const struct lvs_dest_key *dest,
		    const struct lvs_service_key *key)
{
	struct end from = {LVS_HOST_FROM, dest->family, &dest->addr};
	struct end to = {LVS_HOST_TO, dest->family, &dest->addr};

	put_replies(list, &from, dest, key);
	if (list->how->steered)
		put_replies(list, &to, dest, key);
}

/* Errors about tunnel packets come to the address that those leave from. */
static void add_tunnel(struct list *list, const struct lvs_dest_key *dest)
{
	struct lvs_path_conf path = {.size = sizeof(path)};
	struct end end = {.direction = LVS_HOST_TO, .addr = &path.source};

	if (!list->how->steered ||
	    lvs_host_path(list->host, (enum lvs_family)dest->family, &dest->addr, &path) ||
	    path.source_family == LVS_UNSPEC)
		return;
	end.family = path.source_family;
	put(list, &end, path.source_family == LVS_INET6 ? LVS_ICMPV6 : LVS_ICMP, 0, 0);
}

static void add_dests(struct list *list, const struct rules *rules)
{
	for (size_t i = 0; i < rules->dest_n; i++) {
		const struct rule_dest *dest = &rules->dest[i];
		const struct lvs_service_key *key = &rules->service[dest->service].key;

		/* A service of a mark gets no packets, so that its servers owe no replies. */
		if (dest->conf.method == LVS_METHOD_NAT && !key->fwmark)
			add_nat(list, &dest->key, key);
		else if (dest->conf.method == LVS_METHOD_TUNNEL)
			add_tunnel(list, &dest->key);
	}
}

int capture_set(struct lvs_host *host, const struct capture_how *how, const struct rules *a,
		const struct rules *b)
{
	struct list list = {.host = host, .how = how};
	int err = LVS_ERR_NO_MEMORY;

	add_services(&list, a);
	add_dests(&list, a);
	add_services(&list, b);
	add_dests(&list, b);
	if (!list.failed)
		err = lvs_host_capture_set(host, list.rule, list.n);
	free(list.rule);
	return err;
}
