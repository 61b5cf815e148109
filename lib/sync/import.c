/* SPDX-License-Identifier: BSD-2-Clause */
/* An export's bytes, frame by frame, into a director. */
#include "sync/import.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"
#include "conn/arena.h"
#include "director/events.h"

#define FRAMES_A_STEP 256 /* in one epoch */

int lvs_import_fail(struct lvs_import *import, const char *format, ...)
{
	char what[LVS_IMPORT_ERROR / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(import->error, sizeof(import->error), "byte %llu, connection %llu: %s",
		 (unsigned long long)import->report.bytes, (unsigned long long)import->frames,
		 what);
	import->failed = true;
	return LVS_ERR_FORMAT;
}

struct lvs_conn *lvs_import_here(const struct lvs_import *import,
				 const struct lvs_import_entry *entry)
{
	uint32_t next = entry->here;
	unsigned looks = 1; /* for this one alone */
	struct lvs_conn *conn =
		entry->here ? lvs_table_walk(import->director->table, &next, &looks) : NULL;

	if (!conn || next != entry->here + 1 || conn->created != entry->created)
		return NULL;
	return conn;
}

/* --- Frames --- */

/* Time here is the latest of any worker's, the caller's, and where it is one clock the exporter's.
 */
static void set_clock(struct lvs_import *import, uint64_t their_ticks)
{
	uint64_t *latest = &import->director->clock.ticks;
	uint64_t ticks = import->now_ns >> LVS_TICK_SHIFT;

	if (import->flags & LVS_IMPORT_SAME_CLOCK && their_ticks > ticks)
		ticks = their_ticks;
	/* As a worker does it. */
	if (ticks > __atomic_load_n(latest, __ATOMIC_RELAXED))
		__atomic_store_n(latest, ticks, __ATOMIC_RELAXED);
	import->tick = (uint32_t)lvs_director_ticks(import->director);
	import->base = import->flags & LVS_IMPORT_SAME_CLOCK ? (uint32_t)their_ticks : import->tick;
}

/* Where there are none yet, numbers stay what they are; else all come before new ones. */
static void set_created(struct lvs_import *import, uint32_t theirs)
{
	const struct lvs_table *table = import->director->table;

	import->created_delta = lvs_table_conn_n(table) ? lvs_table_created(table) - theirs : 0;
}

static int read_begin(struct lvs_import *import, struct lvs_wire_in *in)
{
	char magic[4];
	uint16_t version;
	uint32_t order, tick_ns;
	uint64_t ticks;

	lvs_wire_get(in, magic, sizeof(magic));
	version = lvs_wire_get16(in);
	lvs_wire_get16(in);
	lvs_wire_get(in, &order, sizeof(order));
	tick_ns = lvs_wire_get32(in);
	ticks = lvs_wire_get64(in);
	if (memcmp(magic, LVS_WIRE_MAGIC, sizeof(magic)) != 0)
		return lvs_import_fail(import, "is no export of connections");
	if (version != LVS_WIRE_VERSION)
		return lvs_import_fail(import, "version is %u, expected %u", version,
				       LVS_WIRE_VERSION);
	if (tick_ns != 1u << LVS_TICK_SHIFT)
		return lvs_import_fail(import, "a tick is %u ns, expected %u", (unsigned)tick_ns,
				       1u << LVS_TICK_SHIFT);
	if (ticks > UINT64_MAX >> LVS_TICK_SHIFT)
		return lvs_import_fail(import, "time is out of range");
	import->own_order = order == LVS_WIRE_ORDER;
	set_clock(import, ticks);
	set_created(import, lvs_wire_get32(in));
	lvs_wire_get32(in);
	import->begun = true;
	return 0;
}

static int read_conn(struct lvs_import *import, struct lvs_wire_in *in)
{
	struct lvs_import_conn conn;
	int err;

	import->frames++;
	err = lvs_import_read_conn(import, in, &conn);
	if (err == 0 && (in->over || in->at != in->len))
		err = lvs_import_fail(import, "is of %zu bytes, expected %zu", in->len, in->at);
	if (err == 0)
		lvs_import_take(import, &conn);
	return err;
}

static int read_same(struct lvs_import *import, struct lvs_wire_in *in)
{
	while (in->at < in->len) {
		uint32_t number = lvs_wire_get32(in);
		uint32_t created = lvs_wire_get32(in);
		struct lvs_import_entry *entry = lvs_import_map_find(&import->conns, number);

		/* One that was not taken is not the same. */
		if (!entry || entry->created != created + import->created_delta)
			continue;
		entry->pass = import->pass;
		import->report.same++;
	}
	return 0;
}

static int read_pass(struct lvs_import *import, struct lvs_wire_in *in)
{
	uint32_t pass = lvs_wire_get32(in);

	if (pass != import->pass + 1)
		return lvs_import_fail(import, "pass is %u, expected %u", (unsigned)pass,
				       (unsigned)import->pass + 1);
	import->pass = pass;
	return 0;
}

/* What the last pass did not name has ended there. */
static void end_others(struct lvs_import *import)
{
	for (uint32_t i = 0; i < import->conns.size; i++) {
		const struct lvs_import_entry *entry = &import->conns.entry[i];
		struct lvs_conn *conn;

		if (!entry->number || !entry->here || entry->pass == import->pass)
			continue;
		conn = lvs_import_here(import, entry);
		if (conn && lvs_import_end(import, conn))
			import->report.ended++;
	}
}

static int read_end(struct lvs_import *import, struct lvs_wire_in *in)
{
	uint32_t frames = lvs_wire_get32(in);

	if (frames != (uint32_t)import->frames)
		return lvs_import_fail(import, "the end tells of %u connections", (unsigned)frames);
	if (import->pass > 0)
		end_others(import);
	lvs_import_overload(import);
	import->report.complete = true;
	return 0;
}

static int read_body(struct lvs_import *import, unsigned type, struct lvs_wire_in *in)
{
	if (import->begun == (type == LVS_WIRE_BEGIN) || import->report.complete)
		return lvs_import_fail(import, "frame of type %u is out of place", type);
	switch (type) {
	case LVS_WIRE_BEGIN:
		return read_begin(import, in);
	case LVS_WIRE_DEST:
		return lvs_import_read_dest(import, in);
	case LVS_WIRE_CONN:
		return read_conn(import, in);
	case LVS_WIRE_SAME:
		return read_same(import, in);
	case LVS_WIRE_PASS:
		return read_pass(import, in);
	case LVS_WIRE_END:
		return read_end(import, in);
	default:
		return lvs_import_fail(import, "frame is of type %u, expected 1 to 6", type);
	}
}

/* The length of a frame's body by its type, where that is fixed; else 0. */
static size_t body_len(unsigned type)
{
	static const uint8_t lens[] = {[LVS_WIRE_BEGIN] = 32,
				       [LVS_WIRE_DEST] = 52,
				       [LVS_WIRE_PASS] = 4,
				       [LVS_WIRE_END] = 4};

	return type < sizeof(lens) ? lens[type] : 0;
}

static int check_len(struct lvs_import *import, unsigned type, size_t len)
{
	size_t want = body_len(type);

	if (want && len != want)
		return lvs_import_fail(import, "frame of type %u has %zu bytes, expected %zu", type,
				       len, want);
	if (type == LVS_WIRE_SAME && len % 8)
		return lvs_import_fail(import, "%zu bytes of names, expected a multiple of 8", len);
	return 0;
}

/* One frame: its length, 0 where it is not whole yet, or an error. */
static int64_t read_frame(struct lvs_import *import, const uint8_t *data, size_t size)
{
	struct lvs_wire_in in = {.data = data, .len = LVS_WIRE_HEAD};
	size_t len;
	int err;

	if (size < LVS_WIRE_HEAD)
		return 0;
	len = lvs_load16(data);
	if (len < LVS_WIRE_HEAD)
		return lvs_import_fail(import, "frame is of %zu bytes, expected at least %u", len,
				       LVS_WIRE_HEAD);
	if (!import->begun && (data[2] != LVS_WIRE_BEGIN || len != LVS_WIRE_HEAD + 32))
		return lvs_import_fail(import, "is no export of connections");
	if (len > size)
		return 0;
	in.data = data + LVS_WIRE_HEAD;
	in.len = len - LVS_WIRE_HEAD;
	err = check_len(import, data[2], in.len);
	if (err == 0)
		err = read_body(import, data[2], &in);
	if (err < 0)
		return err;
	import->report.bytes += len;
	return (int64_t)len;
}

/* Some frames in one epoch: bytes, or an error; *more: there may be others. */
static int64_t feed_some(struct lvs_import *import, const uint8_t *data, size_t size, bool *more)
{
	struct lvs_director *director = import->director;
	size_t at = 0;
	int64_t len = 1;

	lvs_epoch_enter(&director->epoch, &director->control_reader);
	for (unsigned i = 0; i < FRAMES_A_STEP && len > 0; i++) {
		len = read_frame(import, data + at, size - at);
		at += len > 0 ? (size_t)len : 0;
	}
	lvs_epoch_exit(&director->control_reader);
	*more = len > 0;
	return len < 0 ? len : (int64_t)at;
}

int64_t lvs_import_feed(struct lvs_import *import, const void *data, size_t size)
{
	int64_t at = 0, len = 0;
	bool more = true;

	if (import->failed)
		return LVS_ERR_FORMAT;
	if (lvs_services_lock(import->director->services))
		return LVS_ERR_BUSY;
	import->tick = (uint32_t)lvs_director_ticks(import->director);
	while (more && len >= 0) {
		len = feed_some(import, (const uint8_t *)data + at, size - (size_t)at, &more);
		at += len > 0 ? len : 0;
	}
	lvs_services_unlock(import->director->services);
	return len < 0 ? len : at;
}

/* --- Life --- */

int lvs_import_new(struct lvs_director *director, const struct lvs_import_conf *conf,
		   struct lvs_import **out)
{
	struct lvs_import *import;

	if (conf->size < sizeof(*conf) || conf->flags & ~(uint32_t)LVS_IMPORT_SAME_CLOCK)
		return LVS_ERR_INVALID;
	import = lvs_mem_zalloc(&director->settings.alloc, sizeof(*import), LVS_CACHE_LINE);
	if (!import)
		return LVS_ERR_NO_MEMORY;
	import->director = director;
	import->flags = conf->flags;
	import->now_ns = conf->now_ns;
	lvs_import_map_init(&import->conns, &director->settings);
	lvs_import_map_init(&import->mine, &director->settings);
	lvs_import_map_init(&import->dests, &director->settings);
	*out = import;
	return 0;
}

void lvs_import_del(struct lvs_import *import)
{
	const struct lvs_alloc *alloc;

	if (!import)
		return;
	alloc = &import->director->settings.alloc;
	lvs_import_map_fini(&import->conns);
	lvs_import_map_fini(&import->mine);
	lvs_import_map_fini(&import->dests);
	if (import->dest)
		lvs_mem_free(alloc, import->dest, import->dest_size * sizeof(*import->dest),
			     LVS_CACHE_LINE);
	lvs_mem_free(alloc, import, sizeof(*import), LVS_CACHE_LINE);
}

int lvs_import_get_report(const struct lvs_import *import, struct lvs_import_report *report)
{
	struct lvs_import_report all = import->report;

	if (report->size < offsetof(struct lvs_import_report, bytes))
		return LVS_ERR_INVALID;
	all.size = report->size;
	memcpy(report, &all, report->size < sizeof(all) ? report->size : sizeof(all));
	return 0;
}

const char *lvs_import_error(const struct lvs_import *import)
{
	return import->error;
}

static const char *const skip_names[] = {
#define SKIP_NAME(name, lower, text) #lower,
	LVS_IMPORT_SKIPS(SKIP_NAME)
#undef SKIP_NAME
};

static const char *const skip_texts[] = {
#define SKIP_TEXT(name, lower, text) text,
	LVS_IMPORT_SKIPS(SKIP_TEXT)
#undef SKIP_TEXT
};

const char *lvs_import_skip_name(unsigned skip)
{
	return skip < LVS_IMPORT_SKIP_N ? skip_names[skip] : "unknown";
}

const char *lvs_import_skip_text(unsigned skip)
{
	return skip < LVS_IMPORT_SKIP_N ? skip_texts[skip] : "unknown reason";
}
