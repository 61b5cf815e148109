/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules from what a director has: others than the rules file have changed it. */
#ifndef LVSD_RULES_READ_H
#define LVSD_RULES_READ_H

#include "rules/rules.h"

/*
 * Services and servers into the zeroed `rules`, marks and settings from `before`, and the lines
 * of what was there already; 0 where a service is new. Returns 0, or -1 without memory.
 */
int rules_read_director(const struct lvs_director *director, const struct rules *before,
			struct rules *rules);

#endif
