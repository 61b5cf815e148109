/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings that change while a director runs: all that were asked for, or none. */
#include <stdlib.h>
#include <string.h>

#include "director/frags.h"
#include "director/worker.h"

#include "alloc_rig.h"
#include "frag_rig.h"
#include "unit.h"

#define SYN LVS_TCP_SYN
#define ACK LVS_TCP_ACK

struct world {
	struct lvs_settings settings; /* as last read, to be changed */
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct rig_packet rig;
	uint64_t now;
};

static void read_settings(struct world *w)
{
	memset(&w->settings, 0, sizeof(w->settings));
	w->settings.size = sizeof(w->settings);
	lvs_director_get_settings(w->director, &w->settings);
}

static void build(struct world *w, const struct lvs_settings *settings)
{
	memset(w, 0, sizeof(*w));
	w->now = 1000 * SECOND;
	ck_assert_int_eq(lvs_director_new(settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	w->dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 80);
	rig_set_service(w->director, &w->service, "rr");
	rig_set_dest(w->director, &w->service, &w->dest, LVS_METHOD_DR, 1);
	read_settings(w);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

static void change(struct world *w)
{
	const char *fault;
	int err = lvs_director_change(w->director, &w->settings, &fault);

	ck_assert_msg(err == 0 && !fault, "%s", fault);
}

static enum lvs_reason send(struct world *w, unsigned client, uint8_t flags)
{
	struct lvs_flow flow = rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, client >> 8, client),
					4000, w->service.addr, 80);

	return rig_send(w->worker, &w->rig, &flow, flags, w->now);
}

/* --- Each field --- */

#define NUMBER(name, is_live, good, bad, err)                                                      \
	{                                                                                          \
#name, offsetof(struct lvs_settings, name), is_live, good, bad, err                \
	}

/* A value other than the default; one that cannot be (0: there is none). */
static const struct {
	const char *name;
	size_t offset;
	bool live;
	uint32_t good, bad;
	int err;
} numbers[] = {
	NUMBER(flags, true, 0x3ff, 0x800, LVS_ERR_INVALID),
	NUMBER(max_conns, true, 1000, UINT32_MAX, LVS_ERR_RANGE),
	NUMBER(shards, false, 512, 3, LVS_ERR_INVALID),
	NUMBER(full_policy, true, LVS_FULL_EVICT, 4, LVS_ERR_INVALID),
	NUMBER(reuse, true, LVS_REUSE_NEVER, 4, LVS_ERR_INVALID),
	NUMBER(default_mtu, false, 1400, 67, LVS_ERR_RANGE),
	NUMBER(max_workers, false, 65, 193, LVS_ERR_RANGE),
	NUMBER(events, false, 1, 1048577, LVS_ERR_RANGE),
	NUMBER(nearly_full, true, 50, 101, LVS_ERR_RANGE),
	NUMBER(icmp_ratelimit_ms, true, LVS_UNLIMITED, 0, 0),
	NUMBER(icmp_ratemask, true, 1, 0, 0),
	NUMBER(icmp_msgs_per_sec, true, LVS_UNLIMITED, 1000000001, LVS_ERR_RANGE),
	NUMBER(icmp_msgs_burst, true, 1, 0, 0),
	NUMBER(pmtu_expires_s, true, 1, 2678401, LVS_ERR_RANGE),
	NUMBER(fragment_bytes, true, 1024, 0, 0),
	NUMBER(fragment_datagrams, true, 1, 1048577, LVS_ERR_RANGE),
	NUMBER(fragment_time_s, true, 1, 3601, LVS_ERR_RANGE),
	NUMBER(fragment_ranges, true, 1, 8193, LVS_ERR_RANGE),
	NUMBER(lblc_expiration_s, true, 1, 2678401, LVS_ERR_RANGE),
	NUMBER(lblcr_expiration_s, true, 1, 2678401, LVS_ERR_RANGE),
	NUMBER(lblc_entries, false, 1, 1048577, LVS_ERR_RANGE),
	NUMBER(drop_entry, true, LVS_DEFENCE_ON, 4, LVS_ERR_INVALID),
	NUMBER(drop_packet, true, LVS_DEFENCE_AUTO, 4, LVS_ERR_INVALID),
	NUMBER(secure_tcp, true, LVS_DEFENCE_AUTO_ON, 4, LVS_ERR_INVALID),
	NUMBER(amemthresh, true, 1, 0, 0),
	NUMBER(am_droprate, true, 1, 0, 0),
};
#define NUMBERS ((int)(sizeof(numbers) / sizeof(numbers[0])))

static void put(struct lvs_settings *settings, size_t offset, uint32_t value)
{
	memcpy((uint8_t *)settings + offset, &value, sizeof(value));
}

static uint32_t value_of(const struct lvs_settings *settings, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)settings + offset, sizeof(value));
	return value;
}

