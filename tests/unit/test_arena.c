/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/arena_idle.h"

#include <liblvs/error.h>

#include "base/memory.h"
#include "alloc_rig.h"
#include "table_rig.h"

#include "unit.h"

#define MAX_CONNS 70000 /* three chunks of small ones, five of large ones */

struct bench {
	struct lvs_epoch epoch;
	struct lvs_arena arena;
	struct lvs_conn *conn[MAX_CONNS];
	uint32_t n;
	uint64_t random;
};

static struct bench *bench_new(uint32_t max_conns)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	lvs_epoch_init(&bench->epoch);
	ck_assert_int_eq(lvs_arena_init(&bench->arena, &lvs_alloc_libc, &bench->epoch, max_conns),
			 0);
	bench->random = 88172645463325252u;
	return bench;
}

static void bench_del(struct bench *bench)
{
	lvs_arena_fini(&bench->arena);
	free(bench);
}

static struct lvs_conn *take(struct bench *bench, enum lvs_arena_size size)
{
	int err = 0;
	struct lvs_conn *conn = lvs_arena_take(&bench->arena, size, NULL, &err);

	ck_assert_msg(conn, "error %d", err);
	return conn;
}

static void retire(struct bench *bench, struct lvs_conn *conn)
{
	atomic_store(&conn->word, LVS_CONN_DEAD);
	lvs_arena_retire(&bench->arena, conn);
}

static void whole(const struct bench *bench)
{
	const char *wrong = lvs_arena_check(&bench->arena);

	ck_assert_msg(!wrong, "%s", wrong);
}

static void is_zeroed(const struct lvs_conn *conn, enum lvs_arena_size size)
{
	const uint8_t *byte = (const uint8_t *)conn;
	unsigned len = size == LVS_ARENA_LARGE ? 128 : 64;
	unsigned other = 0;

	ck_assert_uint_eq(conn->kind, size == LVS_ARENA_LARGE ? LVS_CONN_LARGE : 0);
	for (unsigned i = 0; i < len; i++)
		other += i != offsetof(struct lvs_conn, kind) && byte[i] != 0;
	ck_assert_uint_eq(other, 0);
}

/* Every record of either size: distinct, zeroed, aligned, found by its number. */
START_TEST(test_records)
{
	struct bench *bench = bench_new(MAX_CONNS);
	int err = 0;

	for (uint32_t i = 0; i < MAX_CONNS; i++) {
		enum lvs_arena_size size = i % 2 ? LVS_ARENA_LARGE : LVS_ARENA_SMALL;
		struct lvs_conn *conn = take(bench, size);
		uint32_t number = lvs_arena_number(conn);

		ck_assert_uint_ne(number, 0);
		ck_assert_ptr_eq(lvs_arena_at(&bench->arena, number), conn);
		ck_assert_uint_eq((uintptr_t)conn % (size == LVS_ARENA_LARGE ? 128 : 64), 0);
		is_zeroed(conn, size);
		/* whole and its own: what is written here is found below */
		memset((uint8_t *)conn + 8, (int)(i % 251), size == LVS_ARENA_LARGE ? 120 : 56);
		bench->conn[i] = conn;
	}
	ck_assert_ptr_null(lvs_arena_take(&bench->arena, LVS_ARENA_SMALL, NULL, &err));
	ck_assert_int_eq(err, LVS_ERR_FULL);
	for (uint32_t i = 0; i < MAX_CONNS; i++) {
		ck_assert_uint_eq(((uint8_t *)bench->conn[i])[8], i % 251);
		ck_assert_uint_eq(((uint8_t *)bench->conn[i])[i % 2 ? 127 : 63], i % 251);
	}
	whole(bench);
	bench_del(bench);
}
END_TEST

/* A walk by number meets each record once, of both sizes. */
START_TEST(test_walk)
{
	struct bench *bench = bench_new(MAX_CONNS);
	uint32_t number = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < MAX_CONNS; i++)
		take(bench, i % 3 ? LVS_ARENA_LARGE : LVS_ARENA_SMALL);
	while ((number = lvs_arena_next(&bench->arena, number))) {
		ck_assert_uint_eq(lvs_arena_number(lvs_arena_at(&bench->arena, number)), number);
		number++;
		n++;
	}
	ck_assert_uint_eq(n, MAX_CONNS);
	bench_del(bench);
}
END_TEST

/* The lowest idle number is taken, in whatever order records came back. */
START_TEST(test_lowest_first)
{
	struct bench *bench = bench_new(MAX_CONNS);
	uint32_t last = 0;

	for (uint32_t i = 0; i < MAX_CONNS; i++)
		bench->conn[i] = take(bench, LVS_ARENA_SMALL);
	/* every third, from the last to the first, half of them unused */
	for (uint32_t i = MAX_CONNS / 3; i--;)
		if (i % 2)
			retire(bench, bench->conn[3 * i]);
		else
			lvs_arena_put(&bench->arena, bench->conn[3 * i]);
	whole(bench);
	for (uint32_t i = 0; i < MAX_CONNS / 3; i++) {
		struct lvs_conn *conn = take(bench, LVS_ARENA_SMALL);

		ck_assert_ptr_eq(conn, bench->conn[3 * i]);
		ck_assert_uint_gt(lvs_arena_number(conn), last);
		last = lvs_arena_number(conn);
		is_zeroed(conn, LVS_ARENA_SMALL);
	}
	whole(bench);
	bench_del(bench);
}
END_TEST

