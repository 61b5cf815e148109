/* SPDX-License-Identifier: BSD-2-Clause */
#include "xdp/frames.h"

#include <stdlib.h>
#include <string.h>

#include <liblvs/error.h>

int lvs_frames_init(struct lvs_frames *frames, uint32_t n)
{
	memset(frames, 0, sizeof(*frames));
	frames->free = calloc(n, sizeof(*frames->free));
	frames->given = calloc(n, sizeof(*frames->given));
	frames->state = calloc(n, sizeof(*frames->state));
	if (!frames->free || !frames->given || !frames->state) {
		lvs_frames_fini(frames);
		return LVS_ERR_NO_MEMORY;
	}
	frames->n = frames->free_n = n;
	/* The first is on top. */
	for (uint32_t i = 0; i < n; i++)
		frames->free[i] = n - 1 - i;
	return 0;
}

void lvs_frames_fini(struct lvs_frames *frames)
{
	free(frames->free);
	free(frames->given);
	free(frames->state);
	memset(frames, 0, sizeof(*frames));
}

uint32_t lvs_frames_take(struct lvs_frames *frames, enum lvs_frame_state state)
{
	uint32_t frame;

	if (!frames->free_n)
		return LVS_FRAME_NONE;
	frame = frames->free[--frames->free_n];
	frames->state[frame] = (uint8_t)state;
	return frame;
}

static void make_free(struct lvs_frames *frames, uint32_t frame)
{
	frames->state[frame] = LVS_FRAME_FREE;
	frames->free[frames->free_n++] = frame;
}

bool lvs_frames_put(struct lvs_frames *frames, uint32_t frame)
{
	if (frame >= frames->n ||
	    (frames->state[frame] != LVS_FRAME_FILL && frames->state[frame] != LVS_FRAME_SENT))
		return false;
	make_free(frames, frame);
	return true;
}

bool lvs_frames_give(struct lvs_frames *frames, uint32_t frame)
{
	if (frame >= frames->n || frames->state[frame] != LVS_FRAME_FILL)
		return false;
	frames->state[frame] = LVS_FRAME_GIVEN;
	frames->given[frames->given_n++] = frame;
	return true;
}

bool lvs_frames_send(struct lvs_frames *frames, uint32_t frame)
{
	if (frame >= frames->n || frames->state[frame] != LVS_FRAME_GIVEN)
		return false;
	frames->state[frame] = LVS_FRAME_SENT;
	return true;
}

/* One that was sent, came back and was filled meanwhile is not the caller's: nothing is given
 * between two of these calls but what stands here. */
void lvs_frames_take_back(struct lvs_frames *frames)
{
	for (uint32_t i = 0; i < frames->given_n; i++)
		if (frames->state[frames->given[i]] == LVS_FRAME_GIVEN)
			make_free(frames, frames->given[i]);
	frames->given_n = 0;
}
