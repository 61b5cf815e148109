/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole director: the bytes are control calls, packets, steps of time and expiry, on two
 * workers, few flows and a small table with a constant key, so that things meet.
 *
 *	0 settings    1 connections at most    2 allocation that fails, 0: none
 *	then steps: {what, its bytes}
 */
#include "conn/table.h"
#include "director/director.h"
#include "director/frags.h"
#include "director/worker.h"
#include "service/service.h"

#include "director_flows.h"

enum {
	MAX_CONNS = 50,
	BATCH_MAX = 4,
	STEPS_MAX = 2000,
	TAKE_EVERY = 16, /* steps; meanwhile rings may overflow */
};

#define SECOND ((uint64_t)1000000000)

struct bench {
	struct input in;
	struct lvs_director *director;
	struct lvs_worker *worker[2];
	uint64_t now;
	uint32_t max_conns;
	uint64_t packets;   /* processed by all workers so far */
	uint64_t asked;     /* allocations */
	uint64_t fail_at;   /* the one that fails; 0: none */
	uint64_t allocated; /* not freed */
	bool removed;       /* a destination, or a service */
};

static void *bench_alloc(void *user, size_t size, size_t align)
{
	struct bench *bench = user;
	void *memory = NULL;

	if (++bench->asked == bench->fail_at)
		return NULL;
	align = align < sizeof(void *) ? sizeof(void *) : align;
	if (posix_memalign(&memory, align, size ? size : 1) != 0)
		return NULL;
	bench->allocated++;
	return memory;
}

static void bench_free(void *user, void *memory, size_t size, size_t align)
{
	struct bench *bench = user;

	(void)size;
	(void)align;
	bench->allocated--;
	free(memory);
}

/* --- Packets --- */

static uint32_t list_conns(const struct bench *bench)
{
	struct lvs_cursor cursor = {0};
	struct lvs_conn_info info = {.size = sizeof(info)};
	uint32_t n = 0;

	while (lvs_director_next_conn(bench->director, NULL, &cursor, &info) == 1)
		FUZZ_CHECK(++n <= bench->max_conns);
	return n;
}

/*
 * A packet by itself becomes what was told beforehand, but for what only a try shows: room in the
 * table; and picks by load while the connection that the packet replaces still counted.
 */
static void check_told(const struct bench *bench, const struct lvs_packet *packet,
		       const struct lvs_record *told, uint32_t conns_before)
{
	bool replaced = told->service && list_conns(bench) <= conns_before;

	if (bench->fail_at || packet->reason == LVS_REASON_TABLE_FULL ||
	    packet->reason == LVS_REASON_UNTRACKED || replaced)
		return;
	if ((unsigned)told->reason != packet->reason)
		fprintf(stderr, "told %s, got %s\n", lvs_reason_name(told->reason),
			lvs_reason_name(packet->reason));
	FUZZ_CHECK((unsigned)told->reason == packet->reason);
}

/* Asks what would become of a packet; nothing may be moved by it. */
static void peek(const struct shot *shot, struct lvs_worker *worker, uint64_t now,
		 struct lvs_record *told)
{
	struct lvs_packet copy = shot->packet;
	uint32_t room = copy.headroom + copy.linear_len;
	uint8_t *memory = fuzz_copy(shot->memory, room);

	copy.data = memory + copy.headroom;
	/* The clock may have gone back, the worker's time has not. */
	if (now < atomic_load(&worker->ticks) << LVS_TICK_SHIFT)
		now = atomic_load(&worker->ticks) << LVS_TICK_SHIFT;
	lvs_worker_peek(worker, &copy, now, told);
	free(memory);
}

static void take_outbox(struct lvs_worker *worker)
{
	struct lvs_packet out[3];
	unsigned n;

	while ((n = lvs_worker_outbox(worker, out, 3)))
		for (unsigned i = 0; i < n; i++)
			check_released(&out[i]);
}

