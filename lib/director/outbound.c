/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that a server begins (lvs_pe_ops::conn_out): its packet belongs to none and is for no
 * service. The entry is the one that the client's first packet would have made, to this server;
 *then the packet is a reply like any other.
 *
 *	the packet     server:port ---------> client:port
 *	the entry      client:port -> service:port -> server:port
 */
#include "director/binding.h"
#include "director/candidate.h"
#include "director/engine.h"
#include "director/events.h"
#include "director/filter.h"

/* What is to begin. */
struct outset {
	struct lvs_step step;       /* as if the client had sent the packet */
	struct lvs_headers headers; /* of that */
	struct lvs_candidate candidate;
};

static void turn_round(const struct lvs_step *step, const struct lvs_service_key *service,
		       struct outset *outset)
{
	const struct lvs_flow *flow = &step->headers->flow;

	outset->headers = *step->headers;
	outset->headers.flow = (struct lvs_flow){
		.src = flow->dst,
		.dst = service->addr,
		.src_port = flow->dst_port,
		.dst_port = service->port,
		.family = flow->family,
		.protocol = flow->protocol,
	};
	outset->step = *step;
	outset->step.headers = &outset->headers;
	outset->step.hash = lvs_table_hash(step->worker->director->table, &outset->headers.flow);
	outset->step.fetch = NULL;
	outset->step.record = NULL; /* until it is known to begin */
	outset->step.old = NULL;
}

/* The server of the packet, and its service; false: it is nobody who may speak. */
static bool find_server(struct lvs_step *step, struct outset *outset)
{
	const struct lvs_services *services = step->worker->director->services;
	const struct lvs_flow *flow = &step->headers->flow;
	const struct lvs_service_set *set;
	struct lvs_dest *dest;

	set = lvs_services_speaker(services, flow, &dest);
	if (lvs_likely(!set))
		return false;
	/* Then it is a client like any other. */
	if (lvs_services_match(services, flow, step->packet->mark))
		return false;
	turn_round(step, &set->key, outset);
	outset->candidate = (struct lvs_candidate){.set = set, .large = set->large};
	lvs_candidate_take(&outset->step, &outset->candidate, dest, lvs_dest_forwarder(dest));
	/* What was edited this moment may be seen in part. */
	return lvs_dest_available(dest) && outset->candidate.ops->back &&
	       outset->candidate.ops->flags & LVS_FORWARD_TWO_WAY;
}

/* Before anything is done: what an engine finds nothing in goes its own way. */
static bool is_asked_for(const struct outset *outset)
{
	const struct lvs_service_set *set = outset->candidate.set;
	struct lvs_found found;

	if (!lvs_engine_conn_out(&outset->step, set->conf.pe, &outset->headers.flow))
		return false;
	return !lvs_is_persistent(set) ||
	       lvs_engine_fill(&outset->step, set->conf.pe, &outset->headers.flow, &found) ==
		       LVS_REASON_NONE;
}

/* The embedder's word, as on any other connection. */
static enum lvs_reason ask_filter(const struct outset *outset)
{
	/* acquire: pairs with the release in lvs_director_set_filter() */
	const struct lvs_filter *filter =
		atomic_load_explicit(&outset->step.worker->director->filter, memory_order_acquire);

	return filter ? lvs_filter_ask(filter, &outset->step, &outset->candidate.set->key)
		      : LVS_REASON_NONE;
}

static void count_conn(struct lvs_step *step, const struct lvs_candidate *candidate)
{
	struct lvs_counter_row *row =
		lvs_counters_row(&step->worker->counters, candidate->dest->number);

	lvs_count(&row->count[LVS_COUNT_CONNS], 1);
	lvs_services_stir(step->worker->director->services, candidate->set, step->now_ns);
}

/* --- Without an entry: one-packet scheduling, or as if --- */

static enum lvs_reason send_back(struct lvs_step *step, const struct outset *outset)
{
	const struct lvs_candidate *candidate = &outset->candidate;
	const struct lvs_director *director = step->worker->director;
	struct lvs_path_conf path;
	struct lvs_binding binding;
	enum lvs_reason reason;

	lvs_binding_of_flow(&binding, &outset->headers.flow, candidate->dest, director);
	if (!lvs_binding_path_back(&path, &binding, director))
		return LVS_REASON_UNREACHABLE;
	reason = candidate->ops->back(step->packet, step->headers, &binding);
	if (reason != LVS_REASON_NONE && reason != LVS_REASON_LOCAL)
		return lvs_step_refused(step, reason, NULL, &binding);
	lvs_step_count(step, candidate->dest->number, LVS_COUNT_OUT_PKTS);
	return reason == LVS_REASON_NONE ? LVS_REASON_OUTBOUND : LVS_REASON_LOCAL;
}

/* The method is the one that find_server() saw: the destination may have been edited since. */
static enum lvs_reason bind_client(struct outset *outset, struct lvs_conn *conn)
{
	const struct lvs_candidate seen = outset->candidate;
	enum lvs_reason reason;

	if (!lvs_is_persistent(seen.set))
		return LVS_REASON_NONE;
	if (outset->step.peek)
		reason = lvs_persist_as_if(&outset->step, &outset->candidate);
	else
		reason = lvs_persist(&outset->step, &outset->candidate, conn);
	outset->candidate.forwarder = seen.forwarder;
	outset->candidate.ops = seen.ops;
	return reason;
}

static enum lvs_reason go_once(struct lvs_step *step, struct outset *outset)
{
	struct lvs_candidate *candidate = &outset->candidate;
	struct lvs_ring *ring = &step->worker->events;
	struct lvs_gauge_move began, ended;
	enum lvs_reason reason = bind_client(outset, NULL);

