/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a transaction comes into force: everything is made first; then the root is
 * swapped and what had to wait for that is done, and neither can fail.
 */
#include "base/log.h"
#include "base/memory.h"
#include "service/server.h"
#include "service/speaker.h"
#include "service/timed.h"
#include "service/txn.h"

/* What is made for the swap besides the drafts' sets. */
struct commit {
	struct lvs_txn *txn;
	struct lvs_tree_edit edit;
	struct lvs_services_root *old;
	struct lvs_services_root *root;
	struct lvs_server_edit servers;
	struct lvs_speaker_edit speakers;
};

static bool nothing_to_do(const struct lvs_draft *draft)
{
	return !draft->changed || (!draft->exists && !draft->base);
}

static int make_draft(struct lvs_txn *txn, struct lvs_draft *draft)
{
	int err = draft->exists ? lvs_draft_make(txn, draft) : 0;

	return err || !draft->base ? err : lvs_draft_prepare_leave(txn, draft);
}

static int make_drafts(struct lvs_txn *txn)
{
	for (struct lvs_draft *draft = txn->first; draft; draft = draft->next) {
		int err = nothing_to_do(draft) ? 0 : make_draft(txn, draft);

		if (err) {
			char name[LVS_SERVICE_TEXT];

			lvs_log(txn->services->conf.log, LVS_LOG_ERROR, "commit: service %s: %s",
				lvs_service_text(&draft->key, name), lvs_strerror(err));
			return err;
		}
	}
	return 0;
}

static void count(struct lvs_services_root *root, const struct lvs_draft *draft, uint32_t n)
{
	uint32_t *counted = lvs_services_count_of(root, &draft->key);

	root->service_n += n;
	root->family_n[draft->key.family == LVS_INET6] += n;
	if (counted)
		*counted += n;
}

static int take_out(struct commit *commit, const struct lvs_draft *draft)
{
	int err = lvs_tree_take(&commit->edit, &commit->root->by_created,
				&draft->base->set.ident->leaf);

	if (!err && !draft->exists)
		err = lvs_tree_take(&commit->edit, &commit->root->by_key, &draft->leaf);
	count(commit->root, draft, UINT32_MAX); /* one less */
	return err;
}

static int plant(struct commit *commit, const struct lvs_draft *draft)
{
	int err = 0;

	if (draft->base && (draft->fresh || !draft->exists))
		err = take_out(commit, draft);
	if (!err)
		err = lvs_timed_plant(&commit->edit, &commit->root->timed, draft->base,
				      draft->exists ? draft->made : NULL);
	if (!err)
		err = lvs_server_plant(&commit->servers, &commit->root->servers, draft->base,
				       draft->exists ? draft->made : NULL);
	if (!err)
		err = lvs_speaker_plant(&commit->speakers, &commit->root->speakers, draft->base,
					draft->exists ? draft->made : NULL);
	if (err || !draft->exists)
		return err;
	err = lvs_tree_put(&commit->edit, &commit->root->by_key, &draft->made->set.leaf);
	if (err || !draft->fresh)
		return err;
	count(commit->root, draft, 1);
	return lvs_tree_put(&commit->edit, &commit->root->by_created, &draft->ident->leaf);
}

static int make_root(struct commit *commit)
{
	const struct lvs_alloc *alloc = commit->edit.alloc;
	int err = 0;

	commit->root =
		lvs_mem_alloc(alloc, sizeof(*commit->root), _Alignof(struct lvs_services_root));
	if (!commit->root)
		return LVS_ERR_NO_MEMORY;
	*commit->root = *commit->old;
	commit->root->version = commit->edit.stamp;
	for (struct lvs_draft *draft = commit->txn->first; draft && !err; draft = draft->next) {
		if (!nothing_to_do(draft))
			err = plant(commit, draft);
	}
	if (err) {
		lvs_tree_abort(&commit->edit, commit->root->by_key);
		lvs_tree_abort(&commit->edit, commit->root->by_created);
		lvs_tree_abort(&commit->edit, commit->root->timed);
		lvs_tree_abort(&commit->edit, commit->root->servers);
		lvs_server_abort(&commit->servers);
		lvs_tree_abort(&commit->edit, commit->root->speakers);
		lvs_speaker_abort(&commit->speakers);
		lvs_mem_free(alloc, commit->root, sizeof(*commit->root),
			     _Alignof(struct lvs_services_root));
	}
	return err;
}

static void free_root_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	struct lvs_services_root *root = LVS_CONTAINER(retired, struct lvs_services_root, retired);

	lvs_mem_free(services->conf.alloc, root, sizeof(*root), _Alignof(struct lvs_services_root));
}

/* One word, so that no packet finds the port of one kind with another. */
static uint32_t tunnel_word(const struct lvs_dest_conf *conf)
{
	uint32_t word;

	memcpy(&word, &conf->tun_port, 2);
	memcpy((uint8_t *)&word + 2, &conf->tun_type, 1);
	memcpy((uint8_t *)&word + 3, &conf->tun_flags, 1);
	return word;
}

