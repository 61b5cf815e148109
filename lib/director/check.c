/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether all parts of a director agree: the table with itself, the gauges with the table. */
#include "base/memory.h"
#include "director/director.h"

struct census {
	struct lvs_dest_count *count; /* by number of the destination */
	uint32_t count_n;             /* numbers from 0 to the highest that a connection names */
	uint32_t conn_n;
};

static void find_highest(const struct lvs_director *director, struct census *census)
{
	const struct lvs_conn *conn;
	uint32_t number = 0;

	census->count_n = 1;
	while ((conn = lvs_table_next(director->table, &number)))
		if (conn->dest >= census->count_n)
			census->count_n = conn->dest + 1;
}

static const char *count_conn(const struct lvs_director *director, const struct lvs_conn *conn,
			      struct census *census)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);

	if (!lvs_services_forwarder(director->services, LVS_CONN_FORWARDER(word)))
		return "a connection has no forwarding method";
	if (conn->dest == 0)
		return "a connection has no destination";
	census->conn_n++;
	/* Made since find_highest(): only beside workers. */
	if (conn->dest < census->count_n) {
		census->count[conn->dest].total++;
		census->count[conn->dest].active += !(word & LVS_CONN_INACTIVE);
	}
	return NULL;
}

static const char *count_conns(const struct lvs_director *director, struct census *census)
{
	const struct lvs_conn *conn;
	const char *fault = NULL;
	uint32_t number = 0;

	while (!fault && (conn = lvs_table_next(director->table, &number)))
		fault = count_conn(director, conn, census);
	if (!fault && census->conn_n != lvs_table_conn_n(director->table))
		fault = "the table miscounts its connections";
	return fault;
}

/* The control mutex is held, and the epoch. */
static int check_gauges(struct lvs_director *director, const char **fault)
{
	const struct lvs_alloc *alloc = &director->settings.alloc;
	struct census census = {0};
	size_t size;

	find_highest(director, &census);
	size = census.count_n * sizeof(*census.count);
	census.count = lvs_mem_zalloc(alloc, size, _Alignof(struct lvs_dest_count));
	if (!census.count)
		return LVS_ERR_NO_MEMORY;
	*fault = count_conns(director, &census);
	if (!*fault)
		*fault =
			lvs_services_check_locked(director->services, census.count, census.count_n);
	lvs_mem_free(alloc, census.count, size, _Alignof(struct lvs_dest_count));
	return *fault ? LVS_ERR_INVALID : 0;
}

int lvs_director_check(struct lvs_director *director, const char **fault)
{
	const char *found;
	int err = lvs_services_lock(director->services);

	if (fault)
		*fault = NULL;
	if (err)
		return err;
	err = LVS_ERR_INVALID;
	found = lvs_table_check(director->table);
	if (!found) {
		lvs_epoch_enter(&director->epoch, &director->control_reader);
		err = check_gauges(director, &found);
		lvs_epoch_exit(&director->control_reader);
	}
	lvs_services_unlock(director->services);
	if (fault)
		*fault = found;
	return err;
}
