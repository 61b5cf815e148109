/* SPDX-License-Identifier: BSD-2-Clause */
/* Floods of fragments, memory that fails, outboxes that nobody empties: bounds hold, and nothing
 * is lost uncounted. */
#include "frag_world.h"

#include "director/frags.h"

enum {
	BOUND = 64 << 10,
	INDEX = 8 << 10, /* of datagrams, at these bounds: beside what is counted */
	FLOOD = 20000,
};

static void make_flood_part(struct frag_part *part, struct frag_recipe *recipe, uint64_t *random)
{
	static struct frag_whole whole;
	uint64_t r = rig_random(random);

	recipe->flow.src = recipe->flow.family == LVS_INET
				   ? rig_addr4(198, 51, (unsigned)r & 255, (unsigned)(r >> 8) & 255)
				   : rig_addr6(50, (unsigned)r & 65535);
	recipe->id = (uint32_t)(r >> 32) & 0xffff;
	frag_make(&whole, recipe);
	if (r >> 20 & 1)
		frag_cut(&whole, 64, 64 + 8 * (1 + (uint32_t)(r >> 40) % 100), part);
	else if (r >> 21 & 1)
		frag_cut(&whole, 0, 64, part);
	else
		frag_cut(&whole, 64 + 8 * ((uint32_t)(r >> 40) % 100), whole.len - whole.fixed,
			 part);
}

/* What was held counts once more: nothing but what is still there is without its end. */
static void check_counted(struct world *w, uint64_t sent)
{
	uint64_t reasons[LVS_REASON_N];
	uint64_t sum = 0;

	lvs_director_reasons(w->director, reasons, LVS_REASON_N);
	for (unsigned i = 0; i < LVS_REASON_N; i++)
		sum += reasons[i];
	ck_assert_uint_ge(sum, sent);
	ck_assert_uint_le(sum, sent + reasons[LVS_REASON_FRAGMENT_HELD]);
}

/* Fragments of datagrams that are never whole, and between them one that is. */
START_TEST(test_flood)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	struct lvs_settings settings = {
		.fragment_bytes = BOUND,
		.fragment_datagrams = _i & 2 ? 64 : 0,
		.max_conns = 10,
	};
	struct frag_recipe flood = world_recipe(family, LVS_UDP, 2, 1400);
	struct frag_recipe recipe = world_recipe(family, LVS_UDP, 3, 1400);
	uint64_t random = (uint64_t)_i + 5, idle, most = 0, lost = 0;
	static struct frag_whole whole;
	static struct frag_part part;
	struct world w;

	world_open(&w, &settings, "rr");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	check_reason(world_send(&w, 0, &whole, 64, 1408), LVS_REASON_ESTABLISHED);
	for (unsigned i = 0; i < 10; i++) { /* the table is full: no more memory for connections */
		make_flood_part(&part, &flood, &random);
		frag_send(w.worker[0], &w.buffer, &part, w.now);
	}
	w.now += 30 * SECOND;
	lvs_worker_handle_expiry(w.worker[0], w.now, 0);
	lvs_director_kill_conns(w.director, NULL);
	idle = w.alloc.live_bytes;
	for (unsigned i = 0; i < FLOOD; i++) {
		make_flood_part(&part, &flood, &random);
		frag_send(w.worker[i & 1], &w.buffer, &part, w.now);
		most = w.alloc.live_bytes > most ? w.alloc.live_bytes : most;
		if (i % 16)
			continue;
		/* the last one first: it is held while the flood goes on */
		whole.id++;
		if (family == LVS_INET) {
			ref_put16(whole.data + 4, whole.id);
			ref_ipv4_checksum(whole.data);
		}
		world_send(&w, 0, &whole, 64, 1408);
		for (unsigned j = 0; j < 8; j++) {
			make_flood_part(&part, &flood, &random);
			frag_send(w.worker[0], &w.buffer, &part, w.now);
		}
		world_send(&w, 1, &whole, 0, 64);
		lost += w.out_n != 1;
		if (i % 1024 == 0)
			rig_check(w.director);
	}
	ck_assert_uint_eq(lost, 0);
	ck_assert_uint_gt(most, idle + BOUND / 4);
	ck_assert_uint_le(most, idle + BOUND + INDEX + (10 << 10)); /* ten connections of shards */
	ck_assert_uint_gt(world_count(&w, LVS_REASON_FRAGMENT_FULL), FLOOD / 8);
	world_close(&w);
}
END_TEST

