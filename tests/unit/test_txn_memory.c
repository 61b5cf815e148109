/* SPDX-License-Identifier: BSD-2-Clause */
/* Transactions when memory fails: all or nothing, and nothing lost. */
#include "service_rig.h"

/* A transaction of every kind of change; each step returns what its call did. */
static int change_much(struct service_rig *rig)
{
	struct lvs_service_conf conf = service_conf();
	struct lvs_service_key old = tcp4(1);
	struct lvs_service_key gone = tcp4(2);
	struct lvs_service_key again = tcp4(3);
	struct lvs_service_key new_one = tcp4(99);
	struct lvs_service_key mark = mark4(4);
	struct lvs_dest_conf dest = dest_conf(9);
	struct lvs_dest_key key;
	struct lvs_txn *txn;
	int err = lvs_services_begin(rig->services, &txn);

	if (err)
		return err;
#define STEP(call)                                                                                 \
	if (!err)                                                                                  \
	err = (call)
	dest.upper = 10;
	STEP(lvs_txn_del_service(txn, &gone));
	STEP(lvs_txn_del_service(txn, &again));
	STEP(lvs_txn_add_service(txn, &again, &conf));
	STEP((key = dest4(3), lvs_txn_add_dest(txn, &again, &key, &dest)));
	STEP(lvs_txn_add_service(txn, &new_one, &conf));
	STEP(lvs_txn_set_service(txn, &mark, &conf));
	for (uint32_t i = 0; i < 70 && !err; i++) { /* more than the first chunk of numbers */
		key = dest4(100 + i);
		err = lvs_txn_add_dest(txn, &new_one, &key, &dest);
	}
	conf.flags = LVS_SCHED_FLAG1;
	STEP(lvs_txn_edit_service(txn, &old, &conf));
	STEP((key = dest4(1), lvs_txn_edit_dest(txn, &old, &key, &dest)));
	STEP((key = dest4(2), lvs_txn_del_dest(txn, &old, &key)));
	STEP((key = dest4(4), lvs_txn_set_dest(txn, &old, &key, &dest))); /* from the trash */
	STEP((key = dest4(5), lvs_txn_add_dest(txn, &old, &key, &dest)));
#undef STEP
	if (!err)
		return lvs_txn_commit(txn);
	ck_assert_str_ne(lvs_txn_error(txn), "");
	lvs_txn_abort(txn);
	return err;
}

static struct service_rig *changed_rig(void)
{
	struct service_rig *rig = service_rig_new();

	for (uint32_t i = 1; i <= 4; i++)
		set_dest(rig, tcp4(1), dest4(i), dest_conf((int32_t)i));
	lvs_dest_bind(lvs_set_dest(match(rig, tcp4(1)), 0), true);
	del_dest(rig, tcp4(1), dest4(4));
	set_dest(rig, tcp4(2), dest4(1), dest_conf(1));
	set_dest(rig, tcp4(3), dest4(3), dest_conf(1));
	return rig;
}

START_TEST(survives_each_failing_allocation)
{
	uint64_t failures = 0;

	for (uint64_t k = 1;; k++) {
		struct service_rig *rig = changed_rig();
		struct listing before = listing_take(rig);
		int err;

		rig->memory.failed = 0;
		rig->memory.fail_at = k;
		err = change_much(rig);
		rig->memory.fail_at = 0;
		check_ok(rig);
		if (err) {
			ck_assert_int_eq(err, LVS_ERR_NO_MEMORY);
			listing_same(before, listing_take(rig));
			ck_assert_int_eq(change_much(rig), 0);
		} else {
			free(before.bytes);
		}
		ck_assert_uint_eq(match(rig, tcp4(99))->sched_set.dest_n, 70);
		ck_assert_ptr_null(match(rig, tcp4(2)));
		ck_assert_uint_eq(match(rig, mark4(4))->key.fwmark, 4);
		check_ok(rig);
		failures += rig->memory.failed;
		if (rig->memory.failed == 0) {
			service_rig_del(rig);
			break;
		}
		service_rig_del(rig);
	}
	ck_assert_uint_gt(failures, 50);
}
END_TEST

/* With one call after the other failing, none leaves a trace in the transaction. */
START_TEST(failing_calls_leave_the_transaction)
{
	struct service_rig *rig = changed_rig();
	struct service_rig *twin = changed_rig();
	struct lvs_service_key key = tcp4(1);
	struct lvs_service_key key2 = tcp4(50);
	struct lvs_service_conf conf = service_conf();
	struct lvs_dest_conf dest = dest_conf(3);
	struct lvs_dest_key to = dest4(7);
	struct lvs_txn *txn = txn_begin(rig);

	rig->memory.fail_all = 1;
	ck_assert_int_eq(lvs_txn_edit_service(txn, &key, &conf), LVS_ERR_NO_MEMORY);
	ck_assert_int_eq(lvs_txn_add_service(txn, &key2, &conf), LVS_ERR_NO_MEMORY);
	ck_assert_int_eq(lvs_txn_add_dest(txn, &key, &to, &dest), LVS_ERR_NO_MEMORY);
	ck_assert_int_eq(lvs_txn_del_service(txn, &key), LVS_ERR_NO_MEMORY);
	ck_assert_int_eq(lvs_txn_flush(txn), LVS_ERR_NO_MEMORY);
	rig->memory.fail_all = 0;
	dest.weight = -1;
	ck_assert_int_eq(lvs_txn_set_dest(txn, &key, &to, &dest), LVS_ERR_RANGE);
	ck_assert_int_eq(lvs_txn_add_service(txn, &key, &conf), LVS_ERR_EXISTS);
	txn_commit(txn);
	listing_same(listing_take(rig), listing_take(twin));
	service_rig_del(twin);
	service_rig_del(rig);
}
END_TEST

START_TEST(new_survives_each_failing_allocation)
{
	struct service_rig *rig = calloc(1, sizeof(*rig));
	uint64_t k = 1;

	ck_assert_ptr_nonnull(rig);
	rig->alloc = alloc_rig(&rig->memory);
	lvs_epoch_init(&rig->epoch);
	ck_assert(lvs_epoch_join(&rig->epoch, &rig->reader));
	for (;; k++) {
		int err;

		rig->memory.fail_at = k;
		err = service_rig_open(rig);
		if (!err)
			break;
		ck_assert_int_eq(err, LVS_ERR_NO_MEMORY);
		ck_assert_uint_eq(rig->memory.live_n, 0);
	}
	ck_assert_uint_gt(k, 4);
	rig->memory.fail_at = 0;
	service_rig_del(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("txn_memory");

	tcase_add_test(tcase, survives_each_failing_allocation);
	tcase_add_test(tcase, failing_calls_leave_the_transaction);
	tcase_add_test(tcase, new_survives_each_failing_allocation);
	return unit_run("txn_memory", tcase);
}
