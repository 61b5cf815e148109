/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"

#include "sched_golden.h"

#define TABLE_N 4093 /* the kernel's default */

/*
 * What the kernel picks among 10.0.0.1:80 weight 1, 10.0.0.2:80 weight 1, 10.0.0.3:80 weight 2,
 * added in that order: at first, and with the third at weight 0, without and with fallback.
 */
struct golden {
	struct golden_client client;
	uint32_t slot;
	int pick;
	int drained;
	int fallback; /* of rows without a port */
};

static const struct golden goldens[] = {
	{{{0xc0000201}, 0, LVS_INET}, 2891, 3, RIG_NONE, 1},
	{{{0xc0000202}, 0, LVS_INET}, 746, 2, 2, 2},
	{{{0xc0000203}, 0, LVS_INET}, 998, 3, RIG_NONE, 1},
	{{{0xc0000201}, 12345, LVS_INET}, 1302, 3, RIG_NONE, RIG_NONE},
	{{{0xc6336407}, 0, LVS_INET}, 924, 1, 1, 1},
	{{{0x20010db8, 0, 0, 1}, 0, LVS_INET6}, 3457, 2, 2, 2},
};

static struct rig *mh_rig(uint32_t flags)
{
	return rig_new(lvs_sched_find("mh"), flags);
}

/* The state begins with the slots: indexes into the list. */
static void copy_slots(const struct rig *rig, uint16_t *slot)
{
	memcpy(slot, rig->state, TABLE_N * sizeof(*slot));
}

static void count_slots(const struct rig *rig, unsigned *count)
{
	uint16_t slot[TABLE_N];

	copy_slots(rig, slot);
	for (unsigned i = 0; i < TABLE_N; i++) {
		ck_assert_uint_lt(slot[i], rig->set.dest_n);
		count[rig->set.dest[slot[i]].number]++;
	}
}

START_TEST(test_golden_table)
{
	struct rig *rig = golden_rig("mh", 0);
	unsigned count[4] = {0};
	uint16_t slot[TABLE_N];

	count_slots(rig, count);
	ck_assert_uint_eq(count[3], 2047);
	ck_assert_uint_eq(count[2], 1023);
	ck_assert_uint_eq(count[1], 1023);
	copy_slots(rig, slot);
	ck_assert_uint_eq(slot[1631], 0); /* .3: offset 1631, skip 3453, two turns */
	ck_assert_uint_eq(slot[(1631 + 3453) % TABLE_N], 0);
	ck_assert_uint_eq(slot[1231], 1); /* .2: offset 1231, skip 3544 */
	ck_assert_uint_eq(slot[3167], 2); /* .1: offset 3167, skip 700 */
	rig_del_all(rig);
}
END_TEST

START_TEST(test_golden_picks)
{
	const struct golden *golden = &goldens[_i];
	struct lvs_flow flow = golden_flow(&golden->client);
	struct rig *rig = golden_rig("mh", golden->client.port ? PORT : 0);
	uint16_t slot[TABLE_N];

	copy_slots(rig, slot);
	ck_assert_uint_eq(rig->set.dest[slot[golden->slot]].number, golden->pick);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), golden->pick);
	rig_edit(rig, 3, 0);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), golden->drained);
	rig_del_all(rig);
}
END_TEST

START_TEST(test_golden_fallback)
{
	const struct golden *golden = &goldens[_i];
	struct lvs_flow flow = golden_flow(&golden->client);
	struct rig *rig = golden_rig("mh", FALLBACK);

	if (golden->client.port == 0) {
		ck_assert_int_eq(rig_pick(rig, &flow, 0), golden->pick);
		rig_edit(rig, 3, 0);
		ck_assert_int_eq(rig_commit(rig), 0);
		ck_assert_int_eq(rig_pick(rig, &flow, 0), golden->fallback);
	}
	rig_del_all(rig);
}
END_TEST

START_TEST(test_port)
{
	golden_port("mh", 3);
}
END_TEST

static uint32_t model_value(const struct lvs_sched_dest *dest)
{
	return lvs_ntohl(dest->addr.word[0]) + lvs_ntohs(dest->port);
}

/* Turns by the kernel's rule, with plain loops. */
static void model_turns(const struct lvs_sched_set *set, uint32_t *turns)
{
	uint32_t gcd = 0, max = 0, shift = 0;

	for (uint32_t i = 0; i < set->dest_n; i++) {
		uint32_t a = (uint32_t)set->dest[i].last_weight, b = gcd;

		max = a > max ? a : max;
		while (b) {
			uint32_t rest = a % b;

			a = b;
			b = rest;
		}
		gcd = a;
	}
	while (gcd && (max / gcd) >> shift >= 64)
		shift++;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		uint32_t weight = (uint32_t)set->dest[i].last_weight;

		turns[i] = weight ? weight / gcd >> shift : 0;
		if (weight && !turns[i])
			turns[i] = 1;
	}
}

