/* SPDX-License-Identifier: BSD-2-Clause */
/* A fragment's turn: its datagram is found or made, and says what comes next. */
#include "director/frag.h"

#include <string.h>

#include "packet/parse.h"

/* What is to be done when the lock is let go. */
enum next {
	NEXT_NOTHING, /* the reason says all */
	NEXT_DECIDE,  /* about the first fragment */
	NEXT_FOLLOW,  /* it */
	NEXT_RELEASE, /* the whole datagram */
};

struct turn {
	struct lvs_step *step;
	struct lvs_frags *frags;
	lvs_reason_counts *counts;
	struct lvs_part part;
	struct lvs_datagram_key key;
	uint32_t hash;
	bool first; /* of its datagram */
	bool whole; /* the first, and it needs the others */
	enum next next;
	uint64_t number; /* of the datagram to be decided about; 0: nobody waits for it */
	struct lvs_fate fate;
	struct lvs_pieces pieces;
};

/* IPv6 options, routing and AH may stand between the fragment header and the transport. */
static bool may_be_balanced(unsigned family, uint8_t following)
{
	switch (following) {
	case LVS_ICMP:
	case LVS_ICMPV6:
		return true;
	case LVS_EXT_ROUTING:
	case LVS_EXT_OPTIONS:
	case LVS_AH:
	case LVS_ESP:
		return family == LVS_INET6;
	default:
		return lvs_is_balanced(following);
	}
}

/* Whether a fragment may be one of ours: nothing but its addresses and its mark can tell. */
static bool concerns_us(const struct lvs_step *step)
{
	const struct lvs_services *services = step->worker->director->services;
	const struct lvs_flow *flow = &step->headers->flow;
	uint32_t mark = step->packet->mark;

	return lvs_services_know_service(services, flow->family, &flow->dst) ||
	       lvs_services_know_dest(services, flow->family, &flow->src) ||
	       (mark && lvs_services_match(services, flow, mark));
}

static void fill_key(struct turn *turn)
{
	const struct lvs_flow *flow = &turn->step->headers->flow;
	struct lvs_datagram_key *key = &turn->key;

	memset(key, 0, sizeof(*key));
	key->src = flow->src;
	key->dst = flow->dst;
	key->id = turn->part.id;
	key->family = flow->family;
	if (flow->family != LVS_INET6)
		key->protocol = turn->part.following;
	turn->hash = lvs_frags_hash(turn->frags, key);
}

static void refuse(struct turn *turn, struct lvs_datagram *datagram, enum lvs_reason reason)
{
	lvs_frags_refuse(turn->frags, datagram, reason, turn->counts);
}

static enum lvs_reason hold(struct turn *turn, struct lvs_datagram *datagram)
{
	const struct lvs_step *step = turn->step;

	if (step->packet->linear_len < step->headers->len) {
		refuse(turn, datagram, LVS_REASON_FRAGMENT_REFUSED);
		return LVS_REASON_NOT_LINEAR;
	}
	if (!lvs_frags_hold(turn->frags, datagram, step->packet, step->headers, &turn->part,
			    turn->counts)) {
		refuse(turn, datagram, LVS_REASON_FRAGMENT_FULL);
		return LVS_REASON_FRAGMENT_FULL;
	}
	return LVS_REASON_FRAGMENT_HELD;
}

/* The last one that was missing may be here. */
static enum lvs_reason gather(struct turn *turn, struct lvs_datagram *datagram)
{
	enum lvs_reason reason = hold(turn, datagram);

	if (reason != LVS_REASON_FRAGMENT_HELD || !lvs_parts_whole(&datagram->parts))
		return reason;
	turn->pieces = lvs_frags_hand_over(turn->frags, datagram);
	lvs_frags_end(turn->frags, datagram, LVS_REASON_NONE, NULL);
	turn->next = NEXT_RELEASE;
	return reason;
}

