/* SPDX-License-Identifier: BSD-2-Clause */
/* Without a destination, on to where it was going (the kernel's cache_bypass). */
#include "base/addr.h"
#include "director/binding.h"
#include "director/candidate.h"

bool lvs_may_bypass(const struct lvs_step *step, const struct lvs_service_set *set)
{
	const struct lvs_director *director = step->worker->director;
	const struct lvs_flow *flow = &step->headers->flow;
	struct lvs_path_conf path;

	/* An error about a reply is for a server, or for nobody. */
	return set->key.fwmark && lvs_setting(director, flags) & LVS_SET_CACHE_BYPASS &&
	       !step->quoted && lvs_addr_unicast(&flow->dst, flow->family) &&
	       !(lvs_path_to(&path, director, flow->family, &flow->dst) &&
		 path.flags & LVS_PATH_LOCAL);
}

void lvs_bypass_take(struct lvs_step *step, struct lvs_candidate *candidate)
{
	lvs_candidate_take(step, candidate, lvs_services_dest(step->worker->director->services, 0),
			   LVS_METHOD_BYPASS);
	candidate->dest_port = 0; /* nobody's, and a listing says so */
}
