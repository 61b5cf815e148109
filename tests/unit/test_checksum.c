/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums and repairs against full computation by a plain reference. */
#include "forward/send.h"
#include "packet/checksum.h"

#include "packet_ref.h"
#include "unit.h"

#define ROUNDS 250000

/* Where the fields of one test packet lie. */
struct probe {
	uint8_t data[1700];
	unsigned family;
	uint8_t protocol;
	unsigned addr; /* source address; the destination's follows it */
	unsigned l4;
	uint32_t l4_len;
};

/* Words that carry and complement badly come up often. */
static void corner_fill(struct ref_rng *rng, uint8_t *p, size_t len)
{
	switch (ref_below(rng, 4)) {
	case 0:
		memset(p, 0, len);
		break;
	case 1:
		memset(p, 0xff, len);
		break;
	default:
		ref_fill(rng, p, len);
	}
}

static uint8_t *place(struct probe *probe)
{
	return probe->data + probe->l4 + ref_place(probe->protocol);
}

static void probe_make(struct ref_rng *rng, struct probe *probe)
{
	uint32_t payload = ref_below(rng, 8) ? ref_below(rng, 80) : ref_below(rng, 1500);
	unsigned header;

	probe->family = ref_below(rng, 2) ? LVS_INET : LVS_INET6;
	probe->protocol = ref_below(rng, 2) ? LVS_TCP : LVS_UDP;
	header = probe->protocol == LVS_TCP ? 20 : 8;
	probe->l4_len = header + payload;
	probe->l4 = ref_put_ip(probe->data, probe->family, probe->protocol, 0, probe->l4_len, rng);
	ref_put_l4(probe->data + probe->l4, probe->protocol, 0, payload, rng);
	corner_fill(rng, probe->data + probe->l4 + header, payload);
	probe->addr = probe->family == LVS_INET ? 12 : 8;
	corner_fill(rng, probe->data + probe->addr, lvs_addr_len(probe->family));
	corner_fill(rng, probe->data + probe->l4, 4);
	if (probe->family == LVS_INET)
		ref_ipv4_checksum(probe->data);
}

/* Changes one address, source or destination, and returns the delta. */
static uint64_t change_addr(struct ref_rng *rng, struct probe *probe)
{
	unsigned len = lvs_addr_len(probe->family);
	uint8_t *at = probe->data + probe->addr + (ref_below(rng, 2) ? len : 0);
	union lvs_addr from, to;

	memset(&from, 0, sizeof(from));
	memset(&to, 0, sizeof(to));
	memcpy(&from, at, len);
	corner_fill(rng, at, len);
	memcpy(&to, at, len);
	return lvs_csum_delta_addr(0, &from, &to, probe->family);
}

static uint64_t change_port(struct ref_rng *rng, struct probe *probe, uint64_t delta)
{
	uint8_t *at = probe->data + probe->l4 + (ref_below(rng, 2) ? 2 : 0);
	lvs_be16 from = lvs_load_be16(at);

	corner_fill(rng, at, 2);
	return lvs_csum_delta16(delta, from, lvs_load_be16(at));
}

static void check_ip(struct probe *probe, uint64_t addr)
{
	uint8_t ref[20];

	if (probe->family != LVS_INET)
		return;
	lvs_csum_apply(probe->data + 10, addr);
	memcpy(ref, probe->data, sizeof(ref));
	ref_ipv4_checksum(ref);
	ck_assert_mem_eq(probe->data, ref, sizeof(ref));
	ck_assert(lvs_csum_ipv4_valid(probe->data, 20));
	ck_assert_uint_eq(lvs_csum_ipv4(probe->data, 20), lvs_load_be16(probe->data + 10));
}

