/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet without a connection: schedule, create, forward. */
#include <string.h>

#include "base/byteorder.h"
#include "director/binding.h"
#include "director/events.h"
#include "director/filter.h"
#include "director/helped.h"
#include "director/worker.h"
#include "service/pmtu.h"

#define FTP_DATA_PORT 20

/* A scheduled packet on its way to an entry. */
struct candidate {
	const struct lvs_service_set *set;
	struct lvs_dest *dest;
	unsigned forwarder;
	const struct lvs_forward_ops *ops;
	struct lvs_gauge_move move;          /* of the destination, by this connection */
	const struct lvs_helper_ops *helper; /* NULL: none */
	struct lvs_conn *conn;               /* that was made, where there is a helper */
};

static const struct lvs_service_set *match(struct lvs_step *step)
{
	const struct lvs_service_set *set = lvs_services_match(
		step->worker->director->services, &step->headers->flow, step->packet->mark);

	lvs_note(step, service, set);
	return set;
}

static void choose(struct lvs_step *step, struct candidate *candidate, uint32_t index)
{
	const struct lvs_service_set *set = candidate->set;

	candidate->dest = set->dest[index];
	candidate->forwarder = set->forwarder[index];
	candidate->ops =
		lvs_services_forwarder(step->worker->director->services, candidate->forwarder);
	lvs_note(step, dest, candidate->dest->number);
}

static bool pick(struct lvs_step *step, struct candidate *candidate)
{
	const struct lvs_service_set *set = candidate->set;
	uint32_t index =
		set->conf.sched->pick(&set->sched_set, set->sched_state, &step->headers->flow,
				      step->peek ? LVS_PICK_PEEK : 0);

	lvs_note(step, picked, index);
	if (index >= set->sched_set.dest_n)
		return false;
	choose(step, candidate, index);
	return true;
}

/* One-packet scheduling is for UDP alone: a service by mark may have other packets, too. */
static bool is_once(const struct lvs_step *step, const struct lvs_service_set *set)
{
	return set->conf.flags & LVS_SERVICE_ONE_PACKET && step->headers->flow.protocol == LVS_UDP;
}

/* The word of a new connection after its first packet. */
static uint64_t first_word(const struct lvs_step *step, const struct candidate *candidate)
{
	uint64_t word = LVS_CONN_INACTIVE | (uint64_t)candidate->forwarder << 8;

	if (is_once(step, candidate->set))
		word |= LVS_CONN_ONE_PACKET;
	if (!(candidate->ops->flags & LVS_FORWARD_TWO_WAY))
		word |= LVS_CONN_NOOUTPUT;
	if (candidate->set->conf.flags & LVS_SERVICE_MSS_CLAMP)
		word |= LVS_CONN_MSS_CLAMP;
	return lvs_state_next(&step->worker->director->states, word, LVS_INPUT, step->headers);
}

static void fill_addrs(struct lvs_conn *conn, const struct lvs_flow *flow,
		       const struct lvs_dest *dest)
{
	if (!(conn->kind & LVS_CONN_LARGE)) {
		conn->u.v4.client = flow->src.word[0];
		conn->u.v4.service = flow->dst.word[0];
		conn->u.v4.dest = dest->addr.word[0];
		return;
	}
	conn->u.v6.client = flow->src;
	conn->u.v6.service = flow->dst;
	conn->u.v6.dest = dest->addr;
}

static void fill_record(const struct lvs_step *step, struct lvs_conn *conn,
			const struct candidate *candidate, uint64_t word)
{
	const struct lvs_flow *flow = &step->headers->flow;
	const struct lvs_dest *dest = candidate->dest;
	unsigned kind = conn->kind | LVS_CONN_USED; /* its size is the arena's */

	kind |= flow->family == LVS_INET6 ? LVS_CONN_INET6 : 0u;
	kind |= dest->family == LVS_INET6 ? LVS_CONN_DEST6 : 0u;
	kind |= candidate->ops->flags & LVS_FORWARD_TWO_WAY ? LVS_CONN_TWO_WAY : 0u;
	conn->kind = (uint8_t)kind;
	conn->protocol = flow->protocol;
	conn->dest = dest->number;
	lvs_conn_set_client_port(conn, flow->src_port);
	conn->service_port = flow->dst_port;
	conn->dest_port = dest->port ? dest->port : flow->dst_port;
	fill_addrs(conn, flow, dest);
	/* relaxed: insertion publishes them */
	atomic_store_explicit(&conn->word, word, memory_order_relaxed);
	atomic_store_explicit(&conn->seen, step->tick, memory_order_relaxed);
	atomic_store_explicit(&conn->counts, LVS_CONN_REQUEST, memory_order_relaxed);
}

