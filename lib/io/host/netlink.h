/* SPDX-License-Identifier: BSD-2-Clause */
/* A netlink socket, and questions that are answered before the call returns. */
#ifndef LVS_IO_HOST_NETLINK_H
#define LVS_IO_HOST_NETLINK_H

#include <libmnl/libmnl.h>
#include <liblvs/types.h>

#define LVS_NETLINK_BUFFER 32768 /* of one receive; the kernel's dumps fill it */

struct lvs_netlink {
	struct mnl_socket *socket;
	uint32_t seq;
	unsigned portid;
};

/* Opens for a bus (NETLINK_ROUTE...); groups are RTNLGRP_ numbers, ended by 0. */
int lvs_netlink_open(struct lvs_netlink *nl, int bus, const int *groups);
void lvs_netlink_close(struct lvs_netlink *nl);

/*
 * Sends a request and reads its answer to the end; @p answer (may be NULL) gets
 * each message. Returns 0 or a negative lvs_err.
 */
int lvs_netlink_ask(struct lvs_netlink *nl, struct nlmsghdr *request, mnl_cb_t answer, void *user);

/* Asks for everything of a kind (RTM_GETLINK...), of a family. */
int lvs_netlink_dump(struct lvs_netlink *nl, uint16_t type, unsigned family, mnl_cb_t answer,
		     void *user);

/* The lvs_err of an errno. */
int lvs_netlink_error(int error);

/* An attribute with an address; reads one of a family, false if it is too short. */
void lvs_netlink_put_addr(struct nlmsghdr *message, uint16_t type, unsigned family,
			  const union lvs_addr *addr);
int lvs_netlink_get_addr(const struct nlattr *attr, unsigned family, union lvs_addr *addr);

#endif
