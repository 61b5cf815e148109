/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weighted round robin, the kernel's: passes over the list with a falling threshold cw, each
 * taking the destinations of at least that weight. Zhang: "Linux Virtual Server for Scalable
 * Network Services", 2000.
 */
#include <stdatomic.h>

#include "sched/change.h"
#include "sched/dest.h"
#include "sched/list.h"

/*
 * mark: where the walk stands, packed from struct mark. A pick is a pure step on this one word,
 * which guards no other memory (the set is published with the service): every access is relaxed,
 * and compare-and-swap makes concurrent picks one sequence.
 */
struct wrr {
	_Atomic uint64_t mark;
	int32_t di; /* greatest common divisor of the weights; cw falls by it */
	int32_t mw; /* threshold of the first pass: the largest weight - (di - 1); 0: no weight */
};

struct mark {
	uint32_t cl; /* 1 + index of the destination last picked; 0 is the list's head */
	int32_t cw;  /* threshold of the present pass */
};

/* A walk over the list in search of the next destination. */
struct walk {
	struct mark mark;
	uint32_t start; /* mark.cl at its beginning */
	uint32_t stop;  /* give up behind this place; 0 is none */
	int32_t best;   /* the largest weight that the present pass saw and could have taken */
};

enum pass {
	PASS_TAKEN,
	PASS_STOPPED,
	PASS_ENDED,
};

static uint64_t pack(struct mark mark)
{
	/* Both members are set; the analyzer forgets them behind the loop in step(). */
	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	return (uint64_t)mark.cl << 32 | (uint32_t)mark.cw;
}

static struct mark unpack(uint64_t word)
{
	return (struct mark){.cl = (uint32_t)(word >> 32), .cw = (int32_t)(uint32_t)word};
}

static size_t wrr_state_size(const struct lvs_sched_set *set)
{
	(void)set;
	return sizeof(struct wrr);
}

static int32_t divisor(const struct lvs_sched_weights *weights)
{
	return weights->gcd ? weights->gcd : 1;
}

static int32_t first_cw(const struct lvs_sched_weights *weights)
{
	return weights->max - (divisor(weights) - 1);
}

/* One change of the list: the walk begins anew from the head, its threshold lives on. */
static void change_mark(void *user, const struct lvs_sched_weights *weights)
{
	struct mark *mark = user;
	int32_t di = divisor(weights);
	int32_t mw = first_cw(weights);

	mark->cl = 0;
	if (mark->cw > mw || mark->cw == 0)
		mark->cw = mw;
	else if (di > 1)
		mark->cw = mark->cw / di * di + 1;
}

static int wrr_build(void *state, const struct lvs_sched_set *set, const void *old,
		     const struct lvs_sched_set *old_set)
{
	struct wrr *wrr = state;
	const struct wrr *old_wrr = old;
	struct lvs_sched_weights weights;
	struct mark mark = {0, 0};

	if (old_wrr) {
		/* relaxed: a pick that moves it now is as good as one after the commit */
		mark = unpack(atomic_load_explicit(&old_wrr->mark, memory_order_relaxed));
	} else if (old_set) {
		/* A service that had another scheduler: the kernel starts on the list as it was. */
		lvs_sched_weights_of(old_set, &weights);
		mark.cw = first_cw(&weights);
	}
	lvs_sched_replay(set, old_set, change_mark, &mark);
	lvs_sched_weights_of(set, &weights);
	wrr->di = divisor(&weights);
	wrr->mw = first_cw(&weights);
	atomic_init(&wrr->mark, pack(mark));
	return 0;
}

/* The rest of the list behind mark.cl with one threshold. */
static enum pass walk_pass(struct walk *walk, const struct lvs_sched_set *set)
{
	walk->best = 0;
	for (uint32_t place = walk->mark.cl + 1; place <= set->dest_n; place++) {
		const struct lvs_sched_dest *dest = &set->dest[place - 1];

		walk->mark.cl = place;
		if (dest->weight > walk->best && !lvs_sched_overloaded(dest)) {
			walk->best = dest->weight;
			if (dest->weight >= walk->mark.cw)
				return PASS_TAKEN;
		}
		if (place == walk->stop)
			return PASS_STOPPED;
	}
	walk->mark.cl = 0;
	return PASS_ENDED;
}

/*
 * After a whole pass in vain no pass above best takes anything: go to the first that can, or to
 * the last where none can. The kernel makes them all, which a large weight on an overloaded
 * destination turns into many millions.
 */
static int32_t skip_passes(int32_t cw, int32_t best, int32_t di)
{
	int32_t target = best > di ? best : di;
	int64_t above = (int64_t)cw - target;

	return above > 0 ? (int32_t)(cw - (above + di - 1) / di * di) : cw;
}

/* One pick as the kernel makes it: moves @mark, answers the index or LVS_SCHED_NONE. */
static uint32_t step(const struct wrr *wrr, const struct lvs_sched_set *set, struct mark *mark)
{
	struct walk walk = {.mark = *mark, .start = mark->cl};
	bool restarted = false;
	bool last_pass = false; /* its threshold lets every weight in */
	enum pass pass;

	if (wrr->mw == 0)
		return LVS_SCHED_NONE;
	for (bool whole = walk.start == 0;; whole = true) {
		pass = walk_pass(&walk, set);
		if (pass != PASS_ENDED)
			break;
		walk.mark.cw -= wrr->di;
		if (walk.mark.cw <= 0) {
			walk.mark.cw = wrr->mw;
			if (last_pass || walk.start == 0)
				break;
			restarted = true;
		}
		if (whole)
			walk.mark.cw = skip_passes(walk.mark.cw, walk.best, wrr->di);
		last_pass = walk.mark.cw <= wrr->di;
		/* What lies behind the start has been seen with the lowest threshold. */
		if (last_pass && restarted)
			walk.stop = walk.start;
	}
	*mark = walk.mark;
	return pass == PASS_TAKEN ? walk.mark.cl - 1 : LVS_SCHED_NONE;
}

static uint32_t wrr_pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			 unsigned flags)
{
	struct wrr *wrr = state;
	/* relaxed: see struct wrr */
	uint64_t word = atomic_load_explicit(&wrr->mark, memory_order_relaxed);
	struct mark mark;
	uint32_t picked;

	(void)flow;
	do {
		mark = unpack(word);
		picked = step(wrr, set, &mark);
		if (pack(mark) == word || (flags & LVS_PICK_PEEK))
			break;
		/* relaxed, both: see struct wrr */
	} while (!atomic_compare_exchange_weak_explicit(
		&wrr->mark, &word, pack(mark), memory_order_relaxed, memory_order_relaxed));
	return picked;
}

const struct lvs_sched_ops lvs_sched_wrr = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "wrr",
	.state_size = wrr_state_size,
	.build = wrr_build,
	.pick = wrr_pick,
};
