/* SPDX-License-Identifier: BSD-2-Clause */
/* Destinations: load and thresholds, the trash and the way back, counters, numbers. */
#include <stdio.h>

#include "conn/conn.h"

#include "service_rig.h"

#define KEY tcp4(1)

static struct lvs_dest *dest_of(struct service_rig *rig, uint32_t i)
{
	struct lvs_dest_key key = dest4(i);
	const struct lvs_service_set *set = match(rig, KEY);

	for (uint32_t at = 0; at < set->sched_set.dest_n; at++) {
		if (!lvs_addr_equal(&lvs_set_dest(set, at)->addr, &key.addr, LVS_INET))
			continue;
		lvs_services_stir(rig->services, set, 0); /* as who has a connection for it */
		return lvs_set_dest(set, at);
	}
	return NULL;
}

static struct lvs_dest_info info_of(struct service_rig *rig, uint32_t i)
{
	struct lvs_service_key service = KEY;
	struct lvs_dest_key key = dest4(i);
	struct lvs_cursor cursor = {{0}};
	struct lvs_dest_info info = {.size = sizeof(info)};

	while (lvs_services_next_dest(rig->services, &rig->reader, &service, &cursor, &info) == 1) {
		if (memcmp(&info.key, &key, sizeof(key)) == 0)
			return info;
	}
	ck_abort_msg("no such destination");
	return info;
}

static struct lvs_stats traffic_of_service(struct service_rig *rig)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	ck_assert_int_eq(lvs_services_next_service(rig->services, &rig->reader, &cursor, &info), 1);
	return info.stats;
}

/*
 * ipvs-behaviour 2.10. A row sets the thresholds ('s'), binds ('+') or unbinds ('-') so often, and
 * says whether the destination is overloaded then.
 */
static const struct step {
	char what;
	uint32_t n; /* times, or upper */
	uint32_t lower;
	bool overloaded;
} steps[] = {
	{'+', 7, 0, false},   {'s', 8, 0, false},   {'+', 1, 0, true}, {'-', 1, 0, true},
	{'-', 1, 0, true},                          /* 6, three quarters */
	{'-', 1, 0, false},                         /* 5 */
	{'+', 2, 0, false},                         /* 7: not again before 8 */
	{'+', 1, 0, true},    {'+', 4, 0, true},    /* 12 */
	{'-', 6, 0, true},    {'-', 1, 0, false},   /* 5 */
	{'s', 5, 2, true},                          /* an edit that is reached already */
	{'-', 3, 0, true},                          /* 2 */
	{'-', 1, 0, false},                         /* 1 */
	{'s', 1, 1, true},    {'s', 0, 0, false},   /* none: never */
	{'+', 9, 0, false},   {'s', 20, 11, false}, /* 10, below both */
	{'s', 10, 10, true},  {'s', 11, 10, true},  /* between: as it was */
	{'s', 12, 11, false},                       /* below lower: cleared */
	{'-', 10, 0, false},  {'s', 1, 0, false},   {'+', 1, 0, true}, {'-', 1, 0, false},
};

START_TEST(keeps_thresholds)
{
	struct service_rig *rig = service_rig_new();

	set_dest(rig, KEY, dest4(1), dest_conf(1));
	for (unsigned i = 0; i < LVS_ARRAY_N(steps); i++) {
		const struct step *step = &steps[i];
		struct lvs_dest_conf conf = dest_conf(1);

		conf.upper = step->n;
		conf.lower = step->lower;
		if (step->what == 's')
			set_dest(rig, KEY, dest4(1), conf);
		for (uint32_t n = 0; step->what == '+' && n < step->n; n++)
			lvs_dest_bind(dest_of(rig, 1), false);
		for (uint32_t n = 0; step->what == '-' && n < step->n; n++)
			lvs_dest_unbind(dest_of(rig, 1), false);
		ck_assert_msg(info_of(rig, 1).overloaded == step->overloaded, "step %u", i);
		check_ok(rig);
	}
	service_rig_del(rig);
}
END_TEST

