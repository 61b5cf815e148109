/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 packets are cut, the fragments checked one by one and put together again. */
#include <liblvs/error.h>

#include "base/compiler.h"

#include "packet_ref.h"
#include "unit.h"

#define ROUNDS 10000

/* A packet and what its later fragments' options must be. */
struct whole {
	uint8_t data[REF_MAX];
	uint32_t len;
	uint32_t header_len;
	uint8_t later[40]; /* options with the copied flag, padded */
	uint32_t later_len;
};

/* Options at random: no-operation, and some of any length with and without the copied flag. */
static uint32_t put_options(struct ref_rng *rng, struct whole *whole)
{
	uint32_t room = ref_below(rng, 11) * 4, at = 0, kept = 0;
	uint8_t *option = whole->data + 20;

	memset(whole->later, 0, sizeof(whole->later));
	while (at < room) {
		uint32_t len = 2 + ref_below(rng, 12);
		uint8_t type = (uint8_t)(2 + ref_below(rng, 30));

		if (ref_below(rng, 3) == 0 || len > room - at) {
			option[at++] = 1;
			continue;
		}
		if (ref_below(rng, 8) == 0)
			break;
		ref_fill(rng, option + at, len);
		option[at] = type | (ref_below(rng, 2) ? 0x80 : 0);
		option[at + 1] = (uint8_t)len;
		if (option[at] & 0x80) {
			memcpy(whole->later + kept, option + at, len);
			kept += len;
		}
		at += len;
	}
	/* End of options: what follows is not looked at. */
	if (at < room) {
		ref_fill(rng, option + at, room - at);
		option[at] = 0;
	}
	whole->later_len = (kept + 3) / 4 * 4;
	return room;
}

static void whole_make(struct ref_rng *rng, struct whole *whole, uint32_t payload)
{
	uint32_t options = put_options(rng, whole);

	ref_fill(rng, whole->data, 20);
	whole->header_len = 20 + options;
	whole->len = whole->header_len + payload;
	whole->data[0] = (uint8_t)(0x40 | whole->header_len / 4);
	ref_put16(whole->data + 2, whole->len);
	ref_put16(whole->data + 6, ref_below(rng, 2) ? 0x4000 : 0);
	ref_fill(rng, whole->data + whole->header_len, payload);
	ref_ipv4_checksum(whole->data);
}

/* Fixed fields are kept, options those of RFC 791, lengths and checksum right. */
static void check_header(const struct whole *whole, const struct lvs_packet *out, bool first)
{
	const uint8_t *ip = out->data;
	uint32_t len = (ip[0] & 15) * 4u;

	ck_assert_uint_eq(ip[0] >> 4, 4);
	ck_assert(ref_ipv4_ok(ip));
	ck_assert_uint_eq(ref_get16(ip + 2), out->len);
	ck_assert_uint_eq(ip[1], whole->data[1]);
	ck_assert_mem_eq(ip + 4, whole->data + 4, 2);
	ck_assert_mem_eq(ip + 8, whole->data + 8, 2);
	ck_assert_mem_eq(ip + 12, whole->data + 12, 8);
	ck_assert_uint_eq(len, first ? whole->header_len : 20 + whole->later_len);
	if (first)
		ck_assert_mem_eq(ip + 20, whole->data + 20, len - 20);
	else
		ck_assert_mem_eq(ip + 20, whole->later, len - 20);
}

/* Puts a fragment where it says it belongs. Returns whether more are to come. */
static bool gather(const struct lvs_packet *out, uint32_t base, uint8_t *to, uint32_t *filled)
{
	uint32_t header_len = (out->data[0] & 15) * 4u;
	uint16_t word = ref_get16(out->data + 6);
	uint32_t start = (word & 0x1fff) * 8u - base;

	ck_assert_uint_eq(word & 0xc000, 0);
	ck_assert_uint_eq(start, *filled);
	memcpy(to + start, out->data + header_len, out->len - header_len);
	*filled = start + out->len - header_len;
	return word & 0x2000;
}