static void send(struct bench *bench, unsigned what)
{
	struct shot shots[BATCH_MAX];
	struct lvs_packet packets[BATCH_MAX];
	struct lvs_worker *worker = bench->worker[what >> 6 & 1];
	unsigned n = 1 + (what >> 4 & (BATCH_MAX - 1));
	struct lvs_record told;
	uint32_t conns;

	for (unsigned i = 0; i < n; i++) {
		if (what & 0x80)
			from_bytes(&bench->in, &shots[i]);
		else
			from_template(&bench->in, bench->director, &shots[i]);
		shots[i].before = shots[i].packet;
		packets[i] = shots[i].packet;
	}
	lvs_worker_handle_expiry(worker, bench->now, 1);
	conns = list_conns(bench);
	peek(&shots[0], worker, bench->now, &told);
	lvs_worker_process(worker, packets, n, bench->now);
	if (n == 1)
		check_told(bench, &packets[0], &told, conns);
	bench->packets += n;
	/* Now and then nobody asks for it. */
	if (bench->packets % 4)
		take_outbox(worker);
	for (unsigned i = 0; i < n; i++) {
		shots[i].packet = packets[i];
		check_shot(&shots[i]);
		free(shots[i].memory);
	}
}

/* --- Control --- */

static void change_service(struct bench *bench, struct lvs_txn *txn, unsigned bits)
{
	static const char *const scheds[8] = {"rr", "wlc", "wrr", "lc", "sh", "wrr", "rr", "mh"};
	struct lvs_service_key key = service_key((bits & 31) % SERVICES);
	struct lvs_service_conf conf = {
		.size = sizeof(conf),
		.sched = lvs_sched_find(scheds[bits >> 5]),
		.flags = take(&bench->in) & (LVS_SCHED_FLAG1 | LVS_SCHED_FLAG2),
	};

	lvs_txn_set_service(txn, &key, &conf);
}

static void change_dest(struct bench *bench, struct lvs_txn *txn, unsigned bits)
{
	struct lvs_service_key service = service_key((bits & 7) % SERVICES);
	struct lvs_dest_key key = dest_key(take(&bench->in));
	unsigned conf_bits = take(&bench->in);
	struct lvs_dest_conf conf = {
		.size = sizeof(conf),
		.method = conf_bits & 3,
		.weight = conf_bits >> 2 & 3,
		.upper = conf_bits >> 4 & 3,
		.lower = conf_bits >> 6,
	};

	if (bits & 0x40)
		lvs_txn_edit_dest(txn, &service, &key, &conf);
	else
		lvs_txn_add_dest(txn, &service, &key, &conf);
}

static void remove_some(struct bench *bench, struct lvs_txn *txn, unsigned bits)
{
	struct lvs_service_key service = service_key((bits & 7) % SERVICES);
	struct lvs_dest_key key = dest_key(take(&bench->in));

	bench->removed = true;
	if (bits & 0x40)
		lvs_txn_del_service(txn, &service);
	else if (bits & 0x20)
		lvs_txn_flush(txn);
	else
		lvs_txn_del_dest(txn, &service, &key);
}

static void transact(struct bench *bench, unsigned what)
{
	struct lvs_txn *txn;

	if (lvs_txn_begin(bench->director, &txn) < 0)
		return;
	for (unsigned n = 1 + (what >> 4 & 7); n; n--) {
		unsigned bits = take(&bench->in);

		switch (take(&bench->in) & 7) {
		case 0:
		case 1:
			change_service(bench, txn, bits);
			break;
		case 2:
			remove_some(bench, txn, bits);
			break;
		default:
			change_dest(bench, txn, bits);
		}
	}
	FUZZ_CHECK(lvs_txn_error(txn));
	if (what & 0x80)
		lvs_txn_abort(txn);
	else
		lvs_txn_commit(txn);
}

static void set_path(struct bench *bench, unsigned what)
{
	static const uint32_t mtus[4] = {0, 68, 1500, 65535};
	struct lvs_dest_key dest = dest_key(take(&bench->in));
	unsigned bits = take(&bench->in);
	struct lvs_path_conf path = {
		.size = sizeof(path),
		.flags = bits & 0x80 ? bits & 3 : 0,
		.mtu = mtus[bits >> 2 & 3],
		.source_family = bits & 0x40 ? dest.family : LVS_UNSPEC,
		.source = addr_of(dest.family, 3, 1),
		.next_hop_family = bits & 0x20 ? LVS_INET6 : LVS_UNSPEC,
		.next_hop = addr_of(LVS_INET6, 4, 1),
	};

	lvs_director_set_path(bench->director, (enum lvs_family)dest.family, &dest.addr,
			      what & 0x80 ? NULL : &path);
}

