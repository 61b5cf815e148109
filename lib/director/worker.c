/* SPDX-License-Identifier: BSD-2-Clause */
/* The worker's loop: parsing, hashing and fetching run ahead, deciding is done in order. */
#include "director/worker.h"

#include <limits.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/memory.h"
#include "conn/fetch.h"
#include "director/defence.h"
#include "director/events.h"
#include "director/frag.h"
#include "director/straight.h"
#include "packet/straight.h"

/* Verdicts by reason: the list once more, so that no call is needed. */
static const uint8_t verdict_of[LVS_REASON_N] = {
#define VERDICT_ROW(name, lower, verdict, text) LVS_##verdict,
	LVS_REASONS(VERDICT_ROW)
#undef VERDICT_ROW
};

/* How far the packets' first lines are fetched before they are parsed. */
#define FETCH_AHEAD 8

static int join(struct lvs_director *director, struct lvs_worker *worker)
{
	if (director->worker_n >= director->settings.max_workers)
		return LVS_ERR_FULL;
	if (lvs_counters_reserve_pages(&worker->counters, &director->settings.alloc,
				       lvs_director_counter_pages(director)) < 0)
		return LVS_ERR_NO_MEMORY;
	if (!lvs_epoch_join(&director->epoch, &worker->reader))
		return LVS_ERR_FULL;
	pthread_mutex_lock(&director->workers_lock);
	worker->next = director->workers;
	director->workers = worker;
	director->worker_n++;
	pthread_mutex_unlock(&director->workers_lock);
	return 0;
}

static void free_worker(struct lvs_director *director, struct lvs_worker *worker)
{
	lvs_outbox_fini(worker);
	lvs_counters_fini(&worker->counters, &director->settings.alloc);
	lvs_ring_fini(&worker->events, &director->settings.alloc);
	lvs_mem_free(&director->settings.alloc, worker, sizeof(*worker), LVS_CACHE_LINE);
}

int lvs_worker_new(struct lvs_director *director, struct lvs_worker **out)
{
	struct lvs_worker *worker =
		lvs_mem_zalloc(&director->settings.alloc, sizeof(*worker), LVS_CACHE_LINE);
	int err;

	if (!worker)
		return LVS_ERR_NO_MEMORY;
	worker->director = director;
	lvs_counters_init(&worker->counters);
	err = lvs_ring_init(&worker->events, &director->settings.alloc, director->settings.events);
	if (err < 0)
		goto free;
	/* No destination is added meanwhile: its counters would have no page here. */
	err = lvs_services_lock(director->services);
	if (err == 0) {
		err = join(director, worker);
		lvs_services_unlock(director->services);
	}
	if (err < 0)
		goto free;
	*out = worker;
	return 0;

free:
	free_worker(director, worker);
	return err;
}

static void leave(struct lvs_director *director, struct lvs_worker *worker)
{
	struct lvs_worker **link = &director->workers;

	lvs_epoch_leave(&director->epoch, &worker->reader);
	pthread_mutex_lock(&director->workers_lock);
	while (*link != worker)
		link = &(*link)->next;
	*link = worker->next;
	director->worker_n--;
	lvs_counters_merge(&director->past, &worker->counters);
	pthread_mutex_unlock(&director->workers_lock);
}

void lvs_worker_del(struct lvs_worker *worker)
{
	struct lvs_director *director;
	bool locked;

	if (!worker)
		return;
	director = worker->director;
	/* Inside a transaction of its own this thread has the lock. */
	locked = lvs_services_lock(director->services) == 0;
	leave(director, worker);
	if (locked)
		lvs_services_unlock(director->services);
	free_worker(director, worker);
}

/*
 * The worker's time moves on, never back; the director's is the latest of any worker's. Both are
 * whole, so that any first time is one ahead; what records hold is the lower half of it.
 */
