/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules from the file to everything that follows from them. */
#ifndef LVSD_RELOAD_H
#define LVSD_RELOAD_H

#include "lvsd.h"

/* Reads the rules file into the zeroed `rules`. Returns 0, or -1 with the reason logged. */
int reload_read(const struct lvsd *lvsd, struct rules *rules);

/*
 * Puts them in force. Takes `rules` over: it is zeroed. Returns 0, or -1 when they are
 * refused: the reason is logged, what was in force stays.
 */
int reload_put(struct lvsd *lvsd, struct rules *rules);

/* Both, on SIGHUP. */
int reload_rules(struct lvsd *lvsd);

/* reload_put() without a director: what --print-setup would do to the host. */
int reload_setup_only(struct lvsd *lvsd, struct rules *rules);

/* Whether the adapter can carry the rules. Returns 0, or -1 with the reason logged. */
int reload_check_adapter(const struct lvsd *lvsd, const struct rules *rules);

/* Tells what is good, but may surprise. */
void reload_warn(const struct lvsd *lvsd, const struct rules *rules);

/*
 * The director was changed by others than reload_put(), `rules` are what it has now: host and
 * lvsd->rules follow. Takes `rules` over. Returns 0, or -1 with the reason logged; the rules in
 * force are new all the same.
 */
int reload_follow(struct lvsd *lvsd, struct rules *rules);

/* The host's routes have changed: what is steered away from it may depend on them. */
void reload_capture(const struct lvsd *lvsd);

#endif
