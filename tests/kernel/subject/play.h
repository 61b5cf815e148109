/* SPDX-License-Identifier: BSD-2-Clause */
/* One scenario through one director. */
#ifndef SUBJECT_PLAY_H
#define SUBJECT_PLAY_H

#include <stdio.h>

#include "script.h"

void play(struct scenario *scenario, FILE *out);

/* The same for steps that come line by line, each at the time it comes; the scenario has the place.
 */
void play_live(struct scenario *scenario, FILE *in, FILE *out);

#endif
