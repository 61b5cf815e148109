/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet of a known connection: state, counters, forwarding. */
#include "director/hit.h"

#include "conn/state_step.h"
#include "director/binding.h"
#include "director/helped.h"
#include "director/out.h"
#include "packet/parse.h"
#include "service/services.h"

static void count(struct lvs_step *step, uint32_t dest, enum lvs_counter packets, uint64_t packet_n,
		  uint64_t bytes)
{
	struct lvs_counter_row *row = lvs_counters_row(&step->worker->counters, dest);

	lvs_count(&row->count[packets], packet_n);
	lvs_count(&row->count[packets + (LVS_COUNT_IN_BYTES - LVS_COUNT_IN_PKTS)], bytes);
}

/* Fragments and peeks. The sum over a datagram's fragments is that of the packet that was cut. */
static LVS_NOINLINE void count_odd(struct lvs_step *step, uint32_t dest, enum lvs_counter packets)
{
	const struct lvs_headers *headers = step->headers;

	if (step->peek)
		return;
	if (headers->flags & LVS_HEADERS_LATER_FRAGMENT)
		count(step, dest, packets, 0, headers->len - headers->l4_offset);
	else if (headers->flow.family == LVS_INET6)
		count(step, dest, packets, 1, headers->len - LVS_FRAGMENT_LEN);
	else
		count(step, dest, packets, 1, headers->len);
}

void lvs_step_count(struct lvs_step *step, uint32_t dest, enum lvs_counter packets)
{
	if (lvs_unlikely(step->odd))
		count_odd(step, dest, packets);
	else
		lvs_hit_count(step->worker, dest, packets, step->headers->len);
}

void lvs_hit_keep(struct lvs_step *step, struct lvs_conn *conn)
{
	if (!step->peek)
		lvs_hit_alive(conn, lvs_hit_last(conn), step->tick);
}

/* Whether both sides have spoken by now, and had not before. */
static bool is_answered(const struct lvs_conn *conn, uint64_t before, uint64_t after)
{
	if (conn->protocol == LVS_UDP)
		return before & ~after & LVS_CONN_UNASSURED;
	return lvs_state_established(conn->protocol, after) &&
	       !lvs_state_established(conn->protocol, before);
}

/* The state moved: who wins the word moves the gauge and, when the end came nearer, the timer. */
static void moved(struct lvs_worker *worker, struct lvs_conn *conn, struct lvs_dest *dest,
		  uint64_t before, uint64_t after, uint32_t tick)
{
	if ((before ^ after) & LVS_CONN_INACTIVE)
		lvs_dest_activate(dest, !(after & LVS_CONN_INACTIVE));
	if (is_answered(conn, before, after))
		lvs_table_assure(worker->director->table, conn);
	if (LVS_CONN_TIMEOUT(after) < LVS_CONN_TIMEOUT(before))
		lvs_table_rearm(worker->director->table, conn, tick);
}

LVS_NOINLINE void lvs_hit_change(struct lvs_worker *worker, struct lvs_conn *conn,
				 struct lvs_dest *dest, const struct lvs_headers *headers,
				 enum lvs_direction direction, uint32_t tick)
{
	const struct lvs_states *states = &worker->director->states;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint64_t after;

	do {
		/* Ended a moment ago by somebody else, who has moved the gauges. */
		if (lvs_unlikely(word & LVS_CONN_DEAD))
			return;
		after = lvs_state_step(states, word, direction, headers);
		if (after == word)
			return;
		/* release: the mark; pairs with the acquires of who asks whether it is over. Gauges
		 * are atomics of their own. */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->word, &word, after, memory_order_release, memory_order_relaxed));
	moved(worker, conn, dest, word, after, tick);
}

/* For who asks. */
static void note_words(const struct lvs_step *step, uint64_t before, uint64_t after)
{
	lvs_note(step, word_before, before);
	lvs_note(step, word_after, after);
}

static void move_state(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
		       enum lvs_direction direction)
{
	const struct lvs_states *states = &step->worker->director->states;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint64_t after = lvs_state_step(states, word, direction, step->headers);

