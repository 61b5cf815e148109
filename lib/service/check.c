/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether everything agrees with everything else. For tests and for checks on a running director.
 */
#include "base/byteorder.h"
#include "service/server.h"
#include "service/speaker.h"

struct audit {
	struct lvs_services *services;
	const struct lvs_dest_count *count;
	uint32_t count_n;
	uint64_t total;                /* connections of the destinations that were met */
	uint32_t live_n;               /* destinations of services */
	struct lvs_services_root seen; /* what the root should count */
	uint64_t server_n;             /* destinations whose replies pass here */
	uint64_t speaker_n;            /* destinations that may begin connections */
};

static const char *check_gauge(struct audit *audit, struct lvs_dest *dest)
{
	struct lvs_dest_count none = {0};
	const struct lvs_dest_count *count =
		dest->number < audit->count_n ? &audit->count[dest->number] : &none;
	uint64_t load = lvs_gauge_load(&dest->gauge);
	uint32_t total = lvs_gauge_total(load);
	uint32_t upper = atomic_load_explicit(&dest->upper, memory_order_relaxed);
	uint32_t lower = atomic_load_explicit(&dest->lower, memory_order_relaxed);

	audit->total += (uint64_t)count->total + count->persistent;
	if (audit->count && total != count->total)
		return "a destination's total is not the number of its connections";
	if (audit->count && lvs_gauge_active(load) != count->active)
		return "a destination's active count is not that of its connections";
	/* relaxed: nobody moves it meanwhile */
	if (audit->count &&
	    atomic_load_explicit(&dest->persistent, memory_order_relaxed) != count->persistent)
		return "a destination's templates are miscounted";
	if (upper && total >= upper && !lvs_gauge_overloaded(load))
		return "a destination at its upper threshold is not overloaded";
	if ((!upper || total < lower) && lvs_gauge_overloaded(load))
		return "a destination below its lower threshold is overloaded";
	return NULL;
}

static const char *check_dest(struct audit *audit, const struct lvs_service_private *service,
			      uint32_t i)
{
	struct lvs_dest *dest = lvs_set_dest(&service->set, i);
	const struct lvs_sched_dest *sched = &service->set.sched_set.dest[i];
	bool is_server;

	if (!lvs_dest_available(dest) || lvs_dest_trashed(dest))
		return "a configured destination is not available";
	if (sched->number != dest->number || sched->gauge != &dest->gauge ||
	    lvs_dest_at(&audit->services->dests, dest->number) != dest)
		return "a destination is not what its number finds";
	if (!dest->service ||
	    memcmp(&dest->service->key, &service->set.key, sizeof(service->set.key)) != 0)
		return "a destination is of another service";
	if (i > 0 && sched->created >= sched[-1].created)
		return "destinations are not the newest first";
	if (!lvs_path_is_right(audit->services, dest))
		return "a destination's path is not that of its address";
	if (!lvs_server_at(audit->services, service, i, &is_server) && is_server)
		return "a server whose replies pass here is not found by its address";
	if (!lvs_speaker_is_right(audit->services, service, i, &audit->speaker_n))
		return "a server that may begin connections is not found, or another is";
	audit->server_n += is_server;
	audit->live_n++;
	return check_gauge(audit, dest);
}

/* The scheduler's own opinion; it is told of the loads of those destinations that it has. */
static const char *check_sched(const struct lvs_service_private *service)
{
	const struct lvs_service_set *set = &service->set;
	const struct lvs_sched_ops *sched = set->conf.sched;

	for (uint32_t i = 0; i < set->sched_set.dest_n; i++) {
		const struct lvs_dest_watch *watch =
			atomic_load_explicit(&lvs_set_dest(set, i)->watch, memory_order_relaxed);

		if (watch != lvs_set_watch_of(service, i) ||
		    (watch && (watch->set != set || watch->index != i)))
			return "another scheduler is told of a destination's load";
	}
	if (sched->size < offsetof(struct lvs_sched_ops, check) + sizeof(sched->check) ||
	    !sched->check)
		return NULL;
	return sched->check(&set->sched_set, set->sched_state);
}

/* What has left it is remembered. */
static const char *check_past(const struct audit *audit, const struct lvs_service_private *service)
{
	const struct lvs_past *past = lvs_set_past(service);

	for (uint32_t i = 0; past && i < past->n; i++)
		if (!lvs_dest_trashed(lvs_dest_at(&audit->services->dests, past->row[i].number)))
			return "a service counts traffic of a destination that is forgotten";
	return NULL;
}

