/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection that was read becomes one of the table, or brings one up to date. */
#include "conn/arena.h"
#include "conn/template.h"
#include "director/events.h"
#include "director/helped.h"
#include "director/helpers.h"
#include "sync/import.h"

/* What it takes, found before anything is done. */
struct take {
	struct lvs_import *import;
	const struct lvs_import_conn *from;
	struct lvs_dest *dest;
	const struct lvs_service_set *set; /* NULL: it is of none */
	const struct lvs_pe_ops *pe;
	const struct lvs_helper_ops *helper;
	unsigned forwarder;
	bool two_way;
};

bool lvs_import_end(const struct lvs_import *import, struct lvs_conn *conn)
{
	struct lvs_director *director = import->director;
	struct lvs_ender ender;

	return lvs_table_remove(director->table, conn, import->tick,
				lvs_ender_of(&ender, &director->events, LVS_GONE_KILLED,
					     lvs_director_ticks(director) << LVS_TICK_SHIFT));
}

static void skip(struct lvs_import *import, enum lvs_import_skip why)
{
	import->report.skipped[why]++;
}

/* --- Looking --- */

/* The destination's own method, where it is the same; else one of the library's. An embedder's is
 * the destination's. */
static bool find_method(struct take *take)
{
	const struct lvs_services *services = take->import->director->services;
	unsigned own = lvs_dest_forwarder(take->dest);
	const struct lvs_forward_ops *ops = lvs_services_forwarder(services, own);

	take->forwarder = own;
	if (take->dest->number == 0 || ops->method != take->from->method) {
		ops = lvs_forward_find((enum lvs_method)take->from->method);
		if (!ops || take->from->method == LVS_METHOD_CUSTOM)
			return false;
		take->forwarder = take->from->method;
	}
	take->two_way = ops->flags & LVS_FORWARD_TWO_WAY;
	/* What it cannot carry its destination could not have had. */
	return take->from->family == take->from->dest_family || ops->flags & LVS_FORWARD_MIXED;
}

static const struct lvs_helper_ops *bound_helper(const struct lvs_director *director,
						 const char *name)
{
	const struct lvs_helpers *helpers = lvs_helpers_of(director);

	for (uint32_t i = 0; helpers && i < helpers->n; i++)
		if (strcmp(helpers->port[i].ops->name, name) == 0)
			return helpers->port[i].ops;
	return lvs_helper_find(name);
}

static bool find_helper(struct take *take)
{
	if (!(take->from->flags & LVS_WIRE_HELPED))
		return true;
	take->helper = bound_helper(take->import->director, take->from->name);
	return take->import->own_order && take->helper && take->from->method == LVS_METHOD_NAT &&
	       take->helper->state_size == take->from->state_len;
}

static bool find_engine(struct take *take, const struct lvs_pe_ops *service_pe)
{
	if (!(take->from->flags & LVS_WIRE_DATA))
		return true;
	take->pe = service_pe;
	return service_pe && strcmp(service_pe->name, take->from->name) == 0;
}

/* LVS_IMPORT_SKIP_N: all is here. */
static enum lvs_import_skip find(struct take *take)
{
	struct lvs_import_dest *dest;

	if (take->from->dest == 0) {
		take->dest = lvs_services_dest(take->import->director->services, 0);
		return find_method(take) && find_helper(take) ? LVS_IMPORT_SKIP_N
							      : LVS_IMPORT_SKIP_METHOD;
	}
	dest = lvs_import_dest_of(take->import, take->from->dest);
	if (!dest || !dest->here)
		return dest ? dest->missing : LVS_IMPORT_SKIP_DEST;
	take->dest = dest->here;
	take->set = dest->set;
	if (take->from->family != dest->service.family ||
	    take->from->dest_family != dest->key.family)
		return LVS_IMPORT_SKIP_DEST;
	if (!find_method(take))
		return LVS_IMPORT_SKIP_METHOD;
	if (!find_helper(take))
		return LVS_IMPORT_SKIP_HELPER;
	return find_engine(take, dest->set->conf.pe) ? LVS_IMPORT_SKIP_N : LVS_IMPORT_SKIP_ENGINE;
}