/* A destination of a set that is about to be in force: who picks it finds it available. */
static void arrive(struct lvs_services *services, const struct lvs_draft_dest *draft)
{
	struct lvs_dest *dest = draft->dest;
	uint32_t flags = LVS_DEST_AVAILABLE | (draft->conf.weight ? 0u : LVS_DEST_DRAINED);

	if (lvs_dest_trashed(dest))
		lvs_trash_del(services, dest);
	if (draft->begins)
		lvs_meter_begin(services, dest, &draft->zero);
	if (!draft->made)
		lvs_dest_set_thresholds(dest, draft->conf.upper, draft->conf.lower);
	/* release: who comes by a template does not come by the new root */
	atomic_store_explicit(&dest->forwarder, draft->forwarder, memory_order_release);
	/* relaxed: the new root publishes them */
	atomic_store_explicit(&dest->tunnel, tunnel_word(&draft->conf), memory_order_relaxed);
	atomic_store_explicit(&dest->flags, flags, memory_order_relaxed);
}

/* Its connections are to end without their packets, where the setting says so now. */
static void note_removal(struct lvs_services *services)
{
	const struct lvs_settings *settings = services->conf.settings;

	if (settings && lvs_read_relaxed(settings->flags) & LVS_SET_EXPIRE_NODEST)
		atomic_fetch_add_explicit(&services->removals, 1, memory_order_release);
}

/* The destinations that the set before had alone. */
static void leave(struct lvs_services *services, const struct lvs_draft *draft, uint64_t tag)
{
	const struct lvs_service_private *base = draft->base;
	bool stays = draft->exists && !draft->fresh;

	for (uint32_t i = 0; i < base->set.sched_set.dest_n; i++) {
		struct lvs_dest *dest = lvs_set_dest(&base->set, i);

		if (dest->kept == services->stamp)
			continue;
		/* relaxed: a flag that guards nothing */
		atomic_store_explicit(&dest->flags, 0, memory_order_relaxed);
		/* relaxed: who still tells the set before does no harm */
		atomic_store_explicit(&dest->watch, NULL, memory_order_relaxed);
		lvs_meter_leave(services, stays ? base->set.ident : NULL, dest);
		dest->trash->zero = *lvs_set_zero(base, i);
		dest->trash->service_number = lvs_ident_created(base->set.ident);
		dest->trash->removed_tag = tag;
		lvs_trash_add(services, dest);
		note_removal(services);
	}
}

static void retire_base(struct commit *commit, const struct lvs_draft *draft)
{
	struct lvs_service_private *base = draft->base;

	lvs_retire_add(&commit->edit.replaced, &base->retired,
		       draft->fresh || !draft->exists ? lvs_set_free_last_retired
						      : lvs_set_free_retired);
}

static void arrive_all(const struct commit *commit)
{
	for (struct lvs_draft *draft = commit->txn->first; draft; draft = draft->next) {
		if (nothing_to_do(draft) || !draft->exists)
			continue;
		for (uint32_t i = 0; i < draft->dest_n; i++)
			arrive(commit->txn->services, &draft->dest[i]);
		lvs_set_watch(draft->made);
	}
}

/* Nothing from here on can fail. */
static void publish(struct commit *commit)
{
	struct lvs_services *services = commit->txn->services;
	uint64_t tag;

	arrive_all(commit);
	/* release: pairs with the acquire in lvs_services_root() */
	atomic_store_explicit(&services->root, commit->root, memory_order_release);
	lvs_timed_due(services);
	tag = lvs_epoch_retire(services->conf.epoch);
	services->created = commit->txn->created;
	for (struct lvs_draft *draft = commit->txn->first; draft; draft = draft->next) {
		if (nothing_to_do(draft))
			continue;
		if (draft->exists)
			lvs_meter_arrive(services, draft->made);
		if (draft->base) {
			leave(services, draft, tag);
			retire_base(commit, draft);
		}
	}
	lvs_retire_add(&commit->edit.replaced, &commit->old->retired, free_root_retired);
	lvs_retire_all(services, &commit->edit.replaced);
}

static void unmake_drafts(struct lvs_txn *txn)
{
	for (struct lvs_draft *draft = txn->first; draft; draft = draft->next)
		lvs_draft_unmake(txn, draft);
}

int lvs_txn_commit(struct lvs_txn *txn)
{
	struct lvs_services *services = txn->services;
	struct commit commit = {.txn = txn,
				.old = lvs_services_root(services),
				.servers = {services, &commit.edit, NULL},
				.speakers = {services, &commit.edit, NULL}};
	int err;

	commit.edit.alloc = services->conf.alloc;
	commit.edit.stamp = ++services->stamp;
	lvs_retire_list_init(&commit.edit.replaced);
	err = make_drafts(txn);
	if (!err)
		err = make_root(&commit);
	if (err) {
		unmake_drafts(txn);
		lvs_txn_abort(txn);
		return err;
	}
	publish(&commit);
	lvs_server_done(&commit.servers);
	lvs_retire_collect(services);
	lvs_txn_end(txn);
	return 0;
}
