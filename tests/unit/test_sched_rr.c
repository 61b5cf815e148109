/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_model.h"
#include "sched_rig.h"

static struct rig *rr_rig(void)
{
	return rig_new(lvs_sched_find("rr"), 0);
}

static void expect(struct rig *rig, const int *picks, unsigned n)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);

	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(rig_pick(rig, &flow, 0), picks[i]);
}

#define EXPECT(rig, ...)                                                                           \
	do {                                                                                       \
		static const int picks[] = {__VA_ARGS__};                                          \
		expect((rig), picks, LVS_ARRAY_N(picks));                                          \
	} while (0)

static void add_three(struct rig *rig, const int32_t *weight)
{
	for (uint32_t i = 0; i < 3; i++)
		rig_add(rig, i + 1, weight[i]);
	ck_assert_int_eq(rig_commit(rig), 0);
}

/* The reference runs of the kernel. */
START_TEST(test_reference)
{
	struct rig *rig = rr_rig();

	add_three(rig, (const int32_t[]){1, 1, 1});
	EXPECT(rig, 3, 2, 1, 3, 2, 1, 3);
	rig_del_all(rig);

	rig = rr_rig();
	add_three(rig, (const int32_t[]){0, 1, 4});
	EXPECT(rig, 3, 2, 3, 2, 3);
	rig_del_all(rig);
}
END_TEST

START_TEST(test_additions_leave_the_cursor)
{
	struct rig *rig = rr_rig();

	add_three(rig, (const int32_t[]){1, 1, 1});
	EXPECT(rig, 3, 2);
	rig_add(rig, 4, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	EXPECT(rig, 1, 4, 3, 2, 1);
	rig_del_all(rig);
}
END_TEST

START_TEST(test_removal_steps_back)
{
	struct rig *rig = rr_rig();

	add_three(rig, (const int32_t[]){1, 1, 1});
	EXPECT(rig, 3, 2);
	rig_del(rig, 2); /* the cursor's: its successor is next */
	ck_assert_int_eq(rig_commit(rig), 0);
	EXPECT(rig, 1, 3);
	rig_del(rig, 3); /* and to the head */
	ck_assert_int_eq(rig_commit(rig), 0);
	rig_add(rig, 5, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	EXPECT(rig, 5, 1);
	rig_del_all(rig);
}
END_TEST

START_TEST(test_removal_steps_back_over_the_removed)
{
	struct rig *rig = rr_rig();

	for (uint32_t i = 1; i <= 5; i++)
		rig_add(rig, i, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	EXPECT(rig, 5, 4, 3, 2);
	rig_del(rig, 2);
	rig_del(rig, 3);
	rig_del(rig, 4);
	ck_assert_int_eq(rig_commit(rig), 0);
	EXPECT(rig, 1, 5, 1);
	rig_del_all(rig);
}
END_TEST

/* The cursor's own destination is the last to be tried. */
START_TEST(test_only_the_cursors_own_left)
{
	struct rig *rig = rr_rig();

	add_three(rig, (const int32_t[]){1, 1, 1});
	EXPECT(rig, 3, 2);
	rig_overload(rig, 1, true);
	rig_overload(rig, 3, true);
	EXPECT(rig, 2, 2);
	rig_overload(rig, 2, true);
	EXPECT(rig, RIG_NONE, RIG_NONE);
	rig_overload(rig, 1, false);
	rig_overload(rig, 3, false);
	EXPECT(rig, 1, 3);
	rig_del_all(rig);
}
END_TEST

/* "Take the destination behind the last used; a failed walk changes nothing." */
static int model_rr_pick(struct model *model)
{
	int node = model->at;

	for (unsigned pass = 0; pass < 2; pass++) {
		while ((node = model->next[node]) != MODEL_HEAD) {
			if (model_usable(model, node)) {
				model->at = node;
				return node - 1;
			}
			if (node == model->at)
				return RIG_NONE;
		}
		if (model->at == MODEL_HEAD)
			break;
	}
	return RIG_NONE;
}

static void model_rr_removed(struct model *model, int node)
{
	if (model->at == node)
		model->at = model->prev[node];
}

START_TEST(test_model)
{
	struct model model = {.pick = model_rr_pick, .removed = model_rr_removed};
	struct rig *rig = rr_rig();

	ck_assert_int_eq(rig_commit(rig), 0);
	model_compare(&model, rig, 0x9e3779b97f4a7c15 + (uint64_t)_i, 4000);
	rig_del_all(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sched_rr");

	tcase_add_test(tcase, test_reference);
	tcase_add_test(tcase, test_additions_leave_the_cursor);
	tcase_add_test(tcase, test_removal_steps_back);
	tcase_add_test(tcase, test_removal_steps_back_over_the_removed);
	tcase_add_test(tcase, test_only_the_cursors_own_left);
	tcase_add_loop_test(tcase, test_model, 0, 4);
	return unit_run("sched_rr", tcase);
}
