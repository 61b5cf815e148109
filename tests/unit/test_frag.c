/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of fragments, one rule after the other. */
#include "frag_world.h"

#include "director/worker.h"

#define END UINT32_MAX /* the last byte */

struct cut {
	unsigned worker;
	uint32_t start;
	uint32_t end;
	enum lvs_reason reason;
	unsigned out_n;             /* from the outbox behind it */
	enum lvs_reason out_reason; /* of the last of them */
};

#define O(worker, start, end, reason, n, out)                                                      \
	{                                                                                          \
		worker, start, end, LVS_REASON_##reason, n, LVS_REASON_##out                       \
	}
#define C(worker, start, end, reason) O(worker, start, end, reason, 0, NONE)

/* UDP to NAT of 200 bytes behind the IP header, TCP of 220; the service is there. */
static const struct {
	const char *name;
	uint8_t protocol;
	struct cut cut[8];
} rows[] = {
	{"in order",
	 LVS_UDP,
	 {C(0, 0, 64, SCHEDULED), C(0, 64, 128, ESTABLISHED), C(0, 128, END, ESTABLISHED)}},
	{"to another worker", LVS_UDP, {C(0, 0, 64, SCHEDULED), C(1, 64, END, ESTABLISHED)}},
	{"early", LVS_UDP, {C(0, 64, END, FRAGMENT_HELD), O(1, 0, 64, SCHEDULED, 1, ESTABLISHED)}},
	{"all early",
	 LVS_UDP,
	 {C(0, 128, END, FRAGMENT_HELD), C(1, 64, 128, FRAGMENT_HELD),
	  O(0, 0, 64, SCHEDULED, 2, ESTABLISHED)}},
	{"the id is used again",
	 LVS_UDP,
	 {C(0, 0, 64, SCHEDULED), C(0, 64, END, ESTABLISHED), C(0, 64, END, FRAGMENT_HELD),
	  O(0, 0, 64, ESTABLISHED, 1, ESTABLISHED)}},
	{"duplicates",
	 LVS_UDP,
	 {C(0, 0, 64, SCHEDULED), C(1, 0, 64, FRAGMENT_DUPLICATE), C(0, 8, 24, FRAGMENT_DUPLICATE),
	  C(0, 128, END, ESTABLISHED), C(0, 136, END, FRAGMENT_DUPLICATE),
	  C(1, 64, 128, ESTABLISHED)}},
	{"early duplicate",
	 LVS_UDP,
	 {C(0, 64, 128, FRAGMENT_HELD), C(1, 64, 128, FRAGMENT_DUPLICATE),
	  O(1, 0, 64, SCHEDULED, 1, ESTABLISHED)}},
	{"overlap",
	 LVS_UDP,
	 {C(0, 0, 64, SCHEDULED), C(1, 56, 128, FRAGMENT_OVERLAP), C(0, 64, 128, FRAGMENT_OVERLAP),
	  C(0, 0, 64, FRAGMENT_OVERLAP)}},
	{"overlap, then all of it",
	 LVS_UDP,
	 {C(0, 64, 128, FRAGMENT_HELD), C(0, 72, 136, FRAGMENT_OVERLAP),
	  C(0, 0, 64, FRAGMENT_OVERLAP), C(0, 64, END, FRAGMENT_OVERLAP),
	  C(1, 0, 64, FRAGMENT_OVERLAP)}},
	{"early overlap",
	 LVS_UDP,
	 {C(0, 64, 128, FRAGMENT_HELD), C(0, 120, 136, FRAGMENT_OVERLAP),
	  C(0, 0, 64, FRAGMENT_OVERLAP)}},
	{"over two",
	 LVS_UDP,
	 {C(0, 64, 72, FRAGMENT_HELD), C(0, 80, 88, FRAGMENT_HELD),
	  C(0, 72, 88, FRAGMENT_OVERLAP)}},
	{"not a multiple of eight",
	 LVS_UDP,
	 {C(0, 64, 128, FRAGMENT_HELD), C(0, 0, 60, FRAGMENT_BAD), C(0, 0, 64, FRAGMENT_BAD)}},
	{"bad alone leaves no trace",
	 LVS_UDP,
	 {C(0, 64, 132, FRAGMENT_BAD), C(0, 0, 64, SCHEDULED), C(0, 64, END, ESTABLISHED)}},
	{"tiny UDP", LVS_UDP, {C(0, 8, 200, FRAGMENT_HELD), O(0, 0, 8, SCHEDULED, 1, ESTABLISHED)}},
	{"tiny TCP", LVS_TCP, {C(0, 0, 16, FRAGMENT_TINY), C(0, 0, 8, FRAGMENT_TINY)}},
	{"over the TCP header",
	 LVS_TCP,
	 {C(0, 8, 64, FRAGMENT_TINY), C(0, 16, 64, FRAGMENT_TINY), C(0, 24, 64, FRAGMENT_HELD),
	  C(0, 8, 24, FRAGMENT_TINY), C(0, 0, 24, FRAGMENT_TINY)}},
	{"TCP", LVS_TCP, {C(0, 24, END, FRAGMENT_HELD), O(1, 0, 24, SCHEDULED, 1, ESTABLISHED)}},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void play(struct world *w, const struct frag_whole *whole, const struct cut *cut)
{
	uint32_t total = whole->len - whole->fixed;
	uint32_t end = cut->end == END ? total : cut->end;

	check_reason(world_send(w, cut->worker, whole, cut->start, end), cut->reason);
	ck_assert_uint_eq(w->out_n, cut->out_n);
	if (w->out_n)
		check_reason(w->out[w->out_n - 1].reason, cut->out_reason);
	rig_check(w->director);
}

START_TEST(test_rows)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	unsigned row = (unsigned)_i / 2;
	struct frag_recipe recipe = world_recipe(family, rows[row].protocol, 1, 192);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	frag_make(&whole, &recipe);
	for (unsigned i = 0; i < 8 && rows[row].cut[i].reason; i++)
		play(&w, &whole, &rows[row].cut[i]);
	world_close(&w);
}
END_TEST

