/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the table agrees with itself, a part at a time. */
#include <stddef.h>

#include <limits.h>

#include "conn/inside.h"
#include "conn/tags.h"
#include "conn/template.h"

/* What the indexes of one shard hold, summed up. */
struct tally {
	uint64_t entries;
	uint64_t first;  /* entries under a first key: as many as the shard has timers */
	uint64_t ways;   /* lines that entries passed */
	uint64_t passed; /* lines' own counts of the same */
};

static bool is_live(const struct lvs_conn *conn)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);

	return (word & (LVS_CONN_LIVE | LVS_CONN_DEAD)) == LVS_CONN_LIVE;
}

static const char *check_entry(const struct lvs_table *table, const struct lvs_shard *shard,
			       struct lvs_index index, uint64_t line, unsigned slot,
			       struct tally *tally)
{
	uint32_t ref = atomic_load_explicit(&index.lines[line].refs[slot], memory_order_relaxed);
	const struct lvs_conn *conn = lvs_arena_at(&table->arena, ref >> 1);
	uint64_t hash;

	if (!is_live(conn))
		return "an entry names a record that is not in use";
	if (ref & 1 && !lvs_keys_two(conn))
		return "an entry names a key that its record does not have";
	hash = lvs_key_hash_conn(&table->env.hash, &table->companies, conn, ref & 1);
	if (lvs_table_shard(table, hash) != shard)
		return "an entry lies in the wrong shard";
	if (lvs_index_tag(hash) != lvs_index_tag_at(&index.lines[line], slot))
		return "an entry has the wrong tag";
	tally->entries++;
	tally->first += !(ref & 1);
	for (uint64_t at = lvs_index_home(index, hash); at != line;
	     at = (at + 1) & lvs_index_mask(index)) {
		tally->ways++;
		if (atomic_load_explicit(&index.lines[at].tags[2], memory_order_relaxed) >> 32 == 0)
			return "an entry lies where no search goes";
	}
	return NULL;
}

LVS_UNTRACED static const char *check_index(const struct lvs_table *table,
					    const struct lvs_shard *shard, struct lvs_index index,
					    uint32_t entries, uint64_t *first)
{
	struct tally tally = {0};

	for (uint64_t line = 0; line < lvs_index_lines_n(index); line++) {
		tally.passed +=
			atomic_load_explicit(&index.lines[line].tags[2], memory_order_relaxed) >>
			32;
		for (unsigned slot = 0; slot < LVS_INDEX_SLOTS; slot++) {
			const char *wrong = NULL;

			if (lvs_index_tag_at(&index.lines[line], slot))
				wrong = check_entry(table, shard, index, line, slot, &tally);
			if (wrong)
				return wrong;
		}
	}
	*first += tally.first;
	if (tally.passed != tally.ways)
		return "lines miscount the entries that passed them";
	return tally.entries == entries ? NULL : "a shard miscounts its entries";
}

/* --- Who controls whom --- */

/* A number for a record, such that sums of them are equal by design, never by chance: the
 * finaliser of splitmix64, as in base/hash.h. */
static uint64_t mark_of(uint32_t number)
{
	return lvs_hash_permute(number + UINT64_C(0x9e3779b97f4a7c15));
}

/* Sums over all records. */
struct links {
	uint64_t counted; /* marks of controllers, times what they count */
	uint64_t named;   /* marks of those that are named */
	uint32_t ended;   /* records that ended and control others */
	uint32_t no_port[2];
	uint32_t company; /* records that have some */
};

static bool is_sound(const struct lvs_table *table, const struct lvs_data *data)
{
	struct lvs_template_key key;

	if (!data->pe || data->len == 0 || data->len > LVS_PE_DATA)
		return false;
	lvs_template_set_data(table, &key, data->pe, data->byte, data->len);
	return key.data_hash == data->hash;
}

static const char *add_company(const struct lvs_table *table, const struct lvs_conn *conn,
			       struct links *links)
{
	if (!conn->company)
		return NULL;
	links->company++;
	if (lvs_company_at(&table->companies, conn->company)->record != lvs_arena_number(conn))
		return "a record has the company of another";
	if (conn->kind & LVS_CONN_IS_TEMPLATE &&
	    !is_sound(table, lvs_data_of(&table->companies, conn)))
		return "a template's data are not what it is found by";
	return NULL;
}

