/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet of a known connection: state, counters, forwarding. Nearly all packets
 * are that, so all of it is inline, for lvs_decide(); what is rare is called.
 *
 * @p odd throughout: the step's own, or false where the caller has asked it: then
 * nobody watches the packet and it counts as a whole one.
 */
#ifndef LVS_DIRECTOR_HIT_H
#define LVS_DIRECTOR_HIT_H

#include "conn/state_step.h"
#include "director/binding.h"
#include "director/helped.h"
#include "director/out.h"
#include "director/worker.h"
#include "service/services.h"

/* --- hit.c --- */

/* Notes the connection for who asks. */
void lvs_hit_note(const struct lvs_step *step, const struct lvs_conn *conn, enum lvs_side side);

/* Fragments and peeks. */
void lvs_hit_count_odd(struct lvs_step *step, uint32_t dest, enum lvs_counter packets);
/* The state moved: who wins the word moves the gauge and, when the end came nearer, the timer. */
void lvs_hit_moved(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
		   uint64_t before, uint64_t after);
void lvs_hit_note_words(const struct lvs_step *step, uint64_t before, uint64_t after);
/* A reply that the method does not translate. */
enum lvs_reason lvs_hit_reply_seen(struct lvs_step *step, struct lvs_conn *conn,
				   struct lvs_dest *dest);

/* As lvs_step_count(). */
LVS_INLINE void lvs_hit_count(struct lvs_step *step, uint32_t dest, enum lvs_counter packets,
			      const bool odd)
{
	struct lvs_counter_row *row;

	if (odd) {
		lvs_hit_count_odd(step, dest, packets);
		return;
	}
	row = lvs_counters_row(&step->worker->counters, dest);
	lvs_count(&row->count[packets], 1);
	lvs_count(&row->count[packets + (LVS_COUNT_IN_BYTES - LVS_COUNT_IN_PKTS)],
		  step->headers->len);
}

/* Marks the connection as alive. Stored only when the coarse tick has moved: in between, workers
 * only read the line. Relaxed: expiry takes the mark as it is and looks again later. */
LVS_INLINE void lvs_hit_alive(struct lvs_conn *conn, uint32_t tick)
{
	uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);

	if (lvs_unlikely(seen != tick) && lvs_tick_reached(tick, seen))
		atomic_store_explicit(&conn->seen, tick, memory_order_relaxed);
}

LVS_INLINE void lvs_hit_seen(struct lvs_conn *conn, uint32_t tick, bool reply)
{
	lvs_hit_alive(conn, tick);
	if (reply)
		lvs_conn_count_reply(conn);
	else
		lvs_conn_count_request(conn);
}

LVS_INLINE void lvs_hit_state(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
			      enum lvs_direction direction, const bool odd)
{
	const struct lvs_states *states = &step->worker->director->states;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint64_t after;

	do {
		after = lvs_state_step(states, word, direction, step->headers);
		if (odd && step->record)
			lvs_hit_note_words(step, word, after);
		if (odd && step->peek)
			return;
		/* Ended a moment ago by somebody else, who has moved the gauges. */
		if (lvs_unlikely(word & LVS_CONN_DEAD))
			return;
		if (lvs_likely(after == word)) {
			lvs_hit_seen(conn, step->tick, direction == LVS_OUTPUT);
			return;
		}
		/* Before the word: by the old mark and a shorter timeout it may seem to be over. */
		lvs_hit_seen(conn, step->tick, direction == LVS_OUTPUT);
		/* release: the mark; pairs with the acquires of who asks whether it is over. Gauges
		 * are atomics of their own. */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->word, &word, after, memory_order_release, memory_order_relaxed));
	lvs_hit_moved(step, conn, dest, word, after);
}

LVS_INLINE bool lvs_hit_is_clamped(const struct lvs_conn *conn)
{
	return atomic_load_explicit(&conn->word, memory_order_relaxed) & LVS_CONN_MSS_CLAMP;
}

/* Of a SYN that is to be clamped, and where forwarding refused. */
enum lvs_reason lvs_hit_request_clamped(struct lvs_step *step, const struct lvs_conn *conn,
					const struct lvs_dest *dest,
					const struct lvs_forward_ops *ops);
