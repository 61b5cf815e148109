/* SPDX-License-Identifier: BSD-2-Clause */
/* Which destination a connection may have, and sending what it has begun with. */
#include "base/byteorder.h"
#include "director/candidate.h"
#include "director/binding.h"
#include "director/helped.h"
#include "director/out.h"

bool lvs_candidate_pick(struct lvs_step *step, struct lvs_candidate *candidate)
{
	return lvs_candidate_pick_one(step, candidate);
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

LVS_INLINE void bind_flow(struct lvs_binding *binding, const struct lvs_step *step,
			  const struct lvs_candidate *candidate)
{
	lvs_binding_of_flow(binding, &step->headers->flow, candidate->dest, step->worker->director);
	binding->dest_port = candidate->dest_port;
}

/* An error, what a helper looks into, and where the MSS is lowered. */
static LVS_NOINLINE enum lvs_reason
send_odd(struct lvs_step *step, const struct lvs_candidate *candidate, enum lvs_reason sent)
{
	struct lvs_binding binding;
	enum lvs_reason reason = LVS_REASON_NONE;

	bind_flow(&binding, step, candidate);
	if (step->quoted)
		return lvs_icmp_to_server(step->quoted->step, candidate->dest, candidate->ops,
					  &binding, step->quoted->quote);
	if (candidate->helper)
		reason = lvs_helped_first(step, candidate->conn, candidate->helper, candidate->dest,
					  &binding, candidate->word);
	if (reason != LVS_REASON_NONE)
		return reason;
	if (candidate->set->conf.flags & LVS_SERVICE_MSS_CLAMP)
		reason = lvs_step_out_clamped(step, candidate->dest, candidate->ops, &binding);
	else
		reason = lvs_step_out(step, candidate->dest, candidate->ops, &binding);
	if (lvs_likely(reason == LVS_REASON_NONE))
		return sent;
	return lvs_step_refused(step, reason, candidate->ops, &binding);
}

static LVS_NOINLINE enum lvs_reason
refused(struct lvs_step *step, const struct lvs_candidate *candidate, enum lvs_reason reason)
{
	struct lvs_binding binding;

	bind_flow(&binding, step, candidate);
	lvs_step_path(step, candidate->dest, &binding);
	return lvs_step_refused(step, reason, candidate->ops, &binding);
}

LVS_INLINE enum lvs_reason send(struct lvs_step *step, const struct lvs_candidate *candidate,
				enum lvs_reason sent, bool first)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	count(step, candidate, first);
	if (lvs_unlikely(step->quoted) || lvs_unlikely(candidate->helper) ||
	    lvs_unlikely(candidate->set->conf.flags & LVS_SERVICE_MSS_CLAMP))
		return send_odd(step, candidate, sent);
	if (!(candidate->ops->flags & LVS_FORWARD_PATH_ALONE))
		bind_flow(&binding, step, candidate);
	reason = lvs_step_out_straight(step, candidate->dest, candidate->ops, &binding);
	if (lvs_likely(reason == LVS_REASON_NONE))
		return sent;
	return refused(step, candidate, reason);
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
