/* SPDX-License-Identifier: BSD-2-Clause */
/* What marking rules mean: which packets a service of a mark may get, and whether it gets any. */
#ifndef LVSD_MARK_REACH_H
#define LVSD_MARK_REACH_H

#include "rules/rules.h"

#include <stdbool.h>

enum { MARK_REACH_ADDRS = 256 }; /* of one rule that can be taken away from the host */

/* Whether rule `mark` gives packets to the service. */
bool mark_reach_gives(const struct rule_mark *mark, const struct lvs_service_key *service);

/* How many addresses the rule's dst has, 0 for more than MARK_REACH_ADDRS. */
unsigned mark_reach_addrs(const struct rule_mark *mark);

/* The i-th of them. */
union lvs_addr mark_reach_addr(const struct rule_mark *mark, unsigned i);

/*
 * The first rule that a service needs and whose packets cannot be told from others by the host's
 * filter, for want of a dst, or as it is too wide; NULL: none.
 */
const struct rule_mark *mark_reach_too_wide(const struct rules *rules);

#endif