static uint32_t advance(struct lvs_worker *worker, uint64_t now_ns)
{
	uint64_t ticks = now_ns >> LVS_TICK_SHIFT;
	uint64_t before = atomic_load_explicit(&worker->ticks, memory_order_relaxed);
	uint64_t *latest = &worker->director->clock.ticks;

	if (lvs_likely(ticks <= before))
		return (uint32_t)before;
	atomic_store_explicit(&worker->ticks, ticks, memory_order_relaxed);
	/* Two workers at once may leave the older of two neighbours: it only dates the trash,
	 * and what schedulers remember. */
	if (ticks > __atomic_load_n(latest, __ATOMIC_RELAXED))
		__atomic_store_n(latest, ticks, __ATOMIC_RELAXED);
	return (uint32_t)ticks;
}

LVS_INLINE enum lvs_reason parse(const struct lvs_packet *packet, struct lvs_headers *headers)
{
	if (lvs_unlikely(packet->link_type != LVS_LINK_HOST && packet->link_type != LVS_LINK_SELF))
		return LVS_REASON_NOT_FOR_HOST;
	return lvs_parse_straight(packet, headers);
}

/* What the bytes of a packet say, and where its connection would stand. */
LVS_INLINE void look(const struct lvs_table *table, const struct lvs_packet *packet,
		     struct lvs_slot *slot)
{
	enum lvs_reason reason = parse(packet, &slot->headers);

	slot->reason = reason;
	if (lvs_likely(reason == LVS_REASON_NONE))
		lvs_fetch_line(table, &slot->headers.flow, &slot->fetch);
	else
		slot->fetch.conn = NULL;
}

/* From the next hop on, all that the library fills. */
static void clear_outputs(struct lvs_packet *packet)
{
	memset(&packet->next_hop, 0,
	       offsetof(struct lvs_packet, reserved2) - offsetof(struct lvs_packet, next_hop));
}

LVS_INLINE enum lvs_reason settle(struct lvs_step *step, enum lvs_reason reason)
{
	/* An embedder's own forwarder may answer anything. */
	if (lvs_unlikely((unsigned)reason >= LVS_REASON_N))
		reason = LVS_REASON_UNREACHABLE;
	if (lvs_unlikely(verdict_of[reason] == LVS_DROP))
		reason = lvs_answer(step, reason);
	step->packet->reason = (uint8_t)reason;
	step->packet->verdict = verdict_of[reason];
	return reason;
}

enum lvs_reason lvs_step_settle(struct lvs_step *step, enum lvs_reason reason)
{
	return settle(step, reason);
}

static enum lvs_reason decide(struct lvs_step *step, enum lvs_reason reason)
{
	if (lvs_likely(reason == LVS_REASON_NONE))
		reason = lvs_decide(step);
	return settle(step, reason);
}

/* A packet's turn, the straight way or another; it is counted. */
LVS_INLINE void take_turn(struct lvs_step *step, struct lvs_told *told, struct lvs_worker *worker,
			  struct lvs_packet *packet, struct lvs_slot *slot, uint32_t tick)
{
	clear_outputs(packet);
	if (lvs_likely(lvs_straight(step, told, worker, packet, slot, tick) != LVS_STRAIGHT_LEFT))
		return;
	lvs_step_begin(step, packet, slot);
	lvs_count(&worker->counters.reason[decide(step, slot->reason)], 1);
}

/* The time in ns never goes back behind the worker's tick either. */
static uint64_t not_before(const struct lvs_worker *worker, uint64_t now_ns)
{
	uint64_t least = atomic_load_explicit(&worker->ticks, memory_order_relaxed)
			 << LVS_TICK_SHIFT;

	return now_ns < least ? least : now_ns;
}

