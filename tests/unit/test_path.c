/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths: one an address, always complete, seen at once, allowed to come first. */
#include "service_rig.h"

static const struct lvs_path_conf *path_of(struct service_rig *rig, uint32_t service)
{
	return lvs_dest_path(lvs_set_dest(match(rig, tcp4(service)), 0));
}

static int set_path(struct service_rig *rig, uint32_t host, const struct lvs_path_conf *conf)
{
	union lvs_addr addr = dest4(host).addr;

	return lvs_services_set_path(rig->services, LVS_INET, &addr, conf);
}

static void check_path(const struct lvs_path_conf *path, uint32_t mtu, uint32_t next_hop,
		       uint32_t handle)
{
	ck_assert_uint_eq(path->size, sizeof(*path));
	ck_assert_uint_eq(path->mtu, mtu);
	ck_assert_uint_eq(path->next_hop_family, LVS_INET);
	ck_assert_uint_eq(path->next_hop.word[0], lvs_htonl(next_hop));
	ck_assert_uint_eq(path->handle, handle);
}

START_TEST(is_shared_by_address)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_path_conf conf = {.size = sizeof(conf), .mtu = 1400, .handle = 9};

	set_dest(rig, tcp4(1), dest4(1), dest_conf(1));
	set_dest(rig, tcp4(2), dest4(1), dest_conf(1));
	set_dest(rig, tcp4(3), dest4(2), dest_conf(1));
	check_path(path_of(rig, 1), 1500, 0x0a000001, 0);
	ck_assert_int_eq(set_path(rig, 1, &conf), 0);
	check_path(path_of(rig, 1), 1400, 0x0a000001, 9);
	ck_assert_ptr_eq(path_of(rig, 1), path_of(rig, 2));
	check_path(path_of(rig, 3), 1500, 0x0a000002, 0);

	conf.mtu = 0;
	conf.next_hop_family = LVS_INET;
	conf.next_hop = addr4(0x0a0000fe);
	ck_assert_int_eq(set_path(rig, 1, &conf), 0);
	check_path(path_of(rig, 2), 1500, 0x0a0000fe, 9);
	ck_assert_int_eq(set_path(rig, 1, NULL), 0);
	check_path(path_of(rig, 2), 1500, 0x0a000001, 0);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

START_TEST(may_come_first)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_path_conf conf = {.size = sizeof(conf), .mtu = 1280, .handle = 3};

	ck_assert_int_eq(set_path(rig, 1, NULL), 0);
	for (uint32_t i = 1; i < 100; i++) {
		conf.handle = i;
		ck_assert_int_eq(set_path(rig, i, &conf), 0);
	}
	set_dest(rig, tcp4(1), dest4(1), dest_conf(1));
	check_path(path_of(rig, 1), 1280, 0x0a000001, 1);
	ck_assert_int_eq(set_path(rig, 50, NULL), 0);
	set_dest(rig, tcp4(2), dest4(50), dest_conf(1));
	check_path(path_of(rig, 2), 1500, 0x0a000032, 0);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

/* A removed destination still has connections, which may come back with it. */
START_TEST(follows_into_the_trash)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_path_conf conf = {.size = sizeof(conf), .mtu = 1280};
	const struct lvs_dest *dest;

	set_dest(rig, tcp4(1), dest4(1), dest_conf(1));
	dest = lvs_set_dest(match(rig, tcp4(1)), 0);
	del_dest(rig, tcp4(1), dest4(1));
	ck_assert_int_eq(set_path(rig, 1, &conf), 0);
	ck_assert_uint_eq(lvs_dest_path(dest)->mtu, 1280);
	ck_assert_int_eq(set_path(rig, 1, NULL), 0);
	ck_assert_uint_eq(lvs_dest_path(dest)->mtu, 1500);
	service_rig_del(rig);
}
END_TEST

