/* SPDX-License-Identifier: BSD-2-Clause */
/* What a step made leave: later steps answer it or quote it. */
#ifndef KERNEL_SENT_H
#define KERNEL_SENT_H

#include <stddef.h>
#include <stdint.h>

#include "script.h"

enum { SENT_MAX = 640 };

/* The beginning of the last frame that left by each interface, of a datagram cut on the way the
 * first part; length 0 for none. */
struct sent {
	uint16_t len[SCRIPT_IF_N];
	uint8_t frame[SCRIPT_IF_N][SENT_MAX];
};

void sent_keep(struct sent *sent, unsigned interface, const uint8_t *frame, size_t len);

/*
 * Makes the frame that a step of the kinds STEP_FRAME, STEP_ANSWER and STEP_QUOTE means; `sent` is
 * by step, and those before `n` are played. Returns its length, or -1 when it cannot be made;
 * *interface is where it comes in.
 */
int sent_frame(const struct sent *sent, size_t n, const struct step *step, unsigned *interface,
	       uint8_t *frame, size_t size);

#endif
