/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet's turn: find its connection, or that it has none. All that leaves the straight way. */
#include "conn/fetch.h"
#include "director/events.h"
#include "director/frag.h"
#include "director/worker.h"
#include "packet/sctp.h"
#include "service/services.h"

/* Where entries of removed destinations end at once, a first packet does not go to a drained one
 * either, whatever conn_reuse_mode says. */
static bool is_drained(const struct lvs_director *director, const struct lvs_conn *conn)
{
	return lvs_setting(director, flags) & LVS_SET_EXPIRE_NODEST &&
	       lvs_dest_drained(lvs_services_dest(director->services, conn->dest));
}

/* What opens a connection on an entry whose own is closed opens a new one (the kernel's
 * conn_reuse_mode). */
static bool is_reused(const struct lvs_step *step, const struct lvs_conn *conn)
{
	const struct lvs_director *director = step->worker->director;
	uint32_t mode = lvs_setting(director, reuse);
	uint64_t word;

	if (!lvs_services_any(director->services, step->headers->flow.family))
		return false;
	if (is_drained(director, conn))
		return true;
	/* What a template or another connection brought here stays where that is. */
	if (mode == LVS_REUSE_NEVER || lvs_conn_controller(conn))
		return false;
	word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	return lvs_state_reopens(conn->protocol, word, mode == LVS_REUSE_FIN_WAIT);
}

/* TCP's SYN, SCTP's INIT: each is zero in packets of others. */
LVS_INLINE bool looks_first(const struct lvs_headers *headers)
{
	return (headers->tcp_flags & LVS_TCP_SYN) | (headers->sctp_chunk == LVS_SCTP_INIT);
}

/* Ends what stood in the way and treats the packet as the first of its flow. */
static enum lvs_reason anew(struct lvs_step *step, struct lvs_conn *conn, enum lvs_gone why)
{
	struct lvs_worker *worker = step->worker;
	struct lvs_ender ender;

	if (!step->peek)
		lvs_table_remove(worker->director->table, conn, step->tick,
				 lvs_ender_of(&ender, &worker->events, why, step->now_ns));
	return lvs_miss(step);
}

/* The same for a closed one, which still counts while its successor is scheduled. */
static enum lvs_reason reopen(struct lvs_step *step, struct lvs_conn *conn)
{
	enum lvs_reason reason;

	step->old = conn;
	step->old_created = conn->created;
	reason = lvs_miss(step);
	if (step->old)
		lvs_step_end_old(step);
	return reason;
}

static struct lvs_conn *find(const struct lvs_step *step, enum lvs_side *side)
{
	const struct lvs_table *table = step->worker->director->table;

	/* Not even a hint, and that may be certain. */
	if (step->fetch && !step->fetch->conn && lvs_search_lacks(table, step->hash))
		return NULL;
	return lvs_table_find(table, &step->headers->flow, step->hash, LVS_SIDES_PACKET, side);
}

/* A connection that was expected without its client's port, whose first packet this is. */
static LVS_NOINLINE struct lvs_conn *take_waiting(const struct lvs_step *step,
						  struct lvs_conn *conn, enum lvs_side *side)
{
	const struct lvs_director *director = step->worker->director;
	struct lvs_table *table = director->table;
	const struct lvs_flow *flow = &step->headers->flow;

	*side = LVS_SIDE_REQUEST;
	/* From port 0, for a server that was removed, or where nothing is translated: it goes on
	 * waiting. */
	if (step->peek || !flow->src_port || !(conn->kind & LVS_CONN_TWO_WAY) ||
	    !lvs_dest_available(lvs_services_dest(director->services, conn->dest)))
		return conn;
	/* Where another worker did it first, the full key finds it, or what stands in its place. */
	if (lvs_table_set_client_port(table, conn, flow->src_port, step->tick) == LVS_ERR_EXISTS)
		return lvs_table_find(table, flow, step->hash, LVS_SIDES_PACKET, side);
	return lvs_conn_client_port(conn) == flow->src_port ? conn : NULL;
}

LVS_INLINE struct lvs_conn *find_waiting(const struct lvs_step *step, enum lvs_side *side)
{
	struct lvs_conn *conn =
		lvs_table_find_waiting(step->worker->director->table, &step->headers->flow);

	return lvs_likely(!conn) ? NULL : take_waiting(step, conn, side);
}

/* The destination was removed, or there never was one (bypass). Replies still find their way, as in
 * the kernel; which has no eye for a family without a service. */
static enum lvs_reason removed(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
			       struct lvs_dest *dest)
{
	const struct lvs_director *director = step->worker->director;

	if (!lvs_services_any(director->services, step->headers->flow.family))
		return LVS_REASON_NO_SERVICE;
	if (side != LVS_SIDE_REQUEST || conn->dest == 0)
		return lvs_hit(step, conn, side, dest);
	if (!(lvs_setting(director, flags) & LVS_SET_EXPIRE_NODEST))
		return LVS_REASON_DEST_GONE;
	return anew(step, conn, LVS_GONE_DEST_GONE);
}

/* The connection was found. @p first: the packet looks like the first of one. */
static enum lvs_reason decide_conn(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
				   bool first)
{
	struct lvs_dest *dest;

	if (lvs_unlikely(lvs_conn_is_over(conn, step->tick)))
		return anew(step, conn, LVS_GONE_EXPIRED);
	if (side == LVS_SIDE_REQUEST && lvs_unlikely(first) && is_reused(step, conn))
		return reopen(step, conn);
	dest = lvs_dest_at(&step->worker->director->services->dests, conn->dest);
	if (lvs_unlikely(!lvs_dest_available(dest)) || lvs_unlikely(conn->dest == 0))
		return removed(step, conn, side, dest);
	return lvs_hit(step, conn, side, dest);
}

