/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is taken away from the host. The rules, sorted, are what lvs_host_captured()
 * searches and what the nft table's sets hold:
 *
 *   ingress of each interface --> chain "capture":
 *       not to this host, or of a VLAN      return
 *       a fragment                          goto "fragment"
 *           from a server, to a service         drop    (address and protocol: no port is known)
 *       ICMP                                goto "error"
 *           no error                            return
 *           about what went to a server         drop    (address: the quote may be anything)
 *           about what a service sent           drop
 *           to, from an address for ICMP        drop
 *       from a real server's address, port  drop
 *       to a service's address, port        drop
 *           (by protocol, address and: the port; nothing else; that the port is a high one)
 *
 * Where it is steered (host/steer.h) what is dropped here gets a mark instead.
 */
#ifndef LVS_IO_HOST_CAPTURE_H
#define LVS_IO_HOST_CAPTURE_H

#include <net/if.h>
#include <stdbool.h>

#include <liblvs/host.h>

#include "io/host/direct.h"
#include "io/host/link.h"
#include "io/host/netlink.h"
#include "io/host/nft.h"
#include "io/host/route.h"

/* What a set's keys are made of, and what is looked up in it. */
enum lvs_capture_kind {
	LVS_CAPTURE_PORT = 0,     /* protocol, address, port: what the caller's rule says */
	LVS_CAPTURE_ALL = 1,      /* protocol, address: the same for every port */
	LVS_CAPTURE_HIGH = 2,     /* protocol, address: for ports from LVS_CAPTURE_HIGH_PORT on */
	LVS_CAPTURE_FRAGMENT = 3, /* protocol, address: fragments of any of these */
	LVS_CAPTURE_QUOTED = 4,   /* address: packets that ICMP errors quote */
	LVS_CAPTURE_KINDS = 5,
};

/* Where ports begin that need no privilege. */
#define LVS_CAPTURE_HIGH_PORT 1024

#define LVS_CAPTURE_SETS (2 * 2 * LVS_CAPTURE_KINDS)

/* One set of the table: the rules of a family, direction and kind. */
struct lvs_capture_set {
	const char *name;
	uint8_t family;
	uint8_t direction;
	uint8_t kind;
};

extern const struct lvs_capture_set lvs_capture_sets[LVS_CAPTURE_SETS];

/* Rules in the order of memcmp(), none twice, and a hash index over them. Those that follow from a
 * caller's have their kind in reserved[0], LVS_CAPTURE_FRAGMENT or LVS_CAPTURE_QUOTED. */
struct lvs_capture_rules {
	struct lvs_host_rule *rule;
	uint32_t *slot; /* number of a rule + 1, 0 free */
	unsigned n;
	uint32_t slots_n; /* power of two, or 0 */
	uint32_t mark;    /* what they match gets it, to be steered; 0: it is dropped */
};

struct lvs_capture {
	struct lvs_capture_rules rules;
	char (*name)[IF_NAMESIZE];
	unsigned names_n;
	uint32_t *ifindex; /* of those that exist, names_n places */
	unsigned ifindex_n;
	struct lvs_direct *direct; /* learned by workers as they ask */
	bool installed;            /* the table is there, ours or a crashed instance's */
	bool usable;               /* set-up is allowed */
	/* Takes the traffic away instead of the table; NULL: the table does. */
	int (*by)(void *user, const struct lvs_host_rule *rules, unsigned n);
	void *by_user;
	char table[IF_NAMESIZE + 8];
	struct lvs_netlink nl; /* NETLINK_NETFILTER; opened when first needed */
};

/* @p usable: the host may be changed. 0 or LVS_ERR_NO_MEMORY. */
int lvs_capture_init(struct lvs_capture *capture, const char *instance, bool usable);
/* Removes the table, where it is. */
int lvs_capture_remove(struct lvs_capture *capture);
/* Removes it and frees the rest. */
void lvs_capture_fini(struct lvs_capture *capture);

/* Whether adapters see nothing but what was taken, so that all else of it is given back. */
static inline bool lvs_capture_is_all(const struct lvs_capture *capture)
{
	return capture->rules.mark != 0 || capture->by != NULL;
}

/* Rules in order from a caller's. Returns 0 or a negative lvs_err. */
int lvs_capture_rules_make(struct lvs_capture_rules *rules, const struct lvs_host_rule *rule,
			   unsigned n);
void lvs_capture_rules_fini(struct lvs_capture_rules *rules);
bool lvs_capture_rules_has(const struct lvs_capture_rules *rules, const struct lvs_host_rule *rule);

/* The set that a rule belongs to. */
unsigned lvs_capture_set_of(const struct lvs_host_rule *rule);

/* Whether the kernel drops the packet and it must be given back. Learns which clients ask servers
 * directly, and of which datagrams the first fragment went back. */
bool lvs_capture_match(const struct lvs_capture *capture, const struct lvs_routes *routes,
		       const struct lvs_packet *packet);

/* The whole table, replacing one that is there. */
void lvs_capture_build(struct lvs_nft_batch *batch, const struct lvs_capture_rules *rules,
		       const struct lvs_ifaces *ifaces, const uint32_t *ifindex, unsigned n);

/* Its chains but those of the interfaces; @p mark as in the rules. */
void lvs_capture_build_chains(struct lvs_nft_batch *batch, uint32_t mark);

/* Where the key of a set of quoted packets stands, bytes from the ICMP header. */
unsigned lvs_capture_quote_offset(const struct lvs_capture_set *set);

/* What turns the sets of @p old into those of @p rules. */
void lvs_capture_build_change(struct lvs_nft_batch *batch, const struct lvs_capture_rules *old,
			      const struct lvs_capture_rules *rules);

/* Sends the whole table, or removes it where there is nothing to capture. */
int lvs_capture_install(struct lvs_capture *capture, const struct lvs_capture_rules *rules,
			const struct lvs_ifaces *ifaces, const uint32_t *ifindex, unsigned n);

/* Sends what changed. */
int lvs_capture_change(struct lvs_capture *capture, const struct lvs_capture_rules *rules);

/* Lines for a shell. */
void lvs_capture_print(const struct lvs_capture *capture,
		       void (*line)(void *user, const char *text), void *user);

#endif
