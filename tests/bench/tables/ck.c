/* SPDX-License-Identifier: BSD-2-Clause */
/* Concurrency Kit's ck_ht: one writer, readers that take no lock. */
#include "table.h"

#include <stdlib.h>

#include <ck_ht.h>

#include "bench.h"

struct peer {
	ck_ht_t ht;
	unsigned key_len;
};

static void *take(size_t size)
{
	return malloc(size);
}

static void *retake(void *memory, size_t before, size_t size, bool defer)
{
	(void)before;
	(void)defer;
	return realloc(memory, size);
}

static void give(void *memory, size_t size, bool defer)
{
	(void)size;
	(void)defer;
	free(memory);
}

static struct ck_malloc memory = {.malloc = take, .realloc = retake, .free = give};

static void hash(ck_ht_hash_t *to, const void *key, size_t len, uint64_t seed)
{
	(void)seed;
	to->value = table_hash(key, (unsigned)len);
}

static void *peer_open(uint32_t n, unsigned key_len)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer || !ck_ht_init(&peer->ht, CK_HT_MODE_BYTESTRING, hash, &memory, n, 1))
		bench_fail("ck_ht: no memory");
	peer->key_len = key_len;
	return peer;
}

static void peer_close(void *table)
{
	struct peer *peer = table;

	ck_ht_destroy(&peer->ht);
	free(peer);
}

static void peer_add(void *table, const uint8_t *key, uint32_t value)
{
	struct peer *peer = table;
	ck_ht_entry_t entry;
	ck_ht_hash_t h;

	ck_ht_hash(&h, &peer->ht, key, (uint16_t)peer->key_len);
	ck_ht_entry_set(&entry, h, key, (uint16_t)peer->key_len, (void *)(uintptr_t)value);
	if (!ck_ht_put_spmc(&peer->ht, h, &entry))
		bench_fail("ck_ht: a key was not taken");
}

static uint64_t peer_find(void *table, const void *const *query, unsigned n)
{
	struct peer *peer = table;
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++) {
		ck_ht_entry_t entry;
		ck_ht_hash_t h;

		ck_ht_hash(&h, &peer->ht, query[i], (uint16_t)peer->key_len);
		ck_ht_entry_key_set(&entry, query[i], (uint16_t)peer->key_len);
		if (ck_ht_get_spmc(&peer->ht, h, &entry))
			sum += (uintptr_t)ck_ht_entry_value(&entry);
	}
	return sum;
}

const struct table_ops table_ck = {
	.name = "table/ck_ht",
	.open = peer_open,
	.close = peer_close,
	.add = peer_add,
	.find = peer_find,
};
