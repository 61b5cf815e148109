/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet of a known connection: state, counters, forwarding. */
#include "director/hit.h"
#include "packet/parse.h"

static void count(struct lvs_step *step, uint32_t dest, enum lvs_counter packets, uint64_t packet_n,
		  uint64_t bytes)
{
	struct lvs_counter_row *row = lvs_counters_row(&step->worker->counters, dest);

	lvs_count(&row->count[packets], packet_n);
	lvs_count(&row->count[packets + (LVS_COUNT_IN_BYTES - LVS_COUNT_IN_PKTS)], bytes);
}

/* The sum over a datagram's fragments is that of the packet that was cut. */
LVS_NOINLINE void lvs_hit_count_odd(struct lvs_step *step, uint32_t dest, enum lvs_counter packets)
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
	lvs_hit_count(step, dest, packets, step->odd);
}

void lvs_hit_keep(struct lvs_step *step, struct lvs_conn *conn)
{
	if (!step->peek)
		lvs_hit_alive(conn, step->tick);
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
LVS_NOINLINE void lvs_hit_moved(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
				uint64_t before, uint64_t after)
{
	if ((before ^ after) & LVS_CONN_INACTIVE)
		lvs_dest_activate(dest, !(after & LVS_CONN_INACTIVE));
	if (is_answered(conn, before, after))
		lvs_table_assure(step->worker->director->table, conn);
	if (LVS_CONN_TIMEOUT(after) < LVS_CONN_TIMEOUT(before))
		lvs_table_rearm(step->worker->director->table, conn, step->tick);
}

uint64_t lvs_hit_move(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
		      enum lvs_direction direction)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);

	lvs_hit_state(step, conn, dest, direction, step->odd);
	if (step->peek)
		return lvs_state_next(&step->worker->director->states, word, direction,
				      step->headers);
	return atomic_load_explicit(&conn->word, memory_order_relaxed);
}

void lvs_hit_note(const struct lvs_step *step, const struct lvs_conn *conn, enum lvs_side side)
{
	lvs_note(step, conn, step->packet->conn);
	lvs_note(step, side, side);
	lvs_note(step, dest, conn->dest);
}

void lvs_hit_note_words(const struct lvs_step *step, uint64_t before, uint64_t after)
{
	lvs_note(step, word_before, before);
	lvs_note(step, word_after, after);
}

enum lvs_reason lvs_hit_request_refused(struct lvs_step *step, const struct lvs_conn *conn,
					const struct lvs_dest *dest, enum lvs_reason reason,
					const struct lvs_forward_ops *ops)
{
	struct lvs_binding binding;

	lvs_binding_of_conn(&binding, conn, step->worker->director);
	lvs_step_path(step, dest, &binding);
	return lvs_step_refused(step, reason, ops, &binding);
}

enum lvs_reason lvs_hit_request_clamped(struct lvs_step *step, const struct lvs_conn *conn,
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

enum lvs_reason lvs_hit_reply_seen(struct lvs_step *step, struct lvs_conn *conn,
				   struct lvs_dest *dest)
{
	if (!lvs_step_host_refuses(step))
		lvs_hit_reply_passes(step, conn, dest, step->odd);
	return LVS_REASON_REPLY_SEEN;
}

enum lvs_reason lvs_hit(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
			struct lvs_dest *dest)
{
	return lvs_hit_straight(step, conn, side, dest, step->odd);
}

/* No state moves. */
static void mark_later(struct lvs_step *step, struct lvs_conn *conn, bool reply)
{
	if (step->headers->flags & LVS_HEADERS_LATER_FRAGMENT)
		lvs_hit_keep(step, conn);
	else if (!step->peek)
		lvs_hit_seen(conn, step->tick, reply);
}

static enum lvs_reason later_request(struct lvs_step *step, struct lvs_conn *conn,
				     const struct lvs_dest *dest, const struct lvs_forward_ops *ops)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	mark_later(step, conn, false);
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
	mark_later(step, conn, true);
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
	lvs_note(step, conn, step->packet->conn);
	lvs_note(step, side, side);
	lvs_note(step, dest, conn->dest);
	if (side == LVS_SIDE_REQUEST)
		return later_request(step, conn, dest, ops);
	return later_reply(step, conn, dest, ops);
}
