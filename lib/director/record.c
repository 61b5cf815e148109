/* SPDX-License-Identifier: BSD-2-Clause */
/* What the record of a new connection says. */
#include "director/binding.h"
#include "director/candidate.h"

#define UNSEEN_S 3 /* of a connection none of whose packets has been seen */

/* What a service's own flags mean to the word of its connections. */
static LVS_NOINLINE uint64_t special_word(const struct lvs_step *step,
					  const struct lvs_service_set *set)
{
	uint64_t word = 0;

	if (lvs_is_once(step, set))
		word |= LVS_CONN_ONE_PACKET;
	if (lvs_is_persistent(set) && step->headers->flow.protocol == LVS_UDP)
		word |= LVS_CONN_UNASSURED;
	if (set->conf.flags & LVS_SERVICE_MSS_CLAMP)
		word |= LVS_CONN_MSS_CLAMP;
	return word;
}

LVS_INLINE uint64_t bare_word(const struct lvs_step *step, const struct lvs_candidate *candidate)
{
	const uint32_t special =
		LVS_SERVICE_ONE_PACKET | LVS_SERVICE_PERSISTENT | LVS_SERVICE_MSS_CLAMP;
	uint64_t word = LVS_CONN_INACTIVE | (uint64_t)candidate->forwarder << 8;

	/* Where nobody serves the kernel expects replies, though they pass it by. */
	if (!(candidate->ops->flags & LVS_FORWARD_TWO_WAY) &&
	    candidate->ops->method != LVS_METHOD_BYPASS)
		word |= LVS_CONN_NOOUTPUT;
	if (lvs_unlikely(candidate->set->conf.flags & special))
		word |= special_word(step, candidate->set);
	return word;
}

uint64_t lvs_candidate_unseen(const struct lvs_step *step, const struct lvs_candidate *candidate)
{
	return bare_word(step, candidate) | (uint64_t)LVS_TICKS_OF_S(UNSEEN_S) << 32;
}

uint64_t lvs_candidate_word(const struct lvs_step *step, const struct lvs_candidate *candidate)
{
	uint64_t word = bare_word(step, candidate);

	/* An error moves no state; the kernel gives such an entry three seconds. */
	if (lvs_unlikely(step->quoted))
		return lvs_candidate_unseen(step, candidate);
	return lvs_state_next(&step->worker->director->states, word, LVS_INPUT, step->headers);
}

void lvs_candidate_fill(const struct lvs_step *step, struct lvs_conn *conn,
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
