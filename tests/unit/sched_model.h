/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's list of destinations, linked and walked node by node, and a driver that puts the
 * same random changes to such a model, one call each, and to a rig, some in one commit.
 */
#ifndef LVS_TESTS_SCHED_MODEL_H
#define LVS_TESTS_SCHED_MODEL_H

#include "sched_rig.h"

#define MODEL_MAX 24
#define MODEL_HEAD 0 /* the list itself; destination N is node N + 1 */

struct model {
	int next[MODEL_MAX + 1];
	int prev[MODEL_MAX + 1];
	int32_t weight[MODEL_MAX + 1];
	bool overloaded[MODEL_MAX + 1];
	bool listed[MODEL_MAX + 1];
	int at; /* rr's pointer, wrr's cl */
	int32_t cw, di, mw;
	void (*changed)(struct model *model);           /* after add, edit, del; or NULL */
	void (*removed)(struct model *model, int node); /* unlinked, prev[] still valid; or NULL */
	int (*pick)(struct model *model);
};

static inline void model_changed(struct model *model)
{
	if (model->changed)
		model->changed(model);
}

static inline void model_add(struct model *model, uint32_t number, int32_t weight)
{
	int node = (int)number + 1;

	model->next[node] = model->next[MODEL_HEAD];
	model->prev[node] = MODEL_HEAD;
	model->prev[model->next[MODEL_HEAD]] = node;
	model->next[MODEL_HEAD] = node;
	model->weight[node] = weight;
	model->listed[node] = true;
	model_changed(model);
}

static inline void model_edit(struct model *model, uint32_t number, int32_t weight)
{
	model->weight[number + 1] = weight;
	model_changed(model);
}

static inline void model_del(struct model *model, uint32_t number)
{
	int node = (int)number + 1;

	model->next[model->prev[node]] = model->next[node];
	model->prev[model->next[node]] = model->prev[node];
	model->listed[node] = false;
	if (model->removed)
		model->removed(model, node);
	model_changed(model);
}

static inline int model_usable(const struct model *model, int node)
{
	return model->weight[node] > 0 && !model->overloaded[node];
}

/* Numbers in list order; returns how many. */
static inline unsigned model_order(const struct model *model, uint32_t *order)
{
	unsigned n = 0;

	for (int node = model->next[MODEL_HEAD]; node != MODEL_HEAD; node = model->next[node])
		order[n++] = (uint32_t)node - 1;
	return n;
}

static inline int32_t model_weight(uint64_t *seed)
{
	static const int32_t weights[] = {0, 1, 1, 2, 3, 4, 6, 8, 9, 12, 30, 97};

	return weights[rig_below(seed, LVS_ARRAY_N(weights))];
}

/* One commit: removals, edits, additions; each with a chance of @percent a destination. */
static inline void model_commit(struct model *model, struct rig *rig, uint64_t *seed,
				unsigned percent)
{
	uint32_t order[MODEL_MAX];
	unsigned n = model_order(model, order);
	bool came_back[MODEL_MAX] = {false};

	for (unsigned i = 0; i < n; i++) {
		if (rig_below(seed, 100) >= percent)
			continue;
		model_del(model, order[i]);
		rig_del(rig, order[i]);
		came_back[order[i]] = rig_below(seed, 4) == 0;
	}
	n = model_order(model, order);
	for (unsigned i = 0; i < n; i++) {
		int32_t weight = model_weight(seed);

		if (rig_below(seed, 100) >= percent)
			continue;
		model_edit(model, order[i], weight);
		rig_edit(rig, order[i], weight);
	}
	for (uint32_t number = 0; number < MODEL_MAX; number++) {
		int32_t weight = model_weight(seed);

		if (model->listed[number + 1] ||
		    (rig_below(seed, 100) >= percent && !came_back[number]))
			continue;
		model_add(model, number, weight);
		rig_add(rig, number, weight);
	}
	ck_assert_int_eq(rig_commit(rig), 0);
}

/* One change, as ipvsadm would make it. */
static inline void model_single(struct model *model, struct rig *rig, uint64_t *seed)
{
	uint32_t number = rig_below(seed, MODEL_MAX);
	int32_t weight = model_weight(seed);

	if (!model->listed[number + 1]) {
		model_add(model, number, weight);
		rig_add(rig, number, weight);
	} else if (rig_below(seed, 2)) {
		model_del(model, number);
		rig_del(rig, number);
	} else {
		model_edit(model, number, weight);
		rig_edit(rig, number, weight);
	}
	ck_assert_int_eq(rig_commit(rig), 0);
}

static inline void model_picks(struct model *model, struct rig *rig, unsigned n)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);

	for (unsigned i = 0; i < n; i++) {
		int peeked = rig_pick(rig, &flow, LVS_PICK_PEEK);
		int expected = model->pick(model);

		ck_assert_int_eq(peeked, expected);
		ck_assert_int_eq(rig_pick(rig, &flow, 0), expected);
	}
}

static inline void model_overload(struct model *model, struct rig *rig, uint32_t number, bool on)
{
	model->overloaded[number + 1] = on;
	rig_overload(rig, number, on);
}

/* All of them, or all but a few. */
static inline void model_overload_all(struct model *model, struct rig *rig, uint64_t *seed)
{
	uint32_t spared = rig_below(seed, 5);

	for (uint32_t number = 0; number < MODEL_MAX; number++)
		model_overload(model, rig, number, rig_below(seed, 8) >= spared);
}

/* @rounds of changes, overloads and picks; model and rig must pick alike throughout. */
static inline void model_compare(struct model *model, struct rig *rig, uint64_t seed,
				 unsigned rounds)
{
	for (unsigned round = 0; round < rounds; round++) {
		uint32_t number = rig_below(&seed, MODEL_MAX);

		switch (rig_below(&seed, 8)) {
		case 0:
			model_commit(model, rig, &seed, 15);
			break;
		case 1:
			model_commit(model, rig, &seed, round % 64 ? 40 : 100);
			break;
		case 2:
			ck_assert_int_eq(rig_commit(rig), 0); /* nothing changed */
			break;
		case 3:
		case 4:
			model_single(model, rig, &seed);
			break;
		case 5:
			model_overload_all(model, rig, &seed);
			break;
		default:
			model_overload(model, rig, number, rig_below(&seed, 3) == 0);
		}
		model_picks(model, rig, rig_below(&seed, 20));
	}
}

#endif
