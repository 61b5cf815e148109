/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/helped.h"

#include "base/memory.h"
#include "conn/company.h"
#include "director/binding.h"
#include "director/frag.h"
#include "forward/send.h"
#include "helper/helped.h"
#include "helper/mangle.h"

/* Company of a helped connection. */
struct helped {
	struct lvs_company company;
	struct lvs_spin lock; /* all that follows; taken before any shard's */
	struct lvs_helped state;
};

/* A packet's turn with its helper. */
struct turn {
	struct lvs_step *step;
	struct lvs_conn *conn; /* NULL: as if */
};

bool lvs_helped_begin(struct lvs_director *director, struct lvs_conn *conn,
		      const struct lvs_helper_ops *helper)
{
	struct helped *helped = lvs_table_add_company(director->table, conn, sizeof(struct helped));

	if (!helped)
		return false;
	lvs_spin_init(&helped->lock);
	helped->state.ops = helper;
	/* relaxed: insertion publishes it */
	atomic_fetch_or_explicit(&conn->word, LVS_CONN_HELPED, memory_order_relaxed);
	return true;
}

void lvs_helped_read(const struct lvs_director *director, const struct lvs_conn *conn,
		     struct lvs_helped *out)
{
	struct helped *helped = lvs_table_company(director->table, conn);

	lvs_spin_lock(&helped->lock);
	*out = helped->state;
	lvs_spin_unlock(&helped->lock);
}

void lvs_helped_write(const struct lvs_director *director, const struct lvs_conn *conn,
		      const struct lvs_helped *in)
{
	struct helped *helped = lvs_table_company(director->table, conn);

	lvs_spin_lock(&helped->lock);
	helped->state = *in;
	lvs_spin_unlock(&helped->lock);
}

static enum lvs_reason expect(void *user, const struct lvs_helper_expect *expect)
{
	const struct turn *turn = user;

	if (turn->step->peek)
		return LVS_REASON_NONE;
	return lvs_expect(turn->step, turn->conn, expect);
}

/* --- Segments in fragments: looked at as one, rewritten in their headers alone --- */

static enum lvs_reason look_at(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
			       struct lvs_step *step, const struct lvs_packet *whole)
{
	const struct lvs_seq *own = &helped->seq[turn->reply];
	struct lvs_headers headers;
	enum lvs_reason reason = lvs_packet_parse(whole, &headers);

	if (reason == LVS_REASON_NONE && !lvs_mangle_valid(whole, &headers))
		reason = LVS_REASON_HELPER_CHECKSUM;
	if (reason == LVS_REASON_NONE)
		reason = lvs_helped_look(helped, turn, whole, &headers);
	if (reason == LVS_REASON_NONE && lvs_mangle_touches(whole, &headers, own))
		reason = LVS_REASON_HELPER_FRAGMENT;
	if (reason != LVS_REASON_NONE)
		return reason;
	lvs_helped_pass(helped, turn, &headers, lvs_mangle_data_seq(whole, &headers),
			lvs_mangle_data_len(&headers));
	return lvs_mangle(step->packet, step->headers, own, &helped->seq[!turn->reply]);
}

static enum lvs_reason gathered(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
				struct lvs_step *step)
{
	struct lvs_helped before = *helped;
	struct lvs_packet *whole;
	enum lvs_reason reason;
	size_t size;

	/* It had no helper when it was not gathered for that reason. */
	if (!step->pieces)
		return LVS_REASON_HELPER_FRAGMENT;
	whole = lvs_frag_join(step, step->pieces, &size);
	if (!whole)
		return LVS_REASON_FRAGMENT_FULL;
	reason = look_at(helped, turn, step, whole);
	if (reason != LVS_REASON_NONE)
		lvs_helped_undo(helped, turn, &before);
	lvs_mem_free(&step->worker->director->settings.alloc, whole, size,
		     _Alignof(struct lvs_packet));
	return reason;
}

/* --- The turn --- */

