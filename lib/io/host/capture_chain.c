/* SPDX-License-Identifier: BSD-2-Clause */
/* The nft table's chains, which host/match.c tells again. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/host/capture.h"
#include "io/host/ends.h"

#define REG_KEY NFT_REG32_00
#define ICMP_LEN 8 /* in front of what an error quotes */

unsigned lvs_capture_quote_offset(const struct lvs_capture_set *set)
{
	return ICMP_LEN + lvs_ends_addr_offset(set->family, set->direction == LVS_HOST_TO);
}

static void match_protocol(struct nlmsghdr *rule, unsigned family)
{
	lvs_be16 ethertype = htons(family == LVS_INET6 ? 0x86dd : 0x0800);

	lvs_nft_meta(rule, NFT_META_PROTOCOL, REG_KEY);
	lvs_nft_compare(rule, REG_KEY, NFT_CMP_EQ, &ethertype, sizeof(ethertype));
}

static void match_icmp(struct nlmsghdr *rule, unsigned family)
{
	uint8_t protocol = family == LVS_INET6 ? LVS_ICMPV6 : LVS_ICMP;

	match_protocol(rule, family);
	lvs_nft_meta(rule, NFT_META_L4PROTO, REG_KEY);
	lvs_nft_compare(rule, REG_KEY, NFT_CMP_EQ, &protocol, sizeof(protocol));
}

static void match_icmp_type(struct nlmsghdr *rule, uint32_t op, uint8_t type)
{
	lvs_nft_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, REG_KEY);
	lvs_nft_compare(rule, REG_KEY, op, &type, sizeof(type));
}

/* What becomes of what is captured. */
static void take(struct nlmsghdr *rule, uint32_t mark)
{
	if (mark != 0)
		lvs_nft_set_mark(rule, mark, REG_KEY);
	lvs_nft_verdict(rule, mark != 0 ? NFT_RETURN : NF_DROP, NULL);
}

/* meta pkttype != host return */
static void rule_other_host(struct lvs_nft_batch *batch)
{
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "capture");
	uint8_t host = PACKET_HOST;

	lvs_nft_meta(rule, NFT_META_PKTTYPE, REG_KEY);
	lvs_nft_compare(rule, REG_KEY, NFT_CMP_NEQ, &host, sizeof(host));
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
	lvs_nft_compare(rule, REG_KEY, NFT_CMP_EQ, &type, sizeof(type));
	lvs_nft_payload(rule, NFT_PAYLOAD_LL_HEADER, 14, 2, REG_KEY);
	lvs_nft_mask(rule, REG_KEY, &mask, sizeof(mask));
	lvs_nft_compare(rule, REG_KEY, NFT_CMP_NEQ, &zero, sizeof(zero));
	lvs_nft_verdict(rule, NFT_RETURN, NULL);
	lvs_nft_rule_end(batch, rule);
}

/* What else fragments are asked stands in a chain of its own. An IPv6 packet with a fragment header
 * that is none of several (RFC 6946) goes there too. */
static void rule_fragment(struct lvs_nft_batch *batch, unsigned family)
{
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "capture");
	lvs_be16 mask = htons(0x3fff); /* more fragments, or an offset (RFC 791) */
	lvs_be16 zero = 0;
	uint8_t present = 1;

	match_protocol(rule, family);
	if (family == LVS_INET6) {
		lvs_nft_ipv6_header(rule, IPPROTO_FRAGMENT, REG_KEY);
		lvs_nft_compare(rule, REG_KEY, NFT_CMP_EQ, &present, sizeof(present));
	} else {
		lvs_nft_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 6, 2, REG_KEY);
		lvs_nft_mask(rule, REG_KEY, &mask, sizeof(mask));
		lvs_nft_compare(rule, REG_KEY, NFT_CMP_NEQ, &zero, sizeof(zero));
	}
	lvs_nft_verdict(rule, NFT_GOTO, "fragment");
	lvs_nft_rule_end(batch, rule);
}

static void rule_icmp(struct lvs_nft_batch *batch, unsigned family)
{
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "capture");

	match_icmp(rule, family);
	lvs_nft_verdict(rule, NFT_GOTO, "error");
	lvs_nft_rule_end(batch, rule);
}

/* ICMP that is no error, or none that the director translates (lvs_icmp_is_error() of the core):
 * among it neighbour discovery, which must stay on its link. */
