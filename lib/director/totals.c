/* SPDX-License-Identifier: BSD-2-Clause */
/* All traffic together: the sum over every number that a destination ever had. */
#include <string.h>

#include "director/worker.h"
#include "service/dest.h"

/* The lock for a part at a time: workers come and go meanwhile, and those who estimate rates do not
 * wait. What a worker leaves behind moves at once, so that each part has it once. */
static void sum(const struct lvs_director *director, struct lvs_stats *stats)
{
	pthread_mutex_t *lock = &director->self->workers_lock;
	uint32_t pages = lvs_director_counter_pages(director);

	memset(stats, 0, sizeof(*stats));
	for (uint32_t page = 0; page < pages; page++) {
		pthread_mutex_lock(lock);
		lvs_counters_add_page(&director->past, page, stats);
		for (const struct lvs_worker *worker = director->workers; worker;
		     worker = worker->next)
			lvs_counters_add_page(&worker->counters, page, stats);
		pthread_mutex_unlock(lock);
	}
}

int lvs_director_totals(const struct lvs_director *director, struct lvs_totals *totals)
{
	struct lvs_totals out = {.size = totals->size};
	struct lvs_stats since;

	if (totals->size < offsetof(struct lvs_totals, rates))
		return LVS_ERR_INVALID;
	lvs_meter_read_zero(&director->zero, &since);
	sum(director, &out.stats);
	lvs_stats_above(&out.stats, &since);
	lvs_services_rates(director->services, &out.rates);
	memcpy(totals, &out, totals->size < sizeof(out) ? totals->size : sizeof(out));
	return 0;
}

int lvs_director_zero(struct lvs_director *director, const struct lvs_service_key *service)
{
	int err = lvs_services_lock(director->services);
	struct lvs_stats now;

	if (err)
		return err;
	err = lvs_services_zero(director->services, service);
	if (!err && !service) {
		sum(director, &now);
		lvs_meter_set_zero(&director->zero, &now);
	}
	lvs_services_unlock(director->services);
	return err;
}
