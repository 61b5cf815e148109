/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/set.h"

#include "base/memory.h"
#include "service/services.h"

#define SET_ALIGN LVS_CACHE_LINE

static size_t align_up(size_t size)
{
	return (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
}

/* Takes room for one array from the front of what is left. */
static void *carve(uint8_t **from, size_t size)
{
	uint8_t *part = *from;

	*from += align_up(size);
	return part;
}

struct lvs_service_private *lvs_set_new(const struct lvs_alloc *alloc, uint32_t dest_n, bool zero,
					struct lvs_set_parts *parts)
{
	size_t size = align_up(sizeof(struct lvs_service_private)) +
		      align_up(dest_n * sizeof(*parts->sched)) +
		      align_up(dest_n * sizeof(*parts->dest)) +
		      align_up(zero ? dest_n * sizeof(*parts->zero) : 0) +
		      align_up(dest_n * sizeof(*parts->row) + dest_n);
	struct lvs_service_private *service = lvs_mem_zalloc(alloc, size, SET_ALIGN);
	uint8_t *from = (uint8_t *)service;

	if (!service)
		return NULL;
	carve(&from, sizeof(*service));
	parts->sched = carve(&from, dest_n * sizeof(*parts->sched));
	parts->dest = carve(&from, dest_n * sizeof(struct lvs_dest *));
	parts->zero = zero ? carve(&from, dest_n * sizeof(*parts->zero)) : NULL;
	parts->row = carve(&from, dest_n * sizeof(*parts->row) + dest_n);
	parts->forwarder = (uint8_t *)(parts->row + dest_n);
	service->size = size;
	service->row = parts->row;
	service->zero = parts->zero;
	service->set.priv = service;
	service->set.dest = parts->dest;
	service->set.forwarder = parts->forwarder;
	service->set.sched_set.size = sizeof(service->set.sched_set);
	service->set.sched_set.dest_n = dest_n;
	service->set.sched_set.dest = parts->sched;
	atomic_init(&service->past, NULL);
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

	if (n == 0 || !wants_moves(service))
		return 0;
	service->watch =
		lvs_mem_alloc(alloc, n * sizeof(*service->watch), _Alignof(struct lvs_dest_watch));
	if (!service->watch)
		return LVS_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++)
		service->watch[i] = (struct lvs_dest_watch){&service->set, i};
	return 0;
}

void lvs_set_watch(const struct lvs_service_private *service)
{
	const struct lvs_service_set *set = &service->set;

	/* seq_cst: a worker moves a gauge, then asks whom to tell; we say whom, then have the gauge
	 * read. So a move that is told to nobody, or to a set before, is read here. */
	for (uint32_t i = 0; i < set->sched_set.dest_n; i++)
		atomic_store_explicit(&set->dest[i]->watch,
				      service->watch ? &service->watch[i] : NULL,
				      memory_order_seq_cst);
	for (uint32_t i = 0; service->watch && i < set->sched_set.dest_n; i++)
		set->conf.sched->moved(&set->sched_set, set->sched_state, i);
}

int lvs_set_build(const struct lvs_alloc *alloc, struct lvs_service_private *service,
		  const struct lvs_service_private *old)
{
	const struct lvs_sched_ops *sched = service->set.conf.sched;
	struct lvs_service_set *set = &service->set;
	bool same = old && old->set.conf.sched == sched;
	int err = 0;

	service->state_size = sched->state_size ? sched->state_size(&set->sched_set) : 0;
	if (service->state_size) {
		set->sched_state = lvs_mem_zalloc(alloc, service->state_size, LVS_CACHE_LINE);
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
	service->built = err == 0;
	return err;
}

void lvs_set_del(const struct lvs_alloc *alloc, struct lvs_service_private *service)
{
	const struct lvs_sched_ops *sched = service->set.conf.sched;

	if (service->built && sched->fini)
		sched->fini(service->set.sched_state, &service->set.sched_set);
	lvs_mem_free(alloc, service->watch, service->set.sched_set.dest_n * sizeof(*service->watch),
		     _Alignof(struct lvs_dest_watch));
	lvs_mem_free(alloc, service->set.sched_state, service->state_size, LVS_CACHE_LINE);
	lvs_past_del(alloc, lvs_set_past(service));
	lvs_mem_free(alloc, service, service->size, SET_ALIGN);
}

void lvs_set_dest_conf(const struct lvs_services *services,
		       const struct lvs_service_private *service, uint32_t i,
		       struct lvs_dest_conf *conf)
{
	const struct lvs_dest_row *row = &service->row[i];
	unsigned forwarder = service->set.forwarder[i];
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
	ident->leaf = lvs_ident_leaf(created);
	ident->created = created;
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
	lvs_meter_del(services, &ident->meter.sum);
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

void lvs_ident_free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	lvs_ident_del(services, LVS_CONTAINER(retired, struct lvs_service_ident, retired));
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
