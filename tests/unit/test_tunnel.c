/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of VS/TUN: what each puts in front, byte by byte and every sum by recomputation; how
 * an edit of the destination shows; the MSS through them. */
#include "forward/tunnel.h"

#include "director_rig.h"
#include "unit.h"

#define ROUNDS 20000
#define GUE_PORT 6080

static const struct kind {
	uint8_t type, flags;
	unsigned shim; /* bytes between the headers */
} kinds[] = {
	{LVS_TUNNEL_IPIP, 0, 0},
	{LVS_TUNNEL_GUE, 0, 12},
	{LVS_TUNNEL_GUE, LVS_TUNNEL_CSUM, 12},
	{LVS_TUNNEL_GUE, LVS_TUNNEL_REMCSUM, 12}, /* as the one before: checksums are whole */
	{LVS_TUNNEL_GRE, 0, 4},
	{LVS_TUNNEL_GRE, LVS_TUNNEL_CSUM, 8},
	{LVS_TUNNEL_GRE, LVS_TUNNEL_REMCSUM, 4}, /* says nothing */
	{77, LVS_TUNNEL_CSUM, 0},                /* as IP in IP */
};

static const struct {
	unsigned family, dest_family;
} pairs[] = {
	{LVS_INET, LVS_INET}, {LVS_INET6, LVS_INET6}, {LVS_INET, LVS_INET6}, {LVS_INET6, LVS_INET}};

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static unsigned ip_len(unsigned family)
{
	return family == LVS_INET6 ? 40 : 20;
}

/* --- One packet by itself --- */

struct fixture {
	const struct kind *kind;
	struct rig_packet rig;
	struct lvs_headers headers;
	struct lvs_path_conf path;
	struct lvs_binding binding;
	unsigned len, ttl;
};

static union lvs_addr any_addr(uint64_t *random, unsigned family)
{
	union lvs_addr addr = {0};
	uint64_t words[2] = {rig_random(random), rig_random(random)};

	memcpy(&addr, words, family == LVS_INET6 ? 16 : 4);
	addr.byte[0] = family == LVS_INET6 ? 0x20 : 10; /* unicast, not loopback */
	return addr;
}

static void any_packet(struct fixture *f, uint64_t *random, unsigned family)
{
	struct lvs_flow flow = {
		.src = any_addr(random, family),
		.dst = any_addr(random, family),
		.src_port = (lvs_be16)rig_random(random),
		.dst_port = (lvs_be16)rig_random(random),
		.family = (uint8_t)family,
		.protocol = rig_random(random) % 2 ? LVS_TCP : LVS_UDP,
	};
	uint8_t *ip;

	rig_make(&f->rig, &flow, LVS_TCP_ACK, (unsigned)(rig_random(random) % 1200));
	ip = f->rig.packet.data;
	if (family == LVS_INET) {
		ip[1] = (uint8_t)rig_random(random);
		rig_put16(ip + 4, (unsigned)rig_random(random) & 0xffff);
		ip[6] = rig_random(random) % 2 ? 0x40 : 0;
	} else {
		rig_put16(ip, 0x6000 | ((unsigned)rig_random(random) & 0x0fff));
	}
	f->ttl = (unsigned)(2 + rig_random(random) % 254);
	ip[family == LVS_INET ? 8 : 7] = (uint8_t)f->ttl;
	rig_fix(&f->rig);
	f->len = f->rig.packet.len;
	ck_assert_int_eq(lvs_packet_parse(&f->rig.packet, &f->headers), LVS_REASON_NONE);
}

static void setup(struct fixture *f, uint64_t *random, const struct kind *kind, unsigned family,
		  unsigned dest_family)
{
	any_packet(f, random, family);
	f->kind = kind;
	f->path = (struct lvs_path_conf){
		.size = sizeof(f->path),
		.mtu = 1500,
		.source = any_addr(random, dest_family),
		.source_family = (uint8_t)dest_family,
		.next_hop_family = (uint8_t)dest_family,
	};
	f->binding = (struct lvs_binding){
		.path = &f->path,
		.client = f->headers.flow.src,
		.service = f->headers.flow.dst,
		.dest = any_addr(random, dest_family),
		.family = (uint8_t)family,
		.dest_family = (uint8_t)dest_family,
		.protocol = f->headers.flow.protocol,
		.pmtu_disc = 1,
		.tun_type = kind->type,
		.tun_flags = kind->flags,
		.tun_port = (lvs_be16)(rig_random(random) | 1),
	};
}

