/* SPDX-License-Identifier: BSD-2-Clause */
/* The XDP program's decision, run here: by example, and against the filter table's own. */
#include <string.h>

#include "base/byteorder.h"
#include "io/host/capture.h"
#include "io/host/direct.h"
#include "unit.h"
#include "xdp/maps.h"
#include "xdp/steer_match.h"

enum { LINK = 14, ROOM = 256 };

static struct lvs_capture_rules rules;
static const struct steer_link port_link = {.mac = {2, 0, 0, 0, 0, 1}, .frame_max = 3840};

static __u32 steer_find_end(const struct steer_end *end)
{
	return lvs_xdp_bits_of(&rules, end);
}

static int steer_find_rule(const struct steer_rule *rule)
{
	struct lvs_host_rule key;

	memcpy(&key, rule, sizeof(key));
	return lvs_capture_rules_has(&rules, &key);
}

static union lvs_addr addr_of(unsigned family, uint8_t last)
{
	union lvs_addr addr = {{0}};

	if (family == LVS_INET6) {
		addr.byte[0] = 0x20;
		addr.byte[15] = last;
	} else {
		addr.byte[0] = 192;
		addr.byte[3] = last;
	}
	return addr;
}

static struct lvs_host_rule rule(unsigned family, uint8_t last, uint8_t protocol, uint16_t port,
				 uint8_t direction, uint8_t flags)
{
	return (struct lvs_host_rule){
		.addr = addr_of(family, last),
		.family = (uint8_t)family,
		.protocol = protocol,
		.port = lvs_htons(port),
		.direction = direction,
		.flags = flags,
	};
}

struct frame {
	uint8_t bytes[LINK + ROOM];
	uint32_t len;
};

/* An Ethernet frame to us with the packet's IP header; returns where the transport begins. */
static uint8_t *begin(struct frame *frame, unsigned family, uint8_t src, uint8_t dst,
		      uint8_t protocol)
{
	union lvs_addr from = addr_of(family, src), to = addr_of(family, dst);
	uint8_t *ip = frame->bytes + LINK;

	memset(frame, 0, sizeof(*frame));
	memcpy(frame->bytes, port_link.mac, 6);
	lvs_store16(frame->bytes + 12, family == LVS_INET6 ? 0x86dd : 0x0800);
	if (family == LVS_INET6) {
		ip[0] = 0x60;
		ip[6] = protocol;
		memcpy(ip + 8, &from, 16);
		memcpy(ip + 24, &to, 16);
		frame->len = LINK + 40 + 60;
		return ip + 40;
	}
	ip[0] = 0x45;
	ip[9] = protocol;
	memcpy(ip + 12, &from, 4);
	memcpy(ip + 16, &to, 4);
	frame->len = LINK + 20 + 60;
	return ip + 20;
}

static int decide(const struct frame *frame)
{
	return steer_frame(&port_link, frame->bytes, frame->bytes + frame->len);
}

/* Service .80: TCP 80, and high ports; server .11 behind NAT: TCP 8080; .81: all of UDP. */
static void setup(void)
{
	struct lvs_host_rule made[10];
	unsigned n = 0;

	for (unsigned family = LVS_INET;; family = LVS_INET6) {
		made[n++] = rule(family, 80, LVS_TCP, 80, LVS_HOST_TO, 0);
		made[n++] = rule(family, 80, LVS_TCP, 0, LVS_HOST_TO, LVS_HOST_HIGH_PORTS);
		made[n++] = rule(family, 11, LVS_TCP, 8080, LVS_HOST_FROM, 0);
		made[n++] = rule(family, 81, LVS_UDP, 0, LVS_HOST_TO, 0);
		if (family == LVS_INET6)
			break;
	}
	ck_assert_int_eq(lvs_capture_rules_make(&rules, made, n), 0);
}

static void teardown(void)
{
	lvs_capture_rules_fini(&rules);
}

static const struct {
	uint8_t src, dst, protocol;
	uint16_t src_port, dst_port;
	int verdict;
} packets[] = {
	{9, 80, LVS_TCP, 4000, 80, STEER_STEERED}, {9, 80, LVS_TCP, 4000, 22, STEER_LEFT},
	{9, 80, LVS_TCP, 4000, 1023, STEER_LEFT},  {9, 80, LVS_TCP, 4000, 1024, STEER_STEERED},
	{9, 80, LVS_UDP, 4000, 80, STEER_LEFT},    {9, 81, LVS_UDP, 4000, 1, STEER_STEERED},
	{9, 81, LVS_TCP, 4000, 80, STEER_LEFT},    {11, 9, LVS_TCP, 8080, 4000, STEER_STEERED},
	{11, 9, LVS_TCP, 22, 4000, STEER_LEFT},    {9, 11, LVS_TCP, 4000, 8080, STEER_LEFT},
	{80, 9, LVS_TCP, 80, 4000, STEER_LEFT},    {9, 1, LVS_TCP, 4000, 80, STEER_LEFT},
	{9, 80, LVS_ESP, 0, 80, STEER_LEFT},       {9, 80, LVS_SCTP, 1, 80, STEER_LEFT},
};