/* The packet's way out, and its counts: the same with and without an entry. */
static enum lvs_reason send(struct lvs_step *step, const struct candidate *candidate,
			    enum lvs_reason sent)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	lvs_step_count(step, candidate->dest->number, LVS_COUNT_IN_PKTS);
	lvs_binding_of_flow(&binding, &step->headers->flow, candidate->dest,
			    step->worker->director);
	if (lvs_unlikely(candidate->helper)) {
		reason = lvs_helped_first(step, candidate->conn, candidate->helper, candidate->dest,
					  &binding, first_word(step, candidate));
		if (reason != LVS_REASON_NONE)
			return reason;
	}
	if (lvs_unlikely(candidate->set->conf.flags & LVS_SERVICE_MSS_CLAMP))
		reason = lvs_step_out_clamped(step, candidate->dest, candidate->ops, &binding);
	else
		reason = lvs_step_out(step, candidate->dest, candidate->ops, &binding);
	if (lvs_likely(reason == LVS_REASON_NONE))
		return sent;
	return lvs_step_refused(step, reason, candidate->ops, &binding);
}

static enum lvs_reason send_first(struct lvs_step *step, const struct candidate *candidate,
				  enum lvs_reason sent)
{
	if (!step->peek)
		lvs_count(&lvs_counters_row(&step->worker->counters, candidate->dest->number)
				   ->count[LVS_COUNT_CONNS],
			  1);
	return send(step, candidate, sent);
}

/* An error has told of a lower MTU. */
static void take_learned(struct lvs_step *step, struct lvs_binding *binding)
{
	struct lvs_path_conf *learned = &step->worker->path;

	*learned = *binding->path;
	learned->mtu = lvs_pmtu_of(binding->path, step->tick);
	binding->path = learned;
}

static LVS_NOINLINE enum lvs_reason out_learned(struct lvs_step *step, const struct lvs_dest *dest,
						const struct lvs_forward_ops *ops,
						struct lvs_binding *binding)
{
	(void)dest; /* the arguments are those of who comes here, so that none is moved */
	take_learned(step, binding);
	return ops->out(step->packet, step->headers, binding);
}

void lvs_step_path(struct lvs_step *step, const struct lvs_dest *dest, struct lvs_binding *binding)
{
	lvs_binding_to(binding, dest);
	if (lvs_pmtu_learned(binding->path))
		take_learned(step, binding);
}

enum lvs_reason lvs_step_out(struct lvs_step *step, const struct lvs_dest *dest,
			     const struct lvs_forward_ops *ops, struct lvs_binding *binding)
{
	lvs_binding_to(binding, dest);
	if (lvs_unlikely(lvs_pmtu_learned(binding->path)))
		return out_learned(step, dest, ops, binding);
	return ops->out(step->packet, step->headers, binding);
}

static bool is_hashed(const struct lvs_service_set *set)
{
	return set->conf.sched->flags & LVS_SCHED_HASH;
}

/* Whether the same destination will be found again without an entry to remember it. */
static bool may_go_untracked(const struct candidate *candidate)
{
	return is_hashed(candidate->set) && !(candidate->ops->flags & LVS_FORWARD_TWO_WAY);
}

static enum lvs_reason table_is_full(struct lvs_step *step, struct candidate *candidate)
{
	uint32_t policy = lvs_setting(step->worker->director, full_policy);

	if (policy != LVS_FULL_REFUSE) {
		if (!pick(step, candidate))
			return LVS_REASON_NO_DEST;
		if (may_go_untracked(candidate))
			return send_first(step, candidate, LVS_REASON_UNTRACKED);
	}
	return LVS_REASON_TABLE_FULL;
}

/* Whether the connection will have a helper. */
LVS_INLINE bool find_helper(const struct lvs_step *step, struct candidate *candidate)
{
	const struct lvs_helpers *helpers = lvs_helpers_of(step->worker->director);
	const struct lvs_flow *flow = &step->headers->flow;

	if (lvs_likely(!helpers) || candidate->ops->method != LVS_METHOD_NAT)
		return false;
	candidate->helper = lvs_helpers_find(helpers, flow->protocol, flow->dst_port);
	return candidate->helper != NULL;
}

static void insert_failed(struct lvs_step *step, struct lvs_conn *conn, struct candidate *candidate,
			  uint64_t word)
{
	struct lvs_gauge_move back = lvs_dest_unbind(candidate->dest, !(word & LVS_CONN_INACTIVE));

	candidate->move.after = back.after;
	lvs_table_unalloc(step->worker->director->table, conn);
}

