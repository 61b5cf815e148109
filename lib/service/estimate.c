/* SPDX-License-Identifier: BSD-2-Clause */
/* Bringing rates up to now: slot by slot, service by service, in steps that can be interrupted. */
#include <limits.h>

#include "service/meters.h"

#define CHUNK 32       /* destinations whose counters are read at once */
#define LOCK_ROWS 512u /* destinations that are estimated while the lock is held, about */

enum outcome {
	ALL_DONE,
	NO_BUDGET,
	BUSY, /* somebody else is at the counters */
};

static void estimate_director(struct lvs_meters *meters)
{
	uint64_t due = lvs_meter_periods(LVS_METER_LAST, meters->at);

	if (!meters->live || due <= meters->done)
		return;
	lvs_rate_step(&meters->rate, &meters->pending, due - meters->done);
	meters->done = due;
	meters->pending = (struct lvs_stats){0};
	meters->live = !lvs_rate_is_zero(&meters->rate);
}

/* --- One service --- */

/* A meter comes with the first traffic. False: no memory; what came is not lost, the next visit
 * finds it. */
static bool has_meter(struct lvs_services *services, struct lvs_dest *dest,
		      const struct lvs_stats *now)
{
	return lvs_stats_none(now) || lvs_meter_need(services, &dest->meter);
}

static void estimate_dest(struct lvs_services *services, struct lvs_service_ident *ident,
			  struct lvs_dest *dest, const struct lvs_stats *now)
{
	struct lvs_meters *meters = &services->meters;
	struct lvs_meter *meter;
	struct lvs_stats came;

	meters->moves |= lvs_gauge_total(lvs_gauge_load(&dest->gauge)) > 0;
	if (!has_meter(services, dest, now)) {
		meters->moves = true;
		return;
	}
	meter = lvs_meter_of(&dest->meter);
	if (!meter)
		return;
	came = lvs_meter_take(&meter->last, now);
	lvs_rate_step(&meter->rate, &came, meters->due - lvs_ident_meter(ident)->done);
	lvs_stats_add(&lvs_ident_sum(ident)->pending, &came);
	meters->moves |= !lvs_stats_none(&came) || !lvs_rate_is_zero(&meter->rate);
}

/* Some of its destinations, from the newest on. */
static enum outcome estimate_some(struct lvs_services *services, struct lvs_service_ident *ident,
				  const struct lvs_service_private *service, uint32_t i, uint32_t n)
{
	const struct lvs_sched_dest *sched = &service->set.sched_set.dest[i];
	struct lvs_stats stats[CHUNK];
	uint32_t number[CHUNK];

	for (uint32_t j = 0; j < n; j++)
		number[j] = sched[j].number;
	if (!services->conf.sample(services->conf.user, number, n, stats))
		return BUSY;
	for (uint32_t j = 0; j < n; j++)
		estimate_dest(services, ident, lvs_set_dest(&service->set, i + j), &stats[j]);
	services->meters.below = sched[n - 1].created;
	return ALL_DONE;
}

static enum outcome estimate_dests(struct lvs_services *services, struct lvs_service_ident *ident,
				   const struct lvs_service_private *service, unsigned *budget)
{
	const struct lvs_sched_set *set = &service->set.sched_set;
	enum outcome outcome = ALL_DONE;
	uint32_t i = lvs_set_first_below(set, services->meters.below);

	while (i < set->dest_n && outcome == ALL_DONE) {
		uint32_t n = set->dest_n - i < CHUNK ? set->dest_n - i : CHUNK;

		if (*budget == 0)
			return NO_BUDGET;
		n = n < *budget ? n : *budget;
		outcome = estimate_some(services, ident, service, i, n);
		*budget -= n;
		i += n;
	}
	return outcome;
}

/* Out of the lists with the second visit in a row that saw nothing. */
static void rest(struct lvs_meters *meters, struct lvs_service_ident *ident)
{
	struct lvs_service_meter *meter = lvs_ident_meter(ident);
	/* relaxed, all: see lvs_services_stir() */
	bool queued = atomic_load_explicit(&ident->queued, memory_order_relaxed);

	if (meters->moves || !lvs_rate_is_zero(&meter->sum.rate)) {
		meter->resting = false;
		atomic_store_explicit(&ident->queued, 1, memory_order_relaxed);
	} else if (!meter->resting) {
		meter->resting = true;
		atomic_store_explicit(&ident->queued, 0, memory_order_relaxed);
	} else if (!queued) {
		lvs_meters_unlink(meters, ident);
	}
}

static void finish(struct lvs_meters *meters, struct lvs_service_ident *ident)
{
	struct lvs_service_meter *meter = lvs_ident_meter(ident);

	lvs_rate_step(&meter->sum.rate, &meter->sum.pending, meters->due - meter->done);
	lvs_meters_had_pending(meters, ident);
	meter->done = meters->due;
	meters->here = meter->next;
	meters->below = 0;
	rest(meters, ident);
}

