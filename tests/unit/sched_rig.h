/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service for tests of schedulers: destinations, gauges, and states that are built as the
 * library builds them.
 *
 *	struct rig *rig = rig_new(lvs_sched_find("rr"), 0);
 *
 *	rig_add(rig, 1, 5);		number 1, weight 5; goes to the list's head
 *	rig_edit(rig, 1, 3);
 *	rig_commit(rig);		all changes since the last commit, in one build()
 *	rig_pick(rig, &flow, 0);	a number, or RIG_NONE
 *	rig_del_all(rig);
 */
#ifndef LVS_TESTS_SCHED_RIG_H
#define LVS_TESTS_SCHED_RIG_H

#include <stdbool.h>
#include <string.h>

#include <liblvs/director.h>
#include <liblvs/error.h>
#include <liblvs/sched.h>

#include "base/byteorder.h"
#include "base/compiler.h"

#include "unit.h"

#define RIG_MAX 8192            /* destinations, and numbers */
#define RIG_NONE (-1)           /* no destination will do */
#define RIG_OVERLOAD (1u << 31) /* in the low half of a gauge's word */

struct rig {
	const struct lvs_sched_ops *ops;
	struct lvs_sched_set set; /* in force */
	void *state;              /* built for set */
	uint64_t created;
	uint32_t pending_n;
	struct lvs_sched_dest pending[RIG_MAX]; /* as the next commit will have them */
	struct lvs_gauge gauge[RIG_MAX];        /* by number */
	struct lvs_settings settings;
	struct lvs_clock clock;
};

static inline struct rig *rig_new(const struct lvs_sched_ops *ops, uint32_t flags)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	ck_assert_ptr_nonnull(rig);
	ck_assert_ptr_nonnull(ops);
	rig->ops = ops;
	rig->set.size = sizeof(rig->set);
	rig->set.flags = flags;
	lvs_settings_init(&rig->settings);
	rig->set.settings = &rig->settings;
	rig->set.clock = &rig->clock;
	return rig;
}

/* Time goes on, and what goes by time is done. */
static inline void rig_pass(struct rig *rig, uint32_t ticks)
{
	rig->clock.ticks += ticks;
	if (rig->ops->expiry)
		rig->ops->expiry(&rig->set, rig->state, lvs_clock_ns(&rig->clock));
}

static inline uint32_t rig_index(const struct rig *rig, uint32_t number)
{
	uint32_t i = 0;

	while (i < rig->pending_n && rig->pending[i].number != number)
		i++;
	return i;
}

static inline bool rig_has(const struct rig *rig, uint32_t number)
{
	return rig_index(rig, number) < rig->pending_n;
}

/* Destination N has address 10.0.0.0 + N and port 80. */
static inline void rig_add(struct rig *rig, uint32_t number, int32_t weight)
{
	struct lvs_sched_dest *dest = &rig->pending[0];

	ck_assert_uint_lt(number, RIG_MAX);
	ck_assert_uint_lt(rig->pending_n, RIG_MAX);
	memmove(dest + 1, dest, rig->pending_n * sizeof(*dest));
	rig->pending_n++;
	memset(dest, 0, sizeof(*dest));
	dest->gauge = &rig->gauge[number];
	dest->created = ++rig->created;
	dest->weight = weight;
	dest->last_weight = weight;
	dest->addr.word[0] = lvs_htonl(0x0a000000 + number);
	dest->port = lvs_htons(80);
	dest->family = LVS_INET;
	dest->number = number;
}

static inline void rig_edit(struct rig *rig, uint32_t number, int32_t weight)
{
	uint32_t i = rig_index(rig, number);

	ck_assert_uint_lt(i, rig->pending_n);
	rig->pending[i].weight = weight;
	rig->pending[i].edits++;
	if (weight)
		rig->pending[i].last_weight = weight;
}

static inline void rig_del(struct rig *rig, uint32_t number)
{
	uint32_t i = rig_index(rig, number);
	struct lvs_sched_dest *dest = &rig->pending[i];

	ck_assert_uint_lt(i, rig->pending_n);
	rig->pending_n--;
	memmove(dest, dest + 1, (rig->pending_n - i) * sizeof(*dest));
}

