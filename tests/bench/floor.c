/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor: what touching memory costs on this machine, now.
 *
 * A packet of a known connection needs one line of an index and one line (IPv6:
 * two) of a record, at random places of tables as large as that many flows
 * need, each prefetched in batches of 32, and the hash of its key. This code
 * does just that, without a compare, in the same kind of pages; it is fixed, so
 * that a figure beside it means the same next year.
 */
#include "floor.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "spread.h"

#define BATCH 32
#define PASSES 7
#define CHUNK ((size_t)2 << 20) /* records and large indexes come in chunks of 2 MiB, aligned */

static size_t rounded(size_t size)
{
	return (size + CHUNK - 1) & ~(CHUNK - 1);
}

/* From the allocator that the library has by default, so that the pages are of the same kind. */
static uint8_t *take(size_t size, size_t align)
{
	uint8_t *memory = lvs_mem_alloc(&lvs_alloc_libc, rounded(size), align);

	if (!memory)
		bench_fail("no memory for the floor");
	memset(memory, 1, size);
	return memory;
}

/* Ten slots a line, seven of them used on average. */
void floor_open(struct floor_memory *m, uint32_t flows, bool two_way, bool large)
{
	static const uint8_t key[16] = {1, 2, 3};
	size_t size;

	lvs_hash_init(&m->hash, key);
	m->random = flows;
	m->record_n = flows;
	m->record_size = large ? 128 : 64;
	m->index_n = (uint32_t)((uint64_t)flows * (two_way ? 2 : 1) / 7 + 1);
	size = (size_t)m->index_n * 64;
	m->index = take(size, size < CHUNK ? 64 : CHUNK);
	m->records = take((size_t)m->record_n * m->record_size, CHUNK);
}

void floor_close(struct floor_memory *m)
{
	free(m->index);
	free(m->records);
}

struct spot {
	uint32_t index;
	uint32_t record;
};

static uint32_t below(uint64_t value, uint32_t n)
{
	return (uint32_t)((value & UINT32_MAX) * n >> 32);
}

static uint64_t one_batch(const struct floor_memory *m, uint64_t (*keys)[LVS_HASH_INET_WORDS])
{
	struct spot spot[BATCH];
	uint64_t sum = 0;

	for (unsigned i = 0; i < BATCH; i++) {
		uint64_t h = lvs_hash_inet(&m->hash, keys[i]);

		spot[i].index = below(h, m->index_n);
		spot[i].record = below(h >> 32, m->record_n);
		__builtin_prefetch(m->index + (size_t)spot[i].index * 64);
	}
	for (unsigned i = 0; i < BATCH; i++) {
		const uint8_t *record = m->records + (size_t)spot[i].record * m->record_size;

		sum += m->index[(size_t)spot[i].index * 64];
		__builtin_prefetch(record);
		if (m->record_size == 128)
			__builtin_prefetch(record + 64);
	}
	for (unsigned i = 0; i < BATCH; i++) {
		const uint8_t *record = m->records + (size_t)spot[i].record * m->record_size;

		sum += record[0] + record[m->record_size - 1];
	}
	return sum;
}

double floor_pass(struct floor_memory *m)
{
	enum { BATCHES = 4096 };
	static uint64_t keys[BATCHES][BATCH][LVS_HASH_INET_WORDS];
	static volatile uint64_t sink;
	uint64_t began, sum = 0;

	for (unsigned i = 0; i < BATCHES; i++)
		for (unsigned j = 0; j < BATCH; j++)
			for (unsigned k = 0; k < LVS_HASH_INET_WORDS; k++)
				keys[i][j][k] = bench_random(&m->random);
	began = bench_cpu();
	for (unsigned i = 0; i < BATCHES; i++)
		sum += one_batch(m, keys[i]);
	sink = sum;
	(void)sink;
	return (double)(bench_cpu() - began) / (BATCHES * BATCH);
}

double floor_of(uint32_t flows, bool two_way, bool large)
{
	double values[PASSES];
	struct floor_memory m;

	floor_open(&m, flows, two_way, large);
	for (unsigned i = 0; i < PASSES; i++)
		values[i] = floor_pass(&m);
	floor_close(&m);
	return spread_of(values, PASSES).median;
}
