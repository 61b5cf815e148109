/* SPDX-License-Identifier: BSD-2-Clause */
/* drop_entry: which entries it looks at, by their law, and which of these go. */
#include <string.h>

#include "director/worker.h"
#include "packet/sctp.h"

#include "director_rig.h"
#include "unit.h"

#define SYN LVS_TCP_SYN
#define ACK LVS_TCP_ACK
#define FIN LVS_TCP_FIN

struct world {
	struct lvs_settings settings;
	struct lvs_director *director;
	struct lvs_worker *worker[3];
	struct rig_packet rig;
	uint64_t now;
};

static const uint8_t protocols[] = {LVS_TCP, LVS_UDP, LVS_SCTP};

static void build(struct world *w)
{
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 80);
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts), .udp_s = 100000};

	w->now = 1000 * SECOND;
	w->settings.size = sizeof(w->settings);
	ck_assert_int_eq(lvs_director_new(&w->settings, &w->director), 0);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(lvs_worker_new(w->director, &w->worker[i]), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct lvs_service_key key =
			rig_service_key(LVS_INET, protocols[i], rig_addr4(192, 0, 2, 1), 80);

		rig_set_service(w->director, &key, "rr");
		rig_set_dest(w->director, &key, &dest, LVS_METHOD_NAT, 1);
	}
	ck_assert_int_eq(lvs_director_set_timeouts(w->director, &timeouts), 0);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	for (unsigned i = 0; i < 3; i++)
		lvs_worker_del(w->worker[i]);
	lvs_director_del(w->director);
}

static void send(struct world *w, uint8_t protocol, unsigned client, uint8_t what)
{
	struct lvs_flow flow = rig_flow(protocol, LVS_INET, rig_addr4(198, 18, client >> 8, client),
					4000, rig_addr4(192, 0, 2, 1), 80);

	rig_send(w->worker[client % 3], &w->rig, &flow, what, w->now);
}

static void set_mode(struct world *w, uint32_t mode)
{
	struct lvs_settings settings = {.size = sizeof(settings)};

	lvs_director_get_settings(w->director, &settings);
	settings.drop_entry = mode;
	ck_assert_int_eq(lvs_director_change(w->director, &settings, NULL), 0);
}

/* A round of any worker's; how many ended. */
static unsigned round_of(struct world *w, unsigned worker)
{
	unsigned ended = lvs_worker_handle_expiry(w->worker[worker], w->now, 0);

	w->now += SECOND;
	return ended;
}

/* --- What is looked at --- */

/*
 * Half-open entries go when they are looked at: so many as make a 32nd go each round, as long as
 * those that share their places were not drawn before.
 */
START_TEST(test_share)
{
	enum { N = 3200, ROUNDS = 30 };
	struct world w = {.settings = {.drop_entry = LVS_DEFENCE_OFF, .seed = (uint64_t)_i}};
	struct lvs_table_stats stats = {.size = sizeof(stats)};
	unsigned left = N, hits = 0;

	build(&w);
	for (unsigned i = 0; i < N; i++)
		send(&w, LVS_TCP, i, SYN);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), N);
	set_mode(&w, LVS_DEFENCE_ON);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned ended = round_of(&w, i % 3);

		ck_assert(ended == 0 || ended == N / 32);
		hits += ended != 0;
		left -= ended;
	}
	ck_assert_uint_eq(lvs_director_conn_n(w.director), left);
	lvs_director_table_stats(w.director, &stats);
	ck_assert_uint_eq(stats.dropped, N - left);
	ck_assert_uint_eq(stats.expired, 0);
	/* different places among 30 draws of 32: 19.6 on average; beyond these once in a million */
	ck_assert(hits >= 11 && hits <= 27);
	tear_down(&w);
}
END_TEST

/* Every place is drawn as often: chi-square over many rounds, 31 degrees of freedom. */
START_TEST(test_places)
{
	enum { ROUNDS = 32000 };
	struct world w = {.settings = {.drop_entry = LVS_DEFENCE_ON, .seed = (uint64_t)_i}};
	unsigned drawn[LVS_TABLE_SAMPLE] = {0};
	double chi = 0;

	build(&w);
	for (unsigned i = 0; i < ROUNDS; i++) {
		round_of(&w, i % 3);
		ck_assert_uint_lt(w.director->defence.place, LVS_TABLE_SAMPLE);
		drawn[w.director->defence.place]++;
	}
	for (unsigned i = 0; i < LVS_TABLE_SAMPLE; i++) {
		double off = drawn[i] - ROUNDS / 32.0;

		chi += off * off / (ROUNDS / 32.0);
	}
	/* 0.0001 of all seeds lie beyond each of these */
	ck_assert_msg(chi > 9.2 && chi < 68.5, "chi square %g", chi);
	tear_down(&w);
}
END_TEST