static const struct path_row {
	enum lvs_family family;
	struct lvs_path_conf conf;
	int err;
} path_rows[] = {
	{LVS_INET, {.size = sizeof(struct lvs_path_conf), .mtu = 68, .flags = 3}, 0},
	{LVS_INET6,
	 {.size = sizeof(struct lvs_path_conf), .source_family = LVS_INET6, .next_hop_family = 2},
	 0},
	{LVS_INET, {.size = sizeof(struct lvs_path_conf) - 1}, LVS_ERR_INVALID},
	{LVS_INET, {.size = sizeof(struct lvs_path_conf), .mtu = 67}, LVS_ERR_INVALID},
	{LVS_INET, {.size = sizeof(struct lvs_path_conf), .flags = 4}, LVS_ERR_INVALID},
	{LVS_INET, {.size = sizeof(struct lvs_path_conf), .reserved = {1}}, LVS_ERR_INVALID},
	{LVS_UNSPEC, {.size = sizeof(struct lvs_path_conf)}, LVS_ERR_FAMILY},
	{LVS_INET, {.size = sizeof(struct lvs_path_conf), .source_family = 1}, LVS_ERR_FAMILY},
	{LVS_INET, {.size = sizeof(struct lvs_path_conf), .next_hop_family = 9}, LVS_ERR_FAMILY},
};

START_TEST(is_validated)
{
	struct service_rig *rig = service_rig_new();
	const struct path_row *row = &path_rows[_i];
	union lvs_addr addr = addr4(0x0a000001);

	ck_assert_int_eq(lvs_services_set_path(rig->services, row->family, &addr, &row->conf),
			 row->err);
	ck_assert_int_eq(lvs_services_set_path(rig->services, row->family, NULL, &row->conf),
			 LVS_ERR_INVALID);
	service_rig_del(rig);
}
END_TEST

/* Whatever is in the words behind an IPv4 address, it is the same address. */
START_TEST(takes_an_address_as_it_is)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_path_conf conf = {.size = sizeof(conf), .mtu = 1300};
	union lvs_addr addr = addr4(0x0a000001);

	set_dest(rig, tcp4(1), dest4(1), dest_conf(1));
	addr.word[3] = 77;
	ck_assert_int_eq(lvs_services_set_path(rig->services, LVS_INET, &addr, &conf), 0);
	check_path(path_of(rig, 1), 1300, 0x0a000001, 0);
	ck_assert_uint_eq(path_of(rig, 1)->next_hop.word[3], 0);
	service_rig_del(rig);
}
END_TEST

START_TEST(survives_each_failing_allocation)
{
	struct lvs_path_conf conf = {.size = sizeof(conf), .mtu = 1300};

	for (uint64_t k = 1;; k++) {
		struct service_rig *rig = service_rig_new();
		int err;
		int err2;

		set_dest(rig, tcp4(1), dest4(1), dest_conf(1));
		rig->memory.fail_at = k;
		err = set_path(rig, 1, &conf);
		err2 = set_path(rig, 2, &conf);
		ck_assert_uint_eq(path_of(rig, 1)->mtu, err ? 1500 : 1300);
		check_ok(rig);
		ck_assert(!err || err == LVS_ERR_NO_MEMORY);
		ck_assert(!err2 || err2 == LVS_ERR_NO_MEMORY);
		ck_assert_uint_eq(rig->memory.failed, (err != 0) + (err2 != 0));
		rig->memory.fail_at = 0;
		service_rig_del(rig);
		if (!err && !err2)
			break;
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("path");

	tcase_add_test(tcase, is_shared_by_address);
	tcase_add_test(tcase, may_come_first);
	tcase_add_test(tcase, follows_into_the_trash);
	tcase_add_loop_test(tcase, is_validated, 0, LVS_ARRAY_N(path_rows));
	tcase_add_test(tcase, takes_an_address_as_it_is);
	tcase_add_test(tcase, survives_each_failing_allocation);
	return unit_run("path", tcase);
}
