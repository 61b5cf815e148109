/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routing tables local and main: longest prefix, then lowest metric, then
 * the order of coming. One hash table for all prefixes; a lookup probes it once
 * for each prefix length that is in use, longest first.
 */
#ifndef LVS_IO_HOST_ROUTE_H
#define LVS_IO_HOST_ROUTE_H

#include <stdbool.h>

#include <libmnl/libmnl.h>
#include <liblvs/types.h>

enum lvs_route_table {
	LVS_ROUTE_LOCAL = 0, /* asked first */
	LVS_ROUTE_MAIN = 1,
	LVS_ROUTE_TABLES = 2,
};

/* One way. A multipath route is several of the same metric. */
struct lvs_route {
	union lvs_addr dst; /* bits behind the prefix are zero */
	union lvs_addr gateway;
	union lvs_addr source; /* preferred */
	uint32_t ifindex;      /* 0: none (unreachable) */
	uint32_t metric;       /* lower is better */
	uint32_t mtu;          /* 0: the link's */
	uint8_t family;
	uint8_t len;            /* of the prefix, bits */
	uint8_t table;          /* enum lvs_route_table */
	uint8_t type;           /* RTN_... */
	uint8_t gateway_family; /* LVS_UNSPEC: on link */
	bool has_source;
	bool dead; /* the kernel passes it over */
};

struct lvs_route_node;

struct lvs_routes {
	struct lvs_route_node *node; /* [0] is unused: 0 ends a chain */
	uint32_t *bucket;            /* first node of each */
	uint32_t buckets_n;          /* power of two */
	uint32_t nodes_n;            /* taken from node[], [0] and freed ones included */
	uint32_t room;               /* of node[] */
	uint32_t unused;             /* chain of freed ones */
	uint32_t n;                  /* routes held */
	/* By family (0: IPv4), table and length: how many, and the lengths in use downward. */
	uint32_t count[2][LVS_ROUTE_TABLES][129];
	uint8_t len[2][LVS_ROUTE_TABLES][129];
	uint8_t lens_n[2][LVS_ROUTE_TABLES];
};

void lvs_routes_init(struct lvs_routes *routes);
void lvs_routes_fini(struct lvs_routes *routes);

/* Adds a way behind those of the same prefix and metric; one that is there already stays the only
 * one. Returns 0 or LVS_ERR_NO_MEMORY. */
int lvs_routes_add(struct lvs_routes *routes, const struct lvs_route *route);

/* Removes the very way. False if there is none. */
bool lvs_routes_del(struct lvs_routes *routes, const struct lvs_route *route);

/* Removes all ways of the same table, prefix and metric. Returns how many. */
unsigned lvs_routes_del_all(struct lvs_routes *routes, const struct lvs_route *route);

/* Whether a way can be gone at present, for instance because its link is up. */
typedef bool (*lvs_route_usable)(const void *user, const struct lvs_route *route);

/* The way to an address, or NULL. @p usable may be NULL. */
const struct lvs_route *lvs_routes_find(const struct lvs_routes *routes, unsigned family,
					const union lvs_addr *addr, lvs_route_usable usable,
					const void *user);

/* What a notification means for the table. */
enum lvs_route_news {
	LVS_ROUTE_NOTHING = 0, /* a table or kind that is not followed */
	LVS_ROUTE_TAKEN = 1,
	LVS_ROUTE_UNSURE = 2, /* read the tables anew */
	LVS_ROUTE_MEMORY = 3,
};

/* Takes in an RTM_NEWROUTE of a dump. */
enum lvs_route_news lvs_routes_take_dump(struct lvs_routes *routes, const struct nlmsghdr *message);

/* Takes in a notification, RTM_NEWROUTE or RTM_DELROUTE. */
enum lvs_route_news lvs_routes_take(struct lvs_routes *routes, const struct nlmsghdr *message);

/* Zeroes the bits behind a prefix. */
void lvs_prefix_mask(union lvs_addr *addr, unsigned len);

#endif