static void kill(struct bench *bench, unsigned what)
{
	struct lvs_service_key service = service_key((what >> 4) % SERVICES);
	unsigned bits = take(&bench->in);
	struct lvs_dest_key dest = dest_key(bits >> 4);
	union lvs_addr client = addr_of(LVS_INET, 2, bits & 1);
	struct lvs_conn_filter filter = {
		.size = sizeof(filter),
		.service = bits & 2 ? &service : NULL,
		.dest = bits & 4 ? &dest : NULL,
		.client = bits & 8 ? &client : NULL,
		.client_family = LVS_INET,
	};
	int64_t killed = lvs_director_kill_conns(bench->director, &filter);

	/* Connections do not remember marks. */
	if (filter.service && service.fwmark)
		FUZZ_CHECK(killed == LVS_ERR_INVALID);
	else
		FUZZ_CHECK(killed >= 0 && killed <= bench->max_conns);
}

static void set_timeouts(struct bench *bench)
{
	struct lvs_timeouts timeouts = {
		.size = sizeof(timeouts),
		.tcp_s = take(&bench->in),
		.tcp_fin_s = take(&bench->in),
		.udp_s = take(&bench->in),
	};

	FUZZ_CHECK(lvs_director_set_timeouts(bench->director, &timeouts) == 0);
}

static void renew_worker(struct bench *bench, unsigned what)
{
	struct lvs_worker **worker = &bench->worker[what >> 4 & 1];
	uint64_t fail_at = bench->fail_at;

	lvs_worker_del(*worker);
	bench->fail_at = 0;
	FUZZ_CHECK(lvs_worker_new(bench->director, worker) == 0);
	bench->fail_at = fail_at;
}

static void move_time(struct bench *bench, unsigned what)
{
	unsigned bits = take(&bench->in);

	switch (what >> 4 & 3) {
	case 0:
		bench->now += bits * SECOND;
		break;
	case 1:
		bench->now += bits * SECOND / 64;
		break;
	case 2: /* the caller's clock is not what it should be */
		bench->now -= bench->now > bits * SECOND ? bits * SECOND : 0;
		break;
	default:
		bench->now += bits * 60 * SECOND;
	}
}

static void expire(struct bench *bench, unsigned what)
{
	unsigned budget = what >> 5;
	struct lvs_worker *worker = bench->worker[what >> 4 & 1];
	unsigned ended = lvs_worker_handle_expiry(worker, bench->now, budget);

	FUZZ_CHECK(ended <= bench->max_conns);
	FUZZ_CHECK(budget || lvs_worker_expiry(worker) > bench->now);
}

/* --- What must hold --- */

static uint64_t sum_of_gauges(struct bench *bench)
{
	struct lvs_cursor services = {0};
	struct lvs_service_info service = {.size = sizeof(service)};
	uint64_t sum = 0;

	while (lvs_director_next_service(bench->director, &services, &service) == 1) {
		struct lvs_cursor dests = {0};
		struct lvs_dest_info dest = {.size = sizeof(dest)};
		uint32_t n = 0;

		while (lvs_director_next_dest(bench->director, &service.key, &dests, &dest) == 1) {
			sum += (uint64_t)dest.active + dest.inactive;
			n++;
		}
		FUZZ_CHECK(n == service.dest_n);
	}
	return sum;
}

static uint64_t count_held(const struct lvs_director *director)
{
	const struct lvs_datagram *datagram = director->frags->first;
	uint64_t n = 0;

	for (; datagram; datagram = datagram->next)
		for (const struct lvs_piece *piece = datagram->held.first; piece;
		     piece = piece->next)
			n++;
	return n;
}

