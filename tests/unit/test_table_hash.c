/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash: against its formula, universal in what can be counted, the same from both sides. */
#include "base/byteorder.h"
#include "base/hash.h"
#include "base/siphash.h"
#include "conn/index.h"
#include "conn/key.h"
#include "conn/tags.h"
#include "table_rig.h"

#include "unit.h"

static void init(struct lvs_hash *hash, uint32_t key)
{
	uint8_t bytes[16] = {0};

	memcpy(bytes, &key, sizeof(key));
	lvs_hash_init(hash, bytes);
}

/* 192 bits or more by the school's method, in digits of 16 bits: what no machine word can do. */
static uint64_t school(const uint64_t *c, const uint64_t *words, unsigned n)
{
	uint64_t digit[8] = {0};
	uint64_t upper = 0;

	for (unsigned i = 0; i < 8; i++)
		digit[i] = c[i < 4] >> i % 4 * 16 & 0xffff;
	for (unsigned w = 0; w < n; w++)
		for (unsigned i = 0; i < 8; i++)
			for (unsigned j = 0; j < 4 && i + j < 8; j++)
				digit[i + j] += (c[2 + 2 * w + (i < 4)] >> i % 4 * 16 & 0xffff) *
						(words[w] >> j * 16 & 0xffff);
	for (unsigned i = 0; i < 7; i++) {
		digit[i + 1] += digit[i] >> 16;
		digit[i] &= 0xffff;
	}
	for (unsigned i = 4; i < 8; i++)
		upper |= (digit[i] & 0xffff) << (i - 4) * 16;
	return upper;
}