/* --- A new one --- */

static void fill_kind(const struct take *take, struct lvs_conn *conn)
{
	unsigned kind = conn->kind | LVS_CONN_USED; /* its size is the arena's */
	uint32_t flags = take->from->flags;

	kind |= flags & LVS_WIRE_INET6 ? LVS_CONN_INET6 : 0u;
	kind |= flags & LVS_WIRE_DEST6 ? LVS_CONN_DEST6 : 0u;
	kind |= flags & LVS_WIRE_FROM_PORT_0 ? LVS_CONN_FROM_PORT_0 : 0u;
	if (flags & LVS_WIRE_TEMPLATE)
		kind |= LVS_CONN_IS_TEMPLATE;
	else
		kind |= take->two_way ? LVS_CONN_TWO_WAY : 0u;
	conn->kind = (uint8_t)kind;
}

static void fill(const struct take *take, struct lvs_conn *conn)
{
	const struct lvs_import_conn *from = take->from;
	uint64_t word = from->word | (uint64_t)take->forwarder << 8;

	fill_kind(take, conn);
	conn->protocol = from->protocol;
	conn->dest = take->dest->number;
	lvs_conn_set_client_port(conn, from->client_port);
	conn->service_port = from->service_port;
	conn->dest_port = from->dest_port;
	if (conn->kind & LVS_CONN_LARGE) {
		conn->u.v6.client = from->client;
		conn->u.v6.service = from->service;
		conn->u.v6.dest = from->to;
	} else {
		conn->u.v4.client = from->client.word[0];
		conn->u.v4.service = from->service.word[0];
		conn->u.v4.dest = from->to.word[0];
	}
	/* relaxed: insertion publishes them; what it controls comes later, and counts itself */
	atomic_store_explicit(&conn->word, word, memory_order_relaxed);
	atomic_store_explicit(&conn->seen, from->seen, memory_order_relaxed);
	atomic_store_explicit(&conn->counts, from->counts, memory_order_relaxed);
}

static void restore_helped(const struct take *take, const struct lvs_conn *conn)
{
	struct lvs_helped helped = take->from->helped;

	helped.ops = take->helper;
	lvs_helped_write(take->import->director, conn, &helped);
}

static void key_of(const struct take *take, struct lvs_template_key *key)
{
	const struct lvs_import_conn *from = take->from;

	*key = (struct lvs_template_key){.client = from->client,
					 .service = from->service,
					 .port = from->service_port,
					 .family = from->family,
					 .protocol = from->protocol};
	if (take->pe)
		lvs_template_set_data(take->import->director->table, key, take->pe, from->data,
				      from->data_len);
}

/* False: no memory. */
static bool fill_company(const struct take *take, struct lvs_conn *conn)
{
	struct lvs_table *table = take->import->director->table;
	struct lvs_template_key key;

	if (take->helper) {
		if (!lvs_helped_begin(take->import->director, conn, take->helper))
			return false;
		restore_helped(take, conn);
	}
	if (!take->pe)
		return true;
	key_of(take, &key);
	return lvs_template_keep_data(table, conn, &key);
}

/* Its controller, where that was taken. False: it has one that was not. */
static bool control(const struct take *take, struct lvs_conn *conn)
{
	const struct lvs_import_entry *entry;
	struct lvs_conn *controller;

	if (!take->from->controller)
		return true;
	entry = lvs_import_map_find(&take->import->conns, take->from->controller);
	controller = entry ? lvs_import_here(take->import, entry) : NULL;
	return controller && controller != conn &&
	       lvs_table_control(take->import->director->table, conn, controller);
}

static void bind(const struct take *take, bool more)
{
	bool active = !(take->from->flags & LVS_WIRE_INACTIVE);

	if (take->from->flags & LVS_WIRE_TEMPLATE)
		lvs_dest_stick(take->dest, more);
	else if (more)
		lvs_dest_bind(take->dest, active);
	else
		lvs_dest_unbind(take->dest, active);
}

