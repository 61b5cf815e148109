/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers and segments, case by case: what stands where after bytes were replaced. */
#include "helper/mangle.h"

#include "packet_ref.h"
#include "packet_rig.h"
#include "unit.h"

#define N(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

/* "0123456789" becomes "ABC", and behind it "ab" becomes "1234567". */
static void two_edits(struct lvs_seq *seq, uint32_t base)
{
	memset(seq, 0, sizeof(*seq));
	ck_assert(lvs_seq_replace(seq, base + 100, 10, (const uint8_t *)"ABC", 3));
	ck_assert(lvs_seq_replace(seq, base + 120, 2, (const uint8_t *)"1234567", 7));
}

static const uint32_t bases[] = {0, 1000, 0x7fffff90, 0xffffff90, 0xffffff86};

/* As sent, as got; and back: a mark of what is not there yet, of what is. */
static const struct {
	uint32_t sent, got;
} forward[] = {
	{0, 0},     {99, 99},   {100, 100}, {101, 101}, {103, 103}, {104, 103},
	{109, 103}, {110, 103}, {120, 113}, {121, 114}, {122, 120}, {130, 128},
};

static const struct {
	uint32_t got, sent, sent_from;
} backward[] = {
	{0, 0, 0},       {100, 100, 100}, {101, 101, 101}, {102, 102, 102},
	{103, 110, 110}, {104, 111, 111}, {113, 120, 120}, {114, 121, 121},
	{115, 121, 122}, {119, 121, 122}, {120, 122, 122}, {128, 130, 130},
};

START_TEST(test_numbers)
{
	uint32_t base = bases[_i];
	struct lvs_seq seq;

	two_edits(&seq, base);
	for (int i = 0; i < N(forward); i++)
		ck_assert_uint_eq(lvs_seq_got(&seq, base + forward[i].sent) - base, forward[i].got);
	for (int i = 0; i < N(backward); i++) {
		ck_assert_uint_eq(lvs_seq_sent(&seq, base + backward[i].got) - base,
				  backward[i].sent);
		ck_assert_uint_eq(lvs_seq_sent_from(&seq, base + backward[i].got) - base,
				  backward[i].sent_from);
	}
}
END_TEST

/* What is acknowledged is forgotten, and the numbers behind it stay what they are. */
START_TEST(test_acknowledge)
{
	uint32_t base = bases[_i];
	struct lvs_seq seq;

	two_edits(&seq, base);
	lvs_seq_acknowledge(&seq, base + 102);
	ck_assert_uint_eq(seq.n, 2);
	lvs_seq_acknowledge(&seq, base + 103);
	ck_assert_uint_eq(seq.n, 1);
	ck_assert_uint_eq(lvs_seq_got(&seq, base + 115) - base, 108);
	ck_assert_uint_eq(lvs_seq_got(&seq, base + 130) - base, 128);
	lvs_seq_acknowledge(&seq, base + 119);
	ck_assert_uint_eq(seq.n, 1);
	lvs_seq_acknowledge(&seq, base + 120);
	ck_assert_uint_eq(seq.n, 0);
	ck_assert(lvs_seq_is_moved(&seq));
	ck_assert_uint_eq(lvs_seq_got(&seq, base + 130) - base, 128);
	ck_assert_uint_eq(lvs_seq_sent(&seq, base + 128) - base, 130);
}
END_TEST

START_TEST(test_room)
{
	struct lvs_seq seq = {0};

	for (unsigned i = 0; i < LVS_SEQ_EDITS; i++)
		ck_assert(lvs_seq_replace(&seq, i * 100, 1, (const uint8_t *)"", 0));
	ck_assert(!lvs_seq_replace(&seq, 1000, 1, (const uint8_t *)"", 0));
	lvs_seq_acknowledge(&seq, 0);
	ck_assert(lvs_seq_replace(&seq, 1000, 1, (const uint8_t *)"", 0));
}
END_TEST

