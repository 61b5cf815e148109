/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways to addresses, as destinations share them. Control side; mutex held. */
#ifndef LVS_SERVICE_PATH_H
#define LVS_SERVICE_PATH_H

#include <stdatomic.h>
#include <stdbool.h>

#include <liblvs/forward.h>

#include "service/map.h"
#include "service/retire.h"

struct lvs_dest_private;
struct lvs_services;

/* What workers read. Immutable. */
struct lvs_path_object {
	struct lvs_path_conf conf;
	_Atomic uint64_t learned; /* of workers: service/pmtu.h; beside conf, which packets read */
	struct lvs_retired retired;
};

/* One address, while a destination is there or a path was set. */
struct lvs_path {
	struct lvs_map_link link;
	union lvs_addr addr;
	uint8_t family;
	bool set; /* by the embedder; else it is the default */
	struct lvs_path_object *object;
	struct lvs_dest_private *dests;
};

/* Gives a destination the path of its address. 0 or LVS_ERR_NO_MEMORY. */
int lvs_path_attach(struct lvs_services *services, struct lvs_dest_private *dest);
/* Nobody can see @p dest. */
void lvs_path_detach(struct lvs_services *services, struct lvs_dest_private *dest);
/* Frees all paths; no destination is left. */
void lvs_path_fini(struct lvs_services *services);

#endif
