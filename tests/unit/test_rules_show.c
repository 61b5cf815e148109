/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's report: ipvsadm's tables, to the column. */
#include "rules/apply.h"
#include "report/conns.h"
#include "report/services.h"
#include "rules/show.h"

#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const struct {
	uint64_t number;
	const char *text;
} numbers[] = {
	{0, "        0"},
	{99999999, " 99999999"},
	{100000000, "  100000K"},
	{999999999, "  999999K"},
	{1000000000, "    1000M"},
	{99999999999, "   99999M"},
	{100000000000, "     100G"},
	{99999999999999, "   99999G"},
	{100000000000000, "     100T"},
	{UINT64_MAX, "18446744T"},
};

START_TEST(test_number)
{
	char text[32] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(out);
	show_large(numbers[_i].number, out);
	fclose(out);
	ck_assert_str_eq(text, numbers[_i].text);
}
END_TEST

static const struct {
	struct lvs_dest_conf conf;
	const char *text;
} tunnels[] = {
	{{.method = LVS_METHOD_NAT}, "n/a"},
	{{.method = LVS_METHOD_TUNNEL}, "ipip"},
	{{.method = LVS_METHOD_TUNNEL, .tun_type = LVS_TUNNEL_GRE}, "gre:-c"},
	{{.method = LVS_METHOD_TUNNEL, .tun_type = LVS_TUNNEL_GRE, .tun_flags = LVS_TUNNEL_CSUM},
	 "gre:+c"},
	{{.method = LVS_METHOD_TUNNEL,
	  .tun_type = LVS_TUNNEL_GUE,
	  .tun_flags = LVS_TUNNEL_REMCSUM,
	  .tun_port = 0xffff},
	 "gue:65535:r+c"},
};

START_TEST(test_tunnel)
{
	char text[SHOW_TUNNEL_LEN];

	ck_assert_str_eq(show_tunnel(text, &tunnels[_i].conf), tunnels[_i].text);
}
END_TEST

static const struct {
	struct lvs_service_key key;
	struct lvs_service_conf conf;
	const char *sched;
	const char *text;
} services[] = {
	{{.family = LVS_INET, .protocol = LVS_TCP}, {0}, "rr", "TCP  0.0.0.0:0 rr"},
	{{.family = LVS_INET6, .protocol = LVS_SCTP}, {0}, "wlc", "SCTP [::]:0 wlc"},
	{{.family = LVS_INET6, .fwmark = 7},
	 {.flags = LVS_SERVICE_PERSISTENT, .timeout_s = 360, .netmask = 128},
	 "rr",
	 "FWM  7 IPv6 rr persistent 360"},
	{{.family = LVS_INET6, .protocol = LVS_TCP},
	 {.flags = LVS_SERVICE_PERSISTENT, .timeout_s = 1, .netmask = 64},
	 "rr",
	 "TCP  [::]:0 rr persistent 1 mask 64"},
	{{.family = LVS_INET, .protocol = LVS_UDP},
	 {.flags = LVS_SERVICE_PERSISTENT | LVS_SERVICE_ONE_PACKET | LVS_SCHED_FLAG2,
	  .timeout_s = 60,
	  .netmask = 0},
	 "sh",
	 "UDP  0.0.0.0:0 sh (sh-port) persistent 60 mask 0.0.0.0 ops"},
	{{.family = LVS_INET, .fwmark = 1},
	 {.flags = LVS_SCHED_FLAG1 | LVS_SCHED_FLAG2 | LVS_SCHED_FLAG3},
	 "mh",
	 "FWM  1 mh (mh-fallback,mh-port,flag-3)"},
	{{.family = LVS_INET, .fwmark = 1},
	 {.flags = LVS_SCHED_FLAG1 | LVS_SERVICE_MSS_CLAMP},
	 "rr",
	 "FWM  1 rr (flag-1,mss-clamp)"},
};

START_TEST(test_service)
{
	struct lvs_service_info info = {.key = services[_i].key, .conf = services[_i].conf};
	char name[SHOW_SERVICE_LEN];
	char text[128] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(out);
	info.conf.sched = lvs_sched_find(services[_i].sched);
	fputs(show_service(name, &info.key), out);
	show_behaviour(&info, out);
	fclose(out);
	ck_assert_str_eq(text, services[_i].text);
}
END_TEST

