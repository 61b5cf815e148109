/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings, sizes, times and lives of objects as a careless embedder has them. */
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

#include <liblvs/error.h>

#include "alloc_rig.h"
#include "director_rig.h"

#define HALF (UINT64_C(1) << 58) /* nanoseconds after which ticks are in their upper half */
#define WRAP (UINT64_C(1) << 59) /* and after which they wrap */

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct rig_packet rig;
};

static struct lvs_service_key tcp_service(void)
{
	return rig_service_key(LVS_INET, LVS_TCP, rig_addr4(10, 0, 0, 1), 80);
}

static struct lvs_flow flow_of(unsigned client)
{
	return rig_flow(LVS_TCP, LVS_INET, rig_addr4(10, 0, 2, client >> 12), 1024 + client % 4096,
			rig_addr4(10, 0, 0, 1), 80);
}

static void build(struct world *w, const struct lvs_settings *settings)
{
	struct lvs_service_key service = tcp_service();
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 1, 1), 80);

	ck_assert_int_eq(lvs_director_new(settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	rig_set_service(w->director, &service, "rr");
	rig_set_dest(w->director, &service, &dest, LVS_METHOD_DR, 1);
}

static void tear_down(struct world *w)
{
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static enum lvs_reason send(struct world *w, unsigned client, uint8_t flags, uint64_t now)
{
	struct lvs_flow flow = flow_of(client);

	return rig_send(w->worker, &w->rig, &flow, flags, now);
}

/* A connection's life begun at any time: never over early, over in the end, listed right. */
START_TEST(test_any_time)
{
	static const uint64_t starts[] = {
		0,
		1,
		HALF - 30 * SECOND,
		HALF,
		HALF + SECOND,
		WRAP - 30 * SECOND,
		WRAP - 1,
		WRAP,
		WRAP + HALF,
		UINT64_C(1600000000) * SECOND, /* since 1970, as captures have it */
		UINT64_MAX - 100 * SECOND,
	};

	for (unsigned i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct lvs_conn_info info = {.size = sizeof(info)};
		struct lvs_cursor cursor = {0};
		uint64_t now = starts[i];
		struct world w;

		build(&w, NULL);
		ck_assert_uint_eq(lvs_worker_expiry(w.worker), UINT64_MAX);
		ck_assert_int_eq(send(&w, 1, LVS_TCP_SYN, now), LVS_REASON_SCHEDULED);
		ck_assert_uint_gt(lvs_worker_expiry(w.worker), now);
		ck_assert_int_eq(lvs_director_next_conn(w.director, NULL, &cursor, &info), 1);
		ck_assert_uint_ge(info.expires_ns - now, 60 * SECOND);
		ck_assert_uint_le(info.expires_ns - now, 61 * SECOND);
		now += 59 * SECOND;
		ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, now, 0), 0);
		ck_assert_int_eq(send(&w, 1, LVS_TCP_SYN, now), LVS_REASON_ESTABLISHED);
		if (now + 61 * SECOND > now) {
			now += 61 * SECOND;
			ck_assert_int_eq(send(&w, 1, LVS_TCP_ACK, now), LVS_REASON_NOT_NEW);
			ck_assert_int_eq(send(&w, 1, LVS_TCP_SYN, now), LVS_REASON_SCHEDULED);
			now += 61 * SECOND;
			ck_assert(now < 61 * SECOND ||
				  lvs_worker_handle_expiry(w.worker, now, 0) == 1);
		}
		tear_down(&w);
	}
}
END_TEST

