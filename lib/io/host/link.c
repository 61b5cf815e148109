/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/link.h"

#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/host/netlink.h"

/* IFA_PROTO came with Linux 5.18; older headers lack the name. */
#define ATTR_IFA_PROTO 11
#define LINK_LOCAL(addr) ((addr)->byte[0] == 0xfe && ((addr)->byte[1] & 0xc0) == 0x80)
#define UNFIT (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)

void lvs_ifaces_fini(struct lvs_ifaces *ifaces)
{
	for (unsigned i = 0; i < ifaces->n; i++)
		free(ifaces->iface[i].addrs);
	free(ifaces->iface);
	memset(ifaces, 0, sizeof(*ifaces));
}

/* The first whose number is not below. */
static unsigned position(const struct lvs_ifaces *ifaces, uint32_t ifindex)
{
	unsigned low = 0;
	unsigned high = ifaces->n;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (ifaces->iface[middle].ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct lvs_iface *lvs_ifaces_find(const struct lvs_ifaces *ifaces, uint32_t ifindex)
{
	unsigned at = position(ifaces, ifindex);

	return at < ifaces->n && ifaces->iface[at].ifindex == ifindex ? &ifaces->iface[at] : NULL;
}

struct lvs_iface *lvs_ifaces_find_name(const struct lvs_ifaces *ifaces, const char *name)
{
	for (unsigned i = 0; i < ifaces->n; i++)
		if (strcmp(ifaces->iface[i].name, name) == 0)
			return &ifaces->iface[i];
	return NULL;
}

static struct lvs_iface *insert(struct lvs_ifaces *ifaces, uint32_t ifindex)
{
	unsigned at = position(ifaces, ifindex);
	struct lvs_iface *iface;

	if (ifaces->n == ifaces->room) {
		unsigned room = ifaces->room ? ifaces->room * 2 : 16;

		iface = realloc(ifaces->iface, room * sizeof(*iface));
		if (iface == NULL)
			return NULL;
		ifaces->iface = iface;
		ifaces->room = room;
	}
	iface = &ifaces->iface[at];
	memmove(iface + 1, iface, (ifaces->n - at) * sizeof(*iface));
	ifaces->n++;
	memset(iface, 0, sizeof(*iface));
	iface->ifindex = ifindex;
	return iface;
}

static unsigned take_dellink(struct lvs_ifaces *ifaces, uint32_t ifindex)
{
	struct lvs_iface *iface = lvs_ifaces_find(ifaces, ifindex);

	if (iface == NULL)
		return LVS_LINK_SAME;
	free(iface->addrs);
	ifaces->n--;
	memmove(iface, iface + 1, (size_t)(ifaces->iface + ifaces->n - iface) * sizeof(*iface));
	return LVS_LINK_CHANGED | LVS_LINK_LOST;
}

static void read_link(const struct nlmsghdr *message, struct lvs_iface *iface)
{
	const struct ifinfomsg *body = mnl_nlmsg_get_payload(message);
	struct nlattr *attr;

	iface->flags = body->ifi_flags;
	iface->has_mac = false;
	mnl_attr_for_each(attr, message, sizeof(*body))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_MTU:
			iface->mtu = mnl_attr_get_u32(attr);
			break;
		case IFLA_IFNAME:
			memset(iface->name, 0, sizeof(iface->name));
			strncpy(iface->name, mnl_attr_get_str(attr), sizeof(iface->name) - 1);
			break;
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(attr) != sizeof(iface->mac))
				break;
			memcpy(iface->mac, mnl_attr_get_payload(attr), sizeof(iface->mac));
			iface->has_mac = body->ifi_type == ARPHRD_ETHER &&
					 !(body->ifi_flags & (IFF_NOARP | IFF_LOOPBACK));
			break;
		}
	}
}

