/* SPDX-License-Identifier: BSD-2-Clause */
/* What is taken away from the host: packets to services, and replies of servers behind NAT. */
#ifndef LVSD_CAPTURE_H
#define LVSD_CAPTURE_H

#include "rules.h"

#include <liblvs/host.h>

#include <stdbool.h>

/*
 * For all of `a` and all of `b`; the host sorts out what stands in both. `steered`: packets do not
 * reach the adapter but by being taken, so that what it sees beside the host's own stack
 * otherwise is taken, too. 0 or an error.
 */
int capture_set(struct lvs_host *host, bool steered, const struct rules *a, const struct rules *b);

#endif
