/* SPDX-License-Identifier: BSD-2-Clause */
/* Later fragments of a datagram that has no entry: where its first one went, or nowhere. */
#include "director/binding.h"
#include "director/candidate.h"

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
	if (!candidate.set || !lvs_is_hashed(candidate.set) || lvs_is_persistent(candidate.set) ||
	    !lvs_candidate_pick(step, &candidate) || candidate.dest->number != dest ||
	    !lvs_candidate_untracked(&candidate))
		return LVS_REASON_FRAGMENT_STRAY;
	return send_later(step, &candidate, LVS_REASON_UNTRACKED);
}

static bool has_dest(const struct lvs_service_set *set, uint32_t dest, uint32_t *index)
{
	for (*index = 0; *index < set->sched_set.dest_n; ++*index)
		if (set->sched_set.dest[*index].number == dest)
			return true;
	return false;
}

enum lvs_reason lvs_miss_later_once(struct lvs_step *step, uint32_t mark, uint32_t dest)
{
	struct lvs_candidate candidate = {
		.set = lvs_services_match(step->worker->director->services, &step->headers->flow,
					  mark)};
	uint32_t index;

	if (candidate.set && dest == 0 && lvs_may_bypass(step, candidate.set)) {
		lvs_bypass_take(step, &candidate);
		return send_later(step, &candidate, LVS_REASON_ONE_PACKET);
	}
	if (!candidate.set)
		return lvs_outbound_later(step, dest);
	/* Its destination may be gone by now, or the whole service. */
	if (!has_dest(candidate.set, dest, &index))
		return LVS_REASON_FRAGMENT_STRAY;
	lvs_candidate_take(step, &candidate, lvs_set_dest(candidate.set, index),
			   lvs_set_forwarder(candidate.set, index));
	return send_later(step, &candidate, LVS_REASON_ONE_PACKET);
}
