/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/config.h"
#include "config/rules.h"
#include "option_value.h"
#include "config/tree.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	enum config_kind kind;
	bool live;
} rows[CONFIG_KEY_N] = {
#define CONFIG_ROW(name, key, kind, live) {kind, live},
	CONFIG_KEYS(CONFIG_ROW)
#undef CONFIG_ROW
};

static const char *const keys[] = {
#define CONFIG_NAME(name, key, kind, live) key,
	CONFIG_KEYS(CONFIG_NAME)
#undef CONFIG_NAME
		NULL,
};

/* Keys whose text is what an option takes. */
static const int options_of[CONFIG_KEY_N] = {
	[CONFIG_KEY_NAME] = OPTION_NAME,
	[CONFIG_KEY_WORKERS] = OPTION_WORKERS,
	[CONFIG_KEY_PIN] = OPTION_PIN,
	[CONFIG_KEY_SPREAD] = OPTION_SPREAD,
	[CONFIG_KEY_XDP] = OPTION_XDP,
	[CONFIG_KEY_FTP] = OPTION_FTP,
	[CONFIG_KEY_CHECK_EVERY] = OPTION_CHECK_EVERY,
	[CONFIG_KEY_METRICS] = OPTION_METRICS,
	[CONFIG_KEY_LOG_LEVEL] = OPTION_LOG_LEVEL,
	[CONFIG_KEY_CONTROL] = OPTION_CONTROL,
	[CONFIG_KEY_RULES] = OPTION_RULES,
};

/* A file on its way in. */
struct reading {
	struct config *config;
	struct rules *rules; /* NULL: they are passed over */
};

static int take_rules(struct tree *tree, enum config_kind kind, yaml_node_t *value,
		      struct rules *rules)
{
	if (!rules)
		return 0;
	if (kind == CONFIG_SETTINGS)
		return config_settings(tree, value, rules);
	if (kind == CONFIG_MARKS)
		return config_marks(tree, value, rules);
	return config_services(tree, value, rules);
}

/* NULL with a message. */
static char *text_of(struct tree *tree, unsigned key, yaml_node_t *value)
{
	const char *text;
	char *copy;
	bool on;

	switch (rows[key].kind) {
	case CONFIG_LIST:
		return tree_join(tree, value, keys[key]);
	case CONFIG_WORD:
		text = tree_word(tree, value, keys[key]);
		break;
	case CONFIG_NUMBER:
		text = tree_number(tree, value, keys[key]);
		break;
	case CONFIG_BOOL:
		text = tree_bool(tree, value, keys[key], &on) < 0 ? NULL : on ? "true" : "false";
		break;
	default:
		text = "";
	}
	copy = text ? strdup(text) : NULL;
	if (text && !copy)
		(void)rule_fail(tree->error, "out of memory");
	return copy;
}

static int take_key(struct tree *tree, unsigned key, yaml_node_t *value, void *user)
{
	struct reading *reading = user;
	struct config *config = reading->config;

	config->line[key] = tree_at(tree, value);
	config->text[key] = text_of(tree, key, value);
	if (!config->text[key])
		return -1;
	return rows[key].kind < CONFIG_SETTINGS
		       ? 0
		       : take_rules(tree, rows[key].kind, value, reading->rules);
}

/* Rules stand in one place. */
static int check_rules(const struct config *config, struct rule_error *error)
{
	for (unsigned i = CONFIG_KEY_SETTINGS; i < CONFIG_KEY_N; i++) {
		if (!config->text[CONFIG_KEY_RULES] || !config->text[i])
			continue;
		error->line = config->line[i];
		return rule_fail(error, "expected no %s beside rules: they are in %s", keys[i],
				 config->text[CONFIG_KEY_RULES]);
	}
	return 0;
}

static int read_tree(FILE *file, struct reading *reading, struct rule_error *error)
{
	struct tree tree;
	yaml_node_t *root;
	int failed = tree_open(&tree, file, error);

	if (failed)
		return failed;
	root = tree_root(&tree);
	if (root)
		failed = tree_mapping(&tree, root, "the file", keys, take_key, reading);
	else
		failed = rule_fail(error, "expected keys with values, got nothing");
	if (!failed)
		failed = check_rules(reading->config, error);
	tree_close(&tree);
	return failed;
}

int config_read(FILE *file, const char *name, struct config *config, struct rules *rules,
		char *error, size_t error_len)
{
	struct rule_error where = {.file = name, .text = error, .len = error_len};
	struct reading reading = {.config = config, .rules = rules};

	if (read_tree(file, &reading, &where) == 0)
		return 0;
	config_free(config);
	if (rules)
		rules_free(rules);
	return -1;
}

int config_read_file(const char *name, struct config *config, struct rules *rules, char *error,
		     size_t error_len)
{
	FILE *file = rules_open(name, error, error_len);
	int failed;

	if (!file)
		return -1;
	failed = config_read(file, name, config, rules, error, error_len);
	fclose(file);
	return failed;
}

void config_free(struct config *config)
{
	for (unsigned i = 0; i < CONFIG_KEY_N; i++)
		free(config->text[i]);
	free(config->target);
	memset(config, 0, sizeof(*config));
}

static bool is_on(const struct config *config, enum config_key key, bool otherwise)
{
	return config->text[key] ? !strcmp(config->text[key], "true") : otherwise;
}

static int fail_at(const struct config *config, enum config_key key, struct rule_error *error,
		   const char *text)
{
	error->line = config->line[key];
	return rule_fail(error, "%s: %s", keys[key], text);
}

