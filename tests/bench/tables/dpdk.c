/* SPDX-License-Identifier: BSD-2-Clause */
/* DPDK's rte_hash: CRC32C, in bulk; a quarter more room than keys, as it needs to take them all. */
#include "table.h"

#include <sys/mman.h>

#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_memory.h>

#include "bench.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Its memory, without a mount of huge pages; in huge pages all the same where the kernel can. */
static int advise(const struct rte_memseg_list *list, void *arg)
{
	madvise(list->base_va, list->len, *(const int *)arg);
	return 0;
}

static void advise_all(int advice)
{
	rte_memseg_list_walk(advise, &advice);
}

static bool begin(void)
{
	static char *argv[] = {"tables", "--no-huge", "--no-shconf",   "--no-pci", "--no-telemetry",
			       "-m",     "6000",      "--log-level=1", NULL};
	static int state; /* 1: it runs, -1: it cannot */

	if (state == 0) {
		state = rte_eal_init(sizeof(argv) / sizeof(argv[0]) - 1, argv) < 0 ? -1 : 1;
		advise_all(MADV_HUGEPAGE);
	}
	return state == 1;
}

static void *open_with(uint32_t n, unsigned key_len, const char *name, uint8_t flags)
{
	struct rte_hash_parameters conf = {
		.name = name,
		.entries = n + n / 4,
		.key_len = key_len,
		.hash_func = rte_hash_crc,
		.extra_flag = flags,
	};
	struct rte_hash *hash = begin() ? rte_hash_create(&conf) : NULL;

	return hash;
}

static void *peer_open(uint32_t n, unsigned key_len)
{
	return open_with(n, key_len, "plain", 0);
}

static void *peer_open_lf(uint32_t n, unsigned key_len)
{
	return open_with(n, key_len, "lock-free", RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF);
}

static void peer_close(void *table)
{
	rte_hash_free(table);
}

static void peer_add(void *table, const uint8_t *key, uint32_t value)
{
	if (rte_hash_add_key_data(table, key, (void *)(uintptr_t)value) < 0)
		bench_fail("rte_hash: a key was not taken");
}

static uint64_t peer_find(void *table, const void *const *query, unsigned n)
{
	const void *keys[TABLE_BATCH];
	void *data[TABLE_BATCH];
	uint64_t hits = 0, sum = 0;

	for (unsigned i = 0; i < n; i++)
		keys[i] = query[i];
	rte_hash_lookup_bulk_data(table, keys, n, &hits, data);
	for (unsigned i = 0; i < n; i++)
		if (hits >> i & 1)
			sum += (uintptr_t)data[i];
	return sum;
}

const struct table_ops table_dpdk = {
	.name = "table/rte_hash",
	.open = peer_open,
	.close = peer_close,
	.add = peer_add,
	.find = peer_find,
};

const struct table_ops table_dpdk_lf = {
	.name = "table/rte_hash-lock-free",
	.open = peer_open_lf,
	.close = peer_close,
	.add = peer_add,
	.find = peer_find,
};
