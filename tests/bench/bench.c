/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t bench_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t bench_cpu_cost(void)
{
	static uint64_t cost;
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; !cost && i < 1000; i++) {
		uint64_t began = bench_cpu();
		uint64_t took = bench_cpu() - began;

		least = took < least ? took : least;
	}
	cost = cost ? cost : least;
	return cost;
}

uint64_t bench_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void bench_progress(const char *name, uint32_t flows)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (name)
		fprintf(stderr, "\r\033[K%s, %u ...\r", name, flows);
	else
		fputs("\r\033[K", stderr);
}

unsigned bench_batch(const struct bench_options *options, unsigned i)
{
	static const unsigned batches[] = {32, 1, 8, 64, 256, 0};

	if (options->batch)
		return i == 0 ? options->batch : 0;
	return options->quick && i > 0 ? 0 : batches[i];
}

bool bench_wanted(const struct bench_options *options, const char *name)
{
	size_t len = options->only ? strlen(options->only) : 0;
	bool wanted = len == 0 || (strncmp(options->only, name, len) == 0 &&
				   (!options->quick || name[len] == '\0'));

	*options->any |= wanted;
	return wanted;
}

bool bench_wanted_group(const struct bench_options *options, const char *name)
{
	bool wanted = options->only && strncmp(options->only, name, strlen(name)) == 0;

	*options->any |= wanted;
	return wanted || bench_wanted(options, name);
}

void bench_fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}
