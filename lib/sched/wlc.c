/* SPDX-License-Identifier: BSD-2-Clause */
/* Weighted least connections: the least load for its weight; of equals the first. */
#include "sched/least.h"
#include "sched/list.h"

LVS_LEAST_SCHED(wlc, lvs_least_by_load);
