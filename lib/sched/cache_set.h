/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of the cache: how one comes to be. */
#ifndef LVS_SCHED_CACHE_SET_H
#define LVS_SCHED_CACHE_SET_H

#include "sched/cache.h"

/* The number of a free entry, in no bucket; 0: there are too many. */
uint32_t lvs_sched_cache_take(struct lvs_sched_cache *cache);

/* The first collection is a minute away. */
void lvs_sched_cache_begin(struct lvs_sched_cache *cache, uint32_t tick);

#endif
