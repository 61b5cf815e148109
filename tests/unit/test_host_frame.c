/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames that ask for, announce and claim an address. */
#include <string.h>

#include "base/byteorder.h"
#include "base/compiler.h"
#include "io/host/frame.h"

#include "unit.h"

static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x17};
static const union lvs_addr v4 = {{10, 1, 0, 80}};
static const union lvs_addr v6 = {{0xfd, 1, [13] = 0xab, [14] = 0xcd, [15] = 0x80}};

/* RFC 5227, section 2.1.1: sender address zero, target the address, to everybody. */
START_TEST(test_arp_probe)
{
	static const uint8_t want[42] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0,  0, 0x17, 8, 6, /* Ethernet */
		0,    1,    8,    0,    6,    4,    0,    1,                       /* request */
		0x02, 0,    0,    0,    0,    0x17, 0,    0, 0, 0,                 /* sender */
		0,    0,    0,    0,    0,    0,    10,   1, 0, 80,                /* target */
	};
	uint8_t frame[LVS_FRAME_MAX];

	ck_assert_uint_eq(lvs_frame_probe(frame, LVS_INET, mac, &v4), sizeof(want));
	ck_assert_mem_eq(frame, want, sizeof(want));
	ck_assert_uint_eq(lvs_frame_announce(frame, LVS_INET, mac, &v4, false), sizeof(want));
	ck_assert_mem_eq(frame + 28, v4.byte, 4);
	ck_assert_mem_eq(frame + 38, v4.byte, 4);
}
END_TEST

/* RFC 4862, section 5.4.2, and RFC 4861, section 4.3: to the solicited-node group, from nobody. */
START_TEST(test_solicitation)
{
	static const uint8_t group_mac[6] = {0x33, 0x33, 0xff, 0xab, 0xcd, 0x80};
	static const uint8_t group[16] = {0xff, 2, [11] = 1, [12] = 0xff, 0xab, 0xcd, 0x80};
	static const uint8_t nobody[16];
	uint8_t frame[LVS_FRAME_MAX];

	ck_assert_uint_eq(lvs_frame_probe(frame, LVS_INET6, mac, &v6), 14 + 40 + 24);
	ck_assert_mem_eq(frame, group_mac, 6);
	ck_assert_uint_eq(frame[14 + 7], 255);
	ck_assert_mem_eq(frame + 14 + 8, nobody, 16);
	ck_assert_mem_eq(frame + 14 + 24, group, 16);
	ck_assert_uint_eq(frame[54], 135);
	ck_assert_mem_eq(frame + 54 + 8, v6.byte, 16);
}
END_TEST

/* RFC 4861, section 7.2.6: to all nodes, override, with the link-layer address. */
START_TEST(test_advertisement)
{
	static const uint8_t all[16] = {0xff, 2, [15] = 1};
	uint8_t frame[LVS_FRAME_MAX];

	ck_assert_uint_eq(lvs_frame_announce(frame, LVS_INET6, mac, &v6, false), 14 + 40 + 32);
	ck_assert_mem_eq(frame + 14 + 8, v6.byte, 16);
	ck_assert_mem_eq(frame + 14 + 24, all, 16);
	ck_assert_uint_eq(frame[54], 136);
	ck_assert_uint_eq(frame[58], 0x20);
	ck_assert_uint_eq(frame[54 + 24], 2);
	ck_assert_mem_eq(frame + 54 + 26, mac, 6);
	ck_assert_uint_eq(lvs_frame_announce(frame, LVS_INET6, mac, &v6, true), 14 + 40 + 32);
	ck_assert_uint_eq(frame[58], 0xa0);
}
END_TEST

/* What we send is read as what it is, whole only. */
START_TEST(test_read_back)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	bool probe = _i & 2;
	const union lvs_addr *addr = _i & 1 ? &v6 : &v4;
	uint8_t frame[LVS_FRAME_MAX];
	size_t len = probe ? lvs_frame_probe(frame, family, mac, addr)
			   : lvs_frame_announce(frame, family, mac, addr, false);
	struct lvs_claim claim;

	ck_assert(lvs_frame_read(frame, len, &claim));
	ck_assert_uint_eq(claim.family, family);
	ck_assert_int_eq(claim.probe, probe);
	ck_assert_mem_eq(claim.mac, mac, 6);
	ck_assert_mem_eq(&claim.addr, addr, sizeof(*addr));
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, frame, cut);
		ck_assert(!lvs_frame_read(copy, cut, &claim));
		free(copy);
	}
}
END_TEST

/* Any broken byte of a neighbour discovery packet fails its checksum or its checks. */
START_TEST(test_broken)
{
	uint8_t frame[LVS_FRAME_MAX];
	size_t len = lvs_frame_announce(frame, LVS_INET6, mac, &v6, false);
	struct lvs_claim claim;

	for (size_t at = 14 + 4; at < len; at++) {
		frame[at] ^= 0x10;
		ck_assert_msg(!lvs_frame_read(frame, len, &claim), "byte %zu", at);
		frame[at] ^= 0x10;
	}
	ck_assert(lvs_frame_read(frame, len, &claim));
}
END_TEST

struct change {
	size_t at;
	uint8_t value;
};

/* Each makes of an ARP announcement something that claims nothing. */
static const struct change arp_changes[] = {
	{12, 0x09}, /* another type of frame */
	{16, 0x86}, /* another protocol */
	{18, 8},    /* hardware address length */
	{19, 16},   /* protocol address length */
};

START_TEST(test_arp_unfit)
{
	uint8_t frame[LVS_FRAME_MAX];
	size_t len = lvs_frame_announce(frame, LVS_INET, mac, &v4, false);
	struct lvs_claim claim;

	frame[arp_changes[_i].at] = arp_changes[_i].value;
	ck_assert(!lvs_frame_read(frame, len, &claim));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_frame");

	tcase_add_test(tcase, test_arp_probe);
	tcase_add_test(tcase, test_solicitation);
	tcase_add_test(tcase, test_advertisement);
	tcase_add_loop_test(tcase, test_read_back, 0, 4);
	tcase_add_test(tcase, test_broken);
	tcase_add_loop_test(tcase, test_arp_unfit, 0, LVS_ARRAY_N(arp_changes));
	return unit_run("host_frame", tcase);
}