/* The caller's clock goes back: the worker's time stays, nothing ends early or never. */
START_TEST(test_time_back)
{
	static const uint64_t back[] = {0, 1, 500 * SECOND, 999 * SECOND};
	uint64_t now = 1000 * SECOND;
	struct world w;

	build(&w, NULL);
	ck_assert_int_eq(send(&w, 1, LVS_TCP_SYN, now), LVS_REASON_SCHEDULED);
	for (unsigned i = 0; i < sizeof(back) / sizeof(back[0]); i++) {
		ck_assert_int_eq(send(&w, 1, LVS_TCP_SYN, back[i]), LVS_REASON_ESTABLISHED);
		ck_assert_int_eq(send(&w, 2 + i, LVS_TCP_SYN, back[i]), LVS_REASON_SCHEDULED);
		ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, back[i], 0), 0);
	}
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, now + 59 * SECOND, 0), 0);
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, now + 61 * SECOND, 0), 5);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	tear_down(&w);
}
END_TEST

/* Room for one: it is taken, refused, given back, taken again. */
START_TEST(test_one_connection)
{
	static const uint32_t policies[] = {LVS_FULL_REFUSE, LVS_FULL_EVICT, LVS_FULL_UNTRACKED};

	for (unsigned i = 0; i < 3; i++) {
		struct lvs_settings settings = {
			.size = sizeof(settings), .max_conns = 1, .full_policy = policies[i]};
		uint64_t now = SECOND;
		struct world w;

		build(&w, &settings);
		for (unsigned round = 0; round < 50; round++, now += 2000 * SECOND) {
			lvs_worker_handle_expiry(w.worker, now, 0);
			ck_assert_int_eq(send(&w, round, LVS_TCP_SYN, now), LVS_REASON_SCHEDULED);
			ck_assert_int_eq(send(&w, round, LVS_TCP_ACK, now), LVS_REASON_ESTABLISHED);
			/* rr is no hash, and an open connection does not make room */
			ck_assert_int_eq(send(&w, 99, LVS_TCP_SYN, now), LVS_REASON_TABLE_FULL);
			lvs_worker_handle_expiry(w.worker, now + 1000 * SECOND, 0);
			ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
			ck_assert_int_eq(send(&w, 99, LVS_TCP_SYN, now + 1000 * SECOND),
					 LVS_REASON_SCHEDULED);
			ck_assert_int_eq(lvs_director_kill_conns(w.director, NULL), 1);
			ck_assert_int_eq(send(&w, 98, LVS_TCP_SYN, now + 1000 * SECOND),
					 LVS_REASON_SCHEDULED);
		}
		tear_down(&w);
	}
}
END_TEST

/* The most shards, with more of them than connections, and one shard for all. */
START_TEST(test_shards)
{
	static const uint32_t shards[] = {1, 2, 65536};

	for (unsigned i = 0; i < 3; i++) {
		struct lvs_settings settings = {.size = sizeof(settings), .shards = shards[i]};
		struct world w;

		build(&w, &settings);
		for (unsigned client = 0; client < 5000; client++)
			ck_assert_int_eq(send(&w, client, LVS_TCP_SYN, SECOND),
					 LVS_REASON_SCHEDULED);
		for (unsigned client = 0; client < 5000; client++)
			ck_assert_int_eq(send(&w, client, LVS_TCP_ACK, SECOND),
					 LVS_REASON_ESTABLISHED);
		ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, 1000 * SECOND, 0), 5000);
		tear_down(&w);
	}
}
END_TEST

/* Directors come and go, full of connections; workers go before their connections. */
START_TEST(test_many_lives)
{
	struct alloc_rig rig = {0};
	struct lvs_settings settings = {.size = sizeof(settings), .shards = 1, .max_conns = 100};

	settings.alloc = alloc_rig(&rig);
	for (unsigned i = 0; i < 2000; i++) {
		struct lvs_worker *second;
		struct world w;

		build(&w, &settings);
		ck_assert_int_eq(lvs_worker_new(w.director, &second), 0);
		ck_assert_int_eq(send(&w, i % 4000, LVS_TCP_SYN, i), LVS_REASON_SCHEDULED);
		lvs_worker_del(w.worker);
		w.worker = second;
		ck_assert_int_eq(send(&w, i % 4000, LVS_TCP_ACK, i), LVS_REASON_ESTABLISHED);
		if (i & 1)
			ck_assert_int_eq(lvs_director_kill_conns(w.director, NULL), 1);
		tear_down(&w);
		ck_assert_uint_eq(rig.live_n, 0);
	}
	lvs_worker_del(NULL);
	lvs_director_del(NULL);
}
END_TEST