static enum lvs_reason out(struct fixture *f)
{
	return lvs_forward_find(LVS_METHOD_TUNNEL)->out(&f->rig.packet, &f->headers, &f->binding);
}

static unsigned tos_of(const uint8_t *ip)
{
	return ip[0] >> 4 == 4 ? ip[1] : ((rig_get16(ip) >> 4) & 0xff);
}

static void check_outer(const struct fixture *f, const uint8_t *outer, const uint8_t *inner)
{
	bool df = f->binding.family == LVS_INET && inner[6] & 0x40;
	unsigned tos = tos_of(inner);

	ck_assert_uint_eq(tos_of(outer), (tos & 3) == 3 ? (tos & ~3u) | 2 : tos);
	if (f->binding.dest_family == LVS_INET) {
		ck_assert_uint_eq(outer[0], 0x45);
		ck_assert_uint_eq(rig_get16(outer + 2), f->rig.packet.len);
		ck_assert_uint_eq(rig_get16(outer + 6), df ? 0x4000 : 0);
		ck_assert_uint_eq(outer[8], f->ttl - 1);
		ck_assert_uint_eq(rig_sum(0, outer, 20), 0xffff);
		ck_assert_mem_eq(outer + 12, &f->path.source, 4);
		ck_assert_mem_eq(outer + 16, &f->binding.dest, 4);
		return;
	}
	ck_assert_uint_eq(outer[0] >> 4, 6);
	ck_assert_uint_eq(outer[1] & 0x0f, 0);
	ck_assert_uint_eq(rig_get16(outer + 2), 0);
	ck_assert_uint_eq(rig_get16(outer + 4), f->rig.packet.len - 40);
	ck_assert_uint_eq(outer[7], f->ttl - 1);
	ck_assert_mem_eq(outer + 8, &f->path.source, 16);
	ck_assert_mem_eq(outer + 24, &f->binding.dest, 16);
}

static void check_gue(const struct fixture *f, const uint8_t *outer, const uint8_t *udp)
{
	unsigned len = f->len + 12;

	ck_assert_uint_ge(rig_get16(udp), 0xc000);
	ck_assert_mem_eq(udp + 2, &f->binding.tun_port, 2);
	ck_assert_uint_eq(rig_get16(udp + 4), len);
	if (f->kind->flags)
		ck_assert_uint_eq(rig_l4_sum(outer, f->rig.packet.len), 0xffff);
	else
		ck_assert_uint_eq(rig_get16(udp + 6), 0);
	ck_assert(!f->kind->flags || rig_get16(udp + 6) != 0);
	ck_assert_uint_eq(udp[8], 0);
	ck_assert_uint_eq(udp[9], f->binding.family == LVS_INET ? 4 : 41);
	ck_assert_uint_eq(rig_get16(udp + 10), 0);
}

static void check_gre(const struct fixture *f, const uint8_t *gre)
{
	bool csum = f->kind->flags & LVS_TUNNEL_CSUM;

	ck_assert_uint_eq(rig_get16(gre), csum ? 0x8000 : 0);
	ck_assert_uint_eq(rig_get16(gre + 2), f->binding.family == LVS_INET ? 0x0800 : 0x86dd);
	if (!csum)
		return;
	ck_assert_uint_eq(rig_sum(0, gre, f->len + 8), 0xffff);
	ck_assert_uint_eq(rig_get16(gre + 6), 0);
}

static void check_shim(const struct fixture *f, const uint8_t *outer)
{
	const uint8_t *shim = outer + ip_len(f->binding.dest_family);
	unsigned protocol = f->binding.dest_family == LVS_INET ? outer[9] : outer[6];

	switch (f->kind->type) {
	case LVS_TUNNEL_GUE:
		ck_assert_uint_eq(protocol, LVS_UDP);
		check_gue(f, outer, shim);
		break;
	case LVS_TUNNEL_GRE:
		ck_assert_uint_eq(protocol, LVS_GRE);
		check_gre(f, shim);
		break;
	default:
		ck_assert_uint_eq(protocol, f->binding.family == LVS_INET ? LVS_IPIP : LVS_IPV6);
	}
}

