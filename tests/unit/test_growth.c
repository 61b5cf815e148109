/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table that grows: no batch asks for memory of the size of a huge page, whose first touch takes
 * as long as hundreds of packets, as long as what is due is done between batches.
 */
#include "base/memory.h"

#include "director_rig.h"
#include "unit.h"

#define CONNS 150000
#define BATCH 256
#define LARGE ((size_t)2 << 20)

struct world {
	bool inside;      /* a batch */
	unsigned batches; /* pieces that batches asked for, */
	unsigned between; /* and that others did */
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct rig_packet rig;
	uint64_t now;
};

static void *count_alloc(void *user, size_t size, size_t align)
{
	struct world *w = user;

	if (align >= LARGE)
		++*(w->inside ? &w->batches : &w->between);
	return lvs_mem_alloc(&lvs_alloc_libc, size, align);
}

static void count_free(void *user, void *memory, size_t size, size_t align)
{
	(void)user;
	lvs_mem_free(&lvs_alloc_libc, memory, size, align);
}

static void build(struct world *w, enum lvs_method method)
{
	struct lvs_service_key service =
		rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 80);
	struct lvs_settings settings;

	memset(w, 0, sizeof(*w));
	w->now = 1000 * SECOND;
	lvs_settings_init(&settings);
	settings.max_conns = CONNS;
	settings.shards = 64; /* fewer, so that their indexes grow larger */
	settings.alloc = (struct lvs_alloc){count_alloc, count_free, w};
	ck_assert_int_eq(lvs_director_new(&settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	rig_set_service(w->director, &service, "rr");
	rig_set_dest(w->director, &service, &dest, method, 1);
}

static void one_batch(struct world *w, unsigned first)
{
	w->inside = true;
	for (unsigned i = first; i < first + BATCH && i < CONNS; i++) {
		struct lvs_flow flow =
			rig_flow(LVS_TCP, LVS_INET, rig_addr4(100, i >> 16, i >> 8 & 255, i & 255),
				 40000, rig_addr4(192, 0, 2, 1), 80);

		rig_send(w->worker, &w->rig, &flow, LVS_TCP_SYN, w->now);
	}
	w->inside = false;
}

static const enum lvs_method methods[] = {LVS_METHOD_DR, LVS_METHOD_NAT};

START_TEST(test_touched_between)
{
	struct world w;

	build(&w, methods[_i]);
	/* An idle director has none; with a service the first one is made ready. */
	ck_assert_uint_eq(w.between, 0);
	lvs_worker_handle_expiry(w.worker, w.now, 0);
	ck_assert_uint_eq(w.between, 1);
	for (unsigned first = 0; first < CONNS; first += BATCH) {
		one_batch(&w, first);
		if (lvs_worker_expiry(w.worker) <= w.now)
			lvs_worker_handle_expiry(w.worker, w.now, BATCH);
	}
	ck_assert_uint_eq(lvs_director_conn_n(w.director), CONNS);
	ck_assert_uint_eq(w.batches, 0);
	ck_assert_uint_gt(w.between, 5);
	rig_check(w.director);
	lvs_worker_del(w.worker);
	lvs_director_del(w.director);
}
END_TEST

/* Where nobody does what is due the table grows all the same. */
START_TEST(test_touched_late)
{
	struct world w;

	build(&w, methods[_i]);
	for (unsigned first = 0; first < CONNS; first += BATCH)
		one_batch(&w, first);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), CONNS);
	ck_assert_uint_gt(w.batches, 5);
	rig_check(w.director);
	lvs_worker_del(w.worker);
	lvs_director_del(w.director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("growth");

	tcase_add_loop_test(tcase, test_touched_between, 0, 2);
	tcase_add_loop_test(tcase, test_touched_late, 0, 2);
	return unit_run("growth", tcase);
}
