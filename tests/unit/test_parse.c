/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser: each guard by a packet that is right but for one thing. */
#include "base/byteorder.h"

#include "packet/straight.h"

#include "packet_ref.h"
#include "unit.h"

#define PLAIN_LEN 60

/* IPv4, TCP, 20 bytes of payload. */
static void plain_ipv4(uint8_t *p, uint8_t protocol)
{
	struct ref_rng rng = {1};
	unsigned header = protocol == LVS_TCP ? 20 : 8;

	ref_put_ip(p, LVS_INET, protocol, 0, PLAIN_LEN - 20, &rng);
	ref_put_l4(p + 20, protocol, 0, PLAIN_LEN - 20 - header, &rng);
	ref_l4_checksum(p, p + 20, protocol, PLAIN_LEN - 20);
}

static enum lvs_reason parse(uint8_t *p, uint32_t len, struct lvs_headers *headers)
{
	struct lvs_packet packet = ref_packet(p, len);

	memset(headers, 0xaa, sizeof(*headers));
	return lvs_packet_parse(&packet, headers);
}

/* All fields, and zero where nothing belongs. */
START_TEST(test_ipv4_tcp)
{
	static const uint8_t zero[12];
	struct lvs_headers headers;
	uint8_t p[PLAIN_LEN];

	plain_ipv4(p, LVS_TCP);
	p[1] = 0x28;
	p[8] = 63;
	p[33] = LVS_TCP_SYN | LVS_TCP_ECE;
	ref_ipv4_checksum(p);
	ck_assert_uint_eq(parse(p, sizeof(p), &headers), LVS_REASON_NONE);
	ck_assert_uint_eq(headers.flow.family, LVS_INET);
	ck_assert_uint_eq(headers.flow.protocol, LVS_TCP);
	ck_assert_mem_eq(&headers.flow.src, p + 12, 4);
	ck_assert_mem_eq(&headers.flow.dst, p + 16, 4);
	ck_assert_mem_eq(&headers.flow.src.word[1], zero, 12);
	ck_assert_mem_eq(&headers.flow.dst.word[1], zero, 12);
	ck_assert_mem_eq(&headers.flow.src_port, p + 20, 2);
	ck_assert_mem_eq(&headers.flow.dst_port, p + 22, 2);
	ck_assert_uint_eq(headers.flow.reserved, 0);
	ck_assert_uint_eq(headers.len, PLAIN_LEN);
	ck_assert_uint_eq(headers.l4_offset, 20);
	ck_assert_uint_eq(headers.payload_offset, 40);
	ck_assert_uint_eq(headers.flags, LVS_HEADERS_DF);
	ck_assert_uint_eq(headers.tcp_flags, LVS_TCP_SYN | LVS_TCP_ECE);
	ck_assert_uint_eq(headers.ttl, 63);
	ck_assert_uint_eq(headers.tos, 0x28);
	ck_assert_mem_eq(headers.reserved, zero, sizeof(headers.reserved));
}
END_TEST

/* One byte of a right packet changed, its header checksum put right where asked. */
struct change {
	unsigned at;
	uint8_t value;
	bool fix; /* the IPv4 checksum */
	enum lvs_reason reason;
};

static void run_changes(uint8_t protocol, const struct change *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct lvs_headers headers;
		uint8_t p[PLAIN_LEN];
		enum lvs_reason reason;

		plain_ipv4(p, protocol);
		p[rows[i].at] = rows[i].value;
		if (rows[i].fix)
			ref_ipv4_checksum(p);
		reason = parse(p, sizeof(p), &headers);
		ck_assert_msg(reason == rows[i].reason, "row %u: %s, not %s", i,
			      lvs_reason_name(reason), lvs_reason_name(rows[i].reason));
	}
}

START_TEST(test_ipv4_guards)
{
	static const struct change rows[] = {
		{0, 0x55, false, LVS_REASON_NOT_IP},
		{0, 0x05, false, LVS_REASON_NOT_IP},
		{0, 0x44, true, LVS_REASON_BAD_IP},
		{0, 0x40, false, LVS_REASON_BAD_IP},
		{0, 0x46, false, LVS_REASON_IP_CHECKSUM},
		{10, 0x00, false, LVS_REASON_IP_CHECKSUM},
		{16, 0x01, false, LVS_REASON_IP_CHECKSUM},
		{3, 19, true, LVS_REASON_BAD_IP},
		{3, 0, true, LVS_REASON_BAD_IP},
		{3, PLAIN_LEN + 1, true, LVS_REASON_LENGTH},
		{2, 0xff, true, LVS_REASON_LENGTH},
		{3, 39, true, LVS_REASON_SHORT_L4},
		{3, 20, true, LVS_REASON_SHORT_L4},
		{3, 40, true, LVS_REASON_NONE},
		{8, 0, true, LVS_REASON_NONE}, /* the TTL is the director's */
		{9, LVS_GRE, true, LVS_REASON_NONE},
	};

	run_changes(LVS_TCP, rows, LVS_ARRAY_N(rows));
}
END_TEST

