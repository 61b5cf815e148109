/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 packets are cut, the fragments checked one by one and put together again. */
#include <liblvs/error.h>

#include "base/compiler.h"

#include "packet_ref.h"
#include "unit.h"

#define ROUNDS 5000

/* A packet, and what of it every fragment must begin with. */
struct whole {
	uint8_t data[REF_MAX];
	uint32_t len, keep, next_at;
};

static uint8_t *put_extension(struct ref_rng *rng, uint8_t *to)
{
	unsigned len = 8 + 8 * ref_below(rng, 4);

	ref_fill(rng, to, len);
	to[1] = (uint8_t)(len / 8 - 1);
	return to + len;
}

/* Hop-by-hop options, destination options, routing header, destination options: each or not. */
static void whole_make(struct ref_rng *rng, struct whole *whole, uint32_t payload)
{
	static const uint8_t order[] = {0, 60, 43, 60};
	uint8_t *next = whole->data + 6, *to = whole->data + 40;

	ref_fill(rng, whole->data, 40);
	whole->data[0] = 0x60;
	whole->keep = 40;
	whole->next_at = 6;
	for (unsigned i = 0; i < LVS_ARRAY_N(order); i++) {
		if (ref_below(rng, 2))
			continue;
		*next = order[i];
		next = to;
		to = put_extension(rng, to);
		if (order[i] != 60) {
			whole->keep = (uint32_t)(to - whole->data);
			whole->next_at = (uint32_t)(next - whole->data);
		}
	}
	*next = LVS_UDP;
	ref_fill(rng, to, payload);
	whole->len = (uint32_t)(to - whole->data) + payload;
	ref_put16(whole->data + 4, whole->len - 40);
}

/* What stands in front of the data, and where the data go. Returns whether more are to come. */
static bool gather(const struct whole *whole, const struct lvs_packet *out, uint8_t *to,
		   uint32_t *filled, uint8_t id[4])
{
	const uint8_t *header = out->data + whole->keep;
	uint32_t start = ref_get16(header + 2) & 0xfff8u;
	uint32_t n = out->len - whole->keep - 8;
	static uint8_t want[REF_MAX];

	memcpy(want, whole->data, whole->keep);
	ref_put16(want + 4, out->len - 40);
	want[whole->next_at] = 44;
	ck_assert_mem_eq(out->data, want, whole->keep);
	ck_assert_uint_eq(header[0], whole->data[whole->next_at]);
	ck_assert_uint_eq(header[1], 0);
	ck_assert_uint_eq(ref_get16(header + 2) & 6, 0);
	if (start == 0)
		memcpy(id, header + 4, 4);
	ck_assert_mem_eq(header + 4, id, 4);
	ck_assert_uint_eq(start, *filled);
	memcpy(to + start, header + 8, n);
	*filled += n;
	return header[3] & 1;
}

static void check_whole(const struct whole *whole, uint32_t mtu, uint8_t id[4])
{
	static uint8_t buffer[REF_MAX], again[REF_MAX], copy[REF_MAX];
	struct lvs_packet packet = ref_packet(copy, whole->len + 6);
	uint32_t filled = 0;
	bool more = true;
	unsigned part = 0;

	memcpy(copy, whole->data, whole->len);
	for (;; part++) {
		struct lvs_packet out = {.data = buffer, .tailroom = (uint16_t)mtu};
		int got = lvs_packet_fragment(&packet, mtu, part, &out);

		ck_assert_int_ge(got, 0);
		if (got == 0)
			break;
		ck_assert(more);
		ck_assert_uint_le(out.len, mtu);
		/* As full as can be, but the last one. */
		more = gather(whole, &out, again, &filled, id);
		ck_assert(!more || out.len + 8 > mtu);
		ck_assert(!more || (out.len - whole->keep) % 8 == 0);
	}
	ck_assert(!more);
	ck_assert_uint_gt(part, 1);
	ck_assert_uint_eq(filled, whole->len - whole->keep);
	ck_assert_mem_eq(again, whole->data + whole->keep, filled);
}

START_TEST(test_random)
{
	static struct whole whole;
	struct ref_rng rng = {61};
	uint8_t id[4] = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t mtu = ref_below(&rng, 4) ? 1280 : 68 + ref_below(&rng, 1500);

		whole_make(&rng, &whole, mtu + ref_below(&rng, mtu * 4));
		if (mtu >= whole.keep + 16)
			check_whole(&whole, mtu, id);
	}
}
END_TEST

/* The longest packet over the narrowest path that its headers allow. */
START_TEST(test_longest)
{
	static struct whole whole;
	struct ref_rng rng = {62};
	uint8_t id[4] = {0};

	do
		whole_make(&rng, &whole, 65535 - 96);
	while (whole.keep != 40 + 8 + 8);
	check_whole(&whole, 40 + 16 + 16, id);
}
END_TEST

