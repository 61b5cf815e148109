/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packets the table takes, and which of those the host may have back. */
#include <liblvs/packet.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/byteorder.h"
#include "base/compiler.h"
#include "io/host/capture.h"

#include "capture_rig.h"
#include "unit.h"

static const struct lvs_routes no_routes;

static const struct packet_case packet_cases[] = {
	{"request", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 0, 0, true},
	{"request, other interface", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 5, 0, 0, true},
	{"request, any interface", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 0, 0, 0, true},
	{"request, not there", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 4, 0, 0, false},
	{"request, broadcast", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 1, 0, false},
	{"request, another host's", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 3, 0, false},
	{"request, VLAN 7", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 0, 7, false},
	{"request, priority tag", LVS_INET, 6, 9, 80, 4000, 80, 0, 0, 3, 0, 0xe000, true},
	{"request, options", LVS_INET, 6, 9, 80, 4000, 80, 0, 3, 3, 0, 0, true},
	{"request, DF", LVS_INET, 6, 9, 80, 4000, 80, 0x4000, 0, 3, 0, 0, true},
	{"request, first fragment", LVS_INET, 6, 9, 80, 4000, 80, 0x2000, 0, 3, 0, 0, true},
	{"request, later fragment", LVS_INET, 6, 9, 80, 4000, 80, 0x0010, 0, 3, 0, 0, true},
	{"fragment, other port", LVS_INET, 6, 9, 80, 4000, 81, 0x2000, 0, 3, 0, 0, true},
	{"fragment, other protocol", LVS_INET, 17, 9, 80, 4000, 80, 0x2000, 0, 3, 0, 0, false},
	{"fragment, every port", LVS_INET, 17, 9, 81, 4000, 80, 0x2010, 0, 3, 0, 0, true},
	{"fragment, other address", LVS_INET, 6, 9, 82, 4000, 80, 0x2010, 0, 3, 0, 0, false},
	{"fragment, VLAN 7", LVS_INET, 6, 9, 80, 4000, 80, 0x2000, 0, 3, 0, 7, false},
	{"request, other port", LVS_INET, 6, 9, 80, 4000, 81, 0, 0, 3, 0, 0, false},
	{"request, other protocol", LVS_INET, 17, 9, 80, 4000, 80, 0, 0, 3, 0, 0, false},
	{"reply to nobody", LVS_INET, 6, 2, 9, 80, 4000, 0, 0, 3, 0, 0, false},
	{"reply, first fragment", LVS_INET, 6, 2, 9, 80, 4000, 0x2000, 0, 3, 0, 0, false},
	{"reply, other port", LVS_INET, 6, 2, 9, 81, 4000, 0, 0, 3, 0, 0, false},
	{"to the server's port", LVS_INET, 6, 9, 2, 4000, 80, 0, 0, 3, 0, 0, false},
	{"from the service's port", LVS_INET, 6, 80, 9, 80, 4000, 0, 0, 3, 0, 0, false},
	{"every port", LVS_INET, 17, 9, 81, 4000, 53, 0, 0, 3, 0, 0, true},
	{"every port, other protocol", LVS_INET, 6, 9, 81, 4000, 53, 0, 0, 3, 0, 0, false},
	{"ICMP", LVS_INET, 1, 9, 80, 0x0800, 80, 0, 0, 3, 0, 0, false},
	{"IPv6 request", LVS_INET6, 6, 9, 80, 4000, 80, 0, 0, 3, 0, 0, true},
	{"IPv6 request, options", LVS_INET6, 6, 9, 80, 4000, 80, 0, 2, 3, 0, 0, true},
	{"IPv6 request, 17 headers", LVS_INET6, 6, 9, 80, 4000, 80, 0, 17, 3, 0, 0, false},
	{"IPv6 request, fragment", LVS_INET6, 6, 9, 80, 4000, 80, 0x0001, 0, 3, 0, 0, true},
	{"IPv6 fragment, other port", LVS_INET6, 6, 9, 80, 4000, 81, 0x0001, 0, 3, 0, 0, true},
	{"IPv6 fragment, other protocol", LVS_INET6, 17, 9, 80, 1, 80, 0x0001, 0, 3, 0, 0, false},
	{"IPv6 fragment, behind options", LVS_INET6, 6, 9, 80, 1, 80, 0x0009, 2, 3, 0, 0, true},
	{"IPv6 request, later fragment", LVS_INET6, 6, 9, 80, 4000, 80, 0x0100, 0, 3, 0, 0, true},
	{"IPv6 reply to nobody", LVS_INET6, 6, 2, 9, 80, 4000, 0, 0, 3, 0, 0, false},
	{"IPv6 other port", LVS_INET6, 6, 9, 80, 4000, 81, 0, 0, 3, 0, 0, false},
	{"IPv6 every port", LVS_INET6, 17, 9, 81, 1, 2, 0, 1, 3, 0, 0, true},
};

