/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipvs.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <string.h>

#include "entry.h"
#include "message.h"
#include "rule.h"

enum { NO_COMMAND = 255, SERVICES_MAX = 64, NAME_LEN = 17, SVC_F_HASHED = 0x2 };

static uint16_t ipvs_family;

int ipvs_open(void)
{
	int socket = message_socket(NETLINK_GENERIC);

	if (socket >= 0 && !ipvs_family)
		ipvs_family = message_family(socket, IPVS_GENL_NAME);
	return socket;
}

/* --- Commands --- */

static void put_service(struct message *message, const struct rule *rule, bool whole)
{
	const struct rule_service *service = &rule->service;
	const struct rule_options *options = &rule->options;
	const struct ip_vs_flags flags = {options->flags, ~0u};
	struct nlattr *nest = message_nest(message, IPVS_CMD_ATTR_SERVICE);
	uint16_t port = htons(service->end.port);

	message_put_u16(message, IPVS_SVC_ATTR_AF, service->end.family);
	if (service->fwmark) {
		message_put_u32(message, IPVS_SVC_ATTR_FWMARK, service->fwmark);
	} else {
		message_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, service->protocol);
		message_put(message, IPVS_SVC_ATTR_ADDR, service->end.addr, RULE_ADDR_LEN);
		message_put_u16(message, IPVS_SVC_ATTR_PORT, port);
	}
	if (whole) {
		message_put_text(message, IPVS_SVC_ATTR_SCHED_NAME, options->sched);
		if (options->pe)
			message_put_text(message, IPVS_SVC_ATTR_PE_NAME, options->pe);
		message_put(message, IPVS_SVC_ATTR_FLAGS, &flags, sizeof(flags));
		message_put_u32(message, IPVS_SVC_ATTR_TIMEOUT, options->timeout_s);
		message_put_u32(message, IPVS_SVC_ATTR_NETMASK, options->netmask);
	}
	message_end(message, nest);
}

static void put_dest(struct message *message, const struct rule_dest *dest, bool whole)
{
	struct nlattr *nest = message_nest(message, IPVS_CMD_ATTR_DEST);

	message_put_u16(message, IPVS_DEST_ATTR_ADDR_FAMILY, dest->end.family);
	message_put(message, IPVS_DEST_ATTR_ADDR, dest->end.addr, RULE_ADDR_LEN);
	message_put_u16(message, IPVS_DEST_ATTR_PORT, htons(dest->end.port));
	if (whole) {
		message_put_u32(message, IPVS_DEST_ATTR_FWD_METHOD, dest->method);
		message_put_u32(message, IPVS_DEST_ATTR_WEIGHT, (uint32_t)dest->weight);
		message_put_u8(message, IPVS_DEST_ATTR_TUN_TYPE, dest->tun_type);
		message_put_u16(message, IPVS_DEST_ATTR_TUN_PORT, htons(dest->tun_port));
		message_put_u16(message, IPVS_DEST_ATTR_TUN_FLAGS, dest->tun_flags);
		message_put_u32(message, IPVS_DEST_ATTR_U_THRESH, dest->upper);
		message_put_u32(message, IPVS_DEST_ATTR_L_THRESH, dest->lower);
	}
	message_end(message, nest);
}

static void put_timeouts(struct message *message, const uint32_t *timeout_s)
{
	message_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_TCP, timeout_s[0]);
	message_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeout_s[1]);
	message_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_UDP, timeout_s[2]);
}

static void put_daemon(struct message *message)
{
	struct nlattr *nest = message_nest(message, IPVS_CMD_ATTR_DAEMON);

	message_put_u32(message, IPVS_DAEMON_ATTR_STATE, IP_VS_STATE_BACKUP);
	message_put_text(message, IPVS_DAEMON_ATTR_MCAST_IFN, "c0");
	message_put_u32(message, IPVS_DAEMON_ATTR_SYNC_ID, 0);
	message_end(message, nest);
}

