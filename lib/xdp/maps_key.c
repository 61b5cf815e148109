/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "xdp/maps.h"

/* The program has names of its own for these. */
_Static_assert((int)STEER_TO == (int)LVS_HOST_TO && (int)STEER_FROM == (int)LVS_HOST_FROM,
	       "directions");
_Static_assert((int)STEER_PORT == (int)LVS_CAPTURE_PORT && (int)STEER_ALL == (int)LVS_CAPTURE_ALL &&
		       (int)STEER_HIGH == (int)LVS_CAPTURE_HIGH &&
		       (int)STEER_FRAGMENT == (int)LVS_CAPTURE_FRAGMENT &&
		       (int)STEER_QUOTED == (int)LVS_CAPTURE_QUOTED &&
		       (int)STEER_KINDS == (int)LVS_CAPTURE_KINDS,
	       "kinds");
_Static_assert((int)STEER_HIGH_PORTS == (int)LVS_HOST_HIGH_PORTS &&
		       STEER_HIGH_PORT == LVS_CAPTURE_HIGH_PORT,
	       "high ports");
_Static_assert((int)STEER_INET == (int)LVS_INET && (int)STEER_INET6 == (int)LVS_INET6, "families");
_Static_assert(
	sizeof(struct steer_rule) == sizeof(struct lvs_host_rule) &&
		offsetof(struct steer_rule, port) == offsetof(struct lvs_host_rule, port) &&
		offsetof(struct steer_rule, family) == offsetof(struct lvs_host_rule, family) &&
		offsetof(struct steer_rule, protocol) == offsetof(struct lvs_host_rule, protocol) &&
		offsetof(struct steer_rule, direction) ==
			offsetof(struct lvs_host_rule, direction) &&
		offsetof(struct steer_rule, flags) == offsetof(struct lvs_host_rule, flags) &&
		offsetof(struct steer_rule, kind) == offsetof(struct lvs_host_rule, reserved),
	"a rule that was spelled out is the key");

unsigned lvs_xdp_kind_of(const struct lvs_host_rule *rule)
{
	return lvs_capture_set_of(rule) % LVS_CAPTURE_KINDS;
}

uint32_t lvs_xdp_bit_of(const struct lvs_host_rule *rule)
{
	return STEER_BIT(rule->direction, lvs_xdp_kind_of(rule));
}

struct steer_rule lvs_xdp_key_of(const struct lvs_host_rule *rule)
{
	struct steer_rule key;

	memcpy(&key, rule, sizeof(key));
	return key;
}

struct steer_end lvs_xdp_end_of(const struct lvs_host_rule *rule)
{
	struct steer_end end = {.family = rule->family};

	memcpy(end.word, &rule->addr, sizeof(end.word));
	return end;
}

/* They are sorted, by their address at first: where the first of an address stands. */
static unsigned first_of(const struct lvs_capture_rules *rules, const uint32_t word[4])
{
	unsigned low = 0, high = rules->n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (memcmp(&rules->rule[middle].addr, word, 16) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t lvs_xdp_bits_of(const struct lvs_capture_rules *rules, const struct steer_end *end)
{
	uint32_t bits = 0;

	for (unsigned i = first_of(rules, end->word); i < rules->n; i++) {
		const struct lvs_host_rule *rule = &rules->rule[i];

		if (memcmp(&rule->addr, end->word, sizeof(end->word)) != 0)
			break;
		if (rule->family == end->family)
			bits |= lvs_xdp_bit_of(rule);
	}
	return bits;
}
