/* SPDX-License-Identifier: BSD-2-Clause */
/* The expressions of a rule, each a name and its attributes. */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "io/host/nft.h"

struct open_expr {
	struct nlattr *element;
	struct nlattr *data;
};

static struct open_expr expr_begin(struct nlmsghdr *rule, const char *name)
{
	struct open_expr open;

	open.element = mnl_attr_nest_start(rule, NFTA_LIST_ELEM);
	mnl_attr_put_strz(rule, NFTA_EXPR_NAME, name);
	open.data = mnl_attr_nest_start(rule, NFTA_EXPR_DATA);
	return open;
}

static void expr_end(struct nlmsghdr *rule, struct open_expr open)
{
	mnl_attr_nest_end(rule, open.data);
	mnl_attr_nest_end(rule, open.element);
}

static void put_be32(struct nlmsghdr *rule, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(rule, type, htonl(value));
}

static void put_data(struct nlmsghdr *rule, uint16_t type, const void *data, uint32_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(rule, type);

	mnl_attr_put(rule, NFTA_DATA_VALUE, len, data);
	mnl_attr_nest_end(rule, nest);
}

void lvs_nft_meta(struct nlmsghdr *rule, uint32_t key, uint32_t reg)
{
	struct open_expr open;

	if (rule == NULL)
		return;
	open = expr_begin(rule, "meta");
	put_be32(rule, NFTA_META_KEY, key);
	put_be32(rule, NFTA_META_DREG, reg);
	expr_end(rule, open);
}

/* @p reg is used on the way. */
void lvs_nft_set_mark(struct nlmsghdr *rule, uint32_t mark, uint32_t reg)
{
	struct open_expr open;

	if (rule == NULL)
		return;
	open = expr_begin(rule, "immediate");
	put_be32(rule, NFTA_IMMEDIATE_DREG, reg);
	put_data(rule, NFTA_IMMEDIATE_DATA, &mark, sizeof(mark));
	expr_end(rule, open);
	open = expr_begin(rule, "meta");
	put_be32(rule, NFTA_META_KEY, NFT_META_MARK);
	put_be32(rule, NFTA_META_SREG, reg);
	expr_end(rule, open);
}

void lvs_nft_payload(struct nlmsghdr *rule, uint32_t base, uint32_t offset, uint32_t len,
		     uint32_t reg)
{
	struct open_expr open;

	if (rule == NULL)
		return;
	open = expr_begin(rule, "payload");
	put_be32(rule, NFTA_PAYLOAD_DREG, reg);
	put_be32(rule, NFTA_PAYLOAD_BASE, base);
	put_be32(rule, NFTA_PAYLOAD_OFFSET, offset);
	put_be32(rule, NFTA_PAYLOAD_LEN, len);
	expr_end(rule, open);
}

void lvs_nft_mask(struct nlmsghdr *rule, uint32_t reg, const void *mask, uint32_t len)
{
	static const uint8_t zero[16];
	struct open_expr open;

	if (rule == NULL)
		return;
	open = expr_begin(rule, "bitwise");
	put_be32(rule, NFTA_BITWISE_SREG, reg);
	put_be32(rule, NFTA_BITWISE_DREG, reg);
	put_be32(rule, NFTA_BITWISE_LEN, len);
	put_data(rule, NFTA_BITWISE_MASK, mask, len);
	put_data(rule, NFTA_BITWISE_XOR, zero, len);
	expr_end(rule, open);
}

void lvs_nft_compare(struct nlmsghdr *rule, uint32_t reg, uint32_t op, const void *data,
		     uint32_t len)
{
	struct open_expr open;

	if (rule == NULL)
		return;
	open = expr_begin(rule, "cmp");
	put_be32(rule, NFTA_CMP_SREG, reg);
	put_be32(rule, NFTA_CMP_OP, op);
	put_data(rule, NFTA_CMP_DATA, data, len);
	expr_end(rule, open);
}

/* The first byte of an extension header, or with NFT_EXTHDR_F_PRESENT whether it is there. */
static void put_ipv6_header(struct nlmsghdr *rule, uint8_t type, uint32_t flags, uint32_t reg)
{
	struct open_expr open;

	if (rule == NULL)
		return;
	open = expr_begin(rule, "exthdr");
	put_be32(rule, NFTA_EXTHDR_DREG, reg);
	mnl_attr_put_u8(rule, NFTA_EXTHDR_TYPE, type);
	put_be32(rule, NFTA_EXTHDR_OFFSET, 0);
	put_be32(rule, NFTA_EXTHDR_LEN, 1);
	put_be32(rule, NFTA_EXTHDR_FLAGS, flags);
	put_be32(rule, NFTA_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
	expr_end(rule, open);
}

void lvs_nft_ipv6_header(struct nlmsghdr *rule, uint8_t type, uint32_t reg)
{
	put_ipv6_header(rule, type, NFT_EXTHDR_F_PRESENT, reg);
}

void lvs_nft_ipv6_next(struct nlmsghdr *rule, uint8_t type, uint32_t reg)
{
	put_ipv6_header(rule, type, 0, reg);
}

void lvs_nft_lookup(struct nlmsghdr *rule, const char *set, uint32_t id, uint32_t reg)
{
	struct open_expr open;

	if (rule == NULL)
		return;
	open = expr_begin(rule, "lookup");
	mnl_attr_put_strz(rule, NFTA_LOOKUP_SET, set);
	put_be32(rule, NFTA_LOOKUP_SREG, reg);
	put_be32(rule, NFTA_LOOKUP_SET_ID, id);
	expr_end(rule, open);
}

void lvs_nft_verdict(struct nlmsghdr *rule, int verdict, const char *chain)
{
	struct open_expr open;
	struct nlattr *data;
	struct nlattr *nest;

	if (rule == NULL)
		return;
	open = expr_begin(rule, "immediate");
	put_be32(rule, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = mnl_attr_nest_start(rule, NFTA_IMMEDIATE_DATA);
	nest = mnl_attr_nest_start(rule, NFTA_DATA_VERDICT);
	put_be32(rule, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain != NULL)
		mnl_attr_put_strz(rule, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(rule, nest);
	mnl_attr_nest_end(rule, data);
	expr_end(rule, open);
}
