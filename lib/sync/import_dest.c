/* SPDX-License-Identifier: BSD-2-Clause */
/* Destinations of an import: what the exporter's numbers are here. */
#include "base/memory.h"
#include "service/key.h"
#include "sync/import.h"

#define NUMBERS (LVS_DEST_PAGES << LVS_DEST_PAGE_SHIFT)
#define FIRST_SIZE 64

static size_t bytes(uint32_t n)
{
	return (size_t)n * sizeof(struct lvs_import_dest);
}

static bool grow(struct lvs_import *import)
{
	const struct lvs_alloc *alloc = &import->director->settings.alloc;
	uint32_t size = import->dest_size ? 2 * import->dest_size : FIRST_SIZE;
	struct lvs_import_dest *dest = lvs_mem_alloc(alloc, bytes(size), LVS_CACHE_LINE);

	if (!dest)
		return false;
	if (import->dest) {
		memcpy(dest, import->dest, bytes(import->dest_n));
		lvs_mem_free(alloc, import->dest, bytes(import->dest_size), LVS_CACHE_LINE);
	}
	import->dest = dest;
	import->dest_size = size;
	return true;
}

static struct lvs_import_dest *place_of(struct lvs_import *import, uint32_t number)
{
	struct lvs_import_entry *entry = lvs_import_map_find(&import->dests, number);

	if (entry)
		return &import->dest[entry->here];
	if (import->dest_n == import->dest_size && !grow(import))
		return NULL;
	entry = lvs_import_map_add(&import->dests, number);
	if (!entry)
		return NULL;
	entry->here = import->dest_n++;
	return &import->dest[entry->here];
}

static bool is_family(unsigned family)
{
	return family == LVS_INET || family == LVS_INET6;
}

int lvs_import_read_dest(struct lvs_import *import, struct lvs_wire_in *in)
{
	struct lvs_import_dest dest = {0};
	struct lvs_import_dest *place;
	uint32_t number = lvs_wire_get32(in);
	struct lvs_service_key service = {0};
	struct lvs_dest_key key = {0};

	dest.flags = lvs_wire_get32(in);
	service.family = lvs_wire_get8(in);
	service.protocol = lvs_wire_get8(in);
	service.port = lvs_wire_get_be16(in);
	service.fwmark = lvs_wire_get32(in);
	lvs_wire_get(in, &service.addr, 16);
	key.family = lvs_wire_get8(in);
	lvs_wire_get8(in);
	key.port = lvs_wire_get_be16(in);
	lvs_wire_get(in, &key.addr, 16);
	if (number == 0 || number >= NUMBERS)
		return lvs_import_fail(import, "destination's number is %u, expected 1 to %u",
				       (unsigned)number, NUMBERS - 1);
	if (!is_family(service.family) || !is_family(key.family))
		return lvs_import_fail(import, "families are %u and %u, expected 2 or 10",
				       service.family, key.family);
	lvs_service_key_normal(&service, &dest.service);
	lvs_dest_key_normal(&key, &dest.key);
	place = place_of(import, number);
	/* Out of memory: as one that was not told of; its connections are skipped. */
	if (place)
		*place = dest;
	return 0;
}

static void look_up(const struct lvs_services *services, struct lvs_import_dest *dest)
{
	const struct lvs_service_private *service = lvs_services_find(services, &dest->service);
	const struct lvs_sched_set *set;

	dest->here = NULL;
	dest->missing = service ? LVS_IMPORT_SKIP_DEST : LVS_IMPORT_SKIP_SERVICE;
	if (!service)
		return;
	dest->set = &service->set;
	set = &service->set.sched_set;
	for (uint32_t i = 0; i < set->dest_n && !dest->here; i++)
		if (lvs_dest_is(lvs_set_dest(&service->set, i), &dest->key))
			dest->here = lvs_set_dest(&service->set, i);
}

struct lvs_import_dest *lvs_import_dest_of(struct lvs_import *import, uint32_t number)
{
	const struct lvs_services *services = import->director->services;
	struct lvs_import_entry *entry = lvs_import_map_find(&import->dests, number);
	uint64_t version = lvs_services_root(services)->version + 1;
	struct lvs_import_dest *dest;

	if (!entry)
		return NULL;
	dest = &import->dest[entry->here];
	if (dest->version != version) {
		look_up(services, dest);
		dest->version = version;
	}
	return dest;
}

void lvs_import_overload(struct lvs_import *import)
{
	for (uint32_t i = 0; i < import->dests.size; i++) {
		const struct lvs_import_dest *dest;
		uint32_t number = import->dests.entry[i].number;

		if (!number)
			continue;
		dest = lvs_import_dest_of(import, number);
		if (dest->here && dest->flags & LVS_WIRE_OVERLOADED)
			lvs_dest_overload(dest->here);
	}
}
