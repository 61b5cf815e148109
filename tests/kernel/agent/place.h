/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the director stands: the lines of a scenario's head, made true in the caller's namespace.
 */
#ifndef AGENT_PLACE_H
#define AGENT_PLACE_H

#include <stdbool.h>
#include <stdio.h>

#include "script.h"

/* Links, addresses, neighbours and routes. False with the line that failed in *wrong. */
bool place_links(int route, const struct scenario *scenario, const char **wrong);

/* What needs to be said but once: p0, marks and the rules of nft. */
bool place_rules(int route, const struct scenario *scenario, const char **wrong, FILE *out);

#endif
