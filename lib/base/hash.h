/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyed hash of a flow: multilinear, strongly universal.
 *
 *	sum(w) = (c0 + c1*w1 + ... + cn*wn mod 2^128) div 2^64
 *
 * for 64-bit words w and 128-bit coefficients c. For a fixed number of words and
 * coefficients drawn at random, any two different keys take every pair of values
 * with the same probability (Dietzfelbinger, "Universal hashing and k-wise
 * independent random variables via integer arithmetic without primes", 1996;
 * Lemire, Kaser, "Strongly universal string hashing is fast", 2014, theorem 3.1:
 * with K = 128 bits and words of L = 64, the upper K - L + 1 = 65 bits are strongly
 * universal; we keep 64 of them). So whoever does not know the key cannot make
 * flows that collide more often than chance has it. The coefficients come from the
 * embedder's key by SipHash. The families differ in length and so in coefficients.
 *
 * The sum is linear, and flows are not random: addresses that follow one another
 * make a lattice of line and shard, of which one table line gets many points and
 * another none (docs/adr/0009: a million clients in a row under an unlucky key, 41 % of
 * entries outside their line). So a fixed permutation of the 64 bits comes last (the
 * finaliser of splitmix64; Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014). Pairs of values that are uniform stay so under a permutation:
 * the proof holds.
 */
#ifndef LVS_BASE_HASH_H
#define LVS_BASE_HASH_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/wide.h"

#define LVS_HASH_INET_WORDS 2  /* two ends of address and port, the protocol beside one */
#define LVS_HASH_INET6_WORDS 5 /* two addresses; ports and protocol */

struct lvs_hash {
	lvs_wide inet[LVS_HASH_INET_WORDS + 1];
	lvs_wide inet6[LVS_HASH_INET6_WORDS + 1];
	uint8_t bytes[16]; /* the key for what has no fixed length, by SipHash */
};

/* Expands the secret of 16 bytes. */
void lvs_hash_init(struct lvs_hash *hash, const uint8_t key[16]);

LVS_INLINE uint64_t lvs_hash_sum(const lvs_wide *c, const uint64_t *words, unsigned n)
{
	lvs_wide sum = c[0];

	LVS_UNROLL
	for (unsigned i = 0; i < n; i++)
		sum = lvs_wide_add_product(sum, c[i + 1], words[i]);
	return lvs_wide_upper(sum);
}

/* A permutation of 64 bits. */
LVS_INLINE uint64_t lvs_hash_permute(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

LVS_INLINE uint64_t lvs_hash_inet(const struct lvs_hash *hash,
				  const uint64_t words[LVS_HASH_INET_WORDS])
{
	return lvs_hash_permute(lvs_hash_sum(hash->inet, words, LVS_HASH_INET_WORDS));
}

LVS_INLINE uint64_t lvs_hash_inet6(const struct lvs_hash *hash,
				   const uint64_t words[LVS_HASH_INET6_WORDS])
{
	return lvs_hash_permute(lvs_hash_sum(hash->inet6, words, LVS_HASH_INET6_WORDS));
}

#endif
