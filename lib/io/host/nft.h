/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages to nf_tables (linux/netfilter/nf_tables.h): a batch is a transaction,
 * taken whole or not at all. Memory that is short marks the batch as failed,
 * and sending it says so.
 */
#ifndef LVS_IO_HOST_NFT_H
#define LVS_IO_HOST_NFT_H

#include <stdbool.h>

#include <liblvs/types.h>

#include "io/host/netlink.h"

struct lvs_nft_batch {
	uint8_t *data;
	size_t len;
	size_t room;
	uint32_t seq;
	bool failed;
	const char *table;   /* of family netdev; not owned */
	struct nlattr *open; /* expressions of the rule that is being built */
};

void lvs_nft_begin(struct lvs_nft_batch *batch, const char *table);

/* Sends the batch and frees it. Returns 0 or a negative lvs_err. */
int lvs_nft_commit(struct lvs_nft_batch *batch, struct lvs_netlink *nl);

/* Frees a batch that is not sent. */
void lvs_nft_fini(struct lvs_nft_batch *batch);

/* 0 if the table exists, LVS_ERR_NO_ENTRY if not, another error. */
int lvs_nft_find_table(struct lvs_netlink *nl, const char *table);

void lvs_nft_add_table(struct lvs_nft_batch *batch);
void lvs_nft_del_table(struct lvs_nft_batch *batch);

/* A set of fixed-length keys; the type numbers only tell nft(8) how to print it. */
void lvs_nft_add_set(struct lvs_nft_batch *batch, const char *name, uint32_t id, uint32_t key_type,
		     uint32_t key_len);

/* The same of @p key_len bytes at @p offset of the transport header, for which nft(8) has no name.
 */
void lvs_nft_add_payload_set(struct lvs_nft_batch *batch, const char *name, uint32_t id,
			     uint32_t offset, uint32_t key_len);

/* Adds or removes elements: @p n keys of @p key_len bytes that lie one after the other. */
void lvs_nft_elements(struct lvs_nft_batch *batch, bool add, const char *set, const uint8_t *keys,
		      unsigned n, unsigned key_len);

/* A chain that others jump to, and one at a device's ingress. */
void lvs_nft_add_chain(struct lvs_nft_batch *batch, const char *name);
void lvs_nft_add_ingress(struct lvs_nft_batch *batch, const char *name, const char *device,
			 int priority);

/* A rule: begin, expressions in order, a verdict, end. NULL when memory is short; the
 * expressions take that. */
struct nlmsghdr *lvs_nft_rule_begin(struct lvs_nft_batch *batch, const char *chain);
void lvs_nft_rule_end(struct lvs_nft_batch *batch, struct nlmsghdr *rule);

/* Expressions. Registers are NFT_REG32_00 and on, 4 bytes each. */
void lvs_nft_meta(struct nlmsghdr *rule, uint32_t key, uint32_t reg);
void lvs_nft_set_mark(struct nlmsghdr *rule, uint32_t mark, uint32_t reg);
void lvs_nft_payload(struct nlmsghdr *rule, uint32_t base, uint32_t offset, uint32_t len,
		     uint32_t reg);
void lvs_nft_mask(struct nlmsghdr *rule, uint32_t reg, const void *mask, uint32_t len);
/* @p op is NFT_CMP_EQ, NFT_CMP_NEQ, NFT_CMP_GTE. */
void lvs_nft_compare(struct nlmsghdr *rule, uint32_t reg, uint32_t op, const void *data,
		     uint32_t len);
/* Whether there is an extension header of that type, and the type of what follows it. */
void lvs_nft_ipv6_header(struct nlmsghdr *rule, uint8_t type, uint32_t reg);
void lvs_nft_ipv6_next(struct nlmsghdr *rule, uint8_t type, uint32_t reg);
void lvs_nft_lookup(struct nlmsghdr *rule, const char *set, uint32_t id, uint32_t reg);
/* @p verdict is NF_DROP, NF_ACCEPT, NFT_RETURN, NFT_JUMP or NFT_GOTO; @p chain is for the last two.
 */
void lvs_nft_verdict(struct nlmsghdr *rule, int verdict, const char *chain);

#endif
