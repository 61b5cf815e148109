/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/map.h"

#include <assert.h>

#include <liblvs/error.h>

#include "base/memory.h"

#define BUCKETS_MIN 16
#define CHAIN UINT64_C(4) /* links to a bucket when it grows: buckets are memory, too */

static struct lvs_map_link **new_buckets(const struct lvs_alloc *alloc, uint32_t n)
{
	return lvs_mem_zalloc(alloc, n * sizeof(struct lvs_map_link *), _Alignof(void *));
}

static void free_buckets(struct lvs_map *map)
{
	lvs_mem_free(map->alloc, map->bucket, map->bucket_n * sizeof(*map->bucket),
		     _Alignof(void *));
}

int lvs_map_init(struct lvs_map *map, const struct lvs_alloc *alloc)
{
	map->alloc = alloc;
	map->n = 0;
	map->bucket_n = BUCKETS_MIN;
	map->bucket = new_buckets(alloc, BUCKETS_MIN);
	return map->bucket ? 0 : LVS_ERR_NO_MEMORY;
}

void lvs_map_fini(struct lvs_map *map)
{
	free_buckets(map);
	map->bucket = NULL;
}

static void link_in(struct lvs_map_link **bucket, uint32_t bucket_n, struct lvs_map_link *link)
{
	struct lvs_map_link **chain = &bucket[link->hash & (bucket_n - 1)];

	link->next = *chain;
	*chain = link;
}

static void grow(struct lvs_map *map)
{
	uint32_t bucket_n = map->bucket_n * 2;
	struct lvs_map_link **bucket = bucket_n ? new_buckets(map->alloc, bucket_n) : NULL;

	if (!bucket)
		return;
	for (uint32_t i = 0; i < map->bucket_n; i++) {
		while (map->bucket[i]) {
			struct lvs_map_link *link = map->bucket[i];

			map->bucket[i] = link->next;
			link_in(bucket, bucket_n, link);
		}
	}
	free_buckets(map);
	map->bucket = bucket;
	map->bucket_n = bucket_n;
}

void lvs_map_add(struct lvs_map *map, struct lvs_map_link *link, uint32_t hash)
{
	if (map->n >= CHAIN * map->bucket_n)
		grow(map);
	link->hash = hash;
	link_in(map->bucket, map->bucket_n, link);
	map->n++;
}

void lvs_map_del(struct lvs_map *map, struct lvs_map_link *link)
{
	struct lvs_map_link **at = &map->bucket[link->hash & (map->bucket_n - 1)];

	while (*at != link) {
		assert(*at);
		at = &(*at)->next;
	}
	*at = link->next;
	map->n--;
}

static struct lvs_map_link *skip_to(struct lvs_map_link *link, uint32_t hash)
{
	while (link && link->hash != hash)
		link = link->next;
	return link;
}

struct lvs_map_link *lvs_map_first(const struct lvs_map *map, uint32_t hash)
{
	return skip_to(map->bucket[hash & (map->bucket_n - 1)], hash);
}

struct lvs_map_link *lvs_map_next(const struct lvs_map_link *link)
{
	return skip_to(link->next, link->hash);
}
