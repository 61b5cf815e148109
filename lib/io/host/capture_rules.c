/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules: checked, spelled out, sorted, and found by hash. */
#include <stdlib.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "base/compiler.h"
#include "io/host/capture.h"
#include "io/host/ends.h"
#include "io/host/route.h"

_Static_assert(sizeof(struct lvs_host_rule) == 24, "rules are compared as bytes");

static const uint8_t every_protocol[] = {LVS_TCP, LVS_UDP, LVS_SCTP};

/* What may stand behind an IPv6 fragment header instead of the transport's number: hop-by-hop
 * options, routing, fragment, destination options. Then only the first fragment tells. */
static const uint8_t extensions[] = {0, 43, 44, 60};

static int check_rule(const struct lvs_host_rule *rule)
{
	bool ports = lvs_ends_has_ports(rule->protocol);
	bool high = (rule->flags & LVS_HOST_HIGH_PORTS) != 0;

	if (rule->family != LVS_INET && rule->family != LVS_INET6)
		return LVS_ERR_FAMILY;
	if (rule->direction > LVS_HOST_FROM || (rule->port != 0 && !ports))
		return LVS_ERR_INVALID;
	if ((rule->flags & ~LVS_HOST_HIGH_PORTS) != 0)
		return LVS_ERR_INVALID;
	if (high && (rule->port != 0 || (rule->protocol != 0 && !ports)))
		return LVS_ERR_INVALID;
	return 0;
}

static int compare_rules(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct lvs_host_rule));
}

static uint32_t hash_rule(const struct lvs_host_rule *rule)
{
	uint64_t word[3];
	uint64_t hash = 0;

	memcpy(word, rule, sizeof(word));
	for (unsigned i = 0; i < LVS_ARRAY_N(word); i++) {
		hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

static void index_rules(struct lvs_capture_rules *rules)
{
	for (unsigned i = 0; i < rules->n; i++) {
		uint32_t at = hash_rule(&rules->rule[i]) & (rules->slots_n - 1);

		while (rules->slot[at] != 0)
			at = (at + 1) & (rules->slots_n - 1);
		rules->slot[at] = i + 1;
	}
}

static void sort_rules(struct lvs_capture_rules *rules)
{
	unsigned kept = 0;

	if (rules->n > 0)
		qsort(rules->rule, rules->n, sizeof(*rules->rule), compare_rules);
	for (unsigned i = 0; i < rules->n; i++)
		if (kept == 0 || compare_rules(&rules->rule[kept - 1], &rules->rule[i]) != 0)
			rules->rule[kept++] = rules->rule[i];
	rules->n = kept;
}

/* How many rules come of a caller's at most. */
static size_t spelled_n(const struct lvs_host_rule *rule)
{
	size_t protocols = rule->protocol ? 1 : LVS_ARRAY_N(every_protocol);
	size_t fragments = rule->family == LVS_INET6 ? LVS_ARRAY_N(extensions) : 0;

	return 2 * protocols + fragments + 1;
}

static void append(struct lvs_capture_rules *rules, const struct lvs_host_rule *rule)
{
	rules->rule[rules->n++] = *rule;
}

/* Fragments of a protocol's packets, told without a port. */
static void append_fragment(struct lvs_capture_rules *rules, const struct lvs_host_rule *rule,
			    uint8_t protocol)
{
	struct lvs_host_rule fragment = *rule;

	fragment.protocol = protocol;
	fragment.port = 0;
	fragment.flags = 0;
	fragment.reserved[0] = LVS_CAPTURE_FRAGMENT;
	append(rules, &fragment);
}

static void append_quoted(struct lvs_capture_rules *rules, const struct lvs_host_rule *rule)
{
	struct lvs_host_rule quoted = *rule;

	quoted.protocol = 0;
	quoted.port = 0;
	quoted.flags = 0;
	quoted.reserved[0] = LVS_CAPTURE_QUOTED;
	append(rules, &quoted);
}

/* A copy with nothing undefined in it, and what follows from it; protocol 0 becomes each that has
 * ports. */
static void spell_out(struct lvs_capture_rules *rules, const struct lvs_host_rule *rule)
{
	const uint8_t *protocol = rule->protocol ? &rule->protocol : every_protocol;
	unsigned protocols = rule->protocol ? 1 : LVS_ARRAY_N(every_protocol);
	struct lvs_host_rule clean = *rule;

	lvs_prefix_mask(&clean.addr, lvs_addr_len(rule->family) * 8);
	memset(clean.reserved, 0, sizeof(clean.reserved));
	for (unsigned i = 0; i < protocols; i++) {
		clean.protocol = protocol[i];
		append(rules, &clean);
		append_fragment(rules, &clean, protocol[i]);
	}
	for (unsigned i = 0; i < LVS_ARRAY_N(extensions) && rule->family == LVS_INET6; i++)
		append_fragment(rules, &clean, extensions[i]);
	append_quoted(rules, &clean);
}

/* Checks all and counts what they come to. */
static int check_rules(const struct lvs_host_rule *rule, unsigned n, size_t *spelled)
{
	*spelled = 0;
	for (unsigned i = 0; i < n; i++) {
		int err = check_rule(&rule[i]);

		if (err != 0)
			return err;
		*spelled += spelled_n(&rule[i]);
	}
	return *spelled > UINT32_MAX / 4 ? LVS_ERR_NO_MEMORY : 0;
}

int lvs_capture_rules_make(struct lvs_capture_rules *rules, const struct lvs_host_rule *rule,
			   unsigned n)
{
	size_t spelled;
	int err;

	memset(rules, 0, sizeof(*rules));
	err = check_rules(rule, n, &spelled);
	if (err != 0 || n == 0)
		return err;
	rules->rule = calloc(spelled, sizeof(*rules->rule));
	if (rules->rule == NULL)
		return LVS_ERR_NO_MEMORY;
	for (unsigned i = 0; i < n; i++)
		spell_out(rules, &rule[i]);
	sort_rules(rules);
	for (rules->slots_n = 8; rules->slots_n < rules->n * 2;)
		rules->slots_n *= 2;
	rules->slot = calloc(rules->slots_n, sizeof(*rules->slot));
	if (rules->slot == NULL) {
		lvs_capture_rules_fini(rules);
		return LVS_ERR_NO_MEMORY;
	}
	index_rules(rules);
	return 0;
}

void lvs_capture_rules_fini(struct lvs_capture_rules *rules)
{
	free(rules->rule);
	free(rules->slot);
	memset(rules, 0, sizeof(*rules));
}

bool lvs_capture_rules_has(const struct lvs_capture_rules *rules, const struct lvs_host_rule *rule)
{
	uint32_t at;

	if (rules->slots_n == 0)
		return false;
	at = hash_rule(rule) & (rules->slots_n - 1);
	for (; rules->slot[at] != 0; at = (at + 1) & (rules->slots_n - 1))
		if (compare_rules(&rules->rule[rules->slot[at] - 1], rule) == 0)
			return true;
	return false;
}

unsigned lvs_capture_set_of(const struct lvs_host_rule *rule)
{
	unsigned kind = rule->reserved[0] ? rule->reserved[0]
			: rule->port      ? LVS_CAPTURE_PORT
			: rule->flags     ? LVS_CAPTURE_HIGH
					  : LVS_CAPTURE_ALL;

	return ((rule->family == LVS_INET6) * 2u + (rule->direction == LVS_HOST_FROM)) *
		       LVS_CAPTURE_KINDS +
	       kind;
}
