/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP errors about known connections: what they quote says whose they are, the inverse of the
 * quoted flow where they go. No error moves a connection's state or its timer.
 */
#include <string.h>

#include "director/binding.h"
#include "director/worker.h"
#include "packet/parse.h"
#include "packet/quote.h"
#include "forward/ops.h"
#include "service/pmtu.h"

#define MIN_MTU4 68   /* RFC 791 */
#define MIN_MTU6 1280 /* RFC 8200, section 5 */

/* A quoted packet may be any side of a connection but a server's reply before its translation,
 * errors about which are for the server and pass as they are. */
#define SIDES_QUOTED (LVS_SIDE_REQUEST | LVS_SIDE_SERVICE_REPLY | LVS_SIDE_DEST_REQUEST)

/* An error about a connection, whose it is. */
struct about {
	struct lvs_conn *conn;
	struct lvs_dest *dest;
	const struct lvs_forward_ops *ops;
	enum lvs_side side;
};

static bool look_up(struct lvs_step *step, const struct lvs_flow *flow, struct about *about)
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

static bool is_from_port_0(const struct about *about)
{
	return about->side == LVS_SIDE_SERVICE_REPLY && about->conn->kind & LVS_CONN_FROM_PORT_0;
}

/* One from port 0 is, as its own packets, not found from its client's side. */
static bool find(struct lvs_step *step, const struct lvs_flow *flow, struct about *about)
{
	return look_up(step, flow, about) && !is_from_port_0(about);
}

/* From the servers' side it is, as in the kernel. */
static bool find_from_port_0(struct lvs_step *step, const struct lvs_flow *flow,
			     struct about *about)
{
	struct lvs_flow back = lvs_flow_back(flow);

	if (flow->src_port || !lvs_quote_has_ports(flow->protocol) ||
	    !look_up(step, &back, about) || !is_from_port_0(about))
		return false;
	about->side = LVS_SIDE_REQUEST;
	lvs_note(step, side, about->side);
	return true;
}

static bool is_pmtu(const struct lvs_quote *quote)
{
	if (quote->flow.family == LVS_INET6)
		return quote->type == LVS_ICMPV6_TOO_BIG;
	return quote->type == LVS_ICMP_UNREACHABLE && quote->code == LVS_ICMP_FRAG_NEEDED;
}

/* What it says passes. RFC 1191: the upper 16 bits are unused. */
static uint32_t told_mtu(const struct lvs_quote *quote)
{
	return quote->flow.family == LVS_INET ? quote->info & UINT16_MAX : quote->info;
}

/* The way to the destination carries less than was known. */
static void learn(struct lvs_step *step, const struct about *about, const struct lvs_quote *quote)
{
	if (step->peek || !is_pmtu(quote))
		return;
	lvs_pmtu_learn(lvs_dest_path(about->dest), about->dest->family, told_mtu(quote), step->tick,
		       LVS_TICKS_OF_S(lvs_setting(step->worker->director, pmtu_expires_s)));
}

static bool is_linear(const struct lvs_step *step)
{
	return step->packet->linear_len >= step->headers->len;
}

/* Whether an error that is to be rewritten is whole. */
static enum lvs_reason check(const struct lvs_step *step)
{
	if (!is_linear(step))
		return LVS_REASON_NOT_LINEAR;
	if (!lvs_icmp_valid(step->packet, step->headers))
		return LVS_REASON_ICMP_CHECKSUM;
	return LVS_REASON_NONE;
}

