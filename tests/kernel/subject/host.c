/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_LEN = 64 };

/* As the guest's agent sets them. */
static const uint8_t own_mac[2][MAC_LEN] = {
	{0x02, 0xfe, 0, 0, 0, 1},
	{0x02, 0xfe, 0, 0, 0, 2},
};

unsigned host_parse(const char *text, union lvs_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (text && inet_pton(AF_INET, text, addr) == 1)
		return LVS_INET;
	return text && inet_pton(AF_INET6, text, addr) == 1 ? LVS_INET6 : LVS_UNSPEC;
}

/* "<address>/<bits>"; the family, 0 when it is none. */
static unsigned prefix_parse(const char *text, union lvs_addr *addr, uint8_t *bits)
{
	char copy[PREFIX_LEN];
	char *slash;

	snprintf(copy, sizeof(copy), "%s", text ? text : "");
	slash = strchr(copy, '/');
	if (!slash)
		return 0;
	*slash = 0;
	*bits = (uint8_t)atoi(slash + 1);
	return host_parse(copy, addr);
}

static bool within(const union lvs_addr *addr, const union lvs_addr *net, unsigned bits)
{
	unsigned whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> (bits % 8));

	if (memcmp(addr->byte, net->byte, whole) != 0)
		return false;
	return bits % 8 == 0 || ((addr->byte[whole] ^ net->byte[whole]) & mask) == 0;
}

static bool read_addr(struct host *host, char *args)
{
	struct host_addr *item = &host->addr[host->addr_n];
	int interface = script_if_find(script_word(&args));

	item->interface = (uint8_t)interface;
	item->family = (uint8_t)prefix_parse(script_word(&args), &item->addr, &item->bits);
	host->addr_n++;
	return interface >= 0 && item->family;
}

static bool read_neigh(struct host *host, char *args)
{
	struct host_neigh *item = &host->neigh[host->neigh_n];
	const char *mac;

	script_word(&args); /* the interface follows from the address */
	item->family = (uint8_t)host_parse(script_word(&args), &item->addr);
	mac = script_word(&args);
	host->neigh_n++;
	return item->family && mac &&
	       sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &item->mac[0], &item->mac[1],
		      &item->mac[2], &item->mac[3], &item->mac[4], &item->mac[5]) == MAC_LEN;
}

static bool read_route(struct host *host, char *args)
{
	struct host_route *item = &host->route[host->route_n];
	const char *mtu;
	int interface;

	item->family = (uint8_t)prefix_parse(script_word(&args), &item->addr, &item->bits);
	if (host_parse(script_word(&args), &item->via) != item->family)
		return false;
	interface = script_if_find(script_word(&args));
	mtu = script_word(&args);
	item->mtu = mtu ? (uint32_t)atoi(mtu) : 0;
	item->interface = (uint8_t)interface;
	host->route_n++;
	return item->family && interface >= 0 && item->mtu;
}

static bool read_mark(struct host *host, char *args)
{
	struct host_mark *item = &host->mark[host->mark_n];
	const char *mark;

	item->family = (uint8_t)prefix_parse(script_word(&args), &item->addr, &item->bits);
	mark = script_word(&args);
	item->mark = mark ? (uint32_t)atoi(mark) : 0;
	host->mark_n++;
	return item->family && item->mark;
}

uint32_t host_mark(const struct host *host, unsigned family, const union lvs_addr *addr)
{
	for (size_t i = 0; i < host->mark_n; i++) {
		const struct host_mark *item = &host->mark[i];

		if (item->family == family && within(addr, &item->addr, item->bits))
			return item->mark;
	}
	return 0;
}

static bool read_line(struct host *host, const struct place *place)
{
	switch (place->kind) {
	case 'a':
		return read_addr(host, place->args);
	case 'n':
		return read_neigh(host, place->args);
	case 'm':
		return read_mark(host, place->args);
	default:
		return read_route(host, place->args);
	}
}

