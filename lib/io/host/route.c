/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/route.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"

#define FIRST_ROOM 64

struct lvs_route_node {
	struct lvs_route route;
	uint32_t next; /* in the bucket, or among the freed */
};

void lvs_routes_init(struct lvs_routes *routes)
{
	memset(routes, 0, sizeof(*routes));
}

void lvs_routes_fini(struct lvs_routes *routes)
{
	free(routes->node);
	free(routes->bucket);
	lvs_routes_init(routes);
}

/* Multiplicative mixing: routes are the administrator's, nobody floods this table. */
static uint64_t hash_prefix(unsigned family, unsigned table, unsigned len,
			    const union lvs_addr *addr)
{
	uint64_t high = (uint64_t)addr->word[0] << 32 | addr->word[1];
	uint64_t low = (uint64_t)addr->word[2] << 32 | addr->word[3];
	uint64_t hash = (high ^ (family << 16 | table << 8 | len)) * 0x9e3779b97f4a7c15u;

	hash = (hash ^ hash >> 32 ^ low) * 0xd6e8feb86659fd93u;
	return hash ^ hash >> 32;
}

static uint32_t *bucket_of(const struct lvs_routes *routes, const struct lvs_route *route)
{
	uint64_t hash = hash_prefix(route->family, route->table, route->len, &route->dst);

	return &routes->bucket[hash & (routes->buckets_n - 1)];
}

static bool same_prefix(const struct lvs_route *a, const struct lvs_route *b)
{
	return a->family == b->family && a->table == b->table && a->len == b->len &&
	       memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0;
}

static bool same_way(const struct lvs_route *a, const struct lvs_route *b)
{
	return same_prefix(a, b) && a->metric == b->metric && a->type == b->type &&
	       a->ifindex == b->ifindex && a->gateway_family == b->gateway_family &&
	       memcmp(&a->gateway, &b->gateway, sizeof(a->gateway)) == 0;
}

/* The link behind which a route belongs: those of its prefix go by metric. */
static uint32_t *place_of(struct lvs_routes *routes, const struct lvs_route *route)
{
	uint32_t *place = bucket_of(routes, route);

	for (uint32_t *link = place; *link != 0; link = &routes->node[*link].next) {
		const struct lvs_route *other = &routes->node[*link].route;

		if (same_prefix(other, route) && other->metric <= route->metric)
			place = &routes->node[*link].next;
	}
	return place;
}

static void link_node(struct lvs_routes *routes, uint32_t number)
{
	struct lvs_route_node *node = &routes->node[number];
	uint32_t *place = place_of(routes, &node->route);

	node->next = *place;
	*place = number;
}

/* Puts all nodes into twice the buckets, in their order. */
static int rehash(struct lvs_routes *routes, uint32_t buckets_n)
{
	uint32_t *old = routes->bucket;
	uint32_t old_n = routes->buckets_n;

	routes->bucket = calloc(buckets_n, sizeof(*routes->bucket));
	if (routes->bucket == NULL) {
		routes->bucket = old;
		return LVS_ERR_NO_MEMORY;
	}
	routes->buckets_n = buckets_n;
	for (uint32_t i = 0; i < old_n; i++) {
		for (uint32_t number = old[i], next; number != 0; number = next) {
			next = routes->node[number].next;
			link_node(routes, number);
		}
	}
	free(old);
	return 0;
}

static int grow(struct lvs_routes *routes)
{
	uint32_t room = routes->room ? routes->room * 2 : FIRST_ROOM;
	struct lvs_route_node *node = realloc(routes->node, room * sizeof(*node));

	if (node == NULL)
		return LVS_ERR_NO_MEMORY;
	routes->node = node;
	if (routes->nodes_n == 0)
		routes->nodes_n = 1;
	if (rehash(routes, room) != 0)
		return LVS_ERR_NO_MEMORY;
	routes->room = room;
	return 0;
}

static uint32_t take_node(struct lvs_routes *routes)
{
	uint32_t number = routes->unused;

	if (number != 0) {
		routes->unused = routes->node[number].next;
		return number;
	}
	if (routes->nodes_n == routes->room && grow(routes) != 0)
		return 0;
	return routes->nodes_n++;
}

