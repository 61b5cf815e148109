/* SPDX-License-Identifier: BSD-2-Clause */
/* Capture rules: checked, spelled out, found; the batch's messages. */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "base/compiler.h"
#include "io/host/capture.h"

#include "capture_rig.h"
#include "unit.h"

struct check_case {
	uint8_t family;
	uint8_t protocol;
	uint8_t direction;
	uint16_t port;
	int err;
	unsigned n; /* rules in force */
};

static const struct check_case check_cases[] = {
	/* Each brings one for fragments and one for quoted packets; IPv6 four more for fragments.
	 */
	{LVS_INET, LVS_TCP, LVS_HOST_TO, 80, 0, 3},
	{LVS_INET6, LVS_UDP, LVS_HOST_FROM, 80, 0, 7},
	{LVS_INET, LVS_TCP, LVS_HOST_TO, 0, 0, 3},
	{LVS_INET, 0, LVS_HOST_TO, 0, 0, 7},
	{LVS_INET6, 0, LVS_HOST_TO, 0, 0, 11},
	{LVS_INET, LVS_ESP, LVS_HOST_TO, 0, 0, 3},
	{LVS_INET, LVS_ICMP, LVS_HOST_FROM, 0, 0, 3},
	{LVS_INET6, LVS_ICMPV6, LVS_HOST_TO, 0, 0, 7},
	{LVS_INET, 0, LVS_HOST_TO, 80, LVS_ERR_INVALID, 0},
	{LVS_INET, LVS_ESP, LVS_HOST_TO, 80, LVS_ERR_INVALID, 0},
	{LVS_INET, LVS_TCP, 2, 80, LVS_ERR_INVALID, 0},
	{LVS_UNSPEC, LVS_TCP, LVS_HOST_TO, 80, LVS_ERR_FAMILY, 0},
};

START_TEST(test_check)
{
	const struct check_case *c = &check_cases[_i];
	union lvs_addr addr = V4(10, 0, 0, 1);
	struct lvs_host_rule rule[2];
	struct lvs_capture_rules rules;

	rule[0] = make_rule(c->direction, c->protocol, addr, c->family, c->port);
	rule[1] = rule[0]; /* twice is once */
	rule[1].reserved[0] = 1;
	ck_assert_int_eq(lvs_capture_rules_make(&rules, rule, 2), c->err);
	ck_assert_uint_eq(rules.n, c->n);
	lvs_capture_rules_fini(&rules);
}
END_TEST

/* Each of many is found, and nothing else. */
START_TEST(test_many)
{
	enum { N = 5000 };
	struct lvs_host_rule *rule = calloc(N, sizeof(*rule));
	struct lvs_capture_rules rules;

	ck_assert_ptr_nonnull(rule);
	for (unsigned i = 0; i < N; i++) {
		union lvs_addr addr = V4(10, 0, (uint8_t)(i >> 8), (uint8_t)i);

		rule[i] = make_rule(i & 1, LVS_TCP, addr, LVS_INET, (uint16_t)(i % 7 + 1));
	}
	ck_assert_int_eq(lvs_capture_rules_make(&rules, rule, N), 0);
	ck_assert_uint_eq(rules.n, 3 * N);
	for (unsigned i = 0; i < N; i++) {
		ck_assert(lvs_capture_rules_has(&rules, &rule[i]));
		rule[i].port = lvs_htons((uint16_t)(i % 7 + 2));
		ck_assert(!lvs_capture_rules_has(&rules, &rule[i]));
	}
	lvs_capture_rules_fini(&rules);
	free(rule);
}
END_TEST

struct counts {
	unsigned message[32]; /* by NFT_MSG_... */
	unsigned elements;
	unsigned begins;
};

static int count_element(const struct nlattr *attr, void *user)
{
	(void)attr;
	((struct counts *)user)->elements++;
	return MNL_CB_OK;
}

static int count_attr(const struct nlattr *attr, void *user)
{
	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(attr, count_element, user);
	return MNL_CB_OK;
}

