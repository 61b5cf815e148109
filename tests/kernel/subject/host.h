/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host around liblvs: where the director stands, as a scenario says. What the guest's
 * kernel does beside IPVS (routes, neighbours, its own share of the packets) is done here.
 */
#ifndef SUBJECT_HOST_H
#define SUBJECT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <liblvs/liblvs.h>

#include "script.h"

enum { HOST_MAX = 64, MAC_LEN = 6, ETHER_LEN = 14, HOST_MTU = 1500 };

struct host_addr {
	union lvs_addr addr;
	uint8_t family;
	uint8_t bits; /* of the network it is in */
	uint8_t interface;
};

struct host_neigh {
	union lvs_addr addr;
	uint8_t family;
	uint8_t mac[MAC_LEN];
};

struct host_route {
	union lvs_addr addr;
	union lvs_addr via;
	uint32_t mtu;
	uint8_t family;
	uint8_t bits;
	uint8_t interface;
};

/* Packets to there bear a mark, and the host takes them. */
struct host_mark {
	union lvs_addr addr;
	uint32_t mark;
	uint8_t family;
	uint8_t bits;
};

struct host {
	struct host_addr addr[HOST_MAX];
	struct host_neigh neigh[HOST_MAX];
	struct host_route route[HOST_MAX];
	struct host_mark mark[HOST_MAX];
	size_t addr_n, neigh_n, route_n, mark_n;
};

/* The way to an address. */
struct host_way {
	union lvs_addr next_hop;
	union lvs_addr source;
	uint32_t mtu;
	uint8_t interface;
	bool local;
};

/* Reads the place; false at a line that is wrong. */
bool host_read(struct host *host, const struct scenario *scenario);

/* False when there is no way there. */
bool host_way(const struct host *host, unsigned family, const union lvs_addr *addr,
	      struct host_way *way);

/* The mark of packets to an address, 0 for none. */
uint32_t host_mark(const struct host *host, unsigned family, const union lvs_addr *addr);

/* What a director is told of the way; a negative enum lvs_err when there is none. */
int host_path(void *host, enum lvs_family family, const union lvs_addr *addr,
	      struct lvs_path_conf *path);

/* Writes the Ethernet header of a frame that goes this way; false without a neighbour. */
bool host_ether(const struct host *host, unsigned family, const struct host_way *way,
		uint8_t *ether);

/* Whom a frame that came in by an interface is addressed to. */
enum lvs_link_type host_link_type(unsigned interface, const uint8_t *frame);

/* An address as text: its family and bytes; 0 when it is none. */
unsigned host_parse(const char *text, union lvs_addr *addr);

#endif