/* Who has its flow, or its client's network. */
static struct lvs_conn *find_other(const struct take *take, const struct lvs_template_key *key)
{
	struct lvs_table *table = take->import->director->table;
	const struct lvs_import_conn *from = take->from;
	const struct lvs_flow flow = {.src = from->client,
				      .dst = from->service,
				      .src_port = from->client_port,
				      .dst_port = from->service_port,
				      .family = from->family,
				      .protocol = from->protocol};
	enum lvs_side side;

	if (from->flags & LVS_WIRE_TEMPLATE)
		return lvs_template_find(table, key, lvs_template_hash(table, key));
	return lvs_table_find(table, &flow, lvs_table_hash(table, &flow), LVS_SIDE_REQUEST, &side);
}

/* Taken by this import, and not named by the present pass yet. */
static bool is_stale(const struct lvs_import *import, const struct lvs_conn *conn)
{
	const struct lvs_import_entry *mine =
		lvs_import_map_find(&import->mine, lvs_arena_number(conn));
	const struct lvs_import_entry *entry =
		mine ? lvs_import_map_find(&import->conns, mine->here) : NULL;

	return entry && entry->pass != import->pass && lvs_import_here(import, entry) == conn;
}

/* In a later pass what was taken before may stand in the way of what came after it there: it is
 * gone there, or found no more. False: somebody else's does. */
static bool displace(const struct take *take)
{
	struct lvs_import *import = take->import;
	struct lvs_table *table = import->director->table;
	struct lvs_template_key key;
	struct lvs_conn *other;
	uint64_t hash;

	key_of(take, &key);
	other = find_other(take, &key);
	if (!other || !is_stale(import, other))
		return false;
	if (!(take->from->flags & LVS_WIRE_TEMPLATE))
		return lvs_import_end(import, other);
	hash = lvs_template_hash(table, &key);
	lvs_table_lock(table, hash);
	lvs_template_invalidate(other);
	lvs_table_unlock(table, hash);
	return true;
}

static int adopt(const struct take *take, struct lvs_conn *conn)
{
	struct lvs_import *import = take->import;
	uint32_t created = take->from->created + import->created_delta;
	int err = lvs_table_adopt(import->director->table, conn, created, import->tick);

	if (err == LVS_ERR_EXISTS && displace(take))
		err = lvs_table_adopt(import->director->table, conn, created, import->tick);
	return err;
}

/* 0, or why not; then nothing is left of it. */
static int insert(const struct take *take, struct lvs_conn *conn)
{
	struct lvs_import *import = take->import;
	struct lvs_table *table = import->director->table;
	int err;

	fill(take, conn);
	if (!fill_company(take, conn)) {
		lvs_table_unalloc(table, conn);
		return LVS_ERR_NO_MEMORY;
	}
	if (!control(take, conn))
		import->report.orphans++;
	/* Before anybody can find it: who ends it gives the destination back. */
	bind(take, true);
	err = adopt(take, conn);
	if (err == 0)
		return 0;
	bind(take, false);
	lvs_table_unalloc(table, conn);
	return err;
}

/* Both ways between its numbers. False: no memory, and it is not known. */
static bool know(struct lvs_import *import, uint32_t number, const struct lvs_conn *conn)
{
	uint32_t here = lvs_arena_number(conn);
	struct lvs_import_entry *entry = lvs_import_map_add(&import->conns, number);
	struct lvs_import_entry *mine = lvs_import_map_add(&import->mine, here);

	if (!entry || !mine)
		return false;
	entry->here = here;
	entry->created = conn->created;
	entry->pass = import->pass;
	mine->here = number;
	return true;
}

static enum lvs_import_skip skip_of(int err)
{
	return err == LVS_ERR_EXISTS ? LVS_IMPORT_SKIP_EXISTS
	       : err == LVS_ERR_FULL ? LVS_IMPORT_SKIP_FULL
				     : LVS_IMPORT_SKIP_MEMORY;
}

