/* SPDX-License-Identifier: BSD-2-Clause */
/* What the table promises at its limits: max_conns, memory, epochs, numbers, ambiguous flows. */
#include "table_rig.h"

#include "unit.h"

static void whole(struct rig *rig)
{
	const char *wrong = lvs_table_check(rig->table);

	ck_assert_msg(!wrong, "%s", wrong);
}

static void flow_at(uint32_t i, unsigned kind, struct rig_flow *of)
{
	*of = (struct rig_flow){.client = i, .service = i % 3, .dest = i % 5, .kind = kind};
	of->protocol = LVS_TCP;
}

static int make(struct rig *rig, uint32_t i, unsigned kind, bool evict, struct lvs_conn **conn)
{
	struct rig_flow of;

	flow_at(i, kind, &of);
	return rig_make(rig, &rig->reader, &of, evict, 10, 0, conn);
}

static void set_state(struct lvs_conn *conn, uint64_t state)
{
	atomic_store(&conn->word, (atomic_load(&conn->word) & ~UINT64_C(0xff)) | state);
}

/* Small and large, in use and in limbo, count alike, to the one. */
START_TEST(test_max_conns_is_exact)
{
	struct lvs_epoch_reader other;
	struct lvs_conn *conn[10];
	struct lvs_conn *late;
	struct rig rig;

	ck_assert_int_eq(rig_init(&rig, 4, 10), 0);
	ck_assert(lvs_epoch_join(&rig.epoch, &other));
	for (uint32_t i = 0; i < 10; i++)
		ck_assert_int_eq(make(&rig, i, i % 2 ? 0 : LVS_CONN_DEST6, false, &conn[i]), 0);
	ck_assert_int_eq(make(&rig, 10, 0, false, &late), LVS_ERR_FULL);

	/* What another may see is not free; what we alone see is. */
	lvs_epoch_enter(&rig.epoch, &other);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert(lvs_table_remove(rig.table, conn[i], 0, NULL));
	ck_assert_uint_eq(lvs_table_conn_n(rig.table), 6);
	ck_assert_int_eq(make(&rig, 10, 0, false, &late), LVS_ERR_FULL);
	whole(&rig);
	lvs_epoch_exit(&other);
	lvs_epoch_enter(&rig.epoch, &rig.reader);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_int_eq(make(&rig, 10 + i, 0, false, &conn[i]), 0);
	ck_assert_int_eq(make(&rig, 20, 0, false, &late), LVS_ERR_FULL);
	ck_assert(lvs_table_remove(rig.table, conn[0], 0, NULL));
	ck_assert_int_eq(make(&rig, 20, LVS_CONN_DEST6, false, &late), 0);
	lvs_epoch_exit(&rig.reader);
	whole(&rig);
	lvs_epoch_leave(&rig.epoch, &other);
	rig_fini(&rig);
}
END_TEST

/* A record is not used again while another reader may hold it. */
START_TEST(test_limbo_holds_records)
{
	struct lvs_epoch_reader other;
	struct lvs_conn *conn, *again;
	struct rig rig;

	ck_assert_int_eq(rig_init(&rig, 1, 100), 0);
	ck_assert(lvs_epoch_join(&rig.epoch, &other));
	ck_assert_int_eq(make(&rig, 0, 0, false, &conn), 0);
	lvs_epoch_enter(&rig.epoch, &other);
	ck_assert(lvs_table_remove(rig.table, conn, 0, NULL));
	ck_assert_int_eq(make(&rig, 1, 0, false, &again), 0);
	ck_assert_ptr_ne(again, conn);
	ck_assert_uint_eq(conn->u.v4.client, 10u << 24); /* still client 0 */
	lvs_epoch_exit(&other);
	ck_assert_int_eq(make(&rig, 2, 0, false, &again), 0);
	ck_assert_ptr_eq(again, conn);
	whole(&rig);
	lvs_epoch_leave(&rig.epoch, &other);
	rig_fini(&rig);
}
END_TEST

