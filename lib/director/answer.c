/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP errors of our own: the packet becomes one, where rules and limits allow it. */
#include "director/binding.h"
#include "director/worker.h"
#include "forward/ops.h"
#include "forward/send.h"
#include "packet/mss.h"
#include "packet/parse.h"
#include "service/pmtu.h"

#define SHORT_LEN 576 /* RFC 791: what any path may be thought to take */

/*
 * Whether a packet that stays on this host was on its way out: made here, to an address that is not
 * this host's. What was to leave unchanged, or in a tunnel, would come in at an address that is not
 * there. NAT gives it one that is (the kernel's "crossing local and non-local addresses").
 */
static bool may_not_stay(const struct lvs_step *step, const struct lvs_forward_ops *ops,
			 const struct lvs_binding *binding)
{
	const struct lvs_director *director = step->worker->director;
	struct lvs_path_conf path;

	if (step->packet->link_type != LVS_LINK_SELF || !director->path_lookup ||
	    (ops->method != LVS_METHOD_DR && ops->method != LVS_METHOD_TUNNEL))
		return false;
	return !lvs_path_to(&path, director, binding->family, &binding->service) ||
	       !(path.flags & LVS_PATH_LOCAL);
}

enum lvs_reason lvs_step_refused(struct lvs_step *step, enum lvs_reason reason,
				 const struct lvs_forward_ops *ops,
				 const struct lvs_binding *binding)
{
	uint32_t overhead;

	step->back = !ops;
	if (reason == LVS_REASON_LOCAL && ops && may_not_stay(step, ops, binding))
		return LVS_REASON_CROSS_LOCAL;
	if (reason != LVS_REASON_MTU)
		return reason;
	overhead = ops ? lvs_forward_overhead(ops, binding,
					      step->packet->flags & LVS_PACKET_CSUM_PARTIAL)
		       : 0;
	step->mtu = binding->path->mtu > overhead ? binding->path->mtu - overhead : 0;
	return reason;
}

/* @p plain is the packet without what is in front of it, @p mtu that of the way to the server. */
static void clamp(struct lvs_step *step, const struct lvs_forward_ops *ops,
		  const struct lvs_binding *binding, uint32_t mtu, struct lvs_packet *plain)
{
	const struct lvs_director *director = step->worker->director;
	/* For the data to come, whose checksums may be partial though this one's is not. */
	uint32_t overhead = lvs_forward_overhead(ops, binding, true);
	struct lvs_path_conf back;

	mtu = mtu > overhead ? mtu - overhead : 0;
	/* Where replies pass, the other way counts too: a segment must fit through both. */
	if (ops->flags & LVS_FORWARD_TWO_WAY &&
	    lvs_path_to(&back, director, binding->family, &binding->client) && back.mtu < mtu)
		mtu = back.mtu;
	lvs_mss_clamp(plain, step->headers, mtu);
}

void lvs_step_clamp(struct lvs_step *step, const struct lvs_dest *dest,
		    const struct lvs_forward_ops *ops, const struct lvs_binding *binding)
{
	clamp(step, ops, binding, lvs_pmtu_of(lvs_dest_path(dest), step->tick), step->packet);
}

enum lvs_reason lvs_step_out_clamped(struct lvs_step *step, const struct lvs_dest *dest,
				     const struct lvs_forward_ops *ops, struct lvs_binding *binding)
{
	/* Where it began, and what its request was about. A tunnel's own sum over it is not changed
	 * by a segment whose sum stays right. */
	struct lvs_packet plain = *step->packet;
	enum lvs_reason reason = lvs_step_out(step, dest, ops, binding);

	if (reason == LVS_REASON_NONE)
		clamp(step, ops, binding, binding->path->mtu, &plain);
	return reason;
}

bool lvs_step_host_refuses(const struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	const struct lvs_headers *headers = step->headers;
	const struct lvs_flow *flow = &headers->flow;
	struct lvs_path_conf path;

	if (headers->ttl > 1 && headers->len <= SHORT_LEN)
		return false;
	if (!lvs_path_to(&path, director, flow->family, &flow->dst))
		return true;
	if (path.flags & LVS_PATH_LOCAL)
		return false;
	if (headers->ttl <= 1 || path.flags & LVS_PATH_UNREACHABLE)
		return true;
	return (flow->family == LVS_INET6 || headers->flags & LVS_HEADERS_DF) &&
	       lvs_send_piece_len(step->packet, headers) > path.mtu;
}

