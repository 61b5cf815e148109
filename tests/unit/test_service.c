/* SPDX-License-Identifier: BSD-2-Clause */
/* What workers find: by mark, by address and port, and the destinations behind it. */
#include "service_rig.h"

START_TEST(finds_by_address_and_port)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key other = tcp4(1);
	const struct lvs_service_set *set;

	set_dest(rig, tcp4(1), dest4(1), dest_conf(1));
	set_dest(rig, tcp4(1), dest4(2), dest_conf(2));
	set_dest(rig, tcp4(2), dest4(3), dest_conf(3));
	set = match(rig, tcp4(1));
	ck_assert_ptr_nonnull(set);
	ck_assert_uint_eq(set->sched_set.dest_n, 2);
	ck_assert_int_eq(set->sched_set.dest[0].weight, 2); /* the newest first */
	ck_assert_int_eq(set->sched_set.dest[1].weight, 1);
	ck_assert_ptr_eq(lvs_services_dest(rig->services, set->dest[0]->number), set->dest[0]);
	ck_assert_uint_eq(set->forwarder[0], LVS_METHOD_DR);
	ck_assert_ptr_eq(lvs_services_forwarder(rig->services, LVS_METHOD_DR),
			 lvs_forward_find(LVS_METHOD_DR));
	ck_assert_uint_eq(match(rig, tcp4(2))->sched_set.dest_n, 1);

	other.port = lvs_htons(81);
	ck_assert_ptr_null(match(rig, other));
	other = tcp4(1);
	other.protocol = LVS_UDP;
	ck_assert_ptr_null(match(rig, other));
	ck_assert_ptr_null(match(rig, tcp4(3)));
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

START_TEST(finds_by_mark_first)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key key = tcp4(1);
	struct lvs_flow flow = flow_to(&key);
	const struct lvs_service_set *set;

	set_dest(rig, tcp4(1), dest4(1), dest_conf(1));
	set_dest(rig, mark4(7), dest4(2), dest_conf(2));
	set = lvs_services_match(rig->services, &flow, 7);
	ck_assert_uint_eq(set->key.fwmark, 7);
	set = lvs_services_match(rig->services, &flow, 8);
	ck_assert_uint_eq(set->key.fwmark, 0);
	flow.family = LVS_INET6;
	ck_assert_ptr_null(lvs_services_match(rig->services, &flow, 7));
	service_rig_del(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("service");

	tcase_add_test(tcase, finds_by_address_and_port);
	tcase_add_test(tcase, finds_by_mark_first);
	return unit_run("service", tcase);
}
