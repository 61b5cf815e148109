/* SPDX-License-Identifier: BSD-2-Clause */
/* Company of records: found by its number, gone with its record, when nobody sees it. */
#include "conn/company.h"

#include "conn/inside.h"
#include "table_rig.h"
#include "unit.h"

#define SIZE (sizeof(struct lvs_company) + 40)

static struct lvs_conn *make(struct rig *rig, unsigned client)
{
	struct rig_flow of = {.client = client, .protocol = LVS_TCP};
	struct lvs_flow flow;
	struct lvs_conn *conn;
	uint64_t hash;
	int err = 0;

	conn = lvs_table_alloc(rig->table, NULL, false, false, NULL, &err);
	ck_assert_ptr_nonnull(conn);
	ck_assert_ptr_nonnull(lvs_table_add_company(rig->table, conn, SIZE));
	rig_fill(conn, &of, 100, 0);
	rig_flow(&of, LVS_SIDE_REQUEST, &flow);
	hash = lvs_table_hash(rig->table, &flow);
	lvs_table_lock(rig->table, hash);
	ck_assert_int_eq(lvs_table_insert(rig->table, conn, hash, 0), 0);
	lvs_table_unlock(rig->table, hash);
	return conn;
}

static void whole(struct rig *rig)
{
	const char *wrong = lvs_table_check(rig->table);

	ck_assert_msg(!wrong, "%s", wrong);
}

/* More than one part of the directory, each record its own, zeroed. */
START_TEST(test_many)
{
	enum { MANY = 3 * LVS_COMPANY_SLOTS };
	static struct lvs_conn *conn[MANY];
	struct rig rig;

	ck_assert_int_eq(rig_init(&rig, 4, 2 * MANY), 0);
	for (unsigned i = 0; i < MANY; i++) {
		struct lvs_company *company;

		conn[i] = make(&rig, i);
		company = lvs_table_company(rig.table, conn[i]);
		for (unsigned byte = 0; byte < SIZE - sizeof(*company); byte++)
			ck_assert_uint_eq(((uint8_t *)(company + 1))[byte], 0);
		memcpy(company + 1, &i, sizeof(i));
	}
	for (unsigned i = 0; i < MANY; i++) {
		struct lvs_company *company = lvs_table_company(rig.table, conn[i]);

		ck_assert_mem_eq(company + 1, &i, sizeof(i));
	}
	whole(&rig);
	rig_fini(&rig);
	ck_assert_uint_eq(rig.held, 0);
}
END_TEST

/* A reader keeps what it may see; afterwards it goes by the next that comes, or by expiry. */
START_TEST(test_epoch)
{
	struct lvs_company *company;
	struct lvs_conn *conn;
	struct rig rig;
	uint64_t held;
	bool more;

	ck_assert_int_eq(rig_init(&rig, 4, 100), 0);
	conn = make(&rig, 1);
	company = lvs_table_company(rig.table, conn);
	lvs_epoch_enter(&rig.epoch, &rig.reader);
	ck_assert(lvs_table_remove(rig.table, conn, 0, NULL));
	whole(&rig);
	held = rig.held;
	lvs_table_expire(rig.table, 1, 0, NULL, &more);
	ck_assert_uint_eq(rig.held, held);
	ck_assert_ptr_eq(lvs_table_company(rig.table, conn), company);
	lvs_epoch_exit(&rig.reader);
	lvs_table_expire(rig.table, 1, 0, NULL, &more);
	ck_assert_uint_eq(rig.held, held - SIZE);
	whole(&rig);
	rig_fini(&rig);
	ck_assert_uint_eq(rig.held, 0);
}
END_TEST

/* Numbers are used again, so that the directory does not grow with time. */
START_TEST(test_again)
{
	struct lvs_table_figures before, after;
	struct rig rig;

	ck_assert_int_eq(rig_init(&rig, 4, 100), 0);
	for (unsigned i = 0; i < 20 * LVS_COMPANY_SLOTS; i++) {
		struct lvs_conn *conn = make(&rig, i);

		if (i == 10)
			lvs_table_figures(rig.table, &before);
		ck_assert(lvs_table_remove(rig.table, conn, 0, NULL));
	}
	make(&rig, 0);
	lvs_table_figures(rig.table, &after);
	ck_assert_uint_le(after.bytes, before.bytes + SIZE);
	whole(&rig);
	rig_fini(&rig);
	ck_assert_uint_eq(rig.held, 0);
}
END_TEST

/* Each allocation may fail: then the record has none, and goes back. */
START_TEST(test_no_memory)
{
	struct lvs_conn *conn;
	struct rig rig;
	unsigned k;
	int err = 0;

	for (k = 1;; k++) {
		void *company;

		ck_assert_int_eq(rig_init(&rig, 4, 100), 0);
		conn = lvs_table_alloc(rig.table, NULL, false, false, NULL, &err);
		ck_assert_ptr_nonnull(conn);
		rig.fail_in = k;
		company = lvs_table_add_company(rig.table, conn, SIZE);
		ck_assert_int_eq(company != NULL, rig.fail_in > 0);
		ck_assert_int_eq(conn->company != 0, company != NULL);
		rig.fail_in = 0;
		lvs_table_unalloc(rig.table, conn);
		whole(&rig);
		rig_fini(&rig);
		ck_assert_uint_eq(rig.held, 0);
		if (company)
			break;
	}
	ck_assert_uint_eq(k, 4);
}
END_TEST

/* What belongs to nobody, or to another, is told. */
START_TEST(test_check)
{
	struct lvs_conn *conn;
	struct rig rig;
	uint32_t number;

	ck_assert_int_eq(rig_init(&rig, 4, 100), 0);
	conn = make(&rig, 1);
	number = conn->company;
	conn->company = 0;
	ck_assert_ptr_nonnull(lvs_table_check(rig.table));
	conn->company = make(&rig, 2)->company;
	ck_assert_ptr_nonnull(lvs_table_check(rig.table));
	conn->company = number;
	whole(&rig);
	rig_fini(&rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("company");

	tcase_add_test(tcase, test_many);
	tcase_add_test(tcase, test_epoch);
	tcase_add_test(tcase, test_again);
	tcase_add_test(tcase, test_no_memory);
	tcase_add_test(tcase, test_check);
	return unit_run("company", tcase);
}
