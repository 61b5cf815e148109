/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections from one director into another: whatever comes then gets the same from both, bit for
 * bit, however many shards they have.
 */
#include <liblvs/sync.h>

#include <stdlib.h>

#include "director/director.h"
#include "many_rig.h"
#include "unit.h"

enum {
	BEFORE = 3000, /* packets */
	AFTER = 1500,
	STREAM = 1 << 20,
	CUT = 5000, /* bytes fed at once, at the most */
};

static const uint32_t shards[] = {1, 4, 64};

static void open_one(struct many *many, unsigned i)
{
	struct lvs_settings settings = {
		.size = sizeof(settings),
		.flags = LVS_SET_NAT_ICMP_SEND,
		.shards = shards[i % 3],
		.icmp_ratelimit_ms = LVS_UNLIMITED,
		.icmp_msgs_per_sec = LVS_UNLIMITED,
	};

	settings.table_key[0] = (uint8_t)i;
	many_open_as(many, &settings, true);
}

static void send_some(struct many *many, uint64_t *seed, unsigned n)
{
	static struct rig_packet rig;

	for (unsigned i = 0; i < n; i++) {
		many_packet(&rig, seed);
		lvs_worker_process(many->worker[rig_random(seed) % MANY_WORKERS], &rig.packet, 1,
				   many->now);
		many_time(many, rig_random(seed));
		lvs_worker_handle_expiry(many->worker[0], many->now, 0);
	}
}

/* --- The stream --- */

struct stream {
	struct lvs_export *export;
	struct lvs_import *import;
	uint8_t data[STREAM];
	size_t len;  /* written */
	size_t done; /* read */
};

/* All that has been written, in random pieces. */
static void feed(struct stream *stream, uint64_t *seed)
{
	size_t end = stream->done;

	while (end < stream->len) {
		int64_t n;

		end += 1 + rig_random(seed) % CUT;
		end = end < stream->len ? end : stream->len;
		n = lvs_import_feed(stream->import, stream->data + stream->done,
				    end - stream->done);
		ck_assert_msg(n >= 0, "%s", lvs_import_error(stream->import));
		stream->done += (size_t)n;
	}
	ck_assert_uint_eq(stream->done, stream->len);
}

/* A buffer's worth; false: the pass is over. */
static bool pull(struct stream *stream, uint64_t *seed)
{
	int64_t n = lvs_export_read(stream->export, stream->data + stream->len,
				    LVS_EXPORT_BUFFER + rig_random(seed) % 100);

	ck_assert_int_ge(n, 0);
	stream->len += (size_t)n;
	ck_assert_uint_lt(stream->len, STREAM - LVS_EXPORT_BUFFER - 100);
	return n > 0;
}

static void begin(struct stream *stream, const struct many *from, struct many *to, unsigned passes)
{
	struct lvs_import_conf conf = {
		.size = sizeof(conf), .flags = LVS_IMPORT_SAME_CLOCK, .now_ns = from->now};

	stream->len = stream->done = 0;
	ck_assert_int_eq(lvs_export_new(from->director, passes, &stream->export), 0);
	ck_assert_int_eq(lvs_import_new(to->director, &conf, &stream->import), 0);
	to->now = from->now;
}

static struct lvs_import_report end(struct stream *stream)
{
	struct lvs_import_report report = {.size = sizeof(report)};

	ck_assert_int_eq(lvs_export_read(stream->export, stream->data, STREAM), 0);
	ck_assert_int_eq(lvs_import_get_report(stream->import, &report), 0);
	ck_assert_uint_eq(report.complete, 1);
	ck_assert_uint_eq(report.bytes, stream->len);
	lvs_export_del(stream->export);
	lvs_import_del(stream->import);
	return report;
}

/* --- What must be the same --- */

static int compare_infos(const void *a, const void *b)
{
	const struct lvs_conn_info *one = a, *other = b;
	int order = memcmp(a, b, offsetof(struct lvs_conn_info, state));

	if (order == 0)
		order = strcmp(one->pe_data, other->pe_data);
	if (order == 0)
		order = (int)one->flags - (int)other->flags;
	return order ? order : (one->expires_ns > other->expires_ns) * 2 - 1;
}

/* All there is, without the numbers, which are each table's own. */
static struct lvs_conn_info *list(const struct lvs_director *director, uint32_t *n)
{
	struct lvs_conn_info *infos = calloc(4096, sizeof(*infos));
	struct lvs_cursor cursor = {0};

	*n = 0;
	infos[0].size = sizeof(*infos);
	while (lvs_director_next_conn(director, NULL, &cursor, &infos[*n]) == 1) {
		infos[*n].number = 0;
		infos[*n].controller = infos[*n].controller != 0;
		ck_assert_uint_lt(++*n, 4096);
		infos[*n].size = sizeof(*infos);
	}
	qsort(infos, *n, sizeof(*infos), compare_infos);
	return infos;
}

