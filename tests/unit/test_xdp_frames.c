/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose each frame is: none is lost, none is anybody's twice. */
#include "xdp/frames.h"

#include "unit.h"

enum { N = 64 };

static unsigned count(const struct lvs_frames *frames, enum lvs_frame_state state)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < frames->n; i++)
		n += frames->state[i] == state;
	return n;
}

/* The stack of free ones says what the states say. */
static void check(const struct lvs_frames *frames)
{
	bool seen[N] = {false};

	ck_assert_uint_eq(count(frames, LVS_FRAME_FREE), frames->free_n);
	for (uint32_t i = 0; i < frames->free_n; i++) {
		uint32_t frame = frames->free[i];

		ck_assert_uint_lt(frame, frames->n);
		ck_assert(!seen[frame]);
		ck_assert_uint_eq(frames->state[frame], LVS_FRAME_FREE);
		seen[frame] = true;
	}
}

START_TEST(test_round)
{
	struct lvs_frames frames;
	uint32_t a, b;

	ck_assert_int_eq(lvs_frames_init(&frames, N), 0);
	a = lvs_frames_take(&frames, LVS_FRAME_FILL);
	b = lvs_frames_take(&frames, LVS_FRAME_FILL);
	ck_assert_uint_ne(a, b);
	ck_assert(lvs_frames_give(&frames, a) && lvs_frames_give(&frames, b));
	ck_assert(lvs_frames_send(&frames, a));
	check(&frames);
	lvs_frames_take_back(&frames);
	/* b was dropped; a is on its way. */
	ck_assert_uint_eq(frames.free_n, N - 1);
	ck_assert(lvs_frames_put(&frames, a));
	ck_assert_uint_eq(frames.free_n, N);
	check(&frames);
	lvs_frames_fini(&frames);
}
END_TEST

/* What the other side says that cannot be changes nothing. */
START_TEST(test_refused)
{
	struct lvs_frames frames;
	uint32_t a;

	ck_assert_int_eq(lvs_frames_init(&frames, N), 0);
	a = lvs_frames_take(&frames, LVS_FRAME_FILL);
	ck_assert(!lvs_frames_put(&frames, N));
	ck_assert(!lvs_frames_put(&frames, LVS_FRAME_NONE));
	ck_assert(!lvs_frames_give(&frames, N));
	ck_assert(!lvs_frames_send(&frames, N));
	ck_assert(!lvs_frames_put(&frames, a == 0 ? 1 : 0)); /* free */
	ck_assert(!lvs_frames_send(&frames, a));             /* not the caller's */
	ck_assert(lvs_frames_give(&frames, a));
	ck_assert(!lvs_frames_give(&frames, a)); /* twice */
	ck_assert(!lvs_frames_put(&frames, a));  /* the caller's */
	ck_assert(lvs_frames_send(&frames, a));
	ck_assert(!lvs_frames_send(&frames, a)); /* sent twice: is copied */
	ck_assert(lvs_frames_put(&frames, a));
	ck_assert(!lvs_frames_put(&frames, a));
	check(&frames);
	lvs_frames_fini(&frames);
}
END_TEST

START_TEST(test_none_left)
{
	struct lvs_frames frames;

	ck_assert_int_eq(lvs_frames_init(&frames, N), 0);
	for (unsigned i = 0; i < N; i++)
		ck_assert_uint_ne(lvs_frames_take(&frames, LVS_FRAME_SENT), LVS_FRAME_NONE);
	ck_assert_uint_eq(lvs_frames_take(&frames, LVS_FRAME_SENT), LVS_FRAME_NONE);
	ck_assert(lvs_frames_put(&frames, 5));
	ck_assert_uint_eq(lvs_frames_take(&frames, LVS_FRAME_FILL), 5);
	lvs_frames_fini(&frames);
}
END_TEST

/* Any order of what both sides do. */
START_TEST(test_random)
{
	struct lvs_frames frames;
	uint32_t seed = 1;

	ck_assert_int_eq(lvs_frames_init(&frames, N), 0);
	for (unsigned i = 0; i < 100000; i++) {
		uint32_t frame = (seed = seed * 1664525 + 1013904223) >> 8 & (N - 1);

		switch (seed >> 28) {
		case 0:
		case 1:
		case 2:
			lvs_frames_take(&frames, LVS_FRAME_FILL);
			break;
		case 3:
			lvs_frames_take(&frames, LVS_FRAME_SENT);
			break;
		case 4:
		case 5:
		case 6:
		case 7:
			if (frames.given_n < N)
				lvs_frames_give(&frames, frame);
			break;
		case 8:
		case 9:
			lvs_frames_send(&frames, frame);
			break;
		case 10:
			lvs_frames_take_back(&frames);
			break;
		default:
			lvs_frames_put(&frames, frame);
		}
		if (i % 64 == 0)
			check(&frames);
	}
	lvs_frames_fini(&frames);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("xdp_frames");

	tcase_add_test(tcase, test_round);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_none_left);
	tcase_add_test(tcase, test_random);
	return unit_run("xdp_frames", tcase);
}
