/* SPDX-License-Identifier: BSD-2-Clause */
/* Capture rules: checked, spelled out, found; the predicate on packets; the batch's messages. */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "base/compiler.h"
#include "io/host_capture.h"

#include "unit.h"

#define V4(a, b, c, d)                                                                             \
	{                                                                                          \
		{                                                                                  \
			a, b, c, d                                                                 \
		}                                                                                  \
	}
#define V6(last)                                                                                   \
	{                                                                                          \
		{                                                                                  \
			0xfd, 1, [15] = (last)                                                     \
		}                                                                                  \
	}

static struct lvs_host_rule make_rule(unsigned direction, unsigned protocol, union lvs_addr addr,
				      unsigned family, uint16_t port)
{
	struct lvs_host_rule rule;

	memset(&rule, 0, sizeof(rule));
	rule.addr = addr;
	rule.family = (uint8_t)family;
	rule.protocol = (uint8_t)protocol;
	rule.direction = (uint8_t)direction;
	rule.port = lvs_htons(port);
	return rule;
}

struct check_case {
	uint8_t family;
	uint8_t protocol;
	uint8_t direction;
	uint16_t port;
	int err;
	unsigned n; /* rules in force */
};

static const struct check_case check_cases[] = {
	{LVS_INET, LVS_TCP, LVS_HOST_TO, 80, 0, 1},
	{LVS_INET6, LVS_UDP, LVS_HOST_FROM, 80, 0, 1},
	{LVS_INET, LVS_TCP, LVS_HOST_TO, 0, 0, 1},
	{LVS_INET, 0, LVS_HOST_TO, 0, 0, 3},
	{LVS_INET, LVS_ESP, LVS_HOST_TO, 0, 0, 1},
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
	ck_assert_uint_eq(rules.n, N);
	for (unsigned i = 0; i < N; i++) {
		ck_assert(lvs_capture_rules_has(&rules, &rule[i]));
		rule[i].port = lvs_htons((uint16_t)(i % 7 + 2));
		ck_assert(!lvs_capture_rules_has(&rules, &rule[i]));
	}
	lvs_capture_rules_fini(&rules);
	free(rule);
}
END_TEST

/* A packet, as far as the predicate looks. */
struct packet_case {
	const char *what;
	uint8_t family;
	uint8_t protocol;
	uint8_t src; /* last byte of the address */
	uint8_t dst;
	uint16_t src_port;
	uint16_t dst_port;
	uint16_t fragment; /* IPv4: the flags and offset field; IPv6: the same of a header */
	uint8_t options;   /* 4-byte words of IPv4 options; IPv6: destination options headers */
	uint32_t ifindex;
	uint8_t link_type;
	uint16_t vlan;
	bool captured;
};

/* In force: to .80 TCP 80; from .2 TCP 80; to .81 all of UDP; at interfaces 3 and 5. */
static const struct packet_case packet_cases[] = {
	{"request", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 0, 0, true},
	{"request, other interface", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 5, 0, 0, true},
	{"request, any interface", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 0, 0, 0, true},
	{"request, not there", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 4, 0, 0, false},
	{"request, broadcast", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 1, 0, false},
	{"request, another host's", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 3, 0, false},
	{"request, VLAN 7", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 0, 7, false},
	{"request, priority tag", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 0, 0xe000, true},
	{"request, options", LVS_INET, 6, 9, 80, 4000, 80, 0, 3, 3, 0, 0, true},
	{"request, DF", LVS_INET, 6, 9, 80, 4000, 80, 0x4000, 0, 3, 0, 0, true},
	{"request, first fragment", LVS_INET, 6, 9, 80, 4000, 80, 0x2000, 0, 3, 0, 0, false},
	{"request, later fragment", LVS_INET, 6, 9, 80, 4000, 80, 0x0010, 0, 3, 0, 0, false},
	{"request, other port", LVS_INET, 6, 9, 80, 4000, 81, 0, 0, 3, 0, 0, false},
	{"request, other protocol", LVS_INET, 17, 9, 80, 4000, 80, 0, 0, 3, 0, 0, false},
	{"reply to nobody", LVS_INET, 6, 2, 9, 80, 4000, 0, 0, 3, 0, 0, false},
	{"reply, first fragment", LVS_INET, 6, 2, 9, 80, 4000, 0x2000, 0, 3, 0, 0, false},
	{"reply, other port", LVS_INET, 6, 2, 9, 81, 4000, 0, 0, 3, 0, 0, false},
	{"to the server's port", LVS_INET, 6, 9, 2, 4000, 80, 0, 0, 3, 0, 0, false},
	{"from the service's port", LVS_INET, 6, 80, 9, 80, 4000, 0, 0, 3, 0, 0, false},
	{"every port", LVS_INET, 17, 9, 81, 4000, 53, 0, 0, 3, 0, 0, true},
	{"every port, other protocol", LVS_INET, 6, 9, 81, 4000, 53, 0, 0, 3, 0, 0, false},
	{"ICMP", LVS_INET, 1, 9, 80, 0x0800, 80, 0, 0, 3, 0, 0, false},
	{"IPv6 request", LVS_INET6, 6, 9, 80, 4000, 80, 0, 0, 3, 0, 0, true},
	{"IPv6 request, options", LVS_INET6, 6, 9, 80, 4000, 80, 0, 2, 3, 0, 0, true},
	{"IPv6 request, 17 headers", LVS_INET6, 6, 9, 80, 4000, 80, 0, 17, 3, 0, 0, false},
	{"IPv6 request, fragment", LVS_INET6, 6, 9, 80, 4000, 80, 0x0001, 0, 3, 0, 0, false},
	{"IPv6 request, later fragment", LVS_INET6, 6, 9, 80, 4000, 80, 0x0100, 0, 3, 0, 0, false},
	{"IPv6 reply to nobody", LVS_INET6, 6, 2, 9, 80, 4000, 0, 0, 3, 0, 0, false},
	{"IPv6 other port", LVS_INET6, 6, 9, 80, 4000, 81, 0, 0, 3, 0, 0, false},
	{"IPv6 every port", LVS_INET6, 17, 9, 81, 1, 2, 0, 1, 3, 0, 0, true},
};

