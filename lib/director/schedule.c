/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection is made: a record, a destination, a place in the table. */
#include "conn/fetch.h"
#include "conn/insert.h"
#include "director/candidate.h"
#include "director/events.h"
#include "director/helped.h"
#include "director/record.h"
#include "director/send.h"

/* From port 0 each request makes a connection of its own: so many are enough. */
#define CROWD 16

/* The destination counts the connection, before anybody can find it: who ends it gives it back. */
LVS_INLINE void bind(struct lvs_step *step, struct lvs_candidate *candidate)
{
	candidate->word = lvs_record_word(step, candidate);
	candidate->move = lvs_dest_bind(candidate->dest, !(candidate->word & LVS_CONN_INACTIVE));
	candidate->bound = true;
}

/* It will not be made. */
static LVS_NOINLINE void give_up(struct lvs_step *step, struct lvs_conn *conn,
				 struct lvs_candidate *candidate)
{
	if (candidate->bound)
		candidate->move.after =
			lvs_dest_unbind(candidate->dest, !(candidate->word & LVS_CONN_INACTIVE))
				.after;
	lvs_table_unalloc(step->worker->director->table, conn);
}

/* Whether the connection will have a helper. */
LVS_INLINE bool find_helper(const struct lvs_step *step, struct lvs_candidate *candidate)
{
	const struct lvs_helpers *helpers = lvs_helpers_of(step->worker->director);
	const struct lvs_flow *flow = &step->headers->flow;

	if (lvs_likely(!helpers) || candidate->ops->method != LVS_METHOD_NAT)
		return false;
	candidate->helper = lvs_helpers_find(helpers, flow->protocol, flow->dst_port);
	return candidate->helper != NULL;
}

/* A search under the lock. */
static LVS_NOINLINE bool somebody_came_first(const struct lvs_step *step)
{
	enum lvs_side side;

	return lvs_table_find_locked(step->worker->director->table, &step->headers->flow,
				     step->hash, LVS_SIDES_PACKET, &side) != NULL;
}

/*
 * Picks a destination where there is none yet, and publishes the connection. The shard's lock is
 * held and stays so. 0, LVS_ERR_EXISTS when another worker
 * came first, LVS_ERR_NO_ENTRY when no destination is to be had, LVS_ERR_NO_MEMORY.
 */
LVS_INLINE int create(struct lvs_step *step, struct lvs_table *table, struct lvs_shard *home,
		      struct lvs_conn *conn, struct lvs_candidate *candidate)
{
	if (lvs_unlikely(!lvs_fetch_lacks(step->fetch, step->hash)) && somebody_came_first(step))
		return LVS_ERR_EXISTS;
	if (!candidate->dest && !lvs_candidate_pick_one(step, candidate))
		return LVS_ERR_NO_ENTRY;
	if (!candidate->bound)
		bind(step, candidate);
	lvs_record_fill(step, conn, candidate, candidate->word);
	lvs_note(step, word_after, candidate->word);
	if (lvs_unlikely(lvs_is_persistent(candidate->set)) &&
	    lvs_state_established(conn->protocol, candidate->word))
		lvs_table_assure(table, conn); /* its first packet was not a SYN */
	if (lvs_unlikely(find_helper(step, candidate))) {
		candidate->conn = conn;
		if (!lvs_helped_begin(step->worker->director, conn, candidate->helper))
			return LVS_ERR_NO_MEMORY;
	}
	return lvs_insert(table, home, conn, step->hash, step->tick);
}

/* A connection was made, or would have been: what is to be told of it. */
static void tell(struct lvs_step *step, int err, const struct lvs_conn *conn,
		 const struct lvs_candidate *candidate)
{
	struct lvs_ring *ring = &step->worker->events;

	if (err == 0)
		lvs_events_made(step->worker->director, ring, step->now_ns, conn);
	if (candidate->dest)
		lvs_events_load(ring, step->now_ns, candidate->dest, candidate->move);
	lvs_events_table(step->worker->director, ring, step->now_ns);
}

static enum lvs_reason created(struct lvs_step *step, int err, const struct lvs_conn *conn,
			       const struct lvs_candidate *candidate)
{
	switch (err) {
	case 0:
		step->packet->conn = lvs_arena_number(conn);
		lvs_note(step, conn, step->packet->conn);
		return lvs_send(step, candidate, LVS_REASON_SCHEDULED, true);
	case LVS_ERR_EXISTS:
		/* What the other worker made is found now; only its end could send us back here. */
		return step->quoted ? LVS_REASON_NONE : lvs_decide_flow(step);
	case LVS_ERR_NO_ENTRY:
		return lvs_candidate_none(step, candidate);
	default:
		return LVS_REASON_NO_MEMORY;
	}
}

void lvs_step_end_old(struct lvs_step *step)
{
	struct lvs_conn *old = step->old;
	struct lvs_ender ender;

	step->old = NULL;
	if (!step->peek && old->created == step->old_created)
		lvs_table_remove(
			step->worker->director->table, old, step->tick,
			lvs_ender_of(&ender, &step->worker->events, LVS_GONE_REUSED, step->now_ns));
}

