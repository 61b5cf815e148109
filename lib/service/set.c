/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/set.h"

#include "base/memory.h"
#include "service/services.h"

#define SET_ALIGN LVS_CACHE_LINE

/* One piece: the service, what the scheduler sees, numbers of forwarding methods, rows. */
static size_t row_at(uint32_t dest_n)
{
	size_t before = sizeof(struct lvs_service_private) +
			dest_n * (sizeof(struct lvs_sched_dest) + sizeof(uint8_t));
	size_t align = _Alignof(struct lvs_dest_row);

	return (before + align - 1) & ~(align - 1);
}

static size_t size_of(uint32_t dest_n)
{
	return row_at(dest_n) + dest_n * sizeof(struct lvs_dest_row);
}

static const struct lvs_dest_row *row_of(const struct lvs_service_private *service, uint32_t i)
{
	const uint8_t *from = (const uint8_t *)service + row_at(service->set.sched_set.dest_n);

	return (const struct lvs_dest_row *)(const void *)from + i;
}

struct lvs_set_more *lvs_set_need_more(const struct lvs_alloc *alloc,
				       struct lvs_service_private *service)
{
	if (!service->more)
		service->more = lvs_mem_zalloc(alloc, sizeof(*service->more),
					       _Alignof(struct lvs_set_more));
	return service->more;
}

static void free_more(const struct lvs_alloc *alloc, struct lvs_set_more *more, uint32_t dest_n)
{
	struct lvs_stats *zero = more ? (struct lvs_stats *)(uintptr_t)more->zero : NULL;

	if (!more)
		return;
	lvs_mem_free(alloc, zero, dest_n * sizeof(*zero), _Alignof(struct lvs_stats));
	lvs_mem_free(alloc, more->watch, dest_n * sizeof(*more->watch),
		     _Alignof(struct lvs_dest_watch));
	/* relaxed: nobody replaces it any more */
	lvs_past_del(alloc, atomic_load_explicit(&more->past, memory_order_relaxed));
	lvs_mem_free(alloc, more, sizeof(*more), _Alignof(struct lvs_set_more));
}

static struct lvs_stats *new_zero(const struct lvs_alloc *alloc,
				  struct lvs_service_private *service, uint32_t dest_n)
{
	struct lvs_set_more *more = lvs_set_need_more(alloc, service);
	struct lvs_stats *zero = NULL;

	if (more)
		zero = lvs_mem_zalloc(alloc, dest_n * sizeof(*zero), _Alignof(struct lvs_stats));
	if (zero)
		more->zero = zero;
	return zero;
}

struct lvs_service_private *lvs_set_new(const struct lvs_alloc *alloc, uint32_t dest_n, bool zero,
					struct lvs_set_parts *parts)
{
	struct lvs_service_private *service = lvs_mem_zalloc(alloc, size_of(dest_n), SET_ALIGN);

	if (!service)
		return NULL;
	parts->zero = zero ? new_zero(alloc, service, dest_n) : NULL;
	if (zero && !parts->zero) {
		free_more(alloc, service->more, dest_n);
		lvs_mem_free(alloc, service, size_of(dest_n), SET_ALIGN);
		return NULL;
	}
	parts->sched = (struct lvs_sched_dest *)(service + 1);
	parts->forwarder = (uint8_t *)(parts->sched + dest_n);
	service->set.sched_set.size = sizeof(service->set.sched_set);
	service->set.sched_set.dest_n = dest_n;
	service->set.sched_set.dest = parts->sched;
	parts->row = (struct lvs_dest_row *)(uintptr_t)row_of(service, 0);
	return service;
}

/* Whether the scheduler is to be told when a load has moved. */
static bool wants_moves(const struct lvs_service_private *service)
{
	const struct lvs_sched_ops *sched = service->set.conf.sched;

	return service->set.sched_state &&
	       sched->size >= offsetof(struct lvs_sched_ops, moved) + sizeof(sched->moved) &&
	       sched->moved;
}

static int make_watch(const struct lvs_alloc *alloc, struct lvs_service_private *service)
{
	uint32_t n = service->set.sched_set.dest_n;
	struct lvs_dest_watch *watch;

	if (n == 0 || !wants_moves(service))
		return 0;
	if (!lvs_set_need_more(alloc, service))
		return LVS_ERR_NO_MEMORY;
	watch = lvs_mem_alloc(alloc, n * sizeof(*watch), _Alignof(struct lvs_dest_watch));
	if (!watch)
		return LVS_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++)
		watch[i] = (struct lvs_dest_watch){&service->set, i};
	service->more->watch = watch;
	return 0;
}

void lvs_set_watch(const struct lvs_service_private *service)
{
	const struct lvs_service_set *set = &service->set;

	/* seq_cst: a worker moves a gauge, then asks whom to tell; we say whom, then have the gauge
	 * read. So a move that is told to nobody, or to a set before, is read here. */
	for (uint32_t i = 0; i < set->sched_set.dest_n; i++)
		atomic_store_explicit(&lvs_set_dest(set, i)->watch, lvs_set_watch_of(service, i),
				      memory_order_seq_cst);
	for (uint32_t i = 0; lvs_set_watch_of(service, 0) && i < set->sched_set.dest_n; i++)
		set->conf.sched->moved(&set->sched_set, set->sched_state, i);
}

