/* SPDX-License-Identifier: BSD-2-Clause */
/* Every scheduler with every flag that changes its ways: what tests of all of them go over. */
#ifndef LVS_TESTS_SCHED_ROWS_H
#define LVS_TESTS_SCHED_ROWS_H

#include "sched_rig.h"

struct row {
	const char *name;
	uint32_t flags;
	bool refuses; /* may answer "none" though some destination would do */
	bool keeps;   /* goes on with an overloaded destination that it knows */
};

static const struct row rows[] = {
	{"rr", 0, false, false},
	{"wrr", 0, false, false},
	{"lc", 0, false, false},
	{"wlc", 0, false, false},
	{"sed", 0, false, false},
	{"nq", 0, false, false},
	{"fo", 0, false, false},
	{"ovf", 0, true, false},
	{"dh", 0, true, false},
	{"twos", 0, false, false},
	{"lblc", 0, false, true},
	{"lblcr", 0, false, false},
	{"sh", 0, true, false},
	{"sh", LVS_SCHED_FLAG2, true, false},
	{"sh", LVS_SCHED_FLAG1 | LVS_SCHED_FLAG2, false, false},
	{"mh", 0, true, false},
	{"mh", LVS_SCHED_FLAG2, true, false},
	{"mh", LVS_SCHED_FLAG1 | LVS_SCHED_FLAG2, false, false},
};

#define MANY 12 /* destinations */

static inline struct rig *row_rig(const struct row *row)
{
	return rig_new(lvs_sched_find(row->name), row->flags);
}

#endif
