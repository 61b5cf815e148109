/* SPDX-License-Identifier: BSD-2-Clause */
/* Which destination a connection may have, and sending what it has begun with. */
#include "base/byteorder.h"
#include "director/candidate.h"
#include "director/binding.h"
#include "director/helped.h"

bool lvs_candidate_pick(struct lvs_step *step, struct lvs_candidate *candidate)
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

enum lvs_reason lvs_candidate_none(const struct lvs_step *step,
				   const struct lvs_candidate *candidate)
{
	const lvs_be16 ftp = lvs_htons(LVS_FTP_PORT);

	if (candidate->set->key.port == ftp && step->headers->flow.dst_port != ftp)
		return LVS_REASON_FTP_PORT;
	return LVS_REASON_NO_DEST;
}

enum lvs_reason lvs_candidate_find(struct lvs_step *step, struct lvs_candidate *candidate)
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
	return reason == LVS_REASON_NO_DEST ? lvs_candidate_none(step, candidate) : reason;
}

/* A packet, and where it is a connection's @p first that one too. */
LVS_INLINE void count(struct lvs_step *step, const struct lvs_candidate *candidate, bool first)
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

LVS_INLINE enum lvs_reason send(struct lvs_step *step, const struct lvs_candidate *candidate,
				enum lvs_reason sent, bool first)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	count(step, candidate, first);
	lvs_binding_of_flow(&binding, &step->headers->flow, candidate->dest,
			    step->worker->director);
	binding.dest_port = candidate->dest_port;
	if (lvs_unlikely(step->quoted))
		return lvs_icmp_to_server(step->quoted->step, candidate->dest, candidate->ops,
					  &binding, step->quoted->quote);
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

enum lvs_reason lvs_candidate_send(struct lvs_step *step, const struct lvs_candidate *candidate,
				   enum lvs_reason sent)
{
	return send(step, candidate, sent, false);
}

enum lvs_reason lvs_candidate_send_first(struct lvs_step *step,
					 const struct lvs_candidate *candidate,
					 enum lvs_reason sent)
{
	return send(step, candidate, sent, true);
}
