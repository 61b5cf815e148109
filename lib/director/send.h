/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection has begun with is sent: lvs_candidate_send_first(), for who makes them. */
#ifndef LVS_DIRECTOR_SEND_H
#define LVS_DIRECTOR_SEND_H

#include "director/candidate.h"
#include "director/out.h"

/* A packet, and where it is a connection's @p first that one too. */
LVS_INLINE void lvs_send_count(struct lvs_step *step, const struct lvs_candidate *candidate,
			       bool first)
{
	uint32_t number = candidate->dest->number;
	struct lvs_counter_row *row = lvs_counters_row(&step->worker->counters, number);

	if (first && !step->peek) {
		lvs_count(&row->count[LVS_COUNT_CONNS], 1);
		lvs_services_stir(step->worker->director->services, candidate->set, step->now_ns);
	}
	if (lvs_unlikely(step->quoted))
		return;
	if (lvs_unlikely(step->odd)) {
		lvs_step_count(step, number, LVS_COUNT_IN_PKTS);
		return;
	}
	lvs_count(&row->count[LVS_COUNT_IN_PKTS], 1);
	lvs_count(&row->count[LVS_COUNT_IN_BYTES], step->headers->len);
}

LVS_INLINE void lvs_send_bind(struct lvs_binding *binding, const struct lvs_step *step,
			      const struct lvs_candidate *candidate)
{
	lvs_binding_of_flow(binding, &step->headers->flow, candidate->dest, step->worker->director);
	binding->dest_port = candidate->dest_port;
}

/* An error, what a helper looks into, and where the MSS is lowered. */
enum lvs_reason lvs_send_odd(struct lvs_step *step, const struct lvs_candidate *candidate,
			     enum lvs_reason sent);
enum lvs_reason lvs_send_refused(struct lvs_step *step, const struct lvs_candidate *candidate,
				 enum lvs_reason reason);

LVS_INLINE enum lvs_reason lvs_send(struct lvs_step *step, const struct lvs_candidate *candidate,
				    enum lvs_reason sent, bool first)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	lvs_send_count(step, candidate, first);
	if (lvs_unlikely(step->quoted) || lvs_unlikely(candidate->helper) ||
	    lvs_unlikely(candidate->set->conf.flags & LVS_SERVICE_MSS_CLAMP))
		return lvs_send_odd(step, candidate, sent);
	if (!(candidate->ops->flags & LVS_FORWARD_PATH_ALONE))
		lvs_send_bind(&binding, step, candidate);
	reason = lvs_step_out_straight(step, candidate->dest, candidate->ops, &binding);
	if (lvs_likely(reason == LVS_REASON_NONE))
		return sent;
	return lvs_send_refused(step, candidate, reason);
}

#endif
