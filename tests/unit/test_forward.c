/* SPDX-License-Identifier: BSD-2-Clause */
/* What each forwarding method makes of a packet, every checksum against recomputation. */
#include <liblvs/forward.h>

#include "packet_rig.h"
#include "unit.h"

#define ROUNDS 20000

struct fixture {
	struct rig_packet rig;
	struct lvs_headers headers;
	struct lvs_path_conf path;
	struct lvs_binding binding;
};

static union lvs_addr any_addr(uint64_t *random, unsigned family)
{
	union lvs_addr addr = {0};
	uint64_t words[2] = {rig_random(random), rig_random(random)};

	memcpy(&addr, words, family == LVS_INET6 ? 16 : 4);
	addr.byte[0] = family == LVS_INET6 ? 0x20 : 10; /* unicast, not loopback */
	return addr;
}

static struct lvs_flow any_flow(uint64_t *random, unsigned family, uint8_t protocol)
{
	struct lvs_flow flow = {.family = (uint8_t)family, .protocol = protocol};

	flow.src = any_addr(random, family);
	flow.dst = any_addr(random, family);
	flow.src_port = (lvs_be16)rig_random(random);
	flow.dst_port = (lvs_be16)rig_random(random);
	return flow;
}

/* A packet of a random flow, with random header fields, ready to be forwarded. */
static void setup(struct fixture *f, uint64_t *random, unsigned family, unsigned dest_family,
		  uint8_t protocol)
{
	struct lvs_flow flow = any_flow(random, family, protocol);
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
	ip[family == LVS_INET ? 8 : 7] = (uint8_t)(2 + rig_random(random) % 254);
	rig_fix(&f->rig);
	ck_assert_int_eq(lvs_packet_parse(&f->rig.packet, &f->headers), LVS_REASON_NONE);

	f->path = (struct lvs_path_conf){
		.size = sizeof(f->path),
		.mtu = 1500,
		.handle = 7,
		.source = any_addr(random, dest_family),
		.source_family = (uint8_t)dest_family,
		.next_hop = any_addr(random, dest_family),
		.next_hop_family = (uint8_t)dest_family,
	};
	f->binding = (struct lvs_binding){
		.path = &f->path,
		.client = flow.src,
		.service = flow.dst,
		.dest = any_addr(random, dest_family),
		.client_port = flow.src_port,
		.service_port = flow.dst_port,
		.dest_port = (lvs_be16)rig_random(random),
		.family = (uint8_t)family,
		.dest_family = (uint8_t)dest_family,
		.protocol = protocol,
		.pmtu_disc = 1,
	};
}

static unsigned ttl_of(const uint8_t *ip)
{
	return ip[0] >> 4 == 4 ? ip[8] : ip[7];
}

static void assert_sent(const struct fixture *f)
{
	const struct lvs_packet *packet = &f->rig.packet;

	ck_assert_uint_eq(packet->path, 7);
	ck_assert_uint_eq(packet->next_hop_family, f->path.next_hop_family);
	ck_assert_mem_eq(&packet->next_hop, &f->path.next_hop, sizeof(packet->next_hop));
}

static const struct {
	unsigned family;
	uint8_t protocol;
} kinds[] = {{LVS_INET, LVS_TCP}, {LVS_INET, LVS_UDP}, {LVS_INET6, LVS_TCP}, {LVS_INET6, LVS_UDP}};

