/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that a helper has read of: to be found by their first packet, which no scheduler
 * sees. They belong to the control connection's server, wait in the state LISTEN, and are
 * controlled by it (docs/adr/0015). They are no connections of the statistics, as in the kernel.
 */
#include <liblvs/error.h>

#include "base/byteorder.h"
#include "director/binding.h"
#include "director/events.h"
#include "director/helped.h"

/* Their first packet's flow; without the client's port where that is not known. */
static void flow_of(const struct lvs_conn *control, const struct lvs_director *director,
		    const struct lvs_helper_expect *expect, struct lvs_flow *flow)
{
	struct lvs_binding binding;

	lvs_binding_of_conn(&binding, control, director);
	*flow = (struct lvs_flow){
		.src = expect->client,
		.dst = binding.service,
		.src_port = expect->client_port,
		.dst_port = expect->service_port,
		.family = binding.family,
		.protocol = binding.protocol,
	};
}

/* By the method that its server has now, as in the kernel. */
static uint64_t first_word(const struct lvs_step *step, const struct lvs_conn *conn,
			   unsigned forwarder)
{
	uint64_t timeout = atomic_load_explicit(
		&step->worker->director->states.ticks[LVS_STATE_TCP][LVS_TCP_LISTEN_STATE],
		memory_order_relaxed);

	return timeout << 32 | (lvs_conn_client_port(conn) ? 0 : LVS_CONN_NO_CPORT) |
	       (conn->kind & LVS_CONN_TWO_WAY ? 0 : LVS_CONN_NOOUTPUT) | LVS_CONN_INACTIVE |
	       (uint64_t)forwarder << 8 | LVS_TCP_LISTEN_STATE;
}

static void fill(struct lvs_conn *conn, const struct lvs_step *step, const struct lvs_conn *control,
		 const struct lvs_flow *flow, const struct lvs_helper_expect *expect)
{
	const struct lvs_services *services = step->worker->director->services;
	unsigned forwarder = lvs_dest_forwarder(lvs_services_dest(services, control->dest));
	unsigned kind = conn->kind | LVS_CONN_USED;

	if (lvs_services_forwarder(services, forwarder)->flags & LVS_FORWARD_TWO_WAY)
		kind |= LVS_CONN_TWO_WAY;
	if (flow->family == LVS_INET6)
		kind |= LVS_CONN_INET6 | LVS_CONN_DEST6;
	conn->kind = (uint8_t)kind;
	conn->protocol = flow->protocol;
	conn->dest = control->dest;
	lvs_conn_set_client_port(conn, flow->src_port);
	conn->service_port = flow->dst_port;
	conn->dest_port = expect->dest_port;
	lvs_record_addrs(conn, flow, &expect->dest);
	/* relaxed: insertion publishes them */
	atomic_store_explicit(&conn->word, first_word(step, conn, forwarder), memory_order_relaxed);
	atomic_store_explicit(&conn->seen, step->tick, memory_order_relaxed);
}

/* 0, LVS_ERR_EXISTS or LVS_ERR_NO_MEMORY; then the record has been given back. */
static int insert(struct lvs_step *step, struct lvs_conn *conn, const struct lvs_flow *flow)
{
	struct lvs_table *table = step->worker->director->table;
	struct lvs_dest *dest = lvs_services_dest(step->worker->director->services, conn->dest);
	uint64_t hash = lvs_table_hash(table, flow);
	struct lvs_ring *ring = &step->worker->events;
	struct lvs_gauge_move move;
	int err = LVS_ERR_EXISTS;
	enum lvs_side side;

	lvs_table_lock(table, hash);
	/* Before anybody can find it: who ends it gives the destination back. */
	move = lvs_dest_bind(dest, false);
	if (!lvs_table_find_locked(table, flow, hash, LVS_SIDE_REQUEST, &side))
		err = lvs_table_insert(table, conn, hash, step->tick);
	if (err < 0) {
		move.after = lvs_dest_unbind(dest, false).after;
		lvs_table_unalloc(table, conn);
	}
	lvs_table_unlock(table, hash);
	if (lvs_unlikely(ring->size)) {
		if (err == 0)
			lvs_events_made(step->worker->director, ring, step->now_ns, conn);
		lvs_events_load(ring, step->now_ns, dest, move);
		lvs_events_table(step->worker->director, ring, step->now_ns);
	}
	return err;
}

