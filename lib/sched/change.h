/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One commit as the kernel would have seen it: a call for each change of a destination. For
 * schedulers whose state depends on the steps and not only on where they lead.
 */
#ifndef LVS_SCHED_CHANGE_H
#define LVS_SCHED_CHANGE_H

#include "sched/weights.h"

/* Hears of one change: the weights of the whole list behind it. */
typedef void (*lvs_sched_changed)(void *user, const struct lvs_sched_weights *weights);

/*
 * Calls @changed for each step from @old_set (NULL: empty) to @set: removals in list order, then
 * edits (another weight) in list order, then additions from the oldest to the newest.
 */
void lvs_sched_replay(const struct lvs_sched_set *set, const struct lvs_sched_set *old_set,
		      lvs_sched_changed changed, void *user);

#endif
