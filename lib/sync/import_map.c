/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/import_map.h"

#include "base/compiler.h"
#include "base/memory.h"
#include "base/siphash.h"

#define FIRST_SIZE 1024
#define LINE 4               /* entries */
#define FIRST_SHIFT (64 - 8) /* of so many lines */
#define SIZE_MAX_N (UINT32_C(1) << 30)

static size_t bytes(uint32_t size)
{
	return (size_t)size * sizeof(struct lvs_import_entry);
}

void lvs_import_map_fini(struct lvs_import_map *map)
{
	if (map->entry)
		lvs_mem_free(map->alloc, map->entry, bytes(map->size), LVS_CACHE_LINE);
}

void lvs_import_map_init(struct lvs_import_map *map, const struct lvs_settings *settings)
{
	static const char what[] = "import";

	*map = (struct lvs_import_map){.alloc = &settings->alloc};
	map->factor = lvs_siphash(settings->table_key, what, sizeof(what)) | 1;
}

/* Its place, or the idle one where it belongs. Four that follow each other, as numbers do, share a
 * line. Anybody may have chosen them: the hash of a line is universal (Dietzfelbinger et al., "A
 * reliable randomized algorithm for the closest-pair problem", 1997). */
static struct lvs_import_entry *place_of(const struct lvs_import_map *map, uint32_t number)
{
	uint32_t line = (uint32_t)(map->factor * (number / LINE) >> map->shift);
	uint32_t at = line * LINE + number % LINE;

	while (map->entry[at].number && map->entry[at].number != number)
		at = (at + 1) & (map->size - 1);
	return &map->entry[at];
}

struct lvs_import_entry *lvs_import_map_find(const struct lvs_import_map *map, uint32_t number)
{
	struct lvs_import_entry *entry;

	if (map->n == 0 || number == 0)
		return NULL;
	entry = place_of(map, number);
	return entry->number ? entry : NULL;
}

static bool grow(struct lvs_import_map *map)
{
	struct lvs_import_map more = *map;

	if (map->size == SIZE_MAX_N)
		return false;
	more.size = map->size ? 2 * map->size : FIRST_SIZE;
	more.shift = map->size ? map->shift - 1 : FIRST_SHIFT;
	more.entry = lvs_mem_zalloc(map->alloc, bytes(more.size), LVS_CACHE_LINE);
	if (!more.entry)
		return false;
	for (uint32_t i = 0; i < map->size; i++)
		if (map->entry[i].number)
			*place_of(&more, map->entry[i].number) = map->entry[i];
	lvs_import_map_fini(map);
	*map = more;
	return true;
}

struct lvs_import_entry *lvs_import_map_add(struct lvs_import_map *map, uint32_t number)
{
	struct lvs_import_entry *entry = lvs_import_map_find(map, number);

	if (entry)
		return entry;
	/* At most half of it is in use. */
	if (2 * map->n >= map->size && !grow(map))
		return NULL;
	entry = place_of(map, number);
	entry->number = number;
	map->n++;
	return entry;
}
