/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums of received packets: half-made ones are completed, the others stay. */
#include "xdp/csum.h"

#include <string.h>

#include "base/byteorder.h"
#include "packet/checksum.h"
#include "packet/crc32c.h"
#include "unit.h"

enum { ROOM = 2048, HALF, WHOLE, WRONG, ZERO };

struct made {
	uint8_t bytes[ROOM];
	struct lvs_packet packet;
	uint32_t at; /* the transport header */
	uint32_t l4_len;
	uint64_t pseudo;
	unsigned field;
};

/* A packet of a family and protocol with so many bytes of payload, and padding behind it. */
static void make(struct made *made, unsigned family, uint8_t protocol, uint32_t payload)
{
	uint32_t ip_len = family == LVS_INET6 ? 40 : 20;
	uint32_t header = protocol == LVS_TCP ? 20 : protocol == LVS_UDP ? 8 : 12;
	uint8_t *ip = made->bytes;

	memset(made, 0, sizeof(*made));
	for (unsigned i = 0; i < ROOM; i++)
		made->bytes[i] = (uint8_t)(i * 37 + payload);
	made->l4_len = header + payload;
	made->at = ip_len;
	made->field = protocol == LVS_TCP ? 16 : protocol == LVS_UDP ? 6 : 8;
	if (family == LVS_INET6) {
		ip[0] = 0x60;
		lvs_store16(ip + 4, (uint16_t)made->l4_len);
		ip[6] = protocol;
		made->pseudo = lvs_csum_pseudo(ip + 8, ip + 24, LVS_INET6, protocol, made->l4_len);
	} else {
		ip[0] = 0x45;
		lvs_store16(ip + 2, (uint16_t)(ip_len + made->l4_len));
		lvs_store16(ip + 6, 0x4000);
		ip[9] = protocol;
		made->pseudo = lvs_csum_pseudo(ip + 12, ip + 16, LVS_INET, protocol, made->l4_len);
	}
	made->packet.data = ip;
	made->packet.len = made->packet.linear_len = ip_len + made->l4_len + 6;
}

static lvs_be16 whole_sum(struct made *made)
{
	lvs_be16 sum;

	lvs_store_be16(made->bytes + made->at + made->field, 0);
	sum = (lvs_be16)~lvs_csum_fold(
		lvs_csum_sum(made->pseudo, made->bytes + made->at, made->l4_len));
	return sum == 0 && made->field == 6 ? 0xffff : sum;
}

static void put(struct made *made, int kind)
{
	lvs_be16 whole = whole_sum(made);
	uint8_t *field = made->bytes + made->at + made->field;

	lvs_store_be16(field, kind == HALF    ? lvs_csum_fold(made->pseudo)
			      : kind == WHOLE ? whole
			      : kind == WRONG ? (lvs_be16)(whole ^ 0x1111)
					      : 0);
}

static const struct {
	enum lvs_xdp_csum how;
	int kind;
	bool whole; /* afterwards */
	bool same;  /* or as it was */
} rows[] = {
	{LVS_XDP_CSUM_TRUST, HALF, false, true},     {LVS_XDP_CSUM_TRUST, WRONG, false, true},
	{LVS_XDP_CSUM_DETECT, HALF, true, false},    {LVS_XDP_CSUM_DETECT, WHOLE, true, true},
	{LVS_XDP_CSUM_DETECT, WRONG, false, true},   {LVS_XDP_CSUM_RECOMPUTE, HALF, true, false},
	{LVS_XDP_CSUM_RECOMPUTE, WHOLE, true, true}, {LVS_XDP_CSUM_RECOMPUTE, WRONG, true, false},
};

