/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int fail_parser(const yaml_parser_t *parser, struct rule_error *error)
{
	/* What is no text has no mark of its own. */
	const yaml_mark_t *mark =
		parser->error == YAML_READER_ERROR ? &parser->mark : &parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return rule_fail(error, "out of memory");
	error->line = (unsigned)mark->line + 1;
	return rule_fail(error, "expected YAML: %s", parser->problem);
}

/* A second document would be passed over in silence. */
static int check_end(yaml_parser_t *parser, struct rule_error *error)
{
	yaml_document_t rest;
	yaml_node_t *root;

	if (!yaml_parser_load(parser, &rest))
		return fail_parser(parser, error);
	root = yaml_document_get_root_node(&rest);
	if (root)
		error->line = (unsigned)root->start_mark.line + 1;
	yaml_document_delete(&rest);
	return root ? rule_fail(error, "expected one document, got another") : 0;
}

int tree_open(struct tree *tree, FILE *file, struct rule_error *error)
{
	yaml_parser_t parser;
	int failed = 0;

	tree->error = error;
	error->line = 1;
	if (!yaml_parser_initialize(&parser))
		return rule_fail(error, "out of memory");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_file(&parser, file);
	if (!yaml_parser_load(&parser, &tree->document)) {
		failed = fail_parser(&parser, error);
	} else if (tree_root(tree) && check_end(&parser, error) < 0) {
		tree_close(tree);
		failed = -1;
	}
	yaml_parser_delete(&parser);
	return failed;
}

void tree_close(struct tree *tree)
{
	yaml_document_delete(&tree->document);
}

yaml_node_t *tree_root(struct tree *tree)
{
	return yaml_document_get_root_node(&tree->document);
}

unsigned tree_at(struct tree *tree, const yaml_node_t *node)
{
	tree->error->line = (unsigned)node->start_mark.line + 1;
	return tree->error->line;
}

static bool is_plain(const yaml_node_t *node)
{
	return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* "expected a list for services, got ..." */
static int fail_kind(struct tree *tree, const yaml_node_t *node, const char *kind, const char *what)
{
	tree_at(tree, node);
	switch (node->type) {
	case YAML_MAPPING_NODE:
		return rule_fail(tree->error, "expected %s for %s, got a mapping", kind, what);
	case YAML_SEQUENCE_NODE:
		return rule_fail(tree->error, "expected %s for %s, got a list", kind, what);
	default:
		break;
	}
	if (!node->data.scalar.length)
		return rule_fail(tree->error, "expected %s for %s, got nothing", kind, what);
	return rule_fail(tree->error, "expected %s for %s, got %s\"%s\"", kind, what,
			 is_plain(node) ? "" : "the text ", (const char *)node->data.scalar.value);
}

static int fail_key(struct tree *tree, const char *const *names, const char *got)
{
	char list[400] = "";
	size_t at = 0;

	for (unsigned i = 0; names[i] && at < sizeof(list) - 1; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? " " : "",
				       names[i]);
	return rule_fail(tree->error, "expected a key (%s), got \"%s\"", list, got);
}

static int find_key(const char *const *names, const char *text)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], text))
			return i;
	return -1;
}

static int take_pair(struct tree *tree, const yaml_node_pair_t *pair, const char *const *names,
		     uint64_t *given, tree_take_pair take, void *user)
{
	yaml_node_t *key = yaml_document_get_node(&tree->document, pair->key);
	yaml_node_t *value = yaml_document_get_node(&tree->document, pair->value);
	const char *text = tree_word(tree, key, "a key");
	int i = text ? find_key(names, text) : -1;

	if (!text)
		return -1;
	if (i < 0)
		return fail_key(tree, names, text);
	if (*given & UINT64_C(1) << i)
		return rule_fail(tree->error, "expected %s once, got it twice", text);
	*given |= UINT64_C(1) << i;
	tree_at(tree, value);
	return take(tree, (unsigned)i, value, user);
}

int tree_mapping(struct tree *tree, yaml_node_t *node, const char *what, const char *const *names,
		 tree_take_pair take, void *user)
{
	uint64_t given = 0; /* names are fewer than 64 */

	if (node->type != YAML_MAPPING_NODE)
		return fail_kind(tree, node, "keys with values", what);
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		if (take_pair(tree, pair, names, &given, take, user) < 0)
			return -1;
	return 0;
}

int tree_list(struct tree *tree, yaml_node_t *node, const char *what, tree_take_item take,
	      void *user)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return fail_kind(tree, node, "a list", what);
	for (const yaml_node_item_t *item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++) {
		yaml_node_t *value = yaml_document_get_node(&tree->document, *item);

		tree_at(tree, value);
		if (take(tree, value, user) < 0)
			return -1;
	}
	return 0;
}

/* NULL unless it is text, and has no zero byte in it. */
static const char *scalar(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	if (node->type != YAML_SCALAR_NODE || !text[0] || strlen(text) != node->data.scalar.length)
		return NULL;
	return text;
}

const char *tree_word(struct tree *tree, const yaml_node_t *node, const char *what)
{
	tree_at(tree, node);
	if (!scalar(node))
		(void)fail_kind(tree, node, "a word", what);
	return scalar(node);
}

const char *tree_number(struct tree *tree, const yaml_node_t *node, const char *what)
{
	const char *text = scalar(node);

	tree_at(tree, node);
	if (text && is_plain(node) && text[strspn(text, "0123456789")] == 0)
		return text;
	(void)fail_kind(tree, node, "a number", what);
	return NULL;
}

int tree_bool(struct tree *tree, const yaml_node_t *node, const char *what, bool *value)
{
	const char *text = scalar(node);

	tree_at(tree, node);
	*value = text && !strcmp(text, "true");
	if (text && is_plain(node) && (*value || !strcmp(text, "false")))
		return 0;
	return fail_kind(tree, node, "true or false", what);
}

struct joined {
	const char *what;
	char *text;
	size_t len;
};

/* An item with a comma would be two. */
static int join_one(struct tree *tree, yaml_node_t *item, void *user)
{
	struct joined *joined = user;
	const char *word = tree_word(tree, item, joined->what);
	size_t len = word ? strlen(word) : 0;
	char *larger;

	if (!word)
		return -1;
	if (strchr(word, ','))
		return fail_kind(tree, item, "one word", joined->what);
	larger = realloc(joined->text, joined->len + len + 2);
	if (!larger)
		return rule_fail(tree->error, "out of memory");
	joined->text = larger;
	if (joined->len)
		larger[joined->len++] = ',';
	memcpy(larger + joined->len, word, len + 1);
	joined->len += len;
	return 0;
}

char *tree_join(struct tree *tree, yaml_node_t *node, const char *what)
{
	struct joined joined = {.what = what};
	int failed;

	if (node->type == YAML_SEQUENCE_NODE)
		failed = tree_list(tree, node, what, join_one, &joined);
	else
		failed = join_one(tree, node, &joined);
	if (!failed && !joined.text)
		failed = rule_fail(tree->error, "expected a list for %s, got an empty one", what);
	if (!failed)
		return joined.text;
	free(joined.text);
	return NULL;
}
