/* SPDX-License-Identifier: BSD-2-Clause */
/* What a transaction says of a service becomes a set, ready to be published. */
#include "service/txn.h"

#include <assert.h>

#include "base/memory.h"

/* The destination that @p draft removed and adds again. */
static bool find_in_base(const struct lvs_draft *draft, struct lvs_draft_dest *dest)
{
	const struct lvs_service_private *base = draft->base;

	if (!base || draft->removed_n == 0)
		return false;
	for (uint32_t i = 0; i < base->set.sched_set.dest_n; i++) {
		if (lvs_dest_is(lvs_set_dest(&base->set, i), &dest->key)) {
			dest->dest = lvs_set_dest(&base->set, i);
			dest->zero = *lvs_set_zero(base, i);
			return true;
		}
	}
	return false;
}

static bool find_in_trash(struct lvs_txn *txn, const struct lvs_draft *draft,
			  struct lvs_draft_dest *dest, bool *same_service)
{
	const struct lvs_dest_trash *entry = lvs_trash_find(txn->services, &draft->key, &dest->key);

	if (!entry)
		return false;
	dest->dest = entry->dest;
	dest->zero = entry->zero;
	*same_service = entry->service_number == draft->created;
	return true;
}

static struct lvs_service_ident *ident_of(const struct lvs_draft *draft)
{
	return draft->fresh ? draft->ident : draft->base->set.ident;
}

static int make_dest(struct lvs_txn *txn, const struct lvs_draft *draft,
		     struct lvs_draft_dest *dest)
{
	int err = lvs_dest_new(txn->services, ident_of(draft), &dest->key, &dest->dest);

	if (err)
		return err;
	assert(dest->dest);
	dest->made = true;
	lvs_dest_set_thresholds(dest->dest, dest->conf.upper, dest->conf.lower);
	return 0;
}

/* Its counters are to start at zero, which they are not at. */
static int begin(struct lvs_txn *txn, struct lvs_draft_dest *dest)
{
	struct lvs_services *services = txn->services;

	memset(&dest->zero, 0, sizeof(dest->zero));
	services->conf.stats(services->conf.user, dest->dest->number, &dest->zero);
	if (lvs_stats_none(&dest->zero) || lvs_meter_need(services, &dest->dest->meter))
		return 0;
	return LVS_ERR_NO_MEMORY;
}

/* Finds or makes the object of a destination that was added. Its counters go on where it comes
 * back to the service that it left, else they start at zero. */
static int resolve(struct lvs_txn *txn, const struct lvs_draft *draft, struct lvs_draft_dest *dest)
{
	bool same_service = !draft->fresh;

	if (!find_in_base(draft, dest) && !find_in_trash(txn, draft, dest, &same_service)) {
		int err = make_dest(txn, draft, dest);

		if (err)
			return err;
		same_service = false;
	}
	dest->begins = !same_service;
	return same_service ? 0 : begin(txn, dest);
}

static void fill_dest(const struct lvs_draft_dest *from, const struct lvs_set_parts *parts,
		      uint32_t i)
{
	parts->sched[i] = (struct lvs_sched_dest){
		.gauge = &from->dest->gauge,
		.created = from->created,
		.weight = from->conf.weight,
		.last_weight = from->last_weight,
		.edits = from->edits,
		.addr = from->key.addr,
		.port = from->key.port,
		.family = from->key.family,
		.number = from->dest->number,
	};
	parts->row[i] = (struct lvs_dest_row){
		.upper = from->conf.upper,
		.lower = from->conf.lower,
		.tun_port = from->conf.tun_port,
		.tun_type = from->conf.tun_type,
		.tun_flags = from->conf.tun_flags,
	};
	if (parts->zero)
		parts->zero[i] = from->zero;
	parts->forwarder[i] = from->forwarder;
}

/* @p zero: the counters of some began where they were not at zero. */
static int resolve_dests(struct lvs_txn *txn, const struct lvs_draft *draft, bool *zero)
{
	*zero = false;
	for (uint32_t i = 0; i < draft->dest_n; i++) {
		struct lvs_draft_dest *dest = &draft->dest[i];
		int err = dest->dest ? 0 : resolve(txn, draft, dest);

		if (err)
			return err;
		dest->dest->kept = txn->services->stamp;
		*zero |= !lvs_stats_none(&dest->zero);
	}
	return 0;
}

static void fill_dests(struct lvs_draft *draft, const struct lvs_set_parts *parts)
{
	for (uint32_t i = 0; i < draft->dest_n; i++) {
		const struct lvs_draft_dest *dest = &draft->dest[i];

		draft->made->set.large |= dest->key.family == LVS_INET6;
		fill_dest(dest, parts, draft->dest_n - 1 - i);
	}
}