/* What stands in the way is named, and nothing has changed. */
static void expect_refused(struct world *w, const char *name, int err)
{
	struct lvs_settings before = {.size = sizeof(before)}, after = {.size = sizeof(after)};
	const char *fault = NULL;

	lvs_director_get_settings(w->director, &before);
	/* what else is asked for would be fine */
	w->settings.flags ^= LVS_SET_SLOPPY_SCTP;
	w->settings.icmp_msgs_burst = 77;
	ck_assert_int_eq(lvs_director_change(w->director, &w->settings, &fault), err);
	ck_assert_ptr_nonnull(fault);
	ck_assert_msg(!strncmp(fault, name, strlen(name)), "%s: %s", name, fault);
	ck_assert_int_eq(lvs_director_change(w->director, &w->settings, NULL), err);
	lvs_director_get_settings(w->director, &after);
	ck_assert_mem_eq(&before, &after, sizeof(before));
}

START_TEST(test_number)
{
	size_t offset = numbers[_i].offset;
	struct lvs_settings after = {.size = sizeof(after)};
	struct world w;

	build(&w, NULL);
	ck_assert_uint_ne(value_of(&w.settings, offset), numbers[_i].good);
	put(&w.settings, offset, numbers[_i].good);
	if (numbers[_i].live) {
		change(&w);
		lvs_director_get_settings(w.director, &after);
		ck_assert_mem_eq(&after, &w.settings, sizeof(after));
		/* 0 is the default again */
		put(&w.settings, offset, 0);
		change(&w);
		lvs_settings_init(&w.settings);
		lvs_director_get_settings(w.director, &after);
		ck_assert_uint_eq(value_of(&after, offset), value_of(&w.settings, offset));
	} else {
		expect_refused(&w, numbers[_i].name, LVS_ERR_UNSUPPORTED);
	}
	read_settings(&w);
	if (numbers[_i].bad) {
		put(&w.settings, offset, numbers[_i].bad);
		expect_refused(&w, numbers[_i].name, numbers[_i].err);
	}
	tear_down(&w);
}
END_TEST

static uint64_t plenty(void *user)
{
	(void)user;
	return 1;
}

START_TEST(test_fixed)
{
	struct alloc_rig rig = {0};
	struct world w;

	build(&w, NULL);
	w.settings.table_key[15] ^= 1;
	expect_refused(&w, "table_key", LVS_ERR_UNSUPPORTED);
	read_settings(&w);
	w.settings.sched_key[0] ^= 1;
	expect_refused(&w, "sched_key", LVS_ERR_UNSUPPORTED);
	read_settings(&w);
	w.settings.seed++;
	expect_refused(&w, "seed", LVS_ERR_UNSUPPORTED);
	read_settings(&w);
	w.settings.alloc = alloc_rig(&rig);
	expect_refused(&w, "alloc", LVS_ERR_UNSUPPORTED);
	read_settings(&w);
	w.settings.alloc.free = NULL;
	expect_refused(&w, "alloc", LVS_ERR_INVALID);
	read_settings(&w);
	w.settings.log.user = &rig;
	expect_refused(&w, "log", LVS_ERR_UNSUPPORTED);
	read_settings(&w);
	w.settings.memory.available = plenty;
	expect_refused(&w, "memory", LVS_ERR_UNSUPPORTED);
	tear_down(&w);
}
END_TEST

/* Callers older and newer than the library; what the older do not know stays. */
START_TEST(test_sizes)
{
	struct {
		struct lvs_settings known;
		uint8_t later[16];
	} newer;
	uint32_t *older = calloc(1, 8);
	const char *fault;
	struct world w;

	ck_assert_ptr_nonnull(older);
	build(&w, NULL);
	w.settings.icmp_msgs_burst = 77;
	change(&w);
	older[0] = 8;
	older[1] = LVS_SET_SLOPPY_TCP;
	ck_assert_int_eq(lvs_director_change(w.director, (const void *)older, &fault), 0);
	read_settings(&w);
	ck_assert_uint_eq(w.settings.flags, LVS_SET_SLOPPY_TCP);
	ck_assert_uint_eq(w.settings.icmp_msgs_burst, 77);
	older[0] = 4;
	ck_assert_int_eq(lvs_director_change(w.director, (const void *)older, &fault),
			 LVS_ERR_INVALID);
	older[0] = 8;
	older[1] = 0;
	lvs_director_get_settings(w.director, (void *)older);
	ck_assert_uint_eq(older[0], 8);
	ck_assert_uint_eq(older[1], LVS_SET_SLOPPY_TCP);
	free(older);
	memset(&newer, 0x5a, sizeof(newer));
	newer.known.size = sizeof(newer);
	lvs_director_get_settings(w.director, &newer.known);
	ck_assert_uint_eq(newer.known.size, sizeof(newer));
	ck_assert_uint_eq(newer.later[0], 0x5a);
	newer.known.flags = 0;
	ck_assert_int_eq(lvs_director_change(w.director, &newer.known, &fault), 0);
	read_settings(&w);
	ck_assert_uint_eq(w.settings.flags, 0);
	tear_down(&w);
}
END_TEST

