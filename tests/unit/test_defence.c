/* SPDX-License-Identifier: BSD-2-Clause */
/* The defences' switches, the packets that are dropped, and when all that happens. */
#include <string.h>

#include "director/worker.h"

#include "director_rig.h"
#include "unit.h"

#define SYN LVS_TCP_SYN
#define ACK LVS_TCP_ACK

struct world {
	struct lvs_settings settings;
	struct lvs_director *director;
	struct lvs_worker *worker[2];
	struct lvs_service_key service;
	struct rig_packet rig;
	uint64_t now;
	uint64_t available; /* what the measure says */
	unsigned measured;
};

static uint64_t measure(void *user)
{
	struct world *w = user;

	w->measured++;
	return w->available;
}

/* One service of TCP, one of UDP; w->settings is the caller's. */
static void build(struct world *w)
{
	struct lvs_service_key udp;
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 80);

	w->now = 1000 * SECOND;
	w->settings.size = sizeof(w->settings);
	w->settings.memory = (struct lvs_memory){measure, w};
	ck_assert_int_eq(lvs_director_new(&w->settings, &w->director), 0);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(lvs_worker_new(w->director, &w->worker[i]), 0);
	w->service = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	udp = rig_service_key(LVS_INET, LVS_UDP, rig_addr4(192, 0, 2, 1), 80);
	rig_set_service(w->director, &w->service, "rr");
	rig_set_service(w->director, &udp, "rr");
	rig_set_dest(w->director, &w->service, &dest, LVS_METHOD_NAT, 1);
	rig_set_dest(w->director, &udp, &dest, LVS_METHOD_NAT, 1);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker[0]);
	lvs_worker_del(w->worker[1]);
	lvs_director_del(w->director);
}

static enum lvs_reason send(struct world *w, unsigned worker, uint8_t protocol, unsigned client,
			    unsigned port, uint8_t flags)
{
	struct lvs_flow flow = rig_flow(protocol, LVS_INET, rig_addr4(198, 51, client >> 8, client),
					4000, rig_addr4(192, 0, 2, 1), port);

	return rig_send(w->worker[worker], &w->rig, &flow, flags, w->now);
}

static struct lvs_settings get(const struct world *w)
{
	struct lvs_settings settings = {.size = sizeof(settings)};

	lvs_director_get_settings(w->director, &settings);
	return settings;
}

/* --- Switches --- */

/* The mode as it was set, the memory of each round below a mark of 100, the mode then. */
static const struct {
	uint32_t mode;
	uint64_t available[4];
	uint32_t after[4];
	uint32_t rate[4]; /* of drop_packet: one of so many */
} flips[] = {
	{LVS_DEFENCE_OFF, {0, 200, 0, 200}, {0, 0, 0, 0}, {0, 0, 0, 0}},
	{LVS_DEFENCE_AUTO, {100, 99, 50, 100}, {1, 2, 2, 1}, {0, 100, 2, 0}},
	{LVS_DEFENCE_AUTO, {0, 1, 25, 75}, {2, 2, 2, 2}, {1, 1, 1, 4}},
	{LVS_DEFENCE_AUTO, {UINT64_MAX, 90, 60, 40}, {1, 2, 2, 2}, {0, 10, 2, 1}},
	{LVS_DEFENCE_AUTO_ON, {100, 99, 100, 0}, {1, 2, 1, 2}, {0, 100, 0, 1}},
	{LVS_DEFENCE_AUTO_ON, {98, 101, 101, 101}, {2, 1, 1, 1}, {50, 0, 0, 0}},
	{LVS_DEFENCE_ON, {0, 200, 50, 99}, {3, 3, 3, 3}, {7, 7, 7, 7}},
};

static bool is_on(uint32_t mode)
{
	return mode >= LVS_DEFENCE_AUTO_ON;
}

/* All three go by the same measure, once a second. */
START_TEST(test_flips)
{
	struct world w = {.settings = {.drop_entry = flips[_i].mode,
				       .drop_packet = flips[_i].mode,
				       .secure_tcp = flips[_i].mode,
				       .amemthresh = 100,
				       .am_droprate = 7}};

	build(&w);
	for (unsigned i = 0; i < 4; i++) {
		struct lvs_settings now;

		w.available = flips[_i].available[i];
		lvs_worker_handle_expiry(w.worker[i & 1], w.now, 0);
		/* the same second: the other worker has nothing to do */
		lvs_worker_handle_expiry(w.worker[~i & 1], w.now, 0);
		lvs_worker_handle_expiry(w.worker[i & 1], w.now + SECOND - 1, 0);
		now = get(&w);
		ck_assert_uint_eq(now.drop_entry, flips[_i].after[i]);
		ck_assert_uint_eq(now.drop_packet, flips[_i].after[i]);
		ck_assert_uint_eq(now.secure_tcp, flips[_i].after[i]);
		ck_assert_uint_eq(w.director->defence.drop_rate, flips[_i].rate[i]);
		ck_assert_int_eq(lvs_states_secure_tcp(&w.director->states),
				 is_on(flips[_i].after[i]));
		ck_assert_uint_eq(w.measured, flips[_i].mode ? i + 1 : 0);
		w.now += SECOND;
	}
	tear_down(&w);
}
END_TEST

