/* SPDX-License-Identifier: BSD-2-Clause */
/* How a turn ends that left the straight way late, behind the forwarder. */
#include "director/straight.h"

static enum lvs_reason settle(struct lvs_step *step, enum lvs_reason reason)
{
	reason = lvs_step_settle(step, reason);
	lvs_count(&step->worker->counters.reason[reason], 1);
	return reason;
}

enum lvs_reason lvs_straight_end(struct lvs_step *step, struct lvs_packet *packet,
				 struct lvs_slot *slot, enum lvs_direction direction,
				 enum lvs_reason reason, const struct lvs_binding *binding)
{
	const struct lvs_services *services = step->worker->director->services;
	struct lvs_conn *conn = slot->fetch.conn;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	struct lvs_dest *dest = lvs_dest_at(&services->dests, conn->dest);
	const struct lvs_forward_ops *ops = lvs_forwarder_at(services, LVS_CONN_FORWARDER(word));

	lvs_step_begin(step, packet, slot);
	if (direction == LVS_INPUT)
		reason = lvs_hit_request_out(step, conn, dest, reason, ops);
	else
		reason = lvs_hit_reply_back(step, conn, dest, reason, ops, binding);
	return settle(step, reason);
}

enum lvs_reason lvs_straight_unreachable(struct lvs_step *step, struct lvs_packet *packet,
					 struct lvs_slot *slot)
{
	lvs_step_begin(step, packet, slot);
	return settle(step, LVS_REASON_UNREACHABLE);
}
