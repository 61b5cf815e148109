/* SPDX-License-Identifier: BSD-2-Clause */
/* Marking rules: each field, order, fragments, what a list refuses, what it reaches; a model. */
#include <liblvs/error.h>
#include <liblvs/mark.h>

#include "base/byteorder.h"
#include "director_rig.h"

#include "unit.h"

#include <stdlib.h>

#define V4(a, b, c, d)                                                                             \
	{                                                                                          \
		.byte = { a, b, c, d }                                                             \
	}
#define TCP80                                                                                      \
	{                                                                                          \
		.dst = V4(192, 0, 2, 80), .dst_len = 32, .family = LVS_INET, .protocol = LVS_TCP,  \
		.dst_port = 80, .dst_port_last = 80                                                \
	}

static struct lvs_marks *make(const struct lvs_mark_rule *rules, unsigned n)
{
	struct lvs_marks *marks = NULL;

	ck_assert_int_eq(lvs_marks_new(rules, n, &marks), 0);
	return marks;
}

/* The packet that rules are tried on: TCP from 198.51.100.7:1024 to 192.0.2.80:80 at interface 3.
 */
static uint32_t mark_of(const struct lvs_marks *marks, struct lvs_flow flow)
{
	struct rig_packet rig;

	rig_make(&rig, &flow, LVS_TCP_SYN, 20);
	rig.packet.ifindex = 3;
	rig.packet.mark = 99;
	lvs_marks_set(marks, &rig.packet, 1);
	return rig.packet.mark;
}

static struct lvs_flow flow4(uint8_t protocol)
{
	return rig_flow(protocol, LVS_INET, rig_addr4(198, 51, 100, 7), 1024,
			rig_addr4(192, 0, 2, 80), 80);
}

static const struct {
	struct lvs_mark_rule rule;
	bool matches;
} ones[] = {
	{{.mark = 1}, true},
	{{.mark = 0}, true},
	{{.family = LVS_INET}, true},
	{{.family = LVS_INET6}, false},
	{TCP80, true},
	{{.protocol = LVS_TCP}, true},
	{{.protocol = LVS_UDP}, false},
	{{.ifindex = 3}, true},
	{{.ifindex = 4}, false},
	{{.family = LVS_INET, .dst = V4(192, 0, 2, 0), .dst_len = 24}, true},
	{{.family = LVS_INET, .dst = V4(192, 0, 2, 80), .dst_len = 31}, true},
	{{.family = LVS_INET, .dst = V4(192, 0, 2, 82), .dst_len = 31}, false},
	{{.family = LVS_INET, .dst = V4(192, 0, 3, 0), .dst_len = 24}, false},
	{{.family = LVS_INET, .dst = V4(128, 0, 0, 0), .dst_len = 1}, true},
	{{.family = LVS_INET, .dst = V4(0, 0, 0, 0), .dst_len = 1}, false},
	{{.family = LVS_INET, .src = V4(198, 51, 100, 7), .src_len = 32}, true},
	{{.family = LVS_INET, .src = V4(198, 51, 100, 8), .src_len = 32}, false},
	{{.dst_port = 80, .dst_port_last = 80}, true},
	{{.dst_port = 81, .dst_port_last = 65535}, false},
	{{.dst_port = 1, .dst_port_last = 80}, true},
	{{.dst_port = 0, .dst_port_last = 79}, false},
	{{.src_port = 1024, .src_port_last = 1024}, true},
	{{.src_port = 1025, .src_port_last = 65535}, false},
	{{.src_port = 1, .src_port_last = 1023}, false},
};

START_TEST(test_one)
{
	struct lvs_mark_rule rule = ones[_i].rule;
	struct lvs_marks *marks;

	rule.mark = 7;
	marks = make(&rule, 1);
	ck_assert_uint_eq(mark_of(marks, flow4(LVS_TCP)), ones[_i].matches ? 7 : 99);
	lvs_marks_del(marks);
}
END_TEST

