/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/sweep.h"

#include <limits.h>

#include "director/events.h"
#include "director/worker.h"

/* Ends it, and what controlled it for the same destination alone. */
static unsigned end_chain(const struct lvs_director *director, struct lvs_conn *conn, uint32_t tick,
			  void *by)
{
	unsigned ended = 0;

	while (conn && !lvs_dest_available(lvs_services_dest(director->services, conn->dest)) &&
	       lvs_table_remove_unused(director->table, conn, tick, by)) {
		ended++;
		conn = lvs_table_controller(director->table, conn);
	}
	return ended;
}

/* The records of one epoch. False: that was the end. */
static bool walk(struct lvs_worker *worker, uint32_t tick, unsigned looks, void *by,
		 unsigned *ended)
{
	struct lvs_director *director = worker->director;
	struct lvs_conn *conn;

	lvs_epoch_enter(&director->epoch, &worker->reader);
	while ((conn = lvs_table_walk(director->table, &director->sweep.number, &looks)))
		*ended += end_chain(director, conn, tick, by);
	lvs_epoch_exit(&worker->reader);
	return looks == 0;
}

/* The lock is held. */
static unsigned go_on(struct lvs_worker *worker, uint32_t tick, unsigned budget, void *by)
{
	const struct lvs_services *services = worker->director->services;
	struct lvs_sweep *sweep = &worker->director->sweep;
	unsigned left = budget ? budget : UINT_MAX;
	unsigned ended = 0;

	/* What was removed in the middle of a walk takes another one. */
	while (left && lvs_sweep_waits(sweep, services)) {
		unsigned looks = left < LVS_WALK_LOOKS ? left : LVS_WALK_LOOKS;

		if (sweep->number == 0)
			sweep->aim = lvs_services_removals(services);
		left -= looks;
		if (!walk(worker, tick, looks, by, &ended)) {
			sweep->number = 0;
			/* relaxed: as the field says */
			atomic_store_explicit(&sweep->done, sweep->aim, memory_order_relaxed);
		}
	}
	return ended;
}

unsigned lvs_sweep(struct lvs_worker *worker, uint32_t tick, unsigned budget, uint64_t now_ns)
{
	struct lvs_sweep *sweep = &worker->director->sweep;
	struct lvs_ender ender;
	unsigned ended;

	if (!lvs_spin_trylock(&sweep->lock))
		return 0;
	ended = go_on(worker, tick, budget,
		      lvs_ender_of(&ender, &worker->events, LVS_GONE_DEST_GONE, now_ns));
	lvs_spin_unlock(&sweep->lock);
	return ended;
}
