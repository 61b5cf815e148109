/* SPDX-License-Identifier: BSD-2-Clause */
/* lvs_director_check(): silent on a sound director, and it finds what is broken on purpose. */
#include <string.h>

#include "conn/inside.h"
#include "director/director.h"
#include "director_rig.h"
#include "service/services.h"
#include "unit.h"

#define CONNS 40

struct site {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest[3];
	struct lvs_conn *conn; /* one that is active */
	struct lvs_dest *its;  /* destination */
};

static enum lvs_reason push(struct site *site, unsigned i, uint8_t flags)
{
	struct rig_packet rig;
	struct lvs_flow flow = rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, 1), 1000 + i,
					site->service.addr, 80);

	return rig_send(site->worker, &rig, &flow, flags, 1000 * SECOND);
}

/* NAT, so that each connection has two keys; some are removed, some of a removed destination. */
static void open_site(struct site *site)
{
	uint32_t number = 0;

	memset(site, 0, sizeof(*site));
	ck_assert_int_eq(lvs_director_new(NULL, &site->director), 0);
	ck_assert_int_eq(lvs_worker_new(site->director, &site->worker), 0);
	site->service = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	rig_set_service(site->director, &site->service, "rr");
	for (unsigned i = 0; i < 3; i++) {
		site->dest[i] = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, i + 1), 80);
		rig_set_dest(site->director, &site->service, &site->dest[i], LVS_METHOD_NAT, 1);
	}
	for (unsigned i = 0; i < CONNS; i++) {
		ck_assert_int_eq(push(site, i, LVS_TCP_SYN), LVS_REASON_SCHEDULED);
		if (i % 2)
			push(site, i, LVS_TCP_RST);
	}
	rig_del_dest(site->director, &site->service, &site->dest[1]);
	site->conn = lvs_table_next(site->director->table, &number);
	ck_assert_ptr_nonnull(site->conn);
	site->its = lvs_services_dest(site->director->services, site->conn->dest);
}

static void close_site(struct site *site)
{
	lvs_worker_del(site->worker);
	lvs_director_del(site->director);
}

START_TEST(test_sound)
{
	struct site site;

	open_site(&site);
	rig_check(site.director);
	ck_assert_int_eq(lvs_director_check(site.director, NULL), 0);
	ck_assert_int_gt(lvs_director_kill_conns(site.director, NULL), 0);
	rig_check(site.director);
	close_site(&site);
}
END_TEST

/* --- What is broken: the table --- */

static struct lvs_table *table_of(struct site *site)
{
	return site->director->table;
}

static struct lvs_shard *shard_of(struct site *site, unsigned key)
{
	struct lvs_table *table = table_of(site);

	return lvs_table_shard(
		table, lvs_key_hash_conn(&table->env.hash, &table->companies, site->conn, key));
}

/* Where the connection's entry under its first key lies. */
static struct lvs_index_line *line_of(struct site *site, unsigned *slot)
{
	struct lvs_index index = lvs_view_index(shard_of(site, 0)->view);
	uint32_t ref = lvs_index_ref(lvs_arena_number(site->conn), 0);

	for (uint64_t i = 0; i < lvs_index_lines_n(index); i++)
		for (*slot = 0; *slot < LVS_INDEX_SLOTS; ++*slot)
			if (lvs_index_tag_at(&index.lines[i], *slot) &&
			    index.lines[i].refs[*slot] == ref)
				return &index.lines[i];
	ck_abort_msg("the connection has no entry");
	return NULL;
}

static void other_port(struct site *site)
{
	site->conn->service_port ^= 1;
}

static void other_server_port(struct site *site)
{
	site->conn->dest_port ^= 1;
}

static void one_way(struct site *site)
{
	site->conn->kind &= (uint8_t)~LVS_CONN_TWO_WAY;
}

static void not_live(struct site *site)
{
	site->conn->word |= LVS_CONN_DEAD;
}

static void other_tag(struct site *site)
{
	unsigned slot;
	struct lvs_index_line *line = line_of(site, &slot);

	line->tags[slot / 4] ^= UINT64_C(0x100) << slot % 4 * 16;
}

static void line_passed(struct site *site)
{
	unsigned slot;

	line_of(site, &slot)->tags[2] += UINT64_C(1) << 32;
}

