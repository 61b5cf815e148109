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

static struct lvs_path *find(const struct lvs_services *services, unsigned family,
			     const union lvs_addr *addr)
{
	uint32_t hash = hash_of(services, family, addr);
	struct lvs_map_link *link = lvs_map_first(&services->paths, hash);

	for (; link; link = lvs_map_next(link)) {
		struct lvs_path *path = LVS_CONTAINER(link, struct lvs_path, link);

		if (path->family == family && lvs_addr_equal(&path->addr, addr, family))
			return path;
	}
	return NULL;
}

/* @p conf, or the default where it is NULL, with nothing left open. */
static struct lvs_path_object *new_object(const struct lvs_services *services, unsigned family,
					  const union lvs_addr *addr,
					  const struct lvs_path_conf *conf)
{
	struct lvs_path_object *object = lvs_mem_zalloc(services->conf.alloc, sizeof(*object),
							_Alignof(struct lvs_path_object));

	if (!object)
		return NULL;
	if (conf)
		object->conf = *conf;
	object->conf.size = sizeof(object->conf);
	if (object->conf.mtu == 0)
		object->conf.mtu = services->conf.default_mtu;
	if (object->conf.next_hop_family == LVS_UNSPEC) {
		object->conf.next_hop_family = (uint8_t)family;
		memset(&object->conf.next_hop, 0, sizeof(object->conf.next_hop));
		memcpy(&object->conf.next_hop, addr, lvs_addr_len(family));
	}
	return object;
}

static void free_object(struct lvs_services *services, struct lvs_path_object *object)
{
	lvs_mem_free(services->conf.alloc, object, sizeof(*object),
		     _Alignof(struct lvs_path_object));
}

static void free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	free_object(services, LVS_CONTAINER(retired, struct lvs_path_object, retired));
}

/* Takes @p object. */
static struct lvs_path *new_path(struct lvs_services *services, unsigned family,
				 const union lvs_addr *addr, struct lvs_path_object *object)
{
	struct lvs_path *path =
		lvs_mem_zalloc(services->conf.alloc, sizeof(*path), _Alignof(struct lvs_path));

	if (!path)
		return NULL;
	path->family = (uint8_t)family;
	memcpy(&path->addr, addr, lvs_addr_len(family));
	path->object = object;
	lvs_map_add(&services->paths, &path->link, hash_of(services, family, addr));
	return path;
}

/* Frees what says nothing and serves nobody. */
static void drop_unused(struct lvs_services *services, struct lvs_path *path)
{
	if (path->set || path->dests)
		return;
	lvs_map_del(&services->paths, &path->link);
	free_object(services, path->object);
	lvs_mem_free(services->conf.alloc, path, sizeof(*path), _Alignof(struct lvs_path));
}

int lvs_path_attach(struct lvs_services *services, struct lvs_dest_private *priv)
{
	struct lvs_dest *dest = priv->dest;
	struct lvs_path *path = find(services, dest->family, &dest->addr);

	if (!path) {
		struct lvs_path_object *object =
			new_object(services, dest->family, &dest->addr, NULL);

		path = object ? new_path(services, dest->family, &dest->addr, object) : NULL;
		if (!path) {
			lvs_mem_free(services->conf.alloc, object, sizeof(*object),
				     _Alignof(struct lvs_path_object));
			return LVS_ERR_NO_MEMORY;
		}
	}
	priv->path = path;
	priv->path_next = path->dests;
	if (path->dests)
		path->dests->path_at = &priv->path_next;
	priv->path_at = &path->dests;
	path->dests = priv;
	/* relaxed: the destination is not yet published */
	atomic_store_explicit(&dest->path, &path->object->conf, memory_order_relaxed);
	return 0;
}

void lvs_path_detach(struct lvs_services *services, struct lvs_dest_private *priv)
{
	*priv->path_at = priv->path_next;
	if (priv->path_next)
		priv->path_next->path_at = priv->path_at;
	drop_unused(services, priv->path);
}

/* Workers see @p object from now on. */
static void publish(struct lvs_services *services, struct lvs_path *path,
		    struct lvs_path_object *object)
{
	struct lvs_path_object *old = path->object;

	path->object = object;
	for (struct lvs_dest_private *priv = path->dests; priv; priv = priv->path_next)
		/* release: pairs with the acquire in lvs_dest_path() */
		atomic_store_explicit(&priv->dest->path, &object->conf, memory_order_release);
	lvs_retire(services, &old->retired, free_retired);
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
	struct lvs_path *path = find(services, family, addr);
	struct lvs_path_object *object;

	if (!path && !conf)
		return 0;
	object = new_object(services, family, addr, conf);
	if (!object)
		return LVS_ERR_NO_MEMORY;
	if (path) {
		publish(services, path, object);
	} else {
		path = new_path(services, family, addr, object);
		if (!path) {
			free_object(services, object);
			return LVS_ERR_NO_MEMORY;
		}
	}
	path->set = conf != NULL;
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
		while (services->paths.bucket[i]) {
			struct lvs_path *path =
				LVS_CONTAINER(services->paths.bucket[i], struct lvs_path, link);

			path->set = false;
			drop_unused(services, path);
		}
	}
}