/* A datagram that was refused is so until its time is up, and what it held is counted. */
START_TEST(test_refused_until_time)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 192);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 72, 136), LVS_REASON_FRAGMENT_OVERLAP);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_OVERLAP), 2);
	w.now += 30 * SECOND - 1;
	check_reason(world_send(&w, 0, &whole, 128, 200), LVS_REASON_FRAGMENT_OVERLAP);
	w.now += 1;
	check_reason(world_send(&w, 1, &whole, 128, 200), LVS_REASON_FRAGMENT_HELD);
	world_close(&w);
}
END_TEST

START_TEST(test_expiry)
{
	struct frag_recipe recipe = world_recipe(LVS_INET6, LVS_UDP, 1, 192);
	static struct frag_whole whole;
	uint64_t live;
	struct world w;

	world_open(&w, NULL, "rr");
	frag_make(&whole, &recipe);
	live = w.alloc.live_n;
	ck_assert_uint_eq(lvs_worker_expiry(w.worker[0]), UINT64_MAX);
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT_HELD);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker[1]), w.now + 30 * SECOND);
	w.now += 30 * SECOND;
	lvs_worker_handle_expiry(w.worker[1], w.now - 1, 0);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_EXPIRED), 0);
	/* the first one comes too late */
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(w.out_n, 0);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_EXPIRED), 1);
	w.now += 30 * SECOND;
	lvs_worker_handle_expiry(w.worker[1], w.now, 0);
	lvs_director_kill_conns(w.director, NULL);
	ck_assert_uint_le(w.alloc.live_n, live + 40); /* of the table: shards that were used */
	world_close(&w);
}
END_TEST

/* What is not ours passes at once; what may be is held, and passes when the first one shows it. */
START_TEST(test_passed)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	struct frag_recipe recipe = world_recipe(family, LVS_UDP, 1, 192);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	recipe.flow.dst_port = rig_port(81);
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_NO_SERVICE);
	ck_assert_uint_eq(w.out_n, 1);
	ck_assert_int_eq(w.out[0].verdict, LVS_PASS);
	check_reason(w.out[0].reason, LVS_REASON_NO_SERVICE);
	/* overlapping or not is the host's to see */
	check_reason(world_send(&w, 0, &whole, 56, 136), LVS_REASON_NO_SERVICE);
	check_reason(world_send(&w, 0, &whole, 128, 200), LVS_REASON_NO_SERVICE);
	recipe.flow.dst = world_addr(family, 77, 1);
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 64, 200), LVS_REASON_FRAGMENT);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_NO_SERVICE);
	check_reason(world_send(&w, 0, &whole, 64, 200), LVS_REASON_FRAGMENT);
	world_close(&w);
}
END_TEST

/* From a server's address: early fragments may be replies. */
START_TEST(test_early_reply)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	struct frag_recipe recipe = world_recipe(family, LVS_UDP, 1, 20);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	frag_make(&whole, &recipe);
	frag_load(&w.buffer, whole.data, whole.len);
	lvs_worker_process(w.worker[0], &w.buffer.packet, 1, w.now);
	recipe.payload = 192;
	recipe.flow = rig_flow(LVS_UDP, family, world_addr(family, 1, 1), 8080,
			       world_addr(family, 9, 7), 4000);
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 64, 200), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 1, &whole, 0, 64), LVS_REASON_REPLY);
	ck_assert_uint_eq(w.out_n, 1);
	check_reason(w.out[0].reason, LVS_REASON_REPLY);
	world_close(&w);
}
END_TEST