/* --- What goes --- */

/*
 * Entries of so many packets, idle for a minute: of those looked at one goes, and then every so
 * manieth. Those with more than eight stay. All places are drawn at some time.
 */
START_TEST(test_little_use)
{
	enum { N = 640, MOST = 10, ROUNDS = 400 };
	struct world w = {.settings = {.seed = 7}};
	unsigned packets = (unsigned)_i + 1;
	unsigned looks = 0, gone = 0;

	build(&w);
	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < packets; j++)
			send(&w, LVS_UDP, i, 0);
	set_mode(&w, LVS_DEFENCE_ON);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned place, ended = round_of(&w, 0);

		/* not before a minute has passed since their last packet, in ticks */
		if (i < 60)
			ck_assert_uint_eq(ended, 0);
		place = w.director->defence.place;
		for (uint32_t number = 0, left = N; i >= 61 && left;) {
			struct lvs_conn *conn =
				lvs_table_sample(w.director->table, place, &number, &left);

			if (!conn)
				break;
			looks++;
		}
		gone += ended;
		looks += i >= 61 ? ended : 0;
		if (i == 60)
			ck_assert(ended <= N / 32);
	}
	if (packets > LVS_DEFENCE_FEW)
		ck_assert_uint_eq(gone, 0);
	else
		ck_assert_msg(gone >= looks / packets && gone <= looks / packets + 1 + N / 32,
			      "%u packets: %u of %u", packets, gone, looks);
	if (packets == 1)
		ck_assert_uint_eq(gone, N);
	tear_down(&w);
}
END_TEST

/* One packet a kind in turn, and what becomes of the entry when all places have been drawn. */
static const struct {
	const char *name;
	uint8_t protocol;
	int what[4]; /* flags or chunks, -1 ends them; negative otherwise: the server's */
	bool idle;   /* for more than a minute */
	bool goes;
} kinds[] = {
	{"SYN_RECV", LVS_TCP, {SYN, -1}, false, true},
	{"ESTABLISHED, busy", LVS_TCP, {SYN, ACK, -1}, false, false},
	{"ESTABLISHED, idle", LVS_TCP, {SYN, ACK, -1}, true, true},
	{"CLOSE_WAIT", LVS_TCP, {SYN, ACK, FIN | ACK, -1}, false, false},
	{"CLOSE", LVS_TCP, {SYN, ACK, LVS_TCP_RST, -1}, false, false},
	{"UDP, busy", LVS_UDP, {0, -1}, false, false},
	{"UDP, idle", LVS_UDP, {0, -1}, true, true},
	{"INIT1", LVS_SCTP, {LVS_SCTP_INIT, -1}, false, true},
	{"INIT", LVS_SCTP, {LVS_SCTP_INIT, LVS_SCTP_INIT, -1}, false, true},
	{"CLOSED", LVS_SCTP, {LVS_SCTP_INIT, LVS_SCTP_ABORT, -1}, false, false},
};

START_TEST(test_kinds)
{
	struct world w = {.settings = {.seed = 3}};
	unsigned gone = 0;
	const int *what;

	build(&w);
	for (what = kinds[_i].what; *what >= 0; what++)
		send(&w, kinds[_i].protocol, 1, (uint8_t)*what);
	if (kinds[_i].idle)
		w.now += 62 * SECOND;
	set_mode(&w, LVS_DEFENCE_ON);
	/* Within a time that none of them ends by itself. */
	for (unsigned i = 0; i < 3000 && !gone; i++) {
		gone += lvs_worker_handle_expiry(w.worker[0], w.now, 0);
		w.director->defence.next_ns = 0;
	}
	ck_assert_msg(gone == kinds[_i].goes, "%s: %u", kinds[_i].name, gone);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), !gone);
	tear_down(&w);
}
END_TEST

/* A reply does not make an entry more useful: what a client sends does. */
START_TEST(test_replies)
{
	struct lvs_flow back = rig_flow(LVS_UDP, LVS_INET, rig_addr4(10, 0, 0, 1), 80,
					rig_addr4(198, 18, 0, 1), 4000);
	struct world w = {.settings = {.seed = 3}};
	unsigned gone = 0;

	build(&w);
	send(&w, LVS_UDP, 1, 0);
	for (unsigned i = 0; i < 20; i++)
		rig_send(w.worker[0], &w.rig, &back, 0, w.now);
	w.now += 62 * SECOND;
	set_mode(&w, LVS_DEFENCE_ON);
	for (unsigned i = 0; i < 3000 && !gone; i++)
		gone += round_of(&w, 0);
	ck_assert_uint_eq(gone, 1);
	tear_down(&w);
}
END_TEST

