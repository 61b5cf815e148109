/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's forwarding, where lvsd is to set it. */
#ifndef LVSD_FORWARDING_H
#define LVSD_FORWARDING_H

#include "lvsd.h"

/*
 * Switches on what the options and the rules in force need; what is on stays. Returns 0, or an
 * error that is logged. To be called when the capture is in place: until then a forwarding host
 * would pass on replies as they are.
 */
int forwarding_set(const struct lvsd *lvsd);

#endif
