/* SPDX-License-Identifier: BSD-2-Clause */
/* The table against a naive map: an array with one cell for each flow there can be. */
#include "table_rig.h"

#include "unit.h"

#define FLOWS 4096

/* What the map knows of a flow. */
struct cell {
	struct lvs_conn *conn; /* NULL: not there */
	uint32_t number;
	uint32_t deadline;
};

struct world {
	struct rig rig;
	struct cell cells[FLOWS];
	uint32_t live;
	uint64_t ended;
	uint64_t random;
	uint32_t tick;
	unsigned flows;  /* how many different ones */
	unsigned family; /* 4, 6, or 0 for a mixture with two-way ones */
};

static void flow_at(const struct world *world, unsigned i, struct rig_flow *of)
{
	static const unsigned kinds[] = {
		0,
		LVS_CONN_TWO_WAY,
		LVS_CONN_INET6 | LVS_CONN_DEST6,
		LVS_CONN_INET6 | LVS_CONN_DEST6 | LVS_CONN_TWO_WAY,
		LVS_CONN_DEST6,
		LVS_CONN_INET6,
	};

	of->client = i / 3;
	of->service = i % 3;
	of->dest = i % 3 * 2 + i / 3 % 2; /* so that {client, dest} is unique too */
	of->protocol = LVS_TCP;
	of->kind = kinds[i % 6];
	if (world->family == 4)
		of->kind = 0;
	if (world->family == 6)
		of->kind = LVS_CONN_INET6 | LVS_CONN_DEST6;
}

static void must_be_whole(struct world *world)
{
	const char *wrong = lvs_table_check(world->rig.table);

	ck_assert_msg(!wrong, "%s", wrong);
	ck_assert_uint_eq(lvs_table_conn_n(world->rig.table), world->live);
	ck_assert_uint_eq(world->rig.gone_n, world->ended);
}

static void note_end(struct world *world, struct cell *cell)
{
	cell->conn = NULL;
	world->live--;
	world->ended++;
}

static void must_find(struct world *world, unsigned i)
{
	struct cell *cell = &world->cells[i];
	struct rig_flow of;
	enum lvs_side side;

	flow_at(world, i, &of);
	for (unsigned as = LVS_SIDE_REQUEST; as <= LVS_SIDE_DEST_REQUEST; as <<= 1) {
		bool second = as > LVS_SIDE_SERVICE_REPLY;
		bool there = cell->conn && (!second || of.kind & LVS_CONN_TWO_WAY);
		bool packet = as != LVS_SIDE_DEST_REQUEST &&
			      !(as == LVS_SIDE_SERVICE_REPLY && of.kind & LVS_CONN_TWO_WAY);

		ck_assert_ptr_eq(rig_find(&world->rig, &of, as, as, &side),
				 there ? cell->conn : NULL);
		ck_assert_ptr_eq(rig_find(&world->rig, &of, as, 0xf, &side),
				 there ? cell->conn : NULL);
		if (there)
			ck_assert_uint_eq(side, as);
		ck_assert_ptr_eq(rig_find(&world->rig, &of, as, LVS_SIDES_PACKET, &side),
				 there && packet ? cell->conn : NULL);
		ck_assert_ptr_null(rig_find(&world->rig, &of, as, 0xf & ~as, &side));
	}
}

static void make(struct world *world, unsigned i)
{
	struct cell *cell = &world->cells[i];
	uint32_t timeout = rig_random(&world->random) % 300;
	struct lvs_conn *conn;
	struct rig_flow of;
	int err;

	flow_at(world, i, &of);
	err = rig_make(&world->rig, &world->rig.reader, &of, false, timeout, world->tick, &conn);
	ck_assert_int_eq(err, cell->conn ? LVS_ERR_EXISTS : 0);
	if (err < 0)
		return;
	cell->conn = conn;
	cell->number = lvs_table_number(world->rig.table, conn);
	cell->deadline = world->tick + timeout + 1;
	world->live++;
}

