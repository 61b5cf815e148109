/* SPDX-License-Identifier: BSD-2-Clause */
/* Marking rules of lvsd's rules files: what they say, each mistake, and what services get of them.
 */
#include "rules/mark_reach.h"
#include "rules/rules.h"

#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static int parse(const char *text, struct rules *rules, char *error, size_t error_len)
{
	char copy[1024];
	FILE *file;
	int failed;

	snprintf(copy, sizeof(copy), "%s", text);
	file = fmemopen(copy, strlen(copy), "r");
	ck_assert_ptr_nonnull(file);
	memset(rules, 0, sizeof(*rules));
	failed = rules_read(file, "rules", rules, error, error_len);
	fclose(file);
	return failed;
}

static void show(const struct rules *rules, char *text, size_t len)
{
	size_t at = 0;

	text[0] = 0;
	for (size_t i = 0; i < rules->mark_n; i++) {
		const struct rule_mark *mark = &rules->mark[i];
		const struct lvs_mark_rule *rule = &mark->rule;
		int family = rule->family ? rule->family : AF_INET;
		char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

		inet_ntop(family, &rule->src, src, sizeof(src));
		inet_ntop(family, &rule->dst, dst, sizeof(dst));
		at += (size_t)snprintf(text + at, len - at,
				       "%u: %u f%u p%u %s/%u:%u-%u %s/%u:%u-%u %s\n", mark->line,
				       rule->mark, rule->family, rule->protocol, src, rule->src_len,
				       rule->src_port, rule->src_port_last, dst, rule->dst_len,
				       rule->dst_port, rule->dst_port_last, mark->interface);
	}
}

static const struct {
	const char *text;
	const char *result;
} good[] = {
	{"mark 7\n", "1: 7 f0 p0 0.0.0.0/0:0-0 0.0.0.0/0:0-0 \n"},
	{"# web\nmark 1 dst 192.0.2.80 proto tcp port 80\n",
	 "2: 1 f2 p6 0.0.0.0/0:0-0 192.0.2.80/32:80-80 \n"},
	{"mark 4294967295 src 198.51.100.0/24 sport 1024-65535 in eth0.5\n",
	 "1: 4294967295 f2 p0 198.51.100.0/24:1024-65535 0.0.0.0/0:0-0 eth0.5\n"},
	{"mark 0 port 80,443,8000-8010 dst 2001:db8::/64 proto udp # none\n",
	 "1: 0 f10 p17 ::/0:0-0 2001:db8::/64:80-80 \n1: 0 f10 p17 ::/0:0-0 2001:db8::/64:443-443 "
	 "\n1: 0 f10 p17 ::/0:0-0 2001:db8::/64:8000-8010 \n"},
	{"mark 1 proto sctp\nmark 2 proto 47\nmark 3 proto icmpv6\nmark 4 dst 0.0.0.0/0\n",
	 "1: 1 f0 p132 0.0.0.0/0:0-0 0.0.0.0/0:0-0 \n2: 2 f0 p47 0.0.0.0/0:0-0 0.0.0.0/0:0-0 \n"
	 "3: 3 f0 p58 0.0.0.0/0:0-0 0.0.0.0/0:0-0 \n4: 4 f2 p0 0.0.0.0/0:0-0 0.0.0.0/0:0-0 \n"},
};

START_TEST(test_good)
{
	char text[1024], error[256] = "";
	struct rules rules;

	ck_assert_msg(!parse(good[_i].text, &rules, error, sizeof(error)), "%s", error);
	show(&rules, text, sizeof(text));
	ck_assert_str_eq(text, good[_i].result);
	rules_free(&rules);
}
END_TEST

