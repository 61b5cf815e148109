/* SPDX-License-Identifier: BSD-2-Clause */
/* Links, addresses, neighbours and routes of the caller's namespace, without a program. */
#ifndef AGENT_ROUTE_H
#define AGENT_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

enum { ROUTE_MAC_LEN = 6 };

/* A socket in the caller's namespace, or -1. */
int route_open(void);

/* Brings an interface up; with a link-layer address of its own where `mac` is not NULL. */
bool route_link(int socket, const char *interface, const uint8_t *mac, uint32_t mtu);

/* "192.0.2.1/24" */
bool route_addr(int socket, const char *interface, const char *prefix);

bool route_neigh(int socket, const char *interface, const char *addr, const uint8_t *mac);

/* `gateway` NULL: on link. `table` 0: the main one. `local`: for the host itself. */
struct route_way {
	const char *prefix;
	const char *gateway;
	const char *interface;
	uint32_t mtu;
	uint32_t table;
	bool local;
};

bool route_add(int socket, const struct route_way *way);

/* Packets with this mark are routed by that table. */
bool route_mark(int socket, unsigned family, uint32_t mark, uint32_t table);

#endif
