/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP errors about known connections: what they quote says whose they are, the inverse of the
 * quoted flow where they go. No error moves a connection's state or its timer.
 */
#include <string.h>

#include "director/binding.h"
#include "director/icmp.h"
#include "packet/parse.h"
#include "packet/quote.h"
#include "forward/ops.h"

/* A quoted packet may be any side of a connection but a server's reply before its translation,
 * errors about which are for the server and pass as they are. */
#define SIDES_QUOTED (LVS_SIDE_REQUEST | LVS_SIDE_SERVICE_REPLY | LVS_SIDE_DEST_REQUEST)

static bool look_up(struct lvs_step *step, const struct lvs_flow *flow,
		    struct lvs_icmp_about *about)
{
	struct lvs_director *director = step->worker->director;
	struct lvs_flow ike;
	uint64_t word;

	flow = lvs_ipsec_flow(flow, &ike);
	about->conn = lvs_table_find(director->table, flow, lvs_table_hash(director->table, flow),
				     SIDES_QUOTED, &about->side);
	if (!about->conn || lvs_conn_is_over(about->conn, step->tick) ||
	    !lvs_services_any(director->services, flow->family))
		return false;
	word = atomic_load_explicit(&about->conn->word, memory_order_relaxed);
	about->ops = lvs_services_forwarder(director->services, LVS_CONN_FORWARDER(word));
	about->dest = lvs_services_dest(director->services, about->conn->dest);
	step->packet->conn = lvs_table_number(director->table, about->conn);
	lvs_note(step, conn, step->packet->conn);
	lvs_note(step, side, about->side);
	lvs_note(step, dest, about->conn->dest);
	return true;
}

static bool is_from_port_0(const struct lvs_icmp_about *about)
{
	return about->side == LVS_SIDE_SERVICE_REPLY && about->conn->kind & LVS_CONN_FROM_PORT_0;
}

/* One from port 0 is, as its own packets, not found from its client's side. */
bool lvs_icmp_find(struct lvs_step *step, const struct lvs_flow *flow, struct lvs_icmp_about *about)
{
	return look_up(step, flow, about) && !is_from_port_0(about);
}

/* From the servers' side it is, as in the kernel. */
static bool find_from_port_0(struct lvs_step *step, const struct lvs_flow *flow,
			     struct lvs_icmp_about *about)
{
	struct lvs_flow back = lvs_flow_back(flow);

	if (flow->src_port || !lvs_quote_has_ports(flow->protocol) ||
	    !look_up(step, &back, about) || !is_from_port_0(about))
		return false;
	about->side = LVS_SIDE_REQUEST;
	lvs_note(step, side, about->side);
	return true;
}

static bool is_linear(const struct lvs_step *step)
{
	return step->packet->linear_len >= step->headers->len;
}

enum lvs_reason lvs_icmp_check(const struct lvs_step *step)
{
	if (!is_linear(step))
		return LVS_REASON_NOT_LINEAR;
	if (!lvs_icmp_valid(step->packet, step->headers))
		return LVS_REASON_ICMP_CHECKSUM;
	return LVS_REASON_NONE;
}

/* The way to a server that was removed, which its path may tell no more. */
static enum lvs_reason send(struct lvs_step *step, const struct lvs_dest *dest,
			    const struct lvs_forward_ops *ops, struct lvs_binding *binding)
{
	return lvs_likely(lvs_dest_available(dest))
		       ? lvs_step_out(step, dest, ops, binding)
		       : lvs_step_out_removed(step, dest, ops, binding);
}

/* Through the method that sends requests. */
static enum lvs_reason send_whole(struct lvs_step *step, const struct lvs_dest *dest,
				  const struct lvs_forward_ops *ops, struct lvs_binding *binding)
{
	enum lvs_reason reason = send(step, dest, ops, binding);

	if (reason != LVS_REASON_MTU || step->headers->flow.family != LVS_INET)
		return reason;
	/* Its length is no reason for one more error: IPv4 is cut, DF or not. */
	step->headers->flags &= (uint8_t)~LVS_HEADERS_DF;
	return send(step, dest, ops, binding);
}

/* What concerns a server that was removed still goes its way, and does not count. */
static void count(struct lvs_step *step, const struct lvs_dest *dest, enum lvs_counter packets)
{
	if (lvs_dest_available(dest))
		lvs_step_count(step, dest->number, packets);
}

