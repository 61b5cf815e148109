/* SPDX-License-Identifier: BSD-2-Clause */
/* How an address is reached: the tables, the link and the next hop put together. */
#include <linux/rtnetlink.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "io/host/state.h"

#define LOCAL_MTU 65535 /* what an IP packet can be; nothing limits delivery to the host itself */

/* A route through a link that is down is passed over, as the kernel does. */
static bool route_usable(const void *user, const struct lvs_route *route)
{
	const struct lvs_host *host = user;
	const struct lvs_iface *iface;

	if (route->type != RTN_UNICAST)
		return true;
	iface = lvs_ifaces_find(&host->ifaces, route->ifindex);
	return iface != NULL && (iface->flags & IFF_UP) != 0;
}

static void fill_source(const struct lvs_host *host, const struct lvs_route *route,
			const struct lvs_iface *iface, struct lvs_path_conf *path)
{
	path->source_family = route->family;
	if (route->has_source) {
		path->source = route->source;
		return;
	}
	if (lvs_iface_source(iface, route->family, &path->next_hop, &path->source))
		return;
	/* An unnumbered link borrows, as the kernel does. */
	for (unsigned i = 0; i < host->ifaces.n; i++)
		if ((host->ifaces.iface[i].flags & IFF_LOOPBACK) == 0 &&
		    lvs_iface_source(&host->ifaces.iface[i], route->family, &path->next_hop,
				     &path->source))
			return;
	path->source_family = LVS_UNSPEC;
}

static void fill_unicast(const struct lvs_host *host, const struct lvs_route *route,
			 const union lvs_addr *addr, struct lvs_path_conf *path,
			 struct lvs_neigh_key *key)
{
	const struct lvs_iface *iface = lvs_ifaces_find(&host->ifaces, route->ifindex);

	path->mtu = route->mtu != 0 ? route->mtu : iface->mtu;
	path->next_hop_family = route->family;
	memcpy(path->next_hop.byte, addr->byte, lvs_addr_len(route->family));
	if (route->gateway_family != LVS_UNSPEC) {
		path->next_hop_family = route->gateway_family;
		path->next_hop = route->gateway;
	}
	fill_source(host, route, iface, path);
	key->addr = path->next_hop;
	key->family = path->next_hop_family;
	key->ifindex = route->ifindex;
}

static void fill_local(enum lvs_family family, const union lvs_addr *addr,
		       struct lvs_path_conf *path)
{
	path->flags = LVS_PATH_LOCAL;
	path->mtu = LOCAL_MTU;
	path->source_family = (uint8_t)family;
	path->next_hop_family = (uint8_t)family;
	memcpy(path->source.byte, addr->byte, lvs_addr_len(family));
	path->next_hop = path->source;
}

/* Fills the path but for its handle, and the next hop's key where there is one (family set). A
 * stripe is held. */
static void find_path(const struct lvs_host *host, enum lvs_family family,
		      const union lvs_addr *addr, struct lvs_path_conf *path,
		      struct lvs_neigh_key *key)
{
	const struct lvs_route *route =
		lvs_routes_find(&host->routes, family, addr, route_usable, host);

	memset(path, 0, sizeof(*path));
	memset(key, 0, sizeof(*key));
	path->size = sizeof(*path);
	if (route != NULL && route->type == RTN_LOCAL)
		fill_local(family, addr, path);
	else if (route != NULL && route->type == RTN_UNICAST)
		fill_unicast(host, route, addr, path, key);
	else
		path->flags = LVS_PATH_UNREACHABLE;
}

/* A next hop that has no number yet gets one. Takes all stripes. */
static uint32_t add_neighbour(struct lvs_host *host, const struct lvs_neigh_key *key, bool pin)
{
	uint32_t number;

	lvs_stripes_write(&host->stripes);
	number = lvs_neighs_find(&host->neighs, key);
	if (number == 0)
		number = lvs_neighs_add(&host->neighs, key,
					lvs_ifaces_find(&host->ifaces, key->ifindex));
	if (number != 0 && pin)
		lvs_neighs_pin(&host->neighs, number);
	lvs_stripes_write_end(&host->stripes);
	return number;
}

static void look_up(struct lvs_host *host, enum lvs_family family, const union lvs_addr *addr,
		    struct lvs_path_conf *path, bool pin)
{
	pthread_rwlock_t *lock = lvs_stripes_read(&host->stripes);
	struct lvs_neigh_key key;
	bool settled;

	find_path(host, family, addr, path, &key);
	if (key.family != LVS_UNSPEC)
		path->handle = lvs_neighs_find(&host->neighs, &key);
	settled = key.family == LVS_UNSPEC ||
		  (path->handle != 0 && (!pin || host->neighs.note[path->handle].pinned));
	lvs_stripes_read_end(lock);
	if (!settled)
		path->handle = add_neighbour(host, &key, pin);
}

int lvs_host_path(struct lvs_host *host, enum lvs_family family, const union lvs_addr *addr,
		  struct lvs_path_conf *path)
{
	if (family != LVS_INET && family != LVS_INET6)
		return LVS_ERR_FAMILY;
	if (path->size < sizeof(*path))
		return LVS_ERR_INVALID;
	look_up(host, family, addr, path, true);
	return 0;
}

int lvs_host_path_lookup(void *host, enum lvs_family family, const union lvs_addr *addr,
			 struct lvs_path_conf *path)
{
	if (family != LVS_INET && family != LVS_INET6)
		return LVS_ERR_FAMILY;
	look_up(host, family, addr, path, false);
	return path->flags & LVS_PATH_UNREACHABLE ? LVS_ERR_NO_ENTRY : 0;
}

/* Without a handle that fits: the next hop's own way, which ends at itself. */
static int resolve_by_route(struct lvs_host *host, enum lvs_family family,
			    const union lvs_addr *next_hop, struct lvs_host_link *out)
{
	struct lvs_path_conf path;
	int err;

	if (family != LVS_INET && family != LVS_INET6)
		return LVS_ERR_NO_ENTRY;
	look_up(host, family, next_hop, &path, false);
	if (path.flags != 0)
		return LVS_ERR_NO_ENTRY;
	if (path.handle == 0)
		return LVS_ERR_FULL;
	err = lvs_neighs_resolve(&host->neighs, path.handle, path.next_hop_family, &path.next_hop,
				 out);
	return err > 0 ? LVS_ERR_BUSY : err; /* given away between the two steps: next time */
}

int lvs_host_resolve(struct lvs_host *host, uint32_t handle, enum lvs_family family,
		     const union lvs_addr *next_hop, struct lvs_host_link *out)
{
	int err = lvs_neighs_resolve(&host->neighs, handle, family, next_hop, out);

	return err > 0 ? resolve_by_route(host, family, next_hop, out) : err;
}
