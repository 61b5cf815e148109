/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The straight way of a packet's turn, which nearly all take: a whole one of TCP or UDP, of a
 * connection that was found ahead, is alive and stays as it is, to a destination of which nothing
 * is to be minded. Guards come first and move nothing: who does not pass them leaves, to
 * lvs_decide(), which does the same for all. Behind them the packet is counted and forwarded.
 *
 * All is inline in the worker's loop, and what is known of the packet is handed on by value: the
 * address of a struct lvs_step is known to others, so that each of its fields would be loaded anew
 * after whatever is stored.
 */
#ifndef LVS_DIRECTOR_STRAIGHT_H
#define LVS_DIRECTOR_STRAIGHT_H

#include "conn/fetch.h"
#include "conn/state_step.h"
#include "director/binding.h"
#include "director/hit.h"
#include "director/out.h"
#include "service/services.h"

/* No reason: the packet has left the straight way, and nothing has happened yet. */
#define LVS_STRAIGHT_LEFT LVS_REASON_N

/* A packet and what is known of it. */
struct lvs_turn {
	struct lvs_worker *worker;
	struct lvs_director *director; /* the worker's */
	struct lvs_packet *packet;
	struct lvs_slot *slot; /* the reason in it is none */
	uint32_t tick;
	struct lvs_conn *conn; /* that was found ahead, whose flow it is */
	uint64_t word;         /* of the connection */
	uint32_t seen;         /* the same */
	uint64_t after;        /* the same, by this packet */
	uint32_t number;       /* of the destination */
	struct lvs_dest *dest;
	const struct lvs_forward_ops *ops;
};

/* A step of no packet yet. In two parts: clearing it at once is a string instruction's work, which
 * takes as long to begin as half a packet. */
LVS_INLINE void lvs_step_init(struct lvs_step *step, struct lvs_worker *worker, uint32_t tick,
			      uint64_t now_ns)
{
	memset(step, 0, offsetof(struct lvs_step, now_ns));
	memset(&step->old, 0, sizeof(*step) - offsetof(struct lvs_step, old));
	step->worker = worker;
	step->now_ns = now_ns;
	step->tick = tick;
}

/* The step becomes this packet's; nothing of the one before it is left. */
LVS_INLINE void lvs_step_begin(struct lvs_step *step, struct lvs_packet *packet,
			       struct lvs_slot *slot)
{
	step->packet = packet;
	step->headers = &slot->headers;
	step->hash = slot->fetch.hash;
	step->fetch = &slot->fetch;
	step->old = NULL;
	step->back = false;
}

/* The connection is alive, and nobody looks into it. */
LVS_INLINE bool lvs_straight_is_plain(const struct lvs_turn *turn)
{
	const uint64_t marks = LVS_CONN_LIVE | LVS_CONN_DEAD | LVS_CONN_HELPED;

	return (turn->word & marks) == LVS_CONN_LIVE;
}

/* --- straight.c --- */

/* The forwarder reads more of the connection than one end: its answer. */
enum lvs_reason lvs_straight_out_any(const struct lvs_director *director, struct lvs_packet *packet,
				     struct lvs_slot *slot, struct lvs_binding *binding);
enum lvs_reason lvs_straight_back_any(const struct lvs_director *director,
				      struct lvs_packet *packet, struct lvs_slot *slot,
				      struct lvs_binding *binding);
/* Forwarding has answered @p reason (of a reply with that @p binding), which is not what nearly all
 * are: the rest of the turn. From the packet and its slot alone, so that the way itself need not
 * keep what it knows. */
enum lvs_reason lvs_straight_end(struct lvs_step *step, struct lvs_packet *packet,
				 struct lvs_slot *slot, enum lvs_direction direction,
				 enum lvs_reason reason, const struct lvs_binding *binding);
/* There is no way back. */
enum lvs_reason lvs_straight_unreachable(struct lvs_step *step, struct lvs_packet *packet,
					 struct lvs_slot *slot);

/* With the verdict that reason.h gives ESTABLISHED and REPLY. */
LVS_INLINE enum lvs_reason lvs_straight_forwarded(const struct lvs_turn *turn,
						  enum lvs_reason reason)
{
	lvs_count(&turn->worker->counters.reason[reason], 1);
	turn->packet->verdict = LVS_FORWARD;
	turn->packet->reason = (uint8_t)reason;
	return reason;
}

/* Its time is not over. The word was loaded before the mark: see lvs_conn_is_over(). */
LVS_INLINE bool lvs_straight_goes_on(const struct lvs_turn *turn)
{
	return lvs_likely(turn->seen == turn->tick) ||
	       !lvs_tick_reached(turn->tick, lvs_conn_deadline(turn->seen, turn->word));
}

/* What the connection's word becomes by a whole packet of the two protocols that nearly all are,
 * which begins nothing. False: it is none. */
LVS_INLINE bool lvs_straight_moves(struct lvs_turn *turn, enum lvs_direction direction)
{
	const struct lvs_headers *headers = &turn->slot->headers;
	uint8_t protocol = headers->flow.protocol, flags = headers->tcp_flags;

	if (lvs_unlikely(headers->flags & LVS_HEADERS_FRAGMENT))
		return false;
	if (lvs_likely(protocol == LVS_TCP)
		    ? !lvs_state_goes_on(turn->word, flags) && flags & LVS_TCP_SYN
		    : protocol != LVS_UDP)
		return false;
	turn->after = lvs_state_step(&turn->director->states, turn->word, direction, headers);
	turn->seen = lvs_hit_last(turn->conn);
	return lvs_straight_goes_on(turn);
}