START_TEST(test_packets)
{
	for (unsigned family = LVS_INET;; family = LVS_INET6) {
		struct frame frame;
		uint8_t *l4 = begin(&frame, family, packets[_i].src, packets[_i].dst,
				    packets[_i].protocol);

		lvs_store16(l4, packets[_i].src_port);
		lvs_store16(l4 + 2, packets[_i].dst_port);
		ck_assert_int_eq(decide(&frame), packets[_i].verdict);
		if (family == LVS_INET6)
			break;
	}
}
END_TEST

START_TEST(test_frames)
{
	struct frame frame;
	uint8_t *l4 = begin(&frame, LVS_INET, 9, 80, LVS_TCP);

	lvs_store16(l4 + 2, 80);
	ck_assert_int_eq(decide(&frame), STEER_STEERED);
	frame.bytes[5] ^= 1;
	ck_assert_int_eq(decide(&frame), STEER_OTHER);
	memset(frame.bytes, 0xff, 6);
	ck_assert_int_eq(decide(&frame), STEER_OTHER);
	memcpy(frame.bytes, port_link.mac, 6);
	lvs_store16(frame.bytes + 12, 0x8100);
	ck_assert_int_eq(decide(&frame), STEER_TAGGED);
	lvs_store16(frame.bytes + 12, 0x88a8);
	ck_assert_int_eq(decide(&frame), STEER_TAGGED);
	lvs_store16(frame.bytes + 12, 0x0806); /* ARP */
	ck_assert_int_eq(decide(&frame), STEER_LEFT);
	lvs_store16(frame.bytes + 12, 0x0800);
	for (frame.len = 0; frame.len < LINK + 20; frame.len++)
		ck_assert_int_eq(decide(&frame), STEER_UNREAD);
	frame.len = LINK + 40;
	frame.bytes[LINK] = 0x44;
	ck_assert_int_eq(decide(&frame), STEER_UNREAD);
	frame.bytes[LINK] = 0x65;
	ck_assert_int_eq(decide(&frame), STEER_UNREAD);
}
END_TEST

/* One that a socket cannot take goes to the host, if it is a service's. */
START_TEST(test_too_long)
{
	const struct steer_link tight = {.mac = {2, 0, 0, 0, 0, 1}, .frame_max = 60};
	struct frame frame;
	uint8_t *l4 = begin(&frame, LVS_INET, 9, 80, LVS_TCP);

	lvs_store16(l4 + 2, 80);
	ck_assert_int_eq(steer_frame(&tight, frame.bytes, frame.bytes + 60), STEER_STEERED);
	ck_assert_int_eq(steer_frame(&tight, frame.bytes, frame.bytes + 61), STEER_TOO_LONG);
	lvs_store16(l4 + 2, 22);
	ck_assert_int_eq(steer_frame(&tight, frame.bytes, frame.bytes + 61), STEER_LEFT);
}
END_TEST

/* Neighbour discovery, echoes: the host's. Errors by what they quote. */
START_TEST(test_icmp)
{
	struct frame frame;
	uint8_t *l4 = begin(&frame, LVS_INET, 9, 80, LVS_ICMP);
	union lvs_addr service = addr_of(LVS_INET, 80), server = addr_of(LVS_INET, 11);

	l4[0] = 8;
	ck_assert_int_eq(decide(&frame), STEER_LEFT);
	l4[0] = 3;
	ck_assert_int_eq(decide(&frame), STEER_LEFT);
	memcpy(l4 + 8 + 12, &service, 4);
	ck_assert_int_eq(decide(&frame), STEER_STEERED);
	memset(l4 + 8 + 12, 0, 4);
	memcpy(l4 + 8 + 16, &service, 4);
	ck_assert_int_eq(decide(&frame), STEER_LEFT);
	memcpy(l4 + 8 + 16, &server, 4);
	ck_assert_int_eq(decide(&frame), STEER_STEERED);
	frame.len = LINK + 20 + 8 + 19;
	ck_assert_int_eq(decide(&frame), STEER_LEFT);

	l4 = begin(&frame, LVS_INET6, 9, 80, LVS_ICMPV6);
	service = addr_of(LVS_INET6, 80);
	memcpy(l4 + 8 + 8, &service, 16);
	l4[0] = 135;
	ck_assert_int_eq(decide(&frame), STEER_LEFT);
	l4[0] = 2;
	ck_assert_int_eq(decide(&frame), STEER_STEERED);
}
END_TEST

static uint32_t seed = 7;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