/* Packets that differ in a word have another identification, the same packet has the same. */
START_TEST(test_identification)
{
	static struct whole whole;
	struct ref_rng rng = {63};
	uint8_t first[4] = {0}, second[4] = {0};

	for (unsigned i = 0; i < 200; i++) {
		whole_make(&rng, &whole, 3000);
		check_whole(&whole, 1280, first);
		check_whole(&whole, 1400, second);
		ck_assert_mem_eq(first, second, 4);
		whole.data[whole.keep + 4 * ref_below(&rng, 2) + 4] ^= 1;
		/* An extension header's length is not to be changed. */
		if (whole.data[whole.next_at] != LVS_UDP)
			continue;
		check_whole(&whole, 1280, second);
		ck_assert(memcmp(first, second, 4) != 0);
	}
}
END_TEST

/* What fits comes back as it is, without padding. */
START_TEST(test_fits)
{
	static struct whole whole;
	static uint8_t buffer[REF_MAX];
	struct ref_rng rng = {64};
	struct lvs_packet packet, out = {.data = buffer, .tailroom = 2000};

	whole_make(&rng, &whole, 1000);
	packet = ref_packet(whole.data, whole.len + 6);
	ck_assert_int_eq(lvs_packet_fragment(&packet, whole.len, 0, &out), 1);
	ck_assert_uint_eq(out.len, whole.len);
	ck_assert_mem_eq(out.data, whole.data, whole.len);
	ck_assert_int_eq(lvs_packet_fragment(&packet, whole.len, 1, &out), 0);
	ck_assert_int_eq(lvs_packet_fragment(&packet, whole.len - 1, UINT32_MAX, &out), 0);
}
END_TEST

/* Two bytes of the headers changed, or something asked of the sender. */
START_TEST(test_refused)
{
	static const struct {
		uint8_t at, value, at2, value2;
		uint8_t flags, gso_size, not_linear;
		uint32_t mtu;
		int err;
	} rows[] = {
		{0, 0x60, 0, 0x60, 0, 0, 0, 300, 1},
		{0, 0x60, 0, 0x60, 0, 0, 0, 67, LVS_ERR_RANGE},
		{0, 0x60, 0, 0x60, 0, 0, 0, 68, 1},
		{6, 44, 40, 17, 0, 0, 0, 300, LVS_ERR_FORMAT}, /* a fragment already */
		{6, 60, 40, 44, 0, 0, 0, 300, LVS_ERR_FORMAT},
		{6, 60, 41, 255, 0, 0, 0, 300, LVS_ERR_FORMAT}, /* goes too far */
		{6, 60, 41, 0, 0, 0, 0, 300, 1},
		{6, 0, 41, 3, 0, 0, 0, 40 + 32 + 16, 1}, /* hop-by-hop options are kept */
		{6, 0, 41, 3, 0, 0, 0, 40 + 32 + 15, LVS_ERR_RANGE},
		{4, 0, 5, 0, 0, 0, 0, 300, LVS_ERR_FORMAT}, /* a jumbogram */
		{4, 0xff, 0, 0x60, 0, 0, 0, 300, LVS_ERR_FORMAT},
		{0, 0x60, 0, 0x60, LVS_PACKET_CSUM_PARTIAL, 0, 0, 300, LVS_ERR_FORMAT},
		{0, 0x60, 0, 0x60, LVS_PACKET_CSUM_VALID, 0, 0, 300, 1},
		{0, 0x60, 0, 0x60, 0, 100, 0, 300, LVS_ERR_FORMAT},
		{0, 0x60, 0, 0x60, 0, 0, 1, 300, LVS_ERR_FORMAT},
		{0, 0x60, 0, 0x60, 0, 0, 0, 432, LVS_ERR_RANGE}, /* the buffer has 420 */
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++) {
		struct ref_rng rng = {65};
		uint8_t p[1000], buffer[420];
		struct lvs_packet packet = ref_packet(p, sizeof(p));
		struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};

		ref_put_ip(p, LVS_INET6, LVS_UDP, 0, sizeof(p) - 40, &rng);
		memset(p + 40, 0, sizeof(p) - 40);
		p[40] = LVS_UDP;
		p[rows[i].at] = rows[i].value;
		p[rows[i].at2] = rows[i].value2;
		packet.flags = rows[i].flags;
		packet.gso_size = rows[i].gso_size;
		packet.linear_len -= rows[i].not_linear;
		ck_assert_msg(lvs_packet_fragment(&packet, rows[i].mtu, 0, &out) == rows[i].err,
			      "row %u", i);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("fragment_ipv6");

	tcase_add_test(tcase, test_random);
	tcase_add_test(tcase, test_longest);
	tcase_add_test(tcase, test_identification);
	tcase_add_test(tcase, test_fits);
	tcase_add_test(tcase, test_refused);
	return unit_run("fragment_ipv6", tcase);
}