/* --- Templates --- */

/* What a 6.1 kernel was seen to do with each. */
static const struct {
	const char *name;
	uint32_t flags;
	unsigned packets;
	bool answered, over; /* the connection has ended */
	bool goes;
} templates[] = {
	{"of a connection", 0, 1, false, false, false},
	{"never answered", 0, 1, false, true, true},
	{"assured", 0, 1, true, true, false},
	{"one packet, few", LVS_SERVICE_ONE_PACKET, 3, false, true, true},
	{"one packet, many", LVS_SERVICE_ONE_PACKET, 12, false, true, false},
};

static uint32_t count_templates(struct world *w)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	uint32_t n = 0;

	while (lvs_director_next_conn(w->director, NULL, &cursor, &info) == 1)
		n += info.flags & LVS_CONN_INFO_TEMPLATE;
	return n;
}

static void send_persistent(struct world *w, unsigned packets, bool answered)
{
	struct lvs_flow out = rig_flow(LVS_UDP, LVS_INET, rig_addr4(198, 18, 0, 1), 4000,
				       rig_addr4(192, 0, 2, 1), 53);
	struct lvs_flow back = rig_flow(LVS_UDP, LVS_INET, rig_addr4(10, 0, 0, 1), 53,
					rig_addr4(198, 18, 0, 1), 4000);

	for (unsigned i = 0; i < packets; i++)
		rig_send(w->worker[0], &w->rig, &out, 0, w->now);
	if (answered)
		rig_send(w->worker[0], &w->rig, &back, 0, w->now);
}

START_TEST(test_templates)
{
	struct lvs_service_conf conf = {.size = sizeof(conf),
					.flags = LVS_SERVICE_PERSISTENT | templates[_i].flags,
					.sched = lvs_sched_find("rr"),
					.timeout_s = 100000,
					.netmask = UINT32_MAX};
	struct lvs_service_key key =
		rig_service_key(LVS_INET, LVS_UDP, rig_addr4(192, 0, 2, 1), 53);
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 53);
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts), .udp_s = 5};
	struct world w = {.settings = {.seed = 3}};
	struct lvs_txn *txn;

	build(&w);
	ck_assert_int_eq(lvs_txn_begin(w.director, &txn), 0);
	ck_assert_int_eq(lvs_txn_add_service(txn, &key, &conf), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	rig_set_dest(w.director, &key, &dest, LVS_METHOD_NAT, 1);
	if (templates[_i].over)
		lvs_director_set_timeouts(w.director, &timeouts);
	send_persistent(&w, templates[_i].packets, templates[_i].answered);
	w.now += 10 * SECOND;
	lvs_worker_handle_expiry(w.worker[0], w.now, 0);
	ck_assert_uint_eq(count_templates(&w), 1);
	/* The connection of the first was idle for less than a minute. */
	if (templates[_i].over)
		w.now += 62 * SECOND;
	set_mode(&w, LVS_DEFENCE_ON);
	for (unsigned i = 0; i < 1000; i++) {
		lvs_worker_handle_expiry(w.worker[0], w.now, 0);
		w.director->defence.next_ns = 0;
	}
	ck_assert_msg(count_templates(&w) == !templates[_i].goes, "%s", templates[_i].name);
	tear_down(&w);
}
END_TEST

/* --- Whose work it is --- */

/* A budget cuts a round into turns, any worker's; there is more to do until it is over. */
START_TEST(test_budget)
{
	enum { N = 3200 };
	struct world w = {.settings = {.seed = 5}};
	unsigned turns = 0, ended = 0;

	build(&w);
	for (unsigned i = 0; i < N; i++)
		send(&w, LVS_TCP, i, SYN);
	set_mode(&w, LVS_DEFENCE_ON);
	do {
		unsigned n = lvs_worker_handle_expiry(w.worker[turns % 3], w.now, 7);

		ck_assert_uint_le(n, 7);
		ended += n;
		turns++;
		ck_assert_uint_lt(turns, 1000);
	} while (lvs_defence_expiry(&w.director->defence) <= w.now);
	ck_assert_uint_eq(ended, N / 32);
	ck_assert_uint_ge(turns, N / 32 / 7);
	ck_assert_uint_eq(lvs_defence_expiry(&w.director->defence), w.now + SECOND);
	tear_down(&w);
}
END_TEST

