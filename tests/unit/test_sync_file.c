/* SPDX-License-Identifier: BSD-2-Clause */
/* Exports that are hostile, cut off or for another director; and what helpers know. */
#include <liblvs/sync.h>

#include "ftp_rig.h"
#include "many_rig.h"
#include "sync/wire.h"
#include "sync_rig.h"

enum {
	PACKETS = 600,
	MUTATIONS = 3000,
};

static void fill(struct many *many, uint64_t seed, unsigned n)
{
	static struct rig_packet rig;

	for (unsigned i = 0; i < n; i++) {
		many_packet(&rig, &seed);
		lvs_worker_process(many->worker[0], &rig.packet, 1, many->now);
	}
}

/* --- Cut off, and changed --- */

START_TEST(test_truncated)
{
	struct many from, to;
	struct sync_bytes bytes;

	many_open(&from, NULL);
	fill(&from, 3, PACKETS);
	bytes = sync_export(from.director);
	for (size_t len = 0; len < bytes.len; len += 61) {
		struct sync_bytes cut = {bytes.data, len};
		struct lvs_import_report report;
		char error[160];

		many_open(&to, NULL);
		report = sync_import(to.director, &cut, from.now, error);
		ck_assert_str_eq(error, "");
		ck_assert_uint_eq(report.complete, 0);
		ck_assert_uint_le(report.bytes, len);
		ck_assert_uint_eq(report.taken, lvs_director_conn_n(to.director));
		rig_check(to.director);
		many_close(&to);
	}
	free(bytes.data);
	many_close(&from);
}
END_TEST

START_TEST(test_mutated)
{
	struct many from, to;
	struct sync_bytes bytes;
	uint64_t seed = 5;

	many_open(&from, NULL);
	fill(&from, 3, PACKETS);
	bytes = sync_export(from.director);
	many_open(&to, NULL);
	for (unsigned i = 0; i < MUTATIONS; i++) {
		size_t at = rig_random(&seed) % bytes.len;
		uint8_t was = bytes.data[at];

		bytes.data[at] ^= (uint8_t)(1 + rig_random(&seed) % 255);
		sync_import(to.director, &bytes, from.now, NULL);
		bytes.data[at] = was;
		if (i % 50 == 0) {
			rig_check(to.director);
			lvs_director_kill_conns(to.director, NULL);
		}
	}
	rig_check(to.director);
	many_close(&to);
	free(bytes.data);
	many_close(&from);
}
END_TEST

/* --- One connection, and what may be wrong with it --- */

enum {
	BEGIN_LEN = LVS_WIRE_HEAD + 32,
	DEST_LEN = LVS_WIRE_HEAD + 52,
	CONN = BEGIN_LEN + DEST_LEN + LVS_WIRE_HEAD, /* its body */
};

static void one_conn(struct many *many)
{
	static struct rig_packet rig;
	struct lvs_flow flow =
		rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, 1), 3000, many_vip(0), 80);

	many_open(many, NULL);
	ck_assert_int_eq(rig_send(many->worker[0], &rig, &flow, LVS_TCP_SYN, many->now),
			 LVS_REASON_SCHEDULED);
}

static const struct {
	unsigned at;
	uint8_t value;
	const char *error;
} faults[] = {
	{1, 3, "byte 0, connection 0: frame is of 3 bytes, expected at least 4"},
	{2, 9, "byte 0, connection 0: is no export of connections"},
	{4, 'X', "byte 0, connection 0: is no export of connections"},
	{9, 2, "byte 0, connection 0: version is 2, expected 1"},
	{16, 9, "byte 0, connection 0: a tick is 150994944 ns, expected 134217728"},
	{20, 255, "byte 0, connection 0: time is out of range"},
	{BEGIN_LEN + 1, 55, "byte 36, connection 0: frame of type 2 has 51 bytes, expected 52"},
	{BEGIN_LEN + 2, 99, "byte 36, connection 0: frame is of type 99, expected 1 to 6"},
	{BEGIN_LEN + 2, 1, "byte 36, connection 0: frame of type 1 has 52 bytes, expected 32"},
	{BEGIN_LEN + 4, 1,
	 "byte 36, connection 0: destination's number is 16777219, expected 1 to "
	 "1048575"},
	{BEGIN_LEN + 12, 3, "byte 36, connection 0: families are 3 and 2, expected 2 or 10"},
	{CONN + 3, 0,
	 "byte 92, connection 1: number is 0, expected another than 0 and its "
	 "controller's"},
	{CONN + 20, 255,
	 "byte 92, connection 1: timeout is 4278190528 ticks, expected at most "
	 "1073741824"},
	{CONN + 25, 64, "byte 92, connection 1: flags are 0x400000, which do not go together"},
	{CONN + 28, 11, "byte 92, connection 1: state is 11, expected below 11"},
	{CONN + 29, 1, "byte 92, connection 1: protocol is 1, expected 6, 17 or 132"},
	{CONN + 25, 1, "byte 92, connection 1: is too short"},
	{CONN + 11, 0,
	 "byte 92, connection 1: method is 0 to destination 0, expected 4 to 0 alone"},
	{CONN + 30, 4,
	 "byte 92, connection 1: method is 4 to destination 3, expected 4 to 0 alone"},
};

