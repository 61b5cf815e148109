/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/server.h"

#include <assert.h>

#include "base/byteorder.h"
#include "base/memory.h"

static void free_server(struct lvs_services *services, struct lvs_server *server)
{
	lvs_mem_free(services->conf.alloc, server, sizeof(*server), _Alignof(struct lvs_server));
}

static void free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	free_server(services, LVS_CONTAINER(retired, struct lvs_server, retired));
}

static void fill_leaf(const struct lvs_services *services, const union lvs_addr *addr,
		      lvs_be16 port, uint8_t protocol, uint8_t family, struct lvs_leaf *leaf)
{
	lvs_key_words(&services->hash, addr, 0, lvs_key_rest(port, protocol, family),
		      family == LVS_INET6, leaf);
}

/* A new one, of this edit, in the place of @p old. */
static int put(struct lvs_server_edit *edit, struct lvs_tree_node **servers,
	       const struct lvs_leaf *leaf, struct lvs_server *old, uint32_t n)
{
	struct lvs_services *services = edit->services;
	struct lvs_server *server =
		lvs_mem_zalloc(services->conf.alloc, sizeof(*server), _Alignof(struct lvs_server));
	int err;

	if (!server)
		return LVS_ERR_NO_MEMORY;
	server->leaf = *leaf;
	server->stamp = edit->tree->stamp;
	server->n = n;
	err = lvs_tree_put(edit->tree, servers, &server->leaf);
	if (err) {
		free_server(services, server);
		return err;
	}
	server->next = edit->made;
	edit->made = server;
	if (old)
		lvs_retire_add(&edit->tree->replaced, &old->retired, free_retired);
	return 0;
}

/* @p more is 1 or -1 destinations. */
static int change(struct lvs_server_edit *edit, struct lvs_tree_node **servers,
		  const struct lvs_leaf *leaf, int more)
{
	struct lvs_server *old = lvs_tree_find(*servers, leaf);
	uint32_t n = (old ? old->n : 0) + (uint32_t)more;
	bool own = old && old->stamp == edit->tree->stamp;
	int err;

	assert(old || more > 0);
	if (n > 0 && !own)
		return put(edit, servers, leaf, old, n);
	if (n == 0) {
		err = lvs_tree_take(edit->tree, servers, leaf);
		if (err)
			return err;
		if (!own)
			lvs_retire_add(&edit->tree->replaced, &old->retired, free_retired);
	}
	if (own)
		old->n = n; /* nobody has seen it */
	return 0;
}

static bool is_server(const struct lvs_services *services,
		      const struct lvs_service_private *service, uint32_t i)
{
	return service &&
	       lvs_services_forwarder(services, lvs_set_forwarder(&service->set, i))->flags &
		       LVS_FORWARD_TWO_WAY;
}

static void leaf_of(const struct lvs_services *services, const struct lvs_service_private *service,
		    uint32_t i, struct lvs_leaf *leaf)
{
	const struct lvs_sched_dest *dest = &service->set.sched_set.dest[i];
	const struct lvs_service_key *key = &service->set.key;

	fill_leaf(services, &dest->addr, dest->port, key->fwmark ? 0 : key->protocol,
		  (uint8_t)dest->family, leaf);
}

/* The @p i-th destination of @p service comes or goes. */
static int move(struct lvs_server_edit *edit, struct lvs_tree_node **servers,
		const struct lvs_service_private *service, uint32_t i, int more)
{
	struct lvs_leaf leaf;

	leaf_of(edit->services, service, i, &leaf);
	return change(edit, servers, &leaf, more);
}

/* The number of creation of the @p i-th destination; 0 behind the last. */
static uint64_t created(const struct lvs_service_private *service, uint32_t i)
{
	const struct lvs_sched_set *set = service ? &service->set.sched_set : NULL;

	return set && i < set->dest_n ? set->dest[i].created : 0;
}

/* Both lists from the newest on: what stands in one alone, and what another method has now. */
int lvs_server_plant(struct lvs_server_edit *edit, struct lvs_tree_node **servers,
		     const struct lvs_service_private *base, const struct lvs_service_private *made)
{
	uint32_t i = 0, j = 0;
	int err = 0;

	while (!err && (created(base, i) || created(made, j))) {
		bool in_base = created(base, i) >= created(made, j);
		bool in_made = created(made, j) >= created(base, i);
		bool was = in_base && is_server(edit->services, base, i);
		bool is = in_made && is_server(edit->services, made, j);

		if (was && !is)
			err = move(edit, servers, base, i, -1);
		if (is && !was)
			err = move(edit, servers, made, j, 1);
		i += in_base;
		j += in_made;
	}
	return err;
}

void lvs_server_done(const struct lvs_server_edit *edit)
{
	struct lvs_server *next;

	for (struct lvs_server *server = edit->made; server; server = next) {
		next = server->next;
		/* Made and taken out again by the same commit. */
		if (server->n == 0)
			free_server(edit->services, server);
	}
}

void lvs_server_abort(const struct lvs_server_edit *edit)
{
	struct lvs_server *next;

	for (struct lvs_server *server = edit->made; server; server = next) {
		next = server->next;
		free_server(edit->services, server);
	}
}

void lvs_server_fini(struct lvs_services *services, struct lvs_tree_node *servers)
{
	struct lvs_leaf start = {{0}};
	struct lvs_server *server = lvs_tree_next(servers, &start);

	while (server) {
		/* The way to the next is found by this one, which must still be there. */
		struct lvs_server *next = lvs_tree_next(servers, &server->leaf);

		free_server(services, server);
		server = next;
	}
}

bool lvs_services_is_server(const struct lvs_services *services, const struct lvs_flow *flow)
{
	const struct lvs_tree_node *servers = lvs_services_root(services)->servers;
	struct lvs_leaf leaf;

	fill_leaf(services, &flow->src, flow->src_port, flow->protocol, flow->family, &leaf);
	if (lvs_tree_find(servers, &leaf))
		return true;
	fill_leaf(services, &flow->src, flow->src_port, 0, flow->family, &leaf);
	return lvs_tree_find(servers, &leaf) != NULL;
}

uint32_t lvs_server_at(const struct lvs_services *services,
		       const struct lvs_service_private *service, uint32_t i, bool *expected)
{
	const struct lvs_server *server;
	struct lvs_leaf leaf;

	*expected = is_server(services, service, i);
	if (!*expected)
		return 0;
	leaf_of(services, service, i, &leaf);
	server = lvs_tree_find(lvs_services_root(services)->servers, &leaf);
	return server ? server->n : 0;
}

uint64_t lvs_server_total(const struct lvs_services *services)
{
	const struct lvs_tree_node *servers = lvs_services_root(services)->servers;
	struct lvs_leaf start = {{0}};
	const struct lvs_server *server = lvs_tree_next(servers, &start);
	uint64_t total = 0;

	for (; server; server = lvs_tree_next(servers, &server->leaf))
		total += server->n;
	return total;
}
