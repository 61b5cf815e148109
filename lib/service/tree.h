/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A persistent trie: what readers see never changes, an edit copies the nodes
 * on its way and shares the rest.
 *
 *	node: | all | nodes | slot slot slot ... |	a bit of `all` for each digit that is there,
 *	                 |                        	its slot found by counting the bits below;
 *	                 +-> leaf or node         	a bit of `nodes` where the slot is a node
 *
 * A key is eight 32-bit words, read as digits of six bits from the highest. For services the first
 * word is a hash of the rest, so that the trie is flat (64 ways), and no two keys can collide to
 * the end. Where the order matters, as in a listing, the words are the number itself.
 * Bagwell, "Ideal Hash Trees", 2001, is where counting bits comes from.
 */
#ifndef LVS_SERVICE_TREE_H
#define LVS_SERVICE_TREE_H

#include <stdint.h>
#include <string.h>

#include <liblvs/types.h>

#include "base/compiler.h"
#include "service/retire.h"

#define LVS_TREE_WORDS 8
#define LVS_TREE_DIGITS 6                                 /* a word: five of 6 bits, one of 2 */
#define LVS_TREE_DEPTH (LVS_TREE_WORDS * LVS_TREE_DIGITS) /* nodes on a way, at most */

/* Stands first in what the tree finds. */
struct lvs_leaf {
	uint32_t word[LVS_TREE_WORDS];
};

struct lvs_tree_node {
	LVS_ALIGNED uint64_t all;
	uint64_t nodes;
	uint64_t stamp; /* of the edit that made it: only that one may change it */
	uint32_t cap;   /* slots that there is memory for */
	struct lvs_retired retired;
	void *slot[]; /* struct lvs_tree_node or struct lvs_leaf */
};

/* One edit, from its first change to the swap of the root. */
struct lvs_tree_edit {
	const struct lvs_alloc *alloc;
	uint64_t stamp;                  /* unlike any before */
	struct lvs_retire_list replaced; /* nodes that the tree before this edit has alone */
};

LVS_INLINE unsigned lvs_tree_digit(const uint32_t *word, unsigned level)
{
	unsigned place = level % LVS_TREE_DIGITS;
	uint32_t w = word[level / LVS_TREE_DIGITS];

	return place < 5 ? w >> (26 - 6 * place) & 63 : w & 3;
}

LVS_INLINE unsigned lvs_tree_index(const struct lvs_tree_node *node, uint64_t bit)
{
	return lvs_popcount64(node->all & (bit - 1));
}

LVS_INLINE int lvs_leaf_equal(const struct lvs_leaf *a, const struct lvs_leaf *b)
{
	return memcmp(a->word, b->word, sizeof(a->word)) == 0;
}

/* NULL when there is none. Readers inside an epoch, or the control side. */
LVS_INLINE void *lvs_tree_find(const struct lvs_tree_node *node, const struct lvs_leaf *key)
{
	for (unsigned level = 0;; level++) {
		uint64_t bit = 1ull << lvs_tree_digit(key->word, level);
		void *slot;

		if (!(node->all & bit))
			return NULL;
		slot = node->slot[lvs_tree_index(node, bit)];
		if (!(node->nodes & bit))
			return lvs_leaf_equal(slot, key) ? slot : NULL;
		node = slot;
	}
}

/* The leaf with the smallest key above @p key, or NULL. */
void *lvs_tree_next(const struct lvs_tree_node *root, const struct lvs_leaf *key);

/* A tree without leaves, or NULL. */
struct lvs_tree_node *lvs_tree_new(const struct lvs_alloc *alloc, uint64_t stamp);
/* Frees the nodes; the leaves stay the caller's. */
void lvs_tree_del(const struct lvs_alloc *alloc, struct lvs_tree_node *root);

/*
 * Puts @p leaf in, in place of one of the same key, or takes one out that is there. @p root is the
 * edit's own. 0 or LVS_ERR_NO_MEMORY: then the tree has what it had.
 */
int lvs_tree_put(struct lvs_tree_edit *edit, struct lvs_tree_node **root, struct lvs_leaf *leaf);
int lvs_tree_take(struct lvs_tree_edit *edit, struct lvs_tree_node **root,
		  const struct lvs_leaf *leaf);

/* Frees the nodes that @p edit made: it is given up. */
void lvs_tree_abort(const struct lvs_tree_edit *edit, struct lvs_tree_node *root);

#endif