/* The oldest one is on its way to be whole: the younger ones make room for it. */
START_TEST(test_grows)
{
	struct lvs_settings settings = {.fragment_bytes = 12 << 10};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 5 * 1000);
	struct frag_recipe flood = world_recipe(LVS_INET, LVS_UDP, 2, 1400);
	static struct frag_whole whole, other;
	struct world w;

	world_open(&w, &settings, "rr");
	recipe.no_checksum = true;
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 1000), LVS_REASON_FRAGMENT_HELD);
	for (unsigned i = 0; i < 5; i++) {
		flood.id++;
		frag_make(&other, &flood);
		check_reason(world_send(&w, 0, &other, 64, 1408), LVS_REASON_FRAGMENT_HELD);
	}
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_FULL), 0);
	for (unsigned i = 1; i < 6; i++)
		check_reason(world_send(&w, 0, &whole, i * 1000, i < 5 ? i * 1000 + 1000 : 5008),
			     LVS_REASON_FRAGMENT_HELD);
	ck_assert_uint_eq(w.out_n, 6);
	ck_assert_uint_ge(world_count(&w, LVS_REASON_FRAGMENT_FULL), 2);
	world_close(&w);
}
END_TEST

/* What is longer than the bound is refused, and nobody goes for it. */
START_TEST(test_never_fits)
{
	struct lvs_settings settings = {.fragment_bytes = 2 << 10};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 5 * 1000);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, &settings, "rr");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT_HELD);
	whole.id++;
	ref_put16(whole.data + 4, whole.id);
	check_reason(world_send(&w, 0, &whole, 1000, 4000), LVS_REASON_FRAGMENT_FULL);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_FULL), 1);
	whole.id--;
	ref_put16(whole.data + 4, whole.id);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(w.out_n, 1);
	world_close(&w);
}
END_TEST

/* No room at all: what is the host's passes as ever. */
START_TEST(test_no_room)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	struct lvs_settings settings = {.fragment_bytes = 1};
	struct frag_recipe recipe = world_recipe(family, LVS_UDP, 1, 192);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, &settings, "rr");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_FRAGMENT_FULL);
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT_FULL);
	recipe.flow.dst = world_addr(family, 77, 1);
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_NO_SERVICE);
	check_reason(world_send(&w, 0, &whole, 64, 128), LVS_REASON_FRAGMENT);
	world_close(&w);
}
END_TEST

/* The time of many is up at once: no fragment pays for more than some of them, and none of them
 * seems to live on. */
START_TEST(test_expiry_in_steps)
{
	enum { MANY = 3 * LVS_FRAGS_STEP + 7 };
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 1400);
	static struct frag_whole whole[MANY];
	struct world w;

	world_open(&w, NULL, "rr");
	for (unsigned i = 0; i < MANY; i++) {
		recipe.id++;
		frag_make(&whole[i], &recipe);
		check_reason(world_send(&w, 0, &whole[i], 64, 128), LVS_REASON_FRAGMENT_HELD);
	}
	w.now += 30 * SECOND;
	/* the youngest: its remains do not meet what comes now */
	check_reason(world_send(&w, 1, &whole[MANY - 1], 0, 64), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(w.out_n, 0);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_EXPIRED), LVS_FRAGS_STEP + 1);
	rig_check(w.director);
	lvs_worker_handle_expiry(w.worker[0], w.now, 5);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_EXPIRED), LVS_FRAGS_STEP + 6);
	ck_assert_uint_le(lvs_worker_expiry(w.worker[1]), w.now);
	lvs_worker_handle_expiry(w.worker[1], w.now, 0);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_EXPIRED), MANY);
	/* at the end of time there is nothing to wait for, and an end to waiting */
	lvs_worker_handle_expiry(w.worker[1], UINT64_MAX, 0);
	world_close(&w);
}
END_TEST

/* The room of those whose time was up is taken: they were not thrown out for it. */
START_TEST(test_expired_make_room)
{
	enum { MANY = 2 * LVS_FRAGS_STEP };
	struct lvs_settings settings = {.fragment_datagrams = MANY};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 1400);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, &settings, "rr");
	for (unsigned i = 0; i < 2 * MANY; i++) {
		recipe.id++;
		frag_make(&whole, &recipe);
		w.now += i == MANY ? 30 * SECOND : 0;
		check_reason(world_send(&w, i & 1, &whole, 64, 128), LVS_REASON_FRAGMENT_HELD);
	}
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_EXPIRED), MANY);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_FULL), 0);
	world_close(&w);
}
END_TEST

