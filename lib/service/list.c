/* SPDX-License-Identifier: BSD-2-Clause */
/* Listing what is in force, beside everything else. A cursor is a number of creation. */
#include "service/services.h"

#define IS_LAST(type, member) (offsetof(type, member) + sizeof(((type *)0)->member) == sizeof(type))

/* A field that is added to what stands within another structure must move nothing there. */
_Static_assert(IS_LAST(struct lvs_service_info, conf), "what grows is last");
_Static_assert(IS_LAST(struct lvs_dest_info, conf), "what grows is last");

static void add_traffic(const struct lvs_services *services, uint32_t number,
			const struct lvs_stats *zero, struct lvs_stats *to)
{
	struct lvs_stats stats = {0};

	services->conf.stats(services->conf.user, number, &stats);
	lvs_stats_sub(&stats, zero);
	lvs_stats_add(to, &stats);
}

void lvs_set_traffic(const struct lvs_services *services, const struct lvs_service_private *service,
		     struct lvs_stats *to)
{
	const struct lvs_past *past = lvs_set_past(service);

	memset(to, 0, sizeof(*to));
	for (uint32_t i = 0; i < service->set.sched_set.dest_n; i++)
		add_traffic(services, service->set.sched_set.dest[i].number,
			    lvs_set_zero(service, i), to);
	if (!past)
		return;
	for (uint32_t i = 0; i < past->n; i++)
		add_traffic(services, past->row[i].number, &past->row[i].zero, to);
	lvs_stats_add(to, &past->left);
}

static void fill_service(const struct lvs_services *services,
			 const struct lvs_service_private *service, struct lvs_service_info *info)
{
	struct lvs_stats since;

	info->dest_n = service->set.sched_set.dest_n;
	info->key = service->set.key;
	info->conf = service->set.conf;
	/* Where it begins first: what is read behind that is not less. */
	lvs_meter_read(lvs_ident_sum(service->set.ident), &info->rates, &since);
	lvs_set_traffic(services, service, &info->stats);
	lvs_stats_above(&info->stats, &since);
}

int lvs_services_next_service(const struct lvs_services *services, struct lvs_epoch_reader *reader,
			      struct lvs_cursor *cursor, struct lvs_service_info *info)
{
	const struct lvs_services_root *root;
	const struct lvs_service_ident *ident;
	struct lvs_leaf leaf;

	if (!cursor || !info || info->size < sizeof(*info))
		return LVS_ERR_INVALID;
	lvs_epoch_enter(services->conf.epoch, reader);
	root = lvs_services_root(services);
	leaf = lvs_ident_leaf(cursor->position[0]);
	ident = lvs_tree_next(root->by_created, &leaf);
	if (ident) {
		cursor->position[0] = lvs_ident_created(ident);
		lvs_key_leaf(&services->hash, &ident->key, &leaf);
		fill_service(services, lvs_tree_find(root->by_key, &leaf), info);
	}
	lvs_epoch_exit(reader);
	return ident != NULL;
}

int lvs_services_get_service(const struct lvs_services *services, struct lvs_epoch_reader *reader,
			     const struct lvs_service_key *key, struct lvs_service_info *info)
{
	const struct lvs_service_private *service;
	struct lvs_service_key normal;

	if (!key || !info || info->size < sizeof(*info))
		return LVS_ERR_INVALID;
	lvs_service_key_normal(key, &normal);
	lvs_epoch_enter(services->conf.epoch, reader);
	service = lvs_services_find(services, &normal);
	if (service)
		fill_service(services, service, info);
	lvs_epoch_exit(reader);
	return service ? 0 : LVS_ERR_NO_SERVICE;
}

static void fill_dest(const struct lvs_services *services,
		      const struct lvs_service_private *service, uint32_t i,
		      struct lvs_dest_info *info)
{
	const struct lvs_sched_dest *sched = &service->set.sched_set.dest[i];
	struct lvs_dest *dest = lvs_set_dest(&service->set, i);
	struct lvs_stats since;
	uint64_t load = lvs_gauge_load(&dest->gauge);
	uint32_t active = lvs_gauge_active(load);
	uint32_t total = lvs_gauge_total(load);

	info->active = active;
	info->inactive = total > active ? total - active : 0;
	/* relaxed: a count */
	info->persistent = atomic_load_explicit(&dest->persistent, memory_order_relaxed);
	info->overloaded = (uint32_t)lvs_gauge_overloaded(load);
	info->reserved = 0;
	memset(&info->key, 0, sizeof(info->key));
	info->key.addr = sched->addr;
	info->key.port = sched->port;
	info->key.family = (uint8_t)sched->family;
	lvs_set_dest_conf(services, service, i, &info->conf);
	lvs_meter_read(lvs_meter_of(&dest->meter), &info->rates, &since);
	services->conf.stats(services->conf.user, sched->number, &info->stats);
	lvs_stats_above(&info->stats, &since);
}

static int next_dest(const struct lvs_services *services, const struct lvs_service_key *key,
		     struct lvs_cursor *cursor, struct lvs_dest_info *info)
{
	const struct lvs_service_private *service = lvs_services_find(services, key);
	uint64_t below = cursor->position[0] ? cursor->position[0] : UINT64_MAX;
	uint32_t i;

	if (!service)
		return LVS_ERR_NO_SERVICE;
	i = lvs_set_first_below(&service->set.sched_set, below);
	if (i == service->set.sched_set.dest_n)
		return 0;
	cursor->position[0] = service->set.sched_set.dest[i].created;
	fill_dest(services, service, i, info);
	return 1;
}

int lvs_services_next_dest(const struct lvs_services *services, struct lvs_epoch_reader *reader,
			   const struct lvs_service_key *key, struct lvs_cursor *cursor,
			   struct lvs_dest_info *info)
{
	struct lvs_service_key normal;
	int found;

	if (!key || !cursor || !info || info->size < sizeof(*info))
		return LVS_ERR_INVALID;
	lvs_service_key_normal(key, &normal);
	lvs_epoch_enter(services->conf.epoch, reader);
	found = next_dest(services, &normal, cursor, info);
	lvs_epoch_exit(reader);
	return found;
}
