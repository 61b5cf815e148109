/* SPDX-License-Identifier: BSD-2-Clause */
/* What the straight way (director/straight.h) and all others do with a packet of a known
 * connection. */
#ifndef LVS_DIRECTOR_HIT_H
#define LVS_DIRECTOR_HIT_H

#include "director/worker.h"

/* A whole packet and its bytes, as lvs_step_count(). */
LVS_INLINE void lvs_hit_count(struct lvs_worker *worker, uint32_t dest, enum lvs_counter packets,
			      uint32_t len)
{
	struct lvs_counter_row *row = lvs_counters_row(&worker->counters, dest);

	lvs_count(&row->count[packets], 1);
	lvs_count(&row->count[packets + (LVS_COUNT_IN_BYTES - LVS_COUNT_IN_PKTS)], len);
}

/* When the last packet came. Relaxed: expiry takes the mark as it is and looks again later. */
LVS_INLINE uint32_t lvs_hit_last(const struct lvs_conn *conn)
{
	return atomic_load_explicit(&conn->seen, memory_order_relaxed);
}

/* Marks the connection, whose last packet came at @p last, as alive. Stored only when the coarse
 * tick has moved: in between, workers only read the line. */
LVS_INLINE void lvs_hit_alive(struct lvs_conn *conn, uint32_t last, uint32_t tick)
{
	if (lvs_unlikely(last != tick) && lvs_tick_reached(tick, last))
		atomic_store_explicit(&conn->seen, tick, memory_order_relaxed);
}

/* The same by a packet that counts. */
LVS_INLINE void lvs_hit_seen(struct lvs_conn *conn, uint32_t last, uint32_t tick,
			     enum lvs_direction direction)
{
	lvs_hit_alive(conn, last, tick);
	if (direction == LVS_OUTPUT)
		lvs_conn_count_reply(conn);
	else
		lvs_conn_count_request(conn);
}

/* The packet changes the connection's word: state, timeout, what was expected. Behind
 * lvs_hit_seen(). */
void lvs_hit_change(struct lvs_worker *worker, struct lvs_conn *conn, struct lvs_dest *dest,
		    const struct lvs_headers *headers, enum lvs_direction direction, uint32_t tick);

/* What becomes of a request, forwarding having answered @p reason. */
enum lvs_reason lvs_hit_request_out(struct lvs_step *step, const struct lvs_conn *conn,
				    const struct lvs_dest *dest, enum lvs_reason reason,
				    const struct lvs_forward_ops *ops);

/* The same of a reply, of which nothing was counted yet. */
enum lvs_reason lvs_hit_reply_back(struct lvs_step *step, struct lvs_conn *conn,
				   struct lvs_dest *dest, enum lvs_reason reason,
				   const struct lvs_forward_ops *ops,
				   const struct lvs_binding *binding);

#endif