/* Replies that need no rewriting, and a server that is this host. */
START_TEST(test_seen_and_local)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 2, 192);
	struct lvs_path_conf path = {.size = sizeof(path), .flags = LVS_PATH_LOCAL};
	union lvs_addr nat = world_addr(LVS_INET, 1, 1);
	static struct frag_whole whole;
	struct lvs_flow flow = recipe.flow;
	struct world w;

	world_open(&w, NULL, "rr");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	recipe.flow.src = flow.dst;
	recipe.flow.src_port = flow.dst_port;
	recipe.flow.dst = flow.src;
	recipe.flow.dst_port = flow.src_port;
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_REPLY_SEEN);
	check_reason(world_send(&w, 0, &whole, 64, 200), LVS_REASON_REPLY_SEEN);
	recipe = world_recipe(LVS_INET, LVS_UDP, 4, 192);
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 64, 200), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_LOCAL);
	check_reason(w.out[0].reason, LVS_REASON_LOCAL);
	/* NAT to this host rewrites what it leaves to it */
	ck_assert_int_eq(lvs_director_set_path(w.director, LVS_INET, &nat, &path), 0);
	recipe = world_recipe(LVS_INET, LVS_UDP, 1, 192);
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 64, 200), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_LOCAL);
	check_reason(w.out[0].reason, LVS_REASON_LOCAL);
	ck_assert_mem_eq(w.out[0].data + 16, &nat, 4);
	ck_assert(ref_ipv4_ok(w.out[0].data));
	world_close(&w);
}
END_TEST

/* What the first one got: dropped, or an ICMP error, and the connection that went meanwhile. */
START_TEST(test_dropped)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 192);
	struct lvs_service_key service =
		rig_service_key(LVS_INET, LVS_UDP, world_addr(LVS_INET, 0, 1), 80);
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, world_addr(LVS_INET, 1, 1), 8080);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(lvs_director_kill_conns(w.director, NULL), 1);
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT_STRAY);
	check_reason(world_send(&w, 0, &whole, 128, 200), LVS_REASON_FRAGMENT_STRAY);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	rig_del_dest(w.director, &service, &dest);
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_DEST_GONE);
	lvs_director_kill_conns(w.director, NULL);
	whole.id = 0x4343;
	ref_put16(whole.data + 4, whole.id);
	ref_ipv4_checksum(whole.data);
	check_reason(world_send(&w, 0, &whole, 128, 200), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_REPLY_NO_DEST);
	ck_assert_uint_eq(w.out_n, 0);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_REFUSED), 1);
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT_REFUSED);
	/* it was the last of it, and the next begins anew */
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT_HELD);
	world_close(&w);
}
END_TEST

/* What must be held must be readable. */
/* IPv6: a fragment behind the first is too long. Its sender is told, who alone can cut it. */
START_TEST(test_too_long)
{
	struct lvs_settings settings = {.size = sizeof(settings), .default_mtu = 1280};
	struct frag_recipe recipe = world_recipe(LVS_INET6, LVS_UDP, 1 + (unsigned)_i, 2800);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, &settings, "rr");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 800), LVS_REASON_SCHEDULED);
	check_reason(world_send(&w, 0, &whole, 800, 2040), LVS_REASON_REPLY_MTU);
	ck_assert_uint_eq(w.buffer.packet.data[40], 2);
	ck_assert_uint_eq(rig_get16(w.buffer.packet.data + 46), 1280);
	/* What it quotes is the fragment. */
	ck_assert_uint_eq(w.buffer.packet.data[48 + 6], 44);
	check_reason(world_send(&w, 0, &whole, 2040, 2808), LVS_REASON_ESTABLISHED);
	world_close(&w);
}
END_TEST

START_TEST(test_not_linear)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 192);
	static struct frag_whole whole;
	static struct frag_part part;
	struct world w;

	world_open(&w, NULL, "rr");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	frag_cut(&whole, 64, 128, &part);
	frag_load(&w.buffer, part.data, part.len);
	w.buffer.packet.linear_len = 20;
	lvs_worker_process(w.worker[0], &w.buffer.packet, 1, w.now);
	check_reason(w.buffer.packet.reason, LVS_REASON_ESTABLISHED);
	check_reason(world_send(&w, 0, &whole, 128, 200), LVS_REASON_ESTABLISHED);
	frag_load(&w.buffer, part.data, part.len);
	w.buffer.packet.linear_len = 20;
	lvs_worker_process(w.worker[0], &w.buffer.packet, 1, w.now);
	check_reason(w.buffer.packet.reason, LVS_REASON_NOT_LINEAR);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_FRAGMENT_REFUSED);
	world_close(&w);
}
END_TEST

