/* SPDX-License-Identifier: BSD-2-Clause */
/* The nft table: its sets, its chain, and what changes in it. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/host_capture.h"

/* Behind the taps every priority will do; in front of other tables, which then see the rest. */
#define PRIORITY (-300)

/* Numbers of nft(8)'s key types, 6 bits each in a concatenation. They only serve listing. */
#define TYPE_IPV4 7u
#define TYPE_IPV6 8u
#define TYPE_PROTOCOL 12u
#define TYPE_PORT 13u

#define KEY_MAX 24
#define REG_KEY NFT_REG32_00

const struct lvs_capture_set lvs_capture_sets[LVS_CAPTURE_SETS] = {
	{"to_ip", LVS_INET, LVS_HOST_TO, false},
	{"to_ip_all", LVS_INET, LVS_HOST_TO, true},
	{"from_ip", LVS_INET, LVS_HOST_FROM, false},
	{"from_ip_all", LVS_INET, LVS_HOST_FROM, true},
	{"to_ip6", LVS_INET6, LVS_HOST_TO, false},
	{"to_ip6_all", LVS_INET6, LVS_HOST_TO, true},
	{"from_ip6", LVS_INET6, LVS_HOST_FROM, false},
	{"from_ip6_all", LVS_INET6, LVS_HOST_FROM, true},
};

/* Protocol, address, port, each filled up to 4 bytes. */
static unsigned key_len(const struct lvs_capture_set *set)
{
	return 4 + lvs_addr_len(set->family) + (set->any_port ? 0 : 4);
}

static uint32_t key_type(const struct lvs_capture_set *set)
{
	uint32_t type = TYPE_PROTOCOL << 6 | (set->family == LVS_INET6 ? TYPE_IPV6 : TYPE_IPV4);

	return set->any_port ? type : type << 6 | TYPE_PORT;
}

static void put_key(uint8_t *key, const struct lvs_host_rule *rule)
{
	unsigned addr_len = lvs_addr_len(rule->family);

	memset(key, 0, KEY_MAX);
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

static void match_protocol(struct nlmsghdr *rule, unsigned family)
{
	lvs_be16 ethertype = htons(family == LVS_INET6 ? 0x86dd : 0x0800);

	lvs_nft_meta(rule, NFT_META_PROTOCOL, REG_KEY);
	lvs_nft_compare(rule, REG_KEY, true, &ethertype, sizeof(ethertype));
}

/* meta pkttype != host return */
static void rule_other_host(struct lvs_nft_batch *batch)
{
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "capture");
	uint8_t host = PACKET_HOST;

	lvs_nft_meta(rule, NFT_META_PKTTYPE, REG_KEY);
	lvs_nft_compare(rule, REG_KEY, false, &host, sizeof(host));
	lvs_nft_verdict(rule, NFT_RETURN, NULL);
	lvs_nft_rule_end(batch, rule);
}

/* A tag that names a VLAN: its interface is another. With number 0 it only tells a priority. */
static void rule_vlan(struct lvs_nft_batch *batch, uint16_t ethertype)
{
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "capture");
	lvs_be16 type = htons(ethertype);
	lvs_be16 mask = htons(0x0fff);
	lvs_be16 zero = 0;

	lvs_nft_payload(rule, NFT_PAYLOAD_LL_HEADER, 12, 2, REG_KEY);
	lvs_nft_compare(rule, REG_KEY, true, &type, sizeof(type));
	lvs_nft_payload(rule, NFT_PAYLOAD_LL_HEADER, 14, 2, REG_KEY);
	lvs_nft_mask(rule, REG_KEY, &mask, sizeof(mask));
	lvs_nft_compare(rule, REG_KEY, false, &zero, sizeof(zero));
	lvs_nft_verdict(rule, NFT_RETURN, NULL);
	lvs_nft_rule_end(batch, rule);
}