static enum lvs_reason waiting(struct turn *turn, struct lvs_datagram *datagram)
{
	if (!turn->first)
		return hold(turn, datagram);
	if (turn->whole) {
		datagram->state = LVS_DATAGRAM_GATHERING;
		return gather(turn, datagram);
	}
	datagram->state = LVS_DATAGRAM_DECIDING;
	turn->number = datagram->number;
	turn->next = NEXT_DECIDE;
	return LVS_REASON_NONE;
}

static enum lvs_reason decided(struct turn *turn, struct lvs_datagram *datagram)
{
	turn->fate = datagram->fate;
	turn->next = NEXT_FOLLOW;
	/* Identifications are used again: who has all of them waits for no more. */
	if (lvs_parts_whole(&datagram->parts))
		lvs_frags_end(turn->frags, datagram, LVS_REASON_NONE, NULL);
	return LVS_REASON_NONE;
}

static bool is_refused(const struct lvs_datagram *datagram)
{
	return datagram->state == LVS_DATAGRAM_DECIDED && datagram->fate.kind == LVS_FATE_SAME;
}

/* Whether it fits into its datagram, where that has not been given up or left to the host. */
static enum lvs_reason place(struct turn *turn, struct lvs_datagram *datagram)
{
	enum lvs_reason reason = lvs_frags_place(turn->frags, datagram, &turn->part, turn->counts);

	if (reason == LVS_REASON_NONE || is_refused(datagram))
		return LVS_REASON_NONE;
	if (reason != LVS_REASON_FRAGMENT_DUPLICATE)
		refuse(turn, datagram, reason);
	return reason;
}

static enum lvs_reason in_datagram(struct turn *turn, struct lvs_datagram *datagram)
{
	enum lvs_reason reason = place(turn, datagram);

	if (reason != LVS_REASON_NONE)
		return reason;
	switch (datagram->state) {
	case LVS_DATAGRAM_WAITING:
		return waiting(turn, datagram);
	case LVS_DATAGRAM_GATHERING:
		return gather(turn, datagram);
	case LVS_DATAGRAM_DECIDING:
		return hold(turn, datagram);
	default:
		return decided(turn, datagram);
	}
}

/* Its datagram. One whose time is up ends here, where expiry has not come to it. */
static struct lvs_datagram *find(struct turn *turn)
{
	struct lvs_datagram *datagram = lvs_frags_find(turn->frags, &turn->key, turn->hash);

	if (!datagram || datagram->deadline > turn->step->now_ns)
		return datagram;
	lvs_frags_end(turn->frags, datagram, LVS_REASON_FRAGMENT_EXPIRED, turn->counts);
	return NULL;
}

/* What others' fragments get needs no memory: want of it is not the host's to suffer. */
static enum lvs_reason no_room(struct turn *turn)
{
	if (!turn->first || turn->whole || concerns_us(turn->step))
		return LVS_REASON_FRAGMENT_FULL;
	turn->next = NEXT_DECIDE;
	return LVS_REASON_NONE;
}

static enum lvs_reason under_lock(struct turn *turn, enum lvs_reason fault)
{
	const struct lvs_step *step = turn->step;
	struct lvs_datagram *datagram;

	lvs_frags_expire(turn->frags, step->now_ns, LVS_FRAGS_STEP, turn->counts);
	datagram = find(turn);
	if (fault != LVS_REASON_NONE) {
		if (datagram && !is_refused(datagram))
			refuse(turn, datagram, fault);
		return fault;
	}
	if (!datagram && !turn->first && !concerns_us(step))
		return LVS_REASON_FRAGMENT;
	if (!datagram)
		datagram = lvs_frags_add(turn->frags, &turn->key, turn->hash, step->now_ns,
					 turn->counts);
	return datagram ? in_datagram(turn, datagram) : no_room(turn);
}

/* The first fragment's fate is known: those that wait for it get theirs. The datagram may have
 * gone, or have been refused, while it was decided about. */
