/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/meter.h"

#include "base/memory.h"
#include "service/meters.h"

/* --- Counters --- */

void lvs_meter_read_zero(const struct lvs_meter_zero *zero, struct lvs_stats *since)
{
	uint64_t count[LVS_RATE_N];

	for (unsigned i = 0; i < LVS_RATE_N; i++)
		/* acquire: the counters are read behind it, and are not less; see the struct */
		count[i] = atomic_load_explicit(&zero->count[i], memory_order_acquire);
	*since = (struct lvs_stats){.conns = count[LVS_RATE_CONNS],
				    .in_pkts = count[LVS_RATE_IN_PKTS],
				    .out_pkts = count[LVS_RATE_OUT_PKTS],
				    .in_bytes = count[LVS_RATE_IN_BYTES],
				    .out_bytes = count[LVS_RATE_OUT_BYTES]};
}

void lvs_meter_set_zero(struct lvs_meter_zero *zero, const struct lvs_stats *since)
{
	const uint64_t count[LVS_RATE_N] = {since->conns, since->in_pkts, since->out_pkts,
					    since->in_bytes, since->out_bytes};

	for (unsigned i = 0; i < LVS_RATE_N; i++)
		atomic_store_explicit(&zero->count[i], count[i], memory_order_release);
}

struct lvs_meter *lvs_meter_need(struct lvs_services *services, _Atomic(struct lvs_meter *) *at)
{
	const struct lvs_alloc *alloc = services->conf.alloc;
	struct lvs_meter *there = lvs_meter_of(at);
	struct lvs_meter *made;

	if (there)
		return there;
	made = lvs_mem_zalloc(alloc, sizeof(*made), _Alignof(struct lvs_meter));
	if (!made)
		return NULL;
	/* release: the zeroes, pairs with the acquire in lvs_meter_of(); acquire: those of another,
	 * who was first */
	if (atomic_compare_exchange_strong_explicit(at, &there, made, memory_order_release,
						    memory_order_acquire))
		return made;
	lvs_mem_free(alloc, made, sizeof(*made), _Alignof(struct lvs_meter));
	return there;
}

void lvs_meter_del(struct lvs_services *services, const _Atomic(struct lvs_meter *) *at)
{
	lvs_mem_free(services->conf.alloc, lvs_meter_of(at), sizeof(struct lvs_meter),
		     _Alignof(struct lvs_meter));
}

struct lvs_service_meter *lvs_ident_need_meter(struct lvs_services *services,
					       struct lvs_service_ident *ident)
{
	const struct lvs_alloc *alloc = services->conf.alloc;
	struct lvs_service_meter *there = lvs_ident_meter(ident);
	struct lvs_service_meter *made;

	if (there)
		return there;
	made = lvs_mem_zalloc(alloc, sizeof(*made), _Alignof(struct lvs_service_meter));
	if (!made)
		return NULL;
	/* As lvs_meter_need(). */
	if (atomic_compare_exchange_strong_explicit(&ident->meter, &there, made,
						    memory_order_release, memory_order_acquire))
		return made;
	lvs_mem_free(alloc, made, sizeof(*made), _Alignof(struct lvs_service_meter));
	return there;
}

void lvs_ident_meter_del(struct lvs_services *services, struct lvs_service_ident *ident)
{
	lvs_mem_free(services->conf.alloc, lvs_ident_meter(ident), sizeof(struct lvs_service_meter),
		     _Alignof(struct lvs_service_meter));
}

void lvs_meter_read(const struct lvs_meter *meter, struct lvs_rates *rates, struct lvs_stats *since)
{
	memset(since, 0, sizeof(*since));
	memset(rates, 0, sizeof(*rates));
	if (!meter)
		return;
	lvs_meter_read_zero(&meter->zero, since);
	lvs_rate_read(&meter->rate, rates);
}

/* --- Who is estimated --- */

void lvs_meters_init(struct lvs_meters *meters)
{
	atomic_init(&meters->next_ns, UINT64_MAX);
	atomic_init(&meters->arrivals, NULL);
	lvs_spin_init(&meters->lock);
}

void lvs_meters_lower(struct lvs_meters *meters, uint64_t ns)
{
	/* relaxed: a hint; release: see the struct */
	uint64_t next = atomic_load_explicit(&meters->next_ns, memory_order_relaxed);

	while (ns < next &&
	       !atomic_compare_exchange_weak_explicit(&meters->next_ns, &next, ns,
						      memory_order_release, memory_order_relaxed))
		;
}

