/* SPDX-License-Identifier: BSD-2-Clause */
/* A receive ring without a kernel: who has a frame, in what order, round and round. */
#include "io/packet/ring.h"

#include "unit.h"

#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 5, FRAME_LEN = 2048 };

static struct lvs_afp_ring ring;

static struct tpacket2_hdr *frame(unsigned number)
{
	return (void *)(ring.map + (size_t)(number % FRAMES) * FRAME_LEN);
}

static void setup(void)
{
	ring = (struct lvs_afp_ring){
		.map = calloc(FRAMES, FRAME_LEN),
		.len = FRAMES * FRAME_LEN,
		.frame_len = FRAME_LEN,
		.frame_n = FRAMES,
	};
	ck_assert_ptr_nonnull(ring.map);
}

static void teardown(void)
{
	free(ring.map);
}

static void fill(unsigned number)
{
	ck_assert_uint_eq(frame(number)->tp_status, TP_STATUS_KERNEL);
	frame(number)->tp_status = TP_STATUS_USER | TP_STATUS_CSUMNOTREADY;
	frame(number)->tp_len = number;
}

/* As the kernel does, as many as there is room for; then as many are taken, and given back. */
START_TEST(test_round)
{
	unsigned batch = (unsigned)_i, filled = 0, taken = 0;

	for (unsigned round = 0; round < 40; round++) {
		while (filled < taken + batch)
			fill(filled++);
		for (; taken < filled; taken++) {
			const struct tpacket2_hdr *got = lvs_afp_ring_next(&ring);

			ck_assert_ptr_eq(got, frame(taken));
			ck_assert_uint_eq(got->tp_len, taken);
			/* held: not the kernel's yet */
			ck_assert_uint_ne(got->tp_status, TP_STATUS_KERNEL);
		}
		ck_assert_ptr_null(lvs_afp_ring_next(&ring));
		ck_assert_uint_eq(ring.held_n, batch);
		lvs_afp_ring_release(&ring);
		ck_assert_uint_eq(ring.held_n, 0);
		for (unsigned i = 0; i < FRAMES; i++)
			ck_assert_uint_eq(frame(i)->tp_status, TP_STATUS_KERNEL);
	}
}
END_TEST

/* All held: none comes twice, though each says that it is filled. */
START_TEST(test_all_held)
{
	for (unsigned i = 0; i < FRAMES; i++)
		fill(i);
	for (unsigned i = 0; i < FRAMES; i++)
		ck_assert_ptr_eq(lvs_afp_ring_next(&ring), frame(i));
	ck_assert_ptr_null(lvs_afp_ring_next(&ring));
	lvs_afp_ring_release(&ring);
	ck_assert_ptr_null(lvs_afp_ring_next(&ring));
	lvs_afp_ring_release(&ring);
}
END_TEST

START_TEST(test_not_open)
{
	struct lvs_afp_ring none = {.map = NULL};

	ck_assert_ptr_null(lvs_afp_ring_next(&none));
	lvs_afp_ring_release(&none);
	lvs_afp_ring_close(&none);
	ck_assert_int_eq(lvs_afp_ring_open(&none, -1, 1500, 1 << 20), -1);
	lvs_afp_ring_close(&none);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("io_ring");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_round, 0, FRAMES + 1);
	tcase_add_test(tcase, test_all_held);
	tcase_add_test(tcase, test_not_open);
	return unit_run("io_ring", tcase);
}
