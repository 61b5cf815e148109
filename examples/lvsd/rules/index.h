/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds elements of a list by key, so that 100,000 rules do not take 100,000 squared steps. */
#ifndef LVSD_RULES_INDEX_H
#define LVSD_RULES_INDEX_H

#include "rules/rules.h"

#include <stdbool.h>

/* Whether element `number` of the list behind `list` has that key. */
typedef bool (*rules_index_equal)(const void *list, uint32_t number, const void *key);

/* The slot of the element with that key, or the free one where it belongs. */
uint32_t *rules_index_slot(const struct rules_index *index, uint64_t hash, rules_index_equal equal,
			   const void *list, const void *key);

/*
 * Makes room for one element more than `n`. `hash` tells an element's hash again.
 * Returns 0, or -1 without memory: then nothing has changed.
 */
int rules_index_grow(struct rules_index *index, size_t n,
		     uint64_t (*hash)(const void *list, uint32_t number), const void *list);

/* FNV-1a: the file is the operator's own, nobody else chooses the keys. */
uint64_t rules_index_hash(uint64_t hash, const void *bytes, size_t len);

#endif
