/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's routes to the servers, told to the director. */
#ifndef LVSD_PATHS_H
#define LVSD_PATHS_H

#include "host/addr_set.h"

#include <liblvs/director.h>
#include <liblvs/host.h>

/* Reads the ways to all of `dests` and tells those that are new or have changed. 0 or an error. */
int paths_refresh(struct lvs_director *director, struct lvs_host *host, struct addr_set *dests);

/* The same of one. */
int paths_refresh_one(struct lvs_director *director, struct lvs_host *host, struct addr_item *item);

/* Forgets those of `before` that are not in `now`. */
void paths_forget(struct lvs_director *director, const struct addr_set *before,
		  const struct addr_set *now);

#endif