/* Random taking and giving; a reader comes and goes; the promise holds all the time. */
START_TEST(test_random)
{
	enum { MAX = 500 };
	struct bench *bench = bench_new(MAX);
	struct lvs_epoch_reader reader;
	bool inside = false;
	uint32_t retired = 0; /* since the reader came in */
	int err;

	ck_assert(lvs_epoch_join(&bench->epoch, &reader));
	for (unsigned step = 0; step < 100000; step++) {
		uint32_t random = rig_random(&bench->random);
		struct lvs_conn *conn;

		if ((random >> 8) % 1024 == 0) {
			if (inside)
				lvs_epoch_exit(&reader);
			else
				lvs_epoch_enter(&bench->epoch, &reader);
			inside = !inside;
			retired = 0;
		} else if (bench->n && random % 16 < 6) {
			uint32_t i = (random >> 8) % bench->n;

			retire(bench, bench->conn[i]);
			bench->conn[i] = bench->conn[--bench->n];
			retired += inside;
		} else if ((conn = lvs_arena_take(&bench->arena,
						  random & 128 ? LVS_ARENA_LARGE : LVS_ARENA_SMALL,
						  NULL, &err))) {
			ck_assert_uint_lt(bench->n + retired, MAX);
			bench->conn[bench->n++] = conn;
		} else {
			/* busy: many wait for their end */
			ck_assert(err == LVS_ERR_FULL || (err == LVS_ERR_BUSY && inside));
			/* what ended next to what is still seen may count for a while too */
			ck_assert(inside || bench->n == MAX);
		}
		if (step % 1000 == 0)
			whole(bench);
	}
	bench_del(bench);
}
END_TEST

/* What was given back and taken at once is what giving and taking would have come to: two arenas
 * are led the same way, one by the one call, one by the two. */
START_TEST(test_retake)
{
	enum { MAX = 300 };
	struct bench *one = bench_new(MAX), *two = bench_new(MAX);
	struct lvs_epoch_reader reader[2];
	bool inside = false;

	ck_assert(lvs_epoch_join(&one->epoch, &reader[0]));
	ck_assert(lvs_epoch_join(&two->epoch, &reader[1]));
	for (unsigned step = 0; step < 100000; step++) {
		uint32_t random = rig_random(&one->random);
		enum lvs_arena_size size = random >> 20 & _i ? LVS_ARENA_LARGE : LVS_ARENA_SMALL;
		uint32_t i = one->n ? (random >> 8) % one->n : 0;
		int err[2] = {0, 0};

		if (random % 512 == 0) {
			if (inside)
				lvs_epoch_exit(&reader[0]), lvs_epoch_exit(&reader[1]);
			else
				lvs_epoch_enter(&one->epoch, &reader[0]),
					lvs_epoch_enter(&two->epoch, &reader[1]);
			inside = !inside;
		} else if (one->n && random % 16 == 1) {
			retire(one, one->conn[i]);
			retire(two, two->conn[i]);
			one->conn[i] = one->conn[--one->n];
			two->conn[i] = two->conn[one->n];
		} else if (one->n && random % 2) {
			atomic_store(&one->conn[i]->word, LVS_CONN_DEAD);
			one->conn[i] =
				lvs_arena_retake(&one->arena, one->conn[i], size, NULL, &err[0]);
			retire(two, two->conn[i]);
			two->conn[i] = lvs_arena_take(&two->arena, size, NULL, &err[1]);
			ck_assert_int_eq(err[0], err[1]);
			ck_assert_int_eq(!one->conn[i], !two->conn[i]);
			if (one->conn[i]) {
				is_zeroed(one->conn[i], size);
				ck_assert_uint_eq(lvs_arena_number(one->conn[i]),
						  lvs_arena_number(two->conn[i]));
			} else {
				one->conn[i] = one->conn[--one->n];
				two->conn[i] = two->conn[one->n];
			}
		} else {
			one->conn[one->n] = lvs_arena_take(&one->arena, size, NULL, &err[0]);
			two->conn[one->n] = lvs_arena_take(&two->arena, size, NULL, &err[1]);
			ck_assert_int_eq(err[0], err[1]);
			one->n += one->conn[one->n] != NULL;
		}
		if (step % 1000 == 0)
			whole(one), whole(two);
	}
	bench_del(one);
	bench_del(two);
}
END_TEST

