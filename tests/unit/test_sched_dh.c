/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_golden.h"

#define BUCKETS 256

static uint32_t number_in(const struct rig *rig, unsigned bucket)
{
	uint8_t index = ((const uint8_t *)rig->state)[bucket];

	ck_assert_uint_lt(index, rig->set.dest_n);
	return rig->set.dest[index].number;
}

/* What the kernel picks for 198.51.100.80, which rig_flow() wants: .3, whoever asks. */
START_TEST(test_golden)
{
	static const uint32_t tile[] = {3, 2, 1};
	struct rig *rig = golden_rig("dh", 0);
	uint64_t seed = 8;

	for (unsigned i = 0; i < BUCKETS; i++)
		ck_assert_uint_eq(number_in(rig, i), tile[i % 3]);
	for (unsigned i = 0; i < 100; i++) {
		struct lvs_flow flow = rig_flow(rig_random(&seed), (uint16_t)rig_random(&seed));

		ck_assert_int_eq(rig_pick(rig, &flow, 0), 3);
	}
	rig_del_all(rig);
}
END_TEST

/* Weights do not move it, weight 0 and overload refuse, and the flags of sh and mh are nothing to
 * it. */
START_TEST(test_golden_drained)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = golden_rig("dh", FALLBACK | PORT);

	rig_edit(rig, 3, 100);
	rig_edit(rig, 2, 0);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 3);
	rig_overload(rig, 3, true);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), RIG_NONE);
	rig_overload(rig, 3, false);
	rig_edit(rig, 3, 0);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), RIG_NONE);
	rig_del_all(rig);
}
END_TEST

/* By the kernel's rule: words folded, the product's upper eight bits, the list in turn. */
static int model_pick(const struct rig *rig, const struct lvs_flow *flow)
{
	uint32_t folded = flow->dst.word[0];
	const struct lvs_sched_dest *dest;
	uint32_t bucket;

	for (unsigned i = 1; i < 4 && flow->family == LVS_INET6; i++)
		folded ^= flow->dst.word[i];
	bucket = (uint32_t)(lvs_ntohl(folded) * UINT64_C(0x61c88647)) / (1u << 24);
	dest = &rig->set.dest[bucket % rig->set.dest_n];
	return dest->weight > 0 && !(dest->gauge->word & RIG_OVERLOAD) ? (int)dest->number
								       : RIG_NONE;
}

/* An error about a reply goes by the address of whom that was for: by the client's. */
START_TEST(test_error)
{
	struct rig *rig = golden_rig("dh", 0);
	uint64_t seed = 9;
	unsigned found = 0;

	for (unsigned i = 0; i < 100; i++) {
		struct lvs_flow flow = rig_flow(rig_random(&seed), 1), turned = flow;
		int picked = rig_pick(rig, &flow, LVS_PICK_ERROR);

		turned.dst = flow.src;
		ck_assert_int_eq(picked, rig_pick(rig, &turned, 0));
		ck_assert_int_ge(picked, 0);
		found |= 1u << (unsigned)picked;
	}
	ck_assert_uint_eq(found, 0xe);
	rig_del_all(rig);
}
END_TEST

static void change(struct rig *rig, uint64_t *seed, uint32_t most)
{
	uint32_t number = rig_below(seed, most);
	int32_t weight = (int32_t)rig_below(seed, 3);

	if (!rig_has(rig, number))
		rig_add(rig, number, weight);
	else if (rig->pending_n > 1 && rig_below(seed, 3) == 0)
		rig_del(rig, number);
	else
		rig_edit(rig, number, weight);
	rig_overload(rig, number, rig_below(seed, 4) == 0);
	ck_assert_int_eq(rig_commit(rig), 0);
}

START_TEST(test_model)
{
	struct rig *rig = rig_new(lvs_sched_find("dh"), 0);
	uint32_t most = _i % 5 ? 30 : 400; /* more than there are buckets: the rest get none */
	uint64_t seed = 55 + (uint64_t)_i;

	for (uint32_t i = 0; i < most / 2; i++)
		rig_add(rig, i, 1);
	for (unsigned round = 0; round < 100; round++) {
		change(rig, &seed, most);
		for (unsigned i = 0; i < 50; i++) {
			struct lvs_flow flow = rig_flow(rig_random(&seed), 1);

			flow.family = i % 2 ? LVS_INET : LVS_INET6;
			for (unsigned w = 0; w < 4; w++)
				flow.dst.word[w] = rig_random(&seed);
			ck_assert_int_eq(rig_pick(rig, &flow, 0), model_pick(rig, &flow));
		}
	}
	rig_del_all(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_dh");

	tcase_add_test(tcase, test_golden);
	tcase_add_test(tcase, test_golden_drained);
	tcase_add_test(tcase, test_error);
	tcase_add_loop_test(tcase, test_model, 0, 20);
	return unit_run("sched_dh", tcase);
}
