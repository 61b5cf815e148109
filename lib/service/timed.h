/* SPDX-License-Identifier: BSD-2-Clause */
/* Services whose scheduler has things to do by time: a tree of their own, few of many. */
#ifndef LVS_SERVICE_TIMED_H
#define LVS_SERVICE_TIMED_H

#include "service/services.h"

/* @p made (NULL: none) takes the place of @p base (NULL: none), of the same key. 0 or
 * LVS_ERR_NO_MEMORY. */
int lvs_timed_plant(struct lvs_tree_edit *edit, struct lvs_tree_node **timed,
		    const struct lvs_service_private *base, struct lvs_service_private *made);

/* A root was published: its schedulers are asked anew. Mutex held. */
void lvs_timed_due(struct lvs_services *services);

#endif