/* Through the method that sends requests. */
static enum lvs_reason send_whole(struct lvs_step *step, const struct lvs_dest *dest,
				  const struct lvs_forward_ops *ops, struct lvs_binding *binding)
{
	enum lvs_reason reason = lvs_step_out(step, dest, ops, binding);

	if (reason != LVS_REASON_MTU || step->headers->flow.family != LVS_INET)
		return reason;
	/* Its length is no reason for one more error: IPv4 is cut, DF or not. */
	step->headers->flags &= (uint8_t)~LVS_HEADERS_DF;
	return lvs_step_out(step, dest, ops, binding);
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
		reason = check(step);
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

static enum lvs_reason to_server(struct lvs_step *step, const struct about *about,
				 const struct lvs_quote *quote)
{
	struct lvs_binding binding;

	lvs_binding_of_conn(&binding, about->conn, step->worker->director);
	return lvs_icmp_to_server(step, about->dest, about->ops, &binding, quote);
}

/* It needs no change. What the host refuses to route has never been here, as in the kernel. */
static enum lvs_reason error_seen(struct lvs_step *step, const struct about *about)
{
	if (!lvs_step_host_refuses(step))
		count(step, about->dest, LVS_COUNT_OUT_PKTS);
	return LVS_REASON_REPLY_SEEN;
}

/* From the server's side: about what it was to get. */
static enum lvs_reason to_client(struct lvs_step *step, const struct about *about,
				 const struct lvs_quote *quote)
{
	enum lvs_reason (*rewrite)(struct lvs_packet *, struct lvs_headers *,
				   const struct lvs_quote *, const struct lvs_binding *) =
		LVS_FORWARD_FIELD(about->ops, back_error);
	struct lvs_path_conf path;
	struct lvs_binding binding;
	enum lvs_reason reason = rewrite ? check(step) : LVS_REASON_NONE;

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

/* Whether no MTU makes its sender send less: then it goes in fragments (RFC 2473, 7.1). */
static bool is_least(const struct lvs_step *step, const struct lvs_quote *inner)
{
	return inner->flow.family == LVS_INET6 &&
	       lvs_load16(step->packet->data + inner->ip_offset + 4) + LVS_IPV6_LEN <= MIN_MTU6;
}

/* Bytes that we put in front, a fragment's header of ours not among them. */
static uint32_t in_front(const struct lvs_quote *outer, const struct lvs_quote *inner)
{
	return (outer->flow.family == LVS_INET6 ? LVS_IPV6_LEN : LVS_IPV4_LEN) +
	       (uint32_t)(inner->ip_offset - outer->l4_offset);
}

/* What an error about a tunnel packet says of the packet inside. False: nothing. */
static bool translate(struct lvs_step *step, const struct about *about,
		      const struct lvs_quote *outer, const struct lvs_quote *inner,
		      struct lvs_icmp_error *error)
{
	if (is_pmtu(outer)) {
		/* A look that learns nothing comes to the same. */
		uint32_t mtu = lvs_pmtu_with(lvs_dest_path(about->dest), about->dest->family,
					     told_mtu(outer), step->tick);
		uint32_t overhead = in_front(outer, inner);

		if (!(inner->flags & LVS_HEADERS_DF))
			return false;
		if (mtu > MIN_MTU4 + overhead)
			mtu -= overhead;
		if (mtu < MIN_MTU6 && is_least(step, inner))
			return false;
		lvs_icmp_too_big(inner->flow.family, mtu, error);
		return true;
	}
	/* Codes of one family mean nothing in the other. Pointers would point elsewhere. */
	if (inner->flow.family != outer->flow.family ||
	    (inner->flow.family == LVS_INET6 && outer->type > LVS_ICMPV6_TIME_EXCEEDED))
		return false;
	error->type = outer->type;
	error->code = outer->code;
	return true;
}

/* The packet becomes what its quote's quote was, as far as it goes. */
static void unwrap(struct lvs_step *step, const struct lvs_quote *inner)
{
	struct lvs_packet *packet = step->packet;
	struct lvs_headers *headers = step->headers;
	uint32_t left = headers->len - inner->ip_offset;

	packet->data += inner->ip_offset;
	packet->headroom = (uint16_t)(packet->headroom + inner->ip_offset);
	packet->tailroom = 0;
	packet->len = packet->linear_len = left;
	packet->flags = 0;
	memset(headers, 0, sizeof(*headers));
	headers->flow = inner->flow;
	headers->len = left;
	headers->l4_offset = (uint16_t)(inner->l4_offset - inner->ip_offset);
	headers->payload_offset = headers->l4_offset;
	headers->flags = inner->flags;
}

/* False: it is not to be; then nothing of the packet has changed. */
static bool tell_client(struct lvs_step *step, const struct lvs_quote *inner,
			struct lvs_icmp_error *error)
{
	struct lvs_packet before = *step->packet;

	unwrap(step, inner);
	if (lvs_answer_with(step, error, false))
		return true;
	*step->packet = before;
	return false;
}

/* What the client is told of counts by its own length, before the error to the client does. */
static void count_inner(struct lvs_step *step, const struct about *about,
			const struct lvs_quote *inner)
{
	struct lvs_counter_row *row;

	if (step->peek)
		return;
	row = lvs_counters_row(&step->worker->counters, about->dest->number);
	lvs_count(&row->count[LVS_COUNT_OUT_PKTS], 1);
	lvs_count(&row->count[LVS_COUNT_OUT_BYTES], step->headers->len - inner->ip_offset);
}

/* Whether what is quoted is what we send there, as its tunnel is now. */
static bool is_tunnel_to(const struct lvs_dest *dest, const struct lvs_quote *outer)
{
	struct lvs_binding binding;

	lvs_binding_to(&binding, dest);
	if (dest->family != outer->flow.family ||
	    memcmp(&dest->addr, &outer->flow.dst, sizeof(dest->addr)) != 0)
		return false;
	switch (outer->flow.protocol) {
	case LVS_UDP:
		return binding.tun_type == LVS_TUNNEL_GUE &&
		       binding.tun_port == outer->flow.dst_port;
	case LVS_GRE:
		return binding.tun_type == LVS_TUNNEL_GRE;
	default:
		return binding.tun_type == LVS_TUNNEL_IPIP;
	}
}

/* About a packet that we have wrapped: the path is noted, and the client told. */
static enum lvs_reason about_tunnel(struct lvs_step *step, const struct lvs_quote *outer)
{
	struct lvs_icmp_error error = {0};
	struct lvs_quote inner;
	struct about about;
	enum lvs_reason reason;

	if (lvs_director_stands_by(step->worker->director) ||
	    lvs_quote_inner(step->packet, step->headers, outer, &inner) != LVS_REASON_NONE ||
	    inner.flags & LVS_HEADERS_LATER_FRAGMENT)
		return LVS_REASON_ICMP;
	if (!find(step, &inner.flow, &about))
		return LVS_REASON_ICMP;
	/* Of ours, and to where we send: who forges one must know a connection and its server. */
	if (about.side != LVS_SIDE_REQUEST || about.ops->method != LVS_METHOD_TUNNEL ||
	    !lvs_dest_available(about.dest) || !is_tunnel_to(about.dest, outer))
		return LVS_REASON_ICMP;
	reason = check(step);
	if (reason != LVS_REASON_NONE)
		return reason;
	learn(step, &about, outer);
	if (!translate(step, &about, outer, &inner, &error))
		return LVS_REASON_TUNNEL_ERROR;
	count_inner(step, &about, &inner);
	return tell_client(step, &inner, &error) ? LVS_REASON_REPLY_TUNNEL
						 : LVS_REASON_TUNNEL_ERROR;
}

static enum lvs_reason about_flow(struct lvs_step *step, const struct lvs_quote *quote)
{
	struct about about;

	if (!find(step, &quote->flow, &about) && !find_from_port_0(step, &quote->flow, &about)) {
		enum lvs_reason reason = lvs_icmp_schedule(step, quote);

		/* NONE: another worker was first. */
		if (reason != LVS_REASON_NONE || !find(step, &quote->flow, &about))
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
		return about_tunnel(step, &quote);
	reason = LVS_REASON_ICMP;
	if (may_be_gue(step, &quote))
		reason = about_tunnel(step, &quote);
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

static enum lvs_reason follow_to_server(struct lvs_step *step, const struct about *about)
{
	struct lvs_binding binding;
	enum lvs_reason reason;

	count(step, about->dest, LVS_COUNT_IN_PKTS);
	lvs_binding_of_conn(&binding, about->conn, step->worker->director);
	reason = send_whole(step, about->dest, about->ops, &binding);
	return reason == LVS_REASON_NONE ? LVS_REASON_ICMP_FORWARDED : reason;
}

static enum lvs_reason follow_to_client(struct lvs_step *step, const struct about *about)
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
	struct about about;

	if (!find(step, quoted, &about))
		return LVS_REASON_FRAGMENT_STRAY;
	if (about.side == LVS_SIDE_SERVICE_REPLY)
		return follow_to_server(step, &about);
	return follow_to_client(step, &about);
}