/* The paper's figure: j-th choice of a destination is slot (offset + j * skip) % TABLE_N. */
static void model_fill(const struct lvs_sched_set *set, uint16_t *slot)
{
	uint32_t turns[64], choice[64] = {0}, filled = 0;
	bool taken[TABLE_N] = {false};

	model_turns(set, turns);
	while (filled < TABLE_N) {
		for (uint32_t i = 0; i < set->dest_n; i++) {
			uint32_t value = model_value(&set->dest[i]);
			uint32_t offset = lvs_hsiphash_u32(value, 2654435761, 2654435761) % 4093;
			uint32_t skip = lvs_hsiphash_u32(value, 2654446892, 2654446892) % 4092 + 1;

			for (uint32_t turn = 0; turn < turns[i] && filled < TABLE_N; turn++) {
				uint32_t at;

				do
					at = (offset + choice[i]++ * skip) % TABLE_N;
				while (taken[at]);
				taken[at] = true;
				slot[at] = (uint16_t)i;
				filled++;
			}
		}
	}
}

START_TEST(test_model_fill)
{
	static const int32_t weights[] = {1, 2, 3, 10, 12, 60, 64, 100, 5000, 65535, INT32_MAX};
	struct rig *rig = mh_rig(0);
	uint64_t seed = 77 + (uint64_t)_i;
	uint32_t dests = 1 + rig_below(&seed, 40);
	uint16_t slot[TABLE_N], expected[TABLE_N];

	for (uint32_t i = 0; i < dests; i++) {
		rig_add(rig, i, weights[rig_below(&seed, LVS_ARRAY_N(weights))]);
		if (rig_below(&seed, 4) == 0)
			rig_edit(rig, i, 0); /* keeps last_weight */
		if (rig_below(&seed, 8) == 0)
			rig->pending[0].last_weight = rig->pending[0].weight = i ? 0 : 1;
	}
	ck_assert_int_eq(rig_commit(rig), 0);
	model_fill(&rig->set, expected);
	copy_slots(rig, slot);
	ck_assert_mem_eq(slot, expected, sizeof(slot));
	rig_del_all(rig);
}
END_TEST

/* By the kernel's rule: slot of h(client + r), r from the first slot on. */
static int model_pick(const struct rig *rig, uint32_t client)
{
	uint16_t slot[TABLE_N];
	uint32_t first = lvs_hsiphash_u32(client, 2654435761, 2654435761) % TABLE_N;
	uint32_t at = first;

	copy_slots(rig, slot);
	for (uint32_t i = 0; i < TABLE_N; i++) {
		const struct lvs_sched_dest *dest = &rig->set.dest[slot[at]];
		uint32_t shifted = client + (i + first) % TABLE_N;

		if (dest->weight > 0 && !lvs_gauge_overloaded(dest->gauge->word))
			return (int)dest->number;
		at = lvs_hsiphash_u32(shifted, 2654435761, 2654435761) % TABLE_N;
	}
	return RIG_NONE;
}

START_TEST(test_model_fallback)
{
	struct rig *rig = mh_rig(FALLBACK);
	uint64_t seed = 4711;

	for (uint32_t i = 0; i < 20; i++)
		rig_add(rig, i, 1 + (int32_t)rig_below(&seed, 5));
	for (uint32_t i = 0; i < 20; i++) {
		if (i % 3)
			rig_overload(rig, i, true);
		else if (i % 2)
			rig_edit(rig, i, 0);
	}
	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned i = 0; i < 5000; i++) {
		struct lvs_flow flow = rig_flow(rig_random(&seed), 1);

		ck_assert_int_eq(rig_pick(rig, &flow, 0),
				 model_pick(rig, lvs_ntohl(flow.src.word[0])));
	}
	for (uint32_t i = 0; i < 20; i++)
		rig_overload(rig, i, true);
	for (unsigned i = 0; i < 10000; i++) {
		struct lvs_flow flow = rig_flow(rig_random(&seed), 1);

		ck_assert_int_eq(rig_pick(rig, &flow, 0), RIG_NONE);
	}
	rig_del_all(rig);
}
END_TEST

