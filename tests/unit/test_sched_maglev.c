/* SPDX-License-Identifier: BSD-2-Clause */
/* The table against the paper: Eisenbud et al., "Maglev", NSDI 2016. */
#include "base/compiler.h"
#include "base/siphash.h"
#include "sched/maglev.h"

#include "unit.h"

#define SLOTS 65537 /* the paper's small table */
#define SERVERS 1000

/* The paper's table 1: three backends, seven slots, before and after B1 goes. */
START_TEST(test_paper_table_1)
{
	static const uint16_t before[] = {1, 0, 1, 0, 2, 2, 0};
	static const uint16_t after[] = {0, 0, 0, 0, 1, 1, 1}; /* 1 is B2 */
	struct lvs_maglev_walk all[] = {{3, 4, 1}, {0, 2, 1}, {3, 1, 1}};
	struct lvs_maglev_walk left[] = {{3, 4, 1}, {3, 1, 1}};
	uint16_t slot[7];

	lvs_maglev_fill(slot, 7, all, 3);
	ck_assert_mem_eq(slot, before, sizeof(slot));
	lvs_maglev_fill(slot, 7, left, 2);
	ck_assert_mem_eq(slot, after, sizeof(slot));
}
END_TEST

static struct lvs_maglev_walk walk_of(uint32_t server)
{
	return (struct lvs_maglev_walk){
		.slot = lvs_hsiphash_u32(server, 1, 1) % SLOTS,
		.skip = lvs_hsiphash_u32(server, 2, 2) % (SLOTS - 1) + 1,
		.turns = 1,
	};
}

/* Servers 0 to @p n - 1 but those below @p gone; who[] is by server, -1 at none. */
static void fill(uint16_t *slot, uint32_t gone, uint32_t n)
{
	struct lvs_maglev_walk walk[SERVERS];

	for (uint32_t i = gone; i < n; i++)
		walk[i - gone] = walk_of(i);
	lvs_maglev_fill(slot, SLOTS, walk, n - gone);
	for (uint32_t i = 0; i < SLOTS; i++)
		slot[i] = (uint16_t)(slot[i] + gone);
}

/* Section 5.3: the least and most loaded of 100 servers differ by less than 1 %. */
START_TEST(test_spread)
{
	static uint16_t slot[SLOTS];
	unsigned count[100] = {0};

	fill(slot, 0, 100);
	for (uint32_t i = 0; i < SLOTS; i++)
		count[slot[i]]++;
	for (unsigned i = 0; i < 100; i++) {
		ck_assert_uint_ge(count[i] * 10000, SLOTS * 99);
		ck_assert_uint_le(count[i] * 10000, SLOTS * 101);
	}
}
END_TEST

/* Slots of the servers that stay which change hands, in 1000 of all slots. */
static unsigned moved_per_mille(uint32_t gone, uint32_t n)
{
	static uint16_t before[SLOTS], after[SLOTS];
	unsigned moved = 0;

	fill(before, 0, n);
	fill(after, gone, n);
	for (uint32_t i = 0; i < SLOTS; i++)
		moved += before[i] >= gone && before[i] != after[i];
	return moved * 1000 / SLOTS;
}

/* Figure 13's question: servers that go at once. What is bound here is what this hash gives. */
static const struct {
	uint32_t servers, gone;
	unsigned per_mille;
} disruptions[] = {
	{100, 1, 5}, {100, 5, 15}, {1000, 1, 10}, {1000, 5, 30}, {1000, 10, 40},
};

START_TEST(test_disruption)
{
	unsigned moved = moved_per_mille(disruptions[_i].gone, disruptions[_i].servers);

	ck_assert_msg(moved <= disruptions[_i].per_mille, "%u of 1000 slots moved", moved);
	ck_assert_msg(2 * moved + 2 >= disruptions[_i].per_mille, "only %u of 1000 slots moved",
		      moved);
}
END_TEST

/* Turns are shares, to the slot of one round. */
START_TEST(test_turns)
{
	static uint16_t slot[SLOTS];
	struct lvs_maglev_walk walk[10];
	unsigned count[10] = {0};
	unsigned turns = 0;

	for (uint32_t i = 0; i < 10; i++) {
		walk[i] = walk_of(i);
		walk[i].turns = (uint16_t)i;
		turns += i;
	}
	lvs_maglev_fill(slot, SLOTS, walk, 10);
	for (uint32_t i = 0; i < SLOTS; i++)
		count[slot[i]]++;
	for (uint32_t i = 0; i < 10; i++) {
		ck_assert_uint_ge(count[i], SLOTS / turns * i);
		ck_assert_uint_le(count[i], (SLOTS / turns + 1) * i);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_maglev");

	tcase_add_test(tcase, test_paper_table_1);
	tcase_add_test(tcase, test_spread);
	tcase_add_loop_test(tcase, test_disruption, 0, (int)LVS_ARRAY_N(disruptions));
	tcase_add_test(tcase, test_turns);
	return unit_run("sched_maglev", tcase);
}
