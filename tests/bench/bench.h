/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmark's parts share: options, time, random numbers, lines of output. */
#ifndef LVS_TESTS_BENCH_H
#define LVS_TESTS_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct bench_options {
	const char *only; /* cases whose name begins so; NULL: all */
	bool json;
	bool quick;      /* few packets: for counting instructions */
	unsigned rounds; /* measurements a case, of which the median counts */
	uint32_t flows_max;
	unsigned batch; /* only this; 0: 32, and where a case is told for others, those too */
	FILE *record;   /* the figures as lines of JSON too; NULL: nowhere */
	bool *any;      /* whether any case was wanted */
};

/* Nanoseconds of the monotonic clock. */
uint64_t bench_now(void);

/* Nanoseconds that this thread has computed: others' load does not count. Costs a system call. */
uint64_t bench_cpu(void);

/* What asking for them takes by itself: to be taken off what is shorter than a few microseconds. */
uint64_t bench_cpu_cost(void);

/* splitmix64. */
uint64_t bench_random(uint64_t *state);

/* A progress line on stderr, where that is a terminal; NULL takes it away. */
void bench_progress(const char *name, uint32_t flows);

/* How many packets a batch has that a case is told for: the i-th, 32 first, 0 behind the last. One
 * alone where --batch or --quick say so. */
unsigned bench_batch(const struct bench_options *options, unsigned i);

/* Whether a case was asked for; with --quick by its whole name. */
bool bench_wanted(const struct bench_options *options, const char *name);
/* The same of cases that are measured together, whose names begin with @p name. */
bool bench_wanted_group(const struct bench_options *options, const char *name);

_Noreturn void bench_fail(const char *what);

/* The cases, by suite: core, */
void bench_established(const struct bench_options *options);
void bench_mixed(const struct bench_options *options);
void bench_mix(const struct bench_options *options);
void bench_fresh(const struct bench_options *options);
void bench_persistent(const struct bench_options *options);
void bench_flood(const struct bench_options *options);
void bench_expiry(const struct bench_options *options);
/* memory, */
void bench_memory(const struct bench_options *options);
void bench_idle(const struct bench_options *options);
/* scale, */
void bench_growth(const struct bench_options *options);
void bench_workers(const struct bench_options *options);
/* control, */
void bench_maglev(const struct bench_options *options);
void bench_services(const struct bench_options *options);
/* and attack: how many bounds were broken. */
unsigned bench_attack(const struct bench_options *options);

#endif
