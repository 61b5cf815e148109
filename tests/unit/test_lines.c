/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of indexes: blocks of chunks, each to one owner, all of it given back. */
#include "conn/lines.h"

#include "alloc_rig.h"

#include "unit.h"

#define LINE sizeof(struct lvs_index_line)
#define LEAST_N (LVS_LINES_LEAST / LINE)
#define CHUNK_N (LVS_LINES_CHUNK_SIZE / LINE)

struct bench {
	struct alloc_rig rig;
	struct lvs_alloc alloc;
	struct lvs_lines lines;
};

static void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	bench->alloc = alloc_rig(&bench->rig);
	lvs_lines_init(&bench->lines, &bench->alloc);
}

static void bench_fini(struct bench *bench)
{
	lvs_lines_fini(&bench->lines);
	ck_assert_uint_eq(bench->rig.live_n, 0);
	ck_assert_uint_eq(atomic_load(&bench->lines.bytes), 0);
	ck_assert_ptr_null(bench->lines.chunks);
}

static bool is_aligned(const void *memory, size_t align)
{
	return (uintptr_t)memory % align == 0;
}

/* Below the least block and above a chunk they are memory of their own. */
START_TEST(test_sizes)
{
	static const struct {
		uint64_t n;
		size_t align, bytes;
	} row[] = {
		{4, LVS_CACHE_LINE, 4 * LINE},
		{LEAST_N / 2, LVS_CACHE_LINE, LVS_LINES_LEAST / 2},
		{LEAST_N, LVS_LINES_LEAST, LVS_LINES_CHUNK_SIZE + sizeof(struct lvs_lines_chunk)},
		{CHUNK_N / 2, LVS_LINES_CHUNK_SIZE / 2,
		 LVS_LINES_CHUNK_SIZE + sizeof(struct lvs_lines_chunk)},
		{CHUNK_N, LVS_LINES_CHUNK_SIZE,
		 LVS_LINES_CHUNK_SIZE + sizeof(struct lvs_lines_chunk)},
		{2 * CHUNK_N, LVS_LINES_CHUNK_SIZE, 2 * LVS_LINES_CHUNK_SIZE},
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct lvs_index_line *line;
		struct bench bench;

		bench_init(&bench);
		line = lvs_lines_take(&bench.lines, row[i].n);
		ck_assert_msg(line && is_aligned(line, row[i].align), "row %u", i);
		ck_assert_uint_eq(bench.rig.live_bytes, row[i].bytes);
		ck_assert_uint_eq(atomic_load(&bench.lines.bytes), row[i].bytes);
		lvs_lines_give(&bench.lines, line, row[i].n);
		bench_fini(&bench);
	}
}
END_TEST

/* A chunk is full before the next one comes; what was given back is given out again. */
START_TEST(test_one_chunk)
{
	struct lvs_index_line *line[LVS_LINES_BLOCKS + 1];
	struct bench bench;

	bench_init(&bench);
	for (unsigned i = 0; i < LVS_LINES_BLOCKS; i++)
		line[i] = lvs_lines_take(&bench.lines, LEAST_N);
	ck_assert_uint_eq(bench.rig.live_n, 2);
	lvs_lines_give(&bench.lines, line[77], LEAST_N);
	ck_assert_ptr_eq(lvs_lines_take(&bench.lines, LEAST_N), line[77]);
	line[LVS_LINES_BLOCKS] = lvs_lines_take(&bench.lines, LEAST_N);
	ck_assert_uint_eq(bench.rig.live_n, 4);
	for (unsigned i = 0; i <= LVS_LINES_BLOCKS; i++)
		lvs_lines_give(&bench.lines, line[i], LEAST_N);
	bench_fini(&bench);
}
END_TEST

