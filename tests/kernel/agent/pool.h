/* SPDX-License-Identifier: BSD-2-Clause */
/* Sites that scenarios have left, for others that stand in the same place: making one is dear. */
#ifndef AGENT_POOL_H
#define AGENT_POOL_H

#include <stdio.h>

#include "site.h"

/* A site for this scenario, used before or new; NULL when none can be made. */
struct site *pool_take(const struct scenario *scenario, FILE *out);

/* Takes them all back, and waits until the next ones may have them. */
void pool_recover(FILE *out);

#endif