START_TEST(test_busy)
{
	const char *fault;
	struct lvs_txn *txn;
	struct world w;

	build(&w, NULL);
	ck_assert_int_eq(lvs_txn_begin(w.director, &txn), 0);
	ck_assert_int_eq(lvs_director_change(w.director, &w.settings, &fault), LVS_ERR_BUSY);
	ck_assert_ptr_nonnull(fault);
	read_settings(&w); /* any thread, at any time */
	lvs_txn_abort(txn);
	change(&w);
	tear_down(&w);
}
END_TEST

/* --- What comes of it --- */

START_TEST(test_switches)
{
	struct world w;

	build(&w, NULL);
	ck_assert_int_eq(send(&w, 1, ACK), LVS_REASON_NOT_NEW);
	w.settings.flags = LVS_SET_SLOPPY_TCP;
	change(&w);
	ck_assert_int_eq(send(&w, 1, ACK), LVS_REASON_SCHEDULED);
	/* a SYN on a closed connection */
	send(&w, 2, SYN);
	send(&w, 2, ACK);
	send(&w, 2, LVS_TCP_RST);
	w.settings.reuse = LVS_REUSE_NEVER;
	change(&w);
	ck_assert_int_eq(send(&w, 2, SYN), LVS_REASON_ESTABLISHED);
	send(&w, 2, ACK);
	send(&w, 2, LVS_TCP_RST);
	w.settings.reuse = LVS_REUSE_CLOSED;
	change(&w);
	ck_assert_int_eq(send(&w, 2, SYN), LVS_REASON_SCHEDULED);
	/* secure_tcp, and one of so many packets */
	w.settings.secure_tcp = LVS_DEFENCE_ON;
	w.settings.drop_packet = LVS_DEFENCE_ON;
	w.settings.am_droprate = 2;
	change(&w);
	ck_assert(lvs_states_secure_tcp(&w.director->states));
	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_eq(send(&w, 10 + i, SYN),
				 i % 2 ? LVS_REASON_SCHEDULED : LVS_REASON_DROP_PACKET);
	w.settings.secure_tcp = LVS_DEFENCE_AUTO;
	w.settings.drop_packet = LVS_DEFENCE_OFF;
	change(&w);
	ck_assert(!lvs_states_secure_tcp(&w.director->states));
	ck_assert_int_eq(send(&w, 30, SYN), LVS_REASON_SCHEDULED);
	/* connections of a removed server */
	rig_del_dest(w.director, &w.service, &w.dest);
	ck_assert_int_eq(send(&w, 30, ACK), LVS_REASON_DEST_GONE);
	w.settings.flags = LVS_SET_EXPIRE_NODEST;
	change(&w);
	ck_assert_int_eq(send(&w, 30, ACK), LVS_REASON_NOT_NEW);
	tear_down(&w);
}
END_TEST

