/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that no sender should make, and offload requests that no card should. */
#include "director/director.h"

#include "hostile_rig.h"
#include "unit.h"

/* Nothing is in front of the packet: only a tunnel minds, and says so. */
START_TEST(test_headroom)
{
	static const struct {
		unsigned family, headroom;
		enum lvs_reason reason;
	} cases[] = {
		{LVS_INET, 0, LVS_REASON_HEADROOM},   {LVS_INET, 19, LVS_REASON_HEADROOM},
		{LVS_INET, 20, LVS_REASON_SCHEDULED}, {LVS_INET6, 0, LVS_REASON_HEADROOM},
		{LVS_INET6, 39, LVS_REASON_HEADROOM}, {LVS_INET6, 40, LVS_REASON_SCHEDULED},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned method = 0; method < METHODS; method++) {
			struct lvs_flow flow = flow_to(cases[i].family, LVS_TCP, method);
			struct world w;
			struct big big;

			build(&w);
			big_make(&big, &flow, cases[i].headroom, 100);
			ck_assert_int_eq(big_send(&w, &big), methods[method] == LVS_METHOD_TUNNEL
								     ? cases[i].reason
								     : LVS_REASON_SCHEDULED);
			free(big.memory);
			tear_down(&w);
		}
}
END_TEST

/* Every length and every linear length up to and beyond the headers. */
START_TEST(test_cut_off)
{
	struct world w;

	build(&w);
	for (unsigned i = 0; i < 4 * METHODS; i++) {
		struct lvs_flow flow =
			flow_to(i & 1 ? LVS_INET6 : LVS_INET, i & 2 ? LVS_UDP : LVS_TCP, i / 4);

		for (unsigned len = 0; len <= 70; len++)
			for (unsigned linear = 0; linear <= len; linear++) {
				struct big big;

				big_make(&big, &flow, HEADROOM, 70);
				big.packet.len = len;
				big.packet.linear_len = linear;
				big.packet.tailroom = (uint16_t)(70 - linear);
				big_send(&w, &big);
				ck_assert_uint_eq(big.packet.verdict == LVS_FORWARD,
						  len == 70 &&
							  linear >= (i & 1 ? 40u : 20u) +
									    (i & 2 ? 8u : 20u));
				free(big.memory);
			}
	}
	lvs_worker_process(w.worker, NULL, 0, w.now);
	tear_down(&w);
}
END_TEST

/* More linear than there is: the length rules. */
START_TEST(test_linear_beyond)
{
	struct lvs_flow flow = flow_to(LVS_INET, LVS_TCP, 0);
	struct world w;
	struct big big;

	build(&w);
	big_make(&big, &flow, HEADROOM, 100);
	big.packet.len = 19;
	ck_assert_int_eq(big_send(&w, &big), LVS_REASON_SHORT_IP);
	free(big.memory);
	tear_down(&w);
}
END_TEST

static const uint16_t extremes[] = {0,    1,     6,     16,    20,    40,   60,
				    1000, 32767, 32768, 65514, 65534, 65535};

#define EXTREMES (sizeof(extremes) / sizeof(extremes[0]))

/* Whatever is asked for, it is refused or can be done. */
static void check_offload(const struct lvs_flow *flow, const struct big *big)
{
	static uint8_t buffer[65535];
	struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};
	int got;

	if (big->packet.verdict != LVS_FORWARD) {
		ck_assert_int_eq(big->packet.reason, LVS_REASON_BAD_OFFLOAD);
		return;
	}
	got = lvs_packet_segment(&big->packet, 0, &out);
	ck_assert_int_eq(got, 1);
	ck_assert(flow->family == LVS_INET6 ||
		  rig_sum(0, out.data, (out.data[0] & 15) * 4u) == 0xffff);
}

START_TEST(test_offload_extremes)
{
	struct world w;

	build(&w);
	for (unsigned i = 0; i < 4 * METHODS; i++) {
		struct lvs_flow flow =
			flow_to(i & 1 ? LVS_INET6 : LVS_INET, i & 2 ? LVS_UDP : LVS_TCP, i / 4);

		for (unsigned n = 0; n < EXTREMES * EXTREMES * 8; n++) {
			struct big big;

			big_make(&big, &flow, HEADROOM, 200);
			big.packet.gso_type = n & 3;
			if (n & 3)
				big.packet.gso_size = extremes[n / 8 % EXTREMES];
			if (n & 4) {
				big.packet.flags = LVS_PACKET_CSUM_PARTIAL;
				big.packet.csum_start = extremes[n / 8 / EXTREMES];
				big.packet.csum_offset = i & 2 ? 6 : 16;
			}
			big_send(&w, &big);
			check_offload(&flow, &big);
			free(big.memory);
		}
	}
	tear_down(&w);
}
END_TEST

