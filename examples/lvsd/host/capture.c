/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/capture.h"
#include "rules/mark_reach.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { FTP = 21, ISAKMP = 500, HIGH_PORT = 1024, PORTS_MAX = 64 };

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

/* Many ports are taken as all; what is nobody's goes back. */
static void put_ports(struct list *list, const struct end *end, uint8_t protocol,
		      const struct lvs_mark_rule *rule)
{
	unsigned first = rule->dst_port, last = rule->dst_port_last;

	if (first == HIGH_PORT && last == UINT16_MAX)
		put(list, end, protocol, 0, LVS_HOST_HIGH_PORTS);
	else if (!first || last - first >= PORTS_MAX)
		put(list, end, protocol, 0, 0);
	else
		for (unsigned port = first; port <= last; port++)
			put(list, end, protocol, htons((uint16_t)port), 0);
}

/* Where a rule gives a service its packets, at an end: of the ports that the rule is about, or of
 * `port`, which a server has for all. */
static void put_marked(struct list *list, const struct end *end, const struct lvs_mark_rule *rule,
		       lvs_be16 port)
{
	static const uint8_t any[] = {LVS_TCP, LVS_UDP, LVS_SCTP, LVS_AH, LVS_ESP};
	bool ports = rule->dst_port || rule->src_port;

	for (unsigned i = 0; i < sizeof(any); i++) {
		uint8_t protocol = any[i];
		bool has_ports = protocol != LVS_AH && protocol != LVS_ESP;

		if ((rule->protocol && rule->protocol != protocol) || (ports && !has_ports))
			continue;
		if (port && has_ports)
			put(list, end, protocol, port, 0);
		else
			put_ports(list, end, protocol, rule);
	}
}

static void add_marked(struct list *list, const struct rules *rules,
		       const struct lvs_service_key *key)
{
	for (size_t i = 0; i < rules->mark_n; i++) {
		const struct rule_mark *mark = &rules->mark[i];

		if (!mark_reach_gives(mark, key))
			continue;
		for (unsigned k = 0; k < mark_reach_addrs(mark); k++) {
			union lvs_addr addr = mark_reach_addr(mark, k);
			struct end end = {LVS_HOST_TO, key->family, &addr};

			put_marked(list, &end, &mark->rule, 0);
		}
	}
}

static void add_services(struct list *list, const struct rules *rules)
{
	for (size_t i = 0; i < rules->service_n; i++) {
		const struct lvs_service_key *key = &rules->service[i].key;
		struct end end = {LVS_HOST_TO, key->family, &key->addr};

		if (key->fwmark) {
			add_marked(list, rules, key);
			continue;
		}
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

/* The same of a service of a mark, whose servers see the ports that clients ask for, or one. */
static void add_marked_nat(struct list *list, const struct rules *rules,
			   const struct lvs_dest_key *dest, const struct lvs_service_key *key)
{
	struct end from = {LVS_HOST_FROM, dest->family, &dest->addr};
	struct end to = {LVS_HOST_TO, dest->family, &dest->addr};

	for (size_t i = 0; i < rules->mark_n; i++) {
		const struct lvs_mark_rule *rule = &rules->mark[i].rule;

		if (!mark_reach_gives(&rules->mark[i], key))
			continue;
		put_marked(list, &from, rule, dest->port);
		put_marked(list, &from, rule, 0); /* persistent, they keep the client's */
		if (list->how->steered) {
			put_marked(list, &to, rule, dest->port);
			put_marked(list, &to, rule, 0);
		}
	}
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

		if (dest->conf.method == LVS_METHOD_NAT && key->fwmark)
			add_marked_nat(list, rules, &dest->key, key);
		else if (dest->conf.method == LVS_METHOD_NAT)
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