static LVS_NOINLINE enum lvs_reason search(struct lvs_step *step, bool first)
{
	enum lvs_side side;
	struct lvs_conn *conn = find(step, &side);

	if (!conn)
		conn = find_waiting(step, &side);
	return conn ? decide_conn(step, conn, side, first) : lvs_miss(step);
}

/* What was found ahead does not tell. */
LVS_INLINE enum lvs_reason decide_search(struct lvs_step *step, bool first)
{
	const struct lvs_table *table = step->worker->director->table;

	if (lvs_likely(lvs_fetch_lacks(step->fetch, step->hash)) &&
	    lvs_likely(!lvs_table_awaits(table, step->headers->flow.family)))
		return lvs_miss(step);
	return search(step, first);
}

struct lvs_conn *lvs_decide_known(const struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	enum lvs_side side = LVS_SIDE_REQUEST;
	struct lvs_conn *conn = find(step, &side);

	if (!conn)
		conn = lvs_table_find_waiting(director->table, &step->headers->flow);
	if (!conn || lvs_conn_is_over(conn, step->tick))
		return NULL;
	if (!lvs_services_any(director->services, step->headers->flow.family))
		return NULL;
	if (side != LVS_SIDE_REQUEST)
		return conn;
	if (looks_first(step->headers) && is_reused(step, conn))
		return NULL;
	if (lvs_setting(director, flags) & LVS_SET_EXPIRE_NODEST &&
	    !lvs_dest_available(lvs_services_dest(director->services, conn->dest)))
		return NULL;
	return conn;
}

/* Replies go their way, and servers may be told that nobody waits; all else is the host's. */
static LVS_NOINLINE enum lvs_reason stand_by(struct lvs_step *step)
{
	struct lvs_director *director = step->worker->director;
	enum lvs_side side;
	struct lvs_conn *conn =
		lvs_table_find(director->table, &step->headers->flow, step->hash,
			       LVS_SIDES_PACKET & ~(unsigned)LVS_SIDE_REQUEST, &side);

	if (!conn || lvs_conn_is_over(conn, step->tick))
		return lvs_miss(step);
	return lvs_hit(step, conn, side, lvs_services_dest(director->services, conn->dest));
}

enum lvs_reason lvs_decide_flow(struct lvs_step *step)
{
	if (lvs_unlikely(lvs_director_stands_by(step->worker->director)))
		return stand_by(step);
	return decide_search(step, looks_first(step->headers));
}

/* Not a whole packet of TCP or UDP. */
static LVS_NOINLINE enum lvs_reason decide_other(struct lvs_step *step)
{
	const struct lvs_headers *headers = step->headers;
	bool fragment = headers->flags & LVS_HEADERS_FRAGMENT;

	/* Of IPv4 each of their fragments says all that is to be known. */
	if (lvs_is_ipsec(headers->flow.protocol) &&
	    !(fragment && headers->flow.family == LVS_INET6))
		return lvs_ipsec_turn(step);
	if (fragment)
		return lvs_frag_turn(step);
	switch (headers->flow.protocol) {
	case LVS_ICMP:
	case LVS_ICMPV6:
		return lvs_icmp_turn(step);
	case LVS_SCTP:
		return lvs_decide_flow(step);
	default:
		return lvs_step_other(step);
	}
}

/* Whole packets of the two protocols that nearly all are. */
LVS_INLINE bool is_common(const struct lvs_headers *headers)
{
	return lvs_likely(headers->flow.protocol == LVS_TCP || headers->flow.protocol == LVS_UDP) &&
	       lvs_likely(!(headers->flags & LVS_HEADERS_FRAGMENT));
}

/* A record was found ahead, of this flow or of another. */
static LVS_NOINLINE enum lvs_reason decide_guess(struct lvs_step *step, struct lvs_conn *conn,
						 bool first)
{
	const struct lvs_flow *flow = &step->headers->flow;

	if (lvs_table_confirm(conn, flow))
		return decide_conn(step, conn, LVS_SIDE_REQUEST, first);
	conn = lvs_fetch_reply(step->worker->director->table, step->fetch, flow);
	if (conn)
		return decide_conn(step, conn, LVS_SIDE_DEST_REPLY, first);
	return decide_search(step, first);
}

enum lvs_reason lvs_decide(struct lvs_step *step)
{
	bool first = step->headers->tcp_flags & LVS_TCP_SYN;
	struct lvs_conn *conn = step->fetch->conn;

	if (lvs_unlikely(!is_common(step->headers)))
		return decide_other(step);
	return conn ? decide_guess(step, conn, first) : decide_search(step, first);
}

enum lvs_reason lvs_step_other(const struct lvs_step *step)
{
	return lvs_setting(step->worker->director, flags) & LVS_SET_IGNORE_TUNNELED
		       ? LVS_REASON_TUNNELED
		       : LVS_REASON_PROTOCOL;
}

enum lvs_reason lvs_decide_standing_by(struct lvs_step *step)
{
	return is_common(step->headers) ? lvs_decide_flow(step) : decide_other(step);
}