static enum lvs_reason segment(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
			       struct lvs_step *step)
{
	uint32_t len = step->headers->len;
	enum lvs_reason reason;

	if (step->headers->flags & LVS_HEADERS_FRAGMENT)
		return gathered(helped, turn, step);
	reason = lvs_helped_segment(helped, turn, step->packet, step->headers);
	/* What has grown beyond the path's MTU goes in fragments, as the kernel has it: it was
	 * asked before whether the packet may go, and its sender cannot know. */
	if (step->headers->len > len)
		step->headers->flags &= (uint8_t)~LVS_HEADERS_DF;
	return reason;
}

static enum lvs_reason may_be_looked_at(const struct lvs_step *step)
{
	if (step->packet->linear_len < step->headers->len)
		return LVS_REASON_NOT_LINEAR;
	if (!(step->headers->flags & LVS_HEADERS_FRAGMENT) &&
	    !lvs_mangle_valid(step->packet, step->headers))
		return LVS_REASON_HELPER_CHECKSUM;
	return LVS_REASON_NONE;
}

/* @p helped: the connection's own, locked, or a copy. */
static enum lvs_reason take_turn(struct lvs_step *step, struct lvs_conn *conn,
				 struct lvs_helped *helped, const struct lvs_binding *binding,
				 bool is_reply, uint64_t word)
{
	struct turn turn = {step, conn};
	struct lvs_helped_turn helped_turn = {
		.binding = binding,
		.reply = is_reply,
		.established = LVS_CONN_STATE(word) == LVS_TCP_ESTABLISHED_STATE,
		.expect = expect,
		.user = &turn,
	};

	return segment(helped, &helped_turn, step);
}

static enum lvs_reason ask(struct lvs_step *step, struct lvs_conn *conn,
			   const struct lvs_binding *binding, bool is_reply, uint64_t word)
{
	struct helped *helped = lvs_table_company(step->worker->director->table, conn);
	enum lvs_reason reason = may_be_looked_at(step);
	struct lvs_helped copy;

	if (reason != LVS_REASON_NONE)
		return reason;
	lvs_spin_lock(&helped->lock);
	if (step->peek) {
		copy = helped->state;
		reason = take_turn(step, conn, &copy, binding, is_reply, word);
	} else {
		reason = take_turn(step, conn, &helped->state, binding, is_reply, word);
	}
	lvs_spin_unlock(&helped->lock);
	return reason;
}

/* Whether the packet may take its path as it is: what is refused is told with its own numbers. */
static enum lvs_reason may_go(const struct lvs_step *step, const struct lvs_path_conf *path)
{
	enum lvs_reason reason;

	if (path->flags & LVS_PATH_LOCAL)
		return LVS_REASON_NONE;
	reason = lvs_send_check(step->packet, step->headers, path);
	step->packet->cut = LVS_CUT_NONE;
	step->packet->cut_len = 0;
	return reason;
}

enum lvs_reason lvs_helped_first(struct lvs_step *step, struct lvs_conn *conn,
				 const struct lvs_helper_ops *helper, const struct lvs_dest *dest,
				 struct lvs_binding *binding, uint64_t word)
{
	struct lvs_helped as_if = {.ops = helper};
	enum lvs_reason reason;

	lvs_step_path(step, dest, binding);
	reason = may_go(step, binding->path);
	/* The way out says it again, and how. */
	if (reason != LVS_REASON_NONE)
		return LVS_REASON_NONE;
	if (conn)
		return ask(step, conn, binding, false, word);
	reason = may_be_looked_at(step);
	return reason != LVS_REASON_NONE ? reason
					 : take_turn(step, NULL, &as_if, binding, false, word);
}

/* --- Packets of known connections: as in hit.c, and the helper in between --- */

static bool is_clamped(const struct lvs_step *step, uint64_t word)
{
	return step->headers->tcp_flags & LVS_TCP_SYN && word & LVS_CONN_MSS_CLAMP;
}

