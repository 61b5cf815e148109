/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/path.h"

#include "base/byteorder.h"
#include "base/memory.h"
#include "service/services.h"

#define MTU_MIN 68 /* RFC 791: what every IPv4 link carries */

static uint32_t hash_of(const struct lvs_services *services, unsigned family,
			const union lvs_addr *addr)
{
	struct lvs_leaf leaf;

	lvs_key_words(&services->hash, addr, 0, family, family == LVS_INET6, &leaf);
	return leaf.word[0];
}

/* Behind a path that was set. */
struct address {
	union lvs_addr addr;
	uint32_t family;
};

static const union lvs_addr *addr_of(const struct lvs_path *path, unsigned *family)
{
	const struct address *behind = (const struct address *)(path + 1);

	*family = path->set ? behind->family : path->conf.next_hop_family;
	return path->set ? &behind->addr : &path->conf.next_hop;
}

static struct lvs_path *find(const struct lvs_services *services, unsigned family,
			     const union lvs_addr *addr)
{
	uint32_t hash = hash_of(services, family, addr);
	struct lvs_map_link *link = lvs_map_first(&services->paths, hash);

	for (; link; link = lvs_map_next(link)) {
		struct lvs_path *path = LVS_CONTAINER(link, struct lvs_path, link);
		unsigned its_family;
		const union lvs_addr *its_addr = addr_of(path, &its_family);

		if (its_family == family && lvs_addr_equal(its_addr, addr, family))
			return path;
	}
	return NULL;
}

static size_t size_of(bool set)
{
	return sizeof(struct lvs_path) + (set ? sizeof(struct address) : 0);
}

static void fill_conf(const struct lvs_services *services, unsigned family,
		      const union lvs_addr *addr, struct lvs_path_conf *conf)
{
	conf->size = sizeof(*conf);
	if (conf->mtu == 0)
		conf->mtu = services->conf.default_mtu;
	if (conf->next_hop_family == LVS_UNSPEC) {
		conf->next_hop_family = (uint8_t)family;
		memset(&conf->next_hop, 0, sizeof(conf->next_hop));
		memcpy(&conf->next_hop, addr, lvs_addr_len(family));
	}
}

/* @p conf, or the default where it is NULL, with nothing left open. */
static struct lvs_path *new_path(const struct lvs_services *services, unsigned family,
				 const union lvs_addr *addr, const struct lvs_path_conf *conf)
{
	struct lvs_path *path = lvs_mem_zalloc(services->conf.alloc, size_of(conf != NULL),
					       _Alignof(struct lvs_path));

	if (!path)
		return NULL;
	if (conf) {
		struct address *behind = (struct address *)(path + 1);

		path->conf = *conf;
		behind->family = family;
		memcpy(&behind->addr, addr, lvs_addr_len(family));
	}
	path->set = conf != NULL;
	fill_conf(services, family, addr, &path->conf);
	return path;
}

static void free_path(struct lvs_services *services, struct lvs_path *path, bool set)
{
	lvs_mem_free(services->conf.alloc, path, size_of(set), _Alignof(struct lvs_path));
}

static void free_set_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	free_path(services, LVS_CONTAINER(retired, struct lvs_path, retired), true);
}

static void free_default_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	free_path(services, LVS_CONTAINER(retired, struct lvs_path, retired), false);
}

static void link_in(struct lvs_services *services, struct lvs_path *path)
{
	unsigned family;
	const union lvs_addr *addr = addr_of(path, &family);

	lvs_map_add(&services->paths, &path->link, hash_of(services, family, addr));
}

static void drop(struct lvs_services *services, struct lvs_path *path)
{
	lvs_map_del(&services->paths, &path->link);
	free_path(services, path, path->set);
}

/* Frees what says nothing and serves nobody. */
static void drop_unused(struct lvs_services *services, struct lvs_path *path)
{
	if (!path->set && !path->dests)
		drop(services, path);
}

int lvs_path_attach(struct lvs_services *services, struct lvs_dest *dest)
{
	struct lvs_path *path = find(services, dest->family, &dest->addr);

	if (!path) {
		path = new_path(services, dest->family, &dest->addr, NULL);
		if (!path)
			return LVS_ERR_NO_MEMORY;
		link_in(services, path);
	}
	dest->path_prev = 0;
	dest->path_next = path->dests;
	if (path->dests)
		lvs_dest_at(&services->dests, path->dests)->path_prev = dest->number;
	path->dests = dest->number;
	/* relaxed: the destination is not yet published */
	atomic_store_explicit(&dest->path, &path->conf, memory_order_relaxed);
	return 0;
}

