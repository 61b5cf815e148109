/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records that control others: a persistence template the connections that it steers, the
 * control connection of a protocol those that were opened on its behalf. The others name it by
 * number, and it counts them in its own word of counts.
 *
 * It does not end by itself while it controls any. Where its time is over before, it lingers: its
 * timeout becomes 60 s, and its clock goes on in steps of that (the kernel's rule). The steps are
 * not taken by its timer, but by whoever knows: a connection, when it ends at a tick of its
 * own, brings the clock of its controller up to that tick; expiry does, once all who were over are
 * served. So what the clock shows depends on who ended when, never on the order of shards.
 *
 * Ended by force, a record goes out of the index at once. Its memory stays while others name it:
 * ENDED stands in the word of counts, and the last of them gives the record back.
 */
#include "conn/inside.h"
#include "conn/template.h"

#define LINGER LVS_TICKS_OF_S(60)
#define STEP (LINGER + 1) /* from one deadline to the next */

static uint32_t deadline_of(const struct lvs_conn *conn, uint64_t word)
{
	return lvs_conn_deadline(atomic_load_explicit(&conn->seen, memory_order_relaxed), word);
}

/* The first step of the clock behind @p tick. */
static uint32_t step_behind(uint32_t deadline, uint32_t tick)
{
	if (!lvs_tick_reached(tick, deadline))
		return deadline;
	return deadline + ((tick - deadline) / STEP + 1) * STEP;
}

uint32_t lvs_conn_lingers_until(const struct lvs_conn *conn, uint32_t tick)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);

	return step_behind(deadline_of(conn, word), tick);
}

void lvs_conn_linger(struct lvs_conn *conn, uint32_t tick)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);

	for (;;) {
		uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);
		uint32_t deadline = lvs_conn_deadline(seen, word);
		uint64_t after = (word & UINT32_MAX) | (uint64_t)LINGER << 32;

		if (word & LVS_CONN_DEAD || !lvs_tick_reached(tick, deadline))
			return;
		/* The mark before the word, as everywhere; a packet's own is newer and wins. */
		if (atomic_compare_exchange_strong_explicit(
			    &conn->seen, &seen, step_behind(deadline, tick) - STEP,
			    memory_order_relaxed, memory_order_relaxed) &&
		    /* release: the mark; pairs with the acquires of who asks whether it is over */
		    atomic_compare_exchange_strong_explicit(
			    &conn->word, &word, after, memory_order_release, memory_order_relaxed))
			return;
		word = atomic_load_explicit(&conn->word, memory_order_acquire);
	}
}

struct lvs_conn *lvs_table_controller(const struct lvs_table *table, const struct lvs_conn *conn)
{
	uint32_t number = lvs_conn_controller(conn);

	return number ? lvs_arena_at(&table->arena, number) : NULL;
}

static void set_controller(struct lvs_conn *conn, uint32_t number)
{
	if (conn->kind & LVS_CONN_LARGE)
		conn->u.v6.controller = number;
	else
		conn->u.v4.controller = number;
}

bool lvs_table_control_locked(struct lvs_conn *conn, struct lvs_conn *controller)
{
	/* acquire: pairs with publish() */
	uint64_t word = atomic_load_explicit(&controller->word, memory_order_acquire);

	if ((word & (LVS_CONN_LIVE | LVS_CONN_DEAD)) != LVS_CONN_LIVE ||
	    lvs_conn_control_n(controller) == LVS_CONN_CONTROL_MAX)
		return false;
	/* relaxed: who ends it holds the lock that we have; packets are counted beside */
	atomic_fetch_add_explicit(&controller->counts, 1, memory_order_relaxed);
	set_controller(conn, lvs_arena_number(controller));
	return true;
}

bool lvs_table_control(struct lvs_table *table, struct lvs_conn *conn, struct lvs_conn *controller)
{
	struct lvs_shard *home = lvs_home_lock(table, controller);
	bool controls = lvs_table_control_locked(conn, controller);

	lvs_spin_unlock(&home->lock);
	return controls;
}

void lvs_table_let_go(struct lvs_table *table, const struct lvs_conn *conn)
{
	struct lvs_conn *controller = lvs_table_controller(table, conn);
	uint32_t counts;

	if (lvs_likely(!controller))
		return;
	/* acq_rel: its clock; of several that end at once the last sees what all did. Pairs with
	 * lvs_conn_control_n() and with retire() in table.c. */
	counts = atomic_fetch_sub_explicit(&controller->counts, 1, memory_order_acq_rel);
	if (lvs_unlikely((counts & (LVS_CONN_ENDED | LVS_CONN_CONTROL_MAX)) ==
			 (LVS_CONN_ENDED | 1))) {
		atomic_fetch_sub_explicit(&table->ended_n, 1, memory_order_relaxed);
		lvs_arena_retire(&table->arena, controller);
	}
}

void lvs_table_assure(const struct lvs_table *table, const struct lvs_conn *conn)
{
	struct lvs_conn *controller = lvs_table_controller(table, conn);

	if (!controller)
		return;
	/* It is there: @p conn counts. */
	if (atomic_load_explicit(&controller->word, memory_order_relaxed) & LVS_CONN_TEMPLATE)
		lvs_template_assure(controller);
}

bool lvs_table_remove_unused(struct lvs_table *table, struct lvs_conn *conn, uint32_t tick,
			     void *by)
{
	for (;;) {
		uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);
		struct lvs_end end = {
			.at = lvs_end_tick(conn, word, tick),
			.unused = true,
			.by = by,
		};

		if (word & LVS_CONN_DEAD || lvs_conn_control_n(conn))
			return false;
		if (lvs_table_end(table, conn, word, &end))
			return true;
	}
}

/* An assured template outlives those that were dropped. */
static bool goes_along(const struct lvs_conn *conn)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);

	return !(word & LVS_CONN_TEMPLATE) || LVS_CONN_STATE(word) != LVS_TEMPLATE_ASSURED;
}

unsigned lvs_table_drop_controllers(struct lvs_table *table, const struct lvs_conn *conn,
				    uint32_t tick, void *by)
{
	/* It is named still, and inside our epoch no record is given out anew. */
	struct lvs_conn *controller = lvs_table_controller(table, conn);
	unsigned ended = 0;

	while (controller && goes_along(controller) &&
	       lvs_table_remove_unused(table, controller, tick, by)) {
		ended++;
		controller = lvs_table_controller(table, controller);
	}
	return ended;
}

unsigned lvs_table_drop(struct lvs_table *table, struct lvs_conn *conn, uint32_t tick, void *by)
{
	if (!lvs_table_remove_unused(table, conn, tick, by))
		return 0;
	return 1 + lvs_table_drop_controllers(table, conn, tick, by);
}
