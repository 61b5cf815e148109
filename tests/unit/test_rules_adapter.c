/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules that an adapter cannot carry: refused, naming both. */
#include "adapters/adapter.h"

#include <liblvs/io.h>

#include "unit.h"

#include <stdio.h>
#include <string.h>

#define SERVICE "-A -t 192.0.2.1:80 -s rr\n"
#define NAT "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m\n"
#define TUNNEL "-a -t 192.0.2.1:80 -r 10.0.0.2 -i\n"
#define DR "-a -t 192.0.2.1:80 -r 10.0.0.3 -g\n"
#define DR_DEFAULT "-a -t 192.0.2.1:80 -r 10.0.0.4\n" /* ipvsadm's default */
#define SERVICE6 "-A -t [2001:db8::1]:80 -s rr\n"
#define DR6 "-a -t [2001:db8::1]:80 -r [2001:db8:1::3]:80 -g\n"
#define REFUSED(line, server)                                                                      \
	"rules:" line ": server " server ": direct routing (-g) needs a link layer, and --io tun " \
	"has none; expected -m or -i, or --io packet"

static const struct {
	const char *text;
	uint32_t lacks;
	const char *error; /* NULL: carried */
} checks[] = {
	{"# none\n", LVS_IO_LINK_LAYER, NULL},
	{SERVICE NAT TUNNEL, LVS_IO_LINK_LAYER, NULL},
	{SERVICE NAT TUNNEL DR, 0, NULL},
	{SERVICE NAT TUNNEL DR, LVS_IO_FINITE | LVS_IO_PASS, NULL},
	{SERVICE NAT TUNNEL DR, LVS_IO_LINK_LAYER, REFUSED("4", "10.0.0.3")},
	{SERVICE DR_DEFAULT NAT, LVS_IO_LINK_LAYER | LVS_IO_FINITE, REFUSED("2", "10.0.0.4")},
	{SERVICE NAT SERVICE6 DR6, LVS_IO_LINK_LAYER, REFUSED("4", "2001:db8:1::3")},
};

START_TEST(test_check)
{
	struct rules rules = {0};
	char copy[1024], error[512] = "", parse_error[512] = "";
	FILE *file;

	snprintf(copy, sizeof(copy), "%s", checks[_i].text);
	file = fmemopen(copy, strlen(copy), "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_msg(!rules_read(file, "rules", &rules, parse_error, sizeof(parse_error)), "%s",
		      parse_error);
	fclose(file);
	ck_assert_int_eq(
		adapter_check(&rules, "tun", checks[_i].lacks, "rules", error, sizeof(error)),
		checks[_i].error ? -1 : 0);
	ck_assert_str_eq(error, checks[_i].error ? checks[_i].error : "");
	rules_free(&rules);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_adapter");

	tcase_add_loop_test(tcase, test_check, 0, (int)(sizeof(checks) / sizeof(checks[0])));
	return unit_run("rules_adapter", tcase);
}