START_TEST(counts_load)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_dest_count counts[2] = {[1] = {.active = 1, .total = 2}};
	struct lvs_dest *dest;

	set_dest(rig, KEY, dest4(1), dest_conf(1));
	dest = dest_of(rig, 1);
	lvs_dest_bind(dest, true);
	lvs_dest_bind(dest, false);
	ck_assert_uint_eq(info_of(rig, 1).active, 1);
	ck_assert_uint_eq(info_of(rig, 1).inactive, 1);
	lvs_dest_activate(dest, true);
	ck_assert_uint_eq(info_of(rig, 1).active, 2);
	ck_assert_uint_eq(info_of(rig, 1).inactive, 0);
	lvs_dest_activate(dest, false);
	ck_assert_ptr_null(lvs_services_check(rig->services, counts, 2));
	counts[1].total = 3;
	ck_assert_str_eq(lvs_services_check(rig->services, counts, 2),
			 "a destination's total is not the number of its connections");
	counts[1].total = 2;
	counts[1].active = 0;
	ck_assert_str_eq(lvs_services_check(rig->services, counts, 2),
			 "a destination's active count is not that of its connections");
	lvs_dest_unbind(dest, true);
	lvs_dest_unbind(dest, false);
	ck_assert_uint_eq(dest->gauge.word, 0);
	service_rig_del(rig);
}
END_TEST

START_TEST(comes_back)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_dest *dest;

	set_dest(rig, KEY, dest4(1), dest_conf(1));
	set_dest(rig, KEY, dest4(2), dest_conf(1));
	dest = dest_of(rig, 1);
	lvs_dest_bind(dest, true);
	rig->stats[dest->number].conns = 5;
	del_dest(rig, KEY, dest4(1));
	ck_assert(!lvs_dest_available(dest));
	ck_assert_ptr_eq(lvs_services_dest(rig->services, dest->number), dest);
	check_ok(rig);
	set_dest(rig, KEY, dest4(1), dest_conf(4));
	ck_assert_ptr_eq(dest_of(rig, 1), dest);
	ck_assert_ptr_eq(lvs_set_dest(match(rig, KEY), 0), dest); /* the newest now */
	ck_assert(lvs_dest_available(dest));
	ck_assert_uint_eq(info_of(rig, 1).active, 1);
	ck_assert_uint_eq(info_of(rig, 1).stats.conns, 5);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

START_TEST(comes_back_in_one_transaction)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key service = KEY;
	struct lvs_dest_key key = dest4(1);
	struct lvs_dest_conf conf = dest_conf(8);
	struct lvs_txn *txn;
	struct lvs_dest *dest;
	uint64_t created;

	set_dest(rig, KEY, dest4(1), dest_conf(1));
	set_dest(rig, KEY, dest4(2), dest_conf(1));
	dest = dest_of(rig, 1);
	created = match(rig, KEY)->sched_set.dest[1].created;
	rig->stats[dest->number].in_pkts = 3;
	txn = txn_begin(rig);
	ck_assert_int_eq(lvs_txn_del_dest(txn, &service, &key), 0);
	ck_assert_int_eq(lvs_txn_add_dest(txn, &service, &key, &conf), 0);
	txn_commit(txn);
	ck_assert_ptr_eq(lvs_set_dest(match(rig, KEY), 0), dest);
	ck_assert_uint_gt(match(rig, KEY)->sched_set.dest[0].created, created);
	ck_assert_uint_eq(info_of(rig, 1).stats.in_pkts, 3);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

/* ipvs-behaviour 2.9: with the service made anew, connections come back, counters do not. */
START_TEST(comes_back_to_a_new_service)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key service = KEY;
	struct lvs_service_conf settings = service_conf();
	struct lvs_dest_key key = dest4(1);
	struct lvs_dest_conf conf = dest_conf(1);
	struct lvs_txn *txn;
	struct lvs_dest *dest;

	set_dest(rig, KEY, dest4(1), dest_conf(1));
	dest = dest_of(rig, 1);
	for (unsigned round = 0; round < 2; round++) {
		lvs_dest_bind(dest, true);
		rig->stats[dest->number].in_bytes += 1000;
		txn = txn_begin(rig);
		ck_assert_int_eq(lvs_txn_del_service(txn, &service), 0);
		if (round == 1) { /* in two transactions */
			txn_commit(txn);
			ck_assert(!lvs_dest_available(dest));
			txn = txn_begin(rig);
		}
		ck_assert_int_eq(lvs_txn_add_service(txn, &service, &settings), 0);
		ck_assert_int_eq(lvs_txn_add_dest(txn, &service, &key, &conf), 0);
		txn_commit(txn);
		ck_assert_ptr_eq(dest_of(rig, 1), dest);
		ck_assert(lvs_dest_available(dest));
		ck_assert_uint_eq(info_of(rig, 1).active, round + 1);
		ck_assert_uint_eq(info_of(rig, 1).stats.in_bytes, 0);
		ck_assert_uint_eq(traffic_of_service(rig).in_bytes, 0);
		check_ok(rig);
	}
	service_rig_del(rig);
}
END_TEST