static const struct {
	struct lvs_mark_rule rule;
	int err;
} wrongs[] = {
	{{.family = 3}, LVS_ERR_FAMILY},
	{{.family = LVS_INET, .dst_len = 33}, LVS_ERR_RANGE},
	{{.family = LVS_INET6, .src_len = 129}, LVS_ERR_RANGE},
	{{.src_len = 1}, LVS_ERR_RANGE},
	{{.family = LVS_INET, .dst = V4(192, 0, 2, 1), .dst_len = 24}, LVS_ERR_INVALID},
	{{.family = LVS_INET, .dst = {.byte = {[4] = 1}}, .dst_len = 32}, LVS_ERR_INVALID},
	{{.src = {.byte = {[15] = 1}}}, LVS_ERR_INVALID},
	{{.dst_port = 80}, LVS_ERR_INVALID},
	{{.src_port = 80, .src_port_last = 79}, LVS_ERR_INVALID},
	{{.reserved = {0, 0, 0, 1}}, LVS_ERR_INVALID},
};

START_TEST(test_wrong)
{
	struct lvs_mark_rule rules[2] = {{.mark = 1}, wrongs[_i].rule};
	struct lvs_marks *marks = NULL;

	ck_assert_int_eq(lvs_marks_new(rules, 2, &marks), wrongs[_i].err);
	ck_assert_ptr_null(marks);
}
END_TEST

START_TEST(test_limits)
{
	struct lvs_mark_rule *rules = calloc(LVS_MARKS_MAX + 1, sizeof(*rules));
	struct lvs_marks *marks = NULL;

	ck_assert_ptr_nonnull(rules);
	ck_assert_int_eq(lvs_marks_new(rules, LVS_MARKS_MAX + 1, &marks), LVS_ERR_RANGE);
	ck_assert_int_eq(lvs_marks_new(NULL, 1, &marks), LVS_ERR_INVALID);
	rules[LVS_MARKS_MAX - 1].mark = 5;
	marks = make(rules, LVS_MARKS_MAX);
	ck_assert(!lvs_marks_reach(marks, LVS_INET, 5));
	lvs_marks_del(marks);
	free(rules);
	marks = make(NULL, 0);
	ck_assert_uint_eq(mark_of(marks, flow4(LVS_TCP)), 99);
	lvs_marks_del(marks);
	ck_assert_uint_eq(mark_of(NULL, flow4(LVS_TCP)), 99);
	ck_assert(!lvs_marks_reach(NULL, LVS_INET, 1));
	lvs_marks_del(NULL);
}
END_TEST

/* The first that matches decides, be it that the packet has no mark. */
START_TEST(test_order)
{
	struct lvs_mark_rule rules[] = {
		{.mark = 6, .family = LVS_INET6},
		{.mark = 0, .family = LVS_INET, .src = V4(198, 51, 100, 8), .src_len = 32},
		{.mark = 1, .protocol = LVS_TCP, .dst_port = 80, .dst_port_last = 80},
		{.mark = 2, .protocol = LVS_TCP},
		{.mark = 3},
	};
	struct lvs_marks *marks = make(rules, 5);
	struct lvs_flow flow = flow4(LVS_TCP);

	ck_assert_uint_eq(mark_of(marks, flow), 1);
	flow.dst_port = rig_port(81);
	ck_assert_uint_eq(mark_of(marks, flow), 2);
	ck_assert_uint_eq(mark_of(marks, flow4(LVS_UDP)), 3);
	flow.src = rig_addr4(198, 51, 100, 8);
	ck_assert_uint_eq(mark_of(marks, flow), 0);
	flow = rig_flow(LVS_TCP, LVS_INET6, rig_addr6(1, 1), 1, rig_addr6(1, 2), 80);
	ck_assert_uint_eq(mark_of(marks, flow), 6);
	lvs_marks_del(marks);
}
END_TEST

