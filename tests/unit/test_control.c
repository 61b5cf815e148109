/* SPDX-License-Identifier: BSD-2-Clause */
/* Controllers and what they control: who may end when, against the kernel's rule by hand. */
#include "conn/key.h"
#include "conn/template.h"
#include "table_rig.h"

#include "unit.h"

#define S(seconds) LVS_TICKS_OF_S(seconds)
#define STEP (S(60) + 1)

struct world {
	struct rig rig;
	uint32_t tick;
};

/* Of a client's whole address. Its hash. */
static uint64_t make_template(struct world *w, struct lvs_conn *conn, const struct lvs_flow *flow)
{
	struct lvs_template_key key = {
		.client = flow->src,
		.service = flow->dst,
		.port = flow->dst_port,
		.family = flow->family,
		.protocol = flow->protocol,
	};

	conn->word &= ~(uint64_t)0xff;
	lvs_template_fill(conn, &key);
	return lvs_template_hash(w->rig.table, &key);
}

static struct lvs_conn *make(struct world *w, unsigned client, unsigned kind, uint32_t timeout,
			     uint32_t flags, struct lvs_conn *controller)
{
	struct rig_flow of = {.client = client, .kind = kind, .protocol = LVS_TCP};
	bool large = kind & (LVS_CONN_INET6 | LVS_CONN_DEST6);
	struct lvs_conn *conn;
	struct lvs_flow flow;
	uint64_t hash;
	int err = 0;

	conn = lvs_table_alloc(w->rig.table, NULL, large, false, NULL, &err);
	ck_assert_ptr_nonnull(conn);
	if (controller)
		ck_assert(lvs_table_control(w->rig.table, conn, controller));
	rig_fill(conn, &of, timeout, w->tick);
	conn->word |= flags;
	if (flags & LVS_CONN_NO_CPORT)
		lvs_conn_set_client_port(conn, 0);
	rig_flow(&of, LVS_SIDE_REQUEST, &flow);
	flow.src_port = lvs_conn_client_port(conn);
	hash = lvs_table_hash(w->rig.table, &flow);
	if (flags & LVS_CONN_TEMPLATE)
		hash = make_template(w, conn, &flow);
	lvs_table_lock(w->rig.table, hash);
	ck_assert_int_eq(lvs_table_insert(w->rig.table, conn, hash, w->tick), 0);
	lvs_table_unlock(w->rig.table, hash);
	return conn;
}

static bool is_there(const struct lvs_conn *conn)
{
	return !(conn->word & LVS_CONN_DEAD);
}

static void whole(struct world *w)
{
	const char *wrong = lvs_table_check(w->rig.table);

	ck_assert_msg(!wrong, "%s", wrong);
}

static void expire_at(struct world *w, uint32_t tick)
{
	bool more = true;

	w->tick = tick;
	while (more)
		lvs_table_expire(w->rig.table, tick, 0, NULL, &more);
	whole(w);
}

static void init(struct world *w, uint32_t shards)
{
	memset(w, 0, sizeof(*w));
	ck_assert_int_eq(rig_init(&w->rig, shards, 1000), 0);
	w->tick = 5000;
}

static const unsigned kinds[] = {0, LVS_CONN_TWO_WAY,
				 LVS_CONN_INET6 | LVS_CONN_DEST6 | LVS_CONN_TWO_WAY};

/* It has one to control: 60 s at a time, and at most so long after the last has gone. */
START_TEST(test_lingers)
{
	struct lvs_conn *controller, *child;
	struct world w;
	uint32_t start;

	init(&w, 16);
	start = w.tick;
	controller = make(&w, 1, kinds[_i], S(10), 0, NULL);
	child = make(&w, 2, kinds[_i], S(100), 0, controller);
	ck_assert_ptr_eq(lvs_table_controller(w.rig.table, child), controller);
	ck_assert_uint_eq(lvs_conn_control_n(controller), 1);
	for (uint32_t tick = start; tick < start + S(100) + 1; tick += 7) {
		expire_at(&w, tick);
		ck_assert(is_there(controller) && is_there(child));
	}
	expire_at(&w, start + S(100) + 1);
	ck_assert(!is_there(child));
	ck_assert_uint_eq(lvs_conn_control_n(controller), 0);
	ck_assert_uint_eq(LVS_CONN_TIMEOUT(controller->word), S(60));
	/* Its clock went on from its own deadline, not from the child's end. */
	expire_at(&w, start + S(10) + 1 + 2 * STEP - 1);
	ck_assert(is_there(controller));
	expire_at(&w, start + S(10) + 1 + 2 * STEP);
	ck_assert(!is_there(controller));
	ck_assert_uint_eq(lvs_table_conn_n(w.rig.table), 0);
	rig_fini(&w.rig);
}
END_TEST