/* Two control calls: one looks at the trash, the next frees what the first let go. */
static void let_time_pass(struct service_rig *rig, uint32_t ticks)
{
	rig->tick += ticks;
	lvs_txn_abort(txn_begin(rig));
	lvs_txn_abort(txn_begin(rig));
}

START_TEST(is_forgotten)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_dest *dest;
	uint32_t number;

	rig->tick = UINT32_MAX - 100; /* ticks wrap */
	set_dest(rig, KEY, dest4(1), dest_conf(1));
	dest = dest_of(rig, 1);
	number = dest->number;
	lvs_dest_bind(dest, true);
	atomic_fetch_add_explicit(&dest->persistent, 1, memory_order_relaxed);
	rig->stats[number].conns = 7;
	del_dest(rig, KEY, dest4(1));
	let_time_pass(rig, 10 * LVS_TICKS_OF_S(120));
	lvs_dest_unbind(dest, true);
	let_time_pass(rig, 10 * LVS_TICKS_OF_S(120)); /* a template refers to it */
	atomic_fetch_sub_explicit(&dest->persistent, 1, memory_order_relaxed);
	let_time_pass(rig, 1);
	let_time_pass(rig, LVS_TICKS_OF_S(120) - 1);
	set_dest(rig, KEY, dest4(2), dest_conf(1));
	ck_assert_uint_ne(dest_of(rig, 2)->number, number); /* not yet */
	let_time_pass(rig, LVS_TICKS_OF_S(60));
	check_ok(rig);
	ck_assert_uint_eq(traffic_of_service(rig).conns, 7);
	set_dest(rig, KEY, dest4(1), dest_conf(1));
	ck_assert_uint_eq(dest_of(rig, 1)->number, number); /* the number, but not the counters */
	ck_assert_uint_eq(info_of(rig, 1).stats.conns, 0);
	ck_assert_uint_eq(traffic_of_service(rig).conns, 7);
	rig->stats[number].conns += 4;
	ck_assert_uint_eq(traffic_of_service(rig).conns, 11);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

/* The kernel looks every 60 s from when the first was removed; at the second look after the one
 * that finds nothing that refers to it, a destination is forgotten. Tried with its timer. */
static const struct {
	unsigned left; /* last reference gone, in s since it was removed; 0: there was none */
	unsigned gone; /* forgotten */
} lives[] = {{0, 180}, {20, 180}, {59, 180}, {61, 240}, {70, 240}, {119, 240}, {1000, 1140}};

START_TEST(is_forgotten_in_time)
{
	struct service_rig *rig = service_rig_new();
	bool other_first = _i & 1, back = _i & 2;
	/* The looks go by the first that was removed, 30 s before. */
	unsigned shift = other_first ? 30 : 0;
	unsigned left = lives[_i / 4].left, gone = lives[_i / 4].gone;
	uint32_t removed = UINT32_MAX - 1000; /* ticks wrap */
	struct lvs_dest *dest;

	rig->tick = removed;
	set_dest(rig, KEY, dest4(1), dest_conf(1));
	set_dest(rig, KEY, dest4(2), dest_conf(1));
	dest = dest_of(rig, 1);
	rig->stats[dest->number].conns = 7;
	if (left)
		lvs_dest_bind(dest, false);
	if (other_first)
		del_dest(rig, KEY, dest4(2));
	rig->tick += LVS_TICKS(shift * 1000000000ull);
	del_dest(rig, KEY, dest4(1));
	/* Nobody asks meanwhile. */
	if (left) {
		lvs_dest_left(dest, removed + LVS_TICKS((left + shift) * 1000000000ull));
		lvs_dest_unbind(dest, false);
	}
	/* By the looks of the first that was removed. */
	if (other_first && (left + shift) / 60 == left / 60)
		gone -= shift;
	else if (other_first)
		gone += 60 - shift;
	rig->tick = removed + LVS_TICKS((gone + shift) * 1000000000ull) + (back ? 0 : 1);
	set_dest(rig, KEY, dest4(1), dest_conf(1));
	ck_assert_uint_eq(info_of(rig, 1).stats.conns, back ? 7 : 0);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

START_TEST(waits_for_readers)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_epoch_reader reader;
	uint32_t number;

	ck_assert(lvs_epoch_join(&rig->epoch, &reader));
	set_dest(rig, KEY, dest4(1), dest_conf(1));
	number = dest_of(rig, 1)->number;
	lvs_epoch_enter(&rig->epoch, &reader);
	del_dest(rig, KEY, dest4(1));
	let_time_pass(rig, 1);
	let_time_pass(rig, 2 * LVS_TICKS_OF_S(120));
	set_dest(rig, KEY, dest4(2), dest_conf(1));
	ck_assert_uint_ne(dest_of(rig, 2)->number, number);
	lvs_epoch_exit(&reader);
	let_time_pass(rig, 1);
	let_time_pass(rig, 2 * LVS_TICKS_OF_S(120));
	set_dest(rig, KEY, dest4(3), dest_conf(1));
	ck_assert_uint_eq(dest_of(rig, 3)->number, number);
	lvs_epoch_leave(&rig->epoch, &reader);
	service_rig_del(rig);
}
END_TEST