/* From the client's side: about what it was to get. */
enum lvs_reason lvs_icmp_to_server(struct lvs_step *step, const struct lvs_dest *dest,
				   const struct lvs_forward_ops *ops, struct lvs_binding *binding,
				   const struct lvs_quote *quote)
{
	enum lvs_reason (*rewrite)(struct lvs_packet *, struct lvs_headers *,
				   const struct lvs_quote *, const struct lvs_binding *) =
		LVS_FORWARD_FIELD(ops, out_error);
	enum lvs_reason reason = LVS_REASON_NONE;

	if (rewrite)
		reason = lvs_icmp_check(step);
	if (reason != LVS_REASON_NONE)
		return reason;
	count(step, dest, LVS_COUNT_IN_PKTS);
	if (rewrite) {
		lvs_binding_to(binding, dest);
		reason = rewrite(step->packet, step->headers, quote, binding);
	} else {
		reason = send_whole(step, dest, ops, binding);
	}
	return reason == LVS_REASON_NONE ? LVS_REASON_ICMP_FORWARDED : reason;
}

static enum lvs_reason to_server(struct lvs_step *step, const struct lvs_icmp_about *about,
				 const struct lvs_quote *quote)
{
	struct lvs_binding binding;

	lvs_binding_of_conn(&binding, about->conn, step->worker->director);
	return lvs_icmp_to_server(step, about->dest, about->ops, &binding, quote);
}

/* It needs no change. What the host refuses to route has never been here, as in the kernel. */
static enum lvs_reason error_seen(struct lvs_step *step, const struct lvs_icmp_about *about)
{
	if (!lvs_step_host_refuses(step))
		count(step, about->dest, LVS_COUNT_OUT_PKTS);
	return LVS_REASON_REPLY_SEEN;
}

/* From the server's side: about what it was to get. */
static enum lvs_reason to_client(struct lvs_step *step, const struct lvs_icmp_about *about,
				 const struct lvs_quote *quote)
{
	enum lvs_reason (*rewrite)(struct lvs_packet *, struct lvs_headers *,
				   const struct lvs_quote *, const struct lvs_binding *) =
		LVS_FORWARD_FIELD(about->ops, back_error);
	struct lvs_path_conf path;
	struct lvs_binding binding;
	enum lvs_reason reason = rewrite ? lvs_icmp_check(step) : LVS_REASON_NONE;

	if (reason != LVS_REASON_NONE)
		return reason;
	if (!rewrite)
		return error_seen(step, about);
	lvs_binding_of_conn(&binding, about->conn, step->worker->director);
	if (!lvs_binding_path_back(&path, &binding, step->worker->director))
		return LVS_REASON_UNREACHABLE;
	reason = rewrite(step->packet, step->headers, quote, &binding);
	if (reason != LVS_REASON_NONE && reason != LVS_REASON_LOCAL)
		return reason;
	/* Its MTU is the client's to know: what is forwarded is not what the director sends. */
	count(step, about->dest, LVS_COUNT_OUT_PKTS);
	return reason == LVS_REASON_NONE ? LVS_REASON_ICMP_REPLY : reason;
}

static enum lvs_reason about_flow(struct lvs_step *step, const struct lvs_quote *quote)
{
	struct lvs_icmp_about about;

	if (!lvs_icmp_find(step, &quote->flow, &about) &&
	    !find_from_port_0(step, &quote->flow, &about)) {
		enum lvs_reason reason = lvs_icmp_schedule(step, quote);

		/* NONE: another worker was first. */
		if (reason != LVS_REASON_NONE || !lvs_icmp_find(step, &quote->flow, &about))
			return reason == LVS_REASON_NONE ? LVS_REASON_ICMP : reason;
	}
	if (about.side == LVS_SIDE_SERVICE_REPLY)
		return lvs_director_stands_by(step->worker->director)
			       ? LVS_REASON_BACKUP
			       : to_server(step, &about, quote);
	/* A request that was not yet translated is none of ours. */
	if (about.side == LVS_SIDE_REQUEST && about.conn->kind & LVS_CONN_TWO_WAY)
		return LVS_REASON_ICMP;
	return to_client(step, &about, quote);
}

static bool is_error(const struct lvs_step *step)
{
	unsigned family = step->headers->flow.family;
	uint8_t protocol = family == LVS_INET6 ? LVS_ICMPV6 : LVS_ICMP;

	return step->headers->flow.protocol == protocol &&
	       lvs_icmp_is_error(family, step->packet->data[step->headers->l4_offset]);
}

/* With schedule_icmp the kernel drops what quotes a transport without its ports, whosever it is. */
static enum lvs_reason without_ports(const struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;

	return lvs_setting(director, flags) & LVS_SET_SCHEDULE_ICMP &&
			       !lvs_director_stands_by(director) &&
			       lvs_services_any(director->services, step->headers->flow.family)
		       ? LVS_REASON_SHORT_L4
		       : LVS_REASON_ICMP;
}

/* Whether a packet is an error, and about whose flow: LVS_REASON_NONE, or what becomes of it. */
static enum lvs_reason read_error(const struct lvs_step *step, struct lvs_quote *quote)
{
	const struct lvs_flow *flow = &step->headers->flow;
	enum lvs_reason reason;

