/* SPDX-License-Identifier: BSD-2-Clause */
/* The first fragment of a datagram decides; the others follow it. */
#include <string.h>

#include "director/engine.h"
#include "director/filter.h"
#include "director/frag.h"
#include "director/helped.h"
#include "packet/parse.h"
#include "packet/quote.h"

static bool is_icmp(uint8_t protocol)
{
	return protocol == LVS_ICMP || protocol == LVS_ICMPV6;
}

/* RFC 768: its sender has left the checksum out, which a translation fills in. */
static bool lacks_checksum(const struct lvs_step *step)
{
	const struct lvs_headers *headers = step->headers;

	return headers->flow.family == LVS_INET && headers->flow.protocol == LVS_UDP &&
	       lvs_load_be16(step->packet->data + headers->l4_offset + LVS_UDP_CSUM) == 0;
}

/* Whether a translation of its ports takes all of the datagram: for the checksum. */
static bool is_summed_whole(const struct lvs_step *step)
{
	return step->headers->flow.protocol == LVS_SCTP || lacks_checksum(step);
}

static bool may_be_translated(const struct lvs_services *services,
			      const struct lvs_service_set *set)
{
	for (uint32_t i = 0; i < set->sched_set.dest_n; i++)
		if (lvs_services_forwarder(services, lvs_set_forwarder(set, i))->flags &
		    LVS_FORWARD_TWO_WAY)
			return true;
	return false;
}

static bool filter_asks_for_whole(const struct lvs_director *director)
{
	/* acquire: pairs with the release in lvs_director_set_filter() */
	const struct lvs_filter *filter =
		atomic_load_explicit(&director->filter, memory_order_acquire);

	return filter && filter->ops.flags & LVS_FILTER_WHOLE;
}

/* Whether the filter is asked before a packet of no connection goes on: where one may be opened,
 * or may be done without. */
static bool is_asked_about(const struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;

	return lvs_setting(director, full_policy) != LVS_FULL_REFUSE ||
	       lvs_state_opens(step->headers, lvs_setting(director, flags));
}

/* A packet without a connection. */
static bool new_needs_whole(const struct lvs_step *step, bool checksum)
{
	const struct lvs_director *director = step->worker->director;
	bool asks = filter_asks_for_whole(director);
	const struct lvs_service_set *set;

	if ((!checksum && !asks) || !is_asked_about(step))
		return false;
	set = lvs_services_match(director->services, &step->headers->flow, step->packet->mark);
	return set && (asks || may_be_translated(director->services, set));
}

bool lvs_frag_needs_whole(const struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	uint8_t protocol = step->headers->flow.protocol;
	const struct lvs_conn *conn;
	bool checksum;

	if (is_icmp(protocol))
		return lvs_icmp_needs_whole(step);
	if (!lvs_is_balanced(protocol))
		return false;
	if (lvs_helpers_of(director) && lvs_helped_needs_whole(step))
		return true;
	if (lvs_engine_needs_whole(step))
		return true;
	checksum = is_summed_whole(step);
	if (!checksum && !filter_asks_for_whole(director))
		return false;
	conn = lvs_decide_known(step);
	if (!conn)
		return new_needs_whole(step, checksum);
	/* SCTP's checksum covers no address. */
	if (protocol == LVS_SCTP && conn->dest_port == conn->service_port)
		return false;
	return checksum && conn->kind & LVS_CONN_TWO_WAY;
}

/* --- The first --- */

static enum lvs_reason decide_error(struct lvs_step *step, struct lvs_fate *fate)
{
	struct lvs_quote quote;
	enum lvs_reason reason;

	if (lvs_quote_parse(step->packet, step->headers, &quote) == LVS_REASON_NONE)
		fate->flow = quote.flow;
	reason = lvs_icmp_turn(step);
	if (reason == LVS_REASON_ICMP_FORWARDED || reason == LVS_REASON_ICMP_REPLY ||
	    reason == LVS_REASON_LOCAL)
		fate->kind = LVS_FATE_ERROR;
	return reason;
}

static enum lvs_reason decide_flow(struct lvs_step *step, const struct lvs_record *record,
				   struct lvs_fate *fate)
{
	enum lvs_reason reason;

	fate->flow = step->headers->flow;
	fate->mark = step->packet->mark;
	reason = lvs_decide_flow(step);
	/* From port 0 a connection was made that nothing is found to be of. */
	if (record->conn && (fate->flow.src_port || record->side))
		fate->kind = LVS_FATE_FOLLOW;
	else if (reason == LVS_REASON_UNTRACKED)
		fate->kind = LVS_FATE_UNTRACKED;
	else if (record->conn || record->word_after & LVS_CONN_ONE_PACKET)
		fate->kind = LVS_FATE_ONCE;
	fate->dest = record->dest;
	return reason;
}

static enum lvs_reason decide_ipsec(struct lvs_step *step, const struct lvs_record *record,
				    struct lvs_fate *fate)
{
	enum lvs_reason reason;

	lvs_ipsec_flow(&step->headers->flow, &fate->flow);
	reason = lvs_ipsec_turn(step);
	if (record->conn)
		fate->kind = LVS_FATE_FOLLOW;
	return reason;
}

