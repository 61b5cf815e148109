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
 * The kernel's measure of load: an active connection weighs 257, an inactive one 1. 32 bits as
 * there, so that it wraps at the same counts.
 */
LVS_INLINE uint32_t lvs_sched_load_of(uint64_t reading)
{
	return (lvs_gauge_active(reading) << 8) + lvs_gauge_total(reading);
}

LVS_INLINE uint32_t lvs_sched_load(const struct lvs_sched_dest *dest)
{
	return lvs_sched_load_of(lvs_gauge_load(dest->gauge));
}

LVS_INLINE uint32_t lvs_sched_active(const struct lvs_sched_dest *dest)
{
	return lvs_gauge_active(lvs_gauge_load(dest->gauge));
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