/* What two smaller ones leave side by side is one for a larger: no chunk comes for it. */
START_TEST(test_halves_join)
{
	struct lvs_index_line *line[LVS_LINES_BLOCKS], *whole;
	struct bench bench;

	bench_init(&bench);
	for (unsigned i = 0; i < LVS_LINES_BLOCKS; i++)
		line[i] = lvs_lines_take(&bench.lines, LEAST_N);
	/* Two, but not of one block: too little for one of twice the size. */
	lvs_lines_give(&bench.lines, line[1], LEAST_N);
	lvs_lines_give(&bench.lines, line[2], LEAST_N);
	whole = lvs_lines_take(&bench.lines, 2 * LEAST_N);
	ck_assert_uint_eq(bench.rig.live_n, 4);
	lvs_lines_give(&bench.lines, whole, 2 * LEAST_N);
	lvs_lines_give(&bench.lines, line[3], LEAST_N);
	whole = lvs_lines_take(&bench.lines, 2 * LEAST_N);
	ck_assert_ptr_eq(whole, line[2]);
	lvs_lines_give(&bench.lines, whole, 2 * LEAST_N);
	for (unsigned i = 0; i < LVS_LINES_BLOCKS; i++)
		if (i < 1 || i > 3)
			lvs_lines_give(&bench.lines, line[i], LEAST_N);
	bench_fini(&bench);
}
END_TEST

/* The chunk that a block fits best: what is large stays whole. */
START_TEST(test_fits_best)
{
	struct lvs_index_line *half[3], *quarter[2];
	struct bench bench;

	bench_init(&bench);
	for (unsigned i = 0; i < 3; i++)
		half[i] = lvs_lines_take(&bench.lines, CHUNK_N / 2);
	quarter[0] = lvs_lines_take(&bench.lines, CHUNK_N / 4);
	lvs_lines_give(&bench.lines, half[0], CHUNK_N / 2);
	quarter[1] = lvs_lines_take(&bench.lines, CHUNK_N / 4);
	ck_assert_ptr_eq(lvs_lines_take(&bench.lines, CHUNK_N / 2), half[0]);
	ck_assert_uint_eq(bench.rig.live_n, 4);
	for (unsigned i = 0; i < 3; i++)
		lvs_lines_give(&bench.lines, half[i], CHUNK_N / 2);
	for (unsigned i = 0; i < 2; i++)
		lvs_lines_give(&bench.lines, quarter[i], CHUNK_N / 4);
	bench_fini(&bench);
}
END_TEST

/* The next chunk is made ready when the last place is taken, for whatever size comes next. */
START_TEST(test_prepare)
{
	struct lvs_index_line *line[LVS_LINES_BLOCKS + 1];
	struct bench bench;

	bench_init(&bench);
	ck_assert(!lvs_lines_prepare(&bench.lines));
	for (unsigned i = 0; i < LVS_LINES_BLOCKS; i++) {
		ck_assert(!lvs_lines_wants(&bench.lines));
		line[i] = lvs_lines_take(&bench.lines, LEAST_N);
	}
	ck_assert(lvs_lines_wants(&bench.lines));
	bench.rig.fail_all = 1;
	ck_assert(!lvs_lines_prepare(&bench.lines));
	ck_assert(!lvs_lines_wants(&bench.lines)); /* until the next is taken */
	bench.rig.fail_all = 0;
	lvs_lines_give(&bench.lines, line[5], LEAST_N);
	line[5] = lvs_lines_take(&bench.lines, LEAST_N);
	ck_assert(lvs_lines_prepare(&bench.lines));
	ck_assert(!lvs_lines_prepare(&bench.lines));
	ck_assert_uint_eq(bench.rig.live_n, 4);
	line[LVS_LINES_BLOCKS] = lvs_lines_take(&bench.lines, 2 * LEAST_N);
	ck_assert_uint_eq(bench.rig.live_n, 4);
	lvs_lines_give(&bench.lines, line[LVS_LINES_BLOCKS], 2 * LEAST_N);
	for (unsigned i = 0; i < LVS_LINES_BLOCKS; i++)
		lvs_lines_give(&bench.lines, line[i], LEAST_N);
	bench_fini(&bench);
}
END_TEST

