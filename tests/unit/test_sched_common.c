/* SPDX-License-Identifier: BSD-2-Clause */
/* What every scheduler owes: a row each. */
#include "sched_rows.h"

static struct lvs_flow random_flow(uint64_t *seed)
{
	struct lvs_flow flow = rig_flow(rig_random(seed), (uint16_t)rig_random(seed));

	if (rig_below(seed, 2)) {
		flow.family = LVS_INET6;
		for (unsigned i = 0; i < 4; i++)
			flow.src.word[i] = rig_random(seed);
	}
	for (unsigned i = 0; i < (flow.family == LVS_INET6 ? 4 : 1); i++)
		flow.dst.word[i] = rig_random(seed);
	return flow;
}

static int pick_random(struct rig *rig, uint64_t *seed, unsigned flags)
{
	struct lvs_flow flow = random_flow(seed);

	return rig_pick(rig, &flow, flags);
}

static bool in_table(const char *name)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return true;
	}
	return false;
}

START_TEST(test_list)
{
	const struct lvs_sched_ops *ops;
	unsigned n = 0;

	for (; (ops = lvs_sched_at(n)); n++) {
		ck_assert_ptr_eq(lvs_sched_find(ops->name), ops);
		ck_assert_uint_eq(ops->size, sizeof(*ops));
		ck_assert_uint_le(strlen(ops->name), 15);
		ck_assert(ops->pick != NULL);
		ck_assert_msg(in_table(ops->name), "%s has no row here", ops->name);
	}
	ck_assert_uint_eq(n, 14);
	ck_assert_ptr_null(lvs_sched_at(n));
	ck_assert_ptr_null(lvs_sched_at(UINT32_MAX));
	ck_assert_ptr_null(lvs_sched_find("no such scheduler"));
	ck_assert_ptr_null(lvs_sched_find(""));
}
END_TEST

START_TEST(test_empty_and_emptied)
{
	struct rig *rig = row_rig(&rows[_i]);
	uint64_t seed = 1;

	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(pick_random(rig, &seed, 0), RIG_NONE);
	rig_add(rig, 7, 3);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(pick_random(rig, &seed, 0), 7);
	rig_del(rig, 7);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(pick_random(rig, &seed, 0), RIG_NONE);
	rig_del_all(rig);
}
END_TEST

START_TEST(test_single)
{
	static const int32_t weights[] = {1, 2, 100, 65535, INT32_MAX};

	for (unsigned w = 0; w < LVS_ARRAY_N(weights); w++) {
		struct rig *rig = row_rig(&rows[_i]);
		uint64_t seed = 2;

		rig_add(rig, 5, weights[w]);
		ck_assert_int_eq(rig_commit(rig), 0);
		for (unsigned i = 0; i < 100; i++)
			ck_assert_int_eq(pick_random(rig, &seed, 0), 5);
		rig_overload(rig, 5, true);
		/* addresses are drawn: this one is new to those that know some */
		ck_assert_int_eq(pick_random(rig, &seed, 0), RIG_NONE);
		rig_overload(rig, 5, false);
		rig_edit(rig, 5, 0);
		ck_assert_int_eq(rig_commit(rig), 0);
		ck_assert_int_eq(pick_random(rig, &seed, 0), RIG_NONE);
		rig_del_all(rig);
	}
}
END_TEST

/* The state does not change by a byte, and a walk with peeks goes as one without. */
START_TEST(test_peek)
{
	struct rig *rig = row_rig(&rows[_i]);
	struct rig *other = row_rig(&rows[_i]);
	uint64_t seed = 3;

	for (uint32_t i = 0; i < MANY; i++) {
		rig_add(rig, i, (int32_t)i % 4);
		rig_add(other, i, (int32_t)i % 4);
		rig_overload(rig, i, i % 5 == 0);
		rig_overload(other, i, i % 5 == 0);
	}
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_commit(other), 0);
	for (unsigned i = 0; i < 200; i++) {
		struct lvs_flow flow = random_flow(&seed);
		size_t size = rig->ops->state_size ? rig->ops->state_size(&rig->set) : 0;
		void *before = malloc(size + 1);
		int peeked;

		ck_assert_ptr_nonnull(before);
		if (size)
			memcpy(before, rig->state, size);
		peeked = rig_pick(rig, &flow, LVS_PICK_PEEK);
		ck_assert_int_eq(rig_pick(rig, &flow, LVS_PICK_PEEK), peeked);
		if (size)
			ck_assert_mem_eq(before, rig->state, size);
		free(before);
		ck_assert_int_eq(rig_pick(rig, &flow, 0), peeked);
		ck_assert_int_eq(rig_pick(other, &flow, 0), peeked);
	}
	rig_del_all(rig);
	rig_del_all(other);
}
END_TEST

static void random_change(struct rig *rig, uint64_t *seed)
{
	uint32_t number = rig_below(seed, MANY);
	int32_t weight = (int32_t)rig_below(seed, 5);

	if (!rig_has(rig, number))
		rig_add(rig, number, weight);
	else if (rig_below(seed, 3) == 0)
		rig_del(rig, number);
	else
		rig_edit(rig, number, weight);
	rig_overload(rig, rig_below(seed, MANY), rig_below(seed, 4) == 0);
	rig_load(rig, rig_below(seed, MANY), rig_below(seed, 9), rig_below(seed, 99));
}