static struct lvs_director *director_of(const char *text)
{
	static const struct rules none;
	FILE *file = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
	struct apply_counts counts;
	struct lvs_director *director;
	struct rules rules = {0};
	char error[512] = "";

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(lvs_director_new(NULL, &director), 0);
	ck_assert_msg(rules_read(file, "rules", &rules, error, sizeof(error)) == 0, "%s", error);
	ck_assert_msg(
		apply_rules(director, &none, &rules, "rules", &counts, error, sizeof(error)) == 0,
		"%s", error);
	fclose(file);
	rules_free(&rules);
	return director;
}

/* Behind the line that tells the version. */
static const char plain[] =
	"Prot LocalAddress:Port Scheduler Flags\n"
	"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
	"TCP  192.0.2.1:80 rr\n"
	"  -> [2001:db8::1]:80             Tunnel  0      0          0         \n"
	"  -> 10.0.0.1:8080                Masq    65535  0          0         \n"
	"\n"
	"Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
	"  -> RemoteAddress:Port\n"
	"TCP  192.0.2.1:80                        0        0        0        0        0\n"
	"  -> [2001:db8::1]:80                    0        0        0        0        0\n"
	"  -> 10.0.0.1:8080                       0        0        0        0        0\n"
	"\n"
	"Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn\n"
	"  -> RemoteAddress:Port\n"
	"TCP  192.0.2.1:80 rr\n"
	"  -> [2001:db8::1]:80             0          0          0          0         \n"
	"  -> 10.0.0.1:8080                9          4          0          0         \n";

static void report(const char *rules, char *text, size_t len)
{
	struct lvs_director *director = director_of(rules);
	FILE *out = fmemopen(text, len, "w");

	ck_assert_ptr_nonnull(out);
	report_services(director, out);
	fclose(out);
	lvs_director_del(director);
}

START_TEST(test_tables)
{
	char text[4096] = "";

	report("-A -t 192.0.2.1:80 -s rr\n"
	       "-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 65535 -x 9 -y 4\n"
	       "-a -t 192.0.2.1:80 -r [2001:db8::1]:80 -i -w 0\n",
	       text, sizeof(text));
	ck_assert_str_eq(strchr(text, '\n') + 1, plain);
}
END_TEST

START_TEST(test_tunnel_table)
{
	static const char table[] =
		"Prot LocalAddress:Port Scheduler Flags\n"
		"  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn "
		"InActConn\n"
		"TCP  192.0.2.1:80 rr\n"
		"  -> 10.0.0.3:80                  Route   n/a           1      0          0       "
		"  \n"
		"  -> 10.0.0.2:80                  Tunnel  gre:+c        1      0          0       "
		"  \n"
		"  -> 10.0.0.1:80                  Tunnel  gue:6080:-c   1      0          0       "
		"  \n";
	char text[4096] = "";

	report("-A -t 192.0.2.1:80 -s rr\n"
	       "-a -t 192.0.2.1:80 -r 10.0.0.1 -i --tun-type gue --tun-port 6080\n"
	       "-a -t 192.0.2.1:80 -r 10.0.0.2 -i --tun-type gre --tun-csum\n"
	       "-a -t 192.0.2.1:80 -r 10.0.0.3 -g\n",
	       text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, table));
}
END_TEST

START_TEST(test_no_conns)
{
	struct lvs_director *director = director_of("#\n");
	char text[256] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(out);
	report_conns(director, 0, out);
	fclose(out);
	ck_assert_str_eq(text, "IPVS connection entries\n"
			       "pro expire state       source             virtual            "
			       "destination\n");
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_show");

	tcase_add_loop_test(tcase, test_number, 0, (int)(sizeof(numbers) / sizeof(numbers[0])));
	tcase_add_loop_test(tcase, test_tunnel, 0, (int)(sizeof(tunnels) / sizeof(tunnels[0])));
	tcase_add_loop_test(tcase, test_service, 0, (int)(sizeof(services) / sizeof(services[0])));
	tcase_add_test(tcase, test_tables);
	tcase_add_test(tcase, test_tunnel_table);
	tcase_add_test(tcase, test_no_conns);
	return unit_run("rules_show", tcase);
}
