/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same packets at the same times give the same output, bit for bit, however
 * they are cut into batches, and for any number of shards and workers.
 *
 * A trace is made once, packet by packet, against a reference director (so that
 * replies come from the servers that were picked), and replayed into others.
 */
#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "director_rig.h"
#include "frag_rig.h"
#include "unit.h"

#define MOMENTS 400
#define MOMENT_MAX 60
#define CLIENTS 400
#define TOLD_MAX (4 * MOMENTS * MOMENT_MAX)
#define SIZE 256  /* bytes of a packet at the most */
#define PIECES 64 /* fragments that have not been sent yet */

struct event {
	uint8_t bytes[SIZE];
	uint8_t len;
	uint8_t moment_end; /* the last of its moment */
	uint64_t now;
	/* what the reference made of it */
	struct lvs_packet out;
	uint8_t out_bytes[SIZE];
	uint64_t given; /* the moment's last: all that the outbox has given so far, as a hash */
};

struct trace {
	struct event *event;
	unsigned n;
	unsigned given_n;       /* packets from the outbox */
	struct lvs_event *told; /* what the reference tells of all that, expiry included */
	unsigned told_n;
	uint64_t end;
};

struct shape {
	uint32_t shards;
	unsigned workers;
	unsigned longest; /* batch */
};

static const struct shape reference_shape = {1, 1, 1};
static const struct shape shapes[] = {
	{1, 1, 7},   {1, 1, 1000},   {16, 1, 33}, {256, 1, 64}, {64, 2, 17},
	{256, 3, 5}, {1024, 4, 100}, {16, 8, 3},  {256, 8, 40},
};

struct site {
	struct lvs_director *director;
	struct lvs_worker *worker[8];
	unsigned worker_n;
	uint64_t given; /* hash of what the outbox gave */
	unsigned given_n;
};

static const struct {
	unsigned family;
	uint8_t protocol;
	const char *sched;
	enum lvs_method method;
	uint32_t flags;
	uint32_t timeout_s; /* of persistence, by networks of 64 clients */
} services[] = {
	{LVS_INET, LVS_TCP, "rr", LVS_METHOD_NAT, 0, 0},
	{LVS_INET, LVS_TCP, "wlc", LVS_METHOD_DR, 0, 0},
	{LVS_INET, LVS_UDP, "wrr", LVS_METHOD_NAT, 0, 0},
	{LVS_INET, LVS_TCP, "mh", LVS_METHOD_TUNNEL, 0, 0},
	{LVS_INET6, LVS_TCP, "wlc", LVS_METHOD_NAT, 0, 0},
	{LVS_INET6, LVS_TCP, "rr", LVS_METHOD_DR, 0, 0},
	{LVS_INET6, LVS_UDP, "mh", LVS_METHOD_TUNNEL, 0, 0},
	{LVS_INET, LVS_UDP, "rr", LVS_METHOD_NAT, LVS_SERVICE_ONE_PACKET, 0},
	{LVS_INET, LVS_TCP, "rr", LVS_METHOD_NAT, 0, 30},
	{LVS_INET6, LVS_TCP, "wlc", LVS_METHOD_DR, 0, 7},
	{LVS_INET, LVS_UDP, "wrr", LVS_METHOD_NAT, LVS_SERVICE_ONE_PACKET, 2},
	{LVS_INET6, LVS_SCTP, "wlc", LVS_METHOD_DR, 0, 0},
	{LVS_INET, LVS_SCTP, "rr", LVS_METHOD_NAT, 0, 0},
	{LVS_INET, LVS_SCTP, "rr", LVS_METHOD_NAT, 0, 40},
};
#define SERVICES (sizeof(services) / sizeof(services[0]))

static union lvs_addr vip(unsigned i)
{
	return services[i].family == LVS_INET ? rig_addr4(192, 0, 2, 1 + i) : rig_addr6(1, 1 + i);
}