static enum lvs_reason request(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
			       const struct lvs_forward_ops *ops)
{
	enum lvs_reason reason = LVS_REASON_NONE;
	struct lvs_binding binding;
	uint64_t word;

	lvs_step_count(step, dest->number, LVS_COUNT_IN_PKTS);
	word = lvs_hit_move(step, conn, dest, LVS_INPUT);
	lvs_binding_of_conn(&binding, conn, step->worker->director);
	lvs_step_path(step, dest, &binding);
	/* What may not go is told by the way out. */
	if (may_go(step, binding.path) == LVS_REASON_NONE)
		reason = ask(step, conn, &binding, false, word);
	if (reason != LVS_REASON_NONE)
		return reason;
	if (is_clamped(step, word))
		reason = lvs_step_out_clamped(step, dest, ops, &binding);
	else
		reason = lvs_step_out(step, dest, ops, &binding);
	return reason == LVS_REASON_NONE ? LVS_REASON_ESTABLISHED
					 : lvs_step_refused(step, reason, ops, &binding);
}

static enum lvs_reason send_back(struct lvs_step *step, struct lvs_conn *conn,
				 struct lvs_dest *dest, const struct lvs_forward_ops *ops,
				 struct lvs_binding *binding)
{
	enum lvs_reason reason = ops->back(step->packet, step->headers, binding);
	uint64_t word;

	if (reason != LVS_REASON_NONE && reason != LVS_REASON_LOCAL)
		return lvs_step_refused(step, reason, NULL, binding);
	if (lvs_dest_available(dest))
		lvs_step_count(step, dest->number, LVS_COUNT_OUT_PKTS);
	word = lvs_hit_move(step, conn, dest, LVS_OUTPUT);
	if (reason == LVS_REASON_LOCAL)
		return LVS_REASON_LOCAL;
	if (is_clamped(step, word))
		lvs_step_clamp(step, dest, ops, binding);
	return LVS_REASON_REPLY;
}

static enum lvs_reason reply(struct lvs_step *step, struct lvs_conn *conn, struct lvs_dest *dest,
			     const struct lvs_forward_ops *ops)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	enum lvs_reason reason = LVS_REASON_NONE;
	struct lvs_path_conf path;
	struct lvs_binding binding;

	lvs_binding_of_conn(&binding, conn, step->worker->director);
	if (!lvs_binding_path_back(&path, &binding, step->worker->director))
		return LVS_REASON_UNREACHABLE;
	/* By the state before it, as in the kernel. */
	if (may_go(step, &path) == LVS_REASON_NONE)
		reason = ask(step, conn, &binding, true, word);
	if (reason != LVS_REASON_NONE) {
		/* As in the kernel, which has found the connection by then; a request's has moved.
		 */
		lvs_hit_keep(step, conn);
		return reason;
	}
	return send_back(step, conn, dest, ops, &binding);
}

enum lvs_reason lvs_hit_helped(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
			       struct lvs_dest *dest, const struct lvs_forward_ops *ops)
{
	step->packet->conn = lvs_table_number(step->worker->director->table, conn);
	lvs_note(step, conn, step->packet->conn);
	lvs_note(step, side, side);
	lvs_note(step, dest, conn->dest);
	if (side == LVS_SIDE_REQUEST)
		return request(step, conn, dest, ops);
	return reply(step, conn, dest, ops);
}

bool lvs_helped_needs_whole(const struct lvs_step *step)
{
	const struct lvs_helpers *helpers = lvs_helpers_of(step->worker->director);
	const struct lvs_conn *conn;

	if (step->headers->flow.protocol != LVS_TCP)
		return false;
	conn = lvs_decide_known(step);
	if (conn)
		return atomic_load_explicit(&conn->word, memory_order_relaxed) & LVS_CONN_HELPED;
	return lvs_helpers_find(helpers, LVS_TCP, step->headers->flow.dst_port) != NULL;
}
