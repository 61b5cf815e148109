/* SPDX-License-Identifier: BSD-2-Clause */
/* The routing tables against a list that is searched from end to end, and rtnetlink's messages. */
#include <linux/rtnetlink.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "base/compiler.h"
#include "io/host/link.h"
#include "io/host/netlink.h"
#include "io/host/route.h"

#include "unit.h"

#define MODEL_MAX 3000

/* xorshift64, so that every run is the same. */
static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % bound;
}

struct model {
	struct lvs_route route[MODEL_MAX]; /* in the order of coming */
	unsigned n;
};

static bool same_way(const struct lvs_route *a, const struct lvs_route *b)
{
	return a->family == b->family && a->table == b->table && a->len == b->len &&
	       a->metric == b->metric && a->type == b->type && a->ifindex == b->ifindex &&
	       memcmp(&a->dst, &b->dst, 16) == 0 && memcmp(&a->gateway, &b->gateway, 16) == 0 &&
	       a->gateway_family == b->gateway_family;
}

static void model_add(struct model *model, const struct lvs_route *route)
{
	for (unsigned i = 0; i < model->n; i++) {
		if (same_way(&model->route[i], route)) {
			model->route[i] = *route;
			return;
		}
	}
	ck_assert_uint_lt(model->n, MODEL_MAX);
	model->route[model->n++] = *route;
}

static bool model_del(struct model *model, const struct lvs_route *route)
{
	for (unsigned i = 0; i < model->n; i++) {
		if (same_way(&model->route[i], route)) {
			memmove(&model->route[i], &model->route[i + 1],
				(--model->n - i) * sizeof(*route));
			return true;
		}
	}
	return false;
}

static bool better(const struct lvs_route *a, const struct lvs_route *b)
{
	if (b == NULL)
		return true;
	if (a->len != b->len)
		return a->len > b->len;
	return a->metric < b->metric; /* of equals the first stays */
}

static const struct lvs_route *model_find(const struct model *model, unsigned family,
					  const union lvs_addr *addr)
{
	for (unsigned table = 0; table < LVS_ROUTE_TABLES; table++) {
		const struct lvs_route *best = NULL;

		for (unsigned i = 0; i < model->n; i++) {
			const struct lvs_route *route = &model->route[i];

			if (route->family == family && route->table == table && !route->dead &&
			    lvs_prefix_match(&route->dst, addr, route->len) && better(route, best))
				best = route;
		}
		if (best != NULL && best->type != RTN_THROW)
			return best;
	}
	return NULL;
}

/* Few distinct bytes, so that prefixes nest and meet. */
static void random_addr(unsigned family, union lvs_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	for (unsigned i = 0; i < lvs_addr_len(family); i++)
		addr->byte[i] = (uint8_t)(random_below(3) * 0x55);
}

static void random_route(struct lvs_route *route)
{
	static const uint8_t types[] = {RTN_UNICAST, RTN_UNICAST,     RTN_UNICAST,
					RTN_LOCAL,   RTN_UNREACHABLE, RTN_THROW};

	memset(route, 0, sizeof(*route));
	route->family = random_below(2) ? LVS_INET6 : LVS_INET;
	route->len = (uint8_t)random_below(lvs_addr_len(route->family) * 8 + 1);
	random_addr(route->family, &route->dst);
	lvs_prefix_mask(&route->dst, route->len);
	route->table = random_below(4) == 0 ? LVS_ROUTE_LOCAL : LVS_ROUTE_MAIN;
	route->type = types[random_below(LVS_ARRAY_N(types))];
	route->metric = random_below(3) * 10;
	route->ifindex = random_below(3) + 1;
	route->dead = random_below(10) == 0;
	if (random_below(2)) {
		route->gateway_family = route->family;
		random_addr(route->family, &route->gateway);
	}
}

static void compare_lookups(const struct lvs_routes *routes, const struct model *model)
{
	for (unsigned i = 0; i < 40; i++) {
		unsigned family = random_below(2) ? LVS_INET6 : LVS_INET;
		const struct lvs_route *got;
		const struct lvs_route *want;
		union lvs_addr addr;

		random_addr(family, &addr);
		got = lvs_routes_find(routes, family, &addr, NULL, NULL);
		want = model_find(model, family, &addr);
		ck_assert_int_eq(got != NULL, want != NULL);
		if (got != NULL)
			ck_assert_mem_eq(got, want, sizeof(*got));
	}
}