	if (!is_error(step))
		return LVS_REASON_ICMP;
	reason = lvs_quote_parse(step->packet, step->headers, quote);
	if (lvs_unlikely(reason == LVS_REASON_SHORT_L4))
		return without_ports(step);
	if (reason != LVS_REASON_NONE || quote->flags & LVS_HEADERS_LATER_FRAGMENT)
		return LVS_REASON_ICMP;
	/* An error goes to the sender of what it is about (RFC 1122, 3.2.2). */
	return memcmp(&flow->dst, &quote->flow.src, sizeof(flow->dst)) == 0 ? LVS_REASON_NONE
									    : LVS_REASON_ICMP;
}

static bool is_about_tunnel(const struct lvs_quote *quote)
{
	return quote->flow.protocol == LVS_IPIP || quote->flow.protocol == LVS_IPV6 ||
	       quote->flow.protocol == LVS_GRE;
}

/* UDP to where a tunnel may lead: GUE, if it looks like it. */
static bool may_be_gue(const struct lvs_step *step, const struct lvs_quote *quote)
{
	return quote->flow.protocol == LVS_UDP &&
	       lvs_services_know_dest(step->worker->director->services, quote->flow.family,
				      &quote->flow.dst);
}

enum lvs_reason lvs_icmp_turn(struct lvs_step *step)
{
	struct lvs_quote quote;
	enum lvs_reason reason = read_error(step, &quote);

	if (reason != LVS_REASON_NONE)
		return reason;
	if (is_about_tunnel(&quote))
		return lvs_icmp_about_tunnel(step, &quote);
	reason = LVS_REASON_ICMP;
	if (may_be_gue(step, &quote))
		reason = lvs_icmp_about_tunnel(step, &quote);
	return reason == LVS_REASON_ICMP ? about_flow(step, &quote) : reason;
}

/* --- Errors in fragments --- */

bool lvs_icmp_needs_whole(const struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	const struct lvs_forward_ops *ops;
	const struct lvs_conn *conn;
	struct lvs_quote quote, inner;
	const struct lvs_flow *flow;
	struct lvs_flow ike;
	enum lvs_side side;
	uint64_t word;

	if (read_error(step, &quote) != LVS_REASON_NONE)
		return false;
	if (is_about_tunnel(&quote))
		return lvs_services_know_dest(director->services, quote.flow.family,
					      &quote.flow.dst);
	if (may_be_gue(step, &quote) &&
	    lvs_quote_inner(step->packet, step->headers, &quote, &inner) == LVS_REASON_NONE)
		return true;
	flow = lvs_ipsec_flow(&quote.flow, &ike);
	conn = lvs_table_find(director->table, flow, lvs_table_hash(director->table, flow),
			      SIDES_QUOTED, &side);
	if (!conn || lvs_conn_is_over(conn, step->tick))
		return lvs_icmp_may_schedule(step, &quote);
	word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	ops = lvs_services_forwarder(director->services, LVS_CONN_FORWARDER(word));
	return LVS_FORWARD_FIELD(ops, out_error) || LVS_FORWARD_FIELD(ops, back_error);
}

static enum lvs_reason follow_to_server(struct lvs_step *step, const struct lvs_icmp_about *about)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	count(step, about->dest, LVS_COUNT_IN_PKTS);
	lvs_binding_of_conn(&binding, about->conn, step->worker->director);
	reason = send_whole(step, about->dest, about->ops, &binding);
	return reason == LVS_REASON_NONE ? LVS_REASON_ICMP_FORWARDED : reason;
}

static enum lvs_reason follow_to_client(struct lvs_step *step, const struct lvs_icmp_about *about)
{
	struct lvs_path_conf path;
	struct lvs_binding binding;
	enum lvs_reason reason;

	if (!about->ops->back)
		return error_seen(step, about);
	lvs_binding_of_conn(&binding, about->conn, step->worker->director);
	if (!lvs_binding_path_back(&path, &binding, step->worker->director))
		return LVS_REASON_UNREACHABLE;
	/* As in send_whole(). */
	if (step->headers->flow.family == LVS_INET)
		step->headers->flags &= (uint8_t)~LVS_HEADERS_DF;
	reason = about->ops->back(step->packet, step->headers, &binding);
	if (reason != LVS_REASON_NONE && reason != LVS_REASON_LOCAL)
		return reason;
	count(step, about->dest, LVS_COUNT_OUT_PKTS);
	return reason == LVS_REASON_NONE ? LVS_REASON_ICMP_REPLY : reason;
}

enum lvs_reason lvs_icmp_follow(struct lvs_step *step, const struct lvs_flow *quoted)
{
	struct lvs_icmp_about about;

	if (!lvs_icmp_find(step, quoted, &about))
		return LVS_REASON_FRAGMENT_STRAY;
	if (about.side == LVS_SIDE_SERVICE_REPLY)
		return follow_to_server(step, &about);
	return follow_to_client(step, &about);
}