static void end(struct world *world, unsigned i)
{
	struct cell *cell = &world->cells[i];
	struct lvs_conn *conn = cell->conn;

	if (!conn)
		return;
	ck_assert(lvs_table_remove(world->rig.table, conn, 0, NULL));
	ck_assert(!lvs_table_remove(world->rig.table, conn, 0, NULL));
	ck_assert_ptr_eq(world->rig.gone, conn);
	ck_assert(!(world->rig.gone_word & LVS_CONN_DEAD));
	note_end(world, cell);
}

/* A packet: seen moves; or the deadline comes nearer, and the timer is put right. */
static void touch(struct world *world, unsigned i)
{
	struct cell *cell = &world->cells[i];
	uint64_t word;

	if (!cell->conn)
		return;
	atomic_store(&cell->conn->seen, world->tick);
	word = atomic_load(&cell->conn->word);
	if (rig_random(&world->random) % 2) {
		word = (word & UINT32_MAX) | UINT64_C(5) << 32;
		atomic_store(&cell->conn->word, word);
		lvs_table_rearm(world->rig.table, cell->conn, world->tick);
	}
	cell->deadline = lvs_conn_deadline(world->tick, word);
}

static void expire(struct world *world)
{
	unsigned budget = rig_random(&world->random) % 3 * 10;
	unsigned ended = 0;
	bool more;

	world->tick += rig_random(&world->random) % 20;
	do
		ended += lvs_table_expire(world->rig.table, world->tick, budget, NULL, &more);
	while (more);
	for (unsigned i = 0; i < world->flows; i++)
		if (world->cells[i].conn &&
		    lvs_tick_reached(world->tick, world->cells[i].deadline)) {
			note_end(world, &world->cells[i]);
			ended--;
		}
	ck_assert_uint_eq(ended, 0);
}

static void walk(struct world *world)
{
	uint32_t number = 0;
	uint32_t n = 0;

	while (lvs_table_next(world->rig.table, &number))
		n++;
	ck_assert_uint_eq(n, world->live);
	for (unsigned i = 0; i < world->flows; i++) {
		number = world->cells[i].number;
		if (world->cells[i].conn)
			ck_assert_ptr_eq(lvs_table_next(world->rig.table, &number),
					 world->cells[i].conn);
	}
}

static void step(struct world *world)
{
	uint32_t random = rig_random(&world->random);
	unsigned i = random % world->flows;

	switch (random >> 24 & 15) {
	case 0:
	case 1:
	case 2:
		end(world, i);
		break;
	case 3:
	case 4:
		touch(world, i);
		break;
	case 5:
		if ((random >> 16 & 15) == 0)
			expire(world);
		break;
	default:
		make(world, i);
	}
	must_find(world, i);
}

static const struct shape {
	uint32_t shards;
	unsigned family;
	unsigned flows;
	unsigned steps;
} shapes[] = {
	{1, 4, 60, 4000},      {1, 0, 600, 6000},     {4, 0, 4096, 30000},  {4, 6, 1000, 10000},
	{256, 4, 4096, 20000}, {256, 0, 4096, 30000}, {65536, 0, 200, 300}, {2, 0, 4096, 30000},
};

START_TEST(test_random_operations)
{
	const struct shape *shape = &shapes[_i];
	struct world *world = calloc(1, sizeof(*world));
	unsigned check_every = shape->steps / 100;

	world->random = 88172645463325252u + (unsigned)_i;
	world->flows = shape->flows;
	world->family = shape->family;
	world->tick = UINT32_MAX - 50; /* ticks wrap on the way */
	ck_assert_int_eq(rig_init(&world->rig, shape->shards, FLOWS), 0);
	for (unsigned i = 0; i < shape->steps; i++) {
		lvs_epoch_enter(&world->rig.epoch, &world->rig.reader);
		step(world);
		if (i % check_every == 0) {
			must_be_whole(world);
			walk(world);
		}
		lvs_epoch_exit(&world->rig.reader);
	}
	world->tick += 1000;
	expire(world);
	ck_assert_uint_eq(world->live, 0);
	must_be_whole(world);
	rig_fini(&world->rig);
	ck_assert_uint_eq(world->rig.held, 0);
	free(world);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("table");

	tcase_add_loop_test(tcase, test_random_operations, 0, (int)LVS_ARRAY_N(shapes));
	return unit_run("table", tcase);
}