/* One round of at most LVS_BATCH packets: three stages of hints, then each in its turn. */
static void process_round(struct lvs_worker *worker, struct lvs_packet *packets, unsigned n,
			  uint32_t tick, uint64_t now_ns)
{
	const struct lvs_table *table = worker->director->table;
	struct lvs_slot *slot = worker->slot;
	struct lvs_step step;
	struct lvs_told told;

	lvs_step_init(&step, worker, tick, now_ns);
	lvs_told_begin(&told, worker->director);
	for (unsigned i = 0; i < n && i < FETCH_AHEAD; i++)
		lvs_prefetch_write(packets[i].data);
	for (unsigned i = 0; i < n; i++) {
		if (i + FETCH_AHEAD < n)
			lvs_prefetch_write(packets[i + FETCH_AHEAD].data);
		look(table, &packets[i], &slot[i]);
	}
	for (unsigned i = 0; i < n; i++)
		if (lvs_likely(slot[i].reason == LVS_REASON_NONE))
			lvs_fetch_record(table, &slot[i].fetch,
					 slot[i].headers.flow.family == LVS_INET6);
	if (lvs_unlikely(worker->persists))
		lvs_persist_fetch(worker, packets, n);
	for (unsigned i = 0; i < n; i++)
		take_turn(&step, &told, worker, &packets[i], &slot[i], tick);
}

static enum lvs_reason decide_standing_by(struct lvs_step *step, enum lvs_reason reason)
{
	clear_outputs(step->packet);
	if (reason == LVS_REASON_NONE)
		reason = lvs_decide_standing_by(step);
	return settle(step, reason);
}

/* A way of its own, so that it costs others nothing. */
static LVS_NOINLINE void process_standing_by(struct lvs_worker *worker, struct lvs_packet *packets,
					     unsigned n, uint32_t tick, uint64_t now_ns)
{
	struct lvs_slot *slot = worker->slot;
	struct lvs_step step = {
		.worker = worker, .headers = &slot->headers, .tick = tick, .now_ns = now_ns};

	for (unsigned i = 0; i < n; i++) {
		look(worker->director->table, &packets[i], slot);
		step.packet = &packets[i];
		step.hash = slot->fetch.hash;
		lvs_count(&worker->counters.reason[decide_standing_by(&step, slot->reason)], 1);
	}
}

void lvs_worker_process(struct lvs_worker *worker, struct lvs_packet *packets, unsigned n,
			uint64_t now_ns)
{
	uint32_t tick = advance(worker, now_ns);
	unsigned round;

	now_ns = not_before(worker, now_ns);
	lvs_epoch_enter(&worker->director->epoch, &worker->reader);
	if (lvs_unlikely(lvs_director_stands_by(worker->director))) {
		process_standing_by(worker, packets, n, tick, now_ns);
		n = 0;
	}
	for (; n > 0; n -= round, packets += round) {
		round = n < LVS_BATCH ? n : LVS_BATCH;
		process_round(worker, packets, round, tick, now_ns);
	}
	lvs_epoch_exit(&worker->reader);
}

void lvs_worker_peek_within(struct lvs_worker *worker, struct lvs_packet *packet, uint64_t now_ns,
			    struct lvs_record *record)
{
	struct lvs_step step = {
		.worker = worker,
		.packet = packet,
		.headers = &worker->slot[0].headers,
		.now_ns = now_ns,
		.tick = LVS_TICKS(now_ns),
		.peek = true,
		.odd = true,
		.record = record,
	};

	memset(record, 0, sizeof(*record));
	record->picked = LVS_RECORD_NOT_ASKED;
	look(worker->director->table, packet, &worker->slot[0]);
	if (worker->slot[0].reason == LVS_REASON_NONE)
		lvs_fetch_record(worker->director->table, &worker->slot[0].fetch, false);
	step.hash = worker->slot[0].fetch.hash;
	step.fetch = &worker->slot[0].fetch;
	record->parsed = worker->slot[0].reason;
	record->headers = worker->slot[0].headers;
	clear_outputs(packet);
	if (lvs_unlikely(lvs_director_stands_by(worker->director)))
		record->reason = decide_standing_by(&step, worker->slot[0].reason);
	else
		record->reason = decide(&step, worker->slot[0].reason);
}