/* Each by itself: which of them is armed asks for the time, and for memory. */
START_TEST(test_armed)
{
	static const struct {
		uint32_t entry, packet, tcp;
		bool armed;
	} rows[] = {
		{0, 0, 0, false}, {1, 0, 0, true},  {0, 1, 0, true},  {0, 0, 1, true},
		{3, 0, 0, true},  {0, 3, 0, false}, {0, 0, 3, false}, {0, 3, 3, false},
		{2, 0, 0, true},  {0, 2, 0, true},  {0, 0, 2, true},
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++) {
		struct world w = {.settings = {.drop_entry = rows[i].entry,
					       .drop_packet = rows[i].packet,
					       .secure_tcp = rows[i].tcp}};

		build(&w);
		ck_assert_uint_eq(lvs_worker_expiry(w.worker[0]), rows[i].armed ? 0 : UINT64_MAX);
		lvs_worker_handle_expiry(w.worker[0], w.now, 0);
		ck_assert_uint_eq(lvs_worker_expiry(w.worker[1]),
				  rows[i].armed ? w.now + SECOND : UINT64_MAX);
		ck_assert_uint_eq(w.measured, rows[i].armed);
		/* late by much: one round, not many */
		w.now += 77 * SECOND;
		lvs_worker_handle_expiry(w.worker[1], w.now, 0);
		lvs_worker_handle_expiry(w.worker[0], w.now, 0);
		ck_assert_uint_eq(w.measured, rows[i].armed ? 2 : 0);
		tear_down(&w);
	}
}
END_TEST

/* Without a measure there is always plenty. */
START_TEST(test_no_measure)
{
	struct lvs_settings settings = {.size = sizeof(settings),
					.drop_packet = LVS_DEFENCE_AUTO_ON,
					.secure_tcp = LVS_DEFENCE_AUTO_ON};
	struct lvs_director *director;
	struct lvs_worker *worker;

	ck_assert_int_eq(lvs_director_new(&settings, &director), 0);
	ck_assert_int_eq(lvs_worker_new(director, &worker), 0);
	ck_assert(lvs_states_secure_tcp(&director->states));
	lvs_worker_handle_expiry(worker, SECOND, 0);
	lvs_director_get_settings(director, &settings);
	ck_assert_uint_eq(settings.drop_packet, LVS_DEFENCE_AUTO);
	ck_assert_uint_eq(settings.secure_tcp, LVS_DEFENCE_AUTO);
	ck_assert(!lvs_states_secure_tcp(&director->states));
	lvs_worker_del(worker);
	lvs_director_del(director);
}
END_TEST

/* The end of time is not before its beginning. */
START_TEST(test_last_second)
{
	struct world w = {.settings = {.drop_entry = LVS_DEFENCE_ON}};

	build(&w);
	lvs_worker_handle_expiry(w.worker[0], UINT64_MAX - SECOND / 2, 0);
	ck_assert_uint_eq(lvs_worker_expiry(w.worker[0]), UINT64_MAX);
	tear_down(&w);
}
END_TEST

/* Half-open connections go on in the other table when it changes under them. */
START_TEST(test_secure_tcp)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct world w = {.settings = {.secure_tcp = LVS_DEFENCE_AUTO, .amemthresh = 100}};
	struct lvs_flow back = rig_flow(LVS_TCP, LVS_INET, rig_addr4(10, 0, 0, 1), 80,
					rig_addr4(198, 51, 0, 1), 4000);
	struct lvs_cursor cursor = {0};

	build(&w);
	w.available = 100;
	lvs_worker_handle_expiry(w.worker[0], w.now, 0);
	send(&w, 0, LVS_TCP, 1, 80, SYN);
	w.available = 99;
	w.now += SECOND;
	lvs_worker_handle_expiry(w.worker[0], w.now, 0);
	rig_send(w.worker[0], &w.rig, &back, SYN | ACK, w.now);
	send(&w, 0, LVS_TCP, 1, 80, ACK);
	ck_assert_int_eq(lvs_director_next_conn(w.director, NULL, &cursor, &info), 1);
	ck_assert_str_eq(info.state, "SYNACK");
	w.available = 100;
	w.now += SECOND;
	lvs_worker_handle_expiry(w.worker[0], w.now, 0);
	send(&w, 0, LVS_TCP, 1, 80, ACK);
	memset(&cursor, 0, sizeof(cursor));
	ck_assert_int_eq(lvs_director_next_conn(w.director, NULL, &cursor, &info), 1);
	ck_assert_str_eq(info.state, "ESTABLISHED");
	tear_down(&w);
}
END_TEST

