/* SPDX-License-Identifier: BSD-2-Clause */
/* What an embedder's own forwarder is told, and how a turn ends that leaves the
 * straight way late, behind the forwarder. Connection and destination are found again. */
#include "director/straight.h"

static struct lvs_dest *dest_of(const struct lvs_director *director, const struct lvs_slot *slot)
{
	return lvs_dest_at(&director->services->dests, slot->fetch.conn->dest);
}

static const struct lvs_forward_ops *ops_of(const struct lvs_director *director,
					    const struct lvs_slot *slot)
{
	uint64_t word = atomic_load_explicit(&slot->fetch.conn->word, memory_order_relaxed);

	return lvs_forwarder_at(director->services, LVS_CONN_FORWARDER(word));
}

enum lvs_reason lvs_straight_out_any(const struct lvs_director *director, struct lvs_packet *packet,
				     struct lvs_slot *slot, struct lvs_binding *binding)
{
	lvs_binding_of_conn(binding, slot->fetch.conn, director);
	lvs_binding_tunnel(binding, dest_of(director, slot));
	return ops_of(director, slot)->out(packet, &slot->headers, binding);
}

enum lvs_reason lvs_straight_back_any(const struct lvs_director *director,
				      struct lvs_packet *packet, struct lvs_slot *slot,
				      struct lvs_binding *binding)
{
	lvs_binding_of_conn(binding, slot->fetch.conn, director);
	return ops_of(director, slot)->back(packet, &slot->headers, binding);
}

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
	const struct lvs_director *director = step->worker->director;
	struct lvs_conn *conn = slot->fetch.conn;
	struct lvs_dest *dest = dest_of(director, slot);
	const struct lvs_forward_ops *ops = ops_of(director, slot);

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
