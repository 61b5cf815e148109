/* SPDX-License-Identifier: BSD-2-Clause */
/* What the maps hold, made of rules. */
#include "xdp/maps.h"

#include <string.h>

#include "base/byteorder.h"
#include "unit.h"

static struct lvs_host_rule rule(unsigned family, uint8_t last, uint8_t protocol, uint16_t port,
				 uint8_t direction, uint8_t flags)
{
	struct lvs_host_rule made = {
		.family = (uint8_t)family,
		.protocol = protocol,
		.port = lvs_htons(port),
		.direction = direction,
		.flags = flags,
	};

	made.addr.byte[0] = 192;
	made.addr.byte[3] = last;
	return made;
}

static const struct {
	uint8_t protocol, direction, flags;
	uint16_t port;
	unsigned kind;
} kinds[] = {
	{LVS_TCP, LVS_HOST_TO, 0, 80, STEER_PORT},
	{LVS_UDP, LVS_HOST_FROM, 0, 0, STEER_ALL},
	{LVS_TCP, LVS_HOST_TO, LVS_HOST_HIGH_PORTS, 0, STEER_HIGH},
	{LVS_ESP, LVS_HOST_FROM, 0, 0, STEER_ALL},
};

/* Each rule brings its own bit, and those of fragments and quotes. */
START_TEST(test_bits)
{
	struct lvs_host_rule one = rule(LVS_INET, 1, kinds[_i].protocol, kinds[_i].port,
					kinds[_i].direction, kinds[_i].flags);
	struct lvs_capture_rules rules;
	struct steer_end end = lvs_xdp_end_of(&one);
	unsigned d = kinds[_i].direction;

	ck_assert_int_eq(lvs_capture_rules_make(&rules, &one, 1), 0);
	ck_assert_uint_eq(lvs_xdp_bits_of(&rules, &end), STEER_BIT(d, kinds[_i].kind) |
								 STEER_BIT(d, STEER_FRAGMENT) |
								 STEER_BIT(d, STEER_QUOTED));
	end.family = LVS_INET6;
	ck_assert_uint_eq(lvs_xdp_bits_of(&rules, &end), 0);
	lvs_capture_rules_fini(&rules);
}
END_TEST

START_TEST(test_key)
{
	struct lvs_host_rule one = rule(LVS_INET6, 9, LVS_TCP, 443, LVS_HOST_FROM, 0);
	struct steer_rule key;

	one.reserved[0] = STEER_FRAGMENT;
	key = lvs_xdp_key_of(&one);
	ck_assert_uint_eq(key.port, lvs_htons(443));
	ck_assert_uint_eq(key.family, LVS_INET6);
	ck_assert_uint_eq(key.protocol, LVS_TCP);
	ck_assert_uint_eq(key.direction, STEER_FROM);
	ck_assert_uint_eq(key.kind, STEER_FRAGMENT);
	ck_assert_mem_eq(key.word, &one.addr, 16);
}
END_TEST

/* Found among many, whatever the order. */
START_TEST(test_many)
{
	struct lvs_host_rule many[400];
	struct lvs_capture_rules rules;

	for (unsigned i = 0; i < 400; i++)
		many[i] = rule(i & 1 ? LVS_INET6 : LVS_INET, (uint8_t)(i * 7 % 200), LVS_TCP,
			       (uint16_t)(1 + i), i & 2 ? LVS_HOST_FROM : LVS_HOST_TO, 0);
	ck_assert_int_eq(lvs_capture_rules_make(&rules, many, 400), 0);
	for (unsigned i = 0; i < 400; i++) {
		struct steer_end end = lvs_xdp_end_of(&many[i]);

		ck_assert_uint_ne(lvs_xdp_bits_of(&rules, &end) &
					  STEER_BIT(many[i].direction, STEER_PORT),
				  0);
		end.word[3] = 1;
		ck_assert_uint_eq(lvs_xdp_bits_of(&rules, &end), 0);
	}
	lvs_capture_rules_fini(&rules);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("xdp_maps");

	tcase_add_loop_test(tcase, test_bits, 0, (int)(sizeof(kinds) / sizeof(kinds[0])));
	tcase_add_test(tcase, test_key);
	tcase_add_test(tcase, test_many);
	return unit_run("xdp_maps", tcase);
}
