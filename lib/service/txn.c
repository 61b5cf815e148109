/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/txn.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

#define DESTS_MIN 4

int lvs_services_begin(struct lvs_services *services, struct lvs_txn **txn)
{
	const struct lvs_alloc *alloc = services->conf.alloc;
	struct lvs_txn *made;
	int err = lvs_services_lock(services);

	if (err)
		return err;
	lvs_services_collect(services);
	made = lvs_mem_zalloc(alloc, sizeof(*made), _Alignof(struct lvs_txn));
	if (!made)
		goto unlock;
	if (lvs_map_init(&made->drafts, alloc))
		goto free_txn;
	made->services = services;
	made->last = &made->first;
	made->created = services->created;
	made->forwarder_n = services->forwarder_n;
	*txn = made;
	return 0;

free_txn:
	lvs_mem_free(alloc, made, sizeof(*made), _Alignof(struct lvs_txn));
unlock:
	lvs_services_unlock(services);
	return LVS_ERR_NO_MEMORY;
}

void lvs_txn_end(struct lvs_txn *txn)
{
	struct lvs_services *services = txn->services;

	while (txn->first) {
		struct lvs_draft *draft = txn->first;

		txn->first = draft->next;
		lvs_draft_del(txn, draft);
	}
	lvs_map_fini(&txn->drafts);
	lvs_mem_free(services->conf.alloc, txn, sizeof(*txn), _Alignof(struct lvs_txn));
	lvs_services_unlock(services);
}

void lvs_txn_abort(struct lvs_txn *txn)
{
	if (!txn)
		return;
	/* No set names them. */
	txn->services->forwarder_n = txn->forwarder_n;
	lvs_txn_end(txn);
}

const char *lvs_txn_error(const struct lvs_txn *txn)
{
	return txn->error;
}

int lvs_txn_fail(struct lvs_txn *txn, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(txn->error, sizeof(txn->error), format, args);
	va_end(args);
	return err;
}

static struct lvs_draft *find(const struct lvs_txn *txn, const struct lvs_leaf *leaf)
{
	struct lvs_map_link *link = lvs_map_first(&txn->drafts, leaf->word[0]);

	for (; link; link = lvs_map_next(link)) {
		struct lvs_draft *draft = LVS_CONTAINER(link, struct lvs_draft, link);

		if (lvs_leaf_equal(&draft->leaf, leaf))
			return draft;
	}
	return NULL;
}

struct lvs_draft *lvs_draft_get(struct lvs_txn *txn, const struct lvs_service_key *key)
{
	struct lvs_services *services = txn->services;
	struct lvs_draft *draft;
	struct lvs_leaf leaf;

	lvs_key_leaf(&services->hash, key, &leaf);
	draft = find(txn, &leaf);
	if (draft)
		return draft;
	draft = lvs_mem_zalloc(services->conf.alloc, sizeof(*draft), _Alignof(struct lvs_draft));
	if (!draft)
		return NULL;
	draft->leaf = leaf;
	draft->key = *key;
	draft->base = lvs_tree_find(lvs_services_root(services)->by_key, &leaf);
	draft->loaded = !draft->base;
	if (draft->base) {
		draft->exists = true;
		draft->conf = draft->base->set.conf;
		draft->created = lvs_ident_created(draft->base->set.ident);
	}
	lvs_map_add(&txn->drafts, &draft->link, leaf.word[0]);
	*txn->last = draft;
	txn->last = &draft->next;
	return draft;
}

static int resize(const struct lvs_alloc *alloc, struct lvs_draft *draft, uint32_t cap)
{
	struct lvs_draft_dest *dest =
		lvs_mem_alloc(alloc, cap * sizeof(*dest), _Alignof(struct lvs_draft_dest));

	if (!dest)
		return LVS_ERR_NO_MEMORY;
	if (draft->dest) {
		memcpy(dest, draft->dest, draft->dest_n * sizeof(*dest));
		lvs_mem_free(alloc, draft->dest, draft->dest_cap * sizeof(*dest),
			     _Alignof(struct lvs_draft_dest));
	}
	draft->dest = dest;
	draft->dest_cap = cap;
	return 0;
}

int lvs_draft_reserve(struct lvs_txn *txn, struct lvs_draft *draft)
{
	if (draft->dest_n < draft->dest_cap)
		return 0;
	return resize(txn->services->conf.alloc, draft,
		      draft->dest_cap ? draft->dest_cap * 2 : DESTS_MIN);
}

int lvs_draft_load(struct lvs_txn *txn, struct lvs_draft *draft)
{
	const struct lvs_service_set *set;
	uint32_t n;

	if (draft->loaded)
		return 0;
	set = &draft->base->set;
	n = set->sched_set.dest_n;
	if (n > 0 && resize(txn->services->conf.alloc, draft, n))
		return LVS_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		const struct lvs_sched_dest *sched = &set->sched_set.dest[i];

		draft->dest[n - 1 - i] = (struct lvs_draft_dest){
			.key = {.addr = sched->addr,
				.port = sched->port,
				.family = (uint8_t)sched->family},
			.forwarder = lvs_set_forwarder(set, i),
			.last_weight = sched->last_weight,
			.edits = sched->edits,
			.created = sched->created,
			.dest = lvs_set_dest(set, i),
			.zero = *lvs_set_zero(draft->base, i),
		};
		lvs_set_dest_conf(txn->services, draft->base, i, &draft->dest[n - 1 - i].conf);
	}
	draft->dest_n = n;
	draft->loaded = true;
	return 0;
}

void lvs_draft_del(struct lvs_txn *txn, struct lvs_draft *draft)
{
	const struct lvs_alloc *alloc = txn->services->conf.alloc;

	lvs_mem_free(alloc, draft->dest, draft->dest_cap * sizeof(*draft->dest),
		     _Alignof(struct lvs_draft_dest));
	lvs_mem_free(alloc, draft, sizeof(*draft), _Alignof(struct lvs_draft));
}
