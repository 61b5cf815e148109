/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor: what touching memory costs on this machine, now; see floor.c. */
#ifndef LVS_TESTS_BENCH_FLOOR_H
#define LVS_TESTS_BENCH_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

struct floor_memory {
	struct lvs_hash hash;
	uint8_t *index;
	uint8_t *records;
	uint32_t index_n;
	uint32_t record_n;
	unsigned record_size;
	uint64_t random;
};

/* Memory of the size that so many flows need; @p two_way: found from both sides by different keys;
 * @p large: records of two lines. */
void floor_open(struct floor_memory *m, uint32_t flows, bool two_way, bool large);
void floor_close(struct floor_memory *m);

/* ns a packet, over many of them. To be asked several times, between what it stands beside. */
double floor_pass(struct floor_memory *m);

/* The median of some passes. */
double floor_of(uint32_t flows, bool two_way, bool large);

#endif
