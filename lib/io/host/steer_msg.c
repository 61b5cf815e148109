/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules and routes as rtnetlink takes them (linux/fib_rules.h, linux/rtnetlink.h). */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <liblvs/error.h>

#include "io/host/steer.h"

#ifndef FRA_PROTOCOL
#define FRA_PROTOCOL 21 /* Linux 4.17 */
#endif

#define METRIC_TUN LVS_STEER_METRIC
#define METRIC_BLACKHOLE LVS_STEER_METRIC_BLACKHOLE

static struct nlmsghdr *rule_message(uint8_t *buffer, uint16_t type, unsigned family,
				     const struct lvs_steer_rule *rule)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct fib_rule_hdr *body;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->family = (uint8_t)family;
	body->action = FR_ACT_TO_TBL;
	body->table = rule->table < 256 ? (uint8_t)rule->table : RT_TABLE_UNSPEC;
	mnl_attr_put_u32(request, FRA_TABLE, rule->table);
	mnl_attr_put_u32(request, FRA_PRIORITY, rule->priority);
	mnl_attr_put_u8(request, FRA_PROTOCOL, rule->protocol);
	if (rule->mark != 0)
		mnl_attr_put_u32(request, FRA_FWMARK, rule->mark);
	if (rule->iif[0] != 0)
		mnl_attr_put_strz(request, FRA_IIFNAME, rule->iif);
	return request;
}

int lvs_steer_rule_add(struct lvs_netlink *nl, unsigned family, const struct lvs_steer_rule *rule)
{
	uint8_t buffer[256];
	struct nlmsghdr *request = rule_message(buffer, RTM_NEWRULE, family, rule);

	/* Without NLM_F_EXCL: a second "lookup local" is wanted for a moment. */
	request->nlmsg_flags |= NLM_F_CREATE;
	return lvs_netlink_ask(nl, request, NULL, NULL);
}

int lvs_steer_rule_del(struct lvs_netlink *nl, unsigned family, const struct lvs_steer_rule *rule)
{
	uint8_t buffer[256];

	return lvs_netlink_ask(nl, rule_message(buffer, RTM_DELRULE, family, rule), NULL, NULL);
}

struct rule_reader {
	void (*each)(void *user, const struct lvs_steer_rule *rule);
	void *user;
};

/* Whether an attribute picks packets: a plain "lookup local" has none such. */
static bool selects_more(unsigned type)
{
	switch (type) {
	case FRA_TABLE:
	case FRA_PRIORITY:
	case FRA_PROTOCOL:
	case FRA_SUPPRESS_PREFIXLEN: /* told of every rule */
	case FRA_UNSPEC:
		return false;
	default:
		return true;
	}
}

static int read_rule(const struct nlmsghdr *message, void *user)
{
	const struct fib_rule_hdr *body = mnl_nlmsg_get_payload(message);
	const struct rule_reader *reader = user;
	struct lvs_steer_rule rule = {.local = body->action == FR_ACT_TO_TBL && body->flags == 0 &&
					       !body->src_len && !body->dst_len && !body->tos};
	struct nlattr *attr;

	rule.table = body->table;
	mnl_attr_for_each(attr, message, sizeof(*body))
	{
		unsigned type = mnl_attr_get_type(attr);

		if (type == FRA_PRIORITY)
			rule.priority = mnl_attr_get_u32(attr);
		else if (type == FRA_TABLE)
			rule.table = mnl_attr_get_u32(attr);
		else if (type == FRA_FWMARK)
			rule.mark = mnl_attr_get_u32(attr);
		else if (type == FRA_PROTOCOL)
			rule.protocol = mnl_attr_get_u8(attr);
		else if (type == FRA_IIFNAME)
			strncpy(rule.iif, mnl_attr_get_str(attr), sizeof(rule.iif) - 1);
		rule.local &= !selects_more(type);
	}
	rule.local &= rule.table == RT_TABLE_LOCAL;
	reader->each(reader->user, &rule);
	return MNL_CB_OK;
}

int lvs_steer_rules(struct lvs_netlink *nl, unsigned family,
		    void (*each)(void *user, const struct lvs_steer_rule *rule), void *user)
{
	struct rule_reader reader = {each, user};

	return lvs_netlink_dump(nl, RTM_GETRULE, family, read_rule, &reader);
}

/* @ifindex 0: the blackhole, or of a route that goes whichever there is. */
static struct nlmsghdr *route_message(uint8_t *buffer, uint16_t type, unsigned family,
				      const struct lvs_steer *steer, bool to_tun, uint32_t ifindex)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *body;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->rtm_family = (uint8_t)family;
	body->rtm_protocol = steer->protocol;
	body->rtm_type = to_tun ? RTN_UNICAST : RTN_BLACKHOLE;
	body->rtm_scope = to_tun && family == LVS_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	mnl_attr_put_u32(request, RTA_TABLE, steer->number);
	mnl_attr_put_u32(request, RTA_PRIORITY, to_tun ? METRIC_TUN : METRIC_BLACKHOLE);
	if (ifindex)
		mnl_attr_put_u32(request, RTA_OIF, ifindex);
	return request;
}

int lvs_steer_route_add(struct lvs_netlink *nl, unsigned family, const struct lvs_steer *steer,
			uint32_t ifindex)
{
	uint8_t buffer[256];
	struct nlmsghdr *request =
		route_message(buffer, RTM_NEWROUTE, family, steer, ifindex != 0, ifindex);

	request->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	return lvs_netlink_ask(nl, request, NULL, NULL);
}

int lvs_steer_route_del(struct lvs_netlink *nl, unsigned family, const struct lvs_steer *steer,
			bool to_tun)
{
	uint8_t buffer[256];

	return lvs_netlink_ask(nl, route_message(buffer, RTM_DELROUTE, family, steer, to_tun, 0),
			       NULL, NULL);
}
