/* SPDX-License-Identifier: BSD-2-Clause */
/* The director under test of fuzz_director.c, its workers, its clock and its memory. */
#ifndef LVS_TESTS_FUZZ_DIRECTOR_BENCH_H
#define LVS_TESTS_FUZZ_DIRECTOR_BENCH_H

#include "director_flows.h"

enum {
	MAX_CONNS = 50,
};

#define SECOND ((uint64_t)1000000000)

struct bench {
	struct input in;
	struct lvs_director *director;
	struct lvs_worker *worker[2];
	uint64_t now;
	uint32_t max_conns;
	uint64_t packets;   /* processed by all workers so far */
	uint64_t asked;     /* allocations */
	uint64_t fail_at;   /* the one that fails; 0: none */
	uint64_t allocated; /* not freed */
	bool removed;       /* a destination, or a service */
	uint64_t available; /* memory, as the defences are told */
	unsigned filter;    /* what it answers, by the last byte of the client */
	bool filter_whole;  /* it is to see no fragments */
};

static inline void *bench_alloc(void *user, size_t size, size_t align)
{
	struct bench *bench = user;
	void *memory = NULL;

	if (++bench->asked == bench->fail_at)
		return NULL;
	align = align < sizeof(void *) ? sizeof(void *) : align;
	if (posix_memalign(&memory, align, size ? size : 1) != 0)
		return NULL;
	bench->allocated++;
	return memory;
}

static inline uint64_t bench_measure(void *user)
{
	return ((struct bench *)user)->available;
}

static inline void bench_free(void *user, void *memory, size_t size, size_t align)
{
	struct bench *bench = user;

	(void)size;
	(void)align;
	bench->allocated--;
	free(memory);
}

#endif
