/* SPDX-License-Identifier: BSD-2-Clause */
/* Many scenarios side by side, each step when it is due. */
#ifndef AGENT_PLAY_H
#define AGENT_PLAY_H

#include <stdio.h>

#include "script.h"

/*
 * Plays them all and writes what came of it, in the order of time:
 *
 *	step <scenario> <step> <nanoseconds since the scenarios began>
 *	out <interface> <hex>       a frame that left
 *	text <line>                 what a program printed
 *	status <number>             a program's, or 1 for a step that could not be done
 */
void play(struct scenario *scenario, size_t n, FILE *out);

#endif