/* A mark's service: early fragments with the mark are held, and the first one's mark decides. */
START_TEST(test_mark)
{
	struct lvs_service_key key = {.family = LVS_INET, .fwmark = 5};
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, world_addr(LVS_INET, 1, 9), 0);
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 192);
	static struct frag_whole whole;
	static struct frag_part part;
	struct world w;

	world_open(&w, NULL, "rr");
	rig_set_service(w.director, &key, "rr");
	rig_set_dest(w.director, &key, &dest, LVS_METHOD_DR, 1);
	recipe.flow.dst = world_addr(LVS_INET, 200, 1);
	frag_make(&whole, &recipe);
	frag_cut(&whole, 64, 200, &part);
	frag_load(&w.buffer, part.data, part.len);
	w.buffer.packet.mark = 5;
	lvs_worker_process(w.worker[0], &w.buffer.packet, 1, w.now);
	check_reason(w.buffer.packet.reason, LVS_REASON_FRAGMENT_HELD);
	frag_cut(&whole, 0, 64, &part);
	frag_load(&w.buffer, part.data, part.len);
	w.buffer.packet.mark = 5;
	lvs_worker_process(w.worker[0], &w.buffer.packet, 1, w.now);
	check_reason(w.buffer.packet.reason, LVS_REASON_SCHEDULED);
	world_take(&w, 0);
	ck_assert_uint_eq(w.out_n, 1);
	ck_assert_uint_eq(w.out[0].mark, 5);
	check_reason(w.out[0].reason, LVS_REASON_ESTABLISHED);
	world_close(&w);
}
END_TEST

static enum lvs_reason peek(struct world *w, const struct frag_whole *whole, uint32_t start,
			    uint32_t end)
{
	static struct frag_part part;
	struct lvs_record record;

	frag_cut(whole, start, end, &part);
	frag_load(&w->buffer, part.data, part.len);
	lvs_worker_peek(w->worker[0], &w->buffer.packet, w->now, &record);
	return record.reason;
}

/* Asking moves nothing, and says what comes. */
START_TEST(test_peek)
{
	static const struct {
		uint32_t start, end;
	} order[] = {{128, 200}, {0, 64}, {0, 64}, {56, 128}, {64, 128}};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 192);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	recipe.no_checksum = _i;
	frag_make(&whole, &recipe);
	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		uint64_t before[LVS_REASON_N], after[LVS_REASON_N];
		uint64_t live = w.alloc.live_bytes;
		enum lvs_reason told;

		lvs_director_reasons(w.director, before, LVS_REASON_N);
		for (unsigned j = 0; j < 3; j++)
			told = peek(&w, &whole, order[i].start, order[i].end);
		lvs_director_reasons(w.director, after, LVS_REASON_N);
		ck_assert_mem_eq(before, after, sizeof(before));
		ck_assert_uint_eq(w.alloc.live_bytes, live);
		check_reason(world_send(&w, 0, &whole, order[i].start, order[i].end), told);
	}
	world_close(&w);
}
END_TEST

/* Fragments keep their connection alive, a peek at one does not. */
START_TEST(test_alive)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 192);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	w.now += 29 * SECOND;
	check_reason(peek(&w, &whole, 64, 128), LVS_REASON_ESTABLISHED);
	if (_i)
		check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_ESTABLISHED);
	w.now += 280 * SECOND; /* UDP: 300 */
	check_reason(world_send(&w, 0, &whole, 0, 64),
		     _i ? LVS_REASON_ESTABLISHED : LVS_REASON_SCHEDULED);
	world_close(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("frag");

	tcase_add_loop_test(tcase, test_rows, 0, 2 * ROWS);
	tcase_add_test(tcase, test_refused_until_time);
	tcase_add_test(tcase, test_expiry);
	tcase_add_loop_test(tcase, test_passed, 0, 2);
	tcase_add_loop_test(tcase, test_early_reply, 0, 2);
	tcase_add_test(tcase, test_seen_and_local);
	tcase_add_test(tcase, test_dropped);
	tcase_add_loop_test(tcase, test_too_long, 0, 2);
	tcase_add_test(tcase, test_not_linear);
	tcase_add_test(tcase, test_mark);
	tcase_add_loop_test(tcase, test_peek, 0, 2);
	tcase_add_loop_test(tcase, test_alive, 0, 2);
	return unit_run("frag", tcase);
}
