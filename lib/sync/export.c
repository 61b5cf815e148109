/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections out of a director, a buffer at a time, in passes of which later ones are short. */
#include "sync/export.h"

#include "base/memory.h"
#include "director/worker.h"

/* Workers' clocks differ by a tick, and a mark is written after it was read. */
#define SLACK 2

int lvs_export_new(const struct lvs_director *director, unsigned passes, struct lvs_export **out)
{
	struct lvs_export *export;

	if (passes < 1 || passes > UINT8_MAX)
		return LVS_ERR_RANGE;
	export = lvs_mem_zalloc(&director->settings.alloc, sizeof(*export),
				_Alignof(struct lvs_export));
	if (!export)
		return LVS_ERR_NO_MEMORY;
	export->director = director;
	export->passes = passes;
	*out = export;
	return 0;
}

void lvs_export_del(struct lvs_export *export)
{
	if (export)
		lvs_mem_free(&export->director->settings.alloc, export, sizeof(*export),
			     _Alignof(struct lvs_export));
}

static void begin_pass(struct lvs_export *export)
{
	export->before = export->now;
	/* The number first: what is made in between is looked at twice. */
	export->now.created = lvs_table_created(export->director->table);
	export->now.tick = (uint32_t)lvs_director_ticks(export->director);
	export->number = 0;
	memset(export->known, 0, sizeof(export->known));
	export->stage = LVS_EXPORT_WALK;
}

static void write_begin(struct lvs_export *export, struct lvs_wire_out *out)
{
	const uint32_t order = LVS_WIRE_ORDER;
	uint64_t ticks = lvs_director_ticks(export->director);
	size_t start = lvs_wire_begin(out, LVS_WIRE_BEGIN);

	export->base = (uint32_t)ticks;
	lvs_wire_put(out, LVS_WIRE_MAGIC, 4);
	lvs_wire_put16(out, LVS_WIRE_VERSION);
	lvs_wire_put16(out, 0);
	lvs_wire_put(out, &order, sizeof(order));
	lvs_wire_put32(out, 1u << LVS_TICK_SHIFT);
	lvs_wire_put64(out, ticks);
	lvs_wire_put32(out, lvs_table_created(export->director->table));
	lvs_wire_put32(out, lvs_table_conn_n(export->director->table));
	lvs_wire_end(out, start);
}

static void write_number(struct lvs_wire_out *out, enum lvs_wire_type type, uint32_t number)
{
	size_t start = lvs_wire_begin(out, type);

	lvs_wire_put32(out, number);
	lvs_wire_end(out, start);
}

/* Whether it may differ from what the pass before has told of it. What a packet moves it marks
 * with its time; templates and helped ones are moved by others' packets too, and controllers by
 * the clock. */
static bool has_changed(const struct lvs_export *export, const struct lvs_conn *conn)
{
	const uint64_t kinds = LVS_CONN_TEMPLATE | LVS_CONN_HELPED | LVS_CONN_NO_CPORT;
	uint32_t since = export->before.tick - SLACK;

	return lvs_tick_reached(atomic_load_explicit(&conn->seen, memory_order_relaxed), since) ||
	       !lvs_tick_reached(export->before.created, conn->created) ||
	       atomic_load_explicit(&conn->word, memory_order_relaxed) & kinds ||
	       lvs_conn_control_n(conn);
}

/* Many in one frame. */
static bool write_same(struct lvs_export *export, const struct lvs_conn *conn,
		       struct lvs_wire_out *out)
{
	struct lvs_wire_out mark = *out;
	size_t start = export->same ? export->same - 1 : 0;

	if (!export->same || out->len - start + 8 > LVS_WIRE_MAX)
		start = lvs_wire_begin(out, LVS_WIRE_SAME);
	lvs_wire_put32(out, lvs_arena_number(conn));
	lvs_wire_put32(out, conn->created);
	if (out->over) {
		*out = mark;
		return false;
	}
	lvs_wire_end(out, start);
	export->same = start + 1;
	return true;
}

static bool write_conn(struct lvs_export *export, const struct lvs_conn *conn,
		       struct lvs_wire_out *out)
{
	const struct lvs_export_known *known =
		&export->known[lvs_arena_number(conn) % LVS_EXPORT_CONNS];

	if (known->number == lvs_arena_number(conn) && known->created == conn->created)
		return true;
	if (export->pass > 0 && !has_changed(export, conn))
		return write_same(export, conn, out);
	export->same = 0;
	return lvs_export_conn(export, conn, out);
}

/* One epoch's looks. False: the buffer is full. */
static bool walk_some(struct lvs_export *export, struct lvs_wire_out *out)
{
	unsigned looks = LVS_WALK_LOOKS;
	uint32_t number = export->number;
	const struct lvs_conn *conn;

	export->step++;
	while ((conn = lvs_table_walk(export->director->table, &number, &looks))) {
		if (!write_conn(export, conn, out))
			return false;
		export->number = number;
	}
	export->number = number;
	if (looks)
		export->stage = LVS_EXPORT_END;
	return true;
}

static void walk(struct lvs_export *export, struct lvs_epoch_reader *reader,
		 struct lvs_wire_out *out)
{
	bool more = true;

	while (more && export->stage == LVS_EXPORT_WALK) {
		lvs_epoch_enter(&export->director->self->epoch, reader);
		more = walk_some(export, out);
		lvs_epoch_exit(reader);
	}
}

static void end_pass(struct lvs_export *export, struct lvs_wire_out *out)
{
	if (out->size - out->len < 2 * LVS_WIRE_HEAD)
		return;
	if (++export->pass == export->passes)
		write_number(out, LVS_WIRE_END, export->conns);
	export->stage = LVS_EXPORT_PAUSE;
}

static void begin(struct lvs_export *export, struct lvs_wire_out *out)
{
	if (export->pass == 0)
		write_begin(export, out);
	else
		write_number(out, LVS_WIRE_PASS, export->pass);
	begin_pass(export);
}

int64_t lvs_export_read(struct lvs_export *export, void *buffer, size_t size)
{
	struct lvs_wire_out out = {.data = buffer, .size = size};
	struct lvs_epoch_reader reader;

	if (size < LVS_EXPORT_BUFFER)
		return LVS_ERR_RANGE;
	if (export->stage == LVS_EXPORT_PAUSE) {
		export->stage = export->pass == export->passes ? LVS_EXPORT_OVER : LVS_EXPORT_BEGIN;
		return 0;
	}
	if (export->stage == LVS_EXPORT_OVER)
		return 0;
	if (!lvs_epoch_join(&export->director->self->epoch, &reader))
		return LVS_ERR_FULL;
	export->same = 0;
	if (export->stage == LVS_EXPORT_BEGIN)
		begin(export, &out);
	walk(export, &reader, &out);
	if (export->stage == LVS_EXPORT_END)
		end_pass(export, &out);
	lvs_epoch_leave(&export->director->self->epoch, &reader);
	return (int64_t)out.len;
}
