/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet without a connection: schedule, create, forward. */
#include <string.h>

#include "base/addr.h"
#include "base/byteorder.h"
#include "director/binding.h"
#include "director/candidate.h"
#include "director/events.h"
#include "director/filter.h"
#include "director/helped.h"
#include "service/pmtu.h"

#define UNSEEN_S 3 /* of a connection none of whose packets has been seen */

static const struct lvs_service_set *match(struct lvs_step *step)
{
	const struct lvs_service_set *set = lvs_services_match(
		step->worker->director->services, &step->headers->flow, step->packet->mark);

	lvs_note(step, service, set);
	return set;
}

bool lvs_candidate_pick(struct lvs_step *step, struct lvs_candidate *candidate)
{
	const struct lvs_service_set *set = candidate->set;
	uint32_t index =
		set->conf.sched->pick(&set->sched_set, set->sched_state, &step->headers->flow,
				      step->peek ? LVS_PICK_PEEK : 0);

	lvs_note(step, picked, index);
	if (index >= set->sched_set.dest_n)
		return false;
	lvs_candidate_take(step, candidate, set->dest[index], set->forwarder[index]);
	return true;
}

/* No destination is to be had. Packets to other ports of an FTP service may be data connections of
 * a server on this host. */
static enum lvs_reason no_dest(const struct lvs_step *step, const struct lvs_candidate *candidate)
{
	const lvs_be16 ftp = lvs_htons(LVS_FTP_PORT);

	if (candidate->set->key.port == ftp && step->headers->flow.dst_port != ftp)
		return LVS_REASON_FTP_PORT;
	return LVS_REASON_NO_DEST;
}

/* One-packet scheduling is for UDP alone: a service by mark may have other packets, too. */
static bool is_once(const struct lvs_step *step, const struct lvs_service_set *set)
{
	return set->conf.flags & LVS_SERVICE_ONE_PACKET && step->headers->flow.protocol == LVS_UDP;
}

/* What a service's own flags mean to the word of its connections. */
static LVS_NOINLINE uint64_t special_word(const struct lvs_step *step,
					  const struct lvs_service_set *set)
{
	uint64_t word = 0;

	if (is_once(step, set))
		word |= LVS_CONN_ONE_PACKET;
	if (lvs_is_persistent(set) && step->headers->flow.protocol == LVS_UDP)
		word |= LVS_CONN_UNASSURED;
	if (set->conf.flags & LVS_SERVICE_MSS_CLAMP)
		word |= LVS_CONN_MSS_CLAMP;
	return word;
}

/* The word of a new connection after its first packet. */
static uint64_t first_word(const struct lvs_step *step, const struct lvs_candidate *candidate)
{
	const uint32_t special =
		LVS_SERVICE_ONE_PACKET | LVS_SERVICE_PERSISTENT | LVS_SERVICE_MSS_CLAMP;
	uint64_t word = LVS_CONN_INACTIVE | (uint64_t)candidate->forwarder << 8;

	if (!(candidate->ops->flags & LVS_FORWARD_TWO_WAY))
		word |= LVS_CONN_NOOUTPUT;
	if (lvs_unlikely(candidate->set->conf.flags & special))
		word |= special_word(step, candidate->set);
	/* An error moves no state; the kernel gives such an entry three seconds. */
	if (lvs_unlikely(step->quoted))
		return word | (uint64_t)LVS_TICKS_OF_S(UNSEEN_S) << 32;
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
			const struct lvs_candidate *candidate, uint64_t word)
{
	const struct lvs_flow *flow = &step->headers->flow;
	const struct lvs_dest *dest = candidate->dest;
	unsigned kind = conn->kind | LVS_CONN_USED; /* its size is the arena's */

	kind |= flow->family == LVS_INET6 ? LVS_CONN_INET6 : 0u;
	kind |= dest->family == LVS_INET6 ? LVS_CONN_DEST6 : 0u;
	kind |= candidate->ops->flags & LVS_FORWARD_TWO_WAY ? LVS_CONN_TWO_WAY : 0u;
	kind |= flow->src_port == 0 ? LVS_CONN_FROM_PORT_0 : 0u;
	conn->kind = (uint8_t)kind;
	conn->protocol = flow->protocol;
	conn->dest = dest->number;
	lvs_conn_set_client_port(conn, flow->src_port);
	conn->service_port = flow->dst_port;
	conn->dest_port = candidate->dest_port;
	fill_addrs(conn, flow, dest);
	/* relaxed: insertion publishes them */
	atomic_store_explicit(&conn->word, word, memory_order_relaxed);
	atomic_store_explicit(&conn->seen, step->tick, memory_order_relaxed);
	atomic_store_explicit(&conn->counts, LVS_CONN_REQUEST, memory_order_relaxed);
}