	if (reason != LVS_REASON_NONE)
		return reason;
	if (step->peek)
		return send_back(step, outset);
	began = lvs_dest_bind(candidate->dest, false);
	count_conn(step, candidate);
	reason = send_back(step, outset);
	ended = lvs_dest_unbind(candidate->dest, false);
	if (lvs_unlikely(ring->size)) {
		lvs_events_load(ring, step->now_ns, candidate->dest, began);
		lvs_events_load(ring, step->now_ns, candidate->dest, ended);
	}
	return reason;
}

/* --- With one --- */

/* What the client has already, to another server: the last one that spoke has it. */
static void end_other(struct outset *outset)
{
	struct lvs_step *step = &outset->step;
	struct lvs_table *table = step->worker->director->table;
	struct lvs_ender ender;
	enum lvs_side side;
	struct lvs_conn *conn =
		lvs_table_find(table, &outset->headers.flow, step->hash, LVS_SIDE_REQUEST, &side);

	if (conn)
		lvs_table_remove(
			table, conn, step->tick,
			lvs_ender_of(&ender, &step->worker->events, LVS_GONE_REUSED, step->now_ns));
}

static int publish(struct outset *outset, struct lvs_conn *conn)
{
	struct lvs_step *step = &outset->step;
	struct lvs_table *table = step->worker->director->table;
	int err = LVS_ERR_EXISTS;
	enum lvs_side side;

	lvs_table_lock(table, step->hash);
	if (!lvs_table_find_locked(table, &outset->headers.flow, step->hash, LVS_SIDE_REQUEST,
				   &side))
		err = lvs_table_insert(table, conn, step->hash, step->tick);
	lvs_table_unlock(table, step->hash);
	return err;
}

static void tell(struct outset *outset, int err, const struct lvs_conn *conn)
{
	struct lvs_step *step = &outset->step;
	struct lvs_ring *ring = &step->worker->events;

	if (lvs_likely(!ring->size))
		return;
	if (err == 0)
		lvs_events_made(step->worker->director, ring, step->now_ns, conn);
	lvs_events_load(ring, step->now_ns, outset->candidate.dest, outset->candidate.move);
	lvs_events_table(step->worker->director, ring, step->now_ns);
}

/* 0 or LVS_ERR_NO_MEMORY. */
static int make(struct outset *outset, struct lvs_conn *conn)
{
	struct lvs_candidate *candidate = &outset->candidate;
	int err;

	candidate->word = lvs_candidate_unseen(&outset->step, candidate);
	lvs_candidate_fill(&outset->step, conn, candidate, candidate->word);
	/* Its client has sent nothing yet. */
	atomic_store_explicit(&conn->counts, 0, memory_order_relaxed);
	/* Before anybody can find it: who ends it gives the destination back. */
	candidate->move = lvs_dest_bind(candidate->dest, false);
	while ((err = publish(outset, conn)) == LVS_ERR_EXISTS)
		end_other(outset);
	if (err)
		candidate->move.after = lvs_dest_unbind(candidate->dest, false).after;
	tell(outset, err, conn);
	return err;
}

static enum lvs_reason go_as_reply(struct lvs_step *step, struct outset *outset,
				   struct lvs_conn *conn)
{
	enum lvs_reason reason;

	count_conn(step, &outset->candidate);
	reason = lvs_hit(step, conn, LVS_SIDE_DEST_REPLY, outset->candidate.dest);
	return reason == LVS_REASON_REPLY ? LVS_REASON_OUTBOUND : reason;
}

static enum lvs_reason begin(struct lvs_step *step, struct outset *outset)
{
	struct lvs_table *table = step->worker->director->table;
	enum lvs_reason reason;
	struct lvs_conn *conn;
	int err;

	conn = lvs_step_alloc(&outset->step, outset->candidate.large, &err);
	if (!conn)
		return err == LVS_ERR_FULL ? LVS_REASON_TABLE_FULL : LVS_REASON_NO_MEMORY;
	reason = bind_client(outset, conn);
	if (reason == LVS_REASON_NONE && make(outset, conn) < 0)
		reason = LVS_REASON_NO_MEMORY;
	if (reason == LVS_REASON_NONE)
		return go_as_reply(step, outset, conn);
	lvs_table_unalloc(table, conn);
	return reason;
}

LVS_NOINLINE enum lvs_reason lvs_outbound(struct lvs_step *step)
{
	struct outset outset;
	enum lvs_reason reason;
	bool once;

	if (step->quoted || !find_server(step, &outset) || !is_asked_for(&outset))
		return LVS_REASON_NO_SERVICE;
	outset.step.record = step->record;
	lvs_note(step, service, outset.candidate.set);
	lvs_note(step, dest, outset.candidate.dest->number);
	/* In the kernel the host refuses it before. */
	if (lvs_step_host_refuses(step))
		return send_back(step, &outset);
	reason = ask_filter(&outset);
	if (reason != LVS_REASON_NONE)
		return reason;
	once = lvs_is_once(step, outset.candidate.set);
	lvs_note(step, word_after,
		 lvs_candidate_unseen(&outset.step, &outset.candidate) |
			 (once ? LVS_CONN_ONE_PACKET : 0));
	return once || step->peek ? go_once(step, &outset) : begin(step, &outset);
}

enum lvs_reason lvs_outbound_later(struct lvs_step *step, uint32_t dest)
{
	struct outset outset;

	if (!find_server(step, &outset) || outset.candidate.dest->number != dest)
		return LVS_REASON_FRAGMENT_STRAY;
	return send_back(step, &outset);
}
