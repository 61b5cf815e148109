/* SPDX-License-Identifier: BSD-2-Clause */
/* One scenario through one director. */
#ifndef SUBJECT_PLAY_H
#define SUBJECT_PLAY_H

#include <stdio.h>

#include "script.h"

void play(struct scenario *scenario, FILE *out);

#endif
