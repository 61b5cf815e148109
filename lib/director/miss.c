/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet without a connection: whose it may be, and what becomes of it. */
#include "base/byteorder.h"
#include "director/candidate.h"
#include "director/filter.h"

LVS_INLINE const struct lvs_service_set *match(struct lvs_step *step)
{
	struct lvs_worker *worker = step->worker;
	const struct lvs_service_set *set =
		lvs_matches_ask(&worker->matches, worker->director->services, &step->headers->flow,
				step->packet->mark);

	lvs_note(step, service, set);
	return set;
}

/* Without persistence a service is for its own port alone: that of every port, and FTP's for what
 * may be data, are of use only with it. */
LVS_INLINE bool is_for(const struct lvs_step *step, const struct lvs_service_set *set)
{
	return lvs_likely(set->key.port == step->headers->flow.dst_port) || set->key.fwmark ||
	       lvs_is_persistent(set);
}

/* From the loopback address, and not made here: no server could answer it, but itself. */
LVS_INLINE bool is_martian(const struct lvs_step *step)
{
	const struct lvs_flow *flow = &step->headers->flow;

	return lvs_unlikely(lvs_addr_is_loopback(&flow->src, flow->family)) &&
	       step->packet->link_type != LVS_LINK_SELF;
}

/* The embedder's word on a connection that is about to be made. */
LVS_INLINE enum lvs_reason ask_filter(const struct lvs_step *step,
				      const struct lvs_service_set *set)
{
	/* acquire: pairs with the release in lvs_director_set_filter() */
	const struct lvs_filter *filter =
		atomic_load_explicit(&step->worker->director->filter, memory_order_acquire);

	return lvs_likely(!filter) ? LVS_REASON_NONE : lvs_filter_ask(filter, step, &set->key);
}

/* What opens no connection may be a later packet of one that went untracked: the table may have
 * been full when it began, whatever it is now. */
static enum lvs_reason go_on_untracked(struct lvs_step *step, struct lvs_candidate *candidate)
{
	if (!lvs_candidate_pick(step, candidate) || !lvs_candidate_untracked(candidate))
		return LVS_REASON_NOT_NEW;
	if (!step->peek)
		lvs_services_stir(step->worker->director->services, candidate->set, step->now_ns);
	return lvs_candidate_send(step, candidate, LVS_REASON_UNTRACKED);
}

static LVS_NOINLINE enum lvs_reason miss_not_new(struct lvs_step *step)
{
	struct lvs_candidate candidate = {0};
	enum lvs_reason reason;

	if (lvs_setting(step->worker->director, full_policy) == LVS_FULL_REFUSE)
		return LVS_REASON_NOT_NEW;
	candidate.set = match(step);
	if (!candidate.set || is_martian(step) || !lvs_is_hashed(candidate.set) ||
	    lvs_is_persistent(candidate.set) || !is_for(step, candidate.set) ||
	    step->headers->flow.src_port == lvs_htons(LVS_FTP_DATA_PORT))
		return LVS_REASON_NOT_NEW;
	reason = ask_filter(step, candidate.set);
	return reason == LVS_REASON_NONE ? go_on_untracked(step, &candidate) : reason;
}

/* As lvs_state_opens(); whoever opens one is mostly TCP's SYN. */
LVS_INLINE bool opens(const struct lvs_headers *headers, uint32_t flags)
{
	if (lvs_likely(headers->flow.protocol == LVS_TCP) &&
	    lvs_likely((headers->tcp_flags & (LVS_TCP_SYN | LVS_TCP_RST)) == LVS_TCP_SYN))
		return true;
	return lvs_state_opens(headers, flags);
}

LVS_INLINE enum lvs_reason make(struct lvs_step *step, struct lvs_candidate *candidate)
{
	if (lvs_unlikely(lvs_is_once(step, candidate->set)))
		return lvs_schedule_once(step, candidate);
	return step->peek ? lvs_schedule_as_if(step, candidate) : lvs_schedule(step, candidate);
}

static LVS_NOINLINE enum lvs_reason bypass(struct lvs_step *step, const struct lvs_service_set *set)
{
	struct lvs_candidate candidate = {.set = set, .large = set->large};

	lvs_bypass_take(step, &candidate);
	return make(step, &candidate);
}

enum lvs_reason lvs_miss(struct lvs_step *step)
{
	const struct lvs_director *director = step->worker->director;
	struct lvs_candidate candidate = {0};
	enum lvs_reason reason;

	if (lvs_unlikely(lvs_setting(director, flags) &
			 (LVS_SET_NAT_ICMP_SEND | LVS_SET_BACKUP_ONLY))) {
		reason = lvs_miss_aside(step);
		if (reason != LVS_REASON_NONE)
			return reason;
	}
	if (!opens(step->headers, lvs_setting(director, flags)) && lvs_likely(!step->quoted))
		return miss_not_new(step);
	candidate.set = match(step);
	if (!candidate.set)
		return lvs_outbound(step);
	if (is_martian(step))
		return LVS_REASON_CROSS_LOCAL;
	if (lvs_defence_drops(&step->worker->director->defence, step->peek))
		return LVS_REASON_DROP_PACKET;
	if (step->headers->flow.src_port == lvs_htons(LVS_FTP_DATA_PORT))
		return LVS_REASON_FTP_DATA;
	reason = ask_filter(step, candidate.set);
	if (reason != LVS_REASON_NONE)
		return reason;
	if (lvs_unlikely(!is_for(step, candidate.set)))
		return lvs_candidate_none(step, &candidate);
	candidate.large = candidate.set->large;
	reason = make(step, &candidate);
	if (lvs_unlikely(reason == LVS_REASON_NO_DEST) && lvs_may_bypass(step, candidate.set))
		return bypass(step, candidate.set);
	return reason;
}