START_TEST(test_wire)
{
	const struct lvs_forward_ops *ops = lvs_forward_find(LVS_METHOD_TUNNEL);
	const struct kind *kind = &kinds[_i / 4];
	unsigned family = pairs[_i % 4].family, dest_family = pairs[_i % 4].dest_family;
	unsigned overhead = ip_len(dest_family) + kind->shim;
	uint64_t random = 100 + (uint64_t)_i;
	static struct fixture f;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct lvs_packet *packet = &f.rig.packet;
		uint8_t *inner;

		setup(&f, &random, kind, family, dest_family);
		inner = packet->data;
		ck_assert_uint_eq(ops->overhead(&f.binding), overhead);
		ck_assert_int_eq(out(&f), LVS_REASON_NONE);
		ck_assert_ptr_eq(packet->data + overhead, inner);
		ck_assert_uint_eq(packet->len, f.len + overhead);
		ck_assert_uint_eq(packet->linear_len, packet->len);
		ck_assert_uint_eq(packet->headroom, RIG_HEADROOM - overhead);
		ck_assert_uint_eq(packet->flags | packet->cut, 0);
		ck_assert(rig_sums_right(inner, f.len));
		ck_assert_uint_eq(inner[family == LVS_INET ? 8 : 7], f.ttl - 1);
		check_outer(&f, packet->data, inner);
		check_shim(&f, packet->data);
	}
}
END_TEST

/* No kind needs more room than the method says, and each has a number of its own. */
START_TEST(test_headroom)
{
	const struct lvs_forward_ops *ops = lvs_forward_find(LVS_METHOD_TUNNEL);
	unsigned found = 0;

	for (unsigned type = 0; type < 256; type++) {
		const struct lvs_tunnel_ops *kind = lvs_tunnel_find((uint8_t)type);
		struct lvs_binding binding = {.partial = 1, .tun_flags = 0xff};

		if (!kind)
			continue;
		found++;
		ck_assert_uint_eq(kind->type, type);
		ck_assert_uint_le(kind->shim(&binding), kind->most);
		ck_assert_uint_le(40u + kind->most, ops->headroom);
	}
	ck_assert_uint_eq(found, 2);
}
END_TEST

/* One byte of headroom too few, a path too narrow: refused, and nothing has changed. */
START_TEST(test_refused)
{
	const struct kind *kind = &kinds[_i / 4];
	unsigned family = pairs[_i % 4].family, dest_family = pairs[_i % 4].dest_family;
	unsigned overhead = ip_len(dest_family) + kind->shim;
	static struct rig_packet before;
	uint64_t random = 300;
	static struct fixture f;
	struct lvs_flow flow;

	setup(&f, &random, kind, family, dest_family);
	flow = f.headers.flow;
	flow.protocol = LVS_TCP;
	rig_make(&f.rig, &flow, LVS_TCP_ACK, 1300);
	f.len = f.rig.packet.len;
	ck_assert_int_eq(lvs_packet_parse(&f.rig.packet, &f.headers), LVS_REASON_NONE);
	before = f.rig;
	f.path.mtu = f.len + overhead - 1;
	ck_assert_int_eq(out(&f), LVS_REASON_MTU);
	f.path.mtu++;
	f.rig.packet.headroom = (uint16_t)(overhead - 1);
	ck_assert_int_eq(out(&f), LVS_REASON_HEADROOM);
	f.path.flags = LVS_PATH_LOCAL;
	ck_assert_int_eq(out(&f), LVS_REASON_LOCAL);
	f.path.flags = 0;
	ck_assert_mem_eq(before.buffer, f.rig.buffer, sizeof(before.buffer));
	f.rig.packet.headroom++;
	ck_assert_int_eq(out(&f), LVS_REASON_NONE);
	ck_assert_uint_eq(f.rig.packet.headroom, 0);
}
END_TEST

static unsigned port_of(struct fixture *f)
{
	ck_assert_int_eq(out(f), LVS_REASON_NONE);
	return rig_get16(f->rig.packet.data + 20);
}

/* A flow keeps its port, whatever it sends; flows that differ in little are spread over all. */
START_TEST(test_port)
{
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	unsigned bucket[16] = {0}, same = 0, last = 0;
	uint64_t random = 400;
	static struct fixture f;
	struct lvs_flow flow;

	setup(&f, &random, &kinds[1], family, LVS_INET);
	flow = f.headers.flow;
	for (unsigned i = 0; i < 4096; i++) {
		unsigned port, again;

		flow.src_port = rig_port(30000 + i % 64);
		flow.src.byte[3] = (uint8_t)(i / 64);
		rig_make(&f.rig, &flow, LVS_TCP_SYN, 0);
		lvs_packet_parse(&f.rig.packet, &f.headers);
		port = port_of(&f);
		rig_make(&f.rig, &flow, LVS_TCP_ACK, i % 1000);
		lvs_packet_parse(&f.rig.packet, &f.headers);
		again = port_of(&f);
		ck_assert_uint_eq(port, again);
		bucket[port >> 10 & 15]++;
		same += port == last;
		last = port;
	}
	for (unsigned i = 0; i < 16; i++) {
		ck_assert_uint_gt(bucket[i], 192);
		ck_assert_uint_lt(bucket[i], 320);
	}
	ck_assert_uint_lt(same, 8);
}
END_TEST

