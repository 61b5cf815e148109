/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_golden.h"

#define BUCKETS 256

/*
 * What the kernel picks among 10.0.0.1:80 weight 1, 10.0.0.2:80 weight 1, 10.0.0.3:80 weight 2,
 * added in that order: at first, and with the third at weight 0, without and with fallback.
 */
struct golden {
	struct golden_client client;
	uint32_t bucket;
	int pick;
	int drained; /* of the first three, the kernel's; of the others by the model below */
	int fallback;
};

static const struct golden goldens[] = {
	{{{0xc0000201}, 0, LVS_INET}, 50, 2, 1, 1},
	{{{0xc0000202}, 0, LVS_INET}, 148, 3, 2, 2},
	{{{0xc0000203}, 0, LVS_INET}, 246, 2, RIG_NONE, 1},
	{{{0xc0000201}, 12345, LVS_INET}, 145, 3, 2, 2},
	{{{0xc6336407}, 0, LVS_INET}, 171, 1, RIG_NONE, 1},
	{{{0x20010db8, 0, 0, 1}, 0, LVS_INET6}, 63, 1, RIG_NONE, 2},
};

static struct rig *sh_rig(uint32_t flags)
{
	return rig_new(lvs_sched_find("sh"), flags);
}

/* The state is the buckets: indexes into the list. */
static uint32_t number_in(const struct rig *rig, unsigned bucket)
{
	uint8_t index = ((const uint8_t *)rig->state)[bucket];

	ck_assert_uint_lt(index, rig->set.dest_n);
	return rig->set.dest[index].number;
}

START_TEST(test_golden_table)
{
	static const uint32_t tile[] = {3, 3, 2, 1};
	static const uint32_t drained[] = {3, 2, 1};
	struct rig *rig = golden_rig("sh", 0);

	for (unsigned i = 0; i < BUCKETS; i++)
		ck_assert_uint_eq(number_in(rig, i), tile[i % 4]);
	rig_edit(rig, 3, 0);
	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned i = 0; i < BUCKETS; i++)
		ck_assert_uint_eq(number_in(rig, i), drained[i % 3]);
	rig_del_all(rig);
}
END_TEST

START_TEST(test_golden_picks)
{
	const struct golden *golden = &goldens[_i];
	struct lvs_flow flow = golden_flow(&golden->client);
	uint32_t port = golden->client.port ? PORT : 0;
	struct rig *rig = golden_rig("sh", port);
	struct rig *fallback = golden_rig("sh", port | FALLBACK);

	ck_assert_uint_eq(number_in(rig, golden->bucket), golden->pick);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), golden->pick);
	ck_assert_int_eq(rig_pick(fallback, &flow, 0), golden->pick);
	rig_edit(rig, 3, 0);
	rig_edit(fallback, 3, 0);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_commit(fallback), 0);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), golden->drained);
	ck_assert_int_eq(rig_pick(fallback, &flow, 0), golden->fallback);
	rig_del_all(rig);
	rig_del_all(fallback);
}
END_TEST

START_TEST(test_port)
{
	golden_port("sh", 2);
}
END_TEST

/* The list written out round by round, each as often as it weighs and at least once. */
static void model_fill(const struct lvs_sched_set *set, uint32_t *number)
{
	unsigned filled = 0;

	while (filled < BUCKETS) {
		for (uint32_t i = 0; i < set->dest_n; i++) {
			int64_t turns = set->dest[i].weight ? set->dest[i].weight : 1;

			for (; turns && filled < BUCKETS; turns--)
				number[filled++] = set->dest[i].number;
		}
	}
}

static unsigned model_bucket(uint32_t value)
{
	return (uint32_t)(value * UINT64_C(0x61c88647)) / (1u << 24);
}

static bool model_usable(const struct rig *rig, uint32_t number)
{
	const struct lvs_sched_dest *dest = &rig->set.dest[rig_index(rig, number)];

	return dest->weight > 0 && !(dest->gauge->word & RIG_OVERLOAD);
}

static int model_pick(const struct rig *rig, const uint32_t *number, uint32_t client)
{
	unsigned first = model_bucket(client);

	if (model_usable(rig, number[first]))
		return (int)number[first];
	for (unsigned o = 0; o < BUCKETS && rig->set.flags & FALLBACK; o++) {
		unsigned r = (o + first) % BUCKETS;

		if (model_usable(rig, number[(r + first) & 255]))
			return (int)number[(r + first) & 255];
	}
	return RIG_NONE;
}

START_TEST(test_model)
{
	static const int32_t weights[] = {0, 0, 1, 1, 2, 3, 10, 100, 65535, INT32_MAX};
	struct rig *rig = sh_rig(_i % 2 ? FALLBACK : 0);
	uint64_t seed = 99 + (uint64_t)_i;
	uint32_t dests = 1 + rig_below(&seed, _i % 5 ? 30 : 400);
	uint32_t number[BUCKETS];

	for (uint32_t i = 0; i < dests; i++)
		rig_add(rig, i, weights[rig_below(&seed, _i % 3 ? 6 : LVS_ARRAY_N(weights))]);
	ck_assert_int_eq(rig_commit(rig), 0);
	model_fill(&rig->set, number);
	for (unsigned i = 0; i < BUCKETS; i++)
		ck_assert_uint_eq(number_in(rig, i), number[i]);
	for (uint32_t i = 0; i < dests; i++)
		rig_overload(rig, i, rig_below(&seed, 3) == 0);
	for (unsigned i = 0; i < 2000; i++) {
		uint32_t client = rig_random(&seed);
		struct lvs_flow flow = rig_flow(client, 1);

		ck_assert_int_eq(rig_pick(rig, &flow, 0), model_pick(rig, number, client));
	}
	rig_del_all(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_sh");
	int goldens_n = (int)LVS_ARRAY_N(goldens);

	tcase_add_test(tcase, test_golden_table);
	tcase_add_loop_test(tcase, test_golden_picks, 0, goldens_n);
	tcase_add_test(tcase, test_port);
	tcase_add_loop_test(tcase, test_model, 0, 60);
	return unit_run("sched_sh", tcase);
}
