/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker: the packet side, an object that one thread uses at a time. */
#ifndef LVS_DIRECTOR_WORKER_H
#define LVS_DIRECTOR_WORKER_H

#include "director/director.h"
#include "director/piece.h"
#include "director/recorder.h"
#include "packet/icmp.h"
#include "service/match.h"

/* Packets that are parsed and fetched ahead together. */
#define LVS_BATCH 32

/* What was found out about a packet before its turn: hints, and what its bytes say. */
struct lvs_slot {
	LVS_ALIGNED struct lvs_headers headers;
	struct lvs_fetch fetch;
	enum lvs_reason reason; /* why it is not ours, or NONE */
};

struct lvs_worker {
	struct lvs_epoch_reader reader;
	struct lvs_director *director;
	struct lvs_worker *next;    /* list of the director */
	bool expiry_more;           /* the last handling of expiry left something undone */
	bool persists;              /* persistent services have new connections these days */
	_Atomic uint64_t ticks;     /* the worker's own time */
	struct lvs_matches matches; /* services found lately */
	struct lvs_path_conf path;  /* a destination's with a learned MTU, for one packet's turn */
	struct lvs_slot slot[LVS_BATCH];
	struct lvs_ring events;   /* of this worker's calls */
	struct lvs_pieces outbox; /* to be sent */
	struct lvs_pieces given;  /* handed out by the last call of lvs_worker_outbox() */
	struct lvs_counters counters;
};

/* A packet's turn. */
struct lvs_step {
	struct lvs_worker *worker;
	struct lvs_packet *packet;
	struct lvs_headers *headers;
	uint64_t hash;
	const struct lvs_fetch *fetch; /* what was found ahead; NULL: nothing */
	uint64_t now_ns;               /* as the worker was called with, not before its tick */
	uint32_t tick;
	struct lvs_conn *old; /* a closed connection that this packet opens anew, still there */
	uint32_t old_created; /* its number: it may have made room, and be another by now */
	uint32_t mtu;         /* the path's, less what goes in front, where the reason is MTU */
	bool back;            /* it was refused on its way from the server */
	bool peek;            /* say what would happen, move nothing but the packet */
	bool odd;             /* a peek or a fragment: counted in its own way, or noted */
	const struct lvs_pieces
		*pieces;           /* the datagram of a first fragment, where it is gathered */
	struct lvs_record *record; /* NULL, or who wants to know (docs/adr/0008): then it is odd */
	/* NULL, or the ICMP error whose quoted flow this step schedules: headers' flow is that of
	 * the client, all else in them and the packet are the error's. */
	const struct lvs_quoted *quoted;
};

/* An ICMP error on its turn, and what it quotes. */
struct lvs_quoted {
	struct lvs_step *step;
	const struct lvs_quote *quote;
};

/* The same behind the question whether it is balanced, for a datagram's first fragment. */
enum lvs_reason lvs_decide_flow(struct lvs_step *step);

/* The connection that such a packet belongs to; NULL: it would begin one, or none. */
struct lvs_conn *lvs_decide_known(const struct lvs_step *step);

/* What decides is the transport's ports: the others are ICMP, or the host's. */
LVS_INLINE bool lvs_is_balanced(uint8_t protocol)
{
	return protocol == LVS_TCP || protocol == LVS_UDP || protocol == LVS_SCTP;
}

/* What IKE has agreed on: AH and ESP of IPsec, of which IKE's connection is the connection. */
LVS_INLINE bool lvs_is_ipsec(uint8_t protocol)
{
	return protocol == LVS_ESP || protocol == LVS_AH;
}

/* A flow by which its connection is found: @p flow, or of AH and ESP that of their IKE, which is
 * written to @p ike. */
const struct lvs_flow *lvs_ipsec_flow(const struct lvs_flow *flow, struct lvs_flow *ike);

/* An AH or ESP packet's turn. */
enum lvs_reason lvs_ipsec_turn(struct lvs_step *step);

/* Why a packet of a protocol that is not balanced passes. */
enum lvs_reason lvs_step_other(const struct lvs_step *step);

/* A decision becomes the packet's verdict, or an ICMP error about it. The final reason. */
enum lvs_reason lvs_step_settle(struct lvs_step *step, enum lvs_reason reason);

/* A packet's turn: its lookup, state and forwarding, whatever could be found ahead being found (the
 * straight way aside: director/straight.h); the reason. */
enum lvs_reason lvs_decide(struct lvs_step *step);

/* The same while the director stands by: only replies of connections are its. */
enum lvs_reason lvs_decide_standing_by(struct lvs_step *step);

/* Without a connection, and not to be balanced: why, or NONE. */
enum lvs_reason lvs_miss_aside(struct lvs_step *step);

/* No connection was found, or step->old, which ends then: schedule, create, forward. */
enum lvs_reason lvs_miss(struct lvs_step *step);

/* A packet without a connection and a service: it may be a server's, and begin one. The final
 * reason; NO_SERVICE: it is not. */
enum lvs_reason lvs_outbound(struct lvs_step *step);

/* A later fragment of one that had no entry, from destination @p dest. */
enum lvs_reason lvs_outbound_later(struct lvs_step *step, uint32_t dest);

/* Hints: fetches the templates of those of @p n packets, looked at and fetched, that seem to be new
 * connections of persistent services. */
void lvs_persist_fetch(struct lvs_worker *worker, const struct lvs_packet *packets, unsigned n);

/* Ends step->old, if that has not been done yet. */
void lvs_step_end_old(struct lvs_step *step);

/* A later fragment of a packet that was scheduled without an entry, by @p mark to the destination
 * of number @p dest: there too, or nowhere. */
enum lvs_reason lvs_miss_later(struct lvs_step *step, uint32_t mark, uint32_t dest);

