/* SPDX-License-Identifier: BSD-2-Clause */
/* Processors that threads are pinned to. */
#ifndef LVSD_CPUS_H
#define LVSD_CPUS_H

#include <stdint.h>

enum { CPUS_MAX = 1024 }; /* of a cpu_set_t */

struct cpus {
	uint16_t cpu[CPUS_MAX]; /* in the order of the list */
	unsigned n;
};

/* "0-3,8": each once, below CPUS_MAX. Returns 0, or -1 for what is no such list. */
int cpus_read(const char *text, struct cpus *cpus);

/* Those that this process may run on, in order. Returns 0, or -1 with errno set. */
int cpus_allowed(struct cpus *cpus);

#endif