/* Two lines on, with nothing told to the lines before. */
static void far_entry(struct site *site)
{
	struct lvs_index index = lvs_view_index(shard_of(site, 0)->view);
	unsigned slot;
	struct lvs_index_line *line = line_of(site, &slot);
	struct lvs_index_line *to = &index.lines[(line - index.lines + 2) & lvs_index_mask(index)];

	to->refs[9] = line->refs[slot];
	to->tags[2] |= lvs_index_tag_at(line, slot) << 16;
	line->tags[slot / 4] &= ~(UINT64_C(0xffff) << slot % 4 * 16);
}

static void more_entries(struct site *site)
{
	shard_of(site, 0)->entries[0]++;
}

static void no_entry(struct site *site)
{
	struct lvs_table *table = table_of(site);

	ck_assert(lvs_shard_remove(
		shard_of(site, 1),
		lvs_key_hash_conn(&table->env.hash, &table->companies, site->conn, 1),
		lvs_index_ref(lvs_arena_number(site->conn), 1)));
}

static void no_first_entry(struct site *site)
{
	struct lvs_table *table = table_of(site);

	ck_assert(lvs_shard_remove(
		shard_of(site, 0),
		lvs_key_hash_conn(&table->env.hash, &table->companies, site->conn, 0),
		lvs_index_ref(lvs_arena_number(site->conn), 0)));
}

static void more_in_use(struct site *site)
{
	table_of(site)->arena.in_use++;
}

static void more_limbo(struct site *site)
{
	table_of(site)->arena.limbo[0].n = table_of(site)->arena.max_conns;
}

static void idle_alive(struct site *site)
{
	struct lvs_arena_chunk *chunk = lvs_arena_chunk_of(site->conn);
	uint32_t unit = lvs_arena_number(site->conn) % LVS_ARENA_CHUNK_UNITS;

	chunk->idle[unit / 64] |= UINT64_C(1) << unit % 64;
	chunk->some[unit / 64 / 64] |= UINT64_C(1) << unit / 64 % 64;
	table_of(site)->arena.some[0][0] |= 1;
	table_of(site)->arena.low[0] = 0;
}

static void idle_unseen(struct site *site)
{
	idle_alive(site);
	memset(lvs_arena_chunk_of(site->conn)->some, 0,
	       sizeof(lvs_arena_chunk_of(site->conn)->some));
}

static void idle_below(struct site *site)
{
	idle_alive(site);
	table_of(site)->arena.low[0] = lvs_arena_number(site->conn) + 1;
}

/* --- Timers --- */

static struct lvs_wheel *wheel_of(struct site *site)
{
	return &shard_of(site, 0)->wheel;
}

static void no_timer(struct site *site)
{
	lvs_wheel_unlink(wheel_of(site), &table_of(site)->arena, site->conn);
}

static void foreign_timer(struct site *site)
{
	struct lvs_shard *shards = table_of(site)->shards;

	no_timer(site);
	lvs_wheel_link(&shards[shard_of(site, 0) == shards].wheel, &table_of(site)->arena,
		       site->conn, site->conn->due);
}

static void timer_links(struct site *site)
{
	site->conn->prev ^= 1;
}

static void timer_slot(struct site *site)
{
	site->conn->due ^= 0x55555;
}

static void timer_missed(struct site *site)
{
	wheel_of(site)->now += UINT32_C(1) << 31;
}

static void timer_n(struct site *site)
{
	wheel_of(site)->linked_n++;
}

static void timer_mask(struct site *site)
{
	wheel_of(site)->busy[0] ^= 1;
}

static void timer_late(struct site *site)
{
	struct lvs_wheel *wheel = wheel_of(site);
	uint32_t due = site->conn->due + 10000;

	lvs_wheel_unlink(wheel, &table_of(site)->arena, site->conn);
	lvs_wheel_link(wheel, &table_of(site)->arena, site->conn, due);
}

/* --- Growth --- */

static void quiet_while_it_grows(struct site *site)
{
	struct lvs_shard *shard = shard_of(site, 0);

	shard->quiet = 1;
	shard->old = lvs_view_index(shard->view);
}

static void quiet_for_too_long(struct site *site)
{
	shard_of(site, 0)->quiet += 1000;
}

/* --- Connections and their destinations --- */

static void more_total(struct site *site)
{
	site->its->gauge.word += 1;
}

static void less_active(struct site *site)
{
	site->its->gauge.word -= UINT64_C(1) << 32;
}

static void wrong_dest(struct site *site)
{
	site->conn->dest = 77;
}

static void no_dest(struct site *site)
{
	site->conn->dest = 0;
}

static void no_method(struct site *site)
{
	site->conn->word |= 0xff00;
}

