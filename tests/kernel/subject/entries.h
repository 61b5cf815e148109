/* SPDX-License-Identifier: BSD-2-Clause */
/* What a director holds, as both sides write it (steps/entry.h). */
#ifndef SUBJECT_ENTRIES_H
#define SUBJECT_ENTRIES_H

#include <stdio.h>

#include <liblvs/liblvs.h>

enum entries_what { ENTRIES_CONF, ENTRIES_COUNTERS, ENTRIES_RATES };

/* Services and destinations, with counters, or with these and rates. */
void entries_write(const struct lvs_director *director, enum entries_what what, FILE *out);

#endif
