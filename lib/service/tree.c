/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/tree.h"

#include <assert.h>

#include <liblvs/error.h>

#include "base/memory.h"
#include "service/services.h"

static size_t node_size(uint32_t cap)
{
	/* What the alignment would add behind its fields is for slots. */
	return offsetof(struct lvs_tree_node, slot) + cap * sizeof(void *);
}

static struct lvs_tree_node *new_node(const struct lvs_alloc *alloc, uint32_t cap, uint64_t stamp)
{
	struct lvs_tree_node *node =
		lvs_mem_alloc(alloc, node_size(cap), _Alignof(struct lvs_tree_node));

	if (!node)
		return NULL;
	memset(node, 0, node_size(0));
	node->cap = cap;
	node->stamp = stamp;
	return node;
}

static void free_node(const struct lvs_alloc *alloc, struct lvs_tree_node *node)
{
	lvs_mem_free(alloc, node, node_size(node->cap), _Alignof(struct lvs_tree_node));
}

static void free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	free_node(services->conf.alloc, LVS_CONTAINER(retired, struct lvs_tree_node, retired));
}

static unsigned slot_n(const struct lvs_tree_node *node)
{
	return lvs_popcount64(node->all);
}

static uint64_t bits_above(unsigned digit)
{
	return digit == 63 ? 0 : ~0ull << (digit + 1);
}

static void *smallest(const struct lvs_tree_node *node)
{
	/* A node's lowest bit belongs to its first slot. */
	while (node->nodes & node->all & -node->all)
		node = node->slot[0];
	return node->all ? node->slot[0] : NULL;
}

static void *in_slot(const struct lvs_tree_node *node, uint64_t bit)
{
	void *slot = node->slot[lvs_tree_index(node, bit)];

	return node->nodes & bit ? smallest(slot) : slot;
}

static int leaf_above(const struct lvs_leaf *leaf, const struct lvs_leaf *key)
{
	for (unsigned i = 0; i < LVS_TREE_WORDS; i++) {
		if (leaf->word[i] != key->word[i])
			return leaf->word[i] > key->word[i];
	}
	return 0;
}

void *lvs_tree_next(const struct lvs_tree_node *node, const struct lvs_leaf *key)
{
	void *best = NULL; /* the smallest above on the way so far; deeper ones are smaller */

	for (unsigned level = 0;; level++) {
		unsigned digit = lvs_tree_digit(key->word, level);
		uint64_t bit = 1ull << digit;
		uint64_t above = node->all & bits_above(digit);
		void *slot;

		if (above)
			best = in_slot(node, above & -above);
		if (!(node->all & bit))
			return best;
		slot = node->slot[lvs_tree_index(node, bit)];
		if (!(node->nodes & bit))
			return leaf_above(slot, key) ? slot : best;
		node = slot;
	}
}

struct lvs_tree_node *lvs_tree_new(const struct lvs_alloc *alloc, uint64_t stamp)
{
	return new_node(alloc, 0, stamp);
}

/* Frees nodes from @p node down, all or those of one edit: what an edit made hangs below nodes
 * that it made. */
static void free_below(const struct lvs_alloc *alloc, struct lvs_tree_node *node,
		       const uint64_t *stamp)
{
	unsigned i = 0;

	if (stamp && node->stamp != *stamp)
		return;
	for (uint64_t all = node->all; all; all &= all - 1, i++) {
		if (node->nodes & all & -all)
			free_below(alloc, node->slot[i], stamp);
	}
	free_node(alloc, node);
}

void lvs_tree_del(const struct lvs_alloc *alloc, struct lvs_tree_node *root)
{
	free_below(alloc, root, NULL);
}

void lvs_tree_abort(const struct lvs_tree_edit *edit, struct lvs_tree_node *root)
{
	free_below(edit->alloc, root, &edit->stamp);
}

/* Another node takes the place of the one in @p at. */
static void replace(struct lvs_tree_edit *edit, void **at, struct lvs_tree_node *by)
{
	struct lvs_tree_node *node = *at;

	*at = by;
	if (node->stamp == edit->stamp)
		free_node(edit->alloc, node);
	else
		lvs_retire_add(&edit->replaced, &node->retired, free_retired);
}

static struct lvs_tree_node *copy(const struct lvs_tree_edit *edit,
				  const struct lvs_tree_node *node, uint32_t cap)
{
	struct lvs_tree_node *made = new_node(edit->alloc, cap, edit->stamp);

	if (!made)
		return NULL;
	made->all = node->all;
	made->nodes = node->nodes;
	memcpy(made->slot, node->slot, slot_n(node) * sizeof(void *));
	return made;
}

