/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams cut anywhere, in any order, over several workers, some fragments twice: what comes out
 * is, put together again, what a second director makes of the datagrams whole. So are the counters.
 */
#include "frag_rig.h"
#include "unit.h"

enum {
	FLIGHT = 6,    /* datagrams on their way at a time */
	ROUNDS = 60,   /* flights */
	WORKERS = 3,   /* at most */
	SERVICES = 12, /* families, protocols, methods */
	DESTS = 3,
	CLIENTS = 50, /* with open flows */
};

static const enum lvs_method methods[] = {LVS_METHOD_NAT, LVS_METHOD_DR, LVS_METHOD_TUNNEL};

struct kind {
	unsigned family;
	uint8_t protocol;
	enum lvs_method method;
};

static struct kind kind_of(unsigned i)
{
	return (struct kind){i & 1 ? LVS_INET6 : LVS_INET, i & 2 ? LVS_TCP : LVS_UDP,
			     methods[i / 4 % 3]};
}

static union lvs_addr any_addr(unsigned family, unsigned net, unsigned host)
{
	return family == LVS_INET ? rig_addr4(10, 1, net, host) : rig_addr6(net, host);
}

static struct lvs_service_key service_of(unsigned i)
{
	struct kind kind = kind_of(i);

	return rig_service_key(kind.family, kind.protocol, any_addr(kind.family, 0, 1 + i), 80);
}

static struct lvs_dest_key dest_of(unsigned i, unsigned j)
{
	struct kind kind = kind_of(i);

	return rig_dest_key(kind.family, any_addr(kind.family, 1 + i, 1 + j),
			    kind.method == LVS_METHOD_NAT ? 8080 : 80);
}

struct shape {
	uint32_t shards;
	unsigned workers;
};

static const struct shape shapes[] = {{1, 1}, {256, 1}, {4, 3}, {256, 3}};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

struct site {
	struct lvs_director *director;
	struct lvs_worker *worker[WORKERS];
	unsigned worker_n;
	uint64_t now;
	unsigned held;
};