static void add_service(struct lvs_director *director, unsigned i)
{
	unsigned family = services[i].family;
	struct lvs_service_key key = rig_service_key(family, services[i].protocol, vip(i), 80);

	if (services[i].timeout_s)
		rig_set_persistent(director, &key, services[i].sched, services[i].flags,
				   services[i].timeout_s,
				   family == LVS_INET ? lvs_htonl(0xffffffc0) : 122);
	else
		rig_set_service_flags(director, &key, services[i].sched, services[i].flags);
	for (unsigned j = 1; j <= 3; j++) {
		union lvs_addr addr =
			family == LVS_INET ? rig_addr4(10, 0, i, j) : rig_addr6(2 + i, j);
		struct lvs_dest_key dest = rig_dest_key(family, addr, 80 + i % 2);

		rig_set_dest(director, &key, &dest, services[i].method, (int)j);
	}
}

static void open_site(struct site *site, const struct shape *shape)
{
	struct lvs_settings settings;

	lvs_settings_init(&settings);
	settings.shards = shape->shards;
	settings.max_conns = 300; /* too few on purpose */
	settings.full_policy = LVS_FULL_EVICT;
	settings.reuse = LVS_REUSE_FIN_WAIT;
	settings.events = TOLD_MAX;
	settings.drop_entry = LVS_DEFENCE_ON;
	settings.drop_packet = LVS_DEFENCE_ON;
	settings.am_droprate = 13;
	settings.secure_tcp = LVS_DEFENCE_ON;
	memset(settings.table_key, 0x5a, sizeof(settings.table_key));
	ck_assert_int_eq(lvs_director_new(&settings, &site->director), 0);
	ck_assert_int_eq(lvs_director_bind_helper(site->director, lvs_helper_find("ftp"), LVS_TCP,
						  rig_port(80)),
			 0);
	for (unsigned i = 0; i < SERVICES; i++)
		add_service(site->director, i);
	site->given = 0;
	site->given_n = 0;
	site->worker_n = shape->workers;
	for (unsigned i = 0; i < shape->workers; i++)
		ck_assert_int_eq(lvs_worker_new(site->director, &site->worker[i]), 0);
}

static void close_site(struct site *site)
{
	rig_check(site->director);
	for (unsigned i = 0; i < site->worker_n; i++)
		lvs_worker_del(site->worker[i]);
	lvs_director_del(site->director);
}

/* FNV-1a. */
static uint64_t hash(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *byte = data;

	while (len--)
		sum = (sum ^ *byte++) * 0x100000001b3;
	return sum;
}

/* What the library itself has to send: the same in the same order. */
static void take_outbox(struct site *site, struct lvs_worker *worker)
{
	struct lvs_packet packets[3]; /* fewer than come at once, at times */
	unsigned n;

	while ((n = lvs_worker_outbox(worker, packets, 3)) > 0) {
		for (unsigned i = 0; i < n; i++) {
			struct lvs_packet packet = packets[i];

			packet.data = NULL;
			site->given = hash(site->given, &packet, sizeof(packet));
			site->given = hash(site->given, packets[i].data, packet.len);
		}
		site->given_n += n;
	}
}

/* A flow that the reference has forwarded by NAT: its replies can be made. Fragments to come. */
struct memory {
	struct lvs_flow reply[64];
	unsigned n;
	struct {
		uint8_t bytes[SIZE];
		uint8_t len;
	} piece[PIECES];
	unsigned piece_n;
	uint32_t id;
};

static void remember(struct memory *memory, const struct event *event)
{
	struct lvs_packet packet = event->out;
	struct lvs_headers headers;
	uint8_t bytes[SIZE];
	struct lvs_flow *reply = &memory->reply[memory->n % 64];

	memcpy(bytes, event->out_bytes, sizeof(bytes));
	packet.data = bytes;
	if (event->out.verdict != LVS_FORWARD ||
	    lvs_packet_parse(&packet, &headers) != LVS_REASON_NONE)
		return;
	*reply = headers.flow;
	reply->src = headers.flow.dst;
	reply->dst = headers.flow.src;
	reply->src_port = headers.flow.dst_port;
	reply->dst_port = headers.flow.src_port;
	memory->n++;
}