/* Makes all that a packet needs; false where something could not be made. */
static bool try_to_build(struct world *w, const struct lvs_settings *settings)
{
	struct lvs_service_key key = tcp_service();
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = lvs_sched_find("mh")};
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 1, 1), 80);
	struct lvs_dest_conf dest_conf = {
		.size = sizeof(dest_conf), .method = LVS_METHOD_NAT, .weight = 1};
	struct lvs_path_conf path = {.size = sizeof(path)};
	struct lvs_txn *txn;

	if (lvs_director_new(settings, &w->director) < 0 ||
	    lvs_worker_new(w->director, &w->worker) < 0 ||
	    lvs_director_set_path(w->director, LVS_INET, &dest.addr, &path) < 0 ||
	    lvs_txn_begin(w->director, &txn) < 0)
		return false;
	if (lvs_txn_add_service(txn, &key, &conf) < 0 ||
	    lvs_txn_add_dest(txn, &key, &dest, &dest_conf) < 0) {
		lvs_txn_abort(txn);
		return false;
	}
	return lvs_txn_commit(txn) == 0;
}

/* Each allocation of a director's life fails once: an error or a reason, and nothing is left. */
START_TEST(test_no_memory)
{
	struct alloc_rig rig = {0};
	struct lvs_settings settings = {.size = sizeof(settings), .shards = 2};
	unsigned built = 0;
	unsigned fails;

	settings.alloc = alloc_rig(&rig);
	for (fails = 1;; fails++) {
		struct world w = {0};
		unsigned refused = 0;

		rig.failed = 0;
		rig.fail_at = fails;
		if (try_to_build(&w, &settings)) {
			built++;
			for (unsigned i = 0; i < 500; i++) {
				enum lvs_reason reason = send(&w, i, LVS_TCP_SYN, SECOND);

				refused += reason == LVS_REASON_NO_MEMORY;
				ck_assert(reason == LVS_REASON_SCHEDULED ||
					  reason == LVS_REASON_NO_MEMORY);
			}
			ck_assert_uint_le(refused, rig.failed);
			ck_assert_uint_eq(lvs_director_conn_n(w.director), 500 - refused);
		}
		tear_down(&w);
		ck_assert_uint_eq(rig.live_n, 0);
		if (!rig.failed)
			break;
	}
	ck_assert_uint_gt(fails, 20);
	ck_assert_uint_gt(built, 2);
}
END_TEST

/* As many workers as there may be, and one more; their counts outlive them. */
START_TEST(test_worker_limit)
{
	struct lvs_settings settings = {.size = sizeof(settings), .max_workers = 192};
	struct lvs_worker *workers[192];
	struct lvs_worker *more = NULL;
	uint64_t reasons[LVS_REASON_N];
	struct world w;

	build(&w, &settings);
	workers[0] = w.worker;
	for (unsigned i = 1; i < 192; i++)
		ck_assert_int_eq(lvs_worker_new(w.director, &workers[i]), 0);
	ck_assert_int_eq(lvs_worker_new(w.director, &more), LVS_ERR_FULL);
	ck_assert_ptr_null(more);
	for (unsigned i = 0; i < 192; i++) {
		w.worker = workers[i];
		ck_assert_int_eq(send(&w, 7, LVS_TCP_SYN, SECOND),
				 i ? LVS_REASON_ESTABLISHED : LVS_REASON_SCHEDULED);
		lvs_worker_del(w.worker);
	}
	lvs_director_reasons(w.director, reasons, LVS_REASON_N);
	ck_assert_uint_eq(reasons[LVS_REASON_ESTABLISHED], 191);
	w.worker = NULL;
	tear_down(&w);
}
END_TEST