/* A later fragment goes the way of its first one: its ports are known by then. */
START_TEST(test_port_fragment)
{
	uint64_t random = 500;
	static struct fixture f;
	unsigned port;

	setup(&f, &random, &kinds[1], LVS_INET, LVS_INET);
	port = port_of(&f);
	rig_make(&f.rig, &f.headers.flow, LVS_TCP_ACK, 100);
	f.rig.packet.data[6] = 0;
	f.rig.packet.data[7] = 20;
	rig_fix_ip(f.rig.packet.data);
	f.headers.flags = LVS_HEADERS_FRAGMENT | LVS_HEADERS_LATER_FRAGMENT;
	f.headers.ttl = 64;
	f.headers.len = f.rig.packet.len;
	f.headers.payload_offset = f.headers.l4_offset = 20;
	ck_assert_uint_eq(port_of(&f), port);
}
END_TEST

/* --- Through a director --- */

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	struct lvs_flow flow;
	struct rig_packet rig;
};

static void set_dest(struct world *w, enum lvs_method method, const struct kind *kind,
		     unsigned port)
{
	struct lvs_dest_conf conf = {
		.size = sizeof(conf),
		.method = (uint32_t)method,
		.weight = 1,
		.tun_type = kind->type,
		.tun_flags = kind->flags,
		.tun_port = rig_port(port),
	};
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(w->director, &txn), 0);
	ck_assert_msg(lvs_txn_set_dest(txn, &w->service, &w->dest, &conf) == 0, "%s",
		      lvs_txn_error(txn));
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

static void build(struct world *w, const struct kind *kind, uint32_t flags)
{
	memset(w, 0, sizeof(*w));
	ck_assert_int_eq(lvs_director_new(NULL, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	w->dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 80);
	w->flow = rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, 7), 40000,
			   rig_addr4(192, 0, 2, 1), 80);
	rig_set_service_flags(w->director, &w->service, "rr", flags);
	rig_set_dest(w->director, &w->service, &w->dest, LVS_METHOD_TUNNEL, 1);
	set_dest(w, LVS_METHOD_TUNNEL, kind, GUE_PORT);
}

static void tear_down(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

/* What stands in front of the next packet of the connection: protocol, port, bytes. */
static void expect_kind(struct world *w, const struct kind *kind, unsigned port)
{
	static const uint8_t protocols[] = {LVS_IPIP, LVS_UDP, LVS_GRE};
	const uint8_t *ip;
	unsigned len;

	rig_make(&w->rig, &w->flow, LVS_TCP_ACK, 10);
	len = w->rig.packet.len;
	lvs_worker_process(w->worker, &w->rig.packet, 1, SECOND);
	ck_assert_int_eq(w->rig.packet.reason, LVS_REASON_ESTABLISHED);
	ip = w->rig.packet.data;
	ck_assert_uint_eq(w->rig.packet.len, len + 20 + kind->shim);
	ck_assert_uint_eq(ip[9], kind->type < 3 ? protocols[kind->type] : LVS_IPIP);
	if (kind->type == LVS_TUNNEL_GUE)
		ck_assert_uint_eq(rig_get16(ip + 22), port);
}

/* Kind, port and flags are the destination's as they stand; the method is the connection's. */
START_TEST(test_edit)
{
	struct lvs_flow other;
	struct world w;

	build(&w, &kinds[0], 0);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.flow, LVS_TCP_SYN, SECOND),
			 LVS_REASON_SCHEDULED);
	for (unsigned i = 0; i < 3 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i * 5 % (sizeof(kinds) / sizeof(kinds[0]))];

		set_dest(&w, LVS_METHOD_TUNNEL, kind, 1000 + i);
		expect_kind(&w, kind, 1000 + i);
	}
	set_dest(&w, LVS_METHOD_DR, &kinds[0], 0);
	expect_kind(&w, &kinds[0], 0);
	set_dest(&w, LVS_METHOD_DR, &kinds[2], 99);
	expect_kind(&w, &kinds[2], 99);
	other = w.flow;
	other.src_port = rig_port(40001);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &other, LVS_TCP_SYN, SECOND),
			 LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(w.rig.packet.data[9], LVS_TCP);
	tear_down(&w);
}
END_TEST

