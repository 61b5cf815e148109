/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lblc and lblcr as the kernel has them, naively: destinations that live on while an address names
 * them, a plain array of addresses, and a driver that asks both the same.
 */
#ifndef LVS_TESTS_SCHED_CACHE_H
#define LVS_TESTS_SCHED_CACHE_H

#include "sched/cache.h"

#include "sched_rig.h"

#define CACHE_DESTS 10
#define CACHE_ADDRS 40

struct known {
	bool there;
	uint64_t seen, changed;
	unsigned n;
	uint32_t member[CACHE_DESTS]; /* the newest first */
};

struct cache_model {
	struct rig *rig;
	bool sets;
	uint64_t expiration; /* ticks */
	uint64_t due;
	unsigned counter;
	struct known known[CACHE_ADDRS];
};

static inline struct cache_model *cache_new(const char *name)
{
	struct cache_model *model = calloc(1, sizeof(*model));

	ck_assert_ptr_nonnull(model);
	model->rig = rig_new(lvs_sched_find(name), 0);
	model->sets = strcmp(name, "lblcr") == 0;
	model->expiration = LVS_TICKS_OF_S(86400);
	model->due = LVS_TICKS_OF_S(60);
	model->counter = 1;
	ck_assert_int_eq(rig_commit(model->rig), 0);
	return model;
}

static inline void cache_del(struct cache_model *model)
{
	rig_del_all(model->rig);
	free(model);
}

/* NULL: removed. */
static inline const struct lvs_sched_dest *cache_dest(const struct cache_model *model,
						      uint32_t number)
{
	uint32_t i = rig_index(model->rig, number);

	return i < model->rig->pending_n ? &model->rig->pending[i] : NULL;
}

static inline int64_t cache_active(const struct lvs_sched_dest *dest)
{
	return (int64_t)(dest->gauge->word >> 32);
}

static inline int64_t cache_load(const struct lvs_sched_dest *dest)
{
	return cache_active(dest) * 256 + (int64_t)(dest->gauge->word & 0x7fffffff);
}

static inline bool cache_usable(const struct lvs_sched_dest *dest)
{
	return dest && dest->weight > 0 && !(dest->gauge->word & RIG_OVERLOAD);
}

static inline bool cache_busy(const struct cache_model *model, const struct lvs_sched_dest *dest)
{
	bool idle = false;

	for (uint32_t i = 0; i < model->rig->pending_n; i++)
		idle |= 2 * cache_active(&model->rig->pending[i]) < model->rig->pending[i].weight;
	return cache_active(dest) > dest->weight && idle;
}

static inline int cache_wlc(const struct cache_model *model)
{
	const struct lvs_sched_dest *least = NULL;

	for (uint32_t i = 0; i < model->rig->pending_n; i++) {
		const struct lvs_sched_dest *dest = &model->rig->pending[i];

		if (cache_usable(dest) &&
		    (!least || cache_load(least) * dest->weight > cache_load(dest) * least->weight))
			least = dest;
	}
	return least ? (int)least->number : RIG_NONE;
}

static inline int cache_set_min(const struct cache_model *model, const struct known *known)
{
	const struct lvs_sched_dest *least = NULL;

	for (unsigned i = 0; i < known->n; i++) {
		const struct lvs_sched_dest *dest = cache_dest(model, known->member[i]);

		if (cache_usable(dest) &&
		    (!least || cache_load(least) * dest->weight > cache_load(dest) * least->weight))
			least = dest;
	}
	return least ? (int)least->number : RIG_NONE;
}

/* Removed ones first: what they would weigh against the others is no longer known. */
static inline int cache_set_max(const struct cache_model *model, const struct known *known)
{
	const struct lvs_sched_dest *most = NULL;

	for (unsigned i = 0; i < known->n; i++) {
		const struct lvs_sched_dest *dest = cache_dest(model, known->member[i]);

		if (!dest)
			return (int)known->member[i];
		if (dest->weight > 0 &&
		    (!most || cache_load(most) * dest->weight < cache_load(dest) * most->weight))
			most = dest;
	}
	return most ? (int)most->number : RIG_NONE;
}