START_TEST(test_tcp_guards)
{
	static const struct change rows[] = {
		{32, 0x00, false, LVS_REASON_BAD_L4},   {32, 0x4f, false, LVS_REASON_BAD_L4},
		{32, 0x50, false, LVS_REASON_NONE},     {32, 0xa0, false, LVS_REASON_NONE},
		{32, 0xb0, false, LVS_REASON_SHORT_L4}, {32, 0xf0, false, LVS_REASON_SHORT_L4},
	};

	run_changes(LVS_TCP, rows, LVS_ARRAY_N(rows));
}
END_TEST

START_TEST(test_udp_guards)
{
	static const struct change rows[] = {
		{25, 0, false, LVS_REASON_BAD_L4},  {25, 7, false, LVS_REASON_BAD_L4},
		{25, 8, false, LVS_REASON_NONE},    {25, 40, false, LVS_REASON_NONE},
		{25, 41, false, LVS_REASON_BAD_L4}, {24, 0xff, false, LVS_REASON_BAD_L4},
		{3, 27, true, LVS_REASON_SHORT_L4}, {3, 28, true, LVS_REASON_BAD_L4},
	};

	run_changes(LVS_UDP, rows, LVS_ARRAY_N(rows));
}
END_TEST

/* A packet that ends too early, at every length. */
START_TEST(test_ipv4_cut)
{
	uint8_t p[PLAIN_LEN];

	plain_ipv4(p, LVS_TCP);
	for (uint32_t len = 0; len <= PLAIN_LEN; len++) {
		struct lvs_headers headers;
		enum lvs_reason want = LVS_REASON_NONE;

		if (len < PLAIN_LEN)
			want = len < 20 ? LVS_REASON_SHORT_IP : LVS_REASON_LENGTH;
		ck_assert_uint_eq(parse(p, len, &headers), want);
	}
}
END_TEST

/* The whole came, but only its first bytes may be read. */
START_TEST(test_not_linear)
{
	for (unsigned protocol = 0; protocol < 2; protocol++) {
		uint8_t p[PLAIN_LEN];
		uint32_t need = protocol ? 40 : 28;

		plain_ipv4(p, protocol ? LVS_TCP : LVS_UDP);
		for (uint32_t linear = 0; linear <= PLAIN_LEN; linear++) {
			struct lvs_packet packet = ref_packet(p, PLAIN_LEN);
			struct lvs_headers headers;

			packet.linear_len = linear;
			ck_assert_uint_eq(lvs_packet_parse(&packet, &headers),
					  linear < need ? LVS_REASON_NOT_LINEAR : LVS_REASON_NONE);
		}
	}
}
END_TEST

/* More is linear than there is: only the packet counts. */
START_TEST(test_linear_clamped)
{
	struct lvs_headers headers;
	uint8_t p[PLAIN_LEN];
	struct lvs_packet packet;

	plain_ipv4(p, LVS_TCP);
	packet = ref_packet(p, PLAIN_LEN);
	packet.linear_len = PLAIN_LEN;
	packet.len = 19;
	ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_SHORT_IP);
	packet.len = 59;
	ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_LENGTH);
}
END_TEST

/* Ethernet pads to 46 bytes: the padding is not the packet's. */
START_TEST(test_padding)
{
	struct lvs_headers headers;
	uint8_t p[PLAIN_LEN];

	plain_ipv4(p, LVS_UDP);
	ref_put16(p + 2, 30);
	ref_put16(p + 24, 10);
	ref_ipv4_checksum(p);
	ck_assert_uint_eq(parse(p, sizeof(p), &headers), LVS_REASON_NONE);
	ck_assert_uint_eq(headers.len, 30);
	ref_put16(p + 24, 11);
	ck_assert_uint_eq(parse(p, sizeof(p), &headers), LVS_REASON_BAD_L4);
}
END_TEST