static const char *check_service(struct audit *audit, const struct lvs_service_ident *ident)
{
	const struct lvs_service_private *service = lvs_services_find(audit->services, &ident->key);
	const char *fault = NULL;
	uint32_t *counted;

	if (!service || service->set.ident != ident)
		return "a service is not found by its key";
	for (uint32_t i = 0; i < service->set.sched_set.dest_n && !fault; i++)
		fault = check_dest(audit, service, i);
	if (!fault)
		fault = check_sched(service);
	if (!fault)
		fault = check_past(audit, service);
	counted = lvs_services_count_of(&audit->seen, &ident->key);
	audit->seen.service_n++;
	audit->seen.family_n[ident->key.family == LVS_INET6]++;
	if (counted)
		++*counted;
	return fault;
}

static const char *check_services(struct audit *audit)
{
	const struct lvs_services_root *root = lvs_services_root(audit->services);
	struct lvs_leaf start = {{0}};
	const struct lvs_service_ident *ident = lvs_tree_next(root->by_created, &start);

	while (ident) {
		const char *fault = check_service(audit, ident);

		if (fault)
			return fault;
		ident = lvs_tree_next(root->by_created, &ident->leaf);
	}
	if (audit->seen.service_n != root->service_n ||
	    memcmp(audit->seen.mark_n, root->mark_n, sizeof(root->mark_n)) != 0 ||
	    memcmp(audit->seen.ftp_n, root->ftp_n, sizeof(root->ftp_n)) != 0 ||
	    memcmp(audit->seen.every_n, root->every_n, sizeof(root->every_n)) != 0 ||
	    memcmp(audit->seen.family_n, root->family_n, sizeof(root->family_n)) != 0)
		return "the count of services is wrong";
	if (lvs_server_total(audit->services) != audit->server_n)
		return "a server that has gone is found by its address";
	if (lvs_speaker_total(audit->services) != audit->speaker_n)
		return "a server that has gone may begin connections";
	return NULL;
}

static const char *check_trash(struct audit *audit, uint32_t *n)
{
	const struct lvs_dest_trash *entry = audit->services->trash.first;

	for (*n = 0; entry; entry = entry->next, ++*n) {
		const char *fault = check_gauge(audit, entry->dest);

		if (fault)
			return fault;
		if (lvs_dest_available(entry->dest) || !entry->listed)
			return "a removed destination is available";
		if (entry->dest->trash != entry || !lvs_meter_of(&entry->dest->meter))
			return "a removed destination lacks what it needs";
		if (!lvs_path_is_right(audit->services, entry->dest))
			return "a removed destination's path is not that of its address";
		if (atomic_load_explicit(&entry->dest->watch, memory_order_relaxed))
			return "a scheduler is told of a removed destination's load";
	}
	return *n == audit->services->trash.n ? NULL : "the count of the trash is wrong";
}

static uint32_t free_numbers(const struct lvs_dest_pages *pages)
{
	uint32_t n = 0;

	for (uint32_t i = pages->free_first; i; i = lvs_dest_at(pages, i)->number)
		n++;
	return n;
}

static const char *check_numbers(const struct audit *audit, uint32_t trash_n)
{
	const struct lvs_dest_pages *pages = &audit->services->dests;
	uint32_t used = 0;

	for (uint32_t i = 1; i <= pages->used; i++)
		used += lvs_dest_at(pages, i)->service != NULL;
	if (used + free_numbers(pages) != pages->used)
		return "numbers of destinations are lost";
	/* The rest wait for their epoch. */
	if (audit->live_n + trash_n > used)
		return "there are more destinations than numbers";
	return NULL;
}

/* Every connection is one of a destination that is configured or waits in the trash. */
static const char *check_totals(const struct audit *audit)
{
	uint64_t total = 0;

	for (uint32_t i = 0; audit->count && i < audit->count_n; i++)
		total += (uint64_t)audit->count[i].total + audit->count[i].persistent;
	return total == audit->total ? NULL : "connections name a destination that is gone";
}

uint32_t lvs_services_dest_numbers(const struct lvs_services *services)
{
	return services->dests.used;
}

const char *lvs_services_check_locked(struct lvs_services *services,
				      const struct lvs_dest_count *count, uint32_t count_n)
{
	struct audit audit = {.services = services, .count = count, .count_n = count_n};
	uint32_t trash_n = 0;
	const char *fault;

	fault = check_gauge(&audit, lvs_dest_at(&services->dests, 0));
	if (!fault)
		fault = check_services(&audit);
	if (!fault)
		fault = check_trash(&audit, &trash_n);
	if (!fault)
		fault = check_numbers(&audit, trash_n);
	if (!fault)
		fault = check_totals(&audit);
	if (!fault)
		fault = lvs_meters_check(services);
	return fault;
}

const char *lvs_services_check(struct lvs_services *services, const struct lvs_dest_count *count,
			       uint32_t count_n)
{
	const char *fault;

	if (lvs_services_lock(services))
		return "a transaction of the same thread is open";
	fault = lvs_services_check_locked(services, count, count_n);
	lvs_services_unlock(services);
	return fault;
}