/* Who can wait takes what is there, until somebody has made more ready. */
START_TEST(test_ready)
{
	struct lvs_index_line *half[3], *small;
	struct bench bench;

	bench_init(&bench);
	ck_assert_ptr_null(lvs_lines_take_ready(&bench.lines, CHUNK_N / 2));
	ck_assert(lvs_lines_wants(&bench.lines));
	ck_assert_uint_eq(bench.rig.asked, 0);
	ck_assert(lvs_lines_prepare(&bench.lines));
	for (unsigned i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(half[i] = lvs_lines_take_ready(&bench.lines, CHUNK_N / 2));
	ck_assert_ptr_null(lvs_lines_take_ready(&bench.lines, CHUNK_N / 2));
	/* Who cannot wait brings a chunk, and others need not wait any more. */
	half[2] = lvs_lines_take(&bench.lines, CHUNK_N / 2);
	ck_assert_uint_eq(bench.rig.live_n, 4);
	ck_assert(!lvs_lines_wants(&bench.lines));
	/* What is no block is memory of its own at once. */
	ck_assert_ptr_nonnull(small = lvs_lines_take_ready(&bench.lines, LEAST_N / 2));
	lvs_lines_give(&bench.lines, small, LEAST_N / 2);
	for (unsigned i = 0; i < 3; i++)
		lvs_lines_give(&bench.lines, half[i], CHUNK_N / 2);
	bench_fini(&bench);
}
END_TEST

/* A chunk that was left stays for the next one, one of them: no page is touched anew. */
START_TEST(test_left)
{
	struct lvs_index_line *whole[2], *again;
	struct bench bench;

	bench_init(&bench);
	for (unsigned i = 0; i < 2; i++)
		whole[i] = lvs_lines_take(&bench.lines, CHUNK_N);
	ck_assert(lvs_lines_wants(&bench.lines));
	for (unsigned i = 0; i < 2; i++)
		lvs_lines_give(&bench.lines, whole[i], CHUNK_N);
	ck_assert(!lvs_lines_wants(&bench.lines));
	ck_assert_uint_eq(bench.rig.live_n, 2);
	again = lvs_lines_take_ready(&bench.lines, LEAST_N);
	ck_assert_ptr_eq(again, whole[0]);
	lvs_lines_give(&bench.lines, again, LEAST_N);
	bench_fini(&bench);
}
END_TEST

struct owned {
	struct lvs_index_line *line;
	uint64_t n;
	uint8_t fill;
};

static void give(struct bench *bench, struct owned *owned)
{
	const uint8_t *byte = (const uint8_t *)owned->line;

	for (size_t i = 0; i < owned->n * LINE; i++)
		must(byte[i] == owned->fill);
	lvs_lines_give(&bench->lines, owned->line, owned->n);
	owned->line = NULL;
}

/* Sizes mixed, in any order: nobody's lines are another's. */
START_TEST(test_owners)
{
	struct owned owned[64] = {{NULL, 0, 0}};
	uint64_t random = 88172645463325252u;
	struct bench bench;

	bench_init(&bench);
	for (unsigned round = 0; round < 500; round++) {
		struct owned *one;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		lvs_lines_prepare(&bench.lines);
		one = &owned[random % 64];
		if (one->line) {
			give(&bench, one);
			continue;
		}
		one->n = (LEAST_N / 4) << random / 64 % 11;
		one->fill = (uint8_t)round;
		one->line = lvs_lines_take(&bench.lines, one->n);
		must(one->line);
		memset(one->line, one->fill, one->n * LINE);
	}
	for (unsigned i = 0; i < 64; i++)
		if (owned[i].line)
			give(&bench, &owned[i]);
	bench_fini(&bench);
}
END_TEST

/* The k-th allocation fails: no lines, and nothing is left behind. */
START_TEST(test_no_memory)
{
	for (unsigned k = 1; k <= 2; k++) {
		struct lvs_index_line *line;
		struct bench bench;

		bench_init(&bench);
		bench.rig.fail_at = k;
		ck_assert_ptr_null(lvs_lines_take(&bench.lines, LEAST_N));
		bench_fini(&bench);
		line = lvs_lines_take(&bench.lines, LEAST_N);
		ck_assert_ptr_nonnull(line);
		lvs_lines_give(&bench.lines, line, LEAST_N);
		bench_fini(&bench);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lines");

	tcase_add_test(tcase, test_prepare);
	tcase_add_test(tcase, test_sizes);
	tcase_add_test(tcase, test_one_chunk);
	tcase_add_test(tcase, test_halves_join);
	tcase_add_test(tcase, test_fits_best);
	tcase_add_test(tcase, test_ready);
	tcase_add_test(tcase, test_left);
	tcase_add_test(tcase, test_owners);
	tcase_add_test(tcase, test_no_memory);
	return unit_run("lines", tcase);
}