/* Each adapter's own keys: what --io has behind the colon. */
static const struct {
	const char *adapter;
	enum config_key first;
	enum config_key second; /* CONFIG_KEY_N: none */
	bool second_is_needed;
} targets[] = {
	{"auto", CONFIG_KEY_INTERFACES, CONFIG_KEY_N, false}, /* where there is no key adapter */
	{"packet", CONFIG_KEY_INTERFACES, CONFIG_KEY_N, false},
	{"xdp", CONFIG_KEY_INTERFACES, CONFIG_KEY_N, false},
	{"tun", CONFIG_KEY_DEVICE, CONFIG_KEY_INTERFACES, true},
	{"pcap", CONFIG_KEY_READ, CONFIG_KEY_WRITE, false},
};

enum { TARGETS = sizeof(targets) / sizeof(targets[0]) };

static int check_target(const struct config *config, unsigned i, struct rule_error *error)
{
	static const enum config_key all[] = {CONFIG_KEY_INTERFACES, CONFIG_KEY_DEVICE,
					      CONFIG_KEY_READ, CONFIG_KEY_WRITE};

	error->line = config->line[CONFIG_KEY_ADAPTER];
	if (!error->line)
		error->line = config->line[CONFIG_KEY_INTERFACES];
	if (!config->text[targets[i].first])
		return rule_fail(error, "expected %s with adapter %s, got none",
				 keys[targets[i].first], targets[i].adapter);
	if (targets[i].second_is_needed && !config->text[targets[i].second])
		return rule_fail(error, "expected %s with adapter %s, got none",
				 keys[targets[i].second], targets[i].adapter);
	for (unsigned k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		if (!config->text[all[k]] || all[k] == targets[i].first ||
		    all[k] == targets[i].second)
			continue;
		error->line = config->line[all[k]];
		return rule_fail(error, "expected no %s with adapter %s", keys[all[k]],
				 targets[i].adapter);
	}
	return 0;
}

/* "tun:lvs-tun,eth0,eth1" */
static int make_target(struct config *config, unsigned i, struct rule_error *error)
{
	const char *first = config->text[targets[i].first];
	const char *second =
		targets[i].second == CONFIG_KEY_N ? NULL : config->text[targets[i].second];
	size_t len = strlen(targets[i].adapter) + strlen(first) + (second ? strlen(second) : 0) + 3;

	if (targets[i].second != CONFIG_KEY_N && strchr(first, ','))
		return fail_at(config, targets[i].first, error, "expected a name without commas");
	config->target = malloc(len);
	if (!config->target)
		return rule_fail(error, "out of memory");
	snprintf(config->target, len, "%s:%s%s%s", targets[i].adapter, first, second ? "," : "",
		 second ? second : "");
	return 0;
}

static int apply_target(struct config *config, struct options *options, struct rule_error *error)
{
	const char *adapter = config->text[CONFIG_KEY_ADAPTER];
	struct option_error why;
	unsigned i = 0;

	if (!adapter && config->text[CONFIG_KEY_INTERFACES])
		adapter = targets[0].adapter;
	if (!adapter)
		return 0;
	while (i < TARGETS && strcmp(targets[i].adapter, adapter) != 0)
		i++;
	if (i == TARGETS)
		return fail_at(config, CONFIG_KEY_ADAPTER, error,
			       "expected auto, packet, tun, xdp or pcap");
	if (check_target(config, i, error) < 0 || make_target(config, i, error) < 0)
		return -1;
	if (option_take(OPTION_IO, config->target, options, &why) < 0)
		return fail_at(config,
			       config->text[CONFIG_KEY_INTERFACES] ? CONFIG_KEY_INTERFACES
								   : CONFIG_KEY_ADAPTER,
			       error, why.text);
	return 0;
}

static void apply_switches(const struct config *config, struct options *options)
{
	options->modern = is_on(config, CONFIG_KEY_MODERN, false);
	options->forwarding = is_on(config, CONFIG_KEY_FORWARDING, false);
	options->no_address = !is_on(config, CONFIG_KEY_ADDRESSES, true);
	options->no_setup = !is_on(config, CONFIG_KEY_SET_UP, true);
	options->count_hops = is_on(config, CONFIG_KEY_COUNT_HOPS, false);
}

int config_apply(struct config *config, const char *name, struct options *options, char *error,
		 size_t error_len)
{
	struct rule_error where = {.file = name, .text = error, .len = error_len};
	struct option_error why;

	for (unsigned i = 0; i < CONFIG_KEY_N; i++) {
		const char *text = config->text[i];

		if (!text || !options_of[i])
			continue;
		if (i == CONFIG_KEY_PIN && !strcmp(text, "all"))
			text = NULL;
		if (option_take(options_of[i], text, options, &why) < 0)
			return fail_at(config, (enum config_key)i, &where, why.text);
	}
	apply_switches(config, options);
	if (!options->rules) {
		options->rules = name;
		options->rules_in_config = true;
	}
	return apply_target(config, options, &where);
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

const char *config_next_change(const struct config *config, const struct config *next, unsigned *at,
			       unsigned *line)
{
	for (unsigned i = *at; i < CONFIG_KEY_N; i++) {
		if (rows[i].live || same(config->text[i], next->text[i]))
			continue;
		*at = i + 1;
		*line = next->text[i] ? next->line[i] : config->line[i];
		return keys[i];
	}
	return NULL;
}
