/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this folder share: the director's services, whole. */
#ifndef LVS_SERVICE_SERVICES_H
#define LVS_SERVICE_SERVICES_H

#include "base/byteorder.h"
#include "service/dest.h"
#include "service/key.h"
#include "service/known.h"
#include "service/map.h"
#include "service/meter.h"
#include "service/retire.h"
#include "service/service.h"
#include "service/set.h"
#include "service/tree.h"

/* What is in force. Immutable; workers reach everything from here. */
struct lvs_services_root {
	struct lvs_tree_node *by_key;     /* struct lvs_service_private */
	struct lvs_tree_node *by_created; /* struct lvs_service_ident */
	struct lvs_tree_node *timed;      /* as by_key, those whose scheduler goes by time */
	struct lvs_tree_node *servers;    /* struct lvs_server */
	struct lvs_tree_node *speakers;   /* struct lvs_speaker */
	uint32_t mark_n[2];               /* services with a mark: IPv4, IPv6 */
	uint32_t ftp_n[2];                /* on FTP's port, TCP: the same */
	uint32_t every_n[2];              /* of every port: the same */
	uint32_t family_n[2];             /* all: the same */
	uint32_t service_n;
	uint64_t version; /* of each root another: the edit that made it */
	struct lvs_retired retired;
};

struct lvs_services {
	/* release in commit, pairs with the acquire in lvs_services_root() */
	_Atomic(struct lvs_services_root *) root;
	struct lvs_key_hash hash; /* of services' keys */
	struct lvs_dest_pages dests;
	struct lvs_path own; /* of destination 0: it says nothing but to ask elsewhere */
	/* Appended to by control calls before a set that names the entry is published. */
	_Atomic(const struct lvs_forward_ops *) forwarder[LVS_FORWARDERS];
	struct lvs_known known; /* addresses of services and destinations */
	/* When a scheduler has something to do next. release in lvs_timed_due(), pairs with the
	 * acquire in lvs_services_expire(): who sees what it says sees the root before it. */
	_Atomic uint64_t timed_ns;
	struct lvs_meters meters;
	/* Destinations whose connections are to end: counts on. release in commit: they are not
	 * available any more; pairs with the acquire in lvs_services_removals(). */
	_Atomic uint64_t removals;

	struct lvs_services_conf conf;
	pthread_mutex_t mutex; /* all that follows, and every change of what stands above */
	struct lvs_retire_list retired;
	struct lvs_trash trash;
	struct lvs_map paths; /* struct lvs_path, by address */
	unsigned forwarder_n; /* numbers given out */
	uint64_t created;     /* the last number of creation of a service or destination */
	uint64_t stamp;       /* the last edit of a tree */
};

LVS_INLINE struct lvs_services_root *lvs_services_root(const struct lvs_services *services)
{
	/* acquire: pairs with the release in commit */
	return atomic_load_explicit(&services->root, memory_order_acquire);
}

/* The forwarding method of a number that a live connection holds. */
LVS_INLINE const struct lvs_forward_ops *lvs_forwarder_at(const struct lvs_services *services,
							  unsigned number)
{
	/* relaxed: the set or record that names the number was published after the entry */
	return atomic_load_explicit(&services->forwarder[number], memory_order_relaxed);
}

/* What a root counts services of. NULL: it does not count such a one by itself. */
LVS_INLINE uint32_t *lvs_services_count_of(struct lvs_services_root *root,
					   const struct lvs_service_key *key)
{
	unsigned large = key->family == LVS_INET6;

	if (key->fwmark)
		return &root->mark_n[large];
	if (key->port == 0)
		return &root->every_n[large];
	if (key->protocol == LVS_TCP && key->port == lvs_htons(LVS_FTP_PORT))
		return &root->ftp_n[large];
	return NULL;
}

/* The service of a key in its one form, or NULL. */
LVS_INLINE struct lvs_service_private *lvs_services_find(const struct lvs_services *services,
							 const struct lvs_service_key *key)
{
	struct lvs_leaf leaf;

	lvs_key_leaf(&services->hash, key, &leaf);
	return lvs_tree_find(lvs_services_root(services)->by_key, &leaf);
}

/* One service or destination more, or less, has an address. Mutex held. */
LVS_INLINE void lvs_services_know(struct lvs_services *services, enum lvs_known_kind kind,
				  unsigned family, const union lvs_addr *addr, uint32_t more)
{
	atomic_fetch_add_explicit(
		lvs_known_at(&services->known, &services->hash, kind, family, addr), more,
		memory_order_relaxed);
}

/* Frees what can be freed by now; each control call begins with it. Mutex held. */
void lvs_services_collect(struct lvs_services *services);

#endif