static const char *add_links(const struct lvs_table *table, const struct lvs_conn *conn,
			     struct links *links)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);
	uint32_t counts = atomic_load_explicit(&conn->counts, memory_order_relaxed);
	uint32_t controller = lvs_conn_controller(conn);

	links->counted += (counts & LVS_CONN_CONTROL_MAX) * mark_of(lvs_arena_number(conn));
	if (!is_live(conn)) {
		links->ended += (counts & LVS_CONN_CONTROL_MAX) != 0;
		return NULL;
	}
	if (!(conn->kind & LVS_CONN_IS_TEMPLATE) != !(word & LVS_CONN_TEMPLATE))
		return "a template's kind and word do not agree";
	if (word & LVS_CONN_NO_CPORT) {
		links->no_port[(conn->kind & LVS_CONN_INET6) != 0]++;
		if (lvs_conn_client_port(conn))
			return "a connection without a known port has one";
	}
	if (controller) {
		links->named += mark_of(controller);
		if (lvs_conn_control_n(lvs_arena_at(&table->arena, controller)) == 0)
			return "a connection's controller does not know of it";
	}
	return add_company(table, conn, links);
}

const char *lvs_table_check_links(const struct lvs_table *table)
{
	uint32_t number = lvs_arena_next(&table->arena, 0);
	struct links links = {0};
	const char *wrong = NULL;

	for (; number && !wrong; number = lvs_arena_next(&table->arena, number + 1))
		wrong = add_links(table, lvs_arena_at(&table->arena, number), &links);
	if (wrong)
		return wrong;
	if (links.counted != links.named)
		return "a controller miscounts those that it controls";
	if (links.ended != atomic_load_explicit(&table->ended_n, memory_order_relaxed))
		return "the table miscounts controllers that have ended";
	for (unsigned i = 0; i < 2; i++)
		if (links.no_port[i] !=
		    atomic_load_explicit(&table->no_port_n[i], memory_order_relaxed))
			return "the table miscounts connections without a known port";
	if (links.company != table->companies.n)
		return "the table miscounts records with company";
	return NULL;
}

/* Timers are those of records in use that are at home here. */
static const char *check_timer(const struct lvs_table *table, const struct lvs_shard *shard,
			       const struct lvs_conn *conn)
{
	if (!is_live(conn))
		return "a timer is of a record that is not in use";
	if (lvs_table_shard(table, lvs_key_hash_conn(&table->env.hash, &table->companies, conn,
						     0)) != shard)
		return "a timer lies in the wrong shard";
	return NULL;
}

LVS_UNTRACED static const char *check_timer_list(const struct lvs_table *table,
						 const struct lvs_shard *shard, uint32_t number)
{
	const char *wrong = NULL;

	while (number && !wrong) {
		const struct lvs_conn *conn = lvs_arena_at(&table->arena, number);

		wrong = check_timer(table, shard, conn);
		number = atomic_load_explicit(&conn->next, memory_order_relaxed);
	}
	return wrong;
}

static const char *check_timers(const struct lvs_table *table, const struct lvs_shard *shard)
{
	const struct lvs_wheel *wheel = &shard->wheel;
	const char *wrong = lvs_wheel_check(wheel, &table->arena);

	if (!wrong)
		wrong = check_timer_list(table, shard, wheel->parked);
	for (unsigned i = 0; i < LVS_WHEEL_PLACES && !wrong; i++)
		wrong = check_timer_list(table, shard, wheel->first[i]);
	return wrong;
}

/* The lock is held: nobody comes into this shard or leaves it. */
static const char *check_shard(const struct lvs_table *table, const struct lvs_shard *shard)
{
	struct lvs_index next = lvs_view_next(shard->view);
	const char *wrong = check_timers(table, shard);
	uint64_t first = 0;

	if (!wrong)
		wrong = check_index(table, shard, lvs_view_index(shard->view), shard->entries[0],
				    &first);
	if (!wrong && next.lines)
		wrong = check_index(table, shard, next, shard->entries[1], &first);
	/* With check_record(): the timers are those of all records. */
	if (!wrong)
		wrong = lvs_shard_check_quiet(shard);
	if (!wrong && first != shard->wheel.linked_n)
		wrong = "a record has no timer, or a timer no record";
	return wrong;
}