START_TEST(test_packet)
{
	const struct packet_case *c = &packet_cases[_i];
	struct lvs_capture capture;
	struct lvs_packet packet;
	uint32_t ifindex[2];
	uint8_t data[256];
	unsigned len = put_packet(data, c);

	make_capture(&capture, ifindex);
	fill_packet(&packet, data, len, c);
	ck_assert_msg(lvs_capture_match(&capture, &no_routes, &packet) == c->captured, "%s",
		      c->what);
	/* Cut anywhere it is read as far as it is there. */
	for (unsigned cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, data, cut);
		fill_packet(&packet, copy, cut, c);
		(void)lvs_capture_match(&capture, &no_routes, &packet);
		free(copy);
	}
	free_capture(&capture);
}
END_TEST

/* What a server says from a captured port goes back to the host when a client asked the server
 * itself, or when the server begins; not when it is what is left of a forgotten connection. */
static const struct direct_step {
	uint8_t src, dst;
	uint16_t src_port, dst_port;
	uint8_t flags; /* TCP's */
	bool back;
} direct_steps[] = {
	{2, 9, 80, 4000, LVS_TCP_ACK, false},
	{2, 9, 80, 4000, LVS_TCP_SYN | LVS_TCP_ACK, false},
	{2, 9, 80, 4000, LVS_TCP_RST, false},
	{9, 2, 4000, 80, LVS_TCP_SYN, false}, /* the host has it already */
	{2, 9, 80, 4000, LVS_TCP_SYN | LVS_TCP_ACK, true},
	{2, 9, 80, 4000, LVS_TCP_ACK, true},
	{2, 9, 80, 4001, LVS_TCP_ACK, false},
	{2, 8, 80, 4000, LVS_TCP_ACK, false},
	{2, 8, 80, 4000, LVS_TCP_SYN, true}, /* it begins */
	{2, 8, 80, 4000, LVS_TCP_ACK, false},
	{8, 2, 4000, 80, LVS_TCP_SYN | LVS_TCP_ACK, false},
	{2, 8, 80, 4000, LVS_TCP_ACK, true},
};

START_TEST(test_direct)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	bool steered = _i & 2;
	struct lvs_capture capture;
	uint32_t ifindex[2];

	make_capture(&capture, ifindex);
	capture.rules.mark = steered;
	for (size_t i = 0; i < sizeof(direct_steps) / sizeof(direct_steps[0]); i++) {
		const struct direct_step *step = &direct_steps[i];
		struct packet_case c = {.family = (uint8_t)family,
					.protocol = LVS_TCP,
					.src = step->src,
					.dst = step->dst,
					.src_port = step->src_port,
					.dst_port = step->dst_port,
					.ifindex = 3};
		struct lvs_packet packet;
		uint8_t data[256] = {0};
		unsigned len = put_packet(data, &c);

		data[len - 4 + 13] = step->flags;
		fill_packet(&packet, data, len + 16, &c);
		ck_assert_msg(lvs_capture_match(&capture, &no_routes, &packet) ==
				      (step->back || (steered && step->src != 2)),
			      "step %zu", i);
	}
	free_capture(&capture);
}
END_TEST

enum piece { FIRST, LATER };

