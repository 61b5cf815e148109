/* SPDX-License-Identifier: BSD-2-Clause */
/* Destinations as objects: found by number, never moved; and their control side. */
#ifndef LVS_SERVICE_DEST_H
#define LVS_SERVICE_DEST_H

#include "service/map.h"
#include "service/meter.h"
#include "service/path.h"
#include "service/retire.h"
#include "service/service.h"
#include "service/tree.h"

#define LVS_DEST_PAGE_SHIFT 9
#define LVS_DEST_PAGE (1u << LVS_DEST_PAGE_SHIFT)
#define LVS_DEST_PAGES 2048 /* as many as of counters: 2^20 destinations */

struct lvs_dest_pages {
	/* Written once each, the first at the beginning, others before a number in it is handed
	 * out; release, pairs with the acquire in lvs_dest_at(). */
	_Atomic(struct lvs_dest *) page[LVS_DEST_PAGES];
	uint32_t used;       /* numbers that were ever given out */
	uint32_t free_first; /* free numbers; each slot's `number` names the next; 0 ends */
};

/* What a removed destination has besides. Made by the commit that removes it, before it does. */
struct lvs_dest_trash {
	struct lvs_dest *dest;
	bool listed;             /* it is in the trash; else it is about to come there, or to go */
	bool leaving;            /* it is about to be forgotten */
	bool summed;             /* and its service has its counters already */
	uint32_t last;           /* tick: something referred to it, as far as was seen */
	uint64_t removed_tag;    /* nobody can pick it when this epoch has passed */
	uint64_t service_number; /* creation number of the service that it left */
	struct lvs_stats zero;   /* its counters when it was made */
	struct lvs_map_link link;
	struct lvs_dest_trash *next;
	struct lvs_dest_trash *prev;
	struct lvs_retired retired;
};

/* Destinations that were removed, the longest unseen first. Mutex held. */
struct lvs_trash {
	struct lvs_map map; /* by service and key */
	struct lvs_dest_trash *first;
	struct lvs_dest_trash *last;
	uint32_t n;
	uint32_t began; /* tick at which the first came: the kernel looks every minute from there */
};

/* @p number was given out. Any thread that knows the number from where it was published. */
LVS_INLINE struct lvs_dest *lvs_dest_at(const struct lvs_dest_pages *pages, uint32_t number)
{
	/* acquire: pairs with the release in dest.c */
	struct lvs_dest *page = atomic_load_explicit(&pages->page[number >> LVS_DEST_PAGE_SHIFT],
						     memory_order_acquire);

	return &page[number & (LVS_DEST_PAGE - 1)];
}

/*
 * Makes a destination of a service, available, with its path, not yet seen by anybody. @p dest is
 * set. 0, LVS_ERR_NO_MEMORY or LVS_ERR_FULL.
 */
int lvs_dest_new(struct lvs_services *services, struct lvs_service_ident *service,
		 const struct lvs_dest_key *key, struct lvs_dest **dest);
/*
 * Number 0: what goes to its own address (bypass). It is always there and available, belongs to no
 * service, and who follows its path finds that something was learned of it: the way that is meant
 * is the packet's (lvs_step_out()). 0 or LVS_ERR_NO_MEMORY.
 */
int lvs_dest_init_own(struct lvs_services *services);
/* Its number may be given out again. Nobody can see it. */
void lvs_dest_del(struct lvs_services *services, struct lvs_dest *dest);
/* Frees all memory of the pages; destinations in use must have gone. */
void lvs_dest_pages_fini(const struct lvs_alloc *alloc, struct lvs_dest_pages *pages);

/* Sets the thresholds and puts the overload flag right. Beside workers. */
void lvs_dest_set_thresholds(struct lvs_dest *dest, uint32_t upper, uint32_t lower);

bool lvs_dest_is(const struct lvs_dest *dest, const struct lvs_dest_key *key);

/* Whether it is in the trash. Mutex held. */
LVS_INLINE bool lvs_dest_trashed(const struct lvs_dest *dest)
{
	return dest->trash && dest->trash->listed;
}

LVS_INLINE bool lvs_stats_none(const struct lvs_stats *stats)
{
	return !(stats->conns | stats->in_pkts | stats->out_pkts | stats->in_bytes |
		 stats->out_bytes);
}

void lvs_stats_add(struct lvs_stats *to, const struct lvs_stats *more);
void lvs_stats_sub(struct lvs_stats *from, const struct lvs_stats *less);
/* The same where it may be that nothing is left. */
void lvs_stats_above(struct lvs_stats *from, const struct lvs_stats *base);

/* --- The trash --- */

/* A removed destination of this identity, or NULL; it stays there. Keys in their one form. */
struct lvs_dest_trash *lvs_trash_find(const struct lvs_services *services,
				      const struct lvs_service_key *service,
				      const struct lvs_dest_key *key);
/* Makes what a destination needs to be removed. 0 or LVS_ERR_NO_MEMORY. */
int lvs_trash_prepare(struct lvs_services *services, struct lvs_dest *dest);
/* It is not removed after all. */
void lvs_trash_unprepare(struct lvs_services *services, struct lvs_dest *dest);
/* It is removed, and was prepared. */
void lvs_trash_add(struct lvs_services *services, struct lvs_dest *dest);
/* It comes back, or goes for good. */
void lvs_trash_del(struct lvs_services *services, struct lvs_dest *dest);
/* Forgets some that are unreferenced long enough. */
void lvs_trash_collect(struct lvs_services *services);

#endif