static const struct {
	char verb;
	uint8_t command;
	bool whole; /* all of the service, or of the destination, must be told */
} command[] = {
	{'A', IPVS_CMD_NEW_SERVICE, true},  {'E', IPVS_CMD_SET_SERVICE, true},
	{'D', IPVS_CMD_DEL_SERVICE, false}, {'a', IPVS_CMD_NEW_DEST, true},
	{'e', IPVS_CMD_SET_DEST, true},     {'d', IPVS_CMD_DEL_DEST, false},
	{'C', IPVS_CMD_FLUSH, false},       {'Z', IPVS_CMD_ZERO, false},
	{'s', IPVS_CMD_SET_CONFIG, false},  {'B', IPVS_CMD_NEW_DAEMON, false},
	{'b', IPVS_CMD_DEL_DAEMON, false},
};

static void put_rule(struct message *message, const struct rule *rule, bool whole)
{
	bool is_dest = rule->verb == 'a' || rule->verb == 'e' || rule->verb == 'd';

	if (rule->verb == 's')
		put_timeouts(message, rule->timeout_s);
	else if (rule->verb == 'B' || rule->verb == 'b')
		put_daemon(message);
	else if (rule->service.end.family)
		put_service(message, rule, whole && !is_dest);
	if (is_dest)
		put_dest(message, &rule->dest, whole);
}

int ipvs_rule(int socket, char *args)
{
	struct message message;
	struct rule rule;

	if (!rule_parse(&rule, args))
		return NO_COMMAND;
	for (size_t i = 0; i < sizeof(command) / sizeof(*command); i++) {
		if (command[i].verb != rule.verb)
			continue;
		message_init(&message, ipvs_family, 0, command[i].command);
		put_rule(&message, &rule, command[i].whole);
		return message_ask(socket, &message, NULL, NULL);
	}
	return NO_COMMAND;
}

/* --- Listings --- */

struct service {
	struct rule rule;
	struct entry_stats stats;
	char sched[NAME_LEN];
	char pe[NAME_LEN];
};

struct list {
	struct service service[SERVICES_MAX];
	size_t n;
	enum ipvs_what what;
	FILE *out;
};

static void take_end(const struct nlattr *family, const struct nlattr *addr,
		     const struct nlattr *port, struct rule_end *end)
{
	end->family = (uint8_t)attr_number(family);
	attr_copy(addr, end->addr, sizeof(end->addr));
	end->port = ntohs((uint16_t)attr_number(port));
}

static void take_stats(const struct nlattr *nest, struct entry_stats *stats)
{
	for (unsigned i = 0; i < ENTRY_COUNTERS; i++) {
		stats->count[i] =
			attr_number(attr_inside(nest, (uint16_t)(IPVS_STATS_ATTR_CONNS + i)));
		stats->rate[i] =
			attr_number(attr_inside(nest, (uint16_t)(IPVS_STATS_ATTR_CPS + i)));
	}
}

static void take_service(void *user, const void *attrs, size_t len)
{
	const struct nlattr *nest = attr_find(attrs, len, IPVS_CMD_ATTR_SERVICE);
	struct list *list = user;
	struct service *service = &list->service[list->n];
	struct rule_options *options = &service->rule.options;
	struct ip_vs_flags flags;

	if (!nest || list->n == SERVICES_MAX)
		return;
	list->n++;
	take_end(attr_inside(nest, IPVS_SVC_ATTR_AF), attr_inside(nest, IPVS_SVC_ATTR_ADDR),
		 attr_inside(nest, IPVS_SVC_ATTR_PORT), &service->rule.service.end);
	service->rule.service.protocol =
		(uint8_t)attr_number(attr_inside(nest, IPVS_SVC_ATTR_PROTOCOL));
	service->rule.service.fwmark =
		(uint32_t)attr_number(attr_inside(nest, IPVS_SVC_ATTR_FWMARK));
	attr_copy(attr_inside(nest, IPVS_SVC_ATTR_SCHED_NAME), service->sched, NAME_LEN - 1);
	attr_copy(attr_inside(nest, IPVS_SVC_ATTR_PE_NAME), service->pe, NAME_LEN - 1);
	attr_copy(attr_inside(nest, IPVS_SVC_ATTR_FLAGS), &flags, sizeof(flags));
	options->sched = service->sched;
	options->pe = service->pe[0] ? service->pe : NULL;
	options->flags = flags.flags & ~(uint32_t)SVC_F_HASHED;
	options->timeout_s = (uint32_t)attr_number(attr_inside(nest, IPVS_SVC_ATTR_TIMEOUT));
	options->netmask = (uint32_t)attr_number(attr_inside(nest, IPVS_SVC_ATTR_NETMASK));
	take_stats(attr_inside(nest, IPVS_SVC_ATTR_STATS64), &service->stats);
}

