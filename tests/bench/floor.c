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
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "bench.h"

#define BATCH 32
#define PASSES 7
#define CHUNK ((size_t)2 << 20) /* records come in chunks of 2 MiB, aligned */

struct memory {
	uint8_t *index;
	uint8_t *records;
	uint32_t index_n;
	uint32_t record_n;
	unsigned record_size;
};

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
static void build(struct memory *m, uint32_t flows, bool two_way, bool large)
{
	m->record_n = flows;
	m->record_size = large ? 128 : 64;
	m->index_n = (uint32_t)((uint64_t)flows * (two_way ? 2 : 1) / 7 + 1);
	m->index = take((size_t)m->index_n * 64, 64);
	m->records = take((size_t)m->record_n * m->record_size, CHUNK);
}

struct spot {
	uint32_t index;
	uint32_t record;
};

static uint32_t below(uint64_t value, uint32_t n)
{
	return (uint32_t)((value & UINT32_MAX) * n >> 32);
}

static uint64_t one_batch(const struct memory *m, const struct lvs_hash *hash, uint32_t (*keys)[4])
{
	struct spot spot[BATCH];
	uint64_t sum = 0;

	for (unsigned i = 0; i < BATCH; i++) {
		uint64_t h = lvs_hash_inet(hash, keys[i]);

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

static double one_pass(const struct memory *m, const struct lvs_hash *hash, uint64_t *random)
{
	enum { BATCHES = 4096 };
	static uint32_t keys[BATCHES][BATCH][4];
	static volatile uint64_t sink;
	uint64_t began, sum = 0;

	for (unsigned i = 0; i < BATCHES; i++)
		for (unsigned j = 0; j < BATCH; j++)
			for (unsigned k = 0; k < 4; k++)
				keys[i][j][k] = (uint32_t)bench_random(random);
	began = bench_now();
	for (unsigned i = 0; i < BATCHES; i++)
		sum += one_batch(m, hash, keys[i]);
	sink = sum;
	(void)sink;
	return (double)(bench_now() - began) / (BATCHES * BATCH);
}

double bench_floor(uint32_t flows, bool two_way, bool large)
{
	static const uint8_t key[16] = {1, 2, 3};
	double values[PASSES];
	struct lvs_hash hash;
	struct memory m;
	uint64_t random = flows;

	lvs_hash_init(&hash, key);
	build(&m, flows, two_way, large);
	for (unsigned i = 0; i < PASSES; i++)
		values[i] = one_pass(&m, &hash, &random);
	free(m.index);
	free(m.records);
	return bench_median(values, PASSES);
}