/* Embryonic ones go, in the order of the hand; established ones stay. */
START_TEST(test_eviction)
{
	struct lvs_table_figures figures;
	struct lvs_conn *conn[30];
	struct lvs_conn *late;
	struct rig rig;

	ck_assert_int_eq(rig_init(&rig, 16, 30), 0);
	for (uint32_t i = 0; i < 30; i++) {
		ck_assert_int_eq(make(&rig, i, i % 2 ? LVS_CONN_TWO_WAY : 0, true, &conn[i]), 0);
		if (i % 3 != 2)
			set_state(conn[i], LVS_TCP_ESTABLISHED_STATE);
	}
	lvs_epoch_enter(&rig.epoch, &rig.reader);
	for (uint32_t i = 2; i < 30; i += 3) {
		ck_assert_int_eq(make(&rig, 100 + i, 0, true, &late), 0);
		ck_assert_ptr_eq(late, conn[i]);
		ck_assert_ptr_eq(rig.gone, conn[i]);
		set_state(late, LVS_TCP_ESTABLISHED_STATE);
		whole(&rig);
	}
	ck_assert_int_eq(make(&rig, 200, 0, true, &late), LVS_ERR_FULL);
	lvs_epoch_exit(&rig.reader);
	lvs_table_figures(rig.table, &figures);
	ck_assert_uint_eq(figures.evicted, 10);
	ck_assert_uint_eq(figures.refused, 1);
	ck_assert_uint_eq(lvs_table_conn_n(rig.table), 30);
	whole(&rig);
	rig_fini(&rig);
}
END_TEST

/* While what was evicted cannot be used yet, no more is: a bounded number goes in vain. */
START_TEST(test_eviction_stops_when_limbo_is_long)
{
	struct lvs_epoch_reader other;
	struct lvs_conn *conn;
	struct rig rig;

	ck_assert_int_eq(rig_init(&rig, 16, 1000), 0);
	ck_assert(lvs_epoch_join(&rig.epoch, &other));
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert_int_eq(make(&rig, i, 0, true, &conn), 0);
	lvs_epoch_enter(&rig.epoch, &other);
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert_int_eq(make(&rig, 1000 + i, 0, true, &conn), LVS_ERR_FULL);
	ck_assert_uint_ge(lvs_table_conn_n(rig.table), 1000 - 256);
	lvs_epoch_exit(&other);
	whole(&rig);
	lvs_epoch_leave(&rig.epoch, &other);
	rig_fini(&rig);
}
END_TEST

/* The k-th allocation fails, for every k: nothing is left behind. */
START_TEST(test_new_without_memory)
{
	struct lvs_table_conf conf;
	struct rig rig;
	int err = LVS_ERR_NO_MEMORY;

	for (size_t k = 1; err == LVS_ERR_NO_MEMORY; k++) {
		rig_conf(&rig, &conf, 4, 100);
		rig.fail_in = k;
		err = lvs_table_new(&conf, &rig.table);
		if (err < 0)
			ck_assert_uint_eq(rig.held, 0);
	}
	ck_assert_int_eq(err, 0);
	rig_fini(&rig);
	ck_assert_uint_eq(rig.held, 0);
}
END_TEST

/* Makes connections from @p from on until one fails, or up to @p end. How many there are. */
static uint32_t make_until(struct rig *rig, uint32_t from, uint32_t end, int *err)
{
	struct lvs_conn *conn;

	*err = 0;
	while (from < end && !(*err = make(rig, from, LVS_CONN_TWO_WAY, false, &conn)))
		from++;
	return from;
}

static void all_are_there(struct rig *rig, uint32_t n)
{
	enum lvs_side side;

	for (uint32_t i = 0; i < n; i++) {
		struct rig_flow of;

		flow_at(i, LVS_CONN_TWO_WAY, &of);
		ck_assert_ptr_nonnull(rig_find(rig, &of, LVS_SIDE_DEST_REPLY, 0xf, &side));
		ck_assert_ptr_nonnull(rig_find(rig, &of, LVS_SIDE_REQUEST, 0xf, &side));
	}
}

