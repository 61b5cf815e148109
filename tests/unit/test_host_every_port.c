/* SPDX-License-Identifier: BSD-2-Clause */
/* Capture beyond one port: SCTP, every port of an address, FTP's data ports, AH and ESP. */
#include <liblvs/packet.h>
#include <string.h>

#include "base/byteorder.h"
#include "base/compiler.h"
#include "io/host/capture.h"

#include "capture_rig.h"
#include "unit.h"

enum { HIGH = LVS_HOST_HIGH_PORTS };

/* In force, for both families: the last byte of an address. */
static const struct {
	uint8_t direction;
	uint8_t protocol;
	uint8_t addr;
	uint16_t port;
	uint8_t flags;
} rows[] = {
	/* an SCTP service of .80, its server .2 */
	{LVS_HOST_TO, LVS_SCTP, 80, 80, 0},
	{LVS_HOST_FROM, LVS_SCTP, 2, 80, 0},
	/* every port of .81, its server .3 */
	{LVS_HOST_TO, LVS_TCP, 81, 0, 0},
	{LVS_HOST_TO, LVS_UDP, 81, 0, 0},
	{LVS_HOST_FROM, LVS_TCP, 3, 0, 0},
	{LVS_HOST_FROM, LVS_UDP, 3, 0, 0},
	/* FTP at .82, its server .4 */
	{LVS_HOST_TO, LVS_TCP, 82, 21, 0},
	{LVS_HOST_TO, LVS_TCP, 82, 20, 0},
	{LVS_HOST_TO, LVS_TCP, 82, 0, HIGH},
	{LVS_HOST_FROM, LVS_TCP, 4, 21, 0},
	{LVS_HOST_FROM, LVS_TCP, 4, 20, 0},
	{LVS_HOST_FROM, LVS_TCP, 4, 0, HIGH},
	/* key exchange at .83, its server .5 */
	{LVS_HOST_TO, LVS_UDP, 83, 500, 0},
	{LVS_HOST_TO, LVS_ESP, 83, 0, 0},
	{LVS_HOST_TO, LVS_AH, 83, 0, 0},
	{LVS_HOST_FROM, LVS_UDP, 5, 500, 0},
	{LVS_HOST_FROM, LVS_ESP, 5, 0, 0},
	{LVS_HOST_FROM, LVS_AH, 5, 0, 0},
};

static void set_up(struct lvs_capture *capture, uint32_t *ifindex)
{
	struct lvs_host_rule rule[2 * LVS_ARRAY_N(rows)];

	for (size_t i = 0; i < LVS_ARRAY_N(rows); i++) {
		union lvs_addr v4 = V4(10, 0, 0, rows[i].addr), v6 = V6(rows[i].addr);

		rule[2 * i] =
			make_rule(rows[i].direction, rows[i].protocol, v4, LVS_INET, rows[i].port);
		rule[2 * i + 1] =
			make_rule(rows[i].direction, rows[i].protocol, v6, LVS_INET6, rows[i].port);
		rule[2 * i].flags = rule[2 * i + 1].flags = rows[i].flags;
	}
	memset(capture, 0, sizeof(*capture));
	ck_assert_int_eq(lvs_capture_rules_make(&capture->rules, rule, LVS_ARRAY_N(rule)), 0);
	capture->direct = calloc(1, sizeof(*capture->direct));
	ck_assert_ptr_nonnull(capture->direct);
	ifindex[0] = 3;
	capture->ifindex = ifindex;
	capture->ifindex_n = 1;
}

enum { NONE, SYN, INIT, LATER };

/* In order: what one teaches the next know. */
static const struct step {
	uint8_t protocol;
	uint8_t src, dst;
	uint16_t src_port, dst_port;
	uint8_t what;
	bool back;
} steps[] = {
	{LVS_SCTP, 9, 80, 4000, 80, INIT, true},
	{LVS_SCTP, 9, 80, 4000, 81, INIT, false},
	{LVS_TCP, 9, 80, 4000, 80, SYN, false},
	{LVS_SCTP, 9, 80, 0, 0, LATER, true},
	{LVS_SCTP, 2, 9, 80, 4000, NONE, false}, /* left of a forgotten one */
	{LVS_SCTP, 2, 9, 80, 4000, INIT, true},  /* the server begins */
	{LVS_SCTP, 2, 9, 80, 4000, NONE, false},
	{LVS_SCTP, 9, 2, 4000, 80, NONE, false}, /* the host's, and the answer to it: */
	{LVS_SCTP, 2, 9, 80, 4000, NONE, true},

	{LVS_TCP, 9, 81, 4000, 1, SYN, true},
	{LVS_TCP, 9, 81, 4000, 65535, NONE, true},
	{LVS_UDP, 9, 81, 4000, 0, NONE, true},
	{LVS_SCTP, 9, 81, 4000, 80, INIT, false},
	{LVS_TCP, 3, 9, 22, 4000, NONE, false},
	{LVS_TCP, 3, 9, 22, 4000, SYN, true},
	{LVS_UDP, 3, 9, 4000, 53, NONE, true}, /* a question of its own */

	{LVS_TCP, 9, 82, 4000, 21, SYN, true},
	{LVS_TCP, 9, 82, 4000, 20, NONE, true},
	{LVS_TCP, 9, 82, 4000, 22, SYN, false},
	{LVS_TCP, 9, 82, 4000, 1023, SYN, false},
	{LVS_TCP, 9, 82, 4000, 1024, SYN, true},
	{LVS_TCP, 9, 82, 4000, 65535, SYN, true},
	{LVS_UDP, 9, 82, 4000, 1024, NONE, false},
	{LVS_TCP, 9, 82, 0, 0, LATER, true},
	{LVS_TCP, 4, 9, 20, 4000, NONE, false},
	{LVS_TCP, 4, 9, 1024, 4000, NONE, false},
	{LVS_TCP, 4, 9, 1024, 4000, SYN, true},
	{LVS_TCP, 9, 4, 4000, 1024, NONE, false}, /* who answers it: */
	{LVS_TCP, 4, 9, 1024, 4000, NONE, true},

	{LVS_UDP, 9, 83, 500, 500, NONE, true},
	{LVS_ESP, 9, 83, 0x1234, 1, NONE, true},
	{LVS_AH, 9, 83, 0x1234, 1, NONE, true},
	{LVS_ESP, 9, 82, 0x1234, 1, NONE, false},
	{LVS_ESP, 9, 83, 0, 0, LATER, true},
	{LVS_ESP, 5, 9, 0x1234, 1, NONE, false},
	{LVS_ESP, 9, 5, 0x1234, 1, NONE, false}, /* its number differs each way */
	{LVS_ESP, 5, 9, 0x4321, 1, NONE, true},
	{LVS_AH, 5, 9, 0x4321, 1, NONE, false},
};