	note_words(step, word, after);
	if (step->peek || lvs_unlikely(word & LVS_CONN_DEAD))
		return;
	/* Before the word: by the old mark and a shorter timeout it may seem to be over. */
	lvs_hit_seen(conn, lvs_hit_last(conn), step->tick, direction);
	if (after != word)
		lvs_hit_change(step->worker, conn, dest, step->headers, direction, step->tick);
}

uint64_t lvs_hit_move(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
		      enum lvs_direction direction)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);

	move_state(step, conn, dest, direction);
	if (step->peek)
		return lvs_state_next(&step->worker->director->states, word, direction,
				      step->headers);
	return atomic_load_explicit(&conn->word, memory_order_relaxed);
}

enum lvs_reason lvs_hit_request_out(struct lvs_step *step, const struct lvs_conn *conn,
				    const struct lvs_dest *dest, enum lvs_reason reason,
				    const struct lvs_forward_ops *ops)
{
	struct lvs_binding binding;

	if (reason == LVS_REASON_NONE)
		return LVS_REASON_ESTABLISHED;
	lvs_binding_of_conn(&binding, conn, step->worker->director);
	lvs_step_path(step, dest, &binding);
	return lvs_step_refused(step, reason, ops, &binding);
}

/* A SYN that is to be clamped. */
static enum lvs_reason request_clamped(struct lvs_step *step, const struct lvs_conn *conn,
				       const struct lvs_dest *dest,
				       const struct lvs_forward_ops *ops)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	lvs_binding_of_conn(&binding, conn, step->worker->director);
	reason = lvs_step_out_clamped(step, dest, ops, &binding);
	if (lvs_likely(reason == LVS_REASON_NONE))
		return LVS_REASON_ESTABLISHED;
	return lvs_step_refused(step, reason, ops, &binding);
}

static bool is_clamped(const struct lvs_step *step, const struct lvs_conn *conn)
{
	return step->headers->tcp_flags & LVS_TCP_SYN &&
	       atomic_load_explicit(&conn->word, memory_order_relaxed) & LVS_CONN_MSS_CLAMP;
}

static enum lvs_reason request(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
			       const struct lvs_forward_ops *ops)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	lvs_step_count(step, conn->dest, LVS_COUNT_IN_PKTS);
	move_state(step, conn, dest, LVS_INPUT);
	if (lvs_unlikely(is_clamped(step, conn)))
		return request_clamped(step, conn, dest, ops);
	if (!(ops->flags & LVS_FORWARD_PATH_ALONE))
		lvs_binding_of_conn(&binding, conn, step->worker->director);
	reason = lvs_step_out_straight(step, dest, ops, &binding);
	return lvs_hit_request_out(step, conn, dest, reason, ops);
}

static void reply_passes(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest)
{
	if (lvs_likely(lvs_dest_available(dest)))
		lvs_step_count(step, conn->dest, LVS_COUNT_OUT_PKTS);
	move_state(step, conn, dest, LVS_OUTPUT);
}

/* A reply that the method does not translate. */
static enum lvs_reason reply_seen(struct lvs_step *step, struct lvs_conn *conn,
				  struct lvs_dest *dest)
{
	if (!lvs_step_host_refuses(step))
		reply_passes(step, conn, dest);
	return LVS_REASON_REPLY_SEEN;
}

/* What the way back does not take has never been here: in the kernel the host refuses it before. */
enum lvs_reason lvs_hit_reply_back(struct lvs_step *step, struct lvs_conn *conn,
				   struct lvs_dest *dest, enum lvs_reason reason,
				   const struct lvs_forward_ops *ops,
				   const struct lvs_binding *binding)
{
	if (lvs_unlikely(reason != LVS_REASON_NONE && reason != LVS_REASON_LOCAL))
		return lvs_step_refused(step, reason, NULL, binding);
	reply_passes(step, conn, dest);
	if (lvs_unlikely(reason == LVS_REASON_LOCAL))
		return LVS_REASON_LOCAL;
	if (lvs_unlikely(is_clamped(step, conn)))
		lvs_step_clamp(step, dest, ops, binding);
	return LVS_REASON_REPLY;
}

