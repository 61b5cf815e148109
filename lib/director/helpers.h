/* SPDX-License-Identifier: BSD-2-Clause */
/* Which helper has which port. Immutable; replaced whole, freed by epoch. */
#ifndef LVS_DIRECTOR_HELPERS_H
#define LVS_DIRECTOR_HELPERS_H

#include <liblvs/helper.h>

#include "director/director.h"
#include "service/retire.h"

struct lvs_helper_port {
	const struct lvs_helper_ops *ops;
	lvs_be16 port;
	uint8_t protocol;
};

struct lvs_helpers {
	struct lvs_director *director; /* whose allocator it came from */
	struct lvs_retired retired;
	uint32_t n;
	struct lvs_helper_port port[];
};

/* Whether any is bound: what all others pay for it. */
LVS_INLINE const struct lvs_helpers *lvs_helpers_of(const struct lvs_director *director)
{
	/* acquire: its ports; pairs with the release in helpers.c */
	return atomic_load_explicit(&director->helpers, memory_order_acquire);
}

/* The helper of connections by NAT to a port; NULL: none. */
const struct lvs_helper_ops *lvs_helpers_find(const struct lvs_helpers *helpers, uint8_t protocol,
					      lvs_be16 port);

/* Nobody asks it any more. NULL is fine. */
void lvs_helpers_del(struct lvs_helpers *helpers);

#endif