const char *lvs_table_check_shard(struct lvs_table *table, uint32_t shard)
{
	const char *wrong;

	lvs_spin_lock(&table->shards[shard].lock);
	wrong = check_shard(table, &table->shards[shard]);
	lvs_spin_unlock(&table->shards[shard].lock);
	return wrong;
}

static bool has_entry(const struct lvs_index index, uint64_t hash, uint32_t ref)
{
	uint64_t at = lvs_index_home(index, hash);
	uint32_t passed;

	for (uint64_t n = lvs_index_lines_n(index); n; n--) {
		const struct lvs_index_line *line = &index.lines[at];
		uint64_t slots = lvs_index_slots(line, lvs_index_tag(hash), &passed);

		for (; slots; slots &= slots - 1)
			if (atomic_load_explicit(&line->refs[lvs_index_slot(slots)],
						 memory_order_relaxed) == ref)
				return true;
		if (!passed)
			return false;
		at = (at + 1) & lvs_index_mask(index);
	}
	return false;
}

static bool has_keys(const struct lvs_conn *conn, const struct lvs_keys *keys)
{
	for (unsigned key = 0; key < keys->n; key++) {
		const struct lvs_shard *shard = keys->shard[key];
		struct lvs_index next = lvs_view_next(shard->view);
		uint32_t ref = lvs_index_ref(lvs_arena_number(conn), key);

		if (!has_entry(lvs_view_index(shard->view), keys->hash[key], ref) &&
		    (!next.lines || !has_entry(next, keys->hash[key], ref)))
			return false;
	}
	return true;
}

/*
 * Whether a record is reachable by each of its keys. Without a lock it may seem not to be, when
 * it was just made, has just ended, or its shard has just grown: then its locks tell.
 */
static const char *check_record(const struct lvs_table *table, const struct lvs_conn *conn)
{
	struct lvs_keys keys;
	bool fine;

	lvs_keys_of(table, conn, lvs_key_hash_conn(&table->env.hash, &table->companies, conn, 0),
		    &keys);
	if (has_keys(conn, &keys))
		return NULL;
	lvs_keys_lock_of(table, conn, &keys);
	fine = !is_live(conn) || has_keys(conn, &keys);
	lvs_keys_unlock(&keys);
	return fine ? NULL : "a record is not reachable by one of its keys";
}

const char *lvs_table_check_records(const struct lvs_table *table, uint32_t *number,
				    unsigned *looks, uint32_t *conns)
{
	const char *wrong = NULL;
	struct lvs_conn *conn;

	while (!wrong && (conn = lvs_table_walk(table, number, looks))) {
		wrong = check_record(table, conn);
		++*conns;
	}
	return wrong;
}

const char *lvs_table_check_arena(struct lvs_table *table, uint32_t part)
{
	const char *wrong;

	lvs_spin_lock(&table->arena.lock);
	wrong = lvs_arena_check_chunk(&table->arena, part);
	lvs_spin_unlock(&table->arena.lock);
	return wrong;
}

const char *lvs_table_check_n(struct lvs_table *table, uint32_t conns)
{
	const char *wrong;

	lvs_spin_lock(&table->arena.lock);
	wrong = lvs_arena_check_n(&table->arena);
	if (!wrong && conns + atomic_load_explicit(&table->ended_n, memory_order_relaxed) !=
			      lvs_table_conn_n(table))
		wrong = "the table miscounts its connections";
	lvs_spin_unlock(&table->arena.lock);
	return wrong;
}

uint32_t lvs_table_shard_n(const struct lvs_table *table)
{
	return table->env.shards;
}

uint32_t lvs_table_part_n(const struct lvs_table *table)
{
	return atomic_load_explicit(&table->arena.chunks_n, memory_order_acquire);
}

const char *lvs_table_check(struct lvs_table *table)
{
	unsigned looks = UINT_MAX;
	const char *wrong = NULL;
	uint32_t number = 0;
	uint32_t conns = 0;

	for (uint32_t i = 0; i < table->env.shards && !wrong; i++)
		wrong = lvs_table_check_shard(table, i);
	if (!wrong)
		wrong = lvs_table_check_records(table, &number, &looks, &conns);
	for (uint32_t i = 0; i < lvs_table_part_n(table) && !wrong; i++)
		wrong = lvs_table_check_arena(table, i);
	if (!wrong)
		wrong = lvs_table_check_links(table);
	return wrong ? wrong : lvs_table_check_n(table, conns);
}
