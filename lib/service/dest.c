/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/dest.h"

#include "base/byteorder.h"
#include "base/memory.h"
#include "service/services.h"

#define PAGE_SIZE (sizeof(struct lvs_dest) * LVS_DEST_PAGE)

static int make_room(const struct lvs_alloc *alloc, struct lvs_dest_pages *pages, uint32_t number)
{
	uint32_t i = number >> LVS_DEST_PAGE_SHIFT;
	struct lvs_dest *page;

	if (i >= LVS_DEST_PAGES)
		return LVS_ERR_FULL;
	if (atomic_load_explicit(&pages->page[i], memory_order_relaxed))
		return 0;
	/* Left as it comes: a destination is written when its number is given out, so memory that
	 * nobody needs yet stays untouched. */
	page = lvs_mem_alloc(alloc, PAGE_SIZE, _Alignof(struct lvs_dest));
	if (!page)
		return LVS_ERR_NO_MEMORY;
	/* release: pairs with the acquire in lvs_dest_at() */
	atomic_store_explicit(&pages->page[i], page, memory_order_release);
	return 0;
}

static int take_number(struct lvs_services *services, uint32_t *number)
{
	struct lvs_dest_pages *pages = &services->dests;
	int err;

	*number = pages->free_first;
	if (*number) {
		pages->free_first = lvs_dest_at(pages, *number)->number;
		return 0;
	}
	err = make_room(services->conf.alloc, pages, pages->used + 1);
	if (!err)
		*number = ++pages->used;
	return err;
}

static void give_number(struct lvs_dest_pages *pages, uint32_t number)
{
	struct lvs_dest *dest = lvs_dest_at(pages, number);

	dest->service = NULL;
	dest->number = pages->free_first;
	pages->free_first = number;
}

static void init_dest(struct lvs_dest *dest, uint32_t number, const struct lvs_dest_key *key)
{
	atomic_init(&dest->flags, LVS_DEST_AVAILABLE);
	dest->number = number;
	atomic_init(&dest->path, NULL);
	dest->addr = key->addr;
	dest->port = key->port;
	dest->family = key->family;
	atomic_init(&dest->upper, 0);
	atomic_init(&dest->lower, 0);
	atomic_init(&dest->tunnel, 0);
	atomic_init(&dest->forwarder, 0);
	dest->gauge.word = 0;
	atomic_init(&dest->persistent, 0);
	atomic_init(&dest->watch, NULL);
	dest->service = NULL;
	atomic_init(&dest->meter, NULL);
	dest->trash = NULL;
	dest->kept = 0;
	dest->path_next = 0;
	dest->path_prev = 0;
}

int lvs_dest_init_own(struct lvs_services *services)
{
	static const struct lvs_dest_key nobody;
	int err = make_room(services->conf.alloc, &services->dests, 0);
	struct lvs_dest *dest;

	if (!err)
		err = services->conf.reserve(services->conf.user, 0);
	if (err)
		return err;
	services->own.conf.size = sizeof(services->own.conf);
	services->own.conf.mtu = services->conf.default_mtu;
	/* Never 0, and no lower than any. */
	atomic_init(&services->own.learned, UINT64_MAX);
	dest = lvs_dest_at(&services->dests, 0);
	init_dest(dest, 0, &nobody);
	atomic_init(&dest->path, &services->own.conf);
	return 0;
}

int lvs_dest_new(struct lvs_services *services, struct lvs_service_ident *service,
		 const struct lvs_dest_key *key, struct lvs_dest **dest)
{
	uint32_t number;
	int err = take_number(services, &number);

	if (err)
		return err;
	err = services->conf.reserve(services->conf.user, number);
	if (err)
		goto give;
	*dest = lvs_dest_at(&services->dests, number);
	init_dest(*dest, number, key);
	err = lvs_path_attach(services, *dest);
	if (err)
		goto give;
	lvs_ident_hold(service);
	(*dest)->service = service;
	lvs_services_know(services, LVS_KNOWN_DEST, key->family, &key->addr, 1);
	return 0;

give:
	give_number(&services->dests, number);
	return err;
}

void lvs_dest_del(struct lvs_services *services, struct lvs_dest *dest)
{
	const struct lvs_alloc *alloc = services->conf.alloc;

	lvs_services_know(services, LVS_KNOWN_DEST, dest->family, &dest->addr, UINT32_MAX);
	lvs_path_detach(services, dest);
	lvs_mem_free(alloc, dest->trash, sizeof(*dest->trash), _Alignof(struct lvs_dest_trash));
	lvs_meter_del(services, &dest->meter);
	lvs_ident_let_go(services, dest->service);
	give_number(&services->dests, dest->number);
}

void lvs_dest_pages_fini(const struct lvs_alloc *alloc, struct lvs_dest_pages *pages)
{
	for (unsigned i = 0; i < LVS_DEST_PAGES; i++)
		lvs_mem_free(alloc, atomic_load_explicit(&pages->page[i], memory_order_relaxed),
			     PAGE_SIZE, _Alignof(struct lvs_dest));
}

bool lvs_dest_is(const struct lvs_dest *dest, const struct lvs_dest_key *key)
{
	return dest->port == key->port && dest->family == key->family &&
	       lvs_addr_equal(&dest->addr, &key->addr, key->family);
}

void lvs_dest_service_key(const struct lvs_dest *dest, struct lvs_service_key *key)
{
	if (dest->service)
		*key = dest->service->key;
	else
		memset(key, 0, sizeof(*key));
}

void lvs_stats_add(struct lvs_stats *to, const struct lvs_stats *more)
{
	to->conns += more->conns;
	to->in_pkts += more->in_pkts;
	to->out_pkts += more->out_pkts;
	to->in_bytes += more->in_bytes;
	to->out_bytes += more->out_bytes;
}

static uint64_t above(uint64_t count, uint64_t base)
{
	return count > base ? count - base : 0;
}

void lvs_stats_above(struct lvs_stats *from, const struct lvs_stats *base)
{
	from->conns = above(from->conns, base->conns);
	from->in_pkts = above(from->in_pkts, base->in_pkts);
	from->out_pkts = above(from->out_pkts, base->out_pkts);
	from->in_bytes = above(from->in_bytes, base->in_bytes);
	from->out_bytes = above(from->out_bytes, base->out_bytes);
}

void lvs_stats_sub(struct lvs_stats *from, const struct lvs_stats *less)
{
	from->conns -= less->conns;
	from->in_pkts -= less->in_pkts;
	from->out_pkts -= less->out_pkts;
	from->in_bytes -= less->in_bytes;
	from->out_bytes -= less->out_bytes;
}
