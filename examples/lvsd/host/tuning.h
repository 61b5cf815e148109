/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The director with its settings: defaults, over them what the rules file sets, over that what
 * the command line does.
 */
#ifndef LVSD_TUNING_H
#define LVSD_TUNING_H

#include "rules/rules.h"

struct lvsd;

/* Makes lvsd->director. Returns 0, or -1 with the reason logged. */
int tuning_open(struct lvsd *lvsd, const struct rules *rules);

/* Gives the running director the settings of `rules`: all, or none and -1 with the reason logged.
 */
int tuning_change(struct lvsd *lvsd, const struct rules *rules);

/* Sets some over what is in force. Returns 0, or a negative errno with a sentence. */
int tuning_set(struct lvsd *lvsd, const struct setting_list *list, char *sentence, size_t size);

/* To those that were in force, the rules having been refused. */
void tuning_put_back(struct lvsd *lvsd, const struct setting_values *before);

#endif