static void take_new(const struct take *take)
{
	struct lvs_import *import = take->import;
	struct lvs_director *director = import->director;
	bool large = take->from->family == LVS_INET6 || take->from->dest_family == LVS_INET6;
	uint64_t now_ns = lvs_director_ticks(director) << LVS_TICK_SHIFT;
	struct lvs_conn *conn;
	int err = LVS_ERR_NO_MEMORY;

	conn = lvs_table_alloc(director->table, &director->control_reader, large, false, NULL,
			       &err);
	if (conn)
		err = insert(take, conn);
	if (err == 0 && !know(import, take->from->number, conn)) {
		lvs_import_end(import, conn);
		err = LVS_ERR_NO_MEMORY;
	}
	if (err < 0) {
		skip(import, skip_of(err));
		return;
	}
	import->report.taken++;
	if (take->set)
		lvs_services_stir(director->services, take->set, now_ns);
	if (director->events.size) {
		lvs_events_made(director, &director->events, now_ns, conn);
		lvs_events_table(director, &director->events, now_ns);
	}
}

/* --- One that was taken before --- */

static bool is_same(const struct take *take, const struct lvs_conn *conn)
{
	const struct lvs_import_conn *from = take->from;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	const uint64_t fixed = LVS_CONN_TEMPLATE | LVS_CONN_ONE_PACKET | LVS_CONN_NO_CPORT;

	return conn->created == from->created + take->import->created_delta &&
	       conn->dest == take->dest->number && conn->protocol == from->protocol &&
	       lvs_conn_client_port(conn) == from->client_port &&
	       conn->service_port == from->service_port && !((word ^ from->word) & fixed) &&
	       !(word & LVS_CONN_HELPED) == !take->helper &&
	       !conn->company == !(take->helper || take->pe);
}

/* What packets have moved there moves here. */
static void update(const struct take *take, struct lvs_conn *conn)
{
	/* What is found no more stays so: another may have its key by now. */
	const uint64_t kept = LVS_CONN_HELPED | LVS_CONN_LIVE | LVS_CONN_DEAD | LVS_CONN_INVALID;
	struct lvs_table *table = take->import->director->table;
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint32_t counts = atomic_load_explicit(&conn->counts, memory_order_relaxed);
	uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);
	uint64_t after;

	/* Before the word: by the old mark and a shorter timeout it may seem to be over. */
	atomic_store_explicit(&conn->seen, take->from->seen, memory_order_relaxed);
	do {
		if (word & LVS_CONN_DEAD)
			return;
		after = (word & kept) | take->from->word | (uint64_t)take->forwarder << 8;
		/* release: the mark; pairs with the acquires of who asks whether it is over */
	} while (!atomic_compare_exchange_weak_explicit(
		&conn->word, &word, after, memory_order_release, memory_order_relaxed));
	while (!atomic_compare_exchange_weak_explicit(
		&conn->counts, &counts,
		(counts & (LVS_CONN_CONTROL_MAX | LVS_CONN_ENDED)) | take->from->counts,
		memory_order_relaxed, memory_order_relaxed))
		;
	if ((word ^ after) & LVS_CONN_INACTIVE && !(after & LVS_CONN_TEMPLATE))
		lvs_dest_activate(take->dest, !(after & LVS_CONN_INACTIVE));
	if (take->helper)
		restore_helped(take, conn);
	/* Later it is looked at in its time. */
	if (LVS_CONN_TIMEOUT(after) < LVS_CONN_TIMEOUT(word) ||
	    !lvs_tick_reached(take->from->seen, seen))
		lvs_table_rearm(table, conn, take->import->tick);
}

void lvs_import_take(struct lvs_import *import, const struct lvs_import_conn *from)
{
	struct take take = {.import = import, .from = from};
	struct lvs_import_entry *entry = lvs_import_map_find(&import->conns, from->number);
	struct lvs_conn *conn = entry ? lvs_import_here(import, entry) : NULL;
	enum lvs_import_skip why = find(&take);

	if (why == LVS_IMPORT_SKIP_N && !take.dest)
		why = LVS_IMPORT_SKIP_DEST; /* never: one that is not here has a reason */
	if (why != LVS_IMPORT_SKIP_N) {
		skip(import, why);
		return;
	}
	if (conn && is_same(&take, conn)) {
		update(&take, conn);
		entry->pass = import->pass;
		import->report.updated++;
		return;
	}
	/* Another one has its number by now, or it has another key. */
	if (conn)
		lvs_import_end(import, conn);
	take_new(&take);
}
