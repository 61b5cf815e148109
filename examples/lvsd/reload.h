/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules from the file to everything that follows from them. */
#ifndef LVSD_RELOAD_H
#define LVSD_RELOAD_H

#include "lvsd.h"

/*
 * Reads the rules file and puts it in force: at start, and again on SIGHUP.
 * Returns 0, or -1 when it is refused: the reason is logged, what was in force stays.
 */
int reload_rules(struct lvsd *lvsd);

/* The same without a director: what --print-setup would do to the host. */
int reload_setup_only(struct lvsd *lvsd);

/* The host's routes have changed: what is steered away from it may depend on them. */
void reload_capture(const struct lvsd *lvsd);

#endif
