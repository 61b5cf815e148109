/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking in from any thread: a reader of the caller's own, for one step at a time. */
#include <string.h>

#include <liblvs/list.h>

#include "base/byteorder.h"
#include "director/conn_info.h"
#include "director/worker.h"

/* Becomes a reader for one step; false when there are too many. */
static bool come_in(const struct lvs_director *director, struct lvs_epoch_reader *reader)
{
	return lvs_epoch_join(&director->self->epoch, reader);
}

static void go_out(const struct lvs_director *director, struct lvs_epoch_reader *reader)
{
	lvs_epoch_leave(&director->self->epoch, reader);
}

int lvs_director_next_service(const struct lvs_director *director, struct lvs_cursor *cursor,
			      struct lvs_service_info *info)
{
	struct lvs_epoch_reader reader;
	int found;

	if (!come_in(director, &reader))
		return LVS_ERR_FULL;
	found = lvs_services_next_service(director->services, &reader, cursor, info);
	go_out(director, &reader);
	return found;
}

int lvs_director_get_service(const struct lvs_director *director, const struct lvs_service_key *key,
			     struct lvs_service_info *info)
{
	struct lvs_epoch_reader reader;
	int err;

	if (!come_in(director, &reader))
		return LVS_ERR_FULL;
	err = lvs_services_get_service(director->services, &reader, key, info);
	go_out(director, &reader);
	return err;
}

int lvs_director_next_dest(const struct lvs_director *director,
			   const struct lvs_service_key *service, struct lvs_cursor *cursor,
			   struct lvs_dest_info *info)
{
	struct lvs_epoch_reader reader;
	int found;

	if (!come_in(director, &reader))
		return LVS_ERR_FULL;
	found = lvs_services_next_dest(director->services, &reader, service, cursor, info);
	go_out(director, &reader);
	return found;
}

/* One epoch's looks. 1 found, 0 at the end, -1 to go on. */
static int next_conn(const struct lvs_director *director, const struct lvs_conn_filter *filter,
		     struct lvs_cursor *cursor, struct lvs_conn_info *info)
{
	uint32_t number = (uint32_t)cursor->position[0];
	unsigned looks = LVS_WALK_LOOKS;
	struct lvs_conn_info found;
	struct lvs_conn *conn;

	while ((conn = lvs_table_walk(director->table, &number, &looks))) {
		cursor->position[0] = number;
		lvs_conn_info_of(&found, conn, director);
		if (!lvs_conn_matches(conn, &found, filter, director))
			continue;
		found.size = info->size;
		memcpy(info, &found, info->size < sizeof(found) ? info->size : sizeof(found));
		return 1;
	}
	cursor->position[0] = number;
	return looks ? 0 : -1;
}

int lvs_director_next_conn(const struct lvs_director *director,
			   const struct lvs_conn_filter *filter, struct lvs_cursor *cursor,
			   struct lvs_conn_info *info)
{
	struct lvs_epoch_reader reader;
	int found;

	if (info->size < offsetof(struct lvs_conn_info, client) || !lvs_conn_filter_valid(filter))
		return LVS_ERR_INVALID;
	if (!come_in(director, &reader))
		return LVS_ERR_FULL;
	do {
		lvs_epoch_enter(&director->self->epoch, &reader);
		found = next_conn(director, filter, cursor, info);
		lvs_epoch_exit(&reader);
	} while (found < 0);
	go_out(director, &reader);
	return found;
}

uint32_t lvs_director_conn_n(const struct lvs_director *director)
{
	return lvs_table_conn_n(director->table);
}

static void add_reasons(const struct lvs_counters *counters, uint64_t *counts, unsigned n)
{
	for (unsigned i = 0; i < n && i < LVS_REASON_N; i++)
		counts[i] += atomic_load_explicit(&counters->reason[i], memory_order_relaxed);
}

void lvs_director_reasons(const struct lvs_director *director, uint64_t *counts, unsigned n)
{
	pthread_mutex_t *lock = &director->self->workers_lock;

	memset(counts, 0, n * sizeof(*counts));
	pthread_mutex_lock(lock);
	add_reasons(&director->past, counts, n);
	for (const struct lvs_worker *worker = director->workers; worker; worker = worker->next)
		add_reasons(&worker->counters, counts, n);
	pthread_mutex_unlock(lock);
}

int lvs_director_table_stats(const struct lvs_director *director, struct lvs_table_stats *stats)
{
	struct lvs_table_figures figures;
	struct lvs_table_stats out = {.size = stats->size};

	if (stats->size < offsetof(struct lvs_table_stats, bytes))
		return LVS_ERR_INVALID;
	lvs_table_figures(director->table, &figures);
	out.conns = lvs_table_conn_n(director->table);
	out.bytes = figures.bytes;
	out.evicted = figures.evicted;
	out.refused = figures.refused;
	out.expired = figures.expired;
	out.grown = figures.grown;
	out.dropped = atomic_load_explicit(&director->defence.dropped, memory_order_relaxed);
	memcpy(stats, &out, stats->size < sizeof(out) ? stats->size : sizeof(out));
	return 0;
}