/* The repaired checksum is that of a full computation, bit for bit. */
START_TEST(test_repair)
{
	struct ref_rng rng = {20240601};
	static struct probe probe;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t addr, both;
		uint16_t repaired;

		probe_make(&rng, &probe);
		ref_l4_checksum(probe.data, probe.data + probe.l4, probe.protocol, probe.l4_len);
		addr = change_addr(&rng, &probe);
		both = change_port(&rng, &probe, addr);
		check_ip(&probe, addr);
		if (probe.protocol == LVS_UDP)
			lvs_csum_apply_udp(place(&probe), both);
		else
			lvs_csum_apply(place(&probe), both);
		repaired = ref_get16(place(&probe));
		ref_l4_checksum(probe.data, probe.data + probe.l4, probe.protocol, probe.l4_len);
		ck_assert_msg(repaired == ref_get16(place(&probe)), "round %u: %04x, not %04x", i,
			      repaired, ref_get16(place(&probe)));
	}
}
END_TEST

/* A partial checksum follows the addresses, and completes to the right one. */
START_TEST(test_partial)
{
	struct ref_rng rng = {7};
	static struct probe probe;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint16_t repaired;
		uint64_t addr;

		probe_make(&rng, &probe);
		ref_l4_partial(probe.data, probe.data + probe.l4, probe.protocol, probe.l4_len);
		addr = change_addr(&rng, &probe);
		change_port(&rng, &probe, 0);
		lvs_csum_apply_partial(place(&probe), addr);
		repaired = ref_get16(place(&probe));
		ref_l4_partial(probe.data, probe.data + probe.l4, probe.protocol, probe.l4_len);
		ck_assert_uint_eq(repaired, ref_get16(place(&probe)));
	}
}
END_TEST

/* Any length from any address, in one piece or in two. */
START_TEST(test_sum)
{
	static uint8_t data[4200];
	struct ref_rng rng = {3};

	for (unsigned i = 0; i < 20000; i++) {
		uint32_t at = ref_below(&rng, 64);
		uint32_t len = ref_below(&rng, 16) ? ref_below(&rng, 200) : ref_below(&rng, 4096);
		uint32_t cut = ref_below(&rng, len + 1) & ~1u;
		uint64_t two;

		corner_fill(&rng, data + at, len);
		two = lvs_csum_sum(lvs_csum_sum(0, data + at, cut), data + at + cut, len - cut);
		ck_assert_uint_eq(lvs_ntohs(lvs_csum_fold(lvs_csum_sum(0, data + at, len))),
				  ref_sum(0, data + at, len));
		ck_assert_uint_eq(lvs_ntohs(lvs_csum_fold(two)), ref_sum(0, data + at, len));
	}
}
END_TEST

START_TEST(test_pseudo)
{
	struct ref_rng rng = {11};
	static struct probe probe;

	for (unsigned i = 0; i < 20000; i++) {
		unsigned len;
		uint64_t sum;

		probe_make(&rng, &probe);
		len = lvs_addr_len(probe.family);
		sum = lvs_csum_pseudo(probe.data + probe.addr, probe.data + probe.addr + len,
				      probe.family, probe.protocol, probe.l4_len);
		ck_assert_uint_eq(lvs_ntohs(lvs_csum_fold(sum)),
				  ref_pseudo(probe.data, probe.protocol, probe.l4_len));
	}
}
END_TEST

/* The carry comes round at every width. */
START_TEST(test_fold)
{
	static const struct {
		uint64_t sum;
		uint16_t folded;
	} rows[] = {
		{0, 0},
		{1, 1},
		{0xffff, 0xffff},
		{0x10000, 1},
		{0x1fffe, 0xffff},
		{0xffffffff, 0xffff},
		{0x100000000, 1},
		{0xffffffff00000000, 0xffff},
		{0xffffffffffffffff, 0xffff},
		{0xfffeffffffffffff, 0xfffe},
		{0x8000800080008000, 2},
		{0x0001ffff00000000, 1},
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++)
		ck_assert_uint_eq(lvs_csum_fold(rows[i].sum), rows[i].folded);
}
END_TEST