/* --- Packets that would open a connection --- */

/* The first one, and then one of so many, as a 6.1 kernel was seen to do. Packets of connections
 * that there are, and those that open none, do not count. */
START_TEST(test_drop_packet)
{
	static const uint32_t rates[] = {1, 2, 3, 10, 33};
	uint32_t rate = rates[_i];
	struct world w = {.settings = {.drop_packet = LVS_DEFENCE_ON, .am_droprate = rate}};
	uint64_t reasons[LVS_REASON_N];
	unsigned dropped = 0;

	build(&w);
	for (unsigned i = 0; i < 20 * rate; i++) {
		bool turn = i % rate == 0;

		ck_assert_int_eq(send(&w, i & 1, i & 2 ? LVS_TCP : LVS_UDP, i, 80, SYN),
				 turn ? LVS_REASON_DROP_PACKET : LVS_REASON_SCHEDULED);
		ck_assert_uint_eq(w.rig.packet.verdict, turn ? LVS_DROP : LVS_FORWARD);
		dropped += turn;
		if (!turn)
			ck_assert_int_eq(send(&w, 0, i & 2 ? LVS_TCP : LVS_UDP, i, 80, ACK),
					 LVS_REASON_ESTABLISHED);
		send(&w, 0, LVS_TCP, 60000, 80, ACK);
		send(&w, 0, LVS_TCP, 60000, 99, SYN);
	}
	lvs_director_reasons(w.director, reasons, LVS_REASON_N);
	ck_assert_uint_eq(reasons[LVS_REASON_DROP_PACKET], dropped);
	ck_assert_uint_eq(reasons[LVS_REASON_NOT_NEW], 20 * rate);
	ck_assert_uint_eq(reasons[LVS_REASON_NO_SERVICE], 20 * rate);
	tear_down(&w);
}
END_TEST

/* A look says whose turn it is, and takes none. */
START_TEST(test_drop_packet_peek)
{
	struct world w = {.settings = {.drop_packet = LVS_DEFENCE_ON, .am_droprate = 3}};
	struct lvs_flow flow = rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 9, 9), 4000,
					rig_addr4(192, 0, 2, 1), 80);
	struct lvs_record record;

	build(&w);
	for (unsigned i = 0; i < 9; i++) {
		for (unsigned j = 0; j < 3; j++) {
			rig_make(&w.rig, &flow, SYN, 10);
			lvs_worker_peek(w.worker[0], &w.rig.packet, w.now, &record);
			ck_assert_int_eq(record.reason,
					 i % 3 ? LVS_REASON_SCHEDULED : LVS_REASON_DROP_PACKET);
		}
		ck_assert_int_eq(send(&w, 0, LVS_TCP, i, 80, SYN),
				 i % 3 ? LVS_REASON_SCHEDULED : LVS_REASON_DROP_PACKET);
	}
	tear_down(&w);
}
END_TEST

/* It is the same packets for any batch. */
START_TEST(test_drop_packet_batch)
{
	static struct rig_packet rigs[100];
	struct lvs_packet packets[100];
	struct world w = {.settings = {.drop_packet = LVS_DEFENCE_ON, .am_droprate = 7}};

	build(&w);
	for (unsigned i = 0; i < 100; i++) {
		struct lvs_flow flow = rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 3, i), 4000,
						rig_addr4(192, 0, 2, 1), 80);

		rig_make(&rigs[i], &flow, SYN, 10);
		packets[i] = rigs[i].packet;
	}
	lvs_worker_process(w.worker[0], packets, 40, w.now);
	lvs_worker_process(w.worker[1], packets + 40, 60, w.now);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(packets[i].reason,
				 i % 7 ? LVS_REASON_SCHEDULED : LVS_REASON_DROP_PACKET);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("defence");

	tcase_add_loop_test(tcase, test_flips, 0, LVS_ARRAY_N(flips));
	tcase_add_test(tcase, test_armed);
	tcase_add_test(tcase, test_no_measure);
	tcase_add_test(tcase, test_last_second);
	tcase_add_test(tcase, test_secure_tcp);
	tcase_add_loop_test(tcase, test_drop_packet, 0, 5);
	tcase_add_test(tcase, test_drop_packet_peek);
	tcase_add_test(tcase, test_drop_packet_batch);
	return unit_run("defence", tcase);
}