static void open_site(struct site *site, const struct shape *shape)
{
	struct lvs_settings settings;

	lvs_settings_init(&settings);
	settings.shards = shape->shards;
	settings.flags = LVS_SET_SLOPPY_TCP;
	settings.default_mtu = 65535;
	site->now = 100 * SECOND;
	site->held = 0;
	site->worker_n = shape->workers;
	ck_assert_int_eq(lvs_director_new(&settings, &site->director), 0);
	for (unsigned i = 0; i < SERVICES; i++) {
		struct lvs_service_key key = service_of(i);

		rig_set_service(site->director, &key, "rr");
		for (unsigned j = 0; j < DESTS; j++) {
			struct lvs_dest_key dest = dest_of(i, j);

			rig_set_dest(site->director, &key, &dest, kind_of(i).method, 1);
		}
	}
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

/* A datagram on its way, and what has come out of it. */
struct voyage {
	struct frag_whole whole;
	struct frag_part part[FRAG_PARTS];
	struct frag_joined joined;
	unsigned part_n;
	unsigned out_n;
	unsigned service;
	/* what the plain director made of it */
	struct lvs_packet plain;
	uint8_t plain_data[FRAG_MAX + 64];
};

static struct voyage voyage[FLIGHT];

static void recipe_of(struct frag_recipe *recipe, unsigned i, unsigned c, uint64_t *random)
{
	struct kind kind = kind_of(i);

	memset(recipe, 0, sizeof(*recipe));
	recipe->flow = rig_flow(kind.protocol, kind.family, any_addr(kind.family, 100, c),
				4000 + c % 7, any_addr(kind.family, 0, 1 + i), 80);
	recipe->tcp_flags = LVS_TCP_ACK;
	recipe->no_checksum =
		kind.family == LVS_INET && kind.protocol == LVS_UDP && rig_random(random) % 3 == 0;
	recipe->df = rig_random(random) % 4 == 0;
	recipe->payload = 16 + (unsigned)(rig_random(random) % 5000);
	if (rig_random(random) % 4 == 0)
		recipe->options = 8 * (1 + (unsigned)(rig_random(random) % 5));
	if (rig_random(random) % 4 == 0)
		recipe->hop = 8 * (1 + (unsigned)(rig_random(random) % 3));
}

/* The answer to what the plain director has sent to a server by NAT. */
static void make_reply(struct frag_recipe *recipe, const struct voyage *v)
{
	const uint8_t *ip = v->plain_data;
	struct lvs_flow *flow = &recipe->flow;
	union lvs_addr server = {.word = {0}};

	memcpy(&server, ip[0] >> 4 == 4 ? ip + 16 : ip + 24, ip[0] >> 4 == 4 ? 4 : 16);
	flow->dst = flow->src;
	flow->dst_port = flow->src_port;
	flow->src = server;
	flow->src_port = rig_port(8080);
}

static void send_to(struct site *site, const struct frag_whole *whole)
{
	static struct frag_buffer buffer;

	frag_load(&buffer, whole->data, whole->len);
	lvs_worker_process(site->worker[0], &buffer.packet, 1, site->now);
	ck_assert_int_eq(buffer.packet.verdict, LVS_FORWARD);
}

static void send_whole(struct site *plain, struct voyage *v)
{
	static struct frag_buffer buffer;

	frag_load(&buffer, v->whole.data, v->whole.len);
	lvs_worker_process(plain->worker[0], &buffer.packet, 1, plain->now);
	v->plain = buffer.packet;
	ck_assert_int_eq(buffer.packet.verdict, LVS_FORWARD);
	memcpy(v->plain_data, buffer.packet.data, buffer.packet.len);
}

/* A datagram of client @p c, which goes through the plain director at once. */
static void begin(struct site *plain, struct site *site, struct voyage *v, uint32_t id, unsigned c,
		  uint64_t *random)
{
	struct frag_recipe recipe;

	v->service = (unsigned)(rig_random(random) % SERVICES);
	recipe_of(&recipe, v->service, c, random);
	recipe.id = id;
	frag_make(&v->whole, &recipe);
	send_whole(plain, v);
	if (kind_of(v->service).method == LVS_METHOD_NAT && rig_random(random) % 3 == 0) {
		/* The request goes whole through both: what is cut is the reply. */
		struct lvs_flow flow = recipe.flow;

		send_to(site, &v->whole);
		recipe_of(&recipe, v->service, c, random);
		recipe.flow = flow;
		make_reply(&recipe, v);
		recipe.id = id;
		frag_make(&v->whole, &recipe);
		send_whole(plain, v);
		ck_assert_int_eq(v->plain.reason, LVS_REASON_REPLY);
	}
	memset(&v->joined, 0, sizeof(v->joined));
	v->out_n = 0;
	v->part_n = frag_cut_all(&v->whole, v->part, random);
}

static void came_out(const struct lvs_packet *packet, uint32_t first_id)
{
	struct frag_seen seen;
	struct voyage *v;

	frag_see(packet->data, packet->len, &seen);
	ck_assert(seen.fragment);
	v = &voyage[seen.id - first_id];
	ck_assert(v >= voyage && v < voyage + FLIGHT);
	ck_assert_uint_eq(packet->next_hop_family, v->plain.next_hop_family);
	ck_assert_mem_eq(&packet->next_hop, &v->plain.next_hop, 16);
	if (seen.outer) { /* the same but length, id and checksum */
		ck_assert(ref_get16(v->plain_data) == ref_get16(packet->data));
		ck_assert_mem_eq(packet->data + (seen.outer == 20 ? 12 : 8),
				 v->plain_data + (seen.outer == 20 ? 12 : 8),
				 seen.outer == 20 ? 8 : 32);
		ck_assert_uint_eq(ref_get16(packet->data + (seen.outer == 20 ? 2 : 4)),
				  packet->len - (seen.outer == 20 ? 0 : 40));
	}
	if (seen.ip[0] >> 4 == 4)
		ck_assert(ref_ipv4_ok(seen.ip));
	frag_join(&v->joined, &seen);
	v->out_n++;
}

static void take_outbox(struct site *site, struct lvs_worker *worker, unsigned n, uint32_t first_id)
{
	struct lvs_packet out[7];
	unsigned got;

	while ((got = lvs_worker_outbox(worker, out, n))) {
		for (unsigned i = 0; i < got; i++) {
			ck_assert_int_eq(out[i].verdict, LVS_FORWARD);
			ck_assert_uint_eq(out[i].mark, 0x1234);
			ck_assert_uint_eq(out[i].vlan, 7);
			ck_assert_uint_eq(out[i].ifindex, 9);
			ck_assert_ptr_null(out[i].user);
			came_out(&out[i], first_id);
		}
		site->held -= got;
	}
}

static void send_part(struct site *site, const struct frag_part *part, uint32_t first_id,
		      uint64_t *random)
{
	static struct frag_buffer buffer;
	struct lvs_worker *worker = site->worker[rig_random(random) % site->worker_n];
	struct lvs_packet *packet = &buffer.packet;

	frag_load(&buffer, part->data, part->len);
	packet->mark = 0x1234;
	packet->vlan = 7;
	packet->ifindex = 9;
	lvs_worker_process(worker, packet, 1, site->now);
	if (packet->verdict == LVS_FORWARD)
		came_out(packet, first_id);
	else if (packet->verdict == LVS_HELD)
		site->held++;
	else
		ck_assert_int_eq(packet->reason, LVS_REASON_FRAGMENT_DUPLICATE);
	if (packet->verdict == LVS_HELD)
		ck_assert_mem_eq(packet->data, part->data, part->len);
	take_outbox(site, worker, 1 + (unsigned)(rig_random(random) % 7), first_id);
	site->now += SECOND / 1000;
}

/* All parts of all datagrams of a flight in a random order, one in so many twice before the end. */
static void send_parts(struct site *site, uint32_t first_id, unsigned n, bool in_order,
		       uint64_t *random)
{
	unsigned left[FLIGHT], all = 0;
	bool sent[FLIGHT][FRAG_PARTS] = {{false}};

	for (unsigned i = 0; i < n; i++)
		all += left[i] = voyage[i].part_n;
	while (all) {
		unsigned i = (unsigned)(rig_random(random) % n);
		unsigned j = in_order ? voyage[i].part_n - left[i]
				      : (unsigned)(rig_random(random) % voyage[i].part_n);

		if (!left[i])
			continue;
		if (!sent[i][j]) {
			sent[i][j] = true;
			left[i]--;
			all--;
		} else if (rig_random(random) % 8) {
			continue;
		}
		send_part(site, &voyage[i].part[j], first_id, random);
	}
}

static void compare(const struct voyage *v)
{
	struct frag_joined joined = v->joined;
	struct frag_seen plain;
	uint32_t len = frag_finish(&joined);

	frag_see(v->plain_data, v->plain.len, &plain);
	ck_assert_uint_eq(v->out_n, v->part_n);
	ck_assert_uint_eq(len, plain.len);
	ck_assert_mem_eq(joined.data, plain.ip, len);
}

static void compare_stats(const struct site *a, const struct site *b)
{
	for (unsigned i = 0; i < SERVICES; i++) {
		struct lvs_service_key key = service_of(i);

		for (unsigned j = 0; j < DESTS; j++) {
			struct lvs_dest_key dest = dest_of(i, j);
			struct lvs_dest_info x, y;

			rig_get_dest(a->director, &key, &dest, &x);
			rig_get_dest(b->director, &key, &dest, &y);
			ck_assert_mem_eq(&x.stats, &y.stats, sizeof(x.stats));
			ck_assert_uint_eq(x.active, y.active);
			ck_assert_uint_eq(x.inactive, y.inactive);
		}
	}
}

/* Opens a flow by a whole packet, so that both have its connection whatever the order of first
 * fragments. */
static void open_flow(struct site *plain, struct site *site, unsigned i, unsigned c)
{
	static struct frag_whole whole;
	struct frag_recipe recipe = {
		.flow = rig_flow(kind_of(i).protocol, kind_of(i).family,
				 any_addr(kind_of(i).family, 100, c), 4000 + c % 7,
				 any_addr(kind_of(i).family, 0, 1 + i), 80),
		.tcp_flags = LVS_TCP_SYN,
	};

	frag_make(&whole, &recipe);
	send_to(plain, &whole);
	send_to(site, &whole);
}

/* Even rounds: several datagrams of open flows at once. Odd ones: one that opens its flow. */
static void play(struct site *plain, struct site *site, unsigned round, uint64_t *random)
{
	unsigned n = round % 2 ? 1 : FLIGHT;
	uint32_t id = 1 + round * FLIGHT;

	for (unsigned i = 0; i < n; i++)
		begin(plain, site, &voyage[i], id + i,
		      n == 1 ? CLIENTS + round : (unsigned)(rig_random(random) % CLIENTS), random);
	send_parts(site, id, n, round % 4 < 2, random);
	for (unsigned i = 0; i < n; i++)
		compare(&voyage[i]);
	ck_assert_uint_eq(site->held, 0);
	rig_check(site->director);
}

START_TEST(test_model)
{
	static const struct shape one = {1, 1};
	uint64_t random = (uint64_t)_i + 77;
	struct site plain, site;

	open_site(&plain, &one);
	open_site(&site, &shapes[_i % SHAPES]);
	for (unsigned i = 0; i < SERVICES; i++)
		for (unsigned c = 0; c < CLIENTS; c++)
			open_flow(&plain, &site, i, c);
	for (unsigned round = 0; round < ROUNDS; round++)
		play(&plain, &site, round, &random);
	compare_stats(&plain, &site);
	close_site(&plain);
	close_site(&site);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("frag_model");

	tcase_add_loop_test(tcase, test_model, 0, 12);
	return unit_run("frag_model", tcase);
}