static void rule_fragment(struct lvs_nft_batch *batch, unsigned family)
{
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "capture");
	lvs_be16 mask = htons(0x3fff); /* more fragments, or an offset (RFC 791) */
	lvs_be16 zero = 0;
	uint8_t present = 1;

	match_protocol(rule, family);
	if (family == LVS_INET6) {
		lvs_nft_ipv6_header(rule, IPPROTO_FRAGMENT, REG_KEY);
		lvs_nft_compare(rule, REG_KEY, true, &present, sizeof(present));
	} else {
		lvs_nft_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 6, 2, REG_KEY);
		lvs_nft_mask(rule, REG_KEY, &mask, sizeof(mask));
		lvs_nft_compare(rule, REG_KEY, false, &zero, sizeof(zero));
	}
	lvs_nft_verdict(rule, NFT_RETURN, NULL);
	lvs_nft_rule_end(batch, rule);
}

/* What becomes of what is captured. */
static void take(struct nlmsghdr *rule, uint32_t mark)
{
	if (mark != 0)
		lvs_nft_set_mark(rule, mark, REG_KEY);
	lvs_nft_verdict(rule, mark != 0 ? NFT_RETURN : NF_DROP, NULL);
}

/*
 * Neighbour discovery is ICMPv6 as well, of types from 128 on (RFC 4443, section 2.1), and must
 * stay on its link: only errors are steered.
 */
static void rule_not_error(struct lvs_nft_batch *batch)
{
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "capture");
	uint8_t protocol = IPPROTO_ICMPV6, mask = 0x80, error = 0;

	match_protocol(rule, LVS_INET6);
	lvs_nft_meta(rule, NFT_META_L4PROTO, REG_KEY);
	lvs_nft_compare(rule, REG_KEY, true, &protocol, sizeof(protocol));
	lvs_nft_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, REG_KEY);
	lvs_nft_mask(rule, REG_KEY, &mask, sizeof(mask));
	lvs_nft_compare(rule, REG_KEY, false, &error, sizeof(error));
	lvs_nft_verdict(rule, NFT_RETURN, NULL);
	lvs_nft_rule_end(batch, rule);
}

/* Takes what is in a set: {protocol, address of one end, its port}. */
static void rule_set(struct lvs_nft_batch *batch, unsigned number, uint32_t mark)
{
	const struct lvs_capture_set *set = &lvs_capture_sets[number];
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "capture");
	unsigned addr_len = lvs_addr_len(set->family);
	bool from = set->direction == LVS_HOST_FROM;
	unsigned src = set->family == LVS_INET6 ? 8 : 12; /* where the source stands */

	match_protocol(rule, set->family);
	lvs_nft_meta(rule, NFT_META_L4PROTO, REG_KEY);
	lvs_nft_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, from ? src : src + addr_len, addr_len,
			REG_KEY + 1);
	if (!set->any_port)
		lvs_nft_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, from ? 0 : 2, 2,
				REG_KEY + 1 + addr_len / 4);
	lvs_nft_lookup(rule, set->name, number + 1, REG_KEY);
	take(rule, mark);
	lvs_nft_rule_end(batch, rule);
}

static void rules_direction(struct lvs_nft_batch *batch, unsigned direction, uint32_t mark)
{
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].direction == direction)
			rule_set(batch, i, mark);
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
		lvs_nft_add_set(batch, lvs_capture_sets[i].name, i + 1,
				key_type(&lvs_capture_sets[i]), key_len(&lvs_capture_sets[i]));
	lvs_capture_build_change(batch, &none, rules);
	lvs_nft_add_chain(batch, "capture");
	rule_other_host(batch);
	rule_vlan(batch, 0x8100);
	rule_vlan(batch, 0x88a8);
	if (rules->mark != 0)
		rule_not_error(batch);
	rules_direction(batch, LVS_HOST_FROM, rules->mark);
	rule_fragment(batch, LVS_INET);
	rule_fragment(batch, LVS_INET6);
	rules_direction(batch, LVS_HOST_TO, rules->mark);
	for (unsigned i = 0; i < n; i++) {
		const struct lvs_iface *iface = lvs_ifaces_find(ifaces, ifindex[i]);

		/* One that has gone since is left to lvs_host_capture_follow(). */
		if (iface != NULL)
			chain_ingress(batch, iface);
	}
}
