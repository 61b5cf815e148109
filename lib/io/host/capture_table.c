/* SPDX-License-Identifier: BSD-2-Clause */
/* The nft table: its sets, and what changes in them. */
#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/host/capture.h"

/* Behind the taps every priority will do; in front of other tables, which then see the rest. */
#define PRIORITY (-300)

/* Numbers of nft(8)'s key types, 6 bits each in a concatenation. They only serve listing. */
#define TYPE_IPV4 7u
#define TYPE_IPV6 8u
#define TYPE_PROTOCOL 12u
#define TYPE_PORT 13u

#define KEY_MAX 24

const struct lvs_capture_set lvs_capture_sets[LVS_CAPTURE_SETS] = {
	{"to_ip", LVS_INET, LVS_HOST_TO, LVS_CAPTURE_PORT},
	{"to_ip_all", LVS_INET, LVS_HOST_TO, LVS_CAPTURE_ALL},
	{"to_ip_high", LVS_INET, LVS_HOST_TO, LVS_CAPTURE_HIGH},
	{"to_ip_fragment", LVS_INET, LVS_HOST_TO, LVS_CAPTURE_FRAGMENT},
	{"to_ip_quoted", LVS_INET, LVS_HOST_TO, LVS_CAPTURE_QUOTED},
	{"from_ip", LVS_INET, LVS_HOST_FROM, LVS_CAPTURE_PORT},
	{"from_ip_all", LVS_INET, LVS_HOST_FROM, LVS_CAPTURE_ALL},
	{"from_ip_high", LVS_INET, LVS_HOST_FROM, LVS_CAPTURE_HIGH},
	{"from_ip_fragment", LVS_INET, LVS_HOST_FROM, LVS_CAPTURE_FRAGMENT},
	{"from_ip_quoted", LVS_INET, LVS_HOST_FROM, LVS_CAPTURE_QUOTED},
	{"to_ip6", LVS_INET6, LVS_HOST_TO, LVS_CAPTURE_PORT},
	{"to_ip6_all", LVS_INET6, LVS_HOST_TO, LVS_CAPTURE_ALL},
	{"to_ip6_high", LVS_INET6, LVS_HOST_TO, LVS_CAPTURE_HIGH},
	{"to_ip6_fragment", LVS_INET6, LVS_HOST_TO, LVS_CAPTURE_FRAGMENT},
	{"to_ip6_quoted", LVS_INET6, LVS_HOST_TO, LVS_CAPTURE_QUOTED},
	{"from_ip6", LVS_INET6, LVS_HOST_FROM, LVS_CAPTURE_PORT},
	{"from_ip6_all", LVS_INET6, LVS_HOST_FROM, LVS_CAPTURE_ALL},
	{"from_ip6_high", LVS_INET6, LVS_HOST_FROM, LVS_CAPTURE_HIGH},
	{"from_ip6_fragment", LVS_INET6, LVS_HOST_FROM, LVS_CAPTURE_FRAGMENT},
	{"from_ip6_quoted", LVS_INET6, LVS_HOST_FROM, LVS_CAPTURE_QUOTED},
};

/* Protocol, address, port, each filled up to 4 bytes; of quoted packets the address. */
static unsigned key_len(const struct lvs_capture_set *set)
{
	if (set->kind == LVS_CAPTURE_QUOTED)
		return lvs_addr_len(set->family);
	return 4 + lvs_addr_len(set->family) + (set->kind == LVS_CAPTURE_PORT ? 4 : 0);
}

static uint32_t key_type(const struct lvs_capture_set *set)
{
	uint32_t type = TYPE_PROTOCOL << 6 | (set->family == LVS_INET6 ? TYPE_IPV6 : TYPE_IPV4);

	return set->kind == LVS_CAPTURE_PORT ? type << 6 | TYPE_PORT : type;
}

