/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Next hops by number, and what the kernel's neighbour tables say of them.
 *
 * The control thread writes an entry while it holds a stripe of the host's, and a
 * worker that brings a new next hop while it holds all; so there is one writer.
 * Workers read without a lock: a change count, odd during a change, tells them
 * to look again. Which next hop has which number is guarded by the stripes.
 *
 *          want            USE + GET                 notification
 *   NONE --------> asked ------------> WAIT -----> VALID <-> STALE
 *     ^                                  `-------> FAILED --> asked again after a second
 *     `--- gone, or another link-layer life
 */
#ifndef LVS_IO_HOST_NEIGH_H
#define LVS_IO_HOST_NEIGH_H

#include <stdatomic.h>
#include <stdbool.h>

#include <libmnl/libmnl.h>
#include <liblvs/host.h>
#include <liblvs/types.h>

#include "base/compiler.h"
#include "io/host/link.h"

enum lvs_neigh_state {
	LVS_NEIGH_NONE = 0,   /* not asked, or forgotten by the kernel */
	LVS_NEIGH_WAIT = 1,   /* being resolved */
	LVS_NEIGH_VALID = 2,  /* known */
	LVS_NEIGH_STALE = 3,  /* known, to be confirmed while in use */
	LVS_NEIGH_FAILED = 4, /* does not answer */
	LVS_NEIGH_DIRECT = 5, /* its link has no addresses */
	LVS_NEIGH_DOWN = 6,   /* its link is down or gone */
};

/* Who it is. */
struct lvs_neigh_key {
	union lvs_addr addr;
	uint32_t ifindex;
	uint32_t family;
};

/* One next hop, one cache line. */
struct lvs_neigh {
	LVS_ALIGNED _Atomic uint32_t change; /* odd: being changed */
	_Atomic uint32_t used;               /* a worker asked since the last look */
	_Atomic uint64_t addr[2];
	_Atomic uint64_t where; /* ifindex << 32 | family << 8 | state */
	_Atomic uint64_t dst;   /* link-layer address in the low 48 bits */
	_Atomic uint64_t src;
	_Atomic uint32_t mtu;
	_Atomic uint32_t wanted;      /* stands in the list of the wanted, or was asked just now */
	_Atomic uint32_t next_wanted; /* ... its next */
};

/* The rest, which workers do not read while they resolve. Guarded by the stripes. */
struct lvs_neigh_note {
	struct lvs_neigh_key key;
	uint32_t next;  /* in the hash chain */
	uint8_t pinned; /* its number was promised */
	uint8_t idle;   /* looks without use, saturating */
	uint8_t taken;
};

struct lvs_neighs {
	struct lvs_neigh *entry; /* [0] is unused */
	struct lvs_neigh_note *note;
	uint32_t *bucket;
	uint32_t *asked;    /* numbers asked within the second; control thread only */
	uint32_t buckets_n; /* power of two */
	uint32_t max;       /* entries, [0] not counted */
	uint32_t n;         /* numbers given out so far: 1 to n */
	uint32_t hand;      /* where eviction looks next */
	uint32_t look;      /* where lvs_neighs_look() goes on */
	uint32_t asked_n;
	int wake;                /* eventfd of the control thread */
	_Atomic uint32_t wanted; /* first of those that workers want asked */
};

/* @p wake is an eventfd, not owned. */
int lvs_neighs_init(struct lvs_neighs *neighs, uint32_t max, int wake);
void lvs_neighs_fini(struct lvs_neighs *neighs);

/* The number of a next hop, 0 if it has none. Any stripe held. */
uint32_t lvs_neighs_find(const struct lvs_neighs *neighs, const struct lvs_neigh_key *key);

/* Gives it one; the longest idle may lose theirs. 0 when all are promised. All stripes held. */
uint32_t lvs_neighs_add(struct lvs_neighs *neighs, const struct lvs_neigh_key *key,
			const struct lvs_iface *iface);

/* Promises that a number stays with its next hop. All stripes held. */
void lvs_neighs_pin(struct lvs_neighs *neighs, uint32_t number);

/*
 * The contract of lvs_host_resolve() for a number. Any thread.
 * Returns 1 where the number names another next hop.
 */
int lvs_neighs_resolve(struct lvs_neighs *neighs, uint32_t number, unsigned family,
		       const union lvs_addr *addr, struct lvs_host_link *out);

/* The control thread's part; a stripe held. */

/* Takes in RTM_NEWNEIGH and RTM_DELNEIGH. */
void lvs_neighs_take(struct lvs_neighs *neighs, const struct lvs_ifaces *ifaces,
		     const struct nlmsghdr *message);

/* A link changed, came or went: its next hops follow. */
void lvs_neighs_follow(struct lvs_neighs *neighs, const struct lvs_ifaces *ifaces);

/* Asks the kernel for what workers want. @p fd is the notifications' netlink socket. */
void lvs_neighs_ask_wanted(struct lvs_neighs *neighs, int fd);

/* Once a second: those asked may be wanted again; of the rest 1/@p parts are looked at, stale ones
 * in use are confirmed. */
void lvs_neighs_look(struct lvs_neighs *neighs, int fd, uint32_t parts);

/* The kernel refused to ask for a number (the sequence number of the request). */
void lvs_neighs_refused(struct lvs_neighs *neighs, uint32_t number);

/* Before the neighbour tables are read anew: what they do not mention is forgotten. */
void lvs_neighs_forget(struct lvs_neighs *neighs);

#endif