/* However it is cut, the same comes of it. */
START_TEST(test_cut)
{
	static const char sent[] = "....0123456789..........ab....";
	static const char got[] = "....ABC..........1234567....";
	uint32_t base = bases[_i];
	uint8_t whole[64], data[64];
	struct lvs_seq seq;

	two_edits(&seq, base);
	for (uint32_t from = 0; from < 30; from++)
		for (uint32_t to = from; to <= 30; to++) {
			uint32_t at = base + 96 + from, len;

			memset(whole, '?', sizeof(whole));
			memcpy(data, sent + from, to - from);
			len = lvs_seq_rewrite(&seq, at, data, to - from);
			ck_assert_uint_eq(len, lvs_seq_got_len(&seq, at, to - from));
			ck_assert_uint_le(len, lvs_seq_room(&seq, at, to - from));
			ck_assert_uint_eq(
				lvs_seq_touches(&seq, at, to - from),
				to > from && ((from < 14 && to > 4) || (from < 26 && to > 24)));
			at = lvs_seq_got(&seq, at) - base - 96;
			ck_assert_mem_eq(data, got + at, len);
			/* the next one begins where this one ends, or its rest comes again */
			ck_assert_uint_ge(at + len, lvs_seq_got(&seq, base + 96 + to) - base - 96);
		}
}
END_TEST

/* --- Segments --- */

struct shape {
	unsigned family;
	unsigned options; /* bytes of TCP options: no-operation, then SACK */
	bool partial;
	unsigned tailroom;
};

static const struct shape shapes[] = {
	{LVS_INET, 0, false, 64},  {LVS_INET6, 0, false, 64},  {LVS_INET, 0, true, 64},
	{LVS_INET6, 0, true, 64},  {LVS_INET, 12, false, 64},  {LVS_INET6, 12, false, 64},
	{LVS_INET, 11, false, 64}, {LVS_INET6, 11, false, 64}, {LVS_INET, 11, true, 64},
};

/* A segment of "227 (1,2,3,4,5,6)" and one SACK block, behind it padding of the link layer. */
static void make(struct rig_packet *rig, const struct shape *shape, const char *text,
		 unsigned padding)
{
	bool v6 = shape->family == LVS_INET6;
	unsigned options = (shape->options + 3) / 4 * 4, len = (unsigned)strlen(text);
	struct lvs_flow flow = {
		.family = (uint8_t)shape->family,
		.protocol = LVS_TCP,
		.src = v6 ? rig_addr6(1, 1) : rig_addr4(10, 0, 0, 1),
		.dst = v6 ? rig_addr6(2, 2) : rig_addr4(198, 51, 100, 7),
		.src_port = rig_port(21),
		.dst_port = rig_port(40000),
	};
	uint8_t *tcp;

	rig_make(rig, &flow, LVS_TCP_ACK | LVS_TCP_PSH, options + len);
	tcp = rig->packet.data + (v6 ? 40 : 20);
	ref_put32(tcp + 4, 5000);
	ref_put32(tcp + 8, 8020);
	tcp[12] = (uint8_t)((20 + options) / 4 << 4);
	memset(tcp + 20, 1, options);
	if (options) {
		uint8_t *sack = tcp + 20 + (shape->options == 11 ? 1 : 2);

		sack[0] = 5;
		sack[1] = 10;
		ref_put32(sack + 2, 8040);
		ref_put32(sack + 6, 8060);
	}
	for (unsigned i = 0; i < len; i++)
		tcp[20 + options + i] = (uint8_t)text[i];
	rig_fix(rig);
	if (shape->partial) {
		rig->packet.flags = LVS_PACKET_CSUM_PARTIAL;
		rig->packet.csum_start = (uint16_t)(tcp - rig->packet.data);
		rig->packet.csum_offset = 16;
		ref_put16(tcp + 16, ref_pseudo(rig->packet.data, LVS_TCP, 20 + options + len));
	}
	rig->packet.len += padding;
	rig->packet.linear_len += padding;
	rig->packet.tailroom = (uint16_t)shape->tailroom;
}

static enum lvs_reason mangle(struct rig_packet *rig, const struct lvs_seq *own,
			      const struct lvs_seq *other, struct lvs_headers *headers)
{
	ck_assert_int_eq(lvs_packet_parse(&rig->packet, headers), LVS_REASON_NONE);
	ck_assert(lvs_mangle_valid(&rig->packet, headers));
	return lvs_mangle(&rig->packet, headers, own, other);
}

static void expect_sum(const struct rig_packet *rig, const struct shape *shape)
{
	const uint8_t *ip = rig->packet.data;
	unsigned ip_len = shape->family == LVS_INET6 ? 40 : 20;

	if (!shape->partial)
		ck_assert(rig_sums_right(ip, rig->packet.len));
	else
		ck_assert_uint_eq(ref_get16(ip + ip_len + 16),
				  ref_pseudo(ip, LVS_TCP, rig->packet.len - ip_len));
}