static unsigned put_ports(uint8_t *at, const struct packet_case *c)
{
	lvs_store16(at, c->src_port);
	lvs_store16(at + 2, c->dst_port);
	return 4;
}

static unsigned put_ipv4(uint8_t *at, const struct packet_case *c)
{
	unsigned header = 20 + c->options * 4u;

	memset(at, 0, header);
	at[0] = (uint8_t)(0x40 | header / 4);
	lvs_store16(at + 6, c->fragment);
	at[9] = c->protocol;
	at[12] = at[16] = 10;
	at[15] = c->src;
	at[19] = c->dst;
	return header + put_ports(at + header, c);
}

static unsigned put_ipv6(uint8_t *at, const struct packet_case *c)
{
	uint8_t *next = at + 6;
	unsigned len = 40;

	memset(at, 0, len);
	at[0] = 0x60;
	at[8] = at[24] = 0xfd;
	at[9] = at[25] = 1;
	at[23] = c->src;
	at[39] = c->dst;
	for (unsigned i = 0; i < c->options; i++, len += 8) {
		memset(at + len, 0, 8);
		*next = 60;
		next = at + len;
	}
	if (c->fragment != 0) {
		memset(at + len, 0, 8);
		lvs_store16(at + len + 2, c->fragment);
		*next = 44;
		next = at + len;
		len += 8;
	}
	*next = c->protocol;
	return len + put_ports(at + len, c);
}

static void make_capture(struct lvs_capture *capture, uint32_t *ifindex)
{
	struct lvs_host_rule rule[6];

	for (unsigned i = 0; i < 2; i++) {
		unsigned family = i ? LVS_INET6 : LVS_INET;
		union lvs_addr vip = V4(10, 0, 0, 80), real = V4(10, 0, 0, 2),
			       all = V4(10, 0, 0, 81);
		union lvs_addr vip6 = V6(80), real6 = V6(2), all6 = V6(81);

		rule[i * 3] = make_rule(LVS_HOST_TO, LVS_TCP, i ? vip6 : vip, family, 80);
		rule[i * 3 + 1] = make_rule(LVS_HOST_FROM, LVS_TCP, i ? real6 : real, family, 80);
		rule[i * 3 + 2] = make_rule(LVS_HOST_TO, LVS_UDP, i ? all6 : all, family, 0);
	}
	memset(capture, 0, sizeof(*capture));
	ck_assert_int_eq(lvs_capture_rules_make(&capture->rules, rule, 6), 0);
	capture->direct = calloc(1, sizeof(*capture->direct));
	ck_assert_ptr_nonnull(capture->direct);
	ifindex[0] = 3;
	ifindex[1] = 5;
	capture->ifindex = ifindex;
	capture->ifindex_n = 2;
}

static void fill_packet(struct lvs_packet *packet, uint8_t *data, unsigned len,
			const struct packet_case *c)
{
	memset(packet, 0, sizeof(*packet));
	packet->data = data;
	packet->len = len;
	packet->linear_len = len;
	packet->ifindex = c->ifindex;
	packet->link_type = c->link_type;
	packet->vlan = c->vlan;
}