/* The gauge agrees, but the destination has been forgotten: its number is idle. */
static void forgotten(struct site *site)
{
	struct lvs_services *services = site->director->services;
	struct lvs_dest *dest;

	site->its->gauge.word -= 1 + (UINT64_C(1) << 32);
	site->conn->dest = ++services->dests.used;
	dest = lvs_dest_at(&services->dests, site->conn->dest);
	dest->service = NULL;
	dest->number = services->dests.free_first;
	services->dests.free_first = site->conn->dest;
}

static void overloaded(struct site *site)
{
	site->its->upper = 1;
}

static void not_overloaded(struct site *site)
{
	site->its->upper = 1000;
	site->its->lower = 900;
	site->its->gauge.word |= UINT64_C(1) << 31;
}

/* --- Services --- */

static struct lvs_service_private *service_of(struct site *site)
{
	return lvs_services_find(site->director->services, &site->service);
}

static void wrong_number(struct site *site)
{
	lvs_set_dest(&service_of(site)->set, 0)->number++;
}

static void other_service(struct site *site)
{
	static struct lvs_service_ident other;

	other = *service_of(site)->set.ident;
	other.key.port ^= 1;
	lvs_set_dest(&service_of(site)->set, 0)->service = &other;
}

static void wrong_order(struct site *site)
{
	const struct lvs_sched_dest *const *at = &service_of(site)->set.sched_set.dest;
	struct lvs_sched_dest *copy = calloc(3, sizeof(*copy)); /* and what stands behind */

	memcpy(copy, *at, 2 * sizeof(*copy));
	copy[1].created = copy[0].created;
	service_of(site)->set.sched_set.dest = copy;
}

static void no_mtu(struct site *site)
{
	lvs_path_of(lvs_dest_path(lvs_set_dest(&service_of(site)->set, 0)))->conf.mtu = 0;
}

static void off_path(struct site *site)
{
	lvs_set_dest(&service_of(site)->set, 0)->path_next =
		lvs_set_dest(&service_of(site)->set, 0)->number;
}

static void no_longer_there(struct site *site)
{
	static struct lvs_dest_trash trash = {.listed = true};

	lvs_set_dest(&service_of(site)->set, 0)->trash = &trash;
}

static void other_key(struct site *site)
{
	struct lvs_service_ident *ident = (struct lvs_service_ident *)service_of(site)->set.ident;

	ident->key.port ^= 1;
}

static void more_services(struct site *site)
{
	lvs_services_root(site->director->services)->service_n++;
}

static void trash_alive(struct site *site)
{
	site->director->services->trash.first->dest->flags = LVS_DEST_AVAILABLE;
}

static void trash_lost(struct site *site)
{
	site->director->services->trash.first->listed = false;
}

static void trash_unmeasured(struct site *site)
{
	free(atomic_exchange(&site->director->services->trash.first->dest->meter, NULL));
}

static void trash_off_path(struct site *site)
{
	site->director->services->trash.first->dest->path_prev = 1;
}

static void more_trash(struct site *site)
{
	site->director->services->trash.n++;
}

static void lost_numbers(struct site *site)
{
	site->director->services->dests.used++;
	lvs_dest_at(&site->director->services->dests, site->director->services->dests.used)
		->service = NULL;
}