START_TEST(test_segment)
{
	const struct shape *shape = &shapes[_i];
	unsigned at = shape->family == LVS_INET6 ? 40 : 20, options = (shape->options + 3) / 4 * 4;
	static struct rig_packet rig;
	struct lvs_seq own = {0}, other = {0};
	struct lvs_headers headers;
	const uint8_t *tcp, *sack;

	make(&rig, shape, "227 (1,2,3,4,5,6)\r\n", 3);
	tcp = rig.packet.data + at;
	sack = tcp + 20 + (shape->options == 11 ? 1 : 2);
	own.base = 7;
	ck_assert(lvs_seq_replace(&own, 5005, 11, (const uint8_t *)"192,0,2,1,5,6", 13));
	ck_assert(lvs_seq_replace(&other, 8010, 4, (const uint8_t *)"12", 2));
	ck_assert_int_eq(mangle(&rig, &own, &other, &headers), LVS_REASON_NONE);
	ck_assert_uint_eq(rig.packet.len, at + 20 + options + 21);
	ck_assert_uint_eq(rig.packet.linear_len, rig.packet.len);
	ck_assert_uint_eq(headers.len, rig.packet.len);
	/* the padding's place is room, too */
	ck_assert_uint_eq(rig.packet.tailroom, shape->tailroom + 3 - 2);
	ck_assert_mem_eq(tcp + 20 + options, "227 (192,0,2,1,5,6)\r\n", 21);
	ck_assert_uint_eq(lvs_load32(tcp + 4), 5007);
	ck_assert_uint_eq(lvs_load32(tcp + 8), 8022);
	if (options) {
		ck_assert_uint_eq(lvs_load32(sack + 2), 8042);
		ck_assert_uint_eq(lvs_load32(sack + 6), 8062);
	}
	ck_assert_int_eq(lvs_packet_parse(&rig.packet, &headers), LVS_REASON_NONE);
	expect_sum(&rig, shape);
}
END_TEST

/* Nothing but numbers: the data need not be at hand. */
START_TEST(test_numbers_alone)
{
	const struct shape *shape = &shapes[_i];
	static struct rig_packet rig;
	struct lvs_seq own = {.base = 0xfffffff0}, other = {.base = 0x12345};
	struct lvs_headers headers;

	make(&rig, shape, "227 (1,2,3,4,5,6)\r\n", 0);
	ck_assert_int_eq(mangle(&rig, &own, &other, &headers), LVS_REASON_NONE);
	expect_sum(&rig, shape);
	ck_assert_uint_eq(lvs_load32(rig.packet.data + headers.l4_offset + 4), 5000 - 16);
	ck_assert_uint_eq(lvs_load32(rig.packet.data + headers.l4_offset + 8),
			  (uint32_t)(8020 - 0x12345));
	rig.packet.linear_len = headers.payload_offset;
	ck_assert_int_eq(lvs_mangle(&rig.packet, &headers, &own, &other), LVS_REASON_NONE);
	expect_sum(&rig, shape);
}
END_TEST

START_TEST(test_unchanged)
{
	const struct shape *shape = &shapes[_i];
	static struct rig_packet rig, before;
	struct lvs_seq own = {0}, other = {0};
	struct lvs_headers headers;

	make(&rig, shape, "227 (1,2,3,4,5,6)\r\n", 3);
	memcpy(&before, &rig, sizeof(rig));
	ck_assert_int_eq(mangle(&rig, &own, &other, &headers), LVS_REASON_NONE);
	ck_assert_mem_eq(rig.buffer, before.buffer, sizeof(rig.buffer));
	ck_assert_uint_eq(rig.packet.len, before.packet.len);
}
END_TEST

/* Room to the last byte, and one byte less. */
START_TEST(test_tailroom)
{
	struct shape shape = {LVS_INET, 0, false, _i ? 1 : 2};
	static struct rig_packet rig, before;
	struct lvs_seq own = {0}, other = {0};
	struct lvs_headers headers;

	make(&rig, &shape, "227 (1,2,3,4,5,6)\r\n", 0);
	memcpy(&before, &rig, sizeof(rig));
	ck_assert(lvs_seq_replace(&own, 5005, 11, (const uint8_t *)"192,0,2,1,5,6", 13));
	ck_assert_int_eq(mangle(&rig, &own, &other, &headers),
			 _i ? LVS_REASON_TAILROOM : LVS_REASON_NONE);
	if (_i)
		ck_assert_mem_eq(&rig.buffer, &before.buffer, sizeof(rig.buffer));
	else
		ck_assert_uint_eq(rig.packet.tailroom, 0);
}
END_TEST