/* Flags of TCP, or a chunk of SCTP. */
static uint8_t any_flags(uint8_t protocol, uint64_t *random)
{
	static const uint8_t chunks[] = {1, 1, 10, 11, 0, 0, 0, 6, 7, 14};
	static const uint8_t flags[] = {LVS_TCP_SYN,
					LVS_TCP_SYN,
					LVS_TCP_ACK,
					LVS_TCP_ACK,
					LVS_TCP_ACK,
					LVS_TCP_ACK,
					LVS_TCP_FIN | LVS_TCP_ACK,
					LVS_TCP_RST,
					LVS_TCP_SYN | LVS_TCP_ACK,
					0};

	_Static_assert(sizeof(chunks) == sizeof(flags), "one choice");
	return (protocol == LVS_SCTP ? chunks : flags)[rig_random(random) % sizeof(flags)];
}

static struct lvs_flow client_flow(uint64_t *random)
{
	unsigned i = (unsigned)(rig_random(random) % SERVICES);
	unsigned c = (unsigned)(rig_random(random) % CLIENTS);
	union lvs_addr client = services[i].family == LVS_INET
					? rig_addr4(198, 51, c / 200, c % 200)
					: rig_addr6(100, c);

	return rig_flow(services[i].protocol, services[i].family, client, 1000 + c % 3, vip(i),
			rig_random(random) % 50 ? 80 : 81);
}

/* FTP's words, now and then: a helper listens. What it rewrites: test_helper_batch.c. */
static void speak(struct rig_packet *rig, const struct lvs_flow *flow, uint64_t *random)
{
	static const char *const texts[] = {"PASV\r\n", "227 (10,0,0,1,156,64)\r\n",
					    "PORT 198,51,0,9,156,64\r\n", "EPSV\r\n",
					    "229 ok (|||40000|)\r\n"};
	const char *text = texts[rig_random(random) % 5];

	if (flow->protocol != LVS_TCP || rig_random(random) % 2)
		return;
	rig_make(rig, flow, LVS_TCP_ACK, (unsigned)strlen(text));
	memcpy(rig->packet.data + rig->packet.len - strlen(text), text, strlen(text));
	rig_fix(rig);
}

/* Breaks a packet somewhere in its headers, now and then. */
static void spoil(struct rig_packet *rig, uint64_t *random)
{
	if (rig_random(random) % 20 == 0)
		rig->packet.data[rig_random(random) % 40] ^= (uint8_t)rig_random(random);
}

/* Cuts a datagram, whose parts are then sent in any order, between other packets. */
static void make_pieces(struct memory *memory, const struct lvs_flow *flow, uint64_t *random)
{
	static struct frag_whole whole;
	static struct frag_part parts[FRAG_PARTS];
	struct frag_recipe recipe = {
		.flow = *flow,
		.id = ++memory->id,
		.tcp_flags = any_flags(flow->protocol, random),
		.no_checksum = flow->family == LVS_INET && flow->protocol == LVS_UDP &&
			       rig_random(random) % 3 == 0,
		.payload = 40 + (unsigned)(rig_random(random) % 80),
	};
	unsigned n;

	frag_make(&whole, &recipe);
	n = frag_cut_all(&whole, parts, random);
	for (unsigned i = 0; i < n && memory->piece_n < PIECES; i++) {
		memcpy(memory->piece[memory->piece_n].bytes, parts[i].data, parts[i].len);
		memory->piece[memory->piece_n++].len = (uint8_t)parts[i].len;
	}
}

