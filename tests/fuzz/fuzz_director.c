/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole director: the bytes are control calls, packets, steps of time and expiry, on two
 * workers, few flows and a small table with a constant key, so that things meet.
 *
 *	0 settings    1 connections at most, and more settings    2 allocation that fails, 0: none
 *	3 more settings    4 bounds of fragments
 *	then steps: {what, its bytes}
 */
#include "conn/table.h"
#include "director/director.h"
#include "director/frags.h"
#include "director/worker.h"
#include "service/service.h"

#include "director_control.h"
#include "director_talk.h"

enum {
	BATCH_MAX = 4,
	STEPS_MAX = 2000,
	TAKE_EVERY = 16, /* steps; meanwhile rings may overflow */
	BURST_MAX = 64,
	SLICES_MAX = 16,
};

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

/* Connections that no destination counts. */
static uint32_t bypassing(const struct bench *bench)
{
	struct lvs_cursor cursor = {0};
	struct lvs_conn_info info = {.size = sizeof(info)};
	uint32_t n = 0;

	while (lvs_director_next_conn(bench->director, NULL, &cursor, &info) == 1)
		n += info.method == LVS_METHOD_BYPASS;
	return n;
}

/* Of packets' own: a template may be made beside one. */
static uint32_t count_conns(const struct bench *bench)
{
	struct lvs_cursor cursor = {0};
	struct lvs_conn_info info = {.size = sizeof(info)};
	uint32_t n = 0;

	while (lvs_director_next_conn(bench->director, NULL, &cursor, &info) == 1)
		n += !(info.flags & LVS_CONN_INFO_TEMPLATE);
	return n;
}

/*
 * A packet by itself becomes what was told beforehand, but for what only a try shows: room in the
 * table; and picks by load while the connection that the packet replaces still counted.
 */
static void check_told(const struct bench *bench, const struct lvs_packet *packet,
		       const struct lvs_record *told, uint32_t conns_before)
{
	bool replaced = told->service && count_conns(bench) <= conns_before;

	if (bench->fail_at || packet->reason == LVS_REASON_TABLE_FULL ||
	    packet->reason == LVS_REASON_FRAGMENT_FULL || packet->reason == LVS_REASON_UNTRACKED ||
	    replaced)
		return;
	if ((unsigned)told->reason != packet->reason)
		fprintf(stderr, "told %s, got %s\n", lvs_reason_name(told->reason),
			lvs_reason_name(packet->reason));
	FUZZ_CHECK((unsigned)told->reason == packet->reason);
}

/* The whole explanation: it says the same where the worker's time is the latest of all. */
static void explain(const struct bench *bench, const struct lvs_packet *packet, uint64_t now,
		    const struct lvs_record *told)
{
	struct lvs_explained_dest dests[2];
	struct lvs_explanation e = {.size = sizeof(e), .dests = dests, .dest_max = 2};
	struct lvs_packet copy = *packet;
	char text[512];
	size_t size = packet->len % sizeof(text);

	if (lvs_explain(bench->director, &copy, now, &e) < 0) {
		FUZZ_CHECK(bench->fail_at);
		return;
	}
	FUZZ_CHECK(bench->fail_at || e.now_ns != now || (unsigned)told->reason == e.reason);
	FUZZ_CHECK(lvs_explanation_json(&e, text, size) > 0);
	FUZZ_CHECK(!size || strlen(text) < size);
	FUZZ_CHECK(lvs_explanation_text(&e, text, size) > 0);
	FUZZ_CHECK(!size || strlen(text) < size);
}

