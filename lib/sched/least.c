/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched/least.h"

#include <string.h>

static uint32_t leaves_for(uint32_t dest_n)
{
	return dest_n < 2 ? 1 : UINT32_C(1) << (lvs_fls64(dest_n - 1) + 1);
}

size_t lvs_least_size(uint32_t dest_n)
{
	return sizeof(struct lvs_least_state) +
	       2 * (size_t)leaves_for(dest_n) * sizeof(struct lvs_least);
}

size_t lvs_least_state_size(const struct lvs_sched_set *set)
{
	/* So many that 32 bits do not hold their leaves are looked at one by one, too. */
	if (set->dest_n < LVS_LEAST_MANY || set->dest_n > UINT32_C(1) << 30)
		return 0;
	return lvs_least_size(set->dest_n);
}

/* seq_cst: who moved it does so before asking whom to tell (service/gauge.c). If that was not yet
 * this state, then its word is seen when all are measured as the state comes into force. */
static uint64_t reading_of(const struct lvs_sched_dest *dest)
{
	return __atomic_load_n(&dest->gauge->word, __ATOMIC_SEQ_CST);
}

/* --- The lock is held, or nobody else is there --- */

static const struct lvs_least *winner(const struct lvs_least_state *state, uint32_t node)
{
	const struct lvs_least *first = &state->node[2 * node];

	/* Of equals the first. */
	return lvs_least_beats(first + 1, first) ? first + 1 : first;
}

static bool is_same(const struct lvs_least *one, const struct lvs_least *other)
{
	return one->index == other->index && one->load == other->load &&
	       one->weight == other->weight;
}

static uint32_t winner_of_all(const struct lvs_least_state *state)
{
	return state->node[1].weight ? state->node[1].index : LVS_SCHED_NONE;
}

static void publish(struct lvs_least_state *state)
{
	atomic_store_explicit(&state->picked, winner_of_all(state), memory_order_relaxed);
}

int lvs_least_build(struct lvs_least_state *state, const struct lvs_sched_set *set,
		    lvs_least_measure measure)
{
	static const struct lvs_least unusable = LVS_LEAST_UNUSABLE;
	uint32_t leaf_n;

	if (!state)
		return 0;
	leaf_n = leaves_for(set->dest_n);
	lvs_spin_init(&state->lock);
	state->leaf_n = leaf_n;
	for (uint32_t i = 0; i < leaf_n; i++)
		state->node[leaf_n + i] =
			i < set->dest_n ? lvs_least_of(set, i, reading_of(&set->dest[i]), measure)
					: unusable;
	for (uint32_t node = leaf_n - 1; node > 0; node--)
		state->node[node] = *winner(state, node);
	publish(state);
	return 0;
}

/* From a leaf up, as long as something changes. */
static void play(struct lvs_least_state *state, uint32_t leaf)
{
	for (uint32_t node = leaf / 2; node > 0; node /= 2) {
		const struct lvs_least *won = winner(state, node);

		if (is_same(won, &state->node[node]))
			return;
		state->node[node] = *won;
	}
	publish(state);
}

void lvs_least_moved(struct lvs_least_state *state, const struct lvs_sched_set *set, uint32_t index,
		     lvs_least_measure measure)
{
	uint32_t leaf = state->leaf_n + index;
	struct lvs_least least;

	lvs_spin_lock(&state->lock);
	/* Read under the lock: the last one to be here has seen every move. */
	least = lvs_least_of(set, index, reading_of(&set->dest[index]), measure);
	if (!is_same(&least, &state->node[leaf])) {
		state->node[leaf] = least;
		play(state, leaf);
	}
	lvs_spin_unlock(&state->lock);
}

const char *lvs_least_check(struct lvs_least_state *state, const struct lvs_sched_set *set,
			    lvs_least_measure measure)
{
	const char *fault = NULL;

	if (!state)
		return NULL;
	lvs_spin_lock(&state->lock);
	for (uint32_t i = 0; i < set->dest_n; i++) {
		struct lvs_least least =
			lvs_least_of(set, i, lvs_gauge_load(set->dest[i].gauge), measure);

		if (!is_same(&least, &state->node[state->leaf_n + i]))
			fault = "a scheduler has missed a move of a destination's load";
	}
	for (uint32_t node = 1; node < state->leaf_n; node++)
		if (!is_same(winner(state, node), &state->node[node]))
			fault = "a scheduler's tournament was not played to its end";
	if (winner_of_all(state) != lvs_least_scan(set, measure) ||
	    winner_of_all(state) != atomic_load_explicit(&state->picked, memory_order_relaxed))
		fault = "a scheduler would not pick what a look at all destinations finds";
	lvs_spin_unlock(&state->lock);
	return fault;
}