/* Clients fall on slots evenly: five standard deviations of a binomial count. */
START_TEST(test_spread)
{
	enum { DESTS = 10, CLIENTS = 200000 };
	struct rig *rig = mh_rig(0);
	unsigned slots[DESTS] = {0}, got[DESTS] = {0};

	for (uint32_t i = 0; i < DESTS; i++)
		rig_add(rig, i, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	count_slots(rig, slots);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct lvs_flow flow = rig_flow(0x0b000000 + i, 1);

		got[rig_pick(rig, &flow, 0)]++;
	}
	for (unsigned i = 0; i < DESTS; i++) {
		double share = (double)slots[i] / TABLE_N;
		double mean = CLIENTS * share;
		double off = got[i] - mean;

		ck_assert_uint_ge(slots[i], TABLE_N / DESTS);
		ck_assert_uint_le(slots[i], TABLE_N / DESTS + 1);
		ck_assert(off * off < 25 * mean * (1 - share));
	}
	rig_del_all(rig);
}
END_TEST

/* A destination removed: its slots move, of the others' few (the paper's section 5.3). */
START_TEST(test_disruption)
{
	enum { DESTS = 20 };
	struct rig *rig = mh_rig(0);
	uint16_t before[TABLE_N], after[TABLE_N];
	unsigned moved = 0;

	for (uint32_t i = 0; i < DESTS; i++)
		rig_add(rig, i, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	copy_slots(rig, before);
	rig_del(rig, 0); /* the oldest, so the indexes of the others stay */
	ck_assert_int_eq(rig_commit(rig), 0);
	copy_slots(rig, after);
	for (unsigned i = 0; i < TABLE_N; i++)
		moved += before[i] != DESTS - 1 && before[i] != after[i];
	ck_assert_uint_lt(moved, TABLE_N / 20);
	rig_del_all(rig);
}
END_TEST

/* The slots of three servers, the second of which has an IPv6 address that begins as its IPv4 one.
 */
static void slots_of(unsigned service_family, unsigned second_family, uint16_t *slot)
{
	struct rig *rig = mh_rig(0);

	rig->set.family = (uint8_t)service_family;
	for (uint32_t i = 1; i <= 3; i++)
		rig_add(rig, i, (int32_t)i);
	if (second_family == LVS_INET6) {
		rig->pending[1].family = LVS_INET6;
		rig->pending[1].addr.word[2] = lvs_htonl(0x20010db8);
	}
	ck_assert_int_eq(rig_commit(rig), 0);
	copy_slots(rig, slot);
	rig_del_all(rig);
}

/* Of a server that is reached by a tunnel of the other family an IPv4 service takes 32 bits, as the
 * kernel; an IPv6 service each as it is. */
START_TEST(test_families)
{
	uint16_t plain[TABLE_N], mixed[TABLE_N];

	slots_of(LVS_INET, LVS_INET, plain);
	slots_of(LVS_INET, LVS_INET6, mixed);
	ck_assert_mem_eq(mixed, plain, sizeof(plain));
	slots_of(LVS_INET6, LVS_INET, mixed);
	ck_assert_mem_eq(mixed, plain, sizeof(plain));
	slots_of(LVS_INET6, LVS_INET6, mixed);
	ck_assert_mem_ne(mixed, plain, sizeof(plain));
}
END_TEST

START_TEST(test_most_destinations)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = mh_rig(0);
	unsigned count[TABLE_N] = {0};
	int picked;

	for (uint32_t i = 0; i < TABLE_N; i++)
		rig_add(rig, i, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	count_slots(rig, count);
	for (unsigned i = 0; i < TABLE_N; i++)
		ck_assert_uint_eq(count[i], 1);
	picked = rig_pick(rig, &flow, 0);
	rig_add(rig, TABLE_N, 1);
	ck_assert_int_eq(rig_commit(rig), LVS_ERR_INVALID);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), picked);
	rig_del_all(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_mh");
	int goldens_n = (int)LVS_ARRAY_N(goldens);

	tcase_add_test(tcase, test_golden_table);
	tcase_add_loop_test(tcase, test_golden_picks, 0, goldens_n);
	tcase_add_loop_test(tcase, test_golden_fallback, 0, goldens_n);
	tcase_add_test(tcase, test_port);
	tcase_add_loop_test(tcase, test_model_fill, 0, 50);
	tcase_add_test(tcase, test_model_fallback);
	tcase_add_test(tcase, test_spread);
	tcase_add_test(tcase, test_disruption);
	tcase_add_test(tcase, test_families);
	tcase_add_test(tcase, test_most_destinations);
	return unit_run("sched_mh", tcase);
}
