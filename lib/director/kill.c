/* SPDX-License-Identifier: BSD-2-Clause */
/* Ending connections by filter. */
#include "director/conn_info.h"
#include "director/events.h"

/* Connections that one epoch looks at: what was ended meanwhile can be freed in between. */
#define STEP 1024

static bool kill_some(struct lvs_director *director, const struct lvs_conn_filter *filter, void *by,
		      uint32_t *number, int64_t *killed)
{
	struct lvs_conn_info info;
	struct lvs_conn *conn = NULL;

	for (unsigned i = 0; i < STEP; i++) {
		conn = lvs_table_next(director->table, number);
		if (!conn)
			return false;
		lvs_conn_info_of(&info, conn, director);
		if (lvs_conn_info_matches(&info, filter) &&
		    lvs_table_remove(director->table, conn, by))
			(*killed)++;
	}
	return true;
}

int64_t lvs_director_kill_conns(struct lvs_director *director, const struct lvs_conn_filter *filter)
{
	struct lvs_ender ender;
	uint32_t number = 0;
	int64_t killed = 0;
	bool more = true;
	uint64_t now_ns;
	void *by;

	if (!lvs_conn_filter_valid(filter))
		return LVS_ERR_INVALID;
	pthread_mutex_lock(lvs_services_mutex(director->services));
	now_ns = atomic_load_explicit(&director->ticks, memory_order_relaxed) << LVS_TICK_SHIFT;
	by = lvs_ender_of(&ender, &director->events, LVS_GONE_KILLED, now_ns);
	while (more) {
		lvs_epoch_enter(&director->epoch, &director->control_reader);
		more = kill_some(director, filter, by, &number, &killed);
		lvs_epoch_exit(&director->control_reader);
	}
	if (by)
		lvs_events_table(director, &director->events, now_ns);
	pthread_mutex_unlock(lvs_services_mutex(director->services));
	return killed;
}