struct lvs_conn *lvs_step_make_room(struct lvs_step *step, bool large, int *err)
{
	const struct lvs_director *director = step->worker->director;
	struct lvs_ender ender;

	return lvs_table_make_room(
		director->table, &step->worker->reader, large,
		lvs_setting(director, full_policy) == LVS_FULL_EVICT,
		lvs_ender_of(&ender, &step->worker->events, LVS_GONE_EVICTED, step->now_ns), err);
}

/* Where there is no room for both, the old one's place will do. */
static LVS_NOINLINE struct lvs_conn *make_room(struct lvs_step *step, bool large, int *err)
{
	if (!step->old || *err != LVS_ERR_FULL)
		return NULL;
	lvs_step_end_old(step);
	return lvs_step_alloc(step, large, err);
}

static enum lvs_reason table_is_full(struct lvs_step *step, struct lvs_candidate *candidate)
{
	uint32_t policy = lvs_setting(step->worker->director, full_policy);

	/* No hash finds where a template would have led. */
	if (policy != LVS_FULL_REFUSE && !lvs_is_persistent(candidate->set) && !candidate->dest) {
		if (!lvs_candidate_pick(step, candidate))
			return lvs_candidate_none(step, candidate);
		if (lvs_candidate_untracked(candidate))
			return lvs_candidate_send_first(step, candidate, LVS_REASON_UNTRACKED);
	}
	return LVS_REASON_TABLE_FULL;
}

/* What has to be settled before the shard's lock is taken: where a template leads; and who stands
 * in the way still counts while its successor is scheduled, as in the kernel. */
static LVS_NOINLINE enum lvs_reason prepare(struct lvs_step *step, struct lvs_conn *conn,
					    struct lvs_candidate *candidate)
{
	enum lvs_reason reason = LVS_REASON_NONE;

	if (candidate->dest)
		reason = LVS_REASON_NONE; /* nobody has to be asked */
	else if (lvs_is_persistent(candidate->set))
		reason = lvs_persist(step, candidate, conn);
	else if (!lvs_candidate_pick(step, candidate))
		reason = LVS_REASON_NO_DEST;
	if (reason == LVS_REASON_NONE && step->old) {
		bind(step, candidate);
		lvs_step_end_old(step);
	}
	return reason;
}

/* The record is given back. */
static LVS_NOINLINE enum lvs_reason prepare_failed(struct lvs_step *step, struct lvs_conn *conn,
						   struct lvs_candidate *candidate,
						   enum lvs_reason reason)
{
	bool too_small = candidate->large && !(conn->kind & LVS_CONN_LARGE);

	lvs_table_unalloc(step->worker->director->table, conn);
	if (too_small)
		return lvs_schedule(step, candidate);
	return reason == LVS_REASON_NO_DEST ? lvs_candidate_none(step, candidate) : reason;
}

static LVS_NOINLINE void thin_out(struct lvs_step *step)
{
	struct lvs_table *table = step->worker->director->table;
	struct lvs_conn *oldest =
		lvs_table_find_crowd(table, &step->headers->flow, step->hash, CROWD);
	struct lvs_ender ender;

	if (oldest)
		lvs_table_remove(table, oldest, step->tick,
				 lvs_ender_of(&ender, &step->worker->events, LVS_GONE_EVICTED,
					      step->now_ns));
}

enum lvs_reason lvs_schedule(struct lvs_step *step, struct lvs_candidate *candidate)
{
	struct lvs_table *table = step->worker->director->table;
	struct lvs_shard *home;
	enum lvs_reason reason;
	struct lvs_conn *conn;
	int err = 0;

	if (lvs_unlikely(step->headers->flow.src_port == 0))
		thin_out(step);
	/* Before the lock, and so before the pick: any destination of the service must fit. */
	conn = lvs_step_alloc(step, candidate->large, &err);
	if (lvs_unlikely(!conn))
		conn = make_room(step, candidate->large, &err);
	if (lvs_unlikely(!conn))
		return err == LVS_ERR_FULL ? table_is_full(step, candidate) : LVS_REASON_NO_MEMORY;
	if (lvs_unlikely(lvs_is_persistent(candidate->set) || step->old)) {
		reason = prepare(step, conn, candidate);
		if (reason != LVS_REASON_NONE)
			return prepare_failed(step, conn, candidate, reason);
	}
	home = lvs_table_shard(table, step->hash);
	lvs_spin_lock(&home->lock);
	err = create(step, table, home, conn, candidate);
	lvs_spin_unlock(&home->lock);
	if (lvs_unlikely(err < 0))
		give_up(step, conn, candidate);
	if (lvs_unlikely(step->worker->events.size))
		tell(step, err, conn, candidate);
	return created(step, err, conn, candidate);
}

enum lvs_reason lvs_schedule_as_if(struct lvs_step *step, struct lvs_candidate *candidate)
{
	enum lvs_reason reason = lvs_candidate_find(step, candidate);

	if (reason != LVS_REASON_NONE)
		return reason;
	candidate->word = lvs_candidate_word(step, candidate);
	lvs_note(step, word_after, candidate->word);
	find_helper(step, candidate);
	return lvs_candidate_send_first(step, candidate, LVS_REASON_SCHEDULED);
}
