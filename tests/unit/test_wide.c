/* SPDX-License-Identifier: BSD-2-Clause */
/* 128 bits of two halves, as a compiler without such integers gets them. */
#undef __SIZEOF_INT128__
#include "base/wide.h"

#include "unit.h"

struct row {
	uint64_t sum[2], a[2], b; /* upper, lower */
	uint64_t result[2];
};

/* Worked out by hand: powers of two, and all ones. */
static const struct row rows[] = {
	{{0, 0}, {0, 0}, 0, {0, 0}},
	{{0, 1}, {0, 2}, 3, {0, 7}},
	{{0, 0}, {0, UINT64_C(1) << 63}, 2, {1, 0}},
	{{0, 0}, {0, UINT64_MAX}, UINT64_MAX, {UINT64_MAX - 1, 1}},
	{{0, UINT64_MAX}, {0, 1}, 1, {1, 0}},
	{{UINT64_MAX, UINT64_MAX}, {0, 1}, 1, {0, 0}},
	{{0, 0}, {5, 0}, 7, {35, 0}},
	{{1, 2}, {UINT64_MAX, UINT64_MAX}, 1, {1, 1}},
	{{0, 0}, {UINT64_MAX, UINT64_MAX}, UINT64_MAX, {UINT64_MAX, 1}},
	{{0, 0}, {0, 0x00000001ffffffff}, 0x00000001ffffffff, {3, 0xfffffffc00000001}},
};

START_TEST(test_products)
{
	const struct row *row = &rows[_i];
	lvs_wide got = lvs_wide_add_product(lvs_wide_of(row->sum[0], row->sum[1]),
					    lvs_wide_of(row->a[0], row->a[1]), row->b);

	ck_assert_uint_eq(lvs_wide_upper(got), row->result[0]);
	ck_assert_uint_eq(got.lower, row->result[1]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("wide");

	tcase_add_loop_test(tcase, test_products, 0, sizeof(rows) / sizeof(rows[0]));
	return unit_run("wide", tcase);
}