/* Cuts at @p mtu, puts together again, compares. @p base: place of the whole itself. */
static void check_whole(struct whole *whole, uint32_t mtu, uint32_t base, bool more_after)
{
	static uint8_t buffer[REF_MAX], again[REF_MAX];
	struct lvs_packet packet = ref_packet(whole->data, whole->len);
	struct lvs_packet out = {0};
	uint32_t filled = 0, before = 0, room;
	bool more = true;
	unsigned part = 0;

	for (;; part++) {
		int got;

		out.data = buffer;
		out.tailroom = (uint16_t)(mtu < 65535 ? mtu : 65535);
		got = lvs_packet_fragment(&packet, mtu, part, &out);
		ck_assert_int_ge(got, 0);
		if (got == 0)
			break;
		ck_assert_uint_le(out.len, mtu);
		ck_assert_uint_eq(out.linear_len, out.len);
		check_header(whole, &out, part == 0);
		before = filled;
		more = gather(&out, base, again, &filled);
	}
	ck_assert_uint_gt(part, 1);
	ck_assert_uint_eq(more, more_after);
	ck_assert_uint_eq(filled, whole->len - whole->header_len);
	ck_assert_mem_eq(again, whole->data + whole->header_len, filled);
	/* As few as can be: the last one did not fit into the one before. */
	room = mtu - (part == 2 ? whole->header_len : 20 + whole->later_len);
	ck_assert_uint_gt(room / 8 * 8 + filled - before, room);
}

START_TEST(test_random)
{
	static struct whole whole;
	struct ref_rng rng = {77};

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t mtu =
			68 + (ref_below(&rng, 4) ? ref_below(&rng, 200) : ref_below(&rng, 3000));

		whole_make(&rng, &whole, mtu + ref_below(&rng, mtu * 4));
		check_whole(&whole, mtu, 0, false);
	}
}
END_TEST

/* The longest packet over the narrowest link. */
START_TEST(test_longest)
{
	static struct whole whole;
	struct ref_rng rng = {78};

	do
		whole_make(&rng, &whole, 65535 - 60);
	while (whole.header_len != 60);
	check_whole(&whole, 68, 0, false);
	check_whole(&whole, 65534, 0, false);
}
END_TEST

/* A fragment cut again: a router in front had a wider link. */
START_TEST(test_again)
{
	static struct whole whole;
	struct ref_rng rng = {79};

	for (unsigned i = 0; i < 2000; i++) {
		uint32_t base = ref_below(&rng, 7000) * 8;
		bool more = ref_below(&rng, 2);

		whole_make(&rng, &whole, 1400 + ref_below(&rng, 100) * 8);
		ref_put16(whole.data + 6, (more ? 0x2000u : 0) | base / 8);
		ref_ipv4_checksum(whole.data);
		check_whole(&whole, 576, base, more);
	}
}
END_TEST

/* A packet that fits comes back as it is, without padding, "don't fragment" kept. */
START_TEST(test_fits)
{
	static struct whole whole;
	static uint8_t buffer[REF_MAX];
	struct ref_rng rng = {80};

	for (unsigned i = 0; i < 200; i++) {
		struct lvs_packet packet, out = {.data = buffer, .tailroom = 2000};

		whole_make(&rng, &whole, 68 + ref_below(&rng, 1000));
		packet = ref_packet(whole.data, whole.len + 6);
		ck_assert_int_eq(lvs_packet_fragment(&packet, whole.len, 0, &out), 1);
		ck_assert_uint_eq(out.len, whole.len);
		ck_assert_mem_eq(out.data, whole.data, whole.len);
		ck_assert_int_eq(lvs_packet_fragment(&packet, whole.len, 1, &out), 0);
		out.tailroom = (uint16_t)(whole.len - 1);
		ck_assert_int_eq(lvs_packet_fragment(&packet, whole.len, 0, &out), LVS_ERR_RANGE);
	}
}
END_TEST

