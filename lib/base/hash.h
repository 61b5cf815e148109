/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyed hash of a flow: multilinear, strongly universal.
 *
 *	lane(w) = (c0 + c1*w1 + ... + cn*wn mod 2^64) div 2^32
 *
 * for 32-bit words w and 64-bit coefficients c. For a fixed number of words and
 * coefficients drawn at random, any two different keys take every pair of values
 * with the same probability (Dietzfelbinger, "Universal hashing and k-wise
 * independent random variables via integer arithmetic without primes", 1996;
 * Lemire, Kaser, "Strongly universal string hashing is fast", 2014, theorem 3.1:
 * with K = 64 bits and words of L = 32, the upper K - L + 1 = 33 bits are strongly
 * universal; we keep 32 of them). So whoever does not know the key cannot make
 * flows that collide more often than chance has it. The coefficients come from the
 * embedder's key by SipHash.
 *
 * Two lanes with coefficients of their own give 64 bits. The families differ in
 * length and so in coefficients.
 */
#ifndef LVS_BASE_HASH_H
#define LVS_BASE_HASH_H

#include <stdint.h>

#include "base/compiler.h"

#define LVS_HASH_INET_WORDS 4   /* two addresses, two ports in one, protocol */
#define LVS_HASH_INET6_WORDS 10 /* as above, four words an address */

struct lvs_hash {
	uint64_t inet[2][LVS_HASH_INET_WORDS + 1];
	uint64_t inet6[2][LVS_HASH_INET6_WORDS + 1];
};

/* Expands the secret of 16 bytes. */
void lvs_hash_init(struct lvs_hash *hash, const uint8_t key[16]);

LVS_INLINE uint64_t lvs_hash_lane(const uint64_t *c, const uint32_t *words, unsigned n)
{
	uint64_t sum = c[0];

	LVS_UNROLL
	for (unsigned i = 0; i < n; i++)
		sum += c[i + 1] * words[i];
	return sum >> 32;
}

/* Lane 1 in the upper half, lane 2 in the lower. */
LVS_INLINE uint64_t lvs_hash_inet(const struct lvs_hash *hash,
				  const uint32_t words[LVS_HASH_INET_WORDS])
{
	return lvs_hash_lane(hash->inet[0], words, LVS_HASH_INET_WORDS) << 32 |
	       lvs_hash_lane(hash->inet[1], words, LVS_HASH_INET_WORDS);
}

LVS_INLINE uint64_t lvs_hash_inet6(const struct lvs_hash *hash,
				   const uint32_t words[LVS_HASH_INET6_WORDS])
{
	return lvs_hash_lane(hash->inet6[0], words, LVS_HASH_INET6_WORDS) << 32 |
	       lvs_hash_lane(hash->inet6[1], words, LVS_HASH_INET6_WORDS);
}

#endif