static enum lvs_reason make(struct lvs_step *step, struct lvs_conn *control,
			    const struct lvs_flow *flow, const struct lvs_helper_expect *expect)
{
	struct lvs_director *director = step->worker->director;
	struct lvs_ender ender;
	struct lvs_conn *conn;
	int err = 0;

	conn = lvs_table_alloc(
		director->table, &step->worker->reader, flow->family == LVS_INET6,
		lvs_setting(director, full_policy) == LVS_FULL_EVICT,
		lvs_ender_of(&ender, &step->worker->events, LVS_GONE_EVICTED, step->now_ns), &err);
	if (!conn)
		return err == LVS_ERR_FULL ? LVS_REASON_TABLE_FULL : LVS_REASON_NO_MEMORY;
	/* To make room the control connection itself may have ended, whose record this may be. */
	if (conn == control || !lvs_table_control(director->table, conn, control)) {
		lvs_table_unalloc(director->table, conn);
		return LVS_REASON_TABLE_FULL;
	}
	fill(conn, step, control, flow, expect);
	err = insert(step, conn, flow);
	return err == LVS_ERR_NO_MEMORY ? LVS_REASON_NO_MEMORY : LVS_REASON_NONE;
}

/* --- One that is there --- */

static bool is_to(const struct lvs_conn *conn, const struct lvs_helper_expect *expect)
{
	const union lvs_addr *dest = &conn->u.v6.dest;

	if (conn->dest_port != expect->dest_port)
		return false;
	if (!(conn->kind & LVS_CONN_LARGE))
		return conn->u.v4.dest == expect->dest.word[0];
	return lvs_addr_equal(dest, &expect->dest, lvs_conn_family(conn));
}

static struct lvs_conn *find(const struct lvs_step *step, const struct lvs_flow *flow)
{
	struct lvs_table *table = step->worker->director->table;
	enum lvs_side side;

	return lvs_table_find(table, flow, lvs_table_hash(table, flow), LVS_SIDE_REQUEST, &side);
}

/*
 * Whether one that is there will do, or has to: it is the same, or another client's word made it.
 * The client's own port unknown, what he was told last counts, of whichever server. So it does
 * where the one that is there has closed: its client has taken its port for another server.
 */
static bool stays(const struct lvs_step *step, const struct lvs_conn *conn,
		  const struct lvs_helper_expect *expect)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);

	if (lvs_conn_is_over(conn, step->tick))
		return false;
	return is_to(conn, expect) ||
	       !(word & LVS_CONN_NO_CPORT || lvs_state_reopens(conn->protocol, word, false));
}

/* One that waits, waits from now on. */
static void wait_on(const struct lvs_step *step, struct lvs_conn *conn)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);

	if (LVS_CONN_STATE(word) == LVS_TCP_LISTEN_STATE)
		/* relaxed: as for any packet of it */
		atomic_store_explicit(&conn->seen, step->tick, memory_order_relaxed);
}

static bool is_sound(const struct lvs_helper_expect *expect)
{
	return expect->service_port && expect->dest_port;
}

enum lvs_reason lvs_expect(struct lvs_step *step, struct lvs_conn *control,
			   const struct lvs_helper_expect *expect)
{
	struct lvs_worker *worker = step->worker;
	struct lvs_ender ender;
	struct lvs_conn *conn;
	struct lvs_flow flow;

	if (!is_sound(expect))
		return LVS_REASON_NONE;
	flow_of(control, worker->director, expect, &flow);
	conn = find(step, &flow);
	if (conn && stays(step, conn, expect)) {
		wait_on(step, conn);
		return LVS_REASON_NONE;
	}
	if (conn)
		lvs_table_remove(
			worker->director->table, conn, step->tick,
			lvs_ender_of(&ender, &worker->events, LVS_GONE_REUSED, step->now_ns));
	return make(step, control, &flow, expect);
}
