/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Schedulers that look at weights and loads alone: rows of known picks, and a naive reference,
 * which asks of each destination whether any other one beats it.
 */
#ifndef LVS_TESTS_SCHED_LOAD_H
#define LVS_TESTS_SCHED_LOAD_H

#include "sched_rig.h"

#define LOAD_DESTS 4
/* Destinations of random tests: few, and as many as are kept in an order of their own. */
static const uint32_t load_max[] = {20, 70};

/* Destinations 0 to 3 in list order, so 3 is added first. */
struct load_row {
	struct {
		int32_t weight;
		uint32_t active, total;
		bool overloaded;
	} dest[LOAD_DESTS];
	int pick;
};

/* What a destination is judged by; no two of one are alike in memory. */
struct load {
	int64_t weight;
	int64_t active;
	uint32_t overhead; /* 256 * active + total, in 32 bits */
};

struct load_case {
	const char *name;
	const struct load_row *rows;
	/* Strictly better, both being of some weight and not overloaded. */
	bool (*beats)(const struct load *a, const struct load *b);
	bool (*fits)(const struct load *load); /* NULL: any */
};

static inline void load_check_row(const struct load_case *it, const struct load_row *row)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = rig_new(lvs_sched_find(it->name), 0);

	for (uint32_t i = LOAD_DESTS; i > 0; i--) {
		rig_add(rig, i - 1, row->dest[i - 1].weight);
		rig_load(rig, i - 1, row->dest[i - 1].active, row->dest[i - 1].total);
		rig_overload(rig, i - 1, row->dest[i - 1].overloaded);
	}
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_pick(rig, &flow, LVS_PICK_PEEK), row->pick);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), row->pick);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), row->pick);
	rig_del_all(rig);
}

static inline bool load_of(const struct load_case *it, const struct lvs_sched_dest *dest,
			   struct load *load)
{
	uint64_t word = dest->gauge->word;

	load->weight = dest->weight;
	load->active = (int64_t)(word >> 32);
	load->overhead = (uint32_t)(load->active * 256) + (uint32_t)(word & 0x7fffffff);
	return dest->weight > 0 && !(word & RIG_OVERLOAD) && (!it->fits || it->fits(load));
}

static inline int load_expected(const struct load_case *it, const struct lvs_sched_set *set)
{
	for (uint32_t i = 0; i < set->dest_n; i++) {
		struct load mine, other;
		bool beaten = false;

		if (!load_of(it, &set->dest[i], &mine))
			continue;
		for (uint32_t j = 0; j < set->dest_n && !beaten; j++)
			beaten = load_of(it, &set->dest[j], &other) && it->beats(&other, &mine);
		if (!beaten)
			return (int)set->dest[i].number;
	}
	return RIG_NONE;
}

static inline int32_t load_weight(uint64_t *seed)
{
	static const int32_t weights[] = {0, 0, 1, 1, 2, 3, 5, 8, 100, 65535, INT32_MAX};

	return weights[rig_below(seed, LVS_ARRAY_N(weights))];
}

static inline void load_change(struct rig *rig, uint32_t max, uint64_t *seed)
{
	/* Few and many: equals, the edges of ovf, products beyond 32 bits, wrapped loads. */
	static const uint32_t actives[] = {1, 3, 9, 200, 70000, 1u << 25};
	uint32_t number = rig_below(seed, max);
	uint32_t active = rig_below(seed, actives[rig_below(seed, LVS_ARRAY_N(actives))]);

	rig_load(rig, number, active, active + rig_below(seed, 300));
	rig_overload(rig, number, rig_below(seed, 8) == 0);
	if (rig_below(seed, 4))
		return;
	if (!rig_has(rig, number))
		rig_add(rig, number, load_weight(seed));
	else if (rig_below(seed, 3) == 0)
		rig_del(rig, number);
	else
		rig_edit(rig, number, load_weight(seed));
	ck_assert_int_eq(rig_commit(rig), 0);
}

static inline void load_check_random_of(const struct load_case *it, uint32_t max, unsigned rounds)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = rig_new(lvs_sched_find(it->name), 0);
	unsigned picked = 0;
	uint64_t seed = 12345;

	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned round = 0; round < rounds; round++) {
		int expected = load_expected(it, &rig->set);

		ck_assert_int_eq(rig_pick(rig, &flow, LVS_PICK_PEEK), expected);
		ck_assert_int_eq(rig_pick(rig, &flow, 0), expected);
		if (rig->ops->check)
			ck_assert_ptr_null(rig->ops->check(&rig->set, rig->state));
		picked += expected != RIG_NONE;
		load_change(rig, max, &seed);
	}
	ck_assert_uint_gt(picked, rounds / 2);
	rig_del_all(rig);
}

static inline void load_check_random(const struct load_case *it)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(load_max); i++)
		load_check_random_of(it, load_max[i], 20000);
}

/* Every new connection counts at once and is kept; @p held is by number, 0 to @p n - 1. */
static inline void load_hold(const struct load_case *it, const int32_t *weight, uint32_t n,
			     unsigned conns, uint32_t *held)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = rig_new(lvs_sched_find(it->name), 0);

	for (uint32_t i = 0; i < n; i++)
		rig_add(rig, i, weight[i]);
	ck_assert_int_eq(rig_commit(rig), 0);
	memset(held, 0, n * sizeof(*held));
	for (unsigned i = 0; i < conns; i++) {
		int picked = rig_pick(rig, &flow, 0);

		if (picked == RIG_NONE)
			continue;
		held[picked]++;
		rig_load(rig, (uint32_t)picked, held[picked], held[picked]);
	}
	rig_del_all(rig);
}

#endif
