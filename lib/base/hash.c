/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <string.h>

#include "base/siphash.h"

/* Coefficient number i is SipHash of i as one byte: the same on every machine. */
static void expand(uint64_t *c, unsigned n, unsigned first, const uint8_t key[16])
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t counter = (uint8_t)(first + i);

		c[i] = lvs_siphash(key, &counter, sizeof(counter));
	}
}

void lvs_hash_init(struct lvs_hash *hash, const uint8_t key[16])
{
	unsigned first = 0;

	for (unsigned lane = 0; lane < 2; lane++) {
		expand(hash->inet[lane], LVS_ARRAY_N(hash->inet[lane]), first, key);
		first += LVS_ARRAY_N(hash->inet[lane]);
		expand(hash->inet6[lane], LVS_ARRAY_N(hash->inet6[lane]), first, key);
		first += LVS_ARRAY_N(hash->inet6[lane]);
	}
	for (unsigned half = 0; half < 2; half++) {
		uint64_t word;

		expand(&word, 1, first + half, key);
		memcpy(hash->bytes + 8 * half, &word, sizeof(word));
	}
}