START_TEST(test_nat_out)
{
	const struct lvs_forward_ops *nat = lvs_forward_find(LVS_METHOD_NAT);
	uint64_t random = (uint64_t)_i;
	static struct fixture f;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct lvs_headers now;
		unsigned ttl;

		setup(&f, &random, kinds[_i].family, kinds[_i].family, kinds[_i].protocol);
		ttl = ttl_of(f.rig.packet.data);
		ck_assert_int_eq(nat->out(&f.rig.packet, &f.headers, &f.binding), LVS_REASON_NONE);
		assert_sent(&f);
		ck_assert(rig_sums_right(f.rig.packet.data, f.rig.packet.len));
		ck_assert_int_eq(lvs_packet_parse(&f.rig.packet, &now), LVS_REASON_NONE);
		ck_assert_mem_eq(&now.flow.dst, &f.binding.dest, sizeof(now.flow.dst));
		ck_assert_mem_eq(&now.flow.src, &f.binding.client, sizeof(now.flow.src));
		ck_assert_uint_eq(now.flow.dst_port, f.binding.dest_port);
		ck_assert_uint_eq(now.flow.src_port, f.binding.client_port);
		ck_assert_uint_eq(now.ttl, ttl - 1);
	}
}
END_TEST

START_TEST(test_nat_back)
{
	const struct lvs_forward_ops *nat = lvs_forward_find(LVS_METHOD_NAT);
	uint64_t random = 1000 + (uint64_t)_i;
	static struct fixture f;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct lvs_headers now;

		/* The packet goes from flow.src, the server, to flow.dst, the client. */
		setup(&f, &random, kinds[_i].family, kinds[_i].family, kinds[_i].protocol);
		f.binding.dest = f.headers.flow.src;
		f.binding.dest_port = f.headers.flow.src_port;
		f.binding.client = f.headers.flow.dst;
		f.binding.client_port = f.headers.flow.dst_port;
		f.binding.service = any_addr(&random, kinds[_i].family);
		f.binding.service_port = (lvs_be16)rig_random(&random);
		if (f.headers.ttl <= 1)
			continue;
		ck_assert_int_eq(nat->back(&f.rig.packet, &f.headers, &f.binding), LVS_REASON_NONE);
		ck_assert(rig_sums_right(f.rig.packet.data, f.rig.packet.len));
		ck_assert_int_eq(lvs_packet_parse(&f.rig.packet, &now), LVS_REASON_NONE);
		ck_assert_mem_eq(&now.flow.src, &f.binding.service, sizeof(now.flow.src));
		ck_assert_uint_eq(now.flow.src_port, f.binding.service_port);
		ck_assert_mem_eq(&now.flow.dst, &f.binding.client, sizeof(now.flow.dst));
	}
}
END_TEST

/* A partial checksum stays one: the pseudo-header's part follows the address. */
START_TEST(test_nat_partial_checksum)
{
	const struct lvs_forward_ops *nat = lvs_forward_find(LVS_METHOD_NAT);
	uint64_t random = 2000 + (uint64_t)_i;
	static struct fixture f;
	struct lvs_packet whole;
	uint8_t out[RIG_SIZE];

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t *ip, *field;
		unsigned header, l4_len;

		setup(&f, &random, kinds[_i].family, kinds[_i].family, kinds[_i].protocol);
		ip = f.rig.packet.data;
		field = rig_l4_csum(ip);
		header = f.headers.l4_offset;
		l4_len = f.rig.packet.len - header;
		rig_put16(field, rig_sum((kinds[_i].family == LVS_INET ? rig_sum(0, ip + 12, 8)
								       : rig_sum(0, ip + 8, 32)) +
						 kinds[_i].protocol + l4_len,
					 ip, 0));
		f.rig.packet.flags = LVS_PACKET_CSUM_PARTIAL;
		f.rig.packet.csum_start = (uint16_t)header;
		f.rig.packet.csum_offset = (uint16_t)(field - ip - header);
		ck_assert_int_eq(nat->out(&f.rig.packet, &f.headers, &f.binding), LVS_REASON_NONE);

		memset(&whole, 0, sizeof(whole));
		whole.data = out;
		whole.tailroom = sizeof(out);
		ck_assert_int_eq(lvs_packet_segment(&f.rig.packet, 0, &whole), 1);
		ck_assert(rig_sums_right(whole.data, whole.len));
	}
}
END_TEST