/* Cuts a forwarded super-packet and counts its payload; every checksum is right. */
static unsigned cut_all(const struct lvs_packet *packet, unsigned wrapped)
{
	static uint8_t buffer[65535];
	unsigned payload = 0;
	int got = 1;

	for (unsigned part = 0; got > 0; part++) {
		struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};
		struct lvs_headers headers;

		got = lvs_packet_segment(packet, part, &out);
		if (got <= 0)
			break;
		ck_assert(rig_sums_right(out.data + wrapped, out.len - wrapped));
		ck_assert(!wrapped || out.data[0] >> 4 == 6 || rig_sum(0, out.data, 20) == 0xffff);
		out.data += wrapped;
		out.len -= wrapped;
		out.linear_len -= wrapped;
		ck_assert_int_eq(lvs_packet_parse(&out, &headers), LVS_REASON_NONE);
		ck_assert_uint_eq(headers.len, out.len);
		payload += headers.len - headers.payload_offset;
	}
	ck_assert_int_eq(got, 0);
	return payload;
}

/* What the sender gave, as a card gives it: the sum of the pseudo-header, or a whole one. */
static void make_super(struct big *big, const struct lvs_flow *flow, bool partial, bool no_sum)
{
	unsigned ip_len = flow->family == LVS_INET6 ? 40 : 20;
	uint8_t *field = rig_l4_csum(big->packet.data);
	uint32_t len = big->packet.len - ip_len;
	uint32_t sum;

	big->packet.gso_size = 1000;
	big->packet.gso_type = flow->protocol == LVS_TCP ? LVS_GSO_TCP : LVS_GSO_UDP;
	if (no_sum)
		rig_put16(field, 0);
	if (!partial)
		return;
	sum = ip_len == 40 ? rig_sum(0, big->packet.data + 8, 32)
			   : rig_sum(0, big->packet.data + 12, 8);
	sum += flow->protocol + len;
	rig_put16(field, rig_sum(sum, big->packet.data, 0));
	big->packet.flags = LVS_PACKET_CSUM_PARTIAL;
	big->packet.csum_start = (uint16_t)ip_len;
	big->packet.csum_offset = flow->protocol == LVS_TCP ? 16 : 6;
}

/* Super-packets by every method, cut afterwards: nothing is lost, every sum is right. */
START_TEST(test_super_packets)
{
	struct world w;

	build(&w);
	set_mtu(&w, 1500);
	for (unsigned i = 0; i < 16 * METHODS; i++) {
		struct lvs_flow flow =
			flow_to(i & 1 ? LVS_INET6 : LVS_INET, i & 2 ? LVS_UDP : LVS_TCP, i / 16);
		bool no_sum = (i & 8) && flow.protocol == LVS_UDP && flow.family == LVS_INET;
		unsigned headers = (i & 1 ? 40 : 20) + (i & 2 ? 8 : 20);
		struct big big;

		/* A DR packet without a sum is nobody's to repair. */
		if (no_sum && methods[i / 16] != LVS_METHOD_NAT)
			continue;
		big_make(&big, &flow, HEADROOM, 60000);
		make_super(&big, &flow, i & 4, no_sum && !(i & 4));
		big_send(&w, &big);
		ck_assert_int_eq(big.packet.verdict, LVS_FORWARD);
		ck_assert_uint_eq(cut_all(&big.packet, big.packet.len - 60000), 60000 - headers);
		free(big.memory);
	}
	tear_down(&w);
}
END_TEST