/* A service has the traffic of all that it ever had. */
START_TEST(sums_traffic)
{
	struct service_rig *rig = service_rig_new();
	uint64_t sum = 0;

	set_dest(rig, KEY, dest4(0), dest_conf(1));
	for (uint32_t i = 1; i <= 20; i++) {
		uint32_t number;

		set_dest(rig, KEY, dest4(i), dest_conf(1));
		number = dest_of(rig, i)->number;
		rig->stats[number].in_pkts += i;
		sum += i;
		ck_assert_uint_eq(info_of(rig, i).stats.in_pkts, i);
		if (i % 3 == 0)
			del_dest(rig, KEY, dest4(i));
		if (i % 5 == 0)
			let_time_pass(rig, LVS_TICKS_OF_S(180));
		if (i % 7 == 0)
			set_dest(rig, KEY, dest4(i - i % 3), dest_conf(2));
		ck_assert_uint_eq(traffic_of_service(rig).in_pkts, sum);
		check_ok(rig);
	}
	service_rig_del(rig);
}
END_TEST

#define MANY 20000

/* More than the trash keeps: those that nobody needs go at once, and cheaply. */
START_TEST(leaves_by_the_thousand)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key service = KEY;
	struct lvs_dest_conf conf = dest_conf(1);
	struct lvs_txn *txn = txn_begin(rig);
	struct lvs_service_conf settings = service_conf();
	const struct lvs_service_set *set;

	must(lvs_txn_add_service(txn, &service, &settings) == 0);
	for (uint32_t i = 0; i < MANY; i++) {
		struct lvs_dest_key key = dest4(i);

		/* In many services, but the first half in one. */
		service = tcp4(i < MANY / 2 ? 1 : 2 + i % 100);
		must(lvs_txn_set_service(txn, &service, &settings) == 0);
		must(lvs_txn_add_dest(txn, &service, &key, &conf) == 0);
	}
	txn_commit(txn);
	set = match(rig, KEY);
	for (uint32_t i = 0; i < SERVICE_RIG_NUMBERS; i++)
		rig->stats[i].conns = 1;
	for (uint32_t i = 0; i < 100; i++)
		lvs_dest_bind(lvs_set_dest(set, i * 7), true);
	txn = txn_begin(rig);
	for (uint32_t i = 1; i < MANY; i++) {
		struct lvs_dest_key key = dest4(MANY - 1 - i);

		service = tcp4(MANY - 1 - i < MANY / 2 ? 1 : 2 + (MANY - 1 - i) % 100);
		must(lvs_txn_del_dest(txn, &service, &key) == 0);
	}
	txn_commit(txn);
	check_ok(rig);
	let_time_pass(rig, 1);
	check_ok(rig);
	ck_assert_uint_eq(traffic_of_service(rig).conns, MANY / 2);
	let_time_pass(rig, 1);
	for (uint32_t i = 0; i < 350; i++)
		let_time_pass(rig, LVS_TICKS_OF_S(120));
	ck_assert_uint_eq(traffic_of_service(rig).conns, MANY / 2);
	set_dest(rig, KEY, dest4(MANY / 2 - 1), dest_conf(1)); /* the newest: it was bound */
	ck_assert_uint_eq(info_of(rig, MANY / 2 - 1).active, 1);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