/* An IPv4 UDP packet without a checksum gets one. */
START_TEST(test_nat_udp_without_checksum)
{
	const struct lvs_forward_ops *nat = lvs_forward_find(LVS_METHOD_NAT);
	uint64_t random = 3;
	static struct fixture f;

	for (unsigned round = 0; round < ROUNDS; round++) {
		setup(&f, &random, LVS_INET, LVS_INET, LVS_UDP);
		rig_put16(rig_l4_csum(f.rig.packet.data), 0);
		ck_assert_int_eq(nat->out(&f.rig.packet, &f.headers, &f.binding), LVS_REASON_NONE);
		ck_assert_uint_ne(rig_get16(rig_l4_csum(f.rig.packet.data)), 0);
		ck_assert(rig_sums_right(f.rig.packet.data, f.rig.packet.len));
	}
}
END_TEST

START_TEST(test_dr)
{
	const struct lvs_forward_ops *dr = lvs_forward_find(LVS_METHOD_DR);
	uint64_t random = 4000 + (uint64_t)_i;
	static struct fixture f;
	static struct rig_packet before;

	for (unsigned round = 0; round < ROUNDS / 4; round++) {
		uint8_t *ip;

		setup(&f, &random, kinds[_i].family, kinds[_i].family, kinds[_i].protocol);
		memcpy(before.buffer, f.rig.buffer, sizeof(before.buffer));
		ck_assert_int_eq(dr->out(&f.rig.packet, &f.headers, &f.binding), LVS_REASON_NONE);
		assert_sent(&f);
		ip = f.rig.packet.data;
		ck_assert(rig_sums_right(ip, f.rig.packet.len));
		/* but for TTL and the sum over it nothing has changed */
		if (kinds[_i].family == LVS_INET) {
			ip[8]++;
			rig_fix_ip(ip);
		} else {
			ip[7]++;
		}
		ck_assert_mem_eq(before.buffer, f.rig.buffer, sizeof(before.buffer));
	}
}
END_TEST

static const struct {
	unsigned family, dest_family;
} tunnels[] = {
	{LVS_INET, LVS_INET}, {LVS_INET6, LVS_INET6}, {LVS_INET, LVS_INET6}, {LVS_INET6, LVS_INET}};

/* TOS or traffic class, whatever the family. */
static unsigned tos_of(const uint8_t *ip)
{
	return ip[0] >> 4 == 4 ? ip[1] : ((rig_get16(ip) >> 4) & 0xff);
}

static void check_outer4(const struct fixture *f, const uint8_t *outer, const uint8_t *inner)
{
	bool df = f->binding.family == LVS_INET && inner[6] & 0x40;

	ck_assert_uint_eq(outer[0], 0x45);
	ck_assert_uint_eq(rig_get16(outer + 2), f->rig.packet.len);
	ck_assert_uint_eq(rig_get16(outer + 6), df ? 0x4000 : 0);
	ck_assert_uint_eq(outer[9], f->binding.family == LVS_INET ? LVS_IPIP : LVS_IPV6);
	ck_assert_uint_eq(rig_sum(0, outer, 20), 0xffff);
	ck_assert_mem_eq(outer + 12, &f->path.source, 4);
	ck_assert_mem_eq(outer + 16, &f->binding.dest, 4);
}

static void check_outer6(const struct fixture *f, const uint8_t *outer)
{
	ck_assert_uint_eq(outer[0] >> 4, 6);
	ck_assert_uint_eq(rig_get16(outer + 2), 0);
	ck_assert_uint_eq(outer[1] & 0x0f, 0);
	ck_assert_uint_eq(rig_get16(outer + 4), f->rig.packet.len - 40);
	ck_assert_uint_eq(outer[6], f->binding.family == LVS_INET ? LVS_IPIP : LVS_IPV6);
	ck_assert_mem_eq(outer + 8, &f->path.source, 16);
	ck_assert_mem_eq(outer + 24, &f->binding.dest, 16);
}