static void check_light(struct bench *bench)
{
	uint64_t reasons[LVS_REASON_N + 3];
	uint64_t sum = 0;
	uint32_t conns = list_conns(bench);

	FUZZ_CHECK(conns <= lvs_director_conn_n(bench->director));
	FUZZ_CHECK(bench->removed || sum_of_gauges(bench) == conns);
	lvs_director_reasons(bench->director, reasons, LVS_REASON_N + 3);
	for (unsigned i = 0; i < LVS_REASON_N + 3; i++)
		sum += reasons[i];
	/* What was held counts once more, by what became of it. */
	FUZZ_CHECK(sum + count_held(bench->director) ==
		   bench->packets + reasons[LVS_REASON_FRAGMENT_HELD]);
}

/* The inside. What it needs of memory is not what the input lets fail. */
static void check_whole(struct bench *bench)
{
	uint64_t fail_at = bench->fail_at;
	uint64_t asked = bench->asked;
	const char *fault;

	bench->fail_at = 0;
	if (lvs_director_check(bench->director, &fault))
		fprintf(stderr, "%s\n", fault);
	FUZZ_CHECK(!fault);
	bench->fail_at = fail_at;
	bench->asked = asked;
}

static void take_events(struct bench *bench)
{
	struct lvs_event event[8];
	unsigned n;

	for (unsigned i = 0; i < 2; i++)
		while (bench->worker[i] && (n = lvs_worker_events(bench->worker[i], event, 8)))
			FUZZ_CHECK(event[n - 1].type < LVS_EVENT_N);
	while ((n = lvs_director_events(bench->director, event, 8)))
		FUZZ_CHECK(event[n - 1].type < LVS_EVENT_N);
}

/* --- The whole --- */

static void step(struct bench *bench)
{
	unsigned what = take(&bench->in);

	switch (what & 15) {
	case 0:
	case 1:
		transact(bench, what);
		break;
	case 2:
		set_path(bench, what);
		break;
	case 3:
		kill(bench, what);
		break;
	case 4:
		set_timeouts(bench);
		break;
	case 5:
		renew_worker(bench, what);
		break;
	case 6:
	case 7:
		move_time(bench, what);
		break;
	case 8:
		expire(bench, what);
		break;
	default:
		send(bench, what);
	}
}

/* Clients' ways: one is not reached, one is short. */
static int way_back(void *user, enum lvs_family family, const union lvs_addr *addr,
		    struct lvs_path_conf *path)
{
	(void)user;
	path->mtu = family == LVS_INET && addr->byte[3] ? 576 : 0;
	return addr->byte[family == LVS_INET ? 3 : 15] == 3 ? LVS_ERR_NO_ENTRY : 0;
}

static int make_director(struct bench *bench)
{
	unsigned bits = take(&bench->in);
	struct lvs_settings settings = {
		.size = sizeof(settings),
		.flags = bits & 7,
		.full_policy = bits >> 3 & 3,
		.reuse = bits >> 5 & 3,
		.shards = bits & 0x80 ? 1 : 4,
		.events = 32,
		.alloc = {bench_alloc, bench_free, bench},
	};

	int err;

	bench->max_conns = 1 + take(&bench->in) % MAX_CONNS;
	settings.max_conns = bench->max_conns;
	bench->fail_at = take(&bench->in);
	err = lvs_director_new(&settings, &bench->director);
	if (err == 0 && bits & 1)
		lvs_director_set_path_lookup(bench->director, way_back, bench);
	return err;
}

static void run(struct bench *bench)
{
	for (unsigned i = 1; bench->in.left && i < STEPS_MAX; i++) {
		step(bench);
		check_light(bench);
		check_whole(bench);
		if (i % TAKE_EVERY == 0)
			take_events(bench);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench bench = {.in = {data, size}, .now = 1000 * SECOND};

	if (make_director(&bench) == 0) {
		if (lvs_worker_new(bench.director, &bench.worker[0]) == 0 &&
		    lvs_worker_new(bench.director, &bench.worker[1]) == 0)
			run(&bench);
		lvs_worker_del(bench.worker[0]);
		lvs_worker_del(bench.worker[1]);
		lvs_director_del(bench.director);
	}
	FUZZ_CHECK(bench.allocated == 0);
	return 0;
}
