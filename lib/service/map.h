/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A chained hash table of links that stand in what it finds. Under a lock of whoever has it.
 * Adding never fails: where memory to grow is lacking, chains get longer.
 */
#ifndef LVS_SERVICE_MAP_H
#define LVS_SERVICE_MAP_H

#include <stdint.h>

#include <liblvs/types.h>

struct lvs_map_link {
	struct lvs_map_link *next; /* in its chain */
	uint32_t hash;
};

struct lvs_map {
	const struct lvs_alloc *alloc;
	struct lvs_map_link **bucket;
	uint32_t bucket_n; /* a power of two */
	uint32_t n;
};

/* 0 or LVS_ERR_NO_MEMORY. */
int lvs_map_init(struct lvs_map *map, const struct lvs_alloc *alloc);
/* What is in it stays the caller's. */
void lvs_map_fini(struct lvs_map *map);

void lvs_map_add(struct lvs_map *map, struct lvs_map_link *link, uint32_t hash);
void lvs_map_del(struct lvs_map *map, struct lvs_map_link *link);

/* The first of those with this hash, and the next; others are skipped. */
struct lvs_map_link *lvs_map_first(const struct lvs_map *map, uint32_t hash);
struct lvs_map_link *lvs_map_next(const struct lvs_map_link *link);

#endif
