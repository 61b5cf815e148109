/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings and marks; services are in config_services.c. */
#include "config/rules.h"

#include <stdlib.h>
#include <string.h>

static int take_setting(struct tree *tree, unsigned key, yaml_node_t *value, void *user)
{
	struct rules *rules = user;
	const char *name = setting_name((enum setting)key);
	const char *text = tree_number(tree, value, name);
	char error[512];

	if (!text)
		return -1;
	if (setting_take(&rules->settings, name, strlen(name), text, tree->error->line, error,
			 sizeof(error)) == 0)
		return 0;
	return rule_fail(tree->error, "%s", error);
}

int config_settings(struct tree *tree, yaml_node_t *node, struct rules *rules)
{
	const char *names[SETTING_N + 1] = {NULL};

	for (unsigned i = 0; i < SETTING_N; i++)
		names[i] = setting_name((enum setting)i);
	return tree_mapping(tree, node, "settings", names, take_setting, rules);
}

/* The first is the mark, the others bear the names of a mark line's fields. */
static const char *const mark_keys[] = {"mark", "src", "dst", "proto", "port", "sport", "in", NULL};

enum { MARK_KEYS = sizeof(mark_keys) / sizeof(mark_keys[0]) - 1 };

struct mark_item {
	char *text[MARK_KEYS];
};

static int take_mark_key(struct tree *tree, unsigned key, yaml_node_t *value, void *user)
{
	struct mark_item *item = user;

	if (key == 0 && !tree_number(tree, value, mark_keys[key]))
		return -1;
	item->text[key] = tree_join(tree, value, mark_keys[key]);
	return item->text[key] ? 0 : -1;
}

/* As the words of the line that says the same. */
static int put_mark(struct tree *tree, struct mark_item *item, struct rules *rules)
{
	static char command[] = "mark";
	char name[MARK_KEYS][8];
	struct rule_words words = {.n = 0};

	if (!item->text[0])
		return rule_fail(tree->error, "expected mark and a number, got none");
	words.word[words.n++] = command;
	words.word[words.n++] = item->text[0];
	for (unsigned i = 1; i < MARK_KEYS; i++) {
		if (!item->text[i])
			continue;
		snprintf(name[i], sizeof(name[i]), "%s", mark_keys[i]);
		words.word[words.n++] = name[i];
		words.word[words.n++] = item->text[i];
	}
	return rules_take_marks(rules, &words, tree->error);
}

static int take_mark(struct tree *tree, yaml_node_t *node, void *user)
{
	struct mark_item item = {{NULL}};
	int failed = tree_mapping(tree, node, "a mark", mark_keys, take_mark_key, &item);

	if (!failed) {
		tree_at(tree, node);
		failed = put_mark(tree, &item, user);
	}
	for (unsigned i = 0; i < MARK_KEYS; i++)
		free(item.text[i]);
	return failed;
}

int config_marks(struct tree *tree, yaml_node_t *node, struct rules *rules)
{
	return tree_list(tree, node, "marks", take_mark, rules);
}
