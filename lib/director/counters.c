/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/counters.h"

#include <liblvs/error.h>

#include "base/memory.h"

#define PAGE_SIZE (sizeof(struct lvs_counter_row) * LVS_COUNTER_PAGE)

static struct lvs_counter_row *page_at(const struct lvs_counters *counters, unsigned i)
{
	return atomic_load_explicit(&counters->page[i], memory_order_acquire);
}

void lvs_counters_init(struct lvs_counters *counters)
{
	for (unsigned i = 0; i < LVS_REASON_N; i++)
		atomic_init(&counters->reason[i], 0);
	for (unsigned i = 0; i < LVS_COUNTER_PAGES; i++)
		atomic_init(&counters->page[i], NULL);
}

void lvs_counters_fini(struct lvs_counters *counters, const struct lvs_alloc *alloc)
{
	for (unsigned i = 0; i < LVS_COUNTER_PAGES; i++)
		lvs_mem_free(alloc, page_at(counters, i), PAGE_SIZE, LVS_CACHE_LINE);
}

static int reserve_page(struct lvs_counters *counters, const struct lvs_alloc *alloc, unsigned i)
{
	struct lvs_counter_row *page;

	if (page_at(counters, i))
		return 0;
	page = lvs_mem_zalloc(alloc, PAGE_SIZE, LVS_CACHE_LINE);
	if (!page)
		return LVS_ERR_NO_MEMORY;
	/* release: the zeroes first; pairs with the acquire in lvs_counters_row() */
	atomic_store_explicit(&counters->page[i], page, memory_order_release);
	return 0;
}

int lvs_counters_reserve(struct lvs_counters *counters, const struct lvs_alloc *alloc,
			 uint32_t number)
{
	if (number >> LVS_COUNTER_PAGE_SHIFT >= LVS_COUNTER_PAGES)
		return LVS_ERR_RANGE;
	return reserve_page(counters, alloc, number >> LVS_COUNTER_PAGE_SHIFT);
}

int lvs_counters_reserve_pages(struct lvs_counters *counters, const struct lvs_alloc *alloc,
			       unsigned pages)
{
	for (unsigned i = 0; i < pages; i++)
		if (reserve_page(counters, alloc, i) != 0)
			return LVS_ERR_NO_MEMORY;
	return 0;
}

static uint64_t read_count(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_page(struct lvs_counter_row *into, const struct lvs_counter_row *from)
{
	for (unsigned i = 0; i < LVS_COUNTER_PAGE; i++)
		for (unsigned j = 0; j < LVS_COUNT_N; j++)
			lvs_count(&into[i].count[j], read_count(&from[i].count[j]));
}

static void merge_page(struct lvs_counters *counters, struct lvs_counters *from, unsigned i)
{
	struct lvs_counter_row *page = page_at(from, i);

	if (page_at(counters, i)) {
		add_page(page_at(counters, i), page);
		return;
	}
	/* relaxed: see the declaration */
	atomic_store_explicit(&counters->page[i], page, memory_order_relaxed);
	atomic_store_explicit(&from->page[i], NULL, memory_order_relaxed);
}

void lvs_counters_merge(struct lvs_counters *counters, struct lvs_counters *from)
{
	for (unsigned i = 0; i < LVS_REASON_N; i++)
		lvs_count(&counters->reason[i], read_count(&from->reason[i]));
	for (unsigned i = 0; i < LVS_COUNTER_PAGES; i++)
		if (page_at(from, i))
			merge_page(counters, from, i);
}

static void add_row(const struct lvs_counter_row *row, struct lvs_stats *stats)
{
	const _Atomic uint64_t *count = row->count;

	stats->conns += read_count(&count[LVS_COUNT_CONNS]);
	stats->in_pkts += read_count(&count[LVS_COUNT_IN_PKTS]);
	stats->out_pkts += read_count(&count[LVS_COUNT_OUT_PKTS]);
	stats->in_bytes += read_count(&count[LVS_COUNT_IN_BYTES]);
	stats->out_bytes += read_count(&count[LVS_COUNT_OUT_BYTES]);
}

void lvs_counters_add(const struct lvs_counters *counters, uint32_t number, struct lvs_stats *stats)
{
	const struct lvs_counter_row *page = page_at(counters, number >> LVS_COUNTER_PAGE_SHIFT);

	if (page)
		add_row(&page[number & (LVS_COUNTER_PAGE - 1)], stats);
}

void lvs_counters_add_page(const struct lvs_counters *counters, unsigned page,
			   struct lvs_stats *stats)
{
	const struct lvs_counter_row *row = page_at(counters, page);

	for (unsigned i = 0; row && i < LVS_COUNTER_PAGE; i++)
		add_row(&row[i], stats);
}