/*
 * Picks a destination and publishes the connection. The shard's lock is held and
 * stays so. 0, LVS_ERR_EXISTS when another worker came first, LVS_ERR_NO_ENTRY when
 * no destination is to be had, LVS_ERR_NO_MEMORY.
 */
static int create(struct lvs_step *step, struct lvs_conn *conn, struct candidate *candidate)
{
	struct lvs_table *table = step->worker->director->table;
	enum lvs_side side;
	uint64_t word;
	int err;

	if (lvs_table_find_locked(table, &step->headers->flow, step->hash, LVS_SIDES_PACKET,
				  &side)) {
		lvs_table_unalloc(table, conn);
		return LVS_ERR_EXISTS;
	}
	if (!pick(step, candidate)) {
		lvs_table_unalloc(table, conn);
		return LVS_ERR_NO_ENTRY;
	}
	word = first_word(step, candidate);
	fill_record(step, conn, candidate, word);
	if (lvs_unlikely(find_helper(step, candidate))) {
		candidate->conn = conn;
		if (!lvs_helped_begin(step->worker->director, conn, candidate->helper)) {
			lvs_table_unalloc(table, conn);
			return LVS_ERR_NO_MEMORY;
		}
	}
	/* Before anybody can find it: who ends it gives the destination back. */
	candidate->move = lvs_dest_bind(candidate->dest, !(word & LVS_CONN_INACTIVE));
	err = lvs_table_insert(table, conn, step->hash, step->tick);
	if (err < 0)
		insert_failed(step, conn, candidate, word);
	else
		lvs_note(step, word_after, word);
	return err;
}

/* A connection was made, or would have been: what is to be told of it. */
static void tell(struct lvs_step *step, int err, const struct lvs_conn *conn,
		 const struct candidate *candidate)
{
	struct lvs_ring *ring = &step->worker->events;

	if (err == 0)
		lvs_events_made(step->worker->director, ring, step->now_ns, conn);
	if (candidate->dest)
		lvs_events_load(ring, step->now_ns, candidate->dest, candidate->move);
	lvs_events_table(step->worker->director, ring, step->now_ns);
}

static enum lvs_reason created(struct lvs_step *step, int err, const struct lvs_conn *conn,
			       const struct candidate *candidate)
{
	switch (err) {
	case 0:
		step->packet->conn = lvs_table_number(step->worker->director->table, conn);
		lvs_note(step, conn, step->packet->conn);
		return send_first(step, candidate, LVS_REASON_SCHEDULED);
	case LVS_ERR_EXISTS:
		/* What the other worker made is found now; only its end could send us back here. */
		return lvs_decide_flow(step);
	case LVS_ERR_NO_ENTRY:
		return LVS_REASON_NO_DEST;
	default:
		return LVS_REASON_NO_MEMORY;
	}
}

static enum lvs_reason schedule(struct lvs_step *step, struct candidate *candidate)
{
	struct lvs_director *director = step->worker->director;
	struct lvs_ring *ring = &step->worker->events;
	struct lvs_ender ender;
	struct lvs_conn *conn;
	int err = 0;

	/* Before the lock, and so before the pick: any destination of the service must fit. */
	conn = lvs_table_alloc(director->table, &step->worker->reader, candidate->set->large,
			       lvs_setting(director, full_policy) == LVS_FULL_EVICT,
			       lvs_ender_of(&ender, ring, LVS_GONE_EVICTED, step->now_ns), &err);
	if (!conn)
		return err == LVS_ERR_FULL ? table_is_full(step, candidate) : LVS_REASON_NO_MEMORY;
	lvs_table_lock(director->table, step->hash);
	err = create(step, conn, candidate);
	lvs_table_unlock(director->table, step->hash);
	if (lvs_unlikely(ring->size))
		tell(step, err, conn, candidate);
	return created(step, err, conn, candidate);
}

static enum lvs_reason schedule_as_if(struct lvs_step *step, struct candidate *candidate)
{
	if (!pick(step, candidate))
		return LVS_REASON_NO_DEST;
	lvs_note(step, word_after, first_word(step, candidate));
	find_helper(step, candidate);
	return send_first(step, candidate, LVS_REASON_SCHEDULED);
}

/*
 * A connection for the length of its packet, which nobody else ever sees: it is counted, its
 * destination has one more meanwhile, and it stands in no table.
 */
static LVS_NOINLINE enum lvs_reason schedule_once(struct lvs_step *step,
						  struct candidate *candidate)
{
	struct lvs_gauge_move began, ended;
	enum lvs_reason reason;