/* With no memory to sum up what it did, a removed destination stays until there is. */
START_TEST(is_forgotten_when_memory_is_back)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_txn *txn;
	uint32_t number;

	set_dest(rig, KEY, dest4(1), dest_conf(1));
	number = dest_of(rig, 1)->number;
	rig->stats[number].conns = 7;
	del_dest(rig, KEY, dest4(1));
	rig->tick += LVS_TICKS_OF_S(180);
	rig->memory.fail_all = 1;
	ck_assert_int_eq(lvs_services_begin(rig->services, &txn), LVS_ERR_NO_MEMORY);
	rig->memory.fail_all = 0;
	ck_assert_uint_eq(traffic_of_service(rig).conns, 7);
	check_ok(rig);
	let_time_pass(rig, 1);
	ck_assert_uint_eq(traffic_of_service(rig).conns, 7);
	set_dest(rig, KEY, dest4(2), dest_conf(1));
	ck_assert_uint_eq(dest_of(rig, 2)->number, number);
	service_rig_del(rig);
}
END_TEST

static enum lvs_reason out_never(struct lvs_packet *packet, struct lvs_headers *headers,
				 const struct lvs_binding *binding)
{
	(void)packet;
	(void)headers;
	(void)binding;
	return LVS_REASON_NONE;
}

#define OWN_N (LVS_FORWARDERS - LVS_METHOD_CUSTOM)

START_TEST(numbers_forwarders)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_forward_ops *ops = calloc(OWN_N + 1, sizeof(*ops));
	struct lvs_dest_conf conf = dest_conf(1);
	struct lvs_service_key service = KEY;
	struct lvs_dest_key key = dest4(1000);
	struct lvs_txn *txn;

	conf.method = LVS_METHOD_CUSTOM;
	for (unsigned i = 0; i <= OWN_N; i++) {
		ops[i] = (struct lvs_forward_ops){
			.size = sizeof(*ops), .name = "own", .out = out_never};
	}
	/* Given up, a transaction gives its numbers back. */
	set_dest(rig, service, dest4(999), dest_conf(1));
	txn = txn_begin(rig);
	conf.forward = &ops[OWN_N];
	ck_assert_int_eq(lvs_txn_add_dest(txn, &service, &key, &conf), 0);
	lvs_txn_abort(txn);
	for (unsigned i = 0; i < OWN_N; i++) {
		conf.forward = &ops[i];
		set_dest(rig, service, dest4(i), conf);
		set_dest(rig, service, dest4(i), conf);
		ck_assert_uint_eq(lvs_set_forwarder(match(rig, service), 0), LVS_METHOD_CUSTOM + i);
		ck_assert_ptr_eq(lvs_services_forwarder(rig->services, LVS_METHOD_CUSTOM + i),
				 &ops[i]);
	}
	txn = txn_begin(rig);
	conf.forward = &ops[OWN_N];
	ck_assert_int_eq(lvs_txn_add_dest(txn, &service, &key, &conf), LVS_ERR_FULL);
	ck_assert_str_eq(lvs_txn_error(txn),
			 "destination 10.0.3.232:80 of TCP 192.0.2.1:80: forwarding method own, "
			 "expected one of the 248 in use");
	conf.forward = &ops[0];
	ck_assert_int_eq(lvs_txn_add_dest(txn, &service, &key, &conf), 0);
	txn_commit(txn);
	ck_assert_ptr_eq(info_of(rig, 1000).conf.forward, &ops[0]);
	service_rig_del(rig);
	free(ops);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("dest");

	tcase_add_test(tcase, keeps_thresholds);
	tcase_add_test(tcase, counts_load);
	tcase_add_test(tcase, comes_back);
	tcase_add_test(tcase, comes_back_in_one_transaction);
	tcase_add_test(tcase, comes_back_to_a_new_service);
	tcase_add_test(tcase, is_forgotten);
	tcase_add_loop_test(tcase, is_forgotten_in_time, 0, 4 * (int)LVS_ARRAY_N(lives));
	tcase_add_test(tcase, waits_for_readers);
	tcase_add_test(tcase, sums_traffic);
	tcase_add_test(tcase, leaves_by_the_thousand);
	tcase_add_test(tcase, is_forgotten_when_memory_is_back);
	tcase_add_test(tcase, numbers_forwarders);
	return unit_run("dest", tcase);
}