static inline void cache_shrink(const struct cache_model *model, struct known *known)
{
	int most = cache_set_max(model, known);
	unsigned n = 0;

	if (most == RIG_NONE || known->n < 2 ||
	    model->rig->clock.ticks <= known->changed + model->expiration)
		return;
	for (unsigned i = 0; i < known->n; i++)
		if (known->member[i] != (uint32_t)most)
			known->member[n++] = known->member[i];
	known->n = n;
	known->changed = model->rig->clock.ticks;
}

static inline void cache_learn(const struct cache_model *model, struct known *known, int picked)
{
	if (picked == RIG_NONE)
		return;
	for (unsigned i = 0; i < known->n && model->sets; i++)
		if (known->member[i] == (uint32_t)picked)
			return;
	if (!known->there)
		*known = (struct known){.there = true, .seen = model->rig->clock.ticks};
	if (model->sets)
		memmove(known->member + 1, known->member, known->n++ * sizeof(*known->member));
	else
		known->n = 1;
	known->member[0] = (uint32_t)picked;
	known->changed = model->rig->clock.ticks;
}

static inline int cache_model_pick(struct cache_model *model, struct known *known)
{
	int picked = RIG_NONE;

	if (known->there && model->sets) {
		picked = cache_set_min(model, known);
		cache_shrink(model, known);
	} else if (known->there) {
		const struct lvs_sched_dest *dest = cache_dest(model, known->member[0]);

		picked = dest && dest->weight > 0 ? (int)dest->number : RIG_NONE;
	}
	if (known->there)
		known->seen = model->rig->clock.ticks;
	if (picked != RIG_NONE && !cache_busy(model, cache_dest(model, (uint32_t)picked)))
		return picked;
	picked = cache_wlc(model);
	cache_learn(model, known, picked);
	return picked;
}

static inline void cache_pass(struct cache_model *model, uint32_t ticks)
{
	uint64_t now = model->rig->clock.ticks + ticks;

	rig_pass(model->rig, ticks);
	if (now < model->due)
		return;
	model->due = now + LVS_TICKS_OF_S(60);
	if (model->counter % 30) {
		model->counter++;
		return;
	}
	model->counter = 1;
	for (unsigned i = 0; i < CACHE_ADDRS; i++)
		if (now - model->known[i].seen >= model->expiration)
			model->known[i].there = false;
	for (unsigned i = 0; i < CACHE_ADDRS; i++)
		if (!model->known[i].there)
			model->known[i].n = 0;
}

/* The first half are IPv4. */
static inline struct lvs_flow cache_flow(uint32_t addr)
{
	struct lvs_flow flow = rig_flow(0xc0000201, 1);

	flow.dst.word[0] = lvs_htonl(0xc6336400 + addr);
	if (addr >= CACHE_ADDRS / 2) {
		flow.family = LVS_INET6;
		flow.dst.word[3] = lvs_htonl(addr);
	}
	return flow;
}

static inline void cache_ask(struct cache_model *model, uint32_t addr)
{
	struct lvs_flow flow = cache_flow(addr);
	int peeked = rig_pick(model->rig, &flow, LVS_PICK_PEEK);
	int expected = cache_model_pick(model, &model->known[addr]);

	ck_assert_int_eq(peeked, expected);
	ck_assert_int_eq(rig_pick(model->rig, &flow, 0), expected);
}

/* Whether a removed one is remembered says for how long its counters are kept. */
static inline void cache_ask_removed(const struct cache_model *model)
{
	const struct rig *rig = model->rig;

	for (uint32_t number = 0; number < CACHE_DESTS; number++) {
		struct lvs_sched_dest dest = {
			.addr.word[0] = lvs_htonl(0x0a000000 + number),
			.port = lvs_htons(80),
			.family = LVS_INET,
		};
		bool expected = false;

		if (rig_has(rig, number))
			continue;
		for (unsigned i = 0; i < CACHE_ADDRS; i++)
			for (unsigned j = 0; j < model->known[i].n; j++)
				expected |= model->known[i].there &&
					    model->known[i].member[j] == number;
		ck_assert_int_eq(rig->ops->remembers(&rig->set, rig->state, &dest), expected);
		dest.port = 0;
		ck_assert(!rig->ops->remembers(&rig->set, rig->state, &dest));
	}
}

