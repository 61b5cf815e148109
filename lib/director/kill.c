/* SPDX-License-Identifier: BSD-2-Clause */
/* Ending connections by filter. */
#include "director/conn_info.h"
#include "director/events.h"

static bool kill_some(struct lvs_director *director, const struct lvs_conn_filter *filter, void *by,
		      uint32_t *number, int64_t *killed)
{
	uint32_t tick = (uint32_t)lvs_director_ticks(director);
	unsigned looks = LVS_WALK_LOOKS;
	struct lvs_conn_info info;
	struct lvs_conn *conn;

	while ((conn = lvs_table_walk(director->table, number, &looks))) {
		lvs_conn_info_of(&info, conn, director);
		if (lvs_conn_matches(conn, &info, filter, director) &&
		    lvs_table_remove(director->table, conn, tick, by))
			(*killed)++;
	}
	return looks == 0;
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
	if (lvs_services_lock(director->services))
		return LVS_ERR_BUSY;
	now_ns = lvs_director_ticks(director) << LVS_TICK_SHIFT;
	by = lvs_ender_of(&ender, &director->events, LVS_GONE_KILLED, now_ns);
	while (more) {
		lvs_epoch_enter(&director->epoch, &director->control_reader);
		more = kill_some(director, filter, by, &number, &killed);
		lvs_epoch_exit(&director->control_reader);
	}
	if (by)
		lvs_events_table(director, &director->events, now_ns);
	lvs_services_unlock(director->services);
	return killed;
}
