/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A YAML document as a tree whose nodes know their lines: mappings of known keys, lists, words.
 * Functions that return int give 0, or -1 with a message.
 */
#ifndef LVSD_TREE_H
#define LVSD_TREE_H

#include "rules/error.h"

#include <stdbool.h>
#include <stdio.h>
#include <yaml.h>

struct tree {
	yaml_document_t document;
	struct rule_error *error; /* the file, and the line that was looked at last */
};

/* One document and no more; tree_close() it then. */
int tree_open(struct tree *tree, FILE *file, struct rule_error *error);
void tree_close(struct tree *tree);

/* NULL: an empty file. */
yaml_node_t *tree_root(struct tree *tree);

/* The line, from 1. Messages name it from now on. */
unsigned tree_at(struct tree *tree, const yaml_node_t *node);

/* Gets the number of the key within the names, and what stands behind it. */
typedef int (*tree_take_pair)(struct tree *tree, unsigned key, yaml_node_t *value, void *user);
typedef int (*tree_take_item)(struct tree *tree, yaml_node_t *item, void *user);

/* Each pair in turn; `names` end with NULL, keys that are none of them or come twice are refused.
 * `what` is in messages what the node should be about. */
int tree_mapping(struct tree *tree, yaml_node_t *node, const char *what, const char *const *names,
		 tree_take_pair take, void *user);

/* Each item in turn. */
int tree_list(struct tree *tree, yaml_node_t *node, const char *what, tree_take_item take,
	      void *user);

/* The text of a scalar that is not empty; the tree's. NULL with a message. */
const char *tree_word(struct tree *tree, const yaml_node_t *node, const char *what);

/* The same of what stands without quotes: digits. */
const char *tree_number(struct tree *tree, const yaml_node_t *node, const char *what);

/* true or false, without quotes. */
int tree_bool(struct tree *tree, const yaml_node_t *node, const char *what, bool *value);

/* A word, or a list of words with commas between them; the caller's to free. NULL with a message.
 */
char *tree_join(struct tree *tree, yaml_node_t *node, const char *what);

#endif