/* A chain, all over at the same time: one call ends all, from the last to the first. */
START_TEST(test_chain)
{
	struct lvs_conn *conn[3];
	struct world w;

	init(&w, 1u << _i);
	conn[0] = make(&w, 1, 0, S(10), LVS_CONN_TEMPLATE, NULL);
	conn[1] = make(&w, 2, LVS_CONN_TWO_WAY, S(10), 0, conn[0]);
	conn[2] = make(&w, 3, LVS_CONN_TWO_WAY, S(10), 0, conn[1]);
	expire_at(&w, w.tick + S(500));
	for (unsigned i = 0; i < 3; i++)
		ck_assert(!is_there(conn[i]));
	rig_fini(&w.rig);
}
END_TEST

/* However late and in whatever steps expiry is called, all end as if it were called always. */
START_TEST(test_any_steps)
{
	static const uint32_t steps[] = {1, 2, 13, 100, 447, 448, 449, 900, 5000};
	struct lvs_conn *controller, *child[3];
	struct world w;
	uint32_t start, gone_at;

	init(&w, 1u << _i % 8);
	start = w.tick;
	gone_at = start + S(10) + 1 + 4 * STEP; /* the first step behind the last child's end */
	controller = make(&w, 1, 0, S(10), 0, NULL);
	child[0] = make(&w, 2, LVS_CONN_TWO_WAY, S(200), 0, controller);
	child[1] = make(&w, 3, 0, S(30), 0, controller);
	child[2] = make(&w, 4, 0, S(100), 0, controller);
	for (uint32_t tick = start; is_there(controller) && tick < start + 20000;
	     tick += steps[_i / 8]) {
		expire_at(&w, tick);
		ck_assert_int_eq(is_there(controller), !lvs_tick_reached(tick, gone_at));
		ck_assert_int_eq(is_there(child[0]), !lvs_tick_reached(tick, start + S(200) + 1));
		ck_assert_int_eq(is_there(child[2]), !lvs_tick_reached(tick, start + S(100) + 1));
	}
	ck_assert(!is_there(controller));
	rig_fini(&w.rig);
}
END_TEST

/* A small budget: nobody is forgotten. */
START_TEST(test_budget)
{
	struct lvs_conn *controller[20];
	struct world w;
	uint32_t end;
	bool more;

	init(&w, 64);
	for (unsigned i = 0; i < 20; i++) {
		controller[i] = make(&w, i, 0, S(10), 0, NULL);
		for (unsigned j = 0; j < 5; j++)
			make(&w, 100 + i * 5 + j, LVS_CONN_TWO_WAY, S(20 + 7 * j), 0,
			     controller[i]);
	}
	end = w.tick + S(70 + 48) + 100;
	for (; !lvs_tick_reached(w.tick, end); w.tick++)
		lvs_table_expire(w.rig.table, w.tick, 3, NULL, &more);
	whole(&w);
	for (unsigned i = 0; i < 1000 && lvs_table_conn_n(w.rig.table); i++, w.tick++)
		lvs_table_expire(w.rig.table, w.tick, 3, NULL, &more);
	ck_assert_uint_eq(lvs_table_conn_n(w.rig.table), 0);
	whole(&w);
	rig_fini(&w.rig);
}
END_TEST