/* Whether the method that the packet went by puts checksums right. */
static bool was_translated(const struct lvs_step *step, const struct lvs_record *record,
			   enum lvs_reason reason)
{
	const struct lvs_forward_ops *ops = lvs_services_forwarder(
		step->worker->director->services, LVS_CONN_FORWARDER(record->word_after));

	if (lvs_reason_verdict(reason) != LVS_FORWARD && reason != LVS_REASON_LOCAL)
		return false;
	return (record->conn || record->word_after & LVS_CONN_ONE_PACKET) &&
	       ops->flags & LVS_FORWARD_TWO_WAY;
}

/* SCTP: what counts may stand behind the first fragment, and what a translation changes is covered
 * by a CRC over all. */
static enum lvs_reason decide_sctp(struct lvs_step *step, const struct lvs_record *record,
				   const struct lvs_pieces *pieces, struct lvs_fate *fate)
{
	struct lvs_frag_sctp sctp;
	enum lvs_reason reason;

	if (!lvs_frag_sctp_begin(&sctp, step, pieces))
		return LVS_REASON_FRAGMENT_FULL;
	reason = decide_flow(step, record, fate);
	lvs_frag_sctp_end(&sctp, step);
	return reason;
}

/* Where it was gathered: what all of it says. */
static enum lvs_reason decide_whole(struct lvs_step *step, const struct lvs_record *record,
				    const struct lvs_pieces *pieces, struct lvs_fate *fate)
{
	uint8_t *filled = NULL;
	enum lvs_reason reason = lvs_frag_verify(step, pieces, &filled);

	if (reason != LVS_REASON_NONE)
		return reason;
	step->pieces = pieces;
	if (is_icmp(step->headers->flow.protocol))
		reason = decide_error(step, fate);
	else if (step->headers->flow.protocol == LVS_SCTP)
		reason = decide_sctp(step, record, pieces, fate);
	else
		reason = decide_flow(step, record, fate);
	step->pieces = NULL;
	/* Its sender wants none, and nobody has changed what it would cover. */
	if (filled && !was_translated(step, record, reason))
		lvs_store16(filled, 0);
	return reason;
}

enum lvs_reason lvs_frag_decide(struct lvs_step *step, const struct lvs_pieces *pieces,
				struct lvs_fate *fate)
{
	struct lvs_record own = {.picked = LVS_SCHED_NONE};
	struct lvs_record *record = step->record ? step->record : &own;
	uint8_t protocol = step->headers->flow.protocol;
	struct lvs_record *before = step->record;
	enum lvs_reason reason;

	memset(fate, 0, sizeof(*fate));
	step->record = record;
	if (pieces)
		reason = decide_whole(step, record, pieces, fate);
	else if (is_icmp(protocol))
		reason = decide_error(step, fate);
	else if (lvs_is_balanced(protocol))
		reason = decide_flow(step, record, fate);
	else if (lvs_is_ipsec(protocol))
		reason = decide_ipsec(step, record, fate);
	else
		reason = lvs_step_other(step);
	step->record = before;
	/* An embedder's own forwarder may answer anything. */
	if ((unsigned)reason >= LVS_REASON_N)
		reason = LVS_REASON_UNREACHABLE;
	switch (lvs_reason_verdict(reason)) {
	case LVS_DROP:
	case LVS_REPLY:
		fate->kind = LVS_FATE_SAME;
		fate->reason = LVS_REASON_FRAGMENT_REFUSED;
		break;
	default:
		fate->reason = reason;
	}
	return reason;
}

/* --- The others --- */

/* By its connection, which may have ended since; then nothing tells where the first one went. */
static enum lvs_reason follow_conn(struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	struct lvs_dest *dest;
	struct lvs_conn *conn;
	enum lvs_side side;

	conn = lvs_table_find(director->table, &step->headers->flow, step->hash, LVS_SIDES_PACKET,
			      &side);
	if (!conn || lvs_conn_is_over(conn, step->tick))
		return LVS_REASON_FRAGMENT_STRAY;
	dest = lvs_services_dest(director->services, conn->dest);
	if (!lvs_services_any(director->services, step->headers->flow.family))
		return LVS_REASON_NO_SERVICE;
	if (side == LVS_SIDE_REQUEST && !lvs_dest_available(dest))
		return LVS_REASON_DEST_GONE;
	return lvs_hit_later(step, conn, side, dest);
}

enum lvs_reason lvs_frag_follow(struct lvs_step *step, const struct lvs_fate *fate)
{
	struct lvs_flow *flow = &step->headers->flow;

	if (fate->kind == LVS_FATE_SAME)
		return fate->reason;
	if (fate->kind == LVS_FATE_ERROR)
		return lvs_icmp_follow(step, &fate->flow);
	/* Behind IPv6 extension headers the transport stands in the first one alone. */
	flow->protocol = fate->flow.protocol;
	flow->src_port = fate->flow.src_port;
	flow->dst_port = fate->flow.dst_port;
	step->hash = lvs_table_hash(step->worker->director->table, flow);
	step->fetch = NULL;
	if (fate->kind == LVS_FATE_UNTRACKED)
		return lvs_miss_later(step, fate->mark, fate->dest);
	if (fate->kind == LVS_FATE_ONCE)
		return lvs_miss_later_once(step, fate->mark, fate->dest);
	return follow_conn(step);
}