/* As the library does where a load has moved. */
static inline void rig_moved(struct rig *rig, uint32_t number)
{
	for (uint32_t i = 0; rig->state && rig->ops->moved && i < rig->set.dest_n; i++)
		if (rig->set.dest[i].number == number)
			rig->ops->moved(&rig->set, rig->state, i);
}

static inline void rig_load(struct rig *rig, uint32_t number, uint32_t active, uint32_t total)
{
	uint64_t overload = rig->gauge[number].word & RIG_OVERLOAD;

	rig->gauge[number].word = (uint64_t)active << 32 | overload | total;
	rig_moved(rig, number);
}

static inline void rig_overload(struct rig *rig, uint32_t number, bool on)
{
	if (on)
		rig->gauge[number].word |= RIG_OVERLOAD;
	else
		rig->gauge[number].word &= ~(uint64_t)RIG_OVERLOAD;
	rig_moved(rig, number);
}

static inline void *rig_alloc_state(const struct lvs_sched_ops *ops,
				    const struct lvs_sched_set *set)
{
	size_t size = ops->state_size ? ops->state_size(set) : 0;
	size_t round = (size + LVS_CACHE_LINE - 1) / LVS_CACHE_LINE * LVS_CACHE_LINE;
	void *state = NULL;

	if (round) {
		state = aligned_alloc(LVS_CACHE_LINE, round);
		ck_assert_ptr_nonnull(state);
		memset(state, 0, round);
	}
	return state;
}

static inline void rig_drop_state(struct rig *rig)
{
	if (rig->ops->fini && rig->set.dest)
		rig->ops->fini(rig->state, &rig->set);
	free(rig->state);
	free((void *)(uintptr_t)rig->set.dest);
}

/* Returns what build() gave; when that is an error, what was in force stays. */
static inline int rig_commit(struct rig *rig)
{
	struct lvs_sched_dest *dest = malloc((rig->pending_n + 1) * sizeof(*dest));
	struct lvs_sched_set set = rig->set;
	bool first = rig->set.dest == NULL;
	void *state;
	int err = 0;

	ck_assert_ptr_nonnull(dest);
	memcpy(dest, rig->pending, rig->pending_n * sizeof(*dest));
	set.dest = dest;
	set.dest_n = rig->pending_n;
	state = rig_alloc_state(rig->ops, &set);
	if (rig->ops->build)
		err = rig->ops->build(state, &set, first ? NULL : rig->state,
				      first ? NULL : &rig->set);
	if (err) {
		free(state);
		free(dest);
		return err;
	}
	rig_drop_state(rig);
	rig->state = state;
	rig->set = set;
	return 0;
}

static inline void rig_del_all(struct rig *rig)
{
	rig_drop_state(rig);
	free(rig);
}

static inline int rig_pick(struct rig *rig, const struct lvs_flow *flow, unsigned flags)
{
	uint32_t i = rig->ops->pick(&rig->set, rig->state, flow, flags);

	if (i == LVS_SCHED_NONE)
		return RIG_NONE;
	ck_assert_uint_lt(i, rig->set.dest_n);
	return (int)rig->set.dest[i].number;
}

/* A client's first packet; @p client in host order. */
static inline struct lvs_flow rig_flow(uint32_t client, uint16_t port)
{
	struct lvs_flow flow;

	memset(&flow, 0, sizeof(flow));
	flow.src.word[0] = lvs_htonl(client);
	flow.dst.word[0] = lvs_htonl(0xc6336450);
	flow.src_port = lvs_htons(port);
	flow.dst_port = lvs_htons(80);
	flow.family = LVS_INET;
	flow.protocol = LVS_TCP;
	return flow;
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
static inline uint32_t rig_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (uint32_t)((*seed * 0x2545f4914f6cdd1d) >> 32);
}

static inline uint32_t rig_below(uint64_t *seed, uint32_t bound)
{
	return rig_random(seed) % bound;
}

#endif