/* Ended by force it is not found any more, and its record stays until the last has left it. */
START_TEST(test_removed)
{
	struct rig_flow of = {.client = 1, .protocol = LVS_TCP};
	struct lvs_conn *controller, *child[2];
	enum lvs_side side;
	struct world w;

	init(&w, 16);
	controller = make(&w, 1, 0, S(10), 0, NULL);
	child[0] = make(&w, 2, 0, S(100), 0, controller);
	child[1] = make(&w, 3, 0, S(200), 0, controller);
	ck_assert(lvs_table_remove(w.rig.table, controller, w.tick, NULL));
	ck_assert(!lvs_table_remove(w.rig.table, controller, w.tick, NULL));
	ck_assert_uint_eq(w.rig.gone_n, 1);
	whole(&w);
	ck_assert_ptr_null(rig_find(&w.rig, &of, LVS_SIDE_REQUEST, 0xf, &side));
	ck_assert_uint_eq(lvs_table_conn_n(w.rig.table), 3);
	expire_at(&w, w.tick + S(150));
	ck_assert_uint_eq(lvs_table_conn_n(w.rig.table), 2);
	ck_assert_ptr_eq(lvs_table_controller(w.rig.table, child[1]), controller);
	/* Its place is free for another of the same flow meanwhile, which is another record. */
	ck_assert_ptr_ne(make(&w, 1, 0, S(10), 0, NULL), controller);
	ck_assert(lvs_table_remove(w.rig.table, child[1], w.tick, NULL));
	whole(&w);
	ck_assert_uint_eq(lvs_table_conn_n(w.rig.table), 1);
	/* Nothing can be put under what has ended. */
	child[0] = lvs_table_alloc(w.rig.table, NULL, false, false, NULL, &(int){0});
	child[1] = make(&w, 9, 0, S(10), 0, NULL);
	ck_assert(lvs_table_remove(w.rig.table, child[1], w.tick, NULL));
	ck_assert(!lvs_table_control(w.rig.table, child[0], child[1]));
	lvs_table_unalloc(w.rig.table, child[0]);
	rig_fini(&w.rig);
}
END_TEST

/* What was never inserted leaves its controller as it was. */
START_TEST(test_unalloc)
{
	struct lvs_conn *controller, *child;
	struct world w;
	int err;

	init(&w, 16);
	controller = make(&w, 1, 0, S(10), 0, NULL);
	child = lvs_table_alloc(w.rig.table, NULL, _i, false, NULL, &err);
	ck_assert(lvs_table_control(w.rig.table, child, controller));
	ck_assert_uint_eq(lvs_conn_control_n(controller), 1);
	lvs_table_unalloc(w.rig.table, child);
	ck_assert_uint_eq(lvs_conn_control_n(controller), 0);
	ck_assert_uint_eq(LVS_CONN_TIMEOUT(controller->word), S(10));
	expire_at(&w, w.tick + S(10) + 1);
	ck_assert(!is_there(controller));
	rig_fini(&w.rig);
}
END_TEST

static const struct {
	uint32_t flags;
	bool assured, other, goes;
} drops[] = {
	{0, false, false, true},
	{0, true, false, true}, /* no template: nothing is assured */
	{0, false, true, false},
	{LVS_CONN_TEMPLATE, false, false, true},
	{LVS_CONN_TEMPLATE, true, false, false},
	{LVS_CONN_TEMPLATE, false, true, false},
};

/* Who is dropped takes along what controlled it alone, unless that is an assured template. */
START_TEST(test_drop)
{
	struct lvs_conn *controller, *child;
	struct world w;

	init(&w, 16);
	controller = make(&w, 1, 0, S(10), drops[_i].flags, NULL);
	child = make(&w, 2, LVS_CONN_TWO_WAY, S(10), 0, controller);
	if (drops[_i].other)
		make(&w, 3, 0, S(10), 0, controller);
	if (drops[_i].assured)
		lvs_table_assure(w.rig.table, child);
	ck_assert_int_eq(LVS_CONN_STATE(controller->word) == LVS_TEMPLATE_ASSURED,
			 drops[_i].assured && drops[_i].flags);
	ck_assert_uint_eq(lvs_table_drop(w.rig.table, controller, w.tick, NULL), 0);
	ck_assert_uint_eq(lvs_table_drop(w.rig.table, child, w.tick, NULL), 1 + drops[_i].goes);
	ck_assert_uint_eq(lvs_table_drop(w.rig.table, child, w.tick, NULL), 0);
	ck_assert_int_eq(is_there(controller), !drops[_i].goes);
	whole(&w);
	rig_fini(&w.rig);
}
END_TEST