/* The packet's way out, and its counts: the same with and without an entry. */
static enum lvs_reason send(struct lvs_step *step, const struct lvs_candidate *candidate,
			    enum lvs_reason sent)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	lvs_binding_of_flow(&binding, &step->headers->flow, candidate->dest,
			    step->worker->director);
	binding.dest_port = candidate->dest_port;
	if (lvs_unlikely(step->quoted))
		return lvs_icmp_to_server(step->quoted->step, candidate->dest, candidate->ops,
					  &binding, step->quoted->quote);
	lvs_step_count(step, candidate->dest->number, LVS_COUNT_IN_PKTS);
	if (lvs_unlikely(candidate->helper)) {
		reason = lvs_helped_first(step, candidate->conn, candidate->helper, candidate->dest,
					  &binding, candidate->word);
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

static enum lvs_reason send_first(struct lvs_step *step, const struct lvs_candidate *candidate,
				  enum lvs_reason sent)
{
	if (!step->peek) {
		lvs_count(&lvs_counters_row(&step->worker->counters, candidate->dest->number)
				   ->count[LVS_COUNT_CONNS],
			  1);
		lvs_services_stir(step->worker->director->services, candidate->set, step->now_ns);
	}
	return send(step, candidate, sent);
}

/* Without a destination, to the packet's own address. */
static void take_own(struct lvs_step *step, struct lvs_binding *binding)
{
	const struct lvs_director *director = step->worker->director;
	const struct lvs_flow *flow = &step->headers->flow;
	struct lvs_path_conf *own = &step->worker->path;

	if (!lvs_path_to(own, director, flow->family, &flow->dst))
		own->flags |= LVS_PATH_UNREACHABLE;
	binding->path = own;
}

/* An error has told of a lower MTU, or so it seems: see lvs_dest_init_own(). */
static void take_learned(struct lvs_step *step, const struct lvs_dest *dest,
			 struct lvs_binding *binding)
{
	struct lvs_path_conf *learned = &step->worker->path;

	if (dest->number == 0) {
		take_own(step, binding);
		return;
	}
	*learned = *binding->path;
	learned->mtu = lvs_pmtu_of(binding->path, step->tick);
	binding->path = learned;
}

static LVS_NOINLINE enum lvs_reason out_learned(struct lvs_step *step, const struct lvs_dest *dest,
						const struct lvs_forward_ops *ops,
						struct lvs_binding *binding)
{
	take_learned(step, dest, binding);
	return ops->out(step->packet, step->headers, binding);
}

void lvs_step_path(struct lvs_step *step, const struct lvs_dest *dest, struct lvs_binding *binding)
{
	lvs_binding_to(binding, dest);
	if (lvs_pmtu_learned(binding->path))
		take_learned(step, dest, binding);
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
static bool may_go_untracked(const struct lvs_candidate *candidate)
{
	return is_hashed(candidate->set) && !(candidate->ops->flags & LVS_FORWARD_TWO_WAY);
}

static enum lvs_reason table_is_full(struct lvs_step *step, struct lvs_candidate *candidate)
{
	uint32_t policy = lvs_setting(step->worker->director, full_policy);

	/* No hash finds where a template would have led. */
	if (policy != LVS_FULL_REFUSE && !lvs_is_persistent(candidate->set) && !candidate->dest) {
		if (!lvs_candidate_pick(step, candidate))
			return no_dest(step, candidate);
		if (may_go_untracked(candidate))
			return send_first(step, candidate, LVS_REASON_UNTRACKED);
	}
	return LVS_REASON_TABLE_FULL;
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

/* The destination counts the connection, before anybody can find it: who ends it gives it back. */
static void bind(struct lvs_step *step, struct lvs_candidate *candidate)
{
	candidate->word = first_word(step, candidate);
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

/*
 * Picks a destination where there is none yet, and publishes the connection. The shard's lock is
 * held and stays so. 0, LVS_ERR_EXISTS when another worker came first, LVS_ERR_NO_ENTRY when no
 * destination is to be had, LVS_ERR_NO_MEMORY.
 */
static int create(struct lvs_step *step, struct lvs_conn *conn, struct lvs_candidate *candidate)
{
	struct lvs_table *table = step->worker->director->table;
	enum lvs_side side;

	if (lvs_table_find_locked(table, &step->headers->flow, step->hash, LVS_SIDES_PACKET, &side))
		return LVS_ERR_EXISTS;
	if (!candidate->dest && !lvs_candidate_pick(step, candidate))
		return LVS_ERR_NO_ENTRY;
	if (!candidate->bound)
		bind(step, candidate);
	fill_record(step, conn, candidate, candidate->word);
	lvs_note(step, word_after, candidate->word);
	if (lvs_unlikely(lvs_is_persistent(candidate->set)) &&
	    lvs_state_established(conn->protocol, candidate->word))
		lvs_table_assure(table, conn); /* its first packet was not a SYN */
	if (lvs_unlikely(find_helper(step, candidate))) {
		candidate->conn = conn;
		if (!lvs_helped_begin(step->worker->director, conn, candidate->helper))
			return LVS_ERR_NO_MEMORY;
	}
	return lvs_table_insert(table, conn, step->hash, step->tick);
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
		step->packet->conn = lvs_table_number(step->worker->director->table, conn);
		lvs_note(step, conn, step->packet->conn);
		return send_first(step, candidate, LVS_REASON_SCHEDULED);
	case LVS_ERR_EXISTS:
		/* What the other worker made is found now; only its end could send us back here. */
		return step->quoted ? LVS_REASON_NONE : lvs_decide_flow(step);
	case LVS_ERR_NO_ENTRY:
		return no_dest(step, candidate);
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

/* Where there is no room for both, the old one's place will do. */
static LVS_NOINLINE struct lvs_conn *make_room(struct lvs_step *step, bool large, int *err)
{
	if (!step->old || *err != LVS_ERR_FULL)
		return NULL;
	lvs_step_end_old(step);
	return lvs_step_alloc(step, large, err);
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

static enum lvs_reason schedule(struct lvs_step *step, struct lvs_candidate *candidate);

/* The record is given back. */
static LVS_NOINLINE enum lvs_reason prepare_failed(struct lvs_step *step, struct lvs_conn *conn,
						   struct lvs_candidate *candidate,
						   enum lvs_reason reason)
{
	bool too_small = candidate->large && !(conn->kind & LVS_CONN_LARGE);

	lvs_table_unalloc(step->worker->director->table, conn);
	if (too_small)
		return schedule(step, candidate);
	return reason == LVS_REASON_NO_DEST ? no_dest(step, candidate) : reason;
}

/* From port 0 each request makes a connection of its own: so many are enough. */
#define CROWD 16

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

static enum lvs_reason schedule(struct lvs_step *step, struct lvs_candidate *candidate)
{
	struct lvs_table *table = step->worker->director->table;
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
	lvs_table_lock(table, step->hash);
	err = create(step, conn, candidate);
	lvs_table_unlock(table, step->hash);
	if (lvs_unlikely(err < 0))
		give_up(step, conn, candidate);
	if (lvs_unlikely(step->worker->events.size))
		tell(step, err, conn, candidate);
	return created(step, err, conn, candidate);
}

/* The destination of what gets no entry. */
static enum lvs_reason find_dest(struct lvs_step *step, struct lvs_candidate *candidate)
{
	enum lvs_reason reason = LVS_REASON_NONE;

	if (candidate->dest)
		return LVS_REASON_NONE;
	if (!lvs_is_persistent(candidate->set)) {
		if (!lvs_candidate_pick(step, candidate))
			reason = LVS_REASON_NO_DEST;
	} else if (step->peek) {
		reason = lvs_persist_as_if(step, candidate);
	} else {
		reason = lvs_persist(step, candidate, NULL);
	}
	return reason == LVS_REASON_NO_DEST ? no_dest(step, candidate) : reason;
}

static enum lvs_reason schedule_as_if(struct lvs_step *step, struct lvs_candidate *candidate)
{
	enum lvs_reason reason = find_dest(step, candidate);

	if (reason != LVS_REASON_NONE)
		return reason;
	candidate->word = first_word(step, candidate);
	lvs_note(step, word_after, candidate->word);
	find_helper(step, candidate);
	return send_first(step, candidate, LVS_REASON_SCHEDULED);
}

/*
 * A connection for the length of its packet, which nobody else ever sees: it is counted, its
 * destination has one more meanwhile, and it stands in no table.
 */
static LVS_NOINLINE enum lvs_reason schedule_once(struct lvs_step *step,
						  struct lvs_candidate *candidate)
{
	struct lvs_gauge_move began, ended;
	enum lvs_reason reason = find_dest(step, candidate);

	if (reason != LVS_REASON_NONE)
		return reason;
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

/* Without persistence a service is for its own port alone: that of every port, and FTP's for what
 * may be data, are of use only with it. */
static bool is_for(const struct lvs_step *step, const struct lvs_service_set *set)
{
	return lvs_likely(set->key.port == step->headers->flow.dst_port) || set->key.fwmark ||
	       lvs_is_persistent(set);
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
static enum lvs_reason go_on_untracked(struct lvs_step *step, struct lvs_candidate *candidate)
{
	if (!lvs_candidate_pick(step, candidate) || !may_go_untracked(candidate))
		return LVS_REASON_NOT_NEW;
	if (!step->peek)
		lvs_services_stir(step->worker->director->services, candidate->set, step->now_ns);
	return send(step, candidate, LVS_REASON_UNTRACKED);
}

static enum lvs_reason miss_not_new(struct lvs_step *step)
{
	struct lvs_candidate candidate = {0};
	enum lvs_reason reason;

	if (lvs_setting(step->worker->director, full_policy) == LVS_FULL_REFUSE)
		return LVS_REASON_NOT_NEW;
	candidate.set = match(step);
	if (!candidate.set || !is_hashed(candidate.set) || lvs_is_persistent(candidate.set) ||
	    !is_for(step, candidate.set) ||
	    step->headers->flow.src_port == lvs_htons(LVS_FTP_DATA_PORT))
		return LVS_REASON_NOT_NEW;
	reason = ask_filter(step, candidate.set);
	return reason == LVS_REASON_NONE ? go_on_untracked(step, &candidate) : reason;
}

LVS_INLINE enum lvs_reason make(struct lvs_step *step, struct lvs_candidate *candidate)
{
	if (lvs_unlikely(is_once(step, candidate->set)))
		return schedule_once(step, candidate);
	return step->peek ? schedule_as_if(step, candidate) : schedule(step, candidate);
}

/* --- Without a destination, on to where it was going (the kernel's cache_bypass) --- */

/* What came by a mark may be for any host but this one. */
static bool may_bypass(const struct lvs_step *step, const struct lvs_service_set *set)
{
	const struct lvs_director *director = step->worker->director;
	const struct lvs_flow *flow = &step->headers->flow;
	struct lvs_path_conf path;

	return set->key.fwmark && lvs_setting(director, flags) & LVS_SET_CACHE_BYPASS &&
	       lvs_addr_unicast(&flow->dst, flow->family) &&
	       !(lvs_path_to(&path, director, flow->family, &flow->dst) &&
		 path.flags & LVS_PATH_LOCAL);
}

static void take_bypass(struct lvs_step *step, struct lvs_candidate *candidate)
{
	lvs_candidate_take(step, candidate, lvs_services_dest(step->worker->director->services, 0),
			   LVS_METHOD_BYPASS);
	candidate->dest_port = 0; /* nobody's, and a listing says so */
}

static LVS_NOINLINE enum lvs_reason bypass(struct lvs_step *step, const struct lvs_service_set *set)
{
	struct lvs_candidate candidate = {.set = set, .large = set->large};

	take_bypass(step, &candidate);
	return make(step, &candidate);
}

enum lvs_reason lvs_miss(struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	struct lvs_candidate candidate = {0};
	enum lvs_reason reason;

	if (lvs_unlikely(lvs_setting(director, flags) &
			 (LVS_SET_NAT_ICMP_SEND | LVS_SET_BACKUP_ONLY))) {
		reason = lvs_miss_aside(step);
		if (reason != LVS_REASON_NONE)
			return reason;
	}
	if (!lvs_state_opens(step->headers, lvs_setting(director, flags)) &&
	    lvs_likely(!step->quoted))
		return miss_not_new(step);
	candidate.set = match(step);
	if (!candidate.set)
		return LVS_REASON_NO_SERVICE;
	if (lvs_defence_drops(&step->worker->director->defence, step->peek))
		return LVS_REASON_DROP_PACKET;
	if (step->headers->flow.src_port == lvs_htons(LVS_FTP_DATA_PORT))
		return LVS_REASON_FTP_DATA;
	reason = ask_filter(step, candidate.set);
	if (reason != LVS_REASON_NONE)
		return reason;
	if (lvs_unlikely(!is_for(step, candidate.set)))
		return no_dest(step, &candidate);
	candidate.large = candidate.set->large;
	reason = make(step, &candidate);
	if (lvs_unlikely(reason == LVS_REASON_NO_DEST) && may_bypass(step, candidate.set))
		return bypass(step, candidate.set);
	return reason;
}

static enum lvs_reason send_later(struct lvs_step *step, const struct lvs_candidate *candidate,
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
	struct lvs_candidate candidate = {
		.set = lvs_services_match(step->worker->director->services, &step->headers->flow,
					  mark)};

	/* A hash picks without moving anything; by now it may be another scheduler. */
	if (!candidate.set || !is_hashed(candidate.set) || lvs_is_persistent(candidate.set) ||
	    !lvs_candidate_pick(step, &candidate) || candidate.dest->number != dest ||
	    !may_go_untracked(&candidate))
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
	struct lvs_candidate candidate = {
		.set = lvs_services_match(step->worker->director->services, &step->headers->flow,
					  mark)};
	uint32_t index;

	if (candidate.set && dest == 0 && may_bypass(step, candidate.set)) {
		take_bypass(step, &candidate);
		return send_later(step, &candidate, LVS_REASON_ONE_PACKET);
	}
	/* Its destination may be gone by now, or the whole service. */
	if (!candidate.set || !has_dest(candidate.set, dest, &index))
		return LVS_REASON_FRAGMENT_STRAY;
	lvs_candidate_take(step, &candidate, candidate.set->dest[index],
			   candidate.set->forwarder[index]);
	return send_later(step, &candidate, LVS_REASON_ONE_PACKET);
}