void lvs_worker_peek(struct lvs_worker *worker, struct lvs_packet *packet, uint64_t now_ns,
		     struct lvs_record *record)
{
	lvs_epoch_enter(&worker->director->epoch, &worker->reader);
	lvs_worker_peek_within(worker, packet, now_ns, record);
	lvs_epoch_exit(&worker->reader);
}

static uint64_t conns_expiry(const struct lvs_worker *worker)
{
	uint64_t ticks = atomic_load_explicit(&worker->ticks, memory_order_relaxed);

	if (lvs_table_conn_n(worker->director->table) == 0)
		return UINT64_MAX;
	if (worker->expiry_more || lvs_table_wants(worker->director->table) ||
	    lvs_sweep_waits(&worker->director->sweep, worker->director->services))
		return ticks << LVS_TICK_SHIFT;
	/* Time has an end: behind the last tick there is nothing to wait for. */
	return ticks == UINT64_MAX >> LVS_TICK_SHIFT ? UINT64_MAX : (ticks + 1) << LVS_TICK_SHIFT;
}

uint64_t lvs_worker_expiry(const struct lvs_worker *worker)
{
	uint64_t conns = conns_expiry(worker);
	/* relaxed: a hint, which the next call puts right */
	uint64_t frags =
		atomic_load_explicit(&worker->director->frags->next_ns, memory_order_relaxed);

	uint64_t scheds = lvs_services_expiry(worker->director->services);
	uint64_t defence = lvs_defence_expiry(&worker->director->defence);

	uint64_t rates = lvs_services_estimation(worker->director->services);

	if (frags < conns)
		conns = frags;
	if (rates < conns)
		conns = rates;
	if (defence < conns)
		conns = defence;
	return conns < scheds ? conns : scheds;
}

static void expire_frags(struct lvs_worker *worker, uint64_t now_ns, unsigned budget)
{
	struct lvs_frags *frags = worker->director->frags;
	unsigned left = budget ? budget : UINT_MAX;
	unsigned n, ended = 0;

	/* relaxed: another worker's change is that worker's to handle, or the next call's */
	if (atomic_load_explicit(&frags->next_ns, memory_order_relaxed) > now_ns)
		return;
	/* Others may have the lock in between. */
	do {
		left -= ended;
		n = left < LVS_FRAGS_STEP ? left : LVS_FRAGS_STEP;
		lvs_frags_lock(frags);
		ended = lvs_frags_expire(frags, now_ns, n, worker->counters.reason);
		lvs_frags_unlock(frags);
	} while (ended && ended == n);
}

unsigned lvs_worker_handle_expiry(struct lvs_worker *worker, uint64_t now_ns, unsigned budget)
{
	struct lvs_director *director = worker->director;
	uint32_t tick = advance(worker, now_ns);
	uint32_t from = worker->events.n;
	struct lvs_ender ender;
	struct lvs_ender *by = lvs_ender_of(&ender, &worker->events, LVS_GONE_EXPIRED, now_ns);
	unsigned swept = 0;
	bool defend, serving;
	unsigned ended;

	now_ns = not_before(worker, now_ns);
	expire_frags(worker, now_ns, budget);
	if (lvs_sweep_waits(&director->sweep, director->services))
		swept = lvs_sweep(worker, tick, budget, now_ns);
	defend = lvs_defence_begin(director, now_ns);
	lvs_epoch_enter(&director->epoch, &worker->reader);
	lvs_services_expire(director->services, now_ns);
	lvs_services_estimate(director->services, now_ns, budget);
	ended = lvs_table_expire(director->table, tick, budget, by, &worker->expiry_more);
	if (by)
		lvs_ring_sort(&worker->events, from);
	if (lvs_unlikely(defend))
		ended += lvs_defence_scan(worker, now_ns, budget);
	serving = lvs_services_any(director->services, LVS_INET) ||
		  lvs_services_any(director->services, LVS_INET6);
	lvs_epoch_exit(&worker->reader);
	lvs_table_prepare(director->table, serving);
	if (by)
		lvs_events_table(director, &worker->events, now_ns);
	return ended + swept;
}