/* Adding, removing and looking up at random. */
START_TEST(test_model)
{
	static struct model model;
	struct lvs_routes routes;

	lvs_routes_init(&routes);
	model.n = 0;
	random_state = 0x1234567 + (uint64_t)_i;
	for (unsigned step = 0; step < 1500; step++) {
		struct lvs_route route;

		random_route(&route);
		if (random_below(3) != 0 || model.n == 0) {
			ck_assert_int_eq(lvs_routes_add(&routes, &route), 0);
			model_add(&model, &route);
		} else {
			if (random_below(2))
				route = model.route[random_below(model.n)];
			ck_assert_int_eq(lvs_routes_del(&routes, &route),
					 model_del(&model, &route));
		}
		ck_assert_uint_eq(routes.n, model.n);
		if (step % 10 == 0)
			compare_lookups(&routes, &model);
	}
	lvs_routes_fini(&routes);
}
END_TEST

/* All go, and nothing is found. */
START_TEST(test_empty)
{
	struct lvs_route route = {
		.family = LVS_INET, .table = LVS_ROUTE_MAIN, .type = RTN_UNICAST, .ifindex = 1};
	struct lvs_routes routes;
	union lvs_addr addr = {{10, 0, 0, 1}};

	lvs_routes_init(&routes);
	ck_assert_ptr_null(lvs_routes_find(&routes, LVS_INET, &addr, NULL, NULL));
	ck_assert(!lvs_routes_del(&routes, &route));
	ck_assert_uint_eq(lvs_routes_del_all(&routes, &route), 0);
	ck_assert_int_eq(lvs_routes_add(&routes, &route), 0);
	route.ifindex = 2;
	ck_assert_int_eq(lvs_routes_add(&routes, &route), 0);
	ck_assert_uint_eq(lvs_routes_find(&routes, LVS_INET, &addr, NULL, NULL)->ifindex, 1);
	ck_assert_uint_eq(lvs_routes_del_all(&routes, &route), 2);
	ck_assert_ptr_null(lvs_routes_find(&routes, LVS_INET, &addr, NULL, NULL));
	lvs_routes_fini(&routes);
}
END_TEST

static bool not_by_one(const void *user, const struct lvs_route *route)
{
	(void)user;
	return route->ifindex != 1;
}

/* What cannot be gone is passed over, also for a shorter prefix. */
START_TEST(test_usable)
{
	struct lvs_route route = {
		.family = LVS_INET, .table = LVS_ROUTE_MAIN, .type = RTN_UNICAST, .ifindex = 2};
	struct lvs_routes routes;
	union lvs_addr addr = {{10, 0, 0, 1}};

	lvs_routes_init(&routes);
	ck_assert_int_eq(lvs_routes_add(&routes, &route), 0);
	route.ifindex = 1;
	route.len = 8;
	route.dst.byte[0] = 10;
	ck_assert_int_eq(lvs_routes_add(&routes, &route), 0);
	ck_assert_uint_eq(lvs_routes_find(&routes, LVS_INET, &addr, NULL, NULL)->ifindex, 1);
	ck_assert_uint_eq(lvs_routes_find(&routes, LVS_INET, &addr, not_by_one, NULL)->ifindex, 2);
	lvs_routes_fini(&routes);
}
END_TEST

struct message_case {
	uint8_t dst[4];
	uint8_t gateway[4];
	uint8_t len;
	uint8_t table;
	uint8_t tos;
	uint32_t flags; /* of the route */
	enum lvs_route_news news;
};

static const struct message_case message_cases[] = {
	{{10, 1, 0, 0}, {10, 0, 0, 1}, 16, RT_TABLE_MAIN, 0, 0, LVS_ROUTE_TAKEN},
	{{10, 1, 0, 0}, {10, 0, 0, 1}, 16, RT_TABLE_LOCAL, 0, 0, LVS_ROUTE_TAKEN},
	{{10, 1, 0, 0}, {10, 0, 0, 1}, 16, 100, 0, 0, LVS_ROUTE_NOTHING},
	{{10, 1, 0, 0}, {10, 0, 0, 1}, 16, RT_TABLE_MAIN, 4, 0, LVS_ROUTE_NOTHING},
	{{10, 1, 0, 0}, {10, 0, 0, 1}, 33, RT_TABLE_MAIN, 0, 0, LVS_ROUTE_NOTHING},
	{{10, 1, 0, 0}, {10, 0, 0, 1}, 32, RT_TABLE_MAIN, 0, RTM_F_CLONED, LVS_ROUTE_NOTHING},
};