/* Who is beyond a lower bound stays; there is room again when enough have ended. */
START_TEST(test_max_conns)
{
	struct lvs_settings settings = {.size = sizeof(settings), .max_conns = 10};
	struct world w;

	build(&w, &settings);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(send(&w, i, SYN), LVS_REASON_SCHEDULED);
	w.settings.max_conns = 4;
	change(&w);
	ck_assert_int_eq(send(&w, 20, SYN), LVS_REASON_TABLE_FULL);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 8);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(send(&w, i, SYN), LVS_REASON_ESTABLISHED);
	rig_check(w.director);
	w.now += 30 * SECOND;
	for (unsigned i = 0; i < 3; i++)
		send(&w, i, SYN);
	w.now += 32 * SECOND;
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker, w.now, 0), 5);
	ck_assert_int_eq(send(&w, 20, SYN), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(send(&w, 21, SYN), LVS_REASON_TABLE_FULL);
	w.settings.full_policy = LVS_FULL_EVICT;
	change(&w);
	ck_assert_int_eq(send(&w, 21, SYN), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 4);
	/* and up again, as far as the director was made for */
	w.settings.max_conns = 10;
	w.settings.full_policy = LVS_FULL_REFUSE;
	change(&w);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_int_eq(send(&w, 40 + i, SYN), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(send(&w, 50, SYN), LVS_REASON_TABLE_FULL);
	w.settings.max_conns = 11;
	expect_refused(&w, "max_conns is more", LVS_ERR_RANGE);
	tear_down(&w);
}
END_TEST

static unsigned count_answers(struct world *w, unsigned n)
{
	unsigned answers = 0;

	for (unsigned i = 0; i < n; i++)
		answers += send(w, 7, SYN) == LVS_REASON_REPLY_NO_DEST;
	return answers;
}

START_TEST(test_icmp_limits)
{
	struct world w;

	build(&w, NULL);
	rig_del_dest(w.director, &w.service, &w.dest);
	ck_assert_uint_eq(count_answers(&w, 100), 6);
	w.settings.icmp_ratelimit_ms = LVS_UNLIMITED;
	change(&w);
	ck_assert_uint_eq(count_answers(&w, 100), 44); /* 50 at once, to all together */
	w.settings.icmp_msgs_per_sec = LVS_UNLIMITED;
	change(&w);
	ck_assert_uint_eq(count_answers(&w, 100), 100);
	w.settings.icmp_ratelimit_ms = 1000;
	w.settings.icmp_ratemask = 1u << 11;
	change(&w);
	ck_assert_uint_eq(count_answers(&w, 100), 100);
	tear_down(&w);
}
END_TEST

/* A later fragment of a datagram of @p payload bytes, whose first one does not come. */
static enum lvs_reason send_later(struct world *w, uint32_t id, uint32_t payload)
{
	static struct frag_whole whole;
	static struct frag_part part;
	static struct frag_buffer buffer;
	struct frag_recipe recipe = {.id = id, .tcp_flags = SYN, .payload = payload};

	recipe.flow =
		rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, 7), 4000, w->service.addr, 80);
	frag_make(&whole, &recipe);
	frag_cut(&whole, 40, whole.len - whole.fixed, &part);
	return frag_send(w->worker, &buffer, &part, w->now);
}

/* Lower bounds hold at once: the oldest go, each with its reason. */
START_TEST(test_fragments)
{
	uint64_t reasons[LVS_REASON_N];
	struct world w;

	build(&w, NULL);
	for (uint32_t i = 0; i < 500; i++)
		ck_assert_int_eq(send_later(&w, i, 100), LVS_REASON_FRAGMENT_HELD);
	w.settings.fragment_datagrams = 300;
	change(&w);
	rig_check(w.director);
	ck_assert_uint_eq(w.director->frags->map.n, 300);
	lvs_director_reasons(w.director, reasons, LVS_REASON_N);
	ck_assert_uint_eq(reasons[LVS_REASON_FRAGMENT_FULL], 200);
	w.settings.fragment_bytes = (uint32_t)w.director->frags->bytes / 3;
	change(&w);
	rig_check(w.director);
	ck_assert_uint_eq(w.director->frags->map.n, 100);
	w.settings.fragment_bytes = 1;
	change(&w);
	ck_assert_uint_eq(w.director->frags->map.n, 0);
	ck_assert_int_eq(send_later(&w, 600, 100), LVS_REASON_FRAGMENT_FULL);
	w.settings.fragment_bytes = 0;
	w.settings.fragment_time_s = 2;
	change(&w);
	ck_assert_int_eq(send_later(&w, 601, 100), LVS_REASON_FRAGMENT_HELD);
	w.now += 2 * SECOND;
	lvs_worker_handle_expiry(w.worker, w.now, 0);
	ck_assert_uint_eq(w.director->frags->map.n, 0);
	tear_down(&w);
}
END_TEST

/* lblc forgets by the expiration as it is when it collects, which every 30th minute it does. */
START_TEST(test_lblc)
{
	struct lvs_dest_key other = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 2), 80);
	struct lvs_dest_info first;
	struct world w;

	build(&w, NULL);
	rig_set_service(w.director, &w.service, "lblc");
	send(&w, 1, SYN);
	send(&w, 1, ACK);
	rig_set_dest(w.director, &w.service, &other, LVS_METHOD_DR, 1);
	if (_i) {
		w.settings.lblc_expiration_s = 10;
		change(&w);
	}
	for (unsigned i = 0; i < 31; i++) {
		w.now += 61 * SECOND;
		send(&w, 1, ACK);
		lvs_worker_handle_expiry(w.worker, w.now, 0);
	}
	/* what it does not know goes to the idle one */
	send(&w, 2, SYN);
	rig_get_dest(w.director, &w.service, &w.dest, &first);
	ck_assert_uint_eq(first.active, _i ? 1 : 2);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("change");

	tcase_add_loop_test(tcase, test_number, 0, NUMBERS);
	tcase_add_test(tcase, test_fixed);
	tcase_add_test(tcase, test_sizes);
	tcase_add_test(tcase, test_busy);
	tcase_add_test(tcase, test_switches);
	tcase_add_test(tcase, test_max_conns);
	tcase_add_test(tcase, test_icmp_limits);
	tcase_add_test(tcase, test_fragments);
	tcase_add_loop_test(tcase, test_lblc, 0, 2);
	return unit_run("change", tcase);
}
