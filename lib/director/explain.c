/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What would become of a packet: its way through the packet path's own code with
 * a recorder (docs/adr/0008), on a worker that nobody else knows of, so that
 * any thread may ask.
 */
#include "director/explain.h"

#include <string.h>

#include "base/byteorder.h"
#include "base/memory.h"

/* A worker for the length of a question: its counters are there to be found, nothing counts. */
struct ghost {
	struct lvs_worker worker;
	LVS_ALIGNED struct lvs_counter_row row[LVS_COUNTER_PAGE];
};

static struct ghost *ghost_new(const struct lvs_director *director)
{
	struct ghost *ghost =
		lvs_mem_zalloc(&director->settings.alloc, sizeof(*ghost), LVS_CACHE_LINE);

	if (!ghost)
		return NULL;
	ghost->worker.director = director->self;
	lvs_counters_init(&ghost->worker.counters);
	/* relaxed: nobody else has it */
	for (unsigned i = 0; i < LVS_COUNTER_PAGES; i++)
		atomic_store_explicit(&ghost->worker.counters.page[i], ghost->row,
				      memory_order_relaxed);
	return ghost;
}

static void ghost_del(const struct lvs_director *director, struct ghost *ghost)
{
	lvs_mem_free(&director->settings.alloc, ghost, sizeof(*ghost), LVS_CACHE_LINE);
}

/* Time does not go back behind any worker's. */
static uint64_t not_before(const struct lvs_director *director, uint64_t now_ns)
{
	uint64_t latest = lvs_director_ticks(director) << LVS_TICK_SHIFT;

	return now_ns < latest ? latest : now_ns;
}

static void fill_fate(const struct lvs_explained_way *way, uint64_t now_ns,
		      struct lvs_explanation *out)
{
	const struct lvs_director *director = way->director;

	out->verdict = way->packet->verdict;
	out->reason = (uint32_t)way->record->reason;
	out->mark = way->packet->mark;
	out->now_ns = now_ns;
	out->picked = LVS_SCHED_NONE;
	out->conn_n = lvs_table_conn_n(director->table);
	out->max_conns = lvs_setting(director, max_conns);
	if (out->conn_n >= out->max_conns)
		out->flags |= LVS_EXPLAINED_FULL;
	if (way->record->parsed != LVS_REASON_NONE)
		return;
	out->flags |= LVS_EXPLAINED_HEADERS;
	out->headers = way->record->headers;
}

/* Inside one epoch, from the question to the last look at what it led to. */
static void ask(struct lvs_worker *worker, struct lvs_packet *packet, uint64_t now_ns,
		struct lvs_explanation *out)
{
	struct lvs_record record;
	struct lvs_explained_way way = {
		.director = worker->director,
		.record = &record,
		.packet = packet,
		.data = packet->data,
	};

	lvs_epoch_enter(&worker->director->epoch, &worker->reader);
	lvs_worker_peek_within(worker, packet, now_ns, &record);
	fill_fate(&way, now_ns, out);
	lvs_explain_service(&way, out);
	lvs_explain_conn(&way, out);
	lvs_explain_way_out(&way, out);
	lvs_epoch_exit(&worker->reader);
}

static bool is_valid(const struct lvs_explanation *out)
{
	return out->size >= offsetof(struct lvs_explanation, headers) &&
	       (out->dest_max == 0 || out->dests);
}

int lvs_explain(const struct lvs_director *director, struct lvs_packet *packet, uint64_t now_ns,
		struct lvs_explanation *out)
{
	struct lvs_explanation all = {0};
	struct ghost *ghost;

	if (!is_valid(out))
		return LVS_ERR_INVALID;
	ghost = ghost_new(director);
	if (!ghost)
		return LVS_ERR_NO_MEMORY;
	if (!lvs_epoch_join(&director->self->epoch, &ghost->worker.reader)) {
		ghost_del(director, ghost);
		return LVS_ERR_FULL;
	}
	all.size = out->size;
	all.dest_max = out->dest_max;
	all.dests = out->dests;
	ask(&ghost->worker, packet, not_before(director, now_ns), &all);
	lvs_epoch_leave(&director->self->epoch, &ghost->worker.reader);
	ghost_del(director, ghost);
	memcpy(out, &all, all.size < sizeof(all) ? all.size : sizeof(all));
	return 0;
}
