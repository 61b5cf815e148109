/* SPDX-License-Identifier: BSD-2-Clause */
/* Removed destinations: kept while connections refer to them, and a while longer. */
#include "base/byteorder.h"
#include "base/memory.h"
#include "base/tick.h"
#include "service/dest.h"
#include "service/services.h"

#define LOOK_NS (60ull * 1000000000) /* from one look of the kernel's to the next */
#define IDLE_LOOKS 2                 /* so many later it is forgotten */
#define LOOK_N 64                    /* destinations looked at in one control call */
#define IDLE_KEPT_N 16384            /* beyond so many, none waits for its 120 s */

static uint32_t hash_of(const struct lvs_services *services, const struct lvs_service_key *service,
			const struct lvs_dest_key *key)
{
	struct lvs_leaf of_service, leaf;

	lvs_key_leaf(&services->hash, service, &of_service);
	lvs_key_words(&services->hash, &key->addr, of_service.word[0],
		      lvs_key_rest(key->port, 0, key->family), key->family == LVS_INET6, &leaf);
	return leaf.word[0];
}

struct lvs_dest_trash *lvs_trash_find(const struct lvs_services *services,
				      const struct lvs_service_key *service,
				      const struct lvs_dest_key *key)
{
	struct lvs_map_link *link =
		lvs_map_first(&services->trash.map, hash_of(services, service, key));

	for (; link; link = lvs_map_next(link)) {
		struct lvs_dest_trash *entry = LVS_CONTAINER(link, struct lvs_dest_trash, link);

		if (memcmp(&entry->dest->service->key, service, sizeof(*service)) == 0 &&
		    lvs_dest_is(entry->dest, key))
			return entry;
	}
	return NULL;
}

static void append(struct lvs_trash *trash, struct lvs_dest_trash *entry)
{
	entry->next = NULL;
	entry->prev = trash->last;
	if (trash->last)
		trash->last->next = entry;
	else
		trash->first = entry;
	trash->last = entry;
}

static void unlink_from(struct lvs_trash *trash, struct lvs_dest_trash *entry)
{
	if (entry->prev)
		entry->prev->next = entry->next;
	else
		trash->first = entry->next;
	if (entry->next)
		entry->next->prev = entry->prev;
	else
		trash->last = entry->prev;
}

/* With a meter: what it has counted stays known, though nobody estimates it. */
int lvs_trash_prepare(struct lvs_services *services, struct lvs_dest *dest)
{
	struct lvs_dest_trash *entry = lvs_mem_zalloc(services->conf.alloc, sizeof(*entry),
						      _Alignof(struct lvs_dest_trash));

	if (!entry)
		return LVS_ERR_NO_MEMORY;
	entry->dest = dest;
	dest->trash = entry;
	return lvs_meter_need(services, &dest->meter) ? 0 : LVS_ERR_NO_MEMORY;
}

static void free_entry(struct lvs_services *services, struct lvs_dest *dest)
{
	lvs_mem_free(services->conf.alloc, dest->trash, sizeof(*dest->trash),
		     _Alignof(struct lvs_dest_trash));
	dest->trash = NULL;
}

void lvs_trash_unprepare(struct lvs_services *services, struct lvs_dest *dest)
{
	if (!lvs_dest_trashed(dest))
		free_entry(services, dest);
}

void lvs_trash_add(struct lvs_services *services, struct lvs_dest *dest)
{
	struct lvs_dest_trash *entry = dest->trash;
	struct lvs_dest_key key = {
		.addr = dest->addr,
		.port = dest->port,
		.family = (uint8_t)dest->family,
	};

	entry->listed = true;
	entry->last = services->conf.tick(services->conf.user);
	/* relaxed: what ends from now on is later */
	atomic_store_explicit(&dest->left, entry->last, memory_order_relaxed);
	if (services->trash.n == 0)
		services->trash.began = entry->last;
	append(&services->trash, entry);
	lvs_map_add(&services->trash.map, &entry->link,
		    hash_of(services, &dest->service->key, &key));
	services->trash.n++;
}

static void unlist(struct lvs_services *services, struct lvs_dest_trash *entry)
{
	entry->listed = false;
	unlink_from(&services->trash, entry);
	lvs_map_del(&services->trash.map, &entry->link);
	services->trash.n--;
}

void lvs_trash_del(struct lvs_services *services, struct lvs_dest *dest)
{
	unlist(services, dest->trash);
	free_entry(services, dest);
}

static struct lvs_dest_trash *row_entry(struct lvs_services *services,
					const struct lvs_past_row *row)
{
	return lvs_dest_at(&services->dests, row->number)->trash;
}

static uint32_t staying_n(struct lvs_services *services, const struct lvs_past *past)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < past->n; i++)
		n += !row_entry(services, &past->row[i])->leaving;
	return n;
}

/* What is past without those that are leaving: only their sum is kept. */
static struct lvs_past *past_without_leaving(struct lvs_services *services,
					     const struct lvs_past *past)
{
	struct lvs_past *next = lvs_past_new(services->conf.alloc, staying_n(services, past));
	uint32_t n = 0;

	if (!next)
		return NULL;
	next->left = past->left;
	for (uint32_t i = 0; i < past->n; i++) {
		struct lvs_dest_trash *entry = row_entry(services, &past->row[i]);
		struct lvs_stats stats = {0};

		if (!entry->leaving) {
			next->row[n++] = past->row[i];
			continue;
		}
		services->conf.stats(services->conf.user, past->row[i].number, &stats);
		lvs_stats_sub(&stats, &past->row[i].zero);
		lvs_stats_add(&next->left, &stats);
		entry->summed = true;
	}
	return next;
}

