/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapter tun as far as it needs no device: hops and checksums, names, what it lacks. */
#include <liblvs/error.h>
#include <liblvs/io.h>

#include "io/tun/device.h"
#include "io/tun/hop.h"

#include "packet_ref.h"
#include "unit.h"

#include <stdio.h>

static const uint8_t ipv6[LVS_TUN_HOP_HEAD] = {0x60, [6] = 6, [8] = 0x20, [9] = 1};

/* Each TTL, in headers of many contents: one more and one less, the checksum as if made anew. */
START_TEST(test_hop_ipv4)
{
	uint8_t ttl = (uint8_t)_i;
	struct ref_rng rng = {.state = 7};

	for (unsigned round = 0; round < 200; round++) {
		uint8_t ip[60], wanted[60];

		ref_put_ip(ip, LVS_INET, LVS_TCP, 0, 100, &rng);
		ip[8] = ttl;
		ref_ipv4_checksum(ip);
		for (unsigned up = 0; up < 2; up++) {
			uint8_t changed[60];

			memcpy(wanted, ip, 20);
			if (ttl != (up ? 255 : 0))
				wanted[8] = (uint8_t)(up ? ttl + 1 : ttl - 1);
			ref_ipv4_checksum(wanted);
			memcpy(changed, ip, 20);
			lvs_tun_hop(changed, up);
			ck_assert_mem_eq(changed, wanted, 20);
		}
	}
}
END_TEST

START_TEST(test_hop_ipv6)
{
	uint8_t ip[LVS_TUN_HOP_HEAD], wanted[LVS_TUN_HOP_HEAD];

	for (unsigned up = 0; up < 2; up++) {
		memcpy(ip, ipv6, sizeof(ip));
		ip[7] = (uint8_t)_i;
		memcpy(wanted, ip, sizeof(ip));
		if (_i != (up ? 255 : 0))
			wanted[7] = (uint8_t)(up ? _i + 1 : _i - 1);
		lvs_tun_hop(ip, up);
		ck_assert_mem_eq(ip, wanted, sizeof(ip));
	}
}
END_TEST

/* The kernel's dev_valid_name(), and no lists. */
static const struct {
	const char *name;
	bool good;
} names[] = {
	{"lvs-tun", true},
	{"a", true},
	{"123456789012345", true},
	{"1234567890123456", false},
	{"", false},
	{".", false},
	{"..", false},
	{".a", true},
	{"a/b", false},
	{"a b", false},
	{"a:b", false},
	{"a,b", false},
	{"lvs%d", true}, /* the kernel finds a number */
};

START_TEST(test_name)
{
	struct lvs_tun tun = {.who = "test"};

	ck_assert_int_eq(lvs_tun_name(&tun, names[_i].name), names[_i].good);
	if (names[_i].good)
		ck_assert_str_eq(tun.name, names[_i].name);
}
END_TEST

static void keep_line(void *user, enum lvs_log_level level, const char *text)
{
	(void)level;
	snprintf(user, 256, "%s", text);
}

static const char *const bad_targets[] = {"", "lvs%d", "lvs-tun,eth0", "1234567890123456", NULL};

START_TEST(test_target)
{
	char line[256] = "";
	struct lvs_io_conf conf = {
		.size = sizeof(conf),
		.target = bad_targets[_i],
		.log = {.line = keep_line, .user = line},
	};
	char wanted[256];
	struct lvs_io *io;

	ck_assert_int_eq(lvs_io_open(lvs_io_find("tun"), &conf, &io), LVS_ERR_INVALID);
	snprintf(wanted, sizeof(wanted),
		 "tun: target \"%s\": expected the name of a TUN device, 1 to 15 characters",
		 conf.target ? conf.target : "");
	ck_assert_str_eq(line, wanted);
}
END_TEST

/* Known before one is opened, and said of no adapter that has it. */
START_TEST(test_lacks)
{
	ck_assert_uint_eq(lvs_io_find("tun")->lacks, LVS_IO_LINK_LAYER | LVS_IO_FINITE);
	ck_assert_uint_eq(lvs_io_find("packet")->lacks, 0);
	ck_assert_uint_eq(lvs_io_find("pcap")->lacks, 0);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	TCase *tcase = tcase_create("io_tun");

	tcase_add_loop_test(tcase, test_hop_ipv4, 0, 256);
	tcase_add_loop_test(tcase, test_hop_ipv6, 0, 256);
	tcase_add_loop_test(tcase, test_name, 0, ROWS(names));
	tcase_add_loop_test(tcase, test_target, 0, ROWS(bad_targets));
	tcase_add_test(tcase, test_lacks);
	return unit_run("io_tun", tcase);
}
