/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpus.h"

#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

/* A number below CPUS_MAX; moves *text behind it. -1: there is none. */
static int read_one(const char **text)
{
	char *end;
	unsigned long cpu;

	if (**text < '0' || **text > '9')
		return -1;
	cpu = strtoul(*text, &end, 10);
	*text = end;
	return cpu < CPUS_MAX ? (int)cpu : -1;
}

static bool has(const struct cpus *cpus, int cpu)
{
	for (unsigned i = 0; i < cpus->n; i++)
		if (cpus->cpu[i] == cpu)
			return true;
	return false;
}

static int add_range(struct cpus *cpus, int first, int last)
{
	if (first < 0 || last < first)
		return -1;
	for (int cpu = first; cpu <= last; cpu++) {
		if (has(cpus, cpu))
			return -1;
		cpus->cpu[cpus->n++] = (uint16_t)cpu;
	}
	return 0;
}

int cpus_read(const char *text, struct cpus *cpus)
{
	cpus->n = 0;
	for (;; text++) {
		int first = read_one(&text), last = first;

		if (*text == '-') {
			text++;
			last = read_one(&text);
		}
		if (add_range(cpus, first, last) < 0)
			return -1;
		if (!*text)
			return 0;
		if (*text != ',')
			return -1;
	}
}

int cpus_allowed(struct cpus *cpus)
{
	cpu_set_t set;

	cpus->n = 0;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -1;
	for (int cpu = 0; cpu < CPUS_MAX && cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus->cpu[cpus->n++] = (uint16_t)cpu;
	return 0;
}