START_TEST(test_sum)
{
	static const uint8_t protocols[] = {LVS_TCP, LVS_UDP};
	static const unsigned families[] = {LVS_INET, LVS_INET6};
	static const uint32_t payloads[] = {0, 1, 2, 63, 64, 1400, 1447};

	for (unsigned i = 0; i < 2 * 2 * 7; i++) {
		struct made made, before;
		lvs_be16 present;

		make(&made, families[i & 1], protocols[i >> 1 & 1], payloads[i >> 2]);
		put(&made, rows[_i].kind);
		before = made;
		lvs_xdp_csum(&made.packet, rows[_i].how);
		present = lvs_load_be16(made.bytes + made.at + made.field);
		if (rows[_i].same)
			ck_assert_mem_eq(made.bytes, before.bytes, ROOM);
		ck_assert_int_eq(present == whole_sum(&before), rows[_i].whole);
		/* Nothing else was written. */
		lvs_store_be16(made.bytes + made.at + made.field, 0);
		ck_assert_mem_eq(made.bytes, before.bytes, ROOM);
	}
}
END_TEST

/* RFC 768: a field of 0 is none; it is not made. */
START_TEST(test_udp_without)
{
	struct made made;

	make(&made, LVS_INET, LVS_UDP, 100);
	put(&made, ZERO);
	lvs_xdp_csum(&made.packet, (enum lvs_xdp_csum)_i);
	ck_assert_uint_eq(lvs_load_be16(made.bytes + made.at + 6), 0);
}
END_TEST

START_TEST(test_sctp)
{
	struct made made;
	uint8_t expected[4], wrong[4] = {1, 2, 3, 4};

	make(&made, LVS_INET6, LVS_SCTP, 80);
	memset(made.bytes + made.at + 8, 0, 4);
	lvs_crc32c_sctp(made.bytes + made.at, made.l4_len);
	memcpy(expected, made.bytes + made.at + 8, 4);
	memset(made.bytes + made.at + 8, 0, 4);
	lvs_xdp_csum(&made.packet, LVS_XDP_CSUM_DETECT);
	ck_assert_mem_eq(made.bytes + made.at + 8, expected, 4);
	memcpy(made.bytes + made.at + 8, wrong, 4);
	lvs_xdp_csum(&made.packet, LVS_XDP_CSUM_DETECT);
	ck_assert_mem_eq(made.bytes + made.at + 8, wrong, 4);
	lvs_xdp_csum(&made.packet, LVS_XDP_CSUM_RECOMPUTE);
	ck_assert_mem_eq(made.bytes + made.at + 8, expected, 4);
}
END_TEST

/* Fragments, and lengths that are not true, are left alone. */
START_TEST(test_left)
{
	struct made made, before;

	make(&made, _i & 1 ? LVS_INET6 : LVS_INET, LVS_TCP, 200);
	put(&made, HALF);
	switch (_i) {
	case 0:
		lvs_store16(made.bytes + 6, 0x2000);
		break;
	case 1:
		made.bytes[6] = 44;
		break;
	case 2:
		lvs_store16(made.bytes + 2, 19);
		break;
	case 3:
		lvs_store16(made.bytes + 4, 2000);
		break;
	case 4:
		made.bytes[0] = 0x44;
		break;
	default:
		made.packet.linear_len = 39;
	}
	before = made;
	lvs_xdp_csum(&made.packet, LVS_XDP_CSUM_RECOMPUTE);
	ck_assert_mem_eq(made.bytes, before.bytes, ROOM);
	ck_assert_uint_eq(made.packet.flags, 0);
}
END_TEST

/* Every length that a receiver may be told. */
START_TEST(test_short)
{
	for (uint32_t len = 0; len < 70; len++) {
		struct made made;

		make(&made, _i & 1 ? LVS_INET6 : LVS_INET, _i & 2 ? LVS_UDP : LVS_TCP, 4);
		made.packet.len = made.packet.linear_len = len;
		lvs_xdp_csum(&made.packet, LVS_XDP_CSUM_RECOMPUTE);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("xdp_csum");

	tcase_add_loop_test(tcase, test_sum, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(tcase, test_udp_without, LVS_XDP_CSUM_TRUST,
			    LVS_XDP_CSUM_RECOMPUTE + 1);
	tcase_add_test(tcase, test_sctp);
	tcase_add_loop_test(tcase, test_left, 0, 6);
	tcase_add_loop_test(tcase, test_short, 0, 4);
	return unit_run("xdp_csum", tcase);
}