static void take_piece(struct event *event, struct memory *memory, uint64_t *random)
{
	unsigned i = (unsigned)(rig_random(random) % memory->piece_n);

	memcpy(event->bytes, memory->piece[i].bytes, memory->piece[i].len);
	event->len = memory->piece[i].len;
	/* Some come twice. */
	if (rig_random(random) % 16)
		memory->piece[i] = memory->piece[--memory->piece_n];
}

static void make_event(struct event *event, struct memory *memory, uint64_t *random, uint64_t now)
{
	static struct rig_packet rig;
	struct lvs_flow flow = client_flow(random);

	event->now = now;
	if (memory->n > 64 && rig_random(random) % 3 == 0)
		flow = memory->reply[rig_random(random) % 64];
	if (rig_random(random) % 16 == 0)
		make_pieces(memory, &flow, random);
	if (memory->piece_n && rig_random(random) % 4 == 0) {
		take_piece(event, memory, random);
		return;
	}
	rig_make(&rig, &flow, any_flags(flow.protocol, random),
		 (unsigned)(rig_random(random) % 100));
	speak(&rig, &flow, random);
	spoil(&rig, random);
	memcpy(event->bytes, rig.packet.data, rig.packet.len);
	event->len = (uint8_t)rig.packet.len;
}

/* The buffers that a batch lies in. */
struct lane {
	uint8_t buffer[MOMENT_MAX][RIG_HEADROOM + SIZE];
	struct lvs_packet packet[MOMENT_MAX];
};

static void load(struct lane *lane, unsigned i, const struct event *event)
{
	struct lvs_packet *packet = &lane->packet[i];

	memset(packet, 0, sizeof(*packet));
	memcpy(lane->buffer[i] + RIG_HEADROOM, event->bytes, SIZE);
	packet->data = lane->buffer[i] + RIG_HEADROOM;
	packet->len = event->len;
	packet->linear_len = event->len;
	packet->headroom = RIG_HEADROOM;
	packet->tailroom = (uint16_t)(SIZE - event->len);
}

static void keep(struct event *event, const struct lvs_packet *packet)
{
	event->out = *packet;
	event->out.data = NULL;
	memset(event->out_bytes, 0, sizeof(event->out_bytes));
	memcpy(event->out_bytes, packet->data, packet->len);
}

static void compare(const struct event *event, const struct lvs_packet *packet, unsigned number)
{
	struct lvs_packet out = *packet;

	out.data = NULL;
	ck_assert_msg(!memcmp(&out, &event->out, sizeof(out)),
		      "packet %u: reason %s conn %u, expected %s conn %u", number,
		      lvs_reason_name(out.reason), out.conn, lvs_reason_name(event->out.reason),
		      event->out.conn);
	ck_assert_mem_eq(packet->data, event->out_bytes, packet->len);
}

/* One worker's events; those of several lie in several rings, in no common order. */
static void compare_told(const struct trace *trace, const struct site *site)
{
	struct lvs_event *told = calloc(TOLD_MAX, sizeof(*told));

	ck_assert_ptr_nonnull(told);
	if (site->worker_n == 1) {
		ck_assert_uint_eq(lvs_worker_events(site->worker[0], told, TOLD_MAX),
				  trace->told_n);
		for (unsigned i = 0; i < trace->told_n; i++)
			ck_assert_msg(!memcmp(&told[i], &trace->told[i], sizeof(*told)),
				      "event %u of %u: %s, expected %s", i, trace->told_n,
				      lvs_event_name(told[i].type),
				      lvs_event_name(trace->told[i].type));
	}
	free(told);
}

