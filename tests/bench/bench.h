/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmark's parts share: options, time, random numbers, lines of output. */
#ifndef LVS_TESTS_BENCH_H
#define LVS_TESTS_BENCH_H

#include <stdbool.h>
#include <stdint.h>

struct bench_options {
	const char *only; /* cases whose name begins so; NULL: all */
	bool json;
	bool quick;      /* few packets: for counting instructions */
	unsigned rounds; /* measurements a case, of which the median counts */
	uint32_t flows_max;
	bool *any; /* whether any case was wanted */
};

/* Nanoseconds of the monotonic clock. */
uint64_t bench_now(void);

/* Nanoseconds that this thread has computed: others' load does not count. Costs a system call. */
uint64_t bench_cpu(void);

/* splitmix64. */
uint64_t bench_random(uint64_t *state);

/* The middle of @p n values, which are sorted. */
double bench_median(double *values, unsigned n);

/* A progress line on stderr, where that is a terminal. */
void bench_progress(const char *name, uint32_t flows);

/* Whether a case was asked for. */
bool bench_wanted(const struct bench_options *options, const char *name);
/* The same of cases that are measured together, whose names begin with @p name. */
bool bench_wanted_group(const struct bench_options *options, const char *name);

/* ns for one packet's lines of memory: see floor.c. Cached by size. */
double bench_floor(uint32_t flows, bool two_way, bool large);

_Noreturn void bench_fail(const char *what);

/* The suites. */
void bench_established(const struct bench_options *options);
void bench_fresh(const struct bench_options *options);
void bench_memory(const struct bench_options *options);
/* How many bounds were broken. */
unsigned bench_attack(const struct bench_options *options);

#endif