static void count_batch(const struct lvs_nft_batch *batch, struct counts *counts)
{
	const struct nlmsghdr *message = (const void *)batch->data;
	int left = (int)batch->len;

	memset(counts, 0, sizeof(*counts));
	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		unsigned type = message->nlmsg_type & 0xff;

		counts->begins += message->nlmsg_type == NFNL_MSG_BATCH_BEGIN;
		if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
			continue;
		ck_assert_uint_lt(type, LVS_ARRAY_N(counts->message));
		counts->message[type]++;
		if (type == NFT_MSG_NEWSETELEM || type == NFT_MSG_DELSETELEM)
			mnl_attr_parse(message, sizeof(struct nfgenmsg), count_attr, counts);
	}
	ck_assert_int_eq(left, 0); /* the messages fill the batch to the end */
}

/* The whole table, then only the difference. */
START_TEST(test_batch)
{
	struct lvs_ifaces ifaces = {.n = 0};
	struct lvs_nft_batch batch;
	struct lvs_capture_rules next;
	struct lvs_host_rule rule[6];
	struct lvs_capture capture;
	struct counts counts;
	uint32_t ifindex[2];

	make_capture(&capture, ifindex);
	lvs_nft_begin(&batch, "lvs_test");
	lvs_capture_build(&batch, &capture.rules, &ifaces, NULL, 0);
	count_batch(&batch, &counts);
	ck_assert_uint_eq(counts.begins, 1);
	ck_assert_uint_eq(counts.message[NFT_MSG_NEWTABLE], 2);
	ck_assert_uint_eq(counts.message[NFT_MSG_DELTABLE], 1);
	ck_assert_uint_eq(counts.message[NFT_MSG_NEWSET], 20);
	ck_assert_uint_eq(counts.message[NFT_MSG_NEWCHAIN], 3);
	ck_assert_uint_eq(counts.message[NFT_MSG_NEWRULE], 4 + 10 + 7 + 12);
	ck_assert_uint_eq(counts.elements, capture.rules.n);
	lvs_nft_fini(&batch);

	/* Without the last of those that follow from no other: itself, its fragments, its quotes.
	 */
	ck_assert_uint_eq(make_rules(rule), 6);
	ck_assert_int_eq(lvs_capture_rules_make(&next, rule + 1, 5), 0);
	ck_assert_uint_eq(next.n, capture.rules.n - 3);
	lvs_nft_begin(&batch, "lvs_test");
	lvs_capture_build_change(&batch, &capture.rules, &next);
	count_batch(&batch, &counts);
	ck_assert_uint_eq(counts.message[NFT_MSG_NEWSETELEM], 0);
	ck_assert_uint_eq(counts.elements, 3);
	lvs_nft_fini(&batch);
	lvs_capture_rules_fini(&next);
	free_capture(&capture);
}
END_TEST

/* More elements than one message carries. */
START_TEST(test_batch_grows)
{
	enum { N = 30000 };
	struct lvs_host_rule *rule = calloc(N, sizeof(*rule));
	static const struct lvs_capture_rules none;
	struct lvs_capture_rules rules;
	struct lvs_nft_batch batch;
	struct counts counts;

	ck_assert_ptr_nonnull(rule);
	for (unsigned i = 0; i < N; i++) {
		union lvs_addr addr = V6(1);

		rule[i] = make_rule(LVS_HOST_TO, LVS_TCP, addr, LVS_INET6, (uint16_t)(i + 1));
	}
	ck_assert_int_eq(lvs_capture_rules_make(&rules, rule, N), 0);
	lvs_nft_begin(&batch, "lvs_test");
	lvs_capture_build_change(&batch, &none, &rules);
	count_batch(&batch, &counts);
	ck_assert_uint_eq(counts.elements, N + 5 + 1); /* of one address */
	lvs_nft_fini(&batch);
	lvs_capture_rules_fini(&rules);
	free(rule);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_capture");

	tcase_add_loop_test(tcase, test_check, 0, LVS_ARRAY_N(check_cases));
	tcase_add_test(tcase, test_many);
	tcase_add_test(tcase, test_batch);
	tcase_add_test(tcase, test_batch_grows);
	return unit_run("host_capture", tcase);
}
