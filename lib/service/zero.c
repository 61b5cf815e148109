/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting from zero again: what there is becomes the base that listings subtract. */
#include "service/services.h"

static bool is_family(unsigned family)
{
	return family == LVS_INET || family == LVS_INET6;
}

/* What came before is still part of the director's rates, which may not begin anew. */
static void zero_dest(struct lvs_services *services, struct lvs_dest *dest, struct lvs_stats *came)
{
	struct lvs_meter *meter = &dest->priv->meter;
	struct lvs_stats now, more;

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
	struct lvs_service_meter *meter = &service->ident->meter;
	struct lvs_stats sum, came = {0};

	for (uint32_t i = 0; i < service->set.sched_set.dest_n; i++)
		zero_dest(services, service->set.dest[i], &came);
	lvs_set_traffic(services, service, &sum);
	lvs_meter_set_zero(&meter->zero, &sum);
	lvs_meter_restart(services, service->ident, &came);
}

static void zero_all(struct lvs_services *services)
{
	const struct lvs_services_root *root = lvs_services_root(services);
	struct lvs_leaf start = {{0}};
	const struct lvs_service_ident *ident = lvs_tree_next(root->by_created, &start);

	for (; ident; ident = lvs_tree_next(root->by_created, &ident->leaf))
		zero_service(services, lvs_services_find(services, &ident->key));
	lvs_meters_restart(services);
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
	zero_service(services, service);
	return 0;
}

int lvs_services_zero(struct lvs_services *services, const struct lvs_service_key *key)
{
	lvs_services_collect(services);
	if (key)
		return zero_one(services, key);
	zero_all(services);
	return 0;
}

void lvs_services_rates(const struct lvs_services *services, struct lvs_rates *rates)
{
	lvs_rate_read(&services->meters.rate, rates);
}