/* Puts up to three extension headers in front of the transport. */
static void random_packet(struct frame *frame)
{
	static const uint8_t protocols[] = {6, 6, 17, 132, 1, 58, 50, 47};
	static const uint8_t extensions[] = {0, 43, 60};
	static const uint8_t types[] = {0, 1, 2, 3, 4, 8, 11, 128, 135};
	unsigned family = dice(2) ? LVS_INET6 : LVS_INET;
	uint8_t protocol = protocols[dice(sizeof(protocols))];
	uint8_t *ip = frame->bytes + LINK;
	uint8_t *l4 =
		begin(frame, family, (uint8_t)(79 + dice(4)), (uint8_t)(79 + dice(4)), protocol);
	union lvs_addr quoted = addr_of(family, (uint8_t)(79 + dice(4)));
	uint8_t *next = ip + 6;

	if (family == LVS_INET && dice(4) == 0)
		lvs_store16(ip + 6, (uint16_t)(dice(2) ? 0x2000 : dice(2) ? 5 : 0x4000));
	for (unsigned i = dice(4); family == LVS_INET6 && i > 0; i--) {
		bool is_fragment = dice(4) == 0;

		*next = is_fragment ? 44 : extensions[dice(3)];
		next = l4;
		l4[1] = is_fragment ? 0 : (uint8_t)dice(2);
		lvs_store16(l4 + 2, (uint16_t)(dice(3) << 3));
		l4 += l4[1] == 0 ? 8 : 16;
		*next = protocol;
		/* What is behind it the program does not read; the filter may find it damaged. */
		if (is_fragment)
			break;
	}
	for (unsigned i = 0; i < 48; i++)
		l4[i] = (uint8_t)dice(256);
	lvs_store16(l4, (uint16_t)(dice(2) ? 80 : 1000 + dice(50)));
	lvs_store16(l4 + 2, (uint16_t)(dice(2) ? 80 : 1000 + dice(50)));
	if (protocol == 1 || protocol == 58) {
		l4[0] = types[dice(sizeof(types))];
		memcpy(l4 + 8 + (family == LVS_INET6 ? 8 : 12), &quoted, lvs_addr_len(family));
	}
	frame->len = (uint32_t)(l4 - frame->bytes) + (dice(4) ? 60 : dice(60));
}

/* Rules about services alone: the filter takes what the program steers, no more and no less. */
START_TEST(test_as_the_filter)
{
	struct lvs_host_rule made[12];
	struct lvs_direct direct = {0};
	struct lvs_capture capture = {.usable = true, .direct = &direct};
	struct lvs_routes routes = {0};
	uint32_t ifindex = 1;
	unsigned steered = 0;

	teardown();
	for (unsigned i = 0; i < 12; i++) {
		unsigned family = i & 1 ? LVS_INET6 : LVS_INET;
		uint8_t last = (uint8_t)(79 + i / 4);

		made[i] =
			i % 4 < 2
				? rule(family, last, i < 6 ? LVS_TCP : LVS_UDP, 80, LVS_HOST_TO, 0)
				: rule(family, last, i < 8 ? LVS_UDP : LVS_ESP, 0, LVS_HOST_TO, 0);
	}
	made[3] = rule(LVS_INET6, 79, 0, 0, LVS_HOST_TO, LVS_HOST_HIGH_PORTS);
	made[10] = rule(LVS_INET, 81, LVS_ICMP, 0, LVS_HOST_TO, 0);
	ck_assert_int_eq(lvs_capture_rules_make(&rules, made, 12), 0);
	capture.rules = rules;
	capture.ifindex = &ifindex;
	capture.ifindex_n = 1;
	for (unsigned i = 0; i < 300000; i++) {
		struct lvs_packet packet = {.ifindex = 1};
		struct frame frame;
		bool expected;

		random_packet(&frame);
		packet.data = frame.bytes + LINK;
		packet.len = packet.linear_len = frame.len - LINK;
		expected = lvs_capture_match(&capture, &routes, &packet);
		if ((decide(&frame) == STEER_STEERED) != expected)
			ck_abort_msg("packet %u: %d, the filter says %d; family %u, protocol %u "
				     "of %u bytes",
				     i, decide(&frame), expected, packet.data[0] >> 4,
				     packet.data[packet.data[0] >> 4 == 6 ? 6 : 9], packet.len);
		steered += expected;
	}
	/* Enough of both. */
	ck_assert_uint_gt(steered, 30000);
	ck_assert_uint_lt(steered, 200000);
}
END_TEST

/* Any bytes, at any length, end somewhere. */
START_TEST(test_hostile)
{
	struct frame frame;

	for (unsigned i = 0; i < 100000; i++) {
		random_packet(&frame);
		for (unsigned k = dice(6); k > 0; k--)
			frame.bytes[LINK + dice(60)] = (uint8_t)dice(256);
		frame.len = dice(frame.len + 1);
		ck_assert_int_lt(decide(&frame), STEER_NO_SOCKET);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("xdp_steer");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_packets, 0, (int)(sizeof(packets) / sizeof(packets[0])));
	tcase_add_test(tcase, test_frames);
	tcase_add_test(tcase, test_too_long);
	tcase_add_test(tcase, test_icmp);
	tcase_add_test(tcase, test_as_the_filter);
	tcase_add_test(tcase, test_hostile);
	return unit_run("xdp_steer", tcase);
}