static void add_set(struct lvs_nft_batch *batch, unsigned number)
{
	const struct lvs_capture_set *set = &lvs_capture_sets[number];

	if (set->kind == LVS_CAPTURE_QUOTED)
		lvs_nft_add_payload_set(batch, set->name, number + 1, lvs_capture_quote_offset(set),
					key_len(set));
	else
		lvs_nft_add_set(batch, set->name, number + 1, key_type(set), key_len(set));
}

static void put_key(uint8_t *key, const struct lvs_host_rule *rule)
{
	unsigned addr_len = lvs_addr_len(rule->family);

	memset(key, 0, KEY_MAX);
	if (rule->reserved[0] == LVS_CAPTURE_QUOTED) {
		memcpy(key, rule->addr.byte, addr_len);
		return;
	}
	key[0] = rule->protocol;
	memcpy(key + 4, rule->addr.byte, addr_len);
	memcpy(key + 4 + addr_len, &rule->port, sizeof(rule->port));
}

/* Elements on their way to one set. */
struct element_queue {
	uint8_t keys[256 * KEY_MAX];
	unsigned n;
};

static void flush_queue(struct lvs_nft_batch *batch, struct element_queue *queue, unsigned set,
			bool add)
{
	lvs_nft_elements(batch, add, lvs_capture_sets[set].name, queue->keys, queue->n,
			 key_len(&lvs_capture_sets[set]));
	queue->n = 0;
}

/* Adds or removes the rules of one set that are in @p rules and not in @p other. */
static void put_difference(struct lvs_nft_batch *batch, unsigned set, bool add,
			   const struct lvs_capture_rules *rules,
			   const struct lvs_capture_rules *other)
{
	struct element_queue queue;
	unsigned len = key_len(&lvs_capture_sets[set]);

	queue.n = 0;
	for (unsigned i = 0; i < rules->n; i++) {
		uint8_t key[KEY_MAX];

		if (lvs_capture_set_of(&rules->rule[i]) != set ||
		    lvs_capture_rules_has(other, &rules->rule[i]))
			continue;
		put_key(key, &rules->rule[i]);
		memcpy(queue.keys + (size_t)queue.n * len, key, len);
		if (++queue.n == sizeof(queue.keys) / KEY_MAX)
			flush_queue(batch, &queue, set, add);
	}
	flush_queue(batch, &queue, set, add);
}

void lvs_capture_build_change(struct lvs_nft_batch *batch, const struct lvs_capture_rules *old,
			      const struct lvs_capture_rules *rules)
{
	for (unsigned set = 0; set < LVS_CAPTURE_SETS; set++) {
		put_difference(batch, set, false, old, rules);
		put_difference(batch, set, true, rules, old);
	}
}

static void chain_ingress(struct lvs_nft_batch *batch, const struct lvs_iface *iface)
{
	struct nlmsghdr *rule;
	char name[32];

	snprintf(name, sizeof(name), "ingress%u", iface->ifindex);
	lvs_nft_add_ingress(batch, name, iface->name, PRIORITY);
	rule = lvs_nft_rule_begin(batch, name);
	lvs_nft_verdict(rule, NFT_JUMP, "capture");
	lvs_nft_rule_end(batch, rule);
}

void lvs_capture_build(struct lvs_nft_batch *batch, const struct lvs_capture_rules *rules,
		       const struct lvs_ifaces *ifaces, const uint32_t *ifindex, unsigned n)
{
	static const struct lvs_capture_rules none;

	/* Deleting what is not there fails: so it is made first. One transaction all the same. */
	lvs_nft_add_table(batch);
	lvs_nft_del_table(batch);
	lvs_nft_add_table(batch);
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		add_set(batch, i);
	lvs_capture_build_change(batch, &none, rules);
	lvs_capture_build_chains(batch, rules->mark);
	for (unsigned i = 0; i < n; i++) {
		const struct lvs_iface *iface = lvs_ifaces_find(ifaces, ifindex[i]);

		/* One that has gone since is left to lvs_host_capture_follow(). */
		if (iface != NULL)
			chain_ingress(batch, iface);
	}
}