START_TEST(test_ipv6)
{
	struct lvs_mark_rule rule = {
		.mark = 7, .family = LVS_INET6, .dst = rig_addr6(1, 0x80), .dst_len = (uint8_t)_i};
	struct lvs_flow flow =
		rig_flow(LVS_TCP, LVS_INET6, rig_addr6(9, 1), 1, rig_addr6(1, 0x80), 80);
	struct lvs_marks *marks;

	/* All that counts is of the address; then a bit of it is another. */
	for (int bit = _i; bit < 128; bit++)
		rule.dst.byte[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	marks = make(&rule, 1);
	ck_assert_uint_eq(mark_of(marks, flow), 7);
	lvs_marks_del(marks);
	if (!_i)
		return;
	rule.dst.byte[(_i - 1) / 8] ^= (uint8_t)(0x80 >> (_i - 1) % 8);
	marks = make(&rule, 1);
	ck_assert_uint_eq(mark_of(marks, flow), 99);
	lvs_marks_del(marks);
}
END_TEST

/* Later fragments show no ports; what is no packet gets no mark. */
START_TEST(test_bytes)
{
	struct lvs_mark_rule ports = TCP80, all = {.mark = 8};
	struct lvs_flow flow = flow4(LVS_TCP);
	struct lvs_marks *by_ports, *by_all;
	struct rig_packet rig;

	ports.mark = 7;
	by_ports = make(&ports, 1);
	by_all = make(&all, 1);
	rig_make(&rig, &flow, LVS_TCP_SYN, 40);
	rig_put16(rig.packet.data + 6, 5); /* offset */
	rig_fix_ip(rig.packet.data);
	lvs_marks_set(by_ports, &rig.packet, 1);
	ck_assert_uint_eq(rig.packet.mark, 0);
	lvs_marks_set(by_all, &rig.packet, 1);
	ck_assert_uint_eq(rig.packet.mark, 8);
	rig.packet.mark = 0;
	rig.packet.data[0] = 0x55;
	lvs_marks_set(by_all, &rig.packet, 1);
	ck_assert_uint_eq(rig.packet.mark, 0);
	rig.packet.linear_len = rig.packet.len = 3;
	lvs_marks_set(by_all, &rig.packet, 1);
	ck_assert_uint_eq(rig.packet.mark, 0);
	lvs_marks_del(by_ports);
	lvs_marks_del(by_all);
}
END_TEST

static const struct {
	struct lvs_mark_rule rule[3]; /* the last is that of mark 5 */
	bool ipv4, ipv6;              /* it is reached */
} reaches[] = {
	{{{.mark = 1}, {.mark = 2}, {.mark = 5}}, false, false},
	{{{.mark = 1, .protocol = LVS_TCP}, {.mark = 2, .protocol = LVS_UDP}, {.mark = 5}},
	 true,
	 true},
	{{{.mark = 1, .family = LVS_INET}, {.mark = 1}, {.mark = 5}}, false, false},
	{{{.mark = 1, .family = LVS_INET}, {.mark = 1, .ifindex = 2}, {.mark = 5}}, false, true},
	{{{.mark = 1, .ifindex = 2}, {.mark = 1, .ifindex = 3}, {.mark = 5, .ifindex = 3}},
	 false,
	 false},
	{{{.mark = 1, .dst_port = 80, .dst_port_last = 90},
	  {.mark = 1, .ifindex = 2},
	  {.mark = 5, .dst_port = 80, .dst_port_last = 90}},
	 false,
	 false},
	{{{.mark = 1, .dst_port = 80, .dst_port_last = 90},
	  {.mark = 1, .ifindex = 2},
	  {.mark = 5, .dst_port = 80, .dst_port_last = 91}},
	 true,
	 true},
	{{{.mark = 1, .dst_port = 1, .dst_port_last = 65535},
	  {.mark = 1, .ifindex = 2},
	  {.mark = 5}},
	 true,
	 true},
	{{{.mark = 1, .family = LVS_INET, .dst = V4(192, 0, 2, 0), .dst_len = 24},
	  {.mark = 1, .ifindex = 2},
	  TCP80},
	 false,
	 false},
	{{{.mark = 1, .family = LVS_INET, .dst = V4(192, 0, 3, 0), .dst_len = 24},
	  {.mark = 1, .ifindex = 2},
	  TCP80},
	 true,
	 false},
	{{{.mark = 1, .ifindex = 1}, {.mark = 1, .ifindex = 2}, {.mark = 5, .protocol = LVS_ICMP}},
	 false,
	 false},
	{{{.mark = 1, .ifindex = 1}, {.mark = 1, .ifindex = 2}, {.mark = 5, .protocol = LVS_ESP}},
	 true,
	 true},
	{{{.mark = 1, .ifindex = 1},
	  {.mark = 1, .ifindex = 2},
	  {.mark = 5, .protocol = LVS_ESP, .src_port = 1, .src_port_last = 2}},
	 false,
	 false},
	{{{.mark = 1, .ifindex = 1}, {.mark = 1, .ifindex = 2}, {.mark = 6}}, false, false},
};

START_TEST(test_reach)
{
	struct lvs_mark_rule rule[3];
	struct lvs_marks *marks;

	memcpy(rule, reaches[_i].rule, sizeof(rule));
	if (!rule[2].mark)
		rule[2].mark = 5;
	marks = make(rule, 3);
	ck_assert_int_eq(lvs_marks_reach(marks, LVS_INET, 5), reaches[_i].ipv4);
	ck_assert_int_eq(lvs_marks_reach(marks, LVS_INET6, 5), reaches[_i].ipv6);
	lvs_marks_del(marks);
}
END_TEST

/* Random lists of narrow fields: what is never reached no packet gets. */
START_TEST(test_model)
{
	uint64_t random = (uint64_t)_i + 1;
	bool seen[8] = {false};
	struct lvs_mark_rule rules[8];
	struct lvs_marks *marks;

	memset(rules, 0, sizeof(rules));
	for (unsigned i = 0; i < 8; i++) {
		unsigned bits = (unsigned)(rig_random(&random) % 3);

		rules[i].mark = i + 1;
		rules[i].family = LVS_INET;
		rules[i].dst_len = (uint8_t)(30 + bits);
		rules[i].dst =
			rig_addr4(192, 0, 2, rig_random(&random) % 4 >> (2 - bits) << (2 - bits));
		rules[i].protocol = rig_random(&random) % 2 ? LVS_TCP : 0;
		rules[i].dst_port = (uint16_t)(1 + rig_random(&random) % 3);
		rules[i].dst_port_last = (uint16_t)(rules[i].dst_port + rig_random(&random) % 3);
	}
	marks = make(rules, 8);
	for (unsigned k = 0; k < 4 * 2 * 5; k++) {
		struct lvs_flow flow =
			rig_flow(k & 4 ? LVS_TCP : LVS_UDP, LVS_INET, rig_addr4(198, 51, 100, 7), 9,
				 rig_addr4(192, 0, 2, k & 3), 1 + (k >> 3));
		uint32_t mark = mark_of(marks, flow);

		if (mark != 99)
			seen[mark - 1] = true;
	}
	for (unsigned i = 0; i < 8; i++)
		ck_assert(!seen[i] || lvs_marks_reach(marks, LVS_INET, i + 1));
	lvs_marks_del(marks);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("io_mark");

	tcase_add_loop_test(tcase, test_one, 0, (int)(sizeof(ones) / sizeof(ones[0])));
	tcase_add_loop_test(tcase, test_wrong, 0, (int)(sizeof(wrongs) / sizeof(wrongs[0])));
	tcase_add_test(tcase, test_limits);
	tcase_add_test(tcase, test_order);
	tcase_add_loop_test(tcase, test_ipv6, 0, 129);
	tcase_add_test(tcase, test_bytes);
	tcase_add_loop_test(tcase, test_reach, 0, (int)(sizeof(reaches) / sizeof(reaches[0])));
	tcase_add_loop_test(tcase, test_model, 0, 200);
	return unit_run("io_mark", tcase);
}