/* A later fragment of a packet that had a connection to itself (LVS_SERVICE_ONE_PACKET), the same
 * way. */
enum lvs_reason lvs_miss_later_once(struct lvs_step *step, uint32_t mark, uint32_t dest);

/* The packet belongs to @p conn, as @p side tells, whose destination is @p dest: state and
 * forwarding. */
enum lvs_reason lvs_hit(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
			struct lvs_dest *dest);

/* The same for what has no transport header of the connection's: a later fragment, AH, ESP. No
 * state moves, and its addresses alone are rewritten. */
enum lvs_reason lvs_hit_later(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
			      struct lvs_dest *dest);

/* The connection's clock begins anew, by the timeout that it has; no state moves. */
void lvs_hit_keep(struct lvs_step *step, struct lvs_conn *conn);

/* The state moves by the packet; the connection's word then, or what it would be. */
uint64_t lvs_hit_move(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
		      enum lvs_direction direction);

/* The binding's path to the destination, with what was learned of its MTU. */
void lvs_step_path(struct lvs_step *step, const struct lvs_dest *dest, struct lvs_binding *binding);

/* Out to the destination, the binding's path filled in by this call. */
enum lvs_reason lvs_step_out(struct lvs_step *step, const struct lvs_dest *dest,
			     const struct lvs_forward_ops *ops, struct lvs_binding *binding);

/* The same to one that was removed: its owner may have let go of its path, which is looked up. */
enum lvs_reason lvs_step_out_removed(struct lvs_step *step, const struct lvs_dest *dest,
				     const struct lvs_forward_ops *ops,
				     struct lvs_binding *binding);

/* An ICMP packet's turn: an error about a known connection goes to whom it concerns. */
enum lvs_reason lvs_icmp_turn(struct lvs_step *step);

/* Whether it is an error that would be rewritten, which takes its checksum and so all of it. */
bool lvs_icmp_needs_whole(const struct lvs_step *step);

/* An error that a connection's client's side sent, to its server. */
enum lvs_reason lvs_icmp_to_server(struct lvs_step *step, const struct lvs_dest *dest,
				   const struct lvs_forward_ops *ops, struct lvs_binding *binding,
				   const struct lvs_quote *quote);

/* An error about a flow that has no connection: it may open one (schedule_icmp). */
enum lvs_reason lvs_icmp_schedule(struct lvs_step *step, const struct lvs_quote *quote);
/* Whether a service would have it. */
bool lvs_icmp_may_schedule(const struct lvs_step *step, const struct lvs_quote *quote);

/* A later fragment of an error about a packet of @p quoted. */
enum lvs_reason lvs_icmp_follow(struct lvs_step *step, const struct lvs_flow *quoted);

/* The packet cannot go on for @p reason: it becomes an ICMP error to its sender where there is one
 * for that reason and rules and limits allow it. The reason, then its REPLY twin. */
enum lvs_reason lvs_answer(struct lvs_step *step, enum lvs_reason reason);

/* The same with an error of the caller's; false: it is not to be sent. @p error->source is filled
 * in: this host's own, or what the packet was sent to where @p from_own is false or none is known.
 */
bool lvs_answer_with(struct lvs_step *step, struct lvs_icmp_error *error, bool from_own);

/* Whether the host would refuse to route the packet on to its own destination, for its length or
 * for TTL. */
bool lvs_step_host_refuses(const struct lvs_step *step);

/* Forwarding refused the packet, on its way back where @p ops is NULL: notes what an answer needs.
 * @p reason again. */
enum lvs_reason lvs_step_refused(struct lvs_step *step, enum lvs_reason reason,
				 const struct lvs_forward_ops *ops,
				 const struct lvs_binding *binding);

/* A SYN/ACK of a service that asks for it, which has been forwarded: lowers its MSS to what both
 * ways take. */
void lvs_step_clamp(struct lvs_step *step, const struct lvs_dest *dest,
		    const struct lvs_forward_ops *ops, const struct lvs_binding *binding);

/* lvs_step_out(), and the same for a SYN. */
enum lvs_reason lvs_step_out_clamped(struct lvs_step *step, const struct lvs_dest *dest,
				     const struct lvs_forward_ops *ops,
				     struct lvs_binding *binding);

/* Its time has come, though nobody has ended it yet. */
LVS_INLINE bool lvs_conn_is_over(const struct lvs_conn *conn, uint32_t tick)
{
	uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);
	uint64_t word;

	if (lvs_likely(seen == tick))
		return false;
	/* acquire, and the mark again: a word whose timeout is shorter comes with a mark that is
	 * not older than it; pairs with the release in move_state() of hit.c. */
	word = atomic_load_explicit(&conn->word, memory_order_acquire);
	seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);
	/* While it controls others it lingers. */
	return lvs_tick_reached(tick, lvs_conn_deadline(seen, word)) && !lvs_conn_control_n(conn);
}

/* Counts a packet and its bytes, in (client to server) or out. A datagram in fragments counts as
 * one packet, of the length that it has as a whole. */
void lvs_step_count(struct lvs_step *step, uint32_t dest, enum lvs_counter packets);

/*
 * Decides about one packet without a trace in the director: its path through the
 * same code, told to @p record. The packet is rewritten as it would be. A connection that the
 * packet would end to begin anew still counts in the load by which a scheduler picks.
 */
void lvs_worker_peek(struct lvs_worker *worker, struct lvs_packet *packet, uint64_t now_ns,
		     struct lvs_record *record);
/* The same inside the worker's epoch: what the record points to is there until it is left. */
void lvs_worker_peek_within(struct lvs_worker *worker, struct lvs_packet *packet, uint64_t now_ns,
			    struct lvs_record *record);

#endif
