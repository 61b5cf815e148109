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
 * Two lanes with coefficients of their own give 64 bits, jointly strongly universal. The
 * families differ in length and so in coefficients.
 *
 * The lanes are linear, and flows are not random: addresses that follow one another
 * make a lattice of the two lanes, of which one table line got many points and
 * another none (a million clients in a row under an unlucky key: 41 % of entries
 * outside their line). So a fixed permutation of the 64 bits comes last (the
 * finaliser of splitmix64; Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014). Pairs of values that are uniform stay so under a permutation:
 * the proof holds.
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
	uint8_t bytes[16]; /* the key for what has no fixed length, by SipHash */
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

/* A permutation of 64 bits. */
LVS_INLINE uint64_t lvs_hash_permute(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Lane 1 in the upper half, lane 2 in the lower, permuted. */
LVS_INLINE uint64_t lvs_hash_inet(const struct lvs_hash *hash,
				  const uint32_t words[LVS_HASH_INET_WORDS])
{
	return lvs_hash_permute(lvs_hash_lane(hash->inet[0], words, LVS_HASH_INET_WORDS) << 32 |
				lvs_hash_lane(hash->inet[1], words, LVS_HASH_INET_WORDS));
}

LVS_INLINE uint64_t lvs_hash_inet6(const struct lvs_hash *hash,
				   const uint32_t words[LVS_HASH_INET6_WORDS])
{
	return lvs_hash_permute(lvs_hash_lane(hash->inet6[0], words, LVS_HASH_INET6_WORDS) << 32 |
				lvs_hash_lane(hash->inet6[1], words, LVS_HASH_INET6_WORDS));
}

#endif