bool host_read(struct host *host, const struct scenario *scenario)
{
	for (size_t i = 0; i < scenario->place_n; i++) {
		const struct place *place = &scenario->place[i];

		if (host->addr_n == HOST_MAX || host->neigh_n == HOST_MAX ||
		    host->route_n == HOST_MAX || host->mark_n == HOST_MAX ||
		    !read_line(host, place))
			return false;
	}
	return true;
}

/* The first address of an interface: what the kernel sends from. */
static void choose_source(const struct host *host, unsigned family, struct host_way *way)
{
	for (size_t i = 0; i < host->addr_n; i++) {
		const struct host_addr *item = &host->addr[i];

		if (item->family != family || item->interface != way->interface)
			continue;
		way->source = item->addr;
		return;
	}
}

static bool on_link(const struct host *host, unsigned family, const union lvs_addr *addr,
		    struct host_way *way)
{
	for (size_t i = 0; i < host->addr_n; i++) {
		const struct host_addr *item = &host->addr[i];

		if (item->family != family || !within(addr, &item->addr, item->bits))
			continue;
		way->interface = item->interface;
		way->next_hop = *addr;
		way->local = memcmp(addr, &item->addr, sizeof(*addr)) == 0;
		if (way->local)
			return true;
	}
	return way->interface != SCRIPT_IF_N;
}

bool host_way(const struct host *host, unsigned family, const union lvs_addr *addr,
	      struct host_way *way)
{
	int best = -1;

	*way = (struct host_way){.mtu = HOST_MTU, .interface = SCRIPT_IF_N};
	if (!on_link(host, family, addr, way)) {
		for (size_t i = 0; i < host->route_n; i++) {
			const struct host_route *item = &host->route[i];

			if (item->family != family || !within(addr, &item->addr, item->bits) ||
			    item->bits <= best)
				continue;
			best = item->bits;
			way->interface = item->interface;
			way->next_hop = item->via;
			way->mtu = item->mtu;
		}
	}
	if (way->interface == SCRIPT_IF_N)
		return false;
	choose_source(host, family, way);
	return true;
}

int host_path(void *host, enum lvs_family family, const union lvs_addr *addr,
	      struct lvs_path_conf *path)
{
	struct host_way way;

	if (!host_way(host, family, addr, &way))
		return LVS_ERR_NO_ENTRY;
	*path = (struct lvs_path_conf){
		.size = sizeof(*path),
		.flags = way.local ? LVS_PATH_LOCAL : 0,
		.mtu = way.mtu,
		.source = way.source,
		.next_hop = way.next_hop,
		.source_family = (uint8_t)family,
		.next_hop_family = (uint8_t)family,
	};
	return 0;
}

bool host_ether(const struct host *host, unsigned family, const struct host_way *way,
		uint8_t *ether)
{
	for (size_t i = 0; i < host->neigh_n; i++) {
		const struct host_neigh *item = &host->neigh[i];

		if (item->family != family || memcmp(&item->addr, &way->next_hop, 16) != 0)
			continue;
		memcpy(ether, item->mac, MAC_LEN);
		memcpy(ether + MAC_LEN, own_mac[way->interface], MAC_LEN);
		ether[12] = family == LVS_INET ? 0x08 : 0x86;
		ether[13] = family == LVS_INET ? 0x00 : 0xdd;
		return true;
	}
	return false;
}

enum lvs_link_type host_link_type(unsigned interface, const uint8_t *frame)
{
	static const uint8_t broadcast[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (memcmp(frame, broadcast, MAC_LEN) == 0)
		return LVS_LINK_BROADCAST;
	if (frame[0] & 1)
		return LVS_LINK_MULTICAST;
	return memcmp(frame, own_mac[interface], MAC_LEN) == 0 ? LVS_LINK_HOST : LVS_LINK_OTHER;
}