static void push(struct lvs_meters *meters, struct lvs_service_ident *ident)
{
	struct lvs_service_ident *first =
		atomic_load_explicit(&meters->arrivals, memory_order_relaxed);

	do {
		lvs_ident_meter(ident)->arrival = first;
		/* release: the ident's fields; pairs with the acquire in lvs_meters_drain() */
	} while (!atomic_compare_exchange_weak_explicit(
		&meters->arrivals, &first, ident, memory_order_release, memory_order_relaxed));
}

static void queue(struct lvs_services *services, struct lvs_service_ident *ident, uint64_t slot)
{
	struct lvs_meters *meters = &services->meters;
	struct lvs_service_meter *meter;

	/* relaxed: who loses has nothing to say; what the winner writes, push() publishes */
	if (atomic_exchange_explicit(&ident->queued, 1, memory_order_relaxed))
		return;
	meter = lvs_ident_need_meter(services, ident);
	if (!meter) {
		/* Whoever comes next tries again; what came is counted, not lost. */
		atomic_store_explicit(&ident->queued, 0, memory_order_relaxed);
		return;
	}
	meter->woken = slot;
	push(meters, ident);
	lvs_meters_lower(
		meters,
		lvs_meter_time(lvs_meter_phase(ident) +
			       LVS_METER_SLOTS * lvs_meter_periods(lvs_meter_phase(ident), slot)));
}

void lvs_services_wake(struct lvs_services *services, const struct lvs_service_set *set,
		       uint64_t now_ns)
{
	queue(services, set->ident, lvs_meter_slot(now_ns));
}

static void link_in(struct lvs_meters *meters, struct lvs_service_ident *ident)
{
	struct lvs_service_ident **head = &meters->slot[lvs_meter_phase(ident)];

	lvs_ident_meter(ident)->next = *head;
	lvs_ident_meter(ident)->at = head;
	if (*head)
		lvs_ident_meter(*head)->at = &lvs_ident_meter(ident)->next;
	*head = ident;
	lvs_ident_meter(ident)->linked = true;
	meters->n++;
}

void lvs_meters_unlink(struct lvs_meters *meters, struct lvs_service_ident *ident)
{
	*lvs_ident_meter(ident)->at = lvs_ident_meter(ident)->next;
	if (lvs_ident_meter(ident)->next)
		lvs_ident_meter(lvs_ident_meter(ident)->next)->at = lvs_ident_meter(ident)->at;
	lvs_ident_meter(ident)->linked = false;
	meters->n--;
	if (meters->here == ident) {
		meters->here = lvs_ident_meter(ident)->next;
		meters->below = 0;
	}
}

/* Where nothing was to be done before, time has passed without us. */
static void wake(struct lvs_meters *meters, uint64_t slot)
{
	if (meters->n > 0 || meters->live)
		return;
	meters->open = false;
	meters->until = 0;
	if (slot > meters->at)
		meters->at = slot;
}

static void arrive(struct lvs_meters *meters, struct lvs_service_ident *ident)
{
	lvs_ident_meter(ident)->resting = false;
	if (lvs_ident_meter(ident)->linked)
		return;
	lvs_ident_meter(ident)->done =
		lvs_meter_periods(lvs_meter_phase(ident), lvs_ident_meter(ident)->woken);
	link_in(meters, ident);
}

void lvs_meters_drain(struct lvs_meters *meters)
{
	/* acquire: pairs with the release in push() */
	struct lvs_service_ident *first =
		atomic_exchange_explicit(&meters->arrivals, NULL, memory_order_acquire);
	uint64_t woken = UINT64_MAX;

	for (struct lvs_service_ident *ident = first; ident;
	     ident = lvs_ident_meter(ident)->arrival)
		if (lvs_ident_meter(ident)->woken < woken)
			woken = lvs_ident_meter(ident)->woken;
	if (first)
		wake(meters, woken);
	for (struct lvs_service_ident *ident = first; ident;
	     ident = lvs_ident_meter(ident)->arrival)
		arrive(meters, ident);
}

void lvs_meters_had(struct lvs_meters *meters, const struct lvs_stats *came)
{
	if (lvs_stats_none(came))
		return;
	lvs_stats_add(&meters->pending, came);
	if (!meters->live)
		meters->done = lvs_meter_periods(LVS_METER_LAST, meters->at);
	meters->live = true;
}

