/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>

#include "base/addr.h"
#include "packet_rig.h"
#include "unit.h"

static const struct row {
	unsigned family;
	const char *text;
	const char *same; /* the same for inet_pton(); NULL: it is no address */
} rows[] = {
	{LVS_INET, "192.0.2.1", "192.0.2.1"},
	{LVS_INET, "255.255.255.255", "255.255.255.255"},
	/* RFC 959 and 2428 do not forbid them */
	{LVS_INET, "010.001.000.009", "10.1.0.9"},
	{LVS_INET, "", NULL},
	{LVS_INET, "192.0.2", NULL},
	{LVS_INET, "192.0.2.", NULL},
	{LVS_INET, "192.0.2.1.", NULL},
	{LVS_INET, "192.0.2.256", NULL},
	{LVS_INET, "192.0.2.0001", NULL},
	{LVS_INET, "192.0..1", NULL},
	{LVS_INET, "::1", NULL},
	{LVS_INET6, "2001:db8::1", "2001:db8::1"},
	{LVS_INET6, "::", "::"},
	{LVS_INET6, "::1", "::1"},
	{LVS_INET6, "1::", "1::"},
	{LVS_INET6, "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
	{LVS_INET6, "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	{LVS_INET6, "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
	{LVS_INET6, "FEDC::abcd", "fedc::abcd"},
	{LVS_INET6, "::ffff:192.0.2.1", "::ffff:192.0.2.1"},
	{LVS_INET6, "1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"},
	{LVS_INET6, "", NULL},
	{LVS_INET6, ":", NULL},
	{LVS_INET6, ":::", NULL},
	{LVS_INET6, "1:", NULL},
	{LVS_INET6, "1::2::3", NULL},
	{LVS_INET6, "1:2:3:4:5:6:7", NULL},
	{LVS_INET6, "1:2:3:4:5:6:7:8:9", NULL},
	{LVS_INET6, "1:2:3:4:5:6:7:8::", NULL},
	{LVS_INET6, "::1:2:3:4:5:6:7:8", NULL},
	{LVS_INET6, "12345::", NULL},
	{LVS_INET6, "1.2.3.4::", NULL},
	{LVS_INET6, "::1.2.3.4:5", NULL},
	{LVS_INET6, "1:2:3:4:5:6:7:1.2.3.4", NULL},
	{LVS_INET6, "fe80::1%eth0", NULL},
	{LVS_INET6, "192.0.2.1", NULL},
};

START_TEST(test_rows)
{
	const struct row *row = &rows[_i];
	union lvs_addr want = {{0}}, got;
	bool good = lvs_addr_read(row->text, strlen(row->text), row->family, &got);

	ck_assert_int_eq(good, row->same != NULL);
	if (!row->same)
		return;
	ck_assert_int_eq(inet_pton((int)row->family, row->same, want.byte), 1);
	ck_assert_mem_eq(&got, &want, sizeof(got));
}
END_TEST

/* What the library writes it reads; with a byte changed it reads what inet_pton() reads. */
START_TEST(test_random)
{
	static const char bytes[] = "0123456789abcdefF::::.";
	uint64_t random = 1;
	char text[LVS_ADDR_TEXT];

	for (unsigned i = 0; i < 20000; i++) {
		unsigned family = i & 1 ? LVS_INET6 : LVS_INET;
		union lvs_addr addr = {{0}}, want = {{0}}, got;
		size_t len;

		for (unsigned b = 0; b < (i & 1 ? 16 : 4); b++)
			addr.byte[b] = rig_random(&random) % 3 ? 0 : (uint8_t)rig_random(&random);
		lvs_addr_text(&addr, family, text);
		len = strlen(text);
		ck_assert(lvs_addr_read(text, len, family, &got));
		ck_assert_mem_eq(&got, &addr, sizeof(got));
		text[rig_random(&random) % len] = bytes[rig_random(&random) % (sizeof(bytes) - 1)];
		if (inet_pton((int)family, text, want.byte) == 1) {
			ck_assert(lvs_addr_read(text, len, family, &got));
			ck_assert_mem_eq(&got, &want, sizeof(got));
		} else if (family == LVS_INET6 && !strchr(text, '.')) {
			ck_assert(!lvs_addr_read(text, len, family, &got));
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("addr_read");

	tcase_add_loop_test(tcase, test_rows, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, test_random);
	return unit_run("addr_read", tcase);
}