/* Counts a route of a length in or out; the list of lengths follows. */
static void count_len(struct lvs_routes *routes, const struct lvs_route *route, int change)
{
	unsigned f = route->family == LVS_INET6;
	uint32_t *count = routes->count[f][route->table];
	uint8_t *len = routes->len[f][route->table];
	unsigned n = 0;

	count[route->len] += (uint32_t)change;
	routes->n += (uint32_t)change;
	if (count[route->len] > 1 || (count[route->len] == 1 && change < 0))
		return;
	for (unsigned i = 129; i-- > 0;)
		if (count[i] != 0)
			len[n++] = (uint8_t)i;
	routes->lens_n[f][route->table] = (uint8_t)n;
}

static uint32_t *find_way(const struct lvs_routes *routes, const struct lvs_route *route)
{
	if (routes->buckets_n == 0)
		return NULL;
	for (uint32_t *link = bucket_of(routes, route); *link != 0;
	     link = &routes->node[*link].next)
		if (same_way(&routes->node[*link].route, route))
			return link;
	return NULL;
}

int lvs_routes_add(struct lvs_routes *routes, const struct lvs_route *route)
{
	uint32_t *known = find_way(routes, route);
	uint32_t number;

	if (known != NULL) {
		routes->node[*known].route = *route;
		return 0;
	}
	number = take_node(routes);
	if (number == 0)
		return LVS_ERR_NO_MEMORY;
	routes->node[number].route = *route;
	link_node(routes, number);
	count_len(routes, route, 1);
	return 0;
}

static void remove_link(struct lvs_routes *routes, uint32_t *link)
{
	uint32_t number = *link;
	struct lvs_route_node *node = &routes->node[number];

	*link = node->next;
	count_len(routes, &node->route, -1);
	node->next = routes->unused;
	routes->unused = number;
}

bool lvs_routes_del(struct lvs_routes *routes, const struct lvs_route *route)
{
	uint32_t *link = find_way(routes, route);

	if (link == NULL)
		return false;
	remove_link(routes, link);
	return true;
}

unsigned lvs_routes_del_all(struct lvs_routes *routes, const struct lvs_route *route)
{
	unsigned removed = 0;
	uint32_t *link;

	if (routes->buckets_n == 0)
		return 0;
	link = bucket_of(routes, route);
	while (*link != 0) {
		const struct lvs_route *other = &routes->node[*link].route;

		if (same_prefix(other, route) && other->metric == route->metric) {
			remove_link(routes, link);
			removed++;
		} else {
			link = &routes->node[*link].next;
		}
	}
	return removed;
}

/* The first way of a prefix that can be gone. */
static const struct lvs_route *find_prefix(const struct lvs_routes *routes,
					   const struct lvs_route *key, lvs_route_usable usable,
					   const void *user)
{
	for (uint32_t number = *bucket_of(routes, key); number != 0;
	     number = routes->node[number].next) {
		const struct lvs_route *route = &routes->node[number].route;

		if (same_prefix(route, key) && !route->dead &&
		    (usable == NULL || usable(user, route)))
			return route;
	}
	return NULL;
}

static const struct lvs_route *find_in_table(const struct lvs_routes *routes, struct lvs_route *key,
					     const union lvs_addr *addr, lvs_route_usable usable,
					     const void *user)
{
	unsigned f = key->family == LVS_INET6;
	const uint8_t *len = routes->len[f][key->table];

	for (unsigned i = 0; i < routes->lens_n[f][key->table]; i++) {
		const struct lvs_route *route;

		key->dst = *addr;
		key->len = len[i];
		lvs_prefix_mask(&key->dst, key->len);
		route = find_prefix(routes, key, usable, user);
		if (route != NULL)
			return route->type == RTN_THROW ? NULL : route;
	}
	return NULL;
}

const struct lvs_route *lvs_routes_find(const struct lvs_routes *routes, unsigned family,
					const union lvs_addr *addr, lvs_route_usable usable,
					const void *user)
{
	struct lvs_route key = {.family = (uint8_t)family};
	union lvs_addr clean = *addr;
	const struct lvs_route *route = NULL;

	if (routes->n == 0)
		return NULL;
	lvs_prefix_mask(&clean, lvs_addr_len(family) * 8);
	for (unsigned table = 0; table < LVS_ROUTE_TABLES && route == NULL; table++) {
		key.table = (uint8_t)table;
		route = find_in_table(routes, &key, &clean, usable, user);
	}
	return route;
}