void lvs_meters_had_pending(struct lvs_meters *meters, struct lvs_service_ident *ident)
{
	struct lvs_meter *sum = lvs_ident_sum(ident);

	if (!sum)
		return;
	lvs_meters_had(meters, &sum->pending);
	sum->pending = (struct lvs_stats){0};
}

uint64_t lvs_meters_next(const struct lvs_meters *meters)
{
	if (meters->n == 0 && !meters->live)
		return UINT64_MAX;
	for (uint64_t slot = meters->at + 1; slot <= meters->at + LVS_METER_SLOTS; slot++) {
		unsigned phase = (unsigned)(slot % LVS_METER_SLOTS);

		if (meters->slot[phase] || (phase == LVS_METER_LAST && meters->live))
			return lvs_meter_time(slot);
	}
	return UINT64_MAX;
}

/* --- Control side --- */

static uint64_t slot_now(const struct lvs_services *services)
{
	const struct lvs_clock *clock = services->conf.clock;

	return clock ? lvs_meter_slot(lvs_clock_ns(clock)) : 0;
}

void lvs_meter_begin(struct lvs_services *services, struct lvs_dest *dest,
		     const struct lvs_stats *zero)
{
	struct lvs_meter *meter = lvs_meter_of(&dest->meter);

	if (!meter)
		return;
	lvs_spin_lock(&services->meters.lock);
	lvs_meter_set_zero(&meter->zero, zero);
	meter->last = *zero;
	lvs_rate_clear(&meter->rate);
	lvs_spin_unlock(&services->meters.lock);
}

/* With the lock: the whole director has had something. */
static void had(struct lvs_services *services, const struct lvs_stats *came)
{
	struct lvs_meters *meters = &services->meters;

	if (lvs_stats_none(came))
		return;
	wake(meters, slot_now(services));
	lvs_meters_had(meters, came);
	lvs_meters_lower(meters, lvs_meters_next(meters));
}

void lvs_meter_leave(struct lvs_services *services, struct lvs_service_ident *ident,
		     struct lvs_dest *dest)
{
	struct lvs_meters *meters = &services->meters;
	struct lvs_stats now, came;

	services->conf.stats(services->conf.user, dest->number, &now);
	lvs_spin_lock(&meters->lock);
	came = lvs_meter_take(&lvs_meter_of(&dest->meter)->last, &now);
	if (ident)
		lvs_stats_add(&lvs_ident_sum(ident)->pending, &came);
	else
		had(services, &came);
	lvs_spin_unlock(&meters->lock);
	if (ident && !lvs_stats_none(&came))
		queue(services, ident, slot_now(services));
}

void lvs_meter_restart(struct lvs_services *services, struct lvs_service_ident *ident,
		       const struct lvs_stats *came)
{
	struct lvs_meter *sum = lvs_ident_sum(ident);
	struct lvs_meters *meters = &services->meters;

	lvs_spin_lock(&meters->lock);
	had(services, came);
	if (sum) {
		had(services, &sum->pending);
		sum->pending = (struct lvs_stats){0};
		lvs_rate_clear(&sum->rate);
	}
	lvs_spin_unlock(&meters->lock);
}

void lvs_meters_restart(struct lvs_services *services)
{
	struct lvs_meters *meters = &services->meters;

	lvs_spin_lock(&meters->lock);
	meters->pending = (struct lvs_stats){0};
	lvs_rate_clear(&meters->rate);
	meters->live = false;
	lvs_spin_unlock(&meters->lock);
}

void lvs_meter_arrive(struct lvs_services *services, const struct lvs_service_private *service)
{
	for (uint32_t i = 0; i < service->set.sched_set.dest_n; i++) {
		if (lvs_gauge_total(lvs_gauge_load(&lvs_set_dest(&service->set, i)->gauge)) == 0)
			continue;
		queue(services, service->set.ident, slot_now(services));
		return;
	}
}

void lvs_meter_forget(struct lvs_services *services, struct lvs_service_ident *ident)
{
	struct lvs_meters *meters = &services->meters;

	if (!lvs_ident_meter(ident))
		return;
	lvs_spin_lock(&meters->lock);
	lvs_meters_drain(meters);
	if (lvs_ident_meter(ident)->linked) {
		lvs_meters_had_pending(meters, ident);
		lvs_meters_unlink(meters, ident);
	}
	lvs_spin_unlock(&meters->lock);
}