START_TEST(test_ipip)
{
	const struct lvs_forward_ops *ipip = lvs_forward_find(LVS_METHOD_TUNNEL);
	unsigned overhead = tunnels[_i].dest_family == LVS_INET ? 20 : 40;
	uint64_t random = 5000 + (uint64_t)_i;
	static struct fixture f;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t *outer, *inner;
		unsigned tos, ttl, len;

		setup(&f, &random, tunnels[_i].family, tunnels[_i].dest_family,
		      round % 2 ? LVS_TCP : LVS_UDP);
		ttl = ttl_of(f.rig.packet.data);
		len = f.rig.packet.len;
		ck_assert_int_eq(ipip->out(&f.rig.packet, &f.headers, &f.binding), LVS_REASON_NONE);
		assert_sent(&f);
		outer = f.rig.packet.data;
		inner = outer + overhead;
		ck_assert_uint_eq(f.rig.packet.len, len + overhead);
		ck_assert_uint_eq(f.rig.packet.linear_len, len + overhead);
		ck_assert_uint_eq(f.rig.packet.headroom, RIG_HEADROOM - overhead);
		ck_assert(rig_sums_right(inner, len));
		ck_assert_uint_eq(ttl_of(inner), ttl - 1);
		ck_assert_uint_eq(ttl_of(outer), ttl - 1);
		tos = tos_of(inner);
		ck_assert_uint_eq(tos_of(outer), (tos & 3) == 3 ? (tos & ~3u) | 2 : tos);
		if (overhead == 20)
			check_outer4(&f, outer, inner);
		else
			check_outer6(&f, outer);
	}
}
END_TEST

/* An IPv6 packet of 1280 bytes or less is fragmented in its tunnel: a longer one is refused. */
static void lengthen(struct fixture *f)
{
	struct lvs_flow flow = f->headers.flow;

	rig_make(&f->rig, &flow, LVS_TCP_ACK, 1400);
}

static void one_refusal(enum lvs_method method, unsigned family, unsigned dest_family,
			void (*spoil)(struct fixture *), enum lvs_reason expected)
{
	static struct fixture f;
	static struct rig_packet before;
	uint64_t random = 6;

	setup(&f, &random, family, dest_family, LVS_TCP);
	lengthen(&f);
	f.rig.packet.data[family == LVS_INET ? 6 : 0] |= family == LVS_INET ? 0x40 : 0;
	rig_fix(&f.rig);
	ck_assert_int_eq(lvs_packet_parse(&f.rig.packet, &f.headers), LVS_REASON_NONE);
	spoil(&f);
	memcpy(before.buffer, f.rig.buffer, sizeof(before.buffer));
	ck_assert_int_eq(lvs_forward_find(method)->out(&f.rig.packet, &f.headers, &f.binding),
			 expected);
	ck_assert_mem_eq(before.buffer, f.rig.buffer, sizeof(before.buffer));
}

static void spoil_ttl(struct fixture *f)
{
	f->headers.ttl = 1;
}

static void spoil_mtu(struct fixture *f)
{
	f->path.mtu = f->headers.len - 1;
}

static void spoil_path(struct fixture *f)
{
	f->path.flags = LVS_PATH_UNREACHABLE;
}

static void spoil_source(struct fixture *f)
{
	f->path.source_family = LVS_UNSPEC;
}

static void spoil_headroom(struct fixture *f)
{
	f->rig.packet.headroom = 19;
}

static void spoil_local(struct fixture *f)
{
	f->path.flags = LVS_PATH_LOCAL;
}

static void spoil_loopback(struct fixture *f)
{
	f->path.flags = LVS_PATH_LOCAL;
	f->binding.dest.byte[0] = 127;
}

