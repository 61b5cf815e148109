/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether meters agree with services and with each other. For lvs_director_check(). */
#include "service/meters.h"

static const char *check_lists(const struct lvs_meters *meters)
{
	uint32_t n = 0;

	for (unsigned phase = 0; phase < LVS_METER_SLOTS; phase++) {
		struct lvs_service_ident *const *at = &meters->slot[phase];

		for (; *at; at = &lvs_ident_meter(*at)->next, n++) {
			const struct lvs_service_meter *meter = lvs_ident_meter(*at);

			if (!meter->linked || meter->at != at)
				return "a service's place among the rates is not where it says";
			if (lvs_meter_phase(*at) != phase)
				return "a service is estimated in another's time";
		}
	}
	return n == meters->n ? NULL : "the count of services with rates is wrong";
}

static bool is_quiet(const struct lvs_service_private *service)
{
	const struct lvs_meter *sum = lvs_ident_sum(service->set.ident);

	if (!lvs_meter_is_still(sum) || (sum && !lvs_stats_none(&sum->pending)))
		return false;
	for (uint32_t i = 0; i < service->set.sched_set.dest_n; i++) {
		const struct lvs_dest *dest = lvs_set_dest(&service->set, i);

		if (lvs_gauge_total(lvs_gauge_load(&dest->gauge)) > 0)
			return false;
	}
	return true;
}

static const char *check_last(const struct lvs_services *services,
			      const struct lvs_service_private *service)
{
	for (uint32_t i = 0; i < service->set.sched_set.dest_n; i++) {
		const struct lvs_dest *dest = lvs_set_dest(&service->set, i);
		const struct lvs_meter *meter = lvs_meter_of(&dest->meter);
		struct lvs_stats last, now;

		if (!meter)
			continue;
		last = meter->last;
		services->conf.stats(services->conf.user, dest->number, &now);
		lvs_stats_above(&last, &now);
		if (!lvs_stats_none(&last))
			return "a destination had counted more than it has";
	}
	return NULL;
}

static const char *check_service(const struct lvs_services *services,
				 const struct lvs_service_private *service)
{
	const struct lvs_service_ident *ident = service->set.ident;
	const struct lvs_service_meter *meter = lvs_ident_meter(ident);
	/* relaxed: workers are between two calls */
	bool queued = atomic_load_explicit(&ident->queued, memory_order_relaxed);

	if (!meter && queued)
		return "a service's rates are to be looked after, and it has none";
	/* Without a meter there was no memory for one when its first connection came. */
	if (meter && !meter->linked && !queued && !is_quiet(service))
		return "a service has traffic or connections and no rates";
	return check_last(services, service);
}

const char *lvs_meters_check(struct lvs_services *services)
{
	const struct lvs_services_root *root = lvs_services_root(services);
	struct lvs_leaf start = {{0}};
	const struct lvs_service_ident *ident = lvs_tree_next(root->by_created, &start);
	const char *fault;

	lvs_spin_lock(&services->meters.lock);
	fault = check_lists(&services->meters);
	for (; ident && !fault; ident = lvs_tree_next(root->by_created, &ident->leaf))
		fault = check_service(services, lvs_services_find(services, &ident->key));
	lvs_spin_unlock(&services->meters.lock);
	return fault;
}
