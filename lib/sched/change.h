/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One commit as the kernel would have seen it: a call for each change of a destination. For wrr,
 * whose state depends on the steps and not only on where they lead.
 */
#ifndef LVS_SCHED_CHANGE_H
#define LVS_SCHED_CHANGE_H

#include "sched/weights.h"

/* Hears of one change: the weights of the whole list behind it. */
typedef void (*lvs_sched_changed)(void *user, const struct lvs_sched_weights *weights);

/*
 * Calls @changed for the steps from @old_set (NULL: empty) to @set: once for all removals, for
 * each edited destination in list order, for each addition from the oldest to the newest. An edit
 * counts though it leaves the weight alone, as in the kernel.
 * One call does for the removals, in whatever order they came: each can only lower the largest
 * weight and raise the divisor to a multiple, and wrr's threshold, clamped to the one and rounded
 * to the other, then ends where the last of them alone would have put it.
 * Takes destinations times those edits that change a weight.
 */
void lvs_sched_replay(const struct lvs_sched_set *set, const struct lvs_sched_set *old_set,
		      lvs_sched_changed changed, void *user);

#endif