/* Later fragments of what a server sends go where the first went. */
static const struct fragment_step {
	uint8_t src, dst;
	uint16_t src_port, dst_port;
	uint8_t piece; /* enum piece */
	uint16_t id;
	bool back;
} fragment_steps[] = {
	{2, 9, 80, 4000, FIRST, 1, false}, /* what is left of a forgotten connection */
	{2, 9, 0, 0, LATER, 1, false},
	{2, 9, 81, 4000, FIRST, 2, true}, /* another port is the host's */
	{2, 9, 0, 0, LATER, 2, true},
	{2, 9, 0, 0, LATER, 1, false},
	{2, 9, 0, 0, LATER, 3, false},     /* its first was never seen */
	{9, 2, 4000, 80, FIRST, 4, false}, /* the host has it already */
	{9, 2, 0, 0, LATER, 4, false},
	{2, 9, 80, 4000, FIRST, 5, true}, /* the answer to that */
	{2, 9, 0, 0, LATER, 5, true},
	{2, 8, 0, 0, LATER, 5, false},
	{9, 80, 4000, 81, FIRST, 6, true}, /* to a service address all were taken */
	{9, 80, 0, 0, LATER, 7, true},
};

static struct packet_case fragment_case(const struct fragment_step *step, unsigned family)
{
	static const uint16_t word[2][2] = {{0x2000, 0x2010}, {0x0001, 0x0081}};

	return (struct packet_case){
		.family = (uint8_t)family,
		.protocol = LVS_TCP,
		.src = step->src,
		.dst = step->dst,
		.src_port = step->src_port,
		.dst_port = step->dst_port,
		.fragment = word[family == LVS_INET6][step->piece],
		.ifindex = 3,
	};
}

static bool match_case(const struct lvs_capture *capture, const struct lvs_routes *routes,
		       const struct packet_case *c, uint16_t id)
{
	struct lvs_packet packet;
	uint8_t data[256] = {0};
	/* Zeroes behind the ports: TCP without a flag. */
	unsigned len = put_packet(data, c) + 16;

	if (c->fragment)
		lvs_store16(data + (c->family == LVS_INET6 ? 46 : 4), id);
	fill_packet(&packet, data, len, c);
	return lvs_capture_match(capture, routes, &packet);
}

START_TEST(test_fragments)
{
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	bool steered = _i & 2;
	struct lvs_capture capture;
	uint32_t ifindex[2];

	make_capture(&capture, ifindex);
	capture.rules.mark = steered;
	for (size_t i = 0; i < LVS_ARRAY_N(fragment_steps); i++) {
		const struct fragment_step *step = &fragment_steps[i];
		struct packet_case c = fragment_case(step, family);
		bool back = match_case(&capture, &no_routes, &c, step->id);

		/* Out of a TUN the host has nothing by itself. */
		ck_assert_msg(back == (step->back || (steered && step->src != 2)), "step %zu", i);
	}
	free_capture(&capture);
}
END_TEST

/* The host is .7, which nothing leaves untranslated. */
static void make_routes(struct lvs_routes *routes, unsigned family)
{
	struct lvs_route route = {
		.family = (uint8_t)family,
		.len = family == LVS_INET6 ? 128 : 32,
		.table = LVS_ROUTE_LOCAL,
		.type = RTN_LOCAL,
		.ifindex = 1,
	};
	union lvs_addr v4 = V4(10, 0, 0, 7), v6 = V6(7);

	route.dst = family == LVS_INET6 ? v6 : v4;
	lvs_routes_init(routes);
	ck_assert_int_eq(lvs_routes_add(routes, &route), 0);
}

START_TEST(test_to_host)
{
	static const struct fragment_step steps[] = {
		{2, 7, 80, 4000, FIRST, 1, true},
		{2, 7, 0, 0, LATER, 2, true},
		{2, 9, 80, 4000, FIRST, 3, false},
		{2, 9, 0, 0, LATER, 4, false},
	};
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	struct lvs_capture capture;
	struct lvs_routes routes;
	uint32_t ifindex[2];

	make_routes(&routes, family);
	make_capture(&capture, ifindex);
	for (size_t i = 0; i < LVS_ARRAY_N(steps); i++) {
		struct packet_case c = fragment_case(&steps[i], family);

		ck_assert_msg(match_case(&capture, &routes, &c, steps[i].id) == steps[i].back,
			      "step %zu", i);
		c.fragment = 0;
		if (steps[i].piece == FIRST)
			ck_assert_msg(match_case(&capture, &routes, &c, 0) == steps[i].back,
				      "step %zu, whole", i);
	}
	free_capture(&capture);
	lvs_routes_fini(&routes);
}
END_TEST