/* The near way finds what the whole one does. */
START_TEST(test_next_near)
{
	struct bench *bench = bench_new(MAX_CONNS);

	for (uint32_t i = 0; i < MAX_CONNS; i++)
		take(bench, i % 3 ? LVS_ARENA_LARGE : LVS_ARENA_SMALL);
	for (uint32_t number = 0; number < 8 * LVS_ARENA_CHUNK_UNITS; number++)
		ck_assert_uint_eq(lvs_arena_next_near(&bench->arena, number),
				  lvs_arena_next(&bench->arena, number));
	bench_del(bench);
}
END_TEST

static bool has_spare(const struct bench *bench)
{
	return atomic_load(&bench->arena.spare) != NULL;
}

/* The next chunk is ready before this one is full, and not long before; it is not made where it
 * will not be needed. */
START_TEST(test_spare)
{
	struct bench *bench = bench_new(MAX_CONNS);
	uint32_t chunk = LVS_ARENA_CHUNK_UNITS;
	uint64_t bytes;

	for (uint32_t i = 0; i < chunk - 8700; i++)
		take(bench, LVS_ARENA_SMALL);
	ck_assert(!lvs_arena_wants(&bench->arena));
	ck_assert(!lvs_arena_prepare(&bench->arena));
	for (uint32_t i = 0; i < 8700 - 4096; i++)
		take(bench, LVS_ARENA_SMALL);
	bytes = lvs_arena_bytes(&bench->arena);
	/* Whoever has the time might do it; nobody had. */
	ck_assert(lvs_arena_wants(&bench->arena));
	ck_assert(!has_spare(bench));
	for (uint32_t i = 0; i < 3072; i++)
		take(bench, LVS_ARENA_SMALL);
	ck_assert(has_spare(bench));
	ck_assert(!lvs_arena_wants(&bench->arena));
	ck_assert(!lvs_arena_prepare(&bench->arena));
	ck_assert_uint_eq(lvs_arena_bytes(&bench->arena), bytes + LVS_ARENA_CHUNK_SIZE);
	for (uint32_t i = 0; i < 2048; i++)
		take(bench, LVS_ARENA_SMALL);
	ck_assert(!has_spare(bench));
	ck_assert_uint_eq(atomic_load(&bench->arena.chunks_n), 2);
	ck_assert_uint_eq(lvs_arena_bytes(&bench->arena), bytes + LVS_ARENA_CHUNK_SIZE);
	/* The next one by who has the time. */
	for (uint32_t i = 0; i < chunk - 4096; i++)
		take(bench, LVS_ARENA_SMALL);
	ck_assert(lvs_arena_prepare(&bench->arena));
	ck_assert(has_spare(bench));
	ck_assert(!lvs_arena_prepare(&bench->arena));
	whole(bench);
	bench_del(bench);

	bench = bench_new(chunk - 1000);
	for (uint32_t i = 0; i < chunk - 1000; i++)
		take(bench, LVS_ARENA_SMALL);
	ck_assert(!has_spare(bench));
	bench_del(bench);
}
END_TEST

/* The first chunk, where it is known that there will be records. */
START_TEST(test_expected)
{
	struct bench *bench = bench_new(MAX_CONNS);

	ck_assert(!lvs_arena_prepare(&bench->arena));
	lvs_arena_expect(&bench->arena);
	ck_assert(lvs_arena_prepare(&bench->arena));
	ck_assert(has_spare(bench));
	lvs_arena_expect(&bench->arena);
	ck_assert(!lvs_arena_prepare(&bench->arena));
	take(bench, LVS_ARENA_LARGE);
	ck_assert(!has_spare(bench));
	lvs_arena_expect(&bench->arena);
	ck_assert(!lvs_arena_prepare(&bench->arena));
	whole(bench);
	bench_del(bench);
}
END_TEST

/* Without memory for it records are taken as long as there are any, and it is tried again. */
START_TEST(test_no_spare)
{
	struct bench *bench = bench_new(MAX_CONNS);
	struct alloc_rig rig = {0};
	struct lvs_alloc alloc = alloc_rig(&rig);
	unsigned n = 0;
	int err = 0;

	take(bench, LVS_ARENA_SMALL);
	bench->arena.alloc = &alloc;
	rig.fail_all = 1;
	while (lvs_arena_take(&bench->arena, LVS_ARENA_SMALL, NULL, &err))
		n++;
	ck_assert_int_eq(err, LVS_ERR_NO_MEMORY);
	ck_assert_uint_gt(n, LVS_ARENA_CHUNK_UNITS - 100);
	ck_assert_uint_gt(rig.failed, 1);
	bench->arena.alloc = &lvs_alloc_libc;
	take(bench, LVS_ARENA_SMALL);
	whole(bench);
	bench_del(bench);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("arena");

	tcase_add_test(tcase, test_records);
	tcase_add_test(tcase, test_walk);
	tcase_add_test(tcase, test_lowest_first);
	tcase_add_test(tcase, test_random);
	tcase_add_loop_test(tcase, test_retake, 0, 2);
	tcase_add_test(tcase, test_next_near);
	tcase_add_test(tcase, test_spare);
	tcase_add_test(tcase, test_no_spare);
	tcase_add_test(tcase, test_expected);
	return unit_run("arena", tcase);
}
