/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers: never early, at most two ticks late, and quick to catch up. */
#include <limits.h>

#include <liblvs/error.h>

#include "base/memory.h"
#include "conn/wheel.h"
#include "table_rig.h"

#include "unit.h"

#define TIMERS 3000

struct bench {
	struct lvs_epoch epoch;
	struct lvs_arena arena;
	struct lvs_wheel wheel;
	struct lvs_conn *conn[TIMERS];
	uint32_t deadline[TIMERS]; /* asked for; conn->created is the timer's number */
	bool linked[TIMERS];
	uint64_t random;
};

static struct bench *bench_new(uint32_t now)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	int err;

	lvs_epoch_init(&bench->epoch);
	ck_assert_int_eq(lvs_arena_init(&bench->arena, &lvs_alloc_libc, &bench->epoch, TIMERS), 0);
	lvs_wheel_init(&bench->wheel);
	bench->wheel.now = now;
	bench->random = 88172645463325252u;
	for (uint32_t i = 0; i < TIMERS; i++) {
		bench->conn[i] = lvs_arena_take(&bench->arena, LVS_ARENA_SMALL, NULL, &err);
		bench->conn[i]->created = i;
	}
	return bench;
}

static void bench_del(struct bench *bench)
{
	lvs_arena_fini(&bench->arena);
	free(bench);
}

static void whole(const struct bench *bench)
{
	const char *wrong = lvs_wheel_check(&bench->wheel, &bench->arena);

	ck_assert_msg(!wrong, "%s", wrong);
}

static void set(struct bench *bench, uint32_t i, uint32_t deadline)
{
	bench->deadline[i] = deadline;
	bench->linked[i] = true;
	lvs_wheel_link(&bench->wheel, &bench->arena, bench->conn[i], deadline);
}

/* Fires all that is due at @p tick; how many timers have gone off. */
static unsigned fire(struct bench *bench, uint32_t tick, uint32_t last, unsigned *looks)
{
	struct lvs_conn *conn;
	unsigned n = 0;

	while ((conn = lvs_wheel_fire(&bench->wheel, &bench->arena, tick, looks))) {
		uint32_t i = conn->created;

		bench->linked[i] = false;
		if (!lvs_tick_reached(tick, bench->deadline[i])) {
			set(bench, i, bench->deadline[i]); /* clamped: it was too far away */
			continue;
		}
		n++;
		/* had it been over at the last call, it would have gone off then */
		ck_assert(!lvs_tick_reached(last, bench->deadline[i]));
	}
	return n;
}

static void none_is_overdue(const struct bench *bench, uint32_t tick)
{
	unsigned overdue = 0;

	for (uint32_t i = 0; i < TIMERS; i++)
		overdue += bench->linked[i] && lvs_tick_reached(tick, bench->deadline[i]);
	ck_assert_uint_eq(overdue, 0);
}

static const struct {
	uint32_t start;
	uint32_t farthest; /* deadline ahead */
	uint32_t step;     /* ticks between calls, at the most */
} runs[] = {
	{0, 64, 1},
	{0, 5000, 3},
	{UINT32_MAX - 1000, 5000, 7},
	{63, 300000, 1000},
	{511, 300000, 1000},
	{4095, 20000000, 100000},
	{16383, 20000000, 100000},
	{UINT32_MAX - 100, 0x70000000, 0x1000000},
};

START_TEST(test_never_early_never_late)
{
	struct bench *bench = bench_new(runs[_i].start);
	uint32_t tick = runs[_i].start;
	unsigned left = TIMERS;

	for (uint32_t i = 0; i < TIMERS; i++)
		set(bench, i, tick + 1 + rig_random(&bench->random) % runs[_i].farthest);
	whole(bench);
	while (left) {
		uint32_t last = tick;
		unsigned looks = UINT_MAX;

		tick += 1 + rig_random(&bench->random) % runs[_i].step;
		left -= fire(bench, tick, last, &looks);
		none_is_overdue(bench, tick);
		if (left % 16 == 0)
			whole(bench);
	}
	ck_assert_uint_eq(bench->wheel.linked_n, 0);
	bench_del(bench);
}
END_TEST

/* Setting, unsetting and moving at random, with few looks a call. */
START_TEST(test_changes)
{
	struct bench *bench = bench_new(UINT32_MAX - 20000);
	uint32_t tick = UINT32_MAX - 20000;

	for (unsigned step = 0; step < 60000; step++) {
		uint32_t random = rig_random(&bench->random);
		uint32_t i = random % TIMERS;

		if (bench->linked[i]) {
			lvs_wheel_unlink(&bench->wheel, &bench->arena, bench->conn[i]);
			bench->linked[i] = false;
		} else {
			set(bench, i, tick + (random >> 16) % (random & 4096 ? 100 : 9000));
		}
		if (step % 3 == 0) {
			unsigned looks = random >> 28;

			/* few looks may leave some for later calls */
			fire(bench, tick, tick - 1000000, &looks);
			if (looks) {
				/* done: all that were due are out, but what was set for a tick
				 * that is past comes with the next */
				ck_assert(lvs_wheel_idle(&bench->wheel, tick));
				tick += random >> 30;
			}
		}
		if (step % 500 == 0)
			whole(bench);
	}
	bench_del(bench);
}
END_TEST

/* However long the sleep: a bounded number of looks, and no walk through the ticks. */
START_TEST(test_catching_up)
{
	struct bench *bench = bench_new(5);
	unsigned looks = 4 * TIMERS;
	uint32_t tick = 5 + 0x7ffffff0;

	for (uint32_t i = 0; i < TIMERS; i++)
		set(bench, i, 6 + rig_random(&bench->random) % (1u << (i % 24 + 1)));
	ck_assert_uint_eq(fire(bench, tick, 5, &looks), TIMERS);
	ck_assert_uint_gt(looks, 0);
	ck_assert_uint_eq(bench->wheel.now, tick);
	/* and an empty one follows at once */
	ck_assert_ptr_null(lvs_wheel_fire(&bench->wheel, &bench->arena, tick + 99, &looks));
	ck_assert_uint_eq(bench->wheel.now, tick + 99);
	bench_del(bench);
}
END_TEST

/* Another worker's clock may be a tick behind. */
START_TEST(test_clock_does_not_go_back)
{
	struct bench *bench = bench_new(100);
	unsigned looks = 100;

	set(bench, 0, 130);
	ck_assert_uint_eq(fire(bench, 120, 100, &looks), 0);
	ck_assert_uint_eq(fire(bench, 119, 100, &looks), 0);
	ck_assert_uint_eq(bench->wheel.now, 120);
	set(bench, 1, 90);
	ck_assert_uint_eq(bench->conn[1]->due, 121);
	bench->deadline[1] = 121;
	ck_assert_uint_eq(fire(bench, 121, 120, &looks), 1);
	bench_del(bench);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("wheel");

	tcase_add_loop_test(tcase, test_never_early_never_late, 0, (int)LVS_ARRAY_N(runs));
	tcase_add_test(tcase, test_changes);
	tcase_add_test(tcase, test_catching_up);
	tcase_add_test(tcase, test_clock_does_not_go_back);
	return unit_run("wheel", tcase);
}
