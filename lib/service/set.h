/* SPDX-License-Identifier: BSD-2-Clause */
/* A service's set: all that one commit says of it, in one piece of memory. */
#ifndef LVS_SERVICE_SET_H
#define LVS_SERVICE_SET_H

#include "service/meter.h"
#include "service/retire.h"
#include "service/service.h"
#include "service/tree.h"

/* Settings of a destination that neither the scheduler sees nor its forwarding method's number
 * says. */
struct lvs_dest_row {
	uint32_t upper;
	uint32_t lower;
	lvs_be16 tun_port;
	uint8_t tun_type;
	uint8_t tun_flags;
};

/* A destination that left a service and is not forgotten. */
struct lvs_past_row {
	uint32_t number;
	struct lvs_stats zero;
};

/* Traffic of a service by destinations that it no longer has. Immutable. */
struct lvs_past {
	struct lvs_retired retired;
	struct lvs_stats left; /* by those that are forgotten */
	uint32_t n;
	struct lvs_past_row row[];
};

/* Behind every leaf of this number of creation, before those of the next. */
LVS_INLINE struct lvs_leaf lvs_ident_leaf(uint64_t created)
{
	return (struct lvs_leaf){{(uint32_t)(created >> 32), (uint32_t)created, UINT32_MAX,
				  UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}};
}

LVS_INLINE uint64_t lvs_ident_created(const struct lvs_service_ident *ident)
{
	return (uint64_t)ident->created.high << 32 | ident->created.low;
}

/* NULL: nothing was counted. */
LVS_INLINE struct lvs_service_meter *lvs_ident_meter(const struct lvs_service_ident *ident)
{
	/* acquire: its zeroes; pairs with the release in lvs_ident_need_meter() */
	return atomic_load_explicit(&ident->meter, memory_order_acquire);
}

LVS_INLINE struct lvs_meter *lvs_ident_sum(const struct lvs_service_ident *ident)
{
	struct lvs_service_meter *meter = lvs_ident_meter(ident);

	return meter ? &meter->sum : NULL;
}

/* What few sets have. */
struct lvs_set_more {
	const struct lvs_stats *zero; /* counters when they began; NULL: all at nothing */
	struct lvs_dest_watch *watch; /* NULL: the scheduler does not ask */
	/* NULL when nothing is past. Replaced when a destination is forgotten; release, pairs with
	 * the acquire in a listing. */
	_Atomic(struct lvs_past *) past;
};

struct lvs_service_private {
	struct lvs_service_set set; /* its leaf comes first */
	struct lvs_set_more *more;  /* arrays by index of sched_set.dest[]; NULL: nothing. Owned. */
	struct lvs_retired retired;
};

_Static_assert(sizeof(struct lvs_service_private) == 176, "there are as many as services");

/* Where the parts of a set under construction are, to be filled. */
struct lvs_set_parts {
	struct lvs_sched_dest *sched;
	uint8_t *forwarder;
	struct lvs_dest_row *row;
	struct lvs_stats *zero; /* NULL: none has one */
};

/* A set for @p dest_n destinations, zeroed but for its pointers, or NULL. @p zero: some counters
 * did not begin at nothing. */
struct lvs_service_private *lvs_set_new(const struct lvs_alloc *alloc, uint32_t dest_n, bool zero,
					struct lvs_set_parts *parts);
/* What few have, made where there is none; NULL: no memory. */
struct lvs_set_more *lvs_set_need_more(const struct lvs_alloc *alloc,
				       struct lvs_service_private *service);
/* Allocates and builds the scheduler's state of a filled set; @p old may be NULL. */
int lvs_set_build(const struct lvs_alloc *alloc, struct lvs_service_private *service,
		  const struct lvs_service_private *old);
/* A filled and built set is about to come into force: its scheduler is told of loads that move. */
void lvs_set_watch(const struct lvs_service_private *service);
/* The ident stays. */
void lvs_set_del(const struct lvs_alloc *alloc, struct lvs_service_private *service);

/* @p created is that of its creation. NULL: no memory. */
struct lvs_service_ident *lvs_ident_new(struct lvs_services *services,
					const struct lvs_service_key *key, uint64_t created);
/* It is no service any more, and nobody can see that it was. NULL is fine. */
void lvs_ident_del(struct lvs_services *services, struct lvs_service_ident *ident);
/* A destination has its name, or no longer. */
void lvs_ident_hold(struct lvs_service_ident *ident);
void lvs_ident_let_go(struct lvs_services *services, struct lvs_service_ident *ident);

struct lvs_past *lvs_past_new(const struct lvs_alloc *alloc, uint32_t n);
void lvs_past_del(const struct lvs_alloc *alloc, struct lvs_past *past);

/* The settings of the @p i-th destination, as they were given, with nothing left out. */
void lvs_set_dest_conf(const struct lvs_services *services,
		       const struct lvs_service_private *service, uint32_t i,
		       struct lvs_dest_conf *conf);

/* All that a service's destinations have counted for it, those that it has no longer among them. */
void lvs_set_traffic(const struct lvs_services *services, const struct lvs_service_private *service,
		     struct lvs_stats *to);

/* The first index whose number of creation is below @p below: they fall from the head on. */
uint32_t lvs_set_first_below(const struct lvs_sched_set *set, uint64_t below);

/* For lvs_retire(). */
void lvs_set_free_retired(struct lvs_services *services, struct lvs_retired *retired);
/* The last of its service, of which nothing is left then. */
void lvs_set_free_last_retired(struct lvs_services *services, struct lvs_retired *retired);
void lvs_past_free_retired(struct lvs_services *services, struct lvs_retired *retired);

/* The counters of the @p i-th destination when they began. */
LVS_INLINE const struct lvs_stats *lvs_set_zero(const struct lvs_service_private *service,
						uint32_t i)
{
	static const struct lvs_stats nothing;

	return service->more && service->more->zero ? &service->more->zero[i] : &nothing;
}

/* Whom to tell of moves of the @p i-th destination's load; NULL: nobody. */
LVS_INLINE const struct lvs_dest_watch *lvs_set_watch_of(const struct lvs_service_private *service,
							 uint32_t i)
{
	return service->more && service->more->watch ? &service->more->watch[i] : NULL;
}

LVS_INLINE struct lvs_past *lvs_set_past(const struct lvs_service_private *service)
{
	if (!service->more)
		return NULL;
	/* acquire: pairs with the release in trash.c */
	return atomic_load_explicit(&service->more->past, memory_order_acquire);
}

#endif