/* The node in @p at, after a copy of it was put there unless it is this edit's. */
static struct lvs_tree_node *own(struct lvs_tree_edit *edit, void **at, uint32_t extra)
{
	struct lvs_tree_node *node = *at;
	unsigned n = slot_n(node);

	if (node->stamp == edit->stamp && n + extra <= node->cap)
		return node;
	node = copy(edit, node, n + extra);
	if (node)
		replace(edit, at, node);
	return node;
}

static int add_slot(struct lvs_tree_edit *edit, void **at, uint64_t bit, struct lvs_leaf *leaf)
{
	struct lvs_tree_node *node = own(edit, at, 1);
	unsigned i;

	if (!node)
		return LVS_ERR_NO_MEMORY;
	i = lvs_tree_index(node, bit);
	memmove(&node->slot[i + 1], &node->slot[i], (slot_n(node) - i) * sizeof(void *));
	node->slot[i] = leaf;
	node->all |= bit;
	return 0;
}

/* The leaf in @p node's slot @p i goes one level down, into a node of its own. */
static int push_down(struct lvs_tree_edit *edit, struct lvs_tree_node *node, unsigned i,
		     uint64_t bit, unsigned level)
{
	struct lvs_leaf *leaf = node->slot[i];
	struct lvs_tree_node *below = new_node(edit->alloc, 2, edit->stamp);

	if (!below)
		return LVS_ERR_NO_MEMORY;
	below->all = 1ull << lvs_tree_digit(leaf->word, level + 1);
	below->slot[0] = leaf;
	node->slot[i] = below;
	node->nodes |= bit;
	return 0;
}

/* Each step leaves a tree that has what it had, so that it may end at any of them. */
static int put_at(struct lvs_tree_edit *edit, void **at, struct lvs_leaf *leaf)
{
	for (unsigned level = 0;; level++) {
		uint64_t bit = 1ull << lvs_tree_digit(leaf->word, level);
		struct lvs_tree_node *node = *at;
		unsigned i = lvs_tree_index(node, bit);

		if (!(node->all & bit))
			return add_slot(edit, at, bit, leaf);
		node = own(edit, at, 0);
		if (!node)
			return LVS_ERR_NO_MEMORY;
		if (!(node->nodes & bit)) {
			if (lvs_leaf_equal(node->slot[i], leaf)) {
				node->slot[i] = leaf;
				return 0;
			}
			if (push_down(edit, node, i, bit, level))
				return LVS_ERR_NO_MEMORY;
		}
		at = &node->slot[i];
	}
}

int lvs_tree_put(struct lvs_tree_edit *edit, struct lvs_tree_node **root, struct lvs_leaf *leaf)
{
	void *at = *root;
	int err = put_at(edit, &at, leaf);

	*root = at;
	return err;
}

static void remove_slot(struct lvs_tree_node *node, uint64_t bit)
{
	unsigned i = lvs_tree_index(node, bit);

	node->all &= ~bit;
	memmove(&node->slot[i], &node->slot[i + 1], (slot_n(node) - i) * sizeof(void *));
}

/* A node that has but one leaf gives it to the node above. Returns whether it did. */
static int pull_up(struct lvs_tree_edit *edit, struct lvs_tree_node *above, uint64_t bit)
{
	void **at = &above->slot[lvs_tree_index(above, bit)];
	struct lvs_tree_node *node = *at;

	if (slot_n(node) != 1 || node->nodes)
		return 0;
	*at = node->slot[0];
	above->nodes &= ~bit;
	free_node(edit->alloc, node);
	return 1;
}

static int take_at(struct lvs_tree_edit *edit, void **at, const struct lvs_leaf *leaf)
{
	struct lvs_tree_node *way[LVS_TREE_DEPTH];
	unsigned level = 0;
	uint64_t bit;

	for (;; level++) {
		way[level] = own(edit, at, 0);
		if (!way[level])
			return LVS_ERR_NO_MEMORY;
		bit = 1ull << lvs_tree_digit(leaf->word, level);
		assert(way[level]->all & bit);
		if (!(way[level]->nodes & bit))
			break;
		at = &way[level]->slot[lvs_tree_index(way[level], bit)];
	}
	remove_slot(way[level], bit);
	while (level > 0 &&
	       pull_up(edit, way[level - 1], 1ull << lvs_tree_digit(leaf->word, level - 1)))
		level--;
	return 0;
}

int lvs_tree_take(struct lvs_tree_edit *edit, struct lvs_tree_node **root,
		  const struct lvs_leaf *leaf)
{
	void *at = *root;
	int err = take_at(edit, &at, leaf);

	*root = at;
	return err;
}
