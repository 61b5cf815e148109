/* SPDX-License-Identifier: BSD-2-Clause */
/* Services with their servers, as the other side lists them. */
#ifndef LVSADM_RULES_H
#define LVSADM_RULES_H

#include "link.h"

struct rules_service {
	struct lvs_ipvs_service service;
	struct lvs_ipvs_dest *dest; /* owned */
	size_t dest_n, dest_room;
};

struct rules {
	struct rules_service *service; /* owned */
	size_t n, room;
};

/* All services, or that one alone where a request names one. Returns 0 or a negative errno; what is
 * there then is to be freed all the same. */
int rules_load(struct rules *rules, const struct link *link, const struct request *request);

/* The servers of one that is there. */
int rules_load_dests(struct rules_service *service, const struct link *link);

/* ipvsadm's order: by mark, family, protocol, address and port. */
void rules_sort(struct rules *rules);
void rules_free(struct rules *rules);

#endif
