/* SPDX-License-Identifier: BSD-2-Clause */
#include "route.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "rule.h"

enum { TEXT_LEN = 64, MAKE = NLM_F_CREATE | NLM_F_EXCL };

struct prefix {
	uint8_t addr[RULE_ADDR_LEN];
	uint8_t family;
	uint8_t bits;
	size_t len;
};

int route_open(void)
{
	return message_socket(NETLINK_ROUTE);
}

static bool ask(int socket, struct message *message)
{
	return message_ask(socket, message, NULL, NULL) == 0;
}

/* "address/bits", or an address alone. */
static bool prefix_read(const char *text, struct prefix *prefix)
{
	char copy[TEXT_LEN];
	char *slash;

	snprintf(copy, sizeof(copy), "%s", text ? text : "");
	slash = strchr(copy, '/');
	if (slash)
		*slash = 0;
	prefix->family = (uint8_t)rule_addr(copy, prefix->addr);
	prefix->len = prefix->family == AF_INET ? 4 : 16;
	prefix->bits = slash ? (uint8_t)atoi(slash + 1) : (uint8_t)(8 * prefix->len);
	return prefix->family != 0;
}

bool route_link(int socket, const char *interface, const uint8_t *mac, uint32_t mtu)
{
	const struct ifinfomsg head = {
		.ifi_index = (int)if_nametoindex(interface),
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	struct message message;

	message_begin(&message, RTM_NEWLINK, 0, &head, sizeof(head));
	if (mac)
		message_put(&message, IFLA_ADDRESS, mac, ROUTE_MAC_LEN);
	if (mtu)
		message_put_u32(&message, IFLA_MTU, mtu);
	return ask(socket, &message);
}

bool route_addr(int socket, const char *interface, const char *text)
{
	struct message message;
	struct prefix prefix;
	struct ifaddrmsg head = {.ifa_index = if_nametoindex(interface)};

	if (!prefix_read(text, &prefix))
		return false;
	head.ifa_family = prefix.family;
	head.ifa_prefixlen = prefix.bits;
	head.ifa_flags = prefix.family == AF_INET6 ? IFA_F_NODAD : 0;
	message_begin(&message, RTM_NEWADDR, MAKE, &head, sizeof(head));
	message_put(&message, IFA_LOCAL, prefix.addr, prefix.len);
	message_put(&message, IFA_ADDRESS, prefix.addr, prefix.len);
	return ask(socket, &message);
}

bool route_neigh(int socket, const char *interface, const char *addr, const uint8_t *mac)
{
	struct message message;
	struct prefix prefix;
	struct ndmsg head = {.ndm_ifindex = (int)if_nametoindex(interface),
			     .ndm_state = NUD_PERMANENT};

	if (!prefix_read(addr, &prefix))
		return false;
	head.ndm_family = prefix.family;
	message_begin(&message, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	message_put(&message, NDA_DST, prefix.addr, prefix.len);
	message_put(&message, NDA_LLADDR, mac, ROUTE_MAC_LEN);
	return ask(socket, &message);
}

bool route_add(int socket, const struct route_way *way)
{
	struct message message;
	struct prefix prefix;
	struct prefix gateway;
	struct nlattr *metrics;
	struct rtmsg head = {
		.rtm_table = RT_TABLE_UNSPEC,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = way->local ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
		.rtm_type = way->local ? RTN_LOCAL : RTN_UNICAST,
	};

	if (!prefix_read(way->prefix, &prefix))
		return false;
	head.rtm_family = prefix.family;
	head.rtm_dst_len = prefix.bits;
	message_begin(&message, RTM_NEWROUTE, MAKE, &head, sizeof(head));
	message_put_u32(&message, RTA_TABLE, way->table ? way->table : RT_TABLE_MAIN);
	if (prefix.bits)
		message_put(&message, RTA_DST, prefix.addr, prefix.len);
	if (way->gateway && prefix_read(way->gateway, &gateway))
		message_put(&message, RTA_GATEWAY, gateway.addr, gateway.len);
	message_put_u32(&message, RTA_OIF, if_nametoindex(way->interface));
	metrics = message_nest(&message, RTA_METRICS);
	if (way->mtu)
		message_put_u32(&message, RTAX_MTU, way->mtu);
	message_end(&message, metrics);
	return ask(socket, &message);
}

bool route_mark(int socket, unsigned family, uint32_t mark, uint32_t table)
{
	const struct fib_rule_hdr head = {.family = (uint8_t)family, .action = FR_ACT_TO_TBL};
	struct message message;

	message_begin(&message, RTM_NEWRULE, MAKE, &head, sizeof(head));
	message_put_u32(&message, FRA_FWMARK, mark);
	message_put_u32(&message, FRA_TABLE, table);
	return ask(socket, &message);
}