START_TEST(test_ipv4_options)
{
	struct ref_rng rng = {2};

	for (unsigned options = 4; options <= 40; options += 4) {
		struct lvs_headers headers;
		uint8_t p[128];
		unsigned l4 = ref_put_ip(p, LVS_INET, LVS_TCP, options, 30, &rng);

		ref_put_l4(p + l4, LVS_TCP, 0, 10, &rng);
		ck_assert_uint_eq(parse(p, l4 + 30, &headers), LVS_REASON_NONE);
		ck_assert_uint_eq(headers.l4_offset, l4);
		ck_assert_uint_eq(headers.payload_offset, l4 + 20);
		ck_assert_uint_eq(headers.flags, LVS_HEADERS_DF | LVS_HEADERS_OPTIONS);
		ck_assert_mem_eq(&headers.flow.src_port, p + l4, 2);
		ck_assert_uint_eq(parse(p, l4 - 1, &headers), LVS_REASON_SHORT_IP);
		p[20] ^= 1;
		ck_assert_uint_eq(parse(p, l4 + 30, &headers), LVS_REASON_IP_CHECKSUM);
	}
}
END_TEST

START_TEST(test_ipv4_fragments)
{
	static const struct {
		uint16_t word;
		uint8_t flags;
		enum lvs_reason reason;
	} rows[] = {
		{0x0000, 0, LVS_REASON_NONE},
		{0x8000, 0, LVS_REASON_NONE}, /* the reserved bit */
		{0x4000, LVS_HEADERS_DF, LVS_REASON_NONE},
		{0x2000, LVS_HEADERS_FRAGMENT, LVS_REASON_NONE},
		{0x6000, LVS_HEADERS_FRAGMENT | LVS_HEADERS_DF, LVS_REASON_NONE},
		{0x2001, LVS_HEADERS_FRAGMENT | LVS_HEADERS_LATER_FRAGMENT, LVS_REASON_NONE},
		{0x0001, LVS_HEADERS_FRAGMENT | LVS_HEADERS_LATER_FRAGMENT, LVS_REASON_NONE},
		{0x1ff8, LVS_HEADERS_FRAGMENT | LVS_HEADERS_LATER_FRAGMENT, LVS_REASON_NONE},
		{0x1ff9, LVS_HEADERS_FRAGMENT, LVS_REASON_BAD_IP},
		{0x1fff, LVS_HEADERS_FRAGMENT, LVS_REASON_BAD_IP},
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++) {
		struct lvs_headers headers;
		uint8_t p[PLAIN_LEN];
		bool later = rows[i].flags & LVS_HEADERS_LATER_FRAGMENT;

		plain_ipv4(p, LVS_UDP);
		ref_put16(p + 6, rows[i].word);
		ref_ipv4_checksum(p);
		ck_assert_uint_eq(parse(p, sizeof(p), &headers), rows[i].reason);
		ck_assert_uint_eq(headers.flags, rows[i].flags);
		if (rows[i].reason != LVS_REASON_NONE)
			continue;
		ck_assert_uint_eq(headers.flow.src_port, later ? 0 : lvs_load_be16(p + 20));
		ck_assert_uint_eq(headers.payload_offset, later ? 20 : 28);
	}
}
END_TEST

/* A first fragment has its ports; the datagram's length is more than the fragment's. */
START_TEST(test_first_fragment)
{
	struct lvs_headers headers;
	uint8_t p[PLAIN_LEN];

	plain_ipv4(p, LVS_UDP);
	ref_put16(p + 6, 0x2000);
	ref_put16(p + 24, 9000);
	ref_ipv4_checksum(p);
	ck_assert_uint_eq(parse(p, sizeof(p), &headers), LVS_REASON_NONE);
	ref_put16(p + 2, 27);
	ref_ipv4_checksum(p);
	ck_assert_uint_eq(parse(p, sizeof(p), &headers), LVS_REASON_FRAGMENT_TINY);
	/* A later one of the same length is nobody's header. */
	ref_put16(p + 6, 0x0002);
	ref_ipv4_checksum(p);
	ck_assert_uint_eq(parse(p, sizeof(p), &headers), LVS_REASON_NONE);
}
END_TEST