static const struct {
	const char *text;
	const char *message; /* behind "rules:1: expected " */
} bad[] = {
	{"mark\n", "a mark, got the end of the line"},
	{"mark web\n", "a mark from 0 to 4294967295, got \"web\""},
	{"mark 4294967296\n", "a mark from 0 to 4294967295, got \"4294967296\""},
	{"mark 1 dst\n", "a value for dst, got the end of the line"},
	{"mark 1 from 192.0.2.1\n", "src, dst, proto, port, sport or in, got \"from\""},
	{"mark 1 in eth0 in eth1\n", "in once, got it twice"},
	{"mark 1 dst www\n", "an address or a prefix like 192.0.2.0/24 behind dst, got \"www\""},
	{"mark 1 src 192.0.2.256\n",
	 "an address or a prefix like 192.0.2.0/24 behind src, got \"192.0.2.256\""},
	{"mark 1 dst 192.0.2.0/33\n", "a prefix length from 0 to 32, got \"33\""},
	{"mark 1 dst 2001:db8::/129\n", "a prefix length from 0 to 128, got \"129\""},
	{"mark 1 dst 192.0.2.0/\n", "a prefix length from 0 to 32, got \"\""},
	{"mark 1 dst 192.0.2.1/24\n",
	 "zeros behind the first 24 bits of dst, got \"192.0.2.1/24\""},
	{"mark 1 dst 2001:db8::1/64\n",
	 "zeros behind the first 64 bits of dst, got \"2001:db8::1/64\""},
	{"mark 1 src 192.0.2.1 dst 2001:db8::1\n",
	 "src and dst of one family, got \"2001:db8::1\""},
	{"mark 1 proto http\n",
	 "a protocol (tcp udp sctp ah esp icmp icmpv6), or a number from 1 to 255, got \"http\""},
	{"mark 1 port 0\n", "a port from 1 to 65535, got \"0\""},
	{"mark 1 port 80,\n", "a port from 1 to 65535, got \"\""},
	{"mark 1 port http\n", "a port from 1 to 65535, got \"http\""},
	{"mark 1 port 90-80\n", "a last port from 90 to 65535, got \"80\""},
	{"mark 1 port 90-\n", "a last port from 90 to 65535, got \"\""},
	{"mark 1 port 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,"
	 "29,30,31,32,33\n",
	 "at most 32 ports and ranges, got more"},
	{"mark 1 sport 1,2\n", "one port or range behind sport, got \"1,2\""},
	{"mark 1 proto esp port 80\n", "proto tcp, udp or sctp with ports, got protocol 50"},
	{"mark 1 in interface0123456\n",
	 "an interface of 1 to 15 characters, got \"interface0123456\""},
};

START_TEST(test_bad)
{
	char error[256] = "", wanted[256];
	struct rules rules;

	ck_assert_int_eq(parse(bad[_i].text, &rules, error, sizeof(error)), -1);
	snprintf(wanted, sizeof(wanted), "rules:1: expected %s", bad[_i].message);
	ck_assert_str_eq(error, wanted);
}
END_TEST

static const struct {
	const char *dst;
	unsigned n;
	const char *last;
} addrs[] = {
	{"dst 192.0.2.80", 1, "192.0.2.80"},
	{"dst 192.0.2.80/28", 16, "192.0.2.95"},
	{"dst 192.0.2.0/24", 256, "192.0.2.255"},
	{"dst 192.0.2.0/23", 0, NULL},
	{"dst 2001:db8::1", 1, "2001:db8::1"},
	{"dst 2001:db8::/120", 256, "2001:db8::ff"},
	{"dst 2001:db8::/119", 0, NULL},
	{"src 192.0.2.80", 0, NULL},
	{"proto tcp", 0, NULL},
};

START_TEST(test_addrs)
{
	char line[128], error[256] = "", text[INET6_ADDRSTRLEN];
	struct rules rules;
	union lvs_addr addr;

	snprintf(line, sizeof(line), "-A -f 1 -s rr\n-A -f 1 -6 -s rr\nmark 2\nmark 1 %s\n",
		 addrs[_i].dst);
	ck_assert_msg(!parse(line, &rules, error, sizeof(error)), "%s", error);
	ck_assert_uint_eq(mark_reach_addrs(&rules.mark[1]), addrs[_i].n);
	if (addrs[_i].n) {
		addr = mark_reach_addr(&rules.mark[1], addrs[_i].n - 1);
		inet_ntop(rules.mark[1].rule.family, &addr, text, sizeof(text));
		ck_assert_str_eq(text, addrs[_i].last);
	}
	/* Mark 2 is no service's, however wide. */
	ck_assert_ptr_eq(mark_reach_too_wide(&rules), addrs[_i].n ? NULL : &rules.mark[1]);
	ck_assert(!mark_reach_gives(&rules.mark[0], &rules.service[0].key));
	ck_assert_int_eq(mark_reach_gives(&rules.mark[1], &rules.service[0].key),
			 rules.mark[1].rule.family != LVS_INET6);
	ck_assert_int_eq(mark_reach_gives(&rules.mark[1], &rules.service[1].key),
			 rules.mark[1].rule.family != LVS_INET);
	rules_free(&rules);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_mark");

	tcase_add_loop_test(tcase, test_good, 0, (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(tcase, test_bad, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_loop_test(tcase, test_addrs, 0, (int)(sizeof(addrs) / sizeof(addrs[0])));
	return unit_run("rules_mark", tcase);
}
