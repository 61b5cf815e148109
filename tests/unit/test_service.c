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
	ck_assert_ptr_eq(lvs_services_dest(rig->services, lvs_set_dest(set, 0)->number),
			 lvs_set_dest(set, 0));
	ck_assert_uint_eq(lvs_set_forwarder(set, 0), LVS_METHOD_DR);
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

static void add_small(struct lvs_txn *txn, uint32_t i)
{
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = lvs_sched_find("wlc")};
	struct lvs_service_key service = tcp4(i);

	ck_assert_int_eq(lvs_txn_add_service(txn, &service, &conf), 0);
	for (uint32_t j = 0; j < 2; j++) {
		struct lvs_dest_key key = dest4(2 * i + j);
		struct lvs_dest_conf dest = dest_conf(1);

		ck_assert_int_eq(lvs_txn_add_dest(txn, &service, &key, &dest), 0);
	}
}

/* Two servers each, of their own; workers' counters (80 bytes a worker) come on top. With what they
 * have of the last page of destinations and of buckets. */
START_TEST(takes_little)
{
	struct service_rig *rig = service_rig_new();
	uint64_t before = rig->memory.live_bytes;

	for (uint32_t i = 0; i < 2000; i += 100) {
		struct lvs_txn *txn = txn_begin(rig);

		for (uint32_t j = i; j < i + 100; j++)
			add_small(txn, j);
		txn_commit(txn);
	}
	lvs_txn_abort(txn_begin(rig)); /* what was replaced goes */
	ck_assert_uint_le((rig->memory.live_bytes - before) / 2000, 900);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("service");

	tcase_add_test(tcase, finds_by_address_and_port);
	tcase_add_test(tcase, finds_by_mark_first);
	tcase_add_test(tcase, takes_little);
	return unit_run("service", tcase);
}
