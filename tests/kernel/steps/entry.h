/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services and destinations as a listing shows them, written by the same code on both sides. Lines
 * begin with "text ".
 */
#ifndef KERNEL_ENTRY_H
#define KERNEL_ENTRY_H

#include <stdint.h>
#include <stdio.h>

#include "rule.h"

enum { ENTRY_CONNS, ENTRY_IN, ENTRY_OUT, ENTRY_IN_BYTES, ENTRY_OUT_BYTES, ENTRY_COUNTERS };

struct entry_stats {
	uint64_t count[ENTRY_COUNTERS];
	uint64_t rate[ENTRY_COUNTERS];
};

struct entry_dest {
	struct rule_dest conf;
	uint32_t active;
	uint32_t inactive;
	uint32_t persistent;
	struct entry_stats stats;
};

/* svc TCP 192.0.2.1|80 rr flags 0 timeout 0 mask ffffffff pe - */
void entry_service(const struct rule_service *service, const struct rule_options *options,
		   FILE *out);

/* dst 10.1.0.1|80 method 0 w 1 x 0 y 0 tun 0 0 0 conns 1 2 3: active, inactive, templates */
void entry_dest(const struct entry_dest *dest, FILE *out);

/* cnt 1 2 3 4 5: as ENTRY_CONNS and so on; of what the line before is about */
void entry_counters(const struct entry_stats *stats, FILE *out);

/* rate 1 2 3 4 5: the same a second */
void entry_rates(const struct entry_stats *stats, FILE *out);

#endif