int lvs_set_build(const struct lvs_alloc *alloc, struct lvs_service_private *service,
		  const struct lvs_service_private *old)
{
	const struct lvs_sched_ops *sched = service->set.conf.sched;
	struct lvs_service_set *set = &service->set;
	bool same = old && old->set.conf.sched == sched;
	int err = 0;

	size_t state_size = sched->state_size ? sched->state_size(&set->sched_set) : 0;

	if (state_size > UINT32_MAX)
		return LVS_ERR_NO_MEMORY;
	set->state_size = (uint32_t)state_size;
	if (state_size) {
		set->sched_state = lvs_mem_zalloc(alloc, state_size, LVS_CACHE_LINE);
		if (!set->sched_state)
			return LVS_ERR_NO_MEMORY;
	}
	err = make_watch(alloc, service);
	if (err)
		return err;
	if (sched->build)
		err = sched->build(set->sched_state, &set->sched_set,
				   same ? old->set.sched_state : NULL,
				   old ? &old->set.sched_set : NULL);
	set->built = err == 0;
	return err;
}

void lvs_set_del(const struct lvs_alloc *alloc, struct lvs_service_private *service)
{
	const struct lvs_service_set *set = &service->set;
	const struct lvs_sched_ops *sched = set->conf.sched;

	if (set->built && sched->fini)
		sched->fini(set->sched_state, &set->sched_set);
	lvs_mem_free(alloc, set->sched_state, set->state_size, LVS_CACHE_LINE);
	free_more(alloc, service->more, set->sched_set.dest_n);
	lvs_mem_free(alloc, service, size_of(set->sched_set.dest_n), SET_ALIGN);
}

void lvs_set_dest_conf(const struct lvs_services *services,
		       const struct lvs_service_private *service, uint32_t i,
		       struct lvs_dest_conf *conf)
{
	const struct lvs_dest_row *row = row_of(service, i);
	unsigned forwarder = lvs_set_forwarder(&service->set, i);
	bool own = forwarder >= LVS_METHOD_CUSTOM;

	*conf = (struct lvs_dest_conf){
		.size = sizeof(*conf),
		.method = own ? LVS_METHOD_CUSTOM : forwarder,
		.forward = own ? lvs_forwarder_at(services, forwarder) : NULL,
		.weight = service->set.sched_set.dest[i].weight,
		.upper = row->upper,
		.lower = row->lower,
		.tun_type = row->tun_type,
		.tun_flags = row->tun_flags,
		.tun_port = row->tun_port,
	};
}

uint32_t lvs_set_first_below(const struct lvs_sched_set *set, uint64_t below)
{
	uint32_t from = 0;
	uint32_t to = set->dest_n;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (set->dest[middle].created < below)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

void lvs_set_free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	lvs_set_del(services->conf.alloc,
		    LVS_CONTAINER(retired, struct lvs_service_private, retired));
}

struct lvs_service_ident *lvs_ident_new(struct lvs_services *services,
					const struct lvs_service_key *key, uint64_t created)
{
	struct lvs_service_ident *ident = lvs_mem_zalloc(services->conf.alloc, sizeof(*ident),
							 _Alignof(struct lvs_service_ident));

	if (!ident)
		return NULL;
	ident->created = (struct lvs_created){(uint32_t)(created >> 32), (uint32_t)created};
	ident->key = *key;
	ident->holds = 1;
	if (!key->fwmark)
		lvs_services_know(services, LVS_KNOWN_SERVICE, key->family, &key->addr, 1);
	return ident;
}

void lvs_ident_del(struct lvs_services *services, struct lvs_service_ident *ident)
{
	if (!ident)
		return;
	lvs_meter_forget(services, ident);
	if (!ident->key.fwmark)
		lvs_services_know(services, LVS_KNOWN_SERVICE, ident->key.family, &ident->key.addr,
				  UINT32_MAX);
	lvs_ident_meter_del(services, ident);
	lvs_ident_let_go(services, ident);
}

void lvs_ident_hold(struct lvs_service_ident *ident)
{
	ident->holds++;
}

void lvs_ident_let_go(struct lvs_services *services, struct lvs_service_ident *ident)
{
	if (--ident->holds == 0)
		lvs_mem_free(services->conf.alloc, ident, sizeof(*ident),
			     _Alignof(struct lvs_service_ident));
}

void lvs_set_free_last_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	struct lvs_service_ident *ident =
		LVS_CONTAINER(retired, struct lvs_service_private, retired)->set.ident;

	lvs_set_free_retired(services, retired);
	lvs_ident_del(services, ident);
}

static size_t past_size(uint32_t n)
{
	return sizeof(struct lvs_past) + n * sizeof(struct lvs_past_row);
}

struct lvs_past *lvs_past_new(const struct lvs_alloc *alloc, uint32_t n)
{
	struct lvs_past *past = lvs_mem_zalloc(alloc, past_size(n), _Alignof(struct lvs_past));

	if (past)
		past->n = n;
	return past;
}

void lvs_past_del(const struct lvs_alloc *alloc, struct lvs_past *past)
{
	if (past)
		lvs_mem_free(alloc, past, past_size(past->n), _Alignof(struct lvs_past));
}

void lvs_past_free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	lvs_past_del(services->conf.alloc, LVS_CONTAINER(retired, struct lvs_past, retired));
}
