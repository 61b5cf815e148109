/* SPDX-License-Identifier: BSD-2-Clause */
/* Routes as rtnetlink tells them (rtnetlink(7), linux/rtnetlink.h). */
#include <linux/rtnetlink.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "io/host/netlink.h"
#include "io/host/route.h"

/* A message's attributes that matter. */
struct route_message {
	struct lvs_route route;
	const struct nlattr *multipath;
};

static void read_via(const struct nlattr *attr, struct lvs_route *route)
{
	const uint8_t *bytes = mnl_attr_get_payload(attr);
	uint16_t family;

	if (mnl_attr_get_payload_len(attr) < sizeof(struct rtvia))
		return;
	memcpy(&family, bytes + offsetof(struct rtvia, rtvia_family), sizeof(family));
	if ((family != LVS_INET && family != LVS_INET6) ||
	    mnl_attr_get_payload_len(attr) <
		    offsetof(struct rtvia, rtvia_addr) + lvs_addr_len(family))
		return;
	memset(&route->gateway, 0, sizeof(route->gateway));
	memcpy(route->gateway.byte, bytes + offsetof(struct rtvia, rtvia_addr),
	       lvs_addr_len(family));
	route->gateway_family = (uint8_t)family;
}

static uint32_t read_mtu(const struct nlattr *metrics)
{
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, metrics) if (mnl_attr_get_type(attr) ==
						    RTAX_MTU) return mnl_attr_get_u32(attr);
	return 0;
}

/* The attributes that a route and one way of a multipath route have in common. */
static void read_way(const struct nlattr *attr, struct lvs_route *route)
{
	if (mnl_attr_get_type(attr) == RTA_GATEWAY) {
		if (lvs_netlink_get_addr(attr, route->family, &route->gateway))
			route->gateway_family = route->family;
	} else if (mnl_attr_get_type(attr) == RTA_VIA) {
		read_via(attr, route);
	}
}

static void read_attr(const struct nlattr *attr, struct route_message *out, uint32_t *table)
{
	struct lvs_route *route = &out->route;

	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		lvs_netlink_get_addr(attr, route->family, &route->dst);
		break;
	case RTA_OIF:
		route->ifindex = mnl_attr_get_u32(attr);
		break;
	case RTA_PRIORITY:
		route->metric = mnl_attr_get_u32(attr);
		break;
	case RTA_PREFSRC:
		route->has_source = lvs_netlink_get_addr(attr, route->family, &route->source) != 0;
		break;
	case RTA_METRICS:
		route->mtu = read_mtu(attr);
		break;
	case RTA_TABLE:
		*table = mnl_attr_get_u32(attr);
		break;
	case RTA_MULTIPATH:
		out->multipath = attr;
		break;
	default:
		read_way(attr, route);
	}
}

/* False for what is not followed: other tables and families, caches, source or TOS routing. */
static bool read_route(const struct nlmsghdr *message, struct route_message *out)
{
	const struct rtmsg *body = mnl_nlmsg_get_payload(message);
	struct nlattr *attr;
	uint32_t table;

	memset(out, 0, sizeof(*out));
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*body) ||
	    (body->rtm_family != LVS_INET && body->rtm_family != LVS_INET6) ||
	    (body->rtm_flags & RTM_F_CLONED) != 0 || body->rtm_src_len != 0 || body->rtm_tos != 0 ||
	    body->rtm_dst_len > lvs_addr_len(body->rtm_family) * 8)
		return false;
	table = body->rtm_table;
	out->route.family = body->rtm_family;
	out->route.len = body->rtm_dst_len;
	out->route.type = body->rtm_type;
	out->route.dead = (body->rtm_flags & RTNH_F_DEAD) != 0;
	mnl_attr_for_each(attr, message, sizeof(*body)) read_attr(attr, out, &table);
	lvs_prefix_mask(&out->route.dst, out->route.len);
	out->route.table = table == RT_TABLE_LOCAL ? LVS_ROUTE_LOCAL : LVS_ROUTE_MAIN;
	return table == RT_TABLE_LOCAL || table == RT_TABLE_MAIN;
}

/* One way of RTA_MULTIPATH: a struct rtnexthop and attributes. */
static void read_nexthop(struct rtnexthop *hop, struct lvs_route *route)
{
	void *attrs = hop + 1;
	struct nlattr *attr;

	route->ifindex = (uint32_t)hop->rtnh_ifindex;
	route->dead = (hop->rtnh_flags & RTNH_F_DEAD) != 0;
	mnl_attr_for_each_payload(attrs, hop->rtnh_len - sizeof(*hop)) read_way(attr, route);
}

/* The ways one after the other, so that a lookup takes the first that is alive. */
static enum lvs_route_news add_multipath(struct lvs_routes *routes, const struct route_message *m)
{
	uint8_t *at = mnl_attr_get_payload(m->multipath);
	size_t left = mnl_attr_get_payload_len(m->multipath);
	struct rtnexthop hop;

	while (left >= sizeof(hop)) {
		struct lvs_route route = m->route;
		size_t step;

		memcpy(&hop, at, sizeof(hop));
		step = MNL_ALIGN(hop.rtnh_len);
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			break;
		read_nexthop((struct rtnexthop *)(void *)at, &route);
		if (lvs_routes_add(routes, &route) != 0)
			return LVS_ROUTE_MEMORY;
		if (step >= left)
			break;
		at += step;
		left -= step;
	}
	return LVS_ROUTE_TAKEN;
}

static enum lvs_route_news add(struct lvs_routes *routes, const struct route_message *m)
{
	if (m->multipath != NULL)
		return add_multipath(routes, m);
	return lvs_routes_add(routes, &m->route) != 0 ? LVS_ROUTE_MEMORY : LVS_ROUTE_TAKEN;
}

enum lvs_route_news lvs_routes_take_dump(struct lvs_routes *routes, const struct nlmsghdr *message)
{
	struct route_message m;

	return read_route(message, &m) ? add(routes, &m) : LVS_ROUTE_NOTHING;
}

enum lvs_route_news lvs_routes_take(struct lvs_routes *routes, const struct nlmsghdr *message)
{
	struct route_message m;

	/* In one run of a few clang-tidy 14 takes the address for a va_list; none is here. */
	/* NOLINTBEGIN(clang-analyzer-valist.Unterminated) */
	if (!read_route(message, &m))
		return LVS_ROUTE_NOTHING;
	/* NOLINTEND(clang-analyzer-valist.Unterminated) */
	/* IPv6 tells of a multipath route's parts in ways that differ between kernels. */
	if (m.multipath != NULL)
		return LVS_ROUTE_UNSURE;
	if (message->nlmsg_type == RTM_DELROUTE)
		return lvs_routes_del(routes, &m.route) ? LVS_ROUTE_TAKEN : LVS_ROUTE_UNSURE;
	/* Which of several ways was replaced, or came first, the message does not say. */
	if ((message->nlmsg_flags & NLM_F_REPLACE) != 0 && lvs_routes_del_all(routes, &m.route) > 1)
		return LVS_ROUTE_UNSURE;
	return add(routes, &m);
}