/* Protocols by number: what they need behind the IP header, whether they have ports. */
START_TEST(test_protocols)
{
	static const struct {
		uint8_t protocol;
		uint8_t need;
		uint8_t header;
		bool ports;
	} rows[] = {
		{LVS_SCTP, 16, 12, true}, {LVS_ICMP, 8, 8, false}, {LVS_ICMPV6, 8, 8, false},
		{LVS_ESP, 0, 0, false},   {LVS_AH, 0, 0, false},   {LVS_GRE, 0, 0, false},
		{LVS_IPIP, 0, 0, false},  {LVS_IPV6, 0, 0, false}, {59, 0, 0, false},
		{255, 0, 0, false},
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows) * 2; i++) {
		unsigned row = i / 2, family = i % 2 ? LVS_INET : LVS_INET6;
		struct ref_rng rng = {i + 1};
		struct lvs_headers headers;
		uint8_t p[100];
		unsigned l4 = ref_put_ip(p, family, rows[row].protocol, 0, rows[row].need, &rng);

		/* In IPv6 it is an extension header. */
		if (rows[row].protocol == LVS_AH && family == LVS_INET6)
			continue;
		ref_fill(&rng, p + l4, rows[row].need);
		ck_assert_uint_eq(parse(p, l4 + rows[row].need, &headers), LVS_REASON_NONE);
		ck_assert_uint_eq(headers.flow.protocol, rows[row].protocol);
		ck_assert_uint_eq(headers.l4_offset, l4);
		ck_assert_uint_eq(headers.payload_offset, l4 + rows[row].header);
		ck_assert_uint_eq(headers.flow.src_port,
				  rows[row].ports ? lvs_load_be16(p + l4) : 0);
		ck_assert_uint_eq(headers.flow.dst_port,
				  rows[row].ports ? lvs_load_be16(p + l4 + 2) : 0);
		ck_assert_uint_eq(headers.tcp_flags, 0);
		if (rows[row].need == 0)
			continue;
		ref_put_ip(p, family, rows[row].protocol, 0, rows[row].need - 1u, &rng);
		ck_assert_uint_eq(parse(p, l4 + rows[row].need, &headers), LVS_REASON_SHORT_L4);
	}
}
END_TEST

/* What the adapter asks of the sender must fit the packet. */
START_TEST(test_offload)
{
	static const struct {
		uint8_t protocol;
		uint8_t flags;
		uint16_t csum_start, csum_offset, gso_size;
		uint8_t gso_type;
		enum lvs_reason reason;
	} rows[] = {
		{LVS_TCP, 1, 20, 16, 0, 0, LVS_REASON_NONE},
		{LVS_TCP, 1, 20, 6, 0, 0, LVS_REASON_BAD_OFFLOAD},
		{LVS_TCP, 1, 21, 16, 0, 0, LVS_REASON_BAD_OFFLOAD},
		{LVS_TCP, 1, 0, 10, 0, 0, LVS_REASON_BAD_OFFLOAD},
		{LVS_TCP, 1, 65535, 65535, 0, 0, LVS_REASON_BAD_OFFLOAD},
		{LVS_TCP, 0, 65535, 65535, 0, 0, LVS_REASON_NONE},
		{LVS_TCP, LVS_PACKET_CSUM_VALID, 9, 9, 0, 0, LVS_REASON_NONE},
		{LVS_UDP, 1, 20, 6, 0, 0, LVS_REASON_NONE},
		{LVS_UDP, 1, 20, 16, 0, 0, LVS_REASON_BAD_OFFLOAD},
		{LVS_IPIP, 1, 40, 16, 0, 0, LVS_REASON_NONE},
		{LVS_IPIP, 1, 40, 18, 0, 0, LVS_REASON_NONE},
		{LVS_IPIP, 1, 40, 19, 0, 0, LVS_REASON_BAD_OFFLOAD},
		{LVS_IPIP, 1, 18, 2, 0, 0, LVS_REASON_BAD_OFFLOAD},
		{LVS_TCP, 0, 0, 0, 10, LVS_GSO_TCP, LVS_REASON_NONE},
		{LVS_TCP, 1, 20, 16, 10, LVS_GSO_TCP | LVS_GSO_ECN, LVS_REASON_NONE},
		{LVS_TCP, 0, 0, 0, 10, LVS_GSO_UDP, LVS_REASON_BAD_OFFLOAD},
		{LVS_TCP, 0, 0, 0, 10, 0, LVS_REASON_BAD_OFFLOAD},
		{LVS_TCP, 0, 0, 0, 10, 7, LVS_REASON_BAD_OFFLOAD},
		{LVS_UDP, 0, 0, 0, 10, LVS_GSO_UDP, LVS_REASON_NONE},
		{LVS_UDP, 0, 0, 0, 10, LVS_GSO_TCP, LVS_REASON_BAD_OFFLOAD},
		{LVS_GRE, 0, 0, 0, 10, LVS_GSO_TCP, LVS_REASON_BAD_OFFLOAD},
		{LVS_TCP, 0, 0, 0, 0, LVS_GSO_TCP, LVS_REASON_NONE},
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++) {
		struct lvs_headers headers;
		struct lvs_packet packet;
		uint8_t p[PLAIN_LEN];
		enum lvs_reason reason;

		plain_ipv4(p, rows[i].protocol == LVS_TCP ? LVS_TCP : LVS_UDP);
		p[9] = rows[i].protocol;
		ref_ipv4_checksum(p);
		packet = ref_packet(p, PLAIN_LEN);
		packet.flags = rows[i].flags;
		packet.csum_start = rows[i].csum_start;
		packet.csum_offset = rows[i].csum_offset;
		packet.gso_size = rows[i].gso_size;
		packet.gso_type = rows[i].gso_type;
		reason = lvs_packet_parse(&packet, &headers);
		ck_assert_msg(reason == rows[i].reason, "row %u: %s", i, lvs_reason_name(reason));
	}
}
END_TEST

