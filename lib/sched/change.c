/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched/change.h"

#include "sched/dest.h"

/*
 * Old and new list side by side. Additions go to the head and nothing else moves, so the new list
 * is added_n new destinations, then the old list without the removed.
 */
struct change {
	const struct lvs_sched_set *set;
	const struct lvs_sched_set *old_set;
	uint32_t added_n;
};

/* A step of the walk over the old list: what became of its i-th destination. */
struct fate {
	const struct lvs_sched_dest *old;
	const struct lvs_sched_dest *now; /* NULL: removed */
};

static uint32_t count_added(const struct lvs_sched_set *set, const struct lvs_sched_set *old_set)
{
	uint32_t left = set->dest_n;

	for (uint32_t i = old_set->dest_n; i > 0 && left > 0; i--)
		left -= lvs_sched_same(&old_set->dest[i - 1], &set->dest[left - 1]);
	return left;
}

/* The i-th of the old list; @next is the place in the new one, moved past what is found there. */
static struct fate fate_of(const struct change *change, uint32_t i, uint32_t *next)
{
	struct fate fate = {.old = &change->old_set->dest[i]};

	if (*next < change->set->dest_n && lvs_sched_same(fate.old, &change->set->dest[*next]))
		fate.now = &change->set->dest[(*next)++];
	return fate;
}

/* The weights when the removed are gone and the first @edited_n of the old list are edited. */
static struct lvs_sched_weights weights_at(const struct change *change, uint32_t edited_n)
{
	struct lvs_sched_weights weights = {0, 0};
	uint32_t next = change->added_n;

	for (uint32_t i = 0; i < change->old_set->dest_n; i++) {
		struct fate fate = fate_of(change, i, &next);

		if (fate.now)
			lvs_sched_weights_add(&weights,
					      i < edited_n ? fate.now->weight : fate.old->weight);
	}
	return weights;
}

static void replay_removals(const struct change *change, lvs_sched_changed changed, void *user)
{
	struct lvs_sched_weights weights = weights_at(change, 0);

	if (change->set->dest_n - change->added_n < change->old_set->dest_n)
		changed(user, &weights);
}

static void replay_edits(const struct change *change, lvs_sched_changed changed, void *user)
{
	uint32_t next = change->added_n;
	struct lvs_sched_weights weights = {0, 0};
	bool known = false; /* whether the weights are those of now */

	for (uint32_t i = 0; i < change->old_set->dest_n; i++) {
		struct fate fate = fate_of(change, i, &next);

		if (!fate.now || fate.now->edits == fate.old->edits)
			continue;
		if (!known || fate.now->weight != fate.old->weight)
			weights = weights_at(change, i + 1);
		known = true;
		changed(user, &weights);
	}
}

static void replay_additions(const struct change *change, lvs_sched_changed changed, void *user)
{
	struct lvs_sched_weights weights = weights_at(change, change->old_set->dest_n);

	for (uint32_t i = change->added_n; i > 0; i--) {
		lvs_sched_weights_add(&weights, change->set->dest[i - 1].weight);
		changed(user, &weights);
	}
}

void lvs_sched_replay(const struct lvs_sched_set *set, const struct lvs_sched_set *old_set,
		      lvs_sched_changed changed, void *user)
{
	const struct lvs_sched_set empty = {.size = sizeof(empty)};
	struct change change = {.set = set, .old_set = old_set ? old_set : &empty};

	change.added_n = count_added(set, change.old_set);
	replay_removals(&change, changed, user);
	replay_edits(&change, changed, user);
	replay_additions(&change, changed, user);
}