static void free_capture(struct lvs_capture *capture)
{
	lvs_capture_rules_fini(&capture->rules);
	free(capture->direct);
}

START_TEST(test_packet)
{
	const struct packet_case *c = &packet_cases[_i];
	struct lvs_capture capture;
	struct lvs_packet packet;
	uint32_t ifindex[2];
	uint8_t data[256];
	unsigned len = c->family == LVS_INET6 ? put_ipv6(data, c) : put_ipv4(data, c);

	make_capture(&capture, ifindex);
	fill_packet(&packet, data, len, c);
	ck_assert_msg(lvs_capture_match(&capture, &packet) == c->captured, "%s", c->what);
	/* Cut anywhere it is read as far as it is there. */
	for (unsigned cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, data, cut);
		fill_packet(&packet, copy, cut, c);
		(void)lvs_capture_match(&capture, &packet);
		free(copy);
	}
	free_capture(&capture);
}
END_TEST

/* What a server says from a captured port goes back to the host when a client asked the server
 * itself, or when the server begins; not when it is what is left of a forgotten connection. */
static const struct direct_step {
	uint8_t src, dst;
	uint16_t src_port, dst_port;
	uint8_t flags; /* TCP's */
	bool back;
} direct_steps[] = {
	{2, 9, 80, 4000, LVS_TCP_ACK, false},
	{2, 9, 80, 4000, LVS_TCP_SYN | LVS_TCP_ACK, false},
	{2, 9, 80, 4000, LVS_TCP_RST, false},
	{9, 2, 4000, 80, LVS_TCP_SYN, false}, /* the host has it already */
	{2, 9, 80, 4000, LVS_TCP_SYN | LVS_TCP_ACK, true},
	{2, 9, 80, 4000, LVS_TCP_ACK, true},
	{2, 9, 80, 4001, LVS_TCP_ACK, false},
	{2, 8, 80, 4000, LVS_TCP_ACK, false},
	{2, 8, 80, 4000, LVS_TCP_SYN, true}, /* it begins */
	{2, 8, 80, 4000, LVS_TCP_ACK, false},
	{8, 2, 4000, 80, LVS_TCP_SYN | LVS_TCP_ACK, false},
	{2, 8, 80, 4000, LVS_TCP_ACK, true},
};

START_TEST(test_direct)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	struct lvs_capture capture;
	uint32_t ifindex[2];

	make_capture(&capture, ifindex);
	for (size_t i = 0; i < sizeof(direct_steps) / sizeof(direct_steps[0]); i++) {
		const struct direct_step *step = &direct_steps[i];
		struct packet_case c = {.family = (uint8_t)family,
					.protocol = LVS_TCP,
					.src = step->src,
					.dst = step->dst,
					.src_port = step->src_port,
					.dst_port = step->dst_port,
					.ifindex = 3};
		struct lvs_packet packet;
		uint8_t data[256] = {0};
		unsigned len = family == LVS_INET6 ? put_ipv6(data, &c) : put_ipv4(data, &c);

		data[len - 4 + 13] = step->flags;
		fill_packet(&packet, data, len + 16, &c);
		ck_assert_msg(lvs_capture_match(&capture, &packet) == step->back, "step %zu", i);
	}
	free_capture(&capture);
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
	ck_assert_uint_eq(counts.message[NFT_MSG_NEWSET], 8);
	ck_assert_uint_eq(counts.message[NFT_MSG_NEWCHAIN], 1);
	ck_assert_uint_eq(counts.message[NFT_MSG_NEWRULE], 13);
	ck_assert_uint_eq(counts.elements, 6);
	lvs_nft_fini(&batch);

	ck_assert_int_eq(lvs_capture_rules_make(&next, capture.rules.rule, 4), 0);
	lvs_nft_begin(&batch, "lvs_test");
	lvs_capture_build_change(&batch, &capture.rules, &next);
	count_batch(&batch, &counts);
	ck_assert_uint_eq(counts.message[NFT_MSG_NEWSETELEM], 0);
	ck_assert_uint_eq(counts.elements, 2);
	lvs_nft_fini(&batch);
	lvs_capture_rules_fini(&next);
	lvs_capture_rules_fini(&capture.rules);
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
	ck_assert_uint_eq(counts.elements, N);
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
	tcase_add_loop_test(tcase, test_packet, 0, LVS_ARRAY_N(packet_cases));
	tcase_add_loop_test(tcase, test_direct, 0, 2);
	tcase_add_test(tcase, test_batch);
	tcase_add_test(tcase, test_batch_grows);
	return unit_run("host_capture", tcase);
}