/* All that was sent is gone: an empty segment is left. */
START_TEST(test_empty)
{
	static struct rig_packet rig;
	struct lvs_seq own = {0}, other = {0};
	struct lvs_headers headers;

	make(&rig, &shapes[_i], "12345", 0);
	ck_assert(lvs_seq_replace(&own, 4990, 30, (const uint8_t *)"x", 1));
	ck_assert_int_eq(mangle(&rig, &own, &other, &headers), LVS_REASON_NONE);
	ck_assert_uint_eq(lvs_mangle_data_len(&headers), 0);
	ck_assert_uint_eq(lvs_load32(rig.packet.data + headers.l4_offset + 4), 4991);
	expect_sum(&rig, &shapes[_i]);
}
END_TEST

/* A super-packet as long as the IP header can say. */
START_TEST(test_too_long)
{
	static uint8_t buffer[66000];
	static const uint8_t head[] = {0x45, 0, 0xff, 0xff, 0, 0, 0x40, 0, 64, 6};
	struct lvs_packet packet = {
		.data = buffer, .len = 65535, .linear_len = 65535, .tailroom = 400};
	struct lvs_seq own = {0}, other = {0};
	struct lvs_headers headers;

	memcpy(buffer, head, sizeof(head));
	buffer[32] = 0x50;
	rig_fix_ip(buffer);
	packet.gso_size = 1000;
	packet.gso_type = LVS_GSO_TCP;
	ck_assert_int_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_NONE);
	ck_assert(lvs_seq_replace(&own, 5, 1, (const uint8_t *)"xy", 2));
	ck_assert_int_eq(lvs_mangle(&packet, &headers, &own, &other), LVS_REASON_TOO_LONG);
	ck_assert_uint_eq(packet.len, 65535);
}
END_TEST

/* Options that end inside themselves, or behind the header, end the search. */
START_TEST(test_bad_options)
{
	static const uint8_t options[][12] = {
		{5, 0, 0, 0, 1, 0, 0, 0, 2},           {5, 1, 0, 0, 1, 0, 0, 0, 2},
		{5, 200, 0, 0, 1, 0, 0, 0, 2},         {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5},
		{0, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0}, {5, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0},
	};
	static struct rig_packet rig;
	struct lvs_seq own = {0}, other = {.base = 5};
	struct lvs_headers headers;

	make(&rig, &shapes[4], "x", 0);
	memcpy(rig.packet.data + 40, options[_i], 12);
	rig_fix(&rig);
	ck_assert_int_eq(mangle(&rig, &own, &other, &headers), LVS_REASON_NONE);
	ck_assert_mem_eq(rig.packet.data + 40, options[_i], 12);
	ck_assert(rig_sums_right(rig.packet.data, rig.packet.len));
}
END_TEST

START_TEST(test_checksum)
{
	static struct rig_packet rig;
	struct lvs_headers headers;

	make(&rig, &shapes[_i], "abc", 0);
	rig.packet.data[rig.packet.len - 1] ^= 1;
	ck_assert_int_eq(lvs_packet_parse(&rig.packet, &headers), LVS_REASON_NONE);
	ck_assert_int_eq(lvs_mangle_valid(&rig.packet, &headers), shapes[_i].partial);
	rig.packet.flags |= LVS_PACKET_CSUM_VALID;
	ck_assert(lvs_mangle_valid(&rig.packet, &headers));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mangle");

	tcase_add_loop_test(tcase, test_numbers, 0, N(bases));
	tcase_add_loop_test(tcase, test_acknowledge, 0, N(bases));
	tcase_add_test(tcase, test_room);
	tcase_add_loop_test(tcase, test_cut, 0, N(bases));
	tcase_add_loop_test(tcase, test_segment, 0, N(shapes));
	tcase_add_loop_test(tcase, test_numbers_alone, 0, N(shapes));
	tcase_add_loop_test(tcase, test_unchanged, 0, N(shapes));
	tcase_add_loop_test(tcase, test_tailroom, 0, 2);
	tcase_add_loop_test(tcase, test_empty, 0, N(shapes));
	tcase_add_test(tcase, test_too_long);
	tcase_add_loop_test(tcase, test_bad_options, 0, 6);
	tcase_add_loop_test(tcase, test_checksum, 0, N(shapes));
	return unit_run("mangle", tcase);
}
