/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/speaker.h"

#include <liblvs/pe.h>

#include "base/memory.h"

#define ORDER 7 /* the leaf's last word, which no key of an end uses */

static void free_speaker(struct lvs_services *services, struct lvs_speaker *speaker)
{
	lvs_mem_free(services->conf.alloc, speaker, sizeof(*speaker), _Alignof(struct lvs_speaker));
}

static void free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	free_speaker(services, LVS_CONTAINER(retired, struct lvs_speaker, retired));
}

static void fill_end(const struct lvs_services *services, const union lvs_addr *addr, lvs_be16 port,
		     uint8_t protocol, unsigned family, struct lvs_leaf *leaf)
{
	lvs_key_words(&services->hash, addr, 0, lvs_key_rest(port, protocol, (uint8_t)family),
		      family == LVS_INET6, leaf);
}

/* Numbers of creation rise; that the lower halves of two are the same takes 2^32 creations. */
static void leaf_of(const struct lvs_services *services, const struct lvs_service_private *service,
		    uint32_t i, struct lvs_leaf *leaf)
{
	const struct lvs_sched_dest *dest = &service->set.sched_set.dest[i];

	fill_end(services, &dest->addr, dest->port, service->set.key.protocol, dest->family, leaf);
	leaf->word[ORDER] = ~(uint32_t)dest->created;
}

static bool may_speak(const struct lvs_services *services,
		      const struct lvs_service_private *service, uint32_t i)
{
	const struct lvs_service_set *set = &service->set;

	return set->conf.pe && set->conf.pe->conn_out && !set->key.fwmark && set->key.port &&
	       set->sched_set.dest[i].port &&
	       lvs_services_forwarder(services, lvs_set_forwarder(set, i))->flags &
		       LVS_FORWARD_TWO_WAY;
}

static int add(struct lvs_speaker_edit *edit, struct lvs_tree_node **speakers,
	       const struct lvs_service_private *service, uint32_t i)
{
	struct lvs_services *services = edit->services;
	struct lvs_speaker *speaker = lvs_mem_zalloc(services->conf.alloc, sizeof(*speaker),
						     _Alignof(struct lvs_speaker));
	int err;

	if (!speaker)
		return LVS_ERR_NO_MEMORY;
	leaf_of(services, service, i, &speaker->leaf);
	speaker->service = service->set.leaf;
	speaker->dest = service->set.sched_set.dest[i].number;
	err = lvs_tree_put(edit->tree, speakers, &speaker->leaf);
	if (err) {
		free_speaker(services, speaker);
		return err;
	}
	speaker->next = edit->made;
	edit->made = speaker;
	return 0;
}

static int take(struct lvs_speaker_edit *edit, struct lvs_tree_node **speakers,
		const struct lvs_service_private *service, uint32_t i)
{
	struct lvs_speaker *speaker;
	struct lvs_leaf leaf;
	int err;

	leaf_of(edit->services, service, i, &leaf);
	speaker = lvs_tree_find(*speakers, &leaf);
	err = lvs_tree_take(edit->tree, speakers, &leaf);
	if (!err)
		lvs_retire_add(&edit->tree->replaced, &speaker->retired, free_retired);
	return err;
}

/* The number of creation of the @p i-th destination; 0 behind the last. */
static uint64_t created(const struct lvs_service_private *service, uint32_t i)
{
	const struct lvs_sched_set *set = service ? &service->set.sched_set : NULL;

	return set && i < set->dest_n ? set->dest[i].created : 0;
}

/* Whether there is nothing to compare: services without such an engine, nearly all. */
static bool is_mute(const struct lvs_service_private *service)
{
	return !service || !service->set.conf.pe;
}

/* Both lists from the newest on: what speaks in one alone. */
int lvs_speaker_plant(struct lvs_speaker_edit *edit, struct lvs_tree_node **speakers,
		      const struct lvs_service_private *base,
		      const struct lvs_service_private *made)
{
	uint32_t i = 0, j = 0;
	int err = 0;

	if (is_mute(base) && is_mute(made))
		return 0;
	while (!err && (created(base, i) || created(made, j))) {
		bool in_base = created(base, i) >= created(made, j);
		bool in_made = created(made, j) >= created(base, i);
		bool spoke = in_base && may_speak(edit->services, base, i);
		bool speaks = in_made && may_speak(edit->services, made, j);

		if (spoke && !speaks)
			err = take(edit, speakers, base, i);
		if (speaks && !spoke)
			err = add(edit, speakers, made, j);
		i += in_base;
		j += in_made;
	}
	return err;
}

void lvs_speaker_abort(const struct lvs_speaker_edit *edit)
{
	struct lvs_speaker *next;

	for (struct lvs_speaker *speaker = edit->made; speaker; speaker = next) {
		next = speaker->next;
		free_speaker(edit->services, speaker);
	}
}

void lvs_speaker_fini(struct lvs_services *services, struct lvs_tree_node *speakers)
{
	struct lvs_leaf start = {{0}};
	struct lvs_speaker *speaker = lvs_tree_next(speakers, &start);

	while (speaker) {
		/* The way to the next is found by this one, which must still be there. */
		struct lvs_speaker *next = lvs_tree_next(speakers, &speaker->leaf);

		free_speaker(services, speaker);
		speaker = next;
	}
}

bool lvs_speaker_is_right(const struct lvs_services *services,
			  const struct lvs_service_private *service, uint32_t i, uint64_t *n)
{
	const struct lvs_speaker *speaker;
	struct lvs_leaf leaf;

	leaf_of(services, service, i, &leaf);
	speaker = lvs_tree_find(lvs_services_root(services)->speakers, &leaf);
	*n += speaker != NULL;
	if (!speaker || !may_speak(services, service, i))
		return !speaker && !may_speak(services, service, i);
	return speaker->dest == service->set.sched_set.dest[i].number &&
	       lvs_leaf_equal(&speaker->service, &service->set.leaf);
}

uint64_t lvs_speaker_total(const struct lvs_services *services)
{
	const struct lvs_tree_node *speakers = lvs_services_root(services)->speakers;
	struct lvs_leaf start = {{0}};
	const struct lvs_speaker *speaker = lvs_tree_next(speakers, &start);
	uint64_t total = 0;

	for (; speaker; speaker = lvs_tree_next(speakers, &speaker->leaf))
		total++;
	return total;
}

/* The newest at an end; NULL: there is none. */
static const struct lvs_speaker *find(const struct lvs_services *services,
				      const struct lvs_services_root *root,
				      const struct lvs_flow *flow)
{
	const struct lvs_speaker *speaker;
	struct lvs_leaf leaf;

	fill_end(services, &flow->src, flow->src_port, flow->protocol, flow->family, &leaf);
	speaker = lvs_tree_next(root->speakers, &leaf);
	return speaker && memcmp(speaker->leaf.word, leaf.word, ORDER * sizeof(leaf.word[0])) == 0
		       ? speaker
		       : NULL;
}

const struct lvs_service_set *lvs_services_speaker(const struct lvs_services *services,
						   const struct lvs_flow *flow,
						   struct lvs_dest **dest)
{
	const struct lvs_services_root *root = lvs_services_root(services);
	const struct lvs_service_private *service;
	const struct lvs_speaker *speaker;

	if (lvs_likely(!root->speakers->all))
		return NULL;
	speaker = find(services, root, flow);
	if (!speaker)
		return NULL;
	service = lvs_tree_find(root->by_key, &speaker->service);
	*dest = lvs_dest_at(&services->dests, speaker->dest);
	return service ? &service->set : NULL;
}
