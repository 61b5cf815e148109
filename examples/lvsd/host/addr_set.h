/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, each once: those of services, or of servers. */
#ifndef LVSD_ADDR_SET_H
#define LVSD_ADDR_SET_H

#include "rules/rules.h"

#include <liblvs/forward.h>

#include <stdbool.h>

struct addr_item {
	union lvs_addr addr;
	enum lvs_family family;
	struct lvs_path_conf path; /* paths.c: what the director was told last */
};

/* Zeroed: empty. */
struct addr_set {
	struct addr_item *item;
	size_t n;
	struct rules_index index;
};

/* Returns 0, also when it is there already, or -1 without memory. */
int addr_set_add(struct addr_set *set, enum lvs_family family, const union lvs_addr *addr);

/* Its item, or NULL. */
struct addr_item *addr_set_find(const struct addr_set *set, enum lvs_family family,
				const union lvs_addr *addr);

/* Addresses of services, those of firewall marks aside, and of servers. As addr_set_add(). */
int addr_set_of_services(struct addr_set *set, const struct rules *rules);
int addr_set_of_dests(struct addr_set *set, const struct rules *rules);

void addr_set_free(struct addr_set *set);

#endif
