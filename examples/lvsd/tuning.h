/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The director with its settings: defaults, over them what the rules file sets, over that what
 * the command line does.
 */
#ifndef LVSD_TUNING_H
#define LVSD_TUNING_H

#include "rules.h"

struct lvsd;

/* Makes lvsd->director. Returns 0, or -1 with the reason logged. */
int tuning_open(struct lvsd *lvsd, const struct rules *rules);

/* Whether the running director can have the settings of `rules`. 0, or -1 with the reason logged.
 */
int tuning_check(const struct lvsd *lvsd, const struct rules *rules);

/* What tuning_check() has found good. */
void tuning_follow(struct lvsd *lvsd, const struct rules *rules);

#endif
