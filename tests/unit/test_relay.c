/* SPDX-License-Identifier: BSD-2-Clause */
/* The bad path of tests/e2e/relay.c: does it do what it is asked to do, and nothing else? */
#include "unit.h"

#include <string.h>

#include "relay_way.h"

enum {
	MANY = 100000,
	MS = 1000000,
};

static struct way way;

static void start(struct way_conf conf)
{
	if (!conf.mtu)
		conf.mtu = 1280;
	way_init(&way, &conf);
}

static void put(uint32_t number, uint64_t now_ns)
{
	way_put(&way, &number, sizeof(number), now_ns);
}

/* The number of the packet that goes now, UINT32_MAX for none. */
static uint32_t take(uint64_t now_ns)
{
	uint8_t data[WAY_MTU_MAX];
	uint32_t number = UINT32_MAX;
	size_t len = way_take(&way, data, now_ns);

	if (len) {
		ck_assert_uint_eq(len, sizeof(number));
		memcpy(&number, data, sizeof(number));
	}
	return number;
}

START_TEST(a_good_path_changes_nothing)
{
	start((struct way_conf){.seed = 1});
	for (uint32_t i = 0; i < MANY; i += 3) {
		for (uint32_t k = i; k < i + 3; k++)
			put(k, i);
		for (uint32_t k = i; k < i + 3; k++)
			ck_assert_uint_eq(take(i), k);
		ck_assert_uint_eq(take(i), UINT32_MAX);
	}
	ck_assert_uint_eq(way.count[WAY_out], way.count[WAY_in]);
	ck_assert_uint_eq(way.count[WAY_late], 0);
	ck_assert(way_due(&way) == UINT64_MAX);
}
END_TEST

/* Each chance alone: asked for, of 10,000; where it is counted. */
static const struct {
	struct way_conf conf;
	enum way_count count;
	uint32_t least, most; /* of MANY */
} chances[] = {
	{{.loss = 500}, WAY_lost, 4700, 5300},
	{{.loss = 10000}, WAY_lost, MANY, MANY},
	{{.loss = 1}, WAY_lost, 1, 30},
	{{.doubling = 200}, WAY_doubled, 1800, 2200},
	{{.holding = 1000, .hold_n = 3, .hold_ns = MANY}, WAY_held, 9600, 10400},
	{{.holding = 1000, .hold_n = 3, .hold_ns = MANY}, WAY_late, 9600, 10400},
};

START_TEST(chances_are_as_asked_for)
{
	start(chances[_i].conf);
	for (uint32_t i = 0; i < MANY; i++) {
		put(i, i);
		while (take(i) != UINT32_MAX)
			;
	}
	while (take(UINT64_MAX) != UINT32_MAX)
		;
	ck_assert_uint_ge(way.count[chances[_i].count], chances[_i].least);
	ck_assert_uint_le(way.count[chances[_i].count], chances[_i].most);
	ck_assert_uint_eq(way.count[WAY_out], MANY - way.count[WAY_lost] + way.count[WAY_doubled]);
	ck_assert_uint_eq(way.count[WAY_full] + way.count[WAY_too_long], 0);
}
END_TEST

START_TEST(a_held_one_goes_behind_so_many)
{
	uint32_t order[8], expected[] = {1, 2, 3, 0, 4, 5, 6, 7};

	/* With a delay all are under way at once. */
	for (uint64_t delay = 0; delay <= 5 * MS; delay += 5 * MS) {
		uint32_t n = 0;

		start((struct way_conf){
			.holding = 10000, .hold_n = 3, .hold_ns = 20 * MS, .delay_ns = delay});
		put(0, 0);
		way.conf.holding = 0;
		for (uint32_t i = 1; i < 8; i++) {
			put(i, i);
			while (n < 8 && (order[n] = take(i)) != UINT32_MAX)
				n++;
		}
		for (uint64_t now = delay; n < 8; now++)
			while (n < 8 && (order[n] = take(now)) != UINT32_MAX)
				n++;
		ck_assert_int_eq(memcmp(order, expected, sizeof(order)), 0);
		ck_assert_uint_eq(way.count[WAY_late], 1);
	}
}
END_TEST

START_TEST(a_held_one_goes_at_last)
{
	start((struct way_conf){
		.holding = 10000, .hold_n = 3, .hold_ns = 20 * MS, .delay_ns = 5 * MS});
	put(7, 100);
	ck_assert_uint_eq(way_due(&way), 100 + 25 * MS);
	ck_assert_uint_eq(take(100 + 25 * MS - 1), UINT32_MAX);
	ck_assert_uint_eq(take(100 + 25 * MS), 7);
	ck_assert_uint_eq(way.count[WAY_late], 0);
}
END_TEST

START_TEST(delay_is_kept)
{
	start((struct way_conf){.delay_ns = 5 * MS});
	put(1, 10);
	put(2, 20);
	ck_assert_uint_eq(way_due(&way), 5 * MS + 10);
	ck_assert_uint_eq(take(5 * MS + 9), UINT32_MAX);
	ck_assert_uint_eq(take(5 * MS + 10), 1);
	ck_assert_uint_eq(take(5 * MS + 19), UINT32_MAX);
	ck_assert_uint_eq(way_due(&way), 5 * MS + 20);
	ck_assert_uint_eq(take(5 * MS + 20), 2);
}
END_TEST

START_TEST(what_is_too_long_or_too_much_is_counted)
{
	uint8_t data[WAY_MTU_MAX + 1] = {0};

	start((struct way_conf){.mtu = 1280});
	way_put(&way, data, 1281, 0);
	ck_assert_uint_eq(way.count[WAY_too_long], 1);
	way_put(&way, data, 1280, 0);
	ck_assert_uint_eq(way_take(&way, data, 0), 1280);
	for (uint32_t i = 0; i < WAY_PLACES + 5; i++)
		put(i, 0);
	ck_assert_uint_eq(way.count[WAY_full], 5);
	for (uint32_t i = 0; i < WAY_PLACES; i++)
		ck_assert_uint_eq(take(0), i);
	ck_assert_uint_eq(take(0), UINT32_MAX);
	put(1, 0);
	ck_assert_uint_eq(take(0), 1);
}
END_TEST

/* The same seed, the same fate, whatever the other chances are. */
START_TEST(the_seed_decides)
{
	uint64_t lost[3];

	for (unsigned i = 0; i < 3; i++) {
		start((struct way_conf){.seed = i < 2 ? 5 : 6, .loss = 500, .doubling = i * 100});
		lost[i] = 0;
		for (uint32_t k = 0; k < 1000; k++) {
			put(k, k);
			if (take(k) != k)
				lost[i] = lost[i] * 31 + k;
			while (take(k) != UINT32_MAX)
				;
		}
	}
	ck_assert_uint_eq(lost[0], lost[1]);
	ck_assert_uint_ne(lost[0], lost[2]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("relay");

	tcase_add_test(tcase, a_good_path_changes_nothing);
	tcase_add_loop_test(tcase, chances_are_as_asked_for, 0,
			    sizeof(chances) / sizeof(chances[0]));
	tcase_add_test(tcase, a_held_one_goes_behind_so_many);
	tcase_add_test(tcase, a_held_one_goes_at_last);
	tcase_add_test(tcase, delay_is_kept);
	tcase_add_test(tcase, what_is_too_long_or_too_much_is_counted);
	tcase_add_test(tcase, the_seed_decides);
	return unit_run("relay", tcase);
}