/* The longest packets there are. */
START_TEST(test_longest)
{
	static const struct {
		unsigned family, method, len;
		enum lvs_reason reason;
	} cases[] = {
		{LVS_INET, 0, 65535, LVS_REASON_SCHEDULED},
		{LVS_INET, 1, 65535, LVS_REASON_SCHEDULED},
		{LVS_INET, 2, 65535, LVS_REASON_TOO_LONG},
		{LVS_INET, 2, 65516, LVS_REASON_TOO_LONG},
		{LVS_INET, 2, 65515, LVS_REASON_SCHEDULED},
		{LVS_INET6, 0, 65575, LVS_REASON_SCHEDULED},
		{LVS_INET6, 1, 65575, LVS_REASON_SCHEDULED},
		{LVS_INET6, 2, 65575, LVS_REASON_TOO_LONG},
		{LVS_INET6, 2, 65536, LVS_REASON_TOO_LONG},
		{LVS_INET6, 2, 65535, LVS_REASON_SCHEDULED},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lvs_flow flow = flow_to(cases[i].family, LVS_TCP, cases[i].method);
		struct world w;
		struct big big;
		unsigned wrapped;

		build(&w);
		big_make(&big, &flow, HEADROOM, cases[i].len);
		ck_assert_int_eq(big_send(&w, &big), cases[i].reason);
		wrapped = big.packet.len - cases[i].len;
		if (big.packet.verdict == LVS_FORWARD)
			ck_assert(rig_sums_right(big.packet.data + wrapped, cases[i].len));
		free(big.memory);
		tear_down(&w);
	}
}
END_TEST

/* RFC 2675: payload length 0 and a jumbo option. Not for us; nobody may read its length as 0. */
START_TEST(test_jumbogram)
{
	struct lvs_flow flow = flow_to(LVS_INET6, LVS_TCP, 1);
	struct world w;
	struct big big;

	build(&w);
	big_make(&big, &flow, HEADROOM, 69000);
	memmove(big.packet.data + 48, big.packet.data + 40, 69000 - 48);
	memcpy(big.packet.data + 40, "\x06\x00\xc2\x04\x00\x01\x0d\x60", 8);
	big.packet.data[6] = 0;
	rig_put16(big.packet.data + 4, 0);
	ck_assert_int_eq(big_send(&w, &big), LVS_REASON_BAD_IP);
	rig_put16(big.packet.data + 4, 8);
	ck_assert_int_eq(big_send(&w, &big), LVS_REASON_SHORT_L4);
	free(big.memory);
	tear_down(&w);
}
END_TEST

/* Puts 40 bytes of options into an IPv4 packet of a flow. */
static void make_options(struct big *big, const struct lvs_flow *flow, unsigned len)
{
	uint8_t *ip;

	big_make(big, flow, HEADROOM, len);
	ip = big->packet.data;
	memmove(ip + 60, ip + 20, len - 60);
	memset(ip + 20, 1, 40);
	memcpy(ip + 20, "\x07\x27\x04", 3);
	ip[0] = 0x4f;
	ip[6] = 0;
	rig_fix_ip(ip);
	rig_put16(ip + 60 + (flow->protocol == LVS_TCP ? 16 : 6), 0);
	rig_fix_l4(ip, len);
}

/* Options through the tunnel, and the whole cut by the path: put together it is what went in. */
START_TEST(test_options_cut)
{
	static uint8_t whole[4096];
	struct lvs_flow flow = flow_to(LVS_INET, LVS_TCP, 2);
	struct world w;
	struct big big;
	unsigned end = 0;

	build(&w);
	set_mtu(&w, 576);
	make_options(&big, &flow, 3000);
	ck_assert_int_eq(big_send(&w, &big), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(big.packet.cut, LVS_CUT_FRAGMENT);
	for (unsigned part = 0;; part++) {
		uint8_t buffer[576];
		struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};
		int got = lvs_packet_fragment(&big.packet, big.packet.cut_len, part, &out);
		unsigned at;

		if (!got)
			break;
		ck_assert_int_eq(got, 1);
		ck_assert_uint_eq(rig_sum(0, out.data, 20), 0xffff);
		at = (rig_get16(out.data + 6) & 0x1fff) * 8;
		ck_assert_uint_eq(at, end);
		memcpy(whole + at, out.data + 20, out.len - 20);
		end = at + out.len - 20;
	}
	ck_assert_uint_eq(end, 3000);
	ck_assert_mem_eq(whole, big.packet.data + 20, 3000);
	ck_assert(rig_sums_right(whole, 3000));
	free(big.memory);
	tear_down(&w);
}
END_TEST

