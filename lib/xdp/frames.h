/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of a worker's memory, and whose each is. Pure.
 *
 *   free --> the kernel's, to be filled --> given to the caller --> the kernel's, to be sent
 *     ^                                          |                             |
 *     '------------------------------------------+-----------------------------'
 */
#ifndef LVS_XDP_FRAMES_H
#define LVS_XDP_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

enum lvs_frame_state {
	LVS_FRAME_FREE = 0,
	LVS_FRAME_FILL = 1, /* the kernel's, to receive into */
	LVS_FRAME_GIVEN = 2,
	LVS_FRAME_SENT = 3, /* the kernel's, to send from */
};

struct lvs_frames {
	uint32_t n;
	uint32_t free_n;
	uint32_t given_n;
	uint32_t *free;  /* n places, a stack */
	uint32_t *given; /* those of the last batch; n places */
	uint8_t *state;  /* enum lvs_frame_state of each */
};

#define LVS_FRAME_NONE UINT32_MAX

/* All free. 0 or LVS_ERR_NO_MEMORY. */
int lvs_frames_init(struct lvs_frames *frames, uint32_t n);
void lvs_frames_fini(struct lvs_frames *frames);

/* A free one, to be filled or sent; LVS_FRAME_NONE when there is none. */
uint32_t lvs_frames_take(struct lvs_frames *frames, enum lvs_frame_state state);

/* It has come back from the kernel. False for one that was not there: then nothing changes. */
bool lvs_frames_put(struct lvs_frames *frames, uint32_t frame);

/* A filled one goes to the caller. False for one that the kernel did not have. */
bool lvs_frames_give(struct lvs_frames *frames, uint32_t frame);

/* A given one goes to the kernel to be sent. False when it is the caller's no more. */
bool lvs_frames_send(struct lvs_frames *frames, uint32_t frame);

/* Those that are still the caller's are free. */
void lvs_frames_take_back(struct lvs_frames *frames);

#endif