static const struct {
	void (*spoil)(struct site *site);
	const char *fault;
} faults[] = {
	{other_port, "a timer lies in the wrong shard"},
	{other_server_port, "an entry lies in the wrong shard"},
	{one_way, "an entry names a key that its record does not have"},
	{not_live, "a timer is of a record that is not in use"},
	{other_tag, "an entry has the wrong tag"},
	{line_passed, "lines miscount the entries that passed them"},
	{far_entry, "an entry lies where no search goes"},
	{more_entries, "a shard miscounts its entries"},
	{no_entry, "a record is not reachable by one of its keys"},
	{no_first_entry, "a record has no timer, or a timer no record"},
	{more_in_use, "records in use are miscounted"},
	{more_limbo, "more records in use or in limbo than max_conns ever was"},
	{idle_alive, "an idle record is not dead"},
	{idle_unseen, "an idle record is not found"},
	{idle_below, "an idle record lies below the lowest"},
	{quiet_while_it_grows, "a shard that grows is thought to be quiet"},
	{quiet_for_too_long, "a shard would not grow in time"},
	{no_timer, "a record has no timer, or a timer no record"},
	{foreign_timer, "a timer lies in the wrong shard"},
	{timer_links, "a timer's links do not fit"},
	{timer_slot, "a timer lies in the wrong slot"},
	{timer_missed, "a timer was missed"},
	{timer_n, "timers are miscounted"},
	{timer_mask, "the mask of a level does not tell the slots in use"},
	{timer_late, "a timer comes later than its connection's end"},
	{more_total, "a destination's total is not the number of its connections"},
	{less_active, "a destination's active count is not that of its connections"},
	{wrong_dest, "a connection names a destination that never was"},
	{no_dest, "a connection has no destination, or bypasses the one it has"},
	{no_method, "a connection has no forwarding method"},
	{forgotten, "connections name a destination that is gone"},
	{overloaded, "a destination at its upper threshold is not overloaded"},
	{not_overloaded, "a destination below its lower threshold is overloaded"},
	{wrong_number, "a destination is not what its number finds"},
	{other_service, "a destination is of another service"},
	{wrong_order, "destinations are not the newest first"},
	{no_mtu, "a destination's path is not that of its address"},
	{no_longer_there, "a configured destination is not available"},
	{other_key, "a service is not found by its key"},
	{more_services, "the count of services is wrong"},
	{off_path, "a destination's path is not that of its address"},
	{trash_alive, "a removed destination is available"},
	{trash_lost, "a service counts traffic of a destination that is forgotten"},
	{trash_unmeasured, "a removed destination lacks what it needs"},
	{trash_off_path, "a removed destination's path is not that of its address"},
	{more_trash, "the count of the trash is wrong"},
	{lost_numbers, "numbers of destinations are lost"},
};

START_TEST(test_faults)
{
	static struct site site; /* past saving in the end, but not lost */
	const char *fault = NULL;

	open_site(&site);
	faults[_i].spoil(&site);
	ck_assert_int_eq(lvs_director_check(site.director, &fault), LVS_ERR_INVALID);
	ck_assert_str_eq(fault, faults[_i].fault);
}
END_TEST

/* --- In parts --- */

/* Goes on behind a finding, and counts them all. */
START_TEST(test_parts)
{
	static struct site site;
	struct lvs_check check = {.size = sizeof(check)};
	unsigned found = 0;
	int more;

	open_site(&site);
	while ((more = lvs_director_check_part(site.director, &check)) == 1)
		ck_assert_ptr_null(check.fault);
	ck_assert_int_eq(more, 0);
	ck_assert_uint_eq(check.conns, CONNS);
	ck_assert_int_eq(lvs_director_check_part(site.director, &check), 0);

	no_entry(&site);
	more_entries(&site);
	more_total(&site);
	check = (struct lvs_check){.size = sizeof(check)};
	do {
		more = lvs_director_check_part(site.director, &check);
		found += check.fault != NULL;
	} while (more == 1);
	ck_assert_int_eq(more, 0);
	ck_assert_int_eq(lvs_director_check_counts(site.director, &check), 0);
	ck_assert_str_eq(check.fault, "a destination's total is not the number of its connections");
	ck_assert_uint_ge(found, 2);
	ck_assert_uint_eq(check.findings, found + 1);
	ck_assert_uint_eq(check.conns, CONNS);
}
END_TEST

START_TEST(test_refused)
{
	struct site site;
	struct lvs_check check = {.size = sizeof(check)};
	struct lvs_check small = {.size = 8};
	struct lvs_txn *txn;

	open_site(&site);
	ck_assert_int_eq(lvs_director_check_part(site.director, &small), LVS_ERR_INVALID);
	ck_assert_int_eq(lvs_director_check_counts(site.director, &small), LVS_ERR_INVALID);
	ck_assert_int_eq(lvs_txn_begin(site.director, &txn), 0);
	ck_assert_int_eq(lvs_director_check_part(site.director, &check), LVS_ERR_BUSY);
	ck_assert_int_eq(lvs_director_check_counts(site.director, &check), LVS_ERR_BUSY);
	ck_assert_int_eq(lvs_director_check(site.director, NULL), LVS_ERR_BUSY);
	lvs_txn_abort(txn);
	check.position[1] = 1u << 20; /* of a larger director's */
	ck_assert_int_eq(lvs_director_check_part(site.director, &check), 1);
	check.position[0] = 99;
	ck_assert_int_eq(lvs_director_check_part(site.director, &check), LVS_ERR_INVALID);
	close_site(&site);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("check");

	tcase_add_test(tcase, test_sound);
	tcase_add_loop_test(tcase, test_faults, 0, (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(tcase, test_parts);
	tcase_add_test(tcase, test_refused);
	return unit_run("check", tcase);
}
