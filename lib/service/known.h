/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether an address may be a service's or a destination's, for packets that say no more: later
 * fragments. A counting filter (Fan and others, "Summary cache", 2000) with one hash: it never
 * misses one that is known, and takes some others for known. Fixed size; nothing can fail.
 */
#ifndef LVS_SERVICE_KNOWN_H
#define LVS_SERVICE_KNOWN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "service/key.h"

#define LVS_KNOWN_SIZE 8192 /* a power of two */

enum lvs_known_kind {
	LVS_KNOWN_SERVICE = 1,
	LVS_KNOWN_DEST = 2,
};

struct lvs_known {
	/* Control calls write, mutex held; workers read. relaxed: a number alone. */
	_Atomic uint32_t count[LVS_KNOWN_SIZE];
};

LVS_INLINE _Atomic uint32_t *lvs_known_at(struct lvs_known *known, const struct lvs_key_hash *hash,
					  enum lvs_known_kind kind, unsigned family,
					  const union lvs_addr *addr)
{
	struct lvs_leaf leaf;

	lvs_key_words(hash, addr, 0, lvs_key_rest(0, (uint8_t)kind, (uint8_t)family),
		      family == LVS_INET6, &leaf);
	return &known->count[leaf.word[0] & (LVS_KNOWN_SIZE - 1)];
}

#endif