/* One byte of the header changed, or something asked of the sender. */
START_TEST(test_refused)
{
	static const struct {
		uint8_t at, value;
		uint8_t flags, gso_size, not_linear;
		uint32_t mtu;
		int err;
	} rows[] = {
		{1, 0, 0, 0, 0, 300, 1},
		{1, 0, 0, 0, 0, 67, LVS_ERR_RANGE},
		{1, 0, 0, 0, 0, 68, 1},
		{0, 0x65, 0, 0, 0, 300, LVS_ERR_FORMAT},
		{0, 0x44, 0, 0, 0, 300, LVS_ERR_FORMAT},
		{2, 0, 0, 0, 0, 300, LVS_ERR_FORMAT},
		{2, 0x05, 0, 0, 0, 300, LVS_ERR_FORMAT},
		{6, 0x1f, 0, 0, 0, 300, LVS_ERR_FORMAT},
		{1, 0, LVS_PACKET_CSUM_PARTIAL, 0, 0, 300, LVS_ERR_FORMAT},
		{1, 0, LVS_PACKET_CSUM_VALID, 0, 0, 300, 1},
		{1, 0, 0, 100, 0, 300, LVS_ERR_FORMAT},
		{1, 0, 0, 0, 1, 300, LVS_ERR_FORMAT},
		{1, 0, 0, 0, 0, 420, 1},
		{1, 0, 0, 0, 0, 428, LVS_ERR_RANGE}, /* the buffer has 420 */
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++) {
		struct ref_rng rng = {81};
		uint8_t p[1032], buffer[420];
		struct lvs_packet packet = ref_packet(p, sizeof(p));
		struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};

		ref_put_ip(p, LVS_INET, LVS_UDP, 0, sizeof(p) - 20, &rng);
		/* The total length's low byte alone is less than a header. */
		ck_assert_uint_eq(p[3], 8);
		ref_put16(p + 6, 0x00ff);
		memset(p + 20, 0, sizeof(p) - 20);
		p[rows[i].at] = rows[i].value;
		packet.flags = rows[i].flags;
		packet.gso_size = rows[i].gso_size;
		packet.linear_len -= rows[i].not_linear;
		ck_assert_msg(lvs_packet_fragment(&packet, rows[i].mtu, 0, &out) == rows[i].err,
			      "row %u", i);
	}
}
END_TEST

/* Options that end outside the header, or nowhere. */
START_TEST(test_bad_options)
{
	static const struct {
		uint8_t options[4];
		int err;
	} rows[] = {
		{{1, 1, 1, 1}, 1},
		{{1, 1, 1, 0}, 1},
		{{0, 7, 0, 0}, 1},
		{{0x94, 4, 0, 0}, 1},
		{{0x94, 5, 0, 0}, LVS_ERR_FORMAT},
		{{0x94, 1, 0, 0}, LVS_ERR_FORMAT},
		{{7, 0, 0, 0}, LVS_ERR_FORMAT},
		{{1, 1, 1, 7}, LVS_ERR_FORMAT},
		{{1, 1, 7, 3}, LVS_ERR_FORMAT},
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++) {
		struct ref_rng rng = {82};
		uint8_t p[400], buffer[400];
		struct lvs_packet packet = ref_packet(p, sizeof(p));
		struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};

		ref_put_ip(p, LVS_INET, LVS_UDP, 4, sizeof(p) - 24, &rng);
		memcpy(p + 20, rows[i].options, 4);
		memset(p + 24, 0, sizeof(p) - 24);
		ck_assert_int_eq(lvs_packet_fragment(&packet, 200, 0, &out), rows[i].err);
	}
}
END_TEST

/* Numbers of parts far beyond any packet. */
START_TEST(test_part_numbers)
{
	static const unsigned parts[] = {5, 8191, 8192, 0x20000000, UINT32_MAX};
	struct ref_rng rng = {83};
	uint8_t p[400], buffer[400];
	struct lvs_packet packet = ref_packet(p, sizeof(p));
	struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};

	ref_put_ip(p, LVS_INET, LVS_UDP, 0, sizeof(p) - 20, &rng);
	memset(p + 20, 0, sizeof(p) - 20);
	for (unsigned i = 0; i < LVS_ARRAY_N(parts); i++)
		ck_assert_int_eq(lvs_packet_fragment(&packet, 120, parts[i], &out), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("fragment");

	tcase_add_test(tcase, test_random);
	tcase_add_test(tcase, test_longest);
	tcase_add_test(tcase, test_again);
	tcase_add_test(tcase, test_fits);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_bad_options);
	tcase_add_test(tcase, test_part_numbers);
	return unit_run("fragment", tcase);
}
