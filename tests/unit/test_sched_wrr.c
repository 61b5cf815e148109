/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_model.h"
#include "sched_rig.h"

/* Runs of the kernel's own source: destinations 1, 2, 3 added in that order, then picked. */
struct reference {
	int32_t weight[3];
	unsigned n;
	int pick[16];
};

static const struct reference references[] = {
	{{2, 3, 4}, 16, {3, 2, 1, 3, 3, 2, 3, 2, 1, 3, 2, 1, 3, 3, 2, 3}},
	{{2, 4, 6}, 15, {3, 2, 1, 3, 3, 2, 3, 2, 1, 3, 3, 2, 3, 2, 1}},
	{{0, 1, 4}, 12, {3, 2, 3, 3, 3, 3, 2, 3, 3, 3, 3, 2}},
	{{1, 0, 4}, 7, {3, 1, 3, 3, 3, 3, 1}},
};

static struct rig *wrr_rig(void)
{
	return rig_new(lvs_sched_find("wrr"), 0);
}

static void expect_reference(struct rig *rig, const struct reference *reference)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);

	for (unsigned i = 0; i < reference->n; i++)
		ck_assert_int_eq(rig_pick(rig, &flow, 0), reference->pick[i]);
}

START_TEST(test_reference_one_commit)
{
	const struct reference *reference = &references[_i];
	struct rig *rig = wrr_rig();

	for (uint32_t i = 0; i < 3; i++)
		rig_add(rig, i + 1, reference->weight[i]);
	ck_assert_int_eq(rig_commit(rig), 0);
	expect_reference(rig, reference);
	rig_del_all(rig);
}
END_TEST

START_TEST(test_reference_single_adds)
{
	const struct reference *reference = &references[_i];
	struct rig *rig = wrr_rig();

	ck_assert_int_eq(rig_commit(rig), 0);
	for (uint32_t i = 0; i < 3; i++) {
		rig_add(rig, i + 1, reference->weight[i]);
		ck_assert_int_eq(rig_commit(rig), 0);
	}
	expect_reference(rig, reference);
	rig_del_all(rig);
}
END_TEST

/* A service that had another scheduler starts with the highest threshold. */
START_TEST(test_scheduler_changed)
{
	static const struct reference from_top = {{2, 3, 4}, 9, {3, 3, 2, 3, 2, 1, 3, 2, 1}};
	struct rig *rig = wrr_rig();

	for (uint32_t i = 0; i < 3; i++)
		rig_add(rig, i + 1, from_top.weight[i]);
	ck_assert_int_eq(rig_commit(rig), 0);
	ck_assert_int_eq(rig->ops->build(rig->state, &rig->set, NULL, &rig->set), 0);
	expect_reference(rig, &from_top);
	rig_del_all(rig);
}
END_TEST

static int32_t model_gcd(int32_t a, int32_t b)
{
	return b ? model_gcd(b, a % b) : a;
}

static void model_wrr_changed(struct model *model)
{
	int32_t max = 0;
	int32_t gcd = 0;

	for (int node = model->next[MODEL_HEAD]; node != MODEL_HEAD; node = model->next[node]) {
		if (model->weight[node] > 0)
			gcd = model_gcd(model->weight[node], gcd);
		if (model->weight[node] > max)
			max = model->weight[node];
	}
	model->at = MODEL_HEAD;
	model->di = gcd ? gcd : 1;
	model->mw = max - (model->di - 1);
	if (model->cw > model->mw || model->cw == 0)
		model->cw = model->mw;
	else if (model->di > 1)
		model->cw = (model->cw / model->di) * model->di + 1;
}

/* Every pass is made, as the kernel makes them. */
static int model_wrr_pick(struct model *model)
{
	const int start = model->at;
	bool restarted = false, last_pass = false, until_start = false;
	int node = start;

	if (model->mw == 0)
		return RIG_NONE;
	for (;;) {
		while ((node = model->next[node]) != MODEL_HEAD) {
			bool fits = model->weight[node] >= model->cw;

			if (fits && !model->overloaded[node]) {
				model->at = node;
				return node - 1;
			}
			if (until_start && node == start) {
				model->at = node;
				return RIG_NONE;
			}
		}
		model->cw -= model->di;
		if (model->cw <= 0) {
			model->cw = model->mw;
			if (last_pass || start == MODEL_HEAD) {
				model->at = MODEL_HEAD;
				return RIG_NONE;
			}
			restarted = true;
		}
		last_pass = model->cw <= model->di;
		if (last_pass && restarted && start != MODEL_HEAD)
			until_start = true;
	}
}

START_TEST(test_model)
{
	struct model model = {
		.pick = model_wrr_pick, .changed = model_wrr_changed, .di = 1, .mw = 0};
	struct rig *rig = wrr_rig();

	ck_assert_int_eq(rig_commit(rig), 0);
	model_compare(&model, rig, 0x9e3779b97f4a7c15 + (uint64_t)_i, 4000);
	rig_del_all(rig);
}
END_TEST

/* Thousands of millions of passes by the letter; must answer at once. */
START_TEST(test_overloaded_giant)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);
	struct rig *rig = wrr_rig();

	rig_add(rig, 1, 1);
	rig_add(rig, 2, INT32_MAX);
	ck_assert_int_eq(rig_commit(rig), 0);
	rig_overload(rig, 2, true);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(rig_pick(rig, &flow, 0), 1);
	rig_overload(rig, 1, true);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(rig_pick(rig, &flow, 0), RIG_NONE);
	rig_overload(rig, 2, false);
	ck_assert_int_eq(rig_pick(rig, &flow, 0), 2);
	rig_del_all(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_wrr");
	int references_n = (int)LVS_ARRAY_N(references);

	tcase_add_loop_test(tcase, test_reference_one_commit, 0, references_n);
	tcase_add_loop_test(tcase, test_reference_single_adds, 0, references_n);
	tcase_add_test(tcase, test_scheduler_changed);
	tcase_add_loop_test(tcase, test_model, 0, 4);
	tcase_add_test(tcase, test_overloaded_giant);
	return unit_run("sched_wrr", tcase);
}
