/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers that may begin connections: destinations by NAT, with a port, of services with an address
 * and a port whose persistence engine has conn_out(). By address, port and protocol, the newest
 * destination first. A tree beside the services', edited and published with them.
 */
#ifndef LVS_SERVICE_SPEAKER_H
#define LVS_SERVICE_SPEAKER_H

#include "service/services.h"

/* One destination. Immutable. */
struct lvs_speaker {
	struct lvs_leaf leaf; /* what a lookup compares, so it comes first; word 7 is the order */
	struct lvs_leaf service; /* key of its service */
	uint32_t dest;           /* its number */
	struct lvs_speaker *next;
	struct lvs_retired retired;
};

/* One commit's changes. Zeroed but for services and tree. */
struct lvs_speaker_edit {
	struct lvs_services *services;
	struct lvs_tree_edit *tree;
	struct lvs_speaker *made; /* by it, a list */
};

/* @p made (NULL: none) takes the place of @p base (NULL: none), of the same key. Takes what
 * differs. 0 or LVS_ERR_NO_MEMORY. */
int lvs_speaker_plant(struct lvs_speaker_edit *edit, struct lvs_tree_node **speakers,
		      const struct lvs_service_private *base,
		      const struct lvs_service_private *made);
/* It is given up. */
void lvs_speaker_abort(const struct lvs_speaker_edit *edit);
/* Whether @p service's @p i-th destination is found as it must be; *n counts those that are. */
bool lvs_speaker_is_right(const struct lvs_services *services,
			  const struct lvs_service_private *service, uint32_t i, uint64_t *n);
/* All together. */
uint64_t lvs_speaker_total(const struct lvs_services *services);
/* Frees the leaves of the last tree. */
void lvs_speaker_fini(struct lvs_services *services, struct lvs_tree_node *speakers);

#endif
