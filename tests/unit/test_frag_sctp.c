/* SPDX-License-Identifier: BSD-2-Clause */
/* SCTP in fragments: its checksum is over all of the datagram. */
#include "packet/sctp.h"

#include "frag_world.h"

enum {
	STEP = 304, /* bytes of a fragment */
	PAYLOAD = 1500,
};

static struct frag_whole whole;
static struct frag_joined joined;

/* What the outbox gave, put together; the whole packet's length. */
static uint32_t join_out(const struct world *w)
{
	struct frag_seen seen;

	memset(&joined, 0, sizeof(joined));
	for (unsigned i = 0; i < w->out_n; i++) {
		frag_see(w->out[i].data, w->out[i].len, &seen);
		frag_join(&joined, &seen);
	}
	return frag_finish(&joined);
}

/* Family and order of fragments, by the loop's number. */
static unsigned family_of(int i)
{
	return i & 1 ? LVS_INET6 : LVS_INET;
}

/* A translated port: all is gathered, and leaves with a right checksum, whatever it was. */
START_TEST(test_translated)
{
	struct frag_recipe recipe = world_recipe(family_of(_i), LVS_SCTP, 1, PAYLOAD);
	struct world w;
	uint32_t len;

	recipe.tcp_flags = LVS_SCTP_INIT;
	frag_make(&whole, &recipe);
	if (_i & 8)
		whole.data[whole.fixed + 9] ^= 1;
	world_open(&w, NULL, "rr");
	world_send_held(&w, &whole, STEP, (unsigned)_i >> 1 & 3);
	ck_assert_uint_eq(w.out_n, 5);
	for (unsigned i = 0; i < w.out_n; i++)
		check_reason(w.out[i].reason, i ? LVS_REASON_ESTABLISHED : LVS_REASON_SCHEDULED);
	len = join_out(&w);
	ck_assert_uint_eq(len, whole.len);
	ck_assert(rig_sums_right(joined.data, len));
	ck_assert_uint_eq(ref_get16(joined.data + joined.fixed + 2), 8080);
	world_close(&w);
}
END_TEST

static struct frag_recipe reply_recipe(unsigned family)
{
	struct frag_recipe recipe = world_recipe(family, LVS_SCTP, 1, PAYLOAD);

	recipe.flow = rig_flow(LVS_SCTP, family, world_addr(family, 1, 1), 8080,
			       world_addr(family, 9, 7), 4000);
	recipe.tcp_flags = LVS_SCTP_INIT_ACK;
	return recipe;
}

static void open_conn(struct world *w, unsigned family, unsigned service)
{
	struct frag_recipe recipe = world_recipe(family, LVS_SCTP, service, 8);

	recipe.tcp_flags = LVS_SCTP_INIT;
	frag_make(&whole, &recipe);
	frag_load(&w->buffer, whole.data, whole.len);
	lvs_worker_process(w->worker[0], &w->buffer.packet, 1, w->now);
	ck_assert_int_eq(w->buffer.packet.reason, LVS_REASON_SCHEDULED);
}

START_TEST(test_reply)
{
	struct frag_recipe recipe = reply_recipe(family_of(_i));
	struct world w;
	uint32_t len;

	world_open(&w, NULL, "rr");
	open_conn(&w, family_of(_i), 1);
	frag_make(&whole, &recipe);
	world_send_held(&w, &whole, STEP, (unsigned)_i >> 1 & 3);
	ck_assert_uint_eq(w.out_n, 5);
	len = join_out(&w);
	ck_assert(rig_sums_right(joined.data, len));
	ck_assert_uint_eq(ref_get16(joined.data + joined.fixed), 80);
	world_close(&w);
}
END_TEST

