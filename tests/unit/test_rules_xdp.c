/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's --xdp. */
#include "adapters/xdp.h"

#include <string.h>

#include "unit.h"

static const struct {
	const char *words;
	int result;
	uint32_t mode, copy, csum, busy_poll_us;
} rows[] = {
	{"native", 0, LVS_XDP_MODE_NATIVE, 0, 0, 0},
	{"generic,copy", 0, LVS_XDP_MODE_GENERIC, LVS_XDP_COPY_ALWAYS, 0, 0},
	{"zero-copy,trust", 0, 0, LVS_XDP_COPY_NEVER, LVS_XDP_CSUM_TRUST, 0},
	{"detect", 0, 0, 0, LVS_XDP_CSUM_DETECT, 0},
	{"recompute,busy-poll=50", 0, 0, 0, LVS_XDP_CSUM_RECOMPUTE, 50},
	{"", -1, 0, 0, 0, 0},
	{"native,", -1, 0, 0, 0, 0},
	{",native", -1, 0, 0, 0, 0},
	{"nativ", -1, 0, 0, 0, 0},
	{"busy-poll", -1, 0, 0, 0, 0},
	{"busy-poll=", -1, 0, 0, 0, 0},
	{"busy-poll=0", -1, 0, 0, 0, 0},
	{"busy-poll=1000001", -1, 0, 0, 0, 0},
	{"busy-poll=5x", -1, 0, 0, 0, 0},
	{"a-word-that-is-longer-than-any-of-these-words", -1, 0, 0, 0, 0},
};

START_TEST(test_words)
{
	struct lvs_xdp_conf conf;

	memset(&conf, 0, sizeof(conf));
	ck_assert_int_eq(xdp_words_read(rows[_i].words, &conf), rows[_i].result);
	if (rows[_i].result)
		return;
	ck_assert_uint_eq(conf.mode, rows[_i].mode);
	ck_assert_uint_eq(conf.copy, rows[_i].copy);
	ck_assert_uint_eq(conf.csum, rows[_i].csum);
	ck_assert_uint_eq(conf.busy_poll_us, rows[_i].busy_poll_us);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_xdp");

	tcase_add_loop_test(tcase, test_words, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	return unit_run("rules_xdp", tcase);
}