/* A datagram shorter than its IP packet: the sum covers the datagram, nothing behind it. */
START_TEST(test_short_datagram)
{
	for (unsigned i = 0; i < 2 * 93; i++) {
		unsigned family = i & 1 ? LVS_INET6 : LVS_INET;
		struct lvs_flow flow = flow_to(family, LVS_UDP, 0);
		unsigned at = i & 1 ? 40 : 20;
		unsigned len = 8 + i / 2;
		uint8_t trimmed[200];
		struct world w;
		struct big big;

		build(&w);
		big_make(&big, &flow, 0, 140 - 20 + at - 20);
		rig_put16(big.packet.data + at + 4, len);
		rig_put16(big.packet.data + at + 6, 0);
		ck_assert_int_eq(big_send(&w, &big), LVS_REASON_SCHEDULED);
		memcpy(trimmed, big.packet.data, at + len);
		if (family == LVS_INET)
			ck_assert_uint_eq(rig_l4_sum(trimmed, at + len), 0xffff);
		else /* none stays none: RFC 6935 allows it */
			ck_assert_uint_eq(rig_get16(trimmed + at + 6), 0);
		free(big.memory);
		tear_down(&w);
	}
}
END_TEST

static void expect_sound(const struct world *w)
{
	rig_check(w->director);
}

/* A connection whose ends are one: who sends to himself ("land"), a server as its own client, a
 * service that is its own server. It is found, listed once, and ends. */
static void check_ends(unsigned family, unsigned method, union lvs_addr client, unsigned port,
		       union lvs_addr server)
{
	struct lvs_flow flow = rig_flow(LVS_TCP, family, client, port, addr(family, 0, 9), 80);
	struct lvs_service_key service = rig_service_key(family, LVS_TCP, flow.dst, 80);
	struct lvs_dest_key dest = rig_dest_key(family, server, 80);
	struct lvs_flow back = rig_flow(LVS_TCP, family, server, 80, client, port);
	struct rig_packet rig;
	struct world w;

	build(&w);
	rig_set_service(w.director, &service, "rr");
	rig_set_dest(w.director, &service, &dest, methods[method], 1);
	ck_assert_int_eq(rig_send(w.worker, &rig, &flow, LVS_TCP_SYN, w.now), LVS_REASON_SCHEDULED);
	expect_sound(&w);
	/* From port 0 no later packet is of it. */
	ck_assert_int_eq(rig_send(w.worker, &rig, &flow, LVS_TCP_ACK, w.now),
			 port ? LVS_REASON_ESTABLISHED : LVS_REASON_NOT_NEW);
	/* What a server sends to itself does not come by here. */
	if (methods[method] == LVS_METHOD_NAT && memcmp(&client, &server, sizeof(client)) != 0) {
		rig_send(w.worker, &rig, &back, LVS_TCP_ACK, w.now);
		ck_assert_uint_eq(rig.packet.verdict, LVS_FORWARD);
	}
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 1);
	ck_assert_int_eq(lvs_worker_handle_expiry(w.worker, w.now + 1000 * SECOND, 0), 1);
	expect_sound(&w);
	tear_down(&w);
}

START_TEST(test_ends)
{
	for (unsigned i = 0; i < 2 * METHODS; i++) {
		unsigned family = i & 1 ? LVS_INET6 : LVS_INET;
		union lvs_addr ends[3] = {addr(family, 0, 9), addr(family, 1, 9),
					  addr(family, 2, 9)};

		for (unsigned client = 0; client < 3; client++)
			for (unsigned server = 0; server < 2; server++) {
				check_ends(family, i / 2, ends[client], 80, ends[server]);
				check_ends(family, i / 2, ends[client], 0, ends[server]);
			}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("hostile");

	tcase_add_test(tcase, test_headroom);
	tcase_add_test(tcase, test_cut_off);
	tcase_add_test(tcase, test_linear_beyond);
	tcase_add_test(tcase, test_offload_extremes);
	tcase_add_test(tcase, test_super_packets);
	tcase_add_test(tcase, test_longest);
	tcase_add_test(tcase, test_jumbogram);
	tcase_add_test(tcase, test_options_cut);
	tcase_add_test(tcase, test_short_datagram);
	tcase_add_test(tcase, test_ends);
	return unit_run("hostile", tcase);
}
