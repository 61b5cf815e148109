/* SPDX-License-Identifier: BSD-2-Clause */
/* --check: rules and settings on a director of their own, which sees no packet. */
#ifndef LVSD_DRY_H
#define LVSD_DRY_H

#include "lvsd.h"

/* Says what there is, or the first mistake. Returns 0 when all is good, or -1. */
int dry_run(struct lvsd *lvsd);

#endif
