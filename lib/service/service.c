/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/service.h"

#include <errno.h>

#include "base/memory.h"
#include "service/server.h"
#include "service/speaker.h"

static void free_root(const struct lvs_alloc *alloc, struct lvs_services_root *root)
{
	lvs_mem_free(alloc, root, sizeof(*root), _Alignof(struct lvs_services_root));
}

static int new_root(struct lvs_services *services)
{
	const struct lvs_alloc *alloc = services->conf.alloc;
	struct lvs_services_root *root =
		lvs_mem_zalloc(alloc, sizeof(*root), _Alignof(struct lvs_services_root));

	if (!root)
		return LVS_ERR_NO_MEMORY;
	root->by_key = lvs_tree_new(alloc, 0);
	if (!root->by_key)
		goto free_root;
	root->by_created = lvs_tree_new(alloc, 0);
	if (!root->by_created)
		goto free_by_key;
	root->timed = lvs_tree_new(alloc, 0);
	if (!root->timed)
		goto free_by_created;
	root->servers = lvs_tree_new(alloc, 0);
	if (!root->servers)
		goto free_timed;
	root->speakers = lvs_tree_new(alloc, 0);
	if (!root->speakers)
		goto free_servers;
	atomic_init(&services->root, root);
	return 0;

free_servers:
	lvs_tree_del(alloc, root->servers);
free_timed:
	lvs_tree_del(alloc, root->timed);
free_by_created:
	lvs_tree_del(alloc, root->by_created);
free_by_key:
	lvs_tree_del(alloc, root->by_key);
free_root:
	free_root(alloc, root);
	return LVS_ERR_NO_MEMORY;
}

static int init_parts(struct lvs_services *services)
{
	int err = lvs_map_init(&services->paths, services->conf.alloc);

	if (err)
		return err;
	err = lvs_map_init(&services->trash.map, services->conf.alloc);
	if (err)
		goto fini_paths;
	err = lvs_dest_init_own(services);
	if (err)
		goto fini_dests;
	err = new_root(services);
	if (err)
		goto fini_dests;
	return 0;

fini_dests:
	lvs_dest_pages_fini(services->conf.alloc, &services->dests);
	lvs_map_fini(&services->trash.map);
fini_paths:
	lvs_map_fini(&services->paths);
	return err;
}

static void init_forwarders(struct lvs_services *services)
{
	/* relaxed: nobody reads yet */
	for (unsigned i = LVS_METHOD_NAT; i <= LVS_METHOD_BYPASS; i++)
		atomic_store_explicit(&services->forwarder[i], lvs_forward_find(i),
				      memory_order_relaxed);
	services->forwarder_n = LVS_METHOD_CUSTOM;
}

int lvs_services_new(const struct lvs_services_conf *conf, struct lvs_services **services)
{
	struct lvs_services *made =
		lvs_mem_zalloc(conf->alloc, sizeof(*made), _Alignof(struct lvs_services));
	pthread_mutexattr_t checking;
	int err;

	if (!made)
		return LVS_ERR_NO_MEMORY;
	made->conf = *conf;
	lvs_key_hash_init(&made->hash, conf->seed);
	lvs_retire_list_init(&made->retired);
	init_forwarders(made);
	atomic_init(&made->timed_ns, UINT64_MAX);
	lvs_meters_init(&made->meters);
	err = init_parts(made);
	if (err) {
		lvs_mem_free(conf->alloc, made, sizeof(*made), _Alignof(struct lvs_services));
		return err;
	}
	pthread_mutexattr_init(&checking);
	pthread_mutexattr_settype(&checking, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&made->mutex, &checking);
	pthread_mutexattr_destroy(&checking);
	*services = made;
	return 0;
}

static void free_service(struct lvs_services *services, struct lvs_service_ident *ident)
{
	struct lvs_service_private *service = lvs_services_find(services, &ident->key);

	for (uint32_t i = 0; i < service->set.sched_set.dest_n; i++)
		lvs_dest_del(services, lvs_set_dest(&service->set, i));
	lvs_set_del(services->conf.alloc, service);
	lvs_ident_del(services, ident);
}

static void free_services(struct lvs_services *services)
{
	struct lvs_services_root *root = lvs_services_root(services);
	struct lvs_leaf start = {{0}};
	struct lvs_service_ident *ident = lvs_tree_next(root->by_created, &start);

	while (ident) {
		/* The way to the next is found by this one, which must still be there. */
		struct lvs_service_ident *next = lvs_tree_next(root->by_created, &ident->leaf);

		free_service(services, ident);
		ident = next;
	}
	lvs_tree_del(services->conf.alloc, root->by_key);
	lvs_tree_del(services->conf.alloc, root->by_created);
	lvs_tree_del(services->conf.alloc, root->timed);
	lvs_server_fini(services, root->servers);
	lvs_tree_del(services->conf.alloc, root->servers);
	lvs_speaker_fini(services, root->speakers);
	lvs_tree_del(services->conf.alloc, root->speakers);
	free_root(services->conf.alloc, root);
}

