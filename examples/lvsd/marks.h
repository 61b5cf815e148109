/* SPDX-License-Identifier: BSD-2-Clause */
/* The marking rules of a rules file, as the workers use them. */
#ifndef LVSD_MARKS_H
#define LVSD_MARKS_H

#include "rules/rules.h"

#include <stdbool.h>

struct lvsd;

/*
 * Makes `marks` of the rules, NULL where there is none; finds the interfaces' numbers. Returns 0,
 * or -1 with the reason logged.
 */
int marks_make(const struct lvsd *lvsd, struct rules *rules, struct lvs_marks **marks);

/* Whether two rules files mark alike. */
bool marks_same(const struct rules *a, const struct rules *b);

/* Gives them to the workers, which are held or have not started. Frees those before. */
void marks_use(struct lvsd *lvsd, struct lvs_marks *marks);

/* Interfaces may have come, or have other numbers. */
void marks_follow(struct lvsd *lvsd);

/* Whether the adapter shows where packets come in, as rules ask. Else -1, with the reason logged.
 */
int marks_check(const struct lvsd *lvsd, const struct rules *rules);

/* Warns of services that no rule reaches. */
void marks_warn(const struct lvsd *lvsd, const struct rules *rules);

#endif