static void fill_set(struct lvs_txn *txn, const struct lvs_draft *draft)
{
	struct lvs_services *services = txn->services;
	struct lvs_service_private *made = draft->made;

	made->set.leaf = draft->leaf;
	made->set.ident = ident_of(draft);
	made->set.large |= draft->key.family == LVS_INET6;
	made->set.conf = draft->conf;
	made->set.sched_set.flags = draft->conf.flags;
	made->set.sched_set.family = draft->key.family;
	made->set.sched_set.sched_key = services->conf.sched_key;
	made->set.sched_set.settings = services->conf.settings;
	made->set.sched_set.clock = services->conf.clock;
	made->set.sched_set.seed = lvs_key_seed(services->conf.seed, draft->created);
}

static bool gone(const struct lvs_txn *txn, const struct lvs_dest *dest)
{
	return dest->kept != txn->services->stamp;
}

/* What the set before had behind it, and what it loses now. Only counts where @p row is NULL. */
static uint32_t fill_past(const struct lvs_txn *txn, const struct lvs_service_private *base,
			  struct lvs_past_row *row)
{
	const struct lvs_past *past = lvs_set_past(base);
	uint32_t n = 0;

	for (uint32_t i = 0; past && i < past->n; i++) {
		if (!gone(txn, lvs_dest_at(&txn->services->dests, past->row[i].number)))
			continue;
		if (row)
			row[n] = past->row[i];
		n++;
	}
	for (uint32_t i = 0; i < base->set.sched_set.dest_n; i++) {
		if (!gone(txn, lvs_set_dest(&base->set, i)))
			continue;
		if (row)
			row[n] =
				(struct lvs_past_row){.number = lvs_set_dest(&base->set, i)->number,
						      .zero = *lvs_set_zero(base, i)};
		n++;
	}
	return n;
}

static int make_past(struct lvs_txn *txn, struct lvs_draft *draft)
{
	const struct lvs_alloc *alloc = txn->services->conf.alloc;
	const struct lvs_past *old;
	struct lvs_set_more *more;
	struct lvs_past *past;
	uint32_t n;

	if (draft->fresh)
		return 0;
	old = lvs_set_past(draft->base);
	n = fill_past(txn, draft->base, NULL);
	if (n == 0 && !old)
		return 0;
	more = lvs_set_need_more(alloc, draft->made);
	past = more ? lvs_past_new(alloc, n) : NULL;
	if (!past)
		return LVS_ERR_NO_MEMORY;
	fill_past(txn, draft->base, past->row);
	if (old)
		past->left = old->left;
	/* relaxed: published with the set */
	atomic_store_explicit(&more->past, past, memory_order_relaxed);
	return 0;
}

int lvs_draft_make(struct lvs_txn *txn, struct lvs_draft *draft)
{
	const struct lvs_alloc *alloc = txn->services->conf.alloc;
	struct lvs_set_parts parts;
	bool zero;
	int err;

	if (draft->fresh) {
		draft->ident = lvs_ident_new(txn->services, &draft->key, draft->created);
		if (!draft->ident)
			return LVS_ERR_NO_MEMORY;
	}
	err = resolve_dests(txn, draft, &zero);
	if (err)
		return err;
	draft->made = lvs_set_new(alloc, draft->dest_n, zero, &parts);
	if (!draft->made)
		return LVS_ERR_NO_MEMORY;
	fill_set(txn, draft);
	fill_dests(draft, &parts);
	err = make_past(txn, draft);
	if (!err)
		err = lvs_set_build(alloc, draft->made, draft->fresh ? NULL : draft->base);
	return err;
}

int lvs_draft_prepare_leave(struct lvs_txn *txn, const struct lvs_draft *draft)
{
	const struct lvs_service_private *base = draft->base;
	struct lvs_services *services = txn->services;
	bool stays = draft->exists && !draft->fresh;

	for (uint32_t i = 0; i < base->set.sched_set.dest_n; i++) {
		if (!gone(txn, lvs_set_dest(&base->set, i)))
			continue;
		if (lvs_trash_prepare(services, lvs_set_dest(&base->set, i)))
			return LVS_ERR_NO_MEMORY;
		if (stays && !lvs_ident_need_meter(services, base->set.ident))
			return LVS_ERR_NO_MEMORY;
	}
	return 0;
}

static void unprepare_leave(struct lvs_txn *txn, const struct lvs_draft *draft)
{
	const struct lvs_service_private *base = draft->base;

	for (uint32_t i = 0; base && i < base->set.sched_set.dest_n; i++)
		lvs_trash_unprepare(txn->services, lvs_set_dest(&base->set, i));
}

void lvs_draft_unmake(struct lvs_txn *txn, struct lvs_draft *draft)
{
	const struct lvs_alloc *alloc = txn->services->conf.alloc;

	unprepare_leave(txn, draft);
	if (draft->made)
		lvs_set_del(alloc, draft->made);
	lvs_ident_del(txn->services, draft->ident);
	/* In the order of giving back numbers, the last first. */
	for (uint32_t i = draft->dest_n; i > 0; i--) {
		if (draft->dest[i - 1].made)
			lvs_dest_del(txn->services, draft->dest[i - 1].dest);
	}
}