/* An edit that is refused leaves the kind alone; so does one that is given up. */
START_TEST(test_edit_refused)
{
	struct lvs_dest_conf conf = {.size = sizeof(conf),
				     .method = LVS_METHOD_TUNNEL,
				     .weight = 1,
				     .tun_type = LVS_TUNNEL_GRE};
	struct lvs_txn *txn;
	struct world w;

	build(&w, &kinds[1], 0);
	ck_assert_int_eq(rig_send(w.worker, &w.rig, &w.flow, LVS_TCP_SYN, SECOND),
			 LVS_REASON_SCHEDULED);
	ck_assert_int_eq(lvs_txn_begin(w.director, &txn), 0);
	ck_assert_int_eq(lvs_txn_set_dest(txn, &w.service, &w.dest, &conf), 0);
	lvs_txn_abort(txn);
	expect_kind(&w, &kinds[1], GUE_PORT);
	conf.tun_type = LVS_TUNNEL_GUE;
	ck_assert_int_eq(lvs_txn_begin(w.director, &txn), 0);
	ck_assert_int_eq(lvs_txn_set_dest(txn, &w.service, &w.dest, &conf), LVS_ERR_INVALID);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	expect_kind(&w, &kinds[1], GUE_PORT);
	tear_down(&w);
}
END_TEST

/* A SYN with an MSS of 1460, at an even place or an odd one. */
static void make_syn(struct rig_packet *rig, const struct lvs_flow *flow, bool odd, unsigned more)
{
	static const uint8_t options[2][8] = {{2, 4, 1460 >> 8, 1460 & 255, 1, 1, 1, 0},
					      {1, 2, 4, 1460 >> 8, 1460 & 255, 1, 1, 0}};
	uint8_t *tcp;

	rig_make(rig, flow, LVS_TCP_SYN, 8 + more);
	tcp = rig->packet.data + 20;
	tcp[12] = 7 << 4;
	memcpy(tcp + 20, options[odd], 8);
	rig_fix(rig);
}

/* The sums of the tunnel's header hold though the MSS has been lowered behind it. */
START_TEST(test_clamp)
{
	const struct kind *kind = &kinds[_i / 4];
	bool odd = _i & 1, away = _i & 2;
	unsigned remote = kind->type == 1 && kind->flags & LVS_TUNNEL_REMCSUM ? 8 : 0;
	struct lvs_packet whole = {0};
	uint8_t buffer[RIG_SIZE], *inner;
	struct world w;

	build(&w, kind, LVS_SERVICE_MSS_CLAMP);
	make_syn(&w.rig, &w.flow, odd, 40);
	if (away)
		w.rig.packet.linear_len -= 30;
	lvs_worker_process(w.worker, &w.rig.packet, 1, SECOND);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_SCHEDULED);
	whole.data = buffer;
	whole.tailroom = sizeof(buffer);
	w.rig.packet.linear_len = w.rig.packet.len;
	ck_assert_int_eq(lvs_packet_segment(&w.rig.packet, 0, &whole), 1);
	inner = whole.data + 20 + kind->shim;
	ck_assert(rig_sums_right(inner, whole.len - 20 - kind->shim));
	ck_assert_uint_eq(rig_get16(inner + 20 + 22 + odd), 1500 - 60 - kind->shim - remote);
	if (kind->type == LVS_TUNNEL_GUE && kind->flags)
		ck_assert_uint_eq(rig_l4_sum(whole.data, whole.len), 0xffff);
	if (kind->type == LVS_TUNNEL_GRE && kind->flags & LVS_TUNNEL_CSUM)
		ck_assert_uint_eq(rig_sum(0, whole.data + 20, whole.len - 20), 0xffff);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("tunnel");

	tcase_add_loop_test(tcase, test_wire, 0, 4 * KINDS);
	tcase_add_test(tcase, test_headroom);
	tcase_add_loop_test(tcase, test_refused, 0, 4 * KINDS);
	tcase_add_loop_test(tcase, test_port, 0, 2);
	tcase_add_test(tcase, test_port_fragment);
	tcase_add_test(tcase, test_edit);
	tcase_add_test(tcase, test_edit_refused);
	tcase_add_loop_test(tcase, test_clamp, 0, 4 * KINDS);
	return unit_run("tunnel", tcase);
}
