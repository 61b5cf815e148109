/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched/list.h"

#include <string.h>

#include "base/compiler.h"

static const struct lvs_sched_ops *const scheds[] = {
#define SCHED_ROW(name) &lvs_sched_##name,
	LVS_SCHEDS(SCHED_ROW)
#undef SCHED_ROW
};

const struct lvs_sched_ops *lvs_sched_at(unsigned i)
{
	return i < LVS_ARRAY_N(scheds) ? scheds[i] : NULL;
}

const struct lvs_sched_ops *lvs_sched_find(const char *name)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(scheds); i++) {
		if (strcmp(scheds[i]->name, name) == 0)
			return scheds[i];
	}
	return NULL;
}