/* One failure is made good by the next insert; only the first chunk's makes an insert fail. */
START_TEST(test_insert_without_memory)
{
	for (size_t k = 1; k < 30; k++) {
		struct lvs_conn *conn;
		struct rig rig;
		uint32_t n = 0;
		int err;

		ck_assert_int_eq(rig_init(&rig, 2, 3000), 0);
		rig.fail_in = k;
		n = make_until(&rig, 0, 1000, &err);
		if (k == 1) {
			ck_assert_int_eq(err, LVS_ERR_NO_MEMORY);
			ck_assert_uint_eq(n, 0);
			whole(&rig);
			n = make_until(&rig, n, 1000, &err);
		}
		ck_assert_int_eq(err, 0);
		ck_assert_uint_eq(n, 1000);
		all_are_there(&rig, n);
		whole(&rig);
		ck_assert_int_eq(make(&rig, 0, LVS_CONN_TWO_WAY, false, &conn), LVS_ERR_EXISTS);
		rig_fini(&rig);
		ck_assert_uint_eq(rig.held, 0);
	}
}
END_TEST

/* No memory to grow any more: full, not broken; and it goes on when there is some. */
START_TEST(test_growth_without_memory)
{
	struct rig rig;
	uint32_t n;
	int err;

	ck_assert_int_eq(rig_init(&rig, 2, 3000), 0);
	n = make_until(&rig, 0, 5, &err);
	for (unsigned round = 0; round < 4; round++) {
		rig.no_memory = true;
		n = make_until(&rig, n, 3000, &err);
		ck_assert_int_eq(err, LVS_ERR_NO_MEMORY);
		all_are_there(&rig, n);
		whole(&rig);
		rig.no_memory = false;
		n = make_until(&rig, n, n + 10, &err);
		ck_assert_int_eq(err, 0);
		whole(&rig);
	}
	n = make_until(&rig, n, 3001, &err);
	ck_assert_int_eq(err, LVS_ERR_FULL);
	ck_assert_uint_eq(n, 3000);
	all_are_there(&rig, n);
	rig_fini(&rig);
}
END_TEST

/* The numbers of a fixed sequence of calls; the sum of all and the last. */
static uint64_t play(uint32_t shards, unsigned batch, unsigned readers)
{
	uint64_t random = 88172645463325252u;
	struct lvs_epoch_reader reader[3];
	uint64_t sum = 0;
	struct rig rig;
	bool more;

	ck_assert_int_eq(rig_init(&rig, shards, 2000), 0);
	for (unsigned i = 0; i < readers; i++)
		ck_assert(lvs_epoch_join(&rig.epoch, &reader[i]));
	for (uint32_t i = 0; i < 30000; i++) {
		struct lvs_epoch_reader *self = &reader[i / batch % readers];
		struct lvs_conn *conn = NULL;
		struct rig_flow of;
		enum lvs_side side;
		int err = 0;

		if (i % batch == 0) {
			/* time passes between batches of the coarsest cut only */
			while (i % 60 == 0 &&
			       (lvs_table_expire(rig.table, i / 60, 7, NULL, &more), more))
				;
			lvs_epoch_enter(&rig.epoch, self);
		}
		flow_at(rig_random(&random) % 6000, i % 3 ? 0 : LVS_CONN_DEST6, &of);
		if (rig_random(&random) % 4) {
			err = rig_make(&rig, self, &of, true, rig_random(&random) % 100, i / 60,
				       &conn);
			if (err == 0 && i % 5)
				set_state(conn, LVS_TCP_ESTABLISHED_STATE);
		} else {
			conn = rig_find(&rig, &of, LVS_SIDE_REQUEST, 0xf, &side);
			if (conn)
				lvs_table_remove(rig.table, conn, 0, NULL);
		}
		sum = sum * 31 + (conn ? lvs_table_number(rig.table, conn) : 0) + (uint32_t)err;
		if (i % batch == batch - 1)
			lvs_epoch_exit(self);
	}
	whole(&rig);
	sum = sum * 31 + rig.gone_n;
	rig_fini(&rig);
	return sum;
}