/* Not asked of the scheduler's own code: it is under test. */
static bool usable(const struct lvs_sched_dest *dest)
{
	return dest->weight > 0 && !(dest->gauge->word & RIG_OVERLOAD);
}

static bool may_be_picked(const struct row *row, const struct lvs_sched_dest *dest)
{
	return usable(dest) || (row->keeps && dest->weight > 0);
}

static void check_picks(struct rig *rig, const struct row *row, uint64_t *seed)
{
	bool any = false;

	for (uint32_t i = 0; i < rig->set.dest_n; i++)
		any |= usable(&rig->set.dest[i]);
	for (unsigned i = 0; i < 20; i++) {
		int picked = pick_random(rig, seed, rig_below(seed, 4) ? 0 : LVS_PICK_PEEK);

		if (picked != RIG_NONE)
			ck_assert(may_be_picked(row,
						&rig->set.dest[rig_index(rig, (uint32_t)picked)]));
		else
			ck_assert(!any || row->refuses);
	}
}

/* Whatever is done to the list, picks are in it, of weight, not overloaded, and not missed. */
START_TEST(test_random_changes)
{
	struct rig *rig = row_rig(&rows[_i]);
	uint64_t seed = 4;

	for (unsigned round = 0; round < 2000; round++) {
		for (unsigned i = rig_below(&seed, 5); i > 0; i--)
			random_change(rig, &seed);
		ck_assert_int_eq(rig_commit(rig), 0);
		check_picks(rig, &rows[_i], &seed);
	}
	rig_del_all(rig);
}
END_TEST

/* All additions in one commit lead where one commit each leads. */
START_TEST(test_one_commit_is_many)
{
	for (uint64_t seed = 1; seed < 50; seed++) {
		struct rig *one = row_rig(&rows[_i]);
		struct rig *many = row_rig(&rows[_i]);
		uint64_t flows = seed;
		uint64_t weights = seed;

		for (uint32_t i = 0; i < 1 + seed % MANY; i++) {
			int32_t weight = (int32_t)rig_below(&weights, 7);

			rig_add(one, i, weight);
			rig_add(many, i, weight);
			ck_assert_int_eq(rig_commit(many), 0);
		}
		ck_assert_int_eq(rig_commit(one), 0);
		for (unsigned i = 0; i < 100; i++) {
			struct lvs_flow flow = random_flow(&flows);

			ck_assert_int_eq(rig_pick(one, &flow, 0), rig_pick(many, &flow, 0));
		}
		rig_del_all(one);
		rig_del_all(many);
	}
}
END_TEST

/* A commit that changes no destination changes no pick. */
START_TEST(test_rebuilt_alike)
{
	struct rig *rig = row_rig(&rows[_i]);
	struct rig *rebuilt = row_rig(&rows[_i]);
	uint64_t seed = 5;

	for (uint32_t i = 0; i < MANY; i++) {
		rig_add(rig, i, (int32_t)i % 4);
		rig_add(rebuilt, i, (int32_t)i % 4);
	}
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig_commit(rebuilt), 0);
	for (unsigned i = 0; i < 200; i++) {
		struct lvs_flow flow = random_flow(&seed);

		ck_assert_int_eq(rig_pick(rig, &flow, 0), rig_pick(rebuilt, &flow, 0));
		ck_assert_int_eq(rig_commit(rebuilt), 0);
	}
	rig_del_all(rig);
	rig_del_all(rebuilt);
}
END_TEST

/* What LVS_SCHED_HASH promises: a flow's pick does not depend on what came before. */
START_TEST(test_hash_forgets)
{
	enum { FLOWS = 100 };
	struct rig *rig = row_rig(&rows[_i]);
	int first[FLOWS];

	for (uint32_t i = 0; i < MANY; i++)
		rig_add(rig, i, (int32_t)i % 4);
	ck_assert_int_eq(rig_commit(rig), 0);
	for (unsigned pass = 0; pass < 3 && (rig->ops->flags & LVS_SCHED_HASH); pass++) {
		uint64_t seed = 6;

		for (unsigned i = 0; i < FLOWS; i++) {
			int picked = pick_random(rig, &seed, 0);

			if (pass == 0)
				first[i] = picked;
			ck_assert_int_eq(picked, first[i]);
		}
		rig_load(rig, pass, 1000, 1000);
	}
	rig_del_all(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_common");
	int rows_n = (int)LVS_ARRAY_N(rows);

	tcase_add_test(tcase, test_list);
	tcase_add_loop_test(tcase, test_empty_and_emptied, 0, rows_n);
	tcase_add_loop_test(tcase, test_single, 0, rows_n);
	tcase_add_loop_test(tcase, test_peek, 0, rows_n);
	tcase_add_loop_test(tcase, test_random_changes, 0, rows_n);
	tcase_add_loop_test(tcase, test_one_commit_is_many, 0, rows_n);
	tcase_add_loop_test(tcase, test_rebuilt_alike, 0, rows_n);
	tcase_add_loop_test(tcase, test_hash_forgets, 0, rows_n);
	return unit_run("sched_common", tcase);
}
