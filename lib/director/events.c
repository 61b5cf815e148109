/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/events.h"

#include "director/conn_info.h"
#include "director/worker.h"

static void fill_dest(struct lvs_event *event, const struct lvs_dest *dest)
{
	lvs_dest_service_key(dest, &event->service);
	event->dest.addr = dest->addr;
	event->dest.port = dest->port;
	event->dest.family = (uint8_t)dest->family;
}

static void fill_conn(struct lvs_event *event, const struct lvs_director *director,
		      const struct lvs_conn *conn)
{
	struct lvs_conn_info info;

	lvs_conn_info_of(&info, conn, director);
	event->value = info.expires_ns;
	event->conn = info.number;
	event->order = conn->created;
	event->protocol = info.protocol;
	event->family = info.family;
	event->client_port = info.client_port;
	event->port = info.service_port;
	event->client = info.client;
	event->addr = info.service;
	fill_dest(event, lvs_services_dest(director->services, conn->dest));
}

static bool is_template(const struct lvs_conn *conn)
{
	return conn->kind & LVS_CONN_IS_TEMPLATE;
}

void lvs_events_made(const struct lvs_director *director, struct lvs_ring *ring, uint64_t now_ns,
		     const struct lvs_conn *conn)
{
	struct lvs_event *event = lvs_ring_push(
		ring, now_ns, is_template(conn) ? LVS_EVENT_TEMPLATE_MADE : LVS_EVENT_MADE);

	if (event)
		fill_conn(event, director, conn);
}

void lvs_events_gone(const struct lvs_director *director, const struct lvs_ender *ender,
		     const struct lvs_conn *conn)
{
	struct lvs_event *event =
		lvs_ring_push(ender->ring, ender->now_ns,
			      is_template(conn) ? LVS_EVENT_TEMPLATE_GONE : LVS_EVENT_GONE);

	if (!event)
		return;
	fill_conn(event, director, conn);
	event->why = (uint8_t)ender->why;
}

static void push_dest(struct lvs_ring *ring, uint64_t now_ns, enum lvs_event_type type,
		      const struct lvs_dest *dest)
{
	struct lvs_event *event = lvs_ring_push(ring, now_ns, type);

	if (event)
		fill_dest(event, dest);
}

void lvs_events_load(struct lvs_ring *ring, uint64_t now_ns, const struct lvs_dest *dest,
		     struct lvs_gauge_move move)
{
	int before = lvs_gauge_overloaded(move.before);
	int after = lvs_gauge_overloaded(move.after);

	if (before != after)
		push_dest(ring, now_ns, after ? LVS_EVENT_OVERLOAD_SET : LVS_EVENT_OVERLOAD_CLEARED,
			  dest);
	if (lvs_gauge_total(move.before) > 0 && lvs_gauge_total(move.after) == 0 &&
	    (lvs_dest_drained(dest) || !lvs_dest_available(dest)))
		push_dest(ring, now_ns, LVS_EVENT_DRAINED, dest);
}

static uint32_t nearly_full_at(const struct lvs_director *director)
{
	uint32_t at = (uint32_t)((uint64_t)lvs_setting(director, max_conns) *
				 lvs_setting(director, nearly_full) / 100);

	return at ? at : 1;
}

void lvs_events_table(struct lvs_director *director, struct lvs_ring *ring, uint64_t now_ns)
{
	/* relaxed: a fact for people, which guards nothing; who swaps it tells it */
	bool was = atomic_load_explicit(&director->nearly_full, memory_order_relaxed);
	uint32_t conns = lvs_table_conn_n(director->table);
	uint32_t at = nearly_full_at(director);
	struct lvs_event *event;

	/* An eighth lower it is over, lest it be told with every connection. */
	if (was ? conns >= at - at / 8 : conns < at)
		return;
	if (!atomic_compare_exchange_strong_explicit(&director->nearly_full, &was, !was,
						     memory_order_relaxed, memory_order_relaxed))
		return;
	event = lvs_ring_push(ring, now_ns, was ? LVS_EVENT_TABLE_CLEARED : LVS_EVENT_TABLE_SET);
	if (event)
		event->value = conns;
}

unsigned lvs_worker_events(struct lvs_worker *worker, struct lvs_event *out, unsigned n)
{
	return lvs_ring_take(&worker->events, out, n);
}

unsigned lvs_director_events(struct lvs_director *director, struct lvs_event *out, unsigned n)
{
	unsigned taken;

	if (lvs_services_lock(director->services))
		return 0;
	taken = lvs_ring_take(&director->events, out, n);
	lvs_services_unlock(director->services);
	return taken;
}