/* The formula, its coefficients from SipHash of their number, IPv6's behind those of IPv4. */
START_TEST(test_formula)
{
	static const uint64_t words[][5] = {
		{1, 0xffffffff, 0x80000000, 7, 9},
		{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
		{0xdeadbeef00000005, 0, UINT64_C(1) << 63, 0x123456789abcdef0, 3},
	};
	const uint8_t key[16] = "sixteen bytes ok";
	struct lvs_hash hash;
	uint64_t c[18];

	lvs_hash_init(&hash, key);
	for (uint8_t i = 0; i < 18; i++)
		c[i] = lvs_siphash(key, &i, 1);
	for (unsigned i = 0; i < LVS_ARRAY_N(words); i++) {
		ck_assert_uint_eq(lvs_hash_inet(&hash, words[i]),
				  lvs_hash_permute(school(c, words[i], 2)));
		ck_assert_uint_eq(lvs_hash_inet6(&hash, words[i]),
				  lvs_hash_permute(school(c + 6, words[i], 5)));
	}
	/* the first number that splitmix64 gives from state 0 */
	ck_assert_uint_eq(lvs_hash_permute(0x9e3779b97f4a7c15), 0xe220a8397b1dcdaf);
}
END_TEST

static void random_flow(struct lvs_flow *flow, bool inet6, uint64_t *random)
{
	memset(flow, 0, sizeof(*flow));
	for (unsigned i = 0; i < (inet6 ? 4u : 1u); i++) {
		flow->src.word[i] = rig_random(random) & 3;
		flow->dst.word[i] = rig_random(random) & 3;
	}
	flow->src_port = rig_random(random) & 3;
	flow->dst_port = rig_random(random) & 3;
	flow->family = inet6 ? LVS_INET6 : LVS_INET;
	flow->protocol = LVS_TCP;
}

static void turn(const struct lvs_flow *flow, struct lvs_flow *back)
{
	*back = *flow;
	back->src = flow->dst;
	back->dst = flow->src;
	back->src_port = flow->dst_port;
	back->dst_port = flow->src_port;
}

/* Ends that are equal in part, or wholly, in every order. */
START_TEST(test_both_sides)
{
	uint64_t random = 88172645463325252u;
	struct lvs_hash hash;

	init(&hash, 1);
	for (unsigned i = 0; i < 20000; i++) {
		struct lvs_flow flow, back, other;
		uint64_t value;

		random_flow(&flow, i % 2, &random);
		turn(&flow, &back);
		value = lvs_key_hash_flow(&hash, &flow);
		ck_assert_uint_eq(lvs_key_hash_flow(&hash, &back), value);
		/* and nothing else has it: 2^-64 for each of so many pairs */
		random_flow(&other, i % 2, &random);
		if (memcmp(&other, &flow, sizeof(flow)) != 0 &&
		    memcmp(&other, &back, sizeof(back)) != 0)
			ck_assert_uint_ne(lvs_key_hash_flow(&hash, &other), value);
	}
}
END_TEST

/*
 * For two fixed keys and many secrets: equal in the uppermost 8 bits, and in the lowest,
 * once in 256, whatever the keys differ in.
 */
START_TEST(test_universality)
{
	enum { SECRETS = 1 << 16 };
	static const uint64_t pairs[][2][2] = {
		{{0, 0}, {1, 0}},
		{{1, 2}, {1, 3}},
		{{UINT64_C(1) << 63, 5}, {0, 5}},
		{{1, UINT64_C(1) << 32}, {1, UINT64_C(2) << 32}},
		{{1, 2}, {2, 1}},
	};
	const double expected = SECRETS / 256.0;

	for (unsigned p = 0; p < LVS_ARRAY_N(pairs); p++) {
		unsigned equal[2] = {0, 0};

		for (uint32_t secret = 0; secret < SECRETS; secret++) {
			struct lvs_hash hash;
			uint64_t a, b;

			init(&hash, secret);
			a = lvs_hash_inet(&hash, pairs[p][0]);
			b = lvs_hash_inet(&hash, pairs[p][1]);
			equal[0] += ((a ^ b) >> 56) == 0;
			equal[1] += ((a ^ b) & 0xff) == 0;
		}
		/* 5 standard deviations of 16 */
		for (unsigned end = 0; end < 2; end++)
			ck_assert_double_lt((equal[end] - expected) * (equal[end] - expected),
					    80.0 * 80.0);
	}
}
END_TEST

/* Consecutive clients of one service: lines, tags and shards are filled as by chance. */
START_TEST(test_spread)
{
	enum { FLOWS = 1 << 18, CELLS = 256 };
	const double expected = (double)FLOWS / CELLS;
	struct lvs_hash hash;

	for (uint32_t secret = 0; secret < 4; secret++) {
		static uint32_t cells[3][CELLS];

		memset(cells, 0, sizeof(cells));
		init(&hash, secret);
		for (uint32_t i = 0; i < FLOWS; i++) {
			struct rig_flow of = {.client = i, .protocol = LVS_TCP};
			struct lvs_flow flow;
			uint64_t value;

			rig_flow(&of, LVS_SIDE_REQUEST, &flow);
			value = lvs_key_hash_flow(&hash, &flow);
			cells[0][value >> 56]++;
			cells[1][value >> 24 & 0xff]++;
			cells[2][lvs_index_tag(value) & 0xff]++;
		}
		/* A multilinear hash of a sequence is more even than chance, never much less. */
		for (unsigned what = 0; what < 3; what++)
			for (unsigned i = 0; i < CELLS; i++)
				ck_assert_double_lt(cells[what][i], expected * 1.25);
	}
}
END_TEST

/* The compare of tags in a line: exact, for every slot and its neighbours' values; and the one that
 * other machines have. */
START_TEST(test_tags_of_a_line)
{
	static const uint64_t near[] = {0, 1, 0x7fff, 0x8000, 0xffff, 0x1234, 0x1235};

	for (unsigned slot = 0; slot < LVS_INDEX_SLOTS; slot++)
		for (unsigned t = 1; t < LVS_ARRAY_N(near); t++)
			for (unsigned o = 0; o < LVS_ARRAY_N(near); o++) {
				struct lvs_index_line line = {0};
				uint64_t slots;
				uint32_t passed;

				for (unsigned i = 0; i < LVS_INDEX_SLOTS; i++)
					line.tags[i / 4] |= (i == slot ? near[t] : near[o])
							    << i % 4 * 16;
				line.tags[2] |= UINT64_C(77) << 32;
				slots = lvs_index_slots(&line, near[t], &passed);
				ck_assert_uint_eq(passed, 77);
				ck_assert_uint_eq((unsigned)__builtin_popcountll(slots),
						  t == o ? LVS_INDEX_SLOTS : 1);
				if (t != o)
					ck_assert_uint_eq(lvs_index_slot(slots), slot);
				slots = lvs_tags_words(&line, near[t], &passed);
				ck_assert_uint_eq(passed, 77);
				ck_assert_uint_eq((unsigned)__builtin_popcountll(slots),
						  t == o ? LVS_INDEX_SLOTS : 1);
				if (t != o)
					ck_assert_uint_eq(lvs_tags_word_slot(slots), slot);
			}
}
END_TEST

/*
 * Clients in a row, as they come, must spread over the lines of the shards like chance: the number
 * of pairs that share a line is what chance has, under any key. A linear hash alone gave up to 4.6
 * times as many.
 */
START_TEST(test_clients_in_a_row)
{
	enum { CLIENTS = 200000, LINES = 1 << 16 };
	static uint16_t line[LINES];
	uint64_t random = (uint64_t)_i;
	uint64_t pairs = 0, expected = (uint64_t)CLIENTS * (CLIENTS - 1) / 2 / LINES;
	uint8_t key[16] = {0};
	struct lvs_hash hash;

	memset(line, 0, sizeof(line));
	for (unsigned i = 0; _i && i < sizeof(key); i++)
		key[i] = (uint8_t)rig_random(&random);
	lvs_hash_init(&hash, key);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		/* 8 bits of the shard, 8 of the line in it */
		uint64_t h = lvs_key_hash_inet(&hash, lvs_htonl(0x0b000000 + i), lvs_htons(1024),
					       lvs_htonl(0xc0000201), lvs_htons(80), LVS_TCP);
		uint32_t at = (uint32_t)((h & UINT32_MAX) >> 24 << 8 | h >> 56);

		pairs += line[at]++;
	}
	ck_assert_uint_lt(pairs, expected + expected / 20);
	ck_assert_uint_gt(pairs, expected - expected / 20);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("table_hash");

	tcase_add_test(tcase, test_formula);
	tcase_add_test(tcase, test_both_sides);
	tcase_add_test(tcase, test_universality);
	tcase_add_test(tcase, test_spread);
	tcase_add_test(tcase, test_tags_of_a_line);
	tcase_add_loop_test(tcase, test_clients_in_a_row, 0, 12);
	return unit_run("table_hash", tcase);
}