static unsigned take_newlink(struct lvs_ifaces *ifaces, const struct nlmsghdr *message,
			     uint32_t ifindex)
{
	struct lvs_iface *iface = lvs_ifaces_find(ifaces, ifindex);
	struct lvs_iface old;

	if (iface == NULL) {
		iface = insert(ifaces, ifindex);
		if (iface == NULL)
			return LVS_LINK_MEMORY;
		read_link(message, iface);
		return LVS_LINK_CHANGED;
	}
	old = *iface;
	read_link(message, iface);
	if ((old.flags ^ iface->flags) & IFF_UP) /* nexthops die and revive in silence */
		return LVS_LINK_CHANGED | LVS_LINK_LOST;
	if (((old.flags ^ iface->flags) & (IFF_RUNNING | IFF_NOARP)) != 0 ||
	    old.mtu != iface->mtu || old.has_mac != iface->has_mac ||
	    memcmp(old.mac, iface->mac, sizeof(old.mac)) != 0 || strcmp(old.name, iface->name) != 0)
		return LVS_LINK_CHANGED;
	return LVS_LINK_SAME;
}

static void read_addr_attr(const struct nlattr *attr, struct lvs_ifaddr *out, bool *local)
{
	switch (mnl_attr_get_type(attr)) {
	case IFA_LOCAL: /* on a point-to-point link IFA_ADDRESS is the other end */
		*local = lvs_netlink_get_addr(attr, out->family, &out->addr) != 0;
		break;
	case IFA_ADDRESS:
		if (!*local)
			lvs_netlink_get_addr(attr, out->family, &out->addr);
		break;
	case IFA_FLAGS:
		out->flags = mnl_attr_get_u32(attr);
		break;
	case IFA_LABEL:
		strncpy(out->label, mnl_attr_get_str(attr), sizeof(out->label) - 1);
		break;
	case ATTR_IFA_PROTO:
		out->protocol = mnl_attr_get_u8(attr);
		break;
	}
}

static void read_addr(const struct nlmsghdr *message, struct lvs_ifaddr *out)
{
	const struct ifaddrmsg *body = mnl_nlmsg_get_payload(message);
	struct nlattr *attr;
	bool local = false;

	memset(out, 0, sizeof(*out));
	out->family = body->ifa_family;
	out->len = body->ifa_prefixlen;
	out->flags = body->ifa_flags;
	mnl_attr_for_each(attr, message, sizeof(*body)) read_addr_attr(attr, out, &local);
}

static bool is_subnet(const struct lvs_ifaddr *addr)
{
	return addr->len < lvs_addr_len(addr->family) * 8;
}

static struct lvs_ifaddr *find_entry(const struct lvs_iface *iface, const struct lvs_ifaddr *key)
{
	for (unsigned i = 0; i < iface->addrs_n; i++) {
		struct lvs_ifaddr *entry = &iface->addrs[i];

		if (entry->family == key->family && entry->len == key->len &&
		    lvs_addr_equal(&entry->addr, &key->addr, key->family))
			return entry;
	}
	return NULL;
}

static unsigned take_newaddr(struct lvs_iface *iface, const struct lvs_ifaddr *addr)
{
	struct lvs_ifaddr *entry = find_entry(iface, addr);
	unsigned at = is_subnet(addr) ? iface->subnets_n : iface->addrs_n;

	if (entry != NULL) {
		bool same = ((entry->flags ^ addr->flags) & UNFIT) == 0;

		*entry = *addr;
		return same ? LVS_LINK_SAME : LVS_LINK_CHANGED;
	}
	entry = realloc(iface->addrs, (iface->addrs_n + 1) * sizeof(*entry));
	if (entry == NULL)
		return LVS_LINK_MEMORY;
	iface->addrs = entry;
	memmove(entry + at + 1, entry + at, (iface->addrs_n - at) * sizeof(*entry));
	entry[at] = *addr;
	iface->addrs_n++;
	iface->subnets_n += is_subnet(addr);
	return LVS_LINK_CHANGED;
}

static unsigned take_deladdr(struct lvs_iface *iface, const struct lvs_ifaddr *addr)
{
	struct lvs_ifaddr *entry = find_entry(iface, addr);

	if (entry == NULL)
		return LVS_LINK_SAME;
	iface->subnets_n -= is_subnet(entry);
	iface->addrs_n--;
	memmove(entry, entry + 1, (size_t)(iface->addrs + iface->addrs_n - entry) * sizeof(*entry));
	return LVS_LINK_CHANGED | LVS_LINK_LOST;
}

