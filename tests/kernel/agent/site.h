/* SPDX-License-Identifier: BSD-2-Clause */
/* A network namespace of its own for one scenario, with its interfaces. */
#ifndef AGENT_SITE_H
#define AGENT_SITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "script.h"

enum { FRAME_MAX = 10240 };

struct site {
	int ns;
	int tap[SCRIPT_IF_N];
};

/* Makes the namespace and moves the caller into it. What is wrong goes to `out`. */
bool site_open(struct site *site, const struct scenario *scenario, FILE *out);

/* Moves the caller into it. */
void site_enter(const struct site *site);

/* Ends it, with all that is in it. */
void site_close(struct site *site);

/* Whether the frame was taken by the kernel; it has done with it all it will on the spot. */
bool site_send(const struct site *site, unsigned interface, const uint8_t *frame, size_t len);

/* The next frame that left by this interface, to one station; its length, 0 for none. */
size_t site_receive(const struct site *site, unsigned interface, uint8_t *frame, size_t size);

/* Writes a file below /proc/sys. */
bool site_sysctl(const char *name, const char *value);

#endif
