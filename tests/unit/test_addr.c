/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses as text (RFC 5952) and what kind they are, beside the C library's own reading. */
#include <arpa/inet.h>

#include "base/addr.h"
#include "base/byteorder.h"

#include "unit.h"

static const struct text_row {
	const char *text; /* as it must come out */
	bool unicast;
	bool multicast;
} rows[] = {
	{"0.0.0.0", false, false},
	{"10.0.0.1", true, false},
	{"192.0.2.255", true, false},
	{"255.255.255.255", false, false},
	{"223.255.255.255", true, false},
	{"224.0.0.1", false, true},
	{"239.255.255.255", false, true},
	{"240.0.0.1", true, false},
	{"100.20.3.0", true, false},
	{"::", false, false},
	{"::1", true, false},
	{"1::", true, false},
	{"2001:db8::1", true, false},
	{"2001:db8:0:1:1:1:1:1", true, false}, /* one group alone is not shortened */
	{"2001:0:0:1::1", true, false},        /* the longest run */
	{"2001:db8::1:0:0:1", true, false},    /* the first of equals */
	{"2001:db8:a:b:c:d:e:f", true, false},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, true},
	{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true, false},
	{"::ffff:192.0.2.1", true, false},
	{"fe80::1", false, false},
	{"febf::1", false, false},
	{"fec0::1", true, false},
	{"ff02::1", false, true},
	{"0:0:0:1::", true, false},
	{"a00:b0:c::d000", true, false},
};

START_TEST(writes_and_knows)
{
	const struct text_row *row = &rows[_i];
	unsigned family = strchr(row->text, ':') ? LVS_INET6 : LVS_INET;
	union lvs_addr addr = {{0}};
	char text[LVS_ADDR_TEXT];

	ck_assert_int_eq(inet_pton((int)family, row->text, &addr), 1);
	ck_assert_str_eq(lvs_addr_text(&addr, family, text), row->text);
	ck_assert_int_eq(lvs_addr_unicast(&addr, family), row->unicast);
	ck_assert_int_eq(lvs_addr_multicast(&addr, family), row->multicast);
}
END_TEST

START_TEST(writes_what_can_be_read)
{
	uint64_t seed = 1;

	for (unsigned i = 0; i < 20000; i++) {
		union lvs_addr addr = {{0}};
		union lvs_addr read = {{0}};
		char text[LVS_ADDR_TEXT];
		char theirs[INET6_ADDRSTRLEN];

		for (unsigned at = 0; at < 16; at++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			addr.byte[at] = seed >> 63 ? (uint8_t)(seed >> 40) : 0;
		}
		addr.byte[0] |= 0x20; /* the C library writes ::1.2.3.4 as it was once done */
		lvs_addr_text(&addr, LVS_INET6, text);
		if (inet_pton(AF_INET6, text, &read) != 1 || memcmp(&addr, &read, 16) != 0)
			ck_abort_msg("%s", text);
		if (strcmp(inet_ntop(AF_INET6, &addr, theirs, sizeof(theirs)), text) != 0)
			ck_abort_msg("%s, expected %s", text, theirs);
	}
}
END_TEST

START_TEST(writes_endpoints)
{
	union lvs_addr addr = {{0}};
	char text[LVS_ENDPOINT_TEXT];

	addr.byte[0] = 10;
	addr.byte[3] = 1;
	ck_assert_str_eq(lvs_endpoint_text(&addr, LVS_INET, lvs_htons(65535), text),
			 "10.0.0.1:65535");
	ck_assert_str_eq(lvs_endpoint_text(&addr, LVS_INET, 0, text), "10.0.0.1:0");
	memset(&addr, 0x11, sizeof(addr));
	ck_assert_str_eq(lvs_endpoint_text(&addr, LVS_INET6, lvs_htons(65535), text),
			 "[1111:1111:1111:1111:1111:1111:1111:1111]:65535");
	ck_assert_uint_eq(strlen(text) + 1, LVS_ENDPOINT_TEXT);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("addr");

	tcase_add_loop_test(tcase, writes_and_knows, 0, LVS_ARRAY_N(rows));
	tcase_add_test(tcase, writes_what_can_be_read);
	tcase_add_test(tcase, writes_endpoints);
	return unit_run("addr", tcase);
}