START_TEST(test_faults)
{
	struct lvs_import_report report;
	struct sync_bytes bytes;
	struct many from, to;
	char error[160];

	one_conn(&from);
	bytes = sync_export(from.director);
	bytes.data[faults[_i].at] = faults[_i].value;
	many_open(&to, NULL);
	report = sync_import(to.director, &bytes, from.now, error);
	ck_assert_str_eq(error, faults[_i].error);
	ck_assert_uint_eq(report.taken, 0);
	ck_assert_uint_eq(lvs_director_conn_n(to.director), 0);
	free(bytes.data);
	many_close(&from);
	many_close(&to);
}
END_TEST

/* Behind an error nothing more is taken. */
START_TEST(test_failed)
{
	struct lvs_import_conf conf = {.size = sizeof(conf)};
	struct lvs_import *import;
	struct sync_bytes bytes;
	struct many from;

	one_conn(&from);
	bytes = sync_export(from.director);
	ck_assert_int_eq(lvs_import_new(from.director, &conf, &import), 0);
	ck_assert_int_eq(lvs_import_feed(import, "GET / HTTP/1.0", 14), LVS_ERR_FORMAT);
	ck_assert_int_eq(lvs_import_feed(import, bytes.data, bytes.len), LVS_ERR_FORMAT);
	lvs_import_del(import);
	free(bytes.data);
	many_close(&from);
}
END_TEST

/* --- Not taken --- */

