/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile fragments while all around them changes, at bounds from tiny to usual: nothing is lost
 * uncounted, and what the library keeps agrees with itself. */
#include "frag_hostile.h"

enum { STEPS = 6000 };

static const struct lvs_settings rows[] = {
	{.full_policy = LVS_FULL_EVICT},
	{.fragment_bytes = 1, .fragment_datagrams = 1},
	{.fragment_bytes = 700},
	{.fragment_bytes = 4 << 10, .max_conns = 3, .full_policy = LVS_FULL_UNTRACKED},
	{.fragment_datagrams = 1, .full_policy = LVS_FULL_UNTRACKED, .max_conns = 1},
	{.fragment_ranges = 1, .fragment_datagrams = 3},
	{.fragment_ranges = 3, .fragment_time_s = 1, .flags = LVS_SET_SLOPPY_TCP},
	{.fragment_bytes = 16 << 10, .flags = LVS_SET_EXPIRE_NODEST, .fragment_ranges = 8192},
};

/* Each that was sent, and each that was held once more, but for those still there. */
static void check_counts(const struct world *w, uint64_t sent)
{
	uint64_t reasons[LVS_REASON_N];
	uint64_t sum = 0;

	lvs_director_reasons(w->director, reasons, LVS_REASON_N);
	for (unsigned i = 0; i < LVS_REASON_N; i++)
		sum += reasons[i];
	ck_assert_uint_ge(sum, sent);
	ck_assert_uint_le(sum, sent + reasons[LVS_REASON_FRAGMENT_HELD]);
}

START_TEST(test_hostile)
{
	static struct hostile h[2];
	struct world w;
	uint64_t sent;

	memset(h, 0, sizeof(h));
	world_open(&w, &rows[_i], _i & 1 ? "sh" : "rr");
	for (unsigned i = 0; i < 2; i++) {
		h[i].director = w.director;
		h[i].worker = w.worker[i];
		h[i].random = (uint64_t)_i * 2 + i + 1;
		h[i].now = w.now;
	}
	for (unsigned i = 0; i < STEPS; i++) {
		struct hostile *one = &h[rig_random(&h[0].random) & 1];

		hostile_step(one);
		if (i % 50 == 0)
			hostile_change(one);
		if (i % 64 == 0)
			rig_check(w.director);
	}
	sent = h[0].sent + h[1].sent;
	check_counts(&w, sent);
	ck_assert_uint_gt(h[0].read + h[1].read, 0);
	/* Workers end with what is in their outboxes; all that was held goes in time. */
	for (unsigned i = 0; i < 2; i++)
		lvs_worker_handle_expiry(w.worker[i], UINT64_C(1) << 62, 0);
	ck_assert_int_eq(lvs_director_set_filter(w.director, NULL, NULL), 0);
	world_close(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("frag_hostile");

	tcase_add_loop_test(tcase, test_hostile, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	return unit_run("frag_hostile", tcase);
}
