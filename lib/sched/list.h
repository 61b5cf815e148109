/* SPDX-License-Identifier: BSD-2-Clause */
/* The one list of the library's schedulers: a new one is its file and a line here. */
#ifndef LVS_SCHED_LIST_H
#define LVS_SCHED_LIST_H

#include <liblvs/sched.h>

/* Each NAME stands for lib/sched/NAME.c, which defines lvs_sched_NAME. */
#define LVS_SCHEDS(X)                                                                              \
	X(rr)                                                                                      \
	X(wrr)                                                                                     \
	X(lc)                                                                                      \
	X(wlc)                                                                                     \
	X(sed)                                                                                     \
	X(nq)                                                                                      \
	X(fo)                                                                                      \
	X(ovf)                                                                                     \
	X(dh)                                                                                      \
	X(sh)                                                                                      \
	X(mh)                                                                                      \
	X(twos)                                                                                    \
	X(lblc)                                                                                    \
	X(lblcr)

#define LVS_SCHED_DECLARE(name) extern const struct lvs_sched_ops lvs_sched_##name;
LVS_SCHEDS(LVS_SCHED_DECLARE)
#undef LVS_SCHED_DECLARE

#endif