/* What cannot go has its reason, and its bytes stay as they came. */
START_TEST(test_refusals)
{
	static const enum lvs_method all[] = {LVS_METHOD_NAT, LVS_METHOD_DR, LVS_METHOD_TUNNEL};

	for (unsigned i = 0; i < 3; i++) {
		one_refusal(all[i], LVS_INET, LVS_INET, spoil_ttl, LVS_REASON_TTL);
		one_refusal(all[i], LVS_INET, LVS_INET, spoil_mtu, LVS_REASON_MTU);
		one_refusal(all[i], LVS_INET6, LVS_INET6, spoil_ttl, LVS_REASON_TTL);
		one_refusal(all[i], LVS_INET6, LVS_INET6, spoil_mtu, LVS_REASON_MTU);
		one_refusal(all[i], LVS_INET, LVS_INET, spoil_path, LVS_REASON_UNREACHABLE);
	}
	one_refusal(LVS_METHOD_TUNNEL, LVS_INET, LVS_INET, spoil_source, LVS_REASON_NO_SOURCE);
	one_refusal(LVS_METHOD_TUNNEL, LVS_INET, LVS_INET6, spoil_source, LVS_REASON_NO_SOURCE);
	one_refusal(LVS_METHOD_TUNNEL, LVS_INET, LVS_INET, spoil_headroom, LVS_REASON_HEADROOM);
	one_refusal(LVS_METHOD_TUNNEL, LVS_INET, LVS_INET, spoil_local, LVS_REASON_LOCAL);
	one_refusal(LVS_METHOD_DR, LVS_INET, LVS_INET, spoil_local, LVS_REASON_LOCAL);
	one_refusal(LVS_METHOD_NAT, LVS_INET, LVS_INET, spoil_loopback, LVS_REASON_CROSS_LOCAL);
	one_refusal(LVS_METHOD_LOCAL, LVS_INET, LVS_INET, spoil_ttl, LVS_REASON_LOCAL);
}
END_TEST

/* Without DF an IPv4 packet that is too long says how it must be cut. */
START_TEST(test_cut)
{
	static struct fixture f;
	uint64_t random = 8;

	setup(&f, &random, LVS_INET, LVS_INET, LVS_TCP);
	f.headers.flags &= (uint8_t)~LVS_HEADERS_DF;
	f.path.mtu = f.headers.len - 1;
	ck_assert_int_eq(
		lvs_forward_find(LVS_METHOD_DR)->out(&f.rig.packet, &f.headers, &f.binding),
		LVS_REASON_NONE);
	ck_assert_uint_eq(f.rig.packet.cut, LVS_CUT_FRAGMENT);
	ck_assert_uint_eq(f.rig.packet.cut_len, f.path.mtu);
}
END_TEST

/* Padding behind the IP packet stays here. */
START_TEST(test_padding)
{
	static struct fixture f;
	uint64_t random = 9;
	unsigned len;

	setup(&f, &random, LVS_INET, LVS_INET, LVS_TCP);
	len = f.rig.packet.len;
	f.rig.packet.len += 6;
	f.rig.packet.linear_len += 6;
	ck_assert_int_eq(
		lvs_forward_find(LVS_METHOD_TUNNEL)->out(&f.rig.packet, &f.headers, &f.binding),
		LVS_REASON_NONE);
	ck_assert_uint_eq(f.rig.packet.len, len + 20);
	ck_assert_uint_eq(rig_get16(f.rig.packet.data + 2), len + 20);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("forward");
	int kind_n = sizeof(kinds) / sizeof(kinds[0]);

	tcase_add_loop_test(tcase, test_nat_out, 0, kind_n);
	tcase_add_loop_test(tcase, test_nat_back, 0, kind_n);
	tcase_add_loop_test(tcase, test_nat_partial_checksum, 0, kind_n);
	tcase_add_test(tcase, test_nat_udp_without_checksum);
	tcase_add_loop_test(tcase, test_dr, 0, kind_n);
	tcase_add_loop_test(tcase, test_ipip, 0, sizeof(tunnels) / sizeof(tunnels[0]));
	tcase_add_test(tcase, test_refusals);
	tcase_add_test(tcase, test_cut);
	tcase_add_test(tcase, test_padding);
	return unit_run("forward", tcase);
}
