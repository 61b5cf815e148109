/* SPDX-License-Identifier: BSD-2-Clause */
/* One-packet scheduling: a connection for the length of its packet. */
#include "director/candidate.h"
#include "director/events.h"

enum lvs_reason lvs_schedule_once(struct lvs_step *step, struct lvs_candidate *candidate)
{
	struct lvs_gauge_move began, ended;
	enum lvs_reason reason = lvs_candidate_find(step, candidate);

	if (reason != LVS_REASON_NONE)
		return reason;
	lvs_note(step, word_after, lvs_candidate_word(step, candidate));
	if (step->peek)
		return lvs_candidate_send_first(step, candidate, LVS_REASON_ONE_PACKET);
	began = lvs_dest_bind(candidate->dest, false);
	reason = lvs_candidate_send_first(step, candidate, LVS_REASON_ONE_PACKET);
	ended = lvs_dest_unbind(candidate->dest, false);
	if (lvs_unlikely(step->worker->events.size)) {
		lvs_events_load(&step->worker->events, step->now_ns, candidate->dest, began);
		lvs_events_load(&step->worker->events, step->now_ns, candidate->dest, ended);
	}
	return reason;
}