/* The service that it left, if that is still there. */
static struct lvs_service_private *its_service(const struct lvs_services *services,
					       const struct lvs_dest_trash *entry)
{
	struct lvs_service_private *service =
		lvs_services_find(services, &entry->dest->service->key);

	return service && lvs_ident_created(service->set.ident) == entry->service_number ? service
											 : NULL;
}

/* The service that it left, if that is still there, takes over its counters, and with them those
 * of all others that leave now: a service may lose thousands at once. */
static int hand_over_stats(struct lvs_services *services, struct lvs_dest_trash *entry)
{
	struct lvs_service_private *service = its_service(services, entry);
	struct lvs_past *past = service ? lvs_set_past(service) : NULL;
	struct lvs_past *next;

	if (entry->summed || !past)
		return 0;
	next = past_without_leaving(services, past);
	if (!next)
		return LVS_ERR_NO_MEMORY;
	/* release: pairs with the acquire in lvs_set_past() */
	atomic_store_explicit(&service->more->past, next, memory_order_release);
	lvs_retire(services, &past->retired, lvs_past_free_retired);
	return 0;
}

static void free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	lvs_dest_del(services, LVS_CONTAINER(retired, struct lvs_dest_trash, retired)->dest);
}

static bool referenced(struct lvs_services *services, const struct lvs_dest_trash *entry)
{
	/* The epoch first: after it nobody picks it any more, so what is zero stays zero. Relaxed:
	 * the epoch ordered what readers did before. */
	return !lvs_epoch_passed(services->conf.epoch, entry->removed_tag, NULL) ||
	       lvs_gauge_total(lvs_gauge_load(&entry->dest->gauge)) > 0 ||
	       atomic_load_explicit(&entry->dest->persistent, memory_order_relaxed) > 0;
}

static uint64_t ns_between(uint32_t from, uint32_t to)
{
	return (uint64_t)(to - from) << LVS_TICK_SHIFT;
}

/* The tick at which the last reference went. */
static uint32_t left_at(const struct lvs_dest_trash *entry)
{
	uint32_t left = atomic_load_explicit(&entry->dest->left, memory_order_relaxed);

	return lvs_tick_reached(left, entry->last) ? left : entry->last;
}

/*
 * The kernel looks at all of them once a minute, beginning a minute after the first came: one that
 * it finds unreferenced is forgotten at the second look after that. We look when we are called,
 * and say what it would have done by then.
 */
static bool idle_long(const struct lvs_services *services, const struct lvs_dest_trash *entry)
{
	const struct lvs_trash *trash = &services->trash;
	uint32_t now = services->conf.tick(services->conf.user);
	uint64_t looks = (ns_between(trash->began, left_at(entry)) + LOOK_NS - 1) / LOOK_NS;

	if (looks == 0)
		looks = 1;
	return ns_between(trash->began, now) >= (looks + IDLE_LOOKS) * LOOK_NS;
}

/* Whether the scheduler of the service that it left still thinks of it, as the kernel's lblc does.
 */
static bool remembered(const struct lvs_services *services, const struct lvs_dest_trash *entry)
{
	const struct lvs_service_private *service = its_service(services, entry);
	const struct lvs_sched_dest dest = {
		.addr = entry->dest->addr,
		.port = entry->dest->port,
		.family = entry->dest->family,
	};
	const struct lvs_sched_ops *sched = service ? service->set.conf.sched : NULL;

	return sched &&
	       sched->size >=
		       offsetof(struct lvs_sched_ops, remembers) + sizeof(sched->remembers) &&
	       sched->remembers &&
	       sched->remembers(&service->set.sched_set, service->set.sched_state, &dest);
}

/* Whether it may be forgotten. */
static bool look_at(struct lvs_services *services, struct lvs_dest_trash *entry)
{
	if (!referenced(services, entry)) {
		if (services->trash.n > IDLE_KEPT_N)
			return true;
		if (!idle_long(services, entry))
			return false;
		if (!remembered(services, entry))
			return true;
	}
	entry->last = services->conf.tick(services->conf.user);
	return false;
}

static void forget(struct lvs_services *services, struct lvs_dest_trash *entry)
{
	if (hand_over_stats(services, entry)) {
		entry->leaving = false; /* later, when there is memory */
		return;
	}
	unlist(services, entry);
	lvs_retire(services, &entry->retired, free_retired);
}

void lvs_trash_collect(struct lvs_services *services)
{
	struct lvs_trash *trash = &services->trash;
	uint32_t most = LOOK_N + (trash->n > IDLE_KEPT_N ? trash->n - IDLE_KEPT_N : 0);
	uint32_t n = trash->n < most ? trash->n : most;
	struct lvs_dest_trash *entry;

	for (uint32_t i = 0; i < n; i++) {
		entry = trash->first;
		entry->leaving = look_at(services, entry);
		unlink_from(trash, entry);
		append(trash, entry);
	}
	/* The same ones, which stand at the end now. */
	entry = trash->last;
	for (uint32_t i = 0; i < n; i++) {
		struct lvs_dest_trash *before = entry->prev;

		if (entry->leaving)
			forget(services, entry);
		entry = before;
	}
}
