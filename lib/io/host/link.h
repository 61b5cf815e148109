/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's interfaces and the addresses on them, as the kernel last told. */
#ifndef LVS_IO_HOST_LINK_H
#define LVS_IO_HOST_LINK_H

#include <net/if.h>
#include <stdbool.h>

#include <libmnl/libmnl.h>
#include <liblvs/types.h>

/* An address on an interface. */
struct lvs_ifaddr {
	union lvs_addr addr;
	uint32_t flags; /* IFA_F_... */
	uint8_t family;
	uint8_t len;             /* of the prefix, bits */
	uint8_t protocol;        /* IFA_PROTO, 0 where the kernel does not know it */
	char label[IF_NAMESIZE]; /* IPv4 */
};

/* An interface. */
struct lvs_iface {
	uint32_t ifindex;
	uint32_t mtu;
	uint32_t flags; /* IFF_... */
	bool has_mac;   /* Ethernet-like: neighbours have addresses */
	uint8_t mac[6];
	char name[IF_NAMESIZE];
	/* Those of a subnet come first: what is nobody's neighbour is rarely a good source. */
	struct lvs_ifaddr *addrs;
	unsigned addrs_n;
	unsigned subnets_n;
};

/* All of them, sorted by number. */
struct lvs_ifaces {
	struct lvs_iface *iface;
	unsigned n;
	unsigned room;
};

/* What a message changed. */
enum lvs_link_change {
	LVS_LINK_SAME = 0,
	LVS_LINK_CHANGED = 0x1,
	LVS_LINK_LOST = 0x2, /* the kernel may have dropped routes without a word */
	LVS_LINK_MEMORY = 0x4,
};

void lvs_ifaces_fini(struct lvs_ifaces *ifaces);

/* NULL if there is none. */
struct lvs_iface *lvs_ifaces_find(const struct lvs_ifaces *ifaces, uint32_t ifindex);
struct lvs_iface *lvs_ifaces_find_name(const struct lvs_ifaces *ifaces, const char *name);

/* Takes in RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR. Returns enum lvs_link_change. */
unsigned lvs_ifaces_take(struct lvs_ifaces *ifaces, const struct nlmsghdr *message);

/* The address of a family on an interface, or NULL. */
const struct lvs_ifaddr *lvs_iface_find_addr(const struct lvs_iface *iface, unsigned family,
					     const union lvs_addr *addr);

/* Any interface's, or NULL. */
const struct lvs_ifaddr *lvs_ifaces_find_addr(const struct lvs_ifaces *ifaces, unsigned family,
					      const union lvs_addr *addr);

/* The address with which to speak to @p peer on this interface; false if it has none. */
bool lvs_iface_source(const struct lvs_iface *iface, unsigned family, const union lvs_addr *peer,
		      union lvs_addr *source);

/* Whether a link-layer address is one of the host's own. */
bool lvs_ifaces_own_mac(const struct lvs_ifaces *ifaces, const uint8_t *mac);

/* The first @p len bits agree. */
bool lvs_prefix_match(const union lvs_addr *a, const union lvs_addr *b, unsigned len);

#endif