static void settle(struct turn *turn, const struct lvs_step *step)
{
	struct lvs_datagram *datagram;

	lvs_frags_lock(turn->frags);
	datagram = lvs_frags_find(turn->frags, &turn->key, turn->hash);
	if (datagram && datagram->number == turn->number &&
	    datagram->state == LVS_DATAGRAM_DECIDING) {
		datagram->fate = turn->fate;
		datagram->state = LVS_DATAGRAM_DECIDED;
		turn->pieces = lvs_frags_hand_over(turn->frags, datagram);
		/* Without a trace of those that are not ours; more of them pass as well. */
		if (lvs_parts_whole(&datagram->parts) ||
		    (turn->fate.kind == LVS_FATE_SAME &&
		     lvs_reason_verdict(turn->fate.reason) == LVS_PASS && !concerns_us(step)))
			lvs_frags_end(turn->frags, datagram, LVS_REASON_NONE, NULL);
	}
	lvs_frags_unlock(turn->frags);
}

static enum lvs_reason decide_first(struct turn *turn)
{
	struct lvs_step *step = turn->step;
	/* It is rewritten: what it was is asked for afterwards. */
	struct lvs_packet packet = *step->packet;
	struct lvs_headers headers = *step->headers;
	struct lvs_step as_it_came = {.worker = step->worker,
				      .packet = &packet,
				      .headers = &headers,
				      .now_ns = step->now_ns,
				      .tick = step->tick};
	enum lvs_reason reason = lvs_frag_decide(step, NULL, &turn->fate);

	settle(turn, &as_it_came);
	lvs_frag_release(&as_it_came, &turn->pieces, &turn->fate);
	return reason;
}

/* What would be done under the lock; nothing is noted. */
static enum lvs_reason peek_under_lock(struct turn *turn)
{
	const struct lvs_step *step = turn->step;
	const struct lvs_datagram *datagram = lvs_frags_find(turn->frags, &turn->key, turn->hash);
	enum lvs_reason reason = LVS_REASON_NONE;

	if (datagram && datagram->deadline <= step->now_ns)
		datagram = NULL;
	if (!datagram && !turn->first && !concerns_us(step))
		return LVS_REASON_FRAGMENT;
	if (datagram && !is_refused(datagram))
		reason = lvs_parts_probe(&datagram->parts, &turn->part);
	if (reason != LVS_REASON_NONE)
		return reason;
	if (datagram && datagram->state == LVS_DATAGRAM_DECIDED) {
		turn->fate = datagram->fate;
		turn->next = NEXT_FOLLOW;
	} else if (turn->first && !turn->whole) {
		turn->next = NEXT_DECIDE;
	} else if (step->packet->linear_len < step->headers->len) {
		return LVS_REASON_NOT_LINEAR;
	}
	return LVS_REASON_FRAGMENT_HELD;
}

static enum lvs_reason take_turn(struct turn *turn, enum lvs_reason reason)
{
	bool peek = turn->step->peek;

	lvs_frags_lock(turn->frags);
	if (!peek)
		reason = under_lock(turn, reason);
	else if (reason == LVS_REASON_NONE)
		reason = peek_under_lock(turn);
	lvs_frags_unlock(turn->frags);
	switch (turn->next) {
	case NEXT_DECIDE:
		return peek ? lvs_frag_decide(turn->step, NULL, &turn->fate) : decide_first(turn);
	case NEXT_FOLLOW:
		return lvs_frag_follow(turn->step, &turn->fate);
	case NEXT_RELEASE:
		lvs_frag_release(turn->step, &turn->pieces, NULL);
		return reason;
	default:
		return reason;
	}
}

enum lvs_reason lvs_frag_turn(struct lvs_step *step)
{
	struct turn turn = {
		.step = step,
		.frags = step->worker->director->frags,
		.counts = step->worker->counters.reason,
		.first = !(step->headers->flags & LVS_HEADERS_LATER_FRAGMENT),
	};
	enum lvs_reason reason = lvs_part_read(step->packet, step->headers, &turn.part);

	if (!may_be_balanced(step->headers->flow.family, turn.part.following))
		return lvs_step_other(step);
	fill_key(&turn);
	turn.whole = turn.first && reason == LVS_REASON_NONE && lvs_frag_needs_whole(step);
	/* What it counts for is not what others do; it is the packet's alone. */
	step->odd = true;
	reason = take_turn(&turn, reason);
	step->odd = step->peek;
	return reason;
}
