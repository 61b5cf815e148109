/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is taken away from the host. The rules, sorted, are what lvs_host_captured()
 * searches and what the nft table's sets hold:
 *
 *   ingress of each interface --> chain "capture":
 *       not to this host, or of a VLAN      return
 *       from a real server's address, port  drop
 *       a fragment                          return
 *       to a service's address, port        drop
 */
#ifndef LVS_IO_HOST_CAPTURE_H
#define LVS_IO_HOST_CAPTURE_H

#include <net/if.h>
#include <stdbool.h>

#include <liblvs/host.h>

#include "io/host_direct.h"
#include "io/host_link.h"
#include "io/host_netlink.h"
#include "io/host_nft.h"

#define LVS_CAPTURE_SETS 8

/* One set of the table: the rules of a family and direction, with port or for every port. */
struct lvs_capture_set {
	const char *name;
	uint8_t family;
	uint8_t direction;
	bool any_port;
};

extern const struct lvs_capture_set lvs_capture_sets[LVS_CAPTURE_SETS];

/* Rules in the order of memcmp(), none twice, and a hash index over them. */
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
	char table[IF_NAMESIZE + 8];
	struct lvs_netlink nl; /* NETLINK_NETFILTER; opened when first needed */
};

/* @p usable: the host may be changed. 0 or LVS_ERR_NO_MEMORY. */
int lvs_capture_init(struct lvs_capture *capture, const char *instance, bool usable);
/* Removes the table, where it is. */
int lvs_capture_remove(struct lvs_capture *capture);
/* Removes it and frees the rest. */
void lvs_capture_fini(struct lvs_capture *capture);

/* Rules in order from a caller's. Returns 0 or a negative lvs_err. */
int lvs_capture_rules_make(struct lvs_capture_rules *rules, const struct lvs_host_rule *rule,
			   unsigned n);
void lvs_capture_rules_fini(struct lvs_capture_rules *rules);
bool lvs_capture_rules_has(const struct lvs_capture_rules *rules, const struct lvs_host_rule *rule);

/* The set that a rule belongs to. */
unsigned lvs_capture_set_of(const struct lvs_host_rule *rule);

/* Whether the kernel drops the packet and it must be given back. Learns which clients ask servers
 * directly. */
bool lvs_capture_match(const struct lvs_capture *capture, const struct lvs_packet *packet);

/* The whole table, replacing one that is there. */
void lvs_capture_build(struct lvs_nft_batch *batch, const struct lvs_capture_rules *rules,
		       const struct lvs_ifaces *ifaces, const uint32_t *ifindex, unsigned n);

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