static void free_trash(struct lvs_services *services)
{
	while (services->trash.first) {
		struct lvs_dest *dest = services->trash.first->dest;

		lvs_trash_del(services, dest);
		lvs_dest_del(services, dest);
	}
	lvs_map_fini(&services->trash.map);
}

void lvs_services_del(struct lvs_services *services)
{
	const struct lvs_alloc *alloc;

	if (!services)
		return;
	alloc = services->conf.alloc;
	lvs_retire_drain(services);
	free_trash(services);
	free_services(services);
	lvs_path_fini(services);
	lvs_map_fini(&services->paths);
	lvs_dest_pages_fini(alloc, &services->dests);
	pthread_mutex_destroy(&services->mutex);
	lvs_mem_free(alloc, services, sizeof(*services), _Alignof(struct lvs_services));
}

int lvs_services_lock(struct lvs_services *services)
{
	return pthread_mutex_lock(&services->mutex) == EDEADLK ? LVS_ERR_BUSY : 0;
}

void lvs_services_unlock(struct lvs_services *services)
{
	pthread_mutex_unlock(&services->mutex);
}

void lvs_services_collect(struct lvs_services *services)
{
	lvs_trash_collect(services);
	lvs_retire_collect(services);
}

static const struct lvs_service_set *match_leaf(const struct lvs_services_root *root,
						const struct lvs_leaf *leaf)
{
	const struct lvs_service_private *service = lvs_tree_find(root->by_key, leaf);

	return service ? &service->set : NULL;
}

LVS_INLINE const struct lvs_service_set *match_port(const struct lvs_services *services,
						    const struct lvs_services_root *root,
						    const struct lvs_flow *flow, lvs_be16 port)
{
	struct lvs_leaf leaf;

	lvs_key_words(&services->hash, &flow->dst, 0,
		      lvs_key_rest(port, flow->protocol, flow->family), flow->family == LVS_INET6,
		      &leaf);
	return match_leaf(root, &leaf);
}

/* Ports below this are for servers alone, as the kernel sees it by default. */
#define UNPRIVILEGED_PORT 1024

static bool may_be_ftp_data(const struct lvs_flow *flow)
{
	unsigned port = lvs_ntohs(flow->dst_port);

	return flow->protocol == LVS_TCP &&
	       (port == LVS_FTP_DATA_PORT || port >= UNPRIVILEGED_PORT);
}

/* No service has the port for itself. */
static LVS_NOINLINE const struct lvs_service_set *match_wide(const struct lvs_services *services,
							     const struct lvs_services_root *root,
							     const struct lvs_flow *flow)
{
	int large = flow->family == LVS_INET6;
	const struct lvs_service_set *set = NULL;

	if (root->ftp_n[large] && may_be_ftp_data(flow))
		set = match_port(services, root, flow, lvs_htons(LVS_FTP_PORT));
	if (!set && root->every_n[large])
		set = match_port(services, root, flow, 0);
	return set;
}

const struct lvs_service_set *lvs_services_match(const struct lvs_services *services,
						 const struct lvs_flow *flow, uint32_t mark)
{
	static const union lvs_addr none;
	const struct lvs_services_root *root = lvs_services_root(services);
	int large = flow->family == LVS_INET6;
	const struct lvs_service_set *set;
	struct lvs_leaf leaf;

	if (mark && root->mark_n[large]) {
		lvs_key_words(&services->hash, &none, mark, lvs_key_rest(0, 0, flow->family), 0,
			      &leaf);
		set = match_leaf(root, &leaf);
		if (set)
			return set;
	}
	set = match_port(services, root, flow, flow->dst_port);
	return lvs_likely(set != NULL) ? set : match_wide(services, root, flow);
}

bool lvs_services_any(const struct lvs_services *services, unsigned family)
{
	return lvs_services_root(services)->family_n[family == LVS_INET6] != 0;
}

uint64_t lvs_services_removals(const struct lvs_services *services)
{
	return atomic_load_explicit(&services->removals, memory_order_acquire);
}

static bool is_known(const struct lvs_services *services, enum lvs_known_kind kind, unsigned family,
		     const union lvs_addr *addr)
{
	/* Only read; the cast is for who writes. */
	struct lvs_known *known = (struct lvs_known *)(uintptr_t)&services->known;

	return atomic_load_explicit(lvs_known_at(known, &services->hash, kind, family, addr),
				    memory_order_relaxed) != 0;
}

bool lvs_services_know_service(const struct lvs_services *services, unsigned family,
			       const union lvs_addr *addr)
{
	return is_known(services, LVS_KNOWN_SERVICE, family, addr);
}

bool lvs_services_know_dest(const struct lvs_services *services, unsigned family,
			    const union lvs_addr *addr)
{
	return is_known(services, LVS_KNOWN_DEST, family, addr);
}

struct lvs_dest *lvs_services_dest(const struct lvs_services *services, uint32_t number)
{
	return lvs_dest_at(&services->dests, number);
}

const struct lvs_forward_ops *lvs_services_forwarder(const struct lvs_services *services,
						     unsigned number)
{
	return lvs_forwarder_at(services, number);
}