static bool match_step(const struct lvs_capture *capture, const struct step *step, unsigned family)
{
	static const struct lvs_routes no_routes;
	struct packet_case c = {
		.family = (uint8_t)family,
		.protocol = step->protocol,
		.src = step->src,
		.dst = step->dst,
		.src_port = step->src_port,
		.dst_port = step->dst_port,
		.ifindex = 3,
		.fragment = step->what == LATER ? (family == LVS_INET6 ? 0x0100 : 0x0010) : 0,
	};
	struct lvs_packet packet;
	uint8_t data[256] = {0};
	unsigned len = put_packet(data, &c);

	if (step->what == SYN)
		data[len - 4 + 13] = LVS_TCP_SYN;
	if (step->what == INIT)
		data[len - 4 + 12] = 1;
	fill_packet(&packet, data, len + 16, &c);
	return lvs_capture_match(capture, &no_routes, &packet);
}

START_TEST(test_steps)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	bool steered = _i & 2;
	struct lvs_capture capture;
	uint32_t ifindex[2];

	set_up(&capture, ifindex);
	capture.rules.mark = steered;
	for (size_t i = 0; i < LVS_ARRAY_N(steps); i++)
		ck_assert_msg(match_step(&capture, &steps[i], family) ==
				      (steps[i].back || (steered && steps[i].src == 9)),
			      "step %zu", i);
	free_capture(&capture);
}
END_TEST

/* The set that a rule is put into, and what may not be one. */
static const struct {
	uint8_t protocol;
	uint16_t port;
	uint8_t flags;
	int err;
	unsigned n;
} flag_cases[] = {
	{LVS_TCP, 0, HIGH, 0, 3},
	{0, 0, HIGH, 0, 7},
	{LVS_SCTP, 0, HIGH, 0, 3},
	{LVS_TCP, 20, HIGH, LVS_ERR_INVALID, 0},
	{LVS_ESP, 0, HIGH, LVS_ERR_INVALID, 0},
	{LVS_TCP, 0, 2, LVS_ERR_INVALID, 0},
};

START_TEST(test_flag)
{
	union lvs_addr addr = V4(10, 0, 0, 1);
	struct lvs_host_rule rule = make_rule(LVS_HOST_TO, flag_cases[_i].protocol, addr, LVS_INET,
					      flag_cases[_i].port);
	struct lvs_capture_rules rules;
	unsigned high = 0, flagged = 0;

	rule.flags = flag_cases[_i].flags;
	ck_assert_int_eq(lvs_capture_rules_make(&rules, &rule, 1), flag_cases[_i].err);
	ck_assert_uint_eq(rules.n, flag_cases[_i].n);
	for (unsigned i = 0; i < rules.n; i++) {
		unsigned set = lvs_capture_set_of(&rules.rule[i]);

		high += lvs_capture_sets[set].kind == LVS_CAPTURE_HIGH;
		flagged += rules.rule[i].flags != 0;
	}
	ck_assert_uint_eq(high, flagged);
	ck_assert_uint_eq(high, rules.n == 7 ? 3 : rules.n / 3);
	lvs_capture_rules_fini(&rules);
}
END_TEST

/* Each set stands where its number says. */
START_TEST(test_sets)
{
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++) {
		const struct lvs_capture_set *set = &lvs_capture_sets[i];
		struct lvs_host_rule rule = {
			.family = set->family,
			.direction = set->direction,
			.port = set->kind == LVS_CAPTURE_PORT ? 1 : 0,
			.flags = set->kind == LVS_CAPTURE_HIGH ? HIGH : 0,
		};

		if (set->kind >= LVS_CAPTURE_FRAGMENT)
			rule.reserved[0] = set->kind;
		ck_assert_uint_eq(lvs_capture_set_of(&rule), i);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_every_port");

	tcase_add_loop_test(tcase, test_steps, 0, 4);
	tcase_add_loop_test(tcase, test_flag, 0, LVS_ARRAY_N(flag_cases));
	tcase_add_test(tcase, test_sets);
	return unit_run("host_every_port", tcase);
}
