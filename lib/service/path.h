/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways to addresses, as destinations share them. Control side; mutex held. */
#ifndef LVS_SERVICE_PATH_H
#define LVS_SERVICE_PATH_H

#include <stdatomic.h>
#include <stdbool.h>

#include <liblvs/forward.h>

#include "base/compiler.h"
#include "service/map.h"
#include "service/retire.h"

struct lvs_dest;
struct lvs_services;

/*
 * The way to one address, while a destination is there or it was set, until another takes its
 * place. Workers read what stands before the union; of that the conf is immutable. The address is
 * the default's next hop; where the path was set it stands behind it.
 */
struct lvs_path {
	struct lvs_path_conf conf;
	_Atomic uint64_t learned; /* of workers: service/pmtu.h; beside conf, which packets read */
	union {
		struct {
			struct lvs_map_link link; /* by address */
			uint32_t dests;           /* number of one that has it; 0: none */
			bool set;                 /* by the embedder; else it is the default */
		};
		struct lvs_retired retired; /* another has taken its place */
	};
};

/* Gives a destination the path of its address. 0 or LVS_ERR_NO_MEMORY. */
int lvs_path_attach(struct lvs_services *services, struct lvs_dest *dest);
/* Nobody can see @p dest. */
void lvs_path_detach(struct lvs_services *services, struct lvs_dest *dest);
/* Whether @p dest has the path of its address, and that has it. */
bool lvs_path_is_right(const struct lvs_services *services, const struct lvs_dest *dest);
/* Frees all paths; no destination is left. */
void lvs_path_fini(struct lvs_services *services);

/* That of what lvs_dest_path() gave. */
LVS_INLINE struct lvs_path *lvs_path_of(const struct lvs_path_conf *conf)
{
	return (struct lvs_path *)(uintptr_t)conf; /* its first member; who writes may */
}

_Static_assert(offsetof(struct lvs_path, conf) == 0, "the first member");

#endif