static enum outcome visit(struct lvs_services *services, uint64_t target, unsigned *budget)
{
	struct lvs_meters *meters = &services->meters;
	struct lvs_service_ident *ident = meters->here;
	const struct lvs_service_private *service = lvs_services_find(services, &ident->key);
	enum outcome outcome;

	if (*budget == 0)
		return NO_BUDGET;
	if (!service || service->set.ident != ident) {
		/* It was removed, and goes with what it still had. */
		lvs_meters_had_pending(meters, ident);
		lvs_meters_unlink(meters, ident);
		return ALL_DONE;
	}
	if (meters->below == 0) {
		meters->due = lvs_meter_periods(lvs_meter_phase(ident), target);
		if (meters->due <= lvs_ident_meter(ident)->done) {
			meters->here = lvs_ident_meter(ident)->next;
			return ALL_DONE;
		}
		meters->below = UINT64_MAX;
		meters->moves = false;
		--*budget;
	}
	outcome = estimate_dests(services, ident, service, budget);
	if (outcome == ALL_DONE)
		finish(meters, ident);
	return outcome;
}

/* --- All --- */

static enum outcome do_slot(struct lvs_services *services, uint64_t target, unsigned *budget)
{
	struct lvs_meters *meters = &services->meters;
	enum outcome outcome = ALL_DONE;

	if (!meters->open) {
		meters->open = true;
		meters->here = meters->slot[(meters->at + 1) % LVS_METER_SLOTS];
		meters->below = 0;
	}
	while (meters->here && outcome == ALL_DONE)
		outcome = visit(services, target, budget);
	if (outcome != ALL_DONE)
		return outcome;
	meters->open = false;
	meters->at++;
	return ALL_DONE;
}

/* Up to the slot @p target. Late, each service is visited once and catches up by itself. */
static enum outcome estimate(struct lvs_services *services, uint64_t target, unsigned *budget)
{
	struct lvs_meters *meters = &services->meters;

	lvs_meters_drain(meters);
	if (!meters->until && target > meters->at + LVS_METER_SLOTS)
		meters->until = meters->at + LVS_METER_SLOTS;
	while (meters->at < target) {
		enum outcome outcome = do_slot(services, target, budget);

		if (outcome != ALL_DONE)
			return outcome;
		estimate_director(meters);
		if (meters->at == meters->until) {
			meters->until = 0;
			meters->at = target;
			estimate_director(meters);
		}
	}
	return ALL_DONE;
}

static bool is_off(const struct lvs_services *services)
{
	return services->conf.settings &&
	       lvs_read_relaxed(services->conf.settings->flags) & LVS_SET_NO_ESTIMATION;
}

uint64_t lvs_services_estimation(const struct lvs_services *services)
{
	/* relaxed: a hint, which the next call puts right */
	uint64_t next = atomic_load_explicit(&services->meters.next_ns, memory_order_relaxed);

	return next == UINT64_MAX || is_off(services) ? UINT64_MAX : next;
}

/* The lock is held for a part of it, so that control calls do not wait long. True: there is more
 * now; else *next is when. */
static bool estimate_part(struct lvs_services *services, uint64_t now_ns, unsigned *budget,
			  uint64_t *next)
{
	struct lvs_meters *meters = &services->meters;
	unsigned part = *budget < LOCK_ROWS ? *budget : LOCK_ROWS;
	uint64_t target = lvs_meter_slot(now_ns);
	unsigned left = part;
	enum outcome outcome;

	*next = now_ns;
	if (!lvs_spin_trylock(&meters->lock))
		return false;
	outcome = estimate(services, target, &left);
	if (outcome == ALL_DONE)
		*next = lvs_meters_next(meters);
	if (outcome == BUSY)
		*next = lvs_meter_time(target + 1);
	lvs_spin_unlock(&meters->lock);
	*budget -= part - left;
	return outcome == NO_BUDGET;
}

void lvs_services_estimate(struct lvs_services *services, uint64_t now_ns, unsigned budget)
{
	struct lvs_meters *meters = &services->meters;
	unsigned left = budget ? budget : UINT_MAX;
	uint64_t next;
	bool more;

	if (lvs_services_estimation(services) > now_ns)
		return;
	/* This worker does it. acquire: who was queued before is among the arrivals. */
	next = atomic_exchange_explicit(&meters->next_ns, UINT64_MAX, memory_order_acquire);
	for (more = next <= now_ns; more && left > 0;)
		more = estimate_part(services, now_ns, &left, &next);
	lvs_meters_lower(meters, next);
}