/* A round that took long: the next one comes a second after its end, not at once. */
START_TEST(test_late)
{
	struct world w = {.settings = {.seed = 5}};

	build(&w);
	for (unsigned i = 0; i < 3200; i++)
		send(&w, LVS_TCP, i, SYN);
	set_mode(&w, LVS_DEFENCE_ON);
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker[0], w.now, 7), 7);
	ck_assert_uint_le(lvs_worker_expiry(w.worker[0]), w.now);
	w.now += 10 * SECOND;
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker[0], w.now, 0), 93);
	ck_assert_uint_eq(lvs_defence_expiry(&w.director->defence), w.now + SECOND);
	ck_assert_uint_gt(lvs_worker_expiry(w.worker[0]), w.now);
	tear_down(&w);
}
END_TEST

/* Switched off in the middle of a round it ends there. */
START_TEST(test_off)
{
	struct world w = {.settings = {.seed = 5}};

	build(&w);
	for (unsigned i = 0; i < 3200; i++)
		send(&w, LVS_TCP, i, SYN);
	set_mode(&w, LVS_DEFENCE_ON);
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker[0], w.now, 7), 7);
	set_mode(&w, LVS_DEFENCE_OFF);
	ck_assert_uint_eq(lvs_worker_handle_expiry(w.worker[1], w.now, 0), 0);
	ck_assert_uint_eq(lvs_defence_expiry(&w.director->defence), UINT64_MAX);
	set_mode(&w, LVS_DEFENCE_ON);
	ck_assert_uint_eq(lvs_defence_expiry(&w.director->defence), 0);
	tear_down(&w);
}
END_TEST

/* --- The same for any number of shards and workers --- */

static uint64_t fingerprint(struct world *w)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	uint64_t sum = 0xcbf29ce484222325;

	while (lvs_director_next_conn(w->director, NULL, &cursor, &info) == 1)
		sum = (sum ^ info.number ^ (uint64_t)info.client.word[0] << 32) * 0x100000001b3;
	return sum;
}

/* Connections come and go, some idle; what is left after a while, and what was told of it. */
static uint64_t run(uint64_t seed, uint32_t shards, unsigned workers, uint64_t *told)
{
	struct world w = {.settings = {.drop_entry = LVS_DEFENCE_ON,
				       .shards = shards,
				       .seed = seed,
				       .events = 100000}};
	uint64_t random = 1, left;
	unsigned client = 0;

	build(&w);
	*told = 0;
	for (unsigned second = 0; second < 150; second++) {
		for (unsigned i = 0; i < 40; i++) {
			unsigned kind = (unsigned)(rig_random(&random) % 3);

			client = (client + 1) % 5000;
			for (unsigned j = 0; j <= rig_random(&random) % 3; j++)
				send(&w, protocols[kind], client,
				     (uint8_t)(j      ? ACK
					       : kind ? 1
						      : 2));
		}
		for (unsigned i = 0; i < workers; i++) {
			struct lvs_event event;

			lvs_worker_handle_expiry(w.worker[(second + i) % workers], w.now, 0);
			while (lvs_worker_events(w.worker[(second + i) % workers], &event, 1))
				if (event.type == LVS_EVENT_GONE && event.why == LVS_GONE_DROPPED)
					*told = *told * 31 + event.order;
		}
		w.now += SECOND;
	}
	left = fingerprint(&w);
	ck_assert_uint_gt(lvs_director_conn_n(w.director), 100);
	tear_down(&w);
	return left;
}

START_TEST(test_deterministic)
{
	static const struct {
		uint32_t shards;
		unsigned workers;
	} shapes[] = {{1, 1}, {16, 1}, {1024, 1}, {256, 3}};
	uint64_t told, first = run(1, 256, 1, &told), other_told;

	ck_assert_uint_ne(told, 0);
	for (unsigned i = 0; i < LVS_ARRAY_N(shapes); i++) {
		ck_assert_uint_eq(run(1, shapes[i].shards, shapes[i].workers, &other_told), first);
		ck_assert_uint_eq(other_told, told);
	}
	ck_assert_uint_ne(run(2, 256, 1, &other_told), first);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("drop_entry");

	tcase_add_loop_test(tcase, test_share, 0, 8);
	tcase_add_loop_test(tcase, test_places, 0, 3);
	tcase_add_loop_test(tcase, test_little_use, 0, 10);
	tcase_add_loop_test(tcase, test_kinds, 0, LVS_ARRAY_N(kinds));
	tcase_add_test(tcase, test_replies);
	tcase_add_loop_test(tcase, test_templates, 0, LVS_ARRAY_N(templates));
	tcase_add_test(tcase, test_budget);
	tcase_add_test(tcase, test_late);
	tcase_add_test(tcase, test_off);
	tcase_add_test(tcase, test_deterministic);
	return unit_run("drop_entry", tcase);
}
