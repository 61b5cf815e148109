/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking the table: by number, and as a whole to see that all fits. */
#include <stddef.h>

#include <limits.h>

#include "conn/inside.h"

uint32_t lvs_table_number(const struct lvs_table *table, const struct lvs_conn *conn)
{
	(void)table;
	return lvs_arena_number(conn);
}

struct lvs_conn *lvs_table_walk(const struct lvs_table *table, uint32_t *number, unsigned *looks)
{
	uint32_t at = lvs_arena_next(&table->arena, *number);

	for (; at && *looks; at = lvs_arena_next(&table->arena, at + 1)) {
		struct lvs_conn *conn = lvs_arena_at(&table->arena, at);
		/* acquire: pairs with publish() in table.c */
		uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);

		--*looks;
		*number = at + 1;
		if ((word & (LVS_CONN_LIVE | LVS_CONN_DEAD)) == LVS_CONN_LIVE)
			return conn;
	}
	return NULL;
}

struct lvs_conn *lvs_table_next(const struct lvs_table *table, uint32_t *number)
{
	unsigned looks = UINT_MAX;

	return lvs_table_walk(table, number, &looks);
}

uint32_t lvs_table_conn_n(const struct lvs_table *table)
{
	return atomic_load_explicit(&table->arena.in_use, memory_order_relaxed);
}

void lvs_table_figures(const struct lvs_table *table, struct lvs_table_figures *figures)
{
	const struct lvs_shard_stats *stats = &table->env.stats;

	figures->bytes = sizeof(*table) + lvs_table_shards_size(table) +
			 lvs_arena_bytes(&table->arena) +
			 atomic_load_explicit(&stats->bytes, memory_order_relaxed);
	figures->evicted = atomic_load_explicit(&table->evicted, memory_order_relaxed);
	figures->refused = atomic_load_explicit(&table->refused, memory_order_relaxed);
	figures->expired = atomic_load_explicit(&table->expired, memory_order_relaxed);
	figures->grown = atomic_load_explicit(&stats->grown, memory_order_relaxed);
	figures->longest_growth_step =
		atomic_load_explicit(&stats->longest_step, memory_order_relaxed);
}

/* What the indexes of one shard hold, summed up. */
struct tally {
	uint64_t entries;
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
	hash = lvs_key_hash_conn(&table->env.hash, conn, ref & 1);
	if (lvs_table_shard(table, hash) != shard)
		return "an entry lies in the wrong shard";
	if (lvs_index_tag(hash) != lvs_index_tag_at(&index.lines[line], slot))
		return "an entry has the wrong tag";
	tally->entries++;
	for (uint64_t at = lvs_index_home(index, hash); at != line;
	     at = (at + 1) & lvs_index_mask(index)) {
		tally->ways++;
		if (atomic_load_explicit(&index.lines[at].tags[2], memory_order_relaxed) >> 32 == 0)
			return "an entry lies where no search goes";
	}
	return NULL;
}

static const char *check_index(const struct lvs_table *table, const struct lvs_shard *shard,
			       struct lvs_index index, uint32_t entries)
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
	if (tally.passed != tally.ways)
		return "lines miscount the entries that passed them";
	return tally.entries == entries ? NULL : "a shard miscounts its entries";
}

static const char *check_shard(const struct lvs_table *table, const struct lvs_shard *shard)
{
	struct lvs_index next = lvs_view_next(shard->view);
	const char *wrong = lvs_wheel_check(&shard->wheel, &table->arena);

	if (!wrong)
		wrong = check_index(table, shard, lvs_view_index(shard->view), shard->entries[0]);
	if (!wrong && next.lines)
		wrong = check_index(table, shard, next, shard->entries[1]);
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

static const char *check_keys(const struct lvs_table *table, const struct lvs_conn *conn)
{
	struct lvs_keys keys;

	lvs_keys_of(table, conn, lvs_key_hash_conn(&table->env.hash, conn, 0), &keys);
	for (unsigned key = 0; key < keys.n; key++) {
		const struct lvs_shard *shard = keys.shard[key];
		struct lvs_index next = lvs_view_next(shard->view);
		uint32_t ref = lvs_index_ref(lvs_arena_number(conn), key);

		if (!has_entry(lvs_view_index(shard->view), keys.hash[key], ref) &&
		    (!next.lines || !has_entry(next, keys.hash[key], ref)))
			return "a record is not reachable by one of its keys";
	}
	return NULL;
}

/* Every live record by its keys; then entries and timers, which were compared, must be as many. */
static const char *check_records(const struct lvs_table *table)
{
	uint64_t timers = 0;
	uint64_t entries = 0;
	uint32_t number = 0;
	struct lvs_conn *conn;

	while ((conn = lvs_table_next(table, &number))) {
		const char *wrong = check_keys(table, conn);

		if (wrong)
			return wrong;
		timers++;
		entries += lvs_keys_two(conn) ? 2 : 1;
	}
	for (uint32_t i = 0; i < table->env.shards; i++) {
		timers -= table->shards[i].wheel.linked_n;
		entries -= table->shards[i].entries[0] + table->shards[i].entries[1];
	}
	if (timers)
		return "a record has no timer, or a timer no record";
	return entries ? "entries are miscounted" : NULL;
}

static const char *check_locked(struct lvs_table *table)
{
	const char *wrong = NULL;

	for (uint32_t i = 0; i < table->env.shards && !wrong; i++)
		wrong = check_shard(table, &table->shards[i]);
	if (!wrong)
		wrong = check_records(table);
	if (!wrong)
		wrong = lvs_arena_check(&table->arena);
	return wrong;
}

const char *lvs_table_check(struct lvs_table *table)
{
	const char *wrong;

	for (uint32_t i = 0; i < table->env.shards; i++)
		lvs_spin_lock(&table->shards[i].lock);
	lvs_spin_lock(&table->arena.lock);
	wrong = check_locked(table);
	lvs_spin_unlock(&table->arena.lock);
	for (uint32_t i = 0; i < table->env.shards; i++)
		lvs_spin_unlock(&table->shards[i].lock);
	return wrong;
}
