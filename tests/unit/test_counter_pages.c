/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of counters: what a worker that goes leaves behind. */
#include <liblvs/error.h>

#include "director/counters.h"

#include "alloc_rig.h"

static void count(struct lvs_counters *counters, uint32_t number, uint64_t bytes)
{
	lvs_count(&lvs_counters_row(counters, number)->count[LVS_COUNT_IN_BYTES], bytes);
}

static uint64_t bytes_of(const struct lvs_counters *counters, uint32_t number)
{
	struct lvs_stats stats = {0};

	lvs_counters_add(counters, number, &stats);
	return stats.in_bytes;
}

/* Three workers go one after the other; only the first page of each is needed anew. */
START_TEST(merges)
{
	static struct lvs_counters past, worker;
	struct alloc_rig memory = {0};
	struct lvs_alloc alloc = alloc_rig(&memory);
	struct lvs_stats page = {0};

	lvs_counters_init(&past);
	for (uint64_t i = 1; i <= 3; i++) {
		lvs_counters_init(&worker);
		ck_assert_int_eq(lvs_counters_reserve_pages(&worker, &alloc, (unsigned)i), 0);
		count(&worker, 7, i);
		count(&worker, (uint32_t)i * LVS_COUNTER_PAGE - 1, 100 * i);
		lvs_count(&worker.reason[1], i);
		lvs_counters_merge(&past, &worker);
		/* What has changed hands is not there twice. */
		ck_assert_uint_eq(bytes_of(&worker, (uint32_t)i * LVS_COUNTER_PAGE - 1), 0);
		lvs_counters_fini(&worker, &alloc);
		ck_assert_uint_eq(memory.live_n, i);
	}
	ck_assert_uint_eq(bytes_of(&past, 7), 6);
	ck_assert_uint_eq(bytes_of(&past, 1 * LVS_COUNTER_PAGE - 1), 100);
	ck_assert_uint_eq(bytes_of(&past, 2 * LVS_COUNTER_PAGE - 1), 200);
	ck_assert_uint_eq(bytes_of(&past, 3 * LVS_COUNTER_PAGE - 1), 300);
	ck_assert_uint_eq(atomic_load(&past.reason[1]), 6);
	lvs_counters_add_page(&past, 0, &page);
	ck_assert_uint_eq(page.in_bytes, 106);
	lvs_counters_fini(&past, &alloc);
	ck_assert_uint_eq(memory.live_n, 0);
}
END_TEST

START_TEST(reserves)
{
	static struct lvs_counters counters;
	struct alloc_rig memory = {.fail_at = 2};
	struct lvs_alloc alloc = alloc_rig(&memory);

	lvs_counters_init(&counters);
	ck_assert_int_eq(lvs_counters_reserve_pages(&counters, &alloc, 3), LVS_ERR_NO_MEMORY);
	ck_assert_int_eq(lvs_counters_reserve_pages(&counters, &alloc, 3), 0);
	ck_assert_uint_eq(memory.live_n, 3);
	ck_assert_int_eq(lvs_counters_reserve(&counters, &alloc, 0), 0);
	ck_assert_int_eq(
		lvs_counters_reserve(&counters, &alloc, LVS_COUNTER_PAGES * LVS_COUNTER_PAGE),
		LVS_ERR_RANGE);
	ck_assert_uint_eq(memory.live_n, 3);
	lvs_counters_fini(&counters, &alloc);
	ck_assert_uint_eq(memory.live_n, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("counter_pages");

	tcase_add_test(tcase, merges);
	tcase_add_test(tcase, reserves);
	return unit_run("counter_pages", tcase);
}
