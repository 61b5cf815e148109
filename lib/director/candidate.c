/* SPDX-License-Identifier: BSD-2-Clause */
/* Which destination a connection may have, and sending what it has begun with. */
#include "base/byteorder.h"
#include "director/candidate.h"
#include "director/binding.h"
#include "director/helped.h"
#include "director/out.h"
#include "director/send.h"

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

LVS_NOINLINE enum lvs_reason
lvs_send_odd(struct lvs_step *step, const struct lvs_candidate *candidate, enum lvs_reason sent)
{
	struct lvs_binding binding;
	enum lvs_reason reason = LVS_REASON_NONE;

	lvs_send_bind(&binding, step, candidate);
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

LVS_NOINLINE enum lvs_reason lvs_send_refused(struct lvs_step *step,
					      const struct lvs_candidate *candidate,
					      enum lvs_reason reason)
{
	struct lvs_binding binding;

	lvs_send_bind(&binding, step, candidate);
	lvs_step_path(step, candidate->dest, &binding);
	return lvs_step_refused(step, reason, candidate->ops, &binding);
}

enum lvs_reason lvs_candidate_send(struct lvs_step *step, const struct lvs_candidate *candidate,
				   enum lvs_reason sent)
{
	return lvs_send(step, candidate, sent, false);
}

enum lvs_reason lvs_candidate_send_first(struct lvs_step *step,
					 const struct lvs_candidate *candidate,
					 enum lvs_reason sent)
{
	return lvs_send(step, candidate, sent, true);
}
