/* SPDX-License-Identifier: BSD-2-Clause */
/* What the record of a new connection says. */
#include "director/record.h"

#define UNSEEN_S 3 /* of a connection none of whose packets has been seen */

LVS_NOINLINE uint64_t lvs_record_special(const struct lvs_step *step,
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

uint64_t lvs_candidate_unseen(const struct lvs_step *step, const struct lvs_candidate *candidate)
{
	return lvs_record_bare(step, candidate) | (uint64_t)LVS_TICKS_OF_S(UNSEEN_S) << 32;
}

uint64_t lvs_candidate_word(const struct lvs_step *step, const struct lvs_candidate *candidate)
{
	return lvs_record_word(step, candidate);
}

void lvs_candidate_fill(const struct lvs_step *step, struct lvs_conn *conn,
			const struct lvs_candidate *candidate, uint64_t word)
{
	lvs_record_fill(step, conn, candidate, word);
}