/* Who says so: this host towards the packet's sender, or the address that was asked. */
static const union lvs_addr *source_of(const struct lvs_headers *headers,
				       const struct lvs_path_conf *path, bool from_own)
{
	if (from_own && path->source_family == headers->flow.family)
		return &path->source;
	return &headers->flow.dst;
}

/* An error about a connection whose replies the client gets as they are is a packet from the
 * service to the client, and counts as one, as in the kernel. */
static void count_own(struct lvs_step *step)
{
	struct lvs_director *director = step->worker->director;
	uint32_t number = step->packet->conn;
	unsigned looks = 1; /* for this one alone */
	const struct lvs_conn *conn;
	struct lvs_counter_row *row;

	if (!number || step->peek)
		return;
	conn = lvs_table_walk(director->table, &number, &looks);
	if (!conn || number != step->packet->conn + 1 || conn->kind & LVS_CONN_TWO_WAY ||
	    !lvs_dest_available(lvs_services_dest(director->services, conn->dest)))
		return;
	row = lvs_counters_row(&step->worker->counters, conn->dest);
	lvs_count(&row->count[LVS_COUNT_OUT_PKTS], 1);
	lvs_count(&row->count[LVS_COUNT_OUT_BYTES], step->packet->len);
}

/* @p passed: the packet has lost a hop by then, which its quote shows. */
static bool answer_with(struct lvs_step *step, struct lvs_icmp_error *error, bool from_own,
			bool passed)
{
	struct lvs_director *director = step->worker->director;
	struct lvs_headers *headers = step->headers;
	const struct lvs_flow *flow = &headers->flow;
	struct lvs_packet *packet = step->packet;
	struct lvs_path_conf path;

	if (!lvs_icmp_may_answer(packet, headers, error))
		return false;
	if (!lvs_path_to(&path, director, flow->family, &flow->src) ||
	    path.flags & (LVS_PATH_LOCAL | LVS_PATH_UNREACHABLE))
		return false;
	if (!lvs_limit_allow(director->limit, flow->family, &flow->src, error->type, error->code,
			     step->now_ns, step->peek))
		return false;
	error->source = *source_of(headers, &path, from_own);
	if (passed)
		lvs_send_decrement_ttl(packet, headers);
	lvs_icmp_build(packet, headers, error);
	packet->cut = LVS_CUT_NONE;
	packet->cut_len = 0;
	packet->next_hop = path.next_hop;
	packet->next_hop_family = path.next_hop_family;
	packet->path = path.handle;
	count_own(step);
	return true;
}

bool lvs_answer_with(struct lvs_step *step, struct lvs_icmp_error *error, bool from_own)
{
	return answer_with(step, error, from_own, false);
}

static void time_exceeded(bool v6, struct lvs_icmp_error *error)
{
	error->type = v6 ? LVS_ICMPV6_TIME_EXCEEDED : LVS_ICMP_TIME_EXCEEDED;
}

static void port_unreachable(bool v6, struct lvs_icmp_error *error)
{
	error->type = v6 ? LVS_ICMPV6_UNREACHABLE : LVS_ICMP_UNREACHABLE;
	error->code = v6 ? LVS_ICMPV6_PORT_UNREACHABLE : LVS_ICMP_PORT_UNREACHABLE;
}

enum lvs_reason lvs_answer(struct lvs_step *step, enum lvs_reason reason)
{
	bool v6 = step->headers->flow.family == LVS_INET6;
	struct lvs_icmp_error error = {0};
	enum lvs_reason answered;
	bool passed = false;
	bool from_own = reason != LVS_REASON_NO_DEST && step->back;

	switch (reason) {
	case LVS_REASON_TTL:
		time_exceeded(v6, &error);
		answered = LVS_REASON_REPLY_TTL;
		break;
	case LVS_REASON_MTU:
		lvs_icmp_too_big(step->headers->flow.family, step->mtu, &error);
		answered = LVS_REASON_REPLY_MTU;
		passed = !step->back;
		break;
	case LVS_REASON_NO_DEST:
		port_unreachable(v6, &error);
		answered = LVS_REASON_REPLY_NO_DEST;
		break;
	case LVS_REASON_SERVER_STRAY:
		port_unreachable(v6, &error);
		answered = LVS_REASON_REPLY_SERVER_STRAY;
		passed = step->back;
		break;
	default:
		return reason;
	}
	return answer_with(step, &error, from_own, passed) ? answered : reason;
}