static void rule_no_error(struct lvs_nft_batch *batch, unsigned family)
{
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "error");

	match_icmp(rule, family);
	if (family == LVS_INET6) {
		match_icmp_type(rule, NFT_CMP_GTE, 128);
	} else {
		match_icmp_type(rule, NFT_CMP_NEQ, 3);  /* destination unreachable */
		match_icmp_type(rule, NFT_CMP_NEQ, 4);  /* source quench */
		match_icmp_type(rule, NFT_CMP_NEQ, 11); /* time exceeded */
	}
	lvs_nft_verdict(rule, NFT_RETURN, NULL);
	lvs_nft_rule_end(batch, rule);
}

/* Loads what a set's key begins with: the transport's number. */
static void load_protocol(struct nlmsghdr *rule, const struct lvs_capture_set *set)
{
	if (set->kind == LVS_CAPTURE_FRAGMENT && set->family == LVS_INET6)
		lvs_nft_ipv6_next(rule, IPPROTO_FRAGMENT, REG_KEY);
	else
		lvs_nft_meta(rule, NFT_META_L4PROTO, REG_KEY);
}

static void load_port(struct nlmsghdr *rule, bool from, uint32_t reg)
{
	lvs_nft_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, from ? 0 : 2, 2, reg);
}

static void match_high_port(struct nlmsghdr *rule, bool from)
{
	lvs_be16 least = htons(LVS_CAPTURE_HIGH_PORT);

	load_port(rule, from, REG_KEY);
	lvs_nft_compare(rule, REG_KEY, NFT_CMP_GTE, &least, sizeof(least));
}

/* Takes what is in a set: {protocol, address of one end, its port}. */
static void rule_set(struct lvs_nft_batch *batch, const char *chain, unsigned number, uint32_t mark)
{
	const struct lvs_capture_set *set = &lvs_capture_sets[number];
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, chain);
	unsigned addr_len = lvs_addr_len(set->family);
	bool from = set->direction == LVS_HOST_FROM;

	match_protocol(rule, set->family);
	load_protocol(rule, set);
	lvs_nft_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, lvs_ends_addr_offset(set->family, from),
			addr_len, REG_KEY + 1);
	if (set->kind == LVS_CAPTURE_PORT)
		load_port(rule, from, REG_KEY + 1 + addr_len / 4);
	lvs_nft_lookup(rule, set->name, number + 1, REG_KEY);
	if (set->kind == LVS_CAPTURE_HIGH)
		match_high_port(rule, from);
	take(rule, mark);
	lvs_nft_rule_end(batch, rule);
}

/* Takes errors about what is in a set. */
static void rule_quoted(struct lvs_nft_batch *batch, unsigned number, uint32_t mark)
{
	const struct lvs_capture_set *set = &lvs_capture_sets[number];
	struct nlmsghdr *rule = lvs_nft_rule_begin(batch, "error");

	match_icmp(rule, set->family);
	lvs_nft_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, lvs_capture_quote_offset(set),
			lvs_addr_len(set->family), REG_KEY);
	lvs_nft_lookup(rule, set->name, number + 1, REG_KEY);
	take(rule, mark);
	lvs_nft_rule_end(batch, rule);
}

static void rules_direction(struct lvs_nft_batch *batch, unsigned direction, uint32_t mark)
{
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].direction == direction &&
		    lvs_capture_sets[i].kind <= LVS_CAPTURE_HIGH)
			rule_set(batch, "capture", i, mark);
}

static void chain_fragment(struct lvs_nft_batch *batch, uint32_t mark)
{
	lvs_nft_add_chain(batch, "fragment");
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].kind == LVS_CAPTURE_FRAGMENT)
			rule_set(batch, "fragment", i, mark);
}

static void chain_error(struct lvs_nft_batch *batch, uint32_t mark)
{
	lvs_nft_add_chain(batch, "error");
	rule_no_error(batch, LVS_INET);
	rule_no_error(batch, LVS_INET6);
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].kind == LVS_CAPTURE_QUOTED)
			rule_quoted(batch, i, mark);
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].kind == LVS_CAPTURE_ALL)
			rule_set(batch, "error", i, mark);
}

void lvs_capture_build_chains(struct lvs_nft_batch *batch, uint32_t mark)
{
	chain_fragment(batch, mark);
	chain_error(batch, mark);
	lvs_nft_add_chain(batch, "capture");
	rule_other_host(batch);
	rule_vlan(batch, 0x8100);
	rule_vlan(batch, 0x88a8);
	rule_fragment(batch, LVS_INET);
	rule_fragment(batch, LVS_INET6);
	rule_icmp(batch, LVS_INET);
	rule_icmp(batch, LVS_INET6);
	rules_direction(batch, LVS_HOST_FROM, mark);
	rules_direction(batch, LVS_HOST_TO, mark);
}