void lvs_path_detach(struct lvs_services *services, struct lvs_dest *dest)
{
	struct lvs_path *path = lvs_path_of(lvs_dest_path(dest));

	if (dest->path_prev)
		lvs_dest_at(&services->dests, dest->path_prev)->path_next = dest->path_next;
	else
		path->dests = dest->path_next;
	if (dest->path_next)
		lvs_dest_at(&services->dests, dest->path_next)->path_prev = dest->path_prev;
	drop_unused(services, path);
}

bool lvs_path_is_right(const struct lvs_services *services, const struct lvs_dest *dest)
{
	const struct lvs_path *path = find(services, dest->family, &dest->addr);
	const struct lvs_dest_pages *pages = &services->dests;

	if (!path || lvs_dest_path(dest) != &path->conf || path->conf.mtu == 0 ||
	    path->conf.next_hop_family == LVS_UNSPEC)
		return false;
	if (dest->path_next && lvs_dest_at(pages, dest->path_next)->path_prev != dest->number)
		return false;
	return dest->path_prev ? lvs_dest_at(pages, dest->path_prev)->path_next == dest->number
			       : path->dests == dest->number;
}

/* Workers see @p path from now on. */
static void publish(struct lvs_services *services, struct lvs_path *old, struct lvs_path *path)
{
	bool was_set = old->set;

	/* What was learned of the old way holds until it expires. relaxed: published below; what is
	 * learned meanwhile is learned again. */
	atomic_store_explicit(&path->learned,
			      atomic_load_explicit(&old->learned, memory_order_relaxed),
			      memory_order_relaxed);
	path->dests = old->dests;
	for (uint32_t number = path->dests; number;) {
		struct lvs_dest *dest = lvs_dest_at(&services->dests, number);

		/* release: pairs with the acquire in lvs_dest_path() */
		atomic_store_explicit(&dest->path, &path->conf, memory_order_release);
		number = dest->path_next;
	}
	lvs_map_del(&services->paths, &old->link);
	lvs_retire(services, &old->retired, was_set ? free_set_retired : free_default_retired);
}

static bool family_known(unsigned family)
{
	return family == LVS_INET || family == LVS_INET6;
}

static int validate(unsigned family, const struct lvs_path_conf *conf)
{
	static const uint8_t zero[sizeof(conf->reserved)];

	if (!family_known(family))
		return LVS_ERR_FAMILY;
	if (!conf)
		return 0;
	if (conf->size < sizeof(*conf) ||
	    (conf->flags & ~(uint32_t)(LVS_PATH_LOCAL | LVS_PATH_UNREACHABLE)) ||
	    (conf->mtu && conf->mtu < MTU_MIN) || memcmp(conf->reserved, zero, sizeof(zero)) != 0)
		return LVS_ERR_INVALID;
	if ((conf->source_family && !family_known(conf->source_family)) ||
	    (conf->next_hop_family && !family_known(conf->next_hop_family)))
		return LVS_ERR_FAMILY;
	return 0;
}

static int set_path(struct lvs_services *services, unsigned family, const union lvs_addr *addr,
		    const struct lvs_path_conf *conf)
{
	struct lvs_path *old = find(services, family, addr);
	struct lvs_path *path;

	if (!old && !conf)
		return 0;
	path = new_path(services, family, addr, conf);
	if (!path)
		return LVS_ERR_NO_MEMORY;
	if (old)
		publish(services, old, path);
	link_in(services, path);
	drop_unused(services, path);
	return 0;
}

int lvs_services_set_path(struct lvs_services *services, enum lvs_family family,
			  const union lvs_addr *addr, const struct lvs_path_conf *path)
{
	int err = addr ? validate(family, path) : LVS_ERR_INVALID;

	if (err)
		return err;
	err = lvs_services_lock(services);
	if (err)
		return err;
	lvs_services_collect(services);
	err = set_path(services, family, addr, path);
	lvs_services_unlock(services);
	return err;
}

void lvs_path_fini(struct lvs_services *services)
{
	for (uint32_t i = 0; i < services->paths.bucket_n; i++) {
		while (services->paths.bucket[i])
			drop(services,
			     LVS_CONTAINER(services->paths.bucket[i], struct lvs_path, link));
	}
}
