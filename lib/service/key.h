/* SPDX-License-Identifier: BSD-2-Clause */
/* Service keys in one form, as leaves of the tree and as text. */
#ifndef LVS_SERVICE_KEY_H
#define LVS_SERVICE_KEY_H

#include <liblvs/control.h>

#include "service/tree.h"

/* Secret multipliers of the hash; from the director's seed. */
struct lvs_key_hash {
	uint64_t factor[LVS_TREE_WORDS];
};

#define LVS_SERVICE_TEXT 64 /* "TCP [...]:65535" */

void lvs_key_hash_init(struct lvs_key_hash *hash, uint64_t seed);

/* The @p i-th number that follows from @p seed. */
uint64_t lvs_key_seed(uint64_t seed, uint64_t i);

/*
 * Words of a key: 0 the hash of the rest, 1 to 4 the address, 5 the mark, 6 port, family and
 * protocol, 7 zero; 1 to 6 are a struct lvs_service_key in its one form. Multilinear, 32 bits of it
 * strongly universal: Lemire and Kaser, "Strongly universal string hashing is fast", 2014. Words
 * that are zero add nothing and are left out.
 */
LVS_INLINE void lvs_key_words(const struct lvs_key_hash *hash, const union lvs_addr *addr,
			      uint32_t mark, uint32_t rest, int large, struct lvs_leaf *leaf)
{
	uint64_t sum = hash->factor[0] + hash->factor[1] * addr->word[0] + hash->factor[5] * mark +
		       hash->factor[6] * rest;

	*leaf = (struct lvs_leaf){.word = {[1] = addr->word[0], [5] = mark, [6] = rest}};
	if (large) {
		for (unsigned i = 1; i < 4; i++) {
			leaf->word[1 + i] = addr->word[i];
			sum += hash->factor[1 + i] * addr->word[i];
		}
	}
	leaf->word[0] = (uint32_t)(sum >> 32);
}

/* As the last word of a struct lvs_service_key. */
LVS_INLINE uint32_t lvs_key_rest(lvs_be16 port, uint8_t protocol, uint8_t family)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (uint32_t)protocol << 24 | (uint32_t)family << 16 | port;
#else
	return (uint32_t)port << 16 | (uint32_t)family << 8 | protocol;
#endif
}

/* The leaf of a key in its one form. */
void lvs_key_leaf(const struct lvs_key_hash *hash, const struct lvs_service_key *key,
		  struct lvs_leaf *leaf);

/* @p to: what identifies, the rest zero. Safe for a family that is none. */
void lvs_service_key_normal(const struct lvs_service_key *key, struct lvs_service_key *to);
void lvs_dest_key_normal(const struct lvs_dest_key *key, struct lvs_dest_key *to);

/* "TCP 192.0.2.1:80", "IPv4 mark 7". @p text has LVS_SERVICE_TEXT bytes; returned. */
char *lvs_service_text(const struct lvs_service_key *key, char *text);
/* "TCP", "UDP", "protocol 132". @p text has 16 bytes; returned. */
char *lvs_protocol_text(unsigned protocol, char *text);

#endif
