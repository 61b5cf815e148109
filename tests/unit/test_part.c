/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges of a datagram against a plain map of its bytes. */
#include "packet/part.h"

#include "alloc_rig.h"
#include "frag_rig.h"
#include "unit.h"

enum {
	UNITS = 40, /* of eight bytes */
};

/* What has come, unit by unit. */
struct plain {
	bool here[UNITS + 1];
	unsigned end; /* units; 0: not known */
};

static enum lvs_reason plain_probe(const struct plain *plain, const struct lvs_part *part)
{
	unsigned start = part->start / 8, end = part->end / 8, n = 0, last = 0;

	for (unsigned i = 0; i < UNITS; i++)
		if (plain->here[i])
			last = i + 1;
	if (part->more ? plain->end && end >= plain->end
		       : (plain->end ? end != plain->end : end < last))
		return LVS_REASON_FRAGMENT_BAD;
	for (unsigned i = start; i < end; i++)
		n += plain->here[i];
	if (n == 0)
		return LVS_REASON_NONE;
	return n == end - start ? LVS_REASON_FRAGMENT_DUPLICATE : LVS_REASON_FRAGMENT_OVERLAP;
}

static unsigned plain_ranges(const struct plain *plain)
{
	unsigned n = 0;

	for (unsigned i = 0; i < UNITS; i++)
		n += plain->here[i] && !(i && plain->here[i - 1]);
	return n;
}

static void plain_add(struct plain *plain, const struct lvs_part *part)
{
	for (unsigned i = part->start / 8; i < part->end / 8u; i++)
		plain->here[i] = true;
	if (!part->more)
		plain->end = part->end / 8;
}

static bool plain_whole(const struct plain *plain)
{
	for (unsigned i = 0; i < plain->end; i++)
		if (!plain->here[i])
			return false;
	return plain->end;
}

START_TEST(test_against_map)
{
	uint64_t random = (uint64_t)_i + 1;

	for (unsigned round = 0; round < 2000; round++) {
		struct lvs_range range[UNITS];
		struct lvs_parts parts = {.range = range};
		struct plain plain = {.end = 0};

		for (unsigned i = 0; i < 60 && !plain_whole(&plain); i++) {
			unsigned start = (unsigned)(rig_random(&random) % UNITS);
			unsigned len = 1 + (unsigned)(rig_random(&random) % (_i % 4 ? 3 : 12));
			struct lvs_part part = {.start = (uint16_t)(start * 8)};
			enum lvs_reason reason;

			len = start + len > UNITS ? UNITS - start : len;
			part.end = (uint16_t)((start + len) * 8);
			part.more = rig_random(&random) % 8 && start + len < UNITS;
			reason = lvs_parts_probe(&parts, &part);
			must(reason == plain_probe(&plain, &part));
			if (reason != LVS_REASON_NONE)
				continue;
			plain_add(&plain, &part);
			must(lvs_parts_after(&parts, &part) == plain_ranges(&plain));
			lvs_parts_add(&parts, &part);
			must(parts.n == plain_ranges(&plain));
			must(lvs_parts_whole(&parts) == plain_whole(&plain));
		}
	}
}
END_TEST

/* The fields, for both families, with what may stand in front. */
START_TEST(test_read)
{
	for (unsigned i = 0; i < 8; i++) {
		unsigned family = i & 1 ? LVS_INET6 : LVS_INET;
		struct frag_recipe recipe = {
			.flow = rig_flow(
				LVS_UDP, family,
				family == LVS_INET ? rig_addr4(1, 2, 3, 4) : rig_addr6(1, 2), 1,
				family == LVS_INET ? rig_addr4(5, 6, 7, 8) : rig_addr6(3, 4), 2),
			.id = family == LVS_INET ? 0xfedc : 0xfedcba98,
			.options = i & 2 ? 16 : 0,
			.hop = i & 4 ? 24 : 0,
			.payload = 500,
		};
		static struct frag_whole whole;
		static struct frag_part cut;
		struct lvs_headers headers;
		struct lvs_packet packet;
		struct lvs_part part;

		frag_make(&whole, &recipe);
		for (uint32_t start = 0; start < 200; start += 64) {
			uint32_t end = start ? whole.len - whole.fixed : 64;

			frag_cut(&whole, start, end, &cut);
			packet = ref_packet(cut.data, cut.len);
			ck_assert_int_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_NONE);
			ck_assert_int_eq(lvs_part_read(&packet, &headers, &part), LVS_REASON_NONE);
			ck_assert_uint_eq(part.id, recipe.id);
			ck_assert_uint_eq(part.start, start);
			ck_assert_uint_eq(part.end, end);
			ck_assert_int_eq(part.more, !start);
			ck_assert_uint_eq(part.offset, whole.fixed + (family == LVS_INET6 ? 8 : 0));
			if (family == LVS_INET6) {
				ck_assert_uint_eq(part.header, whole.fixed);
				ck_assert_uint_eq(cut.data[part.next_at], 44);
				ck_assert_uint_eq(part.following, recipe.options ? 60 : 17);
			}
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("part");

	tcase_add_loop_test(tcase, test_against_map, 0, 8);
	tcase_add_test(tcase, test_read);
	return unit_run("part", tcase);
}
