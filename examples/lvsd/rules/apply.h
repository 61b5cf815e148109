/* SPDX-License-Identifier: BSD-2-Clause */
/* From the rules in force to new ones, by one transaction that does the difference only. */
#ifndef LVSD_APPLY_H
#define LVSD_APPLY_H

#include "rules/rules.h"

/* How many of each kind a transaction touches. */
struct apply_counts {
	unsigned added;
	unsigned changed;
	unsigned removed;
};

/*
 * Services and servers that stay the same are not touched: their connections,
 * counters and scheduler's cursors live on. `name` is the file of `next`, for
 * messages. Returns 0, or -1 with a sentence in `error` and nothing changed.
 */
int apply_rules(struct lvs_director *director, const struct rules *present,
		const struct rules *next, const char *name, struct apply_counts *counts,
		char *error, size_t error_len);

#endif