/* Pieces without end of one datagram. */
START_TEST(test_ranges)
{
	struct lvs_settings settings = {.fragment_ranges = 10};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 4000);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, &settings, "rr");
	frag_make(&whole, &recipe);
	for (unsigned i = 1; i <= 10; i++)
		check_reason(world_send(&w, 0, &whole, 64 * i, 64 * i + 8),
			     LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 72, 128), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 2000, 2008), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 3000, 3008), LVS_REASON_FRAGMENT_FULL);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_FULL), 13);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_FRAGMENT_FULL);
	world_close(&w);
}
END_TEST

/* Outboxes that are not emptied count, and when they are, there is room again. */
START_TEST(test_outbox)
{
	struct lvs_settings settings = {.fragment_bytes = BOUND};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 1400);
	static struct frag_whole whole;
	static struct frag_part part;
	enum lvs_reason reason;
	struct lvs_packet out;
	unsigned n = 0, got = 0;
	struct world w;

	world_open(&w, &settings, "rr");
	do {
		recipe.id++;
		frag_make(&whole, &recipe);
		frag_cut(&whole, 64, 1408, &part);
		reason = frag_send(w.worker[0], &w.buffer, &part, w.now);
		n += reason == LVS_REASON_FRAGMENT_HELD;
		frag_cut(&whole, 0, 64, &part);
		frag_send(w.worker[0], &w.buffer, &part, w.now);
		rig_check(w.director);
	} while (reason == LVS_REASON_FRAGMENT_HELD);
	check_reason(reason, LVS_REASON_FRAGMENT_FULL);
	ck_assert_uint_gt(n, 20);
	while (lvs_worker_outbox(w.worker[0], &out, 1)) {
		ck_assert_uint_eq(ref_get16(out.data + 4), 0x4243 + got);
		got++;
	}
	ck_assert_uint_eq(got, n);
	recipe.id++;
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 64, 1408), LVS_REASON_FRAGMENT_HELD);
	/* one in the outbox when its worker ends */
	frag_cut(&whole, 0, 64, &part);
	frag_send(w.worker[1], &w.buffer, &part, w.now);
	ck_assert_uint_eq(lvs_worker_outbox(w.worker[1], &out, 0), 0);
	world_close(&w);
}
END_TEST

/* One scenario with the k-th allocation failing: nothing breaks, nothing is lost uncounted. */
static bool fail_at(uint64_t k)
{
	static struct frag_whole whole[8];
	uint64_t random = 7;
	unsigned sent = 0;
	struct world w;
	bool failed;

	world_open(&w, NULL, "rr");
	w.alloc.fail_at = k;
	for (unsigned i = 0; i < 8; i++) {
		struct frag_recipe recipe =
			world_recipe(i & 1 ? LVS_INET6 : LVS_INET, LVS_UDP, 1 + i / 2 % 3, 600);

		recipe.id = 1 + i;
		recipe.no_checksum = i == 0 || i == 4;
		frag_make(&whole[i], &recipe);
	}
	for (unsigned i = 0; i < 200; i++, sent++) {
		const struct frag_whole *one = &whole[rig_random(&random) % 8];
		uint32_t start = 64 * (uint32_t)(rig_random(&random) % 9);

		world_send(&w, i & 1, one, start, start + 64 < 608 ? start + 64 : 608);
	}
	failed = w.alloc.failed;
	w.alloc.fail_at = 0;
	check_counted(&w, sent);
	world_close(&w);
	return failed;
}

START_TEST(test_no_memory)
{
	uint64_t k = 1;

	while (fail_at(k))
		k++;
	ck_assert_uint_gt(k, 40);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("frag_bounds");

	tcase_add_loop_test(tcase, test_flood, 0, 4);
	tcase_add_test(tcase, test_grows);
	tcase_add_test(tcase, test_never_fits);
	tcase_add_loop_test(tcase, test_no_room, 0, 2);
	tcase_add_test(tcase, test_expiry_in_steps);
	tcase_add_test(tcase, test_expired_make_room);
	tcase_add_test(tcase, test_ranges);
	tcase_add_test(tcase, test_outbox);
	tcase_add_test(tcase, test_no_memory);
	return unit_run("frag_bounds", tcase);
}