/* Some changes in one commit; who is removed may be back in the same one, or later, or never. */
static inline void cache_change(struct cache_model *model, uint64_t *seed)
{
	static const int32_t weights[] = {0, 1, 1, 2, 5, 20, 20};
	struct rig *rig = model->rig;

	for (unsigned i = rig_below(seed, 4); i > 0; i--) {
		uint32_t number = rig_below(seed, CACHE_DESTS);
		int32_t weight = weights[rig_below(seed, LVS_ARRAY_N(weights))];

		if (!rig_has(rig, number)) {
			rig_add(rig, number, weight);
		} else if (rig_below(seed, 2)) {
			rig_edit(rig, number, weight);
		} else {
			rig_del(rig, number);
			if (rig_below(seed, 4) == 0)
				rig_add(rig, number, weight);
		}
	}
	ck_assert_int_eq(rig_commit(rig), 0);
	cache_ask_removed(model);
}

static inline void cache_load_some(struct cache_model *model, uint64_t *seed)
{
	uint32_t number = rig_below(seed, CACHE_DESTS);
	uint32_t active = rig_below(seed, 12);

	rig_load(model->rig, number, active, active + rig_below(seed, 300));
	rig_overload(model->rig, number, rig_below(seed, 6) == 0);
}

/* Hours and days pass too: addresses are forgotten, sets shrink. */
static inline void cache_compare(const char *name, uint64_t seed)
{
	static const uint32_t waits[] = {1, 60, 1000, 8000, 200000, 700000};
	struct cache_model *model = cache_new(name);

	for (unsigned round = 0; round < 4000; round++) {
		if (rig_below(&seed, 6) == 0)
			cache_change(model, &seed);
		cache_load_some(model, &seed);
		if (rig_below(&seed, 4) == 0)
			cache_pass(model, waits[rig_below(&seed, LVS_ARRAY_N(waits))]);
		for (unsigned i = rig_below(&seed, 4); i > 0; i--)
			cache_ask(model, rig_below(&seed, CACHE_ADDRS));
	}
	cache_del(model);
}

/* Strangers want address after address: what is known stays bounded, in steps of the kernel's. */
static inline void cache_flood(const char *name)
{
	enum { SIZE = 1000, MINUTE = LVS_TICKS_OF_S(60) };
	struct rig *rig = rig_new(lvs_sched_find(name), 0);
	uint64_t seed = 3;
	const uint32_t *entry_n;

	rig->settings.lblc_entries = SIZE;
	rig_add(rig, 1, 1);
	ck_assert_int_eq(rig_commit(rig), 0);
	entry_n = &((const struct lvs_sched_cache *)rig->state)->entry_n;
	for (unsigned i = 0; i < 5 * SIZE; i++) {
		struct lvs_flow flow = rig_flow(0xc0000201, 1);

		flow.dst.word[0] = rig_random(&seed);
		ck_assert_int_eq(rig_pick(rig, &flow, 0), 1);
	}
	ck_assert_uint_eq(*entry_n, SIZE * 3 / 2);
	rig_pass(rig, MINUTE); /* none of them was idle for six minutes */
	ck_assert_uint_eq(*entry_n, SIZE * 3 / 2);
	rig_pass(rig, 6 * MINUTE);
	/* half of the size, a third more than what was too much being more; a bucket has a few */
	ck_assert_uint_le(*entry_n, SIZE);
	ck_assert_uint_ge(*entry_n, SIZE - 10);
	rig_pass(rig, MINUTE);
	ck_assert_uint_ge(*entry_n, SIZE - 10);
	rig_pass(rig, 2 * 1440 * MINUTE);
	for (unsigned i = 0; i < 40; i++)
		rig_pass(rig, MINUTE);
	ck_assert_uint_eq(*entry_n, 0);
	rig_del_all(rig);
}

#endif
