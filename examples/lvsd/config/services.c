/* SPDX-License-Identifier: BSD-2-Clause */
/* Services with their servers: each becomes the options of the line that says the same. */
#include "config/rules.h"
#include "rules/line.h"

#include <stdlib.h>
#include <string.h>

enum kind {
	WORD,
	NUMBER,
	SWITCH,   /* true gives the option */
	OPTIONAL, /* a number, or true: the option without one */
	LIST,
	CHOICE, /* one of several options */
	SERVERS
};

struct key {
	const char *name;
	enum kind kind;
	enum rule_option option;
};

#define SERVICE_KEYS(X)                                                                            \
	X("tcp", WORD, RULE_TCP)                                                                   \
	X("udp", WORD, RULE_UDP)                                                                   \
	X("sctp", WORD, RULE_SCTP)                                                                 \
	X("mark", NUMBER, RULE_MARK)                                                               \
	X("ipv6", SWITCH, RULE_IPV6)                                                               \
	X("scheduler", WORD, RULE_SCHEDULER)                                                       \
	X("persistent", OPTIONAL, RULE_PERSISTENT)                                                 \
	X("netmask", WORD, RULE_NETMASK)                                                           \
	X("engine", WORD, RULE_PE)                                                                 \
	X("one-packet", SWITCH, RULE_OPS)                                                          \
	X("flags", LIST, RULE_FLAGS)                                                               \
	X("servers", SERVERS, RULE_OPTION_N)

#define SERVER_KEYS(X)                                                                             \
	X("address", WORD, RULE_SERVER)                                                            \
	X("method", CHOICE, RULE_DR)                                                               \
	X("weight", NUMBER, RULE_WEIGHT)                                                           \
	X("upper", NUMBER, RULE_UPPER)                                                             \
	X("lower", NUMBER, RULE_LOWER)                                                             \
	X("tunnel", WORD, RULE_TUN_TYPE)                                                           \
	X("tunnel-port", NUMBER, RULE_TUN_PORT)                                                    \
	X("checksum", CHOICE, RULE_TUN_NOCSUM)

#define KEY_NAME(name, kind, option) name,
#define KEY_ROW(name, kind, option) {name, kind, option},
static const char *const service_names[] = {SERVICE_KEYS(KEY_NAME) NULL};
static const struct key service_keys[] = {SERVICE_KEYS(KEY_ROW)};
static const char *const server_names[] = {SERVER_KEYS(KEY_NAME) NULL};
static const struct key server_keys[] = {SERVER_KEYS(KEY_ROW)};
#undef KEY_NAME
#undef KEY_ROW

static const struct choice {
	const char *key;
	const char *word;
	enum rule_option option;
} choices[] = {
	{"method", "nat", RULE_NAT},         {"method", "route", RULE_DR},
	{"method", "tunnel", RULE_TUNNEL},   {"checksum", "none", RULE_TUN_NOCSUM},
	{"checksum", "full", RULE_TUN_CSUM}, {"checksum", "remote", RULE_TUN_REMCSUM},
};

/* One service or server on its way into a line. */
struct item {
	struct rule_line line;
	char *flags; /* owned; the line's value */
	yaml_node_t *servers;
};

static void give(struct item *item, enum rule_option option, const char *value, unsigned line)
{
	item->line.given |= UINT32_C(1) << option;
	item->line.value[option] = value;
	item->line.at[option] = line;
}

static int take_choice(struct tree *tree, const char *key, yaml_node_t *value, struct item *item)
{
	const char *word = tree_word(tree, value, key);
	char words[64] = "";

	if (!word)
		return -1;
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (strcmp(choices[i].key, key) != 0)
			continue;
		if (!strcmp(choices[i].word, word)) {
			give(item, choices[i].option, NULL, tree->error->line);
			return 0;
		}
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
			 words[0] ? " " : "", choices[i].word);
	}
	return rule_fail(tree->error, "expected a %s (%s), got \"%s\"", key, words, word);
}

static int take_switch(struct tree *tree, const struct key *key, yaml_node_t *value,
		       struct item *item)
{
	bool on;

	if (tree_bool(tree, value, key->name, &on) < 0)
		return -1;
	if (on)
		give(item, key->option, NULL, tree->error->line);
	return 0;
}

static int take_text(struct tree *tree, const struct key *key, const char *text, struct item *item)
{
	if (!text)
		return -1;
	give(item, key->option, text, tree->error->line);
	return 0;
}

static bool is_word(const yaml_node_t *node, const char *word)
{
	return node->type == YAML_SCALAR_NODE &&
	       !strcmp((const char *)node->data.scalar.value, word);
}

static int take(struct tree *tree, const struct key *key, yaml_node_t *value, struct item *item)
{
	switch (key->kind) {
	case WORD:
		return take_text(tree, key, tree_word(tree, value, key->name), item);
	case NUMBER:
		return take_text(tree, key, tree_number(tree, value, key->name), item);
	case SWITCH:
		return take_switch(tree, key, value, item);
	case OPTIONAL:
		if (is_word(value, "true") || is_word(value, "false"))
			return take_switch(tree, key, value, item);
		return take_text(tree, key, tree_number(tree, value, key->name), item);
	case LIST:
		item->flags = tree_join(tree, value, key->name);
		return take_text(tree, key, item->flags, item);
	case CHOICE:
		return take_choice(tree, key->name, value, item);
	default:
		item->servers = value;
		return 0;
	}
}

static int take_service_key(struct tree *tree, unsigned key, yaml_node_t *value, void *user)
{
	return take(tree, &service_keys[key], value, user);
}

static int take_server_key(struct tree *tree, unsigned key, yaml_node_t *value, void *user)
{
	return take(tree, &server_keys[key], value, user);
}

/* What server items need of their service. */
struct reading {
	struct rules *rules;
	const struct rule_line *service;
};

/* A server's line names its service as that one's own does. */
static void name_service(struct item *item, const struct rule_line *service)
{
	const uint32_t bits = RULE_SERVICE_OPTIONS | RULE_BIT(IPV6);

	for (int i = 0; i < RULE_OPTION_N; i++)
		if (service->given & bits & UINT32_C(1) << i)
			give(item, (enum rule_option)i, service->value[i], 0);
}

static int take_server(struct tree *tree, yaml_node_t *node, void *user)
{
	const struct reading *reading = user;
	struct item item = {.line = {.given = RULE_BIT(ADD_SERVER), .yaml = true}};

	name_service(&item, reading->service);
	if (tree_mapping(tree, node, "a server", server_names, take_server_key, &item) < 0)
		return -1;
	tree_at(tree, node);
	return rules_take(reading->rules, &item.line, tree->error);
}

static int put_service(struct tree *tree, const yaml_node_t *node, const struct item *item,
		       struct rules *rules)
{
	struct reading reading = {.rules = rules, .service = &item->line};

	tree_at(tree, node);
	if (rules_take(rules, &item->line, tree->error) < 0)
		return -1;
	return item->servers ? tree_list(tree, item->servers, "servers", take_server, &reading) : 0;
}

static int take_service(struct tree *tree, yaml_node_t *node, void *user)
{
	struct item item = {.line = {.given = RULE_BIT(ADD_SERVICE), .yaml = true}};
	int failed = tree_mapping(tree, node, "a service", service_names, take_service_key, &item);

	if (!failed)
		failed = put_service(tree, node, &item, user);
	free(item.flags);
	return failed;
}

int config_services(struct tree *tree, yaml_node_t *node, struct rules *rules)
{
	return tree_list(tree, node, "services", take_service, rules);
}