/* Nobody is evicted who controls others; who is takes along what controlled it alone. */
START_TEST(test_evict)
{
	uint32_t flags = _i ? LVS_CONN_TEMPLATE : 0;
	struct lvs_conn *controller, *child, *made;
	struct lvs_table_conf conf;
	struct world w = {.tick = 5000};
	int err;

	rig_conf(&w.rig, &conf, 16, 2);
	ck_assert_int_eq(lvs_table_new(&conf, &w.rig.table), 0);
	controller = make(&w, 1, 0, S(10), flags, NULL);
	child = make(&w, 2, 0, S(10), 0, controller);
	if (_i == 2)
		lvs_table_assure(w.rig.table, child);
	made = lvs_table_alloc(w.rig.table, NULL, false, true, NULL, &err);
	ck_assert_ptr_eq(made, _i == 2 ? child : controller); /* the lowest that is free */
	ck_assert_uint_eq(w.rig.gone_n, _i == 2 ? 1 : 2);
	ck_assert_uint_eq(lvs_table_conn_n(w.rig.table), _i == 2 ? 2 : 1);
	lvs_table_unalloc(w.rig.table, made);
	whole(&w);
	rig_fini(&w.rig);
}
END_TEST

/* --- Connections whose client's port is not known --- */

static const unsigned port_kinds[] = {
	0,
	LVS_CONN_TWO_WAY,
	LVS_CONN_INET6 | LVS_CONN_DEST6,
	LVS_CONN_INET6 | LVS_CONN_DEST6 | LVS_CONN_TWO_WAY,
};

/* Many of them, so that each way for two to four shards to lie occurs. */
START_TEST(test_port)
{
	unsigned kind = port_kinds[_i / 4];
	struct world w;

	init(&w, 1u << _i % 4);
	for (unsigned i = 0; i < 300; i++) {
		struct rig_flow of = {
			.client = i, .dest = i % 5, .kind = kind, .protocol = LVS_TCP};
		struct lvs_conn *controller = make(&w, 1000 + i, kind, S(10), 0, NULL);
		struct lvs_conn *conn = make(&w, i, kind, S(10), LVS_CONN_NO_CPORT, controller);
		struct lvs_flow flow;
		enum lvs_side side;

		rig_flow(&of, LVS_SIDE_REQUEST, &flow);
		ck_assert_ptr_null(rig_find(&w.rig, &of, LVS_SIDE_REQUEST, 0xf, &side));
		ck_assert_ptr_eq(lvs_table_find_waiting(w.rig.table, &flow), conn);
		ck_assert_int_eq(
			lvs_table_set_client_port(w.rig.table, conn, flow.src_port, w.tick), 0);
		ck_assert_int_eq(
			lvs_table_set_client_port(w.rig.table, conn, flow.src_port, w.tick),
			LVS_ERR_EXISTS);
		ck_assert_ptr_null(lvs_table_find_waiting(w.rig.table, &flow));
		of.dest = 0;
		ck_assert_ptr_eq(rig_find(&w.rig, &of, LVS_SIDE_REQUEST, 0xf, &side), conn);
		if (kind & LVS_CONN_TWO_WAY)
			ck_assert_ptr_eq(rig_find(&w.rig, &of, LVS_SIDE_DEST_REPLY, 0xf, &side),
					 conn);
		if (i % 50 == 0)
			whole(&w);
		if (i % 3 == 0)
			ck_assert(lvs_table_remove(w.rig.table, conn, w.tick, NULL));
	}
	whole(&w);
	expire_at(&w, w.tick + S(10) + 1);
	ck_assert_uint_eq(lvs_table_conn_n(w.rig.table), 0);
	rig_fini(&w.rig);
}
END_TEST

