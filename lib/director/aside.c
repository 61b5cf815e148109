/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets without a connection that are not to be balanced: a server's own that nobody waits for
 * (the kernel's nat_icmp_send), and, while this director is a backup, everybody's (backup_only).
 */
#include "director/binding.h"
#include "director/worker.h"
#include "packet/sctp.h"

/* What refuses or ends something needs no answer. */
static bool asks(const struct lvs_headers *headers)
{
	switch (headers->flow.protocol) {
	case LVS_TCP:
		return !(headers->tcp_flags & LVS_TCP_RST);
	case LVS_SCTP:
		return headers->sctp_first != LVS_SCTP_ABORT;
	default:
		return headers->flow.protocol == LVS_UDP;
	}
}

/* Where it was to go on the host has taken a hop off it before; the answer then comes from this
 * host's address there, else from the one that was asked. What has no way on is the host's to
 * answer. */
static bool has_way(struct lvs_step *step)
{
	const struct lvs_flow *flow = &step->headers->flow;
	struct lvs_path_conf path;

	if (!lvs_path_to(&path, step->worker->director, flow->family, &flow->dst) ||
	    path.flags & LVS_PATH_UNREACHABLE)
		return false;
	step->back = !(path.flags & LVS_PATH_LOCAL);
	return !lvs_step_host_refuses(step);
}

static bool is_stray(struct lvs_step *step)
{
	const struct lvs_services *services = step->worker->director->services;
	const struct lvs_flow *flow = &step->headers->flow;

	return asks(step->headers) && lvs_services_know_dest(services, flow->family, &flow->src) &&
	       lvs_services_is_server(services, flow) && has_way(step);
}

enum lvs_reason lvs_miss_aside(struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	enum lvs_reason reason = lvs_outbound(step);

	if (reason != LVS_REASON_NO_SERVICE)
		return reason;
	if (lvs_setting(director, flags) & LVS_SET_NAT_ICMP_SEND && !step->quoted && is_stray(step))
		return LVS_REASON_SERVER_STRAY;
	return lvs_director_stands_by(director) ? LVS_REASON_BACKUP : LVS_REASON_NONE;
}