static struct nlmsghdr *route_message(uint8_t *buffer, uint16_t type, const struct message_case *c)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *body;
	struct nlattr *metrics;

	message->nlmsg_type = type;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->rtm_family = LVS_INET;
	body->rtm_dst_len = c->len;
	body->rtm_table = c->table;
	body->rtm_tos = c->tos;
	body->rtm_type = RTN_UNICAST;
	body->rtm_flags = c->flags;
	mnl_attr_put(message, RTA_DST, 4, c->dst);
	mnl_attr_put(message, RTA_GATEWAY, 4, c->gateway);
	mnl_attr_put_u32(message, RTA_OIF, 7);
	mnl_attr_put_u32(message, RTA_PRIORITY, 5);
	metrics = mnl_attr_nest_start(message, RTA_METRICS);
	mnl_attr_put_u32(message, RTAX_MTU, 1400);
	mnl_attr_nest_end(message, metrics);
	return message;
}

START_TEST(test_message)
{
	const struct message_case *c = &message_cases[_i];
	const struct lvs_route *route;
	struct lvs_routes routes;
	union lvs_addr addr = {{10, 1, 2, 3}};
	uint8_t buffer[512];

	lvs_routes_init(&routes);
	ck_assert_int_eq(lvs_routes_take(&routes, route_message(buffer, RTM_NEWROUTE, c)), c->news);
	route = lvs_routes_find(&routes, LVS_INET, &addr, NULL, NULL);
	ck_assert_int_eq(route != NULL, c->news == LVS_ROUTE_TAKEN);
	if (route != NULL) {
		ck_assert_uint_eq(route->ifindex, 7);
		ck_assert_uint_eq(route->metric, 5);
		ck_assert_uint_eq(route->mtu, 1400);
		ck_assert_uint_eq(route->gateway_family, LVS_INET);
		ck_assert_mem_eq(route->gateway.byte, c->gateway, 4);
		ck_assert_int_eq(lvs_routes_take(&routes, route_message(buffer, RTM_DELROUTE, c)),
				 LVS_ROUTE_TAKEN);
		ck_assert_uint_eq(routes.n, 0);
		/* What is not there any more: the mirror is not the kernel's table. */
		ck_assert_int_eq(lvs_routes_take(&routes, route_message(buffer, RTM_DELROUTE, c)),
				 LVS_ROUTE_UNSURE);
	}
	lvs_routes_fini(&routes);
}
END_TEST

/* A message cut anywhere is read as far as it goes, never beyond. */
START_TEST(test_message_cut)
{
	uint8_t buffer[512];
	struct nlmsghdr *message = route_message(buffer, RTM_NEWROUTE, &message_cases[0]);

	for (uint32_t len = message->nlmsg_len; len >= sizeof(*message); len--) {
		struct nlmsghdr *copy = malloc(MNL_ALIGN(len)); /* as in a datagram */
		struct lvs_routes routes;

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, message, len);
		copy->nlmsg_len = len;
		lvs_routes_init(&routes);
		lvs_routes_take(&routes, copy);
		lvs_routes_take_dump(&routes, copy);
		lvs_routes_fini(&routes);
		free(copy);
	}
}
END_TEST

START_TEST(test_prefix_mask)
{
	for (unsigned len = 0; len <= 128; len++) {
		union lvs_addr addr;
		union lvs_addr ones;

		memset(&addr, 0xff, sizeof(addr));
		memset(&ones, 0xff, sizeof(ones));
		lvs_prefix_mask(&addr, len);
		for (unsigned bit = 0; bit < 128; bit++)
			ck_assert_int_eq(addr.byte[bit / 8] >> (7 - bit % 8) & 1, bit < len);
		ck_assert(lvs_prefix_match(&addr, &ones, len));
		if (len < 128)
			ck_assert(!lvs_prefix_match(&addr, &ones, len + 1));
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_route");

	tcase_add_loop_test(tcase, test_model, 0, 8);
	tcase_add_test(tcase, test_empty);
	tcase_add_test(tcase, test_usable);
	tcase_add_loop_test(tcase, test_message, 0, LVS_ARRAY_N(message_cases));
	tcase_add_test(tcase, test_message_cut);
	tcase_add_test(tcase, test_prefix_mask);
	return unit_run("host_route", tcase);
}
