/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AH and ESP (RFC 4302, 4303) have no ports, and the director none of their keys: they belong to
 * the connection of the IKE that has agreed on them, UDP from port 500 to port 500 between the
 * same two hosts. They keep it alive, open none, move no state; their addresses alone are changed.
 */
#include "base/byteorder.h"
#include "director/events.h"
#include "director/worker.h"

#define IKE_PORT 500

const struct lvs_flow *lvs_ipsec_flow(const struct lvs_flow *flow, struct lvs_flow *ike)
{
	if (!lvs_is_ipsec(flow->protocol))
		return flow;
	*ike = *flow;
	ike->protocol = LVS_UDP;
	ike->src_port = ike->dst_port = lvs_htons(IKE_PORT);
	return ike;
}

/* The kernel puts requests together before it looks at them, replies of IPv4 it does not. */
static bool is_counted_whole(const struct lvs_step *step, enum lvs_side side)
{
	if (!(step->headers->flags & LVS_HEADERS_FRAGMENT))
		return false;
	return side == LVS_SIDE_REQUEST || step->headers->flow.family == LVS_INET6;
}

static enum lvs_reason hit(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
			   struct lvs_dest *dest)
{
	enum lvs_reason reason;
	bool odd = step->odd;

	step->odd = odd || is_counted_whole(step, side);
	reason = lvs_hit_later(step, conn, side, dest);
	step->odd = odd;
	return reason;
}

/* The entry of a removed destination ends with this packet, which opens no other. */
static enum lvs_reason dest_gone(struct lvs_step *step, struct lvs_conn *conn)
{
	struct lvs_worker *worker = step->worker;
	struct lvs_ender ender;

	if (!(lvs_setting(worker->director, flags) & LVS_SET_EXPIRE_NODEST))
		return LVS_REASON_DEST_GONE;
	if (!step->peek)
		lvs_table_remove(
			worker->director->table, conn, step->tick,
			lvs_ender_of(&ender, &worker->events, LVS_GONE_DEST_GONE, step->now_ns));
	return LVS_REASON_PROTOCOL;
}

enum lvs_reason lvs_ipsec_turn(struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	bool backup = lvs_director_stands_by(director);
	unsigned sides = backup ? LVS_SIDES_PACKET & ~(unsigned)LVS_SIDE_REQUEST : LVS_SIDES_PACKET;
	struct lvs_flow ike;
	const struct lvs_flow *flow = lvs_ipsec_flow(&step->headers->flow, &ike);
	struct lvs_dest *dest;
	struct lvs_conn *conn;
	enum lvs_side side;

	conn = lvs_table_find(director->table, flow, lvs_table_hash(director->table, flow), sides,
			      &side);
	if (!conn || lvs_conn_is_over(conn, step->tick))
		return backup ? LVS_REASON_BACKUP : LVS_REASON_PROTOCOL;
	dest = lvs_services_dest(director->services, conn->dest);
	if (!lvs_services_any(director->services, step->headers->flow.family))
		return LVS_REASON_PROTOCOL;
	if (side == LVS_SIDE_REQUEST && !lvs_dest_available(dest))
		return dest_gone(step, conn);
	return hit(step, conn, side, dest);
}
