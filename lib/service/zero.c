/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting from zero again: what there is becomes the base that listings subtract. */
#include <liblvs/error.h>

#include "service/services.h"

static bool is_family(unsigned family)
{
	return family == LVS_INET || family == LVS_INET6;
}

/* Makes the meters of what has counted something: who has none then is at zero now. */
static int need_meters(struct lvs_services *services, const struct lvs_service_private *service)
{
	struct lvs_stats now;
	int err = 0;

	for (uint32_t i = 0; i < service->set.sched_set.dest_n && !err; i++) {
		struct lvs_dest *dest = lvs_set_dest(&service->set, i);

		services->conf.stats(services->conf.user, dest->number, &now);
		if (!lvs_stats_none(&now) && !lvs_meter_need(services, &dest->meter))
			err = LVS_ERR_NO_MEMORY;
	}
	lvs_set_traffic(services, service, &now);
	if (!lvs_stats_none(&now) && !lvs_ident_need_meter(services, service->set.ident))
		err = LVS_ERR_NO_MEMORY;
	return err;
}

/* What came before is still part of the director's rates, which may not begin anew. */
static void zero_dest(struct lvs_services *services, struct lvs_dest *dest, struct lvs_stats *came)
{
	struct lvs_meter *meter = lvs_meter_of(&dest->meter);
	struct lvs_stats now, more;

	if (!meter)
		return;
	services->conf.stats(services->conf.user, dest->number, &now);
	lvs_spin_lock(&services->meters.lock);
	more = now;
	lvs_stats_above(&more, &meter->last);
	lvs_stats_add(came, &more);
	lvs_stats_add(&meter->last, &more);
	lvs_meter_set_zero(&meter->zero, &now);
	lvs_rate_clear(&meter->rate);
	lvs_spin_unlock(&services->meters.lock);
}

static void zero_service(struct lvs_services *services, const struct lvs_service_private *service)
{
	struct lvs_meter *meter = lvs_ident_sum(service->set.ident);
	struct lvs_stats sum, came = {0};

	for (uint32_t i = 0; i < service->set.sched_set.dest_n; i++)
		zero_dest(services, lvs_set_dest(&service->set, i), &came);
	lvs_set_traffic(services, service, &sum);
	if (meter)
		lvs_meter_set_zero(&meter->zero, &sum);
	lvs_meter_restart(services, service->set.ident, &came);
}

/* The service that was made next after @p ident (NULL: the first), or NULL. */
static const struct lvs_service_ident *next_after(const struct lvs_services *services,
						  const struct lvs_service_ident *ident)
{
	struct lvs_leaf start = {{0}};

	return lvs_tree_next(lvs_services_root(services)->by_created,
			     ident ? &ident->leaf : &start);
}

static int zero_all(struct lvs_services *services)
{
	const struct lvs_service_ident *ident;

	for (ident = next_after(services, NULL); ident; ident = next_after(services, ident))
		if (need_meters(services, lvs_services_find(services, &ident->key)))
			return LVS_ERR_NO_MEMORY;
	for (ident = next_after(services, NULL); ident; ident = next_after(services, ident))
		zero_service(services, lvs_services_find(services, &ident->key));
	lvs_meters_restart(services);
	return 0;
}

static int zero_one(struct lvs_services *services, const struct lvs_service_key *key)
{
	const struct lvs_service_private *service;
	struct lvs_service_key normal;

	if (!is_family(key->family))
		return LVS_ERR_FAMILY;
	lvs_service_key_normal(key, &normal);
	service = lvs_services_find(services, &normal);
	if (!service)
		return LVS_ERR_NO_SERVICE;
	if (need_meters(services, service))
		return LVS_ERR_NO_MEMORY;
	zero_service(services, service);
	return 0;
}

int lvs_services_zero(struct lvs_services *services, const struct lvs_service_key *key)
{
	lvs_services_collect(services);
	return key ? zero_one(services, key) : zero_all(services);
}

void lvs_services_rates(const struct lvs_services *services, struct lvs_rates *rates)
{
	lvs_rate_read(&services->meters.rate, rates);
}