static unsigned take_addr(struct lvs_ifaces *ifaces, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *body = mnl_nlmsg_get_payload(message);
	struct lvs_iface *iface;
	struct lvs_ifaddr addr;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*body))
		return LVS_LINK_SAME;
	iface = lvs_ifaces_find(ifaces, body->ifa_index);
	if (iface == NULL || (body->ifa_family != LVS_INET && body->ifa_family != LVS_INET6))
		return LVS_LINK_SAME;
	read_addr(message, &addr);
	if (message->nlmsg_type == RTM_NEWADDR)
		return take_newaddr(iface, &addr);
	return take_deladdr(iface, &addr);
}

unsigned lvs_ifaces_take(struct lvs_ifaces *ifaces, const struct nlmsghdr *message)
{
	const struct ifinfomsg *body = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR)
		return take_addr(ifaces, message);
	/* A bridge tells of its ports under its own family: leaving it is no end of the link. */
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*body) || body->ifi_family != AF_UNSPEC ||
	    body->ifi_index <= 0)
		return LVS_LINK_SAME;
	if (message->nlmsg_type == RTM_DELLINK)
		return take_dellink(ifaces, (uint32_t)body->ifi_index);
	return take_newlink(ifaces, message, (uint32_t)body->ifi_index);
}

const struct lvs_ifaddr *lvs_iface_find_addr(const struct lvs_iface *iface, unsigned family,
					     const union lvs_addr *addr)
{
	for (unsigned i = 0; i < iface->addrs_n; i++)
		if (iface->addrs[i].family == family &&
		    lvs_addr_equal(&iface->addrs[i].addr, addr, family))
			return &iface->addrs[i];
	return NULL;
}

const struct lvs_ifaddr *lvs_ifaces_find_addr(const struct lvs_ifaces *ifaces, unsigned family,
					      const union lvs_addr *addr)
{
	for (unsigned i = 0; i < ifaces->n; i++) {
		const struct lvs_ifaddr *found;

		found = lvs_iface_find_addr(&ifaces->iface[i], family, addr);
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* How good a source: its subnet holds the peer, the same scope, a subnet at all. */
static unsigned source_score(const struct lvs_ifaddr *entry, const union lvs_addr *peer)
{
	unsigned score = 1;

	if (entry->family == LVS_INET6 && LINK_LOCAL(&entry->addr) == LINK_LOCAL(peer))
		score += 4;
	if (is_subnet(entry))
		score += 2;
	if (is_subnet(entry) && lvs_prefix_match(&entry->addr, peer, entry->len))
		score += 8;
	return score;
}

/* The best of some addresses; false if none will do. */
static bool best_source(const struct lvs_ifaddr *entry, unsigned n, unsigned family,
			const union lvs_addr *peer, union lvs_addr *source)
{
	unsigned best = 0;

	for (unsigned i = 0; i < n; i++, entry++) {
		unsigned score;

		if (entry->family != family ||
		    (entry->flags & (family == LVS_INET6 ? UNFIT : 0)) != 0)
			continue;
		score = source_score(entry, peer);
		if (score > best) {
			best = score;
			*source = entry->addr;
		}
	}
	return best > 0;
}

bool lvs_iface_source(const struct lvs_iface *iface, unsigned family, const union lvs_addr *peer,
		      union lvs_addr *source)
{
	/* Behind the subnets lie service addresses, perhaps thousands: only without any subnet. */
	return best_source(iface->addrs, iface->subnets_n, family, peer, source) ||
	       best_source(iface->addrs + iface->subnets_n, iface->addrs_n - iface->subnets_n,
			   family, peer, source);
}

bool lvs_ifaces_own_mac(const struct lvs_ifaces *ifaces, const uint8_t *mac)
{
	for (unsigned i = 0; i < ifaces->n; i++)
		if (memcmp(ifaces->iface[i].mac, mac, sizeof(ifaces->iface[i].mac)) == 0)
			return true;
	return false;
}

bool lvs_prefix_match(const union lvs_addr *a, const union lvs_addr *b, unsigned len)
{
	unsigned bytes = len / 8;
	unsigned rest = len % 8;

	if (memcmp(a->byte, b->byte, bytes) != 0)
		return false;
	return rest == 0 || ((a->byte[bytes] ^ b->byte[bytes]) >> (8 - rest)) == 0;
}
