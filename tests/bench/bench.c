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

uint64_t bench_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static int compare_doubles(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

double bench_median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return values[n / 2];
}

void bench_progress(const char *name, uint32_t flows)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s, %u flows ...\r", name, flows);
}

bool bench_wanted(const struct bench_options *options, const char *name)
{
	bool wanted = !options->only || strncmp(options->only, name, strlen(options->only)) == 0;

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
