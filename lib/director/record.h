/* SPDX-License-Identifier: BSD-2-Clause */
/* What the record of a new connection says, for who makes them: lvs_candidate_word() and so on. */
#ifndef LVS_DIRECTOR_RECORD_H
#define LVS_DIRECTOR_RECORD_H

#include "conn/state_step.h"
#include "conn/state_tcp.h"
#include "director/binding.h"
#include "director/candidate.h"

/* What a service's own flags mean to the word of its connections. */
uint64_t lvs_record_special(const struct lvs_step *step, const struct lvs_service_set *set);

LVS_INLINE uint64_t lvs_record_bare(const struct lvs_step *step,
				    const struct lvs_candidate *candidate)
{
	const uint32_t special =
		LVS_SERVICE_ONE_PACKET | LVS_SERVICE_PERSISTENT | LVS_SERVICE_MSS_CLAMP;
	uint64_t word = LVS_CONN_INACTIVE | (uint64_t)candidate->forwarder << 8;

	/* Where nobody serves the kernel expects replies, though they pass it by. */
	if (!(candidate->ops->flags & LVS_FORWARD_TWO_WAY) &&
	    candidate->ops->method != LVS_METHOD_BYPASS)
		word |= LVS_CONN_NOOUTPUT;
	if (lvs_unlikely(candidate->set->conf.flags & special))
		word |= lvs_record_special(step, candidate->set);
	return word;
}

LVS_INLINE uint64_t lvs_record_word(const struct lvs_step *step,
				    const struct lvs_candidate *candidate)
{
	const struct lvs_states *states = &step->worker->director->states;
	uint64_t word = lvs_record_bare(step, candidate);

	/* An error moves no state; the kernel gives such an entry three seconds. */
	if (lvs_unlikely(step->quoted))
		return lvs_candidate_unseen(step, candidate);
	if (lvs_likely(step->headers->flow.protocol == LVS_TCP))
		return lvs_tcp_step(states, word,
				    word & LVS_CONN_NOOUTPUT ? LVS_INPUT_ONLY : LVS_INPUT,
				    step->headers->tcp_flags);
	return lvs_state_step(states, word, LVS_INPUT, step->headers);
}

LVS_INLINE void lvs_record_fill(const struct lvs_step *step, struct lvs_conn *conn,
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
	lvs_record_addrs(conn, flow, &dest->addr);
	/* relaxed: insertion publishes them */
	atomic_store_explicit(&conn->word, word, memory_order_relaxed);
	atomic_store_explicit(&conn->seen, step->tick, memory_order_relaxed);
	atomic_store_explicit(&conn->counts, LVS_CONN_REQUEST, memory_order_relaxed);
}

#endif
