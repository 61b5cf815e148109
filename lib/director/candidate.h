/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet that opens a connection, on its way to an entry: which service, which destination, how.
 */
#ifndef LVS_DIRECTOR_CANDIDATE_H
#define LVS_DIRECTOR_CANDIDATE_H

#include "director/events.h"
#include "director/worker.h"
#include "service/services.h"

struct lvs_candidate {
	const struct lvs_service_set *set;
	struct lvs_dest *dest; /* NULL: none was picked yet */
	unsigned forwarder;
	const struct lvs_forward_ops *ops;
	lvs_be16 dest_port;
	bool large;                 /* its record needs room for IPv6 addresses */
	bool bound;                 /* the destination counts it already */
	uint64_t word;              /* what its record begins with, once a destination was picked */
	struct lvs_gauge_move move; /* of the destination, by this connection */
	const struct lvs_helper_ops *helper; /* NULL: none */
	struct lvs_conn *conn;               /* that was made, where there is a helper */
};

LVS_INLINE bool lvs_is_persistent(const struct lvs_service_set *set)
{
	return set->conf.flags & LVS_SERVICE_PERSISTENT;
}

LVS_INLINE bool lvs_is_hashed(const struct lvs_service_set *set)
{
	return set->conf.sched->flags & LVS_SCHED_HASH;
}

/* One-packet scheduling is for UDP alone: a service by mark may have other packets, too. */
LVS_INLINE bool lvs_is_once(const struct lvs_step *step, const struct lvs_service_set *set)
{
	return set->conf.flags & LVS_SERVICE_ONE_PACKET && step->headers->flow.protocol == LVS_UDP;
}

/* Whether the same destination will be found again without an entry to remember it. */
LVS_INLINE bool lvs_candidate_untracked(const struct lvs_candidate *candidate)
{
	return lvs_is_hashed(candidate->set) && !(candidate->ops->flags & LVS_FORWARD_TWO_WAY);
}

/* The scheduler picks; false: it has none. */
bool lvs_candidate_pick(struct lvs_step *step, struct lvs_candidate *candidate);

/* A destination was found, by picking or by a template. Persistence keeps the packet's port unless
 * it is the service's own. */
LVS_INLINE void lvs_candidate_take(struct lvs_step *step, struct lvs_candidate *candidate,
				   struct lvs_dest *dest, unsigned forwarder)
{
	const struct lvs_service_set *set = candidate->set;
	lvs_be16 port = step->headers->flow.dst_port;
	bool keep = lvs_unlikely(lvs_is_persistent(set)) && port != set->key.port;

	candidate->dest = dest;
	candidate->forwarder = forwarder;
	candidate->ops = lvs_forwarder_at(step->worker->director->services, forwarder);
	candidate->dest_port = dest->port && !keep ? dest->port : port;
	lvs_note(step, dest, dest->number);
}

/* The same, for who does little else. */
LVS_INLINE bool lvs_candidate_pick_one(struct lvs_step *step, struct lvs_candidate *candidate)
{
	const struct lvs_service_set *set = candidate->set;
	unsigned flags = (step->peek ? LVS_PICK_PEEK : 0u) | (step->quoted ? LVS_PICK_ERROR : 0u);
	uint32_t index = set->conf.sched->pick(&set->sched_set, set->sched_state,
					       &step->headers->flow, flags);

	lvs_note(step, picked, index);
	if (index >= set->sched_set.dest_n)
		return false;
	lvs_candidate_take(step, candidate, lvs_set_dest(set, index),
			   lvs_set_forwarder(set, index));
	return true;
}

/* Why no destination is to be had. Packets to other ports of an FTP service may be data connections
 * of a server on this host. */
enum lvs_reason lvs_candidate_none(const struct lvs_step *step,
				   const struct lvs_candidate *candidate);

/* The destination of what gets no entry. */
enum lvs_reason lvs_candidate_find(struct lvs_step *step, struct lvs_candidate *candidate);

/* The word of a connection none of whose packets has been seen. */
uint64_t lvs_candidate_unseen(const struct lvs_step *step, const struct lvs_candidate *candidate);

/* The word of a new connection after its first packet. */
uint64_t lvs_candidate_word(const struct lvs_step *step, const struct lvs_candidate *candidate);

/* What the record of a new connection says; it is not in the table yet. */
void lvs_candidate_fill(const struct lvs_step *step, struct lvs_conn *conn,
			const struct lvs_candidate *candidate, uint64_t word);

/* The packet's way out, and its counts: the same with and without an entry. @p sent is the reason
 * where that goes well. */
enum lvs_reason lvs_candidate_send(struct lvs_step *step, const struct lvs_candidate *candidate,
				   enum lvs_reason sent);

/* The same, and one more connection is counted. */
enum lvs_reason lvs_candidate_send_first(struct lvs_step *step,
					 const struct lvs_candidate *candidate,
					 enum lvs_reason sent);

/* A connection is made, and its packet sent. */
enum lvs_reason lvs_schedule(struct lvs_step *step, struct lvs_candidate *candidate);

/* The same for a peek: nothing is made. */
enum lvs_reason lvs_schedule_as_if(struct lvs_step *step, struct lvs_candidate *candidate);

/*
 * A connection for the length of its packet, which nobody else ever sees: it is counted, its
 * destination has one more meanwhile, and it stands in no table.
 */
enum lvs_reason lvs_schedule_once(struct lvs_step *step, struct lvs_candidate *candidate);

/* What came by a mark may be for any host but this one. */
bool lvs_may_bypass(const struct lvs_step *step, const struct lvs_service_set *set);

/* Where it was going becomes its destination. */
void lvs_bypass_take(struct lvs_step *step, struct lvs_candidate *candidate);

/* The rest of lvs_step_alloc(), where the table is full. */
struct lvs_conn *lvs_step_make_room(struct lvs_step *step, bool large, int *err);

/* A record, or NULL and why. As lvs_table_alloc(), by the settings. */
LVS_INLINE struct lvs_conn *lvs_step_alloc(struct lvs_step *step, bool large, int *err)
{
	struct lvs_conn *conn =
		lvs_table_take(step->worker->director->table, &step->worker->reader, large, err);

	return lvs_likely(conn != NULL) ? conn : lvs_step_make_room(step, large, err);
}

/*
 * The destination of a persistent service: where the client's template binds it, or by the
 * scheduler, and a template is made. @p conn, not inserted yet, is controlled by the template then;
 * NULL for what has no entry. Where the candidate has a destination already, the client is bound to
 * that one. NONE, or why not. LARGE is set where @p conn is too small: then nothing was done, and
 * the reason is TABLE_FULL.
 */
enum lvs_reason lvs_persist(struct lvs_step *step, struct lvs_candidate *candidate,
			    struct lvs_conn *conn);

/* The same for a peek: nothing is made, nobody's clock moves. */
enum lvs_reason lvs_persist_as_if(struct lvs_step *step, struct lvs_candidate *candidate);

#endif