/* Each field by itself beyond what it may be. */
START_TEST(test_settings_range)
{
#define FIELD(field, value, err)                                                                   \
	{                                                                                          \
		offsetof(struct lvs_settings, field), value, err                                   \
	}
	static const struct {
		size_t offset;
		uint32_t value;
		int err;
	} cases[] = {
		FIELD(size, 0, LVS_ERR_INVALID),
		FIELD(size, 7, LVS_ERR_INVALID),
		FIELD(flags, 0x800, LVS_ERR_INVALID),
		FIELD(flags, UINT32_MAX, LVS_ERR_INVALID),
		FIELD(max_conns, UINT32_MAX, LVS_ERR_RANGE),
		FIELD(shards, 3, LVS_ERR_INVALID),
		FIELD(shards, 131072, LVS_ERR_RANGE),
		FIELD(shards, UINT32_MAX, LVS_ERR_INVALID),
		FIELD(full_policy, 4, LVS_ERR_INVALID),
		FIELD(full_policy, UINT32_MAX, LVS_ERR_INVALID),
		FIELD(reuse, 4, LVS_ERR_INVALID),
		FIELD(default_mtu, 67, LVS_ERR_RANGE),
		FIELD(max_workers, 193, LVS_ERR_RANGE),
		FIELD(max_workers, UINT32_MAX, LVS_ERR_RANGE),
	};
#undef FIELD

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lvs_settings settings = {.size = sizeof(settings)};
		struct lvs_director *director = NULL;

		memcpy((uint8_t *)&settings + cases[i].offset, &cases[i].value, 4);
		ck_assert_msg(lvs_director_new(&settings, &director) == cases[i].err, "case %u", i);
		ck_assert_ptr_null(director);
	}
}
END_TEST

/* An allocator with one function only. */
START_TEST(test_half_allocator)
{
	struct alloc_rig rig = {0};
	struct lvs_settings settings = {.size = sizeof(settings)};
	struct lvs_director *director;

	settings.alloc = alloc_rig(&rig);
	settings.alloc.free = NULL;
	ck_assert_int_eq(lvs_director_new(&settings, &director), LVS_ERR_INVALID);
	settings.alloc = alloc_rig(&rig);
	settings.alloc.alloc = NULL;
	ck_assert_int_eq(lvs_director_new(&settings, &director), LVS_ERR_INVALID);
	ck_assert_uint_eq(rig.asked, 0);
}
END_TEST

/* Structures of callers older and newer than the library. */
START_TEST(test_settings_size)
{
	struct {
		struct lvs_settings known;
		uint8_t later[64];
	} newer;
	uint8_t *older = calloc(1, 12); /* ends behind max_conns */
	uint32_t words[3] = {12, 0, 77};
	struct lvs_director *director;

	ck_assert_ptr_nonnull(older);
	memcpy(older, words, 12);
	ck_assert_int_eq(
		lvs_director_new((const struct lvs_settings *)(const void *)older, &director), 0);
	lvs_director_del(director);
	free(older);
	memset(&newer, 0, sizeof(newer));
	newer.known.size = sizeof(newer);
	ck_assert_int_eq(lvs_director_new(&newer.known, &director), 0);
	lvs_director_del(director);
}
END_TEST