/* Its destination is there. */
LVS_INLINE bool lvs_straight_arrives(struct lvs_turn *turn)
{
	const struct lvs_services *services = turn->director->services;

	turn->number = turn->conn->dest;
	turn->dest = lvs_dest_at(&services->dests, turn->number);
	turn->ops = lvs_forwarder_at(services, LVS_CONN_FORWARDER(turn->word));
	return lvs_likely(lvs_dest_available(turn->dest));
}

/* It is one of the connection's that counts. */
LVS_INLINE void lvs_straight_count(const struct lvs_turn *turn, enum lvs_direction direction,
				   enum lvs_counter packets)
{
	const struct lvs_headers *headers = &turn->slot->headers;

	lvs_hit_count(turn->worker, turn->number, packets, headers->len);
	lvs_hit_seen(turn->conn, turn->seen, turn->tick, direction);
	if (lvs_unlikely(turn->after != turn->word))
		lvs_hit_change(turn->worker, turn->conn, turn->dest, headers, direction,
			       turn->tick);
}

/* To the destination, the binding's path being the way there. */
LVS_INLINE enum lvs_reason lvs_straight_out(const struct lvs_turn *turn,
					    struct lvs_binding *binding)
{
	if (!(turn->ops->flags & LVS_FORWARD_PATH_ALONE)) {
		if (lvs_unlikely(!(turn->ops->flags & LVS_FORWARD_ONE_END)))
			return lvs_straight_out_any(turn->director, turn->packet, turn->slot,
						    binding);
		lvs_binding_end_of_conn(binding, turn->conn, LVS_INPUT);
		lvs_binding_tunnel(binding, turn->dest);
	}
	return turn->ops->out(turn->packet, &turn->slot->headers, binding);
}

/* Back to the client, likewise. */
LVS_INLINE enum lvs_reason lvs_straight_back(const struct lvs_turn *turn,
					     struct lvs_binding *binding)
{
	if (lvs_unlikely(!(turn->ops->flags & LVS_FORWARD_ONE_END)))
		return lvs_straight_back_any(turn->director, turn->packet, turn->slot, binding);
	lvs_binding_end_of_conn(binding, turn->conn, LVS_OUTPUT);
	return turn->ops->back(turn->packet, &turn->slot->headers, binding);
}

LVS_INLINE enum lvs_reason lvs_straight_request(struct lvs_step *step, struct lvs_told *told,
						struct lvs_turn *turn)
{
	enum lvs_reason reason;

	if (!lvs_straight_arrives(turn))
		return LVS_STRAIGHT_LEFT;
	told->binding.path = lvs_dest_path(turn->dest);
	if (lvs_unlikely(lvs_pmtu_learned(told->binding.path)) ||
	    lvs_unlikely(!lvs_straight_moves(turn, LVS_INPUT)))
		return LVS_STRAIGHT_LEFT;
	turn->packet->conn = turn->slot->fetch.number;
	lvs_straight_count(turn, LVS_INPUT, LVS_COUNT_IN_PKTS);
	reason = lvs_straight_out(turn, &told->binding);
	if (lvs_likely(reason == LVS_REASON_NONE))
		return lvs_straight_forwarded(turn, LVS_REASON_ESTABLISHED);
	return lvs_straight_end(step, turn->packet, turn->slot, LVS_INPUT, reason, NULL);
}

LVS_INLINE enum lvs_reason lvs_straight_reply(struct lvs_step *step, struct lvs_told *told,
					      struct lvs_turn *turn)
{
	enum lvs_reason reason;

	if (!lvs_straight_arrives(turn))
		return LVS_STRAIGHT_LEFT;
	if (lvs_unlikely(!turn->ops->back) || lvs_unlikely(!lvs_straight_moves(turn, LVS_OUTPUT)))
		return LVS_STRAIGHT_LEFT;
	turn->packet->conn = turn->slot->fetch.number;
	if (lvs_unlikely(!lvs_told_path_back(told, turn->worker, &turn->slot->headers.flow)))
		return lvs_straight_unreachable(step, turn->packet, turn->slot);
	reason = lvs_straight_back(turn, &told->binding);
	if (lvs_unlikely(reason != LVS_REASON_NONE))
		return lvs_straight_end(step, turn->packet, turn->slot, LVS_OUTPUT, reason,
					&told->binding);
	lvs_straight_count(turn, LVS_OUTPUT, LVS_COUNT_OUT_PKTS);
	return lvs_straight_forwarded(turn, LVS_REASON_REPLY);
}

/* A packet's turn, its record found ahead or none. LVS_STRAIGHT_LEFT, or the reason that was
 * counted. @p told: by lvs_told_begin(). */
LVS_INLINE enum lvs_reason lvs_straight(struct lvs_step *step, struct lvs_told *told,
					struct lvs_worker *worker, struct lvs_packet *packet,
					struct lvs_slot *slot, uint32_t tick)
{
	struct lvs_turn turn = {.worker = worker,
				.director = worker->director,
				.packet = packet,
				.slot = slot,
				.tick = tick,
				.conn = slot->fetch.conn};
	const struct lvs_flow *flow = &slot->headers.flow;

	if (lvs_unlikely(!turn.conn))
		return LVS_STRAIGHT_LEFT;
	/* acquire: pairs with publish(); see lvs_table_confirm() */
	turn.word = atomic_load_explicit(&turn.conn->word, memory_order_acquire);
	if (lvs_unlikely(!lvs_straight_is_plain(&turn)))
		return LVS_STRAIGHT_LEFT;
	if (lvs_key_is_request_of(turn.conn, flow))
		return lvs_straight_request(step, told, &turn);
	if (lvs_fetch_reply(turn.director->table, &slot->fetch, flow))
		return lvs_straight_reply(step, told, &turn);
	return LVS_STRAIGHT_LEFT;
}

#endif
