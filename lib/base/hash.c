/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <string.h>

#include "base/siphash.h"

/* Word number @p i is SipHash of i as one byte: the same on every machine. */
static uint64_t word(const uint8_t key[16], unsigned i)
{
	uint8_t counter = (uint8_t)i;

	return lvs_siphash(key, &counter, sizeof(counter));
}

/* Coefficients of two words each, the upper one first. */
static void expand(lvs_wide *c, unsigned n, unsigned first, const uint8_t key[16])
{
	for (unsigned i = 0; i < n; i++)
		c[i] = lvs_wide_of(word(key, first + 2 * i), word(key, first + 2 * i + 1));
}

void lvs_hash_init(struct lvs_hash *hash, const uint8_t key[16])
{
	const unsigned inet = 2 * LVS_ARRAY_N(hash->inet);
	const unsigned all = inet + 2 * LVS_ARRAY_N(hash->inet6);

	expand(hash->inet, LVS_ARRAY_N(hash->inet), 0, key);
	expand(hash->inet6, LVS_ARRAY_N(hash->inet6), inet, key);
	for (unsigned half = 0; half < 2; half++) {
		uint64_t bytes = word(key, all + half);

		memcpy(hash->bytes + 8 * half, &bytes, sizeof(bytes));
	}
}