	if (!pick(step, candidate))
		return LVS_REASON_NO_DEST;
	lvs_note(step, word_after, first_word(step, candidate));
	if (step->peek)
		return send_first(step, candidate, LVS_REASON_ONE_PACKET);
	began = lvs_dest_bind(candidate->dest, false);
	reason = send_first(step, candidate, LVS_REASON_ONE_PACKET);
	ended = lvs_dest_unbind(candidate->dest, false);
	if (lvs_unlikely(step->worker->events.size)) {
		lvs_events_load(&step->worker->events, step->now_ns, candidate->dest, began);
		lvs_events_load(&step->worker->events, step->now_ns, candidate->dest, ended);
	}
	return reason;
}

/* The embedder's word on a connection that is about to be made. */
static enum lvs_reason ask_filter(const struct lvs_step *step, const struct lvs_service_set *set)
{
	/* acquire: pairs with the release in lvs_director_set_filter() */
	const struct lvs_filter *filter =
		atomic_load_explicit(&step->worker->director->filter, memory_order_acquire);

	return lvs_likely(!filter) ? LVS_REASON_NONE : lvs_filter_ask(filter, step, &set->key);
}

/* What opens no connection may be a later packet of one that went untracked: the table may have
 * been full when it began, whatever it is now. */
static enum lvs_reason go_on_untracked(struct lvs_step *step, struct candidate *candidate)
{
	if (!pick(step, candidate) || !may_go_untracked(candidate))
		return LVS_REASON_NOT_NEW;
	return send(step, candidate, LVS_REASON_UNTRACKED);
}

static enum lvs_reason miss_not_new(struct lvs_step *step)
{
	struct candidate candidate = {0};
	enum lvs_reason reason;

	if (lvs_setting(step->worker->director, full_policy) == LVS_FULL_REFUSE)
		return LVS_REASON_NOT_NEW;
	candidate.set = match(step);
	if (!candidate.set || !is_hashed(candidate.set) ||
	    step->headers->flow.src_port == lvs_htons(FTP_DATA_PORT))
		return LVS_REASON_NOT_NEW;
	reason = ask_filter(step, candidate.set);
	return reason == LVS_REASON_NONE ? go_on_untracked(step, &candidate) : reason;
}

enum lvs_reason lvs_miss(struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	struct candidate candidate = {0};
	enum lvs_reason reason;

	if (!lvs_state_opens(step->headers, lvs_setting(director, flags)))
		return miss_not_new(step);
	candidate.set = match(step);
	if (!candidate.set)
		return LVS_REASON_NO_SERVICE;
	if (step->headers->flow.src_port == lvs_htons(FTP_DATA_PORT))
		return LVS_REASON_FTP_DATA;
	reason = ask_filter(step, candidate.set);
	if (reason != LVS_REASON_NONE)
		return reason;
	if (lvs_unlikely(is_once(step, candidate.set)))
		return schedule_once(step, &candidate);
	return step->peek ? schedule_as_if(step, &candidate) : schedule(step, &candidate);
}

static enum lvs_reason send_later(struct lvs_step *step, const struct candidate *candidate,
				  enum lvs_reason sent)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	lvs_step_count(step, candidate->dest->number, LVS_COUNT_IN_PKTS);
	lvs_binding_of_flow(&binding, &step->headers->flow, candidate->dest,
			    step->worker->director);
	reason = lvs_step_out(step, candidate->dest, candidate->ops, &binding);
	return reason == LVS_REASON_NONE ? sent : reason;
}

enum lvs_reason lvs_miss_later(struct lvs_step *step, uint32_t mark, uint32_t dest)
{
	struct candidate candidate = {.set = lvs_services_match(step->worker->director->services,
								&step->headers->flow, mark)};

	/* A hash picks without moving anything; by now it may be another scheduler. */
	if (!candidate.set || !is_hashed(candidate.set) || !pick(step, &candidate) ||
	    candidate.dest->number != dest || !may_go_untracked(&candidate))
		return LVS_REASON_FRAGMENT_STRAY;
	return send_later(step, &candidate, LVS_REASON_UNTRACKED);
}

static bool has_dest(const struct lvs_service_set *set, uint32_t dest, uint32_t *index)
{
	for (*index = 0; *index < set->sched_set.dest_n; ++*index)
		if (set->dest[*index]->number == dest)
			return true;
	return false;
}

enum lvs_reason lvs_miss_later_once(struct lvs_step *step, uint32_t mark, uint32_t dest)
{
	struct candidate candidate = {.set = lvs_services_match(step->worker->director->services,
								&step->headers->flow, mark)};
	uint32_t index;

	/* Its destination may be gone by now, or the whole service. */
	if (!candidate.set || !has_dest(candidate.set, dest, &index))
		return LVS_REASON_FRAGMENT_STRAY;
	choose(step, &candidate, index);
	return send_later(step, &candidate, LVS_REASON_ONE_PACKET);
}