/* A fragment is a part: its sum cannot be finished, nor can it be cut by its transport. */
START_TEST(test_offload_fragment)
{
	static const uint16_t words[] = {0x2000, 0x0001};

	for (unsigned i = 0; i < LVS_ARRAY_N(words); i++) {
		struct lvs_headers headers;
		struct lvs_packet packet;
		uint8_t p[PLAIN_LEN];

		plain_ipv4(p, LVS_TCP);
		ref_put16(p + 6, words[i]);
		ref_ipv4_checksum(p);
		packet = ref_packet(p, PLAIN_LEN);
		packet.csum_start = 20;
		packet.csum_offset = 16;
		packet.flags = LVS_PACKET_CSUM_PARTIAL;
		ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_BAD_OFFLOAD);
		packet.flags = 0;
		ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_NONE);
		packet.gso_size = 10;
		packet.gso_type = LVS_GSO_TCP;
		ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_BAD_OFFLOAD);
	}
}
END_TEST

/* The UDP length of a super-packet is not held against it; its headers must be linear. */
START_TEST(test_super_udp)
{
	struct lvs_headers headers;
	struct lvs_packet packet;
	uint8_t p[PLAIN_LEN];

	plain_ipv4(p, LVS_UDP);
	ref_put16(p + 24, 5000);
	packet = ref_packet(p, PLAIN_LEN);
	ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_BAD_L4);
	packet.gso_size = 4;
	packet.gso_type = LVS_GSO_UDP;
	ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_NONE);
	packet.linear_len = 28;
	ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_NONE);
	packet.linear_len = 27;
	ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_NOT_LINEAR);
}
END_TEST

static void same_either_way(const struct lvs_packet *packet)
{
	struct lvs_headers straight, any;

	memset(&straight, 0xaa, sizeof(straight));
	memset(&any, 0x55, sizeof(any));
	ck_assert_uint_eq(lvs_packet_parse(packet, &straight), lvs_parse_any(packet, &any));
	ck_assert_mem_eq(&straight, &any, sizeof(any));
}

/* The straight way finds what the general one does: whatever one byte is, and however much is
 * there. */
START_TEST(test_straight)
{
	const uint8_t protocol = _i ? LVS_UDP : LVS_TCP;
	uint8_t p[PLAIN_LEN];
	struct lvs_packet packet = ref_packet(p, sizeof(p));

	for (unsigned at = 0; at < 40; at++)
		for (unsigned value = 0; value < 256; value++) {
			plain_ipv4(p, protocol);
			p[at] = (uint8_t)value;
			same_either_way(&packet);
			ref_ipv4_checksum(p);
			same_either_way(&packet);
		}
	plain_ipv4(p, protocol);
	for (packet.len = 0; packet.len <= sizeof(p); packet.len++)
		for (packet.linear_len = 0; packet.linear_len <= sizeof(p); packet.linear_len++)
			same_either_way(&packet);
	packet = ref_packet(p, sizeof(p));
	for (unsigned flags = 0; flags < 256; flags++) {
		packet.flags = (uint8_t)flags;
		packet.gso_size = flags & 2 ? 20 : 0;
		same_either_way(&packet);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("parse");

	tcase_add_test(tcase, test_ipv4_tcp);
	tcase_add_test(tcase, test_ipv4_guards);
	tcase_add_test(tcase, test_tcp_guards);
	tcase_add_test(tcase, test_udp_guards);
	tcase_add_test(tcase, test_ipv4_cut);
	tcase_add_test(tcase, test_not_linear);
	tcase_add_test(tcase, test_linear_clamped);
	tcase_add_test(tcase, test_padding);
	tcase_add_test(tcase, test_ipv4_options);
	tcase_add_test(tcase, test_ipv4_fragments);
	tcase_add_test(tcase, test_first_fragment);
	tcase_add_test(tcase, test_protocols);
	tcase_add_test(tcase, test_offload);
	tcase_add_test(tcase, test_offload_fragment);
	tcase_add_test(tcase, test_super_udp);
	tcase_add_loop_test(tcase, test_straight, 0, 2);
	return unit_run("parse", tcase);
}