/* Asks what would become of a packet; nothing may be moved by it. */
static void peek(const struct bench *bench, const struct shot *shot, struct lvs_worker *worker,
		 uint64_t now, struct lvs_record *told)
{
	struct lvs_packet copy = shot->packet;
	uint32_t room = copy.headroom + copy.linear_len + copy.tailroom;
	uint8_t *memory = fuzz_copy(shot->memory, room);

	copy.data = memory + copy.headroom;
	/* The clock may have gone back, the worker's time has not. */
	if (now < atomic_load(&worker->ticks) << LVS_TICK_SHIFT)
		now = atomic_load(&worker->ticks) << LVS_TICK_SHIFT;
	lvs_worker_peek(worker, &copy, now, told);
	free(memory);
	copy = shot->packet;
	memory = fuzz_copy(shot->memory, room);
	copy.data = memory + copy.headroom;
	explain(bench, &copy, now, told);
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
	conns = count_conns(bench);
	peek(bench, &shots[0], worker, bench->now, &told);
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

static void send_one(struct bench *bench, struct lvs_worker *worker, struct shot *shot)
{
	shot->before = shot->packet;
	lvs_worker_process(worker, &shot->packet, 1, bench->now);
	bench->packets++;
	check_shot(shot);
	free(shot->memory);
}

/* One packet, of which it is asked beforehand what would become of it. */
static void send_told(struct bench *bench, struct lvs_worker *worker, struct shot *shot)
{
	struct lvs_record told;
	uint32_t conns;

	shot->before = shot->packet;
	lvs_worker_handle_expiry(worker, bench->now, 1);
	conns = count_conns(bench);
	peek(bench, shot, worker, bench->now, &told);
	lvs_worker_process(worker, &shot->packet, 1, bench->now);
	check_told(bench, &shot->packet, &told, conns);
	bench->packets++;
	check_shot(shot);
}

static void say(struct bench *bench, struct talk *talk, unsigned bits)
{
	static const uint8_t flags[4] = {LVS_TCP_ACK, LVS_TCP_SYN, LVS_TCP_ACK | LVS_TCP_FIN,
					 LVS_TCP_RST};
	unsigned from = bits & 1, more = bits & 0x80 ? take(&bench->in) : 0;
	const char *text = talk_text(from, bits >> 2);
	bool data = bits & 0x20;
	struct lvs_flow flow;
	struct shot shot;

	if (!talk_flow(bench, talk, from, data, &flow))
		return;
	talk->data_n += data;
	/* Something was lost, or comes once more. */
	talk->end[from].seq += more & 0x40 ? (more & 15) * 4 : 0u - (more & 15) * 4;
	talk_make(talk, &flow, from, text, flags[more >> 4 & 3], &shot);
	talk_tail(&shot, bits & 0x40 ? 0 : 64);
	send_told(bench, bench->worker[bits >> 1 & 1], &shot);
	if (!data)
		talk_count(talk, from, (unsigned)strlen(text), flags[more >> 4 & 3], &shot.packet);
	free(shot.memory);
}

/* A handshake, and what both say then. */
static void converse(struct bench *bench, unsigned what)
{
	struct talk talk = {.service = service_key(what & 0x10 ? 2 : 0),
			    .end = {{.seq = 0xfffffff0}, {.seq = 0x7fffffe0}}};
	unsigned n = 3 + take(&bench->in) % TALK_MAX;

	talk.client = addr_of(talk.service.family, 2, 1);
	for (unsigned i = 0; i < n; i++) {
		struct lvs_flow flow;
		struct shot shot;

		if (i >= 3 || what & 0x20) {
			say(bench, &talk, take(&bench->in));
			continue;
		}
		if (!talk_flow(bench, &talk, i & 1, false, &flow))
			continue;
		talk_make(&talk, &flow, i & 1, "",
			  i == 0   ? LVS_TCP_SYN
			  : i == 1 ? LVS_TCP_SYN | LVS_TCP_ACK
				   : LVS_TCP_ACK,
			  &shot);
		send_told(bench, bench->worker[0], &shot);
		talk_count(&talk, i & 1, 0, i < 2 ? LVS_TCP_SYN : 0, &shot.packet);
		free(shot.memory);
	}
}

/* A datagram in slices: in order, from the end, or from the middle; some twice, one perhaps not. */
static void send_slices(struct bench *bench, unsigned what)
{
	static const uint16_t sizes[8] = {8, 16, 24, 32, 64, 400, 736, 1480};
	uint8_t bytes[BYTES_MAX], part[BYTES_MAX + 8];
	unsigned len = datagram(&bench->in, bench->director, bytes);
	unsigned order = take(&bench->in);
	unsigned bits = take(&bench->in);
	unsigned size = sizes[bits & 7];
	unsigned n = (len - (bytes[0] >> 4 == 6 ? 40 : 20) + size - 1) / size;

	n = n < SLICES_MAX ? n : SLICES_MAX;
	for (unsigned i = 0; i < n; i++) {
		unsigned at = ((order & 8 ? n - 1 - i : i) + (order & 7)) % n;
		unsigned start = at * size, other = bits & 0x40 && at ? 8 : 0;
		struct shot shot = {.whole = false};

		if (order & 0x80 && at == (order >> 4 & 7))
			continue;
		/* Eight bytes early: an overlap. */
		lay_out(&shot, part,
			slice(part, bytes, len, start - other, size + other, 1 + (bits >> 3 & 3)),
			bits & 0x20 ? 0 : 64, 0);
		send_one(bench, bench->worker[(what >> 4 ^ (what & 0x20 ? i : 0)) & 1], &shot);
		if (bits & 0x80)
			take_outbox(bench->worker[i & 1]);
	}
}

/* Many connections at once: shards grow, the table fills. */
static void burst(struct bench *bench, unsigned what)
{
	unsigned n = 1 + take(&bench->in) % BURST_MAX;
	unsigned flags = take(&bench->in);
	struct lvs_service_key service = service_key((what >> 4) % 4);
	uint8_t bytes[BYTES_MAX];

	for (unsigned i = 0; i < n; i++) {
		struct lvs_flow flow = {
			.family = service.family,
			.protocol = service.protocol,
			.src = addr_of(service.family, 2, 9),
			.src_port = lvs_htons((uint16_t)(3000 + i)),
			.dst = service.addr,
			.dst_port = service.port,
		};
		struct shot shot = {.whole = true};

		lay_out(&shot, bytes, write_packet(bytes, &flow, flags, 8, 0), 64, 0);
		send_one(bench, bench->worker[i & 1], &shot);
	}
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
			sum += (uint64_t)dest.active + dest.inactive + dest.persistent;
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
	FUZZ_CHECK(bench->removed || sum_of_gauges(bench) + bypassing(bench) == conns);
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
	case 9:
		other_control(bench, what);
		break;
	case 10:
		burst(bench, what);
		break;
	case 11:
	case 12:
		send_slices(bench, what);
		break;
	case 13:
		converse(bench, what);
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
	path->flags = addr->byte[family == LVS_INET ? 3 : 15] == 2 ? LVS_PATH_LOCAL : 0;
	return addr->byte[family == LVS_INET ? 3 : 15] == 3 ? LVS_ERR_NO_ENTRY : 0;
}

static uint32_t more_flags(unsigned bits)
{
	return (bits & 1 ? LVS_SET_NO_ESTIMATION : 0) | (bits & 2 ? LVS_SET_NAT_ICMP_SEND : 0) |
	       (bits & 4 ? LVS_SET_SCHEDULE_ICMP : 0) | (bits & 8 ? LVS_SET_BACKUP_ONLY : 0);
}

static void more_settings(struct bench *bench, struct lvs_settings *settings)
{
	unsigned bits = take(&bench->in);
	unsigned bounds = take(&bench->in);

	settings->events = bits & 1 ? 1 : bits & 2 ? 0 : 32;
	settings->icmp_ratelimit_ms = bits & 4 ? LVS_UNLIMITED : 0;
	settings->icmp_msgs_per_sec = bits & 8 ? LVS_UNLIMITED : 0;
	settings->pmtu_expires_s = bits & 0x10 ? 1 : 0;
	settings->default_mtu = bits & 0x20 ? 600 : 0;
	if (bits & 0x40)
		settings->max_conns *= 8;
	if (bits & 0x80) {
		settings->table_key[3] = 0x5a;
		settings->flags |= more_flags(take(&bench->in));
	}
	if (!bounds)
		return;
	settings->fragment_datagrams = 1 + (bounds & 7);
	settings->fragment_bytes = 1024u << (bounds >> 3 & 3);
	settings->fragment_ranges = 1 + (bounds >> 5 & 3);
	settings->fragment_time_s = bounds & 0x80 ? 1 : 0;
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
		.alloc = {bench_alloc, bench_free, bench},
		.memory = {bench_measure, bench},
		.amemthresh = 100,
	};
	unsigned most = take(&bench->in);
	int err;

	settings.max_conns = 1 + most % MAX_CONNS;
	settings.flags |= most / MAX_CONNS & 1 ? LVS_SET_CACHE_BYPASS : 0u;
	settings.flags |= most / MAX_CONNS & 2 ? LVS_SET_IGNORE_TUNNELED : 0u;
	bench->fail_at = take(&bench->in);
	more_settings(bench, &settings);
	bench->max_conns = settings.max_conns;
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
	struct bench bench = {.in = {.data = data, .left = size}, .now = 1000 * SECOND};

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
