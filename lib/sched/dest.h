/* SPDX-License-Identifier: BSD-2-Clause */
/* What every scheduler asks of a destination. */
#ifndef LVS_SCHED_DEST_H
#define LVS_SCHED_DEST_H

#include <stdbool.h>

#include <liblvs/sched.h>

#include "base/compiler.h"

LVS_INLINE bool lvs_sched_overloaded(const struct lvs_sched_dest *dest)
{
	return lvs_gauge_overloaded(lvs_gauge_load(dest->gauge));
}

/* Whether it may get a new connection. */
LVS_INLINE bool lvs_sched_usable(const struct lvs_sched_dest *dest)
{
	return dest->weight > 0 && !lvs_sched_overloaded(dest);
}

/*
 * Whether two sets speak of the same destination. One that was removed and came back in the same
 * commit is not: the kernel puts it at the head of its list again.
 */
LVS_INLINE bool lvs_sched_same(const struct lvs_sched_dest *a, const struct lvs_sched_dest *b)
{
	return a->number == b->number && a->created == b->created;
}

#endif
