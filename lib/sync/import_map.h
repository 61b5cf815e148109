/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of the exporter's, and what they are here: a hash table that grows. */
#ifndef LVS_SYNC_IMPORT_MAP_H
#define LVS_SYNC_IMPORT_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include <liblvs/director.h>

struct lvs_import_entry {
	uint32_t number;  /* the exporter's; 0: the place is idle */
	uint32_t here;    /* a record's, or an index */
	uint32_t created; /* creation number here */
	uint32_t pass;    /* that named it last */
};

struct lvs_import_map {
	const struct lvs_alloc *alloc;
	struct lvs_import_entry *entry;
	uint64_t factor; /* odd, and secret */
	unsigned shift;  /* 64 less the bits of the number of lines */
	uint32_t size;   /* a power of two, or 0 */
	uint32_t n;
};

/* Empty; takes no memory yet. */
void lvs_import_map_init(struct lvs_import_map *map, const struct lvs_settings *settings);

void lvs_import_map_fini(struct lvs_import_map *map);

/* NULL: it is not there. */
struct lvs_import_entry *lvs_import_map_find(const struct lvs_import_map *map, uint32_t number);

/* That of a number, which is not 0, added where it is not there; NULL: no memory. */
struct lvs_import_entry *lvs_import_map_add(struct lvs_import_map *map, uint32_t number);

#endif