enum lvs_reason lvs_hit_request_refused(struct lvs_step *step, const struct lvs_conn *conn,
					const struct lvs_dest *dest, enum lvs_reason reason,
					const struct lvs_forward_ops *ops);

LVS_INLINE enum lvs_reason lvs_hit_request(struct lvs_step *step, struct lvs_conn *conn,
					   struct lvs_dest *dest, const struct lvs_forward_ops *ops,
					   const bool odd)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	lvs_hit_count(step, conn->dest, LVS_COUNT_IN_PKTS, odd);
	lvs_hit_state(step, conn, dest, LVS_INPUT, odd);
	if (lvs_unlikely(step->headers->tcp_flags & LVS_TCP_SYN) && lvs_hit_is_clamped(conn))
		return lvs_hit_request_clamped(step, conn, dest, ops);
	if (!(ops->flags & LVS_FORWARD_PATH_ALONE))
		lvs_binding_of_conn(&binding, conn, step->worker->director);
	reason = lvs_step_out_straight(step, dest, ops, &binding);
	if (lvs_likely(reason == LVS_REASON_NONE))
		return LVS_REASON_ESTABLISHED;
	return lvs_hit_request_refused(step, conn, dest, reason, ops);
}

LVS_INLINE void lvs_hit_reply_passes(struct lvs_step *step, struct lvs_conn *conn,
				     struct lvs_dest *dest, const bool odd)
{
	if (lvs_likely(lvs_dest_available(dest)))
		lvs_hit_count(step, conn->dest, LVS_COUNT_OUT_PKTS, odd);
	lvs_hit_state(step, conn, dest, LVS_OUTPUT, odd);
}

/* What the way back does not take has never been here: in the kernel the host refuses it before. */
LVS_INLINE enum lvs_reason lvs_hit_reply(struct lvs_step *step, struct lvs_conn *conn,
					 struct lvs_dest *dest, const struct lvs_forward_ops *ops,
					 const bool odd)
{
	struct lvs_path_conf path;
	struct lvs_binding binding;
	enum lvs_reason reason;

	if (lvs_unlikely(!ops->back))
		return lvs_hit_reply_seen(step, conn, dest);
	lvs_binding_of_conn(&binding, conn, step->worker->director);
	if (!lvs_binding_path_back(&path, &binding, step->worker->director))
		return LVS_REASON_UNREACHABLE;
	reason = ops->back(step->packet, step->headers, &binding);
	if (lvs_unlikely(reason != LVS_REASON_NONE && reason != LVS_REASON_LOCAL))
		return lvs_step_refused(step, reason, NULL, &binding);
	lvs_hit_reply_passes(step, conn, dest, odd);
	if (lvs_unlikely(reason == LVS_REASON_LOCAL))
		return LVS_REASON_LOCAL;
	if (lvs_unlikely(step->headers->tcp_flags & LVS_TCP_SYN) && lvs_hit_is_clamped(conn))
		lvs_step_clamp(step, dest, ops, &binding);
	return LVS_REASON_REPLY;
}

/* The number of a connection, which is known where it was found ahead. */
LVS_INLINE uint32_t lvs_hit_number(const struct lvs_step *step, const struct lvs_conn *conn)
{
	if (lvs_likely(step->fetch) && lvs_likely(step->fetch->conn == conn))
		return step->fetch->number;
	return lvs_table_number(step->worker->director->table, conn);
}

LVS_INLINE enum lvs_reason lvs_hit_straight(struct lvs_step *step, struct lvs_conn *conn,
					    enum lvs_side side, struct lvs_dest *dest,
					    const bool odd)
{
	struct lvs_director *director = step->worker->director;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	const struct lvs_forward_ops *ops =
		lvs_forwarder_at(director->services, LVS_CONN_FORWARDER(word));

	if (lvs_unlikely(word & LVS_CONN_HELPED))
		return lvs_hit_helped(step, conn, side, dest, ops);
	step->packet->conn = lvs_hit_number(step, conn);
	if (odd && step->record)
		lvs_hit_note(step, conn, side);
	if (side == LVS_SIDE_REQUEST)
		return lvs_hit_request(step, conn, dest, ops, odd);
	return lvs_hit_reply(step, conn, dest, ops, odd);
}

#endif
