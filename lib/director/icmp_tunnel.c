/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP errors about packets that we have wrapped: from routers on the way to a server. */
#include <string.h>

#include "director/binding.h"
#include "director/icmp.h"
#include "packet/parse.h"
#include "packet/quote.h"
#include "service/pmtu.h"

#define MIN_MTU4 68   /* RFC 791 */
#define MIN_MTU6 1280 /* RFC 8200, section 5 */

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
static void learn(struct lvs_step *step, const struct lvs_icmp_about *about,
		  const struct lvs_quote *quote)
{
	if (step->peek || !is_pmtu(quote))
		return;
	lvs_pmtu_learn(lvs_dest_path(about->dest), about->dest->family, told_mtu(quote), step->tick,
		       LVS_TICKS_OF_S(lvs_setting(step->worker->director, pmtu_expires_s)));
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
static bool translate(struct lvs_step *step, const struct lvs_icmp_about *about,
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
static void count_inner(struct lvs_step *step, const struct lvs_icmp_about *about,
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

/* Whether a packet of that side of the connection is one that we wrap. Who forges an error about it
 * must know a connection and its server. */
static bool is_wrapped(const struct lvs_icmp_about *about, enum lvs_side side,
		       const struct lvs_quote *outer)
{
	return about->side == side && about->ops->method == LVS_METHOD_TUNNEL &&
	       lvs_dest_available(about->dest) && is_tunnel_to(about->dest, outer);
}

/* Inside is a packet of the client's. */
static enum lvs_reason about_request(struct lvs_step *step, const struct lvs_quote *outer,
				     const struct lvs_quote *inner)
{
	struct lvs_icmp_error error = {0};
	struct lvs_icmp_about about;
	enum lvs_reason reason;

	if (!lvs_icmp_find(step, &inner->flow, &about) ||
	    !is_wrapped(&about, LVS_SIDE_REQUEST, outer))
		return LVS_REASON_ICMP;
	reason = lvs_icmp_check(step);
	if (reason != LVS_REASON_NONE)
		return reason;
	learn(step, &about, outer);
	if (!translate(step, &about, outer, inner, &error))
		return LVS_REASON_TUNNEL_ERROR;
	count_inner(step, &about, inner);
	return tell_client(step, inner, &error) ? LVS_REASON_REPLY_TUNNEL : LVS_REASON_TUNNEL_ERROR;
}

/* Inside is an error that we took to the server. The path is noted, so that the next one gets
 * there; no error answers an error (RFC 1122, 3.2.2). */
static enum lvs_reason about_error(struct lvs_step *step, const struct lvs_quote *outer,
				   const struct lvs_quote *inner)
{
	struct lvs_icmp_about about;
	struct lvs_quote quote;
	enum lvs_reason reason;

	if (lvs_quote_nested(step->packet, step->headers, inner, &quote) != LVS_REASON_NONE ||
	    quote.flags & LVS_HEADERS_LATER_FRAGMENT || !lvs_icmp_find(step, &quote.flow, &about) ||
	    !is_wrapped(&about, LVS_SIDE_SERVICE_REPLY, outer))
		return LVS_REASON_ICMP;
	reason = lvs_icmp_check(step);
	if (reason != LVS_REASON_NONE)
		return reason;
	learn(step, &about, outer);
	return LVS_REASON_TUNNEL_ERROR;
}

enum lvs_reason lvs_icmp_about_tunnel(struct lvs_step *step, const struct lvs_quote *outer)
{
	struct lvs_quote inner;

	if (lvs_director_stands_by(step->worker->director) ||
	    lvs_quote_inner(step->packet, step->headers, outer, &inner) != LVS_REASON_NONE ||
	    inner.flags & LVS_HEADERS_LATER_FRAGMENT)
		return LVS_REASON_ICMP;
	if (inner.flow.protocol == (inner.flow.family == LVS_INET6 ? LVS_ICMPV6 : LVS_ICMP))
		return about_error(step, outer, &inner);
	return about_request(step, outer, &inner);
}
