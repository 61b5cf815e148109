/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether all parts of a director agree: the table with itself, the gauges with the table. */
#include "base/memory.h"
#include "director/director.h"
#include "director/frags.h"

/* What a check in parts has come to: position[0], in order. position[1] is where in there. */
enum stage {
	SHARDS,
	RECORDS,
	ARENA,
	FRAGMENTS,
	DONE,
};

/* Behind the last of @p n the next stage begins. */
static void move_on(struct lvs_check *check, uint64_t n)
{
	if (++check->position[1] < n)
		return;
	check->position[0]++;
	check->position[1] = 0;
}

static const char *check_shard(struct lvs_director *director, struct lvs_check *check)
{
	const char *fault = NULL;

	/* Of another director it may be beyond. */
	if (check->position[1] < lvs_table_shard_n(director->table))
		fault = lvs_table_check_shard(director->table, (uint32_t)check->position[1]);
	move_on(check, lvs_table_shard_n(director->table));
	return fault;
}

static const char *check_records(struct lvs_director *director, struct lvs_check *check)
{
	uint32_t number = (uint32_t)check->position[1];
	unsigned looks = LVS_WALK_LOOKS;
	const char *fault =
		lvs_table_check_records(director->table, &number, &looks, &check->conns);

	check->position[1] = number;
	if (!fault && looks)
		move_on(check, 0);
	return fault;
}

static const char *check_arena(struct lvs_director *director, struct lvs_check *check)
{
	const char *fault = NULL;

	if (check->position[1] < lvs_table_part_n(director->table))
		fault = lvs_table_check_arena(director->table, (uint32_t)check->position[1]);
	move_on(check, lvs_table_part_n(director->table));
	return fault;
}

/* All at once: they are few, and only fragments wait meanwhile. */
static const char *check_fragments(struct lvs_director *director, struct lvs_check *check)
{
	move_on(check, 0);
	return lvs_frags_check(director->frags);
}

static const char *check_stage(struct lvs_director *director, struct lvs_check *check)
{
	switch (check->position[0]) {
	case SHARDS:
		return check_shard(director, check);
	case RECORDS:
		return check_records(director, check);
	case ARENA:
		return check_arena(director, check);
	case FRAGMENTS:
		return check_fragments(director, check);
	default:
		return NULL;
	}
}

static void found(struct lvs_check *check, const char *fault)
{
	check->fault = fault;
	check->findings += fault != NULL;
}

/* The control mutex is held. */
static int check_part(struct lvs_director *director, struct lvs_check *check)
{
	lvs_epoch_enter(&director->epoch, &director->control_reader);
	found(check, check_stage(director, check));
	lvs_epoch_exit(&director->control_reader);
	return check->position[0] < DONE;
}

int lvs_director_check_part(struct lvs_director *director, struct lvs_check *check)
{
	int more;

	if (check->size < sizeof(*check) || check->position[0] > DONE)
		return LVS_ERR_INVALID;
	if (lvs_services_lock(director->services))
		return LVS_ERR_BUSY;
	more = check_part(director, check);
	lvs_services_unlock(director->services);
	return more;
}

/* --- The counts --- */

struct census {
	struct lvs_dest_count *count; /* by number of the destination */
	uint32_t count_n;             /* numbers that were ever given out, and 0 */
	uint32_t conn_n;
};

/* A timer may fire early, and then looks again; a late one is lost. A deadline that is over is
 * served with the next tick. */
static bool is_late(const struct lvs_director *director, const struct lvs_conn *conn, uint64_t word)
{
	uint32_t now = (uint32_t)lvs_director_ticks(director);
	uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);
	uint32_t deadline = lvs_conn_deadline(seen, word);

	if (lvs_conn_control_n(conn))
		deadline = lvs_conn_lingers_until(conn, now);
	return !lvs_tick_reached(deadline, conn->due) && !lvs_tick_reached(now + 1, conn->due);
}

static void count(struct lvs_dest_count *of, uint64_t word)
{
	if (word & LVS_CONN_TEMPLATE) {
		of->persistent++;
		return;
	}
	of->total++;
	of->active += !(word & LVS_CONN_INACTIVE);
}

static const char *count_conn(const struct lvs_director *director, const struct lvs_conn *conn,
			      struct census *census)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	const struct lvs_forward_ops *ops =
		lvs_services_forwarder(director->services, LVS_CONN_FORWARDER(word));

	census->conn_n++;
	if (!ops)
		return "a connection has no forwarding method";
	if ((conn->dest == 0) != (ops->method == LVS_METHOD_BYPASS))
		return "a connection has no destination, or bypasses the one it has";
	if (conn->dest >= census->count_n)
		return "a connection names a destination that never was";
	if (word & LVS_CONN_HELPED && !conn->company)
		return "a connection with a helper has no memory for it";
	if (is_late(director, conn, word))
		return "a timer comes later than its connection's end";
	count(&census->count[conn->dest], word);
	return NULL;
}

static const char *count_conns(const struct lvs_director *director, struct census *census)
{
	const struct lvs_conn *conn;
	const char *fault = NULL;
	uint32_t number = 0;

	while ((conn = lvs_table_next(director->table, &number))) {
		const char *wrong = count_conn(director, conn, census);

		fault = fault ? fault : wrong;
	}
	return fault ? fault : lvs_table_check_n(director->table, census->conn_n);
}

/* The control mutex is held, and the epoch. */
static int check_gauges(struct lvs_director *director, struct lvs_check *check)
{
	const struct lvs_alloc *alloc = &director->settings.alloc;
	struct census census = {.count_n = lvs_services_dest_numbers(director->services) + 1};
	size_t size = census.count_n * sizeof(*census.count);
	const char *fault;

	census.count = lvs_mem_zalloc(alloc, size, _Alignof(struct lvs_dest_count));
	if (!census.count)
		return LVS_ERR_NO_MEMORY;
	fault = count_conns(director, &census);
	if (!fault)
		fault = lvs_table_check_links(director->table);
	if (!fault)
		fault = lvs_services_check_locked(director->services, census.count, census.count_n);
	lvs_mem_free(alloc, census.count, size, _Alignof(struct lvs_dest_count));
	check->conns = census.conn_n;
	found(check, fault);
	return 0;
}

static int check_counts(struct lvs_director *director, struct lvs_check *check)
{
	int err;

	lvs_epoch_enter(&director->epoch, &director->control_reader);
	err = check_gauges(director, check);
	lvs_epoch_exit(&director->control_reader);
	return err;
}

int lvs_director_check_counts(struct lvs_director *director, struct lvs_check *check)
{
	int err;

	if (check->size < sizeof(*check))
		return LVS_ERR_INVALID;
	if (lvs_services_lock(director->services))
		return LVS_ERR_BUSY;
	err = check_counts(director, check);
	lvs_services_unlock(director->services);
	return err;
}

int lvs_director_check(struct lvs_director *director, const char **fault)
{
	struct lvs_check check = {.size = sizeof(check)};
	int err = lvs_services_lock(director->services);

	if (fault)
		*fault = NULL;
	if (err)
		return err;
	while (!check.findings && check_part(director, &check) > 0)
		;
	if (!check.findings)
		err = check_counts(director, &check);
	lvs_services_unlock(director->services);
	if (fault)
		*fault = check.fault;
	return check.findings ? LVS_ERR_INVALID : err;
}