static enum lvs_reason reply(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
			     const struct lvs_forward_ops *ops)
{
	struct lvs_path_conf path;
	struct lvs_binding binding;
	enum lvs_reason reason;

	if (lvs_unlikely(!ops->back))
		return reply_seen(step, conn, dest);
	lvs_binding_of_conn(&binding, conn, step->worker->director);
	if (!lvs_binding_path_back(&path, &binding, step->worker->director))
		return LVS_REASON_UNREACHABLE;
	reason = ops->back(step->packet, step->headers, &binding);
	return lvs_hit_reply_back(step, conn, dest, reason, ops, &binding);
}

/* The number of a connection, which is known where it was found ahead. */
static uint32_t number_of(const struct lvs_step *step, const struct lvs_conn *conn)
{
	if (lvs_likely(step->fetch) && lvs_likely(step->fetch->conn == conn))
		return step->fetch->number;
	return lvs_table_number(step->worker->director->table, conn);
}

static void note(const struct lvs_step *step, const struct lvs_conn *conn, enum lvs_side side)
{
	lvs_note(step, conn, step->packet->conn);
	lvs_note(step, side, side);
	lvs_note(step, dest, conn->dest);
}

enum lvs_reason lvs_hit(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
			struct lvs_dest *dest)
{
	struct lvs_director *director = step->worker->director;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	const struct lvs_forward_ops *ops =
		lvs_forwarder_at(director->services, LVS_CONN_FORWARDER(word));

	if (lvs_unlikely(word & LVS_CONN_HELPED))
		return lvs_hit_helped(step, conn, side, dest, ops);
	step->packet->conn = number_of(step, conn);
	note(step, conn, side);
	if (side == LVS_SIDE_REQUEST)
		return request(step, conn, dest, ops);
	return reply(step, conn, dest, ops);
}

/* No state moves. */
static void mark_later(struct lvs_step *step, struct lvs_conn *conn, enum lvs_direction direction)
{
	if (step->headers->flags & LVS_HEADERS_LATER_FRAGMENT)
		lvs_hit_keep(step, conn);
	else if (!step->peek)
		lvs_hit_seen(conn, lvs_hit_last(conn), step->tick, direction);
}

static enum lvs_reason later_request(struct lvs_step *step, struct lvs_conn *conn,
				     const struct lvs_dest *dest, const struct lvs_forward_ops *ops)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	mark_later(step, conn, LVS_INPUT);
	lvs_step_count(step, dest->number, LVS_COUNT_IN_PKTS);
	lvs_binding_of_conn(&binding, conn, step->worker->director);
	reason = lvs_step_out(step, dest, ops, &binding);
	if (reason == LVS_REASON_NONE)
		return LVS_REASON_ESTABLISHED;
	return lvs_step_refused(step, reason, ops, &binding);
}

/* As reply(): what is refused has never been here. */
static enum lvs_reason later_reply(struct lvs_step *step, struct lvs_conn *conn,
				   const struct lvs_dest *dest, const struct lvs_forward_ops *ops)
{
	struct lvs_path_conf path;
	struct lvs_binding binding;
	enum lvs_reason reason = LVS_REASON_REPLY_SEEN;

	if (ops->back) {
		lvs_binding_of_conn(&binding, conn, step->worker->director);
		if (!lvs_binding_path_back(&path, &binding, step->worker->director))
			return LVS_REASON_UNREACHABLE;
		reason = ops->back(step->packet, step->headers, &binding);
		if (reason != LVS_REASON_NONE && reason != LVS_REASON_LOCAL)
			return lvs_step_refused(step, reason, NULL, &binding);
	} else if (lvs_step_host_refuses(step)) {
		return LVS_REASON_REPLY_SEEN;
	}
	mark_later(step, conn, LVS_OUTPUT);
	if (lvs_dest_available(dest))
		lvs_step_count(step, dest->number, LVS_COUNT_OUT_PKTS);
	return reason == LVS_REASON_NONE ? LVS_REASON_REPLY : reason;
}

enum lvs_reason lvs_hit_later(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
			      struct lvs_dest *dest)
{
	struct lvs_director *director = step->worker->director;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	const struct lvs_forward_ops *ops =
		lvs_services_forwarder(director->services, LVS_CONN_FORWARDER(word));

	step->packet->conn = lvs_table_number(director->table, conn);
	note(step, conn, side);
	if (side == LVS_SIDE_REQUEST)
		return later_request(step, conn, dest, ops);
	return later_reply(step, conn, dest, ops);
}
