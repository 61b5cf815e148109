/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ICMP error about a flow that has no connection here (the kernel's schedule_icmp). Where
 * routers spread a service over several directors, the error about a reply may come to another one
 * than the client's packets did: a scheduler that chooses as theirs finds the server that must hear
 * of it.
 */
#include "director/events.h"
#include "director/worker.h"
#include "packet/quote.h"

static bool is_on(const struct lvs_step *step, const struct lvs_quote *quote)
{
	return lvs_setting(step->worker->director, flags) & LVS_SET_SCHEDULE_ICMP &&
	       lvs_is_balanced(quote->flow.protocol);
}

bool lvs_icmp_may_schedule(const struct lvs_step *step, const struct lvs_quote *quote)
{
	struct lvs_flow flow = lvs_flow_back(&quote->flow);

	return is_on(step, quote) && lvs_services_match(step->worker->director->services, &flow,
							step->packet->mark) != NULL;
}

/* A connection whose time is up stands in nobody's way. */
static void end_over(struct lvs_step *step)
{
	struct lvs_worker *worker = step->worker;
	struct lvs_table *table = worker->director->table;
	struct lvs_ender ender;
	enum lvs_side side;
	struct lvs_conn *conn =
		lvs_table_find(table, &step->headers->flow, step->hash, LVS_SIDE_REQUEST, &side);

	if (conn && !step->peek && lvs_conn_is_over(conn, step->tick))
		lvs_table_remove(
			table, conn, step->tick,
			lvs_ender_of(&ender, &worker->events, LVS_GONE_EXPIRED, step->now_ns));
}

enum lvs_reason lvs_icmp_schedule(struct lvs_step *step, const struct lvs_quote *quote)
{
	const struct lvs_quoted quoted = {step, quote};
	struct lvs_headers headers = *step->headers;
	struct lvs_step inner = *step;
	enum lvs_reason reason;

	if (!is_on(step, quote))
		return LVS_REASON_ICMP;
	headers.flow = lvs_flow_back(&quote->flow);
	inner.headers = &headers;
	inner.hash = lvs_table_hash(step->worker->director->table, &headers.flow);
	inner.fetch = NULL;
	inner.old = NULL;
	inner.quoted = &quoted;
	end_over(&inner);
	reason = lvs_miss(&inner);
	return reason == LVS_REASON_NO_SERVICE ? LVS_REASON_ICMP : reason;
}
