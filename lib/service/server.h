/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ends of servers whose replies pass here (NAT), by address, port and protocol: whose packet
 * has no connection can so be told. A tree beside the services', edited and published with them.
 */
#ifndef LVS_SERVICE_SERVER_H
#define LVS_SERVICE_SERVER_H

#include "service/services.h"

/* One end; any protocol (0) where a service by mark has it. Immutable once it is published. */
struct lvs_server {
	struct lvs_leaf leaf; /* what a lookup compares, so it comes first */
	uint64_t stamp;       /* of the edit that made it */
	uint32_t n;           /* destinations there */
	struct lvs_server *next;
	struct lvs_retired retired;
};

/* One commit's changes. Zeroed but for services and tree. */
struct lvs_server_edit {
	struct lvs_services *services;
	struct lvs_tree_edit *tree;
	struct lvs_server *made; /* by it, a list */
};

/* @p made (NULL: none) takes the place of @p base (NULL: none), of the same key. Takes what
 * differs. 0 or LVS_ERR_NO_MEMORY. */
int lvs_server_plant(struct lvs_server_edit *edit, struct lvs_tree_node **servers,
		     const struct lvs_service_private *base,
		     const struct lvs_service_private *made);
/* It is published, or given up. */
void lvs_server_done(const struct lvs_server_edit *edit);
void lvs_server_abort(const struct lvs_server_edit *edit);
/* How many destinations are at this end of @p service's @p i-th, which is such a server; 0: it is
 * not there, or need not be. @p expected: whether it must. */
uint32_t lvs_server_at(const struct lvs_services *services,
		       const struct lvs_service_private *service, uint32_t i, bool *expected);
/* All together. */
uint64_t lvs_server_total(const struct lvs_services *services);
/* Frees the leaves of the last tree. */
void lvs_server_fini(struct lvs_services *services, struct lvs_tree_node *servers);

#endif
