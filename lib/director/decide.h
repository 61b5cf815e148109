/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet's turn: find its connection, or that it has none. The straight way, which
 * nearly all packets take, is inline for the worker's loop.
 */
#ifndef LVS_DIRECTOR_DECIDE_H
#define LVS_DIRECTOR_DECIDE_H

#include "conn/fetch.h"
#include "director/hit.h"
#include "director/worker.h"

/* --- decide.c --- */

/* What opens a connection on an entry whose own is closed opens a new one (the kernel's
 * conn_reuse_mode). */
bool lvs_decide_is_reused(const struct lvs_step *step, const struct lvs_conn *conn);
/* Ends what stood in the way and treats the packet as the first of its flow. */
enum lvs_reason lvs_decide_anew(struct lvs_step *step, struct lvs_conn *conn, enum lvs_gone why);
/* The same for a closed one, which still counts while its successor is scheduled. */
enum lvs_reason lvs_decide_reopen(struct lvs_step *step, struct lvs_conn *conn);
/* The destination was removed, or there never was one (bypass). */
enum lvs_reason lvs_decide_removed(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
				   struct lvs_dest *dest);
/* What was found ahead does not tell. @p first: it looks like the first of a connection. */
enum lvs_reason lvs_decide_search(struct lvs_step *step, bool first);
/* Not a whole packet of TCP or UDP. */
enum lvs_reason lvs_decide_other(struct lvs_step *step);

/* What goes the straight way: whole packets of the two protocols that nearly all are. */
LVS_INLINE bool lvs_decide_is_common(const struct lvs_headers *headers)
{
	return lvs_likely(headers->flow.protocol == LVS_TCP || headers->flow.protocol == LVS_UDP) &&
	       lvs_likely(!(headers->flags & LVS_HEADERS_FRAGMENT));
}

/* The connection was found. */
LVS_INLINE enum lvs_reason lvs_decide_conn(struct lvs_step *step, struct lvs_conn *conn,
					   enum lvs_side side, bool first)
{
	struct lvs_dest *dest;

	if (lvs_unlikely(lvs_conn_is_over(conn, step->tick)))
		return lvs_decide_anew(step, conn, LVS_GONE_EXPIRED);
	if (side == LVS_SIDE_REQUEST && lvs_unlikely(first) && lvs_decide_is_reused(step, conn))
		return lvs_decide_reopen(step, conn);
	dest = lvs_dest_at(&step->worker->director->services->dests, conn->dest);
	if (lvs_unlikely(!lvs_dest_available(dest)) || lvs_unlikely(conn->dest == 0))
		return lvs_decide_removed(step, conn, side, dest);
	if (lvs_unlikely(step->odd))
		return lvs_hit(step, conn, side, dest);
	return lvs_hit_straight(step, conn, side, dest, false);
}

/* The packet's lookup, state and forwarding, what could be found ahead being found; the reason. */
LVS_INLINE enum lvs_reason lvs_decide(struct lvs_step *step)
{
	const struct lvs_headers *headers = step->headers;
	bool first = headers->tcp_flags & LVS_TCP_SYN;
	struct lvs_conn *conn = step->fetch->conn;

	if (lvs_unlikely(!lvs_decide_is_common(headers)))
		return lvs_decide_other(step);
	if (lvs_likely(lvs_table_confirm(conn, &headers->flow)))
		return lvs_decide_conn(step, conn, LVS_SIDE_REQUEST, first);
	if (conn)
		conn = lvs_fetch_reply(step->worker->director->table, step->fetch, &headers->flow);
	if (conn)
		return lvs_decide_conn(step, conn, LVS_SIDE_DEST_REPLY, first);
	return lvs_decide_search(step, first);
}

#endif
