/* SPDX-License-Identifier: BSD-2-Clause */
/* The load of a destination: one word, moved by atomics, the overload flag with it. */
#include <assert.h>

#include "base/tick.h"
#include "service/dest.h"

#define ONE 1ull /* connection */
#define ONE_ACTIVE (1ull << 32)
#define OVERLOAD (1ull << 31)

struct thresholds {
	uint32_t upper;
	uint32_t lower;
};

static struct thresholds load_thresholds(struct lvs_dest *dest)
{
	/* relaxed: what orders them is the gauge's word, see keep_up() */
	return (struct thresholds){
		.upper = atomic_load_explicit(&dest->upper, memory_order_relaxed),
		.lower = atomic_load_explicit(&dest->lower, memory_order_relaxed),
	};
}

/*
 * The kernel's hysteresis: set at upper, cleared below lower, else as it was. The kernel asks for
 * equality where a count passes a threshold; it moves by one, so this gives the same.
 */
static uint64_t judge(uint64_t word, struct thresholds at)
{
	uint32_t total = lvs_gauge_total(word);

	if (at.upper == 0 || total < at.lower)
		return word & ~OVERLOAD;
	return total >= at.upper ? word | OVERLOAD : word;
}

static struct lvs_gauge_move move(struct lvs_dest *dest, uint64_t delta, struct thresholds at)
{
	uint64_t word = lvs_gauge_load(&dest->gauge);

	/* seq_cst: see keep_up() and has_moved() */
	while (!__atomic_compare_exchange_n(&dest->gauge.word, &word, judge(word + delta, at), 1,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	return (struct lvs_gauge_move){word, judge(word + delta, at)};
}

/*
 * A worker may have judged by thresholds that an edit has just replaced. The edit stores them and
 * then moves the word; we moved it and now look again. Whoever moved it last has seen both: if it
 * was the edit, it judged our count; if it was us, its release made us see the new thresholds.
 */
static void keep_up(struct lvs_dest *dest, struct thresholds used, struct lvs_gauge_move *moved)
{
	struct thresholds at = load_thresholds(dest);

	while (lvs_unlikely(at.upper != used.upper || at.lower != used.lower)) {
		moved->after = move(dest, 0, at).after;
		used = at;
		at = load_thresholds(dest);
	}
}

static LVS_NOINLINE struct lvs_gauge_move judge_again(struct lvs_dest *dest,
						      struct lvs_gauge_move moved)
{
	keep_up(dest, (struct thresholds){0, 0}, &moved);
	return moved;
}

static LVS_NOINLINE struct lvs_gauge_move change_judged(struct lvs_dest *dest, uint64_t delta)
{
	struct thresholds at = load_thresholds(dest);
	struct lvs_gauge_move moved = move(dest, delta, at);

	keep_up(dest, at, &moved);
	return moved;
}

static LVS_NOINLINE void tell(const struct lvs_dest_watch *watch)
{
	const struct lvs_service_set *set = watch->set;

	set->conf.sched->moved(&set->sched_set, set->sched_state, watch->index);
}

/* The gauge has moved: its scheduler may want to know. */
LVS_INLINE void has_moved(struct lvs_dest *dest)
{
	/* seq_cst, as the move before: see lvs_set_watch() */
	const struct lvs_dest_watch *watch =
		atomic_load_explicit(&dest->watch, memory_order_seq_cst);

	if (lvs_unlikely(watch != NULL))
		tell(watch);
}

/* Mostly there are no thresholds: then the lower one says nothing. */
LVS_INLINE struct lvs_gauge_move add(struct lvs_dest *dest, uint64_t delta)
{
	struct lvs_gauge_move moved;

	if (lvs_unlikely(atomic_load_explicit(&dest->upper, memory_order_relaxed)))
		return change_judged(dest, delta);
	/* seq_cst: see keep_up() and has_moved() */
	moved.before = __atomic_fetch_add(&dest->gauge.word, delta, __ATOMIC_SEQ_CST);
	moved.after = moved.before + delta;
	if (lvs_unlikely(atomic_load_explicit(&dest->upper, memory_order_relaxed)))
		return judge_again(dest, moved);
	return moved;
}

LVS_INLINE struct lvs_gauge_move change(struct lvs_dest *dest, uint64_t delta)
{
	struct lvs_gauge_move moved = add(dest, delta);

	has_moved(dest);
	return moved;
}

struct lvs_gauge_move lvs_dest_bind(struct lvs_dest *dest, bool active)
{
	return change(dest, ONE + (active ? ONE_ACTIVE : 0));
}

struct lvs_gauge_move lvs_dest_unbind(struct lvs_dest *dest, bool active)
{
	assert(lvs_gauge_total(lvs_gauge_load(&dest->gauge)) > 0);
	return change(dest, 0 - ONE - (active ? ONE_ACTIVE : 0));
}

void lvs_dest_overload(struct lvs_dest *dest)
{
	struct lvs_gauge_move moved;

	/* seq_cst: see keep_up() and has_moved() */
	__atomic_fetch_or(&dest->gauge.word, OVERLOAD, __ATOMIC_SEQ_CST);
	moved = move(dest, 0, load_thresholds(dest));
	keep_up(dest, (struct thresholds){0, 0}, &moved);
	has_moved(dest);
}

void lvs_dest_stick(struct lvs_dest *dest, bool more)
{
	/* relaxed: a count, which guards nothing */
	atomic_fetch_add_explicit(&dest->persistent, more ? 1u : UINT32_MAX, memory_order_relaxed);
}

void lvs_dest_left(struct lvs_dest *dest, uint32_t tick)
{
	uint32_t left = atomic_load_explicit(&dest->left, memory_order_relaxed);

	/* relaxed: of two at once either will do, and who misses it looks again */
	if (lvs_tick_reached(tick, left))
		atomic_store_explicit(&dest->left, tick, memory_order_relaxed);
}

void lvs_dest_activate(struct lvs_dest *dest, bool active)
{
	/* seq_cst: see has_moved(); as a count it guards nothing */
	__atomic_fetch_add(&dest->gauge.word, active ? ONE_ACTIVE : 0 - ONE_ACTIVE,
			   __ATOMIC_SEQ_CST);
	has_moved(dest);
}

void lvs_dest_set_thresholds(struct lvs_dest *dest, uint32_t upper, uint32_t lower)
{
	struct thresholds at = {upper, lower ? lower : upper - (upper >> 2)};

	/* relaxed: move() publishes them */
	atomic_store_explicit(&dest->lower, at.lower, memory_order_relaxed);
	atomic_store_explicit(&dest->upper, at.upper, memory_order_relaxed);
	move(dest, 0, at);
	has_moved(dest);
}
