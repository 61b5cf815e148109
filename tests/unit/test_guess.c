/* SPDX-License-Identifier: BSD-2-Clause */
/* Guesses of the prefetch stage: what becomes of them while a batch goes on. */
#include "table_rig.h"

#include "conn/fetch.h"
#include "unit.h"

static const struct rig_flow of = {.client = 1, .protocol = LVS_TCP};

static struct lvs_conn *take(struct rig *rig, const struct lvs_epoch_reader *self)
{
	int err = 0;
	struct lvs_conn *conn = lvs_table_alloc(rig->table, self, false, false, NULL, &err);

	ck_assert_ptr_nonnull(conn);
	return conn;
}

static void insert(struct rig *rig, struct lvs_conn *conn, uint64_t hash)
{
	lvs_table_lock(rig->table, hash);
	ck_assert_int_eq(lvs_table_insert(rig->table, conn, hash, 1), 0);
	lvs_table_unlock(rig->table, hash);
}

/*
 * One worker ends a connection of which it holds a guess, takes the record again, to give it back
 * when the insert fails; then another takes it and fills it in. Not before that one has published
 * it is it the connection of the flow.
 */
START_TEST(test_record_of_another)
{
	static struct lvs_epoch_reader other;
	struct lvs_conn *conn, *guess;
	struct lvs_fetch fetch;
	struct lvs_flow flow;
	struct rig rig;
	uint64_t hash;

	ck_assert_int_eq(rig_init(&rig, 4, 100), 0);
	ck_assert(lvs_epoch_join(&rig.epoch, &other));
	rig_flow(&of, LVS_SIDE_REQUEST, &flow);
	hash = lvs_table_hash(rig.table, &flow);
	lvs_epoch_enter(&rig.epoch, &rig.reader);
	conn = take(&rig, &rig.reader);
	ck_assert(!lvs_table_confirm(conn, &flow));
	rig_fill(conn, &of, 100, 1);
	insert(&rig, conn, hash);
	lvs_fetch_line(rig.table, &flow, &fetch);
	ck_assert_uint_eq(fetch.hash, hash);
	lvs_fetch_record(rig.table, &fetch, false);
	guess = fetch.conn;
	ck_assert_ptr_eq(guess, conn);
	ck_assert_uint_eq(fetch.number, lvs_table_number(rig.table, conn));
	ck_assert(lvs_table_confirm(guess, &flow));
	ck_assert(lvs_table_remove(rig.table, conn, 0, NULL));
	ck_assert(!lvs_table_confirm(guess, &flow));
	ck_assert_ptr_eq(take(&rig, &rig.reader), guess);
	lvs_table_unalloc(rig.table, guess);
	lvs_epoch_enter(&rig.epoch, &other);
	conn = take(&rig, &other);
	ck_assert_ptr_eq(conn, guess);
	rig_fill(conn, &of, 100, 1);
	ck_assert(!lvs_table_confirm(guess, &flow));
	insert(&rig, conn, hash);
	ck_assert(lvs_table_confirm(guess, &flow));
	lvs_epoch_exit(&other);
	lvs_epoch_exit(&rig.reader);
	lvs_epoch_leave(&rig.epoch, &other);
	rig_fini(&rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("guess");

	tcase_add_test(tcase, test_record_of_another);
	return unit_run("guess", tcase);
}