/* Not of shards, not of batches, not of workers. */
START_TEST(test_numbers_depend_on_calls_only)
{
	uint64_t sum = play(1, 60, 1);

	ck_assert_uint_eq(play(16, 60, 1), sum);
	ck_assert_uint_eq(play(256, 60, 1), sum);
	ck_assert_uint_eq(play(16, 1, 1), sum);
	ck_assert_uint_eq(play(16, 5, 3), sum);
	ck_assert_uint_eq(play(1, 20, 2), sum);
}
END_TEST

/* Two services share a server: the client's port being the same, a reply is ambiguous. */
START_TEST(test_youngest_of_ambiguous)
{
	static const uint32_t shards[] = {1, 16, 256};

	for (unsigned i = 0; i < LVS_ARRAY_N(shards); i++) {
		struct rig_flow of = {.client = 1, .dest = 2, .kind = LVS_CONN_TWO_WAY};
		struct lvs_conn *conn[5];
		enum lvs_side side;
		struct rig rig;

		of.protocol = LVS_TCP;
		ck_assert_int_eq(rig_init(&rig, shards[i], 100), 0);
		for (of.service = 0; of.service < 5; of.service++)
			ck_assert_int_eq(
				rig_make(&rig, &rig.reader, &of, false, 10, 0, &conn[of.service]),
				0);
		for (unsigned n = 5; n--;) {
			ck_assert_ptr_eq(
				rig_find(&rig, &of, LVS_SIDE_DEST_REPLY, LVS_SIDES_PACKET, &side),
				conn[n]);
			ck_assert(lvs_table_remove(rig.table, conn[n], 0, NULL));
		}
		whole(&rig);
		rig_fini(&rig);
	}
}
END_TEST

START_TEST(test_invalid)
{
	static const uint32_t bad[][2] = {{0, 1}, {3, 1}, {131072, 1}, {1, 0}, {1, UINT32_MAX}};

	for (unsigned i = 0; i < LVS_ARRAY_N(bad); i++) {
		struct rig rig;

		ck_assert_int_eq(rig_init(&rig, bad[i][0], bad[i][1]), LVS_ERR_INVALID);
		ck_assert_uint_eq(rig.held, 0);
	}
	lvs_table_del(NULL);
}
END_TEST

/* An idle table of 256 shards, and a busy one, against the design's goals. */
START_TEST(test_memory)
{
	struct lvs_table_figures figures;
	struct lvs_conn *conn;
	struct rig rig;

	ck_assert_int_eq(rig_init(&rig, 256, 1u << 20), 0);
	lvs_table_figures(rig.table, &figures);
	ck_assert_uint_eq(figures.bytes, rig.held);
	ck_assert_uint_lt(rig.held, 750 * 1024);
	for (uint32_t i = 0; i < 400000; i++) {
		ck_assert_int_eq(make(&rig, i, 0, false, &conn), 0);
		if (i % 1000 || i < 300000)
			continue;
		lvs_table_figures(rig.table, &figures);
		ck_assert_uint_eq(figures.bytes, rig.held);
		/* 2 MiB that are not full yet aside */
		ck_assert_uint_le(rig.held, UINT64_C(84) * i + (2u << 20));
	}
	lvs_table_figures(rig.table, &figures);
	ck_assert_uint_le(figures.longest_growth_step, 128);
	ck_assert_uint_ge(figures.grown, 256);
	rig_fini(&rig);
	ck_assert_uint_eq(rig.held, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("table_limits");

	tcase_add_test(tcase, test_max_conns_is_exact);
	tcase_add_test(tcase, test_limbo_holds_records);
	tcase_add_test(tcase, test_eviction);
	tcase_add_test(tcase, test_eviction_stops_when_limbo_is_long);
	tcase_add_test(tcase, test_new_without_memory);
	tcase_add_test(tcase, test_insert_without_memory);
	tcase_add_test(tcase, test_growth_without_memory);
	tcase_add_test(tcase, test_numbers_depend_on_calls_only);
	tcase_add_test(tcase, test_youngest_of_ambiguous);
	tcase_add_test(tcase, test_invalid);
	tcase_add_test(tcase, test_memory);
	return unit_run("table_limits", tcase);
}