/* What is filled in ends where the caller's structure does. */
START_TEST(test_sizes_out)
{
	struct {
		struct lvs_timeouts known;
		uint8_t behind[16];
	} timeouts;
	struct lvs_conn_info info = {.size = 4};
	struct lvs_table_stats stats = {.size = 8};
	struct lvs_service_info service = {.size = 4};
	struct lvs_dest_info dest = {.size = 4};
	struct lvs_service_key key = tcp_service();
	struct lvs_cursor cursor = {0};
	struct world w;

	build(&w, NULL);
	memset(&timeouts, 0xee, sizeof(timeouts));
	timeouts.known.size = 8;
	lvs_director_get_timeouts(w.director, &timeouts.known);
	ck_assert_uint_eq(timeouts.known.tcp_s, 900);
	ck_assert_uint_eq(timeouts.known.tcp_fin_s, 0xeeeeeeee);
	timeouts.known.size = sizeof(timeouts);
	lvs_director_get_timeouts(w.director, &timeouts.known);
	ck_assert_uint_eq(timeouts.known.udp_s, 300);
	ck_assert_uint_eq(timeouts.behind[0], 0xee);
	ck_assert_int_eq(lvs_director_next_conn(w.director, NULL, &cursor, &info), LVS_ERR_INVALID);
	ck_assert_int_eq(lvs_director_next_service(w.director, &cursor, &service), LVS_ERR_INVALID);
	ck_assert_int_eq(lvs_director_next_dest(w.director, &key, &cursor, &dest), LVS_ERR_INVALID);
	ck_assert_int_eq(lvs_director_table_stats(w.director, &stats), 0);
	stats.size = 7;
	ck_assert_int_eq(lvs_director_table_stats(w.director, &stats), LVS_ERR_INVALID);
	tear_down(&w);
}
END_TEST

/* A filter of the wrong size is refused by all who take one, not half read. */
START_TEST(test_filter_size)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	struct lvs_conn_filter filter = {.size = 8};
	struct world w;

	build(&w, NULL);
	ck_assert_int_eq(send(&w, 1, LVS_TCP_SYN, SECOND), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), LVS_ERR_INVALID);
	ck_assert_int_eq(lvs_director_next_conn(w.director, &filter, &cursor, &info),
			 LVS_ERR_INVALID);
	filter.size = sizeof(filter);
	ck_assert_int_eq(lvs_director_next_conn(w.director, &filter, &cursor, &info), 1);
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), 1);
	tear_down(&w);
}
END_TEST

START_TEST(test_timeouts_range)
{
	static const uint32_t beyond[] = {8589935, INT_MAX, UINT32_MAX};
	struct lvs_timeouts timeouts;
	struct world w;

	build(&w, NULL);
	for (unsigned i = 0; i < 9; i++) {
		timeouts = (struct lvs_timeouts){.size = sizeof(timeouts)};
		*(i % 3 == 0   ? &timeouts.tcp_s
		  : i % 3 == 1 ? &timeouts.tcp_fin_s
			       : &timeouts.udp_s) = beyond[i / 3];
		ck_assert_int_eq(lvs_director_set_timeouts(w.director, &timeouts), LVS_ERR_INVALID);
	}
	lvs_director_get_timeouts(w.director, &timeouts);
	ck_assert_uint_eq(timeouts.tcp_s, 900);
	/* The longest: 99 days without a packet, and not a moment less. */
	timeouts.tcp_s = 8589934;
	ck_assert_int_eq(lvs_director_set_timeouts(w.director, &timeouts), 0);
	send(&w, 1, LVS_TCP_SYN, SECOND);
	ck_assert_int_eq(send(&w, 1, LVS_TCP_ACK, SECOND), LVS_REASON_ESTABLISHED);
	for (uint64_t s = 1; s < 8589934; s += 100000)
		ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, s * SECOND, 0), 0);
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, 8589934 * SECOND, 0), 0);
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, 8589936 * SECOND, 0), 1);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("hostile_control");

	tcase_add_test(tcase, test_any_time);
	tcase_add_test(tcase, test_time_back);
	tcase_add_test(tcase, test_one_connection);
	tcase_add_test(tcase, test_shards);
	tcase_add_test(tcase, test_many_lives);
	tcase_add_test(tcase, test_no_memory);
	tcase_add_test(tcase, test_worker_limit);
	tcase_add_test(tcase, test_settings_range);
	tcase_add_test(tcase, test_half_allocator);
	tcase_add_test(tcase, test_settings_size);
	tcase_add_test(tcase, test_sizes_out);
	tcase_add_test(tcase, test_filter_size);
	tcase_add_test(tcase, test_timeouts_range);
	return unit_run("hostile_control", tcase);
}
