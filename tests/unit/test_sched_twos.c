/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_rig.h"

#define DESTS 16

static struct rig *twos_rig(uint64_t service_seed)
{
	struct rig *rig = rig_new(lvs_sched_find("twos"), 0);

	rig->set.seed = service_seed;
	return rig;
}

/* Numbers 1 and 2 of the service's sequence for each pick, as the paper writes SplitMix64. */
struct model {
	uint64_t state;
};

static uint64_t next_random(struct model *model)
{
	uint64_t z = model->state += UINT64_C(0x9e3779b97f4a7c15);

	z ^= z >> 30;
	z *= UINT64_C(0xbf58476d1ce4e5b9);
	z ^= z >> 27;
	z *= UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static bool usable(const struct lvs_sched_dest *dest)
{
	return dest->weight > 0 && !(dest->gauge->word & RIG_OVERLOAD);
}

/* The kernel's walk: each weight is taken off, and where nothing is left is the choice. */
static const struct lvs_sched_dest *choice(const struct lvs_sched_set *set, int64_t left)
{
	for (uint32_t i = 0; i < set->dest_n; i++) {
		if (!usable(&set->dest[i]))
			continue;
		left -= set->dest[i].weight;
		if (left <= 0)
			return &set->dest[i];
	}
	ck_abort_msg("the weights do not add up");
	return NULL;
}

static int64_t overhead(const struct lvs_sched_dest *dest)
{
	return (int64_t)(dest->gauge->word >> 32) * 256 + (int64_t)(dest->gauge->word & 0x7fffffff);
}

static int model_pick(struct model *model, const struct lvs_sched_set *set)
{
	const struct lvs_sched_dest *one, *two;
	int64_t total = 0;

	for (uint32_t i = 0; i < set->dest_n; i++)
		total += usable(&set->dest[i]) ? set->dest[i].weight : 0;
	if (total == 0)
		return RIG_NONE;
	one = choice(set, (int64_t)(next_random(model) % (uint64_t)(total + 1)));
	two = choice(set, (int64_t)(next_random(model) % (uint64_t)(total + 1)));
	if (two->weight * overhead(one) > one->weight * overhead(two))
		return (int)two->number;
	return (int)one->number;
}

static void change(struct rig *rig, uint64_t *seed)
{
	static const int32_t weights[] = {0, 0, 1, 2, 3, 50, 65535, INT32_MAX};
	uint32_t number = rig_below(seed, DESTS);
	int32_t weight = weights[rig_below(seed, LVS_ARRAY_N(weights))];
	uint32_t active = rig_below(seed, 1000);

	if (!rig_has(rig, number))
		rig_add(rig, number, weight);
	else if (rig_below(seed, 3) == 0)
		rig_del(rig, number);
	else
		rig_edit(rig, number, weight);
	rig_load(rig, number, active, active + rig_below(seed, 1000));
	rig_overload(rig, rig_below(seed, DESTS), rig_below(seed, 4) == 0);
	ck_assert_int_eq(rig_commit(rig), 0);
}

/* Pick for pick over edits; a commit does not begin the sequence anew, a peek does not move it. */
START_TEST(test_model)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	uint64_t seed = 31 + (uint64_t)_i;
	struct model model = {.state = UINT64_C(0x0123456789abcdef) * seed};
	struct rig *rig = twos_rig(model.state);

	for (unsigned round = 0; round < 500; round++) {
		change(rig, &seed);
		for (unsigned i = rig_below(&seed, 20); i > 0; i--) {
			int peeked = rig_pick(rig, &flow, LVS_PICK_PEEK);
			int expected = model_pick(&model, &rig->set);

			ck_assert_int_eq(peeked, expected);
			ck_assert_int_eq(rig_pick(rig, &flow, 0), expected);
		}
	}
	rig_del_all(rig);
}
END_TEST

/* Of two that are alike but for their load the less loaded gets about three quarters. */
START_TEST(test_two_choices)
{
	enum { PICKS = 40000 };
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = twos_rig(7);
	unsigned got[3] = {0};

	rig_add(rig, 1, 1000);
	rig_add(rig, 2, 1000);
	rig_load(rig, 1, 5, 5);
	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned i = 0; i < PICKS; i++)
		got[rig_pick(rig, &flow, 0)]++;
	/* five standard deviations of a binomial count, and the first's one in 2001 more */
	ck_assert_uint_gt(got[2], PICKS * 3 / 4 - 5 * 87 - 20);
	ck_assert_uint_lt(got[2], PICKS * 3 / 4 + 5 * 87 + 20);
	rig_del_all(rig);
}
END_TEST

/* No load anywhere: the first choice stands, by weight; the list's first is drawn by 0 too. */
START_TEST(test_by_weight)
{
	enum { PICKS = 40000 };
	static const int32_t weights[] = {4, 3, 2, 1, 0};
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = twos_rig(9);
	unsigned got[LVS_ARRAY_N(weights)] = {0};

	for (uint32_t i = LVS_ARRAY_N(weights); i > 0; i--)
		rig_add(rig, i - 1, weights[i - 1]);
	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned i = 0; i < PICKS; i++)
		got[rig_pick(rig, &flow, 0)]++;
	for (uint32_t i = 0; i < LVS_ARRAY_N(weights); i++) {
		double share = (weights[i] + (i == 0)) / 11.0;
		double off = got[i] - PICKS * share;

		ck_assert(off * off <= 25 * PICKS * share * (1 - share));
	}
	rig_del_all(rig);
}
END_TEST

START_TEST(test_seeds)
{
	enum { PICKS = 200 };
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig[3] = {twos_rig(1), twos_rig(1), twos_rig(2)};
	unsigned differ = 0;

	for (unsigned r = 0; r < 3; r++) {
		for (uint32_t i = 0; i < DESTS; i++)
			rig_add(rig[r], i, 1);
		ck_assert_int_eq(rig_commit(rig[r]), 0);
	}
	for (unsigned i = 0; i < PICKS; i++) {
		int picked = rig_pick(rig[0], &flow, 0);

		ck_assert_int_eq(rig_pick(rig[1], &flow, 0), picked);
		differ += rig_pick(rig[2], &flow, 0) != picked;
	}
	ck_assert_uint_gt(differ, PICKS / 2);
	for (unsigned r = 0; r < 3; r++)
		rig_del_all(rig[r]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_twos");

	tcase_add_loop_test(tcase, test_model, 0, 10);
	tcase_add_test(tcase, test_two_choices);
	tcase_add_test(tcase, test_by_weight);
	tcase_add_test(tcase, test_seeds);
	return unit_run("sched_twos", tcase);
}
