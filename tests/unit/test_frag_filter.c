/* SPDX-License-Identifier: BSD-2-Clause */
/* Fragments and an embedder's filter: the whole of a datagram, or its first one. */
#include <liblvs/filter.h>

#include "frag_world.h"

enum {
	STEP = 72, /* bytes of a part, a multiple of eight */
};

struct seen {
	uint8_t data[1000];
	uint32_t len;
	uint32_t mark;
	unsigned n;
	int answer;
};

static int look(void *user, const struct lvs_filter_query *query)
{
	struct seen *seen = user;

	seen->n++;
	seen->len = query->packet->len;
	seen->mark = query->packet->mark;
	ck_assert_uint_eq(query->packet->linear_len, seen->len);
	memcpy(seen->data, query->packet->data, seen->len);
	return seen->answer;
}

START_TEST(test_filter)
{
	static const int answers[] = {LVS_FILTER_ACCEPT, LVS_FILTER_PASS, LVS_FILTER_DROP};
	static const enum lvs_reason reasons[] = {LVS_REASON_SCHEDULED, LVS_REASON_FILTER_PASS,
						  LVS_REASON_FILTERED};
	static const enum lvs_reason others[] = {LVS_REASON_ESTABLISHED, LVS_REASON_FILTER_PASS,
						 LVS_REASON_FRAGMENT_REFUSED};
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET, a = (unsigned)_i / 2 % 3;
	struct seen seen = {.answer = answers[a]};
	struct lvs_filter_ops ops = {
		.size = sizeof(ops), .flags = LVS_FILTER_WHOLE, .name = "look", .accept = look};
	struct frag_recipe recipe = world_recipe(family, _i >= 6 ? LVS_TCP : LVS_UDP, 2, 401);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	ck_assert_int_eq(lvs_director_set_filter(w.director, &ops, &seen), 0);
	recipe.options = 16;
	recipe.hop = 8;
	frag_make(&whole, &recipe);
	world_send_held(&w, &whole, STEP, 3);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_uint_eq(seen.len, whole.len);
	ck_assert_mem_eq(seen.data, whole.data, whole.len);
	ck_assert_uint_ge(world_count(&w, reasons[a]), 1);
	ck_assert_uint_ge(world_count(&w, others[a]), 5);
	if (a == 2)
		ck_assert_uint_eq(w.out_n, 0);
	else
		check_reason(w.out[0].reason, reasons[a]);
	/* A known connection does not ask. */
	if (a == 0)
		check_reason(world_send(&w, 0, &whole, 0, STEP), LVS_REASON_ESTABLISHED);
	ck_assert_uint_eq(seen.n, 1);
	world_close(&w);
}
END_TEST

/* A later packet of a connection that has no entry: the filter is asked, and sees all of it. */
START_TEST(test_filter_untracked)
{
	struct lvs_settings settings = {.max_conns = 1, .full_policy = LVS_FULL_UNTRACKED};
	struct seen seen = {.answer = LVS_FILTER_ACCEPT};
	struct lvs_filter_ops ops = {
		.size = sizeof(ops), .flags = LVS_FILTER_WHOLE, .name = "look", .accept = look};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_TCP, 2, 401);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, &settings, "sh");
	ck_assert_int_eq(lvs_director_set_filter(w.director, &ops, &seen), 0);
	recipe.tcp_flags = LVS_TCP_ACK;
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, STEP), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, STEP, 421), LVS_REASON_FRAGMENT_HELD);
	ck_assert_uint_eq(seen.len, whole.len);
	ck_assert_uint_eq(w.out_n, 2);
	check_reason(w.out[0].reason, LVS_REASON_UNTRACKED);
	check_reason(w.out[1].reason, LVS_REASON_UNTRACKED);
	world_close(&w);
}
END_TEST

/* Without the flag a filter sees the first fragment. */
START_TEST(test_filter_first)
{
	struct seen seen = {.answer = LVS_FILTER_ACCEPT};
	struct lvs_filter_ops ops = {.size = sizeof(ops), .name = "look", .accept = look};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 2, 401);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	ck_assert_int_eq(lvs_director_set_filter(w.director, &ops, &seen), 0);
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, STEP), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(seen.len, 20 + STEP);
	world_close(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("frag_filter");

	tcase_add_loop_test(tcase, test_filter, 0, 12);
	tcase_add_test(tcase, test_filter_first);
	tcase_add_test(tcase, test_filter_untracked);
	return unit_run("frag_filter", tcase);
}
