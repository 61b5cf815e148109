/* SPDX-License-Identifier: BSD-2-Clause */
/* What a director has, and what of it a transaction that replaces everything has named. */
#ifndef LVS_IO_IPVS_PRESENT_H
#define LVS_IO_IPVS_PRESENT_H

#include <liblvs/list.h>

#include <stdbool.h>

#define IPVS_NO_SERVICE UINT32_MAX

/* A service, or a destination of one. */
struct ipvs_item {
	uint32_t service; /* number of its service; of a service IPVS_NO_SERVICE */
	bool named;
	union {
		struct lvs_service_key service;
		struct lvs_dest_key dest;
	} key;
	union {
		struct lvs_service_conf service;
		struct lvs_dest_conf dest;
	} conf;
};

struct ipvs_present {
	struct ipvs_item *item; /* services before their destinations */
	uint32_t n;
	uint32_t *slot;  /* item number + 1; 0 is free */
	uint32_t slot_n; /* a power of two, or 0 */
};

/* Reads it all. Returns 0, or a negative errno with nothing kept. */
int ipvs_present_read(const struct lvs_director *director, struct ipvs_present *present);
void ipvs_present_free(struct ipvs_present *present);

/* NULL: not there. Keys are compared in full: what they do not use is zero. */
struct ipvs_item *ipvs_present_service(const struct ipvs_present *present,
				       const struct lvs_service_key *key);
struct ipvs_item *ipvs_present_dest(const struct ipvs_present *present,
				    const struct ipvs_item *service,
				    const struct lvs_dest_key *key);

/* Adds one as named. NULL: out of memory. */
struct ipvs_item *ipvs_present_add(struct ipvs_present *present, const struct ipvs_item *item);

bool ipvs_same_service(const struct lvs_service_conf *a, const struct lvs_service_conf *b);
bool ipvs_same_dest(const struct lvs_dest_conf *a, const struct lvs_dest_conf *b);

#endif