/* A field of 0 is UDP without a checksum, and a sum of 0 is never written. */
START_TEST(test_udp_zero)
{
	uint8_t field[2] = {0, 0};

	lvs_csum_apply_udp(field, lvs_csum_delta32(0, 1, 2));
	ck_assert_uint_eq(ref_get16(field), 0);
	/* ~0x1234 is the sum; adding 0x1234 makes it 0xffff, whose complement is 0. */
	ref_put16(field, 0x1234);
	lvs_csum_apply_udp(field, lvs_htons(0x1234));
	ck_assert_uint_eq(ref_get16(field), 0xffff);
	ref_put16(field, 0x1234);
	lvs_csum_apply(field, lvs_htons(0x1234));
	ck_assert_uint_eq(ref_get16(field), 0);
}
END_TEST

/* One changed bit anywhere in a header is seen, options or not. */
START_TEST(test_ipv4_valid)
{
	struct ref_rng rng = {5};

	for (unsigned options = 0; options <= 40; options += 4) {
		uint8_t ip[60];
		unsigned len = ref_put_ip(ip, LVS_INET, LVS_TCP, options, 100, &rng);

		ck_assert(lvs_csum_ipv4_valid(ip, len));
		ck_assert_uint_eq(lvs_csum_ipv4(ip, len), lvs_load_be16(ip + 10));
		for (unsigned bit = 0; bit < len * 8; bit++) {
			ip[bit / 8] ^= (uint8_t)(1u << bit % 8);
			ck_assert(!lvs_csum_ipv4_valid(ip, len));
			ip[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}
END_TEST

/* The single-field forms do what a delta of one does. */
START_TEST(test_update)
{
	struct ref_rng rng = {13};
	uint8_t ip[40];

	for (unsigned i = 0; i < 20000; i++) {
		lvs_be32 from[4], to[4];
		uint8_t one[2], two[2];

		corner_fill(&rng, ip, sizeof(ip));
		memcpy(from, ip, sizeof(from));
		corner_fill(&rng, ip, 16);
		memcpy(to, ip, sizeof(to));
		ref_fill(&rng, one, sizeof(one));
		memcpy(two, one, sizeof(two));
		lvs_csum_update128(one, from, to);
		lvs_csum_apply(two, lvs_csum_delta128(0, from, to));
		ck_assert_mem_eq(one, two, 2);
		for (unsigned n = 0; n < 4; n++)
			lvs_csum_update32(one, to[n], from[n]);
		lvs_csum_update16(one, lvs_load_be16(ip), lvs_load_be16(ip + 2));
		lvs_csum_update16(one, lvs_load_be16(ip + 2), lvs_load_be16(ip));
		lvs_csum_update128(one, from, to);
		ck_assert_mem_eq(one, two, 2);
	}
}
END_TEST

/* One hop less: as the general repair has it, for every checksum. */
START_TEST(test_hop)
{
	for (uint32_t sum = 0; sum <= UINT16_MAX; sum++) {
		uint8_t ip[20] = {0x45, [8] = 64};
		uint8_t field[2];
		struct lvs_packet packet = {.data = ip, .len = sizeof(ip)};
		struct lvs_headers headers = {.flow.family = LVS_INET, .ttl = 64};

		lvs_store16(ip + 10, (uint16_t)sum);
		lvs_store16(field, (uint16_t)sum);
		lvs_csum_update16(field, lvs_htons(0x0100), 0);
		lvs_send_decrement_ttl(&packet, &headers);
		ck_assert_mem_eq(ip + 10, field, sizeof(field));
		ck_assert_uint_eq(ip[8], 63);
		ck_assert_uint_eq(headers.ttl, 63);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("checksum");

	tcase_add_test(tcase, test_hop);
	tcase_add_test(tcase, test_repair);
	tcase_add_test(tcase, test_partial);
	tcase_add_test(tcase, test_sum);
	tcase_add_test(tcase, test_pseudo);
	tcase_add_test(tcase, test_fold);
	tcase_add_test(tcase, test_udp_zero);
	tcase_add_test(tcase, test_ipv4_valid);
	tcase_add_test(tcase, test_update);
	return unit_run("checksum", tcase);
}
