/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/index.h"

#include <stdlib.h>

uint64_t rules_index_hash(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *byte = bytes;

	hash ^= UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

uint32_t *rules_index_slot(const struct rules_index *index, uint64_t hash, rules_index_equal equal,
			   const void *list, const void *key)
{
	size_t mask = index->slot_n - 1;
	size_t at = (size_t)hash & mask;

	if (!index->slot_n)
		return NULL;
	while (index->slot[at] && !equal(list, index->slot[at] - 1, key))
		at = (at + 1) & mask;
	return &index->slot[at];
}

int rules_index_grow(struct rules_index *index, size_t n,
		     uint64_t (*hash)(const void *list, uint32_t number), const void *list)
{
	size_t slot_n = index->slot_n ? index->slot_n * 2 : 16;
	uint32_t *slot;

	if (n + 1 <= index->slot_n / 2)
		return 0;
	slot = calloc(slot_n, sizeof(*slot));
	if (!slot)
		return -1;
	for (uint32_t number = 0; number < n; number++) {
		size_t at = (size_t)hash(list, number) & (slot_n - 1);

		while (slot[at])
			at = (at + 1) & (slot_n - 1);
		slot[at] = number + 1;
	}
	free(index->slot);
	index->slot = slot;
	index->slot_n = slot_n;
	return 0;
}
