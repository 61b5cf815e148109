/* SPDX-License-Identifier: BSD-2-Clause */
/* The service addresses on the host. */
#ifndef LVSD_ADDRESS_H
#define LVSD_ADDRESS_H

#include "host/addr_set.h"

#include <liblvs/host.h>

/*
 * Asks for those of `next` that are not in `present`, or that another host had
 * when they were asked for last, and gives up those of `present` that are not in
 * `next`. What the host refuses is logged: it serves
 * the other addresses all the same.
 */
void address_change(struct lvs_host *host, uint32_t ifindex, const struct addr_set *present,
		    const struct addr_set *next, const struct lvs_log *log);

/* Whether the network is still being asked for one of them. */
bool address_pending(const struct lvs_host *host, const struct addr_set *set);

#endif