static void show_stats(const struct list *list, const struct entry_stats *stats)
{
	if (list->what != IPVS_CONF)
		entry_counters(stats, list->out);
	if (list->what == IPVS_RATES)
		entry_rates(stats, list->out);
}

static uint32_t number_in(const struct nlattr *nest, uint16_t type)
{
	return (uint32_t)attr_number(attr_inside(nest, type));
}

static void take_dest(void *user, const void *attrs, size_t len)
{
	const struct nlattr *nest = attr_find(attrs, len, IPVS_CMD_ATTR_DEST);
	const struct list *list = user;
	struct entry_dest dest;

	if (!nest)
		return;
	take_end(attr_inside(nest, IPVS_DEST_ATTR_ADDR_FAMILY),
		 attr_inside(nest, IPVS_DEST_ATTR_ADDR), attr_inside(nest, IPVS_DEST_ATTR_PORT),
		 &dest.conf.end);
	dest.conf.method = number_in(nest, IPVS_DEST_ATTR_FWD_METHOD);
	dest.conf.weight = (int32_t)number_in(nest, IPVS_DEST_ATTR_WEIGHT);
	dest.conf.upper = number_in(nest, IPVS_DEST_ATTR_U_THRESH);
	dest.conf.lower = number_in(nest, IPVS_DEST_ATTR_L_THRESH);
	dest.conf.tun_type = (uint8_t)number_in(nest, IPVS_DEST_ATTR_TUN_TYPE);
	dest.conf.tun_port = ntohs((uint16_t)number_in(nest, IPVS_DEST_ATTR_TUN_PORT));
	dest.conf.tun_flags = (uint16_t)number_in(nest, IPVS_DEST_ATTR_TUN_FLAGS);
	dest.active = number_in(nest, IPVS_DEST_ATTR_ACTIVE_CONNS);
	dest.inactive = number_in(nest, IPVS_DEST_ATTR_INACT_CONNS);
	dest.persistent = number_in(nest, IPVS_DEST_ATTR_PERSIST_CONNS);
	take_stats(attr_inside(nest, IPVS_DEST_ATTR_STATS64), &dest.stats);
	entry_dest(&dest, list->out);
	show_stats(list, &dest.stats);
}

int ipvs_list(int socket, enum ipvs_what what, FILE *out)
{
	static struct list list;
	struct message message;
	int err;

	list = (struct list){.what = what, .out = out};
	message_init(&message, ipvs_family, NLM_F_DUMP, IPVS_CMD_GET_SERVICE);
	err = message_ask(socket, &message, take_service, &list);
	for (size_t i = 0; i < list.n && !err; i++) {
		const struct service *service = &list.service[i];

		entry_service(&service->rule.service, &service->rule.options, out);
		show_stats(&list, &service->stats);
		message_init(&message, ipvs_family, NLM_F_DUMP, IPVS_CMD_GET_DEST);
		put_service(&message, &service->rule, false);
		err = message_ask(socket, &message, take_dest, &list);
	}
	return err;
}