/* Where no port changes nobody waits. */
START_TEST(test_untouched)
{
	unsigned service = 2 + ((unsigned)_i >> 1) % 2;
	struct frag_recipe recipe = world_recipe(family_of(_i), LVS_SCTP, service, PAYLOAD);
	uint32_t total, crc_at;
	struct world w;

	recipe.tcp_flags = LVS_SCTP_INIT;
	frag_make(&whole, &recipe);
	total = whole.len - whole.fixed;
	world_open(&w, NULL, "rr");
	check_reason(world_send(&w, 0, &whole, 0, STEP), LVS_REASON_SCHEDULED);
	crc_at = (family_of(_i) == LVS_INET6 ? 8u : 0u) + whole.fixed + 8 +
		 (service == 3 ? (family_of(_i) == LVS_INET6 ? 40u : 20u) : 0u);
	ck_assert_int_eq(memcmp(w.buffer.packet.data + crc_at, whole.data + whole.fixed + 8, 4), 0);
	for (uint32_t at = STEP; at < total; at += STEP)
		check_reason(world_send(&w, 1, &whole, at, at + STEP < total ? at + STEP : total),
			     LVS_REASON_ESTABLISHED);
	world_close(&w);
}
END_TEST

static const char *state_of(const struct world *w)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};

	ck_assert_int_eq(lvs_director_next_conn(w->director, NULL, &cursor, &info), 1);
	return info.state;
}

/* An ABORT behind a cookie that fills the first fragment counts: all of it is there. */
START_TEST(test_abort_behind)
{
	struct frag_recipe recipe = world_recipe(family_of(_i), LVS_SCTP, 1, PAYLOAD);
	struct world w;
	uint8_t *sctp;

	world_open(&w, NULL, "rr");
	open_conn(&w, family_of(_i), 1);
	recipe.tcp_flags = LVS_SCTP_COOKIE_ECHO;
	frag_make(&whole, &recipe);
	sctp = whole.data + whole.fixed;
	ref_put16(sctp + 14, 1000);
	sctp[12 + 1000] = _i & 2 ? LVS_SCTP_ABORT : LVS_SCTP_DATA;
	world_send_held(&w, &whole, STEP, 0);
	ck_assert_uint_eq(w.out_n, 5);
	ck_assert_str_eq(state_of(&w), _i & 2 ? "CLOSED" : "INIT");
	world_close(&w);
}
END_TEST

/* A first fragment must hold a chunk's header. */
START_TEST(test_tiny)
{
	struct frag_recipe recipe = world_recipe(family_of(_i), LVS_SCTP, 1, PAYLOAD);
	struct world w;

	recipe.tcp_flags = LVS_SCTP_INIT;
	frag_make(&whole, &recipe);
	world_open(&w, NULL, "rr");
	check_reason(world_send(&w, 0, &whole, 0, 8), LVS_REASON_FRAGMENT_TINY);
	world_close(&w);
}
END_TEST

/* Without memory for it nothing has happened, and nothing is left over. */
START_TEST(test_no_memory)
{
	struct frag_recipe recipe = world_recipe(family_of(_i), LVS_SCTP, 1, PAYLOAD);
	bool failed = false;

	recipe.tcp_flags = LVS_SCTP_INIT;
	for (uint64_t k = 1; k < 40; k++) {
		struct world w;
		uint32_t at, total;

		world_open(&w, NULL, "rr");
		frag_make(&whole, &recipe);
		total = whole.len - whole.fixed;
		w.alloc.fail_at = k;
		for (at = 0; at < total; at += STEP)
			world_send(&w, 0, &whole, at, at + STEP < total ? at + STEP : total);
		w.alloc.fail_at = 0;
		if (world_count(&w, LVS_REASON_FRAGMENT_FULL)) {
			failed = true;
			ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
		}
		world_close(&w);
	}
	ck_assert(failed);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("frag_sctp");

	tcase_add_loop_test(tcase, test_translated, 0, 16);
	tcase_add_loop_test(tcase, test_reply, 0, 8);
	tcase_add_loop_test(tcase, test_untouched, 0, 4);
	tcase_add_loop_test(tcase, test_abort_behind, 0, 4);
	tcase_add_loop_test(tcase, test_tiny, 0, 2);
	tcase_add_loop_test(tcase, test_no_memory, 0, 2);
	return unit_run("frag_sctp", tcase);
}