static void del_service(struct lvs_director *director, unsigned i)
{
	struct lvs_service_key key = many_service(i);
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	ck_assert_int_eq(lvs_txn_del_service(txn, &key), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

static void del_dests(struct lvs_director *director, unsigned i)
{
	struct lvs_service_key key = many_service(i);

	for (unsigned j = 0; j < MANY_DESTS; j++) {
		struct lvs_dest_key dest = many_dest(i, j);

		rig_del_dest(director, &key, &dest);
	}
}

START_TEST(test_skipped)
{
	struct lvs_import_report report;
	struct sync_bytes bytes;
	struct many from, to;

	one_conn(&from);
	bytes = sync_export(from.director);
	many_open(&to, NULL);
	del_dests(to.director, 0);
	report = sync_import(to.director, &bytes, from.now, NULL);
	ck_assert_uint_eq(report.skipped[LVS_IMPORT_SKIP_DEST], 1);
	del_service(to.director, 0);
	report = sync_import(to.director, &bytes, from.now, NULL);
	ck_assert_uint_eq(report.skipped[LVS_IMPORT_SKIP_SERVICE], 1);
	many_add(to.director, 0, false);
	bytes.data[CONN + 30] = LVS_METHOD_CUSTOM;
	report = sync_import(to.director, &bytes, from.now, NULL);
	ck_assert_uint_eq(report.skipped[LVS_IMPORT_SKIP_METHOD], 1);
	bytes.data[CONN + 30] = LVS_METHOD_NAT;
	report = sync_import(to.director, &bytes, from.now, NULL);
	ck_assert_uint_eq(report.taken, 1);
	report = sync_import(to.director, &bytes, from.now, NULL);
	ck_assert_uint_eq(report.skipped[LVS_IMPORT_SKIP_EXISTS], 1);
	ck_assert_uint_eq(report.complete, 1);
	rig_check(to.director);
	free(bytes.data);
	many_close(&from);
	many_close(&to);
}
END_TEST

START_TEST(test_full)
{
	struct lvs_settings settings = {.size = sizeof(settings), .max_conns = 10};
	struct lvs_import_report report;
	struct sync_bytes bytes;
	struct many from, to;

	many_open(&from, NULL);
	fill(&from, 3, PACKETS);
	bytes = sync_export(from.director);
	many_open(&to, &settings);
	report = sync_import(to.director, &bytes, from.now, NULL);
	ck_assert_uint_eq(report.taken, 10);
	ck_assert_uint_eq(report.complete, 1);
	ck_assert_uint_eq(report.skipped[LVS_IMPORT_SKIP_FULL],
			  lvs_director_conn_n(from.director) - 10);
	rig_check(to.director);
	free(bytes.data);
	many_close(&from);
	many_close(&to);
}
END_TEST

/* The k-th allocation fails, for every k: what is not taken is counted, and nothing is left. */
START_TEST(test_no_memory)
{
	struct alloc_rig rig = {0};
	struct lvs_settings settings = {
		.size = sizeof(settings), .alloc = alloc_rig(&rig), .max_conns = 512, .shards = 2};
	uint64_t failed = 1, live;
	struct sync_bytes bytes;
	struct many from, to;

	many_open(&from, NULL);
	fill(&from, 3, PACKETS);
	bytes = sync_export(from.director);
	for (uint64_t k = 1; failed; k++) {
		struct lvs_import_conf conf = {.size = sizeof(conf)};
		struct lvs_import_report report = {.size = sizeof(report)};
		struct lvs_import *import;

		many_open(&to, &settings);
		live = rig.live_n;
		rig.failed = 0;
		rig.fail_at = k;
		if (lvs_import_new(to.director, &conf, &import) == 0) {
			lvs_import_feed(import, bytes.data, bytes.len);
			lvs_import_get_report(import, &report);
			lvs_import_del(import);
		}
		failed = rig.failed;
		rig.fail_at = 0;
		ck_assert_uint_eq(report.taken, lvs_director_conn_n(to.director));
		if (report.complete)
			ck_assert_uint_eq(report.taken + sync_skipped(&report),
					  lvs_director_conn_n(from.director));
		ck_assert_uint_ge(rig.live_n, live);
		rig_check(to.director);
		many_close(&to);
		ck_assert_uint_eq(rig.live_n, 0);
	}
	free(bytes.data);
	many_close(&from);
}
END_TEST

START_TEST(test_errors)
{
	struct lvs_import_conf conf = {.size = sizeof(conf) - 1};
	struct lvs_import_report report = {.size = 4};
	struct lvs_export *export;
	struct lvs_import *import;
	struct lvs_txn *txn;
	uint8_t small[100];
	struct many many;

	many_open(&many, NULL);
	ck_assert_int_eq(lvs_export_new(many.director, 0, &export), LVS_ERR_RANGE);
	ck_assert_int_eq(lvs_export_new(many.director, 256, &export), LVS_ERR_RANGE);
	ck_assert_int_eq(lvs_export_new(many.director, 1, &export), 0);
	ck_assert_int_eq(lvs_export_read(export, small, sizeof(small)), LVS_ERR_RANGE);
	lvs_export_del(export);
	lvs_export_del(NULL);
	ck_assert_int_eq(lvs_import_new(many.director, &conf, &import), LVS_ERR_INVALID);
	conf.size = sizeof(conf);
	conf.flags = 2;
	ck_assert_int_eq(lvs_import_new(many.director, &conf, &import), LVS_ERR_INVALID);
	conf.flags = 0;
	ck_assert_int_eq(lvs_import_new(many.director, &conf, &import), 0);
	ck_assert_int_eq(lvs_import_get_report(import, &report), LVS_ERR_INVALID);
	ck_assert_int_eq(lvs_txn_begin(many.director, &txn), 0);
	ck_assert_int_eq(lvs_import_feed(import, small, 0), LVS_ERR_BUSY);
	lvs_txn_abort(txn);
	ck_assert_int_eq(lvs_import_feed(import, small, 0), 0);
	lvs_import_del(import);
	lvs_import_del(NULL);
	ck_assert_str_eq(lvs_import_skip_name(LVS_IMPORT_SKIP_FULL), "full");
	ck_assert_str_eq(lvs_import_skip_text(LVS_IMPORT_SKIP_N), "unknown reason");
	many_close(&many);
}
END_TEST

/* --- Clocks --- */

/* Into a director whose clock began anew: what was left is left. */
START_TEST(test_other_clock)
{
	struct lvs_import_conf conf = {.size = sizeof(conf), .now_ns = 5 * SECOND};
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	struct lvs_import *import;
	struct sync_bytes bytes;
	struct many from, to;

	one_conn(&from);
	bytes = sync_export(from.director);
	many_open(&to, NULL);
	ck_assert_int_eq(lvs_import_new(to.director, &conf, &import), 0);
	ck_assert_int_eq(lvs_import_feed(import, bytes.data, bytes.len), (int64_t)bytes.len);
	lvs_import_del(import);
	ck_assert_int_eq(lvs_director_next_conn(to.director, NULL, &cursor, &info), 1);
	ck_assert_uint_ge(info.expires_ns, 64 * SECOND);
	ck_assert_uint_le(info.expires_ns, 66 * SECOND);
	lvs_worker_handle_expiry(to.worker[0], 64 * SECOND, 0);
	ck_assert_uint_eq(lvs_director_conn_n(to.director), 1);
	lvs_worker_handle_expiry(to.worker[0], 66 * SECOND, 0);
	ck_assert_uint_eq(lvs_director_conn_n(to.director), 0);
	free(bytes.data);
	many_close(&from);
	many_close(&to);
}
END_TEST

/* --- Overload --- */

/* Between its thresholds a destination is as it was. */
START_TEST(test_overload)
{
	struct lvs_service_key key = many_service(0);
	struct lvs_dest_key dest = many_dest(0, 2);
	struct lvs_dest_conf conf = {.size = sizeof(conf),
				     .method = LVS_METHOD_NAT,
				     .weight = 100,
				     .upper = 2,
				     .lower = 1};
	union lvs_addr client = rig_addr4(198, 51, 100, 0);
	struct lvs_conn_filter filter = {
		.size = sizeof(filter), .client = &client, .client_family = LVS_INET};
	struct lvs_dest_info info;
	struct sync_bytes bytes;
	struct many from, to;

	many_open(&from, NULL);
	many_open(&to, NULL);
	for (unsigned i = 0; i < 2; i++) {
		struct lvs_director *director = i ? to.director : from.director;
		struct lvs_txn *txn;

		ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
		ck_assert_int_eq(lvs_txn_set_dest(txn, &key, &dest, &conf), 0);
		for (unsigned j = 0; j < 2; j++) {
			struct lvs_dest_key other = many_dest(0, j);

			ck_assert_int_eq(lvs_txn_del_dest(txn, &key, &other), 0);
		}
		ck_assert_int_eq(lvs_txn_commit(txn), 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct lvs_flow flow = rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, i), 3000,
						many_vip(0), 80);
		static struct rig_packet rig;

		rig_send(from.worker[0], &rig, &flow, LVS_TCP_SYN, from.now);
	}
	ck_assert_int_eq(lvs_director_kill_conns(from.director, &filter), 1);
	rig_get_dest(from.director, &key, &dest, &info);
	ck_assert_uint_eq(info.overloaded, 1);
	ck_assert_uint_eq(info.active, 1);
	bytes = sync_export(from.director);
	sync_import(to.director, &bytes, from.now, NULL);
	rig_get_dest(to.director, &key, &dest, &info);
	ck_assert_uint_eq(info.overloaded, 1);
	ck_assert_uint_eq(info.active, 1);
	rig_check(to.director);
	free(bytes.data);
	many_close(&from);
	many_close(&to);
}
END_TEST

/* --- Helpers --- */

/* A reply was rewritten and is not acknowledged, a connection is expected: all of it goes on in the
 * other director. */
START_TEST(test_ftp)
{
	struct lvs_import_report report;
	struct sync_bytes bytes;
	union lvs_addr server;
	struct ftp from, to;

	ftp_open(&from, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_open(&to, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_connect(&from);
	ftp_say(&from, CLIENT, "PASV\r\n", "PASV\r\n");
	server = ftp_server(&from);
	ftp_say(&from, SERVER, ftp_227(&server), ftp_227(&from.vip));
	bytes = sync_export(from.director);
	report = sync_import(to.director, &bytes, from.now, NULL);
	ck_assert_uint_eq(report.taken, 2);
	ck_assert_uint_eq(sync_skipped(&report) + report.orphans, 0);
	memcpy(to.end, from.end, sizeof(to.end));
	to.server = from.server;
	check_reason(ftp_syn(&to, to.client, 50001, to.vip, 40000, LVS_TCP_SYN),
		     LVS_REASON_ESTABLISHED);
	ftp_say(&to, CLIENT, "PASV\r\n", "PASV\r\n");
	ftp_say(&to, SERVER, ftp_227(&server), ftp_227(&to.vip));
	check_reason(ftp_send(&to, CLIENT, LVS_TCP_ACK, ""), LVS_REASON_ESTABLISHED);
	ftp_say(&to, SERVER, "226 Done.\r\n", "226 Done.\r\n");
	/* Its name is not known, or its state is another machine's. */
	for (size_t i = 0; i + 3 < bytes.len; i++)
		if (memcmp(bytes.data + i, "ftp", 4) == 0)
			bytes.data[i] = 'F';
	lvs_director_kill_conns(to.director, NULL);
	report = sync_import(to.director, &bytes, from.now, NULL);
	ck_assert_uint_eq(report.skipped[LVS_IMPORT_SKIP_HELPER], 1);
	ck_assert_uint_eq(report.orphans, 1);
	free(bytes.data);
	ftp_close(&from);
	ftp_close(&to);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sync_file");

	tcase_add_test(tcase, test_truncated);
	tcase_add_test(tcase, test_mutated);
	tcase_add_loop_test(tcase, test_faults, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, test_failed);
	tcase_add_test(tcase, test_skipped);
	tcase_add_test(tcase, test_full);
	tcase_add_test(tcase, test_no_memory);
	tcase_add_test(tcase, test_errors);
	tcase_add_test(tcase, test_other_clock);
	tcase_add_test(tcase, test_overload);
	tcase_add_test(tcase, test_ftp);
	return unit_run("sync_file", tcase);
}