/* An error that .3 sends, and what it quotes. */
static const struct error_case {
	const char *what;
	uint8_t to; /* whom it is sent to */
	uint8_t protocol;
	uint8_t src, dst;
	uint16_t src_port, dst_port;
	uint16_t later;  /* a fragment that is not the first */
	uint8_t options; /* as of a packet_case */
	bool captured;
} error_cases[] = {
	{"a request", 9, 6, 9, 2, 4000, 80, 0, 0, true},
	{"a request with options", 9, 6, 9, 2, 4000, 80, 0, 2, true},
	{"a request's later fragment", 9, 6, 9, 2, 4000, 80, 1, 0, true},
	{"another port of the server", 9, 6, 9, 2, 4000, 81, 0, 0, true},
	{"another server", 9, 6, 9, 4, 4000, 80, 0, 0, false},
	{"to the server", 2, 6, 2, 9, 80, 4000, 0, 0, false},
	{"a reply", 80, 6, 80, 9, 80, 4000, 0, 0, true},
	{"another port of the service", 80, 17, 80, 9, 81, 4000, 0, 0, true},
	{"another service", 82, 6, 82, 9, 80, 4000, 0, 0, false},
	{"to the service", 9, 6, 9, 80, 4000, 80, 0, 0, false},
};

static unsigned put_error(uint8_t *at, const struct error_case *c, unsigned family, uint8_t type)
{
	struct packet_case outer = {
		.family = (uint8_t)family,
		.protocol = family == LVS_INET6 ? LVS_ICMPV6 : LVS_ICMP,
		.src = 3,
		.dst = c->to,
	};
	struct packet_case quoted = {
		.family = (uint8_t)family,
		.protocol = c->protocol,
		.src = c->src,
		.dst = c->dst,
		.src_port = c->src_port,
		.dst_port = c->dst_port,
		.fragment = c->later ? 0x0080 : 0,
		.options = c->options,
	};
	unsigned len = put_packet(at, &outer) - 4; /* no ports */

	memset(at + len, 0, 8);
	at[len] = type;
	return len + 8 + put_packet(at + len + 8, &quoted);
}

START_TEST(test_error)
{
	const struct error_case *c = &error_cases[_i / 2];
	unsigned family = _i & 1 ? LVS_INET6 : LVS_INET;
	struct packet_case at = {.ifindex = 3};
	struct lvs_capture capture;
	struct lvs_packet packet;
	uint32_t ifindex[2];
	uint8_t data[256];
	unsigned len = put_error(data, c, family, family == LVS_INET6 ? 1 : 3);

	make_capture(&capture, ifindex);
	fill_packet(&packet, data, len, &at);
	ck_assert_msg(lvs_capture_match(&capture, &no_routes, &packet) == c->captured, "%s",
		      c->what);
	for (unsigned cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, data, cut);
		fill_packet(&packet, copy, cut, &at);
		(void)lvs_capture_match(&capture, &no_routes, &packet);
		free(copy);
	}
	free_capture(&capture);
}
END_TEST

/* Only what the director translates. */
START_TEST(test_error_type)
{
	static const struct error_case about_reply = {"", 80, 6, 80, 9, 80, 4000, 0, 0, true};
	unsigned family = _i ? LVS_INET6 : LVS_INET;
	struct packet_case at = {.ifindex = 3};
	struct lvs_capture capture;
	struct lvs_packet packet;
	uint32_t ifindex[2];
	uint8_t data[256];

	make_capture(&capture, ifindex);
	for (unsigned type = 0; type < 256; type++) {
		bool error =
			family == LVS_INET6 ? type < 128 : type == 3 || type == 4 || type == 11;
		unsigned len = put_error(data, &about_reply, family, (uint8_t)type);

		fill_packet(&packet, data, len, &at);
		ck_assert_msg(lvs_capture_match(&capture, &no_routes, &packet) == error, "type %u",
			      type);
	}
	free_capture(&capture);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_match");

	tcase_add_loop_test(tcase, test_packet, 0, LVS_ARRAY_N(packet_cases));
	tcase_add_loop_test(tcase, test_direct, 0, 4);
	tcase_add_loop_test(tcase, test_fragments, 0, 4);
	tcase_add_loop_test(tcase, test_to_host, 0, 2);
	tcase_add_loop_test(tcase, test_error, 0, 2 * LVS_ARRAY_N(error_cases));
	tcase_add_loop_test(tcase, test_error_type, 0, 2);
	return unit_run("host_match", tcase);
}
