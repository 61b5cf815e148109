/* SPDX-License-Identifier: BSD-2-Clause */
/* The way of a search through a shard's index, whatever it is after; find.c has its own, for
 * packets. */
#ifndef LVS_CONN_SEARCH_H
#define LVS_CONN_SEARCH_H

#include "conn/shard.h"

/* Shows each entry with the tag of @p hash to @p consider, until that says true. */
void lvs_search(const struct lvs_shard_view *view, uint64_t hash,
		bool (*consider)(void *user, uint32_t ref), void *user);

#endif
