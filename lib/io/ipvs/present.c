/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ipvs/present.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a: whoever fills this table is the administrator. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static const void *key_of(const struct ipvs_item *item, size_t *len)
{
	*len = item->service == IPVS_NO_SERVICE ? sizeof(item->key.service)
						: sizeof(item->key.dest);
	return &item->key;
}

static uint32_t hash_item(const struct ipvs_item *item)
{
	size_t len;
	const void *key = key_of(item, &len);
	uint64_t hash =
		hash_bytes(UINT64_C(0xcbf29ce484222325), &item->service, sizeof(item->service));

	hash = hash_bytes(hash, key, len);
	return (uint32_t)(hash ^ hash >> 32);
}

static bool same_key(const struct ipvs_item *a, const struct ipvs_item *b)
{
	size_t len;
	const void *key = key_of(a, &len);

	return a->service == b->service && memcmp(key, &b->key, len) == 0;
}

/* Where it is, or where it would be. */
static uint32_t *find_slot(const struct ipvs_present *present, const struct ipvs_item *item)
{
	uint32_t i = hash_item(item);

	for (;; i++) {
		uint32_t *slot = &present->slot[i & (present->slot_n - 1)];

		if (!*slot || same_key(&present->item[*slot - 1], item))
			return slot;
	}
}

/* Twice as many slots as items at least; lists grow at powers of two. */
static int grow(struct ipvs_present *present)
{
	uint32_t size = present->slot_n ? present->slot_n : 64;
	struct ipvs_item *item;
	uint32_t *slot;

	if (present->slot_n && present->n < present->slot_n / 2)
		return 0;
	item = realloc(present->item, (size_t)size * sizeof(*item));
	if (!item)
		return -ENOMEM;
	present->item = item;
	slot = calloc((size_t)size * 2, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	free(present->slot);
	present->slot = slot;
	present->slot_n = size * 2;
	for (uint32_t i = 0; i < present->n; i++)
		*find_slot(present, &present->item[i]) = i + 1;
	return 0;
}

struct ipvs_item *ipvs_present_add(struct ipvs_present *present, const struct ipvs_item *item)
{
	if (grow(present))
		return NULL;
	present->item[present->n++] = *item;
	*find_slot(present, item) = present->n;
	return &present->item[present->n - 1];
}

static struct ipvs_item *find(const struct ipvs_present *present, const struct ipvs_item *wanted)
{
	uint32_t *slot = present->slot_n ? find_slot(present, wanted) : NULL;

	return slot && *slot ? &present->item[*slot - 1] : NULL;
}

struct ipvs_item *ipvs_present_service(const struct ipvs_present *present,
				       const struct lvs_service_key *key)
{
	struct ipvs_item wanted = {.service = IPVS_NO_SERVICE};

	wanted.key.service = *key;
	return find(present, &wanted);
}

struct ipvs_item *ipvs_present_dest(const struct ipvs_present *present,
				    const struct ipvs_item *service, const struct lvs_dest_key *key)
{
	struct ipvs_item wanted = {.service = (uint32_t)(service - present->item)};

	wanted.key.dest = *key;
	return find(present, &wanted);
}

static int read_dests(const struct lvs_director *director, struct ipvs_present *present,
		      const struct lvs_service_key *service, uint32_t number)
{
	struct lvs_dest_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	int more;

	while ((more = lvs_director_next_dest(director, service, &cursor, &info)) == 1) {
		struct ipvs_item item = {.service = number};

		item.key.dest = info.key;
		item.conf.dest = info.conf;
		if (!ipvs_present_add(present, &item))
			return -ENOMEM;
	}
	return more;
}

static int read_all(const struct lvs_director *director, struct ipvs_present *present)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	int more;

	while ((more = lvs_director_next_service(director, &cursor, &info)) == 1) {
		struct ipvs_item item = {.service = IPVS_NO_SERVICE};
		int err;

		item.key.service = info.key;
		/* As requests name it: a listing has no protocol for a mark. */
		if (info.key.fwmark)
			item.key.service.protocol = LVS_TCP;
		item.conf.service = info.conf;
		if (!ipvs_present_add(present, &item))
			return -ENOMEM;
		err = read_dests(director, present, &info.key, present->n - 1);
		if (err)
			return err;
	}
	return more;
}

int ipvs_present_read(const struct lvs_director *director, struct ipvs_present *present)
{
	int err = read_all(director, present);

	if (err)
		ipvs_present_free(present);
	return err;
}

void ipvs_present_free(struct ipvs_present *present)
{
	free(present->item);
	free(present->slot);
	memset(present, 0, sizeof(*present));
}

bool ipvs_same_service(const struct lvs_service_conf *a, const struct lvs_service_conf *b)
{
	return a->sched == b->sched && a->flags == b->flags && a->timeout_s == b->timeout_s &&
	       a->netmask == b->netmask && a->pe == b->pe;
}

bool ipvs_same_dest(const struct lvs_dest_conf *a, const struct lvs_dest_conf *b)
{
	return a->method == b->method && a->weight == b->weight && a->upper == b->upper &&
	       a->lower == b->lower && a->tun_type == b->tun_type && a->tun_flags == b->tun_flags &&
	       a->tun_port == b->tun_port;
}