START_TEST(test_port_taken)
{
	struct rig_flow of = {.client = 7, .protocol = LVS_TCP};
	struct lvs_conn *conn, *other;
	struct lvs_flow flow;
	struct world w;

	init(&w, 8);
	rig_flow(&of, LVS_SIDE_REQUEST, &flow);
	conn = make(&w, 7, 0, S(10), LVS_CONN_NO_CPORT, NULL);
	other = make(&w, 7, 0, S(10), 0, NULL);
	ck_assert_int_eq(lvs_table_set_client_port(w.rig.table, conn, flow.src_port, w.tick),
			 LVS_ERR_EXISTS);
	ck_assert(lvs_table_remove(w.rig.table, other, w.tick, NULL));
	/* A client may really send from port 0. */
	ck_assert_int_eq(lvs_table_set_client_port(w.rig.table, conn, 0, w.tick), 0);
	whole(&w);
	ck_assert_ptr_null(lvs_table_find_waiting(w.rig.table, &flow));
	ck_assert(lvs_table_remove(w.rig.table, conn, w.tick, NULL));
	ck_assert_int_eq(lvs_table_set_client_port(w.rig.table, conn, flow.src_port, w.tick),
			 LVS_ERR_NO_ENTRY);
	whole(&w);
	rig_fini(&w.rig);
}
END_TEST

/* No memory for the index to grow: nothing has moved. */
START_TEST(test_port_memory)
{
	struct world w;
	unsigned refused = 0;

	init(&w, 1);
	for (unsigned i = 0; i < 36; i++) {
		struct lvs_conn *conn = make(&w, i, 0, S(10), LVS_CONN_NO_CPORT, NULL);
		struct rig_flow of = {.client = i, .protocol = LVS_TCP};
		struct lvs_flow flow;
		int err;

		rig_flow(&of, LVS_SIDE_REQUEST, &flow);
		w.rig.no_memory = true;
		err = lvs_table_set_client_port(w.rig.table, conn, flow.src_port, w.tick);
		if (err < 0) {
			ck_assert_int_eq(err, LVS_ERR_NO_MEMORY);
			ck_assert_ptr_eq(lvs_table_find_waiting(w.rig.table, &flow), conn);
			refused++;
		}
		w.rig.no_memory = false;
		whole(&w);
	}
	rig_fini(&w.rig);
}
END_TEST

/* --- What the check finds --- */

START_TEST(test_check_links)
{
	struct lvs_conn *controller, *child, *other;
	struct world w;

	init(&w, 16);
	controller = make(&w, 1, 0, S(10), 0, NULL);
	other = make(&w, 2, 0, S(10), 0, NULL);
	child = make(&w, 3, 0, S(10), 0, controller);
	ck_assert_ptr_null(lvs_table_check_links(w.rig.table));
	controller->counts++;
	ck_assert_ptr_nonnull(lvs_table_check_links(w.rig.table));
	controller->counts--;
	child->u.v4.controller = lvs_table_number(w.rig.table, other);
	ck_assert_ptr_nonnull(lvs_table_check_links(w.rig.table));
	other->counts++;
	controller->counts--;
	ck_assert_ptr_null(lvs_table_check_links(w.rig.table));
	child->word |= LVS_CONN_NO_CPORT;
	ck_assert_ptr_nonnull(lvs_table_check_links(w.rig.table));
	child->word &= ~(uint64_t)LVS_CONN_NO_CPORT;
	rig_fini(&w.rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("control");

	tcase_add_loop_test(tcase, test_lingers, 0, 3);
	tcase_add_loop_test(tcase, test_chain, 0, 9);
	tcase_add_loop_test(tcase, test_any_steps, 0, 9 * 8);
	tcase_add_test(tcase, test_budget);
	tcase_add_test(tcase, test_removed);
	tcase_add_loop_test(tcase, test_unalloc, 0, 2);
	tcase_add_loop_test(tcase, test_drop, 0, (int)LVS_ARRAY_N(drops));
	tcase_add_loop_test(tcase, test_evict, 0, 3);
	tcase_add_loop_test(tcase, test_port, 0, 16);
	tcase_add_test(tcase, test_port_taken);
	tcase_add_test(tcase, test_port_memory);
	tcase_add_test(tcase, test_check_links);
	return unit_run("control", tcase);
}