static void same_conns(const struct many *a, const struct many *b)
{
	uint32_t a_n, b_n;
	struct lvs_conn_info *of_a = list(a->director, &a_n), *of_b = list(b->director, &b_n);

	ck_assert_uint_eq(a_n, b_n);
	for (uint32_t i = 0; i < a_n; i++)
		ck_assert_msg(memcmp(&of_a[i], &of_b[i], sizeof(*of_a)) == 0,
			      "connection %u of %u: protocol %u, states %s and %s, ends %llu %llu",
			      i, a_n, of_a[i].protocol, of_a[i].state, of_b[i].state,
			      (unsigned long long)of_a[i].expires_ns,
			      (unsigned long long)of_b[i].expires_ns);
	free(of_a);
	free(of_b);
}

static void same_packet(const struct rig_packet *a, const struct rig_packet *b)
{
	ck_assert_msg(a->packet.reason == b->packet.reason, "%s and %s",
		      lvs_reason_name(a->packet.reason), lvs_reason_name(b->packet.reason));
	ck_assert_uint_eq(a->packet.verdict, b->packet.verdict);
	ck_assert_uint_eq(a->packet.len, b->packet.len);
	ck_assert_mem_eq(a->packet.data, b->packet.data, a->packet.len);
	ck_assert_mem_eq(&a->packet.next_hop, &b->packet.next_hop, sizeof(a->packet.next_hop));
}

static void go_on(struct many *a, struct many *b, uint64_t *seed)
{
	static struct rig_packet of_a, of_b;

	for (unsigned i = 0; i < AFTER; i++) {
		unsigned worker = rig_random(seed) % MANY_WORKERS;

		many_packet(&of_a, seed);
		of_b = of_a;
		of_b.packet.data = of_b.buffer + (of_a.packet.data - of_a.buffer);
		lvs_worker_process(a->worker[worker], &of_a.packet, 1, a->now);
		lvs_worker_process(b->worker[worker], &of_b.packet, 1, b->now);
		same_packet(&of_a, &of_b);
		many_time(a, rig_random(seed));
		b->now = a->now;
		lvs_worker_handle_expiry(a->worker[0], a->now, 0);
		lvs_worker_handle_expiry(b->worker[0], b->now, 0);
	}
	same_conns(a, b);
}

static void nothing_skipped(const struct lvs_import_report *report)
{
	for (unsigned i = 0; i < LVS_IMPORT_SKIP_N; i++)
		ck_assert_msg(report->skipped[i] == 0, "%s", lvs_import_skip_text(i));
	ck_assert_uint_eq(report->orphans, 0);
}

START_TEST(test_round_trip)
{
	struct stream *stream = malloc(sizeof(*stream));
	struct lvs_import_report report;
	uint64_t seed = 11 + (uint64_t)_i;
	struct many a, b;

	open_one(&a, (unsigned)_i);
	open_one(&b, (unsigned)_i / 3 + 1);
	send_some(&a, &seed, BEFORE);
	begin(stream, &a, &b, 1);
	while (pull(stream, &seed))
		;
	feed(stream, &seed);
	report = end(stream);
	nothing_skipped(&report);
	ck_assert_uint_eq(report.taken, lvs_director_conn_n(a.director));
	ck_assert_uint_gt(report.taken, 20);
	rig_check(b.director);
	same_conns(&a, &b);
	go_on(&a, &b, &seed);
	rig_check(b.director);
	many_close(&a);
	many_close(&b);
	free(stream);
}
END_TEST

/* Packets go on while the first passes are taken over; the last is exact. */
START_TEST(test_hand_over)
{
	struct stream *stream = malloc(sizeof(*stream));
	struct lvs_import_report report;
	uint64_t seed = 100 + (uint64_t)_i;
	unsigned passes = 2 + (unsigned)_i % 2;
	struct many a, b;

	open_one(&a, (unsigned)_i);
	open_one(&b, (unsigned)_i + 1);
	send_some(&a, &seed, BEFORE);
	begin(stream, &a, &b, passes);
	for (unsigned pass = 1; pass < passes; pass++) {
		while (pull(stream, &seed)) {
			feed(stream, &seed);
			send_some(&a, &seed, 100);
			b.now = a.now;
			if (seed & 1)
				lvs_worker_handle_expiry(b.worker[0], b.now, 0);
		}
		rig_check(b.director);
		send_some(&a, &seed, 20);
	}
	while (pull(stream, &seed))
		;
	feed(stream, &seed);
	report = end(stream);
	nothing_skipped(&report);
	b.now = a.now;
	lvs_worker_handle_expiry(b.worker[0], b.now, 0);
	rig_check(b.director);
	same_conns(&a, &b);
	go_on(&a, &b, &seed);
	rig_check(b.director);
	many_close(&a);
	many_close(&b);
	free(stream);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sync");

	tcase_add_loop_test(tcase, test_round_trip, 0, 18);
	tcase_add_loop_test(tcase, test_hand_over, 0, 18);
	return unit_run("sync", tcase);
}
