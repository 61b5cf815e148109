/* SPDX-License-Identifier: BSD-2-Clause */
/* Schedulers that go by time: who calls them, and when. */
#include "base/compiler.h"

#include "alloc_rig.h"
#include "director_rig.h"
#include "unit.h"

#define PERIOD (10 * SECOND)

struct clocked {
	unsigned calls;
	uint64_t last_ns, seen_ns;
};

static struct clocked clocked;

static uint32_t pick_first(const struct lvs_sched_set *set, void *state,
			   const struct lvs_flow *flow, unsigned flags)
{
	(void)state;
	(void)flow;
	(void)flags;
	return set->dest_n ? 0 : LVS_SCHED_NONE;
}

static uint64_t expiry(const struct lvs_sched_set *set, void *state, uint64_t now_ns)
{
	(void)state;
	ck_assert_uint_eq(set->settings->lblc_expiration_s, 86400);
	clocked.calls++;
	clocked.last_ns = now_ns;
	clocked.seen_ns = lvs_clock_ns(set->clock);
	return now_ns + PERIOD;
}

static uint64_t expiry_late(const struct lvs_sched_set *set, void *state, uint64_t now_ns)
{
	expiry(set, state, now_ns);
	return 0;
}

static const struct lvs_sched_ops ops = {
	.size = sizeof(ops), .name = "timed", .pick = pick_first, .expiry = expiry};
static const struct lvs_sched_ops late = {
	.size = sizeof(ops), .name = "late", .pick = pick_first, .expiry = expiry_late};
/* As built before there was such a thing: what stands behind is not looked at. */
static const struct lvs_sched_ops first_version = {.size = offsetof(struct lvs_sched_ops, expiry),
						   .name = "first",
						   .pick = pick_first,
						   .expiry = expiry};

static const struct lvs_service_key key = {
	.addr.byte = {192, 0, 2, 1}, .port = 0x5000, .family = LVS_INET, .protocol = LVS_TCP};

static void set_service(struct lvs_director *director, const struct lvs_sched_ops *sched)
{
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = sched};
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	if (sched)
		ck_assert_int_eq(lvs_txn_set_service(txn, &key, &conf), 0);
	else
		ck_assert_int_eq(lvs_txn_del_service(txn, &key), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	uint64_t now;
};

static void build(struct world *w)
{
	clocked = (struct clocked){0};
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(NULL, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
}

static void tear_down(struct world *w)
{
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

/* What the next call says is due after it has been called. */
static void pass(struct world *w, uint64_t ns, unsigned calls)
{
	w->now += ns;
	lvs_worker_handle_expiry(w->worker, w->now, 0);
	ck_assert_uint_eq(clocked.calls, calls);
}

START_TEST(test_called)
{
	struct world w;

	build(&w);
	pass(&w, SECOND, 0);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), UINT64_MAX);
	set_service(w.director, &ops);
	ck_assert_uint_le(lvs_worker_expiry(w.worker), w.now);
	pass(&w, SECOND, 1);
	ck_assert_uint_eq(clocked.last_ns, w.now);
	ck_assert_uint_le(clocked.seen_ns, w.now);
	ck_assert_uint_gt(clocked.seen_ns, w.now - SECOND / 5);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), w.now + PERIOD);
	pass(&w, PERIOD - 1, 1);
	pass(&w, 1, 2);
	pass(&w, 0, 2);
	/* another commit asks anew */
	set_service(w.director, &ops);
	pass(&w, 0, 3);
	tear_down(&w);
}
END_TEST

START_TEST(test_no_longer)
{
	struct world w;

	build(&w);
	set_service(w.director, &ops);
	pass(&w, 0, 1);
	set_service(w.director, _i ? lvs_sched_find("rr") : NULL);
	pass(&w, 2 * PERIOD, 1);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), UINT64_MAX);
	set_service(w.director, &ops);
	pass(&w, 0, 2);
	tear_down(&w);
}
END_TEST

/* One that says "at once" for ever does not keep its caller for ever. */
START_TEST(test_late)
{
	struct world w;

	build(&w);
	set_service(w.director, &late);
	pass(&w, 0, 1);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), w.now + 1);
	pass(&w, 0, 1);
	pass(&w, 1, 2);
	tear_down(&w);
}
END_TEST

START_TEST(test_first_version)
{
	struct world w;

	build(&w);
	set_service(w.director, &first_version);
	pass(&w, PERIOD, 0);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker), UINT64_MAX);
	tear_down(&w);
}
END_TEST

/* A minute after an address was wanted lblc looks whether there are too many. */
START_TEST(test_lblc)
{
	struct world w;

	build(&w);
	lvs_worker_handle_expiry(w.worker, w.now, 0);
	set_service(w.director, lvs_sched_find(_i ? "lblcr" : "lblc"));
	lvs_worker_handle_expiry(w.worker, w.now, 0);
	ck_assert_uint_gt(lvs_worker_expiry(w.worker), w.now + 59 * SECOND);
	ck_assert_uint_lt(lvs_worker_expiry(w.worker), w.now + 61 * SECOND);
	tear_down(&w);
}
END_TEST

static int try_service(struct lvs_director *director, const struct lvs_sched_ops *sched)
{
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = sched};
	struct lvs_txn *txn;
	int err = lvs_txn_begin(director, &txn);

	if (err)
		return err;
	err = sched ? lvs_txn_set_service(txn, &key, &conf) : lvs_txn_del_service(txn, &key);
	if (err) {
		lvs_txn_abort(txn);
		return err;
	}
	return lvs_txn_commit(txn);
}

/* A commit that fails for lack of memory leaves who was asked, and who was not. */
START_TEST(test_no_memory)
{
	static const struct lvs_sched_ops *const steps[] = {&ops, &late, NULL, &first_version,
							    &ops};
	struct alloc_rig memory = {0};
	struct lvs_settings settings = {.size = sizeof(settings), .alloc = alloc_rig(&memory)};
	struct world w = {.now = SECOND};
	unsigned failed = 0;

	clocked = (struct clocked){0};
	ck_assert_int_eq(lvs_director_new(&settings, &w.director), 0);
	ck_assert_int_eq(lvs_worker_new(w.director, &w.worker), 0);
	for (unsigned i = 0; i < LVS_ARRAY_N(steps); i++) {
		bool timed = i > 0 && steps[i - 1] && steps[i - 1] != &first_version;

		memory.fail_at = 1;
		for (uint64_t k = 1; try_service(w.director, steps[i]) != 0; memory.fail_at = ++k) {
			unsigned before = clocked.calls;

			failed++;
			memory.fail_at = 0;
			w.now += 2 * PERIOD;
			lvs_worker_handle_expiry(w.worker, w.now, 0);
			ck_assert_uint_eq(clocked.calls, before + timed);
		}
		memory.fail_at = 0;
		lvs_worker_handle_expiry(w.worker, w.now, 0);
	}
	ck_assert_uint_gt(failed, 20);
	tear_down(&w);
	ck_assert_uint_eq(memory.live_n, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("timed");

	tcase_add_test(tcase, test_called);
	tcase_add_loop_test(tcase, test_no_longer, 0, 2);
	tcase_add_test(tcase, test_late);
	tcase_add_test(tcase, test_first_version);
	tcase_add_loop_test(tcase, test_lblc, 0, 2);
	tcase_add_test(tcase, test_no_memory);
	return unit_run("timed", tcase);
}