static void make_trace(struct trace *trace, uint64_t seed)
{
	static struct lane lane;
	static struct memory memory;
	struct site site;
	uint64_t now = 50 * SECOND;

	memset(&memory, 0, sizeof(memory));
	open_site(&site, &reference_shape);
	trace->event = calloc(MOMENTS * MOMENT_MAX, sizeof(*trace->event));
	trace->n = 0;
	for (unsigned m = 0; m < MOMENTS; m++) {
		unsigned n = 1 + (unsigned)(rig_random(&seed) % MOMENT_MAX);

		for (unsigned i = 0; i < n; i++, trace->n++) {
			struct event *event = &trace->event[trace->n];

			make_event(event, &memory, &seed, now);
			event->moment_end = i == n - 1;
			load(&lane, 0, event);
			lvs_worker_process(site.worker[0], lane.packet, 1, now);
			take_outbox(&site, site.worker[0]);
			event->given = site.given;
			keep(event, lane.packet);
			remember(&memory, event);
		}
		now += rig_random(&seed) % (5 * SECOND);
		lvs_worker_handle_expiry(site.worker[0], now, 0);
	}
	trace->end = now;
	trace->given_n = site.given_n;
	trace->told = calloc(TOLD_MAX, sizeof(*trace->told));
	trace->told_n = lvs_worker_events(site.worker[0], trace->told, TOLD_MAX);
	close_site(&site);
}

/* One moment, cut at random places, the pieces handed to the workers in turn. */
static unsigned replay_moment(struct site *site, const struct trace *trace, unsigned first,
			      const struct shape *shape, uint64_t *random)
{
	static struct lane lane;
	unsigned n = 0, done = 0;

	do
		load(&lane, n, &trace->event[first + n]);
	while (!trace->event[first + n++].moment_end);
	while (done < n) {
		unsigned batch = 1 + (unsigned)(rig_random(random) % shape->longest);
		unsigned worker = (unsigned)(rig_random(random) % site->worker_n);

		batch = batch < n - done ? batch : n - done;
		lvs_worker_process(site->worker[worker], lane.packet + done, batch,
				   trace->event[first].now);
		take_outbox(site, site->worker[worker]);
		done += batch;
	}
	for (unsigned i = 0; i < n; i++)
		compare(&trace->event[first + i], &lane.packet[i], first + i);
	ck_assert_msg(site->given == trace->event[first + n - 1].given,
		      "the outbox differs in the moment of packet %u", first);
	return n;
}

static void replay(const struct trace *trace, const struct shape *shape, uint64_t seed)
{
	struct site site;

	open_site(&site, shape);
	for (unsigned i = 0; i < trace->n;) {
		i += replay_moment(&site, trace, i, shape, &seed);
		if (i < trace->n)
			lvs_worker_handle_expiry(site.worker[i % site.worker_n],
						 trace->event[i].now, 0);
	}
	/* The trace ends with an expiry of its own. */
	lvs_worker_handle_expiry(site.worker[0], trace->end, 0);
	compare_told(trace, &site);
	close_site(&site);
}

START_TEST(test_equal)
{
	unsigned verdicts[LVS_VERDICTS] = {0};
	struct trace trace;

	make_trace(&trace, (uint64_t)_i + 1);
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		replay(&trace, &shapes[i], (uint64_t)_i * 100 + i);
	/* the trace is worth something: every kind of verdict is in it */
	for (unsigned i = 0; i < trace.n; i++)
		verdicts[trace.event[i].out.verdict]++;
	ck_assert_uint_gt(verdicts[LVS_FORWARD], trace.n / 4);
	ck_assert_uint_gt(verdicts[LVS_PASS], trace.n / 50);
	ck_assert_uint_gt(verdicts[LVS_DROP], trace.n / 100);
	ck_assert_uint_gt(verdicts[LVS_HELD], trace.n / 50);
	ck_assert_uint_gt(trace.given_n, trace.n / 100);
	ck_assert_uint_gt(trace.told_n, trace.n / 20);
	free(trace.told);
	free(trace.event);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("batch");

	tcase_add_loop_test(tcase, test_equal, 0, 5);
	return unit_run("batch", tcase);
}
