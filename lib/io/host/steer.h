/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captured traffic routed into a TUN instead of dropped. The filter table marks it; for each
 * family and interface a rule, and a table of our own:
 *
 *   rule 0:  iif <interface> fwmark <number> lookup <number>    ours
 *   rule 0:  lookup local                                       the kernel's, behind ours
 *   table <number>:  default dev <TUN>
 *                    blackhole default                          when the TUN is down or gone
 *
 * What comes out of the TUN bears no mark and comes in at no such interface: it is the host's.
 */
#ifndef LVS_IO_HOST_STEER_H
#define LVS_IO_HOST_STEER_H

#include <net/if.h>
#include <stdbool.h>

#include <liblvs/host.h>

#include "io/host/netlink.h"

#define LVS_STEER_METRIC 1u
#define LVS_STEER_METRIC_BLACKHOLE 0xfffffffeu

struct lvs_capture_rules;

struct lvs_steer {
	char tun[IF_NAMESIZE]; /* "": nothing is steered */
	uint32_t number;       /* of the table, and the mark */
	uint8_t protocol;      /* whose rules and routes are ours */
	bool used[2];          /* by family (0: IPv4): rules and routes are made */
	bool leftover;         /* a crashed instance's may be there */
};

/* Numbers from the instance's name; looks for what a crashed one left. */
void lvs_steer_init(struct lvs_host *host);

/* Makes what the families of @p rules need, before they are captured. 0 or a negative lvs_err,
 * with a log line. */
int lvs_steer_prepare(struct lvs_host *host, const struct lvs_capture_rules *rules);

/* Removes what the families of @p rules do not need. */
void lvs_steer_clear(struct lvs_host *host, const struct lvs_capture_rules *rules);

/* The TUN may have come, or come up: its routes went as it was down. */
void lvs_steer_follow(struct lvs_host *host);

/* Removes all. */
void lvs_steer_remove(struct lvs_host *host);

/* Lines for a shell. */
void lvs_steer_print(const struct lvs_host *host, void (*line)(void *user, const char *text),
		     void *user);

/* One rule of policy routing, as a dump tells it. */
struct lvs_steer_rule {
	uint32_t priority;
	uint32_t table;
	uint32_t mark;
	char iif[IF_NAMESIZE];
	uint8_t protocol;
	bool local; /* nothing but "lookup local" */
};

/* Messages. They return 0 or a negative lvs_err. */
int lvs_steer_rule_add(struct lvs_netlink *nl, unsigned family, const struct lvs_steer_rule *rule);
int lvs_steer_rule_del(struct lvs_netlink *nl, unsigned family, const struct lvs_steer_rule *rule);
/* @p each gets the rules in their order. */
int lvs_steer_rules(struct lvs_netlink *nl, unsigned family,
		    void (*each)(void *user, const struct lvs_steer_rule *rule), void *user);
/* The default route of our table: to the TUN, or with @p ifindex 0 the blackhole. */
int lvs_steer_route_add(struct lvs_netlink *nl, unsigned family, const struct lvs_steer *steer,
			uint32_t ifindex);
int lvs_steer_route_del(struct lvs_netlink *nl, unsigned family, const struct lvs_steer *steer,
			bool to_tun);

#endif
